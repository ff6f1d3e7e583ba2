package fim_test

import (
	"context"
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func Example() {
	formular, err := fim.LoadFormular([]byte(`{
		"schema": "https://schema.example/baum.json",
		"jsonSchema": {"type": "object", "required": ["F60000227", "F60000302"],
			"properties": {"F60000227": {"type": "string"}, "F60000302": {"type": "number"}}},
		"labels": {"F60000227": "Familienname", "F60000302": "Stammumfang in cm"},
		"antragsteller": {"nachname": "/F60000227"}
	}`))
	if err != nil {
		panic(err)
	}
	parser, err := fim.New(formular)
	if err != nil {
		panic(err)
	}
	d := intake.Fachdaten{Schema: formular.Schema, MIME: "application/json", Bytes: []byte(`{"F60000227":"Groß","F60000302":80.5}`)}
	inhalt, err := parser.Parse(context.Background(), d)
	if err != nil {
		panic(err)
	}
	fmt.Println("von", inhalt.Antragsteller.Name)
	for _, f := range inhalt.Felder {
		fmt.Printf("%s: %s\n", f.Label, f.Wert)
	}
	d.Bytes = []byte(`{"F60000302":"dick"}`)
	_, err = parser.Parse(context.Background(), d)
	for _, p := range fehler.ProblemeIn(err) {
		fmt.Println(p.Pfad, p.Hinweis)
	}
	// Output:
	// von Groß
	// Familienname: Groß
	// Stammumfang in cm: 80,5
	// /F60000227 Pflichtangabe fehlt: „Familienname“.
	// /F60000302 Das Feld „Stammumfang in cm“ hat die falsche Art von Wert.
}
