package xbezahldienstetest

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/xbezahldienste"
)

// Options of a [Dienst]; the zero value of every field is a default.
type Options struct {
	// MTLS: callers must show the client certificate of [Dienst.HTTP]. Without, they
	// need a token of the client id and secret below.
	MTLS bool
	// OriginatorID and EndPointID that are known; defaults "onlinedienst", "01002000".
	OriginatorID, EndPointID string
	// Pflichtbuchung are keys of bookingData every item must have.
	Pflichtbuchung []string
	// OhneLink: PAYMENT_EXISTS does not say where the payment is. OhneAnfrageSuche: a
	// GET by the id of the request finds nothing.
	OhneLink, OhneAnfrageSuche bool
	// SpaeteReferenz: transactionReference comes with the n-th GET after payment only.
	SpaeteReferenz int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Fehler is a fault on request.
type Fehler string

// The faults. Each is for the next matching call, see [Dienst.Stoere].
const (
	// NachAnlageStumm places the payment and breaks the connection without an answer.
	NachAnlageStumm Fehler = "nach-anlage-stumm"
	// VorAnlageStumm breaks the connection before anything happens.
	VorAnlageStumm Fehler = "vor-anlage-stumm"
	// NachAnlageHaengt places the payment and answers only when the caller has given up.
	NachAnlageHaengt Fehler = "nach-anlage-haengt"
	// Intern answers 500 without content, before anything happens.
	Intern Fehler = "intern"
	// InternNachAnlage places the payment and answers 500.
	InternNachAnlage Fehler = "intern-nach-anlage"
	// KaputtesJSON answers 200 with a cut document; a payment is placed.
	KaputtesJSON Fehler = "kaputtes-json"
	// Riesig answers 200 with more bytes than anyone should read; a payment is placed.
	Riesig Fehler = "riesig"
	// FremdeZahlung answers with another payment.
	FremdeZahlung Fehler = "fremde-zahlung"
	// AndererBetrag answers with one cent more.
	AndererBetrag Fehler = "anderer-betrag"
	// Umleitung answers 307 to another host.
	Umleitung Fehler = "umleitung"
	// TokenUngueltig refuses the token once with 401.
	TokenUngueltig Fehler = "token-ungueltig"
	// ZuViel answers 429 with Retry-After: 1.
	ZuViel Fehler = "zu-viel"
)

// Dienst is the double. Safe for concurrent use.
type Dienst struct {
	o      Options
	srv    *httptest.Server
	client *http.Client
	ende   chan struct{}
	einmal sync.Once

	mu        sync.Mutex
	zahlungen map[string]*vorgang // by transactionId
	anfragen  map[string]string   // requestId -> transactionId
	angelegt  map[string]int
	tokens    map[string]bool
	fehler    []Fehler
	n, aufruf int
	agent     string
}

type vorgang struct {
	t       xbezahldienste.PaymentTransaction
	gelesen int // GETs since payment
}

// ClientID, ClientSecret and Scope of the double.
const (
	ClientID     = "fachverfahren"
	ClientSecret = "nur für Tests: +/%"
	Scope        = "post"
)

// Start starts the double on a free port of the loopback address; Close ends it.
func Start(o *Options) (*Dienst, error) {
	d := &Dienst{ende: make(chan struct{}), zahlungen: map[string]*vorgang{}, anfragen: map[string]string{}, angelegt: map[string]int{}, tokens: map[string]bool{}}
	if o != nil {
		d.o = *o
	}
	if d.o.OriginatorID == "" {
		d.o.OriginatorID = "onlinedienst"
	}
	if d.o.EndPointID == "" {
		d.o.EndPointID = "01002000"
	}
	if d.o.Now == nil {
		d.o.Now = time.Now
	}
	d.srv = httptest.NewUnstartedServer(d.handler())
	d.client = &http.Client{Transport: &http.Transport{}}
	if !d.o.MTLS {
		d.srv.Start()
		return d, nil
	}
	z, err := zertifikate(d.o.Now())
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(z.ca)
	d.srv.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{z.server}, ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven}
	d.srv.StartTLS()
	d.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: []tls.Certificate{z.client}}}
	return d, nil
}

