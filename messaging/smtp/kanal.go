package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Name of the Kanal in addresses. The Kennung of an address is an e-mail address.
const Name = "smtp"

// Verschluesselung is how the connection is protected.
type Verschluesselung string

// The ways; the zero value is StartTLS.
const (
	StartTLS Verschluesselung = "starttls" // mandatory: without it nothing is sent
	TLS      Verschluesselung = "tls"      // from the first byte (port 465)
	// Keine is for a mail server on the same machine.
	Keine Verschluesselung = "keine"
)

// Params of a Kanal; all are mandatory.
type Params struct {
	// Host and Port of the mail server of the house.
	Host string
	Port int
	// Von is the address the mail comes from and reports return to.
	Von string
	// Link gives the https address of the mailbox. It must contain nothing about the
	// recipient; an opaque id is fine.
	Link   func(messaging.Sendung) string
	Belege Belege
}

// Options of a Kanal; nil means defaults.
type Options struct {
	// Now is the clock of Quittungen and the Date of mails; default time.Now.
	Now func() time.Time
	// Benutzer and Passwort, if the server wants them (AUTH PLAIN, inside TLS only).
	Benutzer, Passwort string
	Verschluesselung   Verschluesselung
	// TLSConfig adds trusted roots and the like; ServerName is Host if empty, the
	// lowest version TLS 1.2.
	TLSConfig *tls.Config
	// Timeout of one mail altogether; default 30 seconds.
	Timeout time.Duration
	// Rate of mails per second and Burst; defaults 5 and 10.
	Rate  float64
	Burst int
	// Text of Mandanten without an entry in Texte; empty fields are defaults.
	Text  Text
	Texte map[tenant.ID]Text
}

// Kanal sends notifications. Safe for concurrent use.
//
// A Sendung goes out once as far as Belege remember it. What SMTP cannot exclude:
// a server that took the mail and then lost the connection, a store that failed
// afterwards. Then a second mail may follow, under the same Message-ID.
type Kanal struct {
	p        Params
	o        Options
	domain   string // of Von
	standard vorlage
	texte    map[tenant.ID]vorlage
	limit    *rate.Limiter
	ids      [64]chan struct{} // by Sendung, so that one goes out once
}

var _ messaging.Kanal = (*Kanal)(nil)

// New checks parameters and texts. It makes no connection.
func New(p Params, o *Options) (*Kanal, error) {
	const op = "smtp.New"
	k := &Kanal{p: p, texte: map[tenant.ID]vorlage{}}
	if o != nil {
		k.o = *o
	}
	k.defaults()
	if p.Host == "" || p.Port <= 0 || p.Port > 65535 || p.Link == nil || p.Belege == nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, errors.New("host, port, link and Belege are mandatory"))
	}
	von, utf8, err := parseAdresse(p.Von)
	if err != nil || utf8 {
		return nil, fehler.New(op, "", fehler.ErrInvalid, errors.New("the sender is no plain e-mail address"))
	}
	k.p.Von = von
	_, k.domain, _ = strings.Cut(von, "@")
	switch k.o.Verschluesselung {
	case StartTLS, TLS:
	case Keine:
		if k.o.Benutzer != "" {
			return nil, fehler.New(op, "", fehler.ErrInvalid, errors.New("no password without TLS"))
		}
	default:
		return nil, fehler.New(op, string(k.o.Verschluesselung), fehler.ErrInvalid, errors.New("no such Verschluesselung"))
	}
	if k.standard, err = compile(k.o.Text); err != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, err)
	}
	for m, t := range k.o.Texte {
		if k.texte[m], err = compile(t); err != nil {
			return nil, fehler.New(op, string(m), fehler.ErrInvalid, err)
		}
	}
	k.limit = rate.NewLimiter(rate.Limit(k.o.Rate), k.o.Burst)
	for i := range k.ids {
		k.ids[i] = make(chan struct{}, 1)
	}
	return k, nil
}

