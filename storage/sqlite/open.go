package sqlite

import (
	"context"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
)

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
	// CacheBytes is how much of the file each connection may keep in memory. Default
	// 8 MiB: with the 2 MiB of SQLite itself the connections of several files in one
	// process, which share the cache, push each other's pages out.
	CacheBytes int64
	// Synchronous is the pragma of the same name: "FULL" (default), or "NORMAL",
	// which may lose the last commits when the power fails.
	Synchronous string
}

// Open opens or creates the file, brings its schema up to date and gives the
// store on it. A relative path is relative to the working directory; the
// folder must exist. A new file is readable for the owner only.
//
// Who wants [Backend.Backup] as well calls [OpenBackend] and storage.New.
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
