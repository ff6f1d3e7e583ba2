package fim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/intake/intaketest"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const uri = "https://schema.example/fim/s99000003_1.0.schema.json"

const jsonSchema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["G60000082","F60000301"],
	"additionalProperties":false,"properties":{
	"$schema":{"type":"string"},
	"G60000082":{"type":"object","required":["F60000227"],"properties":{
		"F60000227":{"type":"string","minLength":2,"maxLength":20},"F60000227V1.1":{"type":"string"},"F60000228":{"type":"string"},
		"F60000246":{"type":"string","pattern":"^[0-9]{5}$"}}},
	"F60000301":{"enum":["Eiche","Linde"]},
	"F60000302":{"type":"number","minimum":0.5,"maximum":1000},
	"F60000303":{"type":"boolean"},
	"F60000304":{"type":"string","format":"date"},
	"F60000305":{"const":"ja"},
	"F60000306":{"type":"array","minItems":1,"maxItems":2,"uniqueItems":true,"items":{"type":"object","required":["F60000307"],"properties":{"F60000307":{"type":"string"}}}},
	"F60000308":{"oneOf":[{"type":"object","required":["F60000309"]},{"type":"object","required":["F60000310"]}]},
	"F60000311":{"anyOf":[{"type":"string"},{"type":"integer"}]},
	"F60000312":{"type":"array","items":{"type":"integer"}},
	"a/b~c":{"type":"string"},
	"F60000313":{"multipleOf":5}}}`

var labels = map[string]string{
	"G60000082": "Antragstellende Person", "F60000227": "Familienname", "F60000301": "Baumart", "F60000302": "Stammumfang",
	"F60000303": "Geschützt", "F60000306": "Bäume", "F60000307": "Standort",
}

func formular() fim.Formular {
	return fim.Formular{Schema: uri, JSONSchema: []byte(jsonSchema), Labels: labels,
		Antragsteller: fim.Zeiger{Nachname: "/G60000082/F60000227", Vorname: "/G60000082/F60000228", PLZ: "/G60000082/F60000246", Ort: "/F60000306/1/F60000307"}}
}

func newParser(t testing.TB) *fim.Parser {
	t.Helper()
	p, err := fim.New(formular())
	require.NoError(t, err)
	return p
}

func data(s string) intake.Fachdaten {
	return intake.Fachdaten{Schema: uri, MIME: "application/json", Bytes: []byte(s)}
}

const person = `"G60000082":{"F60000227":"Łukasik-Groß","F60000246":"24103"}`

func TestConformance(t *testing.T) {
	intaketest.Run(t, intaketest.Options{Parser: newParser(t), Samples: []intaketest.Sample{
		{Name: "full", Fachdaten: data(`{"$schema":"` + uri + `","F60000301":"Eiche",` + person + `,"F60000306":[{"F60000307":"Weg"},{"F60000307":"Hof"}]}`),
			Felder: []string{"F60000301", "G60000082", "F60000227", "F60000246", "F60000306", "F60000306", "F60000307", "F60000306", "F60000307"}},
		{Name: "two versions", Fachdaten: data(`{"F60000301":"Linde","G60000082":{"F60000227V1.1":"B","F60000227":"AA"}}`)},
		{Name: "name missing", Fachdaten: data(`{"G60000082":{},"F60000301":"Eiche"}`), Broken: true},
		{Name: "all wrong", Fachdaten: data(`{"G60000082":{"F60000227":"x","F60000246":"Geheimweg"},"F60000301":"Tulpe","Rosa Geheim":1}`), Broken: true,
			Privat: []string{"Geheim", "Tulpe"}},
		{Name: "no object", Fachdaten: data(`[]`), Broken: true},
		{Name: "no JSON", Fachdaten: data(`{"F60000301":`), Broken: true},
	}, Foreign: []intake.Fachdaten{{Schema: uri, MIME: "application/xml", Bytes: []byte("<a/>")}, {Schema: uri, MIME: ";"}, {Schema: uri + "x", MIME: "application/json"}}})
	require.True(t, newParser(t).Detect(intake.Fachdaten{Schema: uri, MIME: "application/json; charset=utf-8"}))
}

// Each rule of the schema has its German sentence and its place.
func TestProbleme(t *testing.T) {
	p := newParser(t)
	for _, c := range []struct{ daten, pfad, hinweis string }{
		{`{"F60000301":"Eiche","G60000082":{}}`, "/G60000082/F60000227", "Pflichtangabe fehlt: „Familienname“."},
		{`{"F60000301":"Eiche"}`, "/G60000082", "Pflichtangabe fehlt: „Antragstellende Person“."},
		{`{"F60000301":"Tulpe",` + person + `}`, "/F60000301", "Das Feld „Baumart“ enthält einen Wert, der nicht zur Auswahl steht."},
		{`{"F60000301":"Eiche","F60000305":"nein",` + person + `}`, "/F60000305", "Das Feld „F60000305“ enthält einen Wert, der nicht zur Auswahl steht."},
		{`{"F60000301":"Eiche","F60000302":"3",` + person + `}`, "/F60000302", "Das Feld „Stammumfang“ hat die falsche Art von Wert."},
		{`{"F60000301":"Eiche","F60000302":0.25,` + person + `}`, "/F60000302", "Das Feld „Stammumfang“ ist kleiner als 0,5."},
		{`{"F60000301":"Eiche","F60000302":1001,` + person + `}`, "/F60000302", "Das Feld „Stammumfang“ ist größer als 1000."},
		{`{"F60000301":"Eiche","G60000082":{"F60000227":"x"}}`, "/G60000082/F60000227", "Das Feld „Familienname“ ist zu kurz (mindestens 2 Zeichen)."},
		{`{"F60000301":"Eiche","G60000082":{"F60000227":"` + strings.Repeat("ä", 21) + `"}}`, "/G60000082/F60000227", "Das Feld „Familienname“ ist zu lang (höchstens 20 Zeichen)."},
		{`{"F60000301":"Eiche","G60000082":{"F60000227":"xx","F60000246":"1"}}`, "/G60000082/F60000246", "Das Feld „F60000246“ hat nicht die vorgeschriebene Form."},
		{`{"F60000301":"Eiche","F60000304":"31.12.2026",` + person + `}`, "/F60000304", "Das Feld „F60000304“ hat nicht die vorgeschriebene Form (date)."},
		{`{"F60000301":"Eiche","F60000306":[],` + person + `}`, "/F60000306", "Das Feld „Bäume“ braucht mindestens 1 Einträge."},
		{`{"F60000301":"Eiche","F60000306":[{"F60000307":"a"},{"F60000307":"b"},{"F60000307":"c"}],` + person + `}`, "/F60000306", "Das Feld „Bäume“ erlaubt höchstens 2 Einträge."},
		{`{"F60000301":"Eiche","F60000306":[{"F60000307":"a"},{"F60000307":"a"}],` + person + `}`, "/F60000306", "Das Feld „Bäume“ verletzt eine Regel des Formulars."},
		{`{"F60000301":"Eiche","F60000306":[{"F60000307":"a"},{}],` + person + `}`, "/F60000306/1/F60000307", "Pflichtangabe fehlt: „Standort“."},
		{`{"F60000301":"Eiche","F60000308":{},` + person + `}`, "/F60000308", "Das Feld „F60000308“ passt zu keiner der vorgesehenen Möglichkeiten."},
		{`{"F60000301":"Eiche","F60000308":{"F60000309":1,"F60000310":1},` + person + `}`, "/F60000308", "Das Feld „F60000308“ passt zu mehreren Möglichkeiten, die sich ausschließen."},
		{`{"F60000301":"Eiche","F60000311":true,` + person + `}`, "/F60000311", "Das Feld „F60000311“ passt zu keiner der vorgesehenen Möglichkeiten."},
		{`{"F60000301":"Eiche","F60000313":3,` + person + `}`, "/F60000313", "Das Feld „F60000313“ verletzt eine Regel des Formulars."},
		{`{"F60000301":"Eiche","a/b~c":1,` + person + `}`, "/a~1b~0c", "Das Feld „a/b~c“ hat die falsche Art von Wert."},
		{`{"F60000301":"Eiche","Unbekannt":1,` + person + `}`, "data", "Das Formular enthält Angaben, die das Formular nicht kennt."},
		{`"x"`, "data", "Das Formular hat die falsche Art von Wert."},
	} {
		_, err := p.Parse(t.Context(), data(c.daten))
		q := fehler.ProblemeIn(err)
		require.Len(t, q, 1, c.daten)
		require.Equal(t, c.pfad, q[0].Pfad)
		require.Equal(t, c.hinweis, q[0].Hinweis)
		require.Equal(t, "fim.schema-verletzt", q[0].Code)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
}

// Problems are ordered by place, bounded, and name keys only if they are FIM ids.
func TestProblemeBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"F60000301":"Eiche",` + person + `,"F60000312":[`)
	for i := range 200 {
		fmt.Fprintf(&b, "%q,", fmt.Sprint("Wert", i))
	}
	b.WriteString(`1],"F60000999":1,"` + strings.Repeat("Rosa Geheim ", 1000) + `":1}`)
	_, err := newParser(t).Parse(t.Context(), data(b.String()))
	q := fehler.ProblemeIn(err)
	require.Len(t, q, 50)
	require.IsNonDecreasing(t, func() (out []string) {
		for _, p := range q {
			out = append(out, p.Pfad)
			require.Less(t, len(p.Meldung+p.Hinweis), 500)
		}
		return out
	}())
	_, err = newParser(t).Parse(t.Context(), data(`{"F60000301":"Eiche",`+person+`,"F60000999V1.0":1,"Rosa Geheim":1}`))
	require.Contains(t, err.Error(), "unknown property F60000999V1.0, (1 more)")

	open, err := fim.New(fim.Formular{Schema: uri, JSONSchema: []byte(`{"additionalProperties":{"type":"string"}}`)})
	require.NoError(t, err)
	_, err = open.Parse(t.Context(), data(`{"`+strings.Repeat("ä", 100_000)+`":1}`))
	require.Less(t, len(err.Error()), 500)
	require.Less(t, len(fehler.ProblemeIn(err)[0].Hinweis), 500)
}

