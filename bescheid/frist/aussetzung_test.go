package frist_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// ruht gives suspensions from pairs "von bis"; a missing end is open.
func ruht(paare ...string) []frist.Aussetzung {
	var out []frist.Aussetzung
	for _, p := range paare {
		von, bis, _ := strings.Cut(p, " ")
		out = append(out, frist.Aussetzung{Von: d(von), Bis: d(bis), Grund: "Unterlagen fehlen"})
	}
	return out
}

func TestAussetzung(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	sh := land(tenant.LandSH)
	monat := &frist.Dauer{N: 1, Einheit: frist.EinheitMonat}
	wochen := &frist.Dauer{N: 2, Einheit: frist.EinheitWoche}
	fiktion := func(a []frist.Aussetzung) frist.Eingabe {
		return frist.Eingabe{Genehmigungsfiktion: &frist.GenehmigungsfiktionFall{Vollstaendig: d("2026-01-14"), Aussetzungen: a, Behoerde: sh}}
	}
	verlaengert := func(a []frist.Aussetzung, mitgeteilt string) frist.Eingabe {
		e := fiktion(a)
		f := e.Genehmigungsfiktion
		f.Verlaengerung, f.VerlaengerungGrund, f.Mitgeteilt = monat, "Gutachten nötig", d(mitgeteilt)
		return e
	}
	stand := func(e frist.Eingabe, tag string) frist.Eingabe {
		e.Genehmigungsfiktion.Stand = d(tag)
		return e
	}
	for _, c := range []struct {
		name string
		in   frist.Eingabe
		tage []string // nil: open
		ruhe string
		vor  string
		warn string
	}{
		{"none", fiktion(nil), []string{"2026-04-14"}, "", "", ""},
		{"fourteen days inside", fiktion(ruht("2026-02-02 2026-02-15")), []string{"2026-04-28"}, "2026-02-02 2026-02-15", "", "frist.konfidenz"},
		{"overlap counts once, end on a Sunday", fiktion(ruht("2026-02-10 2026-02-20", "2026-02-02 2026-02-15")), []string{"2026-05-03", "2026-05-04"}, "2026-02-02 2026-02-20", "", ""},
		{"days before the start do not count", fiktion(ruht("2026-01-01 2026-01-20")), []string{"2026-04-20"}, "2026-01-15 2026-01-20", "", ""},
		{"from the last day on", fiktion(ruht("2026-04-14 2026-04-15")), []string{"2026-04-16"}, "2026-04-14 2026-04-15", "", ""},
		{"inside the added time", fiktion(ruht("2026-02-02 2026-02-15", "2026-04-20 2026-04-23")), []string{"2026-05-02", "2026-05-04"}, "2026-02-02 2026-02-15, 2026-04-20 2026-04-23", "", ""},
		{"after the end", fiktion(ruht("2026-06-01 2026-06-15")), []string{"2026-04-14"}, "", "", "frist.aussetzung-ausserhalb"},
		{"open after the end", fiktion(ruht("2026-06-01")), []string{"2026-04-14"}, "", "", "frist.aussetzung-ausserhalb"},
		{"open, known for its first day", fiktion(ruht("2026-04-01")), nil, "2026-04-01 2026-04-01", "2026-04-15", ""},
		{"open, known up to a day", stand(fiktion(ruht("2026-04-01")), "2026-04-10"), nil, "2026-04-01 2026-04-10", "2026-04-24", ""},
		{"and extended in time", verlaengert(ruht("2026-02-02 2026-02-15"), "2026-04-20"), []string{"2026-05-28"}, "2026-02-02 2026-02-15", "", ""},
		{"extended after the moved end", verlaengert(ruht("2026-02-02 2026-02-15"), "2026-04-29"), []string{"2026-04-28"}, "2026-02-02 2026-02-15", "", "frist.verlaengerung-spaet"},
		{"suspended in the extension", verlaengert(ruht("2026-05-04 2026-05-08"), "2026-04-10"), []string{"2026-05-19"}, "2026-05-04 2026-05-08", "", ""},
		{"open and extended meanwhile", verlaengert(ruht("2026-04-01"), "2026-06-01"), nil, "2026-04-01 2026-04-01", "2026-05-15", ""},
		{"not complete yet", frist.Eingabe{Genehmigungsfiktion: &frist.GenehmigungsfiktionFall{Eingang: d("2026-01-10"), Stand: d("2026-01-14"), Behoerde: sh}}, nil, "", "2026-04-14", ""},
		{"period of the authority", frist.Eingabe{Behoerdenfrist: &frist.BehoerdenfristFall{Am: d("2026-03-02"), Dauer: wochen, Aussetzungen: ruht("2026-03-14 2026-03-15"), Behoerde: sh}},
			[]string{"2026-03-18"}, "2026-03-14 2026-03-15", "", ""},
		{"fixed day", frist.Eingabe{Behoerdenfrist: &frist.BehoerdenfristFall{Am: d("2026-03-02"), Tag: d("2026-03-16"), Aussetzungen: ruht("2026-02-20 2026-03-04"), Behoerde: sh}},
			[]string{"2026-03-18"}, "2026-03-03 2026-03-04", "", ""},
		{"between the last day and the working day", frist.Eingabe{Behoerdenfrist: &frist.BehoerdenfristFall{Am: d("2026-03-01"), Dauer: wochen, Aussetzungen: ruht("2026-03-16 2026-03-18"), Behoerde: sh}},
			[]string{"2026-03-16", "2026-03-19"}, "", "", "frist.aussetzung-rand"},
		{"extended after its end, which tells back", frist.Eingabe{Behoerdenfrist: &frist.BehoerdenfristFall{Am: d("2026-03-02"), Dauer: wochen, Verlaengerung: wochen, Mitgeteilt: d("2026-03-20"), Behoerde: sh}},
			[]string{"2026-03-30"}, "", "", "frist.verlaengerung-ohne-grund"},
		{"processing period", frist.Eingabe{Bearbeitungsfrist: &frist.BearbeitungsfristFall{Am: d("2026-01-14"), Dauer: frist.Dauer{N: 3, Einheit: frist.EinheitMonat}, Norm: "§ 1 Fachgesetz",
			Aussetzungen: ruht("2026-02-02 2026-02-15"), Verlaengerung: monat, VerlaengerungGrund: "Gutachten nötig", Mitgeteilt: d("2026-04-20"), Behoerde: sh}},
			[]string{"2026-05-28"}, "2026-02-02 2026-02-15", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := r.Berechne(c.in)
			require.NoError(t, err)
			require.Equal(t, c.tage, tage(e), e.Schritte)
			var ruhe []string
			for _, z := range e.Ruhezeiten {
				ruhe = append(ruhe, z.Von.String()+" "+z.Bis.String())
				require.Equal(t, z.Von.TageBis(z.Bis)+1, z.Tage)
				require.Equal(t, "Unterlagen fehlen", z.Grund)
			}
			require.Equal(t, c.ruhe, strings.Join(ruhe, ", "), e.Schritte)
			require.Equal(t, c.vor, e.NichtVor.String())
			if c.warn != "" {
				require.NotEmpty(t, filter(e, c.warn), e.Warnungen)
			}
			require.Equal(t, c.tage == nil, e.Lage == frist.LageOffen)
			gleichNachgerechnet(t, r, e)
		})
	}
}

