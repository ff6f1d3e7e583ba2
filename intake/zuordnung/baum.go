package zuordnung

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// zweig is a field for the clerk with its form in Daten.
type zweig struct {
	name, label string
	wert        normal
	liste       bool
	kinder      []*zweig
}

func (z *zweig) feld() vorgang.Feld {
	f := vorgang.Feld{Name: z.name, Label: z.label, Wert: z.wert.lesbar}
	for _, c := range z.kinder {
		f.Felder = append(f.Felder, c.feld())
	}
	return f
}

func quote(s string) string {
	b, _ := jsontext.AppendQuote(nil, s) // s is valid UTF-8: the document was
	return string(b)
}

// json writes values as they are, groups as objects, and what stands several
// times under one name as a list in place of the first.
func (z *zweig) json(b *bytes.Buffer) {
	if len(z.kinder) == 0 && !z.liste {
		b.WriteString(cmp.Or(z.wert.json, "{}"))
		return
	}
	if z.liste {
		b.WriteByte('[')
		for i, c := range z.kinder {
			if i > 0 {
				b.WriteByte(',')
			}
			c.json(b)
		}
		b.WriteByte(']')
		return
	}
	gruppen := map[string][]*zweig{}
	var namen []string
	if z.wert.json != "" && z.wert.kanon != "" { // text between elements
		namen = append(namen, "#text")
		gruppen["#text"] = []*zweig{{wert: z.wert}}
	}
	for _, c := range z.kinder {
		if gruppen[c.name] == nil {
			namen = append(namen, c.name)
		}
		gruppen[c.name] = append(gruppen[c.name], c)
	}
	b.WriteByte('{')
	for i, n := range namen {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(n) + ":")
		if g := gruppen[n]; len(g) == 1 {
			g[0].json(b)
		} else {
			(&zweig{liste: true, kinder: g}).json(b)
		}
	}
	b.WriteByte('}')
}

// first gives the text of the first of the members that is there.
func first(k *knoten, namen []string) string {
	for _, n := range namen {
		if c := k.mitglied(n); c != nil {
			if s, ok := c.wert(); ok && s != "" {
				return s
			}
		}
	}
	return ""
}

// baum turns a node into a field; nil if it is left out.
func (x *extraktion) baum(k *knoten, name string, ohne map[*knoten]bool) *zweig {
	if x.err == nil {
		x.err = x.s.tick()
	}
	if ohne[k] || x.err != nil {
		return nil
	}
	f := &x.f.Formular
	z := &zweig{name: cmp.Or(first(k, f.Name), name, "_")}
	z.label = cmp.Or(f.Labels[z.name], first(k, f.Label), z.name)
	typ := cmp.Or(f.Typen[z.name], f.Typwerte[first(k, f.Typ)])
	switch k.art {
	case artElement:
		x.element(z, k, typ, ohne)
	case artObjekt:
		x.objekt(z, k, typ, ohne)
	case artListe:
		z.liste = true
		for i, c := range k.kinder {
			if e := x.baum(c, z.name, ohne); e != nil {
				if e.name == z.name {
					e.label = fmt.Sprintf("%s (%d)", z.label, i+1)
				}
				z.kinder = append(z.kinder, e)
			}
		}
	default:
		z.wert = x.blatt(z, k, typ)
	}
	return z
}

func (x *extraktion) blatt(z *zweig, k *knoten, typ Typ) normal {
	n, ok := normalise(k.text, typ, k.art)
	if !ok {
		x.unpassend(z.label, typ, k)
	}
	return n
}

func (x *extraktion) element(z *zweig, k *knoten, typ Typ, ohne map[*knoten]bool) {
	f := &x.f.Formular
	if f.Attribute {
		for _, a := range k.attribute {
			n := "@" + a.name
			if !ohne[a] && !slices.Contains(f.Name, n) && !slices.Contains(f.Label, n) && !slices.Contains(f.Typ, n) {
				z.kinder = append(z.kinder, &zweig{name: n, label: cmp.Or(f.Labels[n], a.name), wert: rohwert(a.text, artText)})
			}
		}
	}
	if len(k.kinder) == 0 || k.text != "" {
		z.wert = x.blatt(z, k, typ)
	}
	x.branches(z, k.kinder, ohne)
}

func (x *extraktion) objekt(z *zweig, k *knoten, typ Typ, ohne map[*knoten]bool) {
	f := &x.f.Formular
	gefunden := false
	for _, n := range f.Wert {
		c := k.mitglied(n)
		if c == nil || c.art == artNull || ohne[c] {
			continue
		}
		gefunden = true
		if c.art.skalar() {
			z.wert = x.blatt(z, c, typ)
		} else if e := x.baum(c, z.name, ohne); e != nil {
			z.kinder, z.liste = e.kinder, e.liste
		}
		break
	}
	for _, n := range f.Kinder {
		c := k.mitglied(n)
		if c == nil || ohne[c] || z.liste {
			continue
		}
		gefunden = true
		if c.art == artListe {
			x.branches(z, c.kinder, ohne)
		} else {
			x.branches(z, []*knoten{c}, ohne)
		}
	}
	if gefunden {
		return
	}
	for _, c := range k.kinder {
		if !slices.Contains(f.Name, c.name) && !slices.Contains(f.Label, c.name) && !slices.Contains(f.Typ, c.name) {
			x.branches(z, []*knoten{c}, ohne)
		}
	}
}

func (x *extraktion) branches(z *zweig, list []*knoten, ohne map[*knoten]bool) {
	for _, c := range list {
		if e := x.baum(c, c.name, ohne); e != nil {
			z.kinder = append(z.kinder, e)
		}
	}
}

// formular gives the fields and the data of the form.
func (x *extraktion) formular(a *Antrag) {
	ohne := map[*knoten]bool{}
	for _, p := range x.f.ohne {
		list, err := x.s.find(p)
		if err != nil {
			x.err = err
			return
		}
		for _, k := range list {
			ohne[k] = true
		}
	}
	wurzeln := []*knoten{x.s.wurzel}
	if x.s.wurzel.art == artDokument {
		wurzeln = x.s.wurzel.kinder
	}
	if x.f.wurzel != nil {
		var err error
		if wurzeln, err = x.s.find(*x.f.wurzel); err != nil {
			x.err = err
			return
		}
		if len(wurzeln) == 0 {
			x.add("zuordnung.formular-fehlt", "data", "the part that is the form is missing", "In den Formulardaten fehlt der Teil mit den Angaben des Formulars.")
			return
		}
	}
	alles := &zweig{}
	for _, k := range wurzeln {
		z := x.baum(k, cmp.Or(k.name, "formular"), ohne)
		switch {
		case z == nil:
		case len(z.kinder) > 0 && !z.liste:
			alles.kinder = append(alles.kinder, z.kinder...)
		case z.liste || z.wert.json != "" && k.art.skalar():
			alles.kinder = append(alles.kinder, z)
		}
	}
	if x.err != nil {
		return
	}
	for _, c := range alles.kinder {
		a.Felder = append(a.Felder, c.feld())
	}
	var b bytes.Buffer
	alles.json(&b)
	a.Daten = b.Bytes()
}
