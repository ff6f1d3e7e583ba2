// Package sqlite keeps Fachwerk's data in one SQLite file: the embedded
// default for one process on one machine, without cgo.
//
// One connection writes, a small pool reads; the file is in WAL mode, so
// readers and the writer do not wait for each other. With the default
// synchronous=FULL a commit survives loss of power. Several processes may
// open the same file on a local disk; a network file system is not supported.
//
// Updates that wait for the writer at the same time share one commit. Each
// closure sees what the ones before it wrote, is taken back alone if it fails, and
// is reported as done after the common commit; so a call may last as long as the
// closures that joined after it, a group of some milliseconds as a rule. A closure
// should not do anything slow, as everywhere. If the commit fails, all of the group
// fail with fehler.ErrUnavailable.
//
// SQLite has no row-level security: the Mandant is a condition in every
// statement and nothing stands behind it. Who needs the second lock takes one
// file per Mandant or package postgres.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Backend is an open file.
type Backend struct {
	path      string
	dsn       string
	busy      time.Duration
	schreiber *schreiber
	readers   chan *conn
	size      int // number of readers
	closed    chan struct{}
	closing   atomic.Bool
	wecker    wecker
}

var (
	_ driver.Backend = (*Backend)(nil)
	_ driver.Wecker  = (*Backend)(nil)
)

