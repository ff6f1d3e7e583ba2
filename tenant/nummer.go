package tenant

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Nummernschema is how a Mandant writes its numbers, such as
// "KI-{jahr}-{nummer:6}". Placeholders: {jahr} (four digits), {jj} (two
// digits), {nummer} or {nummer:n} (counted per Mandant and year, filled with
// zeros to n digits), {aktenplan} and {einheit}. {nummer} is mandatory.
type Nummernschema string

// Standardschema is used where a Mandant names none.
const Standardschema Nummernschema = "{jahr}-{nummer:7}"

// Nummernwerte fill a scheme.
type Nummernwerte struct {
	Jahr      int
	Nummer    int64
	Aktenplan string
	Einheit   string
}

// Format writes a number. An unknown placeholder or a scheme without {nummer}
// is an error of kind [fehler.ErrInvalid].
func (s Nummernschema) Format(w Nummernwerte) (string, error) {
	if s == "" {
		s = Standardschema
	}
	var b strings.Builder
	rest, counted := string(s), false
	for {
		vor, nach, offen := strings.Cut(rest, "{")
		b.WriteString(vor)
		if !offen {
			break
		}
		name, danach, zu := strings.Cut(nach, "}")
		if !zu {
			return "", schemaFehler("a { has no }")
		}
		rest = danach
		name, breite, _ := strings.Cut(name, ":")
		switch name {
		case "jahr":
			fmt.Fprintf(&b, "%04d", w.Jahr)
		case "jj":
			fmt.Fprintf(&b, "%02d", w.Jahr%100)
		case "aktenplan":
			b.WriteString(w.Aktenplan)
		case "einheit":
			b.WriteString(w.Einheit)
		case "nummer":
			counted = true
			n := 0
			if breite != "" {
				v, err := strconv.Atoi(breite)
				if err != nil || v < 1 || v > 18 {
					return "", schemaFehler("width of {nummer:n} must be 1 to 18")
				}
				n = v
			}
			fmt.Fprintf(&b, "%0*d", n, w.Nummer)
		default:
			return "", schemaFehler("unknown placeholder {" + name + "}")
		}
	}
	if !counted {
		return "", schemaFehler("{nummer} is missing")
	}
	return b.String(), nil
}

func schemaFehler(meldung string) error {
	return fehler.Probleme{{
		Code: "tenant.nummernschema", Meldung: meldung,
		Hinweis: "Das Nummernschema ist fehlerhaft: erlaubt sind {jahr}, {jj}, {nummer:n}, {aktenplan} und {einheit}; {nummer} ist Pflicht.",
	}}
}
