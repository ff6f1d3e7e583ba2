// Package fim reads FIM JSON: form data whose keys are the ids of FIM data fields
// (F60000227) and groups (G60000082), as JSON Schemas derived from XDatenfelder
// describe them. Source: FIM portal, XDatenfelder 2.0 and 3.0; XDF-Tools for the
// JSON form.
package fim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/internal/schema"
	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Formular is one form as the authority sets it up. Its JSON form is what
// [LoadFormular] reads; package xdatenfelder makes one from an official schema.
type Formular struct {
	// Schema is the URI senders name.
	Schema string `json:"schema"`
	// JSONSchema is the JSON Schema (draft 2020-12) of the data. It must not refer
	// to other documents.
	JSONSchema json.RawMessage `json:"jsonSchema"`
	// Labels for reading, by field or group id without version.
	Labels map[string]string `json:"labels"`
	// Antragsteller says where the applicant stands in the data.
	Antragsteller Zeiger `json:"antragsteller"`
}

// Zeiger are JSON pointers (RFC 6901) into the data; empty ones are not read.
type Zeiger struct {
	Vorname      string `json:"vorname,omitempty"`
	Nachname     string `json:"nachname,omitempty"`
	Organisation string `json:"organisation,omitempty"`
	Strasse      string `json:"strasse,omitempty"`
	Hausnummer   string `json:"hausnummer,omitempty"`
	Zusatz       string `json:"zusatz,omitempty"`
	PLZ          string `json:"plz,omitempty"`
	Ort          string `json:"ort,omitempty"`
}

// LoadFormular reads a form from JSON. Unknown fields and data behind the
// document are fehler.ErrInvalid; the schema is checked by [New].
func LoadFormular(b []byte) (Formular, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var f Formular
	if err := d.Decode(&f); err != nil {
		return Formular{}, fehler.New("fim.LoadFormular", "", fehler.ErrInvalid, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Formular{}, fehler.New("fim.LoadFormular", "", fehler.ErrInvalid, errors.New("data after the end of the document"))
	}
	return f, nil
}

// Parser reads the forms it was made with. Safe for concurrent use.
type Parser struct{ formulare map[string]*formular }

type formular struct {
	Formular
	schema *jsonschema.Schema
}

var _ intake.Parser = (*Parser)(nil)

// New compiles the schemas. A schema that does not compile, refers outside, or is
// named twice is fehler.ErrInvalid.
func New(formulare ...Formular) (*Parser, error) {
	p := &Parser{formulare: map[string]*formular{}}
	for _, f := range formulare {
		if f.Schema == "" || p.formulare[f.Schema] != nil {
			return nil, fehler.New("fim.New", f.Schema, fehler.ErrInvalid, errors.New("schema URI is empty or named twice"))
		}
		s, err := schema.Compile(f.Schema, f.JSONSchema, true)
		if err != nil {
			return nil, fehler.New("fim.New", f.Schema, fehler.ErrInvalid, err)
		}
		p.formulare[f.Schema] = &formular{Formular: f, schema: s}
	}
	return p, nil
}

// Name gives "fim".
func (p *Parser) Name() string { return "fim" }

// Detect tells whether the schema is one of the forms and the data is said to be
// JSON.
func (p *Parser) Detect(d intake.Fachdaten) bool {
	if p.formulare[d.Schema] == nil {
		return false
	}
	typ, _, err := mime.ParseMediaType(d.MIME) // may name a charset
	return err == nil && typ == "application/json"
}

// Parse validates the data and labels it. Problems have the codes
// "fim.kein-json" and "fim.schema-verletzt", with a JSON pointer as place, or
// "data" for the document as a whole; of many the first 50.
func (p *Parser) Parse(ctx context.Context, d intake.Fachdaten) (intake.Inhalt, error) {
	if err := ctx.Err(); err != nil {
		return intake.Inhalt{}, err
	}
	f := p.formulare[d.Schema]
	if f == nil {
		return intake.Inhalt{}, fehler.New("fim.Parse", d.Schema, fehler.ErrUnsupported, nil)
	}
	if err := strictjson.Check(d.Bytes, strictjson.Limits{}); err != nil {
		return intake.Inhalt{}, fehler.Probleme{{Code: "fim.kein-json", Pfad: "data", Meldung: err.Error(),
			Hinweis: "Die Formulardaten sind kein gültiges JSON."}}
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(d.Bytes))
	if err != nil {
		return intake.Inhalt{}, err
	}
	if err := f.schema.Validate(doc); err != nil {
		if v, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
			return intake.Inhalt{}, probleme(v, f.Labels)
		}
		return intake.Inhalt{}, err
	}
	felder, err := readFelder(d.Bytes, f.Labels)
	if err != nil {
		return intake.Inhalt{}, err
	}
	return intake.Inhalt{Daten: json.RawMessage(bytes.Clone(d.Bytes)), Felder: felder, Antragsteller: f.Antragsteller.read(doc)}, nil
}

func (z Zeiger) read(doc any) messaging.Empfaenger {
	at := func(p string) string { return lookup(doc, p) }
	name := strings.TrimSpace(at(z.Vorname) + " " + at(z.Nachname))
	if name == "" {
		name = at(z.Organisation)
	}
	return messaging.Empfaenger{Name: name, Anschrift: tenant.Anschrift{
		Strasse: at(z.Strasse), Hausnummer: at(z.Hausnummer), Zusatz: at(z.Zusatz), PLZ: at(z.PLZ), Ort: at(z.Ort),
	}}
}

// The escapes of RFC 6901.
var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// lookup follows a JSON pointer to a scalar; "" if it is not there. Keys may
// carry a version in the data ("F60000227V1.1"); without one goes first, then the
// first in order of text.
func lookup(doc any, pointer string) string {
	if pointer == "" {
		return ""
	}
	for _, key := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		key = unescape.Replace(key)
		switch node := doc.(type) {
		case map[string]any:
			doc = member(node, key)
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(node) {
				return ""
			}
			doc = node[i]
		default:
			return ""
		}
	}
	switch v := doc.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// member finds a key, or the first of those that differ by their version alone.
func member(node map[string]any, key string) any {
	if v, ok := node[key]; ok {
		return v
	}
	for _, k := range slices.Sorted(maps.Keys(node)) {
		if baseID(k) == key {
			return node[k]
		}
	}
	return nil
}

var versioned = regexp.MustCompile(`^([FG]\d{8}(?:\d{3})?)V\d+(?:\.\d+){1,2}$`)

var fimID = regexp.MustCompile(`^[FG]\d{8}(?:\d{3})?(?:V\d+(?:\.\d+){1,2})?$`)

// baseID cuts the version off a FIM id.
func baseID(key string) string {
	if m := versioned.FindStringSubmatch(key); m != nil {
		return m[1]
	}
	return key
}
