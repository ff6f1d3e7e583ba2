package vorlage

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

//go:embed vorlagen/*.yaml
var mitgeliefert embed.FS

const (
	maxKnoten       = 200_000
	maxKnotentiefe  = 40
	maxLadeversuche = 5_000_000
	maxLadetext     = 32 << 20 // bytes of text, a Baustein counted for each template it stands in
)

// Feldsatz is a group of fields, with sample data, that templates of a set share.
type Feldsatz struct {
	Felder   []Feld    `yaml:"felder"`
	Roh      yaml.Node `yaml:"beispiel"`
	beispiel Daten
}

type datei struct {
	Feldsaetze    map[string]Feldsatz `yaml:"feldsaetze"`
	Textbausteine []Textbaustein      `yaml:"textbausteine"`
	Vorlagen      []roheVorlage       `yaml:"vorlagen"`
}

type roheVorlage struct {
	Angaben `yaml:",inline"`
	Roh     yaml.Node `yaml:"beispiel"`
}

var standard = sync.OnceValue(func() *Sammlung {
	s := &Sammlung{}
	namen, err := fs.Glob(mitgeliefert, "vorlagen/*.yaml")
	for _, n := range namen { // sorted: 00-allgemein.yaml holds what the others share
		var b []byte
		if b, err = mitgeliefert.ReadFile(n); err != nil {
			break
		}
		if s, err = Load(bytes.NewReader(b), &LoadOptions{Basis: s}); err != nil {
			break
		}
	}
	if err != nil {
		// The files are part of the program and loaded by the tests.
		panic("vorlage: " + err.Error())
	}
	return s
})

// Standard gives the shipped templates, loaded once.
func Standard() *Sammlung { return standard() }

// LoadOptions configures [Load]. Nil means defaults.
type LoadOptions struct {
	// Basis is the set the file adds to; nil is none. Take [Standard] to override
	// shipped templates for a Land or Mandant.
	Basis *Sammlung
	// Landesrecht says how the law of procedure is cited in each Land. Nil is that of
	// the basis, or what ships (drafts, most of them unverified).
	Landesrecht *Landesrecht
}

// Load reads templates from YAML or JSON, at most [MaxDatei] bytes, and checks them
// with the text blocks and templates of the basis. Each mistake is a Problem with
// line and block; the error is of kind fehler.ErrInvalid.
func Load(r io.Reader, o *LoadOptions) (*Sammlung, error) {
	const op = "vorlage.Load"
	b, err := io.ReadAll(io.LimitReader(r, MaxDatei+1))
	if err != nil {
		return nil, fehler.New(op, "", nil, err)
	}
	l := &lader{waage: waage{maxLadeversuche, maxLadetext}, zeilen: map[string]int{}}
	d := l.lies(b)
	if len(l.probleme) > 0 {
		return nil, fehler.New(op, "", fehler.ErrInvalid, l.probleme)
	}
	basis := &Sammlung{}
	if o != nil && o.Basis != nil {
		basis = o.Basis
	}
	switch {
	case o != nil && o.Landesrecht != nil:
		l.recht = o.Landesrecht
	case basis.recht != nil:
		l.recht = basis.recht
	default:
		if l.recht, err = standardRecht(); err != nil {
			return nil, err
		}
	}
	s := l.baue(d, basis)
	if len(l.probleme) > 0 {
		return nil, fehler.New(op, "", fehler.ErrInvalid, l.probleme)
	}
	return s, nil
}

type lader struct {
	waage
	probleme fehler.Probleme
	zeilen   map[string]int // by JSON pointer
	recht    *Landesrecht
	land     tenant.Land // of the template that is read; "" is each
	ort      string      // "Vorlage „x“, Block „y“"
}

// melde adds a problem; the German sentence says line and block.
func (l *lader) melde(code, pfad, meldung, hinweis string) {
	if len(l.probleme) >= maxProbleme {
		return
	}
	var wo []string
	for p := pfad; ; p = p[:max(strings.LastIndexByte(p, '/'), 0)] {
		if z, ok := l.zeilen[p]; ok {
			wo = append(wo, fmt.Sprintf("Zeile %d", z))
			meldung = fmt.Sprintf("line %d: %s", z, meldung)
			break
		}
		if p == "" {
			break
		}
	}
	if l.ort != "" {
		wo = append(wo, l.ort)
	}
	if len(wo) > 0 {
		hinweis = strings.Join(wo, ", ") + ": " + hinweis
	}
	l.probleme = append(l.probleme, problem(code, pfad, meldung, hinweis))
}

func (l *lader) meldeFehler(pfad string, err error) {
	f := alsSprachfehler(err)
	l.melde(f.code, pfad, f.meldung, f.hinweis)
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
	if err := dec.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		l.melde("datei-form", "", "more than one document", "Die Datei enthält mehr als ein Dokument.")
		return d
	}
	knoten := 0
	l.wache("", &n, 0, &knoten)
	if len(l.probleme) > 0 {
		return d
	}
	dec = yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&d); err != nil {
		l.melde("datei-form", "", kurz(err), "Eine Angabe ist unbekannt oder hat die falsche Form. Die Meldung nennt die Zeile.")
	}
	return d
}

func kurz(err error) string {
	return strings.ToValidUTF8(err.Error()[:min(len(err.Error()), 300)], "")
}

