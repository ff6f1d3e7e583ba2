package feed

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Feld is a member of an entry's data that may leave.
type Feld struct {
	// Name in the JSON form.
	Name string
	// Schema of its value.
	Schema map[string]any
	index  []int
}

// code is a text of a closed form: what does not look like one does not leave.
var code = map[string]any{"type": "string", "pattern": "^[a-z0-9_.-]{1,64}$"}

// harmlos are the types whose values hold no free text, with their schemas. A plain
// string is not among them, and nothing made of structs: what is new in a journal stays
// in the house until somebody puts its type here.
var harmlos = map[reflect.Type]map[string]any{
	reflect.TypeFor[uuid.UUID]():                  {"type": "string", "format": "uuid"},
	reflect.TypeFor[time.Time]():                  {"type": "string", "format": "date-time"},
	reflect.TypeFor[datum.Datum]():                {"type": "string", "format": "date"},
	reflect.TypeFor[bool]():                       {"type": "boolean"},
	reflect.TypeFor[int]():                        {"type": "integer"},
	reflect.TypeFor[int64]():                      {"type": "integer"},
	reflect.TypeFor[vorgang.Befehl]():             code,
	reflect.TypeFor[vorgang.Status]():             code,
	reflect.TypeFor[vorgang.AuftragArt]():         code,
	reflect.TypeFor[vorgang.Recht]():              code,
	reflect.TypeFor[vorgang.AbgabeZustand]():      code,
	reflect.TypeFor[tenant.ID]():                  code,
	reflect.TypeFor[vorgang.Abschlussgrund]():     code,
	reflect.TypeFor[tenant.Leistungsschluessel](): {"type": "string", "pattern": "^[A-Z0-9]{1,20}$"},
	reflect.TypeFor[tenant.ARS]():                 {"type": "string", "pattern": "^[0-9]{1,12}$"},
}

// Felder gives the members of the data of a code that may leave, by name.
func Felder(c vorgang.Code) []Feld {
	x := vorgang.NewData(c)
	if x == nil {
		return nil
	}
	var out []Feld
	for _, f := range reflect.VisibleFields(reflect.TypeOf(x).Elem()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		schema, ok := harmlos[f.Type]
		if !ok || f.Anonymous || !f.IsExported() || name == "" || name == "-" || strings.Contains(f.Tag.Get("json"), ",string") {
			continue
		}
		out = append(out, Feld{Name: name, Schema: schema, index: f.Index})
	}
	slices.SortFunc(out, func(a, b Feld) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// auswahl takes the members that may leave out of the data of an entry.
func auswahl(c vorgang.Code, x any) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	v := reflect.ValueOf(x).Elem()
	for _, f := range Felder(c) {
		w, err := v.FieldByIndexErr(f.index)
		if err != nil || w.IsZero() {
			continue
		}
		if p, ok := f.Schema["pattern"].(string); ok && !passt(p, w.String()) {
			continue // a text where a code should be
		}
		if b, err := json.Marshal(w.Interface()); err == nil {
			out[f.Name] = b
		}
	}
	return out
}

func schemaURI(c vorgang.Code) string { return "urn:fachwerk:schema:ereignis:" + string(c) + ":1" }

// Schemas gives the JSON Schemas (draft 2020-12) of the data of events, by type, made
// from the types of the journal.
func Schemas() map[string][]byte {
	out := map[string][]byte{}
	for _, c := range vorgang.Codes() {
		felder := map[string]any{}
		for _, f := range Felder(c) {
			felder[f.Name] = f.Schema
		}
		b, err := json.MarshalIndent(map[string]any{
			"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schemaURI(c), "type": "object",
			"required": []string{"mandant", "vorgang", "seq", "code", "zeit", "felder"},
			"properties": map[string]any{
				"mandant": map[string]any{"type": "string"}, "vorgang": harmlos[reflect.TypeFor[uuid.UUID]()],
				"seq": map[string]any{"type": "integer", "minimum": 1}, "code": map[string]any{"const": string(c)},
				"zeit": harmlos[reflect.TypeFor[time.Time]()], "akteur": map[string]any{"enum": []string{"person", "buerger", "maschine"}},
				"felder": map[string]any{"type": "object", "properties": felder, "additionalProperties": false},
				"inhalt": map[string]any{"description": "all data of the entry, where the installation allows it"},
			},
			"additionalProperties": false,
		}, "", "  ")
		if err == nil { // maps of texts and numbers
			out[Typ(c)] = append(b, '\n')
		}
	}
	return out
}

var formen = func() map[string]*regexp.Regexp {
	m := map[string]*regexp.Regexp{}
	for _, s := range harmlos {
		if p, ok := s["pattern"].(string); ok {
			m[p] = regexp.MustCompile(p)
		}
	}
	return m
}()

func passt(pattern, s string) bool { return formen[pattern].MatchString(s) }
