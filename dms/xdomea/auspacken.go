package xdomea

import (
	"archive/zip"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Container is a container 0401 somebody sent. Its Paket opens the files from
// the archive it was read from, which must stay open as long.
type Container struct {
	Gelesen
	// Nachricht is the name of the message in the archive.
	Nachricht string
	// Dateien are the names of the referenced files, in the order of Paket.Dateien.
	Dateien []string

	archiv *archiv
}

// ReadContainer reads a container 0401: structure of the archive, the message,
// and that every referenced file is there and no other. Findings about the
// content are fehler.Probleme. Sizes come from the archive; SHA512 of the
// files is empty until [Container.Hash].
func (k *Kodierer) ReadContainer(ctx context.Context, r io.ReaderAt, size int64) (*Container, error) {
	c, err := k.readContainer(ctx, r, size)
	if err != nil {
		return nil, readError("xdomea.ReadContainer", err)
	}
	return c, nil
}

func (k *Kodierer) readContainer(ctx context.Context, r io.ReaderAt, size int64) (*Container, error) {
	a, err := k.openArchiv(r, size)
	if err != nil {
		return nil, err
	}
	c := &Container{archiv: a, Nachricht: a.nachricht.Name}
	mr, err := a.open(a.nachricht, k.grenzen.MaxXML)
	if err != nil {
		return nil, err
	}
	defer mr.Close()
	g, namen, err := k.readAbgabe(ctx, mr, func(name string) *zip.File { return a.dateien[name] }, a)
	if err != nil {
		return nil, err
	}
	c.Gelesen, c.Dateien = *g, namen
	if err := a.check(namen); err != nil {
		return nil, err
	}
	return c, nil
}

// check tells whether the archive holds the files that are named and no other.
func (a *archiv) check(namen []string) error {
	seen := map[string]bool{}
	var pr fehler.Probleme
	for _, n := range namen {
		if a.dateien[n] == nil {
			pr = append(pr, problem("xdomea.datei-fehlt", n, "referenced file is not in the container",
				"Eine in der Nachricht genannte Datei fehlt im Container."))
		}
		if seen[n] {
			pr = append(pr, problem("xdomea.datei-doppelt", n, "file is referenced twice",
				"Eine Datei wird in der Nachricht mehrfach genannt."))
		}
		seen[n] = true
	}
	for _, f := range a.reihenfolge {
		if !seen[f] {
			pr = append(pr, problem("xdomea.datei-verwaist", f, "file is in the container but not referenced",
				"Der Container enthält eine Datei, die in der Nachricht nicht vorkommt."))
		}
	}
	if len(pr) > 0 {
		return pr[:min(len(pr), 100)]
	}
	return nil
}

// Sendung is a container of any message somebody sent. Its files are opened from the
// archive it was read from, which must stay open as long.
type Sendung struct {
	Nachricht
	// Name is the name of the message in the archive.
	Name string

	archiv *archiv
}

// Unpack reads the container of any message, with the checks of [Kodierer.ReadContainer].
func (k *Kodierer) Unpack(ctx context.Context, r io.ReaderAt, size int64) (*Sendung, error) {
	s, err := k.unpack(ctx, r, size)
	if err != nil {
		return nil, readError("xdomea.Unpack", err)
	}
	return s, nil
}

func (k *Kodierer) unpack(ctx context.Context, r io.ReaderAt, size int64) (*Sendung, error) {
	a, err := k.openArchiv(r, size)
	if err != nil {
		return nil, err
	}
	mr, err := a.open(a.nachricht, k.grenzen.MaxXML)
	if err != nil {
		return nil, err
	}
	defer mr.Close()
	n, m, err := k.read(ctx, mr, func(name string) *zip.File { return a.dateien[name] }, a, "")
	if err != nil {
		return nil, err
	}
	if err := a.check(m.reihe); err != nil {
		return nil, err
	}
	return &Sendung{Nachricht: *n, Name: a.nachricht.Name, archiv: a}, nil
}

// Hash is [Container.Hash] for any message.
func (s *Sendung) Hash(ctx context.Context) error { return hashFiles(ctx, s.Dateien()) }

// Hash reads every file once, checks its size and checksum in the archive and
// fills in Datei.SHA512 of the Paket.
func (c *Container) Hash(ctx context.Context) error { return hashFiles(ctx, c.Paket.Dateien()) }

func hashFiles(ctx context.Context, ds iter.Seq[*dms.Datei]) error {
	for d := range ds {
		rc, err := d.Open(ctx)
		if err != nil {
			return readError("xdomea.Hash", err)
		}
		h := sha512.New()
		n, err := io.Copy(h, ctxReader{ctx, rc})
		rc.Close()
		if err == nil && n != d.Groesse {
			err = fmt.Errorf("size differs from the directory of the archive")
		}
		if err != nil {
			return readError("xdomea.Hash", err)
		}
		d.SHA512 = hex.EncodeToString(h.Sum(nil))
	}
	return nil
}

// Message gives the text of the message, for example to validate it.
func (c *Container) Message() ([]byte, error) {
	rc, err := c.archiv.open(c.archiv.nachricht, c.archiv.grenzen.MaxXML)
	if err != nil {
		return nil, readError("xdomea.Message", err)
	}
	defer rc.Close()
	text, err := io.ReadAll(rc)
	if err != nil {
		return nil, readError("xdomea.Message", err)
	}
	return text, nil
}

type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// archiv is a checked ZIP directory.
type archiv struct {
	nachricht   *zip.File
	dateien     map[string]*zip.File
	reihenfolge []string
	grenzen     Grenzen
}

// openArchiv refuses what a container never has: paths, folders, links,
// encryption, names that differ in case only, more than one message, and sizes
// or ratios beyond the limits.
func (k *Kodierer) openArchiv(r io.ReaderAt, size int64) (*archiv, error) {
	g := k.grenzen
	if size < 22 {
		return nil, problemErr("xdomea.archiv", "", "not a ZIP container", "Die Datei ist kein lesbarer ZIP-Container.")
	}
	budget := &verzeichnisbudget{r: r, rest: int64(g.MaxEintraege)*256 + 1<<20}
	zr, err := zip.NewReader(budget, size)
	budget.offen = true
	if err != nil {
		return nil, problemErr("xdomea.archiv", "", "not a ZIP container", "Die Datei ist kein lesbarer ZIP-Container.")
	}
	if len(zr.File) > g.MaxEintraege {
		return nil, problemErr("xdomea.archiv-grenze", "", "too many entries", "Der Container enthält zu viele Dateien.")
	}
	a := &archiv{dateien: map[string]*zip.File{}, grenzen: g}
	lower := map[string]bool{}
	var total uint64
	for i, f := range zr.File {
		at := fmt.Sprintf("entry %d", i)
		switch {
		case !safeEntry(f.Name):
			return nil, problemErr("xdomea.archiv-name", at, "unsafe entry name", "Ein Dateiname im Container ist unzulässig.")
		case !f.Mode().IsRegular() || f.Flags&1 != 0 || f.Method != zip.Store && f.Method != zip.Deflate:
			return nil, problemErr("xdomea.archiv-art", at, "entry is no plain file, is encrypted or uses another method",
				"Der Container enthält einen unzulässigen Eintrag (Ordner, Verknüpfung oder verschlüsselt).")
		case lower[strings.ToLower(f.Name)]:
			return nil, problemErr("xdomea.archiv-doppelt", at, "entry name occurs twice", "Ein Dateiname kommt im Container mehrfach vor.")
		}
		lower[strings.ToLower(f.Name)] = true
		u, z := f.UncompressedSize64, f.CompressedSize64
		total += min(u, 1<<62) // sizes are claims: no overflow
		if u > uint64(g.MaxDatei) || total > uint64(g.MaxGesamt) || u > 1<<20 && u/uint64(g.MaxVerhaeltnis) > z {
			return nil, problemErr("xdomea.archiv-grenze", at, "entry exceeds size or ratio", "Eine Datei im Container ist zu groß oder auffällig stark komprimiert.")
		}
		if n, ok := ParseDateiname(f.Name); ok && n.Endung == "xml" {
			if a.nachricht != nil {
				return nil, problemErr("xdomea.archiv-nachricht", at, "more than one message", "Der Container enthält mehr als eine Nachricht.")
			}
			a.nachricht = f
			continue
		}
		a.dateien[f.Name] = f
		a.reihenfolge = append(a.reihenfolge, f.Name)
	}
	if a.nachricht == nil {
		return nil, problemErr("xdomea.archiv-nachricht", "", "no message in the container", "Der Container enthält keine xdomea-Nachricht.")
	}
	return a, nil
}

// safeEntry: one path element, printable, no hidden file.
func safeEntry(name string) bool {
	if name == "" || len(name) > 255 || name[0] == '.' || strings.ContainsAny(name, "/\\:") {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f || r == 0xFFFD })
}

