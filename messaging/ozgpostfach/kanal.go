package ozgpostfach

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Params of a Kanal; all are mandatory.
type Params struct {
	Konfiguration Konfiguration
	Zugang        Zugang
	// Belege keep the first Quittung of each Sendung, durably.
	Belege messaging.Belege
}

// Options of a Kanal; nil means defaults.
type Options struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Ungeprueft allows a Konfiguration no operator has confirmed, for tests.
	Ungeprueft bool
	// Wurzeln are the certificates servers are trusted by; default those of the system.
	Wurzeln *x509.CertPool
}

// Kanal delivers to one mailbox system. Safe for concurrent use.
//
// A Sendung goes out once as far as Belege remember it and the mailbox system
// knows a message it has already (see [Dublette]): after an answer that was lost
// the same request is made again, under the same id.
type Kanal struct {
	k      Konfiguration
	o      Options
	belege messaging.Belege
	muster *regexp.Regexp
	http   *http.Client
	login  *anmelder
	ids    [64]chan struct{} // by Sendung, so that one goes out once
}

var _ messaging.Kanal = (*Kanal)(nil)

// New checks the Konfiguration and that the Zugang has what it needs. It makes no
// request.
func New(p Params, o *Options) (*Kanal, error) {
	const op = "ozgpostfach.New"
	k := &Kanal{k: p.Konfiguration, belege: p.Belege}
	if o != nil {
		k.o = *o
	}
	if k.o.Now == nil {
		k.o.Now = time.Now
	}
	if err := k.k.Check(); err != nil {
		return nil, fehler.New(op, k.k.Name, fehler.ErrInvalid, err)
	}
	if !k.k.Geprueft && !k.o.Ungeprueft {
		return nil, fehler.New(op, k.k.Name, fehler.ErrInvalid, errors.New("no operator has confirmed the Konfiguration"))
	}
	if p.Belege == nil {
		return nil, fehler.New(op, k.k.Name, fehler.ErrInvalid, errors.New("the store of receipts is mandatory"))
	}
	k.k.Grenzen = k.k.Grenzen.withDefaults()
	var err error
	if k.muster, err = muster(k.k.Adresse.Muster); err != nil {
		return nil, fehler.New(op, k.k.Name, fehler.ErrInvalid, err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: k.o.Wurzeln}
	if p.Zugang.Zertifikat != nil {
		c.Certificates = []tls.Certificate{*p.Zugang.Zertifikat}
	}
	k.http = &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: c, ForceAttemptHTTP2: true, DisableCompression: true,
			MaxResponseHeaderBytes: 64 << 10, MaxConnsPerHost: 32, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 15 * time.Second,
		},
		// A letter is not carried to wherever a server points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if k.login, err = newAnmelder(k.k.Anmeldung, p.Zugang, k.http); err != nil {
		return nil, fehler.New(op, k.k.Name, fehler.ErrInvalid, err)
	}
	for i := range k.ids {
		k.ids[i] = make(chan struct{}, 1)
	}
	return k, nil
}

// Close ends connections that are kept open. The Kanal can still be used.
func (k *Kanal) Close() { k.http.CloseIdleConnections() }

// Name is that of the Konfiguration.
func (k *Kanal) Name() string { return k.k.Name }

// Faehigkeiten are those of the Konfiguration.
func (k *Kanal) Faehigkeiten() messaging.Faehigkeiten {
	return messaging.Faehigkeiten{MaxAnhaenge: k.k.Grenzen.MaxAnhaenge, MaxGroesse: k.k.Grenzen.MaxGroesse, Antwort: k.k.Faehigkeit.Antwort,
		Bescheid: k.k.Faehigkeit.Bescheid, Bekanntgabe: k.k.Faehigkeit.Bekanntgabe}
}

// Deliver implements [messaging.Kanal].
func (k *Kanal) Deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	if err := ctx.Err(); err != nil {
		return messaging.Quittung{}, err
	}
	q, err := k.deliver(ctx, s)
	if err != nil {
		return messaging.Quittung{}, k.fehler(ctx, "Deliver", s.ID, err)
	}
	return q, nil
}

