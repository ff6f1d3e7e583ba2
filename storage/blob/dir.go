package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

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
	now   func() time.Time
}

var (
	_ Store   = (*Dir)(nil)
	_ Sweeper = (*Dir)(nil)
)

// tmp is the folder of files being written or removed; no Mandant is named so.
// A file there is named mandant~random while it is being written, and
// mandant~hash~random while it is being removed.
const (
	tmp = ".tmp"
	sep = "~"
)

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
	return &Dir{root: root, limit: o.limit(), now: o.now()}, nil
}

// Close frees the directory. Readers that are open stay usable.
func (d *Dir) Close() error { return d.root.Close() }

func folder(mandant tenant.ID, sum string) string {
	return filepath.Join(string(mandant), sum[:2], sum[2:4])
}

func name(mandant tenant.ID, sum string) string { return filepath.Join(folder(mandant, sum), sum) }

// randomName is 128 random bits.
func randomName() string { return rand.Text() }

// Put implements [Store].
func (d *Dir) Put(ctx context.Context, mandant tenant.ID, r io.Reader) (ref Ref, err error) {
	if err := Check(ctx, "blob.Put", mandant, nil); err != nil {
		return Ref{}, err
	}
	f, temp, err := d.create(mandant)
	if err != nil {
		return Ref{}, PutError("blob.Put", err)
	}
	defer func() {
		f.Close()
		if err != nil {
			_ = d.root.Remove(temp)
		}
	}()
	src := NewSource(ctx, r, d.limit)
	if _, err := io.Copy(f, src); err != nil {
		return Ref{}, PutError("blob.Put", err)
	}
	ref = src.Ref()
	if err := f.Sync(); err != nil {
		return Ref{}, PutError("blob.Put", err)
	}
	if err := d.makeFolder(mandant, ref); err != nil {
		return Ref{}, PutError("blob.Put", err)
	}
	// The age begins now: a sender may have kept the end to itself for long.
	now := d.now()
	if err := d.root.Chtimes(temp, now, now); err != nil {
		return Ref{}, PutError("blob.Put", err)
	}
	// Also if the content is there already: the new file is young and whole, so
	// it begins the age anew, in one step that no DeleteOlder can come between.
	if err := d.root.Rename(temp, name(mandant, ref.SHA512)); err != nil {
		return Ref{}, PutError("blob.Put", err)
	}
	if err := d.syncFolder(folder(mandant, ref.SHA512)); err != nil {
		return Ref{}, PutError("blob.Put", err)
	}
	return ref, nil
}

// create opens a new temporary file.
func (d *Dir) create(mandant tenant.ID) (*os.File, string, error) {
	for {
		temp := filepath.Join(tmp, string(mandant)+sep+randomName())
		f, err := d.root.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return f, temp, err
		}
	}
}

// makeFolder makes the folder of a file; a new folder is durable when the one
// above it is synced.
func (d *Dir) makeFolder(mandant tenant.ID, ref Ref) error {
	dir := folder(mandant, ref.SHA512)
	if _, err := d.root.Stat(dir); err == nil {
		return nil
	}
	above := "."
	for _, path := range []string{string(mandant), filepath.Dir(dir), dir} {
		switch err := d.root.Mkdir(path, 0o700); {
		case err == nil:
			if err := d.syncFolder(above); err != nil {
				return err
			}
		case !errors.Is(err, fs.ErrExist):
			return err
		}
		above = path
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
	if err := Check(ctx, "blob.Open", mandant, &ref); err != nil {
		return nil, err
	}
	f, err := find(d, mandant, ref.SHA512, d.root.Open)
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
	return Verify(f, ref), nil
}

func statError(op string, ref Ref, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fehler.New("blob."+op, ref.SHA512, fehler.ErrNotFound, nil)
	}
	return fehler.New("blob."+op, ref.SHA512, fehler.ErrUnavailable, err)
}

// Stat implements [Store].
func (d *Dir) Stat(ctx context.Context, mandant tenant.ID, ref Ref) error {
	if err := Check(ctx, "blob.Stat", mandant, &ref); err != nil {
		return err
	}
	info, err := find(d, mandant, ref.SHA512, d.root.Stat)
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
	if err := Check(ctx, "blob.Delete", mandant, &ref); err != nil {
		return err
	}
	if err := d.delete(mandant, ref.SHA512); err != nil {
		return fehler.New("blob.Delete", ref.SHA512, fehler.ErrUnavailable, err)
	}
	return nil
}

func (d *Dir) delete(mandant tenant.ID, sum string) error {
	err := d.root.Remove(name(mandant, sum))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	gone := err == nil
	asides, err := d.temporary(string(mandant) + sep + sum + sep)
	if err != nil {
		return err
	}
	for _, aside := range asides {
		if err := d.root.Remove(aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if !gone {
		return nil
	}
	return d.syncFolder(folder(mandant, sum))
}
