package brief

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Fenster are the bounds of the address in the window of an envelope after DIN
// 5008; the zero value of a field is its default.
type Fenster struct {
	// MaxZeilen of name and address; 0 is 6, the address zone of DIN 5008.
	MaxZeilen int
	// MaxZeichen of a line, combining marks not counted; 0 is 45: what fits into
	// 80 mm in a sans serif of 10 pt on average.
	MaxZeichen int
	// Druckbar tells which characters the print centre can print; nil is Latin
	// letters with combining marks, digits and the usual signs.
	Druckbar func(rune) bool
	// OhnePLZ are countries whose addresses have no postcode, in capitals; nil is
	// a short list.
	OhnePLZ []string
}

// Feld is a checked address as it is printed, line by line.
type Feld struct {
	Zeilen []string
	// Ausland: the last line is a country.
	Ausland bool
}

var ohnePLZ = []string{"ANGOLA", "BAHAMAS", "HONGKONG", "IRLAND", "JAMAIKA", "KATAR", "PANAMA", "SIMBABWE", "UGANDA", "VEREINIGTE ARABISCHE EMIRATE"}

// inland are names of the country that DIN 5008 leaves out within Germany.
var inland = []string{"DEUTSCHLAND", "GERMANY", "BUNDESREPUBLIK DEUTSCHLAND"}

// Check makes the address of a Sendung for this Kanal and checks it. An empty
// Adresse.Kennung stands for Name and Anschrift of the recipient, which are an
// address in Germany; any other Kennung is the whole address, lines separated by
// a newline, with the country in capitals as its last line for abroad. What does
// not fit is [fehler.Probleme]; no text of it repeats the address.
func (f Fenster) Check(e messaging.Empfaenger, kennung string) (Feld, error) {
	if kennung == "" {
		return f.anschrift(e)
	}
	if len(kennung) > 4096 || !utf8.ValidString(kennung) {
		return Feld{}, fehler.Probleme{problem("brief.zeichen", "", "the address is too long or no UTF-8", "Die Anschrift ist zu lang oder enthält ungültige Zeichen.")}
	}
	return f.zeilen(strings.Split(strings.TrimRight(kennung, "\n"), "\n"), fehler.Probleme{})
}

func (f Fenster) anschrift(e messaging.Empfaenger) (Feld, error) {
	var p fehler.Probleme
	a := e.Anschrift
	if strings.TrimSpace(e.Name) == "" {
		p = append(p, problem("brief.name-fehlt", "/empfaenger/name", "the recipient has no name", "Der Name des Empfängers fehlt. Bitte tragen Sie ihn ein."))
	}
	if a.Strasse == "" && a.Zusatz == "" {
		p = append(p, problem("brief.strasse-fehlt", "/empfaenger/anschrift/strasse", "the address has no street", "In der Anschrift fehlt die Straße. Bitte tragen Sie Straße und Hausnummer oder das Postfach ein."))
	}
	if a.Ort == "" {
		p = append(p, problem("brief.ort-fehlt", "/empfaenger/anschrift/ort", "the address has no place", "In der Anschrift fehlt der Ort. Bitte tragen Sie ihn ein."))
	}
	if !plz(a.PLZ) {
		p = append(p, problem("brief.plz", "/empfaenger/anschrift/plz", "the postcode has not five digits",
			"Die Postleitzahl fehlt oder hat nicht fünf Ziffern. Für Anschriften im Ausland geben Sie bitte die ganze Anschrift mit dem Land in der letzten Zeile an."))
	}
	if len(p) > 0 {
		return Feld{}, p
	}
	return f.zeilen(append([]string{e.Name}, a.Zeilen()...), p)
}

