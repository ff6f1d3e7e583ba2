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

func TestFiktionsbescheinigung(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	angaben := frist.FiktionAngaben{Adressat: "Antragstellerin", Gegenstand: "Sondernutzung des Marktplatzes", Anordnung: "§ 1 Fachgesetz", Stelle: "Ordnungsamt",
		Verlangt: d("2026-05-04"), Ausgestellt: d("2026-05-12")}
	fiktion := func(f func(*frist.GenehmigungsfiktionFall)) frist.Ergebnis {
		fall := frist.GenehmigungsfiktionFall{Vollstaendig: d("2026-01-14"), Behoerde: land(tenant.LandSH)}
		f(&fall)
		e, err := r.Genehmigungsfiktion(fall)
		require.NoError(t, err)
		return e
	}
	glatt := fiktion(func(*frist.GenehmigungsfiktionFall) {})
	b, err := r.Fiktionsbescheinigung(glatt, angaben)
	require.NoError(t, err)
	require.Equal(t, "2026-01-14 2026-04-14 2026-04-15", strings.Join([]string{b.Vollstaendig.String(), b.Fristende.String(), b.ErteiltAb.String()}, " "))
	require.Equal(t, "§ 42a Abs. 3 VwVfG", b.Norm)
	require.Equal(t, "FI-42A", b.Fiktion.ID)
	require.Len(t, b.Hinweise, 1)
	text := strings.Join(b.Saetze, "\n")
	for _, s := range []string{"Antragstellerin", "Sondernutzung", "mit Ablauf des 14.04.2026", "§ 1 Fachgesetz", "Ordnungsamt, 12.05.2026"} {
		require.Contains(t, text, s)
	}
	js, err := json.Marshal(b)
	require.NoError(t, err)
	var back frist.Fiktionsbescheinigung
	require.NoError(t, json.Unmarshal(js, &back))
	require.Equal(t, b, back)

	// Two readings: the later day is certified, and the clerk is told.
	zwei := fiktion(func(f *frist.GenehmigungsfiktionFall) { f.Vollstaendig = d("2026-01-11") })
	b, err = r.Fiktionsbescheinigung(zwei, angaben)
	require.NoError(t, err)
	require.Equal(t, "2026-04-13", b.Fristende.String())
	require.Contains(t, b.Hinweise[0], "11.04.2026")

	voll := fiktion(func(f *frist.GenehmigungsfiktionFall) {
		f.Aussetzungen = ruht("2026-02-02 2026-02-03")
		f.Verlaengerung, f.VerlaengerungGrund, f.Mitgeteilt = &frist.Dauer{N: 2, Einheit: frist.EinheitWoche}, "Gutachten", d("2026-04-10")
	})
	b, err = r.Fiktionsbescheinigung(voll, angaben)
	require.NoError(t, err)
	text = strings.Join(b.Saetze, "\n")
	require.Contains(t, text, "um 2 Wochen verlängert")
	require.Contains(t, text, "Vom 02.02.2026 bis 03.02.2026 lief die Frist nicht (Unterlagen fehlen).")

	spaet := fiktion(func(f *frist.GenehmigungsfiktionFall) {
		f.Verlaengerung, f.VerlaengerungGrund, f.Mitgeteilt = &frist.Dauer{N: 2, Einheit: frist.EinheitWoche}, "Gutachten", d("2026-04-15")
	})
	b, err = r.Fiktionsbescheinigung(spaet, angaben)
	require.NoError(t, err)
	require.NotContains(t, strings.Join(b.Saetze, "\n"), "verlängert", "an extension told too late is not certified")

	geaendert := glatt
	geaendert.Kandidaten = []frist.Kandidat{{Datum: d("2026-04-13"), Roh: d("2026-04-13"), Haupt: true}}
	b, err = r.Fiktionsbescheinigung(geaendert, angaben)
	require.NoError(t, err)
	require.Contains(t, strings.Join(b.Hinweise, " "), "Neu gerechnet")

	offen := fiktion(func(f *frist.GenehmigungsfiktionFall) { f.Aussetzungen = ruht("2026-02-02") })
	widerspruch, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfWiderspruch, Am: d("2026-01-14"), Behoerde: land(tenant.LandSH)})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		code string
		e    frist.Ergebnis
		f    func(*frist.FiktionAngaben)
	}{
		"läuft noch":         {"frist.fiktion-nicht-eingetreten", glatt, func(a *frist.FiktionAngaben) { a.Ausgestellt = d("2026-04-14") }},
		"läuft auf Lesart":   {"frist.fiktion-nicht-eingetreten", zwei, func(a *frist.FiktionAngaben) { a.Ausgestellt = d("2026-04-13") }},
		"entschieden":        {"frist.fiktion-entschieden", glatt, func(a *frist.FiktionAngaben) { a.Entschieden = d("2026-04-14") }},
		"ausgesetzt":         {"frist.fiktion-lage", offen, func(*frist.FiktionAngaben) {}},
		"andere Frist":       {"frist.fiktion-lage", widerspruch, func(*frist.FiktionAngaben) {}},
		"ohne Adressat":      {"frist.adressat", glatt, func(a *frist.FiktionAngaben) { a.Adressat = "" }},
		"ohne Gegenstand":    {"frist.gegenstand", glatt, func(a *frist.FiktionAngaben) { a.Gegenstand = "" }},
		"ohne Anordnung":     {"frist.anordnung", glatt, func(a *frist.FiktionAngaben) { a.Anordnung = "" }},
		"ohne Ausstellung":   {"frist.datum-fehlt", glatt, func(a *frist.FiktionAngaben) { a.Ausgestellt = d("") }},
		"zu lange Angabe":    {"frist.stelle", glatt, func(a *frist.FiktionAngaben) { a.Stelle = strings.Repeat("x", 3000) }},
		"Datum weit draußen": {"frist.datum-bereich", glatt, func(a *frist.FiktionAngaben) { a.Verlangt = d("1700-01-01") }},
	} {
		a := angaben
		c.f(&a)
		_, err := r.Fiktionsbescheinigung(c.e, a)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		p := fehler.ProblemeIn(err)
		require.Equal(t, c.code, p[0].Code, name)
		require.NotContains(t, err.Error(), "Antragstellerin", "no personal data in errors")
	}

	// A decision after the end leaves the certificate, with a remark.
	a := angaben
	a.Entschieden, a.Verlangt = d("2026-04-20"), d("")
	b, err = r.Fiktionsbescheinigung(glatt, a)
	require.NoError(t, err)
	require.Len(t, b.Hinweise, 3)

	// The rule of a Land goes before the general one.
	w, err := frist.Load(strings.NewReader(`{"stand":"x","quellen":{"Q":{"titel":"Q"}},"regeln":[{"id":"FI-X","norm":"Landesrecht","zweck":"genehmigungsfiktion","gegenstand":"bescheinigung","laender":["SH"],"n":0,"art":"hinweis","quelle":["Q"],"konfidenz":"A","hinweis":"Auf Verlangen."}]}`), nil)
	require.NoError(t, err)
	b, err = frist.New(&frist.Options{Regelwerk: w}).Fiktionsbescheinigung(glatt, angaben)
	require.NoError(t, err)
	require.Equal(t, "Landesrecht", b.Norm)
}
