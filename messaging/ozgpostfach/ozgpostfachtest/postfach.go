package ozgpostfachtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/ozgpostfach"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Stoerung is a way to misbehave; it lasts until another one is set.
type Stoerung string

// The ways.
const (
	Keine Stoerung = ""
	// AntwortVerloren takes the message and cuts the connection.
	AntwortVerloren Stoerung = "antwort-verloren"
	// NimmtUndSchweigt takes the message and never answers.
	NimmtUndSchweigt Stoerung = "nimmt-und-schweigt"
	// NimmtUnd500 takes the message and answers 500.
	NimmtUnd500 Stoerung = "nimmt-und-500"
	Fehler500   Stoerung = "500"
	// Tropft answers one byte at a time, without end.
	Tropft Stoerung = "tropft"
	// FremdesZertifikat shows a certificate nobody trusts.
	FremdesZertifikat Stoerung = "fremdes-zertifikat"
	Voll              Stoerung = "voll"
	// Unsinn takes nothing and answers 200 with what is no JSON.
	Unsinn Stoerung = "unsinn"
	// Endlos answers 200 with more than anybody reads.
	Endlos Stoerung = "endlos"
	// Umleitung points to another server.
	Umleitung Stoerung = "umleitung"
	// Drosselung answers 429 with Retry-After: 90.
	Drosselung Stoerung = "drosselung"
	// Gesperrt refuses each login.
	Gesperrt Stoerung = "gesperrt"
)

// Stoerungen are all ways to misbehave.
func Stoerungen() []Stoerung {
	return []Stoerung{AntwortVerloren, NimmtUndSchweigt, NimmtUnd500, Fehler500, Tropft, FremdesZertifikat, Voll, Unsinn, Endlos, Umleitung, Drosselung, Gesperrt}
}

// Options of a Postfach; nil means defaults.
type Options struct {
	// Now is the clock of its answers; default time.Now.
	Now func() time.Time
	// OhneDublette: it takes the same message twice, and needs no id in it.
	OhneDublette bool
}

// Eintrag is a message that was taken.
type Eintrag struct {
	ID, Kennung, Referenz string
	Body                  map[string]any
}

// Kennung of the mailbox that exists, and one of the right form that does not.
const (
	Kennung      = "1234567890"
	KeineKennung = "9999999999"
)

// Postfach is the mailbox system. Safe for concurrent use.
type Postfach struct {
	d      dialekt
	o      Options
	k      ozgpostfach.Konfiguration
	srv    *httptest.Server
	client tls.Certificate
	ende   chan struct{}

	mu       sync.Mutex
	stoerung Stoerung          // GUARDED_BY(mu)
	taken    []Eintrag         // GUARDED_BY(mu)
	findings []string          // GUARDED_BY(mu)
	zustand  map[string]string // GUARDED_BY(mu); by reference
	token    string            // GUARDED_BY(mu)
	tokens   int               // GUARDED_BY(mu)
	anfragen int               // GUARDED_BY(mu)
}

// Start runs the mailbox system of one of the examples of package ozgpostfach.
func Start(beispiel string, o *Options) (*Postfach, error) {
	d, ok := dialekte[beispiel]
	if !ok {
		return nil, fehler.New("ozgpostfachtest.Start", beispiel, fehler.ErrNotFound, nil)
	}
	k, err := ozgpostfach.Load(ozgpostfach.Beispiele()[beispiel])
	if err != nil {
		return nil, err
	}
	p := &Postfach{d: d, k: k, ende: make(chan struct{}), zustand: map[string]string{}}
	if o != nil {
		p.o = *o
	}
	if p.o.Now == nil {
		p.o.Now = time.Now
	}
	fremd, _, err := zertifikat("localhost")
	if err != nil {
		return nil, err
	}
	var leaf *x509.Certificate
	if p.client, leaf, err = zertifikat("Stadt Beispiel"); err != nil {
		return nil, err
	}
	p.srv = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.srv.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		c := p.srv.TLS.Clone()
		c.GetConfigForClient = nil
		if p.jetzt() == FremdesZertifikat {
			c.Certificates = []tls.Certificate{fremd}
		}
		return c, nil
	}}
	if strings.Contains(d.anmeldung, "zertifikat") {
		pool := x509.NewCertPool()
		pool.AddCert(leaf)
		p.srv.TLS.ClientAuth, p.srv.TLS.ClientCAs = tls.RequireAndVerifyClientCert, pool
	}
	p.srv.StartTLS()
	basis, err := url.Parse(k.Basis)
	if err != nil {
		return nil, err
	}
	p.k.Basis = p.srv.URL + basis.Path
	if p.k.Anmeldung.TokenURL != "" {
		p.k.Anmeldung.TokenURL = p.srv.URL + "/token"
	}
	return p, nil
}

