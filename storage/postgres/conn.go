package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// How transactions begin. Without a text every statement is a transaction of its
// own: what is sent at once is one for the server.
const (
	readWrite = "begin isolation level read committed read write"
	readOnly  = "begin isolation level repeatable read read only"
	each      = ""
)

// einstellung sets Mandant and lock timeout for this transaction only, a setting
// of the connection would reach its next borrower, and reads whether the Mandant
// is shut. The sub-select depends on the Mandant that was set, so it runs
// afterwards, and the policy of its table knows the Mandant.
const einstellung = `SELECT (SELECT s.zustand FROM sperre s WHERE s.mandant = e.m)
	FROM (SELECT set_config('app.mandant', $1, true) AS m, set_config('lock_timeout', $2, true) AS t OFFSET 0) e`

// einstellungSchreibt is the same for a transaction that writes. The statements on
// the way to a save have one good plan whatever their values are, and to make it
// each time takes longer than some of them run. None of them reads so much that it
// were worth starting processes for, which the planner cannot know without values.
const einstellungSchreibt = `SELECT (SELECT s.zustand FROM sperre s WHERE s.mandant = e.m)
	FROM (SELECT set_config('app.mandant', $1, true) AS m, set_config('lock_timeout', $2, true) AS t,
		set_config('plan_cache_mode', 'force_generic_plan', true) AS p,
		set_config('max_parallel_workers_per_gather', '0', true) AS w OFFSET 0) e`

// einstellungLies is the same where no BEGIN says that nothing is written.
const einstellungLies = `SELECT (SELECT s.zustand FROM sperre s WHERE s.mandant = e.m)
	FROM (SELECT set_config('app.mandant', $1, true) AS m, set_config('lock_timeout', $2, true) AS t,
		set_config('transaction_read_only', 'on', true) AS r OFFSET 0) e`

// conn implements sqltx.Conn; pgx knows all value types natively. The
// transaction begins with its first statement, in the same round trip.
type conn struct {
	c           *pgx.Conn
	begin       string
	mandant     tenant.ID
	lockTimeout time.Duration
	// lies refuses to write though begin is each.
	lies bool
	// frei tells that a Mandant that is shut may go on.
	frei bool
	// begun: there may be an open transaction. wrote: it may hold changes.
	// committed: an earlier one of the same closure was committed.
	begun, wrote, committed bool
}

func (b *Backend) conn(c *pgx.Conn, begin string, mandant tenant.ID) *conn {
	return &conn{c: c, begin: begin, mandant: mandant, lockTimeout: b.lockTimeout}
}

// open queues what must precede the first statement.
func (c *conn) open(batch *pgx.Batch) {
	if c.begun {
		return
	}
	if c.begin != each {
		batch.Queue(c.begin)
	}
	text := einstellung
	switch {
	case c.lies:
		text = einstellungLies
	case c.begin == readWrite:
		text = einstellungSchreibt
	}
	batch.Queue(text, string(c.mandant), strconv.FormatInt(c.lockTimeout.Milliseconds(), 10))
}

// send sends a batch that began with open and reads the answers to that.
func (c *conn) send(ctx context.Context, batch *pgx.Batch) (pgx.BatchResults, error) {
	opening := !c.begun
	c.begun = c.begin != each
	results := c.c.SendBatch(ctx, batch)
	if !opening {
		return results, nil
	}
	err := c.opened(results)
	if err != nil {
		_ = results.Close()
		return nil, classify(ctx, err)
	}
	return results, nil
}

func (c *conn) opened(results pgx.BatchResults) error {
	if c.begin != each {
		if _, err := results.Exec(); err != nil {
			return err
		}
	}
	var zustand *string
	if err := results.QueryRow().Scan(&zustand); err != nil {
		return err
	}
	switch {
	case zustand == nil || c.frei:
	case *zustand == string(driver.SperreAlles):
		return driver.ErrUmgezogen
	case c.begin == readWrite && *zustand == string(driver.SperreSchreiben):
		return driver.ErrUmzug
	}
	return nil
}