// gleichNachgerechnet: the result goes through JSON and comes out the same again.
func gleichNachgerechnet(t require.TestingT, r *frist.Rechner, e frist.Ergebnis) {
	b, err := json.Marshal(e)
	require.NoError(t, err)
	var back frist.Ergebnis
	require.NoError(t, json.Unmarshal(b, &back))
	a, err := r.Nachrechnen(back)
	require.NoError(t, err)
	require.True(t, a.Gleich, a.Abweichungen)
	require.True(t, a.GleichesRecht)
	b2, err := json.Marshal(a.Neu)
	require.NoError(t, err)
	require.JSONEq(t, string(b), string(b2))
}

// The steps a clerk reads, for the ways a period can be held up.
func TestAussetzungGolden(t *testing.T) {
	r := frist.New(nil)
	var b strings.Builder
	for _, f := range []frist.GenehmigungsfiktionFall{
		{Vollstaendig: d("2026-01-14"), Aussetzungen: ruht("2026-01-01 2026-01-20", "2026-02-02 2026-02-15", "2026-02-10 2026-02-20", "2027-01-01 2027-01-02")},
		{Vollstaendig: d("2026-01-14"), Aussetzungen: ruht("2026-02-02 2026-02-15", "2026-04-01"), Stand: d("2026-04-10"),
			Verlaengerung: &frist.Dauer{N: 1, Einheit: frist.EinheitMonat}, VerlaengerungGrund: "das Gutachten liegt noch nicht vor", Mitgeteilt: d("2026-04-08")},
		{Eingang: d("2026-01-10"), Stand: d("2026-01-14")},
	} {
		f.Behoerde = land(tenant.LandSH)
		e, err := r.Genehmigungsfiktion(f)
		require.NoError(t, err)
		b.WriteString(strings.Join(e.Schritte, "\n") + "\n")
		for _, p := range e.Warnungen {
			b.WriteString("! " + p.Hinweis + "\n")
		}
		b.WriteString("= " + string(e.Lage) + " " + strings.Join(tage(e), " ") + e.NichtVor.String() + " " + string(e.Konfidenz) + "\n\n")
	}
	golden(t, "testdata/aussetzung.txt", b.String())
}

