package gebuehr_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

var (
	genTag = rapid.Custom(func(t *rapid.T) datum.Datum {
		return datum.New(2020, 1, 1).AddTage(rapid.IntRange(0, 365*10).Draw(t, "tag"))
	})
	genBetrag  = rapid.Custom(func(t *rapid.T) gebuehr.Betrag { return gebuehr.Betrag(rapid.Int64Range(0, 1e9).Draw(t, "cent")) })
	genRundung = rapid.Custom(func(t *rapid.T) gebuehr.Rundung {
		return gebuehr.Rundung{Auf: rapid.SampledFrom([]gebuehr.Betrag{0, 1, 5, 50, 100, 1000}).Draw(t, "auf"),
			Richtung: rapid.SampledFrom([]gebuehr.Richtung{"", gebuehr.RundeAb, gebuehr.RundeAuf}).Draw(t, "richtung")}
	})
	genAnteil = rapid.Custom(func(t *rapid.T) gebuehr.Anteil {
		return gebuehr.NewAnteil(rapid.Int64Range(0, 60).Draw(t, "z"), rapid.Int64Range(60, 997).Draw(t, "n"))
	})
)

// genSatz draws a rate of any kind and facts that fit it; wachsend gives the facts
// for a size, larger for a larger one.
func genSatz(t *rapid.T) (s gebuehr.Satz, wachsend func(groesse int) gebuehr.Ansatz) {
	s.Rundung = genRundung.Draw(t, "rundung")
	if rapid.Bool().Draw(t, "gedeckelt") {
		s.Mindestens = gebuehr.Betrag(rapid.Int64Range(0, 1e5).Draw(t, "mindestens"))
		s.Hoechstens = s.Mindestens + 1 + gebuehr.Betrag(rapid.Int64Range(0, 1e6).Draw(t, "mehr"))
	}
	stufen := func(anteile bool) {
		wert, n := gebuehr.Betrag(0), rapid.IntRange(1, 4).Draw(t, "stufen")
		last := gebuehr.Betrag(0)
		for i := range n {
			wert += 1 + gebuehr.Betrag(rapid.Int64Range(0, 1e6).Draw(t, "wert"))
			x := gebuehr.Stufe{BisWert: wert}
			if i == n-1 {
				x.BisWert = 0
			}
			if anteile {
				x.Anteil = genAnteil.Draw(t, "anteil")
			} else {
				last += genBetrag.Draw(t, "betrag") / 1000
				x.Betrag = last
			}
			s.Stufen = append(s.Stufen, x)
		}
	}
	nachWert := func(g int) gebuehr.Ansatz { w := gebuehr.Betrag(g) * 997; return gebuehr.Ansatz{Wert: &w} }
	switch s.Art = rapid.SampledFrom([]gebuehr.Art{gebuehr.ArtFest, gebuehr.ArtRahmen, gebuehr.ArtZeit, gebuehr.ArtStueck, gebuehr.ArtProzent,
		gebuehr.ArtWertstufen, gebuehr.ArtStaffel, gebuehr.ArtTatsaechlich}).Draw(t, "art"); s.Art {
	case gebuehr.ArtFest:
		s.Betrag = genBetrag.Draw(t, "betrag")
		return s, func(g int) gebuehr.Ansatz { return gebuehr.Ansatz{Menge: g + 1} }
	case gebuehr.ArtRahmen:
		s.Min = genBetrag.Draw(t, "min")
		s.Max = s.Min + genBetrag.Draw(t, "spanne")
		s.Kriterien = []gebuehr.Kriterium{{Schluessel: "a", Bezeichnung: "A", Gewicht: rapid.IntRange(1, 7).Draw(t, "ga"), MaxPunkte: 1000},
			{Schluessel: "b", Bezeichnung: "B", Gewicht: rapid.IntRange(1, 7).Draw(t, "gb"), MaxPunkte: 7}}
		return s, func(g int) gebuehr.Ansatz {
			return gebuehr.Ansatz{Punkte: map[string]int{"a": min(g, 1000), "b": min(g/100, 7)}}
		}
	case gebuehr.ArtZeit:
		s.EinheitMinuten = rapid.IntRange(1, 70).Draw(t, "einheit")
		s.Stundensaetze = []gebuehr.Stundensatz{{Gruppe: "g", Betrag: genBetrag.Draw(t, "satz") / 1000}}
		return s, func(g int) gebuehr.Ansatz {
			return gebuehr.Ansatz{Zeiten: []gebuehr.Zeitaufwand{{Gruppe: "g", Minuten: g + 1}}}
		}
	case gebuehr.ArtStueck:
		s.Stufen = []gebuehr.Stufe{{Bis: rapid.IntRange(1, 20).Draw(t, "bis"), Betrag: genBetrag.Draw(t, "erste") / 1000}, {Betrag: genBetrag.Draw(t, "weitere") / 1000}}
		return s, func(g int) gebuehr.Ansatz { return gebuehr.Ansatz{Menge: g + 1} }
	case gebuehr.ArtProzent:
		s.Anteil = genAnteil.Draw(t, "anteil")
		return s, nachWert
	case gebuehr.ArtWertstufen:
		stufen(false)
		return s, nachWert
	case gebuehr.ArtStaffel:
		stufen(true)
		return s, nachWert
	}
	return s, func(g int) gebuehr.Ansatz {
		k := gebuehr.Betrag(g) * 13
		return gebuehr.Ansatz{Kosten: &k, Beleg: "Blatt 1"}
	}
}

