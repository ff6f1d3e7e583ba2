// Package regelwerk reads rules of competence from a JSON or YAML file that people
// write by hand:
//
//	zustaendigkeiten:
//	  - leistung: 99115005104000
//	    gebiet: 06435          # ARS prefix; or ags: 06435014; or neither: everywhere
//	    mandant: hanau
//	    einheit: buergerbuero
//	    von: 2026-01-01
//	    rang: 1
//
// Both forms have the same members and the same checks. A file is read whole or not
// at all, and all that is wrong with it comes at once, each with the place as JSON
// pointer and the line. The rules go to [tenant.NewZustaendigkeiten], alone or with
// those of other files and of package xzufi.
//
// It is a package of its own so that tenant needs no YAML. Safe for concurrent use.
package regelwerk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options of a file; nil means the defaults.
type Options struct {
	// MaxBytes of the file; default 32 MiB.
	MaxBytes int64
	// MaxRegeln is the number of rules; default 200,000.
	MaxRegeln int
	// Mandanten, if set, must know the Mandant and the Einheit of every rule.
	Mandanten tenant.Mandanten
}

// maxProbleme is how many problems are listed; one more says that there are others.
const maxProbleme = 1000

// LoadJSON reads a JSON file. A key, an area and a day are strings, rang is a number. What is wrong
// with the file is fehler.ErrInvalid with all fehler.Probleme: unknown, doubled and missing
// members, wrong forms, overlaps ([tenant.NewZustaendigkeiten]), unknown Mandanten.
// A reader that fails is fehler.ErrUnavailable, a failing Options.Mandanten its own
// error.
func LoadJSON(ctx context.Context, r io.Reader, o *Options) ([]tenant.Zustaendigkeit, error) {
	return load(ctx, "regelwerk.LoadJSON", r, o, readJSON)
}

// LoadYAML reads a YAML 1.2 file of one document, as LoadJSON reads JSON. Scalars
// are taken as they are written, so that 06435 keeps its zero without quotes.
// Anchors, aliases, merge keys and tags are refused.
func LoadYAML(ctx context.Context, r io.Reader, o *Options) ([]tenant.Zustaendigkeit, error) {
	return load(ctx, "regelwerk.LoadYAML", r, o, readYAML)
}

func load(ctx context.Context, op string, r io.Reader, o *Options, read func([]byte) (*knoten, *fehler.Problem)) ([]tenant.Zustaendigkeit, error) {
	var opt Options
	if o != nil {
		opt = *o
	}
	if opt.MaxBytes == 0 {
		opt.MaxBytes = 32 << 20
	}
	if opt.MaxRegeln == 0 {
		opt.MaxRegeln = 200_000
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, opt.MaxBytes+1))
	if err != nil {
		return nil, fehler.New(op, "", fehler.ErrUnavailable, err)
	}
	l := leser{opt: opt}
	if int64(len(b)) > opt.MaxBytes {
		l.add("zu-gross", "", nil, fmt.Sprintf("larger than %d bytes", opt.MaxBytes), fmt.Sprintf("Die Datei ist größer als %d MB.", opt.MaxBytes>>20))
		return nil, fehler.New(op, "", fehler.ErrInvalid, l.probleme)
	}
	if !utf8.Valid(b) {
		l.add("zeichensatz", "", nil, "not UTF-8", "Die Datei ist nicht in UTF-8 geschrieben.")
		return nil, fehler.New(op, "", fehler.ErrInvalid, l.probleme)
	}
	wurzel, p := read(b)
	if p != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme{*p})
	}
	regeln, err := l.datei(ctx, wurzel)
	if err != nil {
		return nil, err
	}
	if len(l.probleme) > 0 {
		return nil, fehler.New(op, "", fehler.ErrInvalid, l.probleme)
	}
	return regeln, nil
}

// leser makes rules of the tree and collects what is wrong with it.
type leser struct {
	opt      Options
	probleme fehler.Probleme
}

