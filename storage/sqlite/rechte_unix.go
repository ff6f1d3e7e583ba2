//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Of access(2).
const mayRead, mayWrite, maySearch = 4, 2, 1

// checkRights asks before SQLite touches anything: it would open a file that may
// not be written for reading, and leave a log beside it that has the same rights,
// so that the file stays read-only when its own rights are put in order.
func checkRights(path string) error {
	for _, f := range []struct {
		path string
		mode uint32
	}{
		{filepath.Dir(path), mayWrite | maySearch}, {path, mayRead | mayWrite},
		{path + "-wal", mayRead | mayWrite}, {path + "-shm", mayRead | mayWrite},
	} {
		err := syscall.Access(f.path, f.mode)
		if err == nil || errors.Is(err, fs.ErrNotExist) && f.path != filepath.Dir(path) {
			continue
		}
		return fmt.Errorf("%w: %w", errReadOnly, &os.PathError{Op: "access", Path: f.path, Err: err})
	}
	return nil
}
