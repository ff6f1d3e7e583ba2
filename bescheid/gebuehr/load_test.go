package gebuehr_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// datei is a good table; the pairs replace parts of it.
func datei(pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(`{"stand":"2030-01-01","quellen":{"Q":{"titel":"Gesetz"}},
"stichtage":[{"id":"ST","norm":"§ 2","quelle":["Q"],"konfidenz":"A","massgeblich":"entscheidung"}],
"tarife":[{"id":"T-1","norm":"§ 1","laender":["SH"],"von":"2030-01-01","quelle":["Q"],"konfidenz":"A","posten":"p.q","bezeichnung":"Gebühr","gruppe":"gebuehr",
"leistungen":["99012070006000"],"umsatzsteuer":"regel","satz":{"art":"fest","betrag":"5.00"}}],
"ausgaenge":[{"id":"AG","norm":"§ 3","quelle":["Q"],"konfidenz":"A","ausgang":["abgelehnt"],"min":"1/4","max":"3/4","regel":"3/4"}],
"minderungen":[{"id":"M","norm":"§ 4","quelle":["Q"],"konfidenz":"A","bezeichnung":"M","merkmal":"m","erlass":"1/2","posten":["p.q"]}],
"umsatzsteuern":[{"id":"U","norm":"§ 5","quelle":["Q"],"konfidenz":"A","schluessel":"regel","satz":"19%"}],
"zahlung":[{"id":"Z","norm":"§ 6","quelle":["Q"],"konfidenz":"A","faellig_tage":30}]}`)
}

const satzAlt = `{"art":"fest","betrag":"5.00"}`

