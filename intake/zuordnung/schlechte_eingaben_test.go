package zuordnung_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/zuordnung"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write docs/schlechte-eingaben.md")

const root = `<baum xmlns="urn:example:baum">`

// hostile are inputs that are built to hurt, or just wrong, with their codes.
func hostile() []struct {
	name string
	d    intake.Fachdaten
	code string
} {
	laughs := `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>`
	return []struct {
		name string
		d    intake.Fachdaten
		code string
	}{
		{"JSON zu tief verschachtelt", data(`{"baum":{},"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`), "zuordnung.zu-tief"},
		{"JSON mit zu vielen Werten", data(`{"baum":{},"x":[0` + strings.Repeat(",0", 100_000) + `]}`), "zuordnung.zu-viele-werte"},
		{"JSON mit doppeltem Schlüssel", data(`{"baum":{},"a":1,"a":2}`), "zuordnung.doppelter-schluessel"},
		{"JSON mit gleichem Schlüssel in zwei Schreibweisen (NFC, NFD)", data("{\"baum\":{},\"\u00e4\":1,\"a\u0308\":2}"), "zuordnung.doppelter-schluessel"},
		{"JSON mit riesiger Zahl (1e999)", data(`{"baum":{},"a":1e999}`), "zuordnung.zahl"},
		{"JSON mit überlanger Zahl", data(`{"baum":{},"a":` + strings.Repeat("1", 100) + `}`), "zuordnung.zahl"},
		{"JSON mit ungültigem UTF-8", data("{\"baum\":{},\"a\":\"\xff\"}"), "zuordnung.zeichensatz-falsch"},
		{"JSON mit halbem Surrogat", data(`{"baum":{},"a":"\ud800"}`), "zuordnung.kein-json"},
		{"JSON mit Text hinter dem Ende", data(`{"baum":{}} x`), "zuordnung.kein-json"},
		{"XML mit DOCTYPE", xmlData(`<!DOCTYPE baum>` + root + `</baum>`), "zuordnung.doctype"},
		{"XML mit Entitäten, die sich vervielfachen", xmlData(laughs + root + `&c;</baum>`), "zuordnung.doctype"},
		{"XML mit Verweis nach außen", xmlData(`<!DOCTYPE baum SYSTEM "file:///etc/hostname">` + root + `</baum>`), "zuordnung.doctype"},
		{"XML mit unbekannter Entität", xmlData(root + `&b;</baum>`), "zuordnung.kein-xml"},
		{"XML zu tief verschachtelt", xmlData(root + strings.Repeat("<a>", 5000) + strings.Repeat("</a>", 5000) + `</baum>`), "zuordnung.zu-tief"},
		{"XML mit zu vielen Elementen", xmlData(root + strings.Repeat("<a/>", 100_001) + `</baum>`), "zuordnung.zu-viele-werte"},
		{"XML mit doppeltem Attribut", xmlData(root + `<a b="1" b="2"/></baum>`), "zuordnung.kein-xml"},
		{"XML mit nicht erklärtem Präfix", xmlData(root + `<p:a/></baum>`), "zuordnung.kein-xml"},
		{"XML mit zwei Wurzeln", xmlData(root + `</baum><b/>`), "zuordnung.kein-xml"},
		{"XML, als UTF-8 angegeben, in ISO-8859-1 geschrieben", xmlData(`<?xml version="1.0" encoding="UTF-8"?>` + root + "K\xf6ln</baum>"), "zuordnung.zeichensatz-falsch"},
		{"XML, als ISO-8859-1 angegeben, in UTF-8 geschrieben", xmlData(`<?xml version="1.0" encoding="ISO-8859-1"?>` + root + "Köln</baum>"), "zuordnung.zeichensatz-falsch"},
		{"XML in unbekanntem Zeichensatz", xmlData(`<?xml version="1.0" encoding="EBCDIC-X"?>` + root + "</baum>"), "zuordnung.zeichensatz-unbekannt"},
		{"Pflichtangabe fehlt", data(`{"baum":{}}`), "intake.wert-fehlt"},
		{"Datum, das es nicht gibt", data(`{"baum":{"tag":"31.02.2026"},"person":{"name":"Mustermann"}}`), "intake.wert"},
		{"Dezimalzahl in falscher Schreibweise", data(`{"baum":{"umfang":"1,234.5"},"person":{"name":"Mustermann"}}`), "intake.wert"},
		{"zwei verschiedene Werte für eine Angabe", data(`{"baum":{},"person":{"name":"Mustermann"},"a":{"email":"1"},"b":{"email":"2"}}`), "intake.wert-mehrdeutig"},
	}
}

