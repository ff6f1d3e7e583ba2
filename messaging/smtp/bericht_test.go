package smtp_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/smtp"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// dsn is a report in the form of RFC 3464.
func dsn(status, returned string) string {
	return crlf(`From: MAILER-DAEMON@mx.example
To: post@kiel.example
Date: Mon, 02 Mar 2026 12:30:00 +0100
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="grenze"

--grenze
Content-Type: text/plain

Your mail to erika@beispiel.example could not be delivered.

--grenze
Content-Type: message/delivery-status

` + status + `
--grenze
Content-Type: text/rfc822-headers

` + returned + `
--grenze--
`)
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

const failed = `Reporting-MTA: dns; mx.example
Arrival-Date: Mon, 02 Mar 2026 12:10:00 +0100

Final-Recipient: rfc822; erika@beispiel.example
Action: failed
Status: 5.1.1 (no such mailbox)
Last-Attempt-Date: Mon, 02 Mar 2026 12:20:00 +0100
Diagnostic-Code: smtp; 550 5.1.1 <erika@beispiel.example>: unknown
`

func TestReadBericht(t *testing.T) {
	t.Parallel()
	h := start(t, options{})
	now := time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)
	k := h.kanal(t, &smtp.Options{Now: func() time.Time { return now }})
	s := sendung()
	_, err := k.Deliver(t.Context(), s)
	require.NoError(t, err)
	now = now.Add(time.Hour)
	head, _, _ := strings.Cut(h.taken()[0].raw, "\r\n\r\n") // what a server returns
	head = strings.ReplaceAll(head, "\r\n", "\n")
	for _, c := range []struct {
		name, raw string
		zustand   messaging.Zustand
		referenz  string
		zeit      string
	}{
		{"failed", dsn(failed, head), messaging.Fehlgeschlagen, "5.1.1", "11:20"},
		{"delivered", dsn(strings.NewReplacer("failed", "delivered", "5.1.1", "2.0.0").Replace(failed), head), messaging.Bereitgestellt, "2.0.0", "11:20"},
		{"relayed to a server without reports", dsn(strings.NewReplacer("failed", "relayed", "5.1.1", "2.0.0").Replace(failed), head), messaging.Uebergeben, "2.0.0", "11:20"},
		{"delayed", dsn(strings.NewReplacer("failed", "delayed", "5.1.1", "4.0.0").Replace(failed), head), messaging.Uebergeben, "4.0.0", "11:20"},
		{"by envelope id", dsn("Original-Envelope-Id: kiel."+s.ID.String()+"@kiel.example\n"+failed, "Subject: x\n"), messaging.Fehlgeschlagen, "5.1.1", "11:20"},
		{"no time of its own", dsn("Reporting-MTA: dns; mx\n\nAction: failed\n", head), messaging.Fehlgeschlagen, "", "11:30"},
		{"a clock of 1970", dsn(strings.ReplaceAll(failed, "2026", "1970"), head), messaging.Fehlgeschlagen, "5.1.1", "12:00"},
		{"a clock ahead", dsn(strings.ReplaceAll(failed, "2026", "2027"), head), messaging.Fehlgeschlagen, "5.1.1", "12:00"},
		{"the worst of two", dsn(failed+"\nAction: delivered\nStatus: 2.0.0\n", head), messaging.Fehlgeschlagen, "5.1.1", "11:20"},
	} {
		r, err := k.ReadBericht(t.Context(), []byte(c.raw))
		require.NoError(t, err, c.name)
		require.Equal(t, s.Mandant, r.Mandant)
		require.Equal(t, s.ID, r.Quittung.Sendung)
		require.Equal(t, c.zustand, r.Quittung.Zustand, c.name)
		require.Equal(t, c.referenz, r.Quittung.Referenz, c.name)
		require.Equal(t, c.zeit, r.Quittung.Zeit.Format("15:04"), c.name)
	}
	// Base64, as a server of another make sends it.
	b64 := strings.Replace(dsn("@@", head), "Content-Type: message/delivery-status", "Content-Transfer-Encoding: base64\r\nContent-Type: message/delivery-status", 1)
	r, err := k.ReadBericht(t.Context(), []byte(strings.Replace(b64, "@@", base64.StdEncoding.EncodeToString([]byte(crlf(failed))), 1)))
	require.NoError(t, err)
	require.Equal(t, messaging.Fehlgeschlagen, r.Quittung.Zustand)

	for name, head := range map[string]string{
		"somebody else's mail": "Message-ID: <abc@anderswo.example>\n",
		"our domain, no id":    "Message-ID: <abc@kiel.example>\n",
		"never sent":           "Message-ID: <kiel." + uuid.NewString() + "@kiel.example>\n",
		"another Mandant":      "Message-ID: <luebeck." + s.ID.String() + "@kiel.example>\n",
		"another domain":       "Message-ID: <kiel." + s.ID.String() + "@anderswo.example>\n",
	} {
		_, err := k.ReadBericht(t.Context(), []byte(dsn(failed, head)))
		require.ErrorIs(t, err, fehler.ErrNotFound, name)
	}
	_, err = k.ReadBericht(t.Context(), []byte("Subject: Ich bin im Urlaub\r\n\r\nBis bald"))
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

var schlechteBerichte = []struct{ name, code, raw string }{
	{"Abwesenheitsnotiz", "smtp.kein-bericht", "Subject: Urlaub\r\n\r\nBis bald"},
	{"Lesebestätigung", "smtp.kein-bericht", strings.Replace(dsn(failed, "X: y\n"), "report-type=delivery-status", "report-type=disposition-notification", 1)},
	{"keine E-Mail", "smtp.bericht-kaputt", "\x00\x01"},
	{"ohne Ergebnis", "smtp.bericht-kaputt", dsn("Reporting-MTA: dns; mx\n", "X: y\n")},
	{"unbekanntes Ergebnis", "smtp.bericht-kaputt", dsn(strings.Replace(failed, "Action: failed", "Action: eaten", 1), "X: y\n")},
	{"abgeschnitten", "smtp.bericht-kaputt", dsn(failed, "X: y\n")[:520]},
	{"hundert Empfänger", "smtp.bericht-kaputt", dsn(failed+strings.Repeat("\nAction: delivered\n", 100), "X: y\n")},
	{"zwei Ergebnisteile", "smtp.bericht-kaputt", strings.Replace(dsn(failed, failed), "text/rfc822-headers", "message/delivery-status", 1)},
	{"zu groß", "smtp.bericht-kaputt", dsn(failed, "X: y\n") + strings.Repeat(" ", 1<<20)},
}

func FuzzParseBericht(f *testing.F) {
	f.Add([]byte(dsn(failed, "Message-ID: <kiel.0190aaaa-0000-7000-8000-000000000001@kiel.example>\n")))
	for _, c := range schlechteBerichte {
		if len(c.raw) < 10_000 {
			f.Add([]byte(c.raw))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := smtp.ParseBericht(raw)
		if err != nil {
			if len(fehler.ProblemeIn(err)) != 1 {
				t.Fatal(err)
			}
			return
		}
		if b.Aktion == "" || (!b.Zeit.IsZero() && b.Zeit.Year() < 1999) || len(b.Status) > 9 {
			t.Fatalf("%+v", b)
		}
	})
}
