package xdomea

import (
	"bytes"
	"compress/flate"
	"context"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Bestaetigung is an answer to write or as it was read: a receipt if Antwort.Art is
// dms.AntwortEmpfangen, otherwise an import answer.
type Bestaetigung struct {
	Antwort dms.Antwort
	// Absender answers, Empfaenger handed over.
	Absender, Empfaenger dms.Kontakt
	System               dms.System
	// Nummer of the message: the receipts 0102, 0403, 0504, 0505, 0507 and 0629, the
	// import answers 0402, 0506 and 0630. Empty is 0403 or 0402.
	Nummer string
	// NachrichtID is the id of the answer and Bezug of what it answers (4.0.0).
	NachrichtID, Bezug string
	// Session is the FVSessionID of 0630.
	Session string
}

var (
	empfangsnummern = []string{"0102", "0403", "0504", "0505", "0507", "0629"}
	importnummern   = []string{"0402", "0506", "0630"}
)

func (b *Bestaetigung) nummer() string {
	switch {
	case b.Nummer != "":
		return b.Nummer
	case b.Antwort.Art == dms.AntwortEmpfangen:
		return "0403"
	}
	return "0402"
}

// WriteAntwort writes an answer. An import answer needs at least one object (0630 may
// have none); its Art must agree with the objects. Meldungen go into the Hinweis of
// the head, those of 0630 into its result. 2.x has one result for all objects of 0402
// and 0506: it is positive only if all are. A message the version does not have is
// fehler.ErrUnsupported.
func (k *Kodierer) WriteAntwort(w io.Writer, b Bestaetigung) error {
	if err := k.writeAntwort(w, &b); err != nil {
		return fehler.New("xdomea.WriteAntwort", b.Antwort.ProzessID, nil, err)
	}
	return nil
}

func (k *Kodierer) writeAntwort(w io.Writer, b *Bestaetigung) error {
	fail := func(meldung string) error {
		return problemErr("xdomea.antwort", "", meldung, "Die Antwort kann nicht geschrieben werden.")
	}
	a, nr := &b.Antwort, b.nummer()
	receipt := a.Art == dms.AntwortEmpfangen
	switch {
	case !dms.IsUUID(a.ProzessID) || a.Zeit.IsZero() || b.Absender.IsZero() || b.Empfaenger.IsZero():
		return fail("ProzessID, Zeit, Absender and Empfaenger are required")
	case receipt && !slices.Contains(empfangsnummern, nr), !receipt && !slices.Contains(importnummern, nr):
		return fail("the message does not agree with the kind of answer")
	case receipt && len(a.Objekte) > 0:
		return fail("a receipt has no objects")
	case !receipt && len(a.Objekte) == 0 && nr != "0630":
		return fail("an import answer needs an object")
	case !receipt && len(a.Objekte) > 0 && a.Art != dms.SummariseArt(a.Objekte):
		return fail("the kind of answer does not agree with its objects")
	case k.profil.Nachrichtenkopf && !dms.IsUUID(b.Bezug):
		return fail("the id of the message that is answered is required")
	}
	for _, o := range a.Objekte {
		if !dms.IsUUID(o.ID) && (nr != "0630" || o.ID != "") {
			return fail("object id is not a UUID")
		}
		for _, c := range o.Codes {
			if c.Wert == "" || c.Liste == "" || c.Version == "" && !isRueckmeldung(c) {
				return fail("an error code needs its list and version")
			}
		}
	}
	kopf := kopfdaten{Kopf: dms.Kopf{ProzessID: a.ProzessID, NachrichtID: b.NachrichtID, Bezug: b.Bezug, Erstellt: a.Zeit,
		Absender: b.Absender, Empfaenger: b.Empfaenger, System: b.System}, session: b.Session}
	if nr != "0630" {
		kopf.Hinweis = strings.Join(a.Meldungen, "\n")
	}
	return k.write(context.Background(), w, nr, kopf, func(s *schreiber) { s.antwort(nr, a) })
}

func (s *schreiber) antwort(nr string, a *dms.Antwort) {
	if nr == "0630" {
		s.fachantwort(a)
		return
	}
	s.folge(nr, func(e string) {
		switch e {
		case "ErfolgOderMisserfolg":
			s.gesamt(a)
		case "AbgegebenesObjekt", "AusgesondertesSGO":
			for i := range a.Objekte {
				s.start(e)
				s.folge(e, func(f string) { s.ergebnis(f, &a.Objekte[i]) })
				s.end()
			}
		}
	})
}

// ergebnis writes one element of the result of one object.
func (s *schreiber) ergebnis(e string, o *dms.ObjektErgebnis) {
	switch e {
	case "IDSGO", "xdomeaUUID":
		s.text(e, o.ID)
	case "Erfolgreich":
		s.flag(e, o.Erfolgreich)
	case "Fehlermeldung":
		for _, m := range o.Meldungen {
			s.text(e, m)
		}
	case "FehlermeldungCode":
		for _, c := range o.Codes {
			s.code(e, c)
		}
	case "ErfolgOderMisserfolg":
		s.start(e)
		s.folge(e, func(f string) { s.ergebnis(f, o) })
		s.end()
	case "Archivkennung":
		s.text(e, o.Archivkennung)
	}
}

// gesamt is the one result for all objects.
func (s *schreiber) gesamt(a *dms.Antwort) {
	var texte []string
	for _, o := range a.Objekte {
		texte = append(texte, o.Meldungen...)
		for _, c := range o.Codes {
			texte = append(texte, strings.TrimSpace(c.Wert+" "+c.Name))
		}
	}
	s.start("ErfolgOderMisserfolg")
	s.folge("ErfolgOderMisserfolg", func(e string) {
		switch e {
		case "Erfolgreich":
			s.flag(e, a.Art == dms.AntwortImportiert)
		case "Fehlermeldung":
			if a.Art != dms.AntwortImportiert && !s.p.Nachrichtenkopf {
				s.text(e, strings.Join(texte, "; "))
			}
		case "Rueckgabeparameter":
			for _, o := range a.Objekte {
				if o.Archivkennung != "" {
					s.start(e)
					s.text("ID", o.ID)
					s.text("Archivkennung", o.Archivkennung)
					s.end()
				}
			}
		}
	})
	s.end()
}

// AntwortName is the file name of an answer 0402 or 0403: <ProzessID>_<message>.xml, or .zip.
func (k *Kodierer) AntwortName(a dms.Antwort, endung string) string {
	nr := (&Bestaetigung{Antwort: a}).nummer()
	return k.stem(a.ProzessID, nr) + "." + endung
}

// WriteAntwortContainer writes the answer as a ZIP container with the message alone.
func (k *Kodierer) WriteAntwortContainer(w io.Writer, b Bestaetigung) error {
	var buf bytes.Buffer
	if err := k.WriteAntwort(&buf, b); err != nil {
		return err
	}
	zw := newZipWriter(w, b.Antwort.Zeit)
	ew, err := zw.create(k.stem(b.Antwort.ProzessID, b.nummer())+".xml", flate.DefaultCompression)
	if err == nil {
		_, err = ew.Write(buf.Bytes())
	}
	if err == nil {
		err = zw.Close()
	}
	if err != nil {
		return fehler.New("xdomea.WriteAntwortContainer", b.Antwort.ProzessID, nil, err)
	}
	return nil
}

// antwortPattern is wide on purpose: products name their answers as they like,
// and the message inside decides.
var antwortPattern = regexp.MustCompile(`(?i)040[23][^/\\]*\.(zip|xdomea|xml)$`)

// IsAntwort implements dms.Kodierer: the name contains 0402 or 0403 and ends
// in .zip, .xdomea or .xml.
func (k *Kodierer) IsAntwort(name string) bool {
	return len(name) <= 255 && antwortPattern.MatchString(name)
}

// DecodeAntwort implements dms.Kodierer for 0402 and 0403 of all versions up
// to 3.1.0, as bare XML or in a container. The content decides, not the name.
func (k *Kodierer) DecodeAntwort(ctx context.Context, name string, r io.ReaderAt, size int64) (dms.Antwort, error) {
	a, err := k.decodeAntwort(ctx, r, size)
	if err != nil {
		return dms.Antwort{}, readError("xdomea.DecodeAntwort", err)
	}
	return a, nil
}

func (k *Kodierer) decodeAntwort(ctx context.Context, r io.ReaderAt, size int64) (dms.Antwort, error) {
	var magic [4]byte
	if n, _ := r.ReadAt(magic[:], 0); n == 4 && string(magic[:]) == "PK\x03\x04" {
		a, err := k.openArchiv(r, size)
		if err != nil {
			return dms.Antwort{}, err
		}
		rc, err := a.open(a.nachricht, k.grenzen.MaxXML)
		if err != nil {
			return dms.Antwort{}, err
		}
		defer rc.Close()
		return k.readAntwort(ctx, rc)
	}
	return k.readAntwort(ctx, io.NewSectionReader(r, 0, size))
}