// Stand asks what became of a Sendung. Nothing delivered under the id is
// fehler.ErrNotFound, a Konfiguration without a Stand fehler.ErrUnsupported, and a
// mailbox system that cannot say it now fehler.ErrUnavailable.
func (k *Kanal) Stand(ctx context.Context, mandant tenant.ID, sendung uuid.UUID) (messaging.Quittung, error) {
	const op = "Stand"
	if k.k.Stand == nil {
		return messaging.Quittung{}, fehler.New("ozgpostfach."+op, k.k.Name, fehler.ErrUnsupported, nil)
	}
	q, err := k.belege.GetBeleg(ctx, mandant, sendung)
	if err != nil {
		return messaging.Quittung{}, fehler.New("ozgpostfach."+op, sendung.String(), nil, err)
	}
	pfad, err := weg(k.k.Stand.Pfad, func(name string) (string, bool) {
		v, ok := map[string]string{"sendung.id": sendung.String(), "referenz": q.Referenz}[name]
		return v, ok
	})
	if err != nil {
		return messaging.Quittung{}, fehler.New("ozgpostfach."+op, sendung.String(), fehler.ErrUnsupported, errors.New("the mailbox system gave no reference that can be asked for"))
	}
	status, kopf, doc, err := k.call(ctx, k.k.Stand.Methode, pfad, nil, uuid.Nil)
	if err != nil {
		return messaging.Quittung{}, k.fehler(ctx, op, sendung, err)
	}
	if status/100 != 2 {
		return messaging.Quittung{}, k.fehler(ctx, op, sendung, k.k.ablehnung(status, kopf, doc, k.o.Now()))
	}
	g, err := k.k.Stand.Antwort.auslegen(doc)
	if err != nil {
		return messaging.Quittung{}, k.fehler(ctx, op, sendung, absage{art: fehler.ErrUnavailable, wo: err.Error()})
	}
	jetzt := k.jetzt()
	q.Zustand = g.zustand
	if g.zustand != messaging.Uebergeben {
		q.Zeit = jetzt
		if !g.zeit.IsZero() && !g.zeit.After(jetzt.Add(5*time.Minute)) && g.zeit.After(q.Zeit.AddDate(-1, 0, 0)) {
			q.Zeit = g.zeit
		}
	}
	return q, nil
}

func (k *Kanal) deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	if s.ID == uuid.Nil {
		return messaging.Quittung{}, fehler.Probleme{problem("id-fehlt", "", "the Sendung has no id", "Die Sendung hat keine Kennung.")}
	}
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
	switch q, err := k.belege.GetBeleg(ctx, s.Mandant, s.ID); {
	case err == nil:
		return q, nil
	case !errors.Is(err, fehler.ErrNotFound):
		return messaging.Quittung{}, absage{art: fehler.ErrUnavailable, wo: "the store of receipts failed"}
	}
	if err := k.Faehigkeiten().Check(s.Nachricht); err != nil {
		return messaging.Quittung{}, err
	}
	if len(s.Adresse.Kennung) > maxReferenz || !k.muster.MatchString(s.Adresse.Kennung) {
		return messaging.Quittung{}, fehler.Probleme{problem("kennung", "adresse.kennung", "not a Kennung of this mailbox system", "Die Kennung des Postfachs hat nicht die richtige Form.")}
	}
	pfad, err := weg(k.k.Nachricht.Pfad, func(name string) (string, bool) {
		v, ok := map[string]string{"sendung.id": s.ID.String(), "adresse.kennung": s.Adresse.Kennung}[name]
		return v, ok
	})
	if err != nil {
		return messaging.Quittung{}, fehler.Probleme{problem("kennung", "adresse.kennung", "cannot stand in a path", "Die Kennung des Postfachs hat nicht die richtige Form.")}
	}
	body, err := k.body(ctx, s)
	if err != nil {
		return messaging.Quittung{}, err
	}
	g, err := k.post(ctx, pfad, body, s.ID)
	if err != nil {
		return messaging.Quittung{}, err
	}
	jetzt := k.jetzt()
	q := messaging.Quittung{Sendung: s.ID, Kanal: k.k.Name, Zustand: g.zustand, Zeit: jetzt, Referenz: g.referenz}
	if !g.zeit.IsZero() && g.zeit.After(jetzt.AddDate(0, 0, -1)) && g.zeit.Before(jetzt.Add(5*time.Minute)) {
		q.Zeit = g.zeit
	}
	// The message is out: a receipt that cannot be kept must not make it go out again.
	_ = k.belege.PutBeleg(context.WithoutCancel(ctx), s.Mandant, q)
	return q, nil
}

func (k *Kanal) jetzt() time.Time { return k.o.Now().UTC().Truncate(time.Microsecond) }

