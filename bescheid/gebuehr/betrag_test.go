package gebuehr

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
)

// A JSON number is refused: whoever wrote it may have gone through a float.
func TestBetragJSON(t *testing.T) {
	t.Parallel()
	out, err := json.Marshal(map[string]any{"b": geld.MustBetrag("45.10"), "a": MustAnteil("75%")})
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
		diff := new(big.Rat).Sub(b.Rat(), x) // result minus exact
		switch r.Richtung {
		case RundeAb:
			require.True(t, diff.Sign() <= 0 && diff.Cmp(new(big.Rat).Neg(s.Rat())) > 0)
		case RundeAuf:
			require.True(t, diff.Sign() >= 0 && diff.Cmp(s.Rat()) < 0)
		default:
			halb := new(big.Rat).Quo(s.Rat(), big.NewRat(2, 1))
			require.True(t, diff.Cmp(halb) <= 0 && diff.Cmp(new(big.Rat).Neg(halb)) > 0)
		}
		noch, ok := r.runde(b.Rat())
		require.True(t, ok)
		require.Equal(t, b, noch, "rounding twice changes nothing")
	})
	_, ok := Rundung{}.runde(new(big.Rat).SetInt64(int64(MaxBetrag) + 1))
	require.False(t, ok)
	_, ok = Rundung{}.runde(new(big.Rat).SetFrac(new(big.Int).Lsh(big.NewInt(1), 100), big.NewInt(1)))
	require.False(t, ok)
	// What a decimal of any length gets wrong: a third of 90 euros, rounded down.
	x := new(big.Rat).Mul(geld.MustBetrag("90.00").Rat(), MustAnteil("1/3").Rat())
	b, _ := Rundung{Richtung: RundeAb}.runde(x)
	require.Equal(t, geld.MustBetrag("30.00"), b)
}
