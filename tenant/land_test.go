package tenant_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestLaenderTable(t *testing.T) {
	t.Parallel()
	laender := tenant.Laender()
	require.Len(t, laender, 16)
	names := map[string]bool{}
	for i, l := range laender {
		require.True(t, l.Valid(), l)
		require.Equal(t, fmt.Sprintf("%02d", i+1), l.Schluessel(), "the order is the official key")
		require.Len(t, l.String(), 2)
		require.Equal(t, "DE-"+l.String(), l.ISO())
		require.NotEmpty(t, l.Name())
		require.False(t, names[l.Name()], "name used twice: %s", l.Name())
		names[l.Name()] = true

		back, ok := tenant.LandVonSchluessel(l.Schluessel())
		require.True(t, ok)
		require.Equal(t, l, back)
		back, ok = tenant.LandVonSchluessel(l.Schluessel() + "0510000000")
		require.True(t, ok, "a whole ARS starts with the key")
		require.Equal(t, l, back)

		for _, text := range []string{string(l), l.ISO(), "de-" + string(l)} {
			p, err := tenant.ParseLand(text)
			require.NoError(t, err)
			require.Equal(t, l, p)
		}
	}
	laender[0] = "XX"
	require.Equal(t, tenant.LandSH, tenant.Laender()[0], "the slice belongs to the caller")
}

func TestLandRefusesOtherText(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "X", "XX", "DE-", "DE-XX", "SHX", "DE-DE-SH", " SH", "AT-1"} {
		_, err := tenant.ParseLand(s)
		require.ErrorIs(t, err, fehler.ErrInvalid, "%q", s)
		l := tenant.Land(s)
		require.False(t, l.Valid())
		require.Empty(t, l.Name())
		require.Empty(t, l.ISO())
		require.Empty(t, l.Schluessel())
	}
	for _, s := range []string{"", "1", "00", "17", "99", "SH"} {
		_, ok := tenant.LandVonSchluessel(s)
		require.False(t, ok, "%q", s)
	}
}

func ExampleLandVonSchluessel() {
	land, ok := tenant.LandVonSchluessel("010020000000")
	fmt.Println(land, land.Name(), ok)
	// Output: SH Schleswig-Holstein true
}
