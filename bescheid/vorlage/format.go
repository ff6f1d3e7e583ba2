package vorlage

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

const nbsp = "\u00a0"

var monate = [...]string{"", "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}

var wochentage = [...]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"}

// DatumLang gives "1. Dezember 2026" with spaces at which no line ends, "" for no date.
func DatumLang(d datum.Datum) string {
	if d.IsZero() {
		return ""
	}
	return strconv.Itoa(d.Tag()) + "." + nbsp + monate[d.Monat()] + nbsp + strconv.Itoa(d.Jahr())
}

// EuroText gives "1.234,56 €", the sign kept with the amount.
func EuroText(c Cent) string {
	z := zahl{int64(c) * (einheit / 100), 2}
	if c <= -1e14 || c >= 1e14 { // beyond what a zahl holds
		return fmt.Sprintf("%d,%02d%s€", c/100, max(c%100, -(c%100)), nbsp)
	}
	return z.deutsch(2, true) + nbsp + "€"
}

// format is how a value is written. Which goes with which type is [formate].
type format struct {
	name string
	eins string // singular and plural of mehrzahl and wort
	viel string
}

// formate names the formats of each type; the first is the default, "" needs no name.
var formate = map[Typ][]string{
	Text:     {"", "gross"},
	Datum:    {"kurz", "lang", "voll"},
	Nummer:   {"", "schlicht", "mehrzahl", "wort"},
	anzahl:   {"", "schlicht", "mehrzahl", "wort"},
	Geld:     {"", "ohne_zeichen"},
	Wahrheit: {"ja_nein"},
	Auswahl:  {"", "gross"},
}

func (f format) schreibe(feld *Feld, typ Typ, w wert) string {
	switch typ {
	case Datum:
		switch f.name {
		case "lang":
			return DatumLang(w.tag)
		case "voll":
			return wochentage[w.tag.Wochentag()%(time.Saturday+1)] + ", " + DatumLang(w.tag)
		}
		return w.tag.Deutsch()
	case Nummer, anzahl:
		eins := w.zahl.mio == einheit
		wort := f.viel
		if eins {
			wort = f.eins
		}
		switch f.name {
		case "schlicht":
			return w.zahl.deutsch(0, false)
		case "mehrzahl":
			return w.zahl.deutsch(0, true) + nbsp + wort
		case "wort":
			return wort
		}
		return w.zahl.deutsch(0, true)
	case Geld:
		if f.name == "ohne_zeichen" {
			return w.zahl.deutsch(2, true)
		}
		return w.zahl.deutsch(2, true) + nbsp + "€"
	case Wahrheit:
		if w.b {
			return "ja"
		}
		return "nein"
	case Auswahl:
		i := int(w.zahl.mio / einheit)
		return f.gross(feld.Werte[i].Text)
	}
	return f.gross(w.text)
}

func (f format) gross(s string) string {
	if f.name != "gross" {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// Where no line may end in German text. A number may follow as a placeholder, so
// the end of a piece counts as one, and its beginning as the end of one.
var (
	vorZahl  = regexp.MustCompile(`(^|[\s(„])(§§?|Art\.|Abs\.|Nr\.|Nrn\.|Satz|Halbsatz|Zeichen|Seite) ([0-9IVX]|$)`)
	abkurz   = regexp.MustCompile(`\b(z|d|u|i|o|e)\. (B|h|a|Ä|V|E|ä|d|g|T)\.( m\.| R\.)?`)
	nachZahl = regexp.MustCompile(`([0-9]|^) (€|EUR|Euro|%|cm|mm|km|m²|m|kg|t|Uhr)($|[\s.,;:)])`)
	tagMonat = regexp.MustCompile(`([0-9]\.) (Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b`)
)

// typografie puts spaces at which no line ends into the text of a template.
func typografie(s string, nachPlatzhalter, vorPlatzhalter bool) string {
	s = vorZahl.ReplaceAllStringFunc(s, func(m string) string {
		if strings.HasSuffix(m, " ") && !vorPlatzhalter {
			return m
		}
		i := strings.LastIndexByte(m, ' ')
		return m[:i] + nbsp + m[i+1:]
	})
	s = abkurz.ReplaceAllStringFunc(s, func(m string) string { return strings.ReplaceAll(m, " ", nbsp) })
	s = nachZahl.ReplaceAllStringFunc(s, func(m string) string {
		if m[0] == ' ' && !nachPlatzhalter {
			return m
		}
		i := strings.IndexByte(m, ' ')
		return m[:i] + nbsp + m[i+1:]
	})
	return tagMonat.ReplaceAllString(s, "$1"+nbsp+"$2")
}
