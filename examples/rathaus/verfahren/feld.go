package verfahren

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
)

// Art is the kind of a field.
type Art string

// The kinds.
const (
	Text     Art = "text"
	Langtext Art = "langtext"
	Datum    Art = "datum"
	Zahl     Art = "zahl"
	JaNein   Art = "janein"
	Auswahl  Art = "auswahl"
	Gruppe   Art = "gruppe"
	Liste    Art = "liste"
)

// Feld is one field of a form, as the JSON Schema has it and in its order.
type Feld struct {
	Name, Titel, Hinweis string
	Art                  Art
	Pflicht              bool
	Werte                []string
	// Muster is the pattern of a text. Laenge is its most bytes, of a list the most rows.
	Muster   string
	Laenge   int
	Min, Max *float64
	// Felder of a group, or of one row of a list.
	Felder []Feld
}

// schemaKnoten are the parts of JSON Schema that forms here use; properties keep the order
// they are written in.
type schemaKnoten struct {
	Title, Description, Type, Format, Pattern string
	Enum, Required                            []string
	Properties                                yaml.Node
	Items                                     yaml.Node
	MaxLength                                 int `yaml:"maxLength"`
	MaxItems                                  int `yaml:"maxItems"`
	Minimum, Maximum                          *float64
}

func felder(n *yaml.Node) ([]Feld, error) {
	var k schemaKnoten
	if err := n.Decode(&k); err != nil {
		return nil, err
	}
	var out []Feld
	for i := 0; i+1 < len(k.Properties.Content); i += 2 {
		f, err := feld(k.Properties.Content[i].Value, k.Properties.Content[i+1])
		if err != nil {
			return nil, err
		}
		f.Pflicht = slices.Contains(k.Required, f.Name)
		out = append(out, f)
	}
	return out, nil
}

func feld(name string, n *yaml.Node) (f Feld, err error) {
	var k schemaKnoten
	if err := n.Decode(&k); err != nil {
		return f, err
	}
	f = Feld{Name: name, Titel: k.Title, Hinweis: k.Description, Werte: k.Enum, Muster: k.Pattern, Laenge: k.MaxLength, Min: k.Minimum, Max: k.Maximum}
	switch {
	case k.Title == "":
		return f, fmt.Errorf("%s has no title", name)
	case len(k.Enum) > 0:
		f.Art = Auswahl
	case k.Type == "object":
		f.Art = Gruppe
		f.Felder, err = felder(n)
	case k.Type == "array":
		f.Art, f.Laenge = Liste, k.MaxItems
		f.Felder, err = felder(&k.Items)
	case k.Type == "boolean":
		f.Art = JaNein
	case k.Type == "number":
		f.Art = Zahl
	case k.Format == "date":
		f.Art = Datum
	case k.Type == "string" && k.MaxLength > 500:
		f.Art = Langtext
	case k.Type == "string":
		f.Art = Text
	default:
		err = fmt.Errorf("%s: no field for type %q", name, k.Type)
	}
	return f, err
}

// mitPerson puts the applicant first, into the tree and into the schema it gives.
func mitPerson(n, person *yaml.Node) (map[string]any, error) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch k, v := n.Content[i].Value, n.Content[i+1]; k {
		case "properties":
			v.Content = append([]*yaml.Node{{Kind: yaml.ScalarNode, Value: "antragsteller"}, person}, v.Content...)
		case "required":
			v.Content = append([]*yaml.Node{{Kind: yaml.ScalarNode, Value: "antragsteller"}}, v.Content...)
		}
	}
	out := map[string]any{}
	return out, n.Decode(&out)
}

// Items writes the data of a form as the OZG-Cloud sends them. The rows of a list are
// groups with their number as name.
func Items(fs []Feld, d map[string]any) (out []ozgcloud.Item) {
	for _, f := range fs {
		w, ok := d[f.Name]
		if !ok {
			continue
		}
		i := ozgcloud.Item{Name: f.Name, Label: f.Titel}
		switch w := w.(type) {
		case map[string]any:
			i.FormItems = Items(f.Felder, w)
		case []any:
			for n, zeile := range w {
				z, _ := zeile.(map[string]any)
				nr := strconv.Itoa(n + 1)
				i.FormItems = append(i.FormItems, ozgcloud.Item{Name: nr, Label: nr + ".", FormItems: Items(f.Felder, z)})
			}
		case bool:
			i.BooleanValue = &w
		case json.Number:
			i.NumberValue = &w
		case string:
			if f.Art == Datum {
				i.DateValue = &w
			} else {
				i.StringValue = &w
			}
		default:
			continue
		}
		out = append(out, i)
	}
	return out
}

// aus is the way back: what the form does not know is left out, the rules then say what is missing.
func aus(fs []Feld, items []ozgcloud.Item) map[string]any {
	d := map[string]any{}
	for _, i := range items {
		n := slices.IndexFunc(fs, func(f Feld) bool { return f.Name == i.Name })
		if n < 0 {
			continue
		}
		switch f := fs[n]; {
		case f.Art == Gruppe:
			d[f.Name] = aus(f.Felder, i.FormItems)
		case f.Art == Liste:
			zeilen := []any{}
			for _, z := range i.FormItems {
				zeilen = append(zeilen, aus(f.Felder, z.FormItems))
			}
			d[f.Name] = zeilen
		case i.StringValue != nil:
			d[f.Name] = *i.StringValue
		case i.DateValue != nil:
			d[f.Name] = *i.DateValue
		case i.NumberValue != nil:
			d[f.Name] = *i.NumberValue
		case i.BooleanValue != nil:
			d[f.Name] = *i.BooleanValue
		}
	}
	return d
}
