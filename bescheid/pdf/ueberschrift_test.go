package pdf_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
)

// A heading never stands alone at the foot of a page, also before a paragraph or
// point of three lines, which is too short to be split.
func TestHeadingIsNotAlone(t *testing.T) {
	r := renderer(t, nil)
	drei := strings.Repeat("Wort mit einigem Text ", 12)
	for name, b := range map[string]pdf.Block{
		"paragraph": pdf.Absatz{Text: drei},
		"list":      pdf.Liste{Punkte: []pdf.Punkt{{Text: drei}, {Text: "zwei"}}},
	} {
		for n := 20; n < 36; n++ {
			d := pdf.Dokument{Titel: "Probe", Inhalt: []pdf.Block{pdf.Ueberschrift{Ebene: 1, Text: "Anfang"}}}
			for range n {
				d.Inhalt = append(d.Inhalt, pdf.Absatz{Text: "Zeile"})
			}
			d.Inhalt = append(d.Inhalt, pdf.Ueberschrift{Ebene: 2, Text: "Kapitel"}, b)
			data, bericht := schreibe(t, r, d)
			if bericht.Seiten == 1 {
				continue
			}
			for _, z := range seiten(t, data) {
				if len(z) > 0 {
					require.NotContains(t, z[len(z)-1], "Kapitel", "%s after %d lines", name, n)
				}
			}
		}
	}
}

// Whatever a letter ends with, and wherever that falls on its page: closing and
// signature have the end of the text above them, and a heading has what it heads below.
func TestEndOfLetterStaysTogether(t *testing.T) {
	r := renderer(t, nil)
	zwei := strings.Repeat("Wort mit einigem Text ", 7)
	tafel := pdf.Tabelle{Spalten: []pdf.Spalte{{Kopf: "Posten"}, {Kopf: "Betrag", Rechts: true}}, Zeilen: [][]string{{"eins", "1"}, {"zwei", "2"}}}
	mitSumme := tafel
	mitSumme.Summe = []string{"Summe", "3"}
	lang := tafel
	lang.Zeilen = nil
	for range 14 {
		lang.Zeilen = append(lang.Zeilen, []string{"Posten", "1"})
	}
	felder := make([][]bool, 21)
	for i := range felder {
		felder[i] = make([]bool, 21)
		felder[i][i] = true
	}
	for name, ende := range map[string][]pdf.Block{
		"line":                      {pdf.Absatz{Text: "Ende"}},
		"heading and line":          {pdf.Ueberschrift{Ebene: 2, Text: "Kapitel"}, pdf.Absatz{Text: "Ende"}},
		"heading and two lines":     {pdf.Ueberschrift{Ebene: 2, Text: "Kapitel"}, pdf.Absatz{Text: zwei}},
		"heading and point":         {pdf.Ueberschrift{Ebene: 2, Text: "Kapitel"}, pdf.Liste{Punkte: []pdf.Punkt{{Text: "Ende"}}}},
		"heading and points":        {pdf.Ueberschrift{Ebene: 2, Text: "Kapitel"}, pdf.Liste{Punkte: []pdf.Punkt{{Text: "eins"}, {Text: "Ende"}}}},
		"heading and table":         {pdf.Ueberschrift{Ebene: 2, Text: "Kapitel"}, tafel},
		"heading, table with a sum": {pdf.Ueberschrift{Ebene: 2, Text: "Kapitel"}, mitSumme},
		"heading and long table":    {pdf.Ueberschrift{Ebene: 2, Text: "Kapitel"}, lang},
		"heading and code":          {pdf.Ueberschrift{Ebene: 2, Text: "Kapitel"}, pdf.Matrixcode{Felder: felder, Alternativtext: "Code"}},
	} {
		t.Run(name, func(t *testing.T) {
			zweiseitig := 0
			for n := 150.0; n < 220; n += 4 {
				d := kurzbrief(1)
				d.Inhalt = append(d.Inhalt, pdf.Abstand{Millimeter: n - 100}, pdf.Absatz{Text: "davor"})
				d.Inhalt = append(d.Inhalt, ende...)
				data, bericht := schreibe(t, r, d)
				if bericht.Seiten == 1 {
					continue
				}
				zweiseitig++
				for _, z := range seiten(t, data) {
					require.NotEmpty(t, z)
					if name != "heading and code" { // a picture has no text
						require.NotContains(t, z[len(z)-1], "Kapitel", "after %v mm", n)
					}
					require.NotContains(t, z[0], "freundlich", "after %v mm", n)
				}
			}
			require.Positive(t, zweiseitig)
		})
	}
}
