package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

//go:embed migrations/*.sql rechte.sql
var files embed.FS

// MigrateOptions names the roles that get rights. Nil means defaults.
type MigrateOptions struct {
	// App and Relay are existing roles; default "fachwerk_app" and "fachwerk_relay".
	App, Relay string
}

// lockKey is the advisory lock of Migrate, chosen once for this library.
const lockKey = 0x666163687765726b // "fachwerk"

// Migrate brings the schema up to date and grants the rights; connect as the
// owner of the database. Each numbered file runs in its own transaction under
// an advisory lock, so several processes may call it at the same time. A file
// that changed after it ran, and a database newer than this program, are
// errors of kind fehler.ErrInvalid. Behind a pooler, connect past it.
//
// A file keeps the tables it changes locked until it is done, and everybody who
// wants them waits, readers too; it waits itself for those that use them when it
// begins. 00002 keeps table vorgang so: it adds two columns, which rewrites
// nothing, and builds four indexes, which took 10 s for a million rows of a few
// hundred bytes on two cores. Programs of the version before do not open the
// database afterwards, and those that are running go on only until they open
// again: stop them, migrate, start the new ones.
func Migrate(ctx context.Context, ownerDSN string, o *MigrateOptions) error {
	app, relay := "fachwerk_app", "fachwerk_relay"
	if o != nil && o.App != "" {
		app = o.App
	}
	if o != nil && o.Relay != "" {
		relay = o.Relay
	}
	all, err := sqltx.LoadMigrations(files, "migrations")
	if err != nil {
		return fehler.New("postgres.Migrate", "", fehler.ErrInvalid, err)
	}
	c, err := pgx.Connect(ctx, ownerDSN)
	if err != nil {
		return fehler.New("postgres.Migrate", "", fehler.ErrUnavailable, errors.New("cannot connect"))
	}
	defer c.Close(context.WithoutCancel(ctx))
	for done := false; !done; {
		if done, err = step(ctx, c, all, app, relay); err != nil {
			return fehler.New("postgres.Migrate", "", fehler.ErrInvalid, err)
		}
	}
	return nil
}

// step runs the next file, or the grants when no file is left.
func step(ctx context.Context, c *pgx.Conn, all []sqltx.Migration, app, relay string) (done bool, err error) {
	err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(lockKey)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS migration (
			nummer bigint PRIMARY KEY, name text NOT NULL, summe text NOT NULL)`); err != nil {
			return err
		}
		pending, err := sqltx.Pending(ctx, direct{c}, all)
		if err != nil {
			return err
		}
		if len(pending) == 0 {
			done = true
			return grant(ctx, tx, app, relay)
		}
		m := pending[0]
		if _, err := tx.Exec(ctx, m.SQL); err != nil {
			return fmt.Errorf("migration %s: %w", m.Name, err)
		}
		_, err = tx.Exec(ctx, "INSERT INTO migration (nummer, name, summe) VALUES ($1, $2, $3)", m.Nummer, m.Name, m.Summe)
		return err
	})
	return done && err == nil, err
}

func grant(ctx context.Context, tx pgx.Tx, app, relay string) error {
	text, err := files.ReadFile("rechte.sql")
	if err != nil {
		return err
	}
	sql := strings.NewReplacer(
		":app", pgx.Identifier{app}.Sanitize(), ":relay", pgx.Identifier{relay}.Sanitize(),
	).Replace(string(text))
	if _, err := tx.Exec(ctx, sql); err != nil {
		return fmt.Errorf("granting rights: %w", err)
	}
	return nil
}

// checkRole refuses a role that row-level security would not hold.
func checkRole(ctx context.Context, pool *pgxpool.Pool) error {
	var bypass, owner bool
	err := pool.QueryRow(ctx, `SELECT
		EXISTS (SELECT 1 FROM pg_roles r WHERE (r.rolsuper OR r.rolbypassrls) AND pg_has_role(current_user, r.oid, 'MEMBER')),
		EXISTS (SELECT 1 FROM pg_class k WHERE k.relkind IN ('r', 'p') AND k.relnamespace = current_schema()::regnamespace
			AND pg_has_role(current_user, k.relowner, 'MEMBER'))`).Scan(&bypass, &owner)
	switch {
	case err != nil:
		return fehler.New("postgres.Open", "", fehler.ErrUnavailable, err)
	case bypass:
		return fehler.New("postgres.Open", "", fehler.ErrForbidden, errors.New("the role is, or may become, superuser or BYPASSRLS: row-level security would not hold"))
	case owner:
		return fehler.New("postgres.Open", "", fehler.ErrForbidden, errors.New("the role owns tables, or may become their owner: row-level security would not hold"))
	}
	return nil
}

// checkApp refuses a role that works for one Mandant and is, or may become, the
// relay role, whose policy shows the Auftraege of all.
func checkApp(ctx context.Context, pool *pgxpool.Pool) error {
	var relay bool
	err := pool.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_policy p, unnest(p.polroles) r
		WHERE p.polrelid = to_regclass('auftrag') AND p.polname = 'relay' AND pg_has_role(current_user, r, 'MEMBER'))`).Scan(&relay)
	switch {
	case err != nil:
		return fehler.New("postgres.Open", "", fehler.ErrUnavailable, err)
	case relay:
		return fehler.New("postgres.Open", "", fehler.ErrForbidden, errors.New("the role is, or may become, the relay role: row-level security would not hold"))
	}
	return nil
}

// checkSchema refuses a database whose migrations are not those of this program.
func checkSchema(ctx context.Context, pool *pgxpool.Pool) error {
	all, err := sqltx.LoadMigrations(files, "migrations")
	if err != nil {
		return fehler.New("postgres.Open", "", fehler.ErrInvalid, err)
	}
	pc, err := pool.Acquire(ctx)
	if err != nil {
		return fehler.New("postgres.Open", "", fehler.ErrUnavailable, err)
	}
	defer pc.Release()
	pending, err := sqltx.Pending(ctx, direct{pc.Conn()}, all)
	if err != nil {
		return fehler.New("postgres.Open", "", fehler.ErrInvalid, err)
	}
	if len(pending) > 0 {
		return fehler.New("postgres.Open", "", fehler.ErrInvalid, fmt.Errorf("%d migrations are missing: run Migrate as the owner", len(pending)))
	}
	return nil
}
