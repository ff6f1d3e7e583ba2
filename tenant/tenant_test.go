package tenant_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"ab", "kiel", "kreis-rd-eck", "a1", strings.Repeat("a", 40)} {
		id, err := tenant.ParseID(s)
		require.NoError(t, err)
		require.Equal(t, tenant.ID(s), id)
	}
	for _, s := range []string{"", "a", "1a", "-a", "a-", "Kiel", "kiel ", "kiel\n", "k/l", "..", "kä", strings.Repeat("a", 41)} {
		_, err := tenant.ParseID(s)
		require.ErrorIs(t, err, fehler.ErrInvalid, "%q", s)
	}
}

func TestLeistungsschluessel(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]tenant.Leistungsschluessel{
		"99012070006000": "99012070006000", " 99012070006000\n": "99012070006000",
		"urn:de:fim:leika:leistung:99012070006000": "99012070006000", "urn:de:fim:leika:leistung:1": "1",
	} {
		k, err := tenant.ParseLeistung(in)
		require.NoError(t, err)
		require.Equal(t, want, k)
		require.Equal(t, tenant.LeistungURN+string(want), k.URN())
		require.Equal(t, len(want) == 14, k.Regulaer())
	}
	for _, s := range []string{"", "urn:de:fim:leika:leistung:", "9901207000600a", "990120700060001", "urn:de:fim:leika:leistung:urn:de:fim:leika:leistung:1", "９９"} {
		_, err := tenant.ParseLeistung(s)
		require.ErrorIs(t, err, fehler.ErrInvalid, "%q", s)
	}
	require.False(t, tenant.Leistungsschluessel("99abcdefghijkl").Regulaer())
	require.False(t, tenant.Leistungsschluessel("12012070006000").Regulaer())
}

func TestARS(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]tenant.ARS{
		"01": "01", "010": "010", "01002": "01002", "010020000": "010020000", "010020000000": "010020000000",
		"DE010020000000": "010020000000", "DE000000000000": "", "000000000000": "", " 16 ": "16",
	} {
		a, err := tenant.ParseARS(in)
		require.NoError(t, err, in)
		require.Equal(t, want, a)
	}
	for _, s := range []string{"", "DE", "0", "0100", "17", "00", "990020000000", "0100200000001", "0100200000ab", "AT010020000000"} {
		_, err := tenant.ParseARS(s)
		require.ErrorIs(t, err, fehler.ErrInvalid, "%q", s)
	}
	l, ok := tenant.ARS("010020000000").Land()
	require.True(t, ok)
	require.Equal(t, tenant.LandSH, l)
	_, ok = tenant.ARS("").Land()
	require.False(t, ok)
	ags, ok := tenant.ARS("051110000000").AGS()
	require.True(t, ok)
	require.Equal(t, "05111000", ags)
	_, ok = tenant.ARS("05111").AGS()
	require.False(t, ok)
	require.True(t, tenant.ARS("").Umfasst("01"))
	require.True(t, tenant.ARS("01002").Umfasst("010020000000"))
	require.False(t, tenant.ARS("010020000000").Umfasst("01002"))
	require.False(t, tenant.ARS("01002").Umfasst("01003"))
}

