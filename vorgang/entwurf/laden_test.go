package entwurf_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
)

// vorlagen has one template with every type of field.
const vorlagen = `vorlagen:
  - id: probe
    fassung: 1
    titel: Probe
    art: bescheid
    bescheidArt: bewilligung
    verfahren: vwvfg
    belehrung: widerspruch
    von: 2026-01-01
    quelle: Test
    felder:
      - {name: name, typ: text}
      - {name: tag, typ: datum}
      - {name: betrag, typ: geld, optional: true}
      - {name: mass, typ: zahl}
      - {name: dringend, typ: wahrheit}
      - {name: art, typ: auswahl, werte: [{wert: a, text: eins}, {wert: b, text: zwei}]}
      - {name: wer, typ: gruppe, felder: [{name: rolle, typ: text}]}
      - {name: posten, typ: liste, mindestens: 1, felder: [{name: text, typ: text}, {name: rest, typ: text, optional: true}]}
    betreff: Betreff {{name}}
    bloecke:
      - {id: tenor, art: tenor, text: "{{name}}, {{tag}}, {{mass}}, {{dringend | ja_nein}}, {{art}}, {{wer.rolle}}: {{je p in posten als aufzaehlung}}{{p.text}}{{ende}}"}
      - {id: grund, art: begruendung, text: Darum.}
    beispiel: {name: x, tag: 2026-01-01, betrag: "1", mass: "1", dringend: true, art: a, wer: {rolle: y}, posten: [{text: z, rest: r}]}
`

// zuordnung fills it; the cases change one place.
const zuordnung = `schemata:
  s:
    type: object
    required: [name, tag, mass, dringend, art, posten, person]
    properties:
      name: {type: string, minLength: 1}
      spitzname: {type: string}
      tag: {type: string, format: date}
      mass: {type: integer}
      dringend: {type: boolean}
      art: {type: string, enum: ["1", "2"]}
      posten: {type: array, minItems: 1, items: {type: object, required: [text], properties: {text: {type: string, minLength: 1}}}}
      person: {allOf: [{$ref: "#/definitions/person"}]}
    definitions:
      person: {type: object, required: [rolle], properties: {rolle: {type: string, minLength: 1}}}
zuordnungen:
  - vorlage: probe
    leistung: "99000000000001"
    schema: s
    von: 2026-01-01
    quelle: Test
    automatik: true
    felder:
      name: {aus: [/spitzname, /name]}
      tag: {aus: /tag}
      mass: {aus: /mass}
      dringend: {aus: /dringend}
      art: {aus: /art, werte: {"1": a, "2": b}}
      wer.rolle: {aus: /person/rolle}
      posten: {aus: /posten, je: {text: {aus: /text}}}
`

func sammlung(t testing.TB) *vorlage.Sammlung {
	t.Helper()
	s, err := vorlage.Load(strings.NewReader(vorlagen), nil)
	require.NoError(t, err)
	return s
}