func (k *Kanal) post(ctx context.Context, pfad string, body []byte, id uuid.UUID) (gelesen, error) {
	var geschrieben atomic.Bool // all of the request
	if k.k.Dublette.Keine {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) { geschrieben.Store(i.Err == nil) }})
	}
	status, kopf, doc, err := k.call(ctx, k.k.Nachricht.Methode, pfad, body, id)
	if a := (absage{}); errors.As(err, &a) && geschrieben.Load() {
		a.unsicher = true
		return gelesen{}, a
	}
	if err != nil {
		return gelesen{}, err
	}
	g, unklar := k.k.Nachricht.Antwort.auslegen(doc)
	if status/100 == 2 {
		if unklar != nil {
			return gelesen{}, absage{art: fehler.ErrUnavailable, wo: unklar.Error(), unsicher: k.k.Dublette.Keine}
		}
		return g, nil
	}
	a := k.k.ablehnung(status, kopf, doc, k.o.Now())
	if a.schonDa {
		return g, nil
	}
	// A server that fails may have taken it before; one that is busy says so and has not.
	a.unsicher = k.k.Dublette.Keine && status/100 == 5 && status != http.StatusServiceUnavailable
	return gelesen{}, a
}

// call makes one request; with a login that ended meanwhile, a second one.
func (k *Kanal) call(ctx context.Context, methode, pfad string, body []byte, id uuid.UUID) (int, http.Header, any, error) {
	inner, cancel := context.WithTimeout(ctx, k.k.Grenzen.frist())
	defer cancel()
	for versuch := 0; ; versuch++ {
		bearer, err := k.login.token(inner)
		if err != nil {
			return 0, nil, nil, err
		}
		status, kopf, b, err := k.once(inner, methode, pfad, body, id, bearer)
		if err != nil {
			return 0, nil, nil, err
		}
		if status == http.StatusUnauthorized && versuch == 0 && k.login.drop(bearer) {
			continue
		}
		return status, kopf, lese(b), nil
	}
}

func (k *Kanal) once(ctx context.Context, methode, pfad string, body []byte, id uuid.UUID, bearer string) (int, http.Header, []byte, error) {
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, methode, strings.TrimSuffix(k.k.Basis, "/")+pfad, r)
	if err != nil {
		return 0, nil, nil, absage{art: fehler.ErrUnavailable, wo: "the request cannot be made"}
	}
	for name, wert := range k.k.Koepfe {
		req.Header.Set(name, wert)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if k.k.Dublette.Kopf != "" && id != uuid.Nil {
		req.Header.Set(k.k.Dublette.Kopf, id.String())
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := k.http.Do(req)
	if err != nil {
		return 0, nil, nil, absage{art: fehler.ErrUnavailable, wo: grund(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, k.k.Grenzen.Antwort+1))
	if err == nil {
		err = ctx.Err() // what ends with the time for it may be half an answer
	}
	switch {
	case err != nil:
		return 0, nil, nil, absage{art: fehler.ErrUnavailable, wo: grund(err)}
	case int64(len(b)) > k.k.Grenzen.Antwort:
		b = nil // the status counts; what is too long is not read
	}
	return resp.StatusCode, resp.Header, b, nil
}

// grund says what went wrong without the words of others: a url.Error holds the
// address and so the Kennung.
func grund(err error) string {
	var cert *tls.CertificateVerificationError
	var alert tls.AlertError
	var dns *net.DNSError
	switch {
	case errors.As(err, &cert):
		return "the certificate of the mailbox system is not trusted"
	case errors.As(err, &alert):
		return "the mailbox system refused the TLS connection"
	case errors.As(err, &dns):
		return "the name of the mailbox system is not found"
	case errors.Is(err, context.DeadlineExceeded):
		return "the mailbox system is too slow"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was cut"
	}
	return "the mailbox system is not reachable"
}

// fehler gives the error its kind. The caller's own end of context stays bare.
func (k *Kanal) fehler(ctx context.Context, op string, id uuid.UUID, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	var a absage
	art := fehler.ErrUnavailable
	switch {
	case errors.As(err, &a):
		art = a.art
		if a.hinweis != "" && art == fehler.ErrInvalid {
			err = fehler.Probleme{problem("abgelehnt", "", a.Error(), a.hinweis)}
		}
	case errors.Is(err, fehler.ErrInvalid):
		art = fehler.ErrInvalid
	}
	return fehler.New("ozgpostfach."+op, id.String(), art, err)
}
