package sqlite_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestBackup(t *testing.T) {
	b, _ := openBackend(t, nil)
	for i := range 50 {
		save(t, b, neuer(i))
	}
	// Writers go on meanwhile.
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				if err := trySave(b, neuer(i)); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}()
	path := t.TempDir() + "/kopie ?#.db"
	require.NoError(t, b.Backup(t.Context(), path))
	close(stop)
	<-stopped
	require.ErrorIs(t, b.Backup(t.Context(), path), fehler.ErrExists)
	checkCopy(t, path, 50)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, b.Backup(ctx, path+"2"), context.Canceled)
	require.ErrorIs(t, b.Backup(t.Context(), t.TempDir()+"/no/folder/x"), fehler.ErrUnavailable)
	noRest(t, path)
}

func checkCopy(t *testing.T, path string, atLeast int) {
	t.Helper()
	db, err := sql.Open("sqlite", fileURI(path))
	require.NoError(t, err)
	var result string
	require.NoError(t, db.QueryRow("PRAGMA integrity_check").Scan(&result))
	require.Equal(t, "ok", result)
	var broken, vorgaenge, eintraege int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken))
	require.NoError(t, db.QueryRow("SELECT (SELECT count(*) FROM vorgang), (SELECT count(*) FROM journal)").Scan(&vorgaenge, &eintraege))
	require.NoError(t, db.Close())
	require.Zero(t, broken)
	require.GreaterOrEqual(t, vorgaenge, atLeast)
	require.Equal(t, vorgaenge, eintraege, "every save is whole")
	copied, err := sqlite.OpenBackend(t.Context(), path, nil)
	require.NoError(t, err)
	view(t, copied, func(ctx context.Context, tx driver.Tx) {
		n, err := tx.CountVorgaenge(ctx, driver.CountVorgaengeParams{})
		require.NoError(t, err)
		require.EqualValues(t, vorgaenge, n)
	})
	require.NoError(t, copied.Close())
}

// noRest looks for what a failed copy left behind, and at the rights.
func noRest(t *testing.T, path string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, f := range list {
		require.Contains(t, f.Name(), filepath.Base(path))
		require.NotContains(t, f.Name(), ".tmp")
		info, err := f.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, f.Name())
	}
}

func fileURI(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }
