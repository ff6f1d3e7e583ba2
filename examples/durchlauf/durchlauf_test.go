package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// story runs the example on a Monday in November, so that all dates are known.
func story(t *testing.T) (*haus, *ergebnis, string) {
	t.Helper()
	h, err := build(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	h.uhr.Set(time.Date(2026, 11, 23, 9, 0, 0, 0, datum.Berlin()))
	var out bytes.Buffer
	r, err := run(t.Context(), h, &out)
	require.NoError(t, err, out.String())
	return h, r, out.String()
}

func TestDurchlauf(t *testing.T) {
	h, r, out := story(t)
	v, err := h.store.Get(t.Context(), kiel, r.Vorgang)
	require.NoError(t, err)
	s := v.Stand()

	require.Equal(t, vorgang.Abgeschlossen, s.Status)
	require.Equal(t, "KI-2026-000001", s.Nummer)
	require.Equal(t, []string{"67.31/26-0001"}, s.Aktenzeichen)
	require.Equal(t, vorgang.GrundBeschieden, s.Abschluss.Grund)
	require.Equal(t, vorgang.Archiviert, s.Abgabe.Zustand)
	require.False(t, s.EingangQuittiert.IsZero())
	require.False(t, s.WartetAufBuerger())

	// Provided on Monday 23.11.2026; fourth day 27.11.; a month later is Sunday
	// 27.12., so the period ends on Monday 28.12.
	b := s.Bescheide[0]
	require.Equal(t, bescheid.Bestandskraeftig, b.Zustand)
	require.Equal(t, "2026-11-27", b.Bekanntgabe.Tag.String())
	require.Equal(t, "2026-12-28", b.Bekanntgabe.FristEnde.String())
	require.Equal(t, "2026-12-29", b.Bekanntgabe.BestandskraftAb.String())
	require.Equal(t, []string{"BG-SH-POSTFACH", "RB-WIDERSPRUCH"}, b.Bekanntgabe.Regeln)
	require.Equal(t, "kim", b.EntworfenVon)
	require.Equal(t, "deniz", b.FreigegebenVon)
	require.Contains(t, b.Inhalt.Rechtsbehelfsbelehrung, "§ 52a Abs. 2 LVwG", "the Belehrung of Schleswig-Holstein")

	require.NoError(t, h.store.VerifyJournal(t.Context(), kiel, r.Vorgang))
	require.Contains(t, out, "bescheid.vier-augen")
	n, err := h.store.Count(t.Context(), muenchen, storage.Filter{})
	require.NoError(t, err)
	require.Zero(t, n, "the other Mandant has nothing")
}

func TestMailbox(t *testing.T) {
	h, r, _ := story(t)
	v, err := h.store.Get(t.Context(), kiel, r.Vorgang)
	require.NoError(t, err)
	var arten []messaging.Art
	for e, err := range h.portal.Postfach(kiel, v.Stand().Antrag.Antragsteller.Konto).All(t.Context()) {
		require.NoError(t, err)
		arten = append(arten, e.Nachricht.Art)
	}
	require.Equal(t, []messaging.Art{messaging.Eingangsbestaetigung, messaging.Rueckfrage, messaging.BescheidArt}, arten)
}

func TestBescheidPDF(t *testing.T) {
	_, r, _ := story(t)
	b, err := os.ReadFile(r.Bescheid)
	require.NoError(t, err)
	require.Empty(t, pdfcheck.Check(b))
	text, err := exec.Command(testenv.Tool(t, "pdftotext", "poppler-utils"), "-layout", r.Bescheid, "-").Output()
	require.NoError(t, err)
	for _, want := range []string{"Gülşen Łukasik-Groß", "Große Ziegelstraße 12", "Rechtsbehelfsbelehrung", "45,00 €", "Deniz Aydın", "KI-2026-000001"} {
		require.Contains(t, string(text), want)
	}
}

func TestAkte(t *testing.T) {
	_, r, _ := story(t)
	z, err := zip.OpenReader(r.Akte)
	require.NoError(t, err)
	defer z.Close()
	names := map[string]int{}
	message := filepath.Join(t.TempDir(), "0401.xml")
	for _, f := range z.File {
		require.Regexp(t, `^[0-9a-f-]{36}_[A-Za-z0-9._-]+$`, f.Name)
		_, name, _ := strings.Cut(f.Name, "_")
		names[filepath.Ext(name)]++
		if strings.HasSuffix(f.Name, "_Abgabe.Abgabe.0401.xml") {
			extract(t, f, message)
		}
	}
	require.Equal(t, map[string]int{".xml": 1, ".json": 2, ".txt": 2, ".pdf": 2, ".png": 2}, names,
		"message; form data and metadata; event logs; application and decision; plan and photo")
	xml, err := os.ReadFile(message)
	require.NoError(t, err)
	for _, want := range []string{"HistorienProtokollInformation", "Bescheid freigegeben", "Deniz Aydın", "67.31/26-0001", "Łukasik-Groß"} {
		require.Contains(t, string(xml), want)
	}
	schema := testenv.Standards(t, "xdomea", "3.1.0", "xdomea-Nachrichten-AbgabeDurchfuehren.xsd")
	out, err := exec.Command(testenv.Tool(t, "xmllint", "libxml2-utils"), "--noout", "--nonet", "--schema", schema, message).CombinedOutput()
	require.NoError(t, err, string(out))
}

func extract(t *testing.T, f *zip.File, path string) {
	t.Helper()
	r, err := f.Open()
	require.NoError(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, b, 0o600))
}
