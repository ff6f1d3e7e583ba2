package gebuehr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Edges: a cent below and above each border.
func TestRaender(t *testing.T) {
	t.Parallel()
	rahmen := gebuehr.Satz{Art: gebuehr.ArtRahmen, Min: 1020, Max: 3070, Rundung: gebuehr.Rundung{Auf: 100, Richtung: gebuehr.RundeAuf}}
	ab := rahmen
	ab.Rundung.Richtung = gebuehr.RundeAb
	je := gebuehr.Satz{Art: gebuehr.ArtWertstufen, Stufen: []gebuehr.Stufe{{BisWert: 2500000, Betrag: 12000}, {Betrag: 12000, Je: 500000, JeBetrag: 1500}}}
	zeit := gebuehr.Satz{Art: gebuehr.ArtZeit, EinheitMinuten: 15, Stundensaetze: []gebuehr.Stundensatz{{Gruppe: "g", Betrag: 6000}}}
	stueck := gebuehr.Satz{Art: gebuehr.ArtStueck, Stufen: []gebuehr.Stufe{{Bis: 2, Betrag: 100}, {Bis: 3, Betrag: 10}}}
	chosen := func(s string) gebuehr.Ansatz {
		return gebuehr.Ansatz{Ermessen: &gebuehr.Ermessen{Betrag: geld.MustBetrag(s), Grund: "x"}}
	}
	minuten := func(n int) gebuehr.Ansatz {
		return gebuehr.Ansatz{Zeiten: []gebuehr.Zeitaufwand{{Gruppe: "g", Minuten: n}}}
	}
	for _, c := range []struct {
		satz gebuehr.Satz
		a    gebuehr.Ansatz
		want string // a sum, or a code
	}{
		{gebuehr.Satz{Art: gebuehr.ArtFest, Betrag: 1001, Hoechstens: 1000}, gebuehr.Ansatz{}, "10.00"},
		{gebuehr.Satz{Art: gebuehr.ArtFest, Betrag: 1000, Hoechstens: 1000}, gebuehr.Ansatz{}, "10.00"},
		{gebuehr.Satz{Art: gebuehr.ArtFest, Betrag: 999, Mindestens: 1000}, gebuehr.Ansatz{}, "10.00"},
		{gebuehr.Satz{Art: gebuehr.ArtFest, Betrag: 1050, Hoechstens: 1080, Rundung: gebuehr.Rundung{Auf: 100}}, gebuehr.Ansatz{}, "10.80"}, // the cap wins over 11.00
		{rahmen, chosen("30.70"), "30.70"}, // not 31.00
		{rahmen, chosen("10.20"), "11.00"},
		{ab, chosen("10.20"), "10.20"}, // not 10.00
		{ab, chosen("30.70"), "30.00"},
		{je, gebuehr.Ansatz{Wert: eur("25000.00")}, "120.00"},
		{je, gebuehr.Ansatz{Wert: eur("25000.01")}, "135.00"},
		{je, gebuehr.Ansatz{Wert: eur("35000.00")}, "150.00"},
		{je, gebuehr.Ansatz{Wert: eur("35000.01")}, "165.00"},
		{je, gebuehr.Ansatz{Wert: eur("0.00")}, "120.00"},
		{zeit, minuten(15), "15.00"},
		{zeit, minuten(16), "30.00"},
		{stueck, gebuehr.Ansatz{Menge: 3}, "2.10"},
		{stueck, gebuehr.Ansatz{Menge: 4}, "gebuehr.menge-ausserhalb"},
		{gebuehr.Satz{Art: gebuehr.ArtWertstufen, Stufen: []gebuehr.Stufe{{BisWert: 100, Betrag: 1}}}, gebuehr.Ansatz{Wert: eur("1.01")}, "gebuehr.wert-ausserhalb"},
		{gebuehr.Satz{Art: gebuehr.ArtStaffel, Stufen: []gebuehr.Stufe{{BisWert: 100, Anteil: gebuehr.NewAnteil(1, 2)}}}, gebuehr.Ansatz{Wert: eur("1.01")}, "gebuehr.wert-ausserhalb"},
		{gebuehr.Satz{Art: gebuehr.ArtStaffel, Stufen: []gebuehr.Stufe{{BisWert: 100, Anteil: gebuehr.NewAnteil(1, 2)}}}, gebuehr.Ansatz{Wert: eur("1.00")}, "0.50"},
		{gebuehr.Satz{Art: gebuehr.ArtProzent, Anteil: gebuehr.NewAnteil(900, 1)}, gebuehr.Ansatz{Wert: eur("99999999999.99")}, "gebuehr.betrag-gross"},
	} {
		c.a.Posten = "p"
		e, err := tabelle(t, c.satz, "").Rechne(gebuehr.Fall{Entscheidung: d("2026-06-01"), Ansaetze: []gebuehr.Ansatz{c.a}})
		if strings.HasPrefix(c.want, "gebuehr.") {
			require.Equal(t, c.want, fehler.ProblemeIn(err)[0].Code)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, e.Summe.String(), "%+v %+v", c.satz, c.a)
	}
}

