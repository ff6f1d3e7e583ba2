package frist_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestBekanntgabeByChannel(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	sh := frist.Ort{Land: tenant.LandSH}
	for _, c := range []struct {
		name string
		fall frist.BekanntgabeFall
		lage frist.Lage
		tage []string
		haup string
		warn string
	}{
		{name: "PZU counts the attested day, also a Saturday",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPZU, Behoerde: land("SH"), Zugang: d("2025-03-15")}, tage: []string{"2025-03-15"}},
		{name: "hand-over", fall: frist.BekanntgabeFall{Verfahren: "sgbx", Kanal: frist.KanalUebergabe, Behoerde: land("SH"), Zugang: d("2025-03-14")}, tage: []string{"2025-03-14"}},
		{name: "return slip", fall: frist.BekanntgabeFall{Verfahren: "ao", Kanal: frist.KanalRueckschein, Behoerde: land("SH"), Zugang: d("2025-03-14")}, tage: []string{"2025-03-14"}},
		{name: "proven later receipt goes before the fiction",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPost, Behoerde: land("SH"), Absendung: d("2025-03-11"), Zugang: d("2025-03-20")}, tage: []string{"2025-03-20"}},
		{name: "proven earlier receipt does not",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPost, Behoerde: land("SH"), Absendung: d("2025-03-11"), Zugang: d("2025-03-12")}, tage: []string{"2025-03-15"}},
		{name: "but in Brandenburg it may",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPost, Behoerde: land("BB"), Absendung: d("2025-03-11"), Zugang: d("2025-03-12")}, tage: []string{"2025-03-12", "2025-03-15"}, haup: "2025-03-15"},
		{name: "not arrived", fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPost, Behoerde: land("SH"), Absendung: d("2025-03-11"), NichtZugegangen: true}, lage: frist.LageKeine, warn: "frist.nicht-zugegangen"},
		{name: "no record of posting: receipt counts",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPost, Behoerde: land("SH"), Zugang: d("2025-03-12")}, tage: []string{"2025-03-12"}, warn: "frist.ohne-fiktion"},
		{name: "electronic, SH, Sunday stays",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalElektronisch, Behoerde: land("SH"), Absendung: d("2026-10-14")}, tage: []string{"2026-10-18"}},
		{name: "SH, start of the four days uncertain since 20 July 2024",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPost, Behoerde: land("SH"), Absendung: d("2024-08-01")}, tage: []string{"2024-08-04", "2024-08-05"}, haup: "2024-08-04"},
		{name: "SH, before that certain",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPost, Behoerde: land("SH"), Absendung: d("2024-07-19")}, tage: []string{"2024-07-22"}},
		{name: "HE keeps three days, four are possible",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPost, Behoerde: land("HE"), Absendung: d("2026-09-01")}, tage: []string{"2026-09-04", "2026-09-05"}, haup: "2026-09-04", warn: "frist.konfidenz"},
		{name: "tax law is sure which version counts",
			fall: frist.BekanntgabeFall{Verfahren: "ao", Kanal: frist.KanalPost, Behoerde: land("SH"), Empfaenger: sh, Absendung: d("2024-12-31")}, tage: []string{"2025-01-03"}},
		{name: "social law is not",
			fall: frist.BekanntgabeFall{Verfahren: "sgbx", Kanal: frist.KanalPost, Behoerde: land("SH"), Empfaenger: sh, Absendung: d("2024-12-31")}, tage: []string{"2025-01-03", "2025-01-04"}, haup: "2025-01-03"},
		{name: "tax, place of the addressee unknown",
			fall: frist.BekanntgabeFall{Verfahren: "ao", Kanal: frist.KanalPost, Behoerde: land("SH"), Absendung: d("2025-01-02")}, tage: []string{"2025-01-06", "2025-01-07"}, haup: "2025-01-06", warn: "frist.ort-unbekannt"},
		{name: "tax abroad: a month, shifted",
			fall: frist.BekanntgabeFall{Verfahren: "ao", Kanal: frist.KanalPostAusland, Behoerde: land("SH"), Empfaenger: sh, Absendung: d("2025-02-15")}, tage: []string{"2025-03-17"}},
		{name: "einheitliche Stelle abroad: shift uncertain",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPostAusland, Behoerde: land("SH"), Empfaenger: sh, Absendung: d("2025-02-15")}, tage: []string{"2025-03-15", "2025-03-17"}, haup: "2025-03-15"},
		{name: "tax download: four days after provision",
			fall: frist.BekanntgabeFall{Verfahren: "ao", Kanal: frist.KanalAbruf, Behoerde: land("SH"), Empfaenger: sh, Bereitstellung: d("2026-03-02"), Benachrichtigung: d("2026-03-02")}, tage: []string{"2026-03-06"}},
		{name: "tax download until 2024: three days after notice",
			fall: frist.BekanntgabeFall{Verfahren: "ao", Kanal: frist.KanalAbruf, Behoerde: land("SH"), Empfaenger: sh, Bereitstellung: d("2024-03-04"), Benachrichtigung: d("2024-03-05")}, tage: []string{"2024-03-08"}},
		{name: "social download, notice disputed, retrieved",
			fall: frist.BekanntgabeFall{Verfahren: "sgbx", Kanal: frist.KanalAbruf, Behoerde: land("SH"), Benachrichtigung: d("2024-03-04"), BenachrichtigungStrittig: true, Abruf: d("2024-03-20")}, tage: []string{"2024-03-20"}},
		{name: "social download, notice disputed, not retrieved",
			fall: frist.BekanntgabeFall{Verfahren: "sgbx", Kanal: frist.KanalAbruf, Behoerde: land("SH"), Benachrichtigung: d("2024-03-04"), BenachrichtigungStrittig: true}, lage: frist.LageOffen},
		{name: "Bavarian portal, notice not proven, retrieved",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPostfach, Behoerde: land("BY"), Bereitstellung: d("2026-05-29"), Abruf: d("2026-06-10")}, tage: []string{"2026-06-10"}},
		{name: "Postfach, notice after provision",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPostfach, Behoerde: land("NI"), Empfaenger: frist.Ort{Land: tenant.LandNI}, Bereitstellung: d("2024-06-03"), Benachrichtigung: d("2024-06-05")}, tage: []string{"2024-06-06", "2024-06-08", "2024-06-10"}, haup: "2024-06-06", warn: "frist.benachrichtigung-spaet"},
		{name: "Postfach, retrieved before the fiction",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalPostfach, Behoerde: land("NI"), Empfaenger: frist.Ort{Land: tenant.LandNI}, Bereitstellung: d("2024-06-03"), Benachrichtigung: d("2024-06-03"), Abruf: d("2024-06-04")}, tage: []string{"2024-06-04", "2024-06-06"}, haup: "2024-06-06"},
		{name: "portal, retrieved after the last day",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalAbruf, Behoerde: bund("SH"), Benachrichtigung: d("2026-03-02"), Abruf: d("2026-03-13")}, lage: frist.LageKeine},
		{name: "portal, last day on a Saturday, retrieved on Monday",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalAbruf, Behoerde: bund("SH"), Empfaenger: sh, Benachrichtigung: d("2026-03-04"), Abruf: d("2026-03-16")}, tage: []string{"2026-03-17"}, warn: "frist.abruf-spaet"},
		{name: "portal in a Land without own rule",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalAbruf, Behoerde: land("NW"), Benachrichtigung: d("2026-03-02"), Abruf: d("2026-03-05")}, tage: []string{"2026-03-06"}, warn: "frist.bundesregel"},
		{name: "public notice, shift uncertain",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalOeffentlich, Behoerde: land("SH"), Empfaenger: sh, Absendung: d("2026-04-20")}, tage: []string{"2026-05-04"}},
		{name: "registered letter of a Land, uncertain",
			fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalEinschreiben, Behoerde: land("SH"), Empfaenger: sh, Absendung: d("2026-03-03")}, tage: []string{"2026-03-06", "2026-03-07", "2026-03-09"}, haup: "2026-03-07"},
		{name: "Bavarian portal Zustellung", fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalZustellungPortal, Behoerde: land("BY"), Benachrichtigung: d("2026-05-29")}, tage: []string{"2026-06-01", "2026-06-02"}, haup: "2026-06-01"},
		{name: "De-Mail", fall: frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: frist.KanalDeMail, Behoerde: bund("SH"), Empfaenger: sh, Absendung: d("2026-03-02")}, tage: []string{"2026-03-06"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := r.Bekanntgabe(c.fall)
			require.NoError(t, err)
			if c.lage == "" {
				c.lage = frist.LageBestimmt
			}
			require.Equal(t, c.lage, e.Lage, e.Schritte)
			require.Equal(t, c.tage, tage(e), e.Schritte)
			if c.haup == "" && len(c.tage) > 0 {
				c.haup = c.tage[0]
			}
			require.Equal(t, c.haup, e.Datum.String(), e.Schritte)
			if c.warn != "" {
				require.NotEmpty(t, filter(e, c.warn), e.Warnungen)
			}
			require.NotEmpty(t, e.Schritte)
		})
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	gut := post(frist.VerfahrenVwVfG, land(tenant.LandSH), "2025-03-11")
	bek := func(f func(*frist.BekanntgabeFall)) func() error {
		return func() error {
			x := gut
			f(&x)
			_, err := r.Bekanntgabe(x)
			return err
		}
	}
	dauer := frist.Dauer{N: 1, Einheit: frist.EinheitMonat}
	for name, c := range map[string]struct {
		code string
		run  func() error
	}{
		"verfahren":        {"frist.verfahren", bek(func(f *frist.BekanntgabeFall) { f.Verfahren = "x" })},
		"kanal":            {"frist.kanal", bek(func(f *frist.BekanntgabeFall) { f.Kanal = "taube" })},
		"land fehlt":       {"frist.land-fehlt", bek(func(f *frist.BekanntgabeFall) { f.Behoerde.Land = "" })},
		"land":             {"frist.land", bek(func(f *frist.BekanntgabeFall) { f.Empfaenger.Land = "XX" })},
		"gemeinde":         {"frist.gemeinde", bek(func(f *frist.BekanntgabeFall) { f.Behoerde.Gemeinde = muenchen })},
		"gemeinde kurz":    {"frist.gemeinde", bek(func(f *frist.BekanntgabeFall) { f.Behoerde.Gemeinde = "0100200" })},
		"datum fehlt":      {"frist.datum-fehlt", bek(func(f *frist.BekanntgabeFall) { f.Absendung = d("") })},
		"falsches datum":   {"frist.datum-fehlt", bek(func(f *frist.BekanntgabeFall) { f.Absendung, f.Abruf = d(""), d("2025-01-01") })},
		"datum bereich":    {"frist.datum-bereich", bek(func(f *frist.BekanntgabeFall) { f.Absendung = d("1700-01-01") })},
		"ergebnis bereich": {"frist.datum-bereich", bek(func(f *frist.BekanntgabeFall) { f.Absendung = d("2199-12-30") })},
		"reihenfolge":      {"frist.reihenfolge", bek(func(f *frist.BekanntgabeFall) { f.Zugang = d("2025-03-10") })},
		"zugang doppelt":   {"frist.zugang", bek(func(f *frist.BekanntgabeFall) { f.Zugang, f.NichtZugegangen = d("2025-03-12"), true })},
		"Abruf in Bayern":  {"frist.keine-regel", bek(func(f *frist.BekanntgabeFall) { f.Kanal, f.Behoerde.Land = frist.KanalAbruf, tenant.LandBY })},
		"Postfach 2019": {"frist.keine-regel", bek(func(f *frist.BekanntgabeFall) {
			f.Kanal, f.Absendung, f.Bereitstellung = frist.KanalPostfach, d(""), d("2019-01-02")
		})},
		"rechtsbehelf": {"frist.rechtsbehelf", func() error {
			_, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Am: d("2025-01-01"), Behoerde: land("SH")})
			return err
		}},
		"rechtsbehelf fremd": {"frist.keine-regel", func() error {
			_, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: "x", Am: d("2025-01-01"), Behoerde: land("SH")})
			return err
		}},
		"ohne bekanntgabe": {"frist.bekanntgabe", func() error {
			_, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfKlage, Behoerde: land("SH")})
			return err
		}},
		"innen": {"frist.datum-fehlt", func() error {
			_, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfKlage, Behoerde: land("SH"),
				Bekanntgabe: &frist.BekanntgabeFall{Verfahren: "vwvfg", Kanal: "post", Behoerde: land("SH")}})
			return err
		}},
		"norm": {"frist.norm", func() error {
			_, err := r.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: d("2025-01-01"), Dauer: &dauer, Behoerde: land("SH")})
			return err
		}},
		"mitgeteilt": {"frist.datum-fehlt", func() error {
			_, err := r.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: d("2025-01-01"), Verlaengerung: &dauer, Behoerde: land("SH")})
			return err
		}},
		"dauer und tag": {"frist.dauer", func() error {
			_, err := r.Behoerdenfrist(frist.BehoerdenfristFall{Am: d("2025-01-01"), Behoerde: land("SH")})
			return err
		}},
		"pflicht": {"frist.regel", func() error {
			_, err := r.Pflicht(frist.PflichtFall{Regel: "PF-28", Am: d("2025-01-01"), Behoerde: land("SH")})
			return err
		}},
		"pflicht mitgeteilt": {"frist.mitgeteilt", func() error {
			_, err := r.Pflicht(frist.PflichtFall{Regel: "DS-12", Am: d("2025-01-01"), Mitgeteilt: d("2025-01-02"), Behoerde: land("SH")})
			return err
		}},
		"pflicht fremdes Land": {"frist.keine-regel", func() error {
			_, err := r.Pflicht(frist.PflichtFall{Regel: "DS-ARCHIV-ST", Am: d("2025-01-01"), Behoerde: land("SH")})
			return err
		}},
		"beginn": {"frist.beginn", func() error {
			_, err := r.Aufbewahrung(frist.AufbewahrungFall{Abschluss: d("2025-01-01"), Dauer: dauer, Beginn: "x", Norm: "N"})
			return err
		}},
		"leere eingabe": {"frist.eingabe", func() error { _, err := r.Nachrechnen(frist.Ergebnis{}); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.run()
			require.ErrorIs(t, err, fehler.ErrInvalid)
			p := fehler.ProblemeIn(err)
			require.NotEmpty(t, p)
			require.Equal(t, c.code, p[0].Code, "%v", p)
			require.NotEmpty(t, p[0].Hinweis)
		})
	}
	require.NoError(t, bek(func(*frist.BekanntgabeFall) {})(), "the unchanged case is good")
}