// Each input has its code, quickly, and with a sentence for the clerk.
func TestSchlechteEingaben(t *testing.T) {
	p := newParser(t, nil)
	var rows strings.Builder
	for _, c := range hostile() {
		require.True(t, p.Detect(c.d), c.name)
		start := time.Now()
		_, err := p.Parse(t.Context(), c.d)
		require.Less(t, time.Since(start), 5*time.Second, c.name)
		q := fehler.ProblemeIn(err)
		require.Len(t, q, 1, c.name)
		require.Equal(t, c.code, q[0].Code, c.name)
		wo := "abgelehnt; im Register"
		if strings.HasPrefix(c.code, "intake.") {
			wo = "Klärfach"
		}
		fmt.Fprintf(&rows, "| %s | `%s` | %s | %s |\n", c.name, c.code, q[0].Hinweis, wo)
	}
	const begin, end = "<!-- zuordnung -->\n", "<!-- /zuordnung -->\n"
	file := filepath.Join(testenv.Root(t), "docs", "schlechte-eingaben.md")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(b), begin)
	require.True(t, ok)
	_, tail, ok := strings.Cut(rest, end)
	require.True(t, ok)
	want := head + begin + "| Eingabe | Code | Hinweis | Verbleib |\n|---|---|---|---|\n" + rows.String() + end + tail
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
	} else {
		require.Equal(t, want, string(b), "go test ./intake/zuordnung -run SchlechteEingaben -update")
	}
}

// The limits hold for selectors too.
func TestAufwand(t *testing.T) {
	z := load(t, baumJSON)
	z.Formular.Ohne = []string{"$" + strings.Repeat("..*", 8)}
	p, err := zuordnung.New("t", []zuordnung.Zuordnung{z}, nil)
	require.NoError(t, err)
	d := data(`{"baum":{},"person":{"name":"M"},"x":` + strings.Repeat("[", 50) + "1" + strings.Repeat(",1]", 50) + `}`)
	start := time.Now()
	_, err = p.Read(t.Context(), d)
	require.Equal(t, []string{"zuordnung.aufwand data"}, places(err))
	require.Less(t, time.Since(start), 5*time.Second)
	_, err = newParser(t, &zuordnung.Options{Grenzen: zuordnung.Grenzen{Bytes: 10}}).Read(t.Context(), data(fullJSON))
	require.Equal(t, []string{"zuordnung.zu-gross data"}, places(err))
}

// The same document in each encoding, by each way of declaring it, is the same.
func TestZeichensaetze(t *testing.T) {
	p := newParser(t, nil)
	doc := func(enc string) string {
		return `<?xml version="1.0" encoding="` + enc + `"?>` + root + `<feld name="ort">Köln, Straße Ü</feld></baum>`
	}
	want, err := p.Read(t.Context(), xmlData(doc("UTF-8")))
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		enc  interface{ String(string) (string, error) }
		mime string
	}{
		{"ISO-8859-1", charmap.ISO8859_1.NewEncoder(), "application/xml"},
		{"ISO-8859-15", charmap.ISO8859_15.NewEncoder(), "application/xml"},
		{"windows-1252", charmap.Windows1252.NewEncoder(), "application/xml"},
		{"UTF-16", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder(), "application/xml"},
		{"UTF-16", unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder(), "application/xml"},
		{"UTF-16", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder(), "application/xml"},
		{"UTF-8", charmap.ISO8859_1.NewEncoder(), "application/xml; charset=ISO-8859-1"},
		{"UTF-8", unicode.UTF8BOM.NewEncoder(), "application/xml"},
	} {
		s, err := c.enc.String(doc(c.name))
		require.NoError(t, err)
		got, err := p.Read(t.Context(), intake.Fachdaten{MIME: c.mime, Bytes: []byte(s)})
		require.NoError(t, err, c)
		require.Equal(t, want, got, c)
	}
	s, err := charmap.ISO8859_1.NewEncoder().String(fullJSON)
	require.NoError(t, err)
	a, err := p.Read(t.Context(), intake.Fachdaten{MIME: "application/json; charset=iso-8859-1", Bytes: []byte(s)})
	require.NoError(t, err)
	require.Equal(t, "Köln", a.Antragsteller.Anschrift.Ort)
}

// Of many problems the first 50 are named.
func TestVieleProbleme(t *testing.T) {
	_, err := newParser(t, nil).Read(t.Context(), data(`{"person":{"name":"M"},"baum":{"tag":"x","liste":[{"tag":"x"}`+strings.Repeat(`,{"tag":"x"}`, 20_000)+`]}}`))
	require.Len(t, fehler.ProblemeIn(err), 50)
}
