package entwurf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// LoadOptions configures [Load]; nil means defaults.
type LoadOptions struct {
	// Vorlagen the file is about; default [vorlage.Standard].
	Vorlagen *vorlage.Sammlung
	// Schemata are JSON schemas of applications by their id (vorgang.Antrag.Schema), beside
	// those of the file.
	Schemata map[string]json.RawMessage
	// Basis is the set the file adds to; nil is none. It must be about the same templates.
	Basis *Zuordnungen
}

// Load reads Zuordnungen from YAML or JSON, at most [MaxDatei] bytes, and checks each
// against every version of its template that it can meet. Each mistake is a Problem; the
// error is of kind fehler.ErrInvalid.
func Load(r io.Reader, o *LoadOptions) (*Zuordnungen, error) {
	const op = "entwurf.Load"
	c := LoadOptions{}
	if o != nil {
		c = *o
	}
	if c.Vorlagen == nil {
		c.Vorlagen = vorlage.Standard()
	}
	b, err := io.ReadAll(io.LimitReader(r, MaxDatei+1))
	if err != nil {
		return nil, fehler.New(op, "", nil, err)
	}
	l := &lader{vorlagen: c.Vorlagen, quellen: quellen()}
	d := l.lies(b)
	z := &Zuordnungen{schemata: map[string]*knoten{}}
	if c.Basis != nil {
		z.alle = slices.Clone(c.Basis.alle)
		maps.Copy(z.schemata, c.Basis.schemata)
	}
	for _, id := range slices.Sorted(maps.Keys(d.Schemata)) {
		roh, err := json.Marshal(d.Schemata[id])
		l.schema(z, "/schemata/"+id, id, roh, err)
	}
	for _, id := range slices.Sorted(maps.Keys(c.Schemata)) {
		l.schema(z, "", id, c.Schemata[id], nil)
	}
	for i := range d.Zuordnungen {
		l.zuordnung(z, fmt.Sprintf("/zuordnungen/%d", i), d.Zuordnungen[i])
	}
	if len(z.alle) > MaxZuordnungen {
		l.melde("anzahl", "", "too many", "Es sind zu viele Zuordnungen.")
	}
	if len(l.probleme) > 0 {
		return nil, fehler.New(op, "", fehler.ErrInvalid, l.probleme)
	}
	return z, nil
}

type lader struct {
	vorlagen *vorlage.Sammlung
	quellen  map[string]quelle
	probleme fehler.Probleme
	ort      string
	tiefe    int
}

func (l *lader) melde(code, pfad, meldung, hinweis string) {
	if len(l.probleme) < maxProbleme {
		if l.ort != "" {
			hinweis = l.ort + ": " + hinweis
		}
		l.probleme = append(l.probleme, problem(code, pfad, meldung, hinweis))
	}
}

func (l *lader) lies(b []byte) (d datei) {
	if len(b) > MaxDatei {
		l.melde("datei-gross", "", "file too large", "Die Datei ist zu groß.")
		return d
	}
	var n yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(&n); err != nil {
		l.melde("datei-form", "", kurz(err), "Die Datei ist kein lesbares YAML oder JSON.")
		return d
	}
	zahl := 0
	if !baum(&n, 0, &zahl) || !errors.Is(dec.Decode(&yaml.Node{}), io.EOF) {
		l.melde("datei-form", "", "anchors, aliases, more than one document, too deep or too many values", "Die Datei enthält Verweise, mehr als ein Dokument oder zu viele Angaben.")
		return d
	}
	dec = yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&d); err != nil {
		l.melde("datei-form", "", kurz(err), "Eine Angabe ist unbekannt oder hat die falsche Form. Die Meldung nennt die Zeile.")
	}
	return d
}

func kurz(err error) string { s := err.Error(); return s[:min(len(s), 300)] }

// baum tells whether the document is a tree of bounded size.
func baum(n *yaml.Node, tiefe int, zahl *int) bool {
	if *zahl++; tiefe > 60 || *zahl > 200_000 || n.Kind == yaml.AliasNode || n.Anchor != "" {
		return false
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && (c.Kind != yaml.ScalarNode || c.Value == "<<") {
			return false
		}
		if !baum(c, tiefe+1, zahl) {
			return false
		}
	}
	return true
}

func (l *lader) schema(z *Zuordnungen, pfad, id string, roh []byte, err error) {
	var k *knoten
	if err == nil {
		k, err = parseSchema(roh)
	}
	_, doppelt := z.schemata[id]
	if err != nil || id == "" || doppelt {
		l.melde("schema", pfad, "not a JSON schema, or its id is empty or taken", "Ein Schema ist nicht lesbar, oder seine Kennung fehlt oder ist vergeben.")
		return
	}
	z.schemata[id] = k
}

