package person

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Decode reads a JSON document into ziel, a pointer to a struct, and checks it.
// Unknown fields, fields in another case, doubled ones, data after the end and
// more than MaxBytes are refused, so that no two readers can understand the
// document differently; null means absent. What it accepts marshals back to the
// same values.
//
// Errors are those of [Pruefer.Check], and problems of form with the place where
// the document allows to name it. ziel should be empty before; after an error it
// holds anything. Unknown
// names and values are never repeated, dates that do not exist included.
func (p *Pruefer) Decode(b []byte, ziel any) error {
	if v := reflect.ValueOf(ziel); v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fehler.New("person.Decode", "", fehler.ErrUnsupported, fmt.Errorf("%T is no pointer to a struct", ziel))
	}
	if len(b) > MaxBytes {
		return fehler.Probleme{say("gross", "", "", "", "")}
	}
	if err := strictjson.Check(b, strictjson.Limits{Depth: 16, Values: 10_000}); err != nil {
		return fehler.Probleme{say("json", "", "", "", "")}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var baum any
	if err := d.Decode(&baum); err != nil {
		return fehler.Probleme{say("json", "", "", "", "")}
	}
	f := former{p: p}
	f.compare(reflect.TypeOf(ziel), baum, "")
	if len(f.out) > 0 {
		return f.out
	}
	d = json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(ziel); err != nil {
		// Its text may hold the value; what the tree did not show stays unnamed.
		return fehler.Probleme{say("json", "", "", "", "")}
	}
	return p.Check(ziel)
}

// former compares a document with the type it is read into.
type former struct {
	p   *Pruefer
	out fehler.Probleme
}

func (f *former) add(regel, pfad string) {
	if len(f.out) < MaxProbleme {
		f.out = append(f.out, say(regel, pfad, "", "", ""))
	}
}

var (
	jsonTyp = reflect.TypeFor[json.Unmarshaler]()
	textTyp = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (f *former) compare(t reflect.Type, v any, pfad string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if v == nil && pfad != "" {
		return
	}
	eigen := reflect.PointerTo(t).Implements(jsonTyp) || reflect.PointerTo(t).Implements(textTyp)
	switch {
	case !eigen && t.Kind() == reflect.Struct:
		m, ok := v.(map[string]any)
		if !ok {
			f.add("form", pfad)
			return
		}
		namen := f.p.felder(t)
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if ft, ok := namen[k]; ok {
				f.compare(ft, m[k], pfad+"/"+k)
			} else {
				f.add("unbekannt", pfad)
			}
		}
	case !eigen && t.Kind() == reflect.Slice:
		l, ok := v.([]any)
		if !ok {
			f.add("form", pfad)
			return
		}
		for i, w := range l {
			f.compare(t.Elem(), w, pfad+"/"+strconv.Itoa(i))
		}
	case !eigen && t.Kind() == reflect.String:
		if _, ok := v.(string); !ok {
			f.add("form", pfad)
		}
	default:
		f.try(t, v, pfad)
	}
}

// try reads a value that reads itself. What it says of a problem is kept if it is
// one of the house; other texts may hold the value.
func (f *former) try(t reflect.Type, v any, pfad string) {
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, reflect.New(t).Interface())
	}
	ps := fehler.ProblemeIn(err)
	switch {
	case err == nil:
	case len(ps) == 1 && len(f.out) < MaxProbleme:
		ps[0].Pfad = pfad
		f.out = append(f.out, ps[0])
	default:
		f.add("form", pfad)
	}
}

// felder gives the fields of a struct by their names in JSON, with those of
// embedded structs.
func (p *Pruefer) felder(t reflect.Type) map[string]reflect.Type {
	if m, ok := p.namen.Load(t); ok {
		return m.(map[string]reflect.Type)
	}
	m := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		if tag := f.Tag.Get("json"); f.IsExported() && !strings.HasPrefix(tag, "-") {
			if n := feldname(f); n != "" {
				m[n] = f.Type
			}
		}
	}
	p.namen.Store(t, m)
	return m
}
