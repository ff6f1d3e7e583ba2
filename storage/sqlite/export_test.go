package sqlite

import (
	"context"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
)

// Dialect is the one of this backend.
var Dialect = &dialect

// WriterExec runs a statement on the writing connection, outside a transaction.
func (b *Backend) WriterExec(ctx context.Context, sql string) error {
	if g, err := b.schreiber.enter(ctx); err != nil || g != nil {
		panic("only for an idle backend")
	}
	defer b.schreiber.leave(&gruppe{})
	return sqltx.Query(ctx, b.schreiber.c, func(sqltx.Rows) error { return nil }, sql)
}

// Commits counts what was committed so far.
func (b *Backend) Commits() int64 { return b.schreiber.commits.Load() }

// SetShared false gives each caller its own commit, for comparison.
func (b *Backend) SetShared(on bool) {
	b.schreiber.max = maxMitglieder
	if !on {
		b.schreiber.max = 1
	}
}

// SetPatient lets a group stay open for as long as its members take.
func (b *Backend) SetPatient() { b.schreiber.dauer = time.Hour }

// AwaitQueue returns when n callers wait for the writer.
func (b *Backend) AwaitQueue(n int) {
	for {
		b.schreiber.mu.Lock()
		there := len(b.schreiber.schlange)
		b.schreiber.mu.Unlock()
		if there >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
