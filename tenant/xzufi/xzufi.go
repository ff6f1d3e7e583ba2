// Package xzufi reads from an XZuFi 2.x file which Organisationseinheit is
// competent for which Leistung in which Gebiet, as rules for
// [tenant.NewZustaendigkeiten].
//
// Read are organisationseinheit{id, zustaendigkeit{leistungID, gebietID, validity}}
// and leistung{id, referenzLeiKa/code}, wherever they stand in a transfer or an
// answer; all else is passed over. A file describes what is, so one that also
// deletes ("loesche") is refused.
//
// Known (XZuFi 2.2): namespace, these elements, id/@schemeAgencyID,
// gebietID/@schemeDataURI. Not known for sure, and therefore settings with a
// default: the names of the validity ([Namen]), the URIs of the lists of areas
// ([Options].Schemata), and what a Zustaendigkeit without gebietID means
// ([Options].OhneGebiet). Try them on a file of your own directory before trusting
// the result.
//
// Safe for concurrent use.
package xzufi

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/internal/xmltoken"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// ID is an identifier of the directory.
type ID struct {
	// Agentur is the schemeAgencyID; in a setting "" stands for every one.
	Agentur string
	Wert    string
}

// Stelle is what an Organisationseinheit of the directory is here.
type Stelle struct {
	Mandant tenant.ID
	Einheit string
	// Rang of its rules, see [tenant.Zustaendigkeit].
	Rang int
}

// Params of [Read].
type Params struct {
	// Stellen of this installation by the id of the Organisationseinheit; those of
	// others are counted and passed over. Mandatory.
	Stellen map[ID]Stelle
}

// Gebietsart says how the value of a gebietID is read.
type Gebietsart string

// The kinds of area.
const (
	GebietARS Gebietsart = "ars"
	GebietAGS Gebietsart = "ags"
)

// The lists of areas that are known without a setting; a gebietID may also hold the
// whole URN, list and key. Source: Destatis.
const (
	SchemaARS = "urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:rs"
	SchemaAGS = "urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:ags"
)

// The namespaces of XZuFi.
const (
	Namensraum22 = "http://xoev.de/schemata/xzufi/2_2_0"
	Namensraum21 = "http://xoev.de/schemata/xzufi/2_1_0"
)

// Namen are local names of elements that the facts leave open; empty ones mean the defaults.
type Namen struct {
	// Gueltigkeit within zustaendigkeit, Beginn and Ende (the last day) within it;
	// defaults "gueltigkeit", "beginn", "ende".
	Gueltigkeit, Beginn, Ende string
}

// Options of [Read]; nil means the defaults.
type Options struct {
	// Namensraeume of the root element that are taken; default 2.2 and 2.1.
	Namensraeume []string
	// Leistungen by the id in the directory, for those the file has no
	// referenzLeiKa for; they go before the file.
	Leistungen map[ID]tenant.Leistungsschluessel
	// Schemata adds lists of areas by schemeDataURI; "" is a gebietID without one,
	// which is refused otherwise.
	Schemata map[string]Gebietsart
	Namen    Namen
	// OhneGebiet takes a Zustaendigkeit without gebietID as one for everywhere;
	// otherwise it is passed over with a Hinweis.
	OhneGebiet bool
	// MaxBytes, MaxTiefe and MaxElemente bound the file; defaults 256 MiB, 40 and 5 million.
	MaxBytes              int64
	MaxTiefe, MaxElemente int
}

// Ergebnis of [Read].
type Ergebnis struct {
	// Regeln in the order of the file, the same one once. Their overlaps are found by
	// [tenant.NewZustaendigkeiten].
	Regeln []tenant.Zustaendigkeit
	// Hinweise name what became no rule though the Organisationseinheit is one of
	// ours, at most a thousand. A person should read them.
	Hinweise fehler.Probleme
	// Fremd is the number of Organisationseinheiten that are not in Params.Stellen.
	Fremd int
}

// maxProbleme bounds the lists.
const maxProbleme = 1000

// Read reads a file whole or not at all. What breaks the form is fehler.ErrInvalid
// with fehler.Probleme: no XML, a DOCTYPE, too large or too deep, a deletion, keys and
// dates of a wrong form (of those all at once). Another namespace is
// fehler.ErrUnsupported, a failing reader fehler.ErrUnavailable. Nothing is fetched,
// and no entities are known but those of XML itself.
func Read(ctx context.Context, r io.Reader, p Params, o *Options) (Ergebnis, error) {
	const op = "xzufi.Read"
	if p.Stellen == nil {
		return Ergebnis{}, fehler.New(op, "", fehler.ErrInvalid, fmt.Errorf("missing Stellen"))
	}
	l := &leser{leika: map[ID]tenant.Leistungsschluessel{}}
	if o != nil {
		l.o = *o
	}
	l.o.setDefaults()
	l.x = xmltoken.New(ctx, r, xmltoken.Limits{Bytes: l.o.MaxBytes, Token: l.o.MaxElemente, Depth: l.o.MaxTiefe})
	l.datei()
	if l.err != nil {
		return Ergebnis{}, l.fehler(op)
	}
	e := Ergebnis{Fremd: l.fremdZaehlen(p)}
	l.regeln(p, &e)
	if len(l.probleme) > 0 {
		return Ergebnis{}, fehler.New(op, "", fehler.ErrInvalid, l.probleme)
	}
	return e, nil
}

