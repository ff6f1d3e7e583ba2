package zuordnung_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake/zuordnung"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const baumJSON = `{
	"name": "baum-json", "format": "json",
	"erkennung": {"medientypen": ["application/json"], "mitglieder": [{"zeiger": "/baum", "art": "objekt"}]},
	"antragsteller": {"vorname": "$.person.vorname", "nachname": {"pfade": ["$.person.nachname", "$.person.name"], "pflicht": true}, "ort": "$.person.ort", "email": "$..email"},
	"leistung": {"pfade": ["$.leistung"], "fest": "99102013000000", "tabelle": {"FAELLEN": "99102014000000"}},
	"ort": {"pfade": ["$.ags"], "tabelle": {"01057001": "010575747001"}},
	"referenz": "$.nr", "konto": "$.konto",
	"gestelltAm": "$.am", "digitalerBescheid": "$.digital",
	"adressen": [{"kanal": "postfach", "kennung": "$.postfach"}],
	"anlagen": {"pfad": "$.dateien[*]", "name": "name"},
	"formular": {"typen": {"umfang": "dezimal", "tag": "datum"}, "labels": {"umfang": "Stammumfang"}, "ohne": ["$.postfach", "$.konto"]}
}`

const baumXML = `{
	"name": "baum-xml", "format": "xml", "namensraeume": {"b": "urn:example:baum"},
	"erkennung": {"medientypen": ["application/xml"], "wurzel": {"name": "baum", "namensraum": "urn:example:baum"}},
	"antragsteller": {"vorname": "/b:baum/b:person/b:vorname", "nachname": "//b:nachname"},
	"ort": "/b:baum/@ars", "gestelltAm": "//b:feld[@name='am']",
	"anlagen": {"pfad": "//b:datei", "kennung": "@id", "name": "@name"},
	"formular": {"name": ["@name"], "label": ["@label"], "typ": ["@typ"], "typwerte": {"zahl": "dezimal", "tag": "datum"}, "attribute": true}
}`

func load(t testing.TB, s string) zuordnung.Zuordnung {
	t.Helper()
	z, err := zuordnung.Load([]byte(s))
	require.NoError(t, err)
	return z
}

func newParser(t testing.TB, o *zuordnung.Options) *zuordnung.Parser {
	t.Helper()
	p, err := zuordnung.New("test", []zuordnung.Zuordnung{load(t, baumJSON), load(t, baumXML)}, o)
	require.NoError(t, err)
	return p
}

func places(err error) (out []string) {
	for _, p := range fehler.ProblemeIn(err) {
		out = append(out, p.Code+" "+p.Pfad)
	}
	return out
}

// All that is wrong is named at once, each with its place.
func TestLoadProbleme(t *testing.T) {
	_, err := zuordnung.Load([]byte(`{"name": "x", "format": "json", "fromat": 1,
		"erkennung": {"medientypen": ["Application/JSON"], "mitglieder": [{"zeiger": "baum"}]},
		"antragsteller": {"vorname": "person.vorname", "nachname": {"pfad": "$.x", "typ": "zahl"}, "plz": {}},
		"gestelltAm": 7, "adressen": [{"kanal": "p", "kennung": "$.a[1:2]"}],
		"formular": {"ohne": ["$..["], "typen": {"a": "datumm"}}}`))
	require.Equal(t, []string{
		"zuordnung.aufbau /antragsteller/nachname/pfad", "zuordnung.aufbau /antragsteller/nachname/typ",
		"zuordnung.aufbau /formular/typen/a", "zuordnung.aufbau /fromat", "zuordnung.aufbau /gestelltAm",
	}, places(err), "a member of the wrong type hides what lies behind the types")
	_, err = zuordnung.Load([]byte(`{"name": "x", "format": "json", "fromat": 1,
		"erkennung": {"medientypen": ["Application/JSON"], "mitglieder": [{"zeiger": "baum"}]},
		"antragsteller": {"vorname": "person.vorname", "plz": {}},
		"adressen": [{"kanal": "p", "kennung": "$.a[1:2]"}], "formular": {"ohne": ["$..["]}}`))
	require.Equal(t, []string{
		"zuordnung.selektor /adressen/0/kennung/pfade/0", "zuordnung.aufbau /antragsteller/plz", "zuordnung.selektor /antragsteller/vorname/pfade/0",
		"zuordnung.erkennung /erkennung/medientypen/0", "zuordnung.erkennung /erkennung/mitglieder/0/zeiger",
		"zuordnung.selektor /formular/ohne/0", "zuordnung.aufbau /fromat",
	}, places(err))
	for _, p := range fehler.ProblemeIn(err) {
		require.NotEmpty(t, p.Meldung)
		require.True(t, strings.HasSuffix(p.Hinweis, "."), p.Hinweis)
	}
	for _, bad := range []string{"", "[]", "null", "{", `{"name":"a","name":"b"}`, `{} {}`, strings.Repeat("[", 1000),
		`{"name":"x","format":"xml","erkennung":{"medientypen":["text/xml"]}}`,
		`{"name":"x","format":"xml","erkennung":{"medientypen":["text/xml"],"wurzel":{}}}`,
		`{"name":"x","format":"json","erkennung":{"medientypen":["text/json"],"wurzel":{"name":"a"}}}`,
		strings.Replace(baumXML, `"formular": {`, `"formular": {"wert": ["x"], `, 1),
		strings.Replace(baumXML, `"b": "urn:example:baum"`, `"b": ""`, 1),
		strings.Replace(baumXML, `"//b:nachname"`, `"//c:nachname"`, 1)} {
		_, err := zuordnung.Load([]byte(bad))
		require.NotEmpty(t, fehler.ProblemeIn(err), bad)
	}
	require.NoError(t, load(t, baumXML).Check())
	require.Contains(t, string(zuordnung.Schema()), "erkennung")
}

// Of several that fit the first counts; one that never has its turn is refused.
func TestOrder(t *testing.T) {
	a, b := load(t, baumJSON), load(t, baumJSON)
	b.Name = "zweite"
	_, err := zuordnung.New("t", []zuordnung.Zuordnung{a, b}, nil)
	require.Equal(t, []string{"zuordnung.verdeckt /1/erkennung"}, places(err))
	b.Erkennung.Mitglieder = []zuordnung.Mitglied{{Zeiger: "/kopf/art", Wert: "x"}}
	d := data(`{"kopf":{"art":"x"},"baum":{},"person":{"name":"Mustermann"}}`)
	for _, list := range [][]zuordnung.Zuordnung{{a, b}, {b, a}} {
		p, err := zuordnung.New("t", list, nil)
		require.NoError(t, err)
		got, err := p.Read(t.Context(), d)
		require.NoError(t, err)
		require.Equal(t, list[0].Name, got.Zuordnung)
	}
	_, err = zuordnung.New("", nil, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	p := newParser(t, nil)
	_, err = p.Read(t.Context(), data(`{"a":1}`))
	require.ErrorIs(t, err, fehler.ErrUnsupported)
}
