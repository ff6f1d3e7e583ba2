package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/links"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/uebergabetest"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/webhook"
)

// Hand over to a Fachverfahren that takes webhooks. A repeat delivers nothing.
func Example() {
	key, _ := signatur.ParseSchluessel("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	fachverfahren := &uebergabetest.Empfaenger{Pruefer: signatur.Pruefer{Schluessel: []signatur.Schluessel{key}}}
	srv := httptest.NewTLSServer(fachverfahren)
	defer srv.Close()

	l, err := links.New(links.Params{Basis: "https://fachwerk.example/dateien/", Schluessel: [][]byte{bytes.Repeat([]byte{7}, 32)}, Open: dateien}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	http.NewServeMux().Handle("/dateien/", l) // serves the files

	z, err := webhook.New(webhook.Params{
		Name: "gewerbe", URL: srv.URL, Quelle: "https://fachwerk.example/", Schluessel: []signatur.Schluessel{key}, Links: l,
	}, &webhook.Options{Transport: srv.Client().Transport})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		q, err := z.Uebergeben(context.Background(), uebergabetest.Beispiel(1))
		fmt.Println(q.Kennung, q.Wiederholt, err)
	}
	// Output:
	// FV-4711 false <nil>
	// FV-4711 true <nil>
}