func TestAussetzungProblems(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	gut := frist.BearbeitungsfristFall{Am: d("2026-01-14"), Dauer: frist.Dauer{N: 3, Einheit: frist.EinheitMonat}, Norm: "N", Aussetzungen: ruht("2026-02-02 2026-02-15"), Behoerde: land(tenant.LandSH)}
	_, err := r.Bearbeitungsfrist(gut)
	require.NoError(t, err)
	monat := gut.Dauer
	for name, c := range map[string]struct {
		code string
		f    func(*frist.BearbeitungsfristFall)
	}{
		"reihenfolge": {"frist.aussetzung-reihenfolge", func(f *frist.BearbeitungsfristFall) { f.Aussetzungen = ruht("2026-02-02 2026-02-01") }},
		"grund":       {"frist.aussetzung-grund", func(f *frist.BearbeitungsfristFall) { f.Aussetzungen = []frist.Aussetzung{{Von: d("2026-02-02")}} }},
		"von":         {"frist.datum-fehlt", func(f *frist.BearbeitungsfristFall) { f.Aussetzungen = ruht(" 2026-02-01") }},
		"anzahl":      {"frist.aussetzung-anzahl", func(f *frist.BearbeitungsfristFall) { f.Aussetzungen = make([]frist.Aussetzung, 201) }},
		"bereich":     {"frist.datum-bereich", func(f *frist.BearbeitungsfristFall) { f.Aussetzungen = ruht("2026-02-02 2199-12-31") }},
		"norm":        {"frist.norm", func(f *frist.BearbeitungsfristFall) { f.Norm = "" }},
		"mitgeteilt":  {"frist.datum-fehlt", func(f *frist.BearbeitungsfristFall) { f.Verlaengerung = &monat }},
	} {
		f := gut
		c.f(&f)
		_, err := r.Bearbeitungsfrist(f)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		require.Equal(t, c.code, fehler.ProblemeIn(err)[0].Code, name)
	}
	_, err = r.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Eingang: d("2026-01-14"), Vollstaendig: d("2026-01-13"), Behoerde: land(tenant.LandSH)})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = r.Behoerdenfrist(frist.BehoerdenfristFall{Tag: d("2026-03-16"), Aussetzungen: ruht("2026-03-02 2026-03-03"), Behoerde: land(tenant.LandSH)})
	require.Equal(t, "frist.datum-fehlt", fehler.ProblemeIn(err)[0].Code, "a fixed day alone does not tell which days lie inside")
	_, err = r.Behoerdenfrist(frist.BehoerdenfristFall{Tag: d("2026-03-16"), OhneVerschiebung: true, Verlaengerung: &monat, Behoerde: land(tenant.LandSH)})
	require.Equal(t, "frist.verlaengerung", fehler.ProblemeIn(err)[0].Code)

	// What one authority may not do, its own rules forbid.
	w, err := frist.Load(strings.NewReader(`{"stand":"x","quellen":{"Q":{"titel":"Q"}},"regeln":[{"id":"X-KEINE","norm":"N","zweck":"hemmung","laender":["SH"],"n":0,"art":"keine","quelle":["Q"],"konfidenz":"A","hinweis":"Eine Aussetzung sieht das Landesrecht nicht vor."}]}`), nil)
	require.NoError(t, err)
	_, err = frist.New(&frist.Options{Regelwerk: w}).Bearbeitungsfrist(gut)
	require.Equal(t, "frist.keine-regel", fehler.ProblemeIn(err)[0].Code)
}

func roh(e frist.Ergebnis) datum.Datum {
	for _, k := range e.Kandidaten {
		if k.Haupt {
			return k.Roh
		}
	}
	return datum.Datum{}
}

