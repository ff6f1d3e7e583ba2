package xdatenfelder_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/intake/fim/xdatenfelder"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write the golden JSON Schema")

// as2 writes ids and versions of 3.0 as 2.0 has them.
func as2(s string) string {
	s = regexp.MustCompile(`(?i)\b([SGFR]\d\d)000(\d{6})`).ReplaceAllString(s, "$1$2")
	return strings.ReplaceAll(s, "1.0.0", "1.0")
}

// The same form in 2.0 and 3.0 is the same JSON Schema but for ids and versions.
func TestGolden(t *testing.T) {
	const golden = "testdata/baum.schema.json"
	two, err := read(t, file(t, "baum-2.0.xml")).JSONSchema(nil)
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(golden, two, 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(two))
	for range 20 {
		three, err := read(t, file(t, "baum-3.0.xml")).JSONSchema(nil)
		require.NoError(t, err)
		require.Equal(t, string(want), as2(string(three)))
	}
}

func TestModels(t *testing.T) {
	for name, standard := range map[string]xdatenfelder.Standard{"baum-2.0.xml": xdatenfelder.V2, "baum-3.0.xml": xdatenfelder.V3} {
		s := read(t, file(t, name))
		require.Equal(t, standard, s.Standard)
		require.Empty(t, s.Hinweise)
		require.Equal(t, "Erste Fassung", s.Versionshinweis)
		require.Equal(t, "Antrag auf Baumfällung", s.Label())
		require.Equal(t, xdatenfelder.Anzahl{Min: 1, Max: 3}, s.Teile[2].Anzahl)
		r := s.Teile[2].Element.Regeln[0]
		require.Equal(t, []string{"Standort je Baum", "function script() {}"}, []string{r.Name, r.Skript})
		name := s.Teile[0].Element.Teile[0].Element
		require.Equal(t, []string{"Familienname", "Wie heißen Sie?", "Familienname", "Wie im Ausweis."}, []string{name.Name, name.Eingabe, name.Ausgabe, name.HilfeEingabe})
		art := s.Teile[2].Element.Teile[0].Element.Feld.Liste
		require.Len(t, art.Werte, 2)
		if standard == xdatenfelder.V2 {
			require.Equal(t, "https://schema.fitko.de/fim/s99000003_1.0.schema.json", s.URI())
			require.Equal(t, "urn:example:baumart_1", art.VersionURI)
			continue
		}
		require.Equal(t, "Wird ein Baum gefällt, muss sein Standort angegeben sein.", r.Freitext)
		require.Equal(t, []xdatenfelder.Relation{{Art: "ERS", ID: "G60000000082", Version: "1.2.0"}}, s.Teile[0].Element.Relationen)
	}
}

// A list that is not known is told, and lets any text pass.
func TestOffeneListen(t *testing.T) {
	s, err := xdatenfelder.Read(t.Context(), bytes.NewReader(file(t, "baum-2.0.xml")), nil)
	require.NoError(t, err)
	require.Equal(t, []xdatenfelder.Codeliste{{ID: "C60000017", URN: "urn:example:baumart", Version: "1", VersionURI: "urn:example:baumart_1"}}, s.OffeneListen())
	require.Empty(t, read(t, file(t, "baum-2.0.xml")).OffeneListen())
	b, err := s.JSONSchema(nil)
	require.NoError(t, err)
	require.NotContains(t, string(b), "enum")
	byURN, err := xdatenfelder.Read(t.Context(), bytes.NewReader(file(t, "baum-2.0.xml")), &xdatenfelder.Options{Codelisten: map[string][]xdatenfelder.Wert{"urn:example:baumart": {{Code: "a"}}}})
	require.NoError(t, err)
	require.Empty(t, byURN.OffeneListen())
}

// In 2.0 bounds are JSON; a pattern may stand there as it is or escaped.
func TestBounds2(t *testing.T) {
	read2 := func(bounds string) *xdatenfelder.Schema {
		return read(t, []byte(strings.ReplaceAll(small(teil("1:1", feld("F60000001", "text", "<s:praezisierung>"+bounds+"</s:praezisierung>"))), "xdatenfelder_3.0.0", "xdatenfelder_2")))
	}
	for bounds, muster := range map[string]string{`{"pattern":"\d{5}","maxLength":"5"}`: `\d{5}`, `{"pattern":"\\d{5}","maxLength":5}`: `\d{5}`, `{"maxLength":"5","pattern":""}`: ""} {
		f := read2(bounds).Teile[0].Element.Feld
		require.Equal(t, muster, f.Muster, bounds)
		require.Equal(t, 5, *f.MaxLaenge)
	}
	for _, bounds := range []string{"egal", `{"maxLength":[]}`, `[1]`} {
		require.Equal(t, "xdatenfelder.praezisierung", read2(bounds).Hinweise[0].Code, bounds)
	}
}

