package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// conn is one connection with its prepared statements. It is used by one
// goroutine at a time, and directly, without database/sql: its pool and its
// conversions cost as much again as a statement by key.
type conn struct {
	c     driver.Conn
	stmts map[string]driver.Stmt
	// writes: a statement is not interrupted, because SQLite rolls back the whole
	// transaction with an interrupted write, and others may have a part in it.
	writes bool
}

// maxStmts bounds the prepared statements of a connection: the texts of lists
// depend on the number of filter values.
const maxStmts = 300

func newConn(dsn string, writes bool) (*conn, error) {
	c, err := (&sqlite.Driver{}).Open(dsn)
	if err != nil {
		return nil, classify(context.Background(), err)
	}
	return &conn{c: c, stmts: map[string]driver.Stmt{}, writes: writes}, nil
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.Close()
	}
	return c.c.Close()
}

func (c *conn) prepare(text string) (driver.Stmt, error) {
	if s, ok := c.stmts[text]; ok {
		return s, nil
	}
	s, err := c.c.(driver.ConnPrepareContext).PrepareContext(context.Background(), text)
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

// script runs several statements without arguments.
func (c *conn) script(ctx context.Context, text string) error {
	_, err := c.c.(driver.ExecerContext).ExecContext(ctx, text, nil)
	return classify(ctx, err)
}

// start gives statement, arguments and the context to run it with.
func (c *conn) start(ctx context.Context, text string, args []any) (context.Context, driver.Stmt, []driver.NamedValue, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, nil, err
	}
	s, err := c.prepare(text)
	if err != nil {
		return nil, nil, nil, classify(ctx, err)
	}
	bound, err := bind(args)
	if c.writes {
		ctx = context.WithoutCancel(ctx)
	}
	return ctx, s, bound, err
}

// Exec implements sqltx.Conn.
func (c *conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	run, s, bound, err := c.start(ctx, text, args)
	if err != nil {
		return 0, err
	}
	res, err := s.(driver.StmtExecContext).ExecContext(run, bound)
	if err != nil {
		return 0, classify(ctx, err)
	}
	return res.RowsAffected()
}

// Query implements sqltx.Conn.
func (c *conn) Query(ctx context.Context, text string, args ...any) (sqltx.Rows, error) {
	run, s, bound, err := c.start(ctx, text, args)
	if err != nil {
		return nil, err
	}
	r, err := s.(driver.StmtQueryContext).QueryContext(run, bound)
	if err != nil {
		return nil, classify(ctx, err)
	}
	return &rows{ctx: ctx, r: r, row: make([]driver.Value, len(r.Columns()))}, nil
}

// transact runs f in a transaction of this connection alone.
func (c *conn) transact(ctx context.Context, begin string, f func() error) error {
	committed := false
	defer func() {
		if !committed {
			c.rollback()
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

// rollback ends whatever transaction is open. That none is open is no error: a
// statement that ran out of space may have rolled back already.
func (c *conn) rollback() { _, _ = c.Exec(context.Background(), "ROLLBACK") }

// classify tells a database that is busy, full or unreachable from other
// errors, and gives the context's error for a statement the context interrupted.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if e := ctx.Err(); e != nil {
		return e
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xFF {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
			sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
			return fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
		}
	}
	return err
}

func isBusy(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xFF == sqlite3.SQLITE_BUSY
}

type rows struct {
	ctx context.Context
	r   driver.Rows
	row []driver.Value
	err error
}

func (r *rows) Next() bool {
	if r.err = r.ctx.Err(); r.err != nil {
		return false
	}
	switch err := r.r.Next(r.row); {
	case err == nil:
		return true
	case !errors.Is(err, io.EOF):
		r.err = classify(r.ctx, err)
	}
	return false
}

func (r *rows) Err() error { return r.err }
func (r *rows) Close()     { r.r.Close() }

func (r *rows) Scan(dest ...any) error {
	if len(dest) != len(r.row) {
		return fmt.Errorf("sqlite: %d columns for %d targets", len(r.row), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r.row[i]); err != nil {
			return err
		}
	}
	return nil
}
