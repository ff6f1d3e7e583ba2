package fim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
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
		// Of alternatives none fits: the faults of each would read as if all were needed.
		if len(e.Causes) > 0 && !isChoice(e.ErrorKind) {
			for _, c := range e.Causes {
				walk(c)
			}
			return
		}
		if k, ok := e.ErrorKind.(*kind.Required); ok {
			for _, m := range k.Missing { // the place is where the value should be
				out = append(out, fehler.Problem{Code: "fim.schema-verletzt", Pfad: pointer(append(slices.Clip(e.InstanceLocation), m)),
					Meldung: "is missing", Hinweis: "Pflichtangabe fehlt: „" + label(labels, m) + "“."})
			}
			return
		}
		pfad := cmp.Or(pointer(e.InstanceLocation), "data")
		meldung, hinweis := texte(e, labels)
		out = append(out, fehler.Problem{Code: "fim.schema-verletzt", Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
	walk(v)
	slices.SortStableFunc(out, func(a, b fehler.Problem) int { return strings.Compare(a.Pfad, b.Pfad) })
	return out[:min(len(out), maxProbleme)]
}

func isChoice(k jsonschema.ErrorKind) bool {
	switch k.(type) {
	case *kind.AnyOf, *kind.OneOf:
		return true
	}
	return false
}

func pointer(loc []string) string {
	var b strings.Builder
	for _, k := range loc {
		b.WriteString("/" + escape.Replace(short(k)))
	}
	return b.String()
}

// texte gives the English text for the log, without values of the form, and the
// German sentence for the clerk.
func texte(e *jsonschema.ValidationError, labels map[string]string) (meldung, hinweis string) {
	feld := "Das Formular"
	if n := len(e.InstanceLocation); n > 0 {
		feld = "Das Feld „" + short(label(labels, e.InstanceLocation[n-1])) + "“"
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		return "unknown property " + known(k.Properties), feld + " enthält Angaben, die das Formular nicht kennt."
	case *kind.Type:
		return fmt.Sprintf("is %s, expected %s", k.Got, strings.Join(k.Want, " or ")), feld + " hat die falsche Art von Wert."
	case *kind.Enum, *kind.Const:
		return "value is not in the list", feld + " enthält einen Wert, der nicht zur Auswahl steht."
	case *kind.Pattern:
		return "does not match the pattern " + k.Want, feld + " hat nicht die vorgeschriebene Form."
	case *kind.Format:
		return "is no " + k.Want, feld + " hat nicht die vorgeschriebene Form (" + k.Want + ")."
	case *kind.AnyOf:
		return "fits none of the alternatives", feld + " passt zu keiner der vorgesehenen Möglichkeiten."
	case *kind.OneOf:
		if len(k.Subschemas) > 0 {
			return "fits several alternatives", feld + " passt zu mehreren Möglichkeiten, die sich ausschließen."
		}
		return "fits none of the alternatives", feld + " passt zu keiner der vorgesehenen Möglichkeiten."
	case *kind.Minimum:
		return "less than the minimum", feld + " ist kleiner als " + zahl(k.Want) + "."
	case *kind.Maximum:
		return "more than the maximum", feld + " ist größer als " + zahl(k.Want) + "."
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

// short bounds a key that a form lets the sender choose.
func short(key string) string {
	if len(key) > 100 {
		return strings.ToValidUTF8(key[:100], "") + "…"
	}
	return key
}

// known lists the keys that are FIM ids; other keys are the sender's own text and
// are only counted.
func known(keys []string) string {
	var ids []string
	for _, k := range keys {
		if fimID.MatchString(k) && len(ids) < 10 {
			ids = append(ids, k)
		}
	}
	if n := len(keys) - len(ids); n > 0 {
		ids = append(ids, fmt.Sprintf("(%d more)", n))
	}
	return strings.Join(ids, ", ")
}

// zahl writes a bound of the schema as read in German.
func zahl(r *big.Rat) string {
	s := strings.TrimRight(r.FloatString(6), "0")
	return strings.Replace(strings.TrimSuffix(s, "."), ".", ",", 1)
}