// Labels are one line, however the file is set.
func TestLabels(t *testing.T) {
	s := read(t, []byte(small("<s:name> Antrag\n\t auf  etwas </s:name>")))
	require.Equal(t, "Antrag auf etwas", s.Label())
	require.Equal(t, map[string]string{"G60000082": "Antragstellende Person", "F60000227": "Familienname", "F60000228": "Vornamen", "F60000246": "Postleitzahl",
		"F60000240": "Geburtsdatum", "F60000400": "Hinweis", "G60000300": "Baum", "F60000301": "Baumart", "F60000302": "Stammumfang in cm", "F60000303": "Geschützt",
		"F60000307": "Standort", "F60000308": "Anzahl der Wege"}, read(t, file(t, "baum-2.0.xml")).Labels())
}

func small(inner string) string {
	return `<s:xdatenfelder.stammdatenschema.0102 xmlns:s="urn:xoev-de:fim:standard:xdatenfelder_3.0.0"><s:stammdatenschema>` +
		ident("S99000000001") + inner + `</s:stammdatenschema></s:xdatenfelder.stammdatenschema.0102>`
}

func ident(id string) string {
	return "<s:identifikation><s:id>" + id + "</s:id><s:version>1.0.0</s:version></s:identifikation>"
}

func feld(id, datentyp, inner string) string {
	return "<s:datenfeld>" + ident(id) + "<s:name>" + id + "</s:name><s:feldart><code>input</code></s:feldart><s:datentyp><code>" + datentyp + "</code></s:datentyp>" + inner + "</s:datenfeld>"
}

func gruppe(id, inner string) string {
	return "<s:datenfeldgruppe>" + ident(id) + inner + "</s:datenfeldgruppe>"
}

func teil(anzahl, inner string) string {
	return "<s:struktur><s:anzahl>" + anzahl + "</s:anzahl><s:enthaelt>" + inner + "</s:enthaelt></s:struktur>"
}

// A choice takes exactly one of its parts; what holds no data is left out.
func TestChoiceAndEmptyGroups(t *testing.T) {
	s := read(t, []byte(small(teil("1:1", gruppe("G60000000001", "<s:art><code>X</code></s:art>"+
		teil("1:1", feld("F60000000001", "text", ""))+teil("0:*", feld("F60000000002", "time", ""))))+
		teil("1:1", gruppe("G60000000002", ""))+teil("0:0", feld("F60000000003", "text", ""))+teil("0:1", feld("F60000000004", "datetime", "")))))
	f, err := s.Formular(&xdatenfelder.Export{URI: "urn:example:wahl", MitVersion: true})
	require.NoError(t, err)
	p, err := fim.New(f)
	require.NoError(t, err)
	for daten, ok := range map[string]bool{
		`{"G60000000001V1.0.0":{"F60000000001V1.0.0":"a"}}`:                                            true,
		`{"G60000000001V1.0.0":{"F60000000002V1.0.0":["12:00:00","12:00:00.5+02:00"]}}`:                true,
		`{"G60000000001V1.0.0":{"F60000000002V1.0.0":["25:00:00"]}}`:                                   false,
		`{"G60000000001V1.0.0":{}}`:                                                                    false,
		`{"G60000000001V1.0.0":{"F60000000001V1.0.0":"a","F60000000002V1.0.0":[]}}`:                    false,
		`{"G60000000001":{"F60000000001V1.0.0":"a"}}`:                                                  false,
		`{"G60000000001V1.0.0":{"F60000000001V1.0.0":"a"},"F60000000003V1.0.0":"x"}`:                   false,
		`{"G60000000001V1.0.0":{"F60000000001V1.0.0":"a"},"F60000000004V1.0.0":"2026-01-01T00:00:00"}`: true,
	} {
		_, err := p.Parse(t.Context(), intake.Fachdaten{Schema: "urn:example:wahl", MIME: "application/json", Bytes: []byte(daten)})
		require.Equal(t, ok, err == nil, "%s: %v", daten, err)
	}
	open, err := s.JSONSchema(&xdatenfelder.Export{Offen: true})
	require.NoError(t, err)
	require.NotContains(t, string(open), "additionalProperties")
	require.True(t, json.Valid(open))
}