func TestRemediesAndDuties(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	sh := land(tenant.LandSH)
	monate := func(n int) *frist.Dauer { return &frist.Dauer{N: n, Einheit: frist.EinheitMonat} }
	tageDauer := func(n int) *frist.Dauer { return &frist.Dauer{N: n, Einheit: frist.EinheitTag} }
	for _, c := range []struct {
		name string
		in   frist.Eingabe
		tage []string
		warn string
	}{
		{"social objection", frist.Eingabe{Rechtsbehelf: &frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfSGGWiderspruch, Am: d("2026-03-02"), Behoerde: sh}}, []string{"2026-04-02"}, ""},
		{"social objection abroad", frist.Eingabe{Rechtsbehelf: &frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfSGGWiderspruch, Am: d("2026-03-02"), Behoerde: sh, Ausland: true}}, []string{"2026-06-02"}, ""},
		{"abroad without Belehrung: the year", frist.Eingabe{Rechtsbehelf: &frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfSGGKlage, Am: d("2026-03-02"), Behoerde: sh, Ausland: true, BelehrungFehlt: true}}, []string{"2027-03-02"}, ""},
		{"action abroad is no longer in the VwGO", frist.Eingabe{Rechtsbehelf: &frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfKlage, Am: d("2026-03-02"), Behoerde: sh, Ausland: true}}, []string{"2026-04-02"}, ""},
		{"Vorverfahren abolished in places", frist.Eingabe{Rechtsbehelf: &frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfWiderspruch, Am: d("2026-03-03"), Behoerde: land(tenant.LandNW)}}, []string{"2026-04-07"}, "frist.hinweis"},
		{"failure to act", frist.Eingabe{Untaetigkeit: &frist.UntaetigkeitFall{Gegen: frist.UntaetigkeitAntrag, Am: d("2026-01-14"), Behoerde: sh}}, []string{"2026-04-14"}, ""},
		{"failure to act, end on a Saturday", frist.Eingabe{Untaetigkeit: &frist.UntaetigkeitFall{Gegen: frist.UntaetigkeitWiderspruch, Am: d("2026-01-11"), Behoerde: sh}}, []string{"2026-04-11", "2026-04-13"}, ""},
		{"failure to act, tax", frist.Eingabe{Untaetigkeit: &frist.UntaetigkeitFall{Gegen: frist.UntaetigkeitEinspruch, Am: d("2026-01-14"), Behoerde: sh}}, []string{"2026-07-14"}, ""},
		{"failure to act, social objection", frist.Eingabe{Untaetigkeit: &frist.UntaetigkeitFall{Gegen: frist.UntaetigkeitSGGWiderspruch, Am: d("2026-01-14"), Behoerde: sh}}, []string{"2026-04-14"}, ""},
		{"failure to act, social", frist.Eingabe{Untaetigkeit: &frist.UntaetigkeitFall{Gegen: frist.UntaetigkeitSGGAntrag, Am: d("2026-01-14"), Behoerde: sh}}, []string{"2026-07-14"}, ""},
		{"Wiedereinsetzung", frist.Eingabe{Wiedereinsetzung: &frist.WiedereinsetzungFall{Recht: frist.WiedereinsetzungVwVfG, Hindernis: d("2026-03-02"), Fristende: d("2026-02-02"), Behoerde: sh}}, []string{"2026-03-16"}, ""},
		{"Wiedereinsetzung, tax", frist.Eingabe{Wiedereinsetzung: &frist.WiedereinsetzungFall{Recht: frist.WiedereinsetzungAO, Hindernis: d("2026-03-02"), Fristende: d("2026-02-02"), Behoerde: sh}}, []string{"2026-04-02"}, ""},
		{"Wiedereinsetzung, outer limit", frist.Eingabe{Wiedereinsetzung: &frist.WiedereinsetzungFall{Recht: frist.WiedereinsetzungVwVfG, Hindernis: d("2027-01-29"), Fristende: d("2026-02-02"), Behoerde: sh}}, []string{"2027-02-02"}, ""},
		{"fiction with special length", frist.Eingabe{Genehmigungsfiktion: &frist.GenehmigungsfiktionFall{Vollstaendig: d("2026-01-14"), Dauer: monate(1), Norm: "§ 1 Fachgesetz", Behoerde: sh}}, []string{"2026-02-14", "2026-02-16"}, ""},
		{"fiction extended in time", frist.Eingabe{Genehmigungsfiktion: &frist.GenehmigungsfiktionFall{Vollstaendig: d("2026-01-14"), Verlaengerung: monate(1), Mitgeteilt: d("2026-04-14"), Behoerde: sh}}, []string{"2026-05-14", "2026-05-15"}, ""},
		{"fiction extended too late", frist.Eingabe{Genehmigungsfiktion: &frist.GenehmigungsfiktionFall{Vollstaendig: d("2026-01-14"), Verlaengerung: monate(1), Mitgeteilt: d("2026-04-15"), Behoerde: sh}}, []string{"2026-04-14"}, "frist.verlaengerung-spaet"},
		{"period set by the authority counts by § 187 (1)", frist.Eingabe{Behoerdenfrist: &frist.BehoerdenfristFall{Am: d("2023-02-28"), Dauer: monate(1), Behoerde: sh}}, []string{"2023-03-28"}, ""},
		{"period set, ends on a Sunday", frist.Eingabe{Behoerdenfrist: &frist.BehoerdenfristFall{Am: d("2026-03-01"), Dauer: tageDauer(14), Behoerde: sh}}, []string{"2026-03-16"}, ""},
		{"fixed day on a Sunday", frist.Eingabe{Behoerdenfrist: &frist.BehoerdenfristFall{Tag: d("2026-03-15"), Behoerde: sh}}, []string{"2026-03-16"}, ""},
		{"fixed day with reference to the rule", frist.Eingabe{Behoerdenfrist: &frist.BehoerdenfristFall{Tag: d("2026-03-15"), OhneVerschiebung: true, Behoerde: sh}}, []string{"2026-03-15"}, ""},
		{"extension, end not shifted", frist.Eingabe{Verlaengerung: &frist.VerlaengerungFall{Fristende: d("2026-03-13"), Dauer: *tageDauer(14), Behoerde: sh}}, []string{"2026-03-27"}, ""},
		{"extension of a period that ended on a Saturday", frist.Eingabe{Verlaengerung: &frist.VerlaengerungFall{Fristende: d("2026-03-14"), Dauer: *tageDauer(10), Behoerde: sh}}, []string{"2026-03-24", "2026-03-26"}, ""},
		{"trade notice", frist.Eingabe{Pflicht: &frist.PflichtFall{Regel: "PF-GEWO15", Am: d("2026-03-11"), Behoerde: sh}}, []string{"2026-03-14", "2026-03-16"}, ""},
		{"einheitliche Stelle", frist.Eingabe{Pflicht: &frist.PflichtFall{Regel: "PF-71B-EINGANG", Am: d("2026-03-09"), Behoerde: sh}}, []string{"2026-03-12"}, ""},
		{"data subject", frist.Eingabe{Pflicht: &frist.PflichtFall{Regel: "DS-12", Am: d("2026-01-31"), Behoerde: sh}}, []string{"2026-02-28", "2026-03-02"}, ""},
		{"data subject, extended in time", frist.Eingabe{Pflicht: &frist.PflichtFall{Regel: "DS-12-VERL", Am: d("2026-01-31"), Mitgeteilt: d("2026-02-27"), Behoerde: sh}}, []string{"2026-04-30"}, ""},
		{"data subject, extended at the edge", frist.Eingabe{Pflicht: &frist.PflichtFall{Regel: "DS-12-VERL", Am: d("2026-01-31"), Mitgeteilt: d("2026-03-02"), Behoerde: sh}}, []string{"2026-04-30"}, "frist.verlaengerung-knapp"},
		{"data subject, extended too late", frist.Eingabe{Pflicht: &frist.PflichtFall{Regel: "DS-12-VERL", Am: d("2026-01-31"), Mitgeteilt: d("2026-03-03"), Behoerde: sh}}, []string{"2026-02-28", "2026-03-02"}, "frist.verlaengerung-spaet"},
		{"data subject, day of the extension not known", frist.Eingabe{Pflicht: &frist.PflichtFall{Regel: "DS-12-VERL", Am: d("2026-01-31"), Behoerde: sh}}, []string{"2026-04-30"}, "frist.verlaengerung-offen"},
		{"archive silent", frist.Eingabe{Pflicht: &frist.PflichtFall{Regel: "DS-ARCHIV-ST", Am: d("2026-03-02"), Behoerde: land(tenant.LandST)}}, []string{"2027-03-02"}, ""},
		{"retention from the day of the order", frist.Eingabe{Aufbewahrung: &frist.AufbewahrungFall{Abschluss: d("2026-05-04"), Dauer: frist.Dauer{N: 10, Einheit: frist.EinheitJahr}, Norm: "Aktenplan"}}, []string{"2036-05-04"}, ""},
		{"retention held by a court case", frist.Eingabe{Aufbewahrung: &frist.AufbewahrungFall{Abschluss: d("2026-05-04"), Dauer: frist.Dauer{N: 1, Einheit: frist.EinheitJahr}, NichtVor: d("2028-01-01"), Norm: "Aktenplan"}}, []string{"2028-01-01"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := r.Berechne(c.in)
			require.NoError(t, err)
			require.Equal(t, c.tage, tage(e), e.Schritte)
			if c.warn != "" {
				require.NotEmpty(t, filter(e, c.warn), e.Warnungen)
			}
			require.NotEmpty(t, e.Belege)

			// Stable JSON, and the same again after a round trip.
			b1, err := json.Marshal(e)
			require.NoError(t, err)
			var back frist.Ergebnis
			require.NoError(t, json.Unmarshal(b1, &back))
			b2, err := json.Marshal(back)
			require.NoError(t, err)
			require.Equal(t, string(b1), string(b2))
			a, err := r.Nachrechnen(back)
			require.NoError(t, err)
			require.True(t, a.Gleich, a.Abweichungen)
			require.True(t, a.GleichesRecht)
			require.Equal(t, e, a.Neu)
		})
	}
}

