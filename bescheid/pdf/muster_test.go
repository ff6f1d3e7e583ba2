package pdf_test

import (
	"fmt"
	"strings"
	"time"

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

// handbuch is a plain document that runs over many pages.
func handbuch(absaetze int) pdf.Dokument {
	d := pdf.Dokument{Titel: "Bericht über die Prüfung der Gebührensatzung", Autor: "Rechnungsprüfungsamt", Erstellt: stichtag,
		Kopfzeile: "Rechnungsprüfungsamt · Bericht 7/2026", Fusszeile: "Nur für den Dienstgebrauch"}
	satz := "Die Satzung ist nach § 4 Abs. 2 des Kommunalabgabengesetzes wirksam bekannt gemacht; Bedenken gegen die Kalkulation bestehen nicht. "
	d.Inhalt = append(d.Inhalt, pdf.Ueberschrift{Ebene: 1, Text: d.Titel},
		pdf.Absatz{Text: "Zeile eins\nZeile zwei nach einem festen Umbruch\n\nZeile vier", Eingerueckt: true})
	for i := range absaetze {
		if i%4 == 0 {
			d.Inhalt = append(d.Inhalt, pdf.Ueberschrift{Ebene: 2, Text: fmt.Sprintf("Abschnitt %d: Kalkulation und Deckungsgrade der Einrichtung", i/4+1)})
		}
		if i%12 == 5 {
			d.Inhalt = append(d.Inhalt, pdf.Ueberschrift{Ebene: 3, Text: "Einzelfeststellungen"}, pdf.Liste{Nummeriert: true, Beginn: 8, Punkte: []pdf.Punkt{
				{Text: strings.Repeat(satz, 2)}, {Text: "Kurz.", Unter: &pdf.Liste{Punkte: []pdf.Punkt{{Text: strings.Repeat(satz, 2)}, {Text: "noch kürzer"}}}}, {Text: satz}}})
		}
		if i%9 == 7 {
			t := pdf.Tabelle{Titel: fmt.Sprintf("Tabelle %d: Erträge und Aufwendungen", i), Spalten: []pdf.Spalte{{Kopf: "Konto", Zeilenkopf: true}, {Kopf: "Bezeichnung", Anteil: 3},
				{Kopf: "Ansatz in Euro", Rechts: true, Anteil: 1.3}, {Kopf: "Ergebnis in Euro", Rechts: true, Anteil: 1.3}}, Summe: []string{"", "Summe", "1.234.567,89", "1.200.000,00"}}
			for k := range 14 {
				b := "Benutzungsgebühren"
				if k%3 == 1 {
					b = "Erträge aus der Auflösung von Sonderposten für den Gebührenausgleich und sonstige Erträge"
				}
				t.Zeilen = append(t.Zeilen, []string{fmt.Sprint(432100 + k), b, fmt.Sprintf("%d.000,00", 10+k), fmt.Sprintf("%d.123,45", 9+k)})
			}
			d.Inhalt = append(d.Inhalt, t)
		}
		d.Inhalt = append(d.Inhalt, pdf.Absatz{Text: strings.Repeat(satz, 1+i%5)})
	}
	return d
}

// brief is the sample letter with nothing but a text of n paragraphs.
func kurzbrief(n int) pdf.Dokument {
	d := musterbrief()
	d.Inhalt = nil
	for range n {
		d.Inhalt = append(d.Inhalt, pdf.Absatz{Text: strings.Repeat("wir haben Ihren Antrag erhalten und werden ihn so bald wie möglich bearbeiten. ", 4)})
	}
	return d
}
