package zuordnung

import (
	"bytes"
	"encoding/xml"
	"io"
	"mime"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/internal/charset"
)

const (
	// maxErkennung is how much of a document Detect reads.
	maxErkennung = 256 << 10
	// maxZeiger is how deep a pointer of the Erkennung leads.
	maxZeiger = 8
)

// kopf is what Detect sees of one document; each part is read when it is asked for.
type kopf struct {
	d       intake.Fachdaten
	typ     string
	wurzel  *xml.StartElement
	gelesen bool
}

func newKopf(d intake.Fachdaten) *kopf {
	typ, _, _ := mime.ParseMediaType(d.MIME)
	return &kopf{d: d, typ: typ}
}

// passt tells whether the document is of the form.
func (e *Erkennung) passt(k *kopf, f Format) bool {
	if !slices.Contains(e.Medientypen, k.typ) || len(e.Schemata) > 0 && !slices.Contains(e.Schemata, k.d.Schema) {
		return false
	}
	if f == XML {
		return k.root() != nil && e.Wurzel.passt(k.wurzel)
	}
	return k.members(e.Mitglieder)
}

// text gives the beginning of the document in UTF-8, as far as it can be read.
func (k *kopf) text(f Format) []byte {
	b := k.d.Bytes[:min(len(k.d.Bytes), maxErkennung)]
	name, rest, _ := charset.Name(b, k.d.MIME, f == XML)
	enc, ok := charset.Decoder(name)
	if !ok || enc == nil {
		return rest // broken of this form is this form
	}
	out, err := enc.NewDecoder().Bytes(rest[:len(rest)&^1])
	if err != nil {
		return nil
	}
	return out
}

func (k *kopf) root() *xml.StartElement {
	if k.gelesen {
		return k.wurzel
	}
	k.gelesen = true
	d := newDecoder(k.text(XML))
	for {
		t, err := d.Token()
		if err != nil {
			return nil
		}
		if s, ok := t.(xml.StartElement); ok {
			k.wurzel = &s
			return k.wurzel
		}
	}
}

func (w *Wurzel) passt(s *xml.StartElement) bool {
	if w.Name != "" && w.Name != s.Name.Local || w.Namensraum != "" && w.Namensraum != s.Name.Space {
		return false
	}
	if w.Deklariert == "" || strings.HasPrefix(s.Name.Space, w.Deklariert) {
		return true
	}
	return slices.ContainsFunc(s.Attr, func(a xml.Attr) bool {
		return (a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns") && strings.HasPrefix(a.Value, w.Deklariert)
	})
}

// artKind is the first byte of a value of that kind, as jsontext names it; 0 if
// there is no such kind.
func artKind(art string) jsontext.Kind {
	switch art {
	case "objekt":
		return '{'
	case "liste":
		return '['
	case "text":
		return '"'
	case "zahl":
		return '0'
	case "wahrheit":
		return 't'
	}
	return 0
}

// members tells whether all members are there. What is wrong behind them does not
// matter here.
func (k *kopf) members(want []Mitglied) bool {
	d := jsontext.NewDecoder(bytes.NewBuffer(k.text(JSON)))
	found := make([]bool, len(want))
	memberScan(d, "", want, found)
	return !slices.Contains(found, false)
}

// memberScan goes into those objects alone on the way to a member that is wanted.
// It is false at the end of what can be read.
func memberScan(d *jsontext.Decoder, pfad string, want []Mitglied, found []bool) bool {
	kind := d.PeekKind()
	if pfad != "" {
		for i := range want {
			if want[i].Zeiger == pfad && want[i].artPasst(kind) && want[i].Wert == "" {
				found[i] = true
			}
		}
	}
	if kind == '{' && slices.ContainsFunc(want, func(m Mitglied) bool { return strings.HasPrefix(m.Zeiger, pfad+"/") }) {
		if _, err := d.ReadToken(); err != nil {
			return false
		}
		for d.PeekKind() != '}' {
			t, err := d.ReadToken()
			if err != nil || t.Kind() != '"' {
				return false
			}
			name := escape(norm.NFC.String(t.String()))
			if !memberScan(d, pfad+"/"+name, want, found) {
				return false
			}
			if !slices.Contains(found, false) {
				return false // nothing more to learn
			}
		}
		_, err := d.ReadToken()
		return err == nil
	}
	if kind == '"' || kind == '0' || kind == 't' || kind == 'f' {
		t, err := d.ReadToken()
		if err != nil && err != io.EOF {
			return false
		}
		for i := range want {
			if want[i].Zeiger == pfad && want[i].artPasst(kind) && want[i].Wert == norm.NFC.String(t.String()) {
				found[i] = true
			}
		}
		return err == nil
	}
	return d.SkipValue() == nil
}

func (m *Mitglied) artPasst(kind jsontext.Kind) bool {
	if kind == 'f' {
		kind = 't'
	}
	return m.Art == "" && kind != 0 || artKind(m.Art) == kind && kind != 0
}
