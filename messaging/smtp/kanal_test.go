package smtp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	server "github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/messagingtest"
	"github.com/ozg-fachwerk/fachwerk/messaging/smtp"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write docs")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const an = "erika@beispiel.example"

func TestKonformitaet(t *testing.T) {
	messagingtest.Run(t, messagingtest.Options{
		New: func(t messagingtest.TB) messagingtest.Fall {
			h := start(t, options{})
			h.fail("RCPT niemand@beispiel.example", 550, server.EnhancedCode{5, 1, 1})
			return messagingtest.Fall{
				Kanal: h.kanal(t, nil), Adresse: messaging.Adresse{Kanal: smtp.Name, Kennung: an}, Zugestellt: h.count,
				Unbekannt: "niemand@beispiel.example", Ungueltig: "Erika Geheimname <erika@beispiel.example>",
				Unerreichbar: h.stop,
			}
		},
		Unsupported: messagingtest.WithoutStoerungen(map[messagingtest.Capability]string{
			messagingtest.Anhaenge: "the mail is a notification; what is attached lies behind the link",
		}, "no HTTP: TestBrokenServer and TestRefusals do it in SMTP"),
	})
}

func sendung() messaging.Sendung {
	return messaging.Sendung{ID: uuid.Must(uuid.NewV7()), Mandant: "kiel", Absender: "Stadt Köln, Sozialamt", Nummer: "2026-0000001",
		Empfaenger: messaging.Empfaenger{Name: "Erika Geheimname"}, Adresse: messaging.Adresse{Kanal: smtp.Name, Kennung: an},
		Nachricht: messaging.Nachricht{ID: uuid.Must(uuid.NewV7()), Art: messaging.Mitteilung, Betreff: "Geheimbetreff", Text: "Geheimtext"}}
}

func body(t *testing.T, raw string) (mail.Header, string) {
	m, err := mail.ReadMessage(strings.NewReader(raw))
	require.NoError(t, err)
	r := io.Reader(m.Body)
	if strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		r = quotedprintable.NewReader(r)
	}
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return m.Header, strings.ReplaceAll(string(b), "\r\n", "\n")
}

// What arrives: a sentence and a link, inside TLS, with reports asked for.
func TestMail(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{}, {implicit: true}, {auth: true}, {auth: true, implicit: true}, {noDSN: true}, {noTLS: true}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			t.Parallel()
			h := start(t, o)
			so := &smtp.Options{Now: func() time.Time { return time.Date(2026, 3, 2, 11, 0, 0, 123456789, time.UTC) }}
			if o.implicit {
				so.Verschluesselung = smtp.TLS
			}
			if o.noTLS {
				so.Verschluesselung = smtp.Keine
			}
			if o.auth {
				so.Benutzer, so.Passwort = "fachwerk", "geheim"
			}
			s := sendung()
			q, err := h.kanal(t, so).Deliver(t.Context(), s)
			require.NoError(t, err)
			id := "<kiel." + s.ID.String() + "@kiel.example>"
			require.Equal(t, messaging.Quittung{Sendung: s.ID, Kanal: "smtp", Zustand: messaging.Uebergeben, Zeit: time.Date(2026, 3, 2, 11, 0, 0, 123456000, time.UTC), Referenz: id}, q)
			b := h.taken()[0]
			require.Equal(t, !o.noTLS, b.tls || o.implicit)
			require.Equal(t, o.auth, b.auth)
			require.Equal(t, []string{"post@kiel.example", an}, []string{b.from, b.to})
			if !o.noDSN {
				require.Equal(t, server.DSNReturnHeaders, b.mail.Return)
				require.ElementsMatch(t, []server.DSNNotify{server.DSNNotifySuccess, server.DSNNotifyFailure}, b.rcpt.Notify)
			}
			head, text := body(t, b.raw)
			require.Equal(t, id, head.Get("Message-Id"))
			require.Equal(t, "auto-generated", head.Get("Auto-Submitted"))
			require.Contains(t, head.Get("Date"), "2 Mar 2026")
			subject, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
			require.NoError(t, err)
			require.Equal(t, "Neue Nachricht von Stadt Köln", subject)
			require.Contains(t, text, "Sie haben eine neue Nachricht von Stadt Köln.\n\nDie Nachricht liegt in Ihrem Postfach:\nhttps://postfach.example/p\n")
			for _, secret := range []string{"Geheim", "Sozialamt", "2026-0000001", "Erika"} {
				require.NotContains(t, b.raw+text+subject, secret)
			}
		})
	}
}

