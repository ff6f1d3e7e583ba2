package storage_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

var (
	morgens = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	clerk   = tenant.Akteur{ID: "sb-1", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
)

// neu stores a Vorgang with a number of its own, in one transaction.
func neu(ctx context.Context, store *storage.Store, einheit string) (v *vorgang.Vorgang, err error) {
	err = store.Update(ctx, "kiel", func(ctx context.Context, tx *storage.Tx) error {
		n, err := tx.NextNummer(ctx, "vorgang", 2026)
		if err != nil {
			return err
		}
		v, err = vorgang.New(tenant.System("annahme"), morgens, vorgang.Params{
			Mandant: "kiel", Nummer: fmt.Sprintf("2026-%04d", n), Leistung: "99012034567000", Einheit: einheit,
			Eingang: morgens.Add(time.Duration(n) * time.Minute), Quittung: []byte(`{}`),
		}, store.Kontext())
		if err != nil {
			return err
		}
		return tx.Save(ctx, v)
	})
	return v, err
}

func ExampleStore_Edit() {
	ctx := context.Background()
	store := memory.Open(nil)
	defer store.Close()
	v, err := neu(ctx, store, "ordnungsamt")
	if err != nil {
		panic(err)
	}
	v, err = store.Edit(ctx, "kiel", v.ID(), func(v *vorgang.Vorgang) error { return v.Accept(clerk, morgens) })
	fmt.Println(v.Nummer(), v.Status(), v.Version(), err)

	_, err = store.Get(ctx, "luebeck", v.ID())
	fmt.Println(errors.Is(err, storage.ErrNotFound))
	// Output:
	// 2026-0001 angenommen 2 <nil>
	// true
}

func ExampleStore_Claim() {
	ctx := context.Background()
	store := memory.Open(&storage.Options{Now: func() time.Time { return morgens }})
	defer store.Close()
	for range 2 {
		if _, err := neu(ctx, store, "ordnungsamt"); err != nil {
			panic(err)
		}
	}
	v, lease, err := store.Claim(ctx, "kiel", storage.ClaimParams{Akteur: clerk, Dauer: time.Hour})
	if err != nil {
		panic(err)
	}
	fmt.Println(v.Nummer(), v.Status(), lease.Bis.Sub(morgens))
	v, err = store.Complete(ctx, "kiel", lease, func(v *vorgang.Vorgang) error {
		_, err := v.Note(clerk, morgens, "Unterlagen sind vollständig.")
		return err
	})
	fmt.Println(len(v.Stand().Notizen), err)
	// Output:
	// 2026-0001 in_bearbeitung 1h0m0s
	// 1 <nil>
}

func ExampleStore_List() {
	ctx := context.Background()
	store := memory.Open(nil)
	defer store.Close()
	for _, einheit := range []string{"bauamt", "ordnungsamt", "bauamt"} {
		if _, err := neu(ctx, store, einheit); err != nil {
			panic(err)
		}
	}
	for z, err := range store.List(ctx, "kiel", storage.PageParams{Filter: storage.Filter{Einheiten: []string{"bauamt"}}}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(z.Nummer)
	}
	// Output:
	// 2026-0001
	// 2026-0003
}

func ExampleStore_LeaseAuftraege() {
	ctx := context.Background()
	store := memory.Open(nil)
	defer store.Close()
	if _, err := neu(ctx, store, "bauamt"); err != nil {
		panic(err)
	}
	work, err := store.LeaseAuftraege(ctx, storage.LeaseParams{Limit: 10})
	if err != nil {
		panic(err)
	}
	for _, a := range work {
		fmt.Println(a.Mandant, a.Art, a.Versuch)
		// … do it, then report:
		if err := store.FinishAuftrag(ctx, a, storage.Ergebnis{Zustand: storage.AuftragErledigt}); err != nil {
			panic(err)
		}
	}
	// Output:
	// kiel eingang.quittieren 1
}

func ExampleStore_Search() {
	ctx := context.Background()
	store := memory.Open(nil)
	defer store.Close()
	for i, name := range []string{"Jürgen Müller", "Anna Mueller-Weiß", "Łukasz Meier"} {
		v, err := vorgang.New(tenant.System("annahme"), morgens, vorgang.Params{
			Mandant: "kiel", Nummer: fmt.Sprintf("KI-2026-%04d", i+1), Leistung: "99012034567000", Einheit: "ordnungsamt",
			Antrag: vorgang.Antrag{Antragsteller: vorgang.Antragsteller{Empfaenger: messaging.Empfaenger{Name: name}}},
		}, store.Kontext())
		if err == nil {
			err = store.Insert(ctx, "kiel", v)
		}
		if err != nil {
			panic(err)
		}
	}
	for _, text := range []string{"MÜLL", "mueller anna", "lukasz", "KI-2026-0002"} {
		treffer, err := store.Search(ctx, "kiel", storage.SearchParams{Text: text})
		if err != nil {
			panic(err)
		}
		for _, z := range treffer.Zeilen {
			fmt.Printf("%s: %s, %s\n", text, z.Nummer, z.Antragsteller)
		}
	}
	// Output:
	// MÜLL: KI-2026-0001, Jürgen Müller
	// MÜLL: KI-2026-0002, Anna Mueller-Weiß
	// mueller anna: KI-2026-0002, Anna Mueller-Weiß
	// lukasz: KI-2026-0003, Łukasz Meier
	// KI-2026-0002: KI-2026-0002, Anna Mueller-Weiß
}

func ExampleStore_Watch() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	store := memory.Open(nil)
	defer store.Close()
	// The end first, then the list, then what changes: nothing is missed in between.
	ende, err := store.WatchEnde(ctx, "kiel")
	if err != nil {
		panic(err)
	}
	v, err := neu(ctx, store, "bauamt")
	if err != nil {
		panic(err)
	}
	for a, err := range store.Watch(ctx, "kiel", ende) {
		if err != nil {
			fmt.Println("ended:", err)
			break
		}
		fmt.Println(a.Vorgang == v.ID(), a.Version)
		cancel() // a screen would show it and go on
	}
	// Output:
	// true 1
	// ended: context canceled
}

