package sqlite

import (
	"context"

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