// Close stops it and waits for its requests.
func (p *Postfach) Close() {
	p.mu.Lock()
	select {
	case <-p.ende:
	default:
		close(p.ende)
	}
	p.mu.Unlock()
	p.srv.CloseClientConnections()
	p.srv.Close()
}

// Konfiguration is the example with the address of this server.
func (p *Postfach) Konfiguration() ozgpostfach.Konfiguration { return p.k }

// Zugang are secrets this server accepts.
func (p *Postfach) Zugang() ozgpostfach.Zugang {
	return ozgpostfach.Zugang{Zertifikat: &p.client, ClientID: "fachwerk", ClientSecret: "geheim",
		Token: func(context.Context) (string, error) { return "haus-token", nil }}
}

// Wurzeln are what the server is trusted by.
func (p *Postfach) Wurzeln() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.srv.Certificate())
	return pool
}

// Kanal to this server; change may adjust the Konfiguration.
func (p *Postfach) Kanal(b messaging.Belege, change func(*ozgpostfach.Konfiguration)) (*ozgpostfach.Kanal, error) {
	k := p.Konfiguration()
	if change != nil {
		change(&k)
	}
	return ozgpostfach.New(ozgpostfach.Params{Konfiguration: k, Zugang: p.Zugang(), Belege: b},
		&ozgpostfach.Options{Ungeprueft: true, Wurzeln: p.Wurzeln(), Now: p.o.Now})
}

// Stoere makes it misbehave, from the next request on.
func (p *Postfach) Stoere(s Stoerung) {
	p.mu.Lock()
	p.stoerung = s
	p.mu.Unlock()
	if s == FremdesZertifikat {
		p.srv.CloseClientConnections() // it is shown when a connection begins
	}
}

func (p *Postfach) jetzt() Stoerung {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stoerung
}

// SetZustand sets what became of a message: 0 taken, 1 in the mailbox, 2 retrieved,
// 3 failed.
func (p *Postfach) SetZustand(referenz string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.zustand[referenz] = p.d.zustaende[n]
}

// Revoke makes the token of OAuth2 invalid.
func (p *Postfach) Revoke() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.token = ""
}

// Taken gives what was taken, in order.
func (p *Postfach) Taken() []Eintrag {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.taken)
}

// Count tells how often the message with the id was taken.
func (p *Postfach) Count(id uuid.UUID) (n int) {
	for _, e := range p.Taken() {
		if e.ID == id.String() {
			n++
		}
	}
	return n
}

// Findings are what was wrong with requests. A correct Kanal leaves it empty.
func (p *Postfach) Findings() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.findings)
}

// Anfragen counts requests that reached it, those for tokens aside; Tokens counts those.
func (p *Postfach) Anfragen() int { p.mu.Lock(); defer p.mu.Unlock(); return p.anfragen }

// Tokens counts the tokens it gave.
func (p *Postfach) Tokens() int { p.mu.Lock(); defer p.mu.Unlock(); return p.tokens }

func (p *Postfach) bad(w http.ResponseWriter, status int, what ...string) {
	p.mu.Lock()
	p.findings = append(p.findings, what...)
	p.mu.Unlock()
	p.json(w, status, p.d.absage("BAD_REQUEST"))
}

func (p *Postfach) json(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status = 500
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

func (p *Postfach) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		p.giveToken(w, r)
		return
	}
	s := p.jetzt()
	p.mu.Lock()
	p.anfragen++
	p.mu.Unlock()
	raw, err := io.ReadAll(io.LimitReader(r.Body, 200<<20))
	if err != nil {
		return
	}
	switch s {
	case Fehler500:
		p.json(w, 500, map[string]any{"message": "Erika Geheimname"})
		return
	case Drosselung:
		w.Header().Set("Retry-After", "90")
		p.json(w, 429, map[string]any{})
		return
	case Umleitung:
		w.Header().Set("Location", "https://anderswo.example/")
		w.WriteHeader(307)
		return
	case Unsinn:
		_, _ = io.WriteString(w, "<html>Wartung</html>")
		return
	case Endlos, Tropft:
		p.ohneEnde(w, r, s == Tropft)
		return
	case Gesperrt:
		p.json(w, 401, p.d.absage("UNAUTHORIZED"))
		return
	}
	if !p.angemeldet(r) {
		p.json(w, 401, p.d.absage("UNAUTHORIZED"))
		return
	}
	if p.d.stand != nil && r.Method == http.MethodGet {
		p.giveStand(w, r)
		return
	}
	p.nimm(w, r, raw, s)
}