func (l *leser) add(code, pfad string, k *knoten, meldung, hinweis string) {
	switch {
	case len(l.probleme) > maxProbleme:
		return
	case len(l.probleme) == maxProbleme:
		code, pfad, k = "weitere", "", nil
		meldung, hinweis = "there are more problems", "Die Datei enthält weitere Fehler, die hier nicht aufgeführt sind."
	}
	if k != nil {
		meldung = fmt.Sprintf("line %d: %s", k.zeile, meldung)
		hinweis = fmt.Sprintf("Zeile %d: %s", k.zeile, hinweis)
	}
	l.probleme = append(l.probleme, fehler.Problem{Code: "regelwerk." + code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
}

// take adds problems found below the place.
func (l *leser) take(err error, pfad string, k *knoten) bool {
	for _, p := range fehler.ProblemeIn(err) {
		n := len(l.probleme)
		if l.add("", pfad, k, p.Meldung, p.Hinweis); len(l.probleme) > n && n < maxProbleme {
			l.probleme[n].Code = p.Code
		}
	}
	return err == nil
}

func (l *leser) datei(ctx context.Context, w *knoten) ([]tenant.Zustaendigkeit, error) {
	const pfad = "/zustaendigkeiten"
	if w.art != objekt {
		l.add("form", "", w, "not an object with the member zustaendigkeiten", "Die Datei muss mit „zustaendigkeiten“ beginnen.")
		return nil, nil
	}
	liste := l.glieder(w, "", []string{"zustaendigkeiten"})["zustaendigkeiten"]
	if liste == nil {
		l.add("fehlt", pfad, w, "the member is missing", "Die Liste „zustaendigkeiten“ fehlt.")
		return nil, nil
	}
	if liste.art != feld {
		l.add("form", pfad, liste, "not a list", "„zustaendigkeiten“ muss eine Liste sein.")
		return nil, nil
	}
	if n := len(liste.kinder); n > l.opt.MaxRegeln {
		l.add("zu-viele", pfad, liste, fmt.Sprintf("%d rules, %d allowed", n, l.opt.MaxRegeln), fmt.Sprintf("Die Datei enthält %d Regeln; erlaubt sind %d.", n, l.opt.MaxRegeln))
		return nil, nil
	}
	// A rule that is wrong in itself keeps its place, empty, so that overlaps name the right ones.
	regeln, schlecht := make([]tenant.Zustaendigkeit, len(liste.kinder)), map[string]bool{}
	for i, k := range liste.kinder {
		ort := "/" + strconv.Itoa(i)
		z, ok := l.regel(k, pfad+ort)
		if ok && l.opt.Mandanten != nil {
			var err error
			if ok, err = l.bekannt(ctx, z, pfad+ort, k); err != nil {
				return nil, err
			}
		}
		if regeln[i] = z; !ok {
			regeln[i], schlecht[ort] = tenant.Zustaendigkeit{}, true
		}
	}
	_, err := tenant.NewZustaendigkeiten(regeln)
	for _, p := range fehler.ProblemeIn(err) {
		if !schlecht[p.Pfad] {
			i, _ := strconv.Atoi(p.Pfad[1:])
			l.take(fehler.Probleme{p}, pfad+p.Pfad, liste.kinder[i])
		}
	}
	return regeln, nil
}

// glieder gives the members of an object by name; unknown and doubled ones are problems.
func (l *leser) glieder(k *knoten, pfad string, erlaubt []string) map[string]*knoten {
	m := make(map[string]*knoten, len(k.namen))
	for i, name := range k.namen {
		ort, kind := pfad+"/"+zeiger(name), k.kinder[i]
		known := false
		for _, e := range erlaubt {
			known = known || e == name
		}
		switch {
		case !known:
			l.add("unbekannt", ort, kind, "unknown member; known are "+strings.Join(erlaubt, ", "),
				"Diese Angabe gibt es nicht. Bekannt sind: "+strings.Join(erlaubt, ", ")+".")
		case m[name] != nil:
			l.add("doppelt", ort, kind, "the member is there twice", "Diese Angabe steht zweimal da.")
		default:
			m[name] = kind
		}
	}
	return m
}

var glieder = []string{"leistung", "gebiet", "ags", "mandant", "einheit", "von", "bis", "rang"}

func (l *leser) regel(k *knoten, pfad string) (z tenant.Zustaendigkeit, ok bool) {
	if k.art != objekt {
		l.add("form", pfad, k, "not an object", "Jede Zuständigkeit besteht aus benannten Angaben wie „leistung: …“.")
		return z, false
	}
	vorher := len(l.probleme)
	m := l.glieder(k, pfad, glieder)
	text := func(name string, pflicht bool, set func(string) error) {
		g := m[name]
		switch ort := pfad + "/" + name; {
		case g == nil && pflicht:
			l.add("fehlt", ort, k, "the member is missing", "Die Angabe „"+name+"“ fehlt.")
		case g == nil:
		case !g.istText():
			l.add("form", ort, g, "not a text", "„"+name+"“ muss ein Text sein (in JSON in Anführungszeichen).")
		case g.text == "":
			l.add("leer", ort, g, "is empty", "„"+name+"“ ist leer. Eine Angabe, die nicht gilt, wird weggelassen.")
		default:
			l.take(set(g.text), ort, g)
		}
	}
	text("leistung", true, func(s string) (err error) { z.Leistung, err = tenant.ParseLeistung(s); return err })
	text("gebiet", false, func(s string) (err error) { z.Gebiet, err = tenant.ParseARS(s); return err })
	text("ags", false, func(s string) (err error) { z.AGS, err = tenant.ParseAGS(s); return err })
	text("mandant", true, func(s string) (err error) { z.Mandant, err = tenant.ParseID(s); return err })
	text("einheit", true, func(s string) error { z.Einheit = s; return nil })
	text("von", false, tag(&z.Von))
	text("bis", false, tag(&z.Bis))
	if g := m["rang"]; g != nil {
		n, err := strconv.Atoi(g.text)
		if g.art != zahl || err != nil {
			l.add("form", pfad+"/rang", g, "not a whole number", "„rang“ muss eine ganze Zahl sein.")
		}
		z.Rang = n
	}
	return z, len(l.probleme) == vorher && vorher <= maxProbleme
}

func tag(d *datum.Datum) func(string) error {
	return func(s string) (err error) {
		if *d, err = datum.Parse(s); err != nil || d.IsZero() {
			return fehler.Probleme{{Code: "regelwerk.datum", Meldung: "not a date of the form JJJJ-MM-TT", Hinweis: "Das Datum muss die Form JJJJ-MM-TT haben und es muss diesen Tag geben."}}
		}
		return nil
	}
}

func (l *leser) bekannt(ctx context.Context, z tenant.Zustaendigkeit, pfad string, k *knoten) (bool, error) {
	m, err := l.opt.Mandanten.Mandant(ctx, z.Mandant)
	if errors.Is(err, fehler.ErrNotFound) {
		return l.take(fehler.Probleme{{Code: "tenant.mandant-unbekannt", Meldung: "no such Mandant",
			Hinweis: "Die Zuständigkeit nennt einen Mandanten, den es nicht gibt."}}, pfad+"/mandant", k), nil
	}
	if err != nil {
		return false, err
	}
	if _, ok := m.Einheit(z.Einheit); !ok {
		return l.take(fehler.Probleme{{Code: "tenant.einheit-unbekannt", Meldung: "the Mandant has no such Einheit",
			Hinweis: "Die Zuständigkeit nennt eine Organisationseinheit, die es nicht gibt."}}, pfad+"/einheit", k), nil
	}
	return true, nil
}

// zeiger makes a name fit for a JSON pointer (RFC 6901) of bounded length.
func zeiger(s string) string {
	if len(s) > 64 {
		s = strings.ToValidUTF8(s[:64], "") + "…"
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(s)
}
