package vorlage_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	tag      = datum.MustParse("2026-11-25")
	freigabe = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
)

func kopf() ausfertigung.Kopf {
	return ausfertigung.Kopf{
		Mandant: &tenant.Mandant{
			ID: "musterstadt", Name: "Stadt Musterstadt", Land: tenant.LandSH,
			Anschrift: tenant.Anschrift{Strasse: "Rathausplatz", Hausnummer: "1", PLZ: "24103", Ort: "Musterstadt"},
			Telefon:   "0431 555-0", EMail: "post@musterstadt.example",
		},
		Einheit: tenant.Organisationseinheit{ID: "buergeramt", Name: "Bürger- und Ordnungsamt"},
		Empfaenger: messaging.Empfaenger{
			Name: "Alex Muster", Anschrift: tenant.Anschrift{Strasse: "Große Ziegelstraße", Hausnummer: "12", PLZ: "24118", Ort: "Musterstadt"},
		},
		Nummer: "MU-2026-000017", Aktenzeichen: "32.1/26-0017", Bearbeiter: "Kim Petersen",
	}
}

// setze writes a result as the letter the addressee gets.
func setze(t testing.TB, s *ausfertigung.Setzer, e *vorlage.Ergebnis) []byte {
	t.Helper()
	var out bytes.Buffer
	k := kopf()
	k.Anrede = e.Anrede()
	if e.Art == vorlage.Schreiben {
		_, err := s.WriteBrief(&out, k, ausfertigung.Schreiben{Betreff: e.Betreff, Am: freigabe, Inhalt: e.Bloecke(), Gruss: e.Gruss(), Zeichner: "Kim Petersen"})
		require.NoError(t, err)
		return out.Bytes()
	}
	i, err := e.Inhalt()
	require.NoError(t, err)
	belehrungen, err := bescheid.StandardBelehrungen()
	require.NoError(t, err)
	switch e.Belehrung {
	case "widerspruch":
		i, err = belehrungen.FillIn(i, k.Mandant, tag)
	case "klage":
		i.Rechtsbehelfsbelehrung, _, err = belehrungen.Choose(bescheid.BelehrungParams{
			Verfahren: i.Verfahren, Rechtsbehelf: "klage", Tag: tag, Behoerde: "dem Verwaltungsgericht Musterstadt", Sitz: "Gerichtsplatz 1, 24103 Musterstadt",
		})
	}
	require.NoError(t, err)
	if i.Art.BrauchtBezug() { // what the Vorgang knows, no template
		i.Bezug, i.BezugAuf = uuid.UUID{1}, bescheid.Bezugsangabe{Vom: tag, Aktenzeichen: k.Aktenzeichen}
	}
	require.NoError(t, i.Pruefe())
	_, err = s.Write(&out, k, bescheid.Bescheid{
		ID: uuid.MustParse("01950000-0000-7000-8000-000000000001"), Zustand: bescheid.Freigegeben, Inhalt: i,
		FreigegebenAm: freigabe, Zeichner: "Kim Petersen", Pruefsumme: i.Pruefsumme(),
	})
	require.NoError(t, err)
	return out.Bytes()
}

// Every shipped template, with its sample data, as a document: accessible, well
// formed, and with the text of the golden file.
func TestShippedTemplates(t *testing.T) {
	s, err := ausfertigung.New(nil)
	require.NoError(t, err)
	list := vorlage.Standard().List()
	require.Len(t, list, 17)
	for _, eintrag := range list {
		t.Run(eintrag.ID, func(t *testing.T) {
			v, err := vorlage.Standard().Choose(vorlage.Params{ID: eintrag.ID, Tag: tag})
			require.NoError(t, err)
			e, err := v.Beispiel()
			require.NoError(t, err)
			data := setze(t, s, e)
			require.Empty(t, pdfcheck.Check(data))
			file := filepath.Join(t.TempDir(), "x.pdf")
			require.NoError(t, os.WriteFile(file, data, 0o600))
			if dir := os.Getenv("VORLAGE_PDF"); dir != "" { // to look at them
				require.NoError(t, os.WriteFile(filepath.Join(dir, eintrag.ID+".pdf"), data, 0o600))
			}
			qpdf, err := exec.Command(testenv.Tool(t, "qpdf", "qpdf"), "--check", file).CombinedOutput()
			require.NoError(t, err, string(qpdf))
			fonts, err := exec.Command(testenv.Tool(t, "pdffonts", "poppler-utils"), file).Output()
			require.NoError(t, err)
			require.Empty(t, schlechteSchriften(string(fonts)))
			text, err := exec.Command(testenv.Tool(t, "pdftotext", "poppler-utils"), "-raw", "-enc", "UTF-8", file, "-").Output()
			require.NoError(t, err)
			require.NoError(t, gelesen(string(text), e))
			golden(t, eintrag.ID+".txt", string(text))
		})
	}
}

// schlechteSchriften are the lines of pdffonts that are not embedded, a subset, and with
// ToUnicode; or what it said if it named no font.
func schlechteSchriften(out string) (schlecht []string) {
	zeilen := strings.Split(strings.TrimSpace(out), "\n")
	if len(zeilen) < 3 || !strings.HasPrefix(zeilen[0], "name") {
		return []string{out}
	}
	for _, z := range zeilen[2:] {
		if !strings.Contains(z, " yes yes yes ") {
			schlecht = append(schlecht, z)
		}
	}
	return schlecht
}

