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
// zeros to n digits), {aktenplan} and {einheit}. {nummer} is mandatory, and
// because it starts anew each year, so is {jahr} or {jj}.
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

// Format writes a number. An unknown placeholder, a scheme without {nummer} or
// without a year, and a Nummer below 1 are errors of kind [fehler.ErrInvalid].
func (s Nummernschema) Format(w Nummernwerte) (string, error) {
	if s == "" {
		s = Standardschema
	}
	var b strings.Builder
	rest, counted, dated := string(s), false, false
	if w.Nummer < 1 || w.Jahr < 0 || w.Jahr > 9999 {
		return "", schemaFehler("nummer must be 1 or more, jahr 0 to 9999")
	}
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
		name, breite, mitBreite := strings.Cut(name, ":")
		if mitBreite && name != "nummer" {
			return "", schemaFehler("only {nummer} takes a width")
		}
		switch name {
		case "jahr":
			dated = true
			fmt.Fprintf(&b, "%04d", w.Jahr)
		case "jj":
			dated = true
			fmt.Fprintf(&b, "%02d", w.Jahr%100)
		case "aktenplan":
			b.WriteString(w.Aktenplan)
		case "einheit":
			b.WriteString(w.Einheit)
		case "nummer":
			counted = true
			n := 0
			if mitBreite {
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
	if !dated {
		return "", schemaFehler("{jahr} or {jj} is missing: the count starts anew each year")
	}
	return b.String(), nil
}

func schemaFehler(meldung string) error {
	return fehler.Probleme{{
		Code: "tenant.nummernschema", Meldung: meldung,
		Hinweis: "Das Nummernschema ist fehlerhaft: erlaubt sind {jahr}, {jj}, {nummer:n}, {aktenplan} und {einheit}; {nummer} und das Jahr sind Pflicht.",
	}}
}
