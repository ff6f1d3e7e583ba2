package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// conn is one connection with its prepared statements. It is used by one
// goroutine at a time. Statements belong to the connection and not to the
// pool of database/sql: preparing through the pool inside a transaction would
// wait for the connection the transaction holds.
type conn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

// maxStmts bounds the prepared statements of a connection: the texts of lists
// depend on the number of filter values.
const maxStmts = 200

func newConn(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{c: c, stmts: map[string]*sql.Stmt{}}, nil
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.Close()
	}
	return c.c.Close()
}

func (c *conn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := c.stmts[text]; ok {
		return s, nil
	}
	s, err := c.c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if len(c.stmts) >= maxStmts {
		for k, old := range c.stmts {
			old.Close()
			delete(c.stmts, k)
			break
		}
	}
	c.stmts[text] = s
	return s, nil
}

// transact runs f between begin and COMMIT, or ROLLBACK if f fails or panics.
func (c *conn) transact(ctx context.Context, begin string, f func() error) error {
	committed := false
	defer func() {
		if !committed {
			// Without the caller's context: it may have ended. Also after a
			// failed BEGIN: a context that ends may report an error for a
			// statement that was carried out. An interrupted write has rolled
			// back already, then there is nothing to do.
			_, _ = c.c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	if _, err := c.Exec(ctx, begin); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// A COMMIT that began is carried through, so that its outcome is known.
	if _, err := c.Exec(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return err
	}
	committed = true
	return nil
}

// Exec implements sqltx.Conn.
func (c *conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return 0, classify(ctx, err)
	}
	res, err := s.ExecContext(ctx, bind(args)...)
	if err != nil {
		return 0, classify(ctx, err)
	}
	return res.RowsAffected()
}

// Query implements sqltx.Conn.
func (c *conn) Query(ctx context.Context, text string, args ...any) (sqltx.Rows, error) {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return nil, classify(ctx, err)
	}
	r, err := s.QueryContext(ctx, bind(args)...)
	if err != nil {
		return nil, classify(ctx, err)
	}
	return &rows{ctx, r}, nil
}

// classify tells a busy database from other errors, and gives the context's
// error for a statement the context interrupted.
func classify(ctx context.Context, err error) error {
	if e := ctx.Err(); e != nil {
		return e
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xFF {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
			return fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
		}
	}
	return err
}

// bind translates the values the driver does not know.
func bind(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case uuid.UUID:
			args[i] = v[:]
		case *uuid.UUID:
			args[i] = nil
			if v != nil {
				args[i] = v[:]
			}
		case time.Time:
			args[i] = v.UnixMicro()
		case *time.Time:
			args[i] = nil
			if v != nil {
				args[i] = v.UnixMicro()
			}
		}
	}
	return args
}

type rows struct {
	ctx context.Context
	r   *sql.Rows
}

func (r *rows) Next() bool { return r.r.Next() }
func (r *rows) Close()     { r.r.Close() }

func (r *rows) Err() error {
	if err := r.r.Err(); err != nil {
		return classify(r.ctx, err)
	}
	return nil
}

func (r *rows) Scan(dest ...any) error {
	for i, d := range dest {
		switch v := d.(type) {
		case *time.Time:
			dest[i] = instant{v}
		case **time.Time:
			dest[i] = maybeInstant{v}
		}
	}
	return r.r.Scan(dest...)
}

// instant reads integer microseconds.
type instant struct{ t *time.Time }

func (i instant) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("sqlite: %T is not an instant", src)
	}
	*i.t = time.UnixMicro(n).UTC()
	return nil
}

type maybeInstant struct{ t **time.Time }

func (m maybeInstant) Scan(src any) error {
	if src == nil {
		*m.t = nil
		return nil
	}
	var t time.Time
	if err := (instant{&t}).Scan(src); err != nil {
		return err
	}
	*m.t = &t
	return nil
}
