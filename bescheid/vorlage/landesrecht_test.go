package vorlage_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func begruendung(t *testing.T, s *vorlage.Sammlung, p vorlage.Params) string {
	t.Helper()
	v, err := s.Choose(p)
	require.NoError(t, err)
	e, err := v.Beispiel()
	require.NoError(t, err)
	for _, x := range e.Teile {
		if x.Block == "grund" {
			return strings.ReplaceAll(x.Text, "\u00a0", " ")
		}
	}
	t.Fatal("no block grund")
	return ""
}

const ort = "{{verfahrensrecht § 49 Abs. 6 in Verbindung mit § 48 Abs. 3 Satz 5}}"

func mitOrt(neu string) string {
	return strings.Replace(probe, "Weil {{wenn zusatz ist nicht leer}}{{zusatz}}{{sonst}}nichts{{ende}}", neu, 1)
}

// The law of procedure is cited as in the Land.
func TestVerfahrensrecht(t *testing.T) {
	s, err := lade(t, mitOrt(ort))
	require.NoError(t, err)
	for land, want := range map[tenant.Land]string{
		"":            "§ 49 Abs. 6 in Verbindung mit § 48 Abs. 3 Satz 5 VwVfG",
		tenant.LandBY: "Art. 49 Abs. 6 in Verbindung mit Art. 48 Abs. 3 Satz 5 BayVwVfG",
		tenant.LandNW: "§ 49 Abs. 6 in Verbindung mit § 48 Abs. 3 Satz 5 VwVfG NRW",
		tenant.LandNI: "§ 49 Abs. 6 in Verbindung mit § 48 Abs. 3 Satz 5 VwVfG in Verbindung mit § 1 NVwVfG",
		tenant.LandSH: "§ 117 in Verbindung mit § 116 LVwG",
	} {
		got := begruendung(t, s, vorlage.Params{ID: "probe", Tag: tag, Land: land})
		require.True(t, strings.HasPrefix(got, want+":"), "%s: %s", land, got)
	}
	seen := map[string]bool{}
	for _, l := range tenant.Laender() {
		seen[begruendung(t, s, vorlage.Params{ID: "probe", Tag: tag, Land: l})] = true
	}
	require.Len(t, seen, 16, "each Land cites its own law")
}

// Two laws of a Land follow one another, and a template for one Land meets that one only.
func TestLandesrechtByDay(t *testing.T) {
	r, err := vorlage.LoadLandesrecht(strings.NewReader(`[
		{"land": "HB", "bis": "2026-06-30", "name": "AltG", "paragraphen": {"36": "5"}, "quelle": "Test", "konfidenz": "A"},
		{"land": "HB", "von": "2026-07-01", "verweis": "§ 1 NeuG", "quelle": "Test", "konfidenz": "A"}]`))
	require.NoError(t, err)
	o := &vorlage.LoadOptions{Landesrecht: r}
	s, err := vorlage.Load(strings.NewReader(mitOrt("{{verfahrensrecht § 36}}")), o)
	require.NoError(t, err)
	p := vorlage.Params{ID: "probe", Land: tenant.LandHB, Tag: datum.MustParse("2026-06-30")}
	require.Contains(t, begruendung(t, s, p), "§ 5 AltG")
	p.Tag = datum.MustParse("2026-07-01")
	require.Contains(t, begruendung(t, s, p), "§ 36 VwVfG in Verbindung mit § 1 NeuG")

	_, err = vorlage.Load(strings.NewReader(mitOrt("{{verfahrensrecht § 37}}")), o)
	require.Equal(t, "vorlage.landesrecht", fehler.ProblemeIn(err)[0].Code)
	_, err = vorlage.Load(strings.NewReader(strings.Replace(mitOrt("{{verfahrensrecht § 37}}"), "    titel: Probe\n", "    titel: Probe\n    land: HE\n", 1)), o)
	require.NoError(t, err, "Bremen is another Land")
	_, err = vorlage.Load(strings.NewReader(strings.Replace(probe, "id: probe", "id: andere", 1)), &vorlage.LoadOptions{Basis: s})
	require.NoError(t, err, "the basis brings its law")
}

func TestLandesrechtErrors(t *testing.T) {
	const gut = `{"land": "HB", "name": "G", "quelle": "Test", "konfidenz": "A"}`
	_, err := vorlage.LoadLandesrecht(strings.NewReader("[" + gut + "]"))
	require.NoError(t, err)
	for name, in := range map[string]string{
		"no JSON": "[", "two values": "[" + gut + "] []", "unknown member": `[{"landd": "HB"}]`,
		"unknown Land": strings.Replace("["+gut+"]", "HB", "XX", 1),
		"no name":      strings.Replace("["+gut+"]", `"name": "G",`, "", 1),
		"both":         strings.Replace("["+gut+"]", `"name"`, `"verweis": "§ 1 G", "name"`, 1),
		"no source":    strings.Replace("["+gut+"]", `"quelle": "Test",`, "", 1),
		"confidence":   strings.Replace("["+gut+"]", `"A"`, `"C"`, 1),
		"backwards":    strings.Replace("["+gut+"]", `"name"`, `"von": "2026-02-01", "bis": "2026-01-01", "name"`, 1),
		"twice":        "[" + gut + "," + gut + "]",
		"too large":    "[" + gut + "]" + strings.Repeat(" ", 1<<20),
	} {
		_, err := vorlage.LoadLandesrecht(strings.NewReader(in))
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		require.NotEmpty(t, fehler.ProblemeIn(err)[0].Hinweis, name)
	}
}

func FuzzLoadLandesrecht(f *testing.F) {
	f.Add(`[{"land": "HB", "name": "G", "quelle": "Test", "konfidenz": "A"}]`)
	f.Add(`[{"land": "SH", "name": "G", "paragraphen": {"36": "107"}, "von": "2026-01-01", "quelle": "Test", "konfidenz": "U"}]`)
	f.Fuzz(func(t *testing.T, in string) {
		r, err := vorlage.LoadLandesrecht(strings.NewReader(in))
		if (r == nil) == (err == nil) {
			t.Fatal("either a set or an error")
		}
		if err != nil {
			return
		}
		if _, err := vorlage.Load(strings.NewReader(mitOrt(ort)), &vorlage.LoadOptions{Landesrecht: r}); err != nil {
			if p := fehler.ProblemeIn(err); len(p) == 0 || p[0].Code != "vorlage.landesrecht" {
				t.Fatal(err)
			}
		}
	})
}
