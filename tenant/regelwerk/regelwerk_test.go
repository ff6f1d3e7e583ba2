package regelwerk_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/tenant/regelwerk"
	"github.com/ozg-fachwerk/fachwerk/tenant/xzufi"
)

var update = flag.Bool("update", false, "write the section of docs/schlechte-eingaben.md")

const (
	gutJSON = `{"zustaendigkeiten": [
 {"leistung": "99115005104000", "gebiet": "06435", "mandant": "hanau", "einheit": "amt", "von": "2026-01-01", "bis": "2026-12-31"},
 {"leistung": "urn:de:fim:leika:leistung:99115005104000", "ags": "06435014", "mandant": "hanau", "einheit": "buero", "rang": 2}
]}`
	gutYAML = `# Wohnsitz
zustaendigkeiten:
  - {leistung: 99115005104000, gebiet: 06435, mandant: hanau, einheit: amt, von: 2026-01-01, bis: "2026-12-31"}
  - leistung: "99115005104000"
    ags: 06435014
    mandant: hanau
    einheit: buero
    rang: 2
`
)

func gut() []tenant.Zustaendigkeit {
	return []tenant.Zustaendigkeit{
		{Leistung: "99115005104000", Gebiet: "06435", Mandant: "hanau", Einheit: "amt",
			Zeitraum: datum.Zeitraum{Von: datum.MustParse("2026-01-01"), Bis: datum.MustParse("2026-12-31")}},
		{Leistung: "99115005104000", AGS: "06435014", Mandant: "hanau", Einheit: "buero", Rang: 2},
	}
}

// Both forms say the same.
func TestLoad(t *testing.T) {
	a, err := regelwerk.LoadJSON(t.Context(), strings.NewReader(gutJSON), nil)
	require.NoError(t, err)
	require.Equal(t, gut(), a)
	b, err := regelwerk.LoadYAML(t.Context(), strings.NewReader(gutYAML), nil)
	require.NoError(t, err)
	require.Equal(t, gut(), b)
	b, err = regelwerk.LoadYAML(t.Context(), strings.NewReader(gutJSON), nil)
	require.NoError(t, err, "JSON is YAML")
	require.Equal(t, gut(), b)
}

