package gebuehr

import (
	"encoding/json"
	"math"
	"math/big"
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

// A JSON number is refused: whoever wrote it may have gone through a float.
func TestBetragJSON(t *testing.T) {
	t.Parallel()
	out, err := json.Marshal(map[string]any{"b": MustBetrag("45.10"), "a": MustAnteil("75%")})
	require.NoError(t, err)
	require.Equal(t, `{"a":"3/4","b":"45.10"}`, string(out))
	var x struct {
		B Betrag
		A Anteil
	}
	require.NoError(t, json.Unmarshal([]byte(`{"B":"45.1","A":"0.125"}`), &x))
	require.Equal(t, Betrag(4510), x.B)
	require.Equal(t, NewAnteil(1, 8), x.A)
	for _, s := range []string{`{"B":45.1}`, `{"B":"45,1"}`, `{"B":true}`, `{"A":0.5}`, `{"A":"-1/2"}`} {
		require.Error(t, json.Unmarshal([]byte(s), &x), s)
	}
}

func TestAnteil(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"3/4": "drei Viertel", "1/2": "die Hälfte", "50%": "die Hälfte", "19%": "19 %", "0.125": "ein Achtel", "12.5%": "ein Achtel",
		"0": "nichts", "0/7": "nichts", "1": "das Ganze", "2": "das Doppelte", "7/15": "7/15", "1/10": "ein Zehntel", "0.5%": "0,5 %", "33.35%": "33,35 %"} {
		a, err := ParseAnteil(in)
		require.NoError(t, err, in)
		require.Equal(t, want, a.Deutsch(), in)
		b, err := ParseAnteil(a.String())
		require.NoError(t, err)
		require.Equal(t, a, b)
	}
	for _, in := range []string{"", "1/0", "/", "1/", "/2", "-1", "1/-2", "1.", ".5", "1,5", "%", "1e5", "1/2%", "1/2/3", "12345678", "1.1234567", "99999999999999/1"} {
		_, err := ParseAnteil(in)
		require.Error(t, err, in)
	}
	require.Panics(t, func() { NewAnteil(1, 0) })
	require.Panics(t, func() { MustAnteil("x") })
	require.Equal(t, 0, Anteil{}.Compare(MustAnteil("0")))
	require.True(t, Anteil{}.IsZero())
}

// Rounding against its definition: the result is a multiple of the step, no further
// away than the direction allows, and a half goes up.
func TestRundungExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := big.NewRat(rapid.Int64Range(0, 1e12).Draw(t, "z"), rapid.Int64Range(1, 1e6).Draw(t, "n"))
		r := Rundung{Auf: Betrag(rapid.SampledFrom([]int64{0, 1, 5, 10, 50, 100, 500, 10000}).Draw(t, "auf")),
			Richtung: rapid.SampledFrom([]Richtung{"", RundeKaufmaennisch, RundeAb, RundeAuf}).Draw(t, "richtung")}
		b, ok := r.runde(x)
		require.True(t, ok)
		s := r.schritt()
		require.Zero(t, b%s)
		diff := new(big.Rat).Sub(b.rat(), x) // result minus exact
		switch r.Richtung {
		case RundeAb:
			require.True(t, diff.Sign() <= 0 && diff.Cmp(new(big.Rat).Neg(s.rat())) > 0)
		case RundeAuf:
			require.True(t, diff.Sign() >= 0 && diff.Cmp(s.rat()) < 0)
		default:
			halb := new(big.Rat).Quo(s.rat(), big.NewRat(2, 1))
			require.True(t, diff.Cmp(halb) <= 0 && diff.Cmp(new(big.Rat).Neg(halb)) > 0)
		}
		noch, ok := r.runde(b.rat())
		require.True(t, ok)
		require.Equal(t, b, noch, "rounding twice changes nothing")
	})
	_, ok := Rundung{}.runde(new(big.Rat).SetInt64(int64(MaxBetrag) + 1))
	require.False(t, ok)
	_, ok = Rundung{}.runde(new(big.Rat).SetFrac(new(big.Int).Lsh(big.NewInt(1), 100), big.NewInt(1)))
	require.False(t, ok)
	// What a decimal of any length gets wrong: a third of 90 euros, rounded down.
	x := new(big.Rat).Mul(MustBetrag("90.00").rat(), MustAnteil("1/3").rat())
	b, _ := Rundung{Richtung: RundeAb}.runde(x)
	require.Equal(t, MustBetrag("30.00"), b)
}
