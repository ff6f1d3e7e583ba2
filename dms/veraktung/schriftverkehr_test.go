package veraktung

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func conversation(t *testing.T, answer string) Quelle {
	t.Helper()
	r, err := pdf.New(nil)
	require.NoError(t, err)
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	return Quelle{
		Renderer: r, ProzessID: uuid.UUID{1},
		Stand: vorgang.Stand{Nummer: "KI-2026-000001", LeistungName: "Baumfällgenehmigung", Nachrichten: []vorgang.Schriftstueck{
			{Richtung: messaging.Ausgang, Zeit: at, Nachricht: messaging.Nachricht{Betreff: "Foto des Baums", Text: "Bitte senden Sie ein Foto.\n\nDanke!"},
				Quittungen: []messaging.Quittung{{Kanal: "portal", Zustand: messaging.Bereitgestellt, Zeit: at.Add(time.Minute)}}},
			{Richtung: messaging.Eingang, Zeit: at.Add(time.Hour), Nachricht: messaging.Nachricht{Betreff: "Antwort: Foto des Baums", Text: answer,
				Anhaenge: []messaging.Anhang{{Name: "Foto.png"}}}},
		}},
	}
}

func content(t *testing.T, d dms.Dokument) []byte {
	t.Helper()
	f := d.Versionen[0].Formate[0].Datei
	var b bytes.Buffer
	require.NoError(t, f.CopyTo(context.Background(), &b), "size and hash are right")
	r, err := f.Open(context.Background())
	require.NoError(t, err)
	again, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, b.Bytes(), again, "can be read twice")
	return b.Bytes()
}

func TestSchriftverkehr(t *testing.T) {
	at := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	d, ok := schriftverkehr(conversation(t, "Anbei das Foto.\n\nViele Grüße\nGülşen Łukasik-Dağ"), at)
	require.True(t, ok)
	require.Equal(t, dms.FormatPDFA, d.Versionen[0].Formate[0].Code)
	b := content(t, d)
	require.Empty(t, pdfcheck.Check(b))
	d2, _ := schriftverkehr(conversation(t, "Anbei das Foto.\n\nViele Grüße\nGülşen Łukasik-Dağ"), at)
	require.Equal(t, b, content(t, d2), "a second try makes the same package")
	require.Equal(t, d.ID, d2.ID)
	require.NotEqual(t, d.ID, d.Versionen[0].Formate[0].Datei.ID)
}

// What the fonts cannot set is filed as text, whole.
func TestSchriftverkehrWithEmoji(t *testing.T) {
	for _, answer := range []string{"Danke 🌳!", "steuer\x00zeichen", "שלום"} {
		d, ok := schriftverkehr(conversation(t, answer), time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC))
		require.True(t, ok)
		f := d.Versionen[0].Formate[0]
		require.Equal(t, "text/plain", f.Datei.MIME, answer)
		require.Empty(t, f.Code, "chosen from the MIME type")
		require.Contains(t, string(content(t, d)), answer)
	}
}

func TestSchriftverkehrNone(t *testing.T) {
	q := conversation(t, "x")
	q.Stand.Nachrichten = nil
	_, ok := schriftverkehr(q, time.Now())
	require.False(t, ok)
	q = conversation(t, "x")
	q.Renderer = nil
	_, ok = schriftverkehr(q, time.Now())
	require.False(t, ok)
}
