package qr_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung/qr"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// Another program reads from the picture what was written into it.
func TestReadBack(t *testing.T) {
	zbarimg := testenv.Tool(t, "zbarimg", "zbar-tools")
	nutzlast, err := ueberweisung.Zahlungsdaten{Empfaenger: "Landeshauptstadt Kiel, Stadtkasse", IBAN: "DE89370400440532013000", Betrag: 6190, Verwendungszweck: "50001030704 Hundesteuer für 2026"}.GiroCode()
	require.NoError(t, err)
	felder, err := qr.Felder(nutzlast)
	require.NoError(t, err)
	const rand, mal = 4, 6
	n := (len(felder) + 2*rand) * mal
	var b bytes.Buffer
	fmt.Fprintf(&b, "P5 %d %d 255\n", n, n)
	for y := range n {
		for x := range n {
			i, j, grau := y/mal-rand, x/mal-rand, byte(255)
			if i >= 0 && j >= 0 && i < len(felder) && j < len(felder) && felder[i][j] {
				grau = 0
			}
			b.WriteByte(grau)
		}
	}
	datei := filepath.Join(t.TempDir(), "code.pgm")
	require.NoError(t, os.WriteFile(datei, b.Bytes(), 0o600))
	// Its bytes, not its guess at their encoding: the payload says that it is UTF-8.
	out, err := exec.CommandContext(t.Context(), zbarimg, "--quiet", "--raw", "--oneshot", "-Sbinary", datei).Output()
	require.NoError(t, err)
	require.Equal(t, nutzlast, strings.TrimSuffix(string(out), "\n"))
}

// The code fits into a letter.
func TestInPDF(t *testing.T) {
	felder, err := qr.Felder("BCD\n002\n1\nSCT\n\nKiel\nDE89370400440532013000\nEUR61.90\n\n\n50001030704")
	require.NoError(t, err)
	r, err := pdf.New(nil)
	require.NoError(t, err)
	_, err = r.Write(io.Discard, pdf.Dokument{Titel: "Bescheid", Inhalt: []pdf.Block{pdf.Matrixcode{Felder: felder, Alternativtext: "QR-Code für die Überweisung von 61,90 Euro"}}})
	require.NoError(t, err)
}

func TestFelder(t *testing.T) {
	felder, err := qr.Felder(strings.Repeat("x", ueberweisung.MaxGiroCode))
	require.NoError(t, err)
	require.Len(t, felder, 69) // version 13
	require.True(t, felder[0][0] && felder[0][6] && !felder[0][7] && !felder[1][1], "the finder pattern")
	for _, s := range []string{strings.Repeat("x", 400), strings.Repeat("x", 5000)} {
		_, err = qr.Felder(s)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
}