func (k *Kanal) defaults() {
	o := &k.o
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Verschluesselung == "" {
		o.Verschluesselung = StartTLS
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Rate <= 0 {
		o.Rate = 5
	}
	if o.Burst <= 0 {
		o.Burst = 10
	}
	c := &tls.Config{}
	if o.TLSConfig != nil {
		c = o.TLSConfig.Clone()
	}
	if c.ServerName == "" {
		c.ServerName = k.p.Host
	}
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	o.TLSConfig = c
}

// Name gives "smtp".
func (k *Kanal) Name() string { return Name }

// Faehigkeiten: no decisions, no replies. Attachments are not limited, because
// none is sent.
func (k *Kanal) Faehigkeiten() messaging.Faehigkeiten { return messaging.Faehigkeiten{} }

// Deliver implements [messaging.Kanal]. The Quittung says uebergeben: the mail
// server has taken the notification. ErrNotFound is a server's word that there is
// no such mailbox; most servers say it later, in a report ([Kanal.ReadBericht]).
func (k *Kanal) Deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	if err := ctx.Err(); err != nil {
		return messaging.Quittung{}, err
	}
	if s.ID == uuid.Nil {
		return messaging.Quittung{}, fehler.New("smtp.Deliver", "", fehler.ErrInvalid, fehler.Probleme{
			problem("smtp.id-fehlt", "", "the Sendung has no id", "Die Sendung hat keine Kennung.")})
	}
	q, err := k.deliver(ctx, s)
	if err == nil {
		return q, nil
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return messaging.Quittung{}, ctxErr
	}
	art := fehler.ErrUnavailable
	var a absage
	switch {
	case errors.Is(err, fehler.ErrInvalid):
		art = fehler.ErrInvalid
	case errors.As(err, &a):
		art = a.art
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = errors.New("the mail server is too slow") // our own bound, not the caller's
	}
	return messaging.Quittung{}, fehler.New("smtp.Deliver", s.ID.String(), art, err)
}

func (k *Kanal) deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	if _, err := tenant.ParseID(string(s.Mandant)); err != nil {
		return messaging.Quittung{}, err
	}
	lock := k.ids[s.ID[15]%64]
	select {
	case lock <- struct{}{}:
		defer func() { <-lock }()
	case <-ctx.Done():
		return messaging.Quittung{}, ctx.Err()
	}
	switch q, err := k.p.Belege.GetBeleg(ctx, s.Mandant, s.ID); {
	case err == nil:
		return q, nil
	case !errors.Is(err, fehler.ErrNotFound):
		return messaging.Quittung{}, absage{art: fehler.ErrUnavailable, wo: "the store of receipts failed"}
	}
	if err := k.Faehigkeiten().Check(s.Nachricht); err != nil {
		return messaging.Quittung{}, err
	}
	m, err := k.mail(s)
	if err != nil {
		return messaging.Quittung{}, err
	}
	if err := k.limit.Wait(ctx); err != nil {
		return messaging.Quittung{}, absage{art: fehler.ErrUnavailable, wo: "the rate limit is longer than the deadline"}
	}
	if err := k.send(ctx, m); err != nil {
		return messaging.Quittung{}, err
	}
	q := messaging.Quittung{Sendung: s.ID, Kanal: Name, Zustand: messaging.Uebergeben,
		Zeit: k.o.Now().UTC().Truncate(time.Microsecond), Referenz: "<" + m.id + ">"}
	// The mail is out: a receipt that cannot be kept must not make it go out again.
	_ = k.p.Belege.PutBeleg(context.WithoutCancel(ctx), s.Mandant, q)
	return q, nil
}

// messageID is the same for the same Sendung, whoever sends it.
func (k *Kanal) messageID(m tenant.ID, id uuid.UUID) string {
	return string(m) + "." + id.String() + "@" + k.domain
}

// sendungOf is the inverse of messageID.
func (k *Kanal) sendungOf(messageID string) (tenant.ID, uuid.UUID, bool) {
	local, ok := strings.CutSuffix(strings.Trim(strings.TrimSpace(messageID), "<>"), "@"+k.domain)
	m, id, found := strings.Cut(local, ".")
	u, err := uuid.Parse(id)
	if !ok || !found || err != nil || len(id) != 36 {
		return "", uuid.Nil, false
	}
	t, err := tenant.ParseID(m)
	return t, u, err == nil
}

func (k *Kanal) address() string { return net.JoinHostPort(k.p.Host, itoa(k.p.Port)) }
