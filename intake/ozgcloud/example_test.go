package ozgcloud_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// A form server posts to the Handler instead of the OZG-Cloud.
func Example() {
	stadt := tenant.Mandant{ID: "hanau", Name: "Stadt Hanau", Land: tenant.LandHE, ARS: "064350014014", Vorgangsnummer: "HU-{jahr}-{nummer:5}",
		Einheiten: []tenant.Organisationseinheit{{ID: "gewerbe", Name: "Gewerbeamt"}}}
	mandanten, err := tenant.NewVerzeichnis(stadt)
	if err != nil {
		panic(err)
	}
	router, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{{Leistung: "99050035001000", Gebiet: "06435", Mandant: "hanau", Einheit: "gewerbe"}})
	if err != nil {
		panic(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC) }
	store, blobs := memory.Open(nil), blob.NewMemory(nil)
	defer store.Close()
	annahme, err := intake.New(intake.Params{Store: store, Blobs: blobs, Mandanten: mandanten, Router: router,
		Parser: []intake.Parser{ozgcloud.NewParser(nil)}, Betreiber: "hanau"}, &intake.Options{Now: now})
	if err != nil {
		panic(err)
	}

	const token = "example-0123456789abcdef0123456789abcdef"
	hash, err := ozgcloud.HashToken(token) // this, not the token, is in the configuration
	if err != nil {
		panic(err)
	}
	h, err := ozgcloud.New(ozgcloud.Params{Annahme: annahme, Blobs: blobs, Betreiber: "hanau",
		Zuordnung: ozgcloud.Tabelle{Stellen: map[string]string{"197008": "064350014014"}, Formulare: map[string]string{"42": "99050035001000"}},
		Zugaenge:  []ozgcloud.Zugang{{Name: "formulare", Token: []string{hash}}}}, &ozgcloud.Options{Now: now})
	if err != nil {
		panic(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()

	client, err := ozgcloud.NewClient(srv.URL+"/antrag", &ozgcloud.ClientOptions{Token: token})
	if err != nil {
		panic(err)
	}
	name := "Mustermann"
	a, err := client.Send(context.Background(), ozgcloud.Antrag{
		Control:  ozgcloud.Control{TransactionID: "t-1", ZustaendigeStelle: "197008", FormID: "42", Name: "Gewerbeanmeldung"},
		FormData: []ozgcloud.Item{{Name: "nachname", Label: "Nachname", StringValue: &name}},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(a.TransactionID, a.Vorgang.VorgangNummer, a.Vorgang.Status)
	// Output: t-1 HU-2026-00001 neu
}
