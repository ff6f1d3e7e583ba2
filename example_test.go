package fachwerk_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func Example() {
	ctx, now := context.Background(), time.Now()
	store := memory.Open(nil)
	defer store.Close()
	v, err := vorgang.New(tenant.System("annahme"), now, vorgang.Params{
		Mandant: "kiel", Nummer: "KI-2026-000001", Leistung: "99063005001000", Einheit: "gruen",
	}, store.Kontext())
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Insert(ctx, "kiel", v); err != nil {
		log.Fatal(err)
	}
	kim := tenant.Akteur{ID: "kim", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	v, _, err = store.Claim(ctx, "kiel", storage.ClaimParams{Akteur: kim}) // the oldest on the stack
	if err != nil {
		log.Fatal(err)
	}
	for e := range store.Journal(ctx, "kiel", v.ID()) {
		fmt.Println(e.Seq, e.Text())
	}
	fmt.Println("journal sound:", store.VerifyJournal(ctx, "kiel", v.ID()) == nil)
	// Output:
	// 1 Antrag eingegangen: 99063005001000, Vorgangsnummer KI-2026-000001
	// 2 Status geändert: Neu → Angenommen
	// 3 Vom Stapel gezogen
	// 4 Status geändert: Angenommen → In Bearbeitung
	// journal sound: true
}
