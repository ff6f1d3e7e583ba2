// Package postgres keeps Fachwerk's data in PostgreSQL, for authorities with
// several processes. Tested with PostgreSQL 15.
//
// Two locks hold the Mandanten apart: the Mandant is a condition in every
// statement, and row-level security stands behind it. Three roles share the
// work. The owner runs [Migrate] and nothing else. The app role works for one
// Mandant per transaction; the relay role leases Auftraege of all Mandanten
// and sees nothing else but which of them are shut. None of them is a superuser,
// has BYPASSRLS or owns a table it works on: [Open] refuses a role that could
// pass the second lock. Row-level security guards against a forgotten condition,
// not against injected SQL, because the app role may set the Mandant itself.
//
// An update runs at READ COMMITTED with the version of the row as condition,
// a view at REPEATABLE READ. What costs is round trips, so a transaction begins
// together with its first statement, a save is one statement, and a save that is
// promised to be the last call (driver.SaveVorgangParams.Final) takes the COMMIT
// with it. A connection lost during COMMIT leaves the outcome open: the error is
// of kind fehler.ErrUnavailable, and who repeats needs an idempotency key.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Backend is an open database.
type Backend struct {
	app, relay  *pgxpool.Pool // relay may be nil
	lockTimeout time.Duration
	maxRetries  int
	wecker      *wecker
	closed      atomic.Bool
}

var (
	_ driver.Backend = (*Backend)(nil)
	_ driver.Wecker  = (*Backend)(nil)
)

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
	listen, err := listenConfig(dsn, &opt)
	if err != nil {
		return nil, err
	}
	if b.app, err = connect(ctx, dsn, &opt); err != nil {
		return nil, err
	}
	if err = checkSchema(ctx, b.app); err == nil {
		err = checkApp(ctx, b.app)
	}
	if err == nil && opt.RelayDSN != "" {
		b.relay, err = connect(ctx, opt.RelayDSN, &opt)
	}
	if err != nil {
		b.app.Close()
		return nil, err
	}
	b.wecker = newWecker(b.app, listen)
	return b, nil
}

// listenConfig gives the connection that hears of other processes, or nil.
func listenConfig(dsn string, opt *Options) (*pgx.ConnConfig, error) {
	if opt.ListenDSN != "" {
		dsn = opt.ListenDSN
	} else if opt.Pooler {
		return nil, nil
	}
	cfg, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	return cfg.ConnConfig, nil
}

func parse(dsn string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// The error of the parser may hold the password.
		return nil, fehler.New("postgres.Open", "", fehler.ErrInvalid, errors.New("connection string cannot be read"))
	}
	return cfg, nil
}

func connect(ctx context.Context, dsn string, o *Options) (*pgxpool.Pool, error) {
	cfg, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	if o.Pooler {
		// Keeps the types of a statement on our side and sends its text each time.
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	} else {
		// For what happens outside a transaction of ours: to prepare a statement
		// takes locks too, before the transaction with its own setting begins.
		cfg.ConnConfig.RuntimeParams["lock_timeout"] = strconv.FormatInt(o.LockTimeout.Milliseconds(), 10)
	}
	cfg.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		types(c.TypeMap())
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

var errClosed = fmt.Errorf("postgres: closed: %w", fehler.ErrUnavailable)

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
	if b.closed.Load() {
		return nil, errClosed
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("postgres: no connection became free within %s: %w", b.lockTimeout, fehler.ErrUnavailable)
	}
	return nil, fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
}

// Close waits for running transactions and closes all connections.
func (b *Backend) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	b.wecker.close()
	b.app.Close()
	if b.relay != nil {
		b.relay.Close()
	}
	return nil
}
