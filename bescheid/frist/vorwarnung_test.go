package frist_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func warntage(v []frist.Vorwarnung) []string {
	var out []string
	for _, w := range v {
		out = append(out, fmt.Sprintf("%s %d %s", w.Tag, w.Werktage, w.Rolle))
	}
	return out
}

func plan(t *testing.T, zweck, stufen string) *frist.Vorwarnplan {
	p, err := frist.LoadVorwarnplan(strings.NewReader(`{"stand":"2027-01-01","plaene":[{"zweck":"`+zweck+`","stufen":[`+stufen+`]}]}`), nil)
	require.NoError(t, err)
	return p
}

func TestVorwarnungen(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	// The period ends on Tuesday 14 April 2026; Easter lies before it.
	fiktion, err := r.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: d("2026-01-14"), Behoerde: land(tenant.LandSH)})
	require.NoError(t, err)
	alle, err := r.Vorwarnungen(fiktion, "v1/f1", nil)
	require.NoError(t, err)
	require.Equal(t, []string{"2026-03-23 14 sachbearbeitung", "2026-04-01 7 sachbearbeitung", "2026-04-09 3 leitung",
		"2026-04-13 1 leitung", "2026-04-13 1 sachbearbeitung"}, warntage(alle))
	require.Equal(t, "v1/f1/genehmigungsfiktion/2026-04-14/14/sachbearbeitung", alle[0].Schluessel)

	// A Mandant replaces the stages of one purpose; the others stay.
	eigen := plan(t, "genehmigungsfiktion", `{"werktage":0,"rolle":"leitung"},{"werktage":5,"rolle":"fachaufsicht"}`)
	v, err := r.Vorwarnungen(fiktion, "v1/f1", &frist.VorwarnOptions{Plan: eigen})
	require.NoError(t, err)
	require.Equal(t, []string{"2026-04-07 5 fachaufsicht", "2026-04-14 0 leitung"}, warntage(v))
	require.Equal(t, "2027-01-01", eigen.Stand())
	require.Len(t, eigen.Plaene(), len(frist.StandardVorwarnplan().Plaene()))
	v, err = r.Vorwarnungen(fiktion, "v1/f1", &frist.VorwarnOptions{Plan: plan(t, "genehmigungsfiktion", "")})
	require.NoError(t, err)
	require.Empty(t, v, "an empty list warns nobody")

	// Other working days count where another place is named: 8 March 2027 is a
	// Monday and a holiday in Berlin.
	mittwoch, err := r.Behoerdenfrist(frist.BehoerdenfristFall{Tag: d("2027-03-10"), Behoerde: land(tenant.LandSH)})
	require.NoError(t, err)
	for l, want := range map[tenant.Land]string{"": "2027-03-05 3 leitung", tenant.LandBE: "2027-03-04 3 leitung"} {
		v, err = r.Vorwarnungen(mittwoch, "f", &frist.VorwarnOptions{Ort: frist.Ort{Land: l}, Plan: plan(t, "behoerdenfrist", `{"werktage":3,"rolle":"leitung"}`)})
		require.NoError(t, err)
		require.Equal(t, []string{want}, warntage(v))
	}

	// What is left when it is found late; keys do not depend on the day.
	for _, c := range []struct {
		ab   string
		want []string
	}{
		{"2026-04-01", []string{"2026-04-01 7 sachbearbeitung", "2026-04-09 3 leitung", "2026-04-13 1 leitung", "2026-04-13 1 sachbearbeitung"}},
		{"2026-04-10", []string{"2026-04-13 1 leitung", "2026-04-13 1 sachbearbeitung"}},
		{"2026-04-14", []string{"2026-04-14 1 leitung", "2026-04-14 1 sachbearbeitung"}},
		{"2026-04-15", nil},
	} {
		v, err := r.Vorwarnungen(fiktion, "v1/f1", &frist.VorwarnOptions{Ab: d(c.ab)})
		require.NoError(t, err)
		require.Equal(t, c.want, warntage(v), c.ab)
		for _, w := range v {
			require.Contains(t, schluessel(alle), w.Schluessel)
		}
	}

	// Two stages around a weekend fall on one day: one warning.
	samstag, err := r.Behoerdenfrist(frist.BehoerdenfristFall{Tag: d("2026-03-14"), OhneVerschiebung: true, Behoerde: land(tenant.LandSH)})
	require.NoError(t, err)
	v, err = r.Vorwarnungen(samstag, "f", &frist.VorwarnOptions{Plan: plan(t, "behoerdenfrist", `{"werktage":1,"rolle":"leitung"},{"werktage":0,"rolle":"leitung"}`)})
	require.NoError(t, err)
	require.Equal(t, []string{"2026-03-13 0 leitung"}, warntage(v))

	// No end, no warning; but the end of a Bereitstellung nobody has retrieved.
	offen, err := r.Bearbeitungsfrist(frist.BearbeitungsfristFall{Am: d("2026-01-14"), Dauer: frist.Dauer{N: 3, Einheit: frist.EinheitMonat}, Norm: "N", Aussetzungen: ruht("2026-02-02"), Behoerde: land(tenant.LandSH)})
	require.NoError(t, err)
	v, err = r.Vorwarnungen(offen, "f", nil)
	require.NoError(t, err)
	require.Empty(t, v)
	abruf, err := r.Bekanntgabe(frist.BekanntgabeFall{Verfahren: frist.VerfahrenVwVfG, Kanal: frist.KanalAbruf, Behoerde: bund(tenant.LandSH), Benachrichtigung: d("2026-03-02")})
	require.NoError(t, err)
	v, err = r.Vorwarnungen(abruf, "f", nil)
	require.NoError(t, err)
	require.Equal(t, []string{"2026-03-09 3 antragsteller", "2026-03-11 1 sachbearbeitung"}, warntage(v))
	require.Equal(t, frist.ZweckBereitstellung, v[0].Zweck)

	for _, bezug := range []string{"", "a b", strings.Repeat("x", 201), "a\n"} {
		_, err := r.Vorwarnungen(fiktion, bezug, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		require.Equal(t, "frist.bezug", fehler.ProblemeIn(err)[0].Code)
	}
	_, err = r.Vorwarnungen(fiktion, "f", &frist.VorwarnOptions{Ab: d("1700-01-01")})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = r.Vorwarnungen(fiktion, "f", &frist.VorwarnOptions{Ort: frist.Ort{Land: "XX"}})
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

func schluessel(v []frist.Vorwarnung) []string {
	var out []string
	for _, w := range v {
		out = append(out, w.Schluessel)
	}
	return out
}

// One case of every purpose, with the sentences as they are sent.
func TestVorwarnungenGolden(t *testing.T) {
	r := frist.New(nil)
	sh := land(tenant.LandSH)
	var b strings.Builder
	for _, in := range []frist.Eingabe{
		{Genehmigungsfiktion: &frist.GenehmigungsfiktionFall{Vollstaendig: d("2026-01-11"), Behoerde: sh}},
		{Bearbeitungsfrist: &frist.BearbeitungsfristFall{Am: d("2026-01-14"), Dauer: frist.Dauer{N: 3, Einheit: frist.EinheitMonat}, Norm: "§ 1 Fachgesetz", Behoerde: sh}},
		{Untaetigkeit: &frist.UntaetigkeitFall{Gegen: frist.UntaetigkeitEinspruch, Am: d("2026-01-14"), Behoerde: sh}},
		{Behoerdenfrist: &frist.BehoerdenfristFall{Am: d("2026-12-10"), Dauer: &frist.Dauer{N: 2, Einheit: frist.EinheitWoche}, Behoerde: sh}},
		{Verlaengerung: &frist.VerlaengerungFall{Fristende: d("2026-03-14"), Dauer: frist.Dauer{N: 10, Einheit: frist.EinheitTag}, Behoerde: sh}},
		{Bekanntgabe: &frist.BekanntgabeFall{Verfahren: frist.VerfahrenVwVfG, Kanal: frist.KanalAbruf, Behoerde: bund(tenant.LandSH), Benachrichtigung: d("2026-03-02")}},
		{Pflicht: &frist.PflichtFall{Regel: "DS-12", Am: d("2026-01-31"), Behoerde: sh}},
		{Pflicht: &frist.PflichtFall{Regel: "FC-ABLEHNUNG", Am: d("2026-02-02")}},
		{Aufbewahrung: &frist.AufbewahrungFall{Abschluss: d("2026-05-04"), Dauer: frist.Dauer{N: 10, Einheit: frist.EinheitJahr}, Norm: "Aktenplan"}},
		{Rechtsbehelf: &frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfKlage, Am: d("2026-03-02"), Behoerde: sh}},
	} {
		e, err := r.Berechne(in)
		require.NoError(t, err)
		v, err := r.Vorwarnungen(e, "f1", nil)
		require.NoError(t, err)
		for _, w := range v {
			fmt.Fprintf(&b, "%s %s %s\n  %s\n", w.Tag, w.Rolle, w.Schluessel, w.Text)
		}
		if len(v) == 0 {
			fmt.Fprintf(&b, "%s: keine\n", e.Zweck)
		}
	}
	golden(t, "testdata/vorwarnungen.txt", b.String())
}

