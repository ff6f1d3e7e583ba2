package zuordnung

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Parser reads the forms of its Zuordnungen. Safe for concurrent use.
type Parser struct {
	name  string
	g     Grenzen
	forms []*form
}

// form is a compiled Zuordnung.
type form struct {
	Zuordnung
	wert            map[string]*wert
	anlagen, wurzel *pfad
	ohne            []pfad
}

type wert struct {
	Wert
	pfade []pfad
}

var _ intake.Parser = (*Parser)(nil)

// Options of [New]; nil means defaults.
type Options struct{ Grenzen Grenzen }

// New makes a Parser of Zuordnungen, which are asked in the order they are given:
// of several that fit a document the first counts. The order is seen where it is
// written, and a document of today is read the same way after one more was added
// at the end. One that could never have its turn, because an earlier one takes
// all that it takes, is a problem with the code "zuordnung.verdeckt"; so is a
// name that is there twice.
//
// The Zuordnungen must not be changed afterwards.
func New(name string, list []Zuordnung, o *Options) (*Parser, error) {
	if name == "" || len(list) == 0 {
		return nil, fehler.New("zuordnung.New", name, fehler.ErrInvalid, errors.New("missing name or Zuordnungen"))
	}
	p := &Parser{name: name}
	if o != nil {
		p.g = o.Grenzen
	}
	p.g = p.g.withDefaults()
	var probleme fehler.Probleme
	for i := range list {
		z := &list[i]
		for _, q := range z.check() {
			q.Pfad = fmt.Sprintf("/%d%s", i, q.Pfad)
			probleme = append(probleme, q)
		}
		for j := range list[:i] {
			if list[j].Name == z.Name || list[j].Format == z.Format && list[j].Erkennung.covers(&z.Erkennung) {
				probleme = append(probleme, fehler.Problem{Code: "zuordnung.verdeckt", Pfad: fmt.Sprintf("/%d/erkennung", i),
					Meldung: fmt.Sprintf("number %d has the same name or takes all that this one takes", j),
					Hinweis: "Diese Zuordnung käme nie an die Reihe, weil eine frühere dieselben Formulare erkennt oder ebenso heißt."})
			}
		}
	}
	if len(probleme) > 0 {
		return nil, probleme
	}
	for _, z := range list {
		p.forms = append(p.forms, compileForm(z))
	}
	return p, nil
}

// covers tells whether every document that o takes is taken by e.
func (e *Erkennung) covers(o *Erkennung) bool {
	in := func(list []string) func(string) bool {
		return func(s string) bool { return !slices.Contains(list, s) }
	}
	if slices.ContainsFunc(o.Medientypen, in(e.Medientypen)) {
		return false
	}
	if len(e.Schemata) > 0 && (len(o.Schemata) == 0 || slices.ContainsFunc(o.Schemata, in(e.Schemata))) {
		return false
	}
	if e.Wurzel != nil && o.Wurzel != nil {
		a, b := e.Wurzel, o.Wurzel
		if a.Name != "" && a.Name != b.Name || a.Namensraum != "" && a.Namensraum != b.Namensraum {
			return false
		}
		return strings.HasPrefix(b.Deklariert, a.Deklariert) || strings.HasPrefix(b.Namensraum, a.Deklariert)
	}
	return !slices.ContainsFunc(e.Mitglieder, func(m Mitglied) bool {
		return !slices.ContainsFunc(o.Mitglieder, func(n Mitglied) bool {
			return reflect.DeepEqual(m, n) || m.Zeiger == n.Zeiger && (m.Art == "" || m.Art == n.Art) && (m.Wert == "" || m.Wert == n.Wert)
		})
	})
}

// compileForm compiles what check has found good.
func compileForm(z Zuordnung) *form {
	get := func(s string) pfad { p, _ := compile(s, z.Format, z.Namensraeume); return p }
	f := &form{Zuordnung: z, wert: map[string]*wert{}}
	for _, s := range z.werte() {
		w := &wert{Wert: *s.wert}
		for _, p := range s.wert.Pfade {
			w.pfade = append(w.pfade, get(p))
		}
		f.wert[s.pfad] = w
	}
	if z.Anlagen != nil {
		f.anlagen = new(get(z.Anlagen.Pfad))
	}
	if z.Formular.Wurzel != "" {
		f.wurzel = new(get(z.Formular.Wurzel))
	}
	for _, p := range z.Formular.Ohne {
		f.ohne = append(f.ohne, get(p))
	}
	return f
}

// Name gives the name of [New].
func (p *Parser) Name() string { return p.name }

// Detect tells whether one of the Zuordnungen recognises the document. It reads
// its first 256 KiB at most.
func (p *Parser) Detect(d intake.Fachdaten) bool { return p.detect(d) != nil }

func (p *Parser) detect(d intake.Fachdaten) *form {
	k := newKopf(d)
	for _, f := range p.forms {
		if f.Erkennung.passt(k, f.Format) {
			return f
		}
	}
	return nil
}

// Parse reads the form; see [Parser.Read] for the problems.
func (p *Parser) Parse(ctx context.Context, d intake.Fachdaten) (intake.Inhalt, error) {
	a, err := p.Read(ctx, d)
	return a.Inhalt, err
}

// Read gives all that the first Zuordnung that fits finds in the document.
//
// Problems of the document as a whole have codes that begin with "zuordnung.";
// those of single values, about which a person can decide, are "intake.wert",
// "intake.wert-mehrdeutig" and "intake.wert-fehlt": all of the document, of many
// the first 50. A document that nothing fits is fehler.ErrUnsupported.
func (p *Parser) Read(ctx context.Context, d intake.Fachdaten) (Antrag, error) {
	if err := ctx.Err(); err != nil {
		return Antrag{}, err
	}
	f := p.detect(d)
	if f == nil {
		return Antrag{}, fehler.New("zuordnung.Read", p.name, fehler.ErrUnsupported, nil)
	}
	b, q := dekodieren(d.Bytes, d.MIME, f.Format, p.g)
	if q != nil {
		return Antrag{}, q
	}
	read := readJSON
	if f.Format == XML {
		read = readXML
	}
	k, err := read(ctx, b, p.g)
	if err != nil {
		return Antrag{}, err
	}
	x := &extraktion{f: f, s: &sucher{ctx: ctx, wurzel: k, schritte: p.g.Schritte}}
	a := x.antrag()
	if x.err == nil {
		x.formular(&a)
	}
	if x.err != nil {
		return Antrag{}, x.err
	}
	if len(x.probleme) > 0 {
		return Antrag{}, x.probleme
	}
	return a, nil
}

// Complete reads the Fachdaten of a Lieferung and fills in what the channel did
// not say; it does nothing if no Zuordnung fits. After an error the Lieferung is
// as it was: if the error holds fehler.Probleme it goes to the Annahme all the
// same, which comes to the same problems and keeps it whole.
func (p *Parser) Complete(ctx context.Context, l *intake.Lieferung) error {
	if l.Fachdaten.Open == nil {
		return fehler.New("zuordnung.Complete", l.Schluessel(), fehler.ErrInvalid, errors.New("the Fachdaten have no bytes"))
	}
	r, err := l.Fachdaten.Open(ctx)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(p.g.Bytes)+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	d := intake.Fachdaten{Schema: l.Schema, MIME: l.Fachdaten.MIME, Bytes: b}
	if !p.Detect(d) {
		return nil
	}
	a, err := p.Read(ctx, d)
	if err == nil {
		a.Fill(l)
	}
	return err
}
