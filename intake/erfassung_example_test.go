package intake_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The mail room enters a letter that lay there since Thursday.
func ExampleAnnahme_Erfassen() {
	ctx := context.Background()
	mandanten, rules, err := tenant.LoadKonfiguration([]byte(`{
		"mandanten": [{"id": "hanau", "name": "Stadt Hanau", "land": "HE", "ars": "064350014014", "anschrift": {},
			"vorgangsnummer": "HU-{jahr}-{nummer:5}", "einheiten": [{"id": "buergerbuero", "name": "Bürgerbüro"}]}],
		"zustaendigkeiten": [{"leistung": "99115005104000", "ags": "06435014", "mandant": "hanau", "einheit": "buergerbuero"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	store := memory.Open(nil)
	defer store.Close()
	annahme, err := intake.New(intake.Params{Store: store, Blobs: blob.NewMemory(nil), Mandanten: mandanten, Router: rules, Betreiber: "hanau"},
		&intake.Options{Now: func() time.Time { return time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC) }})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := annahme.Erfassen(ctx, intake.Erfassung{
		Akteur: tenant.Akteur{ID: "post-1", Art: tenant.Person, Mandant: "hanau", Rollen: []tenant.Rolle{tenant.Poststelle}},
		Kanal:  intake.KanalPapier, Kennung: "00017", Eingang: datum.MustParse("2026-11-19"), Leistung: "99115005104000",
		Antragsteller: vorgang.Antragsteller{Empfaenger: messaging.Empfaenger{Name: "Erika Mustermann"}},
		Dateien:       []intake.ErfassteDatei{{Name: "scan.pdf", Zweck: vorgang.ZweckOriginal, Inhalt: strings.NewReader("%PDF-1.7 …")}},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := store.Get(ctx, r.Mandant, r.Vorgang)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Ausgang, r.Nummer, v.Stand().Einheit)
	fmt.Println("eingegangen am", datum.Von(v.Stand().Eingang).Deutsch())
	// Output:
	// angenommen HU-2026-00001 buergerbuero
	// eingegangen am 19.11.2026
}