func TestVorwarnungenProperties(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	k := r.Kalender()
	rapid.Check(t, func(t *rapid.T) {
		l, am := land(genLand.Draw(t, "land")), genTag.Draw(t, "am")
		e, err := r.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: am, Behoerde: l})
		require.NoError(t, err)
		alle, err := r.Vorwarnungen(e, "f", nil)
		require.NoError(t, err)
		nochmal, err := r.Vorwarnungen(e, "f", nil)
		require.NoError(t, err)
		require.Equal(t, alle, nochmal)
		gesehen := map[string]bool{}
		for i, w := range alle {
			require.Equal(t, frist.Ja, k.IsWerktag(l.Ort, w.Tag), "a warning falls on a working day")
			require.True(t, w.Tag.Vor(e.Fruehestes()))
			require.Equal(t, e.Fruehestes(), w.Frist)
			require.False(t, gesehen[w.Schluessel], "keys are distinct")
			gesehen[w.Schluessel] = true
			if i > 0 {
				require.False(t, w.Tag.Vor(alle[i-1].Tag), "by day")
			}
			zwischen := 0
			for x := w.Tag; x.Vor(w.Frist); x = x.AddTage(1) {
				if k.IsWerktag(l.Ort, x) == frist.Ja {
					zwischen++
				}
			}
			require.Equal(t, w.Werktage, zwischen)
		}
		// Whatever the day: nothing before it, no key that was not there, and
		// nobody forgotten while the period runs.
		ab := e.Fruehestes().AddTage(-rapid.IntRange(0, 40).Draw(t, "ab"))
		spaet, err := r.Vorwarnungen(e, "f", &frist.VorwarnOptions{Ab: ab})
		require.NoError(t, err)
		rollen := map[tenant.Rolle]bool{}
		for _, w := range spaet {
			require.False(t, w.Tag.Vor(ab))
			require.False(t, w.Tag.Nach(w.Frist))
			require.True(t, gesehen[w.Schluessel])
			rollen[w.Rolle] = true
		}
		require.Len(t, rollen, 2)
	})
}

func TestLoadVorwarnplanProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ datei, code string }{
		"zweck":    {`{"zweck":"x","stufen":[]}`, "frist.vorwarnung-zweck"},
		"werktage": {`{"zweck":"pflicht","stufen":[{"werktage":-1,"rolle":"leitung"}]}`, "frist.vorwarnung-werktage"},
		"zu viele": {`{"zweck":"pflicht","stufen":[{"werktage":251,"rolle":"leitung"}]}`, "frist.vorwarnung-werktage"},
		"rolle":    {`{"zweck":"pflicht","stufen":[{"werktage":1,"rolle":"Die Leitung"}]}`, "frist.vorwarnung-rolle"},
		"doppelt":  {`{"zweck":"pflicht","stufen":[{"werktage":1,"rolle":"leitung"},{"werktage":1,"rolle":"leitung"}]}`, "frist.vorwarnung-doppelt"},
		"zweimal":  {`{"zweck":"pflicht","stufen":[]},{"zweck":"pflicht","stufen":[]}`, "frist.vorwarnung-doppelt"},
		"anzahl":   {`{"zweck":"pflicht","stufen":[` + strings.Repeat(`{"werktage":1,"rolle":"leitung"},`, 20) + `{"werktage":2,"rolle":"leitung"}]}`, "frist.vorwarnung-anzahl"},
		"form":     {`{"zweck":"pflicht","tage":1}`, "frist.datei-form"},
	} {
		_, err := frist.LoadVorwarnplan(strings.NewReader(`{"stand":"x","plaene":[`+c.datei+`]}`), nil)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		p := fehler.ProblemeIn(err)
		require.Equal(t, c.code, p[0].Code, name)
		require.NotEmpty(t, p[0].Hinweis)
	}
	p, err := frist.LoadVorwarnplan(strings.NewReader(`{"stand":"x","plaene":[]}`), &frist.LoadVorwarnplanOptions{Basis: &frist.Vorwarnplan{}})
	require.NoError(t, err)
	require.Empty(t, p.Plaene())
}

func FuzzLoadVorwarnplan(f *testing.F) {
	b, err := os.ReadFile("vorwarnungen.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"plaene":[{"zweck":"pflicht","stufen":[{"werktage":250,"rolle":"leitung"},{"werktage":0,"rolle":"leitung"}]}]}`))
	r := frist.New(nil)
	e, err := r.Pflicht(frist.PflichtFall{Regel: "DS-12", Am: d("2026-01-31"), Behoerde: land(tenant.LandSH)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := frist.LoadVorwarnplan(bytes.NewReader(b), nil)
		if err != nil {
			return
		}
		for _, ab := range []string{"", "2026-02-20", "2026-02-28"} {
			v, err := r.Vorwarnungen(e, "f", &frist.VorwarnOptions{Plan: p, Ab: d(ab)})
			if err != nil {
				t.Fatal(err)
			}
			gesehen := map[string]bool{}
			for _, w := range v {
				if gesehen[w.Schluessel] || w.Tag.Nach(w.Frist) {
					t.Fatalf("twice or too late: %v", w)
				}
				gesehen[w.Schluessel] = true
			}
		}
	})
}
