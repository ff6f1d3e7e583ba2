package xdatenfelder

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"mime"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Formular is one schema as the authority takes it.
type Formular struct {
	Schema *Schema // required
	// Export says how the JSON form looks; nil means the defaults.
	Export *Export
	// XFallURIs are further URIs under which senders name the XML form; the URI of
	// the JSON form counts for both.
	XFallURIs []string
	// Wurzel is the root element of the XML form; default is the id of the schema,
	// with or without version.
	Wurzel string
}

// ParserOptions of [New]; nil means the defaults.
type ParserOptions struct {
	// Grenzen of the XML form; MaxToken is 200,000 if not set.
	Grenzen Grenzen
	// Namensraeume are prefixes of the XML namespace; default "urn:fim-de:xfall:"
	// and "urn:xfall-de:". XML without a namespace is taken too.
	Namensraeume []string
}

// Parser reads FIM JSON and XFall of the forms it was made with. Safe for
// concurrent use.
type Parser struct {
	o        ParserOptions
	json     *fim.Parser
	formen   []*form
	nachName map[string]*form // by URI
}

type form struct {
	Formular
	uri     string
	version bool // keys carry the version
	knoten  *knoten
}

// knoten is a place of the form with those below it, found by key.
type knoten struct {
	teil   *Teil
	n      int // place among its siblings
	key    string
	folge  []*knoten
	kinder map[string]*knoten
}

var _ intake.Parser = (*Parser)(nil)

// New makes a parser, which keeps the schemas: change none afterwards. A form that cannot be exported, a URI that stands for two
// forms, and no schema are fehler.ErrInvalid.
func New(o *ParserOptions, formulare ...Formular) (*Parser, error) {
	p := &Parser{nachName: map[string]*form{}}
	if o != nil {
		p.o = *o
		p.o.Namensraeume = slices.Clone(o.Namensraeume)
	}
	if p.o.Namensraeume == nil {
		p.o.Namensraeume = []string{"urn:fim-de:xfall:", "urn:xfall-de:"}
	}
	if p.o.Grenzen.MaxToken <= 0 { // what becomes JSON may have no more values
		p.o.Grenzen.MaxToken = 200_000
	}
	var all []fim.Formular
	for _, f := range formulare {
		if f.Schema == nil {
			return nil, fehler.New("xdatenfelder.New", "", fehler.ErrInvalid, errors.New("no schema"))
		}
		j, err := f.Schema.Formular(f.Export)
		if err != nil {
			return nil, err
		}
		x := &form{Formular: f, uri: j.Schema, version: f.Export != nil && f.Export.MitVersion}
		x.knoten = newKnoten(&Teil{Element: &Element{Teile: f.Schema.Teile}}, x.version)
		for _, uri := range append([]string{j.Schema}, f.XFallURIs...) {
			if uri == "" || p.nachName[uri] != nil {
				return nil, fehler.New("xdatenfelder.New", uri, fehler.ErrInvalid, errors.New("URI is empty or named twice"))
			}
			p.nachName[uri] = x
		}
		p.formen = append(p.formen, x)
		all = append(all, j)
	}
	var err error
	p.json, err = fim.New(all...)
	return p, err
}

func newKnoten(t *Teil, mitVersion bool) *knoten {
	k := &knoten{teil: t, kinder: map[string]*knoten{}}
	for i := range t.Element.Teile {
		c := newKnoten(&t.Element.Teile[i], mitVersion)
		c.n, c.key = i, c.teil.Element.key(mitVersion)
		k.folge = append(k.folge, c)
		k.kinder[c.teil.Element.ID], k.kinder[c.teil.Element.key(true)] = c, c
	}
	return k
}

// Name gives "xdatenfelder".
func (p *Parser) Name() string { return "xdatenfelder" }

// Detect tells whether the data is said to be JSON or XML of one of the forms. XML
// whose schema is not named is known by its root element.
func (p *Parser) Detect(d intake.Fachdaten) bool {
	f, _ := p.form(d)
	return f != nil
}

