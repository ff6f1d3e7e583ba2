package geld

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestBetragForms(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Betrag{
		"0": 0, "0.00": 0, "-0.00": 0, "1": 100, "1.5": 150, "1234.56": 123456, "-7.05": -705, "007": 700, "99999999999.99": MaxBetrag,
	} {
		b, err := ParseBetrag(in)
		require.NoError(t, err, in)
		require.Equal(t, want, b, in)
	}
	for _, in := range []string{"", "-", ".", "1.", ".5", "1.234", "1,5", "1e3", "+1", " 1", "1 ", "0x1", "--1", "1.-5", "1.2.3", "١", "100000000000", "NaN", "1_0"} {
		_, err := ParseBetrag(in)
		require.Error(t, err, in)
	}
	for in, want := range map[string]Betrag{
		"1.234,56 €": 123456, "1234,5": 123450, "12 EUR": 1200, "35,- €": 3500, "35,-- Euro": 3500, "1.234.567,89\u00a0€": 123456789,
		"0,05 €": 5, " 7 ": 700, "-1.000,00 €": -100000, "1.000": 100000,
	} {
		b, err := ParseDeutsch(in)
		require.NoError(t, err, in)
		require.Equal(t, want, b, in)
	}
	for _, in := range []string{"", "€", "1.50", "1.50 €", "12.34,00", "1234.567,00", ".500", "1,234", "1,", "1.234.56", "EUR 5", "1,5,0", "1..000"} {
		_, err := ParseDeutsch(in)
		require.Error(t, err, in)
	}
	for b, want := range map[Betrag]string{0: "0,00 €", 5: "0,05 €", 123456: "1.234,56 €", -123456789: "-1.234.567,89 €", 99999: "999,99 €", 100000: "1.000,00 €"} {
		require.Equal(t, want, b.Deutsch())
	}
	require.Equal(t, "-92233720368547758.08", Betrag(math.MinInt64).String(), "no overflow at the end of the range")
	require.Equal(t, "1.234,56", Betrag(123456).Zahl())
	x, err := ParseBetrag("1.2300")
	require.NoError(t, err)
	require.Equal(t, Betrag(123), x, "zeros are no digits")
	_, err = MaxBetrag.Plus(1)
	require.Error(t, err)
	require.Panics(t, func() { MustBetrag("x") })
	require.Equal(t, int64(150), MustBetrag("1.50").Cent())
}

func TestBetragRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := Betrag(rapid.Int64Range(-int64(MaxBetrag), int64(MaxBetrag)).Draw(t, "cent"))
		x, err := ParseBetrag(b.String())
		require.NoError(t, err)
		require.Equal(t, b, x)
		x, err = ParseDeutsch(b.Deutsch())
		require.NoError(t, err)
		require.Equal(t, b, x)
	})
}
