// Package ordner hands over through directories: each Sendung becomes a directory with
// the event, the files and a manifest of hashes, and answers are picked up from another
// directory.
//
// A delivery appears under its name, the id of the Sendung, only when it is complete: it
// is written under a hidden name, all of it flushed to disk, renamed, and the parent is
// flushed. A receipt per Sendung keeps repeats out across restarts, and even after the
// receiver took the delivery away.
//
//	<Ausgang>/<id>/ereignis.json    CloudEvent with the Sendung
//	<Ausgang>/<id>/dateien/<id>     the files, by their ids; names are in the event
//	<Ausgang>/<id>/manifest.json    path, size and SHA-512 of each
//
// An answer is a file with the ending ".antwort": the three headers of the signature,
// one per line, an empty line, and the bytes of the event. The receiver writes it under
// another ending and renames it.
//
// Entries that are no plain files are never opened. One process uses the directories of
// a target at a time for one id; the lease of the outbox sees to that.
package ordner

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Params of a Ziel. All but Eingang are mandatory; the directories exist, each is
// another one, and they belong to one Mandant.
type Params struct {
	Name   string
	Quelle string
	// Ausgang takes deliveries; Belege keeps our receipts, on a local disk.
	Ausgang, Belege string
	// Eingang is where answers are put and Erledigt where those go that are done, on
	// one file system; both empty: there are no answers.
	Eingang, Erledigt string
}

// Options; nil means defaults.
type Options struct {
	Now func() time.Time
	// MaxAntwort is the size of one answer; default 16 MiB. MaxAntworten is how many
	// come at once; default 1000.
	MaxAntwort   int64
	MaxAntworten int
}

// Ziel is a Fachverfahren behind directories. Safe for concurrent use.
type Ziel struct {
	p                                  Params
	o                                  Options
	ausgang, belege, eingang, erledigt *os.Root
	mu                                 sync.Mutex // one Sendung at a time
}

var (
	_ uebergabe.Ziel        = (*Ziel)(nil)
	_ uebergabe.Rueckmelder = (*Ziel)(nil)
)

// New opens the directories. Wrong params are fehler.ErrInvalid, missing directories
// fehler.ErrUnavailable.
func New(p Params, o *Options) (*Ziel, error) {
	z := &Ziel{p: p}
	if o != nil {
		z.o = *o
	}
	if z.o.Now == nil {
		z.o.Now = time.Now
	}
	if z.o.MaxAntwort <= 0 {
		z.o.MaxAntwort = 16 << 20
	}
	if z.o.MaxAntworten <= 0 {
		z.o.MaxAntworten = 1000
	}
	if p.Name == "" || p.Quelle == "" || p.Ausgang == "" || p.Belege == "" || (p.Eingang == "") != (p.Erledigt == "") {
		return nil, fehler.New("ordner.New", p.Name, fehler.ErrInvalid,
			errors.New("Name, Quelle, Ausgang and Belege are mandatory, Eingang and Erledigt go together"))
	}
	seen := map[string]bool{}
	for _, d := range []struct {
		path string
		root **os.Root
	}{{p.Ausgang, &z.ausgang}, {p.Belege, &z.belege}, {p.Eingang, &z.eingang}, {p.Erledigt, &z.erledigt}} {
		if d.path == "" {
			continue
		}
		r, err := os.OpenRoot(d.path)
		if err != nil {
			_ = z.Close()
			return nil, fehler.New("ordner.New", p.Name, fehler.ErrUnavailable, err)
		}
		*d.root = r
		if fi, err := os.Stat(d.path); err == nil {
			for other := range seen {
				if oi, err := os.Stat(other); err == nil && os.SameFile(fi, oi) {
					_ = z.Close()
					return nil, fehler.New("ordner.New", p.Name, fehler.ErrInvalid, errors.New("the directories must differ"))
				}
			}
		}
		seen[d.path] = true
	}
	return z, nil
}

// Close releases the directories.
func (z *Ziel) Close() error {
	var errs []error
	for _, r := range []*os.Root{z.ausgang, z.belege, z.eingang, z.erledigt} {
		if r != nil {
			errs = append(errs, r.Close())
		}
	}
	return errors.Join(errs...)
}

// Name implements uebergabe.Ziel.
func (z *Ziel) Name() string { return z.p.Name }

// beleg is what is remembered of a Sendung. It is written when the hidden directory is
// complete and before it is renamed: while that one is there, it was not delivered.
type beleg struct {
	Pruefsumme string    `json:"pruefsumme"`
	Zeit       time.Time `json:"zeit"`
}

// Eintrag is one line of the manifest.
type Eintrag struct {
	Pfad    string `json:"pfad"` // below the delivery, with slashes
	Groesse int64  `json:"groesse"`
	SHA512  string `json:"sha512"`
}

// Manifest is manifest.json: written last, it names all other files.
type Manifest struct {
	Sendung string    `json:"sendung"`
	Dateien []Eintrag `json:"dateien"`
}

