// Package sqltx is the SQL that the SQLite and PostgreSQL backends have in
// common: one text for both dialects, written against a small connection
// interface. The adapters translate values (uuid, time, date) and errors.
//
// Two rules keep the dialects alike. No statement may fail for an expected
// reason, because PostgreSQL then refuses the rest of the transaction:
// existing keys are met with ON CONFLICT DO NOTHING or looked for first. And
// every statement names the Mandant, although row-level security stands
// behind it on PostgreSQL.
package sqltx

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Conn runs statements inside one open transaction. Placeholders are $1, $2, …
// Arguments and scan targets are string kinds, int64, int, bool, []byte,
// uuid.UUID, *uuid.UUID, time.Time, *time.Time and datum.Datum; targets are
// pointers to these.
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
}

// Tx implements driver.Tx on a Conn.
type Tx struct {
	conn    Conn
	dialect *Dialect
	mandant tenant.ID
	err     error
	read    map[uuid.UUID]driver.VorgangRow
}

var _ driver.Tx = (*Tx)(nil)

// New makes the transaction of a Mandant.
func New(c Conn, d *Dialect, mandant tenant.ID) *Tx {
	return &Tx{conn: c, dialect: d, mandant: mandant, read: map[uuid.UUID]driver.VorgangRow{}}
}

// Err is the first unexpected error. A transaction with one must not be
// committed: its statements after the error did not run.
func (t *Tx) Err() error { return t.err }

// End makes the transaction refuse further calls; its closure has returned.
func (t *Tx) End() {
	if t.err == nil {
		t.err = errEnded
	}
}

var errEnded = errors.New("the transaction has ended")

func (t *Tx) exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.conn.Exec(ctx, sql, args...)
	if err != nil {
		t.err = err
	}
	return n, err
}

// query reads all rows before it returns, so the connection is free again.
func (t *Tx) query(ctx context.Context, scan func(Rows) error, sql string, args ...any) error {
	if t.err != nil {
		return t.err
	}
	err := Query(ctx, t.conn, scan, sql, args...)
	if err != nil {
		t.err = err
	}
	return err
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

// one reads at most one row into dest and tells whether there was one.
func (t *Tx) one(ctx context.Context, dest []any, sql string, args ...any) (bool, error) {
	found := false
	err := t.query(ctx, func(r Rows) error {
		found = true
		return r.Scan(dest...)
	}, sql, args...)
	return found, err
}

// missed says why a conditional change met no row.
func (t *Tx) missed(ctx context.Context, table string, id uuid.UUID) error {
	var n int64
	if _, err := t.one(ctx, []any{&n}, "SELECT count(*) FROM "+table+" WHERE mandant = $1 AND id = $2", t.mandant, id); err != nil {
		return err
	}
	if n == 0 {
		return fehler.ErrNotFound
	}
	return fehler.ErrConflict
}

// params collects arguments and gives their placeholders.
type params struct{ list []any }

func (p *params) add(v any) string {
	p.list = append(p.list, v)
	return "$" + strconv.Itoa(len(p.list))
}

// tuple gives "($4,$5,$6)".
func (p *params) tuple(vs ...any) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = p.add(v)
	}
	return "(" + strings.Join(parts, ",") + ")"
}

// in gives " AND column IN (…)", or nothing for no values.
func in[T any](p *params, column string, vs []T) string {
	if len(vs) == 0 {
		return ""
	}
	parts := make([]any, len(vs))
	for i, v := range vs {
		parts[i] = v
	}
	return " AND " + column + " IN " + p.tuple(parts...)
}

// blob makes sure that nil is an empty value, not NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// maxRows bounds the rows of one INSERT: SQLite takes 32766 placeholders.
const maxRows = 500
