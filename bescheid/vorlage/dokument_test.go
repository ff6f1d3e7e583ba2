package vorlage_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	require.Equal(t, "widerspruch", e.Belehrung)
	i, err = belehrungen.FillIn(i, k.Mandant, tag)
	require.NoError(t, err)
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
	require.Len(t, list, 13)
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
			text, err := exec.Command(testenv.Tool(t, "pdftotext", "poppler-utils"), "-raw", "-enc", "UTF-8", file, "-").Output()
			require.NoError(t, err)
			golden(t, eintrag.ID+".txt", string(text))
		})
	}
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
