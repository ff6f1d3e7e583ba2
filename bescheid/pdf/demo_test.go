package pdf_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
)

var stichtag = time.Date(2026, 3, 12, 10, 15, 0, 0, time.FixedZone("CET", 3600))

func musterbrief() pdf.Dokument {
	return pdf.Dokument{
		Titel: "Bescheid über die Erteilung einer Gaststättenerlaubnis", Autor: "Stadt Musterstadt", Betreff: "Gaststättenerlaubnis",
		Erstellt: stichtag, Kopfzeile: "Aktenzeichen 32.1-4711/26",
		Brief: &pdf.Brief{
			Absender:          []string{"Stadt Musterstadt", "Der Oberbürgermeister", "Ordnungsamt · Rathausplatz 1 · 12345 Musterstadt"},
			Ruecksendezeile:   "Stadt Musterstadt · Rathausplatz 1 · 12345 Musterstadt",
			Vermerk:           []string{"Einschreiben mit Rückschein"},
			Anschrift:         []string{"Frau", "Dr. Żaneta Erdoğan-C̆apková", "Schloßstraße 7", "12345 Musterstadt"},
			Informationsblock: []pdf.Angabe{{"Aktenzeichen", "32.1-4711/26"}, {"Auskunft erteilt", "Frau Groß"}, {"Telefon", "01234 567-89"}, {"E-Mail", "ordnungsamt@musterstadt.example"}},
			Ort:               "Musterstadt", Datum: "12. März 2026",
			Betreff:     "Erlaubnis nach § 2 Abs. 1 des Gaststättengesetzes – Ihr Antrag vom 3. Februar 2026",
			Anrede:      "Sehr geehrte Frau Dr. Erdoğan-C̆apková,",
			Grussformel: "Mit freundlichen Grüßen", Unterzeichner: []string{"Im Auftrag", "Groß"},
			Anlagen:           []string{"Gebührenbescheid", "Merkblatt zum Jugendschutz"},
			Geschaeftsangaben: [][]string{{"Stadt Musterstadt", "Rathausplatz 1", "12345 Musterstadt"}, {"Sprechzeiten", "Mo–Fr 8–12 Uhr", "Do 14–18 Uhr"}, {"Sparkasse Musterstadt", "DE02 1203 0000 0000 2020 51", "BIC BYLADEM1001"}},
		},
		Inhalt: []pdf.Block{
			pdf.Absatz{Laeufe: []pdf.Lauf{{Text: "auf Ihren Antrag ergeht folgender "}, {Text: "Bescheid", Fett: true}, {Text: ": Ihnen wird die Erlaubnis zum Betrieb der Gaststätte „Zum Goldenen Łöwen“ in der Schloßstraße 7 erteilt. M̂it dieser Erlaubnis dürfen Sie "}, {Text: "alkoholische", Kursiv: true}, {Text: " Getränke ausschenken."}}},
			pdf.Ueberschrift{2, "Nebenbestimmungen"},
			pdf.Liste{Nummeriert: true, Punkte: []pdf.Punkt{{Text: "Die Erlaubnis gilt nur für die im Lageplan bezeichneten Räume und für keine anderen, auch wenn diese an die genannten Räume angrenzen."}, {Text: "Folgende Unterlagen sind vorzuhalten:", Unter: &pdf.Liste{Punkte: []pdf.Punkt{{Text: "Hygieneplan"}, {Text: "Belehrung nach § 43 des Infektionsschutzgesetzes"}}}}, {Text: "Ein Wechsel ist anzuzeigen."}}},
			pdf.Ueberschrift{2, "Gebühren"},
			pdf.Tabelle{Titel: "Festgesetzte Gebühren", Spalten: []pdf.Spalte{{Kopf: "Nr.", Anteil: 0.4}, {Kopf: "Amtshandlung", Anteil: 3, Zeilenkopf: true}, {Kopf: "Rechtsgrundlage", Anteil: 2}, {Kopf: "Betrag", Rechts: true}},
				Zeilen: [][]string{{"1", "Erteilung der Erlaubnis", "Tarifstelle 12.1", "1.250,00 €"}, {"2", "Ortsbesichtigung durch zwei Bedienstete einschließlich An- und Abfahrt", "Tarifstelle 12.4", "86,50 €"}},
				Summe:  []string{"", "Summe", "", "1.336,50 €"}},
			pdf.Trennlinie{},
			pdf.Ueberschrift{2, "Rechtsbehelfsbelehrung"},
			pdf.Absatz{Laeufe: []pdf.Lauf{{Text: "Gegen diesen Bescheid kann innerhalb eines Monats nach Bekanntgabe Widerspruch erhoben werden. Näheres finden Sie unter "}, {Text: "https://www.musterstadt.example/widerspruch", Ziel: "https://www.musterstadt.example/widerspruch"}, {Text: ". "}, {Text: "An English leaflet is available on request.", Sprache: "en"}}},
			pdf.Absatz{Text: strings.Repeat("Die Rechts\u00ADbehelfs\u00ADbelehrung der Verwaltungs\u00ADgerichts\u00ADbarkeit gilt entsprechend. ", 6)},
		},
	}
}

func TestDemo(t *testing.T) {
	r, err := pdf.New(nil)
	require.NoError(t, err)
	for name, d := range map[string]pdf.Dokument{"brief": musterbrief()} {
		f, err := os.Create("/tmp/" + name + ".pdf")
		require.NoError(t, err)
		b, err := r.Write(f, d)
		require.NoError(t, err)
		t.Logf("%+v", b)
		require.NoError(t, f.Close())
	}
}