// The first and the last day of a version belong to it.
func TestGeltungRaender(t *testing.T) {
	t.Parallel()
	tab := tabelle(t, gebuehr.Satz{Art: gebuehr.ArtFest, Betrag: 100}, "", datum.Zeitraum{Von: d("2026-01-01"), Bis: d("2026-12-31")})
	for tag, ok := range map[string]bool{"2025-12-31": false, "2026-01-01": true, "2026-12-31": true, "2027-01-01": false} {
		_, err := tab.Rechne(gebuehr.Fall{Entscheidung: d(tag), Ansaetze: []gebuehr.Ansatz{{Posten: "p"}}})
		require.Equal(t, ok, err == nil, tag)
	}
}

// A long version that holds two short ones overlaps with both.
func TestUeberlapptEnthalten(t *testing.T) {
	t.Parallel()
	satz := gebuehr.Satz{Art: gebuehr.ArtFest, Betrag: 100}
	z := func(von, bis string) datum.Zeitraum { return datum.Zeitraum{Von: d(von), Bis: d(bis)} }
	_, err := gebuehr.Load(strings.NewReader(tabelleText(t, satz, "", z("2026-01-01", "2026-12-31"), z("2026-02-01", "2026-02-28"), z("2026-04-01", "2026-04-30"))), nil)
	p := fehler.ProblemeIn(err)
	require.Len(t, p, 2, "%v", p)
	require.Equal(t, "/tarife/T-1", p[0].Pfad)
	require.Equal(t, "/tarife/T-2", p[1].Pfad)
	require.Contains(t, p[1].Hinweis, "T-0")
}

// A Land's own reduction stands in the place of the general one, and how reductions
// meet comes from the Basis unless the file says otherwise.
func TestMinderungLandAndBasis(t *testing.T) {
	t.Parallel()
	satz := gebuehr.Satz{Art: gebuehr.ArtFest, Betrag: 9000}
	basis := tabelle(t, satz, regelnDazu)
	eigene := `{"stand":"y","quellen":{"Q":{"titel":"Gesetz"}},"minderungen":[{"id":"M-SH","norm":"§ 4 SH","laender":["SH"],"quelle":["Q"],"konfidenz":"A","bezeichnung":"A","merkmal":"a","erlass":"1/9"}]}`
	tab, err := gebuehr.Load(strings.NewReader(eigene), &gebuehr.LoadOptions{Basis: basis})
	require.NoError(t, err)
	kostet := func(tab *gebuehr.Tabelle, l tenant.Land, merkmale ...string) string {
		f := gebuehr.Fall{Land: l, Entscheidung: d("2026-06-01"), Ansaetze: []gebuehr.Ansatz{{Posten: "p"}}}
		for _, m := range merkmale {
			f.Merkmale = append(f.Merkmale, gebuehr.Merkmal{Name: m})
		}
		e, err := tab.Rechne(f)
		require.NoError(t, err)
		return e.Summe.String()
	}
	require.Equal(t, "80.00", kostet(tab, tenant.LandSH, "a"))
	require.Equal(t, "60.00", kostet(tab, tenant.LandHE, "a"))
	require.Equal(t, "34.29", kostet(tab, tenant.LandHE, "a", "b"), "90 * 2/3 * 4/7, one after the other as in the Basis")
	groesste, err := gebuehr.Load(strings.NewReader(strings.Replace(eigene, `"stand"`, `"minderungen_zusammen":"groesste","stand"`, 1)), &gebuehr.LoadOptions{Basis: basis})
	require.NoError(t, err)
	require.Equal(t, "51.43", kostet(groesste, tenant.LandHE, "a", "b"), "90 * 4/7")
}

