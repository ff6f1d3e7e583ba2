package zuordnung_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/intaketest"
	"github.com/ozg-fachwerk/fachwerk/intake/zuordnung"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const fullJSON = `{"baum":{"umfang":"1.234,50","tag":"3.5.2026","art":"Eiche"},"person":{"vorname":"Erika","nachname":"Mustermann","ort":"Köln"},` +
	`"leistung":"FAELLEN","ags":"01057001","nr":"R-1","konto":"K-1","am":"2026-05-03T23:30:00Z","digital":false,"postfach":"h-1","dateien":[{"name":"plan.pdf"}]}`

const fullXML = `<?xml version="1.0"?><baum xmlns="urn:example:baum" ars="053150000000"><person><vorname>Erika</vorname><nachname>Mustermann</nachname></person>` +
	`<feld name="umfang" label="Stammumfang" typ="zahl">80,5</feld><feld name="am" label="Tag" typ="tag">03.05.2026</feld><datei id="f1" name="plan.pdf"/></baum>`

func data(s string) intake.Fachdaten {
	return intake.Fachdaten{MIME: "application/json", Bytes: []byte(s)}
}

func xmlData(s string) intake.Fachdaten {
	return intake.Fachdaten{MIME: "application/xml", Bytes: []byte(s)}
}

func TestConformance(t *testing.T) {
	intaketest.Run(t, intaketest.Options{Parser: newParser(t, nil), Samples: []intaketest.Sample{
		{Name: "json", Fachdaten: data(fullJSON), Felder: []string{"baum", "umfang", "tag", "art", "person", "vorname", "nachname", "ort", "leistung", "ags", "nr", "am", "digital", "dateien", "dateien", "name"}},
		{Name: "xml", Fachdaten: xmlData(fullXML), Felder: []string{"@ars", "person", "vorname", "nachname", "umfang", "am", "plan.pdf", "@id"}},
		{Name: "bad values", Fachdaten: data(`{"baum":{"umfang":"geheim","tag":"geheim"}}`), Broken: true, Privat: []string{"geheim"}},
		{Name: "no json", Fachdaten: data(`{"baum":{"a":"geheim"`), Broken: true, Privat: []string{"geheim"}},
		{Name: "no xml", Fachdaten: xmlData(`<baum xmlns="urn:example:baum">geheim<`), Broken: true, Privat: []string{"geheim"}},
	}})
}

func TestRead(t *testing.T) {
	a, err := newParser(t, nil).Read(t.Context(), data(fullJSON))
	require.NoError(t, err)
	require.Equal(t, "99102014000000", a.Leistung)
	require.Equal(t, "010575747001", a.Ort)
	require.Equal(t, datum.MustParse("2026-05-04"), a.GestelltAm, "the day in Berlin")
	require.Equal(t, "1234,50", a.Felder[0].Felder[0].Wert)
	require.Equal(t, "03.05.2026", a.Felder[0].Felder[1].Wert)
	require.Contains(t, string(a.Daten), `"umfang":1234.50,"tag":"2026-05-03"`)
	require.NotContains(t, string(a.Daten), "h-1", "left out")

	id := uuid.New()
	l := intake.Lieferung{Kanal: "test", Kennung: "1", Fachdaten: intake.Bytes(id, "d.json", "application/json", vorgang.ZweckOriginal, []byte(fullJSON)),
		Referenz: "vom Kanal", Dateien: []intake.Teil{{Name: "x.bin"}}}
	before := l.Dateien
	require.NoError(t, newParser(t, nil).Complete(t.Context(), &l))
	require.Equal(t, "vom Kanal", l.Referenz, "the channel's word counts more")
	require.Equal(t, []messaging.Adresse{{Kanal: "postfach", Kennung: "h-1"}}, l.Adressen)
	require.False(t, *l.DigitalerBescheid)
	require.Equal(t, "K-1", l.Konto)
	require.Equal(t, "plan.pdf", l.Dateien[0].Name)
	require.Equal(t, "x.bin", before[0].Name, "the caller's Teile stay as they are")

	x := intake.Lieferung{Fachdaten: intake.Bytes(id, "d.xml", "application/xml", vorgang.ZweckOriginal, []byte(fullXML)), Dateien: []intake.Teil{{Name: "a"}, {Name: "f1"}}}
	require.NoError(t, newParser(t, nil).Complete(t.Context(), &x))
	require.Equal(t, "plan.pdf", x.Dateien[1].Name)
	require.Equal(t, "053150000000", x.Ort)
}

// A value that does not fit has its place; all of them are named at once.
func TestWertProbleme(t *testing.T) {
	_, err := newParser(t, nil).Read(t.Context(), data(`{"baum":{"umfang":"1,234.5","tag":"31.02.2026"},"leistung":"x","ags":"12345678","am":"gestern","email":"a@example.org","kontakt":{"email":"b@example.org"}}`))
	require.Equal(t, []string{
		"intake.wert-fehlt data", "intake.wert-mehrdeutig /kontakt/email", "intake.wert /am", "intake.wert /leistung", "intake.wert /ags",
		"intake.wert /baum/umfang", "intake.wert /baum/tag",
	}, places(err))
}

func TestTypen(t *testing.T) {
	z := load(t, baumJSON)
	z.Antragsteller.Nachname = nil
	for _, c := range []struct {
		typ        zuordnung.Typ
		in, lesbar string // "-" means that it does not fit
	}{
		{zuordnung.Dezimal, `"1.234,56"`, "1234,56"}, {zuordnung.Dezimal, `"-0012,5"`, "-12,5"}, {zuordnung.Dezimal, `"1.23"`, "-"},
		{zuordnung.Dezimal, `"1.234"`, "1234"}, {zuordnung.Dezimal, `1.5`, "1,5"}, {zuordnung.Dezimal, `"1e5"`, "-"}, {zuordnung.Dezimal, `" "`, ""},
		{zuordnung.Punktdezimal, `"1234.5"`, "1234,5"}, {zuordnung.Punktdezimal, `"1,5"`, "-"}, {zuordnung.Ganzzahl, `"007"`, "7"},
		{zuordnung.Ganzzahl, `1.5`, "-"}, {zuordnung.Wahrheit, `"Ja"`, "ja"}, {zuordnung.Wahrheit, `false`, "nein"}, {zuordnung.Wahrheit, `"vielleicht"`, "-"},
		{zuordnung.Datum, `"29.2.2024"`, "29.02.2024"}, {zuordnung.Datum, `"29.02.2023"`, "-"}, {zuordnung.Datum, `"2024-02-29"`, "29.02.2024"},
		{zuordnung.Datum, `"9999-12-31T23:30:00Z"`, "-"}, {zuordnung.Datum, `"0000-01-01"`, "-"}, {zuordnung.Text, "\"A\u0308\"", "Ä"}, {zuordnung.Text, `null`, ""},
		{zuordnung.Ganzzahl, `"` + strings.Repeat("9", 65) + `"`, "-"},
	} {
		z.Formular.Typen = map[string]zuordnung.Typ{"x": c.typ}
		p, err := zuordnung.New("t", []zuordnung.Zuordnung{z}, nil)
		require.NoError(t, err)
		a, err := p.Read(t.Context(), data(`{"baum":{"x":`+c.in+`}}`))
		if c.lesbar == "-" {
			require.Equal(t, []string{"intake.wert /baum/x"}, places(err), c.in)
			continue
		}
		require.NoError(t, err, c.in)
		require.Equal(t, c.lesbar, a.Felder[0].Felder[0].Wert, c.in)
	}
}
