package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const (
	kiel tenant.ID = "kiel"
	// shortLock is the LockTimeout of the tests about faults.
	shortLock = time.Second
)

func limited(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// store opens one with a short LockTimeout.
func store(ctx context.Context, t *testing.T, db pgtest.Database) *storage.Store {
	t.Helper()
	s, err := postgres.Open(ctx, db.AppDSN, &postgres.Options{RelayDSN: db.RelayDSN, LockTimeout: shortLock})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// behind gives a store whose app role goes through a proxy, and one beside it.
func behind(ctx context.Context, t *testing.T) (s, direct *storage.Store, p *pgtest.Proxy, db pgtest.Database) {
	t.Helper()
	db = fresh(t)
	p = pgtest.NewProxy(t, db.AppDSN)
	far := db
	far.AppDSN = p.DSN(db.AppDSN)
	return store(ctx, t, far), store(ctx, t, db), p, db
}

func clerk() tenant.Akteur {
	return tenant.Akteur{ID: "sb-1", Name: "SB 1", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
}

func newVorgang(s *storage.Store, nummer string) (*vorgang.Vorgang, error) {
	return vorgang.New(tenant.System("annahme"), time.Now(), vorgang.Params{
		Mandant: kiel, Nummer: nummer, Leistung: "99012034567000", Einheit: "a", Quittung: []byte(`{}`),
	}, s.Kontext())
}

// intake takes in what the key names, once.
func intake(ctx context.Context, s *storage.Store, key string) (schon bool, id uuid.UUID, err error) {
	schon, err = s.Once(ctx, kiel, key, time.Hour, &id, func(ctx context.Context, tx *storage.Tx) (any, error) {
		// The number does not come from the key: what is done twice shall be there twice.
		v, err := newVorgang(s, uuid.NewString())
		if err != nil {
			return nil, err
		}
		return v.ID(), tx.Save(ctx, v)
	})
	return schon, id, err
}

func note(v *vorgang.Vorgang) error {
	_, err := v.Note(clerk(), time.Now(), "Notiz")
	return err
}

// cutOnce lets the proxy do that with the first group for which when holds; the
// function tells whether there was one.
func cutOnce(p *pgtest.Proxy, tat pgtest.Tat, when func(pgtest.Gruppe) bool) (happened func() bool) {
	var done atomic.Bool
	p.Rule(func(g pgtest.Gruppe) pgtest.Tat {
		if !done.Load() && when(g) {
			done.Store(true)
			return tat
		}
		return pgtest.Pass
	})
	return func() bool { p.Rule(nil); return done.Load() }
}

// settling gives a function that waits until nothing is at work: the server may
// notice late that a client is gone.
func settling(ctx context.Context, t *testing.T, db pgtest.Database) func() {
	watcher := connect(t, db.SuperDSN)
	return func() {
		t.Helper()
		require.Eventually(t, func() bool {
			var n int
			err := watcher.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
				AND state <> 'idle' AND pid <> pg_backend_pid()`).Scan(&n)
			return err == nil && n == 0
		}, 10*time.Second, 5*time.Millisecond)
	}
}

// The connection is cut when the COMMIT has been sent and before its answer comes.
// The caller hears ErrUnavailable both when it was committed and when not, and the
// key resolves both.
func TestCutAtCommit(t *testing.T) {
	ctx := limited(t, 2*time.Minute)
	s, direct, p, db := behind(ctx, t)
	settled := settling(ctx, t, db)
	count := func() int64 {
		settled()
		n, err := direct.Count(ctx, kiel, storage.Filter{})
		require.NoError(t, err)
		return n
	}
	version := func(id uuid.UUID) int64 {
		settled()
		v, err := direct.Get(ctx, kiel, id)
		require.NoError(t, err)
		return v.Version()
	}
	for _, c := range []struct {
		tat       pgtest.Tat
		committed int64
	}{{pgtest.CutBefore, 0}, {pgtest.CutAfter, 1}} {
		t.Run(c.tat.String(), func(t *testing.T) {
			cut := func(do func() error) {
				t.Helper()
				happened := cutOnce(p, c.tat, pgtest.Gruppe.Commits)
				err := do()
				require.True(t, happened(), "no COMMIT was seen")
				require.ErrorIs(t, err, storage.ErrUnavailable)
			}
			before := count()
			key := uuid.NewString()
			cut(func() error { _, _, err := intake(ctx, s, key); return err })
			require.Equal(t, before+c.committed, count())
			for i := range 2 {
				schon, id, err := intake(ctx, s, key)
				require.NoError(t, err)
				require.Equal(t, i > 0 || c.committed > 0, schon)
				require.EqualValues(t, 1, version(id))
			}
			require.Equal(t, before+1, count())

			cut(func() error {
				return s.Update(ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					v, err := newVorgang(s, uuid.NewString())
					if err != nil {
						return err
					}
					return tx.Save(ctx, v)
				})
			})
			require.Equal(t, before+1+c.committed, count())

			// The saves that take the COMMIT with them.
			v, err := newVorgang(s, uuid.NewString())
			require.NoError(t, err)
			cut(func() error { return s.Insert(ctx, kiel, v) })
			require.Equal(t, before+1+2*c.committed, count())
			_, id, err := intake(ctx, s, key)
			require.NoError(t, err)
			cut(func() error { _, err := s.Edit(ctx, kiel, id, note); return err })
			require.Equal(t, 1+c.committed, version(id))

			// A claim that nobody heard of holds its Vorgang until the lease ends.
			require.NoError(t, drainStack(ctx, direct))
			_, id, err = intake(ctx, s, uuid.NewString())
			require.NoError(t, err)
			claim := storage.ClaimParams{Akteur: clerk(), Dauer: 500 * time.Millisecond}
			cut(func() error { _, _, err := s.Claim(ctx, kiel, claim); return err })
			settled()
			_, l, err := direct.Claim(ctx, kiel, claim)
			if c.committed > 0 {
				require.ErrorIs(t, err, storage.ErrNotFound)
				require.Eventually(t, func() bool { _, l, err = direct.Claim(ctx, kiel, claim); return err == nil }, 5*time.Second, 20*time.Millisecond)
			}
			require.NoError(t, err)
			require.Equal(t, id, l.Vorgang)
			cut(func() error { _, err := s.Complete(ctx, kiel, l, assign); return err })
			settled()
			_, err = direct.Complete(ctx, kiel, l, assign)
			if c.committed > 0 {
				require.ErrorIs(t, err, storage.ErrConflict, "the lease went with it")
			} else {
				require.NoError(t, err)
			}
			require.NoError(t, direct.VerifyJournal(ctx, kiel, id))
		})
	}
}

func assign(v *vorgang.Vorgang) error { return v.Assign(clerk(), time.Now(), "sb-2", "") }

func drainStack(ctx context.Context, s *storage.Store) error {
	for {
		_, l, err := s.Claim(ctx, kiel, storage.ClaimParams{Akteur: clerk()})
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		if err == nil {
			_, err = s.Complete(ctx, kiel, l, assign)
		}
		if err != nil {
			return err
		}
	}
}

// The connection is cut at each message of an intake and of an edit in turn.
// Repeated with its key, the intake is there once; the edit is there or it is not.
func TestCutAtEveryMessage(t *testing.T) {
	ctx := limited(t, 3*time.Minute)
	s, direct, p, db := behind(ctx, t)
	settled := settling(ctx, t, db)
	_, edited, err := intake(ctx, direct, "edited")
	require.NoError(t, err)
	intakes, edits := int64(1), int64(1)
	for name, run := range map[string]func(k int) (again func() bool, err error){
		"intake": func(k int) (func() bool, error) {
			key := fmt.Sprint("k", k, uuid.NewString())
			_, _, err := intake(ctx, s, key)
			return func() bool {
				schon, _, err := intake(ctx, direct, key)
				require.NoError(t, err)
				intakes++
				n, err := direct.Count(ctx, kiel, storage.Filter{})
				require.NoError(t, err)
				require.Equal(t, intakes, n, "not once")
				return schon
			}, err
		},
		"edit": func(int) (func() bool, error) {
			_, err := s.Edit(ctx, kiel, edited, note)
			return func() bool {
				v, err := direct.Get(ctx, kiel, edited)
				require.NoError(t, err)
				was := edits
				edits = v.Version()
				require.Contains(t, []int64{was, was + 1}, edits)
				require.Len(t, v.Stand().Notizen, int(edits)-1)
				require.NoError(t, direct.VerifyJournal(ctx, kiel, edited))
				return edits > was
			}, err
		},
	} {
		for _, tat := range []pgtest.Tat{pgtest.CutBefore, pgtest.CutAfter, pgtest.CutDuring} {
			for k := 1; ; k++ {
				require.Less(t, k, 30, "it never gets through")
				n := 0
				var sql []string
				happened := cutOnce(p, tat, func(g pgtest.Gruppe) bool {
					if g.Has("select pg_notify") { // in the background, and no part of it
						return false
					}
					n++
					sql = append(g.SQL, g.Parsed...)
					return n == k
				})
				again, err := run(k)
				cut := happened()
				settled()
				if err != nil {
					require.True(t, cut, "%v", err)
					require.ErrorIs(t, err, storage.ErrUnavailable)
				}
				there := again()
				if err == nil {
					require.True(t, there, "acknowledged and lost")
				}
				if !cut {
					break
				}
				t.Logf("%-6s %-10s at message %d, error %-5v stored %-5v: %.300q", name, tat, k, err != nil, there, strings.Join(sql, "; "))
			}
		}
	}
}