// What has not happened yet stays open, all the way to the remedy.
func TestOpen(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	require.Same(t, frist.Standard(), r.Regelwerk())
	fall := frist.BekanntgabeFall{Verfahren: frist.VerfahrenVwVfG, Kanal: frist.KanalAbruf, Behoerde: bund(tenant.LandSH), Benachrichtigung: d("2026-03-02")}
	e, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfKlage, Bekanntgabe: &fall, Behoerde: bund(tenant.LandSH)})
	require.NoError(t, err)
	require.Equal(t, frist.LageOffen, e.Lage)
	require.True(t, e.Fruehestes().IsZero() && e.Spaetestes().IsZero() && e.Danach().IsZero() && e.Bestandskraft().IsZero())

	fall.Benachrichtigung = d("2026-05-01")
	require.Equal(t, "2026-03-02", e.Eingabe.Rechtsbehelf.Bekanntgabe.Benachrichtigung.String(), "a result does not alias its input")

	fall.Benachrichtigung = d("")
	fall.Bereitstellung = d("2026-03-02")
	b, err := r.Bekanntgabe(fall)
	require.NoError(t, err)
	require.Equal(t, frist.LageOffen, b.Lage)
	require.NotEmpty(t, filter(b, "frist.benachrichtigung-fehlt"))
	fall.NichtAbgerufen = true
	b, err = r.Bekanntgabe(fall)
	require.NoError(t, err)
	require.Equal(t, frist.LageKeine, b.Lage)
	fall.NichtAbgerufen, fall.Abruf = false, d("2026-03-05")
	b, err = r.Bekanntgabe(fall)
	require.NoError(t, err)
	require.Equal(t, "2026-03-06", b.Fruehestes().String())
	require.True(t, b.Bestandskraft().IsZero(), "only the end of a remedy makes an act final")

	portal := frist.BekanntgabeFall{Verfahren: frist.VerfahrenVwVfG, Kanal: frist.KanalPostfach, Behoerde: land(tenant.LandBY), Bereitstellung: d("2026-05-29")}
	b, err = r.Bekanntgabe(portal)
	require.NoError(t, err)
	require.Equal(t, frist.LageOffen, b.Lage, "without a notice only the retrieval can count")
}

