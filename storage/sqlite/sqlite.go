// Package sqlite keeps Fachwerk's data in one SQLite file: the embedded
// default for one process on one machine, without cgo.
//
// One connection writes, a small pool reads; the file is in WAL mode, so
// readers and the writer do not wait for each other. With the default
// synchronous=FULL a commit survives loss of power. Several processes may
// open the same file on a local disk; a network file system is not supported.
//
// SQLite has no row-level security: the Mandant is a condition in every
// statement and nothing stands behind it. Who needs the second lock takes one
// file per Mandant or package postgres.
package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"time"

	"database/sql"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"

	_ "modernc.org/sqlite" // registers the driver "sqlite" of database/sql
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options of a file. Nil means defaults.
type Options struct {
	// Store are the options of the store itself.
	Store *storage.Options
	// BusyTimeout bounds how long a transaction waits for the writer, in this
	// process or another; then it fails with fehler.ErrUnavailable. Default 5 s.
	BusyTimeout time.Duration
	// Readers is the number of reading connections. Default: twice the CPUs,
	// at least 4.
	Readers int
	// Synchronous is the pragma of the same name: "FULL" (default), or "NORMAL",
	// which may lose the last commits when the power fails.
	Synchronous string
}

// Backend is an open file.
type Backend struct {
	db      *sql.DB
	busy    time.Duration
	writer  chan *conn
	readers chan *conn
	size    int // number of readers
	closed  chan struct{}
	closing chan struct{} // holds one token; taken by the first Close
}

var _ driver.Backend = (*Backend)(nil)

// Open opens or creates the file, brings its schema up to date and gives the
// store on it. A relative path is relative to the working directory; the
// folder must exist. A new file is readable for the owner only.
func Open(ctx context.Context, path string, o *Options) (*storage.Store, error) {
	b, err := OpenBackend(ctx, path, o)
	if err != nil {
		return nil, err
	}
	if o == nil {
		o = &Options{}
	}
	return storage.New(b, o.Store), nil
}