// start begins the transaction alone, for a closure that did nothing: a Mandant
// that is shut is refused all the same.
func (c *conn) start(ctx context.Context) error {
	batch := &pgx.Batch{}
	c.open(batch)
	results, err := c.send(ctx, batch)
	if err != nil {
		return err
	}
	return classify(ctx, results.Close())
}

// reads tells whether a statement certainly changes nothing.
func reads(sql string) bool { return strings.HasPrefix(sql, "SELECT ") }

// Exec implements sqltx.Conn.
func (c *conn) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	c.wrote = c.wrote || !reads(sql)
	if c.begun {
		tag, err := c.c.Exec(ctx, sql, args...)
		return tag.RowsAffected(), classify(ctx, err)
	}
	batch := &pgx.Batch{}
	c.open(batch)
	batch.Queue(sql, args...)
	results, err := c.send(ctx, batch)
	if err != nil {
		return 0, err
	}
	tag, err := results.Exec()
	if e := results.Close(); err == nil {
		err = e
	}
	return tag.RowsAffected(), classify(ctx, err)
}

// Query implements sqltx.Conn.
func (c *conn) Query(ctx context.Context, sql string, args ...any) (sqltx.Rows, error) {
	c.wrote = c.wrote || !reads(sql)
	return c.query(ctx, sql, args...)
}

// query is Query for a statement that is known to change nothing.
func (c *conn) query(ctx context.Context, sql string, args ...any) (sqltx.Rows, error) {
	if c.begun {
		return direct{c.c}.Query(ctx, sql, args...)
	}
	batch := &pgx.Batch{}
	c.open(batch)
	batch.Queue(sql, args...)
	results, err := c.send(ctx, batch)
	if err != nil {
		return nil, err
	}
	r, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, classify(ctx, err)
	}
	return &rows{ctx: ctx, Rows: r, results: results}, nil
}

// end ends the transaction even if the caller's context has ended.
func (c *conn) end(ctx context.Context, how string) {
	if !c.begun {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = c.c.Exec(ctx, how)
	c.begun, c.wrote = false, false
}

// direct is a connection without a transaction of ours around its statements.
type direct struct{ c *pgx.Conn }

func (d direct) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := d.c.Exec(ctx, sql, args...)
	return tag.RowsAffected(), classify(ctx, err)
}

func (d direct) Query(ctx context.Context, sql string, args ...any) (sqltx.Rows, error) {
	r, err := d.c.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(ctx, err)
	}
	return &rows{ctx: ctx, Rows: r}, nil
}

// rows are an answer, and the end of the batch it came with.
type rows struct {
	ctx context.Context
	pgx.Rows
	results pgx.BatchResults // nil without a batch
	err     error
}

func (r *rows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *rows) Err() error {
	err := r.Rows.Err()
	if err == nil {
		err = r.err
	}
	return classify(r.ctx, err)
}

func (r *rows) Close() {
	r.Rows.Close()
	if r.results != nil {
		r.err = r.results.Close()
		r.results = nil
	}
}

// classify gives the context's error for what the context ended, and tells an
// unreachable or busy database and a Mandant that is shut from other errors.
// Codes are used, not texts: those depend on the server's language.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if e := ctx.Err(); e != nil {
		return e
	}
	if errors.Is(err, fehler.ErrUnavailable) {
		return err
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	switch {
	case e.Code == "42501" && strings.Contains(e.Message, "umzug"): // the name of the policy, in any language
		return driver.ErrUmzug
	case e.Code == "55P03", e.Code == "57014", // lock not available, query cancelled by the server
		e.Code == "25P03",             // the server ended a transaction that idled
		e.Code == "25006", standby(e), // a server that takes no writes now
		e.Code[:2] == "08", e.Code[:2] == "53", e.Code[:2] == "57": // connection, resources, shutdown
		return fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	return err
}

// standby tells what a standby answers to BEGIN READ WRITE. Its code says no more
// than "not supported"; the name of the server's function that refuses the setting
// of a switch says the rest in any language, as BEGIN is the only one we set.
func standby(e *pgconn.PgError) bool {
	return e.Code == "0A000" && e.Routine == "call_bool_check_hook"
}