// Uebergeben implements uebergabe.Ziel. Another Sendung under a known id is
// fehler.ErrConflict.
func (z *Ziel) Uebergeben(ctx context.Context, s *uebergabe.Sendung) (uebergabe.Quittung, error) {
	wiederholt, zeit, err := z.uebergeben(ctx, s)
	if err != nil {
		art := error(nil)
		var pe *fs.PathError
		var le *os.LinkError
		switch {
		case errors.As(err, &pe), errors.As(err, &le):
			art = fehler.ErrUnavailable
		case errors.Is(err, errAndere):
			art = fehler.ErrConflict
		case len(fehler.ProblemeIn(err)) > 0:
			art = fehler.ErrInvalid
		}
		return uebergabe.Quittung{}, fehler.New("ordner.Uebergeben", s.ID.String(), art, err)
	}
	return uebergabe.Quittung{Sendung: s.ID, Ziel: z.p.Name, Kennung: s.ID.String(), Zeit: zeit, Wiederholt: wiederholt}, nil
}

var errAndere = errors.New("another Sendung has this id")

func (z *Ziel) uebergeben(ctx context.Context, s *uebergabe.Sendung) (bool, time.Time, error) {
	if err := ctx.Err(); err != nil {
		return false, time.Time{}, err
	}
	if err := s.Check(); err != nil {
		return false, time.Time{}, err
	}
	sum, err := s.Pruefsumme()
	if err != nil {
		return false, time.Time{}, err
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	name := s.ID.String()
	versteckt := "." + name + ".part"
	var b beleg
	switch raw, err := readPlain(z.belege, name+".json", 1<<16); {
	case errors.Is(err, fs.ErrNotExist):
		if err := z.ausgang.RemoveAll(versteckt); err != nil { // of a try that was never promised
			return false, time.Time{}, err
		}
		if _, err := z.ausgang.Lstat(name); err == nil {
			return false, time.Time{}, errAndere // something we did not put there
		}
		if err := z.write(ctx, versteckt, s); err != nil {
			return false, time.Time{}, errors.Join(err, z.ausgang.RemoveAll(versteckt))
		}
		b = beleg{Pruefsumme: sum, Zeit: z.o.Now().UTC()}
		if err := z.writeBeleg(name, b); err != nil {
			return false, time.Time{}, err
		}
	case err != nil:
		return false, time.Time{}, err
	case json.Unmarshal(raw, &b) != nil || b.Pruefsumme != sum:
		return false, time.Time{}, errAndere
	default:
		if _, err := z.ausgang.Lstat(versteckt); errors.Is(err, fs.ErrNotExist) {
			return true, b.Zeit, nil
		} else if err != nil {
			return false, time.Time{}, err
		}
	}
	if err := z.ausgang.Rename(versteckt, name); err != nil {
		return false, time.Time{}, err
	}
	return false, b.Zeit, syncDir(z.ausgang, ".")
}

// write makes the hidden directory, complete and flushed.
func (z *Ziel) write(ctx context.Context, dir string, s *uebergabe.Sendung) error {
	if err := z.ausgang.Mkdir(dir, 0o750); err != nil {
		return err
	}
	if err := z.ausgang.Mkdir(path.Join(dir, "dateien"), 0o750); err != nil {
		return err
	}
	m := Manifest{Sendung: s.ID.String()}
	ereignis, err := s.Ereignis(z.p.Quelle, func(d uebergabe.Datei) (string, error) { return pfad(d), nil }, "")
	if err != nil {
		return err
	}
	put := func(name string, content func(io.Writer) error) error {
		f, err := z.ausgang.OpenFile(path.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
		if err != nil {
			return err
		}
		h := sha512.New()
		c := &zaehler{}
		err = content(io.MultiWriter(f, h, c))
		if err == nil {
			err = f.Sync()
		}
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		m.Dateien = append(m.Dateien, Eintrag{Pfad: name, Groesse: c.n, SHA512: hex.EncodeToString(h.Sum(nil))})
		return err
	}
	bytesOf := func(b []byte) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.Copy(w, bytes.NewReader(b)); return err }
	}
	if err := put("ereignis.json", bytesOf(ereignis)); err != nil {
		return err
	}
	for _, d := range s.Dateien {
		if err := put(pfad(d), func(w io.Writer) error { return d.CopyTo(ctx, w) }); err != nil {
			return err
		}
	}
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := put("manifest.json", bytesOf(append(manifest, '\n'))); err != nil {
		return err
	}
	return errors.Join(syncDir(z.ausgang, path.Join(dir, "dateien")), syncDir(z.ausgang, dir), syncDir(z.ausgang, "."))
}

func pfad(d uebergabe.Datei) string { return "dateien/" + d.ID.String() }

type zaehler struct{ n int64 }

func (z *zaehler) Write(p []byte) (int, error) { z.n += int64(len(p)); return len(p), nil }

func (z *Ziel) writeBeleg(name string, b beleg) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return err
	}
	tmp := "." + name + ".tmp"
	f, err := z.belege.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = z.belege.Rename(tmp, name+".json")
	}
	if err == nil {
		err = syncDir(z.belege, ".")
	}
	return err
}

// syncDir makes entries durable. Windows has no such call and needs none.
func syncDir(root *os.Root, name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := root.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
