package veraktung_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/veraktung"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// quelle is the input the handler would use.
func (h *haus) quelle() veraktung.Quelle {
	id := h.closed()
	a := h.auftrag(id)
	var d vorgang.AbgebenDaten
	require.NoError(h, a.Decode(&d))
	v, err := h.Get(h.Context(), kiel, id)
	require.NoError(h, err)
	q := veraktung.Quelle{Stand: v.Stand(), Mandant: &mandant, ProzessID: d.ProzessID}
	q.Empfaenger.Institution = "E-Akte Schleswig-Holstein"
	for e, err := range h.Journal(h.Context(), kiel, id) {
		require.NoError(h, err)
		q.Journal = append(q.Journal, e)
	}
	return q
}

func TestPaketGolden(t *testing.T) {
	p := veraktung.NewPaket(newHaus(t, &dmstest.Speicher{}).quelle())
	require.Empty(t, p.Check())
	got, err := json.MarshalIndent(p, "", "  ")
	require.NoError(t, err)
	path := filepath.Join("testdata", "paket.json")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "write it with -update")
	require.Equal(t, string(want), string(got)+"\n")
}

// Every message we make must pass the official schema. The negative control is
// the same message without its root's head.
func TestMessageIsValid(t *testing.T) {
	tool := testenv.Tool(t, "xmllint", "libxml2-utils")
	for version, profil := range map[string]func() xdomea.Profil{"3.1.0": xdomea.V310, "3.0.0": xdomea.V300} {
		schema := testenv.Standards(t, "xdomea", version, "xdomea-Nachrichten-AbgabeDurchfuehren.xsd")
		lint := func(message []byte) (string, error) {
			cmd := exec.Command(tool, "--nonet", "--noout", "--schema", schema, "-")
			cmd.Stdin = bytes.NewReader(message)
			out, err := cmd.CombinedOutput()
			return string(out), err
		}
		full := newHaus(t, &dmstest.Speicher{}).quelle()
		sparse := full
		sparse.Stand.Antrag, sparse.Stand.LeistungName, sparse.Stand.Dateien = vorgang.Antrag{Felder: []vorgang.Feld{{Name: "x"}}}, "", nil
		sparse.Mandant = &tenant.Mandant{ID: kiel, Name: "Amt"}
		for name, q := range map[string]veraktung.Quelle{"full": full, "sparse": sparse} {
			p := veraktung.NewPaket(q)
			require.Empty(t, p.Check(), name)
			var b bytes.Buffer
			require.NoError(t, xdomea.New(profil(), nil).WriteAbgabe(&b, p), name)
			out, err := lint(b.Bytes())
			require.NoError(t, err, "%s %s: %s", version, name, out)
			broken := bytes.Replace(b.Bytes(), []byte("ProzessID>"), []byte("Prozess>"), -1)
			_, err = lint(broken)
			require.Error(t, err, "the check can fail")
		}
	}
}

// The second try comes when the Vorgang has moved on: other file references,
// letters, files, even reopened and closed for another reason.
func TestSecondTryMakesTheSamePaket(t *testing.T) {
	ziel := &dmstest.Speicher{}
	h := newHaus(t, ziel)
	id := h.closed()
	a := h.auftrag(id)
	send := func() {
		v, err := h.Get(t.Context(), kiel, id)
		require.NoError(t, err)
		_, err = h.v.Handle(t.Context(), a.Auftrag, v) // and the report gets lost
		require.NoError(t, err)
	}
	send()
	h.edit(id,
		func(v *vorgang.Vorgang) error { return v.Reopen(deniz, h.now, vorgang.WegenIrrtum, "Nachtrag") },
		func(v *vorgang.Vorgang) error { return v.Assign(deniz, h.now, "kim", "Kim Petersen") },
		func(v *vorgang.Vorgang) error {
			_, err := v.Write(kim, h.now, "Nachtrag", "Text", messaging.Anhang{ID: v.Stand().Bescheide[0].Dokument.ID, Name: "Bescheid.pdf"})
			return err
		},
		func(v *vorgang.Vorgang) error {
			return v.RecordQuittung(system, h.now, "fitconnect", h.datei("Protokoll.json", "application/json", "{}", vorgang.ZweckNachweis))
		},
		func(v *vorgang.Vorgang) error {
			return v.Close(kim, h.now.Add(48*time.Hour), vorgang.Schluss{Grund: vorgang.GrundErledigung})
		},
	)
	send()
	require.Len(t, ziel.Lieferungen(), 1, "the same hand-over, delivered once")
}

// A file belongs into the E-Akte whatever the clock of its sender said.
func TestFileOfTheFutureIsFiled(t *testing.T) {
	q := newHaus(t, &dmstest.Speicher{}).quelle()
	n := len(q.Stand.Dateien)
	q.Stand.Dateien[0].Hinzugefuegt = q.Journal[len(q.Journal)-1].Zeit.Add(time.Hour)
	require.Len(t, veraktung.NewPaket(q).Vorgang.Dokumente, n)
}
