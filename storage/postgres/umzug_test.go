package postgres_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestSperre(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	fill(t, b, "kiel", "luebeck")
	noop := func(context.Context, driver.Tx) error { return nil }
	write := func(ctx context.Context, tx driver.Tx) error { return tx.SaveVorgang(ctx, neu("kiel")) }
	shut(t, b, "kiel")
	require.ErrorIs(t, update(b, "kiel", write), driver.ErrUmzug)
	require.ErrorIs(t, save(b, "kiel", neu("kiel")), driver.ErrUmzug)
	require.NoError(t, b.View(t.Context(), "kiel", noop))
	require.NoError(t, save(b, "luebeck", neu("luebeck")))
	require.Len(t, feed(t, b, "kiel", "", 9), 1, "the feed can still be read")
	got, err := b.LeaseAuftraege(t.Context(), driver.LeaseAuftraegeParams{Now: now, Until: now.Add(time.Hour), Token: uuid.New(), Limit: 9})
	require.NoError(t, err)
	require.Len(t, got, 2, "only those of the other Mandant")
	require.ErrorIs(t, b.Entfernen(t.Context(), "kiel"), fehler.ErrConflict)
	require.NoError(t, b.SetSperre(t.Context(), "kiel", driver.SperreKeine))
	require.NoError(t, update(b, "kiel", write))
	require.ErrorIs(t, b.Entfernen(t.Context(), "kiel"), fehler.ErrConflict)
	require.NoError(t, b.SetSperre(t.Context(), "kiel", driver.SperreAlles))
	s, err := b.GetSperre(t.Context(), "kiel")
	require.NoError(t, err)
	require.Equal(t, driver.SperreAlles, s)
	for _, f := range []func(context.Context, driver.Tx) error{noop, write} {
		require.ErrorIs(t, update(b, "kiel", f), driver.ErrUmgezogen)
		require.ErrorIs(t, b.View(t.Context(), "kiel", f), driver.ErrUmgezogen)
	}
	require.ErrorIs(t, update(b, "kiel", write), fehler.ErrUnavailable)
}

// A transaction that began before the Mandant was shut is refused when it
// writes, whatever it writes.
func TestSperreRefusesWhatBeganBefore(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	fill(t, b, "kiel")
	for name, f := range map[string]func(context.Context, driver.Tx) error{
		"save": func(ctx context.Context, tx driver.Tx) error { return tx.SaveVorgang(ctx, neu("kiel")) },
		"konfig": func(ctx context.Context, tx driver.Tx) error {
			return tx.PutKonfig(ctx, driver.PutKonfigParams{Art: "x", Schluessel: "y"})
		},
		"zaehler": func(ctx context.Context, tx driver.Tx) error {
			_, err := tx.NextNummer(ctx, driver.NextNummerParams{Name: "z"})
			return err
		},
		"prune": func(ctx context.Context, tx driver.Tx) error {
			_, err := tx.Prune(ctx, driver.PruneParams{SchluesselBis: now.Add(time.Hour), AenderungenBis: now.Add(time.Hour), Limit: 9})
			return err
		},
	} {
		require.ErrorIs(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
			_, err := tx.ListKonfig(ctx, driver.ListKonfigParams{})
			require.NoError(t, err)
			shut(t, b, "kiel")
			return f(ctx, tx)
		}), driver.ErrUmzug, name)
		require.NoError(t, b.SetSperre(t.Context(), "kiel", driver.SperreKeine))
	}
}

// SetSperre waits for who has written and not yet committed, as long as its
// context allows.
func TestSperreWaitsForWriters(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	p := neu("kiel")
	var returned atomic.Bool
	var wg sync.WaitGroup
	require.NoError(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
		require.NoError(t, tx.SaveVorgang(ctx, p))
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, b.SetSperre(short, "kiel", driver.SperreSchreiben), context.DeadlineExceeded)
		wg.Go(func() {
			if assertNo(t, b.SetSperre(context.Background(), "kiel", driver.SperreSchreiben)) {
				returned.Store(true)
			}
		})
		time.Sleep(200 * time.Millisecond)
		require.False(t, returned.Load())
		return nil
	}))
	wg.Wait()
	require.Equal(t, p.Row.ID, get(t, b, "kiel", p.Row.ID).ID)
}

