package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strconv"

	gomail "github.com/wneessen/go-mail"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func itoa(n int) string { return strconv.Itoa(n) }

// absage is a refusal with the kind it means. It never holds the words of a
// server, which like to repeat the address.
type absage struct {
	art    error
	wo     string
	code   int    // of SMTP; 0 if there was none
	status string // enhanced, such as 5.1.1
}

func (a absage) Error() string {
	if a.code == 0 {
		return a.wo
	}
	return fmt.Sprintf("%s: %d %s", a.wo, a.code, a.status)
}

// maxAntwort bounds what a server may say over one mail, in bytes; TLS included.
const maxAntwort = 1 << 20

// deckel is a connection that ends when the server has said too much. It is read
// by one goroutine at a time.
type deckel struct {
	net.Conn
	rest int
}

func (d *deckel) Read(b []byte) (int, error) {
	if d.rest <= 0 {
		return 0, errors.New("the mail server says too much")
	}
	n, err := d.Conn.Read(b[:min(len(b), d.rest)])
	d.rest -= n
	return n, err
}

// post is a mail on its way.
type post struct {
	m    *gomail.Msg
	id   string
	utf8 bool
}

func (k *Kanal) mail(s messaging.Sendung) (post, error) {
	an, utf8, err := parseAdresse(s.Adresse.Kennung)
	if err != nil {
		return post{}, err
	}
	link, err := linkOf(s, k.p.Link)
	if err != nil {
		return post{}, err
	}
	v, ok := k.texte[s.Mandant]
	if !ok {
		v = k.standard
	}
	betreff, inhalt, err := v.fill(s.Absender, link)
	if err != nil {
		return post{}, err
	}
	p := post{m: gomail.NewMsg(), id: k.messageID(s.Mandant, s.ID), utf8: utf8}
	p.m.FromMailAddress(&mail.Address{Address: k.p.Von})
	p.m.ToMailAddress(&mail.Address{Address: an})
	p.m.Subject(betreff)
	p.m.SetMessageIDWithValue(p.id)
	p.m.SetDateWithValue(k.o.Now())
	// RFC 3834: nobody's holiday reply shall answer.
	p.m.SetGenHeader("Auto-Submitted", "auto-generated")
	p.m.SetGenHeader("Content-Language", "de")
	p.m.SetBodyString(gomail.TypeTextPlain, inhalt)
	return p, nil
}

// send brings one mail to the server on a connection of its own, which ends with
// the context: the client reads greeting and answers without a bound of its own.
func (k *Kanal) send(ctx context.Context, p post) error {
	ctx, cancel := context.WithTimeout(ctx, k.o.Timeout)
	defer cancel()
	var conn net.Conn
	dial := func(context.Context, string, string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", k.address())
		if err != nil {
			return nil, err
		}
		c = &deckel{Conn: c, rest: maxAntwort}
		conn = c
		context.AfterFunc(ctx, func() { _ = c.Close() })
		if k.o.Verschluesselung == TLS {
			t := tls.Client(c, k.o.TLSConfig)
			return t, t.HandshakeContext(ctx)
		}
		return c, nil
	}
	defer func() {
		if conn != nil {
			_ = conn.Close()
		}
	}()
	policy := gomail.NoTLS
	if k.o.Verschluesselung == StartTLS {
		policy = gomail.TLSMandatory
	}
	o := []gomail.Option{gomail.WithPort(k.p.Port), gomail.WithTimeout(k.o.Timeout), gomail.WithHELO(k.domain), gomail.WithTLSPolicy(policy),
		gomail.WithTLSConfig(k.o.TLSConfig), gomail.WithDialContextFunc(dial), gomail.WithoutNoop(), gomail.WithDSN(),
		gomail.WithDSNMailReturnType(gomail.DSNMailReturnHeadersOnly), gomail.WithDSNRcptNotifyType(gomail.DSNRcptNotifySuccess, gomail.DSNRcptNotifyFailure)}
	if k.o.Benutzer != "" {
		o = append(o, gomail.WithSMTPAuth(gomail.SMTPAuthPlain), gomail.WithUsername(k.o.Benutzer), gomail.WithPassword(k.o.Passwort))
	}
	c, err := gomail.NewClient(k.p.Host, o...)
	if err != nil {
		return absage{art: fehler.ErrUnavailable, wo: "the configuration is refused by the client"}
	}
	server, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return connectError(ctx, err)
	}
	if ok, _ := server.Extension("SMTPUTF8"); p.utf8 && !ok {
		return fehler.Probleme{problem("smtp.adresse-utf8", "/adresse", "the server cannot send to an address with letters beyond ASCII",
			"Der Mailserver kann nicht an Adressen mit Umlauten oder Sonderzeichen vor dem @ senden.")}
	}
	err = c.SendWithSMTPClient(server, p.m)
	if p.m.IsDelivered() { // what comes after the server took it does not matter
		_ = c.CloseWithSMTPClient(server)
		return nil
	}
	if err == nil {
		return absage{art: fehler.ErrUnavailable, wo: "the server did not take the mail"}
	}
	return sendError(ctx, err)
}

// connectError is about connection, TLS and login: never about this Sendung.
func connectError(ctx context.Context, err error) error {
	a := absage{art: fehler.ErrUnavailable, wo: "no connection to the mail server"}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if t, ok := errors.AsType[*textproto.Error](err); ok {
		a.wo, a.code = "the mail server refused the connection or the login", t.Code
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		a.wo = "the certificate of the mail server is not trusted"
	}
	return a
}

// sendError tells what the relay must know: again later, never, or no such address.
func sendError(ctx context.Context, err error) error {
	s, ok := errors.AsType[*gomail.SendError](err)
	if !ok || s.ErrorCode() == 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return absage{art: fehler.ErrUnavailable, wo: "the connection to the mail server broke"}
	}
	a := absage{art: fehler.ErrUnavailable, wo: "the mail server refused", code: s.ErrorCode(), status: s.EnhancedStatusCode()}
	if a.code < 500 {
		return a
	}
	switch s.Reason {
	case gomail.ErrSMTPRcptTo:
		a.art = fehler.ErrInvalid
		if nobody(a.code, a.status) {
			a.art = fehler.ErrNotFound
		}
	case gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		a.art = fehler.ErrInvalid
	}
	// A refused sender is our configuration, so it stays ErrUnavailable.
	return a
}

// nobody tells that a refusal means an address that does not exist: RFC 3463
// X.1.1 to X.1.3, X.1.6 and X.1.10, or 550, 551 and 553 without an enhanced status.
func nobody(code int, status string) bool {
	switch status {
	case "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10":
		return true
	case "":
		return code == 550 || code == 551 || code == 553
	}
	return false
}