// tabelle is a table of one fee and what a property needs beside it.
func tabelle(t require.TestingT, satz gebuehr.Satz, mehr string, versionen ...datum.Zeitraum) *gebuehr.Tabelle {
	tab, err := gebuehr.Load(strings.NewReader(tabelleText(t, satz, mehr, versionen...)), nil)
	require.NoError(t, err)
	return tab
}

func tabelleText(t require.TestingT, satz gebuehr.Satz, mehr string, versionen ...datum.Zeitraum) string {
	if len(versionen) == 0 {
		versionen = []datum.Zeitraum{{}}
	}
	var tarife []string
	for i, z := range versionen {
		x, err := json.Marshal(gebuehr.Tarif{Recht: gebuehr.Recht{ID: fmt.Sprintf("T-%d", i), Norm: "§ 1", Zeitraum: z, Quelle: []string{"Q"}, Konfidenz: gebuehr.KonfidenzA},
			Posten: "p", Bezeichnung: "Gebühr", Gruppe: gebuehr.GruppeGebuehr, Satz: satz})
		require.NoError(t, err)
		tarife = append(tarife, string(x))
	}
	return `{"stand":"x","quellen":{"Q":{"titel":"Gesetz"}},"stichtage":[{"id":"ST","norm":"§ 2","quelle":["Q"],"konfidenz":"A","massgeblich":"entscheidung"}],` + mehr +
		`"tarife":[` + strings.Join(tarife, ",") + `]}`
}

const regelnDazu = `"ausgaenge":[{"id":"AG","norm":"§ 3","quelle":["Q"],"konfidenz":"A","ausgang":["ruecknahme"],"min":"0","max":"1"}],
"minderungen":[{"id":"M-1","norm":"§ 4","quelle":["Q"],"konfidenz":"A","bezeichnung":"A","merkmal":"a","erlass":"1/3"},{"id":"M-2","norm":"§ 5","quelle":["Q"],"konfidenz":"A","bezeichnung":"B","merkmal":"b","erlass":"3/7"}],
"minderungen_zusammen":"nacheinander",`

