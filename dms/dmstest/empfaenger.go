package dmstest

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Verhalten is how the Empfaenger answers a container.
type Verhalten string

// The behaviours. A container that is not in order is refused under each of
// them but Stumm and Muell, as far as it can be read.
const (
	Erfolg    Verhalten = "erfolg"    // receipt if asked for, import answer: all objects
	Teilweise Verhalten = "teilweise" // import answer: the Vorgang, but not its first document
	Ablehnung Verhalten = "ablehnung" // import answer: nothing
	Spaet     Verhalten = "spaet"     // receipt now, import answer on Release
	Zweimal   Verhalten = "zweimal"   // every answer twice, under two names
	Muell     Verhalten = "muell"     // answers that are no XML, and XML that is no answer
	Stumm     Verhalten = "stumm"     // no answer at all
)

// NewEmpfaenger is the receiver for a sender that works below basis, see
// verzeichnis.Options.Basis; it archives below basis/archiv. The directories are
// made if they are missing.
func NewEmpfaenger(basis string) (*Empfaenger, error) {
	e := &Empfaenger{
		Eingang: filepath.Join(basis, "ausgang"), Ausgang: filepath.Join(basis, "eingang"), Archiv: filepath.Join(basis, "archiv"),
	}
	for _, d := range []string{e.Eingang, e.Ausgang, e.Archiv} {
		if err := os.MkdirAll(d, 0o750); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Empfaenger is a receiving DMS in a directory. Fill the fields, then call
// Scan as often as you like. It is safe for concurrent use; two of them must
// not share directories.
type Empfaenger struct {
	// Eingang is where containers arrive, Ausgang where answers are put,
	// Archiv where containers go once they were seen. All must exist.
	Eingang, Ausgang, Archiv string
	// Kodierer reads and writes; default xdomea 3.1.0.
	Kodierer *xdomea.Kodierer
	// Plan chooses the behaviour; default Erfolg for all.
	Plan func(prozessID string) Verhalten
	// Validate checks the message text, for example against the official
	// schema; an error refuses the container. Default none.
	Validate func(message []byte) error
	// Plain puts answers as bare .xml; default in containers.
	Plain bool
	// Now is the clock; default time.Now.
	Now func() time.Time

	mu        sync.Mutex
	seen      []Lieferung
	verspaete []func() error
}

// Lieferung is a container the Empfaenger took.
type Lieferung struct {
	Name      string // file name it arrived under
	ProzessID string // lower case, from the name
	SHA512    string // of the whole container
	// Paket as it was read, its files with SHA512; nil if it could not be read.
	Paket *dms.Paket
	// Probleme are the reasons for a refusal; empty if all was in order.
	Probleme fehler.Probleme
	// Verhalten it was answered with.
	Verhalten Verhalten
}

// Lieferungen gives what arrived so far, in order of arrival.
func (e *Empfaenger) Lieferungen() []Lieferung {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.seen)
}

// Scan takes every container that is in the Eingang now, imports it, answers
// it and moves it to the Archiv. It gives what it took. Hidden files are not
// looked at; anything else that is no container is a Lieferung with Probleme.
func (e *Empfaenger) Scan(ctx context.Context) ([]Lieferung, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list, err := os.ReadDir(e.Eingang)
	if err != nil {
		return nil, fehler.New("dmstest.Scan", "", fehler.ErrUnavailable, err)
	}
	var taken []Lieferung
	for _, entry := range list {
		if err := ctx.Err(); err != nil {
			return taken, err
		}
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		l, err := e.take(ctx, entry.Name())
		if err != nil {
			return taken, err
		}
		taken = append(taken, l)
		e.seen = append(e.seen, l)
		if err := e.answer(l); err != nil {
			return taken, err
		}
		if err := os.Rename(filepath.Join(e.Eingang, l.Name), filepath.Join(e.Archiv, fmt.Sprintf("%d_%s", len(e.seen), l.Name))); err != nil {
			return taken, fehler.New("dmstest.Scan", l.Name, fehler.ErrUnavailable, err)
		}
	}
	return taken, nil
}

// Watch scans every interval until the context ends; then it gives its error.
func (e *Empfaenger) Watch(ctx context.Context, interval time.Duration) error {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		if _, err := e.Scan(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
}

// Release sends the import answers that were held back by Spaet.
func (e *Empfaenger) Release() error {
	e.mu.Lock()
	held := e.verspaete
	e.verspaete = nil
	e.mu.Unlock()
	for _, f := range held {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func (e *Empfaenger) kodierer() *xdomea.Kodierer {
	if e.Kodierer != nil {
		return e.Kodierer
	}
	return xdomea.New(xdomea.V310(), nil)
}

func (e *Empfaenger) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

// take reads and checks one container. Everything wrong with it becomes a Problem.
func (e *Empfaenger) take(ctx context.Context, name string) (Lieferung, error) {
	l := Lieferung{Name: name, Verhalten: Erfolg}
	refuse := func(code, meldung string) {
		l.Probleme = append(l.Probleme, fehler.Problem{Code: code, Pfad: name, Meldung: meldung, Hinweis: "Die Abgabe wurde abgewiesen."})
	}
	n, ok := xdomea.ParseDateiname(name)
	if !ok || n.Nummer != "0401" || n.Endung == "xml" {
		refuse("dmstest.name", "name is not <ProzessID>_Abgabe.Abgabe.0401.zip")
		return l, nil
	}
	l.ProzessID = n.ProzessID
	if e.Plan != nil {
		l.Verhalten = e.Plan(n.ProzessID)
	}
	for _, before := range e.seen {
		if before.ProzessID == l.ProzessID {
			refuse("dmstest.doppelt", "this ProzessID arrived before")
		}
	}
	f, err := os.Open(filepath.Join(e.Eingang, name))
	if err != nil {
		return l, fehler.New("dmstest.Scan", name, fehler.ErrUnavailable, err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return l, fehler.New("dmstest.Scan", name, fehler.ErrUnavailable, err)
	}
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return l, fehler.New("dmstest.Scan", name, fehler.ErrUnavailable, err)
	}
	l.SHA512 = hex.EncodeToString(h.Sum(nil))
	c, err := e.kodierer().ReadContainer(ctx, f, fi.Size())
	if err == nil {
		err = c.Hash(ctx)
	}
	if ctx.Err() != nil {
		return l, ctx.Err()
	}
	if err != nil {
		refuse("dmstest.container", "container cannot be read: "+err.Error())
		l.Probleme = append(l.Probleme, fehler.ProblemeIn(err)...)
		return l, nil
	}
	if !strings.EqualFold(c.Paket.ProzessID, l.ProzessID) {
		refuse("dmstest.prozess", "ProzessID of message and name differ")
	}
	if strings.TrimSuffix(c.Nachricht, ".xml") != strings.TrimSuffix(name, filepath.Ext(name)) {
		refuse("dmstest.name", "message and container differ in name")
	}
	for _, d := range c.Dateien {
		if len(d) < 38 || !dms.IsUUID(d[:36]) || d[36] != '_' || !strings.Contains(d[37:], ".") {
			refuse("dmstest.dateiname", "file name is not <uuid>_<name>.<ext>")
		}
	}
	if e.Validate != nil {
		text, err := c.Message()
		if err == nil {
			err = e.Validate(text)
		}
		if err != nil {
			refuse("dmstest.schema", "message is not valid: "+err.Error())
		}
	}
	p := c.Paket
	detach(&p)
	l.Paket = &p
	return l, nil
}

// detach ends the tie to the container file, which is closed after import.
func detach(p *dms.Paket) {
	for d := range p.Dateien() {
		d.Open = func(context.Context) (io.ReadCloser, error) {
			return nil, fehler.New("dmstest.Open", d.ID, fehler.ErrNotFound, errors.New("content is not kept"))
		}
	}
}

// answer puts the answers the behaviour asks for.
func (e *Empfaenger) answer(l Lieferung) error {
	if l.Verhalten == Stumm || l.ProzessID == "" {
		return nil
	}
	if l.Verhalten == Muell {
		return e.garbage(l.ProzessID)
	}
	b := xdomea.Bestaetigung{
		Antwort:  dms.Antwort{ProzessID: l.ProzessID, Zeit: e.now().UTC().Truncate(time.Microsecond)},
		Absender: dms.Kontakt{Institution: "DMS"}, Empfaenger: dms.Kontakt{Institution: "Abgebende Stelle"},
		System: dms.System{Produkt: "dmstest"},
	}
	if l.Paket != nil {
		b.Antwort.ProzessID = l.Paket.ProzessID
		b.Absender, b.Empfaenger = l.Paket.Empfaenger, l.Paket.Absender
	}
	times := 1
	if l.Verhalten == Zweimal {
		times = 2
	}
	result := b
	result.Antwort.Objekte = results(l)
	result.Antwort.Art = dms.SummariseArt(result.Antwort.Objekte)
	for i := range times {
		if l.Paket != nil && l.Paket.WithReceipt {
			receipt := b
			receipt.Antwort.Art = dms.AntwortEmpfangen
			if err := e.put(receipt, i); err != nil {
				return err
			}
		}
		if l.Verhalten == Spaet {
			e.verspaete = append(e.verspaete, func() error { return e.put(result, 0) })
			continue
		}
		if err := e.put(result, i); err != nil {
			return err
		}
	}
	return nil
}

// results: without a readable Paket the ProzessID stands for the object.
func results(l Lieferung) []dms.ObjektErgebnis {
	if l.Paket == nil || len(l.Probleme) > 0 || l.Verhalten == Ablehnung {
		o := dms.ObjektErgebnis{ID: l.ProzessID, Meldungen: []string{"abgelehnt"}}
		if l.Paket != nil {
			o.ID = l.Paket.Vorgang.ID
		}
		for _, p := range l.Probleme {
			o.Meldungen = append(o.Meldungen, p.Code)
		}
		return []dms.ObjektErgebnis{o}
	}
	var out []dms.ObjektErgebnis
	if l.Paket.Akte != nil {
		out = append(out, dms.ObjektErgebnis{ID: l.Paket.Akte.ID, Erfolgreich: true})
	}
	out = append(out, dms.ObjektErgebnis{ID: l.Paket.Vorgang.ID, Erfolgreich: true})
	for i, d := range l.Paket.Vorgang.Dokumente {
		o := dms.ObjektErgebnis{ID: d.ID, Erfolgreich: true}
		if l.Verhalten == Teilweise && i == 0 {
			o.Erfolgreich, o.Meldungen = false, []string{"Format nicht zugelassen"}
		}
		out = append(out, o)
	}
	if l.Verhalten == Teilweise && len(l.Paket.Vorgang.Dokumente) == 0 {
		out = append(out, dms.ObjektErgebnis{ID: ID("nichts"), Meldungen: []string{"nicht übernommen"}})
	}
	return out
}

// Put places an answer in the Ausgang as a receiver does: complete or not at
// all. Use it to answer what was never sent.
func (e *Empfaenger) Put(a dms.Antwort) error {
	return e.put(xdomea.Bestaetigung{Antwort: a, Absender: dms.Kontakt{Institution: "DMS"}, Empfaenger: dms.Kontakt{Institution: "Abgebende Stelle"}}, 0)
}

func (e *Empfaenger) put(b xdomea.Bestaetigung, again int) error {
	k := e.kodierer()
	endung, write := "zip", k.WriteAntwortContainer
	if e.Plain {
		endung, write = "xml", k.WriteAntwort
	}
	name := k.AntwortName(b.Antwort, endung)
	if again > 0 {
		name = strings.TrimSuffix(name, "."+endung) + fmt.Sprintf("_%d.%s", again+1, endung)
	}
	return e.place(name, func(w io.Writer) error { return write(w, b) })
}

func (e *Empfaenger) garbage(prozess string) error {
	err := e.place(prozess+"_Abgabe.ImportBestaetigen.0402.xml", func(w io.Writer) error {
		_, err := io.WriteString(w, "this is no XML \x00")
		return err
	})
	if err != nil {
		return err
	}
	return e.place(prozess+"_Abgabe.EmpfangBestaetigen.0403.zip", func(w io.Writer) error {
		_, err := io.WriteString(w, "PK\x03\x04 cut off")
		return err
	})
}

func (e *Empfaenger) place(name string, write func(io.Writer) error) error {
	tmp := filepath.Join(e.Ausgang, "."+name)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err == nil {
		err = write(f)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}
	if err == nil {
		err = os.Rename(tmp, filepath.Join(e.Ausgang, name))
	}
	if err != nil {
		if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
			return fehler.New("dmstest.Put", name, fehler.ErrUnavailable, err)
		}
		return fehler.New("dmstest.Put", name, nil, err)
	}
	return nil
}
