package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// conn implements sqltx.Conn; pgx knows all value types natively.
type conn struct{ c *pgx.Conn }

func (c conn) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := c.c.Exec(ctx, sql, args...)
	if err != nil {
		return 0, classify(ctx, err)
	}
	return tag.RowsAffected(), nil
}

func (c conn) Query(ctx context.Context, sql string, args ...any) (sqltx.Rows, error) {
	r, err := c.c.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(ctx, err)
	}
	return rows{ctx, r}, nil
}

// rollback ends the transaction even if the caller's context has ended.
func (c conn) rollback(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = c.c.Exec(ctx, "rollback")
}

type rows struct {
	ctx context.Context
	pgx.Rows
}

func (r rows) Err() error { return classify(r.ctx, r.Rows.Err()) }

// classify gives the context's error for what the context ended, and tells an
// unreachable or busy database from other errors. Codes are used, not texts:
// those depend on the server's language.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if e := ctx.Err(); e != nil {
		return e
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	switch {
	case e.Code == "55P03", e.Code == "57014", // lock not available, query cancelled by the server
		e.Code[:2] == "08", e.Code[:2] == "53", e.Code[:2] == "57": // connection, resources, shutdown
		return fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	return err
}
