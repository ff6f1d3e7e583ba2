package postgres_test

import (
	"context"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// leitung stands between client and server and counts round trips: how often the
// client speaks after the server did.
type leitung struct {
	dsn    string
	trips  atomic.Int64
	cut    atomic.Bool // the server's answers are lost, and the connection with them
	listen net.Listener
	conns  sync.WaitGroup
}

func zwischen(t testing.TB, dsn string) *leitung {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	server, dir := filepath.Join(q.Get("host"), ".s.PGSQL.5432"), t.TempDir()
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	l := &leitung{dsn: u.String()}
	l.listen, err = net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	require.NoError(t, err)
	go func() {
		for {
			client, err := l.listen.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("unix", server)
			if err != nil {
				client.Close()
				continue
			}
			l.conns.Go(func() { l.run(client, up) })
		}
	}()
	t.Cleanup(func() { l.listen.Close(); l.conns.Wait() })
	return l
}

func (l *leitung) run(client, server net.Conn) {
	var answered atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if n > 0 {
				answered.Store(true)
				if l.cut.Load() {
					break
				}
				if _, err := client.Write(buf[:n]); err != nil {
					break
				}
			}
			if err != nil {
				break
			}
		}
		client.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if n > 0 {
			if answered.Swap(false) {
				l.trips.Add(1)
			}
			if _, err := server.Write(buf[:n]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	server.Close()
	client.Close()
	<-done
}

// during counts the round trips of f, which runs often: what is prepared once
// does not count.
func (l *leitung) during(t testing.TB, f func()) float64 {
	t.Helper()
	for range 6 {
		f()
	}
	time.Sleep(50 * time.Millisecond) // ends of views
	before := l.trips.Load()
	for range 10 {
		f()
	}
	time.Sleep(50 * time.Millisecond)
	return float64(l.trips.Load()-before) / 10
}

func TestRoundTrips(t *testing.T) {
	db := fresh(t)
	l := zwischen(t, db.AppDSN)
	b, err := postgres.OpenBackend(t.Context(), l.dsn+"&pool_max_conns=1", nil)
	require.NoError(t, err)
	defer b.Close()
	p := neu("kiel")
	p.Stroeme = nil // no wake-ups on the line
	p.Auftraege = nil
	require.Equal(t, 1.0, l.during(t, func() {
		p := p
		id := uuid.New()
		p.Row.ID, p.Row.Nummer, p.Journal, p.Woerter = id, id.String(), []driver.JournalRow{eintrag(id, 1), eintrag(id, 2)}, []string{id.String()}
		require.NoError(t, save(b, "kiel", p))
	}), "create")
	require.NoError(t, save(b, "kiel", p))
	require.Equal(t, 2.0, l.during(t, func() {
		require.NoError(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
			r, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: p.Row.ID, Lock: true})
			if err != nil {
				return err
			}
			q := danach(r)
			q.Final = true
			return tx.SaveVorgang(ctx, q)
		}))
	}), "edit")
	stack(t, db, 40)
	require.Equal(t, 2.0, l.during(t, func() {
		_, err := next(b, driver.NextWartendParams{Now: now}, now.Add(time.Hour))
		require.NoError(t, err)
	}), "claim")
	require.Equal(t, 2.0, l.during(t, func() {
		_, err := next(b, driver.NextWartendParams{Now: now, Einheiten: []string{"e1", "e2", "e3", "e4", "e5", "e6"}}, now.Add(time.Hour))
		require.NoError(t, err)
	}), "claim of an Einheit")
	// With one connection the end of a view counts, though nobody waits for it.
	require.Equal(t, 2.0, l.during(t, func() { get(t, b, "kiel", p.Row.ID) }), "read")
	require.Equal(t, 1.0, l.during(t, func() {
		_, err := b.Aenderungen(t.Context(), "kiel", driver.AenderungenParams{Limit: 10})
		require.NoError(t, err)
	}), "feed without anything new")
	require.Equal(t, 3.0, l.during(t, func() {
		require.ErrorIs(t, save(b, "kiel", p), fehler.ErrExists)
	}), "a create that fails asks why, in a transaction of its own") // save, why, rollback
}

// When the answer to a COMMIT is lost nobody knows, and nothing is repeated.
func TestLostCommit(t *testing.T) {
	db := fresh(t)
	l := zwischen(t, db.AppDSN)
	b, err := postgres.OpenBackend(t.Context(), l.dsn+"&pool_max_conns=1", nil) // where it is prepared
	require.NoError(t, err)
	defer b.Close()
	require.NoError(t, save(b, "kiel", neu("kiel")))
	p, runs := neu("kiel"), 0
	p.Final = true
	err = update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
		runs++
		l.cut.Store(true)
		return tx.SaveVorgang(ctx, p)
	})
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.Equal(t, 1, runs)
	l.cut.Store(false)
	require.Equal(t, p.Row.ID, get(t, b, "kiel", p.Row.ID).ID, "it was committed all the same")
}

// A context that ended before a save with COMMIT ends it; one that ends
// meanwhile does not make the outcome unknown.
func TestFinalAndContext(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	p := neu("kiel")
	p.Final = true
	err := b.Update(ctx, "kiel", func(ctx context.Context, tx driver.Tx) error {
		cancel()
		return tx.SaveVorgang(ctx, p)
	})
	require.ErrorIs(t, err, context.Canceled)
	// Another transaction holds the Nummer for a while.
	c := connect(t, db.SuperDSN)
	other, err := c.Begin(t.Context())
	require.NoError(t, err)
	_, err = other.Exec(t.Context(), `INSERT INTO vorgang (mandant, id, version, nummer, status, leistung, einheit, bearbeiter, aktenzeichen, eingang,
		wartend, journal_seq, journal_hash, daten) VALUES ('kiel', gen_random_uuid(), 1, $1, '', '', '', '', '[]', now(), false, 0, '', '')`, p.Row.Nummer)
	require.NoError(t, err)
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	go func() {
		time.Sleep(300 * time.Millisecond)
		_ = other.Rollback(context.Background())
	}()
	require.NoError(t, b.Update(ctx, "kiel", func(ctx context.Context, tx driver.Tx) error { return tx.SaveVorgang(ctx, p) }))
	require.Equal(t, p.Row.ID, get(t, b, "kiel", p.Row.ID).ID)
}