func (o *Options) setDefaults() {
	if o.Namensraeume == nil {
		o.Namensraeume = []string{Namensraum22, Namensraum21}
	}
	for s, d := range map[*string]string{&o.Namen.Gueltigkeit: "gueltigkeit", &o.Namen.Beginn: "beginn", &o.Namen.Ende: "ende"} {
		if *s == "" {
			*s = d
		}
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 256 << 20
	}
	if o.MaxTiefe == 0 {
		o.MaxTiefe = 40
	}
	if o.MaxElemente == 0 {
		o.MaxElemente = 5_000_000
	}
}

func lookup[V any](m map[ID]V, id ID) (V, bool) {
	v, ok := m[id]
	if !ok {
		v, ok = m[ID{Wert: id.Wert}]
	}
	return v, ok
}

func (l *leser) fremdZaehlen(p Params) (n int) {
	for _, e := range l.einheiten {
		if _, ok := lookup(p.Stellen, e.id); !ok {
			n++
		}
	}
	return n
}

func add(list *fehler.Probleme, code, pfad, meldung, hinweis string) {
	if len(*list) < maxProbleme {
		*list = append(*list, fehler.Problem{Code: "xzufi." + code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
}

// regeln joins what the file says with the settings.
func (l *leser) regeln(p Params, e *Ergebnis) {
	seen := map[tenant.Zustaendigkeit]bool{}
	for _, oe := range l.einheiten {
		s, ok := lookup(p.Stellen, oe.id)
		if !ok {
			continue
		}
		for _, z := range oe.zustaendigkeiten {
			regel := tenant.Zustaendigkeit{Mandant: s.Mandant, Einheit: s.Einheit, Rang: s.Rang, Zeitraum: l.zeitraum(z)}
			if regel.Leistung, ok = l.leistung(z.leistung); !ok {
				add(&e.Hinweise, "leistung-unbekannt", z.ort, "the Leistung has no LeiKa key in this file and none in the settings",
					"Für eine Leistung fehlt der LeiKa-Schlüssel; diese Zuständigkeit wurde nicht übernommen.")
				continue
			}
			gebiete := z.gebiete
			if len(gebiete) == 0 {
				if !l.o.OhneGebiet {
					add(&e.Hinweise, "ohne-gebiet", z.ort, "no gebietID", "Eine Zuständigkeit nennt kein Gebiet; sie wurde nicht übernommen.")
					continue
				}
				gebiete = []gebiet{{ueberall: true, zeile: z.ort}}
			}
			for _, g := range gebiete {
				if !l.gebiet(g, &regel, e) {
					continue
				}
				if !seen[regel] {
					seen[regel] = true
					e.Regeln = append(e.Regeln, regel)
				}
			}
		}
	}
}

func (l *leser) leistung(id ID) (tenant.Leistungsschluessel, bool) {
	if k, ok := lookup(l.o.Leistungen, id); ok {
		return k, true
	}
	k, ok := l.leika[id]
	return k, ok && k != ""
}

// gebiet sets the area of the rule.
func (l *leser) gebiet(g gebiet, z *tenant.Zustaendigkeit, e *Ergebnis) bool {
	z.Gebiet, z.AGS = "", ""
	if g.ueberall {
		return true
	}
	schema, wert := g.schema, g.wert
	for _, s := range []string{SchemaARS, SchemaAGS} {
		if rest, ok := strings.CutPrefix(wert, s+":"); ok {
			schema, wert = s, rest
		}
	}
	art, ok := l.o.Schemata[schema]
	switch {
	case ok:
	case schema == SchemaARS:
		art = GebietARS
	case schema == SchemaAGS:
		art = GebietAGS
	}
	var err error
	switch art {
	case GebietARS:
		z.Gebiet, err = tenant.ParseARS(wert)
	case GebietAGS:
		z.AGS, err = tenant.ParseAGS(wert)
		if k := tenant.ARS(wert); err != nil && slices.Contains([]int{2, 3, 5}, len(wert)) { // prefixes that AGS and ARS share
			z.Gebiet, err = tenant.ParseARS(string(k))
		}
	default:
		add(&e.Hinweise, "gebiet-unbekannt", g.zeile, "the list of areas is not known", "Ein Gebiet stammt aus einer Liste, die hier nicht eingestellt ist; diese Zuständigkeit wurde dafür nicht übernommen.")
		return false
	}
	if err != nil {
		add(&l.probleme, "gebiet", g.zeile, "gebietID has not the form of its list", "Ein Gebietsschlüssel in der Datei hat eine falsche Form.")
		return false
	}
	return true
}

func (l *leser) zeitraum(z zustaendigkeit) (out datum.Zeitraum) {
	var ok1, ok2 bool
	out.Von, ok1 = tag(z.beginn)
	out.Bis, ok2 = tag(z.ende)
	if !ok1 || !ok2 || !out.Von.IsZero() && !out.Bis.IsZero() && out.Bis.Vor(out.Von) {
		add(&l.probleme, "gueltigkeit", z.ort, "the validity is no range of dates", "Die Gültigkeit einer Zuständigkeit in der Datei ist kein gültiger Zeitraum.")
	}
	return out
}
