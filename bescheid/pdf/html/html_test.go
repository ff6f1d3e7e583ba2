package html_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	xhtml "golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/html"
)

var update = flag.Bool("update", false, "write the golden file anew")

func brief() pdf.Dokument {
	return pdf.Dokument{
		Titel: "Genehmigung <1>",
		Brief: &pdf.Brief{
			Absender: []string{"Stadt Kiel", "Grünflächenamt"}, Vermerk: []string{"Einschreiben"}, Anschrift: []string{"Gülşen Łukasik-Groß", "24118 Kiel"},
			Informationsblock: []pdf.Angabe{{Name: "Vorgang", Wert: "KI-2026-000017"}}, Ort: "Kiel", Datum: "02.03.2026",
			Betreff: "Genehmigung zur Fällung", Anrede: "Guten Tag,", Grussformel: "Mit freundlichen Grüßen", Unterzeichner: []string{"Im Auftrag", "Aydın"},
			Anlagen: []string{"Lageplan"}, Geschaeftsangaben: [][]string{{"Stadt Kiel", "Fleethörn 9"}},
		},
		Anlagen: []pdf.Anlagedatei{{Name: "antrag.json", Inhalt: []byte("{}")}},
		Inhalt: []pdf.Block{
			pdf.Ueberschrift{Ebene: 2, Text: "Entscheidung"},
			pdf.Absatz{Laeufe: []pdf.Lauf{{Text: "Ja & "}, {Text: "mehr", Fett: true}, {Text: " hier", Ziel: "https://kiel.example/?a=1&b=2"}, {Text: "nie", Ziel: "javascript:alert(1)"}, {Text: "yes", Sprache: "en"}}},
			pdf.Liste{Nummeriert: true, Beginn: 3, Punkte: []pdf.Punkt{{Text: "eins"}, {Text: "zwei", Unter: &pdf.Liste{Punkte: []pdf.Punkt{{Text: "a"}}}}}},
			pdf.Tabelle{Titel: "Gebühren", Spalten: []pdf.Spalte{{Kopf: "Was", Zeilenkopf: true}, {Kopf: "Betrag", Rechts: true}}, Zeilen: [][]string{{"Prüfung", "35,00 €"}}, Summe: []string{"Summe", "35,00 €"}},
			pdf.Matrixcode{Felder: [][]bool{{true, true, false}, {false, true, true}}, Alternativtext: "QR-Code"},
			pdf.Absatz{Text: "Zeile eins\nZeile zwei", Eingerueckt: true},
		},
	}
}

func write(t testing.TB, d pdf.Dokument, o *html.Options) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, html.Write(&b, d, o))
	return b.String()
}

func TestGolden(t *testing.T) {
	const file = "testdata/brief.html"
	got := write(t, brief(), nil)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestEmbedded(t *testing.T) {
	got := write(t, brief(), &html.Options{Einbetten: 3})
	require.NotContains(t, got, "<html")
	require.Contains(t, got, "<h3>Genehmigung zur Fällung</h3>")
	require.Contains(t, got, "<h4>Entscheidung</h4>")
	require.NotContains(t, got, "javascript:")
}

// Whatever the text, the page has the same elements, and the text reads as it was.
func TestTextIsNeverMarkup(t *testing.T) {
	elements := func(page string) (tags []string, text string) {
		z := xhtml.NewTokenizer(strings.NewReader(page))
		for {
			switch z.Next() {
			case xhtml.ErrorToken:
				return tags, text
			case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
				n, _ := z.TagName()
				if string(n) != "br" {
					tags = append(tags, string(n))
				}
			case xhtml.TextToken:
				text += string(z.Text())
			}
		}
	}
	doc := func(s string) pdf.Dokument {
		return pdf.Dokument{Titel: "x", Inhalt: []pdf.Block{pdf.Ueberschrift{Ebene: 1, Text: s}, pdf.Absatz{Laeufe: []pdf.Lauf{{Text: s, Fett: true, Sprache: s}}},
			pdf.Tabelle{Titel: s, Spalten: []pdf.Spalte{{Kopf: s}}, Zeilen: [][]string{{s}}}, pdf.Matrixcode{Felder: [][]bool{{true}}, Alternativtext: s}}}
	}
	want, _ := elements(write(t, doc("harmlos"), nil))
	rapid.Check(t, func(t *rapid.T) {
		s := "x" + rapid.StringOf(rapid.SampledFrom([]rune(`<>"'&=/ a-;!]`))).Draw(t, "text")
		var b bytes.Buffer
		if err := html.Write(&b, doc(s), nil); err != nil {
			t.Fatal(err)
		}
		got, text := elements(b.String())
		require.Equal(t, want, got)
		require.Contains(t, text, s)
	})
}

type voll struct{}

func (voll) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestWriterError(t *testing.T) { require.Error(t, html.Write(voll{}, brief(), nil)) }
