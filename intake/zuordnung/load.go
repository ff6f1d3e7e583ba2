package zuordnung

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/ozg-fachwerk/fachwerk/internal/schema"
	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

//go:embed schema.json
var schemaJSON []byte

// Schema is the JSON Schema of a Zuordnung, for editors.
func Schema() []byte { return bytes.Clone(schemaJSON) }

// compiled is the Schema, made when it is first needed.
var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return schema.Compile("urn:ozg-fachwerk:intake:zuordnung", schemaJSON, false)
})

const maxProbleme = 50

// Load reads a Zuordnung from JSON and checks it. What is wrong is
// fehler.Probleme, all at once (of many the first 50), with a JSON pointer as
// place and the codes "zuordnung.kein-json", "zuordnung.aufbau" (members,
// types), "zuordnung.selektor" and "zuordnung.erkennung".
func Load(b []byte) (Zuordnung, error) {
	if err := strictjson.Check(b, strictjson.Limits{}); err != nil {
		return Zuordnung{}, fehler.Probleme{{Code: "zuordnung.kein-json", Meldung: err.Error(), Hinweis: "Die Zuordnung ist kein gültiges JSON."}}
	}
	s, err := compiled()
	if err != nil {
		return Zuordnung{}, fehler.New("zuordnung.Load", "", fehler.ErrInvalid, err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return Zuordnung{}, fehler.New("zuordnung.Load", "", fehler.ErrInvalid, err)
	}
	var p fehler.Probleme
	if err := s.Validate(doc); err != nil {
		if v, ok := err.(*jsonschema.ValidationError); ok {
			p = aufbau(v)
		} else {
			return Zuordnung{}, fehler.New("zuordnung.Load", "", fehler.ErrInvalid, err)
		}
	}
	var z Zuordnung
	if err := json.Unmarshal(b, &z); err == nil {
		p = append(p, z.check()...)
	} else if len(p) == 0 {
		return Zuordnung{}, fehler.New("zuordnung.Load", "", fehler.ErrInvalid, err)
	}
	if len(p) > 0 {
		slices.SortStableFunc(p, func(a, b fehler.Problem) int { return strings.Compare(a.Pfad, b.Pfad) })
		p = slices.Compact(p)
		return Zuordnung{}, p[:min(len(p), maxProbleme)]
	}
	return z, nil
}

// aufbau gives the leaves of a validation error.
func aufbau(v *jsonschema.ValidationError) fehler.Probleme {
	var out fehler.Probleme
	add := func(loc []string, meldung, hinweis string) {
		out = append(out, fehler.Problem{Code: "zuordnung.aufbau", Pfad: zeiger(loc), Meldung: meldung, Hinweis: hinweis})
	}
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		for _, c := range e.Causes {
			walk(c)
		}
		if len(e.Causes) > 0 {
			return
		}
		loc := slices.Clip(e.InstanceLocation)
		switch k := e.ErrorKind.(type) {
		case *kind.Required:
			for _, m := range k.Missing {
				add(append(loc, m), "is missing", "Diese Angabe fehlt in der Zuordnung.")
			}
		case *kind.AdditionalProperties:
			for _, m := range k.Properties {
				add(append(loc, m), "unknown member", "Diese Angabe kennt die Zuordnung nicht.")
			}
		case *kind.Type:
			add(loc, fmt.Sprintf("is %s, expected %s", k.Got, strings.Join(k.Want, " or ")), "Diese Angabe hat die falsche Art von Wert.")
		case *kind.Enum:
			add(loc, "value is not in the list", "Diese Angabe enthält einen Wert, der nicht zur Auswahl steht.")
		default:
			add(loc, "breaks the rule "+strings.Join(e.ErrorKind.KeywordPath(), "/"), "Diese Angabe ist leer, zu lang oder unvollständig.")
		}
	}
	walk(v)
	return out
}

func zeiger(loc []string) string {
	var b strings.Builder
	for _, k := range loc {
		b.WriteString("/" + escape(short(k)))
	}
	return b.String()
}
