package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// commitTimeout bounds the wait for a COMMIT: a synchronous standby may be slow.
const commitTimeout = 30 * time.Second

// tx is the transaction of a closure: the common SQL, and what is written for
// PostgreSQL.
type tx struct {
	*sqltx.Tx
	c *conn
}

var _ driver.Tx = (*tx)(nil)

var dialect = sqltx.Dialect{
	Lock:       " FOR UPDATE",
	SkipLocked: " FOR UPDATE SKIP LOCKED",
	Row:        "ctid",
	Position:   "strpos",
	InsertAenderung: `INSERT INTO aenderung (strom, mandant, vorgang_id, version, journal_von, journal_bis, zeit)
		VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT DO NOTHING`,
}

// Update implements driver.Backend.
func (b *Backend) Update(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	for n := 0; ; n++ {
		err, again := b.try(ctx, mandant, f)
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
func (b *Backend) try(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) (error, bool) {
	pc, err := b.acquire(ctx, b.app)
	if err != nil {
		return err, false
	}
	// Release destroys a connection that is not idle, so nothing leaks into
	// the next transaction.
	defer pc.Release()
	c := b.conn(pc.Conn(), readWrite, mandant)
	defer func() { c.end(ctx, "rollback") }()
	t := &tx{sqltx.New(c, &dialect, mandant), c}
	defer t.End()
	err = f(ctx, t)
	if err == nil {
		err = t.Err()
	}
	if err == nil && !c.begun && !c.committed {
		err = c.start(ctx)
	}
	if err != nil {
		return err, !c.committed && (repeatable(err) || repeatable(t.Err()))
	}
	if c.begun {
		if err := ctx.Err(); err != nil {
			return err, false
		}
		if err := c.commit(ctx); err != nil {
			return err, !c.committed && repeatable(err)
		}
	}
	b.wecker.committed(t.Weckt())
	return nil, false
}

// commit carries a COMMIT that began through, so that its outcome is known.
func (c *conn) commit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	tag, err := c.c.Exec(ctx, "commit")
	if err != nil {
		return outcome(ctx, true, err)
	}
	c.begun, c.wrote = false, false
	return isCommit(tag)
}

// outcome is classify for what may hold a COMMIT. Its context is ours and not the
// caller's, so its end is no answer the caller understands: the outcome is open.
func outcome(ctx context.Context, commit bool, err error) error {
	if commit && err != nil && ctx.Err() != nil {
		return fmt.Errorf("postgres: no answer to the COMMIT, its outcome is open: %w", fehler.ErrUnavailable)
	}
	return classify(ctx, err)
}

// isCommit tells a COMMIT from the rollback the server makes of it after an
// error in the transaction.
func isCommit(tag pgconn.CommandTag) error {
	if tag.String() != "COMMIT" {
		return fmt.Errorf("postgres: the transaction was rolled back: %w", fehler.ErrUnavailable)
	}
	return nil
}

// View implements driver.Backend. Its transaction has nothing to lose, so the
// caller does not wait for its end.
func (b *Backend) View(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return b.view(ctx, readOnly, mandant, f)
}

// Lies implements driver.Leser: the setting and the one statement are a transaction
// because they are sent at once.
func (b *Backend) Lies(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return b.view(ctx, each, mandant, f)
}

func (b *Backend) view(ctx context.Context, begin string, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	pc, err := b.acquire(ctx, b.app)
	if err != nil {
		return err
	}
	c := b.conn(pc.Conn(), begin, mandant)
	c.lies = begin == each
	defer finish(ctx, pc, c)
	t := &tx{sqltx.New(c, &dialect, mandant), c}
	defer t.End()
	err = f(ctx, t)
	if err == nil {
		err = t.Err()
	}
	if err == nil && !c.begun {
		err = c.start(ctx)
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// finish gives the connection back when its transaction has ended; Close of the
// pool waits for that. Release destroys a connection that is not idle.
func finish(ctx context.Context, pc *pgxpool.Conn, c *conn) {
	if !c.begun || c.c.IsClosed() {
		pc.Release()
		return
	}
	go func() {
		defer pc.Release()
		c.end(ctx, "commit")
	}()
}

// repeatable tells whether the database asked to run the transaction again. A
// unique violation is one of them where the key is looked for before it is
// written, so that another transaction took it in between; the other keys are
// the caller's to keep unique, and will be taken next time too.
func repeatable(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch e.Code {
	case "40001", "40P01":
		return true
	case "23505":
		return e.ConstraintName != "auftrag_pkey" && e.ConstraintName != "auftrag_platz" && e.ConstraintName != "journal_pkey"
	}
	return false
}

// single runs f on a connection where every statement is a transaction of the
// Mandant of its own, one round trip each. A Mandant that is shut goes on.
func (b *Backend) single(ctx context.Context, mandant tenant.ID, f func(*conn) error) error {
	pc, err := b.acquire(ctx, b.app)
	if err != nil {
		return err
	}
	defer pc.Release()
	c := b.conn(pc.Conn(), each, mandant)
	c.frei = true
	return f(c)
}

// LeaseAuftraege implements driver.Backend.
func (b *Backend) LeaseAuftraege(ctx context.Context, p driver.LeaseAuftraegeParams) (out []driver.AuftragRow, err error) {
	err = b.alle(ctx, func(c direct) error {
		out, err = sqltx.LeaseAuftraege(ctx, c, &dialect, p)
		return err
	})
	return out, err
}

// FaelligeMandanten implements driver.Backend.
func (b *Backend) FaelligeMandanten(ctx context.Context, now time.Time) (out []tenant.ID, err error) {
	err = b.alle(ctx, func(c direct) error {
		out, err = sqltx.FaelligeMandanten(ctx, c, now)
		return err
	})
	return out, err
}

// AuftragLage implements driver.Backend.
func (b *Backend) AuftragLage(ctx context.Context, p driver.AuftragLageParams) (out driver.AuftragLage, err error) {
	err = b.alle(ctx, func(c direct) error {
		out, err = sqltx.AuftragLage(ctx, c, p)
		return err
	})
	return out, err
}

// alle runs f on a connection that sees all Mandanten.
func (b *Backend) alle(ctx context.Context, f func(direct) error) error {
	if b.relay == nil {
		return fmt.Errorf("postgres: opened without RelayDSN: %w", fehler.ErrUnsupported)
	}
	pc, err := b.acquire(ctx, b.relay)
	if err != nil {
		return err
	}
	defer pc.Release()
	return f(direct{pc.Conn()})
}