// wache refuses what YAML can do beyond trees, and notes the lines.
func (l *lader) wache(pfad string, n *yaml.Node, tiefe int, zahl *int) {
	*zahl++
	switch {
	case len(l.probleme) > 0:
		return
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		l.melde("datei-form", pfad, fmt.Sprintf("line %d: anchors and aliases are not allowed", n.Line), "Anker und Verweise von YAML sind nicht erlaubt.")
		return
	case tiefe > maxKnotentiefe || *zahl > maxKnoten:
		l.melde("datei-form", pfad, "nested too deep or too many values", "Die Datei ist zu tief geschachtelt oder enthält zu viele Angaben.")
		return
	}
	l.zeilen[pfad] = n.Line
	switch n.Kind {
	case yaml.DocumentNode:
		for _, c := range n.Content {
			l.wache(pfad, c, tiefe+1, zahl)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			l.wache(pfad+"/"+strconv.Itoa(i), c, tiefe+1, zahl)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode || k.Value == "<<" || len(k.Value) > 100 {
				l.melde("datei-form", pfad, fmt.Sprintf("line %d: a key is no plain name", k.Line), "Ein Schlüssel ist kein einfacher Name.")
				return
			}
			p := pfad + "/" + k.Value
			l.wache(p, n.Content[i+1], tiefe+1, zahl)
			l.zeilen[p] = k.Line
		}
	}
}

// beispiel turns sample data into Daten: scalars as they are written.
func beispiel(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		d := Daten{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			d[n.Content[i].Value] = beispiel(n.Content[i+1])
		}
		return d
	case yaml.SequenceNode:
		l := make([]any, len(n.Content))
		for i, c := range n.Content {
			l[i] = beispiel(c)
		}
		return l
	}
	if n.Tag == "!!bool" {
		return n.Value == "true"
	}
	if n.Tag == "!!null" {
		return nil
	}
	return n.Value
}

func alsBeispiel(n *yaml.Node) Daten {
	d, _ := beispiel(n).(Daten)
	return d
}

func (l *lader) baue(d datei, basis *Sammlung) *Sammlung {
	s := &Sammlung{feldsaetze: maps.Clone(basis.feldsaetze), bausteine: slices.Clone(basis.bausteine), recht: l.recht}
	if s.feldsaetze == nil {
		s.feldsaetze = map[string]Feldsatz{}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Feldsaetze)) {
		f := d.Feldsaetze[name]
		if _, da := s.feldsaetze[name]; da || !nameForm.MatchString(name) {
			l.melde("feldsatz", "/feldsaetze/"+name, "name is taken or not a plain name", "Der Name des Feldsatzes ist vergeben oder kein einfacher Name.")
		}
		f.beispiel, f.Roh = alsBeispiel(&f.Roh), yaml.Node{}
		s.feldsaetze[name] = f
	}
	bausteinPfad := make([]string, len(s.bausteine))
	for i := range d.Textbausteine {
		t, p := d.Textbausteine[i], fmt.Sprintf("/textbausteine/%d", i)
		l.ort = fmt.Sprintf("Textbaustein „%s“", t.ID)
		l.kennzeichen(p, &t.Kennzeichen)
		l.normen(p, t.Normen)
		s.bausteine, bausteinPfad = append(s.bausteine, t), append(bausteinPfad, p)
	}
	var alle []Angaben
	pfade := make([]string, len(basis.vorlagen))
	for _, f := range basis.vorlagen {
		alle = append(alle, f.a)
	}
	for i := range d.Vorlagen {
		a := d.Vorlagen[i].Angaben
		a.Beispiel = alsBeispiel(&d.Vorlagen[i].Roh)
		p := fmt.Sprintf("/vorlagen/%d", i)
		l.ort = fmt.Sprintf("Vorlage „%s“", a.ID)
		l.kennzeichen(p, &a.Kennzeichen)
		l.normen(p, a.Normen)
		l.feldsatz(p, &a, s.feldsaetze)
		alle, pfade = append(alle, a), append(pfade, p)
	}
	l.ort = ""
	l.anzahl(len(alle), len(s.bausteine))
	if len(l.probleme) > 0 {
		return nil // what follows builds on these
	}
	l.ueberlappung(pfade, func(i int) *Kennzeichen { return &alle[i].Kennzeichen })
	l.ueberlappung(bausteinPfad, func(i int) *Kennzeichen { return &s.bausteine[i].Kennzeichen })
	for i := range alle {
		p := pfade[i]
		if p == "" {
			p = "/basis/" + alle[i].ID
		}
		s.vorlagen = append(s.vorlagen, l.vorlage(p, alle[i], s.bausteine))
		if l.versuche <= 0 {
			l.probleme = nil // what was said after the end of the budget may be wrong
			l.melde("aufwand", p, "the conditions take too long to check", "Die Bedingungen sind zusammen zu aufwendig zu prüfen. Teilen Sie die Datei oder vereinfachen Sie die Bedingungen.")
			return nil
		}
	}
	return s
}

func (l *lader) anzahl(vorlagen, bausteine int) {
	if vorlagen > MaxVorlagen || bausteine > MaxVorlagen {
		l.melde("anzahl", "", "too many templates or text blocks", "Die Sammlung hat zu viele Vorlagen oder Textbausteine.")
	}
}

// feldsatz puts the shared fields before the template's own.
func (l *lader) feldsatz(p string, a *Angaben, saetze map[string]Feldsatz) {
	var felder []Feld
	b := Daten{}
	for _, name := range a.Feldsaetze {
		f, ok := saetze[name]
		if !ok {
			l.melde("feldsatz", p+"/feldsaetze", "no such Feldsatz", "Einen der genannten Feldsätze gibt es nicht.")
			continue
		}
		felder = append(felder, f.Felder...)
		maps.Copy(b, f.beispiel)
	}
	maps.Copy(b, a.Beispiel)
	a.Felder, a.Beispiel = append(felder, a.Felder...), b
	n := 0
	l.felder(p+"/felder", a.Felder, 0, &n)
}
