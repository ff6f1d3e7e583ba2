package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Dir keeps files in a directory: mandant/ab/cd/abcd…, with the hash as name.
// A Put writes a temporary file, syncs it, renames it and syncs its folder, so
// that a file under its final name is whole and survives loss of power.
// Several processes may share the directory.
type Dir struct {
	root  *os.Root
	limit int64
}

var _ Store = (*Dir)(nil)

// tmp is the folder of files being written; no Mandant is named so.
const tmp = ".tmp"

// OpenDir opens a directory, which is made if it is not there, readable for
// the owner only. Nothing outside of it is ever touched, whatever links it holds.
func OpenDir(path string, o *Options) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fehler.New("blob.OpenDir", "", fehler.ErrUnavailable, err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fehler.New("blob.OpenDir", "", fehler.ErrUnavailable, err)
	}
	if err := root.MkdirAll(tmp, 0o700); err != nil {
		root.Close()
		return nil, fehler.New("blob.OpenDir", "", fehler.ErrUnavailable, err)
	}
	return &Dir{root: root, limit: o.limit()}, nil
}

// Close frees the directory. Readers that are open stay usable.
func (d *Dir) Close() error { return d.root.Close() }

func folder(mandant tenant.ID, ref Ref) string {
	return filepath.Join(string(mandant), ref.SHA512[:2], ref.SHA512[2:4])
}

func name(mandant tenant.ID, ref Ref) string { return filepath.Join(folder(mandant, ref), ref.SHA512) }

// randomName is 128 random bits.
func randomName() string { return rand.Text() }

// putError keeps context errors and those that have a kind; others are the
// sender's or the disk's.
func putError(err error) error {
	if _, ok := errors.AsType[*fehler.Fehler](err); ok {
		return err
	}
	return fehler.New("blob.Put", "", fehler.ErrUnavailable, err)
}

// Put implements [Store].
func (d *Dir) Put(ctx context.Context, mandant tenant.ID, r io.Reader) (ref Ref, err error) {
	if err := check("Put", ctx, mandant, nil); err != nil {
		return Ref{}, err
	}
	f, temp, err := d.create()
	if err != nil {
		return Ref{}, putError(err)
	}
	defer func() {
		f.Close()
		if err != nil {
			_ = d.root.Remove(temp)
		}
	}()
	src := newSource(ctx, r, d.limit)
	if _, err := io.Copy(f, src); err != nil {
		return Ref{}, putError(err)
	}
	ref = src.ref()
	if d.Stat(ctx, mandant, ref) == nil {
		// There already; the Put that wrote it may not have synced the folder yet.
		if err := errors.Join(d.root.Remove(temp), d.syncFolder(folder(mandant, ref))); err != nil {
			return Ref{}, putError(err)
		}
		return ref, nil
	}
	if err := f.Sync(); err != nil {
		return Ref{}, putError(err)
	}
	if err := d.makeFolder(mandant, ref); err != nil {
		return Ref{}, putError(err)
	}
	if err := d.root.Rename(temp, name(mandant, ref)); err != nil {
		return Ref{}, putError(err)
	}
	if err := d.syncFolder(folder(mandant, ref)); err != nil {
		return Ref{}, putError(err)
	}
	return ref, nil
}

// create opens a new temporary file.
func (d *Dir) create() (*os.File, string, error) {
	for {
		temp := filepath.Join(tmp, randomName())
		f, err := d.root.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return f, temp, err
		}
	}
}

// makeFolder makes the folder of a file; a new folder is durable when the one
// above it is synced.
func (d *Dir) makeFolder(mandant tenant.ID, ref Ref) error {
	dir := folder(mandant, ref)
	if _, err := d.root.Stat(dir); err == nil {
		return nil
	}
	if err := d.root.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, above := range []string{filepath.Dir(dir), string(mandant), "."} {
		if err := d.syncFolder(above); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dir) syncFolder(path string) error {
	f, err := d.root.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Open implements [Store].
func (d *Dir) Open(ctx context.Context, mandant tenant.ID, ref Ref) (io.ReadCloser, error) {
	if err := check("Open", ctx, mandant, &ref); err != nil {
		return nil, err
	}
	f, err := d.root.Open(name(mandant, ref))
	if err != nil {
		return nil, statError("Open", ref, err)
	}
	info, err := f.Stat()
	if err == nil && info.Size() != ref.Groesse {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, statError("Open", ref, err)
	}
	return verify(f, ref), nil
}

func statError(op string, ref Ref, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fehler.New("blob."+op, ref.SHA512, fehler.ErrNotFound, nil)
	}
	return fehler.New("blob."+op, ref.SHA512, fehler.ErrUnavailable, err)
}

// Stat implements [Store].
func (d *Dir) Stat(ctx context.Context, mandant tenant.ID, ref Ref) error {
	if err := check("Stat", ctx, mandant, &ref); err != nil {
		return err
	}
	info, err := d.root.Stat(name(mandant, ref))
	if err == nil && info.Size() != ref.Groesse {
		err = fs.ErrNotExist
	}
	if err != nil {
		return statError("Stat", ref, err)
	}
	return nil
}

// Delete implements [Store].
func (d *Dir) Delete(ctx context.Context, mandant tenant.ID, ref Ref) error {
	if err := check("Delete", ctx, mandant, &ref); err != nil {
		return err
	}
	err := d.root.Remove(name(mandant, ref))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil:
		err = d.syncFolder(folder(mandant, ref))
	}
	if err != nil {
		return fehler.New("blob.Delete", ref.SHA512, fehler.ErrUnavailable, err)
	}
	return nil
}
