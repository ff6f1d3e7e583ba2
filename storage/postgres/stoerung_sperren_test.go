package postgres_test

import (
	"context"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/absturz"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func withPassword(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.UserPassword(u.User.Username(), password)
	return u.String()
}

// exhaust takes all connections the server gives to ordinary roles.
func exhaust(ctx context.Context, t *testing.T, db pgtest.Database) (release func()) {
	t.Helper()
	var all []*pgx.Conn
	release = func() {
		for _, c := range all {
			_ = c.Close(ctx)
		}
		all = nil
	}
	t.Cleanup(release)
	for range 100 {
		c, err := pgx.Connect(ctx, db.OwnerDSN)
		if err != nil {
			return release
		}
		all = append(all, c)
	}
	t.Fatal("the server gives any number of connections")
	return nil
}

// inTime runs f, which must end with ErrUnavailable about after the LockTimeout.
func inTime(t *testing.T, what string, f func() error) {
	t.Helper()
	began := time.Now()
	err := f()
	require.ErrorIs(t, err, storage.ErrUnavailable, what)
	took := time.Since(began)
	require.Greater(t, took, shortLock/2, what)
	require.Less(t, took, 3*shortLock+2*time.Second, what)
	require.NotContains(t, err.Error(), "Erika", what)
}

// Somebody else, who is not of this library, holds locks: whoever needs them hears
// so after the LockTimeout.
func TestLockHeldByAnother(t *testing.T) {
	ctx := limited(t, 2*time.Minute)
	db := fresh(t)
	s := store(ctx, t, db)
	_, id, err := intake(ctx, s, "a")
	require.NoError(t, err)
	other := connect(t, db.SuperDSN)

	locked := func(sql string, args ...any) (release func()) {
		_, err := other.Exec(ctx, "BEGIN")
		require.NoError(t, err)
		_, err = other.Exec(ctx, sql, args...)
		require.NoError(t, err)
		return func() { _, err := other.Exec(ctx, "ROLLBACK"); require.NoError(t, err) }
	}

	release := locked("SELECT 1 FROM vorgang WHERE id = $1 FOR UPDATE", id)
	inTime(t, "edit", func() error { _, err := s.Edit(ctx, kiel, id, note); return err })
	_, err = s.Get(ctx, kiel, id)
	require.NoError(t, err, "a reader waits for nobody")
	_, _, err = s.Claim(ctx, kiel, storage.ClaimParams{Akteur: clerk()})
	require.ErrorIs(t, err, storage.ErrNotFound, "the stack passes it over")
	_, _, err = intake(ctx, s, "b")
	require.NoError(t, err)
	release()
	_, err = s.Edit(ctx, kiel, id, note)
	require.NoError(t, err)

	// As ALTER TABLE does.
	release = locked("LOCK TABLE vorgang, auftrag, aenderung, konfig, schluessel, eingang IN ACCESS EXCLUSIVE MODE")
	var wg sync.WaitGroup
	for what, f := range map[string]func() error{
		"edit":  func() error { _, err := s.Edit(ctx, kiel, id, note); return err },
		"get":   func() error { _, err := s.Get(ctx, kiel, id); return err },
		"once":  func() error { _, _, err := intake(ctx, s, "c"); return err },
		"lease": func() error { _, err := s.LeaseAuftraege(ctx, storage.LeaseParams{}); return err },
		"feed":  func() error { _, err := s.Aenderungen(ctx, kiel, "", 10); return err },
		"watch": func() error {
			for _, err := range s.Watch(ctx, kiel, "") {
				return err
			}
			return nil
		},
	} {
		wg.Go(func() { t.Run(what, func(t *testing.T) { inTime(t, what, f) }) })
	}
	wg.Wait()
	release()
	_, err = s.Edit(ctx, kiel, id, note)
	require.NoError(t, err)
	list, err := s.LeaseAuftraege(ctx, storage.LeaseParams{})
	require.NoError(t, err)
	require.Len(t, list, 2)
}

