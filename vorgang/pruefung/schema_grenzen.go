package pruefung

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxKnoten bounds a schema with all references written out. Without it a few lines
// of references to references make a schema that takes years to compare with "{}".
const maxKnoten = 50000

const entwurf2020 = "https://json-schema.org/draft/2020-12/schema"

// vermessung walks a schema before it is compiled.
type vermessung struct {
	p     *pruefer
	baum  any
	ziele map[string]int // size of what a reference points to; -1 while it is measured
}

// vermisst adds the problems of a schema that is too large when written out, refers
// to itself or elsewhere, or is of another draft.
func (p *pruefer) vermisst(baum any) {
	v := &vermessung{p: p, baum: baum, ziele: map[string]int{}}
	m, _ := baum.(map[string]any)
	if s, ok := m["$schema"]; ok {
		t, _ := s.(string)
		p.fordere(strings.TrimSuffix(t, "#") == entwurf2020, "schema-entwurf", "/schema/$schema", "only draft 2020-12", "Das Schema muss dem Entwurf 2020-12 folgen.")
	}
	n := v.schema(baum, "/schema", true)
	p.fordere(n < maxKnoten, "schema-gross", "/schema", fmt.Sprintf("more than %d parts with all references written out", maxKnoten), "Das Schema ist zu groß.")
}

func (v *vermessung) schema(s any, pfad string, wurzel bool) int {
	m, ok := s.(map[string]any)
	if !ok {
		return 1
	}
	n := 1
	for _, k := range slices.Sorted(maps.Keys(m)) {
		hier := zeiger(pfad, k)
		switch k {
		case "$ref":
			n += v.verweis(m[k], hier)
		case "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$anchor":
			v.p.fordere(false, "schema-verweis", hier, "only $ref to a place in the document", "Das Schema darf nur mit $ref auf eigene Teile verweisen.")
		case "$id":
			v.p.fordere(wurzel, "schema-verweis", hier, "$id below the root", "Ein Teil des Schemas darf keine eigene $id haben.")
		case "const", "enum", "default", "examples":
			n++
		case "$defs", "definitions": // counted where they are referred to, looked at here
			v.namen(m[k], hier)
		case "properties", "patternProperties", "dependentSchemas":
			n += v.namen(m[k], hier)
		default:
			n += v.wert(m[k], hier)
		}
		n = min(n, maxKnoten)
	}
	return n
}

func (v *vermessung) namen(x any, pfad string) (n int) {
	m, _ := x.(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		n = min(n+v.schema(m[k], zeiger(pfad, k), false), maxKnoten)
	}
	return n
}

func (v *vermessung) wert(x any, pfad string) (n int) {
	l, ok := x.([]any)
	if !ok {
		return v.schema(x, pfad, false)
	}
	for i, y := range l {
		n = min(n+v.schema(y, pfad+"/"+strconv.Itoa(i), false), maxKnoten)
	}
	return n
}

func (v *vermessung) verweis(x any, pfad string) int {
	ref, _ := x.(string)
	ziel, ok := stelle(v.baum, ref)
	if !ok {
		v.p.fordere(false, "schema-verweis", pfad, "not a place in the document", "Das Schema darf nur auf eigene Teile verweisen.")
		return 1
	}
	if n, ok := v.ziele[ref]; ok {
		v.p.fordere(n >= 0, "schema-rekursiv", pfad, "the schema refers to itself", "Das Schema verweist auf sich selbst; so lässt sich der Aufwand nicht begrenzen.")
		return max(n, 1)
	}
	v.ziele[ref] = -1
	n := v.schema(ziel, "/schema"+strings.TrimPrefix(ref, "#"), ref == "#")
	v.ziele[ref] = n
	return n
}

// stelle finds what "#/a/b" points to.
func stelle(baum any, ref string) (any, bool) {
	rest, ok := strings.CutPrefix(ref, "#")
	if !ok || rest != "" && rest[0] != '/' || strings.Contains(rest, "%") {
		return nil, false
	}
	if rest == "" {
		return baum, true
	}
	for _, t := range strings.Split(rest[1:], "/") {
		t = strings.NewReplacer("~1", "/", "~0", "~").Replace(t)
		switch x := baum.(type) {
		case map[string]any:
			if baum, ok = x[t]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(t)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			baum = x[i]
		default:
			return nil, false
		}
	}
	return baum, true
}
