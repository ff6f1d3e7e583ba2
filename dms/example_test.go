package dms_test

import (
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
)

// What the sender remembers: only a positive import answer allows deletion.
func ExampleAbgabe() {
	p := dmstest.Minimal("beispiel")
	sent := dms.Sendeschein{ProzessID: p.ProzessID, Ziel: "registratur", Zeit: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	a := dms.NewAbgabe(sent, p, 14*24*time.Hour)
	fmt.Println(a.Zustand, a.MayDelete())

	a, _ = a.CheckOverdue(a.Frist)
	fmt.Println(a.Zustand, a.MayDelete())

	a, _, err := a.Apply(dms.Antwort{
		ProzessID: p.ProzessID, Art: dms.AntwortImportiert,
		Objekte: []dms.ObjektErgebnis{{ID: p.Vorgang.ID, Erfolgreich: true}},
	}, a.Frist.Add(time.Hour))
	fmt.Println(a.Zustand, a.MayDelete(), err)
	// Output:
	// gesendet false
	// ueberfaellig false
	// importiert true <nil>
}

// Check names what is wrong before anything is written.
func ExamplePaket_Check() {
	p := dmstest.Minimal("beispiel")
	p.Empfaenger = dms.Kontakt{}
	for _, problem := range p.Check() {
		fmt.Println(problem)
		fmt.Println(problem.Hinweis)
	}
	// Output:
	// dms.kontakt-leer at /empfaenger: contact without any value
	// Absender und Empfänger müssen benannt sein.
}
