package main

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestMain(m *testing.M) { testenv.Main(m, pgtest.Stop) }

// story runs the example on a Monday in November, so that all dates are known.
func story(t *testing.T) (*haus, vorgang.Stand, string) {
	t.Helper()
	dir := t.TempDir()
	h, err := build(t.Context(), dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	h.springe(datum.MustParse("2026-11-23"))
	var out bytes.Buffer
	s, err := tell(t.Context(), h, dir, &out)
	require.NoError(t, err, out.String())
	t.Log(out.String())
	return h, s, dir
}

func TestDurchlauf(t *testing.T) {
	h, s, _ := story(t)
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
	require.Equal(t, b.Pruefsumme, b.Inhalt.Pruefsumme())

	require.NoError(t, h.store.VerifyJournal(t.Context(), kiel, s.ID))
	// The other Mandant has its own Vorgang and sees nothing of this one, and the
	// other way round.
	for m, want := range map[tenant.ID]string{kiel: "KI-2026-000001", muenchen: "2026-0000001"} {
		n := 0
		for v, err := range h.store.Vorgaenge(t.Context(), m, storage.PageParams{}) {
			require.NoError(t, err)
			require.Equal(t, want, v.Nummer())
			require.Equal(t, m, v.Mandant())
			n++
		}
		require.Equal(t, 1, n, m)
	}
	_, err := h.store.Get(t.Context(), muenchen, s.ID)
	require.ErrorIs(t, err, storage.ErrNotFound)
	for e, err := range h.store.Journal(t.Context(), muenchen, s.ID) {
		require.ErrorIs(t, err, storage.ErrNotFound, "entry %d", e.Seq)
	}
}

// The same story on every storage, with the same outcome.
func TestDurchlaufOnEveryStorage(t *testing.T) {
	sqlite := openStore
	t.Cleanup(func() { openStore = sqlite })
	for name, open := range map[string]func(t *testing.T) func(context.Context, string, *storage.Options) (*storage.Store, error){
		"memory": func(*testing.T) func(context.Context, string, *storage.Options) (*storage.Store, error) {
			return func(_ context.Context, _ string, o *storage.Options) (*storage.Store, error) {
				return memory.Open(o), nil
			}
		},
		"postgres": func(t *testing.T) func(context.Context, string, *storage.Options) (*storage.Store, error) {
			db := pgtest.New(t)
			require.NoError(t, postgres.Migrate(t.Context(), db.OwnerDSN, nil))
			return func(ctx context.Context, _ string, o *storage.Options) (*storage.Store, error) {
				return postgres.Open(ctx, db.AppDSN, &postgres.Options{RelayDSN: db.RelayDSN, Store: o})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			openStore = open(t)
			_, s, _ := story(t)
			require.Equal(t, vorgang.Archiviert, s.Abgabe.Zustand)
			require.Equal(t, bescheid.Bestandskraeftig, s.Bescheide[0].Zustand)
			require.EqualValues(t, 24, s.Journal.Seq)
			require.Equal(t, "2026-12-28", s.Bescheide[0].Bekanntgabe.FristEnde.String())
		})
	}
}

func TestMailbox(t *testing.T) {
	h, s, _ := story(t)
	var arten []messaging.Art
	for e, err := range h.portal.Postfach(kiel, s.Antrag.Antragsteller.Konto).All(t.Context()) {
		require.NoError(t, err)
		arten = append(arten, e.Nachricht.Art)
	}
	require.Equal(t, []messaging.Art{messaging.Eingangsbestaetigung, messaging.Rueckfrage, messaging.BescheidArt}, arten)
}

func TestBescheidPDF(t *testing.T) {
	_, _, dir := story(t)
	pdf := filepath.Join(dir, "bescheid.pdf")
	b, err := os.ReadFile(pdf)
	require.NoError(t, err)
	require.Empty(t, pdfcheck.Check(b))
	text, err := exec.Command(testenv.Tool(t, "pdftotext", "poppler-utils"), "-layout", pdf, "-").Output()
	require.NoError(t, err)
	for _, want := range []string{"Gülşen Łukasik-Dağ", "Große Ziegelstraße 12", "Rechtsbehelfsbelehrung", "45,00 €", "Deniz Aydın", "KI-2026-000001"} {
		require.Contains(t, string(text), want)
	}
}

func TestAkte(t *testing.T) {
	_, _, dir := story(t)
	akten, err := filepath.Glob(filepath.Join(dir, "e-akte", "archiv", "*.zip"))
	require.NoError(t, err)
	require.Len(t, akten, 1)
	z, err := zip.OpenReader(akten[0])
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
	require.Equal(t, map[string]int{".xml": 1, ".json": 2, ".txt": 2, ".pdf": 4, ".png": 2}, names,
		"message; form data and metadata; event logs; application, decision, conversation and history; plan and photo")
	xml, err := os.ReadFile(message)
	require.NoError(t, err)
	for _, want := range []string{"HistorienProtokollInformation", "Bescheid freigegeben", "Deniz Aydın", "67.31/26-0001", "Łukasik-Dağ"} {
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

// The example is an ordinary user of the public API, and short enough to read.
func TestExampleIsOrdinary(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	lines := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		lines += bytes.Count(b, []byte("\n"))
		require.NotContains(t, string(b), "/internal/")
	}
	require.Less(t, lines, 310)
}
