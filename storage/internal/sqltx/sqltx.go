// Package sqltx is the SQL that the SQLite and PostgreSQL backends have in
// common: one text for both dialects, written against a small connection
// interface. The adapters translate values (uuid, time, date) and errors.
//
// Two rules keep the dialects alike. No statement may fail for an expected
// reason, because PostgreSQL then refuses the rest of the transaction:
// existing keys are met with ON CONFLICT DO NOTHING or looked for first. And
// every statement names the Mandant, although row-level security stands
// behind it on PostgreSQL.
//
// A backend that does better in its own dialect embeds *[Tx] and writes the
// method itself with [Tx.Exec], [Tx.One], [List], [Params] and the column
// lists.
package sqltx

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Conn runs statements inside one open transaction. Placeholders are $1, $2, …
// Arguments and scan targets are string kinds, int64, int, bool, []byte,
// uuid.UUID, *uuid.UUID, time.Time, *time.Time and datum.Datum; targets are
// pointers to these, or sql.Scanner for texts.
type Conn interface {
	Exec(ctx context.Context, sql string, args ...any) (int64, error)
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
}

// Rows is a result being read.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// Dialect holds the few words that differ.
type Dialect struct {
	// Lock ends a SELECT that locks its rows; empty where the whole
	// transaction is the only writer.
	Lock string
	// SkipLocked is Lock that passes over rows locked by others.
	SkipLocked string
	// Row names the place of a row that was locked a moment ago, the fastest way back
	// to it and one the planner cannot miss; empty where only the key leads there.
	Row string
	// Position is the function (text, part) that gives where part begins.
	Position string
	// Hide before a column keeps the planner from choosing its index; empty where
	// the planner knows the data.
	Hide string
	// InsertAenderung adds one row to a feed, or nothing if it is there. Its
	// arguments are strom, mandant, vorgang_id, version, journal_von,
	// journal_bis, zeit.
	InsertAenderung string
}

// Tx implements driver.Tx on a Conn.
type Tx struct {
	conn    Conn
	dialect *Dialect
	mandant tenant.ID
	err     error
	read    map[uuid.UUID]Stand
	weckt   Weckt
}

var _ driver.Tx = (*Tx)(nil)

// Weckt is whom the commit of a transaction may interest.
type Weckt struct {
	// Stroeme are the Mandanten whose feed has grown.
	Stroeme []tenant.ID
	// Auftraege tells that there may be more to lease.
	Auftraege bool
}

// New makes the transaction of a Mandant.
func New(c Conn, d *Dialect, mandant tenant.ID) *Tx {
	return &Tx{conn: c, dialect: d, mandant: mandant, read: map[uuid.UUID]Stand{}}
}

// Mandant the transaction belongs to.
func (t *Tx) Mandant() tenant.ID { return t.mandant }

// Weckt tells whom the commit may interest.
func (t *Tx) Weckt() Weckt { return t.weckt }

// Wecke notes whom the commit may interest.
func (t *Tx) Wecke(stroeme []tenant.ID, auftraege bool) {
	t.weckt.Stroeme = append(t.weckt.Stroeme, stroeme...)
	t.weckt.Auftraege = t.weckt.Auftraege || auftraege
}

// Err is the first unexpected error. A transaction with one must not be
// committed: its statements after the error did not run.
func (t *Tx) Err() error { return t.err }

// Fail makes err the error that forbids the commit, unless there is one already.
func (t *Tx) Fail(err error) error {
	if t.err == nil {
		t.err = err
	}
	return err
}

// End makes the transaction refuse further calls; its closure has returned.
func (t *Tx) End() {
	if t.err == nil {
		t.err = errEnded
	}
}

var errEnded = errors.New("the transaction has ended")

// Exec runs a statement and tells how many rows it met.
func (t *Tx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.conn.Exec(ctx, sql, args...)
	if err != nil {
		t.err = err
	}
	return n, err
}

// Query reads all rows before it returns, so the connection is free again.
func (t *Tx) Query(ctx context.Context, scan func(Rows) error, sql string, args ...any) error {
	if t.err != nil {
		return t.err
	}
	err := Query(ctx, t.conn, scan, sql, args...)
	if err != nil {
		t.err = err
	}
	return err
}

// One reads at most one row into dest and tells whether there was one.
func (t *Tx) One(ctx context.Context, dest []any, sql string, args ...any) (bool, error) {
	found := false
	err := t.Query(ctx, func(r Rows) error {
		found = true
		return r.Scan(dest...)
	}, sql, args...)
	return found, err
}

// Missed says why a conditional change met no row.
func (t *Tx) Missed(ctx context.Context, table string, id uuid.UUID) error {
	var n int64
	if _, err := t.One(ctx, []any{&n}, "SELECT count(*) FROM "+table+" WHERE mandant = $1 AND id = $2", t.mandant, id); err != nil {
		return err
	}
	if n == 0 {
		return fehler.ErrNotFound
	}
	return fehler.ErrConflict
}

// Query runs a statement and hands each row to scan.
func Query(ctx context.Context, c Conn, scan func(Rows) error, sql string, args ...any) error {
	rows, err := c.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// List reads all rows; scan gives the targets of one.
func List[T any](ctx context.Context, t *Tx, scan func(*T) []any, sql string, args []any) ([]T, error) {
	if t.err != nil {
		return nil, t.err
	}
	out, err := ListConn(ctx, t.conn, scan, sql, args)
	if err != nil {
		t.err = err
	}
	return out, err
}

// ListConn is List outside a Tx. All rows are scanned into one, and copied.
func ListConn[T any](ctx context.Context, c Conn, scan func(*T) []any, sql string, args []any) ([]T, error) {
	var out []T
	var row, zero T
	targets := scan(&row)
	err := Query(ctx, c, func(r Rows) error {
		row = zero
		if err := r.Scan(targets...); err != nil {
			return err
		}
		if out == nil {
			out = make([]T, 0, 16)
		}
		out = append(out, row)
		return nil
	}, sql, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Found gives the row, or ErrNotFound.
func Found[T any](row T, found bool, err error) (T, error) {
	var zero T
	if err != nil {
		return zero, err
	}
	if !found {
		return zero, fehler.ErrNotFound
	}
	return row, nil
}

// added is the result of an INSERT … ON CONFLICT DO NOTHING.
func added(n int64, err error) error {
	if err == nil && n == 0 {
		return fehler.ErrExists
	}
	return err
}
