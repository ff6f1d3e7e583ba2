package smtp_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	server "github.com/emersion/go-smtp"
	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/messagingtest"
	"github.com/ozg-fachwerk/fachwerk/messaging/smtp"
)

// brief is a mail as the server took it.
type brief struct {
	from, to string
	mail     *server.MailOptions
	rcpt     *server.RcptOptions
	raw      string
	tls      bool
	auth     bool
}

// haus is a mail server by other hands on a real socket.
type haus struct {
	s     *server.Server
	host  string
	port  int
	roots *x509.CertPool
	stop  func()

	mu    sync.Mutex
	post  []brief
	fails map[string]error // by command and, for RCPT, address
	auth  bool             // a login is wanted
}

type options struct{ noTLS, implicit, auth, noDSN, utf8 bool }

func start(t messagingtest.TB, o options) *haus {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	h := &haus{roots: x509.NewCertPool(), fails: map[string]error{}, auth: o.auth}
	h.roots.AddCert(web.Certificate())
	h.s = server.NewServer(server.BackendFunc(func(c *server.Conn) (server.Session, error) { return &sitzung{h: h, c: c}, nil }))
	h.s.ErrorLog = log.New(io.Discard, "", 0)
	h.s.EnableDSN, h.s.EnableSMTPUTF8 = !o.noDSN, o.utf8
	h.s.ReadTimeout, h.s.WriteTimeout = 10*time.Second, 10*time.Second
	cfg := &tls.Config{Certificates: web.TLS.Certificates}
	if !o.noTLS && !o.implicit {
		h.s.TLSConfig = cfg
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("%v", err)
	}
	a := l.Addr().(*net.TCPAddr)
	h.host, h.port = "127.0.0.1", a.Port
	if o.implicit {
		l = tls.NewListener(l, cfg)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = h.s.Serve(l) }()
	// The listener too: Close may come before Serve has it.
	h.stop = func() { _ = h.s.Close(); _ = l.Close() }
	t.Cleanup(func() { h.stop(); <-done })
	return h
}

func (h *haus) kanal(t messagingtest.TB, o *smtp.Options) *smtp.Kanal {
	t.Helper()
	if o == nil {
		o = &smtp.Options{}
	}
	if o.TLSConfig == nil {
		o.TLSConfig = &tls.Config{RootCAs: h.roots}
	}
	if o.Rate == 0 {
		o.Rate, o.Burst = 1000, 1000
	}
	k, err := smtp.New(smtp.Params{Host: h.host, Port: h.port, Von: "post@kiel.example", Belege: &smtp.MemoryBelege{},
		Link: func(messaging.Sendung) string { return "https://postfach.example/p" }}, o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return k
}

func (h *haus) taken() []brief {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]brief(nil), h.post...)
}

func (h *haus) count(id uuid.UUID) (n int) {
	for _, b := range h.taken() {
		m, err := mail.ReadMessage(strings.NewReader(b.raw))
		if err == nil && m.Header.Get("Message-Id") == "<kiel."+id.String()+"@kiel.example>" {
			n++
		}
	}
	return n
}

func (h *haus) fail(at string, code int, e server.EnhancedCode) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fails[at] = &server.SMTPError{Code: code, EnhancedCode: e, Message: "no mail for <erika@geheim.example>"}
}

func (h *haus) fault(at string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.fails[at]
}

type sitzung struct {
	h    *haus
	c    *server.Conn
	b    brief
	auth bool
}

func (s *sitzung) Reset()        { s.b = brief{} }
func (s *sitzung) Logout() error { return nil }

func (s *sitzung) AuthMechanisms() []string {
	if s.h.auth {
		return []string{sasl.Plain}
	}
	return nil
}

func (s *sitzung) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "fachwerk" || password != "geheim" {
			return server.ErrAuthFailed
		}
		s.auth = true
		return nil
	}), nil
}

func (s *sitzung) Mail(from string, o *server.MailOptions) error {
	if s.h.auth && !s.auth {
		return server.ErrAuthRequired
	}
	s.b.from, s.b.mail = from, o
	return s.h.fault("MAIL")
}

func (s *sitzung) Rcpt(to string, o *server.RcptOptions) error {
	s.b.to, s.b.rcpt = to, o
	return s.h.fault("RCPT " + to)
}

func (s *sitzung) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.h.fault("DATA"); err != nil {
		return err
	}
	s.b.raw, s.b.auth = string(b), s.auth
	_, s.b.tls = s.c.TLSConnectionState()
	s.h.mu.Lock()
	defer s.h.mu.Unlock()
	s.h.post = append(s.h.post, s.b)
	return nil
}

// skript is a server that speaks the lines it is told, without TLS: "" answers as
// usual, "cut" ends the connection, "mute" says nothing more,
// "flood" never stops.
func skript(t messagingtest.TB, answers map[string]string) (host string, port int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("%v", err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer c.Close(); sprich(c, answers) })
		}
	})
	a := l.Addr().(*net.TCPAddr)
	return "127.0.0.1", a.Port
}

func sprich(c net.Conn, answers map[string]string) {
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewReader(c)
	say := func(key, usual string) bool {
		a, ok := answers[key]
		if !ok {
			a = usual
		}
		switch a {
		case "cut":
			return false
		case "flood":
			for _, err := c.Write(make([]byte, 1<<16)); err == nil; {
				_, err = c.Write(make([]byte, 1<<16))
			}
			return false
		case "mute":
			_, _ = io.Copy(io.Discard, r)
			return false
		}
		_, err := fmt.Fprintf(c, "%s\r\n", a)
		return err == nil
	}
	if !say("GREETING", "220 probe") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		usual := "250 ok"
		switch word {
		case "DATA":
			if !say("DATA", "354 go") {
				return
			}
			for line != ".\r\n" {
				if line, err = r.ReadString('\n'); err != nil {
					return
				}
			}
			word = "END"
		case "QUIT":
			usual = "221 bye"
		}
		if !say(word, usual) {
			return
		}
	}
}
