package pruefung

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var (
	rohTyp  = reflect.TypeFor[json.RawMessage]()
	textTyp = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// pruefeForm compares a tree with the form of [Angaben]. encoding/json would stop
// at the first wrong member and take "ID" for "id".
func pruefeForm(baum any) fehler.Probleme {
	p := &pruefer{}
	p.form(baum, reflect.TypeFor[Angaben](), "")
	return p.probleme
}

func (p *pruefer) form(v any, t reflect.Type, pfad string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	falsch := func(was string) {
		p.fordere(false, "datei-typ", pfad, "is not "+was, "Die Angabe hat den falschen Typ.")
	}
	switch {
	case t == rohTyp:
	case reflect.PointerTo(t).Implements(textTyp):
		s, ok := v.(string)
		if !ok || reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)) != nil {
			falsch("a date")
		}
	case t.Kind() == reflect.String:
		if _, ok := v.(string); !ok {
			falsch("a text")
		}
	case t.Kind() == reflect.Bool:
		if _, ok := v.(bool); !ok {
			falsch("true or false")
		}
	case t.Kind() == reflect.Int:
		if _, ok := v.(int64); !ok {
			falsch("a whole number")
		}
	case t.Kind() == reflect.Slice:
		l, ok := v.([]any)
		if !ok {
			falsch("a list")
			return
		}
		for i, x := range l {
			p.form(x, t.Elem(), fmt.Sprintf("%s/%d", pfad, i))
		}
	case t.Kind() == reflect.Struct:
		m, ok := v.(map[string]any)
		if !ok {
			falsch("an object")
			return
		}
		felder := map[string]reflect.Type{}
		sammle(t, felder)
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if f, ok := felder[k]; ok {
				p.form(m[k], f, zeiger(pfad, k))
			} else {
				p.fordere(false, "datei-feld", zeiger(pfad, k), "unknown member", "Diese Angabe ist in einem Regelwerk nicht bekannt.")
			}
		}
	}
}

func sammle(t reflect.Type, felder map[string]reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			sammle(f.Type, felder)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		felder[name] = f.Type
	}
}

// zeiger adds a member to a JSON pointer (RFC 6901).
func zeiger(pfad, name string) string {
	if !strings.ContainsAny(name, "~/") {
		return pfad + "/" + name
	}
	return pfad + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