// With writers at full speed: what a View sees after SetSperre returned is all
// there ever is, and all that was acknowledged.
func TestSperreUnderLoad(t *testing.T) {
	db := fresh(t)
	b, c := open(t, db), open(t, db)
	for round := range 6 {
		m := tenant.ID([]string{"a", "b", "c", "d", "e", "f"}[round])
		var acknowledged atomic.Int64
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for w := range 8 {
			backend := []driver.Backend{b, c}[w%2]
			wg.Go(func() {
				var r driver.VorgangRow
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					p := neu(m)
					if i%2 == 1 {
						p = danach(r, m)
					}
					var err error
					if w < 4 {
						err = save(backend, m, p)
					} else {
						err = update(backend, m, func(ctx context.Context, tx driver.Tx) error {
							if _, err := tx.CountVorgaenge(ctx, driver.CountVorgaengeParams{Filter: driver.VorgangFilter{Nummer: "x"}}); err != nil {
								return err
							}
							return tx.SaveVorgang(ctx, p)
						})
					}
					switch {
					case err == nil:
						acknowledged.Add(1)
						r = p.Row
					case !errors.Is(err, driver.ErrUmzug):
						t.Error(err)
						return
					default:
						i-- // and again
					}
				}
			})
		}
		time.Sleep(time.Duration(30+20*round) * time.Millisecond)
		require.NoError(t, b.SetSperre(t.Context(), m, driver.SperreSchreiben))
		count := func() (saves int64) {
			require.NoError(t, b.View(t.Context(), m, func(ctx context.Context, tx driver.Tx) error {
				rows, err := tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{Limit: 1 << 20, Kurz: true})
				for _, r := range rows {
					saves += r.Version
				}
				return err
			}))
			return saves
		}
		seen := count()
		require.Positive(t, seen)
		time.Sleep(100 * time.Millisecond) // they keep trying
		close(stop)
		wg.Wait()
		require.Equal(t, seen, count(), "nothing came afterwards")
		require.Equal(t, seen, acknowledged.Load())
	}
}

func TestEntfernen(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	fill(t, b, "kiel", "luebeck")
	super := connect(t, db.SuperDSN)
	require.NoError(t, b.SetSperre(t.Context(), "kiel", driver.SperreAlles))
	for range 2 {
		require.NoError(t, b.Entfernen(t.Context(), "kiel"))
	}
	for _, table := range tables(t, super) {
		var own, others int
		require.NoError(t, super.QueryRow(t.Context(), "SELECT count(*) FILTER (WHERE mandant = 'kiel'), count(*) FILTER (WHERE mandant <> 'kiel') FROM "+table).
			Scan(&own, &others))
		switch table {
		case "sperre":
			require.Equal(t, []int{1, 0}, []int{own, others})
		case "aenderung": // the feed of the guest is the guest's
			require.Equal(t, []int{1, 2}, []int{own, others})
		default:
			require.Equal(t, []int{0, 1}, []int{own, others}, table)
		}
	}
	require.NoError(t, b.SetSperre(t.Context(), "kiel", driver.SperreKeine))
	require.Empty(t, feed(t, b, "kiel", "", 9))
	fill(t, b, "kiel")
}

// More rows than one step removes.
func TestEntfernenInSteps(t *testing.T) {
	db := fresh(t)
	stack(t, db, 12_000)
	b := open(t, db)
	require.NoError(t, b.SetSperre(t.Context(), "kiel", driver.SperreAlles))
	require.NoError(t, b.Entfernen(t.Context(), "kiel"))
	var n int
	require.NoError(t, connect(t, db.SuperDSN).QueryRow(t.Context(), "SELECT count(*) FROM vorgang").Scan(&n))
	require.Zero(t, n)
}