// Close ends the double and waits for its calls.
func (d *Dienst) Close() {
	d.einmal.Do(func() { close(d.ende) })
	d.client.CloseIdleConnections()
	d.srv.CloseClientConnections()
	d.srv.Close()
}

// URL is the base of the interface; TokenURL is where tokens come from.
func (d *Dienst) URL() string { return d.srv.URL + "/xbezahldienste" }

// TokenURL is where tokens come from.
func (d *Dienst) TokenURL() string { return d.URL() + "/auth/token" }

// HTTP is a client that trusts the double and, with MTLS, shows the certificate.
func (d *Dienst) HTTP() *http.Client { return d.client }

// OhneZertifikat is a client that trusts the double and shows no certificate.
func (d *Dienst) OhneZertifikat() *http.Client {
	t := d.client.Transport.(*http.Transport).Clone()
	if t.TLSClientConfig != nil {
		t.TLSClientConfig.Certificates = nil
	}
	return &http.Client{Transport: t}
}

// Params are what a client needs.
func (d *Dienst) Params() xbezahldienste.Params {
	p := xbezahldienste.Params{Base: d.URL(), OriginatorID: d.o.OriginatorID, EndPointID: d.o.EndPointID}
	if !d.o.MTLS {
		p.Auth = &xbezahldienste.OAuth{TokenURL: d.TokenURL(), ClientID: ClientID, ClientSecret: ClientSecret, Scope: Scope, HTTP: d.client, Now: d.o.Now}
	}
	return p
}

// Stoere lets the next calls of the interface fail, one fault each, in order.
func (d *Dienst) Stoere(f ...Fehler) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fehler = append(d.fehler, f...)
}

func (d *Dienst) stoerung() Fehler {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.aufruf++
	if len(d.fehler) == 0 {
		return ""
	}
	f := d.fehler[0]
	d.fehler = slices.Delete(d.fehler, 0, 1)
	return f
}

// Aufrufe counts the calls of the interface; Angelegt the payments of a request id.
func (d *Dienst) Aufrufe() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.aufruf
}

// Angelegt counts the payments of a request id.
func (d *Dienst) Angelegt(requestID string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.angelegt[requestID]
}

// UserAgent of the last call.
func (d *Dienst) UserAgent() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.agent
}

// VergissTokens makes all tokens invalid.
func (d *Dienst) VergissTokens() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.tokens)
}

// Gesendet gives the request as it came in.
func (d *Dienst) Gesendet(requestID string) (xbezahldienste.PaymentRequest, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, ok := d.zahlungen[d.anfragen[requestID]]
	if !ok {
		return xbezahldienste.PaymentRequest{}, false
	}
	return v.t.PaymentRequest, true
}

// Setze moves the payment of the request into the state with the word, such as
// "PAYED", "FAILED", "CANCELED" or one nobody knows, and reports whether it exists.
func (d *Dienst) Setze(requestID, status string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, ok := d.zahlungen[d.anfragen[requestID]]
	if ok {
		d.setze(v, status)
	}
	return ok
}

// setze needs the lock.
func (d *Dienst) setze(v *vorgang, status string) {
	i := &v.t.PaymentInformation
	i.Status, i.TransactionTimestamp = status, d.zeit()
	if status != "INITIAL" {
		i.TransactionRedirectURL = ""
	}
	if status == "PAYED" || status == "BOOKED" {
		i.PaymentMethod, v.gelesen = "PAYPAL", 0
	}
}

func (d *Dienst) zeit() string { return d.o.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

func zufall() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (d *Dienst) seite(id string) string { return fmt.Sprintf("%s/bezahlseite/%s", d.srv.URL, id) }
