package intake_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// spiegel gives back what it was given.
type spiegel struct{ got intake.Fachdaten }

func (*spiegel) Name() string                 { return "spiegel" }
func (*spiegel) Detect(intake.Fachdaten) bool { return true }
func (s *spiegel) Parse(_ context.Context, d intake.Fachdaten) (intake.Inhalt, error) {
	s.got = d
	daten, err := json.Marshal(map[string]string{"text": string(d.Bytes)})
	return intake.Inhalt{Daten: daten, Felder: []vorgang.Feld{{Name: "n", Label: "L", Wert: string(d.Bytes)}}}, err
}

func (a *amt) mitParser(p intake.Parser) *intake.Annahme {
	n, err := intake.New(intake.Params{Store: a.store, Blobs: a.blobs, Mandanten: a.mandanten, Router: a.weiche,
		Parser: []intake.Parser{p}, Betreiber: poststelle}, &intake.Options{})
	require.NoError(a.t, err)
	return n
}

func text(kennung, mime string, b []byte) intake.Lieferung {
	l := lieferung(kennung)
	l.Fachdaten = intake.Bytes(uuid.New(), "form", mime, vorgang.ZweckOriginal, b)
	return l
}

// Each encoding, by each way of declaring it, is the same text for the Parser; the file
// stays as it came.
func TestZeichensaetze(t *testing.T) {
	t.Parallel()
	xml := func(enc string) string {
		return `<?xml version="1.0" encoding="` + enc + "\"?>\n<ort>Köln, Straße Žilina</ort>"
	}
	latin1 := func(s string) string { return `<?xml version="1.0" encoding="` + s + "\"?>\n<ort>Köln, Straße</ort>" }
	utf16 := func(e unicode.Endianness, b unicode.BOMPolicy) interface{ String(string) (string, error) } {
		return unicode.UTF16(e, b).NewEncoder()
	}
	for name, c := range map[string]struct {
		mime, doc string
		enc       interface{ String(string) (string, error) }
		want      string
	}{
		"UTF-8":                   {"application/xml", xml("UTF-8"), nil, xml("UTF-8")},
		"UTF-8 with mark":         {"text/xml", "\ufeff" + xml("UTF-8"), nil, xml("UTF-8")},
		"ISO-8859-1":              {"application/xml", latin1("ISO-8859-1"), charmap.ISO8859_1.NewEncoder(), latin1("UTF-8")},
		"ISO-8859-15":             {"application/xml", xml("ISO-8859-15"), charmap.ISO8859_15.NewEncoder(), xml("UTF-8")},
		"windows-1252":            {"application/soap+xml", xml("windows-1252"), charmap.Windows1252.NewEncoder(), xml("UTF-8")},
		"UTF-16 LE with mark":     {"application/xml", xml("UTF-16"), utf16(unicode.LittleEndian, unicode.UseBOM), xml("UTF-8")},
		"UTF-16 BE with mark":     {"application/xml", xml("UTF-16"), utf16(unicode.BigEndian, unicode.UseBOM), xml("UTF-8")},
		"UTF-16 LE without":       {"application/xml", xml("UTF-16"), utf16(unicode.LittleEndian, unicode.IgnoreBOM), xml("UTF-8")},
		"MIME goes before":        {"application/xml; charset=iso-8859-15", xml("UTF-8"), charmap.ISO8859_15.NewEncoder(), xml("UTF-8")},
		"JSON by MIME":            {"application/json; charset=ISO-8859-1", `{"ort":"Köln"}`, charmap.ISO8859_1.NewEncoder(), `{"ort":"Köln"}`},
		"JSON with mark":          {"application/json", "\ufeff{}", nil, `{}`},
		"text":                    {"text/plain; charset=windows-1252", "5 €", charmap.Windows1252.NewEncoder(), "5 €"},
		"undeclared XML, sniffed": {"", latin1("ISO-8859-1"), charmap.ISO8859_1.NewEncoder(), latin1("UTF-8")},
	} {
		b := []byte(c.doc)
		if c.enc != nil {
			s, err := c.enc.String(c.doc)
			require.NoError(t, err, name)
			b = []byte(s)
		}
		a, p := newAmt(t, memStore(t), nil), &spiegel{}
		r, err := a.mitParser(p).Receive(t.Context(), text("1", c.mime, b))
		require.NoError(t, err, name)
		require.Equal(t, intake.Angenommen, r.Ausgang, name)
		require.Equal(t, c.want, string(p.got.Bytes), name)
		f := a.vorgaenge(hanau)[0].Dateien[0]
		require.Equal(t, b, a.read(hanau, f.SHA512, f.Groesse), "%s: the bytes stay as they came", name)
	}
	// What is no text is not touched.
	a, p := newAmt(t, memStore(t), nil), &spiegel{}
	_, err := a.mitParser(p).Receive(t.Context(), text("1", "application/pdf", []byte("%PDF-\xff\xfe")))
	require.NoError(t, err)
	require.Equal(t, "%PDF-\xff\xfe", string(p.got.Bytes))
}

