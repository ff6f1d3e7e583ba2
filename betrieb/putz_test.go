package betrieb_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/betrieb"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// What nobody refers to goes after its grace; what a Vorgang refers to stays.
func TestCleanUpRemovesOrphans(t *testing.T) {
	h := newHaus(t)
	h.params.Aufraeumen = []tenant.ID{kiel}
	h.opts.Aufraeumen = 10 * time.Millisecond
	waise, err := h.params.Blobs.Put(t.Context(), kiel, strings.NewReader("niemand"))
	require.NoError(t, err)
	_, err = h.store.Once(t.Context(), kiel, "alt", time.Millisecond, nil, func(context.Context, *storage.Tx) (any, error) { return 1, nil })
	require.NoError(t, err)
	h.send(t)
	_, stop := h.run(t)
	h.await(t, func() bool { return len(h.vorgaenge(t)) == 1 && strings.Contains(h.log.String(), "cleaned") })
	stop()
	require.NotContains(t, h.log.String(), "cleaning failed")
	require.NoError(t, h.params.Blobs.Stat(t.Context(), kiel, waise), "it is younger than the grace")

	h.opts.Now = func() time.Time { return time.Now().AddDate(0, 0, 30) }
	b, err := betrieb.New(h.params, &h.opts)
	require.NoError(t, err)
	g, err := b.CleanUp(t.Context(), kiel)
	require.NoError(t, err)
	require.Equal(t, 1, int(g.Dateien.Removed))
	require.Error(t, h.params.Blobs.Stat(t.Context(), kiel, waise))
	for sum, err := range h.store.Dateien(t.Context(), kiel) {
		require.NoError(t, err)
		require.NotEmpty(t, sum)
	}
	require.NotEmpty(t, h.vorgaenge(t)[0].Dateien)
}
