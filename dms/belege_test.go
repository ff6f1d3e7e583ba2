package dms_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestBelege(t *testing.T) {
	t.Parallel()
	const id = "0196F000-0000-7000-8000-000000000001"
	_, err := dms.OpenBelege(filepath.Join(t.TempDir(), "fehlt"))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	dir := t.TempDir()
	b, err := dms.OpenBelege(dir)
	require.NoError(t, err)
	x, err := b.Get(id)
	require.NoError(t, err)
	require.Nil(t, x)
	want := dms.Beleg{Inhalt: "ab", Schein: dms.Sendeschein{ProzessID: id, Name: "x.zip"}}
	require.NoError(t, b.Put(id, want))
	want.Fertig = true
	require.NoError(t, b.Put(strings.ToLower(id), want))
	require.NoError(t, b.Close())
	b, err = dms.OpenBelege(dir) // another process
	require.NoError(t, err)
	defer b.Close()
	x, err = b.Get(id)
	require.NoError(t, err)
	require.Equal(t, want, *x)
	for _, schlecht := range []string{"", "../x", "nicht-uuid"} {
		_, err = b.Get(schlecht)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		require.ErrorIs(t, b.Put(schlecht, want), fehler.ErrInvalid)
	}
	require.NoError(t, b.Remove(id))
	require.NoError(t, b.Remove(id))
	x, err = b.Get(id)
	require.NoError(t, err)
	require.Nil(t, x)
	require.NoError(t, os.WriteFile(filepath.Join(dir, strings.ToLower(id)+".json"), []byte("{"), 0o600))
	_, err = b.Get(id)
	require.ErrorIs(t, err, fehler.ErrConflict, "a person must look")
}

func TestBelegeLock(t *testing.T) {
	t.Parallel()
	b, err := dms.OpenBelege(t.TempDir())
	require.NoError(t, err)
	defer b.Close()
	var inside, most int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			unlock, err := b.Lock(t.Context(), "A")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			inside++
			most = max(most, inside)
			mu.Unlock()
			mu.Lock()
			inside--
			mu.Unlock()
			unlock()
		})
	}
	wg.Wait()
	require.Equal(t, 1, most)
	unlock, err := b.Lock(t.Context(), "a")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = b.Lock(ctx, "A")
	require.ErrorIs(t, err, context.Canceled)
	unlock()
}