// form finds the form of the data and tells whether it is XML.
func (p *Parser) form(d intake.Fachdaten) (f *form, isXML bool) {
	typ, _, err := mime.ParseMediaType(d.MIME)
	if err != nil {
		return nil, false
	}
	f = p.nachName[d.Schema]
	switch typ {
	case "application/json":
		if f != nil && f.uri == d.Schema {
			return f, false
		}
	case "application/xml", "text/xml":
		if f == nil && d.Schema == "" {
			f = p.byRoot(d.Bytes)
		}
		return f, true
	}
	return nil, false
}

// byRoot looks at the root element, within the first bytes alone. Of forms of the
// same id it decides by the version or not at all.
func (p *Parser) byRoot(b []byte) (found *form) {
	d := xml.NewDecoder(bytes.NewReader(b[:min(len(b), 4096)]))
	for {
		t, err := d.RawToken()
		if err != nil {
			return nil
		}
		s, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		for _, f := range p.formen {
			if f.wurzel(s.Name.Local) {
				if found != nil {
					return nil
				}
				found = f
			}
		}
		return found
	}
}

func (f *form) wurzel(name string) bool {
	if f.Wurzel != "" {
		return name == f.Wurzel
	}
	return name == f.Schema.ID || name == f.Schema.key(true)
}

// Parse validates the data and labels it. Daten are FIM JSON, whatever the form of
// what came; Felder are in the order of the schema, a repeated element as one Feld
// with its repetitions numbered, a value of a code list as "Name (Code)".
//
// Problems of the content are those of [fim.Parser.Parse], with JSON pointers as
// places; problems of the XML have the codes "xfall.kein-xml" and
// "xfall.schema-verletzt" and lines as places, of many the first 50.
func (p *Parser) Parse(ctx context.Context, d intake.Fachdaten) (intake.Inhalt, error) {
	if err := ctx.Err(); err != nil {
		return intake.Inhalt{}, err
	}
	f, isXML := p.form(d)
	if f == nil {
		return intake.Inhalt{}, fehler.New("xdatenfelder.Parse", d.Schema, fehler.ErrUnsupported, nil)
	}
	b := d.Bytes
	if isXML {
		var err error
		if b, err = p.toJSON(ctx, f, d.Bytes); err != nil {
			return intake.Inhalt{}, err
		}
	}
	i, err := p.json.Parse(ctx, intake.Fachdaten{Schema: f.uri, MIME: "application/json", Bytes: b})
	if err != nil {
		return intake.Inhalt{}, err
	}
	relabel(i.Felder, f.knoten)
	return i, nil
}

// relabel gives fields the labels of their place in the form, its order and the
// names of codes.
func relabel(felder []vorgang.Feld, k *knoten) {
	for i := range felder {
		f := &felder[i]
		c := k.kinder[f.Name]
		if c == nil {
			continue
		}
		label := c.teil.Element.Label()
		f.Label = label
		if !c.teil.Anzahl.Liste() {
			c.fill(f)
			continue
		}
		for j := range f.Felder {
			f.Felder[j].Label = nummeriert(label, j+1)
			c.fill(&f.Felder[j])
		}
	}
	slices.SortStableFunc(felder, func(a, b vorgang.Feld) int { return cmp.Compare(k.place(a.Name), k.place(b.Name)) })
}

func (k *knoten) place(name string) int {
	if c := k.kinder[name]; c != nil {
		return c.n
	}
	return len(k.folge)
}

func (k *knoten) fill(f *vorgang.Feld) {
	if e := k.teil.Element; e.Feld == nil {
		relabel(f.Felder, k)
	} else if e.Feld.Art == ArtSelect {
		f.Wert = e.Feld.Liste.name(f.Wert)
	}
}

func (p *Parser) namensraum(ns string) bool {
	return ns == "" || slices.ContainsFunc(p.o.Namensraeume, func(pre string) bool { return strings.HasPrefix(ns, pre) })
}
