package gebuehryaml_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr/gebuehryaml"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const tabelle = `# from the council's decision of 12 December
stand: 2026-01-01
quellen:
  SATZUNG: {titel: Verwaltungsgebührensatzung}
stichtage:
  - {id: ST, norm: § 9, quelle: [SATZUNG], konfidenz: A, massgeblich: entscheidung}
tarife:
  - id: BAUM-2026
    norm: § 2 der Satzung
    quelle: [SATZUNG]
    konfidenz: A
    von: 2026-01-01
    bis: 2026-12-31
    posten: baum
    bezeichnung: Fällgenehmigung
    gruppe: gebuehr
    leistungen: [99012070006000]
    satz:
      art: stueck
      stufen: [{bis: 1, betrag: 45.10}, {betrag: 20}]
      rundung: {auf: 0.50, richtung: ab}
minderungen:
  - {id: M, norm: § 3, quelle: [SATZUNG], konfidenz: A, bezeichnung: Ermäßigung, merkmal: sozial, erlass: 1/2, auslagen: true}
`

func TestLoad(t *testing.T) {
	t.Parallel()
	tab, err := gebuehryaml.Load(strings.NewReader(tabelle), nil)
	require.NoError(t, err)
	e, err := tab.Rechne(gebuehr.Fall{Entscheidung: datum.MustParse("2026-06-01"), Ansaetze: []gebuehr.Ansatz{{Posten: "baum", Menge: 3}}})
	require.NoError(t, err)
	require.Equal(t, "85.00", e.Summe.String(), "45.10 + 2*20, down to half a euro")
	require.Equal(t, "2026-12-31", tab.Tarife()[0].Bis.String())
	require.Equal(t, 1, tab.Tarife()[0].Satz.Stufen[0].Bis)
	require.True(t, tab.Minderungen()[0].Auslagen)
}

// The same table in JSON and in YAML is the same law.
func TestSameAsJSON(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../beispiele.json")
	require.NoError(t, err)
	var v any
	require.NoError(t, json.Unmarshal(b, &v))
	y, err := yaml.Marshal(v)
	require.NoError(t, err)
	tab, err := gebuehryaml.Load(bytes.NewReader(y), nil)
	require.NoError(t, err)
	require.Equal(t, gebuehr.Beispiele().Kennung(), tab.Kennung())
	tab, err = gebuehryaml.Load(bytes.NewReader(bytes.Replace(y, []byte("30.70"), []byte("30.71"), 1)), nil)
	require.NoError(t, err)
	require.NotEqual(t, gebuehr.Beispiele().Kennung(), tab.Kennung(), "and another amount is not")
}

func TestLoadProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		alt, neu, code string
		zeile          int
	}{
		"kein YAML":         {"stand: 2026-01-01", "stand: [", "datei-form", 0},
		"zwei Dokumente":    {"minderungen:", "---\nminderungen:", "datei-form", 22},
		"Anker":             {"id: BAUM-2026", "id: &a BAUM-2026", "datei-verweis", 8},
		"Verweis":           {"norm: § 2 der Satzung", "norm: *a", "datei-form", 0},
		"Typangabe":         {"norm: § 2 der Satzung", "norm: !!str x", "datei-verweis", 9},
		"unbekannt":         {"posten: baum", "postn: baum", "datei-form", 0},
		"doppelt":           {"posten: baum", "posten: baum\n    posten: b", "datei-form", 0},
		"Posten":            {"posten: baum", "posten: B A", "tarif-posten", 14},
		"negativ":           {"betrag: 45.10", "betrag: -45.10", "satz-stufen", 20},
		"mehr als ein Cent": {"betrag: 45.10", "betrag: 45.105", "datei-form", 0},
		"leer":              {tabelle, "", "datei-form", 1},
		"tief":              {"stand: 2026-01-01", "stand: " + strings.Repeat("[", 20) + strings.Repeat("]", 20), "datei-form", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := strings.Replace(tabelle, c.alt, c.neu, 1)
			require.NotEqual(t, tabelle, s)
			tab, err := gebuehryaml.Load(strings.NewReader(s), nil)
			require.Nil(t, tab)
			require.ErrorIs(t, err, fehler.ErrInvalid)
			p := fehler.ProblemeIn(err)
			require.NotEmpty(t, p)
			require.Equal(t, "gebuehr."+c.code, p[0].Code, "%v", p)
			if c.zeile > 0 {
				require.Contains(t, p[0].Hinweis, fmt.Sprintf("Zeile %d: ", c.zeile))
			}
		})
	}
	_, err := gebuehryaml.Load(strings.NewReader(strings.Repeat("#", 5<<20)), nil)
	require.Equal(t, "gebuehr.datei-gross", fehler.ProblemeIn(err)[0].Code)
	_, err = gebuehryaml.Load(iotest.ErrReader(errors.New("disk")), nil)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
}

// FuzzLoad: whatever is given, a table or problems.
func FuzzLoad(f *testing.F) {
	f.Add(tabelle)
	f.Add("a: &a [*a]")
	f.Add("? [a]\n: b")
	f.Fuzz(func(t *testing.T, s string) {
		tab, err := gebuehryaml.Load(strings.NewReader(s), nil)
		if (tab == nil) == (err == nil) || (err != nil && !errors.Is(err, fehler.ErrInvalid)) {
			t.Fatal(tab, err)
		}
	})
}
