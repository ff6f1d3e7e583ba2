package ueberweisung_test

import (
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/kassenzeichen"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
)

func ExampleZahlungsdaten_GiroCode() {
	d := ueberweisung.Zahlungsdaten{Empfaenger: "Stadtkasse Musterstadt", IBAN: "DE89370400440532013000", Betrag: 6190, Verwendungszweck: "50001030704"}
	s, err := d.GiroCode()
	fmt.Printf("%q %v\n", s, err)
	// Output: "BCD\n002\n1\nSCT\n\nStadtkasse Musterstadt\nDE89370400440532013000\nEUR61.90\n\n\n50001030704" <nil>
}

func ExampleMatch() {
	s := kassenzeichen.Schema{Name: "kasse", Praefix: "50", Stellen: 8, Verfahren: kassenzeichen.Luhn}
	z := ueberweisung.Match(ueberweisung.Abgleich{
		Schemata: []kassenzeichen.Schema{s},
		Offen:    []ueberweisung.Offen{{Forderung: "f-1", Kassenzeichen: "50001030704", Waehrung: "EUR", Betrag: 6190}},
	}, []ueberweisung.Umsatz{{Eintrag: "REF-1", Betrag: 5000, Waehrung: "EUR", Haben: true, Gebucht: true, Verwendungszweck: "Steuer 5OOO 1030 704"}})
	fmt.Println(z[0].Befund, z[0].Forderung, z[0].Grund)
	// Output: unter f-1 Das Kassenzeichen stimmt. Es bleiben 11,90 EUR offen.
}
