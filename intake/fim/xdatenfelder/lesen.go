package xdatenfelder

import (
	"cmp"
	"context"
	"encoding/xml"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options of [Read]; nil means the defaults.
type Options struct {
	Grenzen Grenzen
	// Streng refuses what is otherwise only noted in Schema.Hinweise.
	Streng bool
	// Codelisten are the values of lists that the schema only names, by
	// canonicalVersionUri or, for all versions, by canonicalIdentification.
	Codelisten map[string][]Wert
}

const (
	nsV2 = "urn:xoev-de:fim:standard:xdatenfelder_2"
	nsV3 = "urn:xoev-de:fim:standard:xdatenfelder_3.0.0"
	// maxStufen is how deep groups nest: each costs up to two levels of JSON, which
	// reads 64.
	maxStufen = 25
	maxAnzahl = 1_000_000
)

// Read reads one message. What breaks the rules of the format is
// [fehler.Probleme] with codes "xdatenfelder.…", the line and the id of the element
// as place; of many the first 50. A source that fails is fehler.ErrUnavailable.
func Read(ctx context.Context, r io.Reader, o *Options) (*Schema, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o == nil {
		o = &Options{}
	}
	l := &schemaleser{leser: newLeser(ctx, r, o.Grenzen, "xdatenfelder", "Das Schema"), o: o, erste: map[string]*Element{}}
	l.message()
	l.finish()
	err := l.result()
	if err == nil && o.Streng && len(l.s.Hinweise) > 0 {
		err = l.s.Hinweise
	}
	if err != nil {
		return nil, fehler.New("xdatenfelder.Read", "", nil, err)
	}
	return &l.s, nil
}

type schemaleser struct {
	*leser
	o        *Options
	s        Schema
	elemente int
	stufen   []*Element          // groups around the place
	erste    map[string]*Element // by id and version
}

// gesehen are the elements that were there already.
type gesehen map[string]bool

func (l *schemaleser) hinweis(code, meldung, hinweis string) {
	if len(l.s.Hinweise) < maxProbleme && l.err == nil {
		l.s.Hinweise = append(l.s.Hinweise, fehler.Problem{Code: "xdatenfelder." + code, Pfad: l.at(), Meldung: meldung, Hinweis: hinweis})
	}
}

// omit passes over an element that nothing is made of.
func (l *schemaleser) omit(name string) {
	l.hinweis("element-ausgelassen", "element "+short(name)+" is not read", "Das Schema enthält ein Element, das nicht ausgewertet wird.")
	l.skip()
}

// refuse passes over an element that must not stand there.
func (l *schemaleser) refuse(name string) {
	l.problem("element-unbekannt", "unexpected element "+short(name), "Das Schema enthält an dieser Stelle ein Element, das der Standard nicht kennt.")
	l.skip()
}

// kinder calls f for the child elements of the standard; <code> and its like have
// no namespace.
func (l *schemaleser) kinder(f func(name string, attr []xml.Attr)) {
	l.each(func(t xml.StartElement) {
		if t.Name.Space != l.ns && t.Name.Space != "" {
			l.omit("of another namespace")
			return
		}
		f(t.Name.Local, t.Attr)
	})
}

// einmal notes that the element is there. The same again is a problem; in 3.0 one
// that was empty does not count.
func (l *schemaleser) einmal(g gesehen, name, before string) bool {
	if g[name] && (l.s.Standard == V2 || before != "") {
		l.problem("doppelt", "element "+short(name)+" is there twice", "Das Schema enthält eine Angabe doppelt, die nur einmal erlaubt ist.")
		return false
	}
	g[name] = true
	return true
}

// text reads a text that may be there once.
func (l *schemaleser) text(g gesehen, name string, p *string) {
	if v := l.tok(); l.einmal(g, name, *p) {
		*p = v
	}
}

// code reads an XÖV code, one of allowed if there are any.
func (l *schemaleser) code(g gesehen, name string, p *string, allowed ...string) {
	v := ""
	inner := gesehen{}
	l.kinder(func(child string, _ []xml.Attr) {
		switch child {
		case "code":
			l.text(inner, child, &v)
		case "name":
			l.skip()
		default:
			l.refuse(child)
		}
	})
	if !l.einmal(g, name, *p) {
		return
	}
	if len(allowed) > 0 && v != "" && !slices.Contains(allowed, v) {
		l.problem("wert", "code "+strconv.Quote(short(v))+" of "+name+" is unknown", "Das Schema enthält bei „"+name+"“ einen Wert, den der Standard nicht kennt.")
	}
	*p = v
}

var (
	idForm    = regexp.MustCompile(`^[A-Z][0-9]{1,11}$`)
	offiziell = regexp.MustCompile(`^[A-Z](\d{8}|\d{11})$`)
	version   = regexp.MustCompile(`^\d{1,5}(\.\d{1,5}){1,2}$`)
)

// identifikation reads id and version. Nothing else may stand there.
func (l *schemaleser) identifikation(id, v *string) {
	g := gesehen{}
	l.kinder(func(name string, _ []xml.Attr) {
		switch name {
		case "id":
			l.text(g, name, id)
		case "version":
			l.text(g, name, v)
		default:
			l.refuse(name)
		}
	})
	switch {
	case l.err != nil:
	case *id == "":
		l.problem("id-fehlt", "element has no id", "Einem Element des Schemas fehlt die Kennung.")
	case !idForm.MatchString(*id):
		l.problem("id", "id has not the form of letter and digits", "Eine Kennung im Schema hat nicht die Form „Buchstabe und Ziffern“.")
	case !offiziell.MatchString(*id):
		l.hinweis("id", "id has neither 8 nor 11 digits", "Eine Kennung im Schema hat weder 8 noch 11 Ziffern.")
	}
	if *v != "" && !version.MatchString(*v) {
		l.problem("version", "version has not the form 1.1 or 1.1.0", "Eine Versionsangabe im Schema ist ungültig.")
	}
}

func (l *schemaleser) message() {
	t, ok := l.root()
	if !ok {
		return
	}
	switch t.Name.Space {
	case nsV2:
		l.s.Standard = V2
	case nsV3:
		l.s.Standard = V3
	default:
		l.fail("namensraum", "namespace is not XDatenfelder 2.0 or 3.0", "Die Datei ist kein Schema nach XDatenfelder 2.0 oder 3.0.")
		return
	}
	art, _ := strings.CutPrefix(t.Name.Local, "xdatenfelder.")
	art, _, _ = strings.Cut(art, ".")
	if art != "stammdatenschema" && art != "datenfeldgruppe" && art != "datenfeld" {
		l.fail("nachricht", "message is not a schema, group or field", "Die Datei enthält kein Stammdatenschema.")
		return
	}
	l.s.Nachricht = art
	l.ids = append(l.ids, "")
	found := false
	l.kinder(func(name string, _ []xml.Attr) {
		switch {
		case name == "header":
			l.skip()
		case name != art:
			l.refuse(name)
		case found:
			l.problem("doppelt", "element "+name+" is there twice", "Das Schema enthält eine Angabe doppelt, die nur einmal erlaubt ist.")
			l.skip()
		case art == "stammdatenschema":
			found = true
			l.schema()
		default:
			found = true
			e := l.element(art == "datenfeld")
			if l.s.Kopf, l.s.Teile = e.Kopf, e.Teile; e.Feld != nil {
				l.s.Teile = []Teil{{Anzahl: Anzahl{1, 1}, Element: e}}
			} else if e.Auswahl {
				l.s.Teile = []Teil{{Anzahl: Anzahl{1, 1}, Element: e}}
			}
		}
	})
	if !found {
		l.fail("nachricht", "message holds no "+art, "Die Datei enthält kein Stammdatenschema.")
	}
}

func (l *schemaleser) schema() {
	g, ids := gesehen{}, gesehen{}
	l.kinder(func(name string, attr []xml.Attr) {
		switch {
		case l.kopf(&l.s.Kopf, g, name):
		case name == "hilfetext":
			l.text(g, name, &l.s.Hilfe)
		case name == "dokumentsteckbrief":
			l.steckbrief()
		case name == "struktur":
			l.struktur(&l.s.Teile, ids)
		case slices.Contains(bekannt, name):
			l.skip()
		default:
			l.omit(name)
		}
	})
	l.identified(g)
}

// steckbrief reads the id of the Dokumentsteckbrief; forms converted from 2.0 have
// an empty one.
func (l *schemaleser) steckbrief() {
	g := gesehen{}
	l.kinder(func(name string, _ []xml.Attr) {
		if name == "id" {
			l.text(g, name, &l.s.Steckbrief)
		} else {
			l.skip()
		}
	})
}

// identified tells of an element that has no identifikation at all.
func (l *schemaleser) identified(g gesehen) {
	if !g["identifikation"] && l.err == nil {
		l.problem("id-fehlt", "element has no id", "Einem Element des Schemas fehlt die Kennung.")
	}
}

// bekannt are elements known to say nothing about the form.
var bekannt = []string{"ableitungsmodifikationenStruktur", "ableitungsmodifikationenRepraesentation", "schemaelementart",
	"statusGesetztAm", "freigabedatum", "veroeffentlichungsdatum", "letzteAenderung"}

// element reads a group or a field.
func (l *schemaleser) element(feld bool) *Element {
	e := &Element{}
	if feld {
		e.Feld = &Feld{}
	}
	if l.elemente++; l.elemente > l.grenzen.MaxElemente {
		l.fail("xml-grenze", "too many groups and fields", "Das Schema enthält zu viele Gruppen und Felder.")
		return e
	}
	if l.stufen = append(l.stufen, e); len(l.stufen) > maxStufen {
		l.fail("xml-grenze", "groups nested too deep", "Die Gruppen des Schemas sind zu tief verschachtelt.")
		return e
	}
	l.ids = append(l.ids, "")
	g, ids := gesehen{}, gesehen{}
	l.kinder(func(name string, attr []xml.Attr) {
		switch {
		case l.kopf(&e.Kopf, g, name):
		case feld && l.feld(e.Feld, g, name, attr):
		case !feld && name == "struktur":
			l.struktur(&e.Teile, ids)
		case !feld && name == "art":
			var art string
			l.code(g, name, &art, "X", "")
			e.Auswahl = art == "X"
		case slices.Contains(bekannt, name):
			l.skip()
		default:
			l.omit(name)
		}
	})
	l.identified(g)
	l.check(e)
	l.ids = l.ids[:len(l.ids)-1]
	l.stufen = l.stufen[:len(l.stufen)-1]
	return e
}

// check compares an element with the one of the same id and version.
func (l *schemaleser) check(e *Element) {
	if l.err != nil || e.ID == "" {
		return
	}
	for _, outer := range l.stufen[:len(l.stufen)-1] {
		if outer.ID == e.ID {
			l.problem("zyklus", "element stands within itself", "Eine Gruppe des Schemas enthält sich selbst.")
			return
		}
	}
	if e.Feld != nil {
		l.checkFeld(e.Feld)
	}
	switch first := l.erste[e.key(true)]; {
	case first == nil:
		l.erste[e.key(true)] = e
	case !reflect.DeepEqual(first, e):
		l.hinweis("abweichend", "element differs from the one of the same id and version before", "Dasselbe Element ist im Schema an zwei Stellen verschieden beschrieben.")
	}
}

// struktur reads one place of a form; ids are those of its siblings before.
func (l *schemaleser) struktur(teile *[]Teil, ids gesehen) {
	var t Teil
	g := gesehen{}
	anzahl := ""
	l.kinder(func(name string, _ []xml.Attr) {
		switch name {
		case "anzahl":
			l.text(g, name, &anzahl)
		case "bezug":
			t.Bezug = cmp.Or(t.Bezug, l.tok())
		case "enthaelt":
			l.kinder(func(name string, _ []xml.Attr) {
				switch {
				case name != "datenfeld" && name != "datenfeldgruppe":
					l.refuse(name)
				case t.Element != nil:
					l.problem("doppelt", "structure holds two elements", "Das Schema enthält eine Angabe doppelt, die nur einmal erlaubt ist.")
					l.skip()
				default:
					t.Element = l.element(name == "datenfeld")
				}
			})
		default:
			l.refuse(name)
		}
	})
	if l.err != nil {
		return
	}
	if t.Element == nil {
		l.problem("struktur", "structure holds no element", "Eine Struktur des Schemas enthält weder Feld noch Gruppe.")
		return
	}
	l.ids = append(l.ids, t.Element.ID)
	defer func() { l.ids = l.ids[:len(l.ids)-1] }()
	var ok bool
	if t.Anzahl, ok = parseAnzahl(anzahl); !ok {
		l.problem("anzahl", "number of occurrences is not min:max", "Im Schema ist die Anzahl eines Elements ungültig.")
	}
	if id := t.Element.ID; id != "" && ids[id] {
		l.problem("doppelt", "two elements of the same id in one group", "Eine Gruppe des Schemas enthält dieselbe Kennung zweimal; in den Daten wären beide nicht zu unterscheiden.")
		return
	}
	ids[t.Element.ID] = true
	*teile = append(*teile, t)
}

func parseAnzahl(s string) (a Anzahl, ok bool) {
	left, right, _ := strings.Cut(s, ":")
	lo, err := strconv.ParseUint(left, 10, 31)
	if err != nil || lo > maxAnzahl {
		return a, false
	}
	if right == "*" {
		return Anzahl{int(lo), Unbegrenzt}, true
	}
	hi, err := strconv.ParseUint(right, 10, 31)
	if err != nil || hi > maxAnzahl || hi < lo {
		return a, false
	}
	return Anzahl{int(lo), int(hi)}, true
}