var faelle = map[string]struct{ alt, neu, code, eingabe string }{
	"no such template":            {"vorlage: probe", "vorlage: prob", "vorlage", "Vorlage, die es nicht gibt"},
	"before the template":         {"    von: 2026-01-01\n", "    von: 2020-01-01\n    bis: 2020-12-31\n", "vorlage", ""},
	"no start":                    {"    von: 2026-01-01\n", "", "geltung", ""},
	"no source of the file":       {"    quelle: Test\n", "", "quelle", ""},
	"no such field":               {"      tag: {aus: /tag}", "      tagg: {aus: /tag}", "feld-unbekannt", "Feld, das die Vorlage nicht hat"},
	"field without source":        {"      tag: {aus: /tag}\n", "", "feld-ohne-quelle", "Pflichtfeld ohne Quelle"},
	"group field without source":  {"      wer.rolle: {aus: /person/rolle}\n", "", "feld-ohne-quelle", ""},
	"no such place":               {"aus: /person/rolle", "aus: /person/role", "quelle-unbekannt", "Angabe, die das Formular nicht hat"},
	"place through a text":        {"aus: /person/rolle", "aus: /name/rolle", "quelle-unbekannt", ""},
	"no such source":              {"tag: {aus: /tag}", "tag: {aus: vorgang.eingangg}", "quelle-unbekannt", "Quelle, die es nicht gibt"},
	"pointer without schema":      {"    schema: s\n", "", "quelle-unbekannt", ""},
	"no such schema":              {"    schema: s\n", "    schema: t\n", "schema", "Schema, das nicht geladen ist"},
	"schema for all Leistungen":   {"    leistung: \"99000000000001\"\n", "", "schema", ""},
	"text as a date":              {"tag: {aus: /tag}", "tag: {aus: /name}", "quelle-typ", "Text für ein Datum"},
	"date as a text":              {"[/spitzname, /name]", "/tag", "quelle-typ", ""},
	"number as a truth":           {"dringend: {aus: /dringend}", "dringend: {aus: /mass}", "quelle-typ", ""},
	"text as a choice":            {`{aus: /art, werte: {"1": a, "2": b}}`, "{aus: /art}", "quelle-typ", "Wert des Formulars, den die Auswahl nicht kennt"},
	"text as a list":              {"aus: /posten,", "aus: /name,", "quelle-typ", ""},
	"source can be missing":       {"[/spitzname, /name]", "/spitzname", "luecke", "Quelle, die fehlen kann"},
	"text can be blank":           {"name: {type: string, minLength: 1}", "name: {type: string}", "luecke", ""},
	"null is allowed":             {"mass: {type: integer}", "mass: {type: [integer, \"null\"]}", "luecke", ""},
	"list can be empty":           {"minItems: 1, ", "", "luecke", ""},
	"choice not complete":         {`, "2": b}`, `}`, "luecke", "Übersetzung, der ein Wert fehlt"},
	"translates to nothing":       {`"2": b}`, `"2": c}`, "werte", ""},
	"translates from nothing":     {`"2": b}`, `"2": b, "3": a}`, "werte", ""},
	"list without records":        {", je: {text: {aus: /text}}", "", "regel", ""},
	"record without source":       {"{text: {aus: /text}}", "{rest: {aus: /text}}", "feld-ohne-quelle", ""},
	"record with too much":        {"{text: {aus: /text}}", "{text: {aus: /text}, mehr: {aus: /text}}", "feld-unbekannt", ""},
	"record from nowhere":         {"{text: {aus: /text}}", "{text: {aus: /txt}}", "quelle-unbekannt", ""},
	"person within a record":      {"{text: {aus: /text}}", "{text: {person: true}}", "regel", ""},
	"empty rule":                  {"mass: {aus: /mass}", "mass: {}", "regel", ""},
	"fixed value of another type": {"mass: {aus: /mass}", "mass: {wert: viel}", "wert", "Fester Wert, der nicht zum Feld passt"},
	"fixed choice of another":     {`{aus: /art, werte: {"1": a, "2": b}}`, "{wert: c}", "wert", ""},
	"automatic with a person":     {"mass: {aus: /mass}", "mass: {aus: /mass, person: true}", "automatik", "Automatik, die eine Person fragt"},
	"automatic with a fee":        {"mass: {aus: /mass}", "mass: {aus: /mass}\n      betrag: {aus: gebuehr.summe}", "automatik", "Automatik mit einer Gebühr"},
	"unknown key":                 {"    quelle: Test\n", "    quelle: Test\n    quele: x\n", "datei-form", "Unbekannte Angabe"},
	"anchor":                      {"    quelle: Test\n", "    quelle: &a Test\n", "datei-form", "Anker von YAML"},
	"bad Leistung":                {`"99000000000001"`, `"Baum"`, "leistung", ""},
	"bad Land":                    {"    quelle: Test\n", "    quelle: Test\n    land: XX\n", "land", ""},
	"bad Mandant":                 {"    quelle: Test\n", "    quelle: Test\n    mandant: \"?\"\n", "mandant", ""},
}

// Each mistake is found when the file is read, not in a letter.
func TestLoadErrors(t *testing.T) {
	t.Parallel()
	s := sammlung(t)
	_, err := entwurf.Load(strings.NewReader(zuordnung), &entwurf.LoadOptions{Vorlagen: s})
	require.NoError(t, err, "the sound file")
	for name, c := range faelle {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, strings.Count(zuordnung, c.alt), "the case changes one place")
			_, err := entwurf.Load(strings.NewReader(strings.Replace(zuordnung, c.alt, c.neu, 1)), &entwurf.LoadOptions{Vorlagen: s})
			require.ErrorIs(t, err, fehler.ErrInvalid)
			var codes []string
			for _, p := range fehler.ProblemeIn(err) {
				codes = append(codes, p.Code)
				require.NotEmpty(t, p.Hinweis)
			}
			require.Contains(t, codes, "entwurf."+c.code, "%v", codes)
		})
	}
	_, zwei, _ := strings.Cut(zuordnung, "zuordnungen:\n")
	_, err = entwurf.Load(strings.NewReader(zuordnung+zwei), &entwurf.LoadOptions{Vorlagen: s})
	require.Contains(t, fmt.Sprint(codes(err)), "entwurf.doppelt")
	_, err = entwurf.Load(strings.NewReader(strings.Repeat(" ", entwurf.MaxDatei+1)), nil)
	require.Contains(t, fmt.Sprint(codes(err)), "entwurf.datei-gross")
}

