package nachrechnung_test

import (
	"context"
	"os"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/nachrechnung"
)

// A list of what a new version of the law would change, for a spreadsheet. Nothing is open here.
func Example() {
	clock := func() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }
	store := memory.Open(&storage.Options{Now: clock})
	defer store.Close()
	lauf, err := nachrechnung.New(store, nachrechnung.Params{Mandant: "kiel", Name: "GebO 2027", Rechner: frist.New(nil)}, &nachrechnung.Options{Now: clock})
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString("Liste:\n")
	if err := nachrechnung.WriteCSV(os.Stdout, lauf.Simulate(context.Background())); err != nil {
		panic(err)
	}
}
