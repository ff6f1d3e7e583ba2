package tenant_test

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write the golden files")

const baum tenant.Leistungsschluessel = "99012070006000"

func mitRang(z tenant.Zustaendigkeit, rang int) tenant.Zustaendigkeit { z.Rang = rang; return z }

func mitAGS(ags tenant.AGS, einheit, von, bis string) tenant.Zustaendigkeit {
	z := zustaendigkeit("", einheit, von, bis)
	z.AGS = ags
	return z
}

func TestAGS(t *testing.T) {
	t.Parallel()
	k, err := tenant.ParseAGS(" 06435014\n")
	require.NoError(t, err)
	require.Equal(t, tenant.AGS("06435014"), k)
	require.Equal(t, tenant.ARS("06435"), k.Kreis())
	for _, s := range []string{"", "0643501", "064350140", "0643501a", "17435014", "00000000", "DE06435014"} {
		_, err := tenant.ParseAGS(s)
		require.Equal(t, "tenant.ags", fehler.ProblemeIn(err)[0].Code, "%q", s)
	}
}

// An AGS rule meets the places of 12 digits that have this AGS, and is as exact as
// an ARS of 12 digits.
func TestRouteAGS(t *testing.T) {
	t.Parallel()
	z, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{
		zustaendigkeit("06435", "kreis", "", ""), zustaendigkeit("064350014", "verband", "", ""),
		mitAGS("06435014", "gemeinde", "2026-01-01", ""),
		zustaendigkeit("064350014014", "frueher", "", "2025-12-31"),
	})
	require.NoError(t, err)
	for ort, want := range map[tenant.ARS]string{
		"064350014014": "gemeinde", "064350099014": "gemeinde", "064350014": "verband", "06435": "kreis", "064350014015": "verband",
	} {
		ziel, err := z.Route(baum, ort, datum.MustParse("2026-06-01"))
		require.NoError(t, err)
		require.Equal(t, want, ziel.Einheit, ort)
	}
	ziel, err := z.Route(baum, "064350014014", datum.MustParse("2025-06-01"))
	require.NoError(t, err)
	require.Equal(t, "frueher", ziel.Einheit)
}

// Of one area the lowest Rang that is valid decides; a larger area never takes part.
func TestRang(t *testing.T) {
	t.Parallel()
	z, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{
		zustaendigkeit("", "bund", "", ""),
		mitRang(zustaendigkeit("064350014014", "zweite", "", ""), 1),
		mitAGS("06435014", "erste", "", "2026-06-30"),
		mitRang(mitAGS("06435014", "dritte", "", ""), 2),
	})
	require.NoError(t, err)
	names := func(tag string) (out []string) {
		s, err := z.Stellen(baum, "064350014014", datum.MustParse(tag))
		require.NoError(t, err)
		for _, x := range s {
			out = append(out, x.Einheit)
		}
		first, err := z.Route(baum, "064350014014", datum.MustParse(tag))
		require.NoError(t, err)
		require.Equal(t, s[0], first)
		return out
	}
	require.Equal(t, []string{"erste", "zweite", "dritte"}, names("2026-06-30"))
	require.Equal(t, []string{"zweite", "dritte"}, names("2026-07-01"))
	_, err = z.Stellen("99", "01", datum.MustParse("2026-01-01"))
	require.Equal(t, "routing.leistung-unbekannt", fehler.ProblemeIn(err)[0].Code)
}