func TestNummernschema(t *testing.T) {
	t.Parallel()
	w := tenant.Nummernwerte{Jahr: 2026, Nummer: 17, Aktenplan: "67.1", Einheit: "gruen"}
	for s, want := range map[tenant.Nummernschema]string{
		"": "2026-0000017", "KI-{jahr}-{nummer:6}": "KI-2026-000017", "{nummer}/{jj}": "17/26",
		"{aktenplan}-{einheit}-{jahr}-{nummer:1}": "67.1-gruen-2026-17", "{jahr}}{nummer}": "2026}17",
	} {
		got, err := s.Format(w)
		require.NoError(t, err, s)
		require.Equal(t, want, got)
	}
	for _, s := range []tenant.Nummernschema{"{jahr}", "{nummer}", "{aktenplan}-{nummer}", "{jahr}{nummer", "{jahr}{x}{nummer}", "{jahr}{nummer:0}", "{jahr}{nummer:19}", "{jahr}{nummer:x}", "{jahr}{nummer:}", "{jahr:4}{nummer}", "{Jahr}{nummer}", "{{jahr}}{nummer}"} {
		_, err := s.Format(w)
		require.ErrorIs(t, err, fehler.ErrInvalid, "%q", s)
	}
	for _, bad := range []tenant.Nummernwerte{{Jahr: 2026}, {Jahr: 2026, Nummer: -1}, {Jahr: -1, Nummer: 1}, {Jahr: 10000, Nummer: 1}} {
		_, err := tenant.Standardschema.Format(bad)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	// Different counts and years never give the same number.
	rapid.Check(t, func(t *rapid.T) {
		a := tenant.Nummernwerte{Jahr: rapid.IntRange(2000, 2099).Draw(t, "j1"), Nummer: rapid.Int64Range(1, 1e12).Draw(t, "n1")}
		b := tenant.Nummernwerte{Jahr: rapid.IntRange(2000, 2099).Draw(t, "j2"), Nummer: rapid.Int64Range(1, 1e12).Draw(t, "n2")}
		for _, s := range []tenant.Nummernschema{"", "{jj}-{nummer:3}"} {
			x, err := s.Format(a)
			require.NoError(t, err)
			y, err := s.Format(b)
			require.NoError(t, err)
			require.Equal(t, a == b, x == y)
		}
	})
}

func TestAkteur(t *testing.T) {
	t.Parallel()
	var nobody tenant.Akteur
	require.False(t, nobody.Hat(tenant.Poststelle, tenant.Leitung, ""))
	a := tenant.Akteur{ID: "a", Rollen: []tenant.Rolle{tenant.Leitung}, Einheiten: []string{"gruen"}}
	require.True(t, a.Hat(tenant.Poststelle, tenant.Leitung))
	require.False(t, a.Hat())
	require.True(t, a.SiehtEinheit("gruen"))
	require.False(t, a.SiehtEinheit("tiefbau"))
	require.True(t, tenant.Akteur{}.SiehtEinheit("tiefbau"))
	require.Equal(t, []string{"a"}, a.Augen())
	a.VertretungFuer = "b"
	require.Equal(t, []string{"a", "b"}, a.Augen())
	s := tenant.System("relay")
	require.Equal(t, tenant.Maschine, s.Art)
	require.True(t, s.Hat(tenant.RolleSystem))
	b, err := json.Marshal(nobody)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"","art":""}`, string(b))
}

func TestMandant(t *testing.T) {
	t.Parallel()
	m := tenant.Mandant{
		Einheiten:  []tenant.Organisationseinheit{{ID: "gruen", Name: "Grünflächenamt"}},
		Leistungen: []tenant.Leistung{{Schluessel: "99012070006000", Name: "Baumfällgenehmigung"}},
	}
	e, ok := m.Einheit("gruen")
	require.True(t, ok)
	require.Equal(t, "Grünflächenamt", e.Name)
	_, ok = m.Einheit("x")
	require.False(t, ok)
	l, ok := m.Leistung("99012070006000")
	require.True(t, ok)
	require.Equal(t, "Baumfällgenehmigung", l.Name)
	_, ok = m.Leistung("1")
	require.False(t, ok)
	require.Equal(t, []string{"Hinterhaus", "Fleethörn 9", "24103 Kiel"},
		tenant.Anschrift{Strasse: "Fleethörn", Hausnummer: "9", Zusatz: "Hinterhaus", PLZ: "24103", Ort: "Kiel"}.Zeilen())
	require.Equal(t, []string{"Kiel"}, tenant.Anschrift{Ort: "Kiel"}.Zeilen())
	require.True(t, tenant.Anschrift{}.IsZero())
	require.Empty(t, tenant.Anschrift{}.Zeilen())
}

func fuzzInvalid(t *testing.T, err error) {
	if len(fehler.ProblemeIn(err)) != 1 {
		t.Fatalf("the error is no Problem: %v", err)
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("kiel")
	f.Add("-")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := tenant.ParseID(s)
		if err != nil {
			fuzzInvalid(t, err)
			return
		}
		if string(id) != s || strings.ContainsAny(s, "/\\. \n\x00") || len(s) > 40 {
			t.Fatalf("%q is an id", s)
		}
	})
}

func FuzzParseLeistung(f *testing.F) {
	f.Add("urn:de:fim:leika:leistung:99012070006000")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := tenant.ParseLeistung(s)
		if err != nil {
			fuzzInvalid(t, err)
			return
		}
		if again, err := tenant.ParseLeistung(k.URN()); err != nil || again != k {
			t.Fatalf("%q: no round trip", s)
		}
	})
}

func FuzzParseARS(f *testing.F) {
	f.Add("DE010020000000")
	f.Add("DE000000000000")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := tenant.ParseARS(s)
		if err != nil {
			fuzzInvalid(t, err)
			return
		}
		if _, ok := a.Land(); !ok && a != "" {
			t.Fatalf("%q has no Land", s)
		}
		if again, err := tenant.ParseARS(string(a)); a != "" && (err != nil || again != a) {
			t.Fatalf("%q: no round trip", s)
		}
	})
}

func FuzzParseLand(f *testing.F) {
	f.Add("DE-SH")
	f.Fuzz(func(t *testing.T, s string) {
		l, err := tenant.ParseLand(s)
		if (err == nil) != l.Valid() {
			t.Fatalf("%q: %q, %v", s, l, err)
		}
	})
}

func FuzzNummernschema(f *testing.F) {
	f.Add("KI-{jahr}-{nummer:6}")
	f.Add("{{{nummer:99}")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := tenant.Nummernschema(s).Format(tenant.Nummernwerte{Jahr: 2026, Nummer: 7})
		if err != nil {
			fuzzInvalid(t, err)
		} else if !strings.Contains(n, "7") || !strings.Contains(n, "26") {
			t.Fatalf("%q gives %q", s, n)
		}
	})
}

func zustaendigkeit(gebiet tenant.ARS, einheit, von, bis string) tenant.Zustaendigkeit {
	z := tenant.Zustaendigkeit{Leistung: "99012070006000", Gebiet: gebiet, Mandant: "kiel", Einheit: einheit}
	_ = z.Von.UnmarshalText([]byte(von))
	_ = z.Bis.UnmarshalText([]byte(bis))
	return z
}

func TestRoute(t *testing.T) {
	t.Parallel()
	z, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{
		zustaendigkeit("", "bund", "", ""),
		zustaendigkeit("01", "land", "", ""),
		zustaendigkeit("01002", "alt", "", "2026-06-30"),
		zustaendigkeit("01002", "neu", "2026-07-01", ""),
		zustaendigkeit("010020000000", "stadt", "2026-01-01", "2026-01-31"),
	})
	require.NoError(t, err)
	for _, c := range []struct {
		ort     tenant.ARS
		tag     string
		einheit string
	}{
		{"010020000000", "2026-01-01", "stadt"}, {"010020000000", "2026-01-31", "stadt"},
		{"010020000000", "2025-12-31", "alt"}, {"010020000000", "2026-02-01", "alt"},
		{"010020000000", "2026-06-30", "alt"}, {"010020000000", "2026-07-01", "neu"},
		{"01002", "2026-01-15", "alt"}, {"01003", "2026-01-15", "land"}, {"02", "2026-01-15", "bund"}, {"", "2026-01-15", "bund"},
		{tenant.ARS("01002" + strings.Repeat("0", 1<<20)), "2026-01-15", "stadt"},
	} {
		ziel, err := z.Route("99012070006000", c.ort, datum.MustParse(c.tag))
		require.NoError(t, err)
		require.Equal(t, c.einheit, ziel.Einheit, "%.20s on %s", c.ort, c.tag)
		require.Equal(t, tenant.ID("kiel"), ziel.Mandant)
		require.Contains(t, ziel.Regel.String(), c.einheit)
	}
	_, err = z.Route("99012070006001", "01", datum.MustParse("2026-01-15"))
	require.Equal(t, "routing.leistung-unbekannt", fehler.ProblemeIn(err)[0].Code)
	z, err = tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{zustaendigkeit("01", "land", "2026-01-01", "")})
	require.NoError(t, err)
	for ort, tag := range map[tenant.ARS]string{"02": "2026-01-15", "01": "2025-12-31"} {
		_, err = z.Route("99012070006000", ort, datum.MustParse(tag))
		require.Equal(t, "routing.gebiet-unbekannt", fehler.ProblemeIn(err)[0].Code)
	}
}

func TestZustaendigkeitenRefuse(t *testing.T) {
	t.Parallel()
	_, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{
		zustaendigkeit("01", "a", "", "2026-06-30"), zustaendigkeit("01", "b", "2026-06-30", ""), zustaendigkeit("01", "c", "", ""),
		{}, zustaendigkeit("SH", "d", "", ""), zustaendigkeit("02", "e", "2026-02-01", "2026-01-01"),
	})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	var got []string
	for _, p := range fehler.ProblemeIn(err) {
		got = append(got, p.Pfad+" "+p.Code)
	}
	require.Equal(t, []string{
		"/1 tenant.zustaendigkeit-ueberlappt", "/2 tenant.zustaendigkeit-ueberlappt", "/2 tenant.zustaendigkeit-ueberlappt",
		"/3 tenant.zustaendigkeit-unvollstaendig", "/4 tenant.zustaendigkeit-gebiet", "/5 tenant.zustaendigkeit-zeitraum",
	}, got)
}

// Two rules overlap exactly if some day is in both.
func TestOverlapMeansACommonDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day := func(name string) datum.Datum {
			if n := rapid.IntRange(0, 8).Draw(t, name); n > 0 {
				return datum.New(2026, 1, n)
			}
			return datum.Datum{}
		}
		a, b := zustaendigkeit("01", "a", "", ""), zustaendigkeit("01", "b", "", "")
		a.Von, a.Bis, b.Von, b.Bis = day("av"), day("ab"), day("bv"), day("bb")
		for _, z := range []tenant.Zustaendigkeit{a, b} {
			if !z.Von.IsZero() && !z.Bis.IsZero() && z.Bis.Vor(z.Von) {
				return
			}
		}
		common := false
		for n := -1; n < 12; n++ {
			x := datum.New(2026, 1, n)
			common = common || (a.Enthaelt(x) && b.Enthaelt(x))
		}
		_, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{a, b})
		require.Equal(t, common, err != nil, "%v %v", a, b)
	})
}

func ExampleZustaendigkeiten_Route() {
	z, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{
		{Leistung: "99012070006000", Gebiet: "01", Mandant: "land-sh", Einheit: "forst"},
		{Leistung: "99012070006000", Gebiet: "01002", Mandant: "kiel", Einheit: "gruen"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ziel, _ := z.Route("99012070006000", "010020000000", datum.MustParse("2026-03-02"))
	fmt.Println(ziel.Mandant, ziel.Einheit)
	fmt.Println(ziel.Regel)
	// Output:
	// kiel gruen
	// 99012070006000 in "01002" -> kiel/gruen
}

func ExampleNummernschema_Format() {
	n, err := tenant.Nummernschema("KI-{jahr}-{nummer:6}").Format(tenant.Nummernwerte{Jahr: 2026, Nummer: 17})
	fmt.Println(n, err)
	// Output: KI-2026-000017 <nil>
}

func ExampleParseARS() {
	a, _ := tenant.ParseARS("DE010020000000")
	land, _ := a.Land()
	ags, _ := a.AGS()
	fmt.Println(a, land, ags)
	// Output: 010020000000 SH 01002000
}
