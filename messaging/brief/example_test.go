package brief_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/brief"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

func Example() {
	dir, err := os.MkdirTemp("", "druck")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	k, err := brief.New(brief.Params{Ordner: dir, Setzer: setzer}, &brief.Options{
		Now: func() time.Time { return time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer k.Release()
	ctx := context.Background()
	q, err := k.Deliver(ctx, messaging.Sendung{
		ID: uuid.MustParse("0190aaaa-0000-7000-8000-000000000001"), Mandant: "kiel", Absender: "Stadt Kiel",
		Empfaenger: messaging.Empfaenger{Name: "Erika Mustermann", Anschrift: tenant.Anschrift{Strasse: "Holstenstraße", Hausnummer: "3", PLZ: "24103", Ort: "Kiel"}},
		Nachricht:  messaging.Nachricht{Art: messaging.Mitteilung, Betreff: "Ihr Antrag", Text: "Guten Tag"},
	})
	fmt.Println(q.Zustand, err)
	los, err := k.Close(ctx, "kiel", datum.MustParse("2026-03-02"))
	fmt.Println(los[0].Name, len(los[0].Posten), los[0].Seiten, err)
	// Output:
	// uebergeben <nil>
	// kiel_2026-03-02_01 1 1 <nil>
}