func TestRefuseAreas(t *testing.T) {
	t.Parallel()
	both := mitAGS("06435014", "b", "", "")
	both.Gebiet = "06435"
	_, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{
		mitAGS("06435014", "ags", "", ""), both, mitAGS("0643501", "kurz", "", ""), mitRang(zustaendigkeit("01", "r", "", ""), 100),
		mitRang(zustaendigkeit("01", "r", "2026-02-01", "2026-01-01"), -1),
		zustaendigkeit("064350014014", "ars", "", ""), zustaendigkeit("064350099014", "other ARS of the AGS", "", ""),
	})
	var got []string
	for _, p := range fehler.ProblemeIn(err) {
		got = append(got, p.Pfad+" "+strings.TrimPrefix(p.Code, "tenant.zustaendigkeit-"))
		require.NotEmpty(t, p.Hinweis)
	}
	require.Equal(t, []string{"/1 gebiet", "/2 gebiet", "/3 rang", "/4 rang", "/4 zeitraum", "/5 ueberlappt", "/6 ueberlappt"}, got)
	p := fehler.ProblemeIn(err)[5]
	require.Contains(t, p.Meldung, "kiel/ags at /0")
	require.Contains(t, p.Meldung, "kiel/ars")
	require.Contains(t, p.Hinweis, "Nr. 1 (kiel/ags, unbefristet) und Nr. 6 (kiel/ars, unbefristet)")
}

// 100,000 equal rules make a bounded list in bounded time.
func TestManyOverlaps(t *testing.T) {
	t.Parallel()
	rules := slices.Repeat([]tenant.Zustaendigkeit{zustaendigkeit("01", "a", "", "")}, 100_000)
	_, err := tenant.NewZustaendigkeiten(rules)
	require.Len(t, fehler.ProblemeIn(err), 1000)
	_, again := tenant.NewZustaendigkeiten(rules)
	require.Equal(t, err.Error(), again.Error())
}

// regeln draws rules of a small world, so that they meet; those that overlap are left out.
func regeln(t *rapid.T) []tenant.Zustaendigkeit {
	gebiet := rapid.SampledFrom([]tenant.ARS{"", "06", "064", "06435", "064350014", "064350014014", "064350014015", "05", "05315"})
	var out []tenant.Zustaendigkeit
	for i := range rapid.IntRange(0, 12).Draw(t, "n") {
		z := zustaendigkeit(gebiet.Draw(t, "gebiet"), fmt.Sprint("e", i), "", "")
		if rapid.IntRange(0, 3).Draw(t, "ags") == 0 {
			z.Gebiet, z.AGS = "", rapid.SampledFrom([]tenant.AGS{"06435014", "06435015"}).Draw(t, "wert")
		}
		z.Rang = rapid.IntRange(0, 2).Draw(t, "rang")
		if n := rapid.IntRange(0, 10).Draw(t, "von"); n > 0 {
			z.Von = datum.New(2026, 1, n)
		}
		if n := rapid.IntRange(0, 10).Draw(t, "bis"); n > 0 {
			z.Bis = datum.New(2026, 1, n)
		}
		if _, err := tenant.NewZustaendigkeiten(append(slices.Clone(out), z)); err == nil {
			out = append(out, z)
		}
	}
	return out
}

// naiv is the rule of precedence written down plainly: most exact area, lowest Rang.
func naiv(regeln []tenant.Zustaendigkeit, ort tenant.ARS, tag datum.Datum) *tenant.Zustaendigkeit {
	var best *tenant.Zustaendigkeit
	exact := func(z tenant.Zustaendigkeit) int {
		if z.AGS != "" {
			return 12
		}
		return len(z.Gebiet)
	}
	for _, z := range regeln {
		ags, _ := ort.AGS()
		if !z.Enthaelt(tag) || z.AGS == "" && !z.Gebiet.Umfasst(ort) || z.AGS != "" && string(z.AGS) != ags {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(exact(z), exact(*best)), cmp.Compare(best.Rang, z.Rang)) > 0 {
			best = &z
		}
	}
	return best
}

