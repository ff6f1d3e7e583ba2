package xdomea

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/xml"
	"io"
	"regexp"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Bestaetigung is an answer to write: a receipt (0403) if Antwort.Art is
// dms.AntwortEmpfangen, otherwise an import answer (0402). Receivers write it;
// on the sending side it serves test doubles.
type Bestaetigung struct {
	Antwort dms.Antwort
	// Absender answers, Empfaenger handed over.
	Absender, Empfaenger dms.Kontakt
	System               dms.System
}

// WriteAntwort writes the message 0402 or 0403. An import answer needs at
// least one object; its Art must agree with the objects. Meldungen go into the
// Hinweis of the head.
func (k *Kodierer) WriteAntwort(w io.Writer, b Bestaetigung) error {
	fail := func(code, meldung string) error {
		return fehler.New("xdomea.WriteAntwort", b.Antwort.ProzessID, nil,
			problemErr(code, "", meldung, "Die Antwort kann nicht geschrieben werden."))
	}
	a := &b.Antwort
	switch {
	case !dms.IsUUID(a.ProzessID) || a.Zeit.IsZero() || b.Absender.IsZero() || b.Empfaenger.IsZero():
		return fail("xdomea.antwort", "ProzessID, Zeit, Absender and Empfaenger are required")
	case a.Art == dms.AntwortEmpfangen && len(a.Objekte) > 0:
		return fail("xdomea.antwort", "a receipt has no objects")
	case a.Art != dms.AntwortEmpfangen && (len(a.Objekte) == 0 || a.Art != dms.SummariseArt(a.Objekte)):
		return fail("xdomea.antwort", "the kind of answer does not agree with its objects")
	}
	name, nummer := k.profil.Import, "0402"
	if a.Art == dms.AntwortEmpfangen {
		name, nummer = k.profil.Empfang, "0403"
	}
	s := &schreiber{xmlWriter: newXMLWriter(w, k.replace), p: &k.profil}
	s.root(name, k.profil.Namespace, k.profil.Schema)
	s.start("Kopf")
	s.kopf(a.ProzessID, nummer, b.Absender, b.Empfaenger, b.System, strings.Join(a.Meldungen, "\n"),
		func() { s.time("Erstellungszeitpunkt", a.Zeit) })
	s.end()
	for _, o := range a.Objekte {
		if !dms.IsUUID(o.ID) {
			return fail("xdomea.antwort", "object id is not a UUID")
		}
		s.start("AbgegebenesObjekt")
		s.text("IDSGO", o.ID)
		s.flag("Erfolgreich", o.Erfolgreich)
		for _, m := range o.Meldungen {
			s.text("Fehlermeldung", m)
		}
		for _, c := range o.Codes {
			if c.Wert == "" || c.Liste == "" || c.Version == "" {
				return fail("xdomea.antwort", "an error code needs its list and version")
			}
			s.code("FehlermeldungCode", c)
		}
		s.end()
	}
	s.end()
	if err := s.flush(); err != nil {
		return fehler.New("xdomea.WriteAntwort", a.ProzessID, nil, err)
	}
	return nil
}

// AntwortName is the file name of an answer: <ProzessID>_<message>.xml, or .zip.
func (k *Kodierer) AntwortName(a dms.Antwort, endung string) string {
	if a.Art == dms.AntwortEmpfangen {
		return a.ProzessID + "_" + k.profil.Empfang + "." + endung
	}
	return a.ProzessID + "_" + k.profil.Import + "." + endung
}

// WriteAntwortContainer writes the answer as a ZIP container with the message alone.
func (k *Kodierer) WriteAntwortContainer(w io.Writer, b Bestaetigung) error {
	var buf bytes.Buffer
	if err := k.WriteAntwort(&buf, b); err != nil {
		return err
	}
	zw := newZipWriter(w, b.Antwort.Zeit)
	ew, err := zw.create(k.AntwortName(b.Antwort, "xml"), flate.DefaultCompression)
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

// ReadAntwort reads a message 0402 or 0403.
func (k *Kodierer) ReadAntwort(ctx context.Context, r io.Reader) (dms.Antwort, error) {
	a, err := k.readAntwort(ctx, r)
	if err != nil {
		return dms.Antwort{}, readError("xdomea.ReadAntwort", err)
	}
	return a, nil
}

func (k *Kodierer) readAntwort(ctx context.Context, r io.Reader) (dms.Antwort, error) {
	l := newLeser(ctx, r, k.grenzen)
	var a dms.Antwort
	var gesamt *bool // the single result of 2.x
	root, ok := l.root()
	receipt := strings.HasSuffix(root.Name.Local, ".0403")
	if ok {
		nummer := "0402"
		if receipt {
			nummer = "0403"
		}
		l.version(root, nummer)
	}
	l.each(func(name string, _ []xml.Attr) {
		switch {
		case name == "Kopf":
			l.antwortkopf(&a)
		case name == "AbgegebenesObjekt" && !receipt:
			a.Objekte = append(a.Objekte, l.ergebnis())
		case name == "ErfolgOderMisserfolg" && !receipt:
			o := l.ergebnis()
			a.Meldungen = append(a.Meldungen, o.Meldungen...)
			gesamt = &o.Erfolgreich
		default:
			l.omit()
		}
	})
	l.finish()
	if l.err == nil && a.ProzessID == "" {
		l.fail("xdomea.kopf", "no ProzessID", "Der Nachricht fehlt die Prozess-ID.")
	}
	switch {
	case receipt:
		a.Art = dms.AntwortEmpfangen
	case gesamt != nil && len(a.Objekte) == 0:
		a.Art = dms.AntwortAbgelehnt
		if *gesamt {
			a.Art = dms.AntwortImportiert
		}
	case len(a.Objekte) == 0:
		l.fail("xdomea.inhalt", "import answer without a result", "Die Importbestätigung enthält kein Ergebnis.")
	default:
		a.Art = dms.SummariseArt(a.Objekte)
	}
	for i := range a.Objekte {
		if l.err == nil && a.Objekte[i].ID == "" {
			l.fail("xdomea.wert", "result without object id", "Einem Ergebnis fehlt die Kennung des Objekts.")
		}
	}
	if l.err != nil {
		return dms.Antwort{}, l.err
	}
	return a, nil
}

func (l *leser) antwortkopf(a *dms.Antwort) {
	l.each(func(name string, _ []xml.Attr) {
		switch name {
		case "ProzessID":
			a.ProzessID = l.uuid()
		case "Erstellungszeitpunkt":
			a.Zeit = l.time()
		case "Hinweis":
			if s := l.str(); s != "" {
				a.Meldungen = append(a.Meldungen, s)
			}
		default:
			l.skip()
		}
	})
}

func (l *leser) ergebnis() (o dms.ObjektErgebnis) {
	stated := false
	l.each(func(name string, attr []xml.Attr) {
		switch name {
		case "IDSGO":
			o.ID = l.uuid()
		case "Erfolgreich":
			stated = true
			o.Erfolgreich = l.flag()
		case "Fehlermeldung":
			o.Meldungen = append(o.Meldungen, l.str())
		case "FehlermeldungCode":
			o.Codes = append(o.Codes, l.code(attr))
		default:
			l.omit()
		}
	})
	if !stated {
		l.fail("xdomea.wert", "result without a verdict", "Einem Ergebnis fehlt die Angabe zum Erfolg.")
	}
	return o
}
