package storage_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The Richtlinie of the store holds for every Vorgang that comes out of it, and for
// those that are made with its Kontext.
func TestRichtlinieOfTheStore(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := memory.Open(&storage.Options{Richtlinie: func(f vorgang.Rechtsfrage) error {
		if f.Befehl == vorgang.BefehlNotieren {
			return errors.New("nobody writes notes here")
		}
		return nil
	}})
	defer s.Close()
	v, err := neu(ctx, s, "bauamt")
	require.NoError(t, err)
	note := func(v *vorgang.Vorgang) error {
		_, err := v.Note(clerk, morgens, "x")
		return err
	}
	_, err = s.Edit(ctx, "kiel", v.ID(), note)
	require.ErrorIs(t, err, storage.ErrForbidden)
	_, _, err = s.Claim(ctx, "kiel", storage.ClaimParams{Akteur: clerk})
	require.NoError(t, err)
	for v, err := range s.Vorgaenge(ctx, "kiel", storage.PageParams{}) {
		require.NoError(t, err)
		require.ErrorIs(t, note(v), storage.ErrForbidden)
	}
}