// One writer at a time needs no row locks, and can number the feed as it writes.
var dialect = sqltx.Dialect{
	Position: "instr",
	Hide:     "+",
	InsertAenderung: `INSERT INTO aenderung (strom, pos, mandant, vorgang_id, version, journal_von, journal_bis, zeit)
		VALUES ($1, coalesce((SELECT max(pos) FROM aenderung WHERE strom = $1), 0) + 1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT DO NOTHING`,
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
	if opt.CacheBytes <= 0 {
		opt.CacheBytes = 8 << 20
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
	if err := checkRights(path); err != nil {
		return nil, fehler.New("sqlite.Open", path, fehler.ErrUnavailable, err)
	}
	_, err := os.Stat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	b := &Backend{
		path: path, dsn: dsn(path, &opt), busy: opt.BusyTimeout, size: opt.Readers,
		readers: make(chan *conn, opt.Readers), closed: make(chan struct{}),
	}
	if err := b.connect(ctx); err != nil {
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

func fileURI(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

func dsn(path string, o *Options) string {
	q := url.Values{"_pragma": {
		// busy_timeout first: switching to WAL already needs it.
		"busy_timeout(" + strconv.FormatInt(o.BusyTimeout.Milliseconds(), 10) + ")",
		"journal_mode(WAL)",
		"synchronous(" + o.Synchronous + ")",
		"foreign_keys(1)",
		"trusted_schema(0)",
		"cache_size(-" + strconv.FormatInt(o.CacheBytes>>10, 10) + ")",
	}}
	return fileURI(path) + "?" + q.Encode()
}

// connect opens the connections, or none.
func (b *Backend) connect(ctx context.Context) (err error) {
	var open []*conn
	defer func() {
		if err != nil {
			for _, c := range open {
				c.close()
			}
		}
	}()
	w, err := b.firstConn(ctx)
	if err != nil {
		return explain(err)
	}
	open = append(open, w)
	if err := checkFile(ctx, w); err != nil {
		return err
	}
	if err := migrate(ctx, w); err != nil {
		return explain(err)
	}
	// The writer waits for other processes by itself, see schreiber.begin.
	if _, err := w.Exec(ctx, "PRAGMA busy_timeout = 1"); err != nil {
		return err
	}
	// What a savepoint needs to go back is a few pages: not worth a file.
	if _, err := w.Exec(ctx, "PRAGMA temp_store = MEMORY"); err != nil {
		return err
	}
	for range b.size {
		r, err := newConn(b.dsn, false)
		if err != nil {
			return err
		}
		open = append(open, r)
		if _, err := r.Exec(ctx, "PRAGMA query_only = 1"); err != nil {
			return err
		}
		b.readers <- r
	}
	b.schreiber = newSchreiber(w, b.busy, b.wecker.wecke)
	b.schreiber.wache, err = watch(b.path)
	return err
}

// firstConn opens the writer. The switch to WAL, when several open a new file at
// once, may be refused at once and not after the busy timeout; so it is tried
// again until then.
func (b *Backend) firstConn(ctx context.Context) (*conn, error) {
	for end := time.Now().Add(b.busy); ; {
		c, err := newConn(b.dsn, true)
		if !isBusy(err) || time.Now().After(end) {
			return c, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Update implements driver.Backend.
func (b *Backend) Update(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return b.schreiber.run(ctx, func(c *conn) (sqltx.Weckt, error) {
		s, err := sqltx.GetSperre(ctx, c, mandant)
		switch {
		case err != nil:
			return sqltx.Weckt{}, err
		case s == driver.SperreAlles:
			return sqltx.Weckt{}, driver.ErrUmgezogen
		case s == driver.SperreSchreiben:
			return sqltx.Weckt{}, driver.ErrUmzug
		}
		tx := sqltx.New(c, &dialect, mandant)
		defer tx.End()
		if err := f(ctx, tx); err != nil {
			return sqltx.Weckt{}, err
		}
		return tx.Weckt(), tx.Err()
	})
}

// View implements driver.Backend.
func (b *Backend) View(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return b.read(ctx, b.viewer(ctx, mandant, f))
}

// Lies implements driver.Leser: a single statement needs no transaction around it.
func (b *Backend) Lies(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	c, err := b.take(ctx)
	if err != nil {
		return err
	}
	defer func() { b.readers <- c }()
	return b.viewer(ctx, mandant, f)(c)
}

func (b *Backend) viewer(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) func(*conn) error {
	return func(c *conn) error {
		s, err := sqltx.GetSperre(ctx, c, mandant)
		if err != nil {
			return err
		}
		if s == driver.SperreAlles {
			return driver.ErrUmgezogen
		}
		tx := sqltx.New(c, &dialect, mandant)
		defer tx.End()
		if err := f(ctx, tx); err != nil {
			return err
		}
		return tx.Err()
	}
}

// read runs f in a transaction of a reading connection.
func (b *Backend) read(ctx context.Context, f func(c *conn) error) error {
	c, err := b.take(ctx)
	if err != nil {
		return err
	}
	defer func() { b.readers <- c }()
	return c.transact(ctx, "BEGIN", func() error { return f(c) })
}

// take waits for a reading connection: no longer than the context allows, and
// no longer than the busy timeout.
func (b *Backend) take(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-b.closed:
		return nil, errClosed
	default:
	}
	select {
	case c := <-b.readers:
		return c, nil
	default:
	}
	timer := time.NewTimer(b.busy)
	defer timer.Stop()
	select {
	case c := <-b.readers:
		return c, nil
	case <-b.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, errBusy(b.busy)
	}
}

var errClosed = fmt.Errorf("sqlite: closed: %w", fehler.ErrUnavailable)

// LeaseAuftraege implements driver.Backend.
func (b *Backend) LeaseAuftraege(ctx context.Context, p driver.LeaseAuftraegeParams) (out []driver.AuftragRow, err error) {
	err = b.schreiber.run(ctx, func(c *conn) (w sqltx.Weckt, err error) {
		out, err = sqltx.LeaseAuftraege(ctx, c, &dialect, p)
		return w, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// FaelligeMandanten implements driver.Backend.
func (b *Backend) FaelligeMandanten(ctx context.Context, now time.Time) (out []tenant.ID, err error) {
	err = b.read(ctx, func(c *conn) error {
		out, err = sqltx.FaelligeMandanten(ctx, c, now)
		return err
	})
	return out, err
}

// AuftragLage implements driver.Backend.
func (b *Backend) AuftragLage(ctx context.Context, p driver.AuftragLageParams) (out driver.AuftragLage, err error) {
	err = b.read(ctx, func(c *conn) error {
		out, err = sqltx.AuftragLage(ctx, c, p)
		return err
	})
	return out, err
}

// Close waits for running transactions and closes the file.
func (b *Backend) Close() error {
	if b.closing.Swap(true) {
		return nil
	}
	close(b.closed)
	errs := []error{b.schreiber.close()}
	for range b.size {
		errs = append(errs, (<-b.readers).close())
	}
	return errors.Join(errs...)
}