var schlechteTabellen = []struct{ name, datei, code string }{
	{"kein JSON", `nein`, "datei-form"},
	{"Text hinter dem Ende", datei() + `{}`, "datei-form"},
	{"doppelter Schlüssel", datei(`"posten":"p.q"`, `"posten":"p.q","posten":"p.r"`), "datei-form"},
	{"zu tief verschachtelt", `{"stand":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "datei-form"},
	{"unbekannte Angabe", datei(`"von"`, `"seit":"x","von"`), "datei-form"},
	{"Betrag als Zahl", datei(`"5.00"`, `5.00`), "datei-form"},
	{"Betrag mit Komma", datei(`"5.00"`, `"5,00"`), "datei-form"},
	{"Tag, den es nicht gibt", datei(`2030-01-01","quelle`, `2030-02-30","quelle`), "datei-form"},
	{"größer als 4 MiB", `{"stand":"` + strings.Repeat("x", 5<<20) + `"}`, "datei-gross"},
	{"zu viele Regeln", `{"stand":"x","tarife":[` + strings.Repeat(`{},`, 5000) + `{}]}`, "regel-anzahl"},
	{"Kennung", datei(`"T-1"`, `"t 1"`), "regel-id"},
	{"Kennung zweimal", datei(`"id":"M"`, `"id":"AG"`), "regel-doppelt"},
	{"Norm fehlt", datei(`"§ 1"`, `""`), "regel-norm"},
	{"Quelle fehlt", datei(`"norm":"§ 1","laender":["SH"],"von":"2030-01-01","quelle":["Q"]`, `"norm":"§ 1","quelle":[]`), "regel-quelle"},
	{"Quelle unbekannt", datei(`"norm":"§ 1","laender":["SH"],"von":"2030-01-01","quelle":["Q"]`, `"norm":"§ 1","quelle":["R"]`), "regel-quelle"},
	{"Quelle ohne Titel", datei(`"titel":"Gesetz"`, `"titel":""`), "quelle-titel"},
	{"Konfidenz", datei(`"A","posten"`, `"C","posten"`), "regel-konfidenz"},
	{"Beispiel, das sicher sein will", datei(`"A","posten"`, `"A","beispiel":true,"posten"`), "regel-beispiel"},
	{"Land", datei(`["SH"]`, `["XX"]`), "regel-land"},
	{"endet vor dem Beginn", datei(`"von":"2030-01-01"`, `"von":"2030-01-01","bis":"2029-12-31"`), "regel-geltung"},
	{"frühester Beginn nach dem Beginn", datei(`"posten":"p.q"`, `"posten":"p.q","von_fruehestens":"2030-01-02"`), "regel-geltung"},
	{"Posten", datei(`"posten":"p.q"`, `"posten":"P Q"`, `"posten":["p.q"]`, `"posten":[]`), "tarif-posten"},
	{"Bezeichnung fehlt", datei(`"Gebühr"`, `""`), "tarif-bezeichnung"},
	{"Gruppe", datei(`"gruppe":"gebuehr"`, `"gruppe":"umsatzsteuer"`), "tarif-gruppe"},
	{"Leistungsschlüssel", datei(`"99012070006000"`, `"zwölf"`), "tarif-leistung"},
	{"Umsatzsteuer ohne Satz", datei(`"schluessel":"regel"`, `"schluessel":"andere"`), "tarif-steuer"},
	{"Stichtag", datei(`"entscheidung"`, `"gestern"`), "regel-stichtag"},
	{"Art des Satzes", datei(`"fest"`, `"frei"`), "satz-art"},
	{"negativer Betrag", datei(`"5.00"`, `"-5.00"`), "satz-betrag"},
	{"Angabe einer anderen Art", datei(satzAlt, `{"art":"tatsaechlich","betrag":"5.00"}`), "satz-fremd"},
	{"Rahmen steht falsch herum", datei(satzAlt, `{"art":"rahmen","min":"5.00","max":"4.00"}`), "satz-rahmen"},
	{"Kriterium ohne Gewicht", datei(satzAlt, `{"art":"rahmen","max":"4.00","kriterien":[{"schluessel":"a","bezeichnung":"A","max_punkte":5}]}`), "satz-kriterium"},
	{"Zeit ohne Einheit", datei(satzAlt, `{"art":"zeit","stundensaetze":[{"gruppe":"a","betrag":"50.00"}]}`), "satz-zeit"},
	{"Zeit mit doppelter Gruppe", datei(satzAlt, `{"art":"zeit","einheit_minuten":15,"stundensaetze":[{"gruppe":"a","betrag":"50.00"},{"gruppe":"a","betrag":"60.00"}]}`), "satz-zeit"},
	{"keine Stufen", datei(satzAlt, `{"art":"staffel"}`), "satz-stufen"},
	{"Stufen fallen", datei(satzAlt, `{"art":"stueck","stufen":[{"bis":3,"betrag":"1.00"},{"bis":2,"betrag":"1.00"},{"betrag":"1.00"}]}`), "satz-stufen"},
	{"offene Stufe vor der letzten", datei(satzAlt, `{"art":"wertstufen","stufen":[{"betrag":"1.00"},{"bis_wert":"9.00","betrag":"2.00"}]}`), "satz-stufen"},
	{"Höchstbetrag unter Mindestbetrag", datei(satzAlt, `{"art":"fest","betrag":"5.00","mindestens":"3.00","hoechstens":"2.00"}`), "satz-grenze"},
	{"Rundung", datei(satzAlt, `{"art":"fest","betrag":"5.00","rundung":{"richtung":"irgendwie"}}`), "satz-rundung"},
	{"Lesart ohne Grund", datei(`"posten":"p.q"`, `"posten":"p.q","lesarten":[{"satz":`+satzAlt+`,"grund":""}]`), "tarif-lesart"},
	{"Lesart anderer Art", datei(`"posten":"p.q"`, `"posten":"p.q","lesarten":[{"satz":{"art":"prozent","anteil":"1%"},"grund":"x"}]`), "tarif-lesart"},
	{"Ausgang unbekannt", datei(`["abgelehnt"]`, `["erteilt"]`), "ausgang-art"},
	{"Anteile nicht geordnet", datei(`"max":"3/4"`, `"max":"1/2"`), "ausgang-anteil"},
	{"Erlass von mehr als allem", datei(`"erlass":"1/2"`, `"erlass":"3/2"`), "minderung-erlass"},
	{"Minderung eines unbekannten Postens", datei(`"posten":["p.q"]`, `"posten":["p.r"]`), "minderung-posten"},
	{"zu viele Minderungen für ein Merkmal", datei(`"minderungen":[`, `"minderungen":[`+vieleMinderungen(200)), "minderung-anzahl"},
	{"Zusammentreffen", datei(`"stand"`, `"minderungen_zusammen":"alle","stand"`), "minderung-zusammen"},
	{"Steuersatz über 100 %", datei(`"19%"`, `"190%"`), "steuer-satz"},
	{"Fälligkeit", datei(`"faellig_tage":30`, `"faellig_tage":-1`), "zahlung-tage"},
	{"zwei Fassungen zugleich", datei(`"tarife":[`, `"tarife":[{"id":"T-2","norm":"§ 1","laender":["HH","SH"],"bis":"2030-01-01","quelle":["Q"],"konfidenz":"A","posten":"p.q","bezeichnung":"G","gruppe":"gebuehr","satz":`+satzAlt+`},`), "ueberlappt"},
	{"zwei Regeln für einen Ausgang", datei(`"ausgaenge":[`, `"ausgaenge":[{"id":"AG-2","norm":"§ 3","von":"2031-01-01","quelle":["Q"],"konfidenz":"A","ausgang":["ruecknahme","abgelehnt"],"min":"0","max":"1"},`), "ueberlappt"},
	{"zwei Steuersätze zugleich", datei(`"umsatzsteuern":[`, `"umsatzsteuern":[{"id":"U-2","norm":"§ 5","quelle":["Q"],"konfidenz":"A","schluessel":"regel","satz":"7%"},`), "ueberlappt"},
}

func vieleMinderungen(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id":"M-%d","norm":"§ 4","quelle":["Q"],"konfidenz":"A","bezeichnung":"M","merkmal":"m","erlass":"1/2"},`, i)
	}
	return b.String()
}

func TestLoadProblems(t *testing.T) {
	t.Parallel()
	_, err := gebuehr.Load(strings.NewReader(datei()), nil)
	require.NoError(t, err, "the table is good before it is broken")
	for _, c := range schlechteTabellen {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, datei(), c.datei, "nothing was replaced")
			tab, err := gebuehr.Load(strings.NewReader(c.datei), nil)
			require.Nil(t, tab)
			require.ErrorIs(t, err, fehler.ErrInvalid)
			p := fehler.ProblemeIn(err)
			require.NotEmpty(t, p)
			require.LessOrEqual(t, len(p), 100)
			require.Equal(t, "gebuehr."+c.code, p[0].Code, "%v", p)
			require.NotEmpty(t, p[0].Hinweis)
			require.NotContains(t, p[0].Meldung, "xxxxxxxx")
		})
	}
	_, err = gebuehr.Load(iotest.ErrReader(errors.New("disk")), nil)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	// Problems are many but bounded.
	_, err = gebuehr.Load(strings.NewReader(`{"stand":"x","tarife":[`+strings.Repeat(`{},`, 4000)+`{}]}`), nil)
	require.Len(t, fehler.ProblemeIn(err), 100)
}

func TestDocsSchlechteEingaben(t *testing.T) {
	var b strings.Builder
	b.WriteString("## Gebührentabellen\n\nErzeugt aus den Tests: `go test ./bescheid/gebuehr -run Docs -update`. Eine Datei wird ganz übernommen oder gar nicht; die bisherige Tabelle gilt weiter.\n\n| Eingabe | Ergebnis | Code |\n|---|---|---|\n")
	for _, c := range schlechteTabellen {
		fmt.Fprintf(&b, "| %s | abgelehnt | `gebuehr.%s` |\n", c.name, c.code)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Gebührentabellen", b.String(), *update)
}

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	b, err := os.ReadFile("tabelle.schema.json")
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("tabelle.schema.json", doc))
	s, err := c.Compile("tabelle.schema.json")
	require.NoError(t, err)
	return s
}

// The schema takes what Load takes, and of what Load refuses for its form at least
// these. What rules say of each other a schema cannot see.
func TestSchema(t *testing.T) {
	t.Parallel()
	s := schema(t)
	valid := func(text string) error {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		require.NoError(t, err)
		return s.Validate(v)
	}
	require.NoError(t, valid(beispielText(t)))
	require.NoError(t, valid(datei()))
	for _, name := range []string{"unbekannte Angabe", "Betrag als Zahl", "Betrag mit Komma", "Kennung", "Norm fehlt", "Quelle fehlt", "Konfidenz", "Land", "Posten", "Gruppe",
		"Leistungsschlüssel", "Stichtag", "Art des Satzes", "negativer Betrag", "Kriterium ohne Gewicht", "Rundung", "Ausgang unbekannt", "Zusammentreffen", "Fälligkeit"} {
		i := slices.IndexFunc(schlechteTabellen, func(c struct{ name, datei, code string }) bool { return c.name == name })
		require.Error(t, valid(schlechteTabellen[i].datei), name)
	}
}

// Every field of the Go types stands in the schema and no other.
func TestSchemaComplete(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("tabelle.schema.json")
	require.NoError(t, err)
	var s struct {
		Defs map[string]struct {
			Properties map[string]json.RawMessage `json:"properties"`
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(b, &s))
	for name, v := range map[string]any{"tarif": gebuehr.Tarif{}, "satz": gebuehr.Satz{}, "stufe": gebuehr.Stufe{}, "stichtagsregel": gebuehr.Stichtagsregel{}, "kriterium": gebuehr.Kriterium{},
		"ausgangsregel": gebuehr.Ausgangsregel{}, "minderung": gebuehr.Minderung{}, "steuersatz": gebuehr.Steuersatz{}, "zahlungsregel": gebuehr.Zahlungsregel{}} {
		var want, got []string
		felder(reflect.TypeOf(v), &want)
		for k := range s.Defs[name].Properties {
			got = append(got, k)
		}
		require.ElementsMatch(t, want, got, name)
	}
}

func felder(t reflect.Type, out *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			felder(f.Type, out)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		*out = append(*out, name)
	}
}

func TestPruefe(t *testing.T) {
	t.Parallel()
	tab := geladen(t, datei())
	require.Empty(t, tab.Pruefe(gebuehr.PruefeOptions{}))
	codes := func(p fehler.Probleme) (out []string) {
		for _, x := range p {
			out = append(out, x.Code+" "+x.Pfad)
			require.NotEmpty(t, x.Hinweis)
		}
		return out
	}
	require.Equal(t, []string{"gebuehr.lint-leistung T-1", "gebuehr.lint-ohne-tarif 99050012104000"},
		codes(tab.Pruefe(gebuehr.PruefeOptions{Leistungen: []tenant.Leistungsschluessel{"99050012104000"}})))
	require.Empty(t, tab.Pruefe(gebuehr.PruefeOptions{Leistungen: []tenant.Leistungsschluessel{"99012070006000"}}))

	test := geladen(t, datei(`"99012070006000"`, `"4711"`))
	require.Equal(t, []string{"gebuehr.lint-schluessel T-1"}, codes(test.Pruefe(gebuehr.PruefeOptions{})))

	alt := geladen(t, datei(`"von":"2030-01-01"`, `"bis":"2030-01-01"`))
	require.Equal(t, []string{"gebuehr.lint-ausgelaufen T-1"}, codes(alt.Pruefe(gebuehr.PruefeOptions{Tag: d("2030-01-02")})))
	require.Empty(t, alt.Pruefe(gebuehr.PruefeOptions{Tag: d("2030-01-01")}))

	// A higher value that costs less: allowed, but found; and the property of the
	// tests that nothing falls does see it.
	faellt := geladen(t, datei(satzAlt, `{"art":"wertstufen","stufen":[{"bis_wert":"100.00","anteil":"10%"},{"betrag":"9.00"}]}`))
	require.Equal(t, []string{"gebuehr.lint-stufe-sinkt T-1"}, codes(faellt.Pruefe(gebuehr.PruefeOptions{})))
	kostet := func(wert string) gebuehr.Betrag {
		e, err := faellt.Rechne(gebuehr.Fall{Land: tenant.LandSH, Entscheidung: d("2030-06-01"), Ansaetze: []gebuehr.Ansatz{{Posten: "p.q", Wert: eur(wert)}}})
		require.NoError(t, err)
		return e.Gebuehren
	}
	require.Less(t, kostet("100.01"), kostet("100.00"))

	for _, p := range gebuehr.Beispiele().Pruefe(gebuehr.PruefeOptions{}) {
		require.Equal(t, "gebuehr.lint-beispiel", p.Code, "%v", p)
	}
}

// What ships says where it comes from, and nothing made up passes for law.
func TestBeispiele(t *testing.T) {
	t.Parallel()
	tab := gebuehr.Beispiele()
	require.Regexp(t, `^2026-11-25/[0-9a-f]{12}$`, tab.Kennung())
	require.Equal(t, "2026-11-25", tab.Stand())
	leistungen := map[tenant.Leistungsschluessel]bool{}
	for _, x := range tab.Tarife() {
		require.Equal(t, strings.HasPrefix(x.ID, "BSP-"), x.Beispiel, x.ID)
		require.Equal(t, x.Beispiel, slices.Contains(x.Quelle, "BEISPIEL"), x.ID)
		for _, l := range x.Leistungen {
			leistungen[l] = true
			require.True(t, l.Regulaer())
		}
		got, ok := tab.Tarif(x.ID)
		require.True(t, ok)
		require.Equal(t, x, got)
		for _, q := range x.Quelle {
			_, ok := tab.Quelle(q)
			require.True(t, ok)
		}
	}
	require.Len(t, leistungen, 5, "four procedures, one of them under two keys")
	_, ok := tab.Tarif("X")
	require.False(t, ok)

	var posten []string
	for _, x := range tab.Waehlbar("99006027001000", tenant.LandNW, d("2027-02-01")) {
		posten = append(posten, x.ID)
	}
	require.Subset(t, posten, []string{"GEBOST-265", "BSP-BWP-2", "BSP-BWP-ERSATZ", "BSP-ZUSTELLUNG"})
	require.NotContains(t, posten, "BSP-BWP-1")
	require.NotContains(t, posten, "BSP-BAUM")
}

// FuzzLoad: what is taken can be used, and taken again from its own rules.
func FuzzLoad(f *testing.F) {
	f.Add(datei())
	f.Add(beispielText(f))
	for _, c := range schlechteTabellen {
		if len(c.datei) < 10000 {
			f.Add(c.datei)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		tab, err := gebuehr.Load(strings.NewReader(s), nil)
		if err != nil {
			if !errors.Is(err, fehler.ErrInvalid) || tab != nil {
				t.Fatal(err)
			}
			return
		}
		tab.Pruefe(gebuehr.PruefeOptions{Tag: d("2026-01-01")})
		w := gebuehr.Betrag(123456)
		for _, x := range tab.Tarife() {
			a := gebuehr.Ansatz{Posten: x.Posten}
			switch x.Satz.Art {
			case gebuehr.ArtStueck:
				a.Menge = 7
			case gebuehr.ArtProzent, gebuehr.ArtWertstufen, gebuehr.ArtStaffel:
				a.Wert = &w
			case gebuehr.ArtRahmen:
				a.Ermessen = &gebuehr.Ermessen{Betrag: x.Satz.Min, Grund: "x"}
			case gebuehr.ArtTatsaechlich:
				a.Kosten, a.Beleg = &w, "x"
			}
			e, err := tab.Rechne(gebuehr.Fall{Eingang: d("2026-01-01"), Entscheidung: d("2026-02-01"), Ansaetze: []gebuehr.Ansatz{a}})
			if err != nil {
				if !errors.Is(err, fehler.ErrInvalid) {
					t.Fatal(err)
				}
				continue
			}
			var summe gebuehr.Betrag
			for _, p := range e.Positionen {
				if p.Betrag < 0 {
					t.Fatal("below zero")
				}
				summe += p.Betrag
			}
			if summe != e.Summe || e.Summe > gebuehr.MaxBetrag {
				t.Fatal("positions do not add up")
			}
			if _, err := tab.Bescheidteil(e, gebuehr.Angaben{}); err != nil && !errors.Is(err, fehler.ErrInvalid) {
				t.Fatal(err)
			}
		}
	})
}
