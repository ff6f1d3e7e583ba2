package intake_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/intake/fim/xdatenfelder"
	"github.com/ozg-fachwerk/fachwerk/intake/formcycle"
	"github.com/ozg-fachwerk/fachwerk/intake/formsolutions"
	"github.com/ozg-fachwerk/fachwerk/intake/intelliform"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The same hostile documents go to every format, through the whole pipeline: each has an
// outcome with code and sentence, in bounded time, and every byte is kept.
func TestKorpusDocs(t *testing.T) {
	const xfall = "urn:example:xfall"
	const uri = "https://schema.example/fim/s1_1.0.schema.json"
	f, err := fim.New(fim.Formular{Schema: uri, JSONSchema: json.RawMessage(`{"type":"object"}`)})
	require.NoError(t, err)
	fs, err := formsolutions.New(nil)
	require.NoError(t, err)
	is, err := intelliform.New(nil)
	require.NoError(t, err)
	fc, err := formcycle.New(nil)
	require.NoError(t, err)
	baum, err := os.ReadFile("fim/xdatenfelder/testdata/baum-2.0.xml")
	require.NoError(t, err)
	baumSchema, err := xdatenfelder.Read(t.Context(), bytes.NewReader(baum), nil)
	require.NoError(t, err)
	xf, err := xdatenfelder.New(nil, xdatenfelder.Formular{Schema: baumSchema, XFallURIs: []string{xfall}})
	require.NoError(t, err)
	jsons := []struct {
		name, schema, head string
		p                  intake.Parser
	}{
		{"FIM", uri, `{"F60000001":1,`, f},
		{"OZG-Cloud", ozgcloud.Schema, `{"control":{"transactionId":"t"},"formData":[],`, ozgcloud.NewParser(nil)},
		{"form.solutions", "", `{"assistant":{"identifier":"a"},`, fs},
		{"FORMCYCLE", "", `{"formcycle":{},`, fc},
	}
	var rows strings.Builder
	lauf := func(was, form, mime, schema string, p intake.Parser, doc string, dateien ...intake.Teil) {
		t.Helper()
		a := newAmt(t, memStore(t), nil)
		l := text("1", mime, []byte(doc))
		l.Schema, l.Dateien = schema, dateien
		n := a.Annahme
		if p != nil {
			n = a.mitParser(p)
		}
		start := time.Now()
		r, err := n.Receive(t.Context(), l)
		require.NoError(t, err, "%s, %s", form, was)
		require.Less(t, time.Since(start), 10*time.Second)
		require.Contains(t, []intake.Ausgang{intake.Abgelehnt, intake.Klaerung}, r.Ausgang, "%s, %s", form, was)
		require.NotEmpty(t, r.Probleme[0].Hinweis, "%s, %s", form, was)
		var k struct{ Lieferung intake.Lieferung }
		require.NoError(t, json.Unmarshal(a.eingaenge()[0].Daten, &k))
		require.Equal(t, doc, string(readAll(t, a, k.Lieferung.Fachdaten)), "nothing is lost")
		for i, d := range dateien {
			require.Equal(t, content(t, d), readAll(t, a, k.Lieferung.Dateien[i]))
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | `%s` | %s |\n", was, form, r.Ausgang, r.Probleme[0].Code, strings.ReplaceAll(r.Probleme[0].Hinweis, "|", "/"))
	}
	for _, j := range jsons {
		for _, c := range [][2]string{
			{"JSON mit Tiefe 100.000", `"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`},
			{"doppelter Schlüssel", `"x":1,"x":2}`},
			{"Zahl 1e999999", `"x":1e999999}`},
			{"Zahl mit 400 Stellen", `"x":` + strings.Repeat("9", 400) + `}`},
			{"ungültiges UTF-8", "\"x\":\"K\xf6ln\"}"},
			{"abgeschnitten", `"x":`},
			{"halbes Surrogat", `"x":"\ud800"}`},
		} {
			lauf(c[0], j.name, "application/json", j.schema, j.p, j.head+c[1])
		}
		lauf("unbekannter Zeichensatz", j.name, "application/json; charset=ebcdic", j.schema, j.p, j.head+`"x":1}`)
		lauf("UTF-8, als ISO-8859-1 angegeben", j.name, "application/json; charset=iso-8859-1", j.schema, j.p, j.head+`"x":"Köln"}`)
	}
	for _, x := range []struct {
		name, schema, head, feld, ende string
		p                              intake.Parser
	}{
		{"intelliForm", "", `<data xmlns="http://xmlns.cit.de/assistants/store" class="de.cit.assistants.DataBean" name="f" version="1">`, "field", "</data>", is},
		{"FORMCYCLE", "", `<formcycle>`, "feld", "</formcycle>", fc},
		{"XFall", xfall, `<S99000003 xmlns="urn:xfall-de:datenschema:xdf2">`, "F60000400", "</S99000003>", xf},
	} {
		for _, c := range [][2]string{
			{"XML-Bombe (Entitäten, die sich vervielfachen)", `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>` + x.head + `&c;` + x.ende},
			{"XML mit Verweis nach außen", `<!DOCTYPE l SYSTEM "file:///etc/hostname">` + x.head + x.ende},
			{"XML mit Tiefe 100.000", x.head + strings.Repeat("<a>", 100_000) + strings.Repeat("</a>", 100_000) + x.ende},
			{"XML in falschem Zeichensatz", `<?xml version="1.0" encoding="UTF-8"?>` + x.head + "K\xf6ln" + x.ende},
			{"XML mit 100.000 Attributen", x.head + `<` + x.feld + attribute(100_000) + `>x</` + x.feld + `>` + x.ende},
			{"XML mit doppeltem Attribut", x.head + `<` + x.feld + ` name="a" name="b">x</` + x.feld + `>` + x.ende},
			{"XML mit zweiter Wurzel", x.head + x.ende + x.head + x.ende},
			{"XML abgeschnitten", x.head + `<` + x.feld},
		} {
			lauf(c[0], x.name, "application/xml", x.schema, x.p, c[1])
		}
	}
	datei := func(name, mime, b string) intake.Teil {
		return intake.Bytes(uuid.New(), name, mime, vorgang.ZweckAnlage, []byte(b))
	}
	gut := "name=x"
	lauf("Programm namens .pdf", "Anlage", "text/plain", schema, nil, gut, datei("Antrag.pdf", "application/pdf", string(exe)))
	lauf("HTML, als image/png angegeben", "Anlage", "text/plain", schema, nil, gut, datei("b.png", "image/png", "<!DOCTYPE html><html><script>x</script></html>"))
	lauf("GIF mit Skript", "Anlage", "text/plain", schema, nil, gut, datei("b.gif", "image/gif", "GIF89a/*<script>*/=1;alert(1)"))
	lauf("ZIP (wird nie ausgepackt)", "Anlage", "text/plain", schema, nil, gut, datei("b.zip", "application/zip", "PK\x03\x04\x14\x00\x00\x00\x08\x00"))
	lauf("ZIP mit angehängtem PDF", "Anlage", "text/plain", schema, nil, gut, datei("b.pdf", "application/pdf", "PK\x03\x04\x14\x00\x00\x00\x08\x00"+string(pdf)))
	// Readers of PDF pass over a few bytes, and so does the check: it is a PDF.
	a := newAmt(t, memStore(t), nil)
	l := lieferung("pdf")
	l.Dateien = []intake.Teil{datei("b.pdf", "application/pdf", "\x00\x01\x02"+string(pdf))}
	r, err := a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, r.Ausgang)
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Alle Formate", "## Alle Formate\n\nErzeugt aus den Tests: `go test ./intake -run Korpus -update`. Jede Lieferung liegt danach Byte für Byte im Register oder im Klärfach. Ein PDF hinter wenigen fremden Bytes gilt als PDF und wird angenommen; Office-Dateien werden nur erkannt, nie ausgepackt.\n\n| Eingabe | Format | Ergebnis | Code | Hinweis |\n|---|---|---|---|---|\n"+rows.String(), *update)
}

func attribute(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d=""`, i)
	}
	return b.String()
}

func readAll(t *testing.T, a *amt, x intake.Teil) []byte {
	t.Helper()
	return a.read(poststelle, x.SHA512, x.Groesse)
}
