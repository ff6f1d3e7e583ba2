package fim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// readFelder gives the data as labelled fields in the order of the document,
// which is the order of the form.
func readFelder(b []byte, labels map[string]string) ([]vorgang.Feld, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	f, err := readFeld(d, "", labels)
	return f.Felder, err
}

func label(labels map[string]string, key string) string {
	if l := labels[baseID(key)]; l != "" {
		return l
	}
	return key
}

func readFeld(d *json.Decoder, name string, labels map[string]string) (vorgang.Feld, error) {
	f := vorgang.Feld{Name: name, Label: label(labels, name)}
	t, err := d.Token()
	if err != nil {
		return f, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		f.Wert = wert(t)
		return f, nil
	}
	for n := 1; d.More(); n++ {
		key := fmt.Sprint(n)
		if delim == '{' {
			k, err := d.Token()
			if err != nil {
				return f, err
			}
			key, _ = k.(string)
		}
		child, err := readFeld(d, key, labels)
		if err != nil {
			return f, err
		}
		if delim == '[' {
			child.Name, child.Label = name, fmt.Sprintf("%s (%d)", f.Label, n)
		}
		if key != "$schema" {
			f.Felder = append(f.Felder, child)
		}
	}
	_, err = d.Token()
	return f, err
}

func wert(t json.Token) string {
	switch v := t.(type) {
	case string:
		return v
	case json.Number:
		return strings.Replace(v.String(), ".", ",", 1)
	case bool:
		if v {
			return "ja"
		}
		return "nein"
	}
	return ""
}

const maxProbleme = 50

// probleme gives the leaves of a validation error, ordered by place, at most 50.
func probleme(v *jsonschema.ValidationError, labels map[string]string) fehler.Probleme {
	var out fehler.Probleme
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) > 0 {
			for _, c := range e.Causes {
				walk(c)
			}
			return
		}
		pfad := pointer(e.InstanceLocation)
		meldung, hinweis := texte(e, labels)
		out = append(out, fehler.Problem{Code: "fim.schema-verletzt", Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
	walk(v)
	slices.SortStableFunc(out, func(a, b fehler.Problem) int { return strings.Compare(a.Pfad, b.Pfad) })
	return out[:min(len(out), maxProbleme)]
}

func pointer(loc []string) string {
	r := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for _, k := range loc {
		b.WriteString("/" + r.Replace(k))
	}
	return b.String()
}

// texte gives the English text for the log, without values of the form, and the
// German sentence for the clerk.
func texte(e *jsonschema.ValidationError, labels map[string]string) (meldung, hinweis string) {
	feld := "Das Formular"
	if n := len(e.InstanceLocation); n > 0 {
		feld = "Das Feld „" + label(labels, e.InstanceLocation[n-1]) + "“"
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		var namen []string
		for _, m := range k.Missing {
			namen = append(namen, "„"+label(labels, m)+"“")
		}
		return "missing " + strings.Join(k.Missing, ", "), "Pflichtangabe fehlt: " + strings.Join(namen, ", ") + "."
	case *kind.AdditionalProperties:
		// The names are the sender's text, in any number.
		return fmt.Sprintf("%d unknown properties", len(k.Properties)), feld + " enthält Angaben, die das Formular nicht kennt."
	case *kind.Type:
		return fmt.Sprintf("is %s, expected %s", k.Got, strings.Join(k.Want, " or ")), feld + " hat die falsche Art von Wert."
	case *kind.Enum, *kind.Const:
		return "value is not in the list", feld + " enthält einen Wert, der nicht zur Auswahl steht."
	case *kind.Pattern:
		return "does not match the pattern " + k.Want, feld + " hat nicht die vorgeschriebene Form."
	case *kind.Format:
		return "is no " + k.Want, feld + " hat nicht die vorgeschriebene Form (" + k.Want + ")."
	case *kind.MinLength:
		return fmt.Sprintf("shorter than %d", k.Want), fmt.Sprintf("%s ist zu kurz (mindestens %d Zeichen).", feld, k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("longer than %d", k.Want), fmt.Sprintf("%s ist zu lang (höchstens %d Zeichen).", feld, k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("fewer than %d entries", k.Want), fmt.Sprintf("%s braucht mindestens %d Einträge.", feld, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("more than %d entries", k.Want), fmt.Sprintf("%s erlaubt höchstens %d Einträge.", feld, k.Want)
	}
	return "breaks the rule " + strings.Join(e.ErrorKind.KeywordPath(), "/"), feld + " verletzt eine Regel des Formulars."
}
