package buerger

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/verfahren"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// eingabe is a field on the page with what was typed and what is wrong with it.
type eingabe struct {
	verfahren.Feld
	// ID is the name of the control and its id in the page.
	ID, Wert, Fehler, Autocomplete string
	Felder                         []eingabe
	// Mehr: of a list more than the first row was used.
	Mehr bool
}

// problem is a line of the summary, with the control it leads to.
type problem struct{ ID, Text string }

// leser makes of a form both the page to show again and the data to send.
type leser struct {
	form     url.Values
	probleme []problem
	// still: an empty page, about which nothing is wrong yet.
	still bool
}

// ausfuellen are what browsers may fill in (WCAG 2.1, 1.3.5).
var ausfuellen = map[string]string{
	"antragsteller.anrede": "honorific-prefix", "antragsteller.vorname": "given-name", "antragsteller.nachname": "family-name",
	"antragsteller.plz": "postal-code", "antragsteller.ort": "address-level2", "antragsteller.email": "email",
}

// lies reads the fields under the path. pflicht says that their group must be there.
func (l *leser) lies(fs []verfahren.Feld, pfad string, pflicht bool) (map[string]any, []eingabe) {
	d, out := map[string]any{}, make([]eingabe, 0, len(fs))
	for _, f := range fs {
		e := eingabe{Feld: f, ID: pfad + f.Name, Autocomplete: ausfuellen[pfad+f.Name]}
		switch f.Art {
		case verfahren.Gruppe:
			var g map[string]any
			if g, e.Felder = l.lies(f.Felder, e.ID+".", f.Pflicht); len(g) > 0 {
				d[f.Name] = g
			}
		case verfahren.Liste:
			if zeilen := l.zeilen(f, &e); len(zeilen) > 0 {
				d[f.Name] = zeilen
			}
		default:
			e.Wert = strings.TrimSpace(strings.ToValidUTF8(l.form.Get(e.ID), ""))
			w, text := wert(f, e.Wert)
			if text == "" && w == nil && f.Pflicht && pflicht {
				text = "Bitte geben Sie „" + f.Titel + "“ an."
			}
			if text != "" && !l.still {
				e.Fehler = text
				l.probleme = append(l.probleme, problem{e.ID, text})
			}
			if w != nil {
				d[f.Name] = w
			}
		}
		out = append(out, e)
	}
	return d, out
}

// zeilen reads the rows of a list. Of all but the first an empty one does not count.
func (l *leser) zeilen(f verfahren.Feld, e *eingabe) (out []any) {
	for n := 1; n <= f.Laenge; n++ {
		id := e.ID + "." + strconv.Itoa(n)
		leer := true
		for _, x := range f.Felder {
			leer = leer && strings.TrimSpace(l.form.Get(id+"."+x.Name)) == ""
		}
		z, felder := l.lies(f.Felder, id+".", !leer || n == 1 && f.Pflicht)
		e.Felder = append(e.Felder, eingabe{Feld: verfahren.Feld{Titel: strconv.Itoa(n) + ". Eintrag", Art: verfahren.Gruppe}, ID: id, Felder: felder})
		if !leer {
			e.Mehr = e.Mehr || n > 1
			out = append(out, z)
		}
	}
	return out
}

// wert reads what was typed; nil is nothing. The text says what is wrong with it.
func wert(f verfahren.Feld, s string) (any, string) {
	if f.Art == verfahren.JaNein {
		return s == "ja", ""
	}
	if s == "" {
		return nil, ""
	}
	if f.Laenge > 0 && utf8.RuneCountInString(s) > f.Laenge {
		return nil, "„" + f.Titel + "“ ist zu lang: höchstens " + strconv.Itoa(f.Laenge) + " Zeichen."
	}
	switch f.Art {
	case verfahren.Datum:
		if _, err := datum.Parse(s); err != nil {
			return nil, "„" + f.Titel + "“ ist kein gültiges Datum."
		}
	case verfahren.Zahl:
		s = strings.Replace(s, ",", ".", 1)
		z, err := strconv.ParseFloat(s, 64)
		if err != nil || !zahl.MatchString(s) {
			return nil, "„" + f.Titel + "“ ist keine Zahl."
		}
		if f.Min != nil && z < *f.Min || f.Max != nil && z > *f.Max {
			return nil, "„" + f.Titel + "“ liegt außerhalb dessen, was möglich ist."
		}
		return json.Number(s), ""
	case verfahren.Auswahl:
		for _, w := range f.Werte {
			if w == s {
				return s, ""
			}
		}
		return nil, "Bitte wählen Sie bei „" + f.Titel + "“ einen Eintrag der Liste."
	}
	if f.Muster != "" && !regexp.MustCompile(f.Muster).MatchString(s) { // checked when the schema was loaded
		text := "„" + f.Titel + "“ hat nicht die richtige Form."
		if f.Hinweis != "" {
			text += " " + strings.TrimSuffix(f.Hinweis, ".") + "."
		}
		return nil, text
	}
	return s, ""
}

var zahl = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})([.][0-9]{1,4})?$`)
