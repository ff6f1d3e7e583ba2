package pruefung_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

// A Regelwerk is loaded, released by a second person, and checks applications for
// a dog licence.
func Example() {
	datei, err := os.Open("testdata/hund.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer datei.Close()
	entwurf, err := pruefung.Load(datei)
	if err != nil {
		fmt.Println(err)
		return
	}
	leitung := tenant.Akteur{ID: "akteur-leitung", Art: tenant.Person, Rollen: []tenant.Rolle{tenant.Leitung}}
	frei, err := entwurf.Release(leitung, datum.MustParse("2025-12-01"))
	if err != nil {
		fmt.Println(err)
		return
	}
	v := pruefung.NewVerzeichnis(&pruefung.Options{
		Salz: bytes.Repeat([]byte{1}, pruefung.MinSalz), // in a real installation: random and secret
		Nachschlagen: map[string]pruefung.Nachschlagen{
			"rasse_gelistet": func(_ context.Context, a []any) (any, error) { return a[0] == "Bandog", nil },
			"chip_vergeben":  func(context.Context, []any) (any, error) { return false, nil },
		},
	})
	if err := v.Add(frei); err != nil {
		fmt.Println(err)
		return
	}
	for _, antrag := range []string{
		`{"halter": {"geburtsdatum": "1980-05-01", "ars": "010599999999"},
		  "hund": {"rasse": "Dackel", "geburtsdatum": "2025-01-31", "haltungsbeginn": "2026-06-10", "chipnummer": "276000000000001", "versicherung": "vorhanden"}}`,
		`{"halter": {"geburtsdatum": "1980-05-01"},
		  "hund": {"rasse": "Dackel", "geburtsdatum": "2025-01-31", "haltungsbeginn": "2026-06-10"}}`,
		`{"halter": {"geburtsdatum": "1980-05-01", "ars": "010599999999"},
		  "hund": {"rasse": "Bandog", "geburtsdatum": "2025-01-31", "haltungsbeginn": "2026-06-10", "chipnummer": "276000000000001", "versicherung": "vorhanden"}}`,
	} {
		p, err := v.Check(context.Background(), "99000000000001", []byte(antrag), datum.MustParse("2026-06-15"))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.Ausgang)
		for _, n := range p.Nachforderungen {
			fmt.Println("  -", n.Text)
		}
		for _, g := range p.Gruende {
			fmt.Println("  -", g.Text)
		}
	}
	// Output:
	// standardfall
	// unvollstaendig
	//   - Bitte geben Sie „Wohnort (Regionalschlüssel)“ an.
	//   - Bitte teilen Sie die Chipnummer des Hundes mit; sie steht im Heimtierausweis.
	//   - Bitte weisen Sie die Haftpflichtversicherung für den Hund nach.
	// person
	//   - Die Rasse ist als gefährlich gelistet; bitte Erlaubnis und Steuersatz prüfen.
}

// Rules that turn out wrong are switched off at once.
func ExampleVerzeichnis_SwitchOff() {
	datei, err := os.Open("testdata/hund.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer datei.Close()
	w, err := pruefung.Load(datei)
	if err != nil {
		fmt.Println(err)
		return
	}
	leitung := tenant.Akteur{ID: "akteur-leitung", Art: tenant.Person, Rollen: []tenant.Rolle{tenant.Leitung}}
	if w, err = w.Release(leitung, datum.MustParse("2025-12-01")); err != nil {
		fmt.Println(err)
		return
	}
	v := pruefung.NewVerzeichnis(&pruefung.Options{Nachschlagen: map[string]pruefung.Nachschlagen{
		"rasse_gelistet": func(context.Context, []any) (any, error) { return false, nil },
		"chip_vergeben":  func(context.Context, []any) (any, error) { return false, nil },
	}})
	if err := v.Add(w); err != nil {
		fmt.Println(err)
		return
	}
	aus, err := v.SwitchOff(leitung, pruefung.Abschalten{ID: "Hundeanmeldung", Am: datum.MustParse("2026-06-15"), Grund: "Frist falsch gerechnet"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(aus[0].ID(), aus[0].Fassung(), aus[0].Angaben().Abschaltung.Grund)
	// Output:
	// Hundeanmeldung 1 Frist falsch gerechnet
}

// Before new rules are released, they run over old cases: here the age from which
// a licence is given falls from 18 to 16.
func ExampleSimulate() {
	regeln := func(fassung int, ausdruck string) *pruefung.Pruefer {
		w, err := pruefung.New(pruefung.Angaben{
			ID: "Erlaubnis", Fassung: fassung, Titel: "Beispiel", Leistung: "99000000000003", Von: datum.MustParse("2026-01-01"),
			Rechtsgrundlage: "Mustersatzung", Autor: pruefung.Zeichnung{Akteur: "akteur-autor", Am: datum.MustParse("2025-12-01")},
			Schema: []byte(`{"type": "object", "required": ["geburtsdatum"]}`),
			Regeln: []pruefung.Regel{{ID: "ALTER", Text: "Mindestalter", Norm: "§ 1 Mustersatzung", Ausdruck: ausdruck,
				Falsch: pruefung.Folge{Art: pruefung.Ablehnungsgrund, Text: "Das Mindestalter ist nicht erreicht."}}},
		})
		if err != nil {
			panic(err)
		}
		if fassung == 1 { // the old one was released, the new one is still a draft
			leitung := tenant.Akteur{ID: "akteur-leitung", Art: tenant.Person, Rollen: []tenant.Rolle{tenant.Leitung}}
			if w, err = w.Release(leitung, datum.MustParse("2025-12-20")); err != nil {
				panic(err)
			}
		}
		p, err := pruefung.Compile(w, nil)
		if err != nil {
			panic(err)
		}
		return p
	}
	alt, neu := regeln(1, "alter(eingabe.geburtsdatum, stichtag) >= 18"), regeln(2, "alter(eingabe.geburtsdatum, stichtag) >= 16")
	faelle := func(yield func(pruefung.Fall, error) bool) {
		for _, geburt := range []string{"1990-01-01", "2009-03-01", "2012-03-01"} {
			daten := []byte(`{"geburtsdatum": "` + geburt + `"}`)
			protokoll, err := alt.Check(context.Background(), daten, datum.MustParse("2026-06-15"))
			if !yield(pruefung.Fall{ID: geburt, Daten: daten, Alt: protokoll}, err) {
				return
			}
		}
	}
	s, err := pruefung.Simulate(context.Background(), neu, faelle, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range s.Aenderungen {
		fmt.Println(a.Fall, a.Regeln[0].Regel, a.Regeln[0].Alt.Stand, "->", a.Regeln[0].Neu.Stand)
	}
	fmt.Println(s.Geaendert, "of", s.Faelle)
	// Output:
	// 2009-03-01 ALTER falsch -> wahr
	// 1 of 3
}