// An extension told between the two possible ends is used, with a warning.
func TestExtensionAtTheEdge(t *testing.T) {
	t.Parallel()
	e, err := frist.New(nil).Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: d("2026-01-11"), Behoerde: land(tenant.LandSH),
		Verlaengerung: &frist.Dauer{N: 1, Einheit: frist.EinheitMonat}, Mitgeteilt: d("2026-04-13")})
	require.NoError(t, err)
	require.NotEmpty(t, filter(e, "frist.verlaengerung-knapp"))
	require.Equal(t, frist.KonfidenzU, e.Konfidenz)
	require.Equal(t, "2026-05-11", e.Fruehestes().String())
}

// A shift is no surer than the holiday it rests on.
func TestKonfidenzOfHoliday(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	for gemeinde, want := range map[string]frist.Konfidenz{"16061045": frist.KonfidenzU, "16051000": frist.KonfidenzA} {
		e, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfWiderspruch, Am: d("2026-05-04"), Behoerde: land(tenant.LandTH, gemeinde)})
		require.NoError(t, err)
		require.Equal(t, want, e.Konfidenz)
	}
}

func TestNachrechnenAfterChange(t *testing.T) {
	t.Parallel()
	fall := post(frist.VerfahrenVwVfG, bund(tenant.LandSH), "2026-03-03")
	alt, err := frist.New(nil).Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfKlage, Bekanntgabe: &fall, Behoerde: bund(tenant.LandSH)})
	require.NoError(t, err)
	w, err := frist.Load(strings.NewReader(regel(`"X-1"`, `"BG-VWVFG-POST-4"`, `"laender":["SH"]`, `"nur_bund":true`, `2030-01-01","quelle"`, `2025-01-01","quelle"`)), nil)
	require.NoError(t, err)
	a, err := frist.New(&frist.Options{Regelwerk: w}).Nachrechnen(alt)
	require.NoError(t, err)
	require.False(t, a.Gleich)
	require.False(t, a.GleichesRecht)
	require.Equal(t, []string{"Datum: bisher 07.04.2026, jetzt 08.04.2026.", "Mögliche Tage: bisher 07.04.2026, jetzt 08.04.2026."}, a.Abweichungen)
}
