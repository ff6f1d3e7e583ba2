package frist_test

import (
	"fmt"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

var kiel = frist.Behoerde{Ort: frist.Ort{Land: tenant.LandSH, Gemeinde: "010020000000"}}

// The period of a permit stood still for two weeks while documents were missing.
func ExampleRechner_Genehmigungsfiktion() {
	e, err := frist.New(nil).Genehmigungsfiktion(frist.GenehmigungsfiktionFall{
		Vollstaendig: datum.MustParse("2026-01-14"),
		Aussetzungen: []frist.Aussetzung{{Von: datum.MustParse("2026-02-02"), Bis: datum.MustParse("2026-02-15"), Grund: "Lageplan fehlt"}},
		Behoerde:     kiel,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Datum, e.Ruhezeiten[0].Tage, e.Danach())
	fmt.Println(e.Schritte[3])
	// Output:
	// 2026-04-28 14 2026-04-29
	// Ausgesetzt vom 02.02.2026 bis 15.02.2026 (Lageplan fehlt); diese 14 Tage zählen nicht mit: das Ende rückt vom 14.04.2026 auf den 28.04.2026 (Dienstag).
}

// While a suspension lasts there is no end yet.
func ExampleRechner_Bearbeitungsfrist() {
	e, err := frist.New(nil).Bearbeitungsfrist(frist.BearbeitungsfristFall{
		Am: datum.MustParse("2026-01-14"), Dauer: frist.Dauer{N: 3, Einheit: frist.EinheitMonat}, Norm: "§ 1 Fachgesetz",
		Aussetzungen: []frist.Aussetzung{{Von: datum.MustParse("2026-04-01"), Grund: "Gutachten beauftragt"}},
		Stand:        datum.MustParse("2026-04-10"), Behoerde: kiel,
	})
	fmt.Println(e.Lage, e.NichtVor, err)
	// Output: offen 2026-04-24 <nil>
}

// When to warn, and whom; the key goes with the Auftrag that warns.
func ExampleRechner_Vorwarnungen() {
	r := frist.New(nil)
	e, err := r.Behoerdenfrist(frist.BehoerdenfristFall{Am: datum.MustParse("2026-03-23"), Dauer: &frist.Dauer{N: 2, Einheit: frist.EinheitWoche}, Behoerde: kiel})
	if err != nil {
		fmt.Println(err)
		return
	}
	warnungen, err := r.Vorwarnungen(e, "anhoerung-1", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range warnungen {
		fmt.Println(w.Tag, w.Rolle, w.Schluessel)
	}
	fmt.Println(warnungen[0].Text)
	// Output:
	// 2026-03-31 antragsteller anhoerung-1/behoerdenfrist/2026-04-07/3/antragsteller
	// 2026-04-02 sachbearbeitung anhoerung-1/behoerdenfrist/2026-04-07/1/sachbearbeitung
	// Von der Behörde gesetzte Frist (§ 31 Abs. 2 und 3 VwVfG, § 187 Abs. 1 BGB): Ende am Dienstag, 07.04.2026; nach dem 31.03.2026 bleiben 3 Werktage.
}

// A Mandant has stages of its own for one purpose and none for another.
func ExampleLoadVorwarnplan() {
	const eigene = `{"stand":"2027-01-01","plaene":[
	{"zweck":"bearbeitungsfrist","stufen":[{"werktage":20,"rolle":"fachaufsicht"}]},
	{"zweck":"aufbewahrung","stufen":[]}]}`
	p, err := frist.LoadVorwarnplan(strings.NewReader(eigene), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r := frist.New(nil)
	e, _ := r.Bearbeitungsfrist(frist.BearbeitungsfristFall{Am: datum.MustParse("2027-01-14"), Dauer: frist.Dauer{N: 3, Einheit: frist.EinheitMonat}, Norm: "§ 1 Fachgesetz", Behoerde: kiel})
	w, err := r.Vorwarnungen(e, "f1", &frist.VorwarnOptions{Plan: p})
	fmt.Println(e.Datum, w[0].Tag, w[0].Rolle, len(w), err)
	// Output: 2027-04-14 2027-03-15 fachaufsicht 1 <nil>
}

// The content of a certificate; how it looks is a matter of the template.
func ExampleRechner_Fiktionsbescheinigung() {
	r := frist.New(nil)
	e, err := r.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: datum.MustParse("2026-01-14"), Behoerde: kiel})
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := r.Fiktionsbescheinigung(e, frist.FiktionAngaben{
		Adressat: "Antragstellerin", Gegenstand: "Sondernutzung des Marktplatzes im Juni 2026", Anordnung: "§ 1 Fachgesetz",
		Stelle: "Ordnungsamt", Verlangt: datum.MustParse("2026-04-20"), Ausgestellt: datum.MustParse("2026-04-21"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.ErteiltAb)
	fmt.Println(strings.Join(b.Saetze, "\n"))
	// Output:
	// 2026-04-15
	// Bescheinigung über den Eintritt der Genehmigungsfiktion (§ 42a Abs. 3 VwVfG), ausgestellt für: Antragstellerin.
	// Gegenstand: Sondernutzung des Marktplatzes im Juni 2026.
	// Die Genehmigung gilt mit Ablauf des 14.04.2026 als erteilt (§ 1 Fachgesetz in Verbindung mit § 42a Abs. 2 VwVfG).
	// Die vollständigen Unterlagen lagen am 14.01.2026 vor.
	// Bis zum Ende der Frist ist keine Entscheidung bekannt gegeben worden.
	// Diese Bescheinigung stellt den Eintritt der Fiktion fest und trifft keine eigene Regelung.
	// Ordnungsamt, 21.04.2026.
}