func TestRefusedBytes(t *testing.T) {
	p := newParser(t)
	for name, daten := range map[string]string{
		"empty": "", "cut": `{"F60000301":`, "duplicate key": `{"F60000301":"Eiche","F60000301":"Linde",` + person + `}`,
		"deep": strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "bad UTF-8": "{\"F60000301\":\"Eich\xff\"}", "byte order mark": "\ufeff{}",
		"second document": `{} {}`, "huge number": `{"F60000302":1` + strings.Repeat("0", 1000) + `}`, "too many values": "[" + strings.Repeat("1,", 300_000) + "1]",
		"not a number": `{"F60000302":NaN}`, "comment": `{/**/}`,
	} {
		_, err := p.Parse(t.Context(), data(daten))
		q := fehler.ProblemeIn(err)
		require.Len(t, q, 1, name)
		require.Equal(t, fehler.Problem{Code: "fim.kein-json", Pfad: "data", Meldung: q[0].Meldung, Hinweis: "Die Formulardaten sind kein gültiges JSON."}, q[0], name)
	}
	_, err := p.Parse(t.Context(), intake.Fachdaten{Schema: "urn:other", Bytes: []byte("{}")})
	require.ErrorIs(t, err, fehler.ErrUnsupported)
}

func TestFelder(t *testing.T) {
	i, err := newParser(t).Parse(t.Context(), data(`{"$schema":"x","F60000303":true,"F60000302":12.50,"F60000301":"Eiche",
		"G60000082":{"F60000227":"Łukasik","F60000227V1.1":"Groß"},"F60000312":[1,-2e3],"F60000306":[{"F60000307":"Weg"},{"F60000307":"Hof"}],"F60000311":"\u0000\n"}`))
	require.NoError(t, err)
	require.Equal(t, []vorgang.Feld{
		{Name: "F60000303", Label: "Geschützt", Wert: "ja"},
		{Name: "F60000302", Label: "Stammumfang", Wert: "12,50"},
		{Name: "F60000301", Label: "Baumart", Wert: "Eiche"},
		{Name: "G60000082", Label: "Antragstellende Person", Felder: []vorgang.Feld{
			{Name: "F60000227", Label: "Familienname", Wert: "Łukasik"},
			{Name: "F60000227V1.1", Label: "Familienname", Wert: "Groß"}}},
		{Name: "F60000312", Label: "F60000312", Felder: []vorgang.Feld{
			{Name: "F60000312", Label: "F60000312 (1)", Wert: "1"}, {Name: "F60000312", Label: "F60000312 (2)", Wert: "-2e3"}}},
		{Name: "F60000306", Label: "Bäume", Felder: []vorgang.Feld{
			{Name: "F60000306", Label: "Bäume (1)", Felder: []vorgang.Feld{{Name: "F60000307", Label: "Standort", Wert: "Weg"}}},
			{Name: "F60000306", Label: "Bäume (2)", Felder: []vorgang.Feld{{Name: "F60000307", Label: "Standort", Wert: "Hof"}}}}},
		{Name: "F60000311", Label: "F60000311", Wert: "\x00\n"},
	}, i.Felder)
	require.Equal(t, "Hof", i.Antragsteller.Anschrift.Ort, "a pointer into a repetition")

	i, err = newParser(t).Parse(t.Context(), data(`{"F60000303":false,"F60000301":"Linde","G60000082":{"F60000227":"Łukasik","F60000228":"Gülşen","F60000246":"24103"}}`))
	require.NoError(t, err)
	require.Equal(t, "nein", i.Felder[0].Wert)
	require.Equal(t, messaging.Empfaenger{Name: "Gülşen Łukasik", Anschrift: tenant.Anschrift{PLZ: "24103"}}, i.Antragsteller)
}

