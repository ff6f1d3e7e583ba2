package routing

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		region string
		q      Query
		want   answer
	}{
		{"064350014014", Query{ARS: "064350014014"}, yes},
		{"064350014014", Query{ARS: "064350014015"}, no},
		{"064350014014", Query{ARS: "06435"}, no}, // part of the region asked for, not all of it
		{"06435", Query{ARS: "064350014014"}, yes},
		{"064350000000", Query{ARS: "064350014014"}, yes},
		{"064360000000", Query{ARS: "064350014014"}, no},
		{"000000000000", Query{ARS: "06"}, yes},
		{"020000000000", Query{ARS: "020000000000"}, yes},
		{"064350014", Query{ARS: "064350014014"}, yes},
		{"064350014014", Query{AGS: "06435014"}, yes},
		{"064350014014", Query{AGS: "06435015"}, no},
		{"06435", Query{AGS: "06435014"}, yes},
		{"06", Query{AGS: "05435014"}, no},
		{"064350014", Query{AGS: "06435014"}, cannotTell}, // an AGS names no Verband
		{"064350014", Query{AGS: "06436014"}, no},
		{"064350014014", Query{AreaID: "1"}, cannotTell},
	} {
		require.Equal(t, c.want, covers(c.region, c.q), "%+v", c)
	}
}

// A signature as anybody may put it into an answer never passes and never panics;
// no key is read for an issuer that is not on the list.
func FuzzVerify(f *testing.F) {
	c, err := New(Params{BaseURL: "https://routing.invalid", Issuers: []string{"https://" + strings.Repeat("p", 60) + ".invalid"}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("eyJ0eXAiOiJqd3QiLCJhbGciOiJQUzUxMiIsImtpZCI6Inh4eHh4eHh4In0.e30.AA", "6ba7b810-9dad-41d1-80b4-00c04fd430c8")
	f.Add("..", "")
	f.Fuzz(func(t *testing.T, signature, destination string) {
		_, err := c.Verify(context.Background(), Query{LeikaKey: "99115005104000", ARS: "06"},
			Route{DestinationID: destination, DestinationSignature: signature})
		require.NotEmpty(t, fehler.ProblemeIn(err))
	})
}