// Text that is not what it declares goes to a person whole, with the place, and no Parser
// sees it; after the fix it becomes a Vorgang.
func TestZeichensatzFalsch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ mime, doc, code, pfad string }{
		"JSON in Latin-1":           {"application/json", "{\"ort\":\"K\xf6ln\"}", "intake.zeichensatz-falsch", "data, byte 9"},
		"XML, UTF-8 declared":       {"application/xml", "\ufeff<?xml version='1.0' encoding='UTF-8'?><o>K\xf6ln</o>", "intake.zeichensatz-falsch", "data, byte 45"},
		"XML, undeclared":           {"text/xml", "<o>K\xf6ln</o>", "intake.zeichensatz-falsch", "data, byte 4"},
		"UTF-8 declared as Latin-1": {"application/xml; charset=iso-8859-1", "<o>Köln</o>", "intake.zeichensatz-falsch", "data"},
		"mark against declaration":  {"application/xml; charset=iso-8859-1", "\ufeff<o>Köln</o>", "intake.zeichensatz-falsch", "data"},
		"half a letter of UTF-16":   {"application/json; charset=utf-16", "{}\x00", "intake.zeichensatz-falsch", "data"},
		"controls of C1":            {"text/plain; charset=iso-8859-1", "\x80uro \xe4", "intake.zeichensatz-falsch", "data"},
		"unknown":                   {"application/xml", "<?xml version='1.0' encoding='KOI8-R'?><o/>", "intake.zeichensatz-unbekannt", "data"},
	} {
		a, p := newAmt(t, memStore(t), nil), &spiegel{}
		n := a.mitParser(p)
		r, err := n.Receive(t.Context(), text("1", c.mime, []byte(c.doc)))
		require.NoError(t, err, name)
		require.Equal(t, intake.Klaerung, r.Ausgang, name)
		require.Len(t, r.Probleme, 1, name)
		require.Equal(t, c.code, r.Probleme[0].Code, name)
		require.Equal(t, c.pfad, r.Probleme[0].Pfad, name)
		require.Nil(t, p.got.Bytes, name)
		k := a.klaerfach()
		require.Len(t, k, 1)
		require.Equal(t, c.doc, string(content(t, k[0].Lieferung.Fachdaten)), "whole")
		if name == "JSON in Latin-1" {
			r, err = n.Rerun(t.Context(), k[0].ID, func(l *intake.Lieferung) { l.Fachdaten.MIME = "application/json; charset=iso-8859-1" })
			require.NoError(t, err)
			require.Equal(t, intake.Angenommen, r.Ausgang)
			require.Equal(t, `{"ort":"Köln"}`, string(p.got.Bytes))
		}
	}
}

// fest gives fixed data.
type festeDaten struct{ inhalt intake.Inhalt }

func (*festeDaten) Name() string                 { return "fest" }
func (*festeDaten) Detect(intake.Fachdaten) bool { return true }
func (f *festeDaten) Parse(context.Context, intake.Fachdaten) (intake.Inhalt, error) {
	return f.inhalt, nil
}

// Values are in NFC whatever came; numbers, order and what is NFC already stay as they are.
func TestAngabenNFC(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ daten, want, code string }{
		"NFC":            {`{"ort": "Köln",  "n": 1.50}`, `{"ort": "Köln",  "n": 1.50}`, ""},
		"NFD":            {"{\"a\u0308\":\"Ko\u0308ln\",\"n\":1.50,\"l\":[true,null,1e2]}", `{"ä":"Köln","n":1.50,"l":[true,null,1e2]}`, ""},
		"escaped":        {`{"ort":"Ko\u0308ln"}`, `{"ort":"Köln"}`, ""},
		"after a break":  {"{\"a\":\"x\\n\u0303\"}", "{\"a\":\"x\\n\u0303\"}", ""},
		"clash":          {"{\"\u00e4\":1,\"a\u0308\":2}", "", "intake.doppelter-schluessel"},
		"half surrogate": {`{"a":"\ud800"}`, "", "intake.zeichensatz-falsch"},
	} {
		a := newAmt(t, memStore(t), nil)
		p := &festeDaten{intake.Inhalt{Daten: json.RawMessage(c.daten), Felder: []vorgang.Feld{{Name: "g", Label: "g", Felder: []vorgang.Feld{{Name: "n", Label: "n", Wert: "Ko\u0308ln"}}}}}}
		p.inhalt.Antragsteller.Name = "Mu\u0308ller"
		r, err := a.mitParser(p).Receive(t.Context(), lieferung("1"))
		require.NoError(t, err, name)
		if c.code != "" {
			require.Equal(t, c.code, r.Probleme[0].Code, name)
			continue
		}
		require.Equal(t, intake.Angenommen, r.Ausgang, name)
		s := a.vorgaenge(hanau)[0]
		require.JSONEq(t, c.want, string(s.Antrag.Daten), name)
		if name != "after a break" {
			require.True(t, norm.NFC.IsNormal(s.Antrag.Daten), name)
		}
		require.Equal(t, "Köln", s.Antrag.Felder[0].Felder[0].Wert)
		require.Equal(t, "Müller", s.Antrag.Antragsteller.Name)
	}
}