// Route is the plain rule; neither it nor the Erklaerung depends on the order of the
// rules; the Erklaerung names the rule of Route and every rule once.
func TestRouteProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := regeln(t)
		a, err := tenant.NewZustaendigkeiten(list)
		require.NoError(t, err)
		b, err := tenant.NewZustaendigkeiten(rapid.Permutation(list).Draw(t, "order"))
		require.NoError(t, err)
		ort := rapid.SampledFrom([]tenant.ARS{"", "06", "06435", "064350014", "064350014014", "064350014015", "053150000000", "0643500", "11"}).Draw(t, "ort")
		tag := datum.New(2026, 1, rapid.IntRange(0, 12).Draw(t, "tag"))
		ziel, err := a.Route(baum, ort, tag)
		want := naiv(list, ort, tag)
		require.Equal(t, want != nil, err == nil)
		other, otherErr := b.Route(baum, ort, tag)
		require.Equal(t, ziel, other)
		require.Equal(t, err, otherErr)
		e := a.Explain(baum, ort, tag)
		require.Equal(t, e, b.Explain(baum, ort, tag))
		require.Len(t, e.Schritte, len(list)-e.Ausgelassen)
		var winners []tenant.Zustaendigkeit
		for _, s := range e.Schritte {
			require.NotEmpty(t, s.Satz)
			if s.Grund == tenant.GrundEntscheidet {
				winners = append(winners, s.Regel)
			}
		}
		if want == nil {
			require.Empty(t, winners)
			require.Nil(t, e.Entscheidet)
			require.Equal(t, fehler.ProblemeIn(err), e.Probleme)
			return
		}
		require.Equal(t, *want, ziel.Regel)
		require.Equal(t, []tenant.Zustaendigkeit{*want}, winners)
		require.Equal(t, *want, *e.Entscheidet)
		stellen, err := a.Stellen(baum, ort, tag)
		require.NoError(t, err)
		require.Equal(t, ziel, stellen[0])
	})
}

func beispiel(t testing.TB) *tenant.Zustaendigkeiten {
	list := []tenant.Zustaendigkeit{
		zustaendigkeit("", "bund", "", ""), zustaendigkeit("06", "land", "", ""), zustaendigkeit("06435", "kreis", "", ""),
		zustaendigkeit("064350014014", "altes-amt", "", "2026-06-30"), zustaendigkeit("064350014014", "amt", "2026-07-01", ""),
		mitRang(mitAGS("06435014", "vertretung", "", ""), 1), zustaendigkeit("064350014014", "kuenftig", "2027-01-01", "2027-12-31"),
		zustaendigkeit("01002", "kiel", "", ""), mitAGS("06435015", "nachbar", "2026-01-01", "2026-12-31"),
	}
	list[4].Bis = datum.MustParse("2026-12-31")
	for n := range 25 {
		list = append(list, zustaendigkeit(tenant.ARS(fmt.Sprintf("053%02d", n)), "fern", "", ""))
	}
	z, err := tenant.NewZustaendigkeiten(list)
	require.NoError(t, err)
	return z
}

func TestExplainGolden(t *testing.T) {
	t.Parallel()
	z := beispiel(t)
	var b strings.Builder
	for _, c := range []struct {
		leistung tenant.Leistungsschluessel
		ort      tenant.ARS
		tag      string
	}{{baum, "064350014014", "2026-11-23"}, {baum, "06435", "2026-11-23"}, {"99115005104000", "06435", "2026-11-23"}} {
		b.WriteString(z.Explain(c.leistung, c.ort, datum.MustParse(c.tag)).String() + "\n")
	}
	nur, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{zustaendigkeit("01002", "kiel", "2026-01-01", "2026-06-30")})
	require.NoError(t, err)
	for _, tag := range []string{"2025-11-23", "2026-11-23"} {
		b.WriteString(nur.Explain(baum, "010020000000", datum.MustParse(tag)).String() + "\n")
	}
	path := filepath.Join("testdata", "erklaerung.golden.txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(have), b.String(), "run with -update and read the difference")
}

