package vorlage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// A file made to cost time ends in time: long chains of branches, each of which
// the checker must tell apart from all before, in as many blocks as fit.
func TestCostlyFileEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; runs without -short")
	}
	var kette strings.Builder
	for kette.Len() < 6000 {
		kette.WriteString("{{wenn mass = 0}}a")
		for n := 1; n < 40; n++ {
			fmt.Fprintf(&kette, "{{sonst wenn mass = %d und betrag != %d}}b", n, n)
		}
		kette.WriteString("{{ende}}")
	}
	var b strings.Builder
	for n := 1; b.Len() < 1<<20; n++ {
		v := strings.Replace(strings.TrimPrefix(probe, "vorlagen:\n"), "id: probe", fmt.Sprintf("id: probe-%d", n), 1)
		var mehr strings.Builder
		for k := range 60 {
			fmt.Fprintf(&mehr, "      - {id: teuer-%d, art: hinweis, text: '%s'}\n", k, kette.String())
		}
		b.WriteString(strings.Replace(v, "      - id: grund\n", mehr.String()+"      - id: grund\n", 1))
	}
	begin := time.Now()
	_, err := vorlage.Load(strings.NewReader("vorlagen:\n"+b.String()), nil)
	t.Log(time.Since(begin), b.Len())
	require.Equal(t, "vorlage.aufwand", fehler.ProblemeIn(err)[0].Code)
	require.Less(t, time.Since(begin), time.Minute)
}
