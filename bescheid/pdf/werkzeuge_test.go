package pdf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

func datei(t *testing.T, b []byte) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "probe.pdf")
	require.NoError(t, os.WriteFile(p, b, 0o600))
	return p
}

func lauf(t *testing.T, name, paket string, args ...string) string {
	t.Helper()
	out, err := exec.Command(testenv.Tool(t, name, paket), args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
	return string(out)
}

func TestQpdf(t *testing.T) {
	r := renderer(t, nil)
	for name, d := range muster() {
		b, _ := schreibe(t, r, d)
		require.Contains(t, lauf(t, "qpdf", "qpdf", "--check", datei(t, b)), "No syntax or stream encoding errors found", name)
	}
}

// All fonts are embedded, are subsets and tell what their glyphs read as.
func TestPdffonts(t *testing.T) {
	b, bericht := schreibe(t, renderer(t, nil), musterbrief())
	out := lauf(t, "pdffonts", "poppler-utils", datei(t, b))
	require.Len(t, regexp.MustCompile(`CID TrueType +Identity-H +yes yes yes`).FindAllString(out, -1), len(bericht.Schriften), out)
	require.Len(t, strings.Split(strings.TrimSpace(out), "\n"), 2+len(bericht.Schriften))
}

// What is read out of the file is what was written into it.
func TestPdftotext(t *testing.T) {
	b, _ := schreibe(t, renderer(t, nil), musterbrief())
	out := lauf(t, "pdftotext", "poppler-utils", "-layout", datei(t, b), "-")
	imText(t, out, "Stadt Musterstadt", "Einschreiben mit Rückschein", "Dr. Żaneta Erdoğan-C̆apková", "Schloßstraße 7",
		"Erlaubnis nach § 2 Abs. 1", "Sehr geehrte Frau Dr. Erdoğan-C̆apková,", "auf Ihren Antrag", "„Zum Goldenen Łöwen“", "M̂it dieser",
		"Nebenbestimmungen", "1. Die Erlaubnis", "– Hygieneplan", "3. Ein Wechsel", "Festgesetzte Gebühren", "Betrag", "1.250,00 €", "1.336,50 €",
		"Rechtsbehelfsbelehrung", "Seite 1 von 2", "Aktenzeichen 32.1-4711/26", "Mit freundlichen Grüßen", "Groß", "Anlagen", "Seite 2 von 2")
}

// imText asserts that the parts stand in the text in this order.
func imText(t *testing.T, text string, teile ...string) {
	t.Helper()
	at := 0
	for _, s := range teile {
		i := strings.Index(text[at:], s)
		require.GreaterOrEqual(t, i, 0, "%q is missing or in another place:\n%s", s, text)
		at += i + len(s)
	}
}

// The structure tree, read by somebody else's program.
func TestPdfinfo(t *testing.T) {
	b, _ := schreibe(t, renderer(t, nil), musterbrief())
	p := datei(t, b)
	out := lauf(t, "pdfinfo", "poppler-utils", p)
	require.Regexp(t, `Tagged: +yes`, out)
	require.Regexp(t, `JavaScript: +no`, out)
	require.Regexp(t, `Title: +Bescheid über`, out)
	out = lauf(t, "pdfinfo", "poppler-utils", "-struct-text", p)
	imText(t, out, "Document", "Sect", "Stadt Musterstadt", "Einschreiben mit Rückschein", "Frau Dr. Żaneta Erdoğan-C̆apková Schloßstraße 7 12345 Musterstadt",
		"L ", "LBody", "Aktenzeichen 32.1-4711/26", "H1", "Erlaubnis nach § 2", "Sehr geehrte", "M̂it dieser Erlaubnis dürfen Sie alkoholische Getränke ausschenken.",
		"H2", "Nebenbestimmungen", "Decimal", "1.", "Die Erlaubnis gilt", "Hygieneplan", "H2", "Table", "Caption", "THead", "TR", "TH", "Nr.", "Betrag", "TBody", "1.250,00 €", "TFoot",
		"Link", "https://www.musterstadt.example/widerspruch", "Span", "An English leaflet", "gilt entsprechend. Die Rechts", "behelfs", "gilt entsprechend.", "Mit freundlichen Grüßen", "Anlagen")
	require.NotContains(t, out, "Seite 1 von 2", "a page number is an artifact")
}

// The address stands in the window of an envelope, and the subject where form B has it.
func TestAnschriftfeld(t *testing.T) {
	b, _ := schreibe(t, renderer(t, nil), musterbrief())
	p := datei(t, b)
	ausschnitt := func(x, y, w, h string) string { // in millimetres at 25.4 dpi
		return strings.TrimSpace(lauf(t, "pdftotext", "poppler-utils", "-r", "254", "-x", x, "-y", y, "-W", w, "-H", h, "-l", "1", p, "-"))
	}
	require.Equal(t, "Stadt Musterstadt · Rathausplatz 1 · 12345 Musterstadt", ausschnitt("200", "450", "850", "50"))
	require.Equal(t, "Einschreiben mit Rückschein\nFrau\nDr. Żaneta Erdoğan-C̆apková\nSchloßstraße 7\n12345 Musterstadt", ausschnitt("200", "510", "850", "390"))
	require.Contains(t, ausschnitt("1250", "500", "750", "400"), "Aktenzeichen")
	require.Regexp(t, "^Erlaubnis nach", ausschnitt("250", "985", "1700", "50"))
}

// seiten gives the text of each page, without header and footer, line by line.
func seiten(t *testing.T, b []byte) (out [][]string) {
	t.Helper()
	for p := range strings.SplitSeq(strings.TrimSuffix(lauf(t, "pdftotext", "poppler-utils", "-layout", "-y", "60", "-x", "0", "-W", "600", "-H", "710", datei(t, b), "-"), "\f"), "\f") {
		var zeilen []string
		for z := range strings.SplitSeq(p, "\n") {
			if z = strings.TrimSpace(z); z != "" {
				zeilen = append(zeilen, z)
			}
		}
		out = append(out, zeilen)
	}
	return out
}

// No heading ends a page, and no page of a letter holds nothing but the closing.
func TestSeitenumbrueche(t *testing.T) {
	r := renderer(t, nil)
	b, _ := schreibe(t, r, handbuch(120))
	for i, z := range seiten(t, b) {
		letzte := z[len(z)-1]
		require.NotRegexp(t, `^(Abschnitt|Einzelfeststellungen|Tabelle|Konto)`, letzte, "page %d", i+1)
		require.NotRegexp(t, `^Summe`, z[0], "page %d", i+1)
	}
	for n := 1; n < 26; n++ {
		d := kurzbrief(n / 2)
		if n%2 == 1 {
			d.Inhalt = append(d.Inhalt, pdf.Liste{Punkte: []pdf.Punkt{{Text: "erster Punkt"}, {Text: strings.Repeat("letzter Punkt ", 20)}}})
		}
		d.Brief.Anlagen = nil
		b, _ := schreibe(t, r, d)
		s := seiten(t, b)
		text := s[len(s)-1]
		i := slices.Index(text, "Mit freundlichen Grüßen")
		require.GreaterOrEqual(t, i, 2, "case %d: the closing stands alone: %q", n, text)
		require.Contains(t, text[i:], "Groß", "closing and signature are apart")
	}
}
