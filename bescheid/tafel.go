package bescheid

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Bounds of a [Tafel].
const (
	MaxTafelZeilen = 200
	maxTafelZelle  = 1000 // characters
)

// Tafel is a table that is part of the released text, such as the calculation of a fee:
// column headings, rows, and a sum as the last row.
type Tafel struct {
	Titel   string     `json:"titel"`
	Spalten []Spalte   `json:"spalten"`
	Zeilen  [][]string `json:"zeilen"`
	Summe   []string   `json:"summe,omitempty"`
}

// Spalte is a column.
type Spalte struct {
	Kopf string `json:"kopf"`
	// Breite in relation to the other columns', 0 to 1000; 0 means 100. Whole numbers: the
	// Pruefsumme covers it, and fractions are written in more than one way.
	Breite int `json:"breite,omitempty"`
	// Rechts aligns at the right, Zeilenkopf makes the cells headings of their rows.
	Rechts     bool `json:"rechts,omitempty"`
	Zeilenkopf bool `json:"zeilenkopf,omitempty"`
}

// Clone copies everything a caller could change.
func (t *Tafel) Clone() *Tafel {
	if t == nil {
		return nil
	}
	c := *t
	c.Spalten, c.Zeilen, c.Summe = slices.Clone(t.Spalten), slices.Clone(t.Zeilen), slices.Clone(t.Summe)
	for i := range c.Zeilen {
		c.Zeilen[i] = slices.Clone(c.Zeilen[i])
	}
	return &c
}

// pruefe checks that a reader who hears the table knows of each cell what it is: every
// column has a heading, one column heads the rows, no row has a cell too many or too few.
func (t *Tafel) pruefe(pfad string, wrong func(code, pfad, meldung, hinweis string)) {
	if t == nil {
		return
	}
	const code = "bescheid.tafel"
	if leer(t.Titel) || len(t.Spalten) == 0 || len(t.Spalten) > 12 || len(t.Zeilen) == 0 || len(t.Zeilen) > MaxTafelZeilen {
		wrong(code, pfad, fmt.Sprintf("has no title, not 1 to 12 columns or not 1 to %d rows", MaxTafelZeilen), "Der Tabelle fehlen Titel, Spalten oder Zeilen, oder sie ist zu groß.")
		return
	}
	if !slices.ContainsFunc(t.Spalten, func(s Spalte) bool { return s.Zeilenkopf }) || slices.ContainsFunc(t.Spalten, func(s Spalte) bool { return leer(s.Kopf) || s.Breite < 0 || s.Breite > 1000 }) {
		wrong(code, pfad+"/spalten", "a heading is missing, of a column or of the rows, or a width is out of range", "In der Tabelle fehlt die Überschrift einer Spalte oder die Spalte, nach der die Zeilen heißen.")
	}
	zeilen := t.Zeilen
	if t.Summe != nil {
		zeilen = append(slices.Clone(zeilen), t.Summe)
	}
	for i, z := range zeilen {
		zuLang := func(s string) bool { return utf8.RuneCountInString(s) > maxTafelZelle }
		if len(z) != len(t.Spalten) || slices.ContainsFunc(z, zuLang) {
			wrong(code, fmt.Sprintf("%s/zeilen/%d", pfad, i), "not one cell for each column, or a cell is too long", "Eine Zeile der Tabelle passt nicht zu ihren Spalten.")
		}
	}
}
