package xta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The folders below the directory.
const (
	OrdnerEingang   = "eingang"
	OrdnerErledigt  = "done"
	OrdnerAbgelehnt = "failed"
)

// GrundDatei lies beside a message in [OrdnerAbgelehnt] and says why.
const GrundDatei = "grund.json"

// VerzeichnisOptions of [OpenVerzeichnis]; nil means defaults.
type VerzeichnisOptions struct {
	// Marke is a file whose presence says that the folder is complete; empty means that
	// a folder is complete when it has its name. It is no part of the message.
	Marke string
	// Dateien in one folder at most; default 200.
	Dateien int
}

// Verzeichnis is a Transport of folders: one for each message below "eingang", put
// together under a name that begins with a dot or ends in ".tmp" and then renamed. In it
// lie the file "nachricht" (with any extension), optionally "metadaten.xml", and the
// attachments. When its outcome is durable a folder moves to "done"; one that cannot be a
// message moves to "failed", with the reason. Nothing is deleted.
//
// Only regular files count: links, devices and folders within a message fail it, and
// nothing outside of the directory is ever opened. Folders are taken in the order of
// their names.
type Verzeichnis struct {
	root *os.Root
	o    VerzeichnisOptions
}

var _ Transport = (*Verzeichnis)(nil)

// OpenVerzeichnis opens a directory and makes the folders in it that are missing.
func OpenVerzeichnis(dir string, o *VerzeichnisOptions) (*Verzeichnis, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fehler.New("xta.OpenVerzeichnis", "", fehler.ErrInvalid, err)
	}
	v := &Verzeichnis{root: root}
	if o != nil {
		v.o = *o
	}
	if v.o.Dateien <= 0 {
		v.o.Dateien = 200
	}
	for _, d := range []string{OrdnerEingang, OrdnerErledigt, OrdnerAbgelehnt} {
		if err := root.Mkdir(d, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, errors.Join(fehler.New("xta.OpenVerzeichnis", d, fehler.ErrUnavailable, err), root.Close())
		}
	}
	return v, nil
}

// Close releases the directory; no Teil can be opened then.
func (v *Verzeichnis) Close() error { return v.root.Close() }

// list gives the entries of a folder by name, and no more than max of them.
func (v *Verzeichnis) list(name string, max int) ([]fs.DirEntry, bool, error) {
	d, err := v.root.Open(name)
	if err != nil {
		return nil, false, err
	}
	defer d.Close()
	all, err := d.ReadDir(-1)
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return all[:min(len(all), max)], len(all) > max, nil
}

func unfertig(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".tmp")
}

// Messages implements [Transport].
func (v *Verzeichnis) Messages(ctx context.Context) iter.Seq2[Nachricht, error] {
	return func(yield func(Nachricht, error) bool) {
		all, _, err := v.list(OrdnerEingang, 1<<30)
		if err != nil {
			yield(Nachricht{}, fehler.New("xta.Messages", "", fehler.ErrUnavailable, err))
			return
		}
		for _, e := range all {
			if ctx.Err() != nil {
				return
			}
			if unfertig(e.Name()) || v.o.Marke != "" && e.IsDir() && !v.regular(path.Join(OrdnerEingang, e.Name(), v.o.Marke)) {
				continue
			}
			m, err := v.message(e)
			m.Kennung = e.Name()
			if !yield(m, err) {
				return
			}
		}
	}
}

func (v *Verzeichnis) regular(name string) bool {
	i, err := v.root.Lstat(name)
	return err == nil && i.Mode().IsRegular()
}

func problem(code, meldung, hinweis string) fehler.Probleme {
	return fehler.Probleme{{Code: "xta." + code, Pfad: "ordner", Meldung: meldung, Hinweis: hinweis}}
}

