package gebuehr_test

import (
	"fmt"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Three trees may be felled; the applicant lives on social benefits.
func ExampleTabelle_Rechne() {
	e, err := gebuehr.Beispiele().Rechne(gebuehr.Fall{
		Leistung: "99012070006000", Land: tenant.LandNW,
		Eingang: datum.MustParse("2026-09-01"), Entscheidung: datum.MustParse("2026-09-15"),
		Ansaetze: []gebuehr.Ansatz{
			{Posten: "baumfaellung.genehmigung", Menge: 3},
			{Posten: "auslage.zustellung", Menge: 1},
		},
		Merkmale: []gebuehr.Merkmal{{Name: "sozialleistung"}},
	})
	if err != nil {
		fmt.Println(fehler.ProblemeIn(err))
		return
	}
	fmt.Println(strings.Join(e.Schritte, "\n"))
	fmt.Println(e.Summe, e.Konfidenz, e.Eindeutig())
	// Output:
	// Maßgeblich ist der Tag der Entscheidung, 15.09.2026 (§ 11 Abs. 1 GebG NRW).
	// Angewandt: BSP-BAUM (Beispielsatzung), weil Stichtag 15.09.2026.
	// Anzahl 3: 1 × 45,00 € + 2 × 20,00 € = 85,00 €.
	// Angewandt: BSP-SOZIAL (Beispielsatzung), weil das Merkmal sozialleistung vorliegt.
	// Ermäßigung bei Bezug von Sozialleistungen, Erlass: die Hälfte (Beispielsatzung).
	// Genehmigung zum Fällen von Bäumen: 42,50 €.
	// Angewandt: BSP-ZUSTELLUNG (Beispielsatzung), weil Stichtag 15.09.2026.
	// Anzahl 1: 1 × 3,50 € = 3,50 €.
	// Förmliche Zustellung: 3,50 €.
	// Summe: 46,00 €.
	// 46.00 U true
}

// What the letter says, and what the payment gets.
func ExampleTabelle_Bescheidteil() {
	tab := gebuehr.Beispiele()
	e, err := tab.Rechne(gebuehr.Fall{
		Land: tenant.LandNW, Entscheidung: datum.MustParse("2026-09-15"),
		Ansaetze: []gebuehr.Ansatz{{Posten: "stvo45.anordnung", Ermessen: &gebuehr.Ermessen{Betrag: geld.MustBetrag("45.00"), Grund: "Kleine Baustelle ohne Umleitung."}}},
	})
	if err != nil {
		fmt.Println(fehler.ProblemeIn(err))
		return
	}
	teil, err := tab.Bescheidteil(e, gebuehr.Angaben{Vorgang: "KI-2026-000017"})
	if err != nil {
		fmt.Println(fehler.ProblemeIn(err))
		return
	}
	teil = teil.MitKassenzeichen("4711.0815")
	fmt.Println(teil.Festsetzung)
	fmt.Println(teil.Begruendung[0])
	fmt.Println(teil.Faelligkeit)
	fmt.Println(teil.Zahlung.Betrag, teil.Zahlung.Verwendungszweck)
	// Output:
	// Für diese Entscheidung wird eine Gebühr von 45,00 € festgesetzt.
	// Innerhalb des Rahmens von 10,20 € bis 767,00 € sind 45,00 € bestimmt: Kleine Baustelle ohne Umleitung.
	// Der Betrag wird 30 Tage nach der Bekanntgabe dieses Bescheids fällig (Zahlungsbestimmung der Behörde). Bitte geben Sie bei der Zahlung das Kassenzeichen 4711.0815 an.
	// 45.00 4711.0815 KI-2026-000017
}
