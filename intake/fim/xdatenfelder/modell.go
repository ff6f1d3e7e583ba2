package xdatenfelder

import (
	"cmp"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Standard is the version of XDatenfelder.
type Standard string

// The versions that [Read] takes.
const (
	V2 Standard = "2.0"
	V3 Standard = "3.0"
)

// Schema is what one message describes.
type Schema struct {
	Kopf
	Standard Standard
	// Nachricht is the part the message carries: "stammdatenschema",
	// "datenfeldgruppe" or "datenfeld".
	Nachricht string
	// Hilfe for the whole form; Steckbrief is the Dokumentsteckbrief of 3.0.
	Hilfe, Steckbrief string
	// Teile are the parts of the form in its order.
	Teile []Teil
	// Hinweise is what was understood only in part: elements passed over, bounds
	// that say nothing, ids of an unusual form. Options.Streng refuses them.
	Hinweise fehler.Probleme
}

// Kopf is what every element has: schema, group, field.
type Kopf struct {
	ID      string // "F60000227"
	Version string // "1.1"; 3.0 has three parts
	Name    string // as experts call it
	// Eingabe and Ausgabe are the labels to ask and to show.
	Eingabe, Ausgabe           string
	HilfeEingabe, HilfeAusgabe string
	Beschreibung, Definition   string
	Bezug                      []string // the law it stands on
	// Status as the version codes it: "aktiv"; in 3.0 a number, 6 is
	// "fachlich freigegeben (gold)".
	Status                     string
	Ersteller, Versionshinweis string
	GueltigAb, GueltigBis      string // as written
	Stichworte                 []string
	Relationen                 []Relation
	Regeln                     []Regel
}

// Label gives the label to show, else the one to ask, else name or id.
func (k *Kopf) Label() string { return cmp.Or(k.Ausgabe, k.Eingabe, k.Name, k.ID) }

// key names the element in data.
func (k *Kopf) key(mitVersion bool) string {
	if mitVersion && k.Version != "" {
		return k.ID + "V" + k.Version
	}
	return k.ID
}

// Relation is a tie to another element (3.0): ABL derived from, ERS replaces, EQU
// equal to.
type Relation struct{ Art, ID, Version string }

// Regel is a rule as text. Nothing of it is run.
type Regel struct {
	ID, Version, Name        string
	Beschreibung, Definition string
	// Freitext is the rule in words in 3.0, Art its kind there: K, M, V or B. In 2.0
	// the words are in Definition.
	Freitext, Art string
	// Skript as it stands in the file.
	Skript string
}

// Unbegrenzt as Anzahl.Max stands for "*".
const Unbegrenzt = -1

// Anzahl says how often an element may stand there.
type Anzahl struct{ Min, Max int }

// Liste tells whether the element may stand there more than once.
func (a Anzahl) Liste() bool { return a.Max == Unbegrenzt || a.Max > 1 }

// Teil is a place in the form.
type Teil struct {
	Anzahl  Anzahl
	Bezug   string
	Element *Element
}

// Element is a field, or a group if Feld is nil.
type Element struct {
	Kopf
	Feld *Feld
	// Auswahl: of this group exactly one part is given (3.0, art X).
	Auswahl bool
	Teile   []Teil
}

// data tells whether the element can hold anything a sender fills in.
func (e *Element) data() bool {
	if e.Feld != nil {
		return e.Feld.Art != ArtLabel
	}
	for _, t := range e.Teile {
		if t.Anzahl.Max != 0 && t.Element.data() {
			return true
		}
	}
	return false
}

// Feldart is how a field is filled in.
type Feldart string

// The kinds of fields; hidden and locked since 3.0.
const (
	ArtInput  Feldart = "input"
	ArtSelect Feldart = "select"
	ArtLabel  Feldart = "label"
	ArtHidden Feldart = "hidden"
	ArtLocked Feldart = "locked"
)

// Datentyp is what a field holds.
type Datentyp string

// The data types; text_latin, time and datetime since 3.0.
const (
	Text      Datentyp = "text"
	TextLatin Datentyp = "text_latin"
	Datum     Datentyp = "date"
	Zeit      Datentyp = "time"
	Zeitpunkt Datentyp = "datetime"
	Bool      Datentyp = "bool"
	Zahl      Datentyp = "num"
	Ganzzahl  Datentyp = "num_int"
	Betrag    Datentyp = "num_currency"
	Datei     Datentyp = "file"
	Objekt    Datentyp = "obj"
)

func (d Datentyp) zahl() bool { return d == Zahl || d == Ganzzahl || d == Betrag }
func (d Datentyp) text() bool { return d == Text || d == TextLatin }

// Feld is what only fields have.
type Feld struct {
	Art      Feldart
	Datentyp Datentyp
	// MinLaenge and MaxLaenge of a text, nil if not bounded; MinWert and MaxWert as
	// written, "" if not; Muster is a regular expression for the whole value.
	MinLaenge, MaxLaenge *int
	MinWert, MaxWert     string
	Muster               string
	// Inhalt is the text of a label or the default of a field.
	Inhalt string
	// Vorbefuellung (3.0): keine, optional or verpflichtend.
	Vorbefuellung string
	MaxGroesse    string   // of a file, as written
	Medientypen   []string // of a file
	Liste         *Codeliste
}

// Codeliste is where a field's values come from.
type Codeliste struct {
	// ID in the FIM catalogue (2.0), such as "C60000017".
	ID string
	// URN, Version and VersionURI as genericode has them.
	URN, Version, VersionURI string
	// Werte stand in the schema (3.0) or come from Options.Codelisten; nil if the
	// list is not known.
	Werte []Wert
}

// Wert is one entry of a code list.
type Wert struct{ Code, Name, Hilfe string }

// name gives the entry for reading; the code as it is if the list has no name.
func (c *Codeliste) name(code string) string {
	if c != nil {
		for _, w := range c.Werte {
			if w.Code == code && w.Name != "" && w.Name != code {
				return w.Name + " (" + code + ")"
			}
		}
	}
	return code
}

// URI is the address senders name for the JSON form of the schema at FIT-Connect.
func (s *Schema) URI() string {
	return "https://schema.fitko.de/fim/" + strings.ToLower(s.ID) + "_" + s.Version + ".schema.json"
}

// Labels gives the labels by id without version. An id that stands in several
// places with different labels has the first.
func (s *Schema) Labels() map[string]string {
	out := map[string]string{}
	var walk func([]Teil)
	walk = func(teile []Teil) {
		for _, t := range teile {
			if out[t.Element.ID] == "" {
				out[t.Element.ID] = t.Element.Label()
			}
			walk(t.Element.Teile)
		}
	}
	walk(s.Teile)
	return out
}

// OffeneListen gives the code lists that fields choose from and whose values are
// not known, each once, in the order of the form. Any text passes for them until
// Options.Codelisten has the values.
func (s *Schema) OffeneListen() []Codeliste {
	var out []Codeliste
	seen := map[[3]string]bool{}
	var walk func([]Teil)
	walk = func(teile []Teil) {
		for _, t := range teile {
			f := t.Element.Feld
			walk(t.Element.Teile)
			if f == nil || f.Art != ArtSelect || f.Liste == nil || len(f.Liste.Werte) > 0 {
				continue
			}
			if key := [3]string{f.Liste.ID, f.Liste.URN, f.Liste.VersionURI}; !seen[key] {
				seen[key] = true
				out = append(out, *f.Liste)
			}
		}
	}
	walk(s.Teile)
	return out
}