// Whatever the rate: nothing negative, caps hold, a larger matter never costs less,
// positions add up to the sum, and the same case costs the same again.
func TestSatzProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		satz, wachsend := genSatz(t)
		tab := tabelle(t, satz, regelnDazu)
		rechne := func(a gebuehr.Ansatz, aendern func(*gebuehr.Fall)) gebuehr.Ergebnis {
			a.Posten = "p"
			f := gebuehr.Fall{Entscheidung: d("2026-06-01"), Ansaetze: []gebuehr.Ansatz{a, a}}
			if aendern != nil {
				aendern(&f)
			}
			e, err := tab.Rechne(f)
			require.NoError(t, err)
			var summe gebuehr.Betrag
			for _, p := range e.Positionen {
				require.GreaterOrEqual(t, p.Betrag, gebuehr.Betrag(0))
				summe += p.Betrag
			}
			require.Equal(t, e.Summe, summe, "positions add up")
			require.Equal(t, e.Summe, e.Gebuehren+e.Auslagen+e.Umsatzsteuer)
			return e
		}
		g := rapid.IntRange(0, 3000).Draw(t, "groesse")
		voll := rechne(wachsend(g), nil)
		b := voll.Positionen[0].Betrag
		require.GreaterOrEqual(t, b, satz.Mindestens)
		if satz.Hoechstens > 0 {
			require.LessOrEqual(t, b, satz.Hoechstens)
		}
		if satz.Art == gebuehr.ArtRahmen && satz.Hoechstens == 0 {
			require.True(t, b >= satz.Min && b <= satz.Max)
		}
		mehr := rechne(wachsend(g+rapid.IntRange(1, 500).Draw(t, "mehr")), nil)
		require.GreaterOrEqual(t, mehr.Summe, voll.Summe, "a larger matter never costs less")

		// What is left is never more than the whole, and of two shares the larger costs no less.
		a1, a2 := genAnteil.Draw(t, "a1"), genAnteil.Draw(t, "a2")
		if a1.Compare(a2) > 0 {
			a1, a2 = a2, a1
		}
		teil := func(a gebuehr.Anteil) gebuehr.Betrag {
			return rechne(wachsend(g), func(f *gebuehr.Fall) {
				f.Ausgang = gebuehr.Ausgang{Art: gebuehr.AusgangZurueck, Anteil: &a, Grund: "x"}
				f.Merkmale = []gebuehr.Merkmal{{Name: "a"}, {Name: "b"}}
			}).Summe
		}
		require.LessOrEqual(t, teil(a1), teil(a2))
		require.LessOrEqual(t, teil(a2), voll.Summe)
		require.Zero(t, teil(gebuehr.Anteil{}))

		abgleich, err := tab.Nachrechnen(voll)
		require.NoError(t, err)
		require.True(t, abgleich.Gleich && abgleich.GleichesRecht)
	})
}

// Shares and reductions against a calculation by hand: one fraction, rounded once.
func TestMinderungExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := genRundung.Draw(t, "rundung")
		betrag := genBetrag.Draw(t, "betrag")
		satz := gebuehr.Satz{Art: gebuehr.ArtFest, Betrag: betrag, Rundung: r}
		a := genAnteil.Draw(t, "anteil")
		tab := tabelle(t, satz, regelnDazu)
		e, err := tab.Rechne(gebuehr.Fall{Entscheidung: d("2026-06-01"), Ansaetze: []gebuehr.Ansatz{{Posten: "p"}},
			Ausgang: gebuehr.Ausgang{Art: gebuehr.AusgangZurueck, Anteil: &a, Grund: "x"}, Merkmale: []gebuehr.Merkmal{{Name: "b"}, {Name: "a"}}})
		require.NoError(t, err)
		schritt := big.NewInt(max(1, r.Auf.Cent()))
		runde := func(x *big.Rat) *big.Int { // by trial, not by the formula of the package
			q := new(big.Rat).Quo(x, new(big.Rat).SetInt(schritt))
			n := new(big.Int).Quo(q.Num(), q.Denom())
			rest := new(big.Rat).Sub(q, new(big.Rat).SetInt(n))
			if (r.Richtung == gebuehr.RundeAuf && rest.Sign() > 0) || (r.Richtung == "" && rest.Cmp(big.NewRat(1, 2)) >= 0) {
				n.Add(n, big.NewInt(1))
			}
			return n.Mul(n, schritt)
		}
		voll := runde(new(big.Rat).SetInt64(betrag.Cent()))
		want, ok := new(big.Rat).SetString(a.String())
		require.True(t, ok)
		want.Mul(want, new(big.Rat).SetInt(voll))
		want.Mul(want, big.NewRat(2, 3)).Mul(want, big.NewRat(4, 7))
		require.Equal(t, voll.Int64(), e.Positionen[0].Grundbetrag.Cent())
		require.Equal(t, min(runde(want).Int64(), voll.Int64()), e.Summe.Cent())
	})
}