func (l *lader) zuordnung(z *Zuordnungen, p string, x Zuordnung) {
	l.ort = fmt.Sprintf("Zuordnung der Vorlage „%s“", x.Vorlage)
	defer func() { l.ort = "" }()
	g := &geprueft{Zuordnung: x}
	vorher := len(l.probleme)
	switch {
	case x.Von.IsZero() || (!x.Bis.IsZero() && x.Bis.Vor(x.Von)):
		l.melde("geltung", p+"/von", "validity has no start or ends before it", "Die Geltung braucht einen Beginn und endet nicht davor.")
	case x.Quelle == "":
		l.melde("quelle", p+"/quelle", "source is missing", "Die Quelle der Zuordnung fehlt.")
	case x.Land != "" && !x.Land.Valid():
		l.melde("land", p+"/land", "unknown Land", "Das Land ist unbekannt.")
	case len(x.Felder) > MaxRegeln:
		l.melde("anzahl", p+"/felder", "too many rules", "Die Zuordnung hat zu viele Felder.")
	}
	if k, err := tenant.ParseLeistung(string(x.Leistung)); x.Leistung != "" && (err != nil || k != x.Leistung) {
		l.melde("leistung", p+"/leistung", "not a Leistungsschluessel", "Der Leistungsschlüssel hat nicht die richtige Form.")
	}
	if x.Mandant != "" {
		if _, err := tenant.ParseID(string(x.Mandant)); err != nil {
			l.melde("mandant", p+"/mandant", "not an id of a Mandant", "Die Kennung des Mandanten hat nicht die richtige Form.")
		}
	}
	if x.Schema != "" {
		if g.schema = z.schemata[x.Schema]; g.schema == nil || x.Leistung == "" {
			l.melde("schema", p+"/schema", "no such schema, or no Leistung", "Dieses Schema ist nicht geladen, oder die Leistung fehlt, zu deren Anträgen es gehört.")
		}
	}
	for _, a := range z.alle {
		if (a.Vorlage == x.Vorlage || (a.Automatik && x.Automatik)) && a.Leistung == x.Leistung && a.Mandant == x.Mandant && a.Land == x.Land &&
			(a.Bis.IsZero() || !x.Von.Nach(a.Bis)) && (x.Bis.IsZero() || !a.Von.Nach(x.Bis)) {
			l.melde("doppelt", p, "two are valid on one day", "Für diese Vorlage und Leistung gelten zwei Zuordnungen am selben Tag.")
			break
		}
	}
	if len(l.probleme) > vorher {
		return // what follows builds on these
	}
	vs := l.fassungen(&x)
	if len(vs) == 0 {
		l.melde("vorlage", p+"/vorlage", "no such template for this Leistung and time", "Diese Vorlage gibt es für die Leistung und die Zeit nicht.")
		return
	}
	for _, v := range vs {
		l.gegen(p, g, v)
		if len(l.probleme) > vorher {
			return // the same mistake in another version would only be said again
		}
	}
	z.alle = append(z.alle, g)
}

// fassungen are the versions of the template that x can meet.
func (l *lader) fassungen(x *Zuordnung) (out []*vorlage.Vorlage) {
	for _, e := range l.vorlagen.List() {
		if e.ID != x.Vorlage || (e.Mandant != "" && x.Mandant != "" && e.Mandant != x.Mandant) || (e.Land != "" && x.Land != "" && e.Land != x.Land) ||
			(!e.Bis.IsZero() && x.Von.Nach(e.Bis)) || (!x.Bis.IsZero() && e.Von.Nach(x.Bis)) {
			continue
		}
		m, land := e.Mandant, e.Land
		if m == "" {
			m = x.Mandant
		}
		if land == "" {
			land = x.Land
		}
		ab := e.Von
		if x.Von.Nach(ab) {
			ab = x.Von
		}
		if v, err := l.vorlagen.Choose(vorlage.Params{ID: x.Vorlage, Mandant: m, Land: land, Tag: ab, Leistung: x.Leistung}); err == nil {
			out = append(out, v)
		}
	}
	return out
}

// gegen checks the rules against one version of the template.
func (l *lader) gegen(p string, g *geprueft, v *vorlage.Vorlage) {
	a := v.Angaben()
	r := &regelpruefer{l: l, g: g, a: &a, benutzt: map[string]bool{}, fest: vorlage.Daten{}}
	r.felder(p+"/felder", "", v.Felder(), g.Felder, r.fest)
	for _, name := range slices.Sorted(maps.Keys(g.Felder)) {
		if !r.benutzt[name] {
			l.melde("feld-unbekannt", p+"/felder/"+name, "the template has no such field", fmt.Sprintf("Das Feld „%s“ hat die Vorlage nicht.", name))
		}
	}
	if g.Automatik && (a.Art != vorlage.Bescheid || a.BescheidArt != bescheid.Bewilligung || r.person || r.gebuehr) {
		l.melde("automatik", p+"/automatik", "a person is asked, a fee is named, or the template does not grant",
			"Ohne eine Person geht es nur mit einer Vorlage, die bewilligt, ohne Angaben einer Person und ohne Gebühr.")
	}
	if len(l.probleme) > 0 {
		return
	}
	// Fixed values are of the type of their field if the template takes them.
	_, err := v.Render(ueberlagert(a.Beispiel, r.fest))
	for _, q := range fehler.ProblemeIn(err) {
		l.melde("wert", p+"/felder"+q.Pfad, "fixed value: "+q.Meldung, "Ein fester Wert passt nicht zu seinem Feld. "+q.Hinweis)
	}
}

// ueberlagert gives the data with those of oben before them, records within records too.
func ueberlagert(unten, oben vorlage.Daten) vorlage.Daten {
	out := maps.Clone(unten)
	if out == nil {
		out = vorlage.Daten{}
	}
	for k, v := range oben {
		o, ok1 := satz(v)
		u, ok2 := satz(out[k])
		if ok1 && ok2 {
			v = ueberlagert(u, o)
		}
		out[k] = v
	}
	return out
}

func satz(v any) (vorlage.Daten, bool) {
	switch x := v.(type) {
	case vorlage.Daten:
		return x, true
	case map[string]any:
		return x, true
	}
	return nil, false
}
