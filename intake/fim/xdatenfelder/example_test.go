package xdatenfelder_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/intake/fim/xdatenfelder"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func Example() {
	file, err := os.ReadFile("testdata/baum-3.0.xml")
	if err != nil {
		panic(err)
	}
	schema, err := xdatenfelder.Read(context.Background(), bytes.NewReader(file), nil)
	if err != nil {
		panic(err)
	}
	parser, err := xdatenfelder.New(nil, xdatenfelder.Formular{Schema: schema,
		Export: &xdatenfelder.Export{Antragsteller: fim.Zeiger{Nachname: "/G60000000082/F60000000227"}}})
	if err != nil {
		panic(err)
	}
	d := intake.Fachdaten{MIME: "application/xml", Bytes: []byte(`<S99000000003 xmlns="urn:fim-de:xfall:datenschema:xdf3">
		<G60000000082><F60000000227>Groß</F60000000227><F60000000246>24103</F60000000246></G60000000082>
		<G60000000300><F60000000301>E1</F60000000301><F60000000302>80.5</F60000000302></G60000000300>
	</S99000000003>`)}
	inhalt, err := parser.Parse(context.Background(), d)
	if err != nil {
		panic(err)
	}
	fmt.Println("von", inhalt.Antragsteller.Name)
	fmt.Print(schema.Baum(inhalt.Felder))
	d.Bytes = bytes.Replace(d.Bytes, []byte("80.5"), []byte("dick"), 1)
	_, err = parser.Parse(context.Background(), d)
	for _, p := range fehler.ProblemeIn(err) {
		fmt.Println(p.Pfad, p.Hinweis)
	}
	// Output:
	// von Groß
	// Antragstellende Person:
	//   Familienname: Groß
	//   Vornamen: –
	//   Postleitzahl: 24103
	//   Geburtsdatum: –
	// Baum (1):
	//   Baumart: Eiche (E1)
	//   Stammumfang in cm: 80,5
	//   Geschützt: –
	//   Standort: –
	// Anzahl der Wege: –
	// line 3 (F60000000302) Das Feld „Stammumfang in cm“ ist keine Zahl.
}
