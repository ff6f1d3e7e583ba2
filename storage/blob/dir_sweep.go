package blob

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// How a file is removed while other processes may put it anew, without locks,
// which network file systems keep badly:
//
//  1. The file, if it looks old, is renamed aside, to a name nobody else uses.
//     Whoever puts the content from here on makes a new file that this removal
//     never touches, for it only ever removes what it moved itself.
//  2. The age is looked at again, under that name. A Put may have come between
//     the look and the move, and then it is the new file that was moved: it goes
//     back under its name.
//  3. Otherwise it is removed.
//
// Between 1 and the way back a reader finds the file aside (find). If the process
// dies there the file stays aside, can still be read, and the next CleanUp puts it
// back, with its age begun anew; so no crash loses a file.

// List implements [Sweeper].
func (d *Dir) List(ctx context.Context, mandant tenant.ID, p ListParams) ([]Entry, error) {
	if err := Check(ctx, "blob.List", mandant, nil); err != nil {
		return nil, err
	}
	limit, err := p.Page()
	if err != nil {
		return nil, err
	}
	var page []Entry
	err = d.below(ctx, string(mandant), p.After, 2, func(first string) error {
		return d.below(ctx, filepath.Join(string(mandant), first), p.After, 4, func(second string) error {
			return d.below(ctx, filepath.Join(string(mandant), first[:2], second[2:]), p.After, 0, func(sum string) error {
				if sum <= p.After || (Ref{SHA512: sum}).Check() != nil {
					return nil
				}
				info, err := d.root.Lstat(name(mandant, sum))
				switch {
				case errors.Is(err, fs.ErrNotExist):
					return nil // deleted meanwhile
				case err != nil:
					return err
				case !info.Mode().IsRegular():
					return nil
				}
				page = append(page, Entry{Ref{sum, info.Size()}, info.ModTime()})
				if len(page) == limit {
					return fs.SkipAll
				}
				return nil
			})
		})
	})
	if err != nil && !errors.Is(err, fs.SkipAll) {
		return nil, fehler.New("blob.List", "", fehler.ErrUnavailable, err)
	}
	return page, nil
}

// below visits what lies in a folder in ascending order. At depth 2 and 4 these
// are the folders of the first digits of a hash, given as all digits so far,
// from the one that after lies in.
func (d *Dir) below(ctx context.Context, path, after string, depth int, visit func(string) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	names, err := d.names(path)
	if err != nil {
		return err
	}
	for _, n := range names {
		if depth > 0 {
			if len(n) != 2 {
				continue
			}
			if depth == 4 {
				n = filepath.Base(path) + n
			}
			if after != "" && n < after[:depth] {
				continue
			}
		}
		if err := visit(n); err != nil {
			return err
		}
	}
	return nil
}

// names of a folder, ascending; none if it is not there or no folder.
func (d *Dir) names(path string) ([]string, error) {
	info, err := d.root.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := d.root.Open(path)
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, errors.Join(err, f.Close())
}

// temporary gives the paths in the temporary folder that begin so.
func (d *Dir) temporary(prefix string) ([]string, error) {
	names, err := d.names(tmp)
	var out []string
	for _, n := range names {
		if strings.HasPrefix(n, prefix) {
			out = append(out, filepath.Join(tmp, n))
		}
	}
	return out, err
}

// find looks under the name of a content and, if it is not there, among the
// files that were moved aside. Between two looks it may have gone back, and been
// moved once more by another process, so one round without it proves little.
func find[T any](d *Dir, mandant tenant.ID, sum string, open func(string) (T, error)) (T, error) {
	path := name(mandant, sum)
	v, err := open(path)
	for i := 0; errors.Is(err, fs.ErrNotExist) && i < 3; i++ {
		asides, lerr := d.temporary(string(mandant) + sep + sum + sep)
		if lerr != nil {
			return v, lerr
		}
		for _, p := range append(asides, path) {
			if v, err = open(p); !errors.Is(err, fs.ErrNotExist) {
				break
			}
		}
	}
	return v, err
}

// DeleteOlder implements [Sweeper].
func (d *Dir) DeleteOlder(ctx context.Context, mandant tenant.ID, p DeleteOlderParams) (bool, error) {
	if err := Check(ctx, "blob.DeleteOlder", mandant, &Ref{SHA512: p.SHA512}); err != nil {
		return false, err
	}
	gone, err := d.deleteOlder(mandant, p.SHA512, p.OlderThan)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fehler.New("blob.DeleteOlder", p.SHA512, fehler.ErrUnavailable, err)
	}
	return gone, nil
}

func (d *Dir) deleteOlder(mandant tenant.ID, sum string, olderThan time.Time) (bool, error) {
	path := name(mandant, sum)
	if old, err := d.older(path, olderThan); err != nil || !old {
		return false, err
	}
	aside := filepath.Join(tmp, string(mandant)+sep+sum+sep+randomName())
	if err := d.root.Rename(path, aside); err != nil {
		return false, err
	}
	old, err := d.older(aside, olderThan)
	if err != nil {
		return false, err
	}
	if !old {
		return false, d.restore(aside, mandant, sum)
	}
	if err := d.root.Remove(aside); err != nil {
		return false, err
	}
	return true, d.syncFolder(folder(mandant, sum))
}

func (d *Dir) older(path string, than time.Time) (bool, error) {
	info, err := d.root.Lstat(path)
	return err == nil && info.Mode().IsRegular() && info.ModTime().Before(than), err
}

// restore puts back what was moved aside. A file that was put under the name
// meanwhile has the same bytes; the age begins now, which is later than both.
func (d *Dir) restore(aside string, mandant tenant.ID, sum string) error {
	now := d.now()
	if err := d.root.Chtimes(aside, now, now); err != nil {
		return err
	}
	if err := d.root.Rename(aside, name(mandant, sum)); err != nil {
		return err
	}
	return d.syncFolder(folder(mandant, sum))
}

// CleanUp implements [Sweeper].
func (d *Dir) CleanUp(ctx context.Context, mandant tenant.ID, p CleanUpParams) (Leftovers, error) {
	if err := Check(ctx, "blob.CleanUp", mandant, nil); err != nil {
		return Leftovers{}, err
	}
	left, err := d.cleanUp(ctx, mandant, p)
	if err != nil {
		return left, fehler.New("blob.CleanUp", "", fehler.ErrUnavailable, err)
	}
	return left, nil
}

func (d *Dir) cleanUp(ctx context.Context, mandant tenant.ID, p CleanUpParams) (left Leftovers, err error) {
	paths, err := d.temporary(string(mandant) + sep)
	if err != nil {
		return left, err
	}
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return left, err
		}
		_, rest, _ := strings.Cut(filepath.Base(path), sep)
		if sum, _, aside := strings.Cut(rest, sep); aside {
			if (Ref{SHA512: sum}).Check() != nil || p.DryRun {
				continue
			}
			// Left by a DeleteOlder that died, or just being removed by one, which
			// then finds nothing.
			if err := d.restore(path, mandant, sum); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return left, err
			}
			continue
		}
		info, err := d.root.Lstat(path)
		if err != nil || !info.ModTime().Before(p.OlderThan) {
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				continue
			}
			return left, err
		}
		if !p.DryRun {
			if err := d.root.Remove(path); errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				return left, err
			}
		}
		left.Files, left.Bytes = left.Files+1, left.Bytes+info.Size()
	}
	return left, nil
}
