// Package postgres keeps Fachwerk's data in PostgreSQL, for authorities with
// several processes. Tested with PostgreSQL 15.
//
// Two locks hold the Mandanten apart: the Mandant is a condition in every
// statement, and row-level security stands behind it. Three roles share the
// work. The owner runs [Migrate] and nothing else. The app role works for one
// Mandant per transaction; the relay role leases Auftraege of all Mandanten
// and sees no other table. None of them is a superuser, has BYPASSRLS or owns
// a table it works on: [Open] refuses a role that could pass the second lock.
// Row-level security guards against a forgotten condition, not against
// injected SQL, because the app role may set the Mandant itself.
//
// An update runs at READ COMMITTED with the version of the row as condition,
// a view at REPEATABLE READ. A connection lost during COMMIT leaves the outcome
// open: the error is of kind fehler.ErrUnavailable, and who repeats needs an
// idempotency key.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options of a database. Nil means defaults.
type Options struct {
	// Store are the options of the store itself.
	Store *storage.Options
	// RelayDSN connects as the relay role. Without it leasing Auftraege is
	// fehler.ErrUnsupported.
	RelayDSN string
	// LockTimeout bounds the wait for a row or a connection; then the call
	// fails with fehler.ErrUnavailable. Default 5 s.
	LockTimeout time.Duration
	// MaxRetries bounds how often a closure runs again after a serialization
	// failure or a deadlock. Default 10.
	MaxRetries int
}

// Backend is an open database.
type Backend struct {
	app, relay  *pgxpool.Pool // relay may be nil
	lockTimeout time.Duration
	maxRetries  int
	closed      atomic.Bool
}

var _ driver.Backend = (*Backend)(nil)

// Open connects to a database that [Migrate] prepared and gives the store on
// it; see [OpenBackend].
func Open(ctx context.Context, dsn string, o *Options) (*storage.Store, error) {
	b, err := OpenBackend(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	if o == nil {
		o = &Options{}
	}
	return storage.New(b, o.Store), nil
}

// OpenBackend connects as the app role of dsn, a URL or keyword string as
// libpq knows it, with the pool_ settings of pgxpool. It checks that the roles
// cannot pass row-level security and that the schema is the one this program
// knows; [Migrate] makes it so. [Open] wraps it into a store.
func OpenBackend(ctx context.Context, dsn string, o *Options) (*Backend, error) {
	var opt Options
	if o != nil {
		opt = *o
	}
	if opt.LockTimeout <= 0 {
		opt.LockTimeout = 5 * time.Second
	}
	if opt.MaxRetries <= 0 {
		opt.MaxRetries = 10
	}
	b := &Backend{lockTimeout: opt.LockTimeout, maxRetries: opt.MaxRetries}
	var err error
	if b.app, err = connect(ctx, dsn); err != nil {
		return nil, err
	}
	if err = checkSchema(ctx, b.app); err == nil {
		err = checkApp(ctx, b.app)
	}
	if err == nil && opt.RelayDSN != "" {
		b.relay, err = connect(ctx, opt.RelayDSN)
	}
	if err != nil {
		b.app.Close()
		return nil, err
	}
	return b, nil
}

func connect(ctx context.Context, dsn string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// The error of the parser may hold the password.
		return nil, fehler.New("postgres.Open", "", fehler.ErrInvalid, errors.New("connection string cannot be read"))
	}
	cfg.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		c.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fehler.New("postgres.Open", "", fehler.ErrUnavailable, err)
	}
	if err := checkRole(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// commitTimeout bounds the wait for a COMMIT: a synchronous standby may be slow.
const commitTimeout = 30 * time.Second

var errClosed = fmt.Errorf("postgres: closed: %w", fehler.ErrUnavailable)

// Update implements driver.Backend.
func (b *Backend) Update(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return b.run(ctx, "begin isolation level read committed read write", mandant, f)
}

// View implements driver.Backend.
func (b *Backend) View(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return b.run(ctx, "begin isolation level repeatable read read only", mandant, f)
}

func (b *Backend) run(ctx context.Context, begin string, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	for n := 0; ; n++ {
		err, again := b.try(ctx, begin, mandant, f)
		if !again || n >= b.maxRetries {
			return err
		}
		// Jitter lets two that collided not collide again.
		wait := time.Duration(rand.Int64N(int64(time.Millisecond) << min(n, 6)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// try runs f once. The second result tells whether running it again may help.
func (b *Backend) try(ctx context.Context, begin string, mandant tenant.ID, f func(context.Context, driver.Tx) error) (error, bool) {
	pc, err := b.acquire(ctx, b.app)
	if err != nil {
		return err, false
	}
	// Release destroys a connection that is not idle, so nothing leaks into
	// the next transaction.
	defer pc.Release()
	c := conn{pc.Conn()}
	committed := false
	defer func() {
		if !committed {
			c.rollback(ctx)
		}
	}()
	// One round trip. The Mandant holds for this transaction only; a setting of
	// the connection would reach its next borrower.
	batch := &pgx.Batch{}
	batch.Queue(begin)
	batch.Queue("select set_config('app.mandant', $1, true), set_config('lock_timeout', $2, true)",
		string(mandant), strconv.FormatInt(b.lockTimeout.Milliseconds(), 10))
	if err := c.c.SendBatch(ctx, batch).Close(); err != nil {
		return classify(ctx, err), false
	}
	tx := sqltx.New(c, &dialect, mandant)
	defer tx.End()
	err = f(ctx, tx)
	if err == nil {
		err = tx.Err()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err, repeatable(err) || repeatable(tx.Err())
	}
	// A COMMIT that began is carried through, so that its outcome is known.
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	tag, err := c.c.Exec(final, "commit")
	switch {
	case err != nil:
		return classify(final, err), repeatable(err)
	case tag.String() != "COMMIT":
		return fmt.Errorf("postgres: the transaction was rolled back: %w", fehler.ErrUnavailable), false
	}
	committed = true
	return nil, false
}

// acquire waits for a connection no longer than the lock timeout, so that a
// store call inside a closure of the same store ends instead of hanging.
func (b *Backend) acquire(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Conn, error) {
	if b.closed.Load() {
		return nil, errClosed
	}
	limited, cancel := context.WithTimeout(ctx, b.lockTimeout)
	defer cancel()
	pc, err := pool.Acquire(limited)
	if err == nil {
		return pc, nil
	}
	if e := ctx.Err(); e != nil {
		return nil, e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("postgres: no connection became free within %s: %w", b.lockTimeout, fehler.ErrUnavailable)
	}
	return nil, fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
}

// repeatable tells whether the database asked to run the transaction again. A
// unique violation is one of them: every key is looked for before it is
// written, so another transaction took it in between.
func repeatable(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01" || e.Code == "23505")
}

var dialect = sqltx.Dialect{Lock: " FOR UPDATE", SkipLocked: " FOR UPDATE SKIP LOCKED"}

// LeaseAuftraege implements driver.Backend.
func (b *Backend) LeaseAuftraege(ctx context.Context, p driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error) {
	if b.relay == nil {
		return nil, fmt.Errorf("postgres: opened without RelayDSN: %w", fehler.ErrUnsupported)
	}
	pc, err := b.acquire(ctx, b.relay)
	if err != nil {
		return nil, err
	}
	defer pc.Release()
	return sqltx.LeaseAuftraege(ctx, conn{pc.Conn()}, &dialect, p)
}

// Close waits for running transactions and closes all connections.
func (b *Backend) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	b.app.Close()
	if b.relay != nil {
		b.relay.Close()
	}
	return nil
}
