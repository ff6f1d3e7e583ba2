package xzufi

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/internal/xmltoken"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

type einheit struct {
	id               ID
	zustaendigkeiten []zustaendigkeit
}

type zustaendigkeit struct {
	ort          string
	leistung     ID
	gebiete      []gebiet
	beginn, ende string
}

type gebiet struct {
	schema, wert, zeile string
	ueberall            bool
}

// leser walks the elements by local name; the first error of form sticks. It keeps
// no tree, only what can become a rule.
type leser struct {
	o   Options
	x   *xmltoken.Reader
	err error

	einheiten []einheit
	leika     map[ID]tenant.Leistungsschluessel // "" if the file contradicts itself
	probleme  fehler.Probleme
}

var errNamensraum = errors.New("the root element is in no known XZuFi namespace")

func (l *leser) at() string {
	z, _ := l.x.Pos()
	return fmt.Sprintf("line %d", z)
}

func (l *leser) fail(code, meldung, hinweis string) {
	if l.err == nil {
		l.err = fehler.Probleme{{Code: "xzufi." + code, Pfad: l.at(), Meldung: meldung, Hinweis: hinweis}}
	}
}

// fehler gives what stopped the reading its kind.
func (l *leser) fehler(op string) error {
	source, ok := errors.AsType[*xmltoken.SourceError](l.err)
	switch {
	case errors.Is(l.err, context.Canceled) || errors.Is(l.err, context.DeadlineExceeded):
		return l.err
	case errors.Is(l.err, errNamensraum):
		return fehler.New(op, "", fehler.ErrUnsupported, l.err)
	case ok:
		return fehler.New(op, "", fehler.ErrUnavailable, source.Err)
	}
	return fehler.New(op, "", fehler.ErrInvalid, l.err)
}

// next gives the next start, end or text; nil when err is set.
func (l *leser) next() xml.Token {
	if l.err != nil {
		return nil
	}
	t, err := l.x.Next()
	if err != nil {
		l.stop(err)
		return nil
	}
	return t
}

// stop says what ended the reading.
func (l *leser) stop(err error) {
	switch {
	case errors.Is(err, xmltoken.ErrBytes):
		l.fail("zu-gross", fmt.Sprintf("larger than %d bytes", l.o.MaxBytes), fmt.Sprintf("Die Datei ist größer als %d MB.", l.o.MaxBytes>>20))
	case errors.Is(err, xmltoken.ErrToken):
		l.fail("grenze", "too many elements", "Die Datei ist zu umfangreich.")
	case errors.Is(err, xmltoken.ErrDepth):
		l.fail("grenze", "nested too deep", "Die Datei ist zu tief verschachtelt.")
	case errors.Is(err, xmltoken.ErrDoctype):
		l.fail("dtd", "DOCTYPE is not allowed", "Die Datei enthält eine unzulässige Dokumenttyp-Angabe.")
	case errors.Is(err, xmltoken.ErrSyntax) || errors.Is(err, xmltoken.ErrEncoding):
		l.fail("xml", "not well-formed XML in UTF-8", "Die Datei ist kein wohlgeformtes XML.")
	default: // the source, or the context ended
		l.err = err
	}
}

// each calls f for every child of the current element; f consumes it.
func (l *leser) each(f func(e xml.StartElement)) {
	for l.err == nil {
		switch t := l.next().(type) {
		case xml.StartElement:
			f(t)
		case xml.EndElement:
			return
		}
	}
}

func (l *leser) skip() { l.each(func(xml.StartElement) { l.skip() }) }

// maxText is the longest key or date that makes sense here.
const maxText = 1024

