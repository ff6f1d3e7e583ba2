package intelliform_test

import (
	"context"
	"fmt"
	"os"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/intelliform"
)

func Example() {
	parser, err := intelliform.New(nil)
	if err != nil {
		panic(err)
	}
	b, err := os.ReadFile("testdata/store.xml")
	if err != nil {
		panic(err)
	}
	a, err := parser.Read(context.Background(), intake.Fachdaten{MIME: "application/xml", Bytes: b})
	if err != nil {
		panic(err)
	}
	fmt.Println(a.Antragsteller.Name, "in", a.Antragsteller.Anschrift.Ort)
	fmt.Println(a.Felder[0].Label, a.Ort)
	// Output:
	// Erika Mustermann in Köln
	// Vorname 053150000000
}
