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