// verzeichnisbudget bounds what archive/zip reads of the directory: the count
// of entries an archive states may lie, its bytes do not.
type verzeichnisbudget struct {
	r     io.ReaderAt
	rest  int64
	offen bool
}

func (v *verzeichnisbudget) ReadAt(p []byte, off int64) (int, error) {
	if !v.offen {
		if v.rest -= int64(len(p)); v.rest < 0 {
			return 0, fmt.Errorf("directory of the archive is too large")
		}
	}
	return v.r.ReadAt(p, off)
}

// open gives the content of an entry, never more than its claimed size or limit.
func (a *archiv) open(f *zip.File, limit int64) (io.ReadCloser, error) {
	if f.UncompressedSize64 > uint64(limit) {
		return nil, problemErr("xdomea.archiv-grenze", "", "entry exceeds size", "Eine Datei im Container ist zu groß.")
	}
	rc, err := f.Open()
	if err != nil {
		return nil, err
	}
	return &begrenzt{ReadCloser: rc, rest: int64(f.UncompressedSize64)}, nil
}

// begrenzt fails when there is more than promised.
type begrenzt struct {
	io.ReadCloser
	rest int64
}

func (b *begrenzt) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.rest -= int64(n); b.rest < 0 {
		return 0, fmt.Errorf("entry is larger than stated")
	}
	return n, err
}

func (a *archiv) oeffner(f *zip.File) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return a.open(f, a.grenzen.MaxDatei)
	}
}

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}

func problemErr(code, pfad, meldung, hinweis string) error {
	return fehler.Probleme{problem(code, pfad, meldung, hinweis)}
}
