package camt_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/kassenzeichen"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung/camt"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// From the file to what is owed: the money of both statements arrives once, however
// often they are read, and a returned direct debit opens its Forderung again.
func TestKette(t *testing.T) {
	t.Parallel()
	zeit := time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)
	neu := func(id, kz string, betrag zahlung.Betrag) zahlung.Forderung {
		f, err := zahlung.NewForderung(zahlung.Forderung{ID: id, Kassenzeichen: kz, Waehrung: "EUR", Faellig: datum.New(2026, 3, 31),
			Positionen: []zahlung.Position{{ID: "1", Text: "Gebühr", Menge: 1, Netto: betrag}}}, zeit)
		require.NoError(t, err)
		return f
	}
	fs := map[string]zahlung.Forderung{"f-1": neu("f-1", "50001030704", 7190), "f-2": neu("f-2", "50002030702", 350)}
	var err error
	// The direct debit of f-2 was booked earlier.
	fs["f-2"], err = fs["f-2"].Pay(zahlung.Angaben{Schluessel: "last-7", Zeit: zeit}, 350)
	require.NoError(t, err)
	gebucht := []ueberweisung.Gebucht{{Schluessel: "last-7", Forderung: "f-2", EndToEnd: "LAST-7", Betrag: 350}}
	befunde := map[ueberweisung.Befund]int{}
	for range 2 {
		for _, name := range []string{"auszug-08.xml", "auszug-02.xml"} {
			_, us, err := camt.ReadAll(t.Context(), strings.NewReader(lies(t, name)), nil)
			require.NoError(t, err)
			a := ueberweisung.Abgleich{Schemata: []kassenzeichen.Schema{{Name: "kasse", Praefix: "50", Stellen: 8, Verfahren: kassenzeichen.Luhn}}, Gebucht: gebucht}
			for _, f := range fs {
				a.Offen = append(a.Offen, ueberweisung.Offen{Forderung: f.ID, Kassenzeichen: f.Kassenzeichen, Waehrung: f.Waehrung, Betrag: f.Stand(datum.Von(zeit)).Offen})
			}
			for _, z := range ueberweisung.Match(a, us) {
				befunde[z.Befund]++
				if z.Befund != ueberweisung.Doppelt && z.Befund != ueberweisung.Angekuendigt {
					g := ueberweisung.Gebucht{Schluessel: z.Umsatz.Schluessel(), Inhalt: z.Umsatz.Inhalt()}
					if z.Umsatz.Haben {
						g.Forderung, g.EndToEnd, g.Betrag = z.Forderung, z.Umsatz.EndToEnd, z.Umsatz.Betrag
					}
					gebucht = append(gebucht, g)
				}
				f, ok := fs[z.Forderung]
				if !ok {
					_, err := z.Book(fs["f-1"], zeit)
					require.Equal(t, z.Sicherheit != ueberweisung.Sicher, err != nil, "%s", z.Grund)
					continue
				}
				for range 2 {
					f, err = z.Book(f, zeit)
					require.NoError(t, err)
				}
				_, err = z.Book(neu("f-3", "", 1), zeit)
				require.ErrorIs(t, err, fehler.ErrConflict)
				fs[f.ID] = f
			}
		}
	}
	require.Equal(t, zahlung.Bezahlt, fs["f-1"].Stand(datum.Von(zeit)).Lage)
	require.Len(t, fs["f-1"].Bewegungen, 2)
	require.Equal(t, zahlung.Betrag(350), fs["f-2"].Stand(datum.Von(zeit)).Offen)
	require.Equal(t, "map[angekuendigt:2 ausgang:1 doppelt:7 exakt:1 rueckgabe:1 unbekannt:2 unter:1 zweifel:1]", fmt.Sprint(befunde))
}

func ExampleReadAll() {
	_, _, err := camt.ReadAll(context.Background(), strings.NewReader(":20:STARTUMS"), nil)
	fmt.Println(fehler.ProblemeIn(err)[0].Hinweis)
	// Output: Die Datei ist kein vollständiges XML-Dokument in UTF-8 oder enthält eine Dokumenttyp-Angabe.
}
