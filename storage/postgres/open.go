package postgres

import (
	"context"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
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
	// Pooler tells that the connection strings lead to a pooler that gives a
	// server connection to one transaction at a time, such as PgBouncer with
	// pool_mode=transaction. Nothing is then kept on a connection from one
	// transaction to the next, no prepared statement either.
	Pooler bool
	// ListenDSN connects past the pooler, as any role that may connect, to hear
	// of commits of other processes (driver.Wecker). Without a pooler it may stay
	// empty: the connection string of the app role serves. With a pooler and
	// without it only commits of the same process wake; who polls misses nothing.
	ListenDSN string
}

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
