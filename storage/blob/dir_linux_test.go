package blob_test

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// files are all regular files below a path.
func files(t testing.TB, path string) (out []string) {
	t.Helper()
	require.NoError(t, filepath.Walk(path, func(p string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			out = append(out, p)
		}
		return err
	}))
	return out
}

// unprivileged runs f with the file rights of a user who is not root, so that
// modes of folders count.
func unprivileged(t *testing.T, f func()) {
	if os.Getuid() != 0 {
		f()
		return
	}
	end := make(chan struct{})
	go func() {
		defer close(end)
		runtime.LockOSThread() // not unlocked: the thread ends with its rights
		if err := syscall.Setfsuid(65534); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-end
}

func TestDirInAFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d, err := blob.OpenDir(path, nil)
	require.NoError(t, err)
	defer d.Close()
	ref := put(t, d, "Antrag")
	for _, locked := range []string{".tmp", "kiel"} {
		for _, dir := range []string{"kiel", ".tmp"} {
			require.NoError(t, os.Chmod(filepath.Join(path, dir), 0o777))
		}
		require.NoError(t, os.Chmod(filepath.Join(path, locked), 0o555))
		unprivileged(t, func() {
			_, err := d.Put(t.Context(), kiel, strings.NewReader("new"))
			if err == nil {
				t.Errorf("%s: stored", locked)
				return
			}
			if k := err.Error(); !strings.Contains(k, "permission denied") {
				t.Errorf("%s: %v", locked, err)
			}
			if _, err = blob.OpenDir(filepath.Join(path, "kiel", "x"), nil); locked == "kiel" && err == nil {
				t.Error("opened below a folder that cannot be written")
			}
		})
		require.Len(t, files(t, path), 1, "only what was there before")
	}
	got, err := blob.Read(t.Context(), d, kiel, ref, 100)
	require.NoError(t, err)
	require.Equal(t, "Antrag", string(got))
}

func TestDirWhereAFileIsInTheWay(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	file := filepath.Join(path, "file")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	_, err := blob.OpenDir(file, nil)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	_, err = blob.OpenDir(filepath.Join(file, "below"), nil)
	require.ErrorIs(t, err, fehler.ErrUnavailable)

	d, err := blob.OpenDir(path, nil)
	require.NoError(t, err)
	defer d.Close()
	require.NoError(t, os.WriteFile(filepath.Join(path, "kiel"), []byte("x"), 0o600))
	_, err = d.Put(t.Context(), kiel, strings.NewReader("new"))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.Len(t, files(t, path), 2, "nothing half stored")
	ref := blob.Ref{SHA512: strings.Repeat("0a", 64)}
	require.ErrorIs(t, d.Stat(t.Context(), kiel, ref), fehler.ErrUnavailable, "whether it is there cannot be told")
	page, err := d.List(t.Context(), kiel, blob.ListParams{})
	require.NoError(t, err)
	require.Empty(t, page)

	// A link out of the directory is not followed.
	outside := t.TempDir()
	require.NoError(t, os.Symlink(outside, filepath.Join(path, "luebeck")))
	_, err = d.Put(t.Context(), "luebeck", strings.NewReader("new"))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.Empty(t, files(t, outside))
}

// A disk that is full in the middle of a file: the child may write 64 KB to a file.
func TestDirOnAFullDisk(t *testing.T) {
	if path := os.Getenv("FACHWERK_FULL_DISK"); path != "" {
		signal.Ignore(syscall.SIGXFSZ)
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}))
		d, err := blob.OpenDir(path, nil)
		require.NoError(t, err)
		defer d.Close()
		_, err = d.Put(t.Context(), kiel, bytes.NewReader(make([]byte, 1<<20)))
		require.ErrorIs(t, err, fehler.ErrUnavailable)
		require.ErrorIs(t, err, syscall.EFBIG)
		require.Empty(t, files(t, path), "nothing half stored")
		ref := put(t, d, "a smaller one")
		require.NoError(t, d.Stat(t.Context(), kiel, ref))
		return
	}
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestDirOnAFullDisk$", "-test.v")
	path := t.TempDir()
	cmd.Env = append(os.Environ(), "FACHWERK_FULL_DISK="+path)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Len(t, files(t, path), 1, "%s", out)
}
