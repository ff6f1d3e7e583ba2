package feed_test

import (
	"context"
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/feed"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Read what happened, page by page; the cursor is kept by who reads.
func ExampleFeed_Seite() {
	s := memory.Open(nil)
	defer s.Close()
	v, err := vorgang.New(tenant.System("annahme"), time.Now(), vorgang.Params{Mandant: "kiel", Nummer: "KI-1", Leistung: "99050012104000", Einheit: "ordnung"}, s.Kontext())
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Insert(context.Background(), "kiel", v); err != nil {
		fmt.Println(err)
		return
	}
	f, err := feed.New(s, "https://fachwerk.example/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	list, cursor, err := f.Seite(context.Background(), "kiel", "", 1)
	fmt.Println(list[0].Daten.Code, string(list[0].Daten.Felder["leistung"]), cursor != "", err)
	// Output: vorgang.eingegangen "99050012104000" true <nil>
}
