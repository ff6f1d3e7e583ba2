package ausfertigung_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Only the text that was released becomes a letter.
func ExampleSetzer_Write() {
	setzer, err := ausfertigung.New(nil)
	if err != nil {
		panic(err)
	}
	kopf := ausfertigung.Kopf{
		Mandant:    &tenant.Mandant{Name: "Stadt Kiel", Anschrift: tenant.Anschrift{Strasse: "Fleethörn", Hausnummer: "9", PLZ: "24103", Ort: "Kiel"}},
		Empfaenger: messaging.Empfaenger{Name: "Gülşen Łukasik"}, Nummer: "KI-1",
	}
	inhalt := bescheid.Inhalt{Betreff: "Genehmigung", Tenor: []string{"Die Fällung wird genehmigt."}}
	b := bescheid.Bescheid{
		Inhalt: inhalt, Pruefsumme: inhalt.Pruefsumme(),
		FreigegebenAm: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Zeichner: "Deniz Aydın",
	}
	var out bytes.Buffer
	bericht, err := setzer.Write(&out, kopf, b)
	fmt.Println(bericht.Seiten, "Seite", err)

	b.Inhalt.Tenor = []string{"Die Fällung wird abgelehnt."}
	_, err = setzer.Write(&out, kopf, b)
	fmt.Println(err)
	// Output:
	// 1 Seite <nil>
	// ausfertigung.Write 00000000-0000-0000-0000-000000000000: conflict: invalid: bescheid.pruefsumme: the text is not the released one
}