func (l *leser) text() string {
	var b []byte
	for l.err == nil {
		switch t := l.next().(type) {
		case xml.CharData:
			if b = append(b, t...); len(b) > maxText {
				l.fail("grenze", "a key is too long", "Ein Schlüssel in der Datei ist zu lang.")
			}
		case xml.StartElement:
			l.skip()
		case xml.EndElement:
			return strings.TrimSpace(string(b))
		}
	}
	return ""
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

func (l *leser) datei() {
	for l.err == nil {
		t, ok := l.next().(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains(l.o.Namensraeume, t.Name.Space) {
			l.err = errNamensraum
			return
		}
		l.inhalt()
		break
	}
	if l.err != nil {
		return
	}
	switch err := l.x.Finish(); {
	case errors.Is(err, xmltoken.ErrSyntax):
		l.fail("xml", "content after the root element", "Die Datei ist kein wohlgeformtes XML.")
	case err != nil:
		l.stop(err)
	}
}

// inhalt looks for what it knows below whatever message it is.
func (l *leser) inhalt() {
	l.each(func(e xml.StartElement) {
		switch e.Name.Local {
		case "loesche":
			l.fail("loeschung", "the file deletes", "Die Datei enthält Löschungen. Bitte einen vollständigen Bestand laden.")
		case "leistung":
			l.leistungLesen()
		case "organisationseinheit":
			l.einheitLesen()
		default:
			l.inhalt()
		}
	})
}

func (l *leser) id(e xml.StartElement) ID {
	return ID{Agentur: attr(e, "schemeAgencyID"), Wert: l.text()}
}

func (l *leser) leistungLesen() {
	var id ID
	var codes []string
	ort := l.at()
	l.each(func(e xml.StartElement) {
		switch e.Name.Local {
		case "id":
			id = l.id(e)
		case "referenzLeiKa":
			l.each(func(c xml.StartElement) {
				if c.Name.Local == "code" {
					codes = append(codes, l.text())
				} else {
					l.skip()
				}
			})
		default:
			l.skip()
		}
	})
	if id.Wert == "" {
		return
	}
	for _, c := range codes {
		k, err := tenant.ParseLeistung(c)
		if err != nil {
			add(&l.probleme, "leika", ort, "referenzLeiKa is no key", "Ein LeiKa-Schlüssel in der Datei hat eine falsche Form.")
			return
		}
		if old, ok := l.leika[id]; ok && old != k {
			k = "" // which one is meant, a person must say
		}
		l.leika[id] = k
	}
}

func (l *leser) einheitLesen() {
	var x einheit
	l.each(func(e xml.StartElement) {
		switch e.Name.Local {
		case "id":
			x.id = l.id(e)
		case "zustaendigkeit":
			x.zustaendigkeiten = append(x.zustaendigkeiten, l.zustaendigkeitLesen())
		default:
			l.skip()
		}
	})
	l.einheiten = append(l.einheiten, x)
}

func (l *leser) zustaendigkeitLesen() zustaendigkeit {
	z := zustaendigkeit{ort: l.at()}
	l.each(func(e xml.StartElement) {
		switch e.Name.Local {
		case "leistungID":
			z.leistung = l.id(e)
		case "gebietID":
			z.gebiete = append(z.gebiete, gebiet{zeile: l.at(), schema: attr(e, "schemeDataURI"), wert: l.text()})
		case l.o.Namen.Gueltigkeit:
			if z.beginn+z.ende != "" {
				add(&l.probleme, "gueltigkeit", z.ort, "two validities", "Eine Zuständigkeit in der Datei hat zwei Gültigkeiten.")
			}
			l.each(func(d xml.StartElement) {
				switch d.Name.Local {
				case l.o.Namen.Beginn:
					z.beginn = l.text()
				case l.o.Namen.Ende:
					z.ende = l.text()
				default:
					l.skip()
				}
			})
		default:
			l.skip()
		}
	})
	return z
}

// tag takes a day with or without a zone, which has no meaning for a day, or a point in time,
// which is its day in Berlin. Empty is no date.
func tag(s string) (datum.Datum, bool) {
	if s == "" {
		return datum.Datum{}, true
	}
	if strings.Contains(s, "T") {
		for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05"} {
			if t, err := time.ParseInLocation(layout, s, datum.Berlin()); err == nil {
				return datum.Von(t), true
			}
		}
		return datum.Datum{}, false
	}
	if len(s) > 10 {
		if z := s[10:]; z == "Z" || len(z) == 6 && (z[0] == '+' || z[0] == '-') {
			s = s[:10]
		}
	}
	d, err := datum.Parse(s)
	return d, err == nil && !d.IsZero()
}