// All that is wrong comes at once, with place and line; overlaps name the places of the file.
func TestAllProblems(t *testing.T) {
	const doc = `zustaendigkeiten:
  - {leistung: x, gebiet: 064, mandant: hanau, einheit: amt, gebeit: 1}
  - {leistung: 99115005104000, gebiet: 06435, mandant: hanau, einheit: amt}
  - {gebiet: 0643, ags: 1, mandant: Hanau, von: 2026-02-30, rang: eins}
  - {leistung: 99115005104000, gebiet: 06435, mandant: hanau, einheit: buero}
  - nur Text
  - {leistung: 99115005104000, gebiet: ~, mandant: hanau, einheit: ""}
  - {leistung: 99115005104000, mandant: hanau, mandant: hanau, einheit: a, rang: 100}
  - {leistung: 99115005104000, gebiet: 06435, mandant: hanau, einheit: a, rang: 100}
`
	_, err := regelwerk.LoadYAML(t.Context(), strings.NewReader(doc), nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	var got []string
	for _, p := range fehler.ProblemeIn(err) {
		got = append(got, p.Pfad+" "+p.Code)
		require.NotEmpty(t, p.Hinweis)
		require.Regexp(t, "^line [0-9]+: ", p.Meldung)
	}
	const z = "/zustaendigkeiten/"
	require.Equal(t, []string{
		z + "0/gebeit regelwerk.unbekannt", z + "0/leistung tenant.leistungsschluessel",
		z + "2/leistung regelwerk.fehlt", z + "2/gebiet tenant.ars", z + "2/ags tenant.ags", z + "2/mandant tenant.id", z + "2/einheit regelwerk.fehlt",
		z + "2/von regelwerk.datum", z + "2/rang regelwerk.form", z + "4 regelwerk.form", z + "5/gebiet regelwerk.form", z + "5/einheit regelwerk.leer",
		z + "6/mandant regelwerk.doppelt", z + "3 tenant.zustaendigkeit-ueberlappt", z + "7 tenant.zustaendigkeit-rang",
	}, got)
	p := fehler.ProblemeIn(err)[13]
	require.Contains(t, p.Meldung, "line 5: ")
	require.Contains(t, p.Hinweis, "Nr. 2 (hanau/amt, unbefristet) und Nr. 4 (hanau/buero, unbefristet)")
}

func TestMandanten(t *testing.T) {
	v, err := tenant.NewVerzeichnis(tenant.Mandant{ID: "hanau", Land: tenant.LandHE, ARS: "064350014014", Einheiten: []tenant.Organisationseinheit{{ID: "amt"}}})
	require.NoError(t, err)
	_, err = regelwerk.LoadJSON(t.Context(), strings.NewReader(strings.Replace(gutJSON, `"hanau", "einheit": "amt"`, `"husum", "einheit": "amt"`, 1)), &regelwerk.Options{Mandanten: v})
	p := fehler.ProblemeIn(err)
	require.Len(t, p, 2)
	require.Equal(t, "/zustaendigkeiten/0/mandant tenant.mandant-unbekannt", p[0].Pfad+" "+p[0].Code)
	require.Equal(t, "/zustaendigkeiten/1/einheit tenant.einheit-unbekannt", p[1].Pfad+" "+p[1].Code)
}

func TestBounded(t *testing.T) {
	_, err := regelwerk.LoadJSON(t.Context(), strings.NewReader(`{"zustaendigkeiten":[`+strings.Repeat("1,", 5000)+"1]}"), nil)
	p := fehler.ProblemeIn(err)
	require.Len(t, p, 1001)
	require.Equal(t, "regelwerk.weitere", p[1000].Code)
	_, err = regelwerk.LoadYAML(t.Context(), iotest.ErrReader(errors.New("disk")), nil)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = regelwerk.LoadYAML(ctx, strings.NewReader(gutYAML), nil)
	require.ErrorIs(t, err, context.Canceled)
}

// schlecht is one bad file and what it gets.
type schlecht struct{ name, form, doc, code string }

func schlechteDateien() []schlecht {
	regel := func(s string) string { return `{"zustaendigkeiten":[` + s + `]}` }
	const gebiet = `<organisationseinheit><id>1</id><zustaendigkeit><leistungID>L</leistungID><gebietID schemeDataURI="` + xzufi.SchemaARS + `">`
	x := func(s string) string {
		return `<x:a xmlns:x="` + xzufi.Namensraum22 + `"><leistung><id>L</id><referenzLeiKa><code>99115005104000</code></referenzLeiKa></leistung>` + s + `</x:a>`
	}
	return []schlecht{
		{"kein JSON", "JSON", `{"zustaendigkeiten":[}`, "regelwerk.syntax"},
		{"Daten hinter dem Ende", "JSON", gutJSON + "{}", "regelwerk.syntax"},
		{"zu tief verschachtelt", "JSON", strings.Repeat(`[`, 100_000), "regelwerk.syntax"},
		{"nicht in UTF-8", "JSON", "{\"zustaendigkeiten\":[\"\xff\"]}", "regelwerk.zeichensatz"},
		{"größer als erlaubt", "JSON", gutJSON + strings.Repeat(" ", 4096), "regelwerk.zu-gross"},
		{"mehr Regeln als erlaubt", "JSON", regel(`1,2,3,4`), "regelwerk.zu-viele"},
		{"Liste fehlt", "JSON", `{}`, "regelwerk.fehlt"},
		{"keine Liste", "JSON", `{"zustaendigkeiten":{}}`, "regelwerk.form"},
		{"Schlüssel ohne Anführungszeichen", "JSON", regel(`{"leistung":99115005104000,"mandant":"hanau","einheit":"a"}`), "regelwerk.form"},
		{"unbekannte Angabe", "JSON", `{"regeln":[]}`, "regelwerk.unbekannt"},
		{"zwei Regeln überlappen sich", "JSON", regel(strings.Repeat(`{"leistung":"99115005104000","mandant":"hanau","einheit":"a"},`, 2) + `{"leistung":"1","mandant":"hanau","einheit":"a"}`), "tenant.zustaendigkeit-ueberlappt"},
		{"Gebiet und AGS zugleich", "JSON", regel(`{"leistung":"1","gebiet":"06","ags":"06435014","mandant":"hanau","einheit":"a"}`), "tenant.zustaendigkeit-gebiet"},
		{"endet vor dem Beginn", "JSON", regel(`{"leistung":"1","mandant":"hanau","einheit":"a","von":"2026-02-01","bis":"2026-01-01"}`), "tenant.zustaendigkeit-zeitraum"},
		{"kein YAML", "YAML", "a: [", "regelwerk.syntax"},
		{"leer", "YAML", "", "regelwerk.syntax"},
		{"zwei Dokumente", "YAML", gutYAML + "---\n" + gutYAML, "regelwerk.syntax"},
		{"Anker und Verweise", "YAML", "zustaendigkeiten: [&a {leistung: 1}, *a]", "regelwerk.verweis"},
		{"Typangabe", "YAML", "zustaendigkeiten: !!binary aGFsbG8=", "regelwerk.verweis"},
		{"kein XML", "XZuFi", "<a", "xzufi.xml"},
		{"Dokumenttyp (DTD)", "XZuFi", `<!DOCTYPE a [<!ENTITY b "c">]>` + x(""), "xzufi.dtd"},
		{"eigene Entität", "XZuFi", x("<a>&b;</a>"), "xzufi.xml"},
		{"zu tief verschachtelt", "XZuFi", x(strings.Repeat("<a>", 100)), "xzufi.grenze"},
		{"größer als erlaubt", "XZuFi", x("<!--" + strings.Repeat(" ", 4096) + "-->"), "xzufi.zu-gross"},
		{"anderer Namensraum", "XZuFi", `<a xmlns="urn:x"/>`, ""},
		{"Löschung", "XZuFi", x("<loesche/>"), "xzufi.loeschung"},
		{"Gebietsschlüssel falsch", "XZuFi", x(gebiet + "0643</gebietID></zustaendigkeit></organisationseinheit>"), "xzufi.gebiet"},
		{"Gültigkeit falsch", "XZuFi", x(gebiet + "06435</gebietID><gueltigkeit><beginn>gestern</beginn></gueltigkeit></zustaendigkeit></organisationseinheit>"), "xzufi.gueltigkeit"},
		{"LeiKa-Schlüssel falsch", "XZuFi", x("<leistung><id>M</id><referenzLeiKa><code>x</code></referenzLeiKa></leistung>"), "xzufi.leika"},
	}
}

func (s schlecht) load(ctx context.Context) (n int, err error) {
	var z []tenant.Zustaendigkeit
	o := &regelwerk.Options{MaxBytes: 4096, MaxRegeln: 3}
	if s.name == "zu tief verschachtelt" {
		o.MaxBytes = 0
	}
	switch r := strings.NewReader(s.doc); s.form {
	case "JSON":
		z, err = regelwerk.LoadJSON(ctx, r, o)
	case "YAML":
		z, err = regelwerk.LoadYAML(ctx, r, o)
	default:
		var e xzufi.Ergebnis
		e, err = xzufi.Read(ctx, r, xzufi.Params{Stellen: map[xzufi.ID]xzufi.Stelle{{Wert: "1"}: {Mandant: "hanau", Einheit: "amt"}}}, &xzufi.Options{MaxBytes: o.MaxBytes})
		z = e.Regeln
	}
	return len(z), err
}

func TestSchlechteDateien(t *testing.T) {
	for _, c := range schlechteDateien() {
		t.Run(c.form+" "+c.name, func(t *testing.T) {
			n, err := c.load(t.Context())
			require.Error(t, err)
			require.Zero(t, n, "whole or not at all")
			if c.code == "" {
				require.ErrorIs(t, err, fehler.ErrUnsupported)
				return
			}
			require.ErrorIs(t, err, fehler.ErrInvalid)
			require.Equal(t, c.code, fehler.ProblemeIn(err)[0].Code)
		})
	}
}

func TestSchlechteDateienDocs(t *testing.T) {
	var b strings.Builder
	b.WriteString("## Regeldateien der Zuständigkeit\n\nErzeugt aus den Tests: `go test ./tenant/regelwerk -run Docs -update`. Eine Datei wird ganz übernommen oder gar nicht; die bisherigen Regeln gelten weiter.\n\n| Eingabe | Form | Ergebnis | Code |\n|---|---|---|---|\n")
	for _, c := range schlechteDateien() {
		code := "`" + c.code + "`"
		if c.code == "" {
			code = "–"
		}
		fmt.Fprintf(&b, "| %s | %s | abgelehnt | %s |\n", c.name, c.form, code)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Regeldateien der Zuständigkeit", b.String(), *update)
}

// What is read without an error makes Zustaendigkeiten; errors are of one of the kinds.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(gutJSON))
	f.Add([]byte(gutYAML))
	for _, c := range schlechteDateien() {
		if c.form != "XZuFi" && len(c.doc) < 4096 {
			f.Add([]byte(c.doc))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, load := range map[string]func(context.Context, []byte) ([]tenant.Zustaendigkeit, error){
			"JSON": func(ctx context.Context, b []byte) ([]tenant.Zustaendigkeit, error) {
				return regelwerk.LoadJSON(ctx, strings.NewReader(string(b)), nil)
			},
			"YAML": func(ctx context.Context, b []byte) ([]tenant.Zustaendigkeit, error) {
				return regelwerk.LoadYAML(ctx, strings.NewReader(string(b)), nil)
			},
		} {
			z, err := load(t.Context(), b)
			if err != nil {
				if !errors.Is(err, fehler.ErrInvalid) || len(fehler.ProblemeIn(err)) == 0 || z != nil {
					t.Fatalf("%s: %v", name, err)
				}
				continue
			}
			if _, err := tenant.NewZustaendigkeiten(z); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}

func ExampleLoadYAML() {
	regeln, err := regelwerk.LoadYAML(context.Background(), strings.NewReader(`
zustaendigkeiten:
  - leistung: 99115005104000
    gebiet: 06435
    mandant: hanau
    einheit: buergerbuero
    von: 2026-01-01
`), nil)
	fmt.Println(regeln, err)

	_, err = regelwerk.LoadYAML(context.Background(), strings.NewReader(`
zustaendigkeiten:
  - leistung: 99115005104000
    gebeit: 06435
    mandant: hanau
`), nil)
	for _, p := range fehler.ProblemeIn(err) {
		fmt.Println(p.Pfad, p.Hinweis)
	}
	// Output:
	// [99115005104000 in "06435" -> hanau/buergerbuero] <nil>
	// /zustaendigkeiten/0/gebeit Zeile 4: Diese Angabe gibt es nicht. Bekannt sind: leistung, gebiet, ags, mandant, einheit, von, bis, rang.
	// /zustaendigkeiten/0/einheit Zeile 3: Die Angabe „einheit“ fehlt.
}
