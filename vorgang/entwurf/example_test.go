package entwurf_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
)

// A clerk says what was found out; the rest of the letter comes from the application.
func Example() {
	tag := datum.MustParse("2026-11-25")
	jetzt := tag.Beginn().Add(9 * time.Hour)
	kim := tenant.Akteur{ID: "kim", Name: "Kim Petersen", Art: tenant.Person, Mandant: "musterstadt", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	mandant := &tenant.Mandant{
		ID: "musterstadt", Name: "Stadt Musterstadt", Land: tenant.LandSH,
		Anschrift: tenant.Anschrift{Strasse: "Rathausplatz", Hausnummer: "1", PLZ: "24103", Ort: "Musterstadt"},
	}
	v, err := vorgang.New(tenant.System("annahme"), jetzt, vorgang.Params{
		Mandant: "musterstadt", Nummer: "MU-2026-000017", Leistung: "99012070006000", Einheit: "gruen",
		Antrag: vorgang.Antrag{
			GestelltAm:    datum.MustParse("2026-11-02"),
			Antragsteller: vorgang.Antragsteller{Empfaenger: messaging.Empfaenger{Name: "Alex Muster"}},
			Schema:        "https://fachwerk.example/schema/baumfaellung-1.json",
			Daten: []byte(`{"antragsteller":{"anrede":"frau","nachname":"Muster"},"grundstueck":"Gartenweg 1 in Musterstadt","grund":"gefahr",
				"baeume":[{"art":"Rotbuche","umfang":142,"standort":"an der Einfahrt"}]}`),
		},
	}, vorgang.Kontext{})
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := entwurf.New(entwurf.Beispiele(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := e.Draft(entwurf.Params{
		Vorlage: "baumfaellung-bewilligung", Stand: v.Stand(), Mandant: mandant, Tag: tag,
		Angaben: vorlage.Daten{"gueltig_bis": "2027-12-31", "grund": "gefahr", "feststellung": "Der Stamm ist hohl.", "abwaegung": "Die Gefahr wiegt schwerer."},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	inhalt, err := w.Inhalt()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := v.Pull(kim, jetzt); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := v.Draft(kim, jetzt, inhalt); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.ReplaceAll(inhalt.Tenor[0], "\u00a0", " "))
	b := v.Stand().Bescheide[0].Inhalt
	fmt.Println(b.Vorlage.ID, b.Vorlage.Fassung)
	for _, zeile := range strings.Split(w.Erklaerung(), "\n")[1:6] {
		fmt.Println(zeile)
	}
	// Output:
	// Sie dürfen auf dem Grundstück Gartenweg 1 in Musterstadt diesen Baum fällen: Rotbuche (an der Einfahrt, Stammumfang 142 cm).
	// baumfaellung-bewilligung 1
	// Name: Alex Muster (Name der antragstellenden Person)
	// Nachname: Muster (aus dem Antrag, Angabe „Nachname“)
	// Anrede: Frau (aus dem Antrag, Angabe „Anrede“)
	// Datum des Antrags: 02.11.2026 (Tag, den der Antrag nennt)
	// Grundstück, zum Beispiel „Gartenweg 1 in Musterstadt“: Gartenweg 1 in Musterstadt (aus dem Antrag, Angabe „Grundstück“)
}
