package person_test

import (
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang/person"
)

func ExamplePruefer_Decode() {
	p := person.New(nil)
	var a person.Antragsteller
	err := p.Decode([]byte(`{
		"person": {"vornamen": "Erika", "familienname": "Musterma7n", "geburtsdatum": "1964-08"},
		"anschrift": {"strasse": "Heidestraße", "hausnummer": "17", "plz": "5114", "ort": "Köln"},
		"bankverbindung": {"iban": "DE89370400440532013001"}
	}`), &a)
	for _, q := range fehler.ProblemeIn(err) {
		fmt.Println(q.Code, q.Pfad)
		fmt.Println(" ", q.Hinweis)
	}
	// Output:
	// din91379.zeichen /person/familienname
	//   „Familienname“: An Stelle 9 steht ein Zeichen (U+0037), das DIN 91379 in Namen natürlicher Personen nicht zulässt (Datentyp A). Bitte das Zeichen ersetzen.
	// person.plz /anschrift/plz
	//   Die Postleitzahl einer Anschrift in Deutschland hat fünf Ziffern. Bitte die Postleitzahl oder den Staat berichtigen.
	// person.iban-pruefziffer /bankverbindung/iban
	//   Die Prüfziffern der IBAN passen nicht. Bitte die IBAN mit der Vorlage vergleichen.
}

// The rules serve types of the caller as well.
func ExamplePruefer_Check() {
	type Hundehalter struct {
		Name     string `json:"name" validate:"required,din91379=A,rand"`
		Gemeinde string `json:"gemeinde" validate:"required,ags"`
	}
	fmt.Println(person.New(nil).Check(Hundehalter{Name: "Erika Mustermann", Gemeinde: "5315000"}))
	// Output:
	// invalid: person.ags at /gemeinde: not an AGS of 8 digits with a Land key 01 to 16
}

func ExampleParseIBAN() {
	k, err := person.ParseIBAN("de89 3704 0044 0532 0130 00")
	fmt.Println(string(k), err)
	fmt.Println(k.Gruppen())
	// Output:
	// DE89370400440532013000 <nil>
	// DE89 3704 0044 0532 0130 00
}

func ExampleParseTeildatum() {
	d, _ := person.ParseTeildatum("1964-08")
	fmt.Println(d.Deutsch(), "from", d.Von(), "to", d.Bis())
	// Output:
	// 08.1964 from 1964-08-01 to 1964-08-31
}