// An operator cancels a statement or ends a session; the caller's context ends.
func TestCancelled(t *testing.T) {
	ctx := limited(t, time.Minute)
	db := fresh(t)
	s := store(ctx, t, db)
	_, id, err := intake(ctx, s, "a")
	require.NoError(t, err)
	holder, operator := connect(t, db.SuperDSN), connect(t, db.SuperDSN)
	waiting := func(do string) {
		require.Eventually(t, func() bool {
			tag, err := operator.Exec(ctx, "SELECT "+do+"(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
			return err == nil && tag.RowsAffected() > 0
		}, 5*time.Second, time.Millisecond)
	}
	for _, do := range []string{"pg_cancel_backend", "pg_terminate_backend"} {
		_, err = holder.Exec(ctx, "BEGIN")
		require.NoError(t, err)
		_, err = holder.Exec(ctx, "SELECT 1 FROM vorgang WHERE id = $1 FOR UPDATE", id)
		require.NoError(t, err)
		got := make(chan error, 1)
		go func() { _, err := s.Edit(ctx, kiel, id, note); got <- err }()
		waiting(do)
		require.ErrorIs(t, <-got, storage.ErrUnavailable, do)

		short, cancel := context.WithCancel(ctx)
		go func() { _, err := s.Edit(short, kiel, id, note); got <- err }()
		time.AfterFunc(50*time.Millisecond, cancel)
		began := time.Now()
		require.ErrorIs(t, <-got, context.Canceled)
		require.Less(t, time.Since(began), shortLock)
		_, err = holder.Exec(ctx, "ROLLBACK")
		require.NoError(t, err)
		_, err = s.Edit(ctx, kiel, id, note)
		require.NoError(t, err)
	}
	// A session that a rule of the server ends because its closure idles.
	_, err = operator.Exec(ctx, "ALTER ROLE "+pgtest.App+" IN DATABASE "+db.Name+" SET idle_in_transaction_session_timeout = '50ms'")
	require.NoError(t, err)
	idle := store(ctx, t, db)
	err = idle.Update(ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
		v, err := tx.Lock(ctx, id)
		if err != nil {
			return err
		}
		time.Sleep(300 * time.Millisecond)
		return saveNote(ctx, tx, v)
	})
	require.ErrorIs(t, err, storage.ErrUnavailable)
	_, _, err = intake(ctx, idle, uuid.NewString())
	require.NoError(t, err)
}

func saveNote(ctx context.Context, tx *storage.Tx, v *vorgang.Vorgang) error {
	if err := note(v); err != nil {
		return err
	}
	return tx.Save(ctx, v)
}

// A COMMIT that was sent is waited for longer than the caller's deadline, so that
// its outcome is known; but not for ever.
func TestSilenceAfterCommit(t *testing.T) {
	t.Parallel() // it waits most of the time
	if os.Getenv(absturz.EnvRounds) == "" {
		t.Skip("takes a minute; runs with the long form (" + absturz.EnvRounds + ")")
	}
	ctx := limited(t, 4*time.Minute)
	s, direct, p, _ := behind(ctx, t)
	_, id, err := intake(ctx, s, "edited")
	require.NoError(t, err)
	for what, f := range map[string]func(context.Context) error{
		"once": func(ctx context.Context) error { _, _, err := intake(ctx, s, "a"); return err },
		"edit": func(ctx context.Context) error { _, err := s.Edit(ctx, kiel, id, note); return err },
	} {
		happened := cutOnce(p, pgtest.Swallow, pgtest.Gruppe.Commits)
		short, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		began := time.Now()
		err := f(short)
		require.True(t, happened())
		require.ErrorIs(t, err, storage.ErrUnavailable, what)
		require.NotErrorIs(t, err, context.DeadlineExceeded, what)
		require.Greater(t, time.Since(began), 20*time.Second, what)
		require.Less(t, time.Since(began), time.Minute, what)
	}
	schon, _, err := intake(ctx, direct, "a")
	require.NoError(t, err)
	require.False(t, schon)
}

// A network that swallows everything: the caller's deadline ends the wait.
func TestSilentNetwork(t *testing.T) {
	t.Parallel() // it waits most of the time
	ctx := limited(t, time.Minute)
	s, direct, p, _ := behind(ctx, t)
	_, id, err := intake(ctx, s, "a")
	require.NoError(t, err)
	p.Rule(func(g pgtest.Gruppe) pgtest.Tat {
		if g.Commits() { // a COMMIT that was sent is waited for longer, so that its outcome is known
			return pgtest.Pass
		}
		return pgtest.Swallow
	})
	for what, f := range map[string]func(ctx context.Context) error{
		"get":  func(ctx context.Context) error { _, err := s.Get(ctx, kiel, id); return err },
		"once": func(ctx context.Context) error { _, _, err := intake(ctx, s, "b"); return err },
		"feed": func(ctx context.Context) error { _, err := s.Aenderungen(ctx, kiel, "", 10); return err },
	} {
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		began := time.Now()
		err := f(short)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded, what)
		require.Less(t, time.Since(began), 8*time.Second, what)
	}
	p.Rule(nil)
	// Each connection that fell silent keeps its place in the pool for up to 15
	// seconds, while it asks the server to cancel.
	require.Eventually(t, func() bool { _, _, err = intake(ctx, s, "b"); return err == nil }, 25*time.Second, 50*time.Millisecond)
	n, err := direct.Count(ctx, kiel, storage.Filter{})
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
}
