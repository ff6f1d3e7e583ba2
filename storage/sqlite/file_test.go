package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func fileAndDB(t *testing.T) (string, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fachwerk.db")
	s, err := sqlite.OpenBackend(t.Context(), path, nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return path, db
}

func TestOpenRefuses(t *testing.T) {
	ctx := t.Context()
	for _, path := range []string{"", ":memory:"} {
		_, err := sqlite.OpenBackend(ctx, path, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	_, err := sqlite.OpenBackend(ctx, filepath.Join(t.TempDir(), "x.db"), &sqlite.Options{Synchronous: "OFF; DROP TABLE vorgang"})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = sqlite.OpenBackend(ctx, filepath.Join(t.TempDir(), "no", "folder", "x.db"), nil)
	require.Error(t, err)
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	require.NoError(t, os.WriteFile(garbage, []byte(strings.Repeat("no database ", 1000)), 0o600))
	_, err = sqlite.OpenBackend(ctx, garbage, nil)
	require.Error(t, err)
}

func TestMigrationsAreChecked(t *testing.T) {
	for name, damage := range map[string]string{
		"changed after it ran":    "UPDATE migration SET summe = 'x' WHERE nummer = 1",
		"older than the database": "INSERT INTO migration VALUES (99, 'future', 'x')",
	} {
		path, db := fileAndDB(t)
		_, err := db.Exec(damage)
		require.NoError(t, err)
		_, err = sqlite.OpenBackend(t.Context(), path, nil)
		require.ErrorContains(t, err, name)
	}
}

func TestManyOpenANewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	errs := make(chan error, 4)
	for range cap(errs) {
		go func() {
			s, err := sqlite.OpenBackend(context.Background(), path, nil)
			if err == nil {
				err = s.Close()
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
}

func TestPragmas(t *testing.T) {
	path, db := fileAndDB(t)
	var mode string
	require.NoError(t, db.QueryRow("PRAGMA journal_mode").Scan(&mode))
	require.Equal(t, "wal", mode)
	s, err := sqlite.OpenBackend(t.Context(), path, nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	left, err := filepath.Glob(path + "-*")
	require.NoError(t, err)
	require.Subset(t, []string{path + "-wal", path + "-shm"}, left)
}

// Every table is STRICT, and every key and index leads with the Mandant.
func TestSchema(t *testing.T) {
	_, db := fileAndDB(t)
	rows, err := db.Query(`SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migration'`)
	require.NoError(t, err)
	tables := map[string]string{}
	for rows.Next() {
		var name, text string
		require.NoError(t, rows.Scan(&name, &text))
		tables[name] = text
	}
	require.Len(t, tables, 14)
	for name, text := range tables {
		require.Contains(t, text, "STRICT", name)
		rows, err := db.Query(`SELECT i.name, x.name FROM pragma_index_list(?) i, pragma_index_info(i.name) x WHERE x.seqno = 0`, name)
		require.NoError(t, err)
		n := 0
		for rows.Next() {
			var index, first string
			require.NoError(t, rows.Scan(&index, &first))
			switch index {
			case "auftrag_faellig": // for the relay, which asks across all Mandanten
			case "beteiligung_gast": // for a guest, who asks across all owners
				require.Equal(t, "gast", first)
			default:
				want := "mandant"
				if name == "aenderung" { // the feed belongs to its reader
					want = "strom"
				}
				require.Equal(t, want, first, index)
			}
			n++
		}
		require.Positive(t, n, name)
	}
}

// The file holds what citizens wrote: nobody else on the machine may read it.
func TestFileIsReadableByTheOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	s, err := sqlite.OpenBackend(t.Context(), filepath.Join(dir, "neu.db"), nil)
	require.NoError(t, err)
	defer s.Close()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, list, 3, "database, log and its index")
	for _, f := range list {
		info, err := f.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, f.Name())
	}
}
