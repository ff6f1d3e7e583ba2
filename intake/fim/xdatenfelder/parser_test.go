package xdatenfelder_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/intake/fim/xdatenfelder"
	"github.com/ozg-fachwerk/fachwerk/intake/intaketest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const (
	uri  = "https://schema.fitko.de/fim/s99000003_1.0.schema.json"
	ns   = "urn:xfall-de:datenschema:xdf2"
	full = `{"$schema":"` + uri + `","G60000300":[{"F60000302":120.5,"F60000301":"E1","F60000307":["Hof","Am Weg"]},{"F60000301":"L1","F60000302":80,"F60000303":true}],
		"G60000082":{"F60000227":"Łukasik-Groß","F60000246":"24103","F60000240":"1980-02-29"}}`
	fullXML = `<?xml version="1.0" encoding="UTF-8"?>
<x:S99000003 xmlns:x="` + ns + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
	<x:G60000082><x:F60000227>Łukasik-Groß</x:F60000227><x:F60000246>24103</x:F60000246><x:F60000240>1980-02-29Z</x:F60000240></x:G60000082>
	<x:F60000400>Bitte alle Bäume nennen.</x:F60000400>
	<x:G60000300><x:F60000301> E1 </x:F60000301><x:F60000302>+0120.5</x:F60000302><x:F60000303/><x:F60000307>Hof</x:F60000307><x:F60000307>Am Weg</x:F60000307></x:G60000300>
	<x:G60000300V1.3><x:F60000301>L1</x:F60000301><x:F60000302>80</x:F60000302><x:F60000303>1</x:F60000303></x:G60000300V1.3>
