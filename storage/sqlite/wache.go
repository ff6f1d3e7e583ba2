package sqlite

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// wache watches that the file and its log are still those that were opened. When
// somebody deletes, moves or restores them meanwhile, SQLite goes on writing into
// what no path leads to any more, and all that would be acknowledged from then on
// would be lost with the last connection.
type wache struct {
	paths []string
	infos []os.FileInfo
}

// watch begins with the files as they are now; SQLite keeps both until the last
// connection is closed.
func watch(path string) (*wache, error) {
	// The working directory may change; and SQLite puts the log beside the file a
	// link leads to.
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	w := &wache{}
	for _, p := range []string{path, real + "-wal"} {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		w.paths, w.infos = append(w.paths, p), append(w.infos, info)
	}
	return w, nil
}

// check costs two looks at a folder, next to nothing beside a commit.
func (w *wache) check() error {
	for i, p := range w.paths {
		if info, err := os.Stat(p); err != nil || !os.SameFile(info, w.infos[i]) {
			return fmt.Errorf("sqlite: %s is gone or another file than the one that was opened; close the store and open it again: %w", p, fehler.ErrUnavailable)
		}
	}
	return nil
}
