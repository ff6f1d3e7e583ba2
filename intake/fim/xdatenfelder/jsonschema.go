package xdatenfelder

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Export says how a schema becomes a form; nil means the defaults.
type Export struct {
	// URI that senders name; default is [Schema.URI].
	URI string
	// MitVersion makes the keys "F60000227V1.1" instead of "F60000227".
	MitVersion bool
	// Offen allows keys that the schema does not know; they are kept unchecked.
	Offen bool
	// Antragsteller says where the applicant stands in the data.
	Antragsteller fim.Zeiger
}

// Formular makes the form that [fim.New] takes. It reads FIM JSON alone; the
// [Parser] of this package reads XFall too and names the values of code lists.
func (s *Schema) Formular(x *Export) (fim.Formular, error) {
	if x == nil {
		x = &Export{}
	}
	b, err := s.JSONSchema(x)
	if err != nil {
		return fim.Formular{}, err
	}
	return fim.Formular{Schema: s.uri(x), JSONSchema: b, Labels: s.Labels(), Antragsteller: x.Antragsteller}, nil
}

func (s *Schema) uri(x *Export) string {
	if x.URI != "" {
		return x.URI
	}
	return s.URI()
}

// JSONSchema gives the JSON Schema (draft 2020-12) of the data in the FIM JSON
// form: the same schema gives the same bytes, in the order of the form. Fields of
// kind label, groups without any field to fill in and elements that may stand there
// "0:0" times are left out. A model made by hand that cannot be written is
// fehler.ErrInvalid.
func (s *Schema) JSONSchema(x *Export) ([]byte, error) {
	if x == nil {
		x = &Export{}
	}
	const op = "xdatenfelder.JSONSchema"
	body, err := group(s.Teile, false, x, 0)
	if err != nil {
		return nil, fehler.New(op, s.ID, fehler.ErrInvalid, err)
	}
	root := objekt{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", s.uri(x)}}
	if l := s.Label(); l != "" {
		root = append(root, paar{"title", l})
	}
	for i, p := range body {
		if props, ok := p.wert.(objekt); ok && p.key == "properties" {
			body[i].wert = append(objekt{{"$schema", objekt{{"type", "string"}}}}, props...)
		}
	}
	b, err := json.MarshalIndent(append(root, body...), "", "  ")
	if err != nil {
		return nil, fehler.New(op, s.ID, fehler.ErrInvalid, err)
	}
	return append(b, '\n'), nil
}

// objekt is a JSON object whose order stays.
type objekt []paar

type paar struct {
	key  string
	wert any
}

func (o objekt) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(p.key)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(p.wert)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func group(teile []Teil, auswahl bool, x *Export, depth int) (objekt, error) {
	if depth > maxStufen {
		return nil, errors.New("groups nested too deep or in a circle")
	}
	props, required, oneOf := objekt{}, []string{}, []objekt{}
	keys := map[string]bool{}
	for _, t := range teile {
		e := t.Element
		if e == nil || e.ID == "" || t.Anzahl.Min < 0 || t.Anzahl.Max < Unbegrenzt {
			return nil, errors.New("a part has no element, no id or no valid number of occurrences")
		}
		if t.Anzahl.Max == 0 || !e.data() {
			continue
		}
		key := e.key(x.MitVersion)
		if keys[e.ID] {
			return nil, errors.New("two elements have the id " + e.ID)
		}
		keys[e.ID] = true
		v, err := element(e, x, depth)
		if err != nil {
			return nil, err
		}
		if t.Anzahl.Liste() {
			list := objekt{{"type", "array"}, {"title", e.Label()}}
			if t.Anzahl.Min > 0 {
				list = append(list, paar{"minItems", t.Anzahl.Min})
			}
			if t.Anzahl.Max != Unbegrenzt {
				list = append(list, paar{"maxItems", t.Anzahl.Max})
			}
			v = append(list, paar{"items", v})
		}
		props = append(props, paar{key, v})
		if auswahl {
			oneOf = append(oneOf, objekt{{"required", []string{key}}})
		} else if t.Anzahl.Min > 0 {
			required = append(required, key)
		}
	}
	out := objekt{{"type", "object"}, {"properties", props}}
	if len(required) > 0 {
		out = append(out, paar{"required", required})
	}
	if len(oneOf) > 0 {
		out = append(out, paar{"oneOf", oneOf})
	}
	if !x.Offen {
		out = append(out, paar{"additionalProperties", false})
	}
	return out, nil
}

func element(e *Element, x *Export, depth int) (objekt, error) {
	if e.Feld == nil {
		o, err := group(e.Teile, e.Auswahl, x, depth+1)
		return append(objekt{{"title", e.Label()}}, o...), err
	}
	return append(objekt{{"title", e.Label()}}, e.Feld.rules()...), nil
}

// Times with and without a zone: xs:time and xs:dateTime leave it open, the formats
// of JSON Schema do not.
const (
	zone       = `(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?$`
	zeitForm   = `^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?` + zone
	punktForm  = `^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?` + zone
	stringType = "string"
)

// rules are what the value must keep.
func (f *Feld) rules() objekt {
	if f.Art == ArtSelect {
		out := objekt{{"type", stringType}}
		if f.Liste != nil && len(f.Liste.Werte) > 0 {
			codes := []string{}
			for _, w := range f.Liste.Werte {
				codes = append(codes, w.Code)
			}
			out = append(out, paar{"enum", codes})
		}
		return out
	}
	switch f.Datentyp {
	case Bool:
		return objekt{{"type", "boolean"}}
	case Datum:
		return objekt{{"type", stringType}, {"format", "date"}}
	case Zeit:
		return objekt{{"type", stringType}, {"pattern", zeitForm}}
	case Zeitpunkt:
		return objekt{{"type", stringType}, {"pattern", punktForm}}
	case Zahl, Ganzzahl, Betrag:
		out := objekt{{"type", "number"}}
		if f.Datentyp == Ganzzahl {
			out[0].wert = "integer"
		}
		if n, ok := jsonZahl(f.MinWert); ok {
			out = append(out, paar{"minimum", json.Number(n)})
		}
		if n, ok := jsonZahl(f.MaxWert); ok {
			out = append(out, paar{"maximum", json.Number(n)})
		}
		return out
	case Text, TextLatin:
		out := objekt{{"type", stringType}}
		if f.MinLaenge != nil {
			out = append(out, paar{"minLength", *f.MinLaenge})
		}
		if f.MaxLaenge != nil {
			out = append(out, paar{"maxLength", *f.MaxLaenge})
		}
		if f.Muster != "" {
			out = append(out, paar{"pattern", ganzesMuster(f.Muster)})
		}
		return out
	}
	return objekt{{"type", stringType}} // file and obj: what stands there is for the channel
}

var zahlForm = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$`)

// jsonZahl writes a number of XML Schema as JSON knows it; false if it is none. A
// comma is taken for the point, as German writers set it.
func jsonZahl(s string) (string, bool) {
	s = strings.Replace(strings.TrimSpace(s), ",", ".", 1)
	if len(s) > 60 || !zahlForm.MatchString(s) {
		return "", false
	}
	s = strings.TrimPrefix(s, "+")
	sign := ""
	if r, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = "-", r
	}
	mantisse, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantisse, exponent = s[:i], s[i:]
	}
	whole, part, _ := strings.Cut(mantisse, ".")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if part != "" {
		whole += "." + part
	}
	return sign + whole + exponent, true
}
