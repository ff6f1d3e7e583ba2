package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
)

//go:embed migrations/*.sql
var migrations embed.FS

var errReadOnly = errors.New("the file, or the folder it lies in, may not be written")

// explain says in plain words what a file that may only be read answers.
func explain(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code()&0xFF == sqlite3.SQLITE_READONLY {
		return fmt.Errorf("%w: %w", errReadOnly, err)
	}
	return err
}

func checkFile(ctx context.Context, w *conn) error {
	// SQLite opens a file it may not write for reading, without a word.
	if r, ok := w.c.(interface{ IsReadOnly(string) (bool, error) }); ok {
		if only, err := r.IsReadOnly("main"); err == nil && only {
			return errReadOnly
		}
	}
	var mode string
	if err := sqltx.Query(ctx, w, func(r sqltx.Rows) error { return r.Scan(&mode) }, "PRAGMA journal_mode"); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("journal mode is %s, the file system does not allow WAL", mode)
	}
	return nil
}

// migrate runs the missing files, each in its own transaction. Foreign keys are
// off meanwhile, because a table that others refer to is built anew, and checked
// at the end of each.
func migrate(ctx context.Context, w *conn) error {
	all, err := sqltx.LoadMigrations(migrations, "migrations")
	if err != nil {
		return err
	}
	if _, err := w.Exec(ctx, "PRAGMA foreign_keys = 0"); err != nil {
		return err
	}
	for again := true; again; {
		if err := w.transact(ctx, "BEGIN IMMEDIATE", func() (err error) {
			again, err = step(ctx, w, all)
			return err
		}); err != nil {
			return err
		}
	}
	_, err = w.Exec(ctx, "PRAGMA foreign_keys = 1")
	return err
}

// step runs the first missing file and tells whether there was one.
func step(ctx context.Context, w *conn, all []sqltx.Migration) (bool, error) {
	if _, err := w.Exec(ctx, `CREATE TABLE IF NOT EXISTS migration (
		nummer INTEGER PRIMARY KEY, name TEXT NOT NULL, summe TEXT NOT NULL) STRICT`); err != nil {
		return false, err
	}
	pending, err := sqltx.Pending(ctx, w, all)
	if err != nil || len(pending) == 0 {
		return false, err
	}
	m := pending[0]
	if err := w.script(ctx, m.SQL); err != nil {
		return false, fmt.Errorf("migration %s: %w", m.Name, err)
	}
	broken := 0
	err = sqltx.Query(ctx, w, func(sqltx.Rows) error { broken++; return nil }, "PRAGMA foreign_key_check")
	if err == nil && broken > 0 {
		err = fmt.Errorf("migration %s: %d rows refer to nothing", m.Name, broken)
	}
	if err != nil {
		return false, err
	}
	_, err = w.Exec(ctx, "INSERT INTO migration (nummer, name, summe) VALUES ($1, $2, $3)", m.Nummer, m.Name, m.Summe)
	return true, err
}
