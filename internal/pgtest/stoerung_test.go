package pgtest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func count(t *testing.T, dsn string) (n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer conn.Close(ctx)
	require.NoError(t, conn.QueryRow(ctx, "SELECT count(*) FROM t").Scan(&n))
	return n
}

// The proxy cuts before and after a COMMIT, whether it is sent alone or in a batch.
func TestProxyCutsAtCommit(t *testing.T) {
	db := New(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	plain, err := pgx.Connect(ctx, db.OwnerDSN)
	require.NoError(t, err)
	defer plain.Close(ctx)
	_, err = plain.Exec(ctx, "CREATE TABLE t (n int)")
	require.NoError(t, err)
	proxy := NewProxy(t, db.OwnerDSN)
	want := 0
	for _, c := range []struct {
		tat   Tat
		batch bool
		there int
	}{{Pass, false, 1}, {CutBefore, false, 0}, {CutAfter, false, 1}, {Pass, true, 1}, {CutBefore, true, 0}, {CutAfter, true, 1}} {
		conn, err := pgx.Connect(ctx, proxy.DSN(db.OwnerDSN))
		require.NoError(t, err)
		proxy.Rule(func(g Gruppe) Tat {
			if g.Commits() {
				return c.tat
			}
			return Pass
		})
		_, err = conn.Exec(ctx, "BEGIN")
		require.NoError(t, err)
		b := &pgx.Batch{}
		b.Queue("INSERT INTO t VALUES ($1)", 1)
		if c.batch {
			b.Queue("commit")
		}
		err = conn.SendBatch(ctx, b).Close()
		if !c.batch {
			require.NoError(t, err)
			_, err = conn.Exec(ctx, "commit")
		}
		if c.tat == Pass {
			require.NoError(t, err)
		} else {
			require.Error(t, err, "%s, batch %v", c.tat, c.batch)
		}
		_ = conn.Close(ctx)
		want += c.there
		require.NoError(t, awaitNoOther(ctx, plain))
		require.Equal(t, want, count(t, db.OwnerDSN), "%s, batch %v", c.tat, c.batch)
	}
	proxy.Rule(nil)
	proxy.Shut(true)
	_, err = pgx.Connect(ctx, proxy.DSN(db.OwnerDSN))
	require.Error(t, err)
	proxy.Shut(false)
	require.Equal(t, want, count(t, proxy.DSN(db.OwnerDSN)))
	proxy.Rule(func(Gruppe) Tat { return Swallow })
	short, done := context.WithTimeout(ctx, 100*time.Millisecond)
	defer done()
	conn, err := pgx.Connect(ctx, proxy.DSN(db.OwnerDSN))
	require.NoError(t, err)
	_, err = conn.Exec(short, "SELECT 1")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// awaitNoOther waits until the session is the only one of its role.
func awaitNoOther(ctx context.Context, c *pgx.Conn) error {
	for {
		var n int
		err := c.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").Scan(&n)
		if err != nil || n == 0 {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// What was committed is there after each way to stop.
func TestServerStopsAndStarts(t *testing.T) {
	s := NewServer(t, "max_connections=12")
	db := s.New()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, db.OwnerDSN)
	require.NoError(t, err)
	_, err = conn.Exec(ctx, "CREATE TABLE t (n int)")
	require.NoError(t, err)
	for i, how := range []Abschaltung{Fast, Immediate, Kill} {
		_, err = conn.Exec(ctx, "INSERT INTO t VALUES (1)")
		require.NoError(t, err)
		s.Stop(how)
		_, err = pgx.Connect(ctx, db.OwnerDSN)
		require.Error(t, err)
		s.Start()
		require.Equal(t, i+1, count(t, db.OwnerDSN))
		conn, err = pgx.Connect(ctx, db.OwnerDSN)
		require.NoError(t, err)
	}
	require.NoError(t, conn.Close(ctx))
	require.NoError(t, AwaitNoSessions(ctx, db.SuperDSN))
}