func TestTextOfAMandant(t *testing.T) {
	t.Parallel()
	h := start(t, options{})
	k := h.kanal(t, &smtp.Options{Texte: map[tenant.ID]smtp.Text{"luebeck": {Behoerde: "Hansestadt Lübeck", Betreff: "Post", Inhalt: "Moin, {{.Behoerde}}: {{.Link}}"}}})
	s := sendung()
	s.Mandant = "luebeck"
	_, err := k.Deliver(t.Context(), s)
	require.NoError(t, err)
	head, text := body(t, h.taken()[0].raw)
	require.Equal(t, "Post", head.Get("Subject"))
	require.Equal(t, "Moin, Hansestadt Lübeck: https://postfach.example/p", strings.TrimSpace(text))
}

// Refusals of a real server, and what the relay hears.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at   string
		code int
		e    server.EnhancedCode
		want error
	}{
		{"RCPT " + an, 550, server.EnhancedCode{5, 1, 1}, fehler.ErrNotFound},
		{"RCPT " + an, 553, server.EnhancedCode{5, 1, 3}, fehler.ErrNotFound},
		{"RCPT " + an, 550, server.EnhancedCode{5, 7, 1}, fehler.ErrInvalid},
		{"RCPT " + an, 552, server.EnhancedCode{5, 2, 2}, fehler.ErrInvalid},
		{"RCPT " + an, 450, server.EnhancedCode{4, 2, 0}, fehler.ErrUnavailable},
		{"MAIL", 550, server.EnhancedCode{5, 7, 1}, fehler.ErrUnavailable},
		{"MAIL", 421, server.EnhancedCode{4, 3, 2}, fehler.ErrUnavailable},
		{"DATA", 554, server.EnhancedCode{5, 7, 0}, fehler.ErrInvalid},
		{"DATA", 451, server.EnhancedCode{4, 3, 0}, fehler.ErrUnavailable},
	} {
		t.Run(fmt.Sprint(c.at, c.code, c.e), func(t *testing.T) {
			t.Parallel()
			h := start(t, options{})
			h.fail(c.at, c.code, c.e)
			k := h.kanal(t, nil)
			s := sendung()
			_, err := k.Deliver(t.Context(), s)
			require.ErrorIs(t, err, c.want)
			require.NotContains(t, err.Error(), "@", "a server likes to repeat the address")
			require.Contains(t, err.Error(), fmt.Sprintf("%d %d.%d.%d", c.code, c.e[0], c.e[1], c.e[2]))
			h.mu.Lock()
			clear(h.fails)
			h.mu.Unlock()
			_, err = k.Deliver(t.Context(), s)
			require.NoError(t, err)
			require.Equal(t, 1, h.count(s.ID))
		})
	}
}

func TestConnection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o    options
		k    smtp.Options
		text string
	}{
		"no TLS offered":      {o: options{noTLS: true}, text: "no connection"},
		"certificate unknown": {k: smtp.Options{TLSConfig: &tls.Config{}}, text: "not trusted"},
		"wrong password":      {o: options{auth: true}, k: smtp.Options{Benutzer: "fachwerk", Passwort: "falsch"}, text: "refused the connection or the login: 535"},
		"login wanted":        {o: options{auth: true}, text: "502 5.7.0"},
		"TLS where none is":   {o: options{noTLS: true}, k: smtp.Options{Verschluesselung: smtp.TLS}, text: "no connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, c.o)
			s := sendung()
			_, err := h.kanal(t, &c.k).Deliver(t.Context(), s)
			require.ErrorIs(t, err, fehler.ErrUnavailable)
			require.ErrorContains(t, err, c.text)
			require.NotContains(t, err.Error(), "falsch")
			require.Empty(t, h.taken())
		})
	}
}