// Cutting the validity of a version in two changes nothing; one day too much is
// refused, one too few is found by the lint and by whoever needs that day.
func TestSplitValidity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		satz, wachsend := genSatz(t)
		von, schnitt, tag := genTag.Draw(t, "von"), genTag.Draw(t, "schnitt"), genTag.Draw(t, "tag")
		if schnitt.Vor(von) {
			von, schnitt = schnitt, von
		}
		bis := schnitt.AddTage(rapid.IntRange(2, 1000).Draw(t, "dauer"))
		ganz := tabelle(t, satz, "", datum.Zeitraum{Von: von, Bis: bis})
		geteilt := tabelle(t, satz, "", datum.Zeitraum{Von: von, Bis: schnitt}, datum.Zeitraum{Von: schnitt.AddTage(1), Bis: bis})
		a := wachsend(rapid.IntRange(0, 100).Draw(t, "groesse"))
		a.Posten = "p"
		f := gebuehr.Fall{Entscheidung: tag, Ansaetze: []gebuehr.Ansatz{a}}
		e1, err1 := ganz.Rechne(f)
		e2, err2 := geteilt.Rechne(f)
		require.Equal(t, err1 == nil, err2 == nil)
		require.Equal(t, datum.Zeitraum{Von: von, Bis: bis}.Enthaelt(tag), err1 == nil)
		require.Equal(t, e1.Summe, e2.Summe)
		require.Equal(t, len(e1.Kandidaten), len(e2.Kandidaten), "never two results")
		if err1 == nil {
			require.Len(t, e2.Kandidaten, 1)
		}
		require.Empty(t, geteilt.Pruefe(gebuehr.PruefeOptions{}))

		_, err := gebuehr.Load(strings.NewReader(tabelleText(t, satz, "", datum.Zeitraum{Von: von, Bis: schnitt}, datum.Zeitraum{Von: schnitt, Bis: bis})), nil)
		require.ErrorContains(t, err, "gebuehr.ueberlappt at /tarife/T-1")
		luecke := tabelle(t, satz, "", datum.Zeitraum{Von: von, Bis: schnitt}, datum.Zeitraum{Von: schnitt.AddTage(2), Bis: bis})
		p := luecke.Pruefe(gebuehr.PruefeOptions{})
		require.Len(t, p, 1)
		require.Equal(t, "gebuehr.lint-luecke", p[0].Code)
		f.Entscheidung = schnitt.AddTage(1)
		_, err = luecke.Rechne(f)
		require.ErrorContains(t, err, "gebuehr.kein-tarif")
	})
}

// Where the day is not certain, both sums are shown and no third.
func TestStichtagProperties(t *testing.T) {
	t.Parallel()
	text := strings.Replace(beispielText(t), `"BSP-BWP-2", "norm": "Beispielsatzung", "von": "2027-01-01"`, `"BSP-BWP-2", "norm": "Beispielsatzung", "von": "2027-01-01"`, 1)
	text = strings.ReplaceAll(text, `"von_fruehestens": "2026-12-01", `, "")
	tab := geladen(t, text)
	rapid.Check(t, func(t *rapid.T) {
		eingang := datum.New(2026, 6, 1).AddTage(rapid.IntRange(0, 400).Draw(t, "eingang"))
		entscheidung := eingang.AddTage(rapid.IntRange(0, 200).Draw(t, "dauer"))
		l := rapid.SampledFrom(tenant.Laender()).Draw(t, "land")
		e, err := tab.Rechne(gebuehr.Fall{Land: l, Eingang: eingang, Entscheidung: entscheidung, Ansaetze: []gebuehr.Ansatz{{Posten: "bewohnerparken.ausweis-ort"}}})
		require.NoError(t, err)
		am := func(x datum.Datum) gebuehr.Betrag {
			if x.Vor(d("2027-01-01")) {
				return 6000
			}
			return 7200
		}
		haupt, neben := am(entscheidung), am(eingang)
		gesichert := false
		switch l {
		case tenant.LandTH:
			haupt, gesichert = am(eingang), true
		case tenant.LandNW, tenant.LandNI, tenant.LandBB:
			gesichert = true
		}
		require.Equal(t, haupt, e.Summe)
		require.Equal(t, !gesichert && haupt != neben, !e.Eindeutig())
		require.Equal(t, min(haupt, e.Niedrigste()), e.Niedrigste())
		require.Equal(t, max(haupt, e.Hoechste()), e.Hoechste())
	})
}