func TestAussetzungProperties(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	k := r.Kalender()
	rapid.Check(t, func(t *rapid.T) {
		l, am, dauer := land(genLand.Draw(t, "land")), genTag.Draw(t, "am"), genDauer.Draw(t, "dauer")
		rechne := func(am datum.Datum, a ...frist.Aussetzung) frist.Ergebnis {
			e, err := r.Behoerdenfrist(frist.BehoerdenfristFall{Am: am, Dauer: &dauer, Aussetzungen: a, Behoerde: l})
			require.NoError(t, err)
			return e
		}
		ohne := rechne(am)
		laenge := am.TageBis(roh(ohne))

		// k days inside move the unshifted end by exactly k days, ...
		n := rapid.IntRange(1, 60).Draw(t, "tage")
		von := am.AddTage(rapid.IntRange(1, laenge).Draw(t, "von"))
		eine := frist.Aussetzung{Von: von, Bis: von.AddTage(n - 1), Grund: "g"}
		mit := rechne(am, eine)
		require.Equal(t, roh(ohne).AddTage(n), roh(mit))
		require.Equal(t, n, mit.Ruhezeiten[0].Tage)
		require.NotEqual(t, frist.Nein, k.IsWerktag(l.Ort, mit.Datum), "the end is a working day")
		// ... and taking them away again gives the end without.
		require.Equal(t, roh(ohne), roh(mit).AddTage(-mit.Ruhezeiten[0].Tage))

		// Splitting, doubling or another order change nothing.
		mitte := rapid.IntRange(0, n-1).Draw(t, "mitte")
		teile := []frist.Aussetzung{{Von: von, Bis: von.AddTage(mitte), Grund: "g"}}
		if mitte < n-1 {
			teile = append(teile, frist.Aussetzung{Von: von.AddTage(mitte + 1), Bis: eine.Bis, Grund: "g"})
		}
		geteilt := rechne(am, teile...)
		require.Equal(t, mit.Kandidaten, geteilt.Kandidaten)
		require.Equal(t, mit.Ruhezeiten, geteilt.Ruhezeiten)
		require.Equal(t, mit.Schritte, geteilt.Schritte)
		slices.Reverse(teile)
		require.Equal(t, geteilt.Schritte, rechne(am, teile...).Schritte)
		require.Equal(t, mit.Kandidaten, rechne(am, append(teile, eine)...).Kandidaten)

		// Before the start and after the end it changes no date.
		draussen := rechne(am, frist.Aussetzung{Von: am.AddTage(-n), Bis: am, Grund: "g"}, frist.Aussetzung{Von: ohne.Spaetestes().AddTage(1), Grund: "g"})
		require.Equal(t, ohne.Kandidaten, draussen.Kandidaten)
		require.Equal(t, frist.LageBestimmt, draussen.Lage)

		// While it lasts there is no end, and none of the later ends lies before.
		offen := rechne(am, frist.Aussetzung{Von: von, Grund: "g"})
		require.Equal(t, frist.LageOffen, offen.Lage)
		require.Empty(t, offen.Kandidaten)
		require.False(t, mit.Fruehestes().Vor(offen.NichtVor))

		// Days and weeks: who starts later never ends earlier. Months do not promise
		// this, for two starts can share an end and one of them the suspended day.
		if dauer.Einheit == frist.EinheitTag || dauer.Einheit == frist.EinheitWoche {
			spaeter := rechne(am.AddTage(rapid.IntRange(1, 90).Draw(t, "spaeter")), eine)
			require.False(t, roh(spaeter).Vor(roh(mit)))
			require.False(t, spaeter.Datum.Vor(mit.Datum))
		}
		for _, e := range []frist.Ergebnis{ohne, mit, geteilt, draussen, offen} {
			gleichNachgerechnet(t, r, e)
		}
	})
}

// Whatever case comes as JSON: no panic, and a result can be repeated.
func FuzzEingabe(f *testing.F) {
	b, err := os.ReadFile("testdata/eingaben.json")
	if err != nil {
		f.Fatal(err)
	}
	var alle []json.RawMessage
	if err := json.Unmarshal(b, &alle); err != nil {
		f.Fatal(err)
	}
	for _, e := range alle {
		f.Add([]byte(e))
	}
	r := frist.New(nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		var in frist.Eingabe
		if len(b) > 1<<16 || json.Unmarshal(b, &in) != nil {
			return
		}
		e, err := r.Berechne(in)
		if err != nil {
			if fehler.ProblemeIn(err) == nil {
				t.Fatalf("an error without problems: %v", err)
			}
			return
		}
		for _, d := range []datum.Datum{e.Datum, e.NichtVor, e.Fruehestes()} {
			if !d.IsZero() && d.Jahr() > 2210 {
				t.Fatalf("no usable date: %v", d)
			}
		}
		gleichNachgerechnet(t, r, e)
	})
}
