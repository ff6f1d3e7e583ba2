package veraktung

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestVerlauf(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	v, err := vorgang.New(tenant.System("annahme"), at, vorgang.Params{Mandant: "kiel", Nummer: "KI-2026-000001", Leistung: "99063005001000", LeistungName: "Baumfällgenehmigung", Einheit: "gruen"}, vorgang.Kontext{})
	require.NoError(t, err)
	kim := tenant.Akteur{ID: "kim", Name: "Kim Petersen", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	require.NoError(t, v.Accept(kim, at.Add(time.Minute)))
	q := conversation(t, "x")
	q.Journal = v.Neu()
	d, ok := verlauf(q, at)
	require.True(t, ok)
	require.Equal(t, dms.FormatPDFA, d.Versionen[0].Formate[0].Code)
	b := content(t, d)
	require.Empty(t, pdfcheck.Check(b))
	file := filepath.Join(t.TempDir(), "v.pdf")
	require.NoError(t, os.WriteFile(file, b, 0o600))
	out, err := exec.Command(testenv.Tool(t, "pdftotext", "poppler-utils"), "-layout", file, "-").Output()
	require.NoError(t, err)
	for _, s := range []string{"Verlauf des Vorgangs KI-2026-000001", "23.11.2026, 10:01:00", "Kim Petersen", "verkettet"} {
		require.Contains(t, string(out), s)
	}
	q.Journal = nil
	_, ok = verlauf(q, at)
	require.False(t, ok)
}