func FuzzExplain(f *testing.F) {
	z := beispiel(f)
	f.Add(string(baum), "064350014014", 20)
	f.Add("", "DE\x00", -1)
	f.Fuzz(func(t *testing.T, l, ort string, tag int) {
		d := datum.New(2026, 1, 1).AddTage(tag % 1000)
		e := z.Explain(tenant.Leistungsschluessel(l), tenant.ARS(ort), d)
		ziel, err := z.Route(tenant.Leistungsschluessel(l), tenant.ARS(ort), d)
		if (err == nil) != (e.Entscheidet != nil) || err == nil && *e.Entscheidet != ziel.Regel || e.String() == "" {
			t.Fatal("the Erklaerung is not that of Route")
		}
	})
}

// viele makes n rules of one Leistung: half of them Gemeinden, half of them days in
// one Gemeinde.
func viele(n int) []tenant.Zustaendigkeit {
	out := make([]tenant.Zustaendigkeit, 0, n)
	for i := range n / 2 {
		out = append(out, zustaendigkeit(tenant.ARS(fmt.Sprintf("06%010d", 2*i+1)), "g", "", ""))
		z := zustaendigkeit("064350014014", "t", "", "")
		z.Von = datum.New(1900, 1, 1).AddTage(i)
		z.Bis = z.Von
		out = append(out, z)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// BenchmarkRoute: the time must not follow the number of rules; "x10" is how much
// longer it takes than with ten.
func BenchmarkRoute(b *testing.B) {
	var ten float64
	for _, n := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			z, err := tenant.NewZustaendigkeiten(viele(n))
			require.NoError(b, err)
			b.ReportAllocs()
			start, i := time.Now(), 0
			for b.Loop() {
				d := datum.New(1900, 1, 1).AddTage(i % (n / 2))
				i++
				if _, err := z.Route(baum, "064350014014", d); err != nil {
					b.Fatal(err)
				}
			}
			ns := float64(time.Since(start).Nanoseconds()) / float64(i)
			if n == 10 {
				ten = ns
			}
			b.ReportMetric(ns/ten, "x10")
		})
	}
}

// BenchmarkExplain: unlike Route, which decides for a delivery, the explanation for a
// person looks at every rule of the service, also those that are not in force.
func BenchmarkExplain(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			z, err := tenant.NewZustaendigkeiten(viele(n))
			require.NoError(b, err)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				z.Explain(baum, "064350014014", datum.New(1900, 1, 1).AddTage(i%(n/2)))
			}
		})
	}
}

func ExampleZustaendigkeiten_Explain() {
	z, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{
		{Leistung: baum, Gebiet: "06", Mandant: "land-he", Einheit: "forst"},
		{Leistung: baum, AGS: "06435014", Mandant: "hanau", Einheit: "gruen"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(z.Explain(baum, "064350014014", datum.MustParse("2026-03-02")))
	// Output:
	// Leistung 99012070006000, Ort Gemeinde 064350014014, Tag 02.03.2026
	// 1. hanau/gruen, Gemeinde mit AGS 06435014, unbefristet
	//    Diese Regel entscheidet: Ihr Gebiet (Gemeinde mit AGS 06435014) umfasst den Ort, und keine geltende Regel nennt ein genaueres.
	// 2. land-he/forst, Land 06 Hessen, unbefristet
	//    Diese Regel gilt auch (Land 06 Hessen), aber eine andere nennt ein genaueres Gebiet (Gemeinde mit AGS 06435014).
	// Ergebnis: Zuständig ist hanau/gruen.
}

func ExampleZustaendigkeiten_Stellen() {
	z, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{
		{Leistung: baum, Gebiet: "06435", Mandant: "hanau", Einheit: "gruen"},
		{Leistung: baum, Gebiet: "06435", Mandant: "main-kinzig", Einheit: "umwelt", Rang: 1},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stellen, _ := z.Stellen(baum, "064350014014", datum.MustParse("2026-03-02"))
	for _, s := range stellen {
		fmt.Println(s.Mandant, s.Einheit)
	}
	// Output:
	// hanau gruen
	// main-kinzig umwelt
}
