package zahlung_test

import (
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

func ExampleForderung() {
	zeit := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	f, err := zahlung.NewForderung(zahlung.Forderung{ID: "f-1", Waehrung: zahlung.EUR, Faellig: datum.New(2026, 3, 31),
		Positionen: []zahlung.Position{{ID: "1", Text: "Gebühr", Menge: 1, Netto: 5000}}}, zeit)
	if err != nil {
		panic(err)
	}
	f, _ = f.Pay(zahlung.Angaben{Schluessel: "auszug-41/REF-1", Zeit: zeit}, 3000)
	f, _ = f.Pay(zahlung.Angaben{Schluessel: "auszug-41/REF-1", Zeit: zeit}, 3000) // read again: no effect
	for _, tag := range []datum.Datum{datum.New(2026, 3, 31), datum.New(2026, 4, 1)} {
		s := f.Stand(tag)
		fmt.Println(tag.Deutsch(), s.Lage, s.Offen.Zahl())
	}
	// Output:
	// 31.03.2026 teilbezahlt 20,00
	// 01.04.2026 ueberfaellig 20,00
}

func ExampleForderung_Settle() {
	zeit := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	f, _ := zahlung.NewForderung(zahlung.Forderung{ID: "f-1", Waehrung: zahlung.EUR, Faellig: datum.New(2026, 3, 31),
		Positionen: []zahlung.Position{{ID: "1", Text: "Gebühr", Menge: 1, Netto: 5000}}}, zeit)
	z := zahlung.Zahlung{ID: "z-1", Weg: "xbezahldienste", Transaktion: "T1", Betrag: 5000, Waehrung: zahlung.EUR, Zeit: zeit}
	for _, bezahlt := range []zahlung.Betrag{2000, 2000, 5000} { // as the service says, one question after the other
		z.Bezahlt = bezahlt
		f, _ = f.Settle(z, zeit)
		fmt.Println(f.Stand(f.Faellig).Offen, len(f.Bewegungen))
	}
	// Output:
	// 30.00 1
	// 30.00 1
	// 0.00 2
}
