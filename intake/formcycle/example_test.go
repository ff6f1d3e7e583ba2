package formcycle_test

import (
	"context"
	"fmt"
	"os"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/formcycle"
)

func Example() {
	parser, err := formcycle.New(nil)
	if err != nil {
		panic(err)
	}
	b, err := os.ReadFile("testdata/json.json")
	if err != nil {
		panic(err)
	}
	a, err := parser.Read(context.Background(), intake.Fachdaten{MIME: "application/json", Bytes: b})
	if err != nil {
		panic(err)
	}
	fmt.Println(a.Antragsteller.Name, "in", a.Antragsteller.Anschrift.Ort)
	fmt.Println(a.Felder[0].Label, a.Ort)
	// Output:
	// Erika Mustermann in Köln
	// Person 053150000000
}
