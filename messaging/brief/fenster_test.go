package brief_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/brief"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestFenster(t *testing.T) {
	t.Parallel()
	for kennung, want := range map[string]string{
		"": "Erika Mustermann|Holstenstraße 3|24103 Kiel",
		"Erika Mustermann\nHolstenstraße 3\n24103 Kiel\nDeutschland\n": "Erika Mustermann|Holstenstraße 3|24103 Kiel",
		"Großempfänger GmbH\n24099 Kiel":                               "Großempfänger GmbH|24099 Kiel",
		"  C̆aró M̂iñ\nPostfach 12 34\n24103 Kiel  ":                   "C̆aró M̂iñ|Postfach 12 34|24103 Kiel",
		"Jean Dupont\n3 rue de l’Église\n75001 PARIS\nFRANKREICH":      "Jean Dupont|3 rue de l’Église|75001 PARIS|FRANKREICH+",
		"Seán Ó Briain\n1 Main Street\nDUBLIN\nIRLAND":                 "Seán Ó Briain|1 Main Street|DUBLIN|IRLAND+",
		"Anna Berg\nStorgatan 1\n111 22 STOCKHOLM\nSCHWEDEN":           "Anna Berg|Storgatan 1|111 22 STOCKHOLM|SCHWEDEN+",
	} {
		f, err := brief.Fenster{}.Check(empfaenger(), kennung)
		require.NoError(t, err, kennung)
		got := strings.Join(f.Zeilen, "|")
		if f.Ausland {
			got += "+"
		}
		require.Equal(t, want, got)
	}
	_, err := brief.Fenster{MaxZeichen: 10}.Check(empfaenger(), "")
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = brief.Fenster{Druckbar: func(r rune) bool { return r < 128 }}.Check(empfaenger(), "")
	require.Equal(t, "/zeile/2", fehler.ProblemeIn(err)[0].Pfad)
}

func TestSchlechteAnschriften(t *testing.T) {
	t.Parallel()
	var doc bytes.Buffer
	doc.WriteString("## Anschriften für Briefe\n\nErzeugt aus den Tests: `go test ./messaging/brief -run Schlechte -update`. Ein solcher Brief geht nicht hinaus.\n\n| Anschrift | Code | Hinweis |\n|---|---|---|\n")
	for _, c := range []struct {
		name, code, kennung string
		change              func(*messaging.Empfaenger)
	}{
		{name: "Name fehlt", code: "brief.name-fehlt", change: func(e *messaging.Empfaenger) { e.Name = " " }},
		{name: "Straße fehlt", code: "brief.strasse-fehlt", change: func(e *messaging.Empfaenger) { e.Anschrift.Strasse = "" }},
		{name: "Ort fehlt", code: "brief.ort-fehlt", change: func(e *messaging.Empfaenger) { e.Anschrift.Ort = "" }},
		{name: "Postleitzahl mit vier Ziffern", code: "brief.plz", change: func(e *messaging.Empfaenger) { e.Anschrift.PLZ = "8001" }},
		{name: "Zeilenwechsel im Namen", code: "brief.zeichen", change: func(e *messaging.Empfaenger) { e.Name = "Erika\nMustermann" }},
		{name: "kyrillische Schrift", code: "brief.zeichen", change: func(e *messaging.Empfaenger) { e.Name = "Ирина" }},
		{name: "unsichtbares Zeichen", code: "brief.zeichen", change: func(e *messaging.Empfaenger) { e.Name = "Erika\u202e Mustermann" }},
		{name: "Zeile zu lang", code: "brief.zeile-zu-lang", change: func(e *messaging.Empfaenger) { e.Name = strings.Repeat("M", 46) }},
		{name: "sieben Zeilen", code: "brief.zeilen", kennung: "a\nb\nc\nd\ne\nf\n24103 Kiel"},
		{name: "leere Zeile", code: "brief.leerzeile", kennung: "Erika Mustermann\n\n24103 Kiel"},
		{name: "nur eine Zeile", code: "brief.unvollstaendig", kennung: "24103 Kiel"},
		{name: "Inland ohne Postleitzahl", code: "brief.plz-oder-land-fehlt", kennung: "Erika Mustermann\nHolstenstraße 3\nKiel"},
		{name: "Ausland ohne Land", code: "brief.plz-oder-land-fehlt", kennung: "Anna Berg\nStorgatan 1\n111 22 STOCKHOLM"},
		{name: "Ausland ohne Postleitzahl", code: "brief.plz-ausland", kennung: "Jean Dupont\n3 rue X\nPARIS\nFRANKREICH"},
		{name: "kein UTF-8", code: "brief.zeichen", kennung: "Erika\xff\n24103 Kiel"},
	} {
		e := empfaenger()
		if c.change != nil {
			c.change(&e)
		}
		_, err := brief.Fenster{}.Check(e, c.kennung)
		p := fehler.ProblemeIn(err)
		require.Len(t, p, 1, c.name)
		require.Equal(t, c.code, p[0].Code, c.name)
		require.Regexp(t, `^[A-ZÄÖÜ].*\.$`, p[0].Hinweis)
		require.NotContains(t, err.Error(), "Erika")
		fmt.Fprintf(&doc, "| %s | `%s` | %s |\n", c.name, p[0].Code, p[0].Hinweis)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Anschriften für Briefe", doc.String(), *update)
}

func FuzzFenster(f *testing.F) {
	f.Add("Erika Mustermann", "Jean Dupont\n3 rue X\n75001 PARIS\nFRANKREICH")
	f.Add("Erika", "")
	f.Add("a\u0300", "x\r\n\n24103 y")
	f.Fuzz(func(t *testing.T, name, kennung string) {
		e := empfaenger()
		e.Name = name
		x, err := brief.Fenster{}.Check(e, kennung)
		if err != nil {
			return
		}
		if len(x.Zeilen) < 2 || len(x.Zeilen) > 6 {
			t.Fatalf("%d lines", len(x.Zeilen))
		}
		for _, z := range x.Zeilen {
			if z == "" || !utf8.ValidString(z) || strings.ContainsAny(z, "\n\r\t\x00") || strings.TrimSpace(z) != z {
				t.Fatalf("line %q", z)
			}
		}
	})
}

func TestCountPages(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1, brief.CountPages([]byte(pdf)))
	for _, s := range []string{
		"", "%PDF-1.7", pdf + "/ObjStm",
		strings.Replace(pdf, "/Count 1", "/Count 2", 1), // leaves and root disagree
		pdf + pdf, // two roots
	} {
		require.Zero(t, brief.CountPages([]byte(s)), s)
	}
	nested := "1 0 obj <</Type/Pages/Count 2/Kids[2 0 R]>> endobj 2 0 obj <</Type/Pages/Parent 1 0 R/Count 2>> endobj" +
		" 3 0 obj <</Type/Page/Parent 2 0 R>> endobj 4 0 obj <</Type/Page/Parent 2 0 R>> endobj"
	require.Equal(t, 2, brief.CountPages([]byte(nested)))
}
