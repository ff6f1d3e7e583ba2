package relay_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// A Handler does the work outside and gives back what to report. The first try
// fails here; the second, after the pause, succeeds under the same Auftrag id.
func Example() {
	ctx := context.Background()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := memory.Open(&storage.Options{Now: clock})
	defer store.Close()

	system := tenant.System("beispiel")
	v, err := vorgang.New(system, now, vorgang.Params{
		Mandant: "kiel", Nummer: "KI-1", Leistung: "99063005001000", Einheit: "gruen",
		Bestaetigung: &messaging.Nachricht{Betreff: "Ihr Antrag ist eingegangen"},
	}, store.Kontext())
	if err != nil {
		panic(err)
	}
	if err := store.Insert(ctx, "kiel", v); err != nil {
		panic(err)
	}

	tries := 0
	send := relay.HandlerFunc(func(_ context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
		var d vorgang.NachrichtDaten
		if err := a.Decode(&d); err != nil {
			return nil, err
		}
		if tries++; tries == 1 {
			return nil, errors.New("mail server is busy")
		}
		fmt.Println("sent:", v.Stand().Nachrichten[0].Nachricht.Betreff)
		return func(v *vorgang.Vorgang) error {
			q := messaging.Quittung{Sendung: a.ID, Kanal: "mail", Zustand: messaging.Uebergeben, Zeit: now}
			return v.RecordDelivery(system, now, d.Nachricht, q, "")
		}, nil
	})
	r := relay.New(store, map[vorgang.AuftragArt]relay.Handler{vorgang.NachrichtSenden: send}, &relay.Options{Now: clock})

	n, err := r.Drain(ctx)
	fmt.Println(n, err)
	now = now.Add(time.Second) // the pause after the first try is at most that long
	n, err = r.Drain(ctx)
	fmt.Println(n, err)
	for e, err := range store.Journal(ctx, "kiel", v.ID()) {
		fmt.Println(e.Seq, e.Code, err)
	}
	// Output:
	// 1 <nil>
	// sent: Ihr Antrag ist eingegangen
	// 1 <nil>
	// 1 vorgang.eingegangen <nil>
	// 2 nachricht.geschrieben <nil>
	// 3 nachricht.quittiert <nil>
}