// OpenBackend opens or creates the file and brings its schema up to date.
// [Open] wraps it into a store.
func OpenBackend(ctx context.Context, path string, o *Options) (*Backend, error) {
	var opt Options
	if o != nil {
		opt = *o
	}
	if opt.BusyTimeout <= 0 {
		opt.BusyTimeout = 5 * time.Second
	}
	if opt.Readers <= 0 {
		opt.Readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	switch opt.Synchronous {
	case "":
		opt.Synchronous = "FULL"
	case "FULL", "NORMAL", "EXTRA":
	default:
		return nil, fehler.New("sqlite.Open", path, fehler.ErrInvalid, errors.New("synchronous must be FULL, NORMAL or EXTRA"))
	}
	if path == "" || path == ":memory:" {
		return nil, fehler.New("sqlite.Open", path, fehler.ErrInvalid, errors.New("a file is needed; for memory use package memory"))
	}
	b := &Backend{
		busy: opt.BusyTimeout, size: opt.Readers,
		writer: make(chan *conn, 1), readers: make(chan *conn, opt.Readers),
		closed: make(chan struct{}), closing: make(chan struct{}, 1),
	}
	b.closing <- struct{}{}
	_, err := os.Stat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if b.db, err = sql.Open("sqlite", dsn(path, &opt)); err != nil {
		return nil, fehler.New("sqlite.Open", path, fehler.ErrInvalid, err)
	}
	if err := b.connect(ctx); err != nil {
		b.db.Close()
		return nil, fehler.New("sqlite.Open", path, fehler.ErrUnavailable, err)
	}
	if fresh {
		// By name: to open and close the file beside SQLite would drop its locks.
		// Later logs take the rights of the file.
		for _, end := range []string{"", "-wal", "-shm"} {
			if err := os.Chmod(path+end, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, errors.Join(fehler.New("sqlite.Open", path, fehler.ErrUnavailable, err), b.Close())
			}
		}
	}
	return b, nil
}

func dsn(path string, o *Options) string {
	q := url.Values{"_pragma": {
		// busy_timeout first: switching to WAL already needs it.
		"busy_timeout(" + strconv.FormatInt(o.BusyTimeout.Milliseconds(), 10) + ")",
		"journal_mode(WAL)",
		"synchronous(" + o.Synchronous + ")",
		"foreign_keys(1)",
		"trusted_schema(0)",
	}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func (b *Backend) connect(ctx context.Context) error {
	w, err := newConn(ctx, b.db)
	if err != nil {
		return err
	}
	var mode string
	if err := w.c.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("journal mode is %s, the file system does not allow WAL", mode)
	}
	if err := migrate(ctx, w); err != nil {
		return err
	}
	b.writer <- w
	for range b.size {
		r, err := newConn(ctx, b.db)
		if err != nil {
			return err
		}
		if _, err := r.c.ExecContext(ctx, "PRAGMA query_only = 1"); err != nil {
			return err
		}
		b.readers <- r
	}
	return nil
}

// migrate runs the missing files, each in its own transaction.
func migrate(ctx context.Context, w *conn) error {
	all, err := sqltx.LoadMigrations(migrations, "migrations")
	if err != nil {
		return err
	}
	if _, err := w.c.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migration (
		nummer INTEGER PRIMARY KEY, name TEXT NOT NULL, summe TEXT NOT NULL) STRICT`); err != nil {
		return err
	}
	for {
		again := false
		err := w.transact(ctx, "BEGIN IMMEDIATE", func() error {
			pending, err := sqltx.Pending(ctx, w, all)
			if err != nil || len(pending) == 0 {
				return err
			}
			m := pending[0]
			if _, err := w.c.ExecContext(ctx, m.SQL); err != nil {
				return fmt.Errorf("migration %s: %w", m.Name, err)
			}
			again = true
			_, err = w.Exec(ctx, "INSERT INTO migration (nummer, name, summe) VALUES ($1, $2, $3)", m.Nummer, m.Name, m.Summe)
			return err
		})
		if err != nil || !again {
			return err
		}
	}
}

// take waits for a connection: no longer than the context allows, and no
// longer than the busy timeout, so that a store call inside a closure of the
// same store ends instead of hanging.
func (b *Backend) take(ctx context.Context, pool chan *conn) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-b.closed:
		return nil, errClosed
	default:
	}
	select {
	case c := <-pool:
		return c, nil
	default:
	}
	timer := time.NewTimer(b.busy)
	defer timer.Stop()
	select {
	case c := <-pool:
		return c, nil
	case <-b.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, fmt.Errorf("sqlite: no connection became free within %s: %w", b.busy, fehler.ErrUnavailable)
	}
}

var errClosed = fmt.Errorf("sqlite: closed: %w", fehler.ErrUnavailable)

// Update implements driver.Backend.
func (b *Backend) Update(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return b.run(ctx, b.writer, "BEGIN IMMEDIATE", mandant, f)
}

// View implements driver.Backend.
func (b *Backend) View(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return b.run(ctx, b.readers, "BEGIN", mandant, f)
}

func (b *Backend) run(ctx context.Context, pool chan *conn, begin string, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	c, err := b.take(ctx, pool)
	if err != nil {
		return err
	}
	defer func() { pool <- c }()
	return c.transact(ctx, begin, func() error {
		tx := sqltx.New(c, &dialect, mandant)
		defer tx.End()
		if err := f(ctx, tx); err != nil {
			return err
		}
		return tx.Err()
	})
}

// One writer at a time needs no row locks.
var dialect = sqltx.Dialect{}

// LeaseAuftraege implements driver.Backend.
func (b *Backend) LeaseAuftraege(ctx context.Context, p driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error) {
	c, err := b.take(ctx, b.writer)
	if err != nil {
		return nil, err
	}
	defer func() { b.writer <- c }()
	var out []driver.AuftragRow
	err = c.transact(ctx, "BEGIN IMMEDIATE", func() error {
		out, err = sqltx.LeaseAuftraege(ctx, c, &dialect, p)
		return err
	})
	return out, err
}

// Close waits for running transactions and closes the file.
func (b *Backend) Close() error {
	select {
	case <-b.closing:
	default:
		return nil
	}
	close(b.closed)
	conns := []*conn{<-b.writer}
	for range b.size {
		conns = append(conns, <-b.readers)
	}
	var errs []error
	for _, c := range conns {
		errs = append(errs, c.close())
	}
	return errors.Join(append(errs, b.db.Close())...)
}
