package zuordnung_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/zuordnung"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// mixed writes the value with its members in any order and any space between.
func mixed(t *rapid.T, v any) string {
	sp := func() string { return rapid.SampledFrom([]string{"", " ", "\n\t"}).Draw(t, "space") }
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		if len(keys) > 1 {
			keys = rapid.Permutation(keys).Draw(t, "order")
		}
		var parts []string
		for _, k := range keys {
			q, _ := json.Marshal(k)
			parts = append(parts, sp()+string(q)+sp()+":"+sp()+mixed(t, v[k])+sp())
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		var parts []string
		for _, c := range v {
			parts = append(parts, sp()+mixed(t, c)+sp())
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// sorted brings fields into the order of their names.
func sorted(list []vorgang.Feld) []vorgang.Feld {
	list = slices.Clone(list)
	for i := range list {
		list[i].Felder = sorted(list[i].Felder)
	}
	slices.SortStableFunc(list, func(a, b vorgang.Feld) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// The order of members and the space between them change nothing but the order in
// which a clerk reads.
func TestJSONOrder(t *testing.T) {
	p := newParser(t, nil)
	want, err := p.Read(t.Context(), data(fullJSON))
	require.NoError(t, err)
	var doc any
	require.NoError(t, json.Unmarshal([]byte(fullJSON), &doc))
	rapid.Check(t, func(t *rapid.T) {
		got, err := p.Read(ctx, data(mixed(t, doc)))
		require.NoError(t, err)
		require.JSONEq(t, string(want.Daten), string(got.Daten))
		require.Equal(t, sorted(want.Felder), sorted(got.Felder))
		want, got := want, got
		want.Inhalt.Daten, want.Inhalt.Felder, got.Inhalt.Daten, got.Inhalt.Felder = nil, nil, nil, nil
		require.Equal(t, want, got)
	})
}

// Space between elements, comments, the way of quoting and the encoding of XML
// change nothing.
func TestXMLSpace(t *testing.T) {
	p := newParser(t, nil)
	body := strings.TrimPrefix(fullXML, `<?xml version="1.0"?>`)
	want, err := p.Read(t.Context(), xmlData(fullXML))
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for i, part := range strings.Split(body, "><") {
			if i > 0 {
				b.WriteString(">" + rapid.SampledFrom([]string{"", " ", "\r\n\t", "<!-- k -->", "<?pi x?>"}).Draw(t, "between") + "<")
			}
			b.WriteString(part)
		}
		s := b.String()
		if rapid.Bool().Draw(t, "quotes") {
			s = strings.ReplaceAll(s, `"`, `'`)
		}
		s = strings.ReplaceAll(s, "Erika", rapid.SampledFrom([]string{"Erika", "<![CDATA[Erika]]>", "&#69;rika", " Erika\n"}).Draw(t, "text"))
		enc := rapid.SampledFrom([]string{"UTF-8", "ISO-8859-1", "windows-1252"}).Draw(t, "encoding")
		s = `<?xml version="1.0" encoding="` + enc + `"?>` + s
		if enc != "UTF-8" {
			s, err = charmap.ISO8859_1.NewEncoder().String(s)
			require.NoError(t, err)
		}
		got, err := p.Read(ctx, xmlData(s))
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(baumJSON))
	f.Add([]byte(baumXML))
	f.Fuzz(func(t *testing.T, b []byte) {
		z, err := zuordnung.Load(b)
		if err != nil {
			require.NotEmpty(t, fehler.ProblemeIn(err))
			return
		}
		_, err = zuordnung.New("fuzz", []zuordnung.Zuordnung{z}, nil)
		require.NoError(t, err, "what Load takes New takes")
	})
}

func fuzzDocument(f *testing.F, mime string) {
	p, err := zuordnung.New("fuzz", []zuordnung.Zuordnung{load(f, baumJSON), load(f, baumXML)}, &zuordnung.Options{Grenzen: zuordnung.Grenzen{Knoten: 1000, Schritte: 10000}})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		d := intake.Fachdaten{MIME: mime, Bytes: b}
		if !p.Detect(d) {
			return
		}
		a, err := p.Read(t.Context(), d)
		if err != nil {
			q := fehler.ProblemeIn(err)
			require.NotEmpty(t, q)
			for _, x := range q {
				require.True(t, x.Code != "" && x.Pfad != "" && x.Meldung != "" && x.Hinweis != "")
			}
			return
		}
		require.True(t, json.Valid(a.Daten))
	})
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(fullJSON))
	for _, c := range hostile() {
		if len(c.d.Bytes) < 1000 {
			f.Add(c.d.Bytes)
		}
	}
	fuzzDocument(f, "application/json")
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(fullXML))
	for _, c := range hostile() {
		if len(c.d.Bytes) < 1000 {
			f.Add(c.d.Bytes)
		}
	}
	fuzzDocument(f, "application/xml")
}

// The documentation shows a Zuordnung that works.
func TestDocsExample(t *testing.T) {
	b, err := os.ReadFile("../../docs/zuordnung.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(b), "```json\n")
	require.True(t, ok)
	doc, _, ok := strings.Cut(rest, "```")
	require.True(t, ok)
	load(t, doc)
}
