package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
)

func fileAndDB(t *testing.T) (string, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fachwerk.db")
	s, err := sqlite.Open(t.Context(), path, nil)
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
		_, err := sqlite.Open(ctx, path, nil)
		require.ErrorIs(t, err, storage.ErrInvalid)
	}
	_, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "x.db"), &sqlite.Options{Synchronous: "OFF; DROP TABLE vorgang"})
	require.ErrorIs(t, err, storage.ErrInvalid)
	_, err = sqlite.Open(ctx, filepath.Join(t.TempDir(), "no", "folder", "x.db"), nil)
	require.Error(t, err)
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	require.NoError(t, os.WriteFile(garbage, []byte(strings.Repeat("no database ", 1000)), 0o600))
	_, err = sqlite.Open(ctx, garbage, nil)
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
		_, err = sqlite.Open(t.Context(), path, nil)
		require.ErrorContains(t, err, name)
	}
}

func TestManyOpenANewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	errs := make(chan error, 4)
	for range cap(errs) {
		go func() {
			s, err := sqlite.Open(context.Background(), path, nil)
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
	s, err := sqlite.Open(t.Context(), path, nil)
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
	require.Len(t, tables, 8)
	for name, text := range tables {
		require.Contains(t, text, "STRICT", name)
		rows, err := db.Query(`SELECT i.name, x.name FROM pragma_index_list(?) i, pragma_index_info(i.name) x WHERE x.seqno = 0`, name)
		require.NoError(t, err)
		n := 0
		for rows.Next() {
			var index, first string
			require.NoError(t, rows.Scan(&index, &first))
			if index != "auftrag_faellig" { // for the relay, which asks across all Mandanten
				require.Equal(t, "mandant", first, index)
			}
			n++
		}
		require.Positive(t, n, name)
	}
}

// The lists and the stack walk an index in order: nothing is sorted, nothing
// is scanned that belongs to others.
func TestPlans(t *testing.T) {
	_, db := fileAndDB(t)
	for query, index := range map[string]string{
		"SELECT id FROM vorgang WHERE mandant = 'a' AND (eingang, id) > (1, x'00') ORDER BY eingang, id LIMIT 50":                       "vorgang_eingang",
		"SELECT id FROM vorgang WHERE mandant = 'a' AND status IN ('neu') ORDER BY eingang DESC, id DESC LIMIT 50":                      "vorgang_status",
		"SELECT id FROM vorgang WHERE mandant = 'a' AND wartend AND (lease_bis IS NULL OR lease_bis <= 5) ORDER BY eingang, id LIMIT 1": "vorgang_",
		"SELECT id FROM vorgang WHERE mandant = 'a' AND nummer <> '' AND nummer = '1'":                                                  "vorgang_nummer",
		"SELECT id FROM eingang WHERE mandant = 'a' AND schluessel = 'k'":                                                               "eingang_schluessel",
		"SELECT id FROM postfach WHERE mandant = 'a' AND postfach = 'p' ORDER BY zeit, id LIMIT 10":                                     "postfach_zeit",
		`SELECT a.id FROM auftrag a WHERE a.zustand = 'offen' AND a.faellig <= 5 AND (a.lease_bis IS NULL OR a.lease_bis <= 5)
			AND (a.termin OR NOT EXISTS (SELECT 1 FROM auftrag b WHERE b.mandant = a.mandant AND b.vorgang_id = a.vorgang_id
				AND b.zustand IN ('offen', 'geparkt') AND NOT b.termin
				AND (b.vorgang_version, b.ordinal) < (a.vorgang_version, a.ordinal)))
			ORDER BY a.faellig, a.id LIMIT 10`: "auftrag_faellig",
		"SELECT seq FROM journal WHERE mandant = 'a' AND vorgang_id = x'00' AND seq > 5 ORDER BY seq LIMIT 200": "journal",
	} {
		rows, err := db.Query("EXPLAIN QUERY PLAN " + query)
		require.NoError(t, err)
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
			plan = append(plan, detail)
		}
		text := strings.Join(plan, "; ")
		require.Contains(t, text, index, query)
		require.NotContains(t, text, "TEMP B-TREE", query)
		require.NotContains(t, text, "SCAN", query)
	}
}

// The file holds what citizens wrote: nobody else on the machine may read it.
func TestFileIsReadableByTheOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "neu.db"), nil)
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