func (p *Postfach) ohneEnde(w http.ResponseWriter, r *http.Request, langsam bool) {
	w.WriteHeader(200)
	f, _ := w.(http.Flusher)
	piece := []byte(strings.Repeat(" ", 4096))
	if langsam {
		piece = []byte(" ")
	}
	for range 100_000 {
		if _, err := w.Write(piece); err != nil {
			return
		}
		if !langsam {
			continue
		}
		f.Flush()
		select {
		case <-r.Context().Done():
			return
		case <-p.ende:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (p *Postfach) angemeldet(r *http.Request) bool {
	auth := r.Header.Get("Authorization")
	if strings.Contains(p.d.anmeldung, "zertifikat") && (r.TLS == nil || len(r.TLS.PeerCertificates) == 0) {
		return false
	}
	switch {
	case strings.HasPrefix(p.d.anmeldung, "bearer"):
		return auth == "Bearer haus-token"
	case p.d.anmeldung == "oauth2":
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.token != "" && auth == "Bearer "+p.token
	}
	return auth == ""
}

func (p *Postfach) giveToken(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if p.jetzt() == Gesperrt || !ok || id != "fachwerk" || secret != "geheim" || r.Method != http.MethodPost || r.ParseForm() != nil ||
		r.PostForm.Get("grant_type") != "client_credentials" || r.PostForm.Get("scope") != "postfach.senden" {
		p.json(w, 401, map[string]any{"error": "invalid_client", "error_description": "Erika Geheimname"})
		return
	}
	p.mu.Lock()
	p.tokens++
	p.token = uuid.NewString()
	t := p.token
	p.mu.Unlock()
	p.json(w, 200, map[string]any{"access_token": t, "token_type": "Bearer", "expires_in": 3600})
}

func (p *Postfach) giveStand(w http.ResponseWriter, r *http.Request) {
	m := p.d.stand.FindStringSubmatch(r.URL.EscapedPath())
	if m == nil {
		p.bad(w, 404, "path of a Stand")
		return
	}
	p.mu.Lock()
	z, ok := p.zustand[m[1]]
	p.mu.Unlock()
	if !ok {
		p.json(w, 404, p.d.absage("NOT_FOUND"))
		return
	}
	p.json(w, 200, p.d.standJSON(z))
}

func (p *Postfach) nimm(w http.ResponseWriter, r *http.Request, raw []byte, s Stoerung) {
	m := p.d.pfad.FindStringSubmatch(r.URL.EscapedPath())
	if m == nil || r.Method != p.d.methode || r.URL.RawQuery != "" {
		p.bad(w, 404, "method or path")
		return
	}
	var body map[string]any
	_ = json.Unmarshal(raw, &body)
	found := p.d.judge(raw, body)
	if r.Header.Get("Content-Type") != "application/json" {
		found = append(found, "content type")
	}
	id, kennung := p.d.id(r, m, body), p.d.kennung(m, body)
	if !isUUID(id) && (id != "" || !p.o.OhneDublette) {
		found = append(found, "id")
	}
	if len(found) > 0 {
		p.bad(w, 400, found...)
		return
	}
	switch {
	case kennung != Kennung:
		p.json(w, p.d.unbekannt.status, p.d.absage(p.d.unbekannt.code))
		return
	case s == Voll:
		p.json(w, p.d.voll.status, p.d.absage(p.d.voll.code))
		return
	}
	p.mu.Lock()
	at := slices.IndexFunc(p.taken, func(e Eintrag) bool { return e.ID == id })
	if at >= 0 && !p.o.OhneDublette {
		ref := p.taken[at].Referenz
		p.mu.Unlock()
		v, _ := p.d.antwort(ref, p.o.Now()).(map[string]any)
		if a, ok := p.d.absage(p.d.doppelt.code).(map[string]any); ok && p.d.doppelt.code != "" {
			for name, x := range a {
				v[name] = x
			}
		}
		p.json(w, p.d.doppelt.status, v)
		return
	}
	e := Eintrag{ID: id, Kennung: kennung, Referenz: uuid.NewString(), Body: body}
	p.taken = append(p.taken, e)
	p.zustand[e.Referenz] = p.d.zustaende[0]
	p.mu.Unlock()
	switch s {
	case AntwortVerloren:
		panic(http.ErrAbortHandler)
	case NimmtUndSchweigt:
		select {
		case <-r.Context().Done():
		case <-p.ende:
		}
		return
	case NimmtUnd500:
		p.json(w, 500, map[string]any{})
		return
	}
	p.json(w, 201, p.d.antwort(e.Referenz, p.o.Now()))
}

// zertifikat makes a certificate that nobody else signed. TEST ONLY.
func zertifikat(name string) (tls.Certificate, *x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, IsCA: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, errors.New("ozgpostfachtest: no certificate")
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, leaf, nil
}
