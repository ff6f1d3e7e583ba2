package intake_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The content decides about the type, not what the sender says.
func TestDateitypen(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	for name, c := range map[string]struct {
		b       []byte
		want    string
		refused bool
	}{
		"pdf":                       {pdf, "application/pdf", false},
		"png said to be pdf":        {png, "image/png", false},
		"program said to be pdf":    {exe, "", true},
		"pdf that is a zip as well": {append([]byte("%PDF-1.7\n"), "PK\x03\x04rest"...), "application/pdf", false},
		"zip that is a pdf as well": {append([]byte("PK\x03\x04\x14\x00\x00\x00"), pdf...), "", true},
		"empty":                     {nil, "text/plain", false},
		"text":                      {[]byte("Sehr geehrte Damen und Herren"), "text/plain; charset=utf-8", false},
		"csv":                       {[]byte("a,b\n1,2\n3,4\n"), "text/csv", false},
		"json":                      {[]byte(`{"a":1}`), "application/json", false},
		"xml":                       {[]byte(`<?xml version="1.0"?><a/>`), "text/xml; charset=utf-8", false},
		"html":                      {[]byte("<!DOCTYPE html><html><script>alert(1)</script></html>"), "", true},
		"html said to be text":      {[]byte("<html><body onload=alert(1)>"), "", true},
		"svg":                       {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "", true},
		"xhtml":                     {[]byte(`<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>`), "", true},
		"shell":                     {[]byte("#!/bin/sh\nrm -rf /\n"), "", true},
		"php":                       {[]byte("<?php system('id'); ?>"), "", true},
		"bytes":                     {[]byte{0, 1, 2, 3, 0xfe, 0xff}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			l := lieferung(name)
			l.Dateien = []intake.Teil{anlage("Anlage.pdf", "application/pdf", c.b)}
			r, err := a.Receive(t.Context(), l)
			require.NoError(t, err)
			if c.refused {
				require.Equal(t, intake.Klaerung, r.Ausgang)
				require.Equal(t, "intake.dateityp", r.Probleme[0].Code)
				require.Equal(t, l.Dateien[0].ID.String(), r.Probleme[0].Pfad)
				require.Contains(t, r.Probleme[0].Hinweis, "Dateien dieser Art nimmt die Behörde nicht an")
				return
			}
			require.Equal(t, intake.Angenommen, r.Ausgang, "%v", r.Probleme)
			v, err := a.store.Get(t.Context(), hanau, r.Vorgang)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(v.Stand().Dateien[1].MIME, c.want), v.Stand().Dateien[1].MIME)
		})
	}
	b := newAmt(t, memStore(t), &intake.Options{Limits: intake.Limits{Typen: []string{"text/html"}}})
	l := lieferung("html is named")
	l.Dateien = []intake.Teil{anlage("a.html", "text/html", []byte("<!DOCTYPE html><html></html>"))}
	r, err := b.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, r.Ausgang, "whoever names it gets it")
}

// Exactly at the limit is taken, one more is not.
func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		limits intake.Limits
		sizes  []int
		form   int
		code   string
	}{
		"number, at the limit":      {intake.Limits{Dateien: 2}, []int{1, 1}, 10, ""},
		"number":                    {intake.Limits{Dateien: 2}, []int{1, 1, 1}, 10, "intake.zu-viele-dateien"},
		"one, at the limit":         {intake.Limits{Datei: 5000}, []int{5000, 5000}, 10, ""},
		"one":                       {intake.Limits{Datei: 5000}, []int{5001}, 10, "intake.datei-zu-gross"},
		"one, below the first look": {intake.Limits{Datei: 10}, []int{11}, 10, "intake.datei-zu-gross"},
		"all, at the limit":         {intake.Limits{Gesamt: 100}, []int{50, 50}, 10, ""},
		"all":                       {intake.Limits{Gesamt: 100}, []int{50, 51}, 10, "intake.gesamt-zu-gross"},
		"form, at the limit":        {intake.Limits{Fachdaten: 100}, nil, 100, ""},
		"form":                      {intake.Limits{Fachdaten: 100}, nil, 101, "intake.fachdaten-zu-gross"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAmt(t, memStore(t), &intake.Options{Limits: c.limits})
			l := lieferung("1")
			l.Dateien = nil
			for _, n := range c.sizes {
				l.Dateien = append(l.Dateien, anlage("a.txt", "text/plain", repeat(n)))
			}
			l.Fachdaten = intake.Bytes(uuid.New(), "f", "text/plain", vorgang.ZweckOriginal, append([]byte("n="), repeat(c.form-2)...))
			r, err := a.Receive(t.Context(), l)
			require.NoError(t, err)
			if c.code == "" {
				require.Equal(t, intake.Angenommen, r.Ausgang, "%v", r.Probleme)
				return
			}
			require.Equal(t, intake.Abgelehnt, r.Ausgang)
			require.Len(t, r.Probleme, 1)
			require.Equal(t, c.code, r.Probleme[0].Code)
			require.NotEmpty(t, r.Probleme[0].Hinweis)
			require.Empty(t, a.vorgaenge(hanau))
		})
	}
}

func TestSafeName(t *testing.T) {
	long := strings.Repeat("ä", 100)
	for in, want := range map[string]string{
		"Antrag.pdf": "Antrag.pdf", "": "datei", ".": "datei", "..": "datei", "/": "datei", `\`: "datei", "../../etc/passwd": "passwd",
		`C:\Users\x\Foto.png`: "Foto.png", "a/b\\c.txt": "c.txt", ".htaccess": "htaccess", "name.": "name", "name ": "name", " name": "name",
		"a\x00b.pdf": "ab.pdf", "a\nb.pdf": "ab.pdf", "gnp.\u202efdp.exe": "gnp.fdp.exe", "a\u2028b": "ab", "\xff\xfe": "datei", "a\xffb": "ab",
		`<>:"|?*`: "datei", "Größe 1.pdf": "Größe 1.pdf", "\u00a0": "datei", "e\u0301.txt": "é.txt", "u\u200d\u0308.pdf": "ü.pdf", "日本.pdf": "日本.pdf",
		long + ".pdf": strings.Repeat("ä", 58) + ".pdf", "a." + strings.Repeat("x", 200): "a." + strings.Repeat("x", 118),
		strings.Repeat("a", 119) + "  . b.": strings.Repeat("a", 117) + ". b", "C:": "C", "COM1": "COM1", "~$a.docx": "~$a.docx", "-rf": "-rf",
	} {
		require.Equal(t, want, intake.SafeName(in), "%q", in)
	}
}

// FuzzSafeName: never a way out of a folder, never empty, never long, and naming
// what is named already changes nothing.
func FuzzSafeName(f *testing.F) {
	for _, s := range []string{"", "..", "a/b", `a\b`, "\u202e", strings.Repeat("ä.", 100), "a" + strings.Repeat(" .", 80) + "b", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := intake.SafeName(in)
		switch {
		case out == "", out == ".", out == "..", len(out) > 120, !utf8.ValidString(out),
			strings.ContainsAny(out, `/\`), strings.IndexFunc(out, unicode.IsControl) >= 0:
			t.Fatalf("%q gives %q", in, out)
		case intake.SafeName(out) != out:
			t.Fatalf("%q gives %q and then %q", in, out, intake.SafeName(out))
		}
	})
}