</x:S99000003>`
)

var order = []string{"G60000082", "F60000227", "F60000246", "F60000240", "G60000300", "G60000300", "F60000301", "F60000302", "F60000307", "F60000307", "F60000307",
	"G60000300", "F60000301", "F60000302", "F60000303"}

func formular(t testing.TB) xdatenfelder.Formular {
	return xdatenfelder.Formular{Schema: read(t, file(t, "baum-2.0.xml")), XFallURIs: []string{"urn:example:xfall"},
		Export: &xdatenfelder.Export{Antragsteller: fim.Zeiger{Nachname: "/G60000082/F60000227", PLZ: "/G60000082/F60000246"}}}
}

func newParser(t testing.TB) *xdatenfelder.Parser {
	t.Helper()
	p, err := xdatenfelder.New(nil, formular(t))
	require.NoError(t, err)
	return p
}

func asJSON(s string) intake.Fachdaten {
	return intake.Fachdaten{Schema: uri, MIME: "application/json", Bytes: []byte(s)}
}

func asXML(s string) intake.Fachdaten {
	return intake.Fachdaten{Schema: "urn:example:xfall", MIME: "text/xml; charset=utf-8", Bytes: []byte(s)}
}

func xfall(inner string) intake.Fachdaten {
	return asXML(`<S99000003 xmlns="` + ns + `">` + inner + `</S99000003>`)
}

const person = `<G60000082><F60000227>Groß</F60000227><F60000246>24103</F60000246></G60000082>`

func TestConformance(t *testing.T) {
	intaketest.Run(t, intaketest.Options{Parser: newParser(t), Samples: []intaketest.Sample{
		{Name: "JSON", Fachdaten: asJSON(full), Felder: order},
		{Name: "XFall", Fachdaten: asXML(fullXML), Felder: order},
		{Name: "XFall without schema", Fachdaten: intake.Fachdaten{MIME: "application/xml", Bytes: []byte(fullXML)}, Felder: order},
		{Name: "name missing", Fachdaten: asJSON(`{"G60000082":{}}`), Broken: true},
		{Name: "wrong values", Fachdaten: asJSON(strings.Replace(full, "E1", "Geheimbaum", 1)), Broken: true, Privat: []string{"Geheim"}},
		{Name: "no JSON", Fachdaten: asJSON(`{`), Broken: true},
		{Name: "no XML", Fachdaten: asXML(`<`), Broken: true},
		{Name: "XFall with unknown elements", Fachdaten: xfall(person + `<Rosa_Geheim>Geheim</Rosa_Geheim><F60000999>Geheim</F60000999>`), Broken: true, Privat: []string{"Geheim"}},
		{Name: "XFall with wrong values", Fachdaten: xfall(person + `<F60000308>Geheim</F60000308>`), Broken: true, Privat: []string{"Geheim"}},
		{Name: "XFall with text between", Fachdaten: xfall(person + `Geheim`), Broken: true, Privat: []string{"Geheim"}},
	}, Foreign: []intake.Fachdaten{
		{Schema: uri, MIME: "application/pdf"}, {Schema: uri, MIME: ";"}, {Schema: "urn:example:xfall", MIME: "application/json", Bytes: []byte(full)},
		{MIME: "application/xml", Bytes: []byte(`<S99000004/>`)}, {Schema: "urn:example:other", MIME: "application/xml", Bytes: []byte(fullXML)},
	}})
}

// JSON and XML of the same submission are the same for the clerk.
func TestSameAnswer(t *testing.T) {
	p := newParser(t)
	j, err := p.Parse(t.Context(), asJSON(full))
	require.NoError(t, err)
	x, err := p.Parse(t.Context(), asXML(fullXML))
	require.NoError(t, err)
	require.Equal(t, j.Felder, x.Felder)
	require.Equal(t, j.Antragsteller, x.Antragsteller)
	require.Equal(t, "Łukasik-Groß", x.Antragsteller.Name)
	require.JSONEq(t, strings.Replace(full, `"$schema":"`+uri+`",`, "", 1), string(x.Daten))
	again, err := p.Parse(t.Context(), asJSON(string(x.Daten)))
	require.NoError(t, err)
	require.Equal(t, x.Felder, again.Felder)

	tree := j.Felder[1]
	require.Equal(t, "Baum", tree.Label)
	require.Equal(t, "Baum (2)", tree.Felder[1].Label)
	require.Equal(t, vorgang.Feld{Name: "F60000301", Label: "Baumart", Wert: "Linde (L1)"}, tree.Felder[1].Felder[0])
	require.Equal(t, vorgang.Feld{Name: "F60000307", Label: "Standort", Felder: []vorgang.Feld{
		{Name: "F60000307", Label: "Standort (1)", Wert: "Hof"}, {Name: "F60000307", Label: "Standort (2)", Wert: "Am Weg"}}}, tree.Felder[0].Felder[2])
}

func TestBaum(t *testing.T) {
	s := formular(t).Schema
	i, err := newParser(t).Parse(t.Context(), asJSON(strings.Replace(full, "Am Weg", `Am Weg\nhinten\u001b[2J\u202e`, 1)))
	require.NoError(t, err)
	got := s.Baum(append(i.Felder, vorgang.Feld{Name: "X", Label: "Anderes", Felder: []vorgang.Feld{{Name: "Y", Label: "darin", Wert: "1"}}}))
	require.Equal(t, `Antragstellende Person:
  Familienname: Łukasik-Groß
  Vornamen: –
  Postleitzahl: 24103
  Geburtsdatum: 1980-02-29
Baum (1):
  Baumart: Eiche (E1)
  Stammumfang in cm: 120,5
  Geschützt: –
  Standort (1): Hof
  Standort (2): Am Weg
      hinten [2J `+`
Baum (2):
  Baumart: Linde (L1)
  Stammumfang in cm: 80
  Geschützt: ja
  Standort: –
Anzahl der Wege: –
Anderes:
  darin: 1
`, got)
	require.Equal(t, "Antragstellende Person: –\nBaum: –\nAnzahl der Wege: –\n", s.Baum(nil))
}

// Each fault of the XML has its code, its line and its sentence.
func TestXFallProbleme(t *testing.T) {
	p := newParser(t)
	baum := `<G60000300><F60000301>E1</F60000301><F60000302>1</F60000302></G60000300>`
	for name, c := range map[string]struct {
		d                   intake.Fachdaten
		code, pfad, hinweis string
	}{
		"unknown":       {xfall(person + "\n<F60000999/>" + baum), "xfall.schema-verletzt", "line 2", "Das Dokument enthält ein Element, das das Formular an dieser Stelle nicht kennt."},
		"wrong place":   {xfall(person + baum + "\n<F60000227/>"), "xfall.schema-verletzt", "line 2", "Das Dokument enthält ein Element, das das Formular an dieser Stelle nicht kennt."},
		"wrong version": {xfall(person + baum + "\n<F60000308V9.9>1</F60000308V9.9>"), "xfall.schema-verletzt", "line 2", "Das Dokument enthält ein Element, das das Formular an dieser Stelle nicht kennt."},
		"twice":         {xfall(person + "\n" + person + baum), "xfall.schema-verletzt", "line 2 (G60000082)", "Das Feld „Antragstellende Person“ darf hier nur einmal vorkommen."},
		"no number":     {xfall(person + baum + "\n<F60000308>drei</F60000308>"), "xfall.schema-verletzt", "line 2 (F60000308)", "Das Feld „Anzahl der Wege“ ist keine Zahl."},
		"comma":         {xfall(person + baum + "\n<F60000308>3,0</F60000308>"), "xfall.schema-verletzt", "line 2 (F60000308)", "Das Feld „Anzahl der Wege“ ist keine Zahl."},
		"no boolean":    {xfall(person + strings.Replace(baum, "</G6", "\n<F60000303>ja</F60000303></G6", 1)), "xfall.schema-verletzt", "line 2 (F60000303)", "Das Feld „Geschützt“ ist weder ja noch nein."},
		"text":          {xfall(person + "\nund" + baum), "xfall.schema-verletzt", "line 2", "Zwischen den Angaben einer Gruppe steht Text ohne Feld."},
		"markup":        {xfall(person + baum + "\n<F60000308><b/>1</F60000308>"), "xfall.schema-verletzt", "line 2 (F60000308)", "Das Dokument enthält ein Element, wo nur Text stehen darf."},
		"namespace":     {asXML(`<S99000003 xmlns="urn:example:x"/>`), "xfall.schema-verletzt", "line 1", "Das Dokument hat nicht den Namensraum des Formulars."},
		"root":          {asXML(`<S99000004/>`), "xfall.schema-verletzt", "line 1", "Das Dokument gehört zu einem anderen Formular oder zu einer anderen Fassung davon."},
		"DTD":           {asXML(`<!DOCTYPE a><S99000003/>`), "xfall.kein-xml", "line 1", "Das Dokument enthält eine unzulässige Dokumenttyp-Angabe."},
		"cut":           {asXML(fullXML[:300]), "xfall.kein-xml", "line 3 (F60000227)", "Das Dokument ist kein wohlgeformtes XML."},
		"missing":       {xfall(person), "fim.schema-verletzt", "/G60000300", "Pflichtangabe fehlt: „Baum“."},
		"empty number":  {xfall(person + strings.Replace(baum, ">1<", "><", 1)), "fim.schema-verletzt", "/G60000300/0/F60000302", "Pflichtangabe fehlt: „Stammumfang in cm“."},
		"code":          {xfall(person + strings.Replace(baum, "E1", "X9", 1)), "fim.schema-verletzt", "/G60000300/0/F60000301", "Das Feld „Baumart“ enthält einen Wert, der nicht zur Auswahl steht."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.Parse(t.Context(), c.d)
			q := fehler.ProblemeIn(err)
			require.NotEmpty(t, q, "%v", err)
			if name != "cut" {
				require.Len(t, q, 1)
				require.Equal(t, c.pfad, q[0].Pfad)
			}
			require.Equal(t, c.code, q[0].Code)
			require.Equal(t, c.hinweis, q[0].Hinweis)
		})
	}
	_, err := p.Parse(t.Context(), xfall(strings.Repeat("<F60000999/>", 1000)))
	require.Len(t, fehler.ProblemeIn(err), 50)
	_, err = p.Parse(t.Context(), xfall(strings.Repeat("<F60000999/>", 200_000)))
	require.NotEmpty(t, fehler.ProblemeIn(err))
	_, err = p.Parse(t.Context(), intake.Fachdaten{Schema: "urn:example:other"})
	require.ErrorIs(t, err, fehler.ErrUnsupported)
}

func TestNewRefuses(t *testing.T) {
	f := formular(t)
	for name, all := range map[string][]xdatenfelder.Formular{
		"no schema": {{}}, "twice": {f, f}, "URI of two": {f, {Schema: f.Schema, Export: &xdatenfelder.Export{URI: "urn:example:xfall"}}}, "empty URI": {{Schema: f.Schema, XFallURIs: []string{""}}},
	} {
		_, err := xdatenfelder.New(nil, all...)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
	own, err := xdatenfelder.New(&xdatenfelder.ParserOptions{Namensraeume: []string{"urn:example:"}}, xdatenfelder.Formular{Schema: f.Schema, Wurzel: "antrag"})
	require.NoError(t, err)
	d := intake.Fachdaten{MIME: "text/xml", Bytes: []byte(`<antrag xmlns="urn:example:a">` + person + `</antrag>`)}
	require.True(t, own.Detect(d))
	_, err = own.Parse(t.Context(), d)
	require.Equal(t, "/G60000300", fehler.ProblemeIn(err)[0].Pfad)
}

// Keys with versions come out of XFall as the form has them.
func TestMitVersion(t *testing.T) {
	f := formular(t)
	f.Export.MitVersion = true
	p, err := xdatenfelder.New(nil, f)
	require.NoError(t, err)
	i, err := p.Parse(t.Context(), asXML(fullXML))
	require.NoError(t, err)
	require.Contains(t, string(i.Daten), `{"G60000082V1.3":{"F60000227V1.1":"Łukasik-Groß"`)
	require.Equal(t, "Łukasik-Groß", i.Antragsteller.Name)
	require.Equal(t, "Eiche (E1)", i.Felder[1].Felder[0].Felder[0].Wert)
	plain, err := newParser(t).Parse(t.Context(), asXML(fullXML))
	require.NoError(t, err)
	require.Equal(t, f.Schema.Baum(plain.Felder), f.Schema.Baum(i.Felder))
}

// FuzzRead: a schema is refused with code and sentence, or gives a form that
// compiles and reads back as written.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"baum-2.0.xml", "baum-3.0.xml"} {
		b, err := os.ReadFile("testdata/" + name)
		require.NoError(f, err)
		f.Add(string(b))
	}
	f.Add(small(teil("0:*", gruppe("G60000000001", "<s:art><code>X</code></s:art>"+teil("1:1", feld("F1", "obj", ""))))))
	f.Fuzz(func(t *testing.T, in string) {
		s, err := xdatenfelder.Read(context.Background(), strings.NewReader(in), &xdatenfelder.Options{Grenzen: xdatenfelder.Grenzen{MaxToken: 20_000}})
		if err != nil {
			q := fehler.ProblemeIn(err)
			if !errors.Is(err, fehler.ErrInvalid) || len(q) == 0 || len(q) > 50 || q[0].Hinweis == "" || q[0].Pfad == "" {
				t.Fatalf("refused without saying why: %v", err)
			}
			return
		}
		form, err := s.Formular(&xdatenfelder.Export{URI: "urn:example:fuzz"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fim.New(form); err != nil {
			t.Fatal(err)
		}
		s.Baum(nil)
	})
}

// FuzzXFall: problems with place and sentence, or JSON that the same parser takes.
func FuzzXFall(f *testing.F) {
	p := newParser(f)
	f.Add([]byte(fullXML))
	f.Add(xfall(person).Bytes)
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := p.Parse(context.Background(), asXML(string(b)))
		if err != nil {
			q := fehler.ProblemeIn(err)
			if len(q) == 0 || len(q) > 50 || q[0].Hinweis == "" || q[0].Pfad == "" {
				t.Fatalf("refused without saying why: %v", err)
			}
			return
		}
		if !json.Valid(i.Daten) {
			t.Fatal("no JSON")
		}
		again, err := p.Parse(context.Background(), asJSON(string(i.Daten)))
		if err != nil {
			t.Fatal(err)
		}
		require.Equal(t, i, again)
	})
}
