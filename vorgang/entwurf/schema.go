package entwurf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
)

// knoten is a place in a JSON schema. Only what can be said of one place is read:
// properties, items, required, type, format, enum, const, title, local $ref and allOf.
// What hides behind oneOf, anyOf or if is not found, and a source there is an error.
type knoten struct {
	schema map[string]any
	wurzel map[string]any
}

const (
	maxVerweise = 20
	maxSchema   = 2 << 20 // bytes
)

// parseSchema reads a schema; hostile depth and size are refused.
func parseSchema(b []byte) (*knoten, error) {
	if len(b) > maxSchema {
		return nil, fmt.Errorf("more than %d bytes", maxSchema)
	}
	if err := strictjson.Check(b, strictjson.Limits{}); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, err
	}
	return &knoten{m, m}, nil
}

// teile are the schemas that all hold at the place: itself, what it refers to, allOf.
func (k *knoten) teile() []map[string]any {
	var out []map[string]any
	offen := []map[string]any{k.schema}
	for len(offen) > 0 && len(out) < maxVerweise {
		m := offen[0]
		offen = offen[1:]
		out = append(out, m)
		if r, ok := m["$ref"].(string); ok {
			if ziel := k.verweis(r); ziel != nil {
				offen = append(offen, ziel)
			}
		}
		if l, ok := m["allOf"].([]any); ok {
			for _, x := range l {
				if s, ok := x.(map[string]any); ok {
					offen = append(offen, s)
				}
			}
		}
	}
	return out
}

func (k *knoten) verweis(r string) map[string]any {
	p, ok := strings.CutPrefix(r, "#")
	if !ok {
		return nil
	}
	v, ok := zeiger(k.wurzel, p)
	if !ok {
		return nil
	}
	m, _ := v.(map[string]any)
	return m
}

// kind gives the schema of a member; immer if the member must be there.
func (k *knoten) kind(name string) (out *knoten, immer bool) {
	for _, t := range k.teile() {
		if l, ok := t["required"].([]any); ok && slices.Contains(l, any(name)) {
			immer = true
		}
		if ps, ok := t["properties"].(map[string]any); ok && out == nil {
			if s, ok := ps[name].(map[string]any); ok {
				out = &knoten{s, k.wurzel}
			}
		}
	}
	return out, immer
}

// finde follows a JSON pointer through objects; nil if it leads nowhere.
func (k *knoten) finde(pfad string) (ziel *knoten, immer bool) {
	if pfad == "" {
		return k, true
	}
	immer = true
	for _, name := range schritte(pfad) {
		var da bool
		if k, da = k.kind(name); k == nil {
			return nil, false
		}
		immer = immer && da
	}
	return k, immer && !k.leerMoeglich()
}

// element is the schema of the members of an array, nil if it is none.
func (k *knoten) element() *knoten {
	for _, t := range k.teile() {
		if s, ok := t["items"].(map[string]any); ok {
			return &knoten{s, k.wurzel}
		}
	}
	return nil
}

func (k *knoten) typen() (out []string) {
	for _, t := range k.teile() {
		switch x := t["type"].(type) {
		case string:
			return []string{x}
		case []any:
			for _, y := range x {
				if s, ok := y.(string); ok {
					out = append(out, s)
				}
			}
			return out
		}
	}
	return nil
}

// leerMoeglich: null or the empty string can stand there. A blank text is no value for a
// template, so a text must have a least length, a form or a list of values.
func (k *knoten) leerMoeglich() bool {
	typen := k.typen()
	if slices.Contains(typen, "null") {
		return true
	}
	if !slices.Contains(typen, "string") {
		return false
	}
	for _, t := range k.teile() {
		if n, ok := t["minLength"]; ok && fmt.Sprint(n) != "0" {
			return false
		}
		for _, w := range []string{"enum", "const", "pattern", "format"} {
			if _, ok := t[w]; ok {
				return false
			}
		}
	}
	return true
}

// werte are the values an enum allows, as text; nil if there is none.
func (k *knoten) werte() (out []string) {
	for _, t := range k.teile() {
		l, _ := t["enum"].([]any)
		if c, ok := t["const"]; ok {
			l = append(l, c)
		}
		for _, x := range l {
			if s := schluessel(x); s != "" {
				out = append(out, s)
			}
		}
	}
	if slices.Equal(k.typen(), []string{"boolean"}) {
		return []string{"true", "false"}
	}
	return out
}

func (k *knoten) titel(sonst string) string {
	for _, t := range k.teile() {
		if s, ok := t["title"].(string); ok && s != "" {
			return s
		}
	}
	return sonst
}

// typ of the fields that the place fills without translation; "" for none.
func (k *knoten) typ() vorlage.Typ {
	typen := slices.DeleteFunc(slices.Clone(k.typen()), func(s string) bool { return s == "null" })
	if len(typen) != 1 {
		return ""
	}
	switch typen[0] {
	case "string":
		for _, t := range k.teile() {
			if t["format"] == "date" {
				return vorlage.Datum
			}
		}
		return vorlage.Text
	case "integer", "number":
		return vorlage.Nummer
	case "boolean":
		return vorlage.Wahrheit
	case "array":
		return vorlage.Liste
	}
	return ""
}

// zeiger follows a JSON pointer through a value.
func zeiger(v any, pfad string) (any, bool) {
	if pfad == "" {
		return v, true
	}
	for _, name := range schritte(pfad) {
		switch x := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = x[name]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}

var maske = strings.NewReplacer("~1", "/", "~0", "~")

func schritte(pfad string) []string {
	s := strings.Split(strings.TrimPrefix(pfad, "/"), "/")
	for i := range s {
		s[i] = maske.Replace(s[i])
	}
	return s
}

// schluessel is a value as a key of Regel.Werte.
func schluessel(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case json.Number:
		return x.String()
	}
	return ""
}
