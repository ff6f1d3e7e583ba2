package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestYearKeepsItsDeadlines(t *testing.T) {
	t.Parallel()
	p := Params{Mandanten: 16, Vorgaenge: 1600, Jahr: 2026, Seed: 1}
	if testing.Short() {
		p.Vorgaenge, p.Tage = 640, 200
	}
	b, err := Simulate(t.Context(), p, nil)
	require.NoError(t, err)
	require.Empty(t, b.Befunde)
	n, gewarnt := 0, 0
	for _, z := range b.Zeilen {
		n += z.Eingegangen
		gewarnt += z.Gewarnt
		require.NotZero(t, z.Fertig, z.Name)
		require.NotZero(t, z.Wartend, z.Name)
		require.LessOrEqual(t, z.Median, z.Neunzig)
	}
	require.NotZero(t, b.Bekanntgaben)
	require.NotZero(t, b.Bestandskraefte)
	if p.Tage == 0 {
		require.Equal(t, p.Vorgaenge, n)
		require.NotZero(t, gewarnt, "the stacks grow over the summer")
	}
	t.Log("\n" + b.String())
	wieder, err := Simulate(t.Context(), p, nil)
	require.NoError(t, err)
	require.Equal(t, b.String(), wieder.String(), "the same seed, the same year")
}

// Negative controls: what is forgotten is found.
func TestTheCheckNotices(t *testing.T) {
	t.Parallel()
	for _, art := range []vorgang.AuftragArt{vorgang.BekanntgabeFeststellen, vorgang.BestandskraftFeststellen, vorgang.FristWarnen} {
		b, err := Simulate(t.Context(), Params{Mandanten: 1, Vorgaenge: 60, Jahr: 2026, Seed: 3, stumm: art, langsam: true}, nil)
		if err == nil {
			require.NotEmpty(t, b.Befunde, art)
			require.Contains(t, b.String(), b.Befunde[0])
		} else {
			// Without the Bekanntgabe nobody can close.
			require.Equal(t, vorgang.BekanntgabeFeststellen, art)
		}
	}
}

func TestSimulateStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Simulate(ctx, Params{Mandanten: 2, Vorgaenge: 20, Jahr: 2026}, nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = Simulate(t.Context(), Params{Mandanten: 2, Vorgaenge: 1, Jahr: 2026}, nil)
	require.Error(t, err)
}