// A group or a field alone is a form too.
func TestParts(t *testing.T) {
	for art, inner := range map[string]string{"datenfeld": feld("F60000000001", "num", ""), "datenfeldgruppe": gruppe("G60000000001", teil("1:1", feld("F60000000001", "num", "")))} {
		s := read(t, []byte(`<s:xdatenfelder.`+art+`.0100 xmlns:s="urn:xoev-de:fim:standard:xdatenfelder_3.0.0">`+inner+`</s:xdatenfelder.`+art+`.0100>`))
		require.Equal(t, art, s.Nachricht)
		b, err := s.JSONSchema(nil)
		require.NoError(t, err)
		require.Contains(t, string(b), `"F60000000001"`)
	}
}

func TestHandMadeModels(t *testing.T) {
	circle := &xdatenfelder.Element{Kopf: xdatenfelder.Kopf{ID: "G60000001"}}
	leaf := &xdatenfelder.Element{Kopf: xdatenfelder.Kopf{ID: "F60000001"}, Feld: &xdatenfelder.Feld{Art: xdatenfelder.ArtInput, Datentyp: xdatenfelder.Text}}
	circle.Teile = []xdatenfelder.Teil{{Anzahl: xdatenfelder.Anzahl{Min: 0, Max: 1}, Element: leaf}, {Anzahl: xdatenfelder.Anzahl{Min: 0, Max: 1}, Element: circle}}
	for name, teile := range map[string][]xdatenfelder.Teil{
		"circle":     circle.Teile[1:],
		"no element": {{Anzahl: xdatenfelder.Anzahl{Min: 1, Max: 1}}},
		"twice":      {circle.Teile[0], circle.Teile[0]},
		"negative":   {{Anzahl: xdatenfelder.Anzahl{Min: -1, Max: 1}, Element: leaf}},
	} {
		_, err := (&xdatenfelder.Schema{Teile: teile}).JSONSchema(nil)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		_, err = xdatenfelder.New(nil, xdatenfelder.Formular{Schema: &xdatenfelder.Schema{Teile: teile}})
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
}

// What a schema may do wrong has its code, its line and its sentence.
func TestRefused(t *testing.T) {
	deep := ""
	for i := range 30 {
		deep = gruppe("G600000001"+string(rune('0'+i/10))+string(rune('0'+i%10)), teil("1:1", deep))
	}
	for name, c := range map[string]struct{ xml, code string }{
		"no XML":         {"{}", "xml"},
		"empty":          {"", "xml"},
		"cut":            {small("")[:200], "xml"},
		"entity":         {strings.Replace(small("<s:name>&x;</s:name>"), "<s:x", `<!DOCTYPE a [<!ENTITY x "y">]><s:x`, 1), "xml-dtd"},
		"no DTD entity":  {small("<s:name>&x;</s:name>"), "xml"},
		"other encoding": {`<?xml version="1.0" encoding="ISO-8859-1"?>` + small(""), "xml"},
		"behind":         {small("") + "<a/>", "xml"},
		"before":         {"x" + small(""), "xml"},
		"message":        {`<a xmlns="urn:xoev-de:fim:standard:xdatenfelder_2"/>`, "nachricht"},
		"no schema":      {`<s:xdatenfelder.stammdatenschema.0102 xmlns:s="urn:xoev-de:fim:standard:xdatenfelder_2"/>`, "nachricht"},
		"cycle":          {small(teil("1:1", gruppe("G60000000001", teil("1:1", gruppe("G60000000001", ""))))), "zyklus"},
		"sibling":        {small(teil("1:1", feld("F60000000001", "text", "")) + teil("1:1", feld("F60000000001", "text", ""))), "doppelt"},
		"two elements":   {small(teil("1:1", feld("F60000000001", "text", "")+feld("F60000000002", "text", ""))), "doppelt"},
		"no element":     {small(teil("1:1", "")), "struktur"},
		"stranger":       {small(teil("1:1", "<s:regel/>"+feld("F60000000001", "text", ""))), "element-unbekannt"},
		"amount":         {small(teil("2:1", feld("F60000000001", "text", ""))), "anzahl"},
		"amount missing": {small("<s:struktur><s:enthaelt>" + feld("F60000000001", "text", "") + "</s:enthaelt></s:struktur>"), "anzahl"},
		"huge amount":    {small(teil("1:99999999", feld("F60000000001", "text", ""))), "anzahl"},
		"type":           {small(teil("1:1", feld("F60000000001", "banane", ""))), "wert"},
		"no type":        {small(teil("1:1", feld("F60000000001", "", ""))), "wert"},
		"id":             {small(teil("1:1", feld("Feld", "text", ""))), "id"},
		"codes":          {small(teil("1:1", feld("F60000000001", "text", "<s:werte><s:wert><s:code>a</s:code></s:wert><s:wert><s:code>a</s:code></s:wert></s:werte>"))), "codeliste"},
		"deep groups":    {small(teil("1:1", deep)), "xml-grenze"},
		"deep XML":       {small(strings.Repeat("<s:neu>", 200)), "xml-grenze"},
		"markup in text": {small("<s:name>a<s:b/></s:name>"), "element-unbekannt"},
		"name twice":     {small("<s:name>a</s:name><s:name>b</s:name>"), "doppelt"},
	} {
		_, err := xdatenfelder.Read(t.Context(), strings.NewReader(c.xml), nil)
		q := fehler.ProblemeIn(err)
		require.NotEmpty(t, q, name)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		require.Equal(t, "xdatenfelder."+c.code, q[0].Code, "%s: %v", name, err)
		require.Contains(t, q[0].Pfad, "line ")
		require.Regexp(t, `^[A-ZÄÖÜ].*\.$`, q[0].Hinweis)
	}
	_, err := xdatenfelder.Read(t.Context(), strings.NewReader(small(teil("2:1", feld("F60000000001", "text", "")))), nil)
	require.Equal(t, "line 1 (F60000000001)", fehler.ProblemeIn(err)[0].Pfad)
}

// What is understood in part is noted, and refused on request.
func TestHinweise(t *testing.T) {
	bound := func(attr string) string {
		return small(teil("1:1", feld("F60000000001", "num", "<s:praezisierung "+attr+"/>")))
	}
	for name, c := range map[string]struct{ xml, code string }{
		"unknown element":   {small("<s:neu/>"), "element-ausgelassen"},
		"other namespace":   {small(`<neu xmlns="urn:example:x"/>`), "element-ausgelassen"},
		"short id":          {small(teil("1:1", feld("F1", "text", ""))), "id"},
		"bad bound":         {bound(`minValue="viel"`), "praezisierung"},
		"bounds crossed":    {bound(`minValue="2" maxValue="1"`), "praezisierung"},
		"length crossed":    {bound(`minLength="2" maxLength="1"`), "praezisierung"},
		"lookahead":         {bound(`pattern="(?=a)"`), "praezisierung"},
		"unknown bound":     {bound(`anders="1"`), "praezisierung"},
		"bounds of a day":   {small(teil("1:1", feld("F60000000001", "date", `<s:praezisierung minValue="1"/>`))), "praezisierung"},
		"same id different": {small(teil("1:1", feld("F60000000001", "text", "")) + teil("1:1", gruppe("G60000000001", teil("1:1", feld("F60000000001", "bool", ""))))), "abweichend"},
	} {
		s, err := xdatenfelder.Read(t.Context(), strings.NewReader(c.xml), nil)
		require.NoError(t, err, name)
		require.Len(t, s.Hinweise, 1, name)
		require.Equal(t, "xdatenfelder."+c.code, s.Hinweise[0].Code)
		f, err := s.Formular(nil)
		require.NoError(t, err)
		_, err = fim.New(f)
		require.NoError(t, err)
		_, err = xdatenfelder.Read(t.Context(), strings.NewReader(c.xml), &xdatenfelder.Options{Streng: true})
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
}

func TestLimits(t *testing.T) {
	b := file(t, "baum-3.0.xml")
	for name, g := range map[string]xdatenfelder.Grenzen{"bytes": {MaxBytes: int64(len(b)) - 1}, "token": {MaxToken: 50}, "depth": {MaxTiefe: 5}, "elements": {MaxElemente: 3}} {
		_, err := xdatenfelder.Read(t.Context(), bytes.NewReader(b), &xdatenfelder.Options{Grenzen: g})
		require.NotEmpty(t, fehler.ProblemeIn(err), name)
		require.Equal(t, "xdatenfelder.xml-grenze", fehler.ProblemeIn(err)[0].Code, name)
	}
	_, err := xdatenfelder.Read(t.Context(), bytes.NewReader(b), &xdatenfelder.Options{Grenzen: xdatenfelder.Grenzen{MaxBytes: int64(len(b))}})
	require.NoError(t, err)
	_, err = xdatenfelder.Read(t.Context(), failing{}, nil)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, os.ErrClosed }