func ExampleStore_Once() {
	ctx := context.Background()
	store := memory.Open(nil)
	defer store.Close()
	// Twice the same request, because its answer was lost: one Vorgang.
	for range 2 {
		var nummer string
		schon, err := store.Once(ctx, "kiel", "anfrage-4711", 24*time.Hour, &nummer, func(ctx context.Context, tx *storage.Tx) (any, error) {
			v, err := vorgang.New(tenant.System("annahme"), morgens, vorgang.Params{
				Mandant: "kiel", Nummer: "KI-1", Leistung: "99012034567000", Einheit: "bauamt",
			}, store.Kontext())
			if err != nil {
				return nil, err
			}
			return v.Nummer(), tx.Save(ctx, v)
		})
		fmt.Println(nummer, schon, err)
	}
	// Output:
	// KI-1 false <nil>
	// KI-1 true <nil>
}

func ExampleRouter() {
	ctx := context.Background()
	plan := storage.KonfigPlan(memory.Open(nil), "betreiber")
	router, err := storage.NewRouter(map[string]driver.Backend{
		"nord": memory.New(nil).Backend(), "sued": memory.New(nil).Backend(),
	}, plan, &storage.RouterOptions{Sonst: "nord"})
	if err != nil {
		panic(err)
	}
	store := storage.New(router, nil)
	defer store.Close()
	v, err := neu(ctx, store, "bauamt")
	if err != nil {
		panic(err)
	}
	bericht, err := router.Move(ctx, "kiel", "sued", nil)
	if err != nil {
		panic(err)
	}
	wo, _ := router.Platz(ctx, "kiel")
	v, err = store.Get(ctx, "kiel", v.ID())
	fmt.Println(wo, bericht.Kopiert == bericht.Verglichen, v.Nummer(), err)
	// Output:
	// sued true 2026-0001 <nil>
}