// gelesen tells whether who reads the text of the PDF gets every part, letter by letter,
// in the order in which it is to be read.
func gelesen(text string, e *vorlage.Ergebnis) error {
	var seiten []string
	for i, seite := range strings.Split(text, "\f") {
		zeilen := strings.Split(strings.TrimSpace(seite), "\n")
		if i > 0 && len(zeilen) > 1 {
			zeilen = zeilen[1:] // the running head
		}
		if n := len(zeilen); n > 2 && strings.HasPrefix(zeilen[n-2], "Seite ") {
			zeilen = zeilen[:n-2]
		}
		seiten = append(seiten, zeilen...)
	}
	// A word may be parted at the end of a line.
	glatt := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || r == '-' || r == '\u00ad' {
				return -1
			}
			return r
		}, s)
	}
	rest := glatt(strings.Join(seiten, "\n"))
	if strings.ContainsRune(rest, unicode.ReplacementChar) {
		return errors.New("a letter has no Unicode value")
	}
	reihe := []string{e.Betreff, e.Anrede()}
	folge := []vorlage.Blockart{vorlage.Tenor, vorlage.Nebenbestimmung, vorlage.Begruendung, vorlage.Gebuehr, vorlage.Hinweis}
	for _, art := range folge {
		for _, t := range e.Teile {
			if e.Art == vorlage.Bescheid && t.Art == art {
				reihe = append(reihe, t.Text)
			}
		}
	}
	for _, t := range e.Teile {
		if e.Art != vorlage.Schreiben || t.Art == vorlage.Anrede {
			continue
		}
		reihe = append(append(reihe, t.Text), t.Punkte...)
		for _, s := range t.Spalten {
			reihe = append(reihe, s.Text)
		}
		for _, z := range t.Zeilen {
			reihe = append(reihe, z...)
		}
	}
	for _, x := range reihe {
		_, danach, ok := strings.Cut(rest, glatt(x))
		if !ok {
			return fmt.Errorf("not in its place: %q", x)
		}
		rest = danach
	}
	return nil
}

// The checks of the documents can fail.
func TestDocumentChecksCanFail(t *testing.T) {
	const kopf = "name type encoding emb sub uni object ID\n---- ---- ---- --- --- --- ---------\n"
	require.Empty(t, schlechteSchriften(kopf+"ABCDEF+Liberation CID TrueType Identity-H yes yes yes 9 0"))
	require.Len(t, schlechteSchriften(kopf+"ABCDEF+Liberation CID TrueType Identity-H yes yes no 9 0"), 1, "no ToUnicode")
	require.Len(t, schlechteSchriften(kopf+"Helvetica Type 1 WinAnsi no no yes 9 0"), 1, "not embedded")
	require.Len(t, schlechteSchriften(""), 1, "no font at all")
	e := &vorlage.Ergebnis{Art: vorlage.Bescheid, Betreff: "Bäume", Teile: []vorlage.Teil{
		{Art: vorlage.Tenor, Text: "Sie dürfen fällen."}, {Art: vorlage.Begruendung, Text: "Der Stamm ist hohl."}}}
	require.NoError(t, gelesen("Bäume\nSie dürfen fäl-\nlen.\nDer Stamm\nSeite 1 von 2\nVorgang 1\n\fStadt · Vorgang 1\nist hohl.\n\f", e))
	require.Error(t, gelesen("Bäume\nDer Stamm ist hohl.\nSie dürfen fällen.", e), "another order")
	require.Error(t, gelesen("Bäume\nSie durfen fällen.\nDer Stamm ist hohl.", e), "a lost umlaut")
	require.Error(t, gelesen("Bäume\nSie dürfen fällen.\nDer Stamm ist hohl. \uFFFD", e))
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "write it with -update")
	require.Equal(t, string(want), got)
}

// The letters of the mailbox.
func TestShippedMessages(t *testing.T) {
	var b strings.Builder
	for _, eintrag := range vorlage.Standard().List() {
		v, err := vorlage.Standard().Choose(vorlage.Params{ID: eintrag.ID, Tag: tag})
		require.NoError(t, err)
		e, err := v.Beispiel()
		require.NoError(t, err)
		n, err := e.Nachricht(uuid.Nil)
		if eintrag.Art == vorlage.Bescheid {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err)
		_, err = e.Inhalt()
		require.Error(t, err)
		fmt.Fprintf(&b, "=== %s (%s, Antwort %q bis %s)\n%s\n\n%s\n\n", eintrag.ID, n.Art, n.Antwort, n.AntwortBis, n.Betreff, n.Text)
	}
	golden(t, "nachrichten.txt", b.String())
}

// A draft of a letter carries no date and no name and says what it is.
func TestDraftOfALetter(t *testing.T) {
	v, err := vorlage.Standard().Choose(vorlage.Params{ID: "baumfaellung-anhoerung", Tag: tag})
	require.NoError(t, err)
	e, err := v.Beispiel()
	require.NoError(t, err)
	d := ausfertigung.Brief(kopf(), ausfertigung.Schreiben{Betreff: e.Betreff, Inhalt: e.Bloecke(), Zeichner: "Kim Petersen"})
	require.Empty(t, d.Brief.Datum)
	require.Empty(t, d.Brief.Unterzeichner)
	require.Contains(t, d.Kopfzeile, "Entwurf")
	require.Equal(t, "Guten Tag Alex Muster,", d.Brief.Anrede)
}

// The shipped texts hold to plain language as far as the simple check sees.
func TestShippedTextsArePlain(t *testing.T) {
	for _, eintrag := range vorlage.Standard().List() {
		v, err := vorlage.Standard().Choose(vorlage.Params{ID: eintrag.ID, Tag: tag})
		require.NoError(t, err)
		w, err := v.Lint(nil)
		require.NoError(t, err)
		for _, x := range w {
			require.Contains(t, []string{"satz-lang", "wort-lang", "passiv", "nominal", "abkuerzung"}, x.Code)
			t.Errorf("%s, %s: %s %q", eintrag.ID, x.Block, x.Hinweis, x.Text[x.Beginn:x.Ende])
		}
	}
}