func TestAntragsteller(t *testing.T) {
	for _, c := range []struct{ daten, pointer, want string }{
		{`{"G60000001V1.0":{"F60000227V1.1":"Groß"}}`, "/G60000001/F60000227", "Groß"},
		{`{"F60000227V1.2":"b","F60000227V1.1":"a"}`, "/F60000227", "a"},
		{`{"F60000227V1.1":"b","F60000227":"exact"}`, "/F60000227", "exact"},
		{`{"a/b":{"~":"x"}}`, "/a~1b/~0", "x"},
		{`{"a":[["x"]]}`, "/a/0/0", "x"},
		{`{"a":["x"]}`, "/a/1", ""},
		{`{"a":["x"]}`, "/a/-1", ""},
		{`{"a":{"b":1}}`, "/a", ""},
		{`{"a":12}`, "/a", "12"},
		{`{"a":true}`, "/a/b", ""},
		{`{"a":null}`, "/a", ""},
	} {
		p, err := fim.New(fim.Formular{Schema: "urn:example:any", JSONSchema: []byte(`{}`), Antragsteller: fim.Zeiger{Organisation: c.pointer}})
		require.NoError(t, err)
		for range 20 {
			i, err := p.Parse(t.Context(), intake.Fachdaten{Schema: "urn:example:any", Bytes: []byte(c.daten)})
			require.NoError(t, err)
			require.Equal(t, c.want, i.Antragsteller.Name, c.daten)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, f := range map[string][]fim.Formular{
		"no URI":          {{JSONSchema: []byte(`{}`)}},
		"no schema":       {{Schema: uri}},
		"no JSON":         {{Schema: uri, JSONSchema: []byte(`{`)}},
		"no schema rule":  {{Schema: uri, JSONSchema: []byte(`{"type":"banana"}`)}},
		"bad pattern":     {{Schema: uri, JSONSchema: []byte(`{"pattern":"("}`)}},
		"named twice":     {{Schema: uri, JSONSchema: []byte(`{}`)}, {Schema: uri, JSONSchema: []byte(`{}`)}},
		"refers outside":  {{Schema: uri, JSONSchema: []byte(`{"$ref":"https://schema.example/other.json"}`)}},
		"refers to file":  {{Schema: uri, JSONSchema: []byte(`{"$ref":"file:///etc/hostname"}`)}},
		"other metarules": {{Schema: uri, JSONSchema: []byte(`{"$schema":"https://schema.example/meta.json"}`)}},
		"URI with anchor": {{Schema: uri + "#x", JSONSchema: []byte(`{}`)}},
	} {
		_, err := fim.New(f...)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
	_, err := fim.New(fim.Formular{Schema: uri, JSONSchema: []byte(`{"$ref":"#/$defs/a","$defs":{"a":{"type":"object"}}}`)})
	require.NoError(t, err, "within the document")
}

func TestLoadFormular(t *testing.T) {
	want := formular()
	b, err := json.Marshal(want)
	require.NoError(t, err)
	got, err := fim.LoadFormular(b)
	require.NoError(t, err)
	require.Equal(t, want.Antragsteller, got.Antragsteller)
	require.Equal(t, want.Labels, got.Labels)
	require.JSONEq(t, string(want.JSONSchema), string(got.JSONSchema))
	for name, doc := range map[string]string{"unknown field": `{"scheme":"x"}`, "no JSON": `{`, "data behind": `{"schema":"x"} {}`, "wrong type": `{"labels":[]}`} {
		_, err := fim.LoadFormular([]byte(doc))
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
}

// FuzzParse: either problems with place and sentence, or data with fields.
func FuzzParse(f *testing.F) {
	p := newParser(f)
	f.Add([]byte(`{"F60000301":"Eiche",` + person + `}`))
	f.Add([]byte(`{"F60000306":[{}],"F60000308":{},"x":1}`))
	f.Add([]byte(`[[[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := p.Parse(context.Background(), intake.Fachdaten{Schema: uri, MIME: "application/json", Bytes: b})
		if err == nil {
			if !json.Valid(i.Daten) || len(i.Felder) == 0 {
				t.Fatal("taken without data or fields")
			}
			return
		}
		q := fehler.ProblemeIn(err)
		if len(q) == 0 || len(q) > 50 {
			t.Fatalf("%d problems: %v", len(q), err)
		}
		for _, x := range q {
			if x.Pfad == "" || x.Hinweis == "" || x.Meldung == "" {
				t.Fatalf("incomplete: %+v", x)
			}
		}
	})
}
