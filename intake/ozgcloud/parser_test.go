package ozgcloud_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/intaketest"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func data(s string) intake.Fachdaten {
	return intake.Fachdaten{Schema: ozgcloud.Schema, MIME: "application/json", Bytes: []byte(s)}
}

func withItems(s string) string {
	return `{"control":{"transactionId":"t-1"},"formData":` + s + `}`
}

func TestConformance(t *testing.T) {
	intaketest.Run(t, intaketest.Options{Parser: ozgcloud.NewParser(nil), Samples: []intaketest.Sample{
		{Name: "form", Fachdaten: data(form), Felder: []string{"nachname"}},
		{Name: "by its content", Fachdaten: intake.Fachdaten{Bytes: []byte(form)}},
		{Name: "groups", Fachdaten: data(withItems(`[{"name":"g","label":"G","formItems":[{"name":"b","booleanValue":false},{"name":"a","formItems":[{"name":"c"}]}]},{"name":"z"}]`)),
			Felder: []string{"g", "b", "a", "c", "z"}},
		{Name: "loose", Fachdaten: data(`{"control":{"transactionId":7,"leikaIds":null,"neu":1,"serviceKonto":null},"formData":[{"name":"a","label":null,"stringValue":null,"dateValue":""},
			{"name":"b","numberValue":""},{"name":"c","label":"C","stringValue":"Keine Angabe"}],"neu":{}}`), Felder: []string{"a", "b", "c"}},
		{Name: "values", Broken: true, Fachdaten: data(withItems(`[{"name":"a","numberValue":"Geheim"},{"name":"Geheim","stringValue":1},{"name":"a","booleanValue":"Geheim"},{"name":"a","formItems":"Geheim"}]`)), Privat: []string{"Geheim"}},
		{Name: "control", Broken: true, Fachdaten: data(`{"control":{"transactionId":{},"leikaIds":[1],"serviceKonto":[],"formId":[]},"formData":7}`)},
		{Name: "konto", Broken: true, Fachdaten: data(`{"control":{"transactionId":"a","leikaIds":"x","serviceKonto":{"postfachAddress":"Geheim"}},"formData":[1,{"name":[]}]}`), Privat: []string{"Geheim"}},
		{Name: "no JSON", Broken: true, Fachdaten: data(`{"control":{"transactionId":"a"},"formData":[`)},
	}, Foreign: []intake.Fachdaten{
		{MIME: "application/json", Bytes: []byte(`{"a":{"control":1,"formData":2}}`)}, {MIME: "application/json", Bytes: []byte(`{"control":"formData"}`)},
		{MIME: "application/json", Bytes: []byte(`["control","formData"]`)}, {MIME: "application/json", Bytes: []byte(`{"assistant":{}}`)}}})
}

func TestWerte(t *testing.T) {
	i, err := ozgcloud.NewParser(nil).Parse(t.Context(), data(withItems(`[{"name":"s","label":"S","stringValue":"x"},{"name":"n","numberValue":1.50},{"name":"d","dateValue":"2026-02-28"},
		{"name":"j","booleanValue":true},{"name":"u","booleanValue":false},{"name":"leer"}]`)))
	require.NoError(t, err)
	require.Equal(t, []vorgang.Feld{{Name: "s", Label: "S", Wert: "x"}, {Name: "n", Label: "n", Wert: "1.50"}, {Name: "d", Label: "d", Wert: "2026-02-28"},
		{Name: "j", Label: "j", Wert: "ja"}, {Name: "u", Label: "u", Wert: "nein"}, {Name: "leer", Label: "leer"}}, i.Felder)
	_, err = ozgcloud.NewParser(nil).Parse(t.Context(), data(withItems(`[{"name":"g","formItems":[{"name":"d","dateValue":"2026-02-30"}]}]`)))
	require.Equal(t, "/formData/0/formItems/0/dateValue", fehler.ProblemeIn(err)[0].Pfad)
	_, err = ozgcloud.NewParser(nil).Parse(t.Context(), data(withItems(`[`+strings.Repeat(`1,`, 99)+`1]`)))
	require.Len(t, fehler.ProblemeIn(err), 50)
}

func TestFindAntragsteller(t *testing.T) {
	for name, c := range map[string]struct{ items, want, ort string }{
		"person":         {`[{"name":"x","formItems":[{"name":"Vorname","stringValue":"Erika"},{"name":"nachname","stringValue":"Mustermann"}]}]`, "Erika Mustermann", ""},
		"label":          {`[{"name":"f1","label":"Familienname","stringValue":" Mustermann "}]`, "Mustermann", ""},
		"repeat":         {`[{"name":"p_nachname","stringValue":"Mustermann"}]`, "Mustermann", ""},
		"organisation":   {`[{"name":"firma","stringValue":"Muster GmbH"},{"name":"vorname","stringValue":"Keine Angabe"}]`, "Muster GmbH", ""},
		"first group":    {`[{"name":"a","formItems":[{"name":"nachname","stringValue":"Mustermann"}]},{"name":"b","formItems":[{"name":"vorname","stringValue":"Max"},{"name":"nachname","stringValue":"Muster"},{"name":"plz","stringValue":"1"},{"name":"ort","stringValue":"Kassel"}]}]`, "Mustermann", ""},
		"address beside": {`[{"name":"s","formItems":[{"name":"p","formItems":[{"name":"nachname","stringValue":"Mustermann"}]},{"name":"q","formItems":[{"name":"plz","stringValue":"63450"},{"name":"ort","stringValue":"Hanau"}]}]}]`, "Mustermann", "Hanau"},
		"nobody":         {`[{"name":"nachname","stringValue":""},{"name":"hund","stringValue":"Bello"}]`, "", ""},
	} {
		i, err := ozgcloud.NewParser(nil).Parse(t.Context(), data(withItems(c.items)))
		require.NoError(t, err, name)
		require.Equal(t, c.want, i.Antragsteller.Name, name)
		require.Equal(t, c.ort, i.Antragsteller.Anschrift.Ort, name)
	}
}

// The sample that describes the interface.
func TestSample(t *testing.T) {
	b, err := os.ReadFile(testenv.Standards(t, "ozg-cloud", "ozgcloud-payload.synthetic.json"))
	require.NoError(t, err)
	d := intake.Fachdaten{MIME: "application/json", Bytes: b}
	p := ozgcloud.NewParser(nil)
	require.True(t, p.Detect(d))
	i, err := p.Parse(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, "Erika", i.Antragsteller.Name)
	s := newStelle(t, aufbau{})
	res, body := s.post(newRumpf().form(string(b)), nil)
	require.Equal(t, 200, res.StatusCode, string(body))
	require.Len(t, s.vorgaenge(kassel), 1)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(form))
	f.Add([]byte(withItems(`[{"name":"g","formItems":[{"name":"a","numberValue":1}]}]`)))
	p := ozgcloud.NewParser(&ozgcloud.ParserOptions{Tiefe: 5, Items: 20})
	f.Fuzz(func(t *testing.T, b []byte) {
		d := intake.Fachdaten{Bytes: bytes.Clone(b)}
		if p.Detect(d) && len(b) < 20 {
			t.Fatal("too short to hold both keys")
		}
		i, err := p.Parse(t.Context(), d)
		if err != nil && len(fehler.ProblemeIn(err)) == 0 {
			t.Fatalf("a technical error: %v", err)
		}
		if err == nil && (!json.Valid(i.Daten) || !bytes.Equal(b, d.Bytes)) {
			t.Fatal("took what is no JSON")
		}
	})
}
