package code_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/code"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func TestRefuses(t *testing.T) {
	for _, text := range []string{"", strings.Repeat("x", code.MaxBytes+1)} {
		_, err := code.QR(text)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		_, err = code.DataMatrix(text)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	_, err := code.DataMatrix("Grünfläche")
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

// What somebody else's reader takes from the printed page is what was put in.
func TestReadBack(t *testing.T) {
	zbar := testenv.Tool(t, "zbarimg", "zbar-tools")
	ppm := testenv.Tool(t, "pdftoppm", "poppler-utils")
	epc, err := ueberweisung.Zahlungsdaten{Empfaenger: "Landeshauptstadt Kiel, Stadtkasse", IBAN: "DE89370400440532013000", Betrag: 6190,
		Verwendungszweck: "50001030704 Hundesteuer für 2026"}.GiroCode()
	require.NoError(t, err)
	for name, text := range map[string]string{"epc": epc, "verweis": "https://kiel.example/pruefen?nr=KI-2026-000017&k=4f7Q", "lang": strings.Repeat("0123456789", 40)} {
		felder, err := code.QR(text)
		require.NoError(t, err)
		require.Equal(t, text, read(t, zbar, ppm, felder), name)
	}
}

func read(t *testing.T, zbar, ppm string, felder [][]bool) string {
	t.Helper()
	r, err := pdf.New(nil)
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = r.Write(&b, pdf.Dokument{Titel: "Code", Erstellt: time.Date(2026, 3, 12, 10, 0, 0, 0, time.UTC), Inhalt: []pdf.Block{
		pdf.Ueberschrift{Ebene: 1, Text: "Bezahlen"}, pdf.Matrixcode{Felder: felder, Alternativtext: "QR-Code"}}})
	require.NoError(t, err)
	require.Empty(t, pdfcheck.Check(b.Bytes()))
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "c.pdf"), b.Bytes(), 0o600))
	out, err := exec.Command(ppm, "-r", "200", "-png", filepath.Join(dir, "c.pdf"), filepath.Join(dir, "c")).CombinedOutput()
	require.NoError(t, err, "%s", out)
	// Binary: without an ECI, which banking programs do not all know, it would guess the charset.
	out, err = exec.Command(zbar, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sbinary", filepath.Join(dir, "c-1.png")).Output()
	require.NoError(t, err)
	return strings.TrimSuffix(string(out), "\n")
}

// The Data Matrix has its finder (solid left and bottom edge) and the timing of the others.
func TestDataMatrix(t *testing.T) {
	f, err := code.DataMatrix("https://kiel.example/p/4711")
	require.NoError(t, err)
	n := len(f)
	for i := range n {
		require.True(t, f[i][0] && f[n-1][i], "finder")
		require.Equal(t, i%2 == 0, f[0][i], "timing")
		require.Equal(t, i%2 == 1, f[i][n-1], "timing")
	}
	g, err := code.DataMatrix("https://kiel.example/p/4712")
	require.NoError(t, err)
	require.NotEqual(t, f, g)
}

func ExampleQR() {
	felder, err := code.QR("https://kiel.example/status/KI-2026-000017")
	if err != nil {
		panic(err)
	}
	_ = pdf.Matrixcode{Felder: felder, Alternativtext: "QR-Code mit dem Verweis auf den Stand Ihres Antrags"}
}
