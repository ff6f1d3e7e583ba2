package frist_test

import (
	"fmt"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// A letter of a town in Schleswig-Holstein, posted before Christmas.
func ExampleRechner_Rechtsbehelf() {
	kiel := frist.Behoerde{Ort: frist.Ort{Land: tenant.LandSH, Gemeinde: "010020000000"}}
	fall := frist.BekanntgabeFall{
		Verfahren: frist.VerfahrenVwVfG,
		Kanal:     frist.KanalPost,
		Behoerde:  kiel,
		Absendung: datum.MustParse("2025-11-21"),
	}
	e, err := frist.New(nil).Rechtsbehelf(frist.RechtsbehelfFall{
		Rechtsbehelf: frist.RechtsbehelfWiderspruch, Bekanntgabe: &fall, Behoerde: kiel,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Join(e.Schritte, "\n"))
	fmt.Println(e.Datum, e.Konfidenz, e.Bestandskraft())
	// Output:
	// Angewandt: BG-SH-POST-4 (§ 110 Abs. 2 LVwG SH), weil Verfahren VwVfG, Recht des Landes SH, Kanal post, Stichtag 21.11.2025 (in Kraft seit 01.01.2025).
	// Aufgabe zur Post am 21.11.2025 (Freitag); 4. Tag danach: 25.11.2025 (Dienstag).
	// Bekanntgabe: 25.11.2025 (Dienstag).
	// Angewandt: RB-WIDERSPRUCH (§ 70 Abs. 1 VwGO), weil Stichtag 25.11.2025.
	// Bekanntgabe am 25.11.2025 (Dienstag); 1 Monat danach (§ 188 Abs. 2 BGB): 25.12.2025 (Donnerstag).
	// Der 25.12.2025 (Donnerstag) ist Feiertag (1. Weihnachtstag), der 26.12.2025 ist Feiertag (2. Weihnachtstag), der 27.12.2025 ist ein Samstag, der 28.12.2025 ist ein Sonntag; das Ende verschiebt sich auf den nächsten Werktag, Montag, 29.12.2025 (Sitz der Stelle: Schleswig-Holstein, Gemeinde 010020000000).
	// Ende der Frist: Montag, 29.12.2025, 24:00 Uhr.
	// Bestandskraft frühestens ab 30.12.2025, sofern kein Rechtsbehelf eingelegt ist.
	// 2025-12-29 A 2025-12-30
}

// Where the law is not certain, every possible day is given.
func ExampleRechner_Bekanntgabe() {
	e, err := frist.New(nil).Bekanntgabe(frist.BekanntgabeFall{
		Verfahren:        frist.VerfahrenVwVfG,
		Kanal:            frist.KanalPostfach,
		Behoerde:         frist.Behoerde{Ort: frist.Ort{Land: tenant.LandNI}},
		Bereitstellung:   datum.MustParse("2026-09-04"),
		Benachrichtigung: datum.MustParse("2026-09-04"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, k := range e.Kandidaten {
		fmt.Println(k.Datum, k.Haupt, k.Grund)
	}
	// Output:
	// 2026-09-07 false Der Text vom 24.07.2024 nennt den dritten Tag; spätere Darstellungen nennen den vierten.
	// 2026-09-08 true
}

func ExampleKalender_IsFeiertag() {
	k := frist.StandardKalender()
	tag := datum.MustParse("2025-08-15")
	fmt.Println(k.IsFeiertag(frist.Ort{Land: tenant.LandBY, Gemeinde: "091620000000"}, tag).Antwort)
	fmt.Println(k.IsFeiertag(frist.Ort{Land: tenant.LandBY, Gemeinde: "095640000000"}, tag).Antwort)
	fmt.Println(k.IsFeiertag(frist.Ort{Land: tenant.LandBY}, tag).Antwort)
	// Output:
	// ja
	// nein
	// ungewiss
}

func ExampleEnde() {
	ende, err := frist.Ende(datum.MustParse("2026-01-30"), frist.Dauer{N: 1, Einheit: frist.EinheitMonat}, frist.BeginnEreignis)
	fmt.Println(ende, err)
	// Output: 2026-02-28 <nil>
}

// An operator adds a rule of its own; what ships stays as it is.
func ExampleLoad() {
	const eigene = `{"stand":"2027-01-01","quellen":{"GVOBL":{"titel":"Gesetz- und Verordnungsblatt"}},"regeln":[
	{"id":"PF-EINGANG","norm":"Dienstanweisung","zweck":"pflicht","gegenstand":"eingangsbestaetigung","n":3,"einheit":"tag",
	 "anker":"eingang","art":"frist","verschiebung":"ende","feiertagsort":"behoerde","quelle":["GVOBL"],"konfidenz":"A"}]}`
	w, err := frist.Load(strings.NewReader(eigene), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := frist.New(&frist.Options{Regelwerk: w}).Pflicht(frist.PflichtFall{
		Regel: "PF-EINGANG", Am: datum.MustParse("2027-03-25"), Behoerde: frist.Behoerde{Ort: frist.Ort{Land: tenant.LandSH}},
	})
	fmt.Println(e.Datum, err)
	// Output: 2027-03-30 <nil>
}

func ExampleRechner_Nachrechnen() {
	r := frist.New(nil)
	alt, _ := r.Pflicht(frist.PflichtFall{Regel: "FC-ABLEHNUNG", Am: datum.MustParse("2026-02-02")})
	a, err := r.Nachrechnen(alt)
	fmt.Println(a.Gleich, a.GleichesRecht, a.Neu.Datum, err)
	// Output: true true 2026-02-16 <nil>
}
