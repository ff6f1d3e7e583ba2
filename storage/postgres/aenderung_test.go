package postgres_test

import (
	"context"
	"fmt"
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

func feed(t testing.TB, b driver.Backend, m tenant.ID, after string, limit int) []driver.AenderungRow {
	t.Helper()
	rows, err := b.Aenderungen(context.Background(), m, driver.AenderungenParams{After: after, Limit: limit})
	require.NoError(t, err)
	return rows
}

// What commits late comes behind what was given out.
func TestFeedDeliversLateCommits(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	late := neu("kiel")
	var first []driver.AenderungRow
	require.NoError(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
		require.NoError(t, tx.SaveVorgang(ctx, late))
		for range 3 {
			require.NoError(t, save(b, "kiel", neu("kiel")))
		}
		first = feed(t, b, "kiel", "", 10)
		require.Len(t, first, 3)
		end, err := b.AenderungenEnde(ctx, "kiel")
		require.NoError(t, err)
		require.Equal(t, first[2].Cursor, end)
		return nil
	}))
	then := feed(t, b, "kiel", first[2].Cursor, 10)
	require.Len(t, then, 1)
	require.Equal(t, late.Row.ID, then[0].VorgangID)
	require.Equal(t, driver.AenderungRow{Cursor: then[0].Cursor, Mandant: "kiel", VorgangID: late.Row.ID, Version: 1, JournalVon: 1, JournalBis: 2, Zeit: now}, then[0])
	require.Equal(t, append(first, then...), feed(t, b, "kiel", "", 10), "places stay")
	require.Equal(t, first[1:3], feed(t, b, "kiel", first[0].Cursor, 2))
	for _, bad := range []string{"x", "0", "7", "-1-x", "9999-x", first[0].Cursor + "x", "0-1", "01-x"} {
		_, err := b.Aenderungen(t.Context(), "kiel", driver.AenderungenParams{After: bad, Limit: 1})
		require.ErrorIs(t, err, fehler.ErrNotFound, bad)
	}
}

func TestFeedAndPrune(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	start, err := b.AenderungenEnde(t.Context(), "kiel")
	require.NoError(t, err)
	require.Empty(t, feed(t, b, "kiel", start, 1))
	for i := range 10 {
		p := neu("kiel")
		p.Zeit = now.Add(time.Duration(i) * time.Hour)
		require.NoError(t, save(b, "kiel", p))
	}
	prune := func(bis time.Time, limit int) (n int64) {
		require.NoError(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) (err error) {
			n, err = tx.Prune(ctx, driver.PruneParams{AenderungenBis: bis, Limit: limit})
			return err
		}))
		return n
	}
	// Nobody has read it yet.
	require.EqualValues(t, 2, prune(now.Add(5*time.Hour), 2))
	rows := feed(t, b, "kiel", "", 100)
	require.Len(t, rows, 8)
	require.EqualValues(t, 3, prune(now.Add(5*time.Hour), 100))
	_, err = b.Aenderungen(t.Context(), "kiel", driver.AenderungenParams{After: start, Limit: 1})
	require.ErrorIs(t, err, fehler.ErrNotFound, "the feed begins later")
	_, err = b.Aenderungen(t.Context(), "kiel", driver.AenderungenParams{After: rows[1].Cursor, Limit: 1})
	require.ErrorIs(t, err, fehler.ErrNotFound)
	require.Equal(t, rows[3:], feed(t, b, "kiel", rows[2].Cursor, 100), "behind the last removed row it is good")
	require.EqualValues(t, 4, prune(now.Add(100*time.Hour), 100), "the newest row stays")
	require.Equal(t, rows[7:], feed(t, b, "kiel", "", 100))
	require.NoError(t, save(b, "kiel", neu("kiel")))
	require.Len(t, feed(t, b, "kiel", rows[7].Cursor, 100), 1)
}

