package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/absturz"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

const (
	kiel      tenant.ID = "kiel"
	shortBusy           = 300 * time.Millisecond
)

func openIn(ctx context.Context, dir string) (*storage.Store, error) {
	return sqlite.Open(ctx, filepath.Join(dir, "x.db"), &sqlite.Options{BusyTimeout: shortBusy, Readers: 4})
}

// limited bounds a test, so that a fault that is answered with silence fails it.
func limited(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// readAll reads and verifies everything there is.
func readAll(ctx context.Context, s *storage.Store) (n int, err error) {
	for z, err := range s.List(ctx, kiel, storage.PageParams{Limit: 500}) {
		if err != nil {
			return n, err
		}
		if err := s.VerifyJournal(ctx, kiel, z.ID); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Another process has the lock to write: whoever wants to write hears so after the
// BusyTimeout, whoever reads does not notice.
func TestAnotherProcessWrites(t *testing.T) {
	ctx, dir := limited(t, time.Minute), t.TempDir()
	s, err := openIn(ctx, dir)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.PutKonfig(ctx, kiel, "a", "b", 0, 1))
	other := holder(t, dir)

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			began := time.Now()
			err := s.PutKonfig(ctx, kiel, "a", "b", 1, 2)
			if !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took < shortBusy/2 || took > 3*shortBusy+2*time.Second {
				t.Errorf("waited %s", took)
			}
		})
	}
	began := time.Now()
	var got int
	version, err := s.GetKonfig(ctx, kiel, "a", "b", &got)
	require.NoError(t, err)
	require.EqualValues(t, 1, version)
	require.Less(t, time.Since(began), shortBusy, "a reader waited for a writer")
	wg.Wait()

	// It dies with the lock: the lock is free, and what it wrote is not there.
	require.NoError(t, other.Process.Kill())
	_ = other.Wait()
	require.NoError(t, s.PutKonfig(ctx, kiel, "a", "b", 1, 2))
	_, err = s.GetKonfig(ctx, kiel, "sperre", "x", &got)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

// A backup while writers work is a store like any other: all that was acknowledged
// before it began is in it, whole.
func TestBackupUnderLoadVerifies(t *testing.T) {
	ctx, dir := limited(t, 2*time.Minute), t.TempDir()
	b, err := sqlite.OpenBackend(ctx, filepath.Join(dir, "x.db"), nil)
	require.NoError(t, err)
	s := storage.New(b, nil)
	defer s.Close()
	load := absturz.StartLast(ctx, s, "sicherung")
	for i := range 3 {
		require.NoError(t, load.Await(ctx, 20))
		before := load.Acknowledged()
		path := filepath.Join(dir, fmt.Sprintf("kopie%d.db", i))
		require.NoError(t, b.Backup(ctx, path))
		c, err := sqlite.Open(ctx, path, nil)
		require.NoError(t, err)
		n, err := readAll(ctx, c)
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, before)
		// It goes on from where it stood.
		require.NoError(t, c.PutKonfig(ctx, kiel, "a", "b", 0, 1))
		require.NoError(t, c.Close())
	}
	require.NoError(t, load.Stop())
	require.NoError(t, load.Check(ctx, s))
	require.Zero(t, load.Failed(), "a backup made writers wait until they gave up")
	t.Log(load)
}

// The file is deleted, or another one is put in its place, while the store is open:
// a save into what nobody will find again must not be acknowledged.
func TestFileIsGone(t *testing.T) {
	for name, remove := range map[string]func(path string) error{
		"deleted": os.Remove,
		"moved":   func(path string) error { return os.Rename(path, path+".alt") },
		"replaced": func(path string) error {
			if err := os.Rename(path, path+".alt"); err != nil {
				return err
			}
			return os.WriteFile(path, nil, 0o600)
		},
		"log deleted": func(path string) error { return os.Remove(path + "-wal") },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := limited(t, time.Minute), t.TempDir()
			s, err := openIn(ctx, dir)
			require.NoError(t, err)
			defer s.Close()
			require.NoError(t, s.PutKonfig(ctx, kiel, "a", "b", 0, 1))
			require.NoError(t, remove(filepath.Join(dir, "x.db")))
			err = s.PutKonfig(ctx, kiel, "a", "b", 1, 2)
			require.ErrorIs(t, err, storage.ErrUnavailable)
			require.ErrorContains(t, err, "gone or another file")
			var got int
			_, err = s.GetKonfig(ctx, kiel, "a", "b", &got)
			require.NoError(t, err, "what was read so far can still be read")
			require.Equal(t, 1, got)
		})
	}
}

// A link and a change of the working directory are no such case.
func TestFileBehindALink(t *testing.T) {
	ctx, dir, far := limited(t, time.Minute), t.TempDir(), t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(far, "y.db"), filepath.Join(dir, "x.db")))
	t.Chdir(dir)
	s, err := sqlite.Open(ctx, "x.db", nil)
	require.NoError(t, err)
	defer s.Close()
	t.Chdir(far)
	require.NoError(t, s.PutKonfig(ctx, kiel, "a", "b", 0, 1))
	require.NoError(t, os.Remove(filepath.Join(dir, "x.db")))
	require.ErrorIs(t, s.PutKonfig(ctx, kiel, "a", "b", 1, 2), storage.ErrUnavailable)
}

// A file or folder that may not be written says so when it is opened, and not when
// the first save fails.
func TestWithoutRight(t *testing.T) {
	dir := t.TempDir()
	if os.Getuid() != 0 {
		require.NoError(t, childWithoutRight(limited(t, time.Minute), dir))
		return
	}
	// Root may write everything; the child gives its rights away.
	open, err := os.MkdirTemp("", "ohne-recht")
	require.NoError(t, err)
	defer os.RemoveAll(open)
	require.NoError(t, os.Chown(open, nobody, nobody))
	callChild(t, "kein-recht", open, syscall.SysProcAttr{})
}

const nobody = 65534

func childWithoutRight(ctx context.Context, dir string) error {
	if os.Getuid() == 0 {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, "x.db")
	s, err := openIn(ctx, dir)
	if err != nil {
		return err
	}
	if err := errors.Join(s.PutKonfig(ctx, kiel, "a", "b", 0, 1), s.Close()); err != nil {
		return err
	}
	refused := func(what, says string) error {
		s, err := openIn(ctx, dir)
		if err == nil {
			err = s.PutKonfig(ctx, kiel, "c", "d", 0, 1)
			s.Close()
			return fmt.Errorf("%s: it opens, and a save gives %v", what, err)
		}
		fmt.Printf("%s: %v\n", what, err)
		if !errors.Is(err, storage.ErrUnavailable) || !strings.Contains(err.Error(), says) {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	steps := []struct {
		what      string
		file, dir os.FileMode
		says      string
	}{
		{"the file may only be read", 0o400, 0o700, "may not be written"},
		{"the folder may only be read", 0o600, 0o500, ""},
		{"both may only be read", 0o400, 0o500, ""},
		{"the file may not be read", 0o000, 0o700, ""},
	}
	for _, s := range steps {
		if err := errors.Join(os.Chmod(path, s.file), os.Chmod(dir, s.dir), refused(s.what, s.says)); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Chmod(dir, 0o700), os.Chmod(path, 0o600)); err != nil {
		return err
	}
	s, err = openIn(ctx, dir)
	if err != nil {
		return err
	}
	var got int
	_, err = s.GetKonfig(ctx, kiel, "a", "b", &got)
	return errors.Join(err, s.Close())
}
