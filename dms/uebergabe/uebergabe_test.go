package uebergabe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/uebergabetest"
	"github.com/ozg-fachwerk/fachwerk/internal/schema"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestSendungKeepsItsSchema(t *testing.T) {
	t.Parallel()
	require.Len(t, uebergabe.Schemas(), 5)
	s, err := schema.Compile(uebergabe.SchemaSendung, uebergabe.Schemas()[uebergabe.TypSendung], true)
	require.NoError(t, err)
	valid := func(b []byte) error {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		require.NoError(t, err)
		return s.Validate(doc)
	}
	x := uebergabetest.Beispiel(1)
	b, err := x.Dokument(func(uebergabe.Datei) (string, error) { return "https://x.example/", nil })
	require.NoError(t, err)
	require.NoError(t, valid(b))
	leer := *x
	leer.Antrag, leer.Dateien, leer.Aktenzeichen, leer.Ort = uebergabe.Antrag{Kanal: "brief", Kennung: "1", Person: uebergabe.Antragsteller{Name: "x"}}, nil, nil, ""
	b, err = leer.Dokument(nil)
	require.NoError(t, err)
	require.NoError(t, valid(b))

	// Negative control: the schema can fail, at each mandatory member.
	var m map[string]any
	require.NoError(t, json.Unmarshal(b, &m))
	for _, k := range []string{"id", "mandant", "vorgang", "nummer", "leistung", "einheit", "eingang", "erstellt", "antrag", "dateien"} {
		war := m[k]
		delete(m, k)
		b, err := json.Marshal(m)
		require.NoError(t, err)
		require.Error(t, valid(b), k)
		m[k] = war
	}

	// The event says the same, and where its data lie elsewhere it has none.
	sum, err := x.Pruefsumme()
	require.NoError(t, err)
	for _, ref := range []string{"", "nats-object:x"} {
		raw, err := x.Ereignis("urn:test", nil, ref)
		require.NoError(t, err)
		var e event.Event
		require.NoError(t, json.Unmarshal(raw, &e))
		require.NoError(t, e.Validate())
		require.Equal(t, sum, e.Extensions()["pruefsumme"])
		require.Equal(t, ref == "", len(e.Data()) > 0)
		if ref == "" {
			require.NoError(t, valid(e.Data()))
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	require.NoError(t, uebergabetest.Beispiel(1).Check())
	for _, change := range []func(*uebergabe.Sendung){
		func(s *uebergabe.Sendung) { s.Mandant = "" }, func(s *uebergabe.Sendung) { s.Antrag.Daten = json.RawMessage("{") },
		func(s *uebergabe.Sendung) { s.Dateien[0].SHA512 = "../x" }, func(s *uebergabe.Sendung) { s.Dateien[0].ID = s.Dateien[1].ID },
		func(s *uebergabe.Sendung) { s.Dateien[0].Open = nil }, func(s *uebergabe.Sendung) { s.Antrag.XFall[0]++ },
		func(s *uebergabe.Sendung) { s.Dateien = make([]uebergabe.Datei, uebergabe.MaxDateien+1) },
	} {
		s := uebergabetest.Beispiel(1)
		change(s)
		p := fehler.ProblemeIn(s.Check())
		require.NotEmpty(t, p)
		require.NotEmpty(t, p[0].Hinweis)
	}
	s := uebergabetest.Beispiel(1)
	s.Antrag.Daten = json.RawMessage(`"` + strings.Repeat("a", uebergabe.MaxDokument) + `"`)
	_, err := s.Dokument(nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	for daten, want := range map[string]uebergabe.Format{
		"": "", "[]": "", `{"F60000227":1,"G60000001V1.0":{}}`: uebergabe.FormatFIM, `{"name":"x"}`: uebergabe.FormatEigen, `{"F60000227":1,"x":2}`: uebergabe.FormatEigen, "{}": uebergabe.FormatEigen,
	} {
		require.Equal(t, want, uebergabe.FormatOf(json.RawMessage(daten)), daten)
	}
}

func TestReadAnswers(t *testing.T) {
	t.Parallel()
	l, err := uebergabe.NewLeser()
	require.NoError(t, err)
	const bezug = `"uebergabe":"019cadf0-0000-7000-8000-000000000001","vorgang":"019cadf0-0000-7000-8000-000000000002"`
	umschlag := func(typ, data string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":"e-1","source":"urn:fv","type":%q,"datacontenttype":"application/json","data":%s}`, typ, data)
	}
	for typ, data := range map[string]string{
		uebergabe.TypStand:        `{` + bezug + `,"zustand":"angenommen","aktenzeichen":"GW-1","neu":true}`,
		uebergabe.TypAbschluss:    `{` + bezug + `,"grund":"erledigung"}`,
		uebergabe.TypEntscheidung: `{` + bezug + `,"art":"bewilligung","betreff":"b","tenor":["t"],"begruendung":["b"],"verfahren":"vwvfg"}`,
		uebergabe.TypDokument:     `{` + bezug + `,"name":"a.pdf","mime":"application/pdf","sha512":"` + strings.Repeat("a", 128) + `","inhalt":"JVBERg=="}`,
	} {
		m, err := l.Read([]byte(umschlag(typ, data)))
		require.NoError(t, err, typ)
		require.Equal(t, "e-1", m.ID)
		require.Equal(t, byte(1), m.Bezug.Uebergabe[15])
		require.Equal(t, byte(2), m.Bezug.Vorgang[15])
	}
	for name, c := range map[string]struct {
		text, code string
	}{
		"no JSON":         {"{", "meldung.kein-json"},
		"duplicate names": {`{"id":"a","id":"b"}`, "meldung.kein-json"},
		"too deep":        {strings.Repeat("[", 100) + strings.Repeat("]", 100), "meldung.kein-json"},
		"no event":        {`[]`, "meldung.kein-ereignis"},
		"old event":       {`{"specversion":"0.3","id":"e","source":"urn:x","type":"x"}`, "meldung.kein-ereignis"},
		"no id":           {`{"specversion":"1.0","source":"urn:x","type":"x"}`, "meldung.kein-ereignis"},
		"unknown type":    {umschlag("x.y", "{}"), "meldung.typ"},
		"our own type":    {umschlag(uebergabe.TypSendung, "{}"), "meldung.typ"},
		"no data":         {`{"specversion":"1.0","id":"e","source":"urn:x","type":"` + uebergabe.TypStand + `"}`, "meldung.daten"},
		"wrong state":     {umschlag(uebergabe.TypStand, `{`+bezug+`,"zustand":"gescheitert"}`), "meldung.schema"},
		"no reference":    {umschlag(uebergabe.TypStand, `{"zustand":"erledigt"}`), "meldung.schema"},
		"no uuid":         {umschlag(uebergabe.TypStand, `{"uebergabe":"x","vorgang":"y","zustand":"erledigt"}`), "meldung.schema"},
	} {
		_, err := l.Read([]byte(c.text))
		require.Error(t, err, name)
		p := fehler.ProblemeIn(err)
		require.NotEmpty(t, p, name)
		require.Equal(t, c.code, p[0].Code, name)
		require.NotEmpty(t, p[0].Hinweis, name)
	}
	// The values of a bad answer stand in no error text.
	_, err = l.Read([]byte(umschlag(uebergabe.TypStand, `{`+bezug+`,"zustand":"Erika Mustermann"}`)))
	require.NotContains(t, err.Error(), "Erika")
}

func FuzzRead(f *testing.F) {
	l, err := uebergabe.NewLeser()
	require.NoError(f, err)
	f.Add([]byte(`{"specversion":"1.0","id":"e","source":"urn:x","type":"` + uebergabe.TypStand + `","data":{}}`))
	f.Add([]byte(`{"specversion":"1.0","data_base64":"e30="}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := l.Read(b)
		if err == nil && (m.ID == "" || m.Daten == nil) {
			t.Fatal("an empty answer passes")
		}
	})
}