func (f Fenster) zeilen(in []string, p fehler.Probleme) (Feld, error) {
	if f.MaxZeilen == 0 {
		f.MaxZeilen = 6
	}
	if f.MaxZeichen == 0 {
		f.MaxZeichen = 45
	}
	if f.Druckbar == nil {
		f.Druckbar = druckbar
	}
	if f.OhnePLZ == nil {
		f.OhnePLZ = ohnePLZ
	}
	z := make([]string, len(in))
	for i, s := range in {
		z[i] = strings.TrimSpace(s)
	}
	if n := len(z); n > 2 && slices.Contains(inland, strings.ToUpper(z[n-1])) {
		z = z[:n-1]
	}
	if len(z) > f.MaxZeilen {
		p = append(p, problem("brief.zeilen", "", fmt.Sprintf("more than %d lines", f.MaxZeilen),
			fmt.Sprintf("Die Anschrift hat %d Zeilen. In das Fenster des Umschlags passen %d. Bitte kürzen Sie sie.", len(z), f.MaxZeilen)))
	}
	for i, s := range z[:min(len(z), f.MaxZeilen)] {
		p = append(p, f.zeile(i+1, s)...)
	}
	if len(p) > 0 {
		return Feld{}, p
	}
	out := Feld{Zeilen: z}
	p = f.ort(&out)
	if len(p) > 0 {
		return Feld{}, p
	}
	return out, nil
}

func (f Fenster) zeile(nr int, s string) (p fehler.Probleme) {
	pfad := fmt.Sprintf("/zeile/%d", nr)
	n := 0
	for _, r := range s {
		if !f.Druckbar(r) {
			return fehler.Probleme{problem("brief.zeichen", pfad, "a character that cannot be printed",
				fmt.Sprintf("Zeile %d der Anschrift enthält ein Zeichen, das sich nicht drucken lässt. Bitte schreiben Sie es in lateinischen Buchstaben.", nr))}
		}
		if !unicode.Is(unicode.Mn, r) {
			n++
		}
	}
	switch {
	case n == 0:
		p = append(p, problem("brief.leerzeile", pfad, "an empty line", fmt.Sprintf("Zeile %d der Anschrift ist leer. Bitte löschen Sie sie.", nr)))
	case n > f.MaxZeichen:
		p = append(p, problem("brief.zeile-zu-lang", pfad, fmt.Sprintf("longer than %d characters", f.MaxZeichen),
			fmt.Sprintf("Zeile %d der Anschrift hat %d Zeichen. In das Fenster des Umschlags passen %d. Bitte kürzen Sie sie.", nr, n, f.MaxZeichen)))
	}
	return p
}

// ort checks the last lines: postcode and place, or place and country.
func (f Fenster) ort(x *Feld) fehler.Probleme {
	z := x.Zeilen
	if len(z) < 2 {
		return fehler.Probleme{problem("brief.unvollstaendig", "", "fewer than two lines", "Die Anschrift ist unvollständig: Es braucht mindestens Name und Ort.")}
	}
	last := z[len(z)-1]
	if code, place, ok := strings.Cut(last, " "); ok && plz(code) && strings.ContainsFunc(place, unicode.IsLetter) {
		return nil
	}
	land := !strings.ContainsFunc(last, unicode.IsDigit) && last == strings.ToUpper(last) && strings.ContainsFunc(last, unicode.IsLetter)
	if !land || len(z) < 3 {
		return fehler.Probleme{problem("brief.plz-oder-land-fehlt", fmt.Sprintf("/zeile/%d", len(z)), "the last line is neither postcode and place nor a country in capitals",
			"Die letzte Zeile ist weder Postleitzahl und Ort noch ein Land in Großbuchstaben. Im Inland fehlt die Postleitzahl, im Ausland das Land.")}
	}
	x.Ausland = true
	if !slices.Contains(f.OhnePLZ, last) && !strings.ContainsFunc(z[len(z)-2], unicode.IsDigit) {
		return fehler.Probleme{problem("brief.plz-ausland", fmt.Sprintf("/zeile/%d", len(z)-1), "the line of the place has no postcode",
			"In der Zeile über dem Land fehlt die Postleitzahl. Bitte ergänzen Sie sie.")}
	}
	return nil
}

func plz(s string) bool {
	return len(s) == 5 && s != "00000" && strings.Trim(s, "0123456789") == ""
}

func druckbar(r rune) bool {
	switch {
	case r >= '0' && r <= '9', unicode.Is(unicode.Latin, r), r >= 0x300 && r <= 0x36F:
		return true
	}
	return strings.ContainsRune(" .,;:'’‘`´-–/()&+\"„“!#@°§*_·ʼʹʺ", r)
}

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}
