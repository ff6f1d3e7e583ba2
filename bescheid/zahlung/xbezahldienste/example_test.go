package xbezahldienste_test

import (
	"context"
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/xbezahldienste"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/xbezahldienste/xbezahldienstetest"
)

func ExampleClient() {
	dienst, err := xbezahldienstetest.Start(nil) // in production: the address of the service
	if err != nil {
		panic(err)
	}
	defer dienst.Close()
	c, err := xbezahldienste.New(dienst.Params(), nil)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	z, err := c.Start(ctx, zahlung.Auftrag{
		ID: "zahlung-1", Forderung: "f-1", Betrag: 5000, Waehrung: zahlung.EUR, Zweck: "50001030704", Rueckkehr: "https://dienst.example/zurueck",
		Positionen: []zahlung.Position{{ID: "1", Referenz: "2.1", Text: "Gebühr", Menge: 1, Netto: 5000}},
	})
	fmt.Println(z.Zustand, err)
	dienst.Setze("zahlung-1", "PAYED") // the payer pays
	z, err = c.Query(ctx, z)
	fmt.Println(z.Zustand, z.Bezahlt, err)
	// Output:
	// initial <nil>
	// gebucht 50.00 <nil>
}
