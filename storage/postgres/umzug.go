package postgres

import (
	"context"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// schreiber gives the transactions that hold a lock for writing on a table of
// ours, but not this one.
const schreiber = `SELECT DISTINCT l.virtualtransaction FROM pg_locks l JOIN pg_class k ON k.oid = l.relation
	WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'RowExclusiveLock' AND l.pid <> pg_backend_pid()
	AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
	AND k.relkind = 'r' AND k.relnamespace = 'public'::regnamespace`

// SetSperre implements driver.Backend. It waits as long as ctx allows.
//
// The row of the Sperre is committed first; then it waits for those that write.
// A statement locks the tables it writes before it takes the snapshot by which
// it, and the policy "umzug" within it, reads. So a transaction whose statement
// had its lock when pg_locks was read is among those that are waited for, and
// every statement that gets a lock later sees the Sperre and is refused. The locks
// of a transaction go when its changes are visible, so a View begun afterwards
// sees them. This is how CREATE INDEX CONCURRENTLY waits, too. LOCK TABLE in SHARE
// mode would do the same, but it needs rights the app role does not have on the
// journal, and while it waits every writer of every Mandant would queue behind it.
func (b *Backend) SetSperre(ctx context.Context, mandant tenant.ID, s driver.Sperre) error {
	return b.single(ctx, mandant, func(c *conn) error {
		if err := sqltx.SetSperre(ctx, c, mandant, s); err != nil || s == driver.SperreKeine {
			return err
		}
		warten, err := writers(ctx, c)
		for wait := time.Millisecond; err == nil && len(warten) > 0; wait = min(2*wait, 50*time.Millisecond) {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(wait):
			}
			var now map[string]bool
			now, err = writers(ctx, c)
			for x := range warten {
				if !now[x] {
					delete(warten, x)
				}
			}
		}
		return err
	})
}

func writers(ctx context.Context, c *conn) (map[string]bool, error) {
	list, err := sqltx.ListConn(ctx, c, func(s *string) []any { return []any{s} }, schreiber, nil)
	out := make(map[string]bool, len(list))
	for _, x := range list {
		out[x] = true
	}
	return out, err
}

// GetSperre implements driver.Backend.
func (b *Backend) GetSperre(ctx context.Context, mandant tenant.ID) (s driver.Sperre, err error) {
	err = b.single(ctx, mandant, func(c *conn) error {
		s, err = sqltx.GetSperre(ctx, c, mandant)
		return err
	})
	return s, err
}

// Entfernen implements driver.Backend, in steps, so that no transaction becomes
// long.
func (b *Backend) Entfernen(ctx context.Context, mandant tenant.ID) error {
	return b.single(ctx, mandant, func(c *conn) error {
		for {
			n := int64(-1)
			err := sqltx.Query(ctx, c, func(r sqltx.Rows) error { return r.Scan(&n) }, "SELECT entfernen($1)", int64(5000))
			switch {
			case err != nil:
				return err
			case n < 0:
				return fehler.ErrConflict
			case n == 0:
				return nil
			}
		}
	})
}

// Beteiligungen implements driver.Backend; the policy "gast" shows the rows.
func (b *Backend) Beteiligungen(ctx context.Context, gast tenant.ID, p driver.BeteiligungenParams) (out []driver.BeteiligungRow, err error) {
	err = b.single(ctx, gast, func(c *conn) error {
		out, err = sqltx.Beteiligungen(ctx, c, gast, p)
		return err
	})
	return out, err
}