// A server that breaks off, says nonsense or falls silent, at every step.
func TestBrokenServer(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"} {
		for _, answer := range []string{"cut", "mute", "nonsense", "999 what", "250", strings.Repeat("2", 100_000)} {
			t.Run(at+" "+answer[:min(8, len(answer))], func(t *testing.T) {
				t.Parallel()
				a := map[string]string{at: answer}
				if at == "EHLO" {
					a["HELO"] = answer
				}
				host, port := skript(t, a)
				h := &haus{host: host, port: port}
				k := h.kanal(t, &smtp.Options{Verschluesselung: smtp.Keine, Timeout: 300 * time.Millisecond})
				begin := time.Now()
				_, err := k.Deliver(t.Context(), sendung())
				require.Less(t, time.Since(begin), 5*time.Second)
				if answer == "250" && at != "GREETING" && at != "DATA" {
					return // that is an answer
				}
				require.ErrorIs(t, err, fehler.ErrUnavailable)
			})
		}
	}
	// The control: nothing is broken.
	host, port := skript(t, nil)
	_, err := (&haus{host: host, port: port}).kanal(t, &smtp.Options{Verschluesselung: smtp.Keine}).Deliver(t.Context(), sendung())
	require.NoError(t, err)
	// One that never stops is left at once, not when the time is over.
	host, port = skript(t, map[string]string{"EHLO": "flood", "HELO": "flood"})
	begin := time.Now()
	_, err = (&haus{host: host, port: port}).kanal(t, &smtp.Options{Verschluesselung: smtp.Keine, Timeout: time.Minute}).Deliver(t.Context(), sendung())
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.Less(t, time.Since(begin), 10*time.Second)
	// What comes after the server took the mail does not matter.
	for _, answer := range []string{"cut", "421 gone"} {
		host, port = skript(t, map[string]string{"RSET": answer, "QUIT": answer})
		_, err = (&haus{host: host, port: port}).kanal(t, &smtp.Options{Verschluesselung: smtp.Keine}).Deliver(t.Context(), sendung())
		require.NoError(t, err)
	}
	// The caller's end is the caller's error.
	host, port = skript(t, map[string]string{"MAIL": "mute"})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = (&haus{host: host, port: port}).kanal(t, &smtp.Options{Verschluesselung: smtp.Keine}).Deliver(ctx, sendung())
	require.Equal(t, context.DeadlineExceeded, err)
}

func TestInternationalAddresses(t *testing.T) {
	t.Parallel()
	h := start(t, options{utf8: true})
	s := sendung()
	s.Adresse.Kennung = "erika@köln.example"
	_, err := h.kanal(t, nil).Deliver(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, "erika@xn--kln-sna.example", h.taken()[0].to)
	s = sendung()
	s.Adresse.Kennung = "jürgen@köln.example"
	_, err = h.kanal(t, nil).Deliver(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, "jürgen@xn--kln-sna.example", h.taken()[1].to)
	require.True(t, h.taken()[1].mail.UTF8)
	h = start(t, options{})
	_, err = h.kanal(t, nil).Deliver(t.Context(), s)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.Equal(t, "smtp.adresse-utf8", fehler.ProblemeIn(err)[0].Code)
}

func TestRate(t *testing.T) {
	t.Parallel()
	h := start(t, options{})
	k := h.kanal(t, &smtp.Options{Rate: 10, Burst: 1})
	begin := time.Now()
	for range 3 {
		_, err := k.Deliver(t.Context(), sendung())
		require.NoError(t, err)
	}
	require.GreaterOrEqual(t, time.Since(begin), 190*time.Millisecond)
	k = h.kanal(t, &smtp.Options{Rate: 0.001, Burst: 1})
	_, err := k.Deliver(t.Context(), sendung())
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = k.Deliver(ctx, sendung())
	require.ErrorIs(t, err, fehler.ErrUnavailable)
}