// What is sound stays sound with schemata from outside, on top of a set, and for texts
// whose schema says they are never blank.
func TestLoadSound(t *testing.T) {
	t.Parallel()
	s := sammlung(t)
	for name, c := range map[string][2]string{
		"pattern":           {"name: {type: string, minLength: 1}", "name: {type: string, pattern: x}"},
		"fallback":          {"[/spitzname, /name]", "[/spitzname, antragsteller.name]"},
		"fixed fallback":    {"[/spitzname, /name]}", "/spitzname, wert: niemand}"},
		"optional left out": {`"2": b}`, `"2": a}`},
		"amount":            {"mass: {aus: /mass}", "mass: {aus: /mass}\n      betrag: {aus: /mass}"},
	} {
		_, err := entwurf.Load(strings.NewReader(strings.Replace(zuordnung, c[0], c[1], 1)), &entwurf.LoadOptions{Vorlagen: s})
		require.NoError(t, err, name)
	}
	schema, rest, _ := strings.Cut(zuordnung, "zuordnungen:\n")
	require.Contains(t, schema, "definitions")
	basis, err := entwurf.Load(strings.NewReader("zuordnungen:\n"+strings.Replace(rest, "schema: s", "schema: u", 1)), &entwurf.LoadOptions{Vorlagen: s, Schemata: map[string]json.RawMessage{
		"u": []byte(`{"type":"object","required":["name","tag","mass","dringend","art","posten","person"],"properties":{"name":{"type":"string","minLength":1},"spitzname":{"type":"string"},
			"tag":{"type":"string","format":"date"},"mass":{"type":"integer"},"dringend":{"type":"boolean"},"art":{"enum":["1","2"]},
			"posten":{"type":"array","minItems":1,"items":{"required":["text"],"properties":{"text":{"type":"string","enum":["a"]}}}},
			"person":{"required":["rolle"],"properties":{"rolle":{"type":"string","const":"x"}}}}}`),
	}})
	require.NoError(t, err)
	_, err = entwurf.Load(strings.NewReader(strings.Replace(zuordnung, "    quelle: Test\n", "    quelle: Test\n    mandant: musterstadt\n", 1)), &entwurf.LoadOptions{Vorlagen: s, Basis: basis})
	require.NoError(t, err)
	// A schema that refers to itself ends.
	_, err = entwurf.Load(strings.NewReader("zuordnungen: []"), &entwurf.LoadOptions{Schemata: map[string]json.RawMessage{"k": []byte(`{"$ref":"#"}`)}})
	require.NoError(t, err)
	_, err = entwurf.Load(strings.NewReader("zuordnungen: []"), &entwurf.LoadOptions{Schemata: map[string]json.RawMessage{"k": []byte(strings.Repeat("[", 9000))}})
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

// The table of docs: what whoever writes a Zuordnung reads.
func TestSchlechteEingaben(t *testing.T) {
	var b strings.Builder
	b.WriteString("## Zuordnungen zu Vorlagen\n\nErzeugt aus den Tests: `go test ./vorgang/entwurf -run SchlechteEingaben -update`. Eine Datei mit einem Fehler wird ganz abgelehnt.\n\n" +
		"| Eingabe | Code | Hinweis |\n|---|---|---|\n")
	for _, name := range sortiert(faelle) {
		c := faelle[name]
		if c.eingabe == "" {
			continue
		}
		_, err := entwurf.Load(strings.NewReader(strings.Replace(zuordnung, c.alt, c.neu, 1)), &entwurf.LoadOptions{Vorlagen: sammlung(t)})
		p := fehler.ProblemeIn(err)
		require.NotEmpty(t, p)
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", c.eingabe, p[0].Code, p[0].Hinweis)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Zuordnungen zu Vorlagen", b.String(), *update)
}

// Whatever the file, Load answers.
func FuzzLoad(f *testing.F) {
	f.Add(zuordnung)
	f.Add("zuordnungen: [{vorlage: probe, von: 2026-01-01, quelle: x, felder: {posten: {aus: /a, je: {text: {aus: /b}}}}}]")
	s, err := vorlage.Load(strings.NewReader(vorlagen), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if z, err := entwurf.Load(strings.NewReader(text), &entwurf.LoadOptions{Vorlagen: s}); (err == nil) != (z != nil) {
			t.Fatal("neither a set nor an error")
		}
	})
}
