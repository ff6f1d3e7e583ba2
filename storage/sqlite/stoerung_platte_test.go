package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/absturz"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
)

// The database may grow no further: SQLite's own way to say that the disk is full.
func TestFullDatabase(t *testing.T) {
	ctx := limited(t, time.Minute)
	b, path := openBackend(t, nil)
	save(t, b, neuer(0))
	require.NoError(t, b.WriterExec(ctx, "PRAGMA max_page_count = 1")) // no more than there are
	n := 1
	for ; n < 1000; n++ {
		if err := trySave(b, neuer(n)); err != nil {
			require.ErrorIs(t, err, storage.ErrUnavailable)
			break
		}
	}
	require.Less(t, n, 1000, "it never got full")
	require.ErrorIs(t, trySave(b, neuer(n)), storage.ErrUnavailable)
	count := func(b driver.Backend, want int) {
		view(t, b, func(ctx context.Context, tx driver.Tx) {
			got, err := tx.CountVorgaenge(ctx, driver.CountVorgaengeParams{})
			require.NoError(t, err)
			require.EqualValues(t, want, got)
		})
	}
	count(b, n)
	require.NoError(t, b.WriterExec(ctx, "PRAGMA max_page_count = 1000000"))
	require.NoError(t, trySave(b, neuer(n)))
	count(b, n+1)
	require.NoError(t, b.Close())
	again, err := sqlite.OpenBackend(ctx, path, nil)
	require.NoError(t, err)
	defer again.Close()
	count(again, n+1)
}

// The disk fills up under load and gets free again.
func TestDiskFillsUnderLoad(t *testing.T) {
	attr := syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS} // the mount goes with the child
	if os.Getuid() != 0 {
		attr = syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
	}
	if callChild(t, "volle-platte", t.TempDir(), attr) {
		t.Skip("this machine lets nobody mount a small disk; TestFileLimit shows the same with a limit")
	}
}

var errNoMount = errors.New("cannot mount")

func childOnFullDisk(ctx context.Context, dir string) error {
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=6m,mode=0700"); err != nil {
		return fmt.Errorf("%w: %w", errNoMount, err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	filler := filepath.Join(dir, "voll")
	fill := func() error {
		f, err := os.Create(filler)
		if err != nil {
			return err
		}
		defer f.Close()
		block := make([]byte, 4096)
		for {
			if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
				return nil
			} else if err != nil {
				return err
			}
		}
	}
	return fullDisk(ctx, dir, fill, func() error { return os.Remove(filler) }, filler)
}

// The same with a limit of the process, where nobody may mount.
func TestFileLimit(t *testing.T) { callChild(t, "dateigrenze", t.TempDir(), syscall.SysProcAttr{}) }

func childWithFileLimit(ctx context.Context, dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	var free syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &free); err != nil {
		return err
	}
	fill := func() error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: free.Max})
	}
	return fullDisk(ctx, dir, fill, func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &free) }, "")
}

// fullDisk lets writers work while fill and free happen. What was acknowledged
// can be read meanwhile, and afterwards the same store goes on.
func fullDisk(ctx context.Context, dir string, fill, free func() error, filler string) error {
	b, err := sqlite.OpenBackend(ctx, filepath.Join(dir, "x.db"), &sqlite.Options{Readers: 4})
	if err != nil {
		return err
	}
	s := storage.New(b, nil)
	load := absturz.StartLast(ctx, s, "voll")
	for range 2 {
		if err := errors.Join(load.Await(ctx, 20), fill()); err != nil {
			return err
		}
		if err := load.AwaitFailures(ctx, 20); err != nil {
			return err
		}
		acked := load.Acknowledged()
		n, err := readAll(ctx, s)
		if err != nil {
			return fmt.Errorf("reading on a full disk: %w", err)
		}
		if n < acked {
			return fmt.Errorf("%d acknowledged, %d to be read", acked, n)
		}
		if filler != "" {
			// A copy that has no room is not there at all.
			if err := b.Backup(ctx, filepath.Join(dir, "kopie.db")); !errors.Is(err, storage.ErrUnavailable) {
				return fmt.Errorf("backup on a full disk: %w", err)
			}
			if rest, _ := filepath.Glob(filepath.Join(dir, "*kopie*")); len(rest) > 0 {
				return fmt.Errorf("the backup left %v", rest)
			}
		}
		if err := free(); err != nil {
			return err
		}
	}
	if err := errors.Join(load.Await(ctx, 20), load.Stop(), load.Check(ctx, s), s.Close()); err != nil {
		return err
	}
	fmt.Println(load)
	s, err = openIn(ctx, dir)
	if err != nil {
		return err
	}
	return errors.Join(load.Check(ctx, s), s.Close())
}