// Many write, several read at once from two backends: everything comes once, at
// one place, and each Vorgang in the order of its versions.
func TestFeedUnderLoad(t *testing.T) {
	db := fresh(t)
	b, c := open(t, db), open(t, db)
	const writers, saves = 8, 60
	var done atomic.Bool
	var writing, reading sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			var r driver.VorgangRow
			for i := range saves {
				p := neu("kiel")
				if i%6 > 0 {
					p = danach(r, "kiel", "gast")
				}
				if w%2 == 0 { // not all are short
					p.Final = false
					if !assertNo(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
						if err := tx.SaveVorgang(ctx, p); err != nil {
							return err
						}
						time.Sleep(time.Duration(w) * time.Millisecond)
						return nil
					})) {
						return
					}
				} else if !assertNo(t, save(b, "kiel", p)) {
					return
				}
				r = p.Row
			}
		})
	}
	got := make([][]driver.AenderungRow, 4)
	for i := range got {
		backend, strom := []driver.Backend{b, c}[i%2], []tenant.ID{"kiel", "gast"}[i/2]
		reading.Go(func() {
			after := ""
			for {
				last := done.Load()
				rows, err := backend.Aenderungen(context.Background(), strom, driver.AenderungenParams{After: after, Limit: 7})
				if !assertNo(t, err) {
					return
				}
				got[i] = append(got[i], rows...)
				if len(rows) > 0 {
					after = rows[len(rows)-1].Cursor
				} else if last {
					return
				}
			}
		})
	}
	writing.Wait()
	done.Store(true)
	reading.Wait()
	require.Equal(t, got[0], got[1], "all readers see the same feed")
	require.Equal(t, got[2], got[3])
	require.Len(t, got[0], writers*saves)
	require.Len(t, got[2], writers*saves*5/6)
	for i := range got {
		version := map[uuid.UUID]int64{}
		if i >= 2 {
			for _, r := range got[0] {
				version[r.VorgangID] = 1 // the guest does not see the first
			}
		}
		for _, r := range got[i] {
			require.Equal(t, version[r.VorgangID]+1, r.Version)
			version[r.VorgangID] = r.Version
		}
	}
}

func assertNo(t *testing.T, err error) bool {
	if err != nil {
		t.Error(err)
	}
	return err == nil
}

// A save that is not committed, or a reader that hangs, keeps no writer waiting.
func TestNumberingDoesNotBlockWriters(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	require.NoError(t, save(b, "kiel", neu("kiel")))
	c := connect(t, db.SuperDSN)
	tx, err := c.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock(1634039403, hashtext('kiel'))")
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "UPDATE aenderung SET pos = 1 WHERE strom = 'kiel'")
	require.NoError(t, err)
	require.NoError(t, save(b, "kiel", neu("kiel")))
	_, err = b.Aenderungen(t.Context(), "kiel", driver.AenderungenParams{Limit: 1})
	require.ErrorIs(t, err, fehler.ErrUnavailable, "another reader waits no longer than the lock timeout")
	require.NoError(t, tx.Rollback(t.Context()))
	require.Len(t, feed(t, b, "kiel", "", 9), 2)
}

func TestWakeUps(t *testing.T) {
	db := fresh(t)
	settings := db
	settings.AppDSN += "&pool_max_conns=3" // is for the pool, not for the connection that listens
	b, c := open(t, db), open(t, settings)
	var own, foreign, work, other atomic.Int64
	defer b.Wecken("kiel", func() { own.Add(1) })()
	stop := c.Wecken("kiel", func() { foreign.Add(1) })
	defer c.Wecken("", func() { work.Add(1) })()
	defer c.Wecken("luebeck", func() { other.Add(1) })()
	listening := func() bool {
		var n int
		require.NoError(t, connect(t, db.SuperDSN).QueryRow(context.Background(),
			"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN fachwerk'").Scan(&n))
		return n == 2
	}
	require.Eventually(t, listening, 10*time.Second, 20*time.Millisecond)
	time.Sleep(50 * time.Millisecond)
	own.Store(0)
	foreign.Store(0)
	work.Store(0)
	other.Store(0)
	require.NoError(t, save(b, "kiel", neu("kiel")))
	require.EqualValues(t, 1, own.Load(), "in the same process it is there before the call returns")
	require.Eventually(t, func() bool { return foreign.Load() > 0 && work.Load() > 0 }, 5*time.Second, time.Millisecond)
	require.Zero(t, other.Load())
	require.EqualValues(t, 1, own.Load(), "its own notification does not wake it again")
	// The connection that listens is lost: there is a new one, and a wake-up for
	// what was missed.
	_, err := connect(t, db.SuperDSN).Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN fachwerk'")
	require.NoError(t, err)
	foreign.Store(0)
	require.Eventually(t, func() bool { return foreign.Load() > 0 }, 10*time.Second, 10*time.Millisecond)
	stop()
	foreign.Store(0)
	for range 3 {
		require.NoError(t, save(b, "kiel", neu("kiel")))
	}
	time.Sleep(50 * time.Millisecond)
	require.Zero(t, foreign.Load())
}

// BenchmarkFeed reads a feed in pages: what is new, and when nothing is.
func BenchmarkFeed(b *testing.B) {
	db := fresh(b)
	back := open(b, db)
	for _, n := range []int{0, 1, 100} {
		b.Run(fmt.Sprintf("new=%d", n), func(b *testing.B) {
			end, err := back.AenderungenEnde(context.Background(), "kiel")
			require.NoError(b, err)
			for b.Loop() {
				b.StopTimer()
				for range n {
					require.NoError(b, save(back, "kiel", neu("kiel")))
				}
				b.StartTimer()
				if rows := feed(b, back, "kiel", end, 1000); len(rows) > 0 {
					end = rows[len(rows)-1].Cursor
				}
			}
		})
	}
}