// A table of a town over the one of the Land: replaced, added, ended, and the Basis
// stays as it was.
func TestLoadOverBasis(t *testing.T) {
	t.Parallel()
	satz := func(b gebuehr.Betrag) gebuehr.Satz { return gebuehr.Satz{Art: gebuehr.ArtFest, Betrag: b} }
	basis := tabelle(t, satz(1000), "")
	neu := strings.Replace(tabelleText(t, satz(2000), ""), `"stand":"x"`, `"stand":"y"`, 1)
	tab, err := gebuehr.Load(strings.NewReader(neu), &gebuehr.LoadOptions{Basis: basis})
	require.NoError(t, err)
	f := gebuehr.Fall{Entscheidung: d("2026-06-01"), Ansaetze: []gebuehr.Ansatz{{Posten: "p"}}}
	e, err := tab.Rechne(f)
	require.NoError(t, err)
	require.Equal(t, "20.00", e.Summe.String())
	alt, err := basis.Rechne(f)
	require.NoError(t, err)
	require.Equal(t, "10.00", alt.Summe.String())
	require.NotEqual(t, tab.Kennung(), basis.Kennung())
	a, err := tab.Nachrechnen(alt)
	require.NoError(t, err)
	require.False(t, a.Gleich || a.GleichesRecht)
	require.Equal(t, []string{"Summe: bisher 10,00 €, jetzt 20,00 €.", "Position 1: bisher T-0 mit 10,00 €, jetzt T-0 mit 20,00 €.", "Mögliche Beträge: bisher 10,00 €, jetzt 20,00 €."}, a.Abweichungen)

	// Another id for the same Posten overlaps with the one of the Basis.
	_, err = gebuehr.Load(strings.NewReader(strings.ReplaceAll(neu, `"T-0"`, `"T-9"`)), &gebuehr.LoadOptions{Basis: basis})
	require.ErrorContains(t, err, "gebuehr.ueberlappt")
	// One made for a Land does not, and goes first there.
	land := strings.Replace(strings.ReplaceAll(neu, `"T-0"`, `"T-9"`), `"posten"`, `"laender":["SH"],"posten"`, 1)
	tab, err = gebuehr.Load(strings.NewReader(land), &gebuehr.LoadOptions{Basis: basis})
	require.NoError(t, err)
	f.Land = tenant.LandSH
	e, err = tab.Rechne(f)
	require.NoError(t, err)
	require.Equal(t, "20.00", e.Summe.String())
	f.Land = tenant.LandHE
	e, err = tab.Rechne(f)
	require.NoError(t, err)
	require.Equal(t, "10.00", e.Summe.String())
}

// A result is a plain value: JSON and back changes nothing, and what the caller does
// with his case afterwards does not reach it.
func TestErgebnisValue(t *testing.T) {
	t.Parallel()
	for _, c := range faelle {
		f := c.fall.Clone()
		e, err := gebuehr.Beispiele().Rechne(f)
		require.NoError(t, err)
		b, err := json.Marshal(e)
		require.NoError(t, err)
		var x gebuehr.Ergebnis
		require.NoError(t, json.Unmarshal(b, &x))
		noch, err := json.Marshal(x)
		require.NoError(t, err)
		require.Equal(t, string(b), string(noch), c.name)
		f.Ansaetze[0].Menge = 99
		for k := range f.Ansaetze[0].Punkte {
			f.Ansaetze[0].Punkte[k] = 99
		}
		if f.Ansaetze[0].Wert != nil {
			*f.Ansaetze[0].Wert = 99
		}
		danach, err := json.Marshal(e)
		require.NoError(t, err)
		require.Equal(t, string(b), string(danach), c.name)
	}
}