func (v *Verzeichnis) message(e fs.DirEntry) (m Nachricht, err error) {
	if !e.IsDir() {
		return m, problem("kein-ordner", "an entry that is no folder", "Im Eingang liegt etwas, das kein Ordner einer Nachricht ist.")
	}
	dir := path.Join(OrdnerEingang, e.Name())
	all, mehr, err := v.list(dir, v.o.Dateien)
	if err != nil {
		return m, fehler.New("xta.Messages", "", fehler.ErrUnavailable, err)
	}
	if mehr {
		return m, problem("zu-viele-dateien", fmt.Sprintf("more than %d files", v.o.Dateien), "Der Ordner der Nachricht enthält zu viele Dateien.")
	}
	found := false
	for _, f := range all {
		name := f.Name()
		if !f.Type().IsRegular() {
			return m, problem("keine-datei", "a link, device or folder within the message", "Der Ordner der Nachricht enthält eine Verknüpfung oder etwas anderes, das keine Datei ist.")
		}
		t := intake.Teil{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte("xta/"+e.Name()+"/"+name)), Name: name, MIME: mimeOf(name), Zweck: vorgang.ZweckAnlage, Open: v.opener(path.Join(dir, name))}
		switch {
		case name == v.o.Marke && v.o.Marke != "":
		case name == "metadaten.xml":
			m.Metadaten = &t
		case strings.TrimSuffix(name, path.Ext(name)) == "nachricht":
			if found {
				return m, problem("nachricht-doppelt", "two files named nachricht", "Der Ordner enthält zwei Dateien mit dem Namen „nachricht“.")
			}
			m.Inhalt, found = t, true
		default:
			m.Anlagen = append(m.Anlagen, t)
		}
	}
	if !found {
		return m, problem("nachricht-fehlt", "no file named nachricht", "Dem Ordner fehlt die Datei „nachricht“.")
	}
	return m, nil
}

// mimeOf says how to read the form; for attachments the content decides anyway.
func mimeOf(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".xml":
		return "application/xml"
	case ".json":
		return "application/json"
	case ".pdf":
		return "application/pdf"
	}
	return "application/octet-stream"
}

// opener opens a file that is still the regular one that was listed.
func (v *Verzeichnis) opener(name string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		before, err := v.root.Lstat(name)
		if err != nil || !before.Mode().IsRegular() {
			return nil, fehler.New("xta.Open", "", fehler.ErrUnavailable, errors.Join(err, errors.New("the file is no longer there")))
		}
		f, err := v.root.Open(name)
		if err != nil {
			return nil, fehler.New("xta.Open", "", fehler.ErrUnavailable, err)
		}
		if now, err := f.Stat(); err != nil || !os.SameFile(before, now) {
			return nil, fehler.New("xta.Open", "", fehler.ErrUnavailable, errors.Join(err, f.Close(), errors.New("the file was exchanged")))
		}
		return f, nil
	}
}

// Done implements [Transport].
func (v *Verzeichnis) Done(_ context.Context, kennung string) error {
	ziel, err := v.frei(kennung, OrdnerErledigt)
	if err != nil {
		return err
	}
	return v.move(kennung, ziel)
}

// Failed implements [Transport]. The reason is there before the folder moves.
func (v *Verzeichnis) Failed(_ context.Context, kennung string, p fehler.Probleme) error {
	grund, err := json.MarshalIndent(struct {
		Probleme fehler.Probleme `json:"probleme"`
	}{p}, "", "  ")
	if err != nil {
		return err
	}
	ziel, err := v.frei(kennung, OrdnerAbgelehnt)
	if err != nil {
		return err
	}
	// Beside it, not within: what lies there is as it came.
	if err := v.root.WriteFile(ziel+"."+GrundDatei, grund, 0o600); err != nil {
		return fehler.New("xta.Failed", "", fehler.ErrUnavailable, err)
	}
	return v.move(kennung, ziel)
}

// frei gives a name below to that nothing has.
func (v *Verzeichnis) frei(kennung, to string) (string, error) {
	if kennung == "" || kennung != path.Base(kennung) || kennung == "." || kennung == ".." {
		return "", fehler.New("xta.move", "", fehler.ErrInvalid, errors.New("no name of a message"))
	}
	for n := 1; n < 10_000; n++ {
		ziel := path.Join(to, kennung)
		if n > 1 {
			ziel = fmt.Sprintf("%s~%d", ziel, n)
		}
		_, err := v.root.Lstat(ziel)
		if errors.Is(err, fs.ErrNotExist) {
			return ziel, nil
		}
		if err != nil {
			return "", fehler.New("xta.move", "", fehler.ErrUnavailable, err)
		}
	}
	return "", fehler.New("xta.move", "", fehler.ErrConflict, errors.New("no free name"))
}

func (v *Verzeichnis) move(kennung, ziel string) error {
	if err := v.root.Rename(path.Join(OrdnerEingang, kennung), ziel); err != nil {
		return fehler.New("xta.move", "", fehler.ErrUnavailable, err)
	}
	return nil
}
