package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Backup writes a copy of the file to path while readers and the writer go on.
// The copy shows what was committed when Backup began, or a little later. It is on
// the disk when Backup returns nil, readable for the owner only, and complete: path
// is there whole or not at all. A file that is there already is fehler.ErrExists and
// stays as it is. [OpenBackend] opens the copy.
//
// The copy is made by VACUUM INTO and not by the backup interface of SQLite,
// because that one begins again whenever another process or connection writes, and
// copies free pages too: erased data would live on in every backup. While it runs,
// the log of the file grows by what is written meanwhile; it needs the space of
// the copy in the folder of path.
func (b *Backend) Backup(ctx context.Context, path string) (err error) {
	const op = "sqlite.Backup"
	select {
	case <-b.closed:
		return errClosed
	default:
	}
	if _, err := os.Lstat(path); err == nil {
		return fehler.New(op, path, fehler.ErrExists, nil)
	}
	// In the same folder, so that it can be moved in one step.
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*.tmp") // 0600
	if err != nil {
		return fehler.New(op, path, fehler.ErrUnavailable, err)
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return fehler.New(op, path, fehler.ErrUnavailable, err)
	}
	if err := b.vacuumInto(ctx, f.Name()); err != nil {
		return fehler.New(op, path, fehler.ErrUnavailable, err)
	}
	if err := syncFile(f.Name()); err != nil {
		return fehler.New(op, path, fehler.ErrUnavailable, err)
	}
	// A link does not replace what somebody else put there meanwhile; a rename
	// would.
	switch err := os.Link(f.Name(), path); {
	case errors.Is(err, fs.ErrExist):
		return fehler.New(op, path, fehler.ErrExists, nil)
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.EPERM): // no links on this file system
		if err := os.Rename(f.Name(), path); err != nil {
			return fehler.New(op, path, fehler.ErrUnavailable, err)
		}
	case err != nil:
		return fehler.New(op, path, fehler.ErrUnavailable, err)
	}
	if err := syncFile(filepath.Dir(path)); err != nil {
		return fehler.New(op, path, fehler.ErrUnavailable, err)
	}
	return nil
}

// vacuumInto uses a connection of its own: it takes long, and the readers may not
// write.
func (b *Backend) vacuumInto(ctx context.Context, path string) (err error) {
	c, err := newConn(b.dsn, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	_, err = c.Exec(ctx, "VACUUM INTO $1", fileURI(path))
	return err
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
