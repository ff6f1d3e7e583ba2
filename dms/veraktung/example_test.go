package veraktung_test

import (
	"context"
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/veraktung"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// A closed Vorgang is filed by the relay; Collect brings in what the DMS answers.
func Example() {
	ctx := context.Background()
	now := func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }
	store := memory.Open(&storage.Options{Now: now})
	defer store.Close()
	mandanten, err := tenant.NewVerzeichnis(mandant)
	if err != nil {
		panic(err)
	}
	ziel := &dmstest.Speicher{} // in a house: verzeichnis.New over the transfer directory
	akte, err := veraktung.New(veraktung.Params{
		Store: store, Blobs: blob.NewMemory(nil), Mandanten: mandanten,
		Ablagen: map[tenant.ID]veraktung.Ablage{kiel: {Ziel: ziel, Empfaenger: dms.Kontakt{Institution: "E-Akte"}}},
	}, &veraktung.Options{Now: now})
	if err != nil {
		panic(err)
	}
	r := relay.New(store, map[vorgang.AuftragArt]relay.Handler{vorgang.AkteAbgeben: akte}, &relay.Options{Now: now})

	v, err := vorgang.New(system, now(), vorgang.Params{Mandant: kiel, Nummer: "KI-1", Leistung: "99063005001000", Einheit: "gruen"}, store.Kontext())
	if err == nil {
		err = v.Accept(kim, now())
	}
	if err == nil {
		err = v.Close(kim, now(), vorgang.Schluss{Grund: vorgang.GrundAnzeige, Abgeben: true})
	}
	if err == nil {
		err = store.Insert(ctx, kiel, v)
	}
	if err != nil {
		panic(err)
	}
	abgabe := func() *vorgang.Abgabe {
		v, err := store.Get(ctx, kiel, v.ID())
		if err != nil {
			panic(err)
		}
		return v.Stand().Abgabe
	}
	_, err = r.Drain(ctx)
	fmt.Println(abgabe().Zustand, err)
	_ = ziel.Answer(dms.Antwort{ProzessID: abgabe().ProzessID.String(), Art: dms.AntwortImportiert})
	n, err := akte.Collect(ctx, kiel)
	fmt.Println(abgabe().Zustand, n, err)
	// Output:
	// gesendet <nil>
	// archiviert 1 <nil>
}