// A tariff that names its own day is worked out for that day alone.
func TestEigenerStichtag(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(tabelleText(t, gebuehr.Satz{Art: gebuehr.ArtFest, Betrag: 100}, "", datum.Zeitraum{Bis: d("2026-06-30")}, datum.Zeitraum{Von: d("2026-07-01")}), `"posten":"p"`, `"stichtag":"eingang","posten":"p"`)
	zweite := strings.LastIndex(text, `"betrag":"1.00"`)
	text = text[:zweite] + `"betrag":"2.00"` + text[zweite+len(`"betrag":"1.00"`):]
	tab := geladen(t, text)
	f := gebuehr.Fall{Eingang: d("2026-06-30"), Entscheidung: d("2026-07-01"), Ansaetze: []gebuehr.Ansatz{{Posten: "p"}}}
	e, err := tab.Rechne(f)
	require.NoError(t, err)
	require.Equal(t, "1.00", e.Summe.String())
	require.True(t, e.Eindeutig())
	f.Eingang = datum.Datum{}
	_, err = tab.Rechne(f)
	require.Equal(t, "gebuehr.stichtag-fehlt", fehler.ProblemeIn(err)[0].Code)
	require.Equal(t, "/eingang", fehler.ProblemeIn(err)[0].Pfad)
}

// A table without a rule on the day assumes one, says so, and works out both.
func TestOhneStichtagsregel(t *testing.T) {
	t.Parallel()
	text := datei(`"stichtage":[{"id":"ST","norm":"§ 2","quelle":["Q"],"konfidenz":"A","massgeblich":"entscheidung"}],
`, ``, `"posten":"p.q",`, `"posten":"p.q",`)
	tab := geladen(t, text)
	f := gebuehr.Fall{Land: tenant.LandSH, Entscheidung: d("2030-02-01"), Ansaetze: []gebuehr.Ansatz{{Posten: "p.q"}}}
	e, err := tab.Rechne(f)
	require.NoError(t, err)
	require.Equal(t, gebuehr.KonfidenzU, e.Konfidenz)
	codes := func(e gebuehr.Ergebnis) (out []string) {
		for _, w := range e.Warnungen {
			out = append(out, w.Code)
		}
		return out
	}
	require.Equal(t, []string{"gebuehr.stichtag-ungewiss", "gebuehr.stichtag-offen"}, codes(e))
	f.Eingang = d("2029-12-31") // no version was in force then
	e, err = tab.Rechne(f)
	require.NoError(t, err)
	require.Equal(t, []string{"gebuehr.stichtag-ungewiss", "gebuehr.kandidat-offen"}, codes(e))
}

// More readings than are worked out are said, not hidden.
func TestKandidatenBound(t *testing.T) {
	t.Parallel()
	f := fall()
	for range 10 {
		f.Ansaetze = append(f.Ansaetze, gebuehr.Ansatz{Posten: "gewerbe.anmeldung"})
	}
	e, err := gebuehr.Beispiele().Rechne(f)
	require.NoError(t, err)
	require.Equal(t, "250.00", e.Summe.String())
	var codes []string
	for _, w := range e.Warnungen {
		codes = append(codes, w.Code)
	}
	require.Contains(t, codes, "gebuehr.kandidaten")
	f.Ansaetze = f.Ansaetze[:3]
	e, err = gebuehr.Beispiele().Rechne(f)
	require.NoError(t, err)
	var k []string
	for _, x := range e.Kandidaten {
		k = append(k, x.Summe.String())
	}
	require.Equal(t, []string{"60.00", "65.00", "70.00", "75.00"}, k, "all combinations")
}

// A general version that may be in force already is no reading where the Land has its own.
func TestVielleichtNurGleichNah(t *testing.T) {
	t.Parallel()
	tarif := func(id, mehr, betrag string) string {
		return `{"id":"` + id + `","norm":"§ 1",` + mehr + `"quelle":["Q"],"konfidenz":"A","posten":"v","bezeichnung":"G","gruppe":"gebuehr","satz":{"art":"fest","betrag":"` + betrag + `"}},`
	}
	tab := geladen(t, datei(`"tarife":[`, `"tarife":[`+tarif("V-1", `"bis":"2030-12-31",`, "1.00")+tarif("V-2", `"von":"2031-01-01","von_fruehestens":"2030-06-01",`, "2.00")+tarif("V-SH", `"laender":["SH"],`, "3.00")))
	for land, want := range map[tenant.Land]int{tenant.LandSH: 1, tenant.LandHE: 2} {
		e, err := tab.Rechne(gebuehr.Fall{Land: land, Entscheidung: d("2030-07-01"), Ansaetze: []gebuehr.Ansatz{{Posten: "v"}}})
		require.NoError(t, err)
		require.Len(t, e.Kandidaten, want, land)
	}
}
