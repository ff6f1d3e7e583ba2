package vorlage

import (
	"fmt"
	"regexp"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Typ is the type of a field.
type Typ string

// The types.
const (
	Text     Typ = "text"     // one line; line breaks become spaces
	Datum    Typ = "datum"    // a day, see package tenant/datum
	Nummer   Typ = "zahl"     // exact decimal, up to 12 digits before and 6 after the point
	Geld     Typ = "geld"     // euros, exact to the cent
	Wahrheit Typ = "wahrheit" // true or false
	Auswahl  Typ = "auswahl"  // one of the declared values
	Liste    Typ = "liste"    // records of one form
	Gruppe   Typ = "gruppe"   // one record
)

// anzahl is the type of a count, compared as a number.
const anzahl Typ = "anzahl"

// Feld declares one placeholder.
type Feld struct {
	Name string `json:"name" yaml:"name"` // lower-case letters, digits, underscore
	Typ  Typ    `json:"typ" yaml:"typ"`
	// Text says what it is, for the form of the clerk. May be empty.
	Text string `json:"text,omitempty" yaml:"text"`
	// Optional: may be missing. A template can print it only where it asked whether
	// it is there. Not for lists and groups: an empty list is one without records.
	Optional bool `json:"optional,omitempty" yaml:"optional"`
	// Werte of an Auswahl.
	Werte []Auswahlwert `json:"werte,omitempty" yaml:"werte"`
	// Felder of the record of a Liste or Gruppe.
	Felder []Feld `json:"felder,omitempty" yaml:"felder"`
	// Mindestens and Hoechstens bound the records of a Liste; 0 means 0 and [MaxListe].
	Mindestens int `json:"mindestens,omitempty" yaml:"mindestens"`
	Hoechstens int `json:"hoechstens,omitempty" yaml:"hoechstens"`
}

// Auswahlwert is a value of an Auswahl and the words that stand for it.
type Auswahlwert struct {
	Wert string `json:"wert" yaml:"wert"`
	Text string `json:"text" yaml:"text"`
}

func (f *Feld) hoechstens() int {
	if f.Hoechstens == 0 {
		return MaxListe
	}
	return f.Hoechstens
}

func (f *Feld) auswahl(wert string) (int, bool) {
	for i := range f.Werte {
		if f.Werte[i].Wert == wert {
			return i, true
		}
	}
	return 0, false
}

// Bounds.
const (
	MaxDatei    = 4 << 20 // bytes of a file
	MaxVorlagen = 2000    // templates and text blocks of a set, each
	MaxBloecke  = 300     // of one template
	MaxFelder   = 300     // of one template, those of records included
	MaxText     = 8000    // bytes of one text of a template
	MaxListe    = 500     // records of a list in the data
	MaxWert     = 20000   // bytes of one text in the data
	// MaxErgebnis bounds the bytes of all texts of one result, and MaxSchritte the
	// work; a letter beyond is refused.
	MaxErgebnis = 1 << 20
	MaxSchritte = 1 << 20
)

const (
	maxGruppen   = 3  // records in records
	maxZweige    = 40 // of one wenn
	maxSchleifen = 2  // loops in loops
	maxProbleme  = 100
)

var (
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	idForm   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

// worte cannot be names.
var worte = map[string]bool{
	"und": true, "oder": true, "nicht": true, "ist": true, "leer": true, "wahr": true, "falsch": true,
	"anzahl": true, "wenn": true, "sonst": true, "ende": true, "je": true, "in": true, "als": true,
	"verfahrensrecht": true,
}

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: "vorlage." + code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}

// felder checks declarations; n counts them.
func (l *lader) felder(pfad string, fs []Feld, tiefe int, n *int) {
	gesehen := map[string]bool{}
	for i := range fs {
		f, p := &fs[i], fmt.Sprintf("%s/%d", pfad, i)
		*n++
		if *n > MaxFelder {
			l.melde("felder", p, "too many fields", "Die Vorlage hat zu viele Felder.")
			return
		}
		if !nameForm.MatchString(f.Name) || worte[f.Name] {
			l.melde("feld-name", p, "name is not lower-case letters, digits, underscores, or a word of the language",
				"Der Name eines Feldes besteht aus Kleinbuchstaben, Ziffern und Unterstrichen und ist kein Wort der Vorlagensprache.")
		}
		if gesehen[f.Name] {
			l.melde("feld-doppelt", p, "field declared twice", fmt.Sprintf("Das Feld „%s“ ist zweimal erklärt.", f.Name))
		}
		gesehen[f.Name] = true
		l.feld(p, f, tiefe, n)
	}
}

func (l *lader) feld(p string, f *Feld, tiefe int, n *int) {
	satz := f.Typ == Liste || f.Typ == Gruppe
	switch f.Typ {
	case Text, Datum, Nummer, Geld, Wahrheit:
	case Auswahl:
		gesehen := map[string]bool{}
		for _, w := range f.Werte {
			if w.Wert == "" || w.Text == "" || len(w.Text) > MaxText || gesehen[w.Wert] {
				l.melde("feld-werte", p+"/werte", "value empty, without text, or twice", "Ein Wert der Auswahl ist leer, doppelt oder ohne Text.")
			}
			gesehen[w.Wert] = true
		}
		if len(f.Werte) == 0 || len(f.Werte) > 100 {
			l.melde("feld-werte", p, "1 to 100 values are needed", "Eine Auswahl braucht 1 bis 100 Werte.")
		}
	case Liste, Gruppe:
		if len(f.Felder) == 0 || tiefe >= maxGruppen {
			l.melde("feld-felder", p, "a record has no fields, or records nest too deep", "Eine Liste oder Gruppe braucht Felder und darf nur dreimal geschachtelt sein.")
			return
		}
		l.felder(p+"/felder", f.Felder, tiefe+1, n)
	default:
		l.melde("feld-typ", p, "unknown type", "Der Typ ist text, datum, zahl, geld, wahrheit, auswahl, liste oder gruppe.")
	}
	if (f.Typ != Auswahl && len(f.Werte) > 0) || (!satz && len(f.Felder) > 0) || (satz && f.Optional) ||
		(f.Typ != Liste && (f.Mindestens != 0 || f.Hoechstens != 0)) {
		l.melde("feld-angaben", p, "a property does not go with the type", "Eine Angabe passt nicht zum Typ des Feldes (werte, felder, optional, mindestens, hoechstens).")
	}
	if f.Mindestens < 0 || f.Hoechstens < 0 || f.hoechstens() > MaxListe || f.Mindestens > f.hoechstens() {
		l.melde("feld-anzahl", p, "bounds of the list contradict each other", fmt.Sprintf("Die Anzahl liegt zwischen 0 und %d, und mindestens ist nicht größer als hoechstens.", MaxListe))
	}
}