func TestNew(t *testing.T) {
	t.Parallel()
	good := smtp.Params{Host: "mail.kiel.example", Port: 587, Von: "post@kiel.example", Belege: &smtp.MemoryBelege{}, Link: func(messaging.Sendung) string { return "" }}
	_, err := smtp.New(good, nil)
	require.NoError(t, err)
	for name, c := range map[string]func(*smtp.Params, *smtp.Options){
		"host":                 func(p *smtp.Params, _ *smtp.Options) { p.Host = "" },
		"port":                 func(p *smtp.Params, _ *smtp.Options) { p.Port = 70000 },
		"link":                 func(p *smtp.Params, _ *smtp.Options) { p.Link = nil },
		"belege":               func(p *smtp.Params, _ *smtp.Options) { p.Belege = nil },
		"von":                  func(p *smtp.Params, _ *smtp.Options) { p.Von = "Kiel <post@kiel.example>" },
		"verschluesselung":     func(_ *smtp.Params, o *smtp.Options) { o.Verschluesselung = "vielleicht" },
		"password in the open": func(_ *smtp.Params, o *smtp.Options) { o.Verschluesselung, o.Benutzer = smtp.Keine, "x" },
		"text without link":    func(_ *smtp.Params, o *smtp.Options) { o.Text.Inhalt = "Hallo" },
		"unknown field":        func(_ *smtp.Params, o *smtp.Options) { o.Text.Inhalt = "{{.Link}} {{.Name}}" },
		"broken template":      func(_ *smtp.Params, o *smtp.Options) { o.Texte = map[tenant.ID]smtp.Text{"kiel": {Betreff: "{{"}} },
		"subject of two lines": func(_ *smtp.Params, o *smtp.Options) { o.Text.Betreff = "a\nBcc: x@y.example" },
	} {
		p, o := good, smtp.Options{}
		c(&p, &o)
		_, err := smtp.New(p, &o)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
}

func TestSchlechteBenachrichtigungen(t *testing.T) {
	t.Parallel()
	h := start(t, options{})
	link := "https://postfach.example/p"
	k, err := smtp.New(smtp.Params{Host: h.host, Port: h.port, Von: "post@kiel.example", Belege: &smtp.MemoryBelege{},
		Link: func(messaging.Sendung) string { return link }}, &smtp.Options{TLSConfig: &tls.Config{RootCAs: h.roots}, Rate: 1000})
	require.NoError(t, err)
	var doc bytes.Buffer
	doc.WriteString("## Benachrichtigung per E-Mail\n\nErzeugt aus den Tests: `go test ./messaging/smtp -run Schlechte -update`. Eine solche E-Mail geht nicht hinaus.\n\n| Eingabe | Code | Hinweis |\n|---|---|---|\n")
	for _, c := range []struct {
		name, code string
		change     func(*messaging.Sendung)
	}{
		{"Zeilenwechsel in der Adresse", "smtp.adresse", func(s *messaging.Sendung) { s.Adresse.Kennung = "a@b.example\r\nBcc: c@d.example" }},
		{"zwei Adressen", "smtp.adresse", func(s *messaging.Sendung) { s.Adresse.Kennung = "a@b.example,c@d.example" }},
		{"Adresse mit Namen", "smtp.adresse", func(s *messaging.Sendung) { s.Adresse.Kennung = "Erika <a@b.example>" }},
		{"Parameter in der Adresse", "smtp.adresse", func(s *messaging.Sendung) { s.Adresse.Kennung = "a@b.example> NOTIFY=NEVER" }},
		{"Adresse in Anführungszeichen", "smtp.adresse", func(s *messaging.Sendung) { s.Adresse.Kennung = `"a b"@b.example` }},
		{"IP-Adresse statt Domain", "smtp.adresse", func(s *messaging.Sendung) { s.Adresse.Kennung = "a@[127.0.0.1]" }},
		{"Domain ohne Punkt", "smtp.adresse", func(s *messaging.Sendung) { s.Adresse.Kennung = "a@localhost" }},
		{"Domain mit unsichtbarem Zeichen", "smtp.adresse", func(s *messaging.Sendung) { s.Adresse.Kennung = "a@b\u200b.example" }},
		{"Adresse zu lang", "smtp.adresse", func(s *messaging.Sendung) { s.Adresse.Kennung = strings.Repeat("a", 65) + "@b.example" }},
		{"Zeilenwechsel im Namen der Behörde", "smtp.absender", func(s *messaging.Sendung) { s.Absender = "Kiel\r\nBcc: c@d.example" }},
		{"Behörde fehlt", "smtp.absender", func(s *messaging.Sendung) { s.Absender = ", Amt" }},
		{"Link ohne Verschlüsselung", "smtp.link", func(*messaging.Sendung) { link = "http://postfach.example" }},
		{"Link als Skript", "smtp.link", func(*messaging.Sendung) { link = "javascript:alert(1)" }},
		{"Link mit Zeilenwechsel", "smtp.link", func(*messaging.Sendung) { link = "https://x.example/\n.\nMAIL" }},
		{"Link mit der Adresse", "smtp.link-personenbezug", func(*messaging.Sendung) { link = "https://x.example/?an=erika%40beispiel.example" }},
		{"Link mit der Vorgangsnummer", "smtp.link-personenbezug", func(*messaging.Sendung) { link = "https://x.example/2026-0000001" }},
		{"Bescheid", "messaging.faehigkeit", func(s *messaging.Sendung) { s.Nachricht.Art = messaging.BescheidArt }},
		{"Mandant als Pfad", "tenant.id", func(s *messaging.Sendung) { s.Mandant = "../kiel" }},
	} {
		s := sendung()
		link = "https://postfach.example/p"
		c.change(&s)
		_, err := k.Deliver(t.Context(), s)
		require.ErrorIs(t, err, fehler.ErrInvalid, c.name)
		p := fehler.ProblemeIn(err)
		require.Len(t, p, 1, c.name)
		require.Equal(t, c.code, p[0].Code, c.name)
		require.NotContains(t, err.Error(), "example")
		fmt.Fprintf(&doc, "| %s | `%s` | %s |\n", c.name, p[0].Code, p[0].Hinweis)
	}
	require.Empty(t, h.taken())
	for _, c := range schlechteBerichte {
		_, err := smtp.ParseBericht([]byte(c.raw))
		p := fehler.ProblemeIn(err)
		require.Len(t, p, 1, c.name)
		require.Equal(t, c.code, p[0].Code, c.name)
		fmt.Fprintf(&doc, "| Bericht: %s | `%s` | %s |\n", c.name, p[0].Code, p[0].Hinweis)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Benachrichtigung per E-Mail", doc.String(), *update)
}
