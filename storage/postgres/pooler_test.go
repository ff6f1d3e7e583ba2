package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Behind a pooler a server connection serves one transaction, then anybody's:
// with more callers than connections, every call on three connections of the
// server, of two Mandanten.
func TestThroughAPooler(t *testing.T) {
	db := fresh(t)
	through := pgtest.Pooler(t, db, 3)
	b, err := postgres.OpenBackend(t.Context(), through.AppDSN+"&pool_max_conns=16", &postgres.Options{
		RelayDSN: through.RelayDSN, Pooler: true, ListenDSN: db.AppDSN, LockTimeout: 10 * time.Second,
	})
	require.NoError(t, err)
	defer b.Close()
	var woken atomic.Int64
	defer b.Wecken("kiel", func() { woken.Add(1) })()

	fill(t, b, "kiel", "luebeck")
	const callers, saves = 16, 25
	var wg sync.WaitGroup
	var leased atomic.Int64
	for w := range callers {
		m := []tenant.ID{"kiel", "luebeck"}[w%2]
		wg.Go(func() {
			for i := range saves {
				if err := oneRound(b, m, fmt.Sprint(w, " ", i), &leased); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, m := range []tenant.ID{"kiel", "luebeck"} {
		require.NoError(t, b.View(t.Context(), m, func(ctx context.Context, tx driver.Tx) error {
			n, err := tx.CountVorgaenge(ctx, driver.CountVorgaengeParams{})
			require.EqualValues(t, 1+callers/2*saves, n)
			return err
		}))
		require.Len(t, feed(t, b, m, "", 10_000), 1+callers/2*saves*2)
	}
	require.EqualValues(t, 2+callers*saves, leased.Load()+int64(leaseAll(t, b)))
	require.Positive(t, woken.Load())
	require.NoError(t, b.SetSperre(t.Context(), "kiel", driver.SperreAlles))
	require.ErrorIs(t, save(b, "kiel", neu("kiel")), driver.ErrUmgezogen)
	require.NoError(t, b.Entfernen(t.Context(), "kiel"))
	var left int
	super := connect(t, db.SuperDSN)
	require.NoError(t, super.QueryRow(t.Context(), "SELECT count(*) FROM vorgang WHERE mandant = 'kiel'").Scan(&left))
	require.Zero(t, left)
	// No setting is left on any connection of the server.
	for range 20 {
		c := connect(t, through.AppDSN+"&default_query_exec_mode=simple_protocol")
		var mandant, wait string
		require.NoError(t, c.QueryRow(t.Context(), "SELECT coalesce(current_setting('app.mandant', true), ''), current_setting('lock_timeout')").Scan(&mandant, &wait))
		require.Empty(t, mandant)
		require.Equal(t, "0", wait)
	}
}

// oneRound creates, reads, edits and lists as the Mandant, and looks whether
// anything it sees is another's.
func oneRound(b driver.Backend, m tenant.ID, word string, leased *atomic.Int64) error {
	p := neu(m)
	p.Row.Antragsteller = string(m)
	p.Auftraege[0].Daten = []byte(m)
	if err := save(b, m, p); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	if err := save(b, m, p); !errors.Is(err, fehler.ErrExists) {
		return fmt.Errorf("create again: %w", err)
	}
	if err := update(b, m, func(ctx context.Context, tx driver.Tx) error {
		r, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: p.Row.ID, Lock: true})
		if err != nil {
			return err
		}
		q := danach(r, m)
		q.Woerter, q.Final = []string{"wort", p.Row.ID.String()}, true
		return tx.SaveVorgang(ctx, q)
	}); err != nil {
		return fmt.Errorf("edit %s: %w", word, err)
	}
	if err := b.View(context.Background(), m, func(ctx context.Context, tx driver.Tx) error {
		list, err := tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{Limit: 5, Filter: driver.VorgangFilter{Status: []string{"neu", "x"}}})
		if err != nil {
			return err
		}
		hits, err := tx.SearchVorgaenge(ctx, driver.SearchVorgaengeParams{Woerter: []string{p.Row.ID.String()}, Limit: 5})
		if err != nil || len(hits) != 1 {
			return fmt.Errorf("%d hits: %w", len(hits), err)
		}
		for _, r := range list {
			if r.Antragsteller != string(m) && r.Antragsteller != "Erika Mustermann" {
				return fmt.Errorf("%s sees a row of %s", m, r.Antragsteller)
			}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("view: %w", err)
	}
	got, err := b.LeaseAuftraege(context.Background(), driver.LeaseAuftraegeParams{Now: now, Until: now.Add(time.Hour), Token: uuid.New(), Limit: 1})
	leased.Add(int64(len(got)))
	for _, a := range got {
		if s := string(a.Daten); s != string(a.Mandant) && len(s) < 20 {
			return fmt.Errorf("an Auftrag of %s says %s", s, a.Mandant)
		}
	}
	return err
}

func leaseAll(t *testing.T, b driver.Backend) (n int) {
	for {
		got, err := b.LeaseAuftraege(t.Context(), driver.LeaseAuftraegeParams{Now: now, Until: now.Add(time.Hour), Token: uuid.New(), Limit: 100})
		require.NoError(t, err)
		if len(got) == 0 {
			return n
		}
		n += len(got)
	}
}
