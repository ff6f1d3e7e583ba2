package entwurf

import (
	"encoding/json"

	"go.yaml.in/yaml/v3"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Bounds.
const (
	MaxDatei       = 4 << 20 // bytes of a file
	MaxZuordnungen = 2000    // of a set
	MaxRegeln      = 400     // of one Zuordnung
	maxQuellen     = 10      // of one rule
	maxProbleme    = 100
)

// Zuordnung says from where the fields of a template come. Of several for one template,
// Leistung and day, the Mandant's comes before the Land's and that before the general
// one; one for the Leistung comes before one for all.
type Zuordnung struct {
	Vorlage  string                     `yaml:"vorlage"`
	Leistung tenant.Leistungsschluessel `yaml:"leistung"` // empty: all, without data of the application
	Mandant  tenant.ID                  `yaml:"mandant"`
	Land     tenant.Land                `yaml:"land"`
	Von      datum.Datum                `yaml:"von"`
	Bis      datum.Datum                `yaml:"bis"` // last day; zero is open
	// Quelle says who made it and where from.
	Quelle string `yaml:"quelle"`
	// Schema is the id of the JSON schema of the application's data, of the file's own
	// schemata or of [LoadOptions]. Empty: no field comes from there.
	Schema string `yaml:"schema"`
	// Automatik: [Entwerfer.Text] may use it without a person. Then no field is asked of
	// one, no fee is named, and the template grants.
	Automatik bool `yaml:"automatik"`
	// Felder by name of the field; "gruppe.feld" for those of a group.
	Felder map[string]Regel `yaml:"felder"`
}

// Regel is from where one field comes. The first source that has a value counts, then
// Wert; with Person a clerk may be asked for what is still missing.
type Regel struct {
	// Aus names sources: "antragsteller.name" and the like, see [Quellen], or a JSON pointer
	// into the data of the application, "/G60000082/F60000227".
	Aus Quellenliste `yaml:"aus"`
	// Wert is fixed.
	Wert *Festwert `yaml:"wert"`
	// Werte translates what the application says into the values of a field of type auswahl
	// or wahrheit ("true", "false"). Values not named here count as missing.
	Werte map[string]string `yaml:"werte"`
	// Je gives the fields of the records of a list, with pointers into the elements of Aus.
	Je     map[string]Regel `yaml:"je"`
	Person bool             `yaml:"person"`
}

// Quellenliste are sources in the order they are asked; a single one needs no brackets.
type Quellenliste []string

// UnmarshalYAML reads one or several.
func (q *Quellenliste) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*q = Quellenliste{n.Value}
		return nil
	}
	var l []string
	if err := n.Decode(&l); err != nil {
		return err
	}
	*q = l
	return nil
}

// Festwert is a value as it is written, or a truth value.
type Festwert struct{ wert any }

// UnmarshalYAML reads a scalar.
func (f *Festwert) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return fehler.ErrInvalid
	}
	f.wert = n.Value
	if n.Tag == "!!bool" {
		f.wert = n.Value == "true"
	}
	return nil
}

// datei is what a file holds. Schemata are JSON schemas by their id.
type datei struct {
	Schemata    map[string]any `yaml:"schemata"`
	Zuordnungen []Zuordnung    `yaml:"zuordnungen"`
}

// Zuordnungen is a checked set. Immutable and safe for concurrent use.
type Zuordnungen struct {
	alle     []*geprueft
	schemata map[string]*knoten
}

type geprueft struct {
	Zuordnung
	schema *knoten
}

func (z *Zuordnung) enthaelt(d datum.Datum) bool {
	return !d.Vor(z.Von) && (z.Bis.IsZero() || !d.Nach(z.Bis))
}

// rang for a Leistung, Mandant and Land; 0 means not meant for them.
func (z *Zuordnung) rang(k tenant.Leistungsschluessel, m tenant.ID, l tenant.Land) int {
	r := 1
	switch {
	case z.Leistung != "" && z.Leistung != k, z.Mandant != "" && z.Mandant != m, z.Land != "" && z.Land != l:
		return 0
	case z.Mandant != "":
		r = 3
	case z.Land != "":
		r = 2
	}
	if z.Leistung != "" {
		r += 10
	}
	return r
}

// waehle gives the one that counts, nil if there is none.
func (z *Zuordnungen) waehle(k tenant.Leistungsschluessel, m *tenant.Mandant, tag datum.Datum, passt func(*geprueft) bool) (best *geprueft) {
	rang := 0
	for _, g := range z.alle {
		if r := g.rang(k, m.ID, m.Land); r > rang && g.enthaelt(tag) && passt(g) {
			best, rang = g, r
		}
	}
	return best
}

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: "entwurf." + code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}

// text of a value for the explanation.
func alsText(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case bool:
		if x {
			return "ja"
		}
		return "nein"
	case json.Number:
		return x.String()
	case datum.Datum:
		return x.Deutsch()
	}
	return ""
}
