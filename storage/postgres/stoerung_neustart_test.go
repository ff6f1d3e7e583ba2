package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/absturz"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
)

// ownServer gives a server of the test's own with a migrated database.
func ownServer(ctx context.Context, t *testing.T, settings ...string) (*pgtest.Server, pgtest.Database) {
	t.Helper()
	server := pgtest.NewServer(t, settings...)
	db := server.New()
	require.NoError(t, postgres.Migrate(ctx, db.OwnerDSN, nil))
	return server, db
}

// beobachter watches the feed and begins again behind the last change it saw
// whenever the watch ends, as a program would.
type beobachter struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
	seen   []storage.Aenderung
	ends   int
	err    error
}

func beobachte(ctx context.Context, s *storage.Store) *beobachter {
	b := &beobachter{}
	ctx, b.cancel = context.WithCancel(ctx)
	b.wg.Go(func() {
		cursor := ""
		for ctx.Err() == nil {
			for a, err := range s.Watch(ctx, kiel, cursor) {
				if err == nil {
					b.seen, cursor = append(b.seen, a), a.Cursor
					continue
				}
				if ctx.Err() == nil && !errors.Is(err, storage.ErrUnavailable) {
					b.err = err
					return
				}
			}
			b.ends++
			time.Sleep(20 * time.Millisecond)
		}
	})
	return b
}

// check compares what was seen with the whole feed: each change once, in its place.
func (b *beobachter) check(ctx context.Context, t *testing.T, s *storage.Store) {
	t.Helper()
	b.cancel()
	b.wg.Wait()
	require.NoError(t, b.err)
	last := ""
	if len(b.seen) > 0 {
		last = b.seen[len(b.seen)-1].Cursor
	}
	for cursor := ""; ; {
		page, err := s.Aenderungen(ctx, kiel, cursor, storage.MaxLimit)
		require.NoError(t, err)
		for i := range page {
			if len(b.seen) == 0 {
				require.Equal(t, last, cursor, "changes were passed over")
				return // what came after it stopped to watch
			}
			require.Equal(t, page[i], b.seen[0])
			b.seen, cursor = b.seen[1:], page[i].Cursor
		}
		if len(page) < storage.MaxLimit {
			require.Empty(t, b.seen, "more was seen than there is")
			return
		}
	}
}

// The server is stopped in each way and started again, twice, under load.
func TestServerRestartsUnderLoad(t *testing.T) {
	t.Parallel()
	ctx := limited(t, 3*time.Minute)
	server, db := ownServer(ctx, t)
	s := store(ctx, t, db)
	load, watch := absturz.StartLast(ctx, s, "neustart"), beobachte(ctx, s)
	for _, how := range []pgtest.Abschaltung{pgtest.Fast, pgtest.Kill, pgtest.Immediate, pgtest.Fast, pgtest.Kill} {
		require.NoError(t, load.Await(ctx, 20))
		server.Stop(how)
		require.NoError(t, load.AwaitFailures(limited(t, 20*time.Second), 4))
		acked := load.Acknowledged()
		time.Sleep(50 * time.Millisecond)
		require.Equal(t, acked, load.Acknowledged(), "acknowledged without a server")
		server.Start()
	}
	require.NoError(t, load.Await(ctx, 20))
	require.NoError(t, load.Stop())
	require.NoError(t, load.Check(ctx, s))
	require.Positive(t, watch.ends, "the watch did not notice")
	t.Logf("%s; the watch began again %d times", load, watch.ends)
	watch.check(ctx, t, s)
}

// A standby takes no writes until it is made the primary; the same store serves
// readers meanwhile and writers afterwards.
func TestFailover(t *testing.T) {
	t.Parallel()
	ctx := limited(t, 2*time.Minute)
	server, db := ownServer(ctx, t)
	s := store(ctx, t, db)
	load := absturz.StartLast(ctx, s, "standby")
	require.NoError(t, load.Await(ctx, 20))
	server.Stop(pgtest.Fast)
	server.Standby(true)
	server.Start()
	require.NoError(t, load.AwaitFailures(limited(t, 20*time.Second), 10))
	n, err := s.Count(ctx, kiel, storage.Filter{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, int(n), load.Acknowledged())
	_, err = s.LeaseAuftraege(ctx, storage.LeaseParams{})
	require.ErrorIs(t, err, storage.ErrUnavailable)
	server.Stop(pgtest.Fast)
	server.Standby(false)
	server.Start()
	require.NoError(t, load.Await(ctx, 20))
	require.NoError(t, load.Stop())
	require.NoError(t, load.Check(ctx, s))
	t.Log(load)
}

// A server that is away when the program starts, or that never answers.
func TestServerIsAwayAtStart(t *testing.T) {
	t.Parallel()
	ctx := limited(t, time.Minute)
	server, db := ownServer(ctx, t)
	server.Stop(pgtest.Fast)
	dsn := withPassword(t, db.AppDSN)
	began := time.Now()
	_, err := postgres.Open(ctx, dsn, nil)
	require.ErrorIs(t, err, storage.ErrUnavailable)
	require.NotContains(t, err.Error(), password)
	require.Less(t, time.Since(began), 10*time.Second)
	server.Start()
	store(ctx, t, db)

	p := pgtest.NewProxy(t, db.AppDSN)
	p.Rule(func(pgtest.Gruppe) pgtest.Tat { return pgtest.Swallow })
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	began = time.Now()
	_, err = postgres.Open(short, p.DSN(dsn), nil)
	require.Error(t, err)
	require.True(t, errors.Is(err, storage.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded), "%v", err)
	require.NotContains(t, err.Error(), password)
	// The pool asks the silent server to cancel, for up to 15 seconds.
	require.Less(t, time.Since(began), 25*time.Second)
}

// The server gives no more connections: who asks for one hears so, who has one
// goes on.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	ctx := limited(t, time.Minute)
	_, db := ownServer(ctx, t, "max_connections=8", "superuser_reserved_connections=1")
	s := store(ctx, t, db)
	require.NoError(t, s.PutKonfig(ctx, kiel, "a", "b", 0, 1)) // it holds one connection now
	release := exhaust(ctx, t, db)
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() {
			errs[i] = s.Update(ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				err := tx.PutKonfig(ctx, "voll", fmt.Sprint(i), 0, i)
				time.Sleep(20 * time.Millisecond)
				return err
			})
		})
	}
	wg.Wait()
	failed := 0
	for _, err := range errs {
		if err != nil {
			require.ErrorIs(t, err, storage.ErrUnavailable)
			failed++
		}
	}
	t.Logf("%d of %d found no connection", failed, len(errs))
	_, err := postgres.Open(ctx, db.AppDSN, nil)
	require.ErrorIs(t, err, storage.ErrUnavailable)
	release()
	for i, err := range errs {
		var got int
		_, again := s.GetKonfig(ctx, kiel, "voll", fmt.Sprint(i), &got)
		if err == nil {
			require.NoError(t, again, "acknowledged and lost")
		} else {
			require.ErrorIs(t, again, storage.ErrNotFound)
		}
		_, _, err := intake(ctx, s, uuid.NewString())
		require.NoError(t, err, i)
	}
	store(ctx, t, db)
}

// password stands in a connection string and in no error.
const password = "streng-geheim"
