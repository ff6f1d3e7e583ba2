// Package oidcdemo is a login service to try with: OpenID Connect with discovery,
// authorization code and PKCE, tokens signed with a key made at start. Whoever opens its
// page chooses who to be, so it belongs into a demo and nowhere else.
package oidcdemo

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Person is somebody to be.
type Person struct {
	ID, Name string
	// Gruppen become the claim "groups".
	Gruppen []string
}

// Params of a Dienst; all are mandatory.
type Params struct {
	Issuer, ClientID, Secret string
	// Zurueck is the only address it leads back to.
	Zurueck  string
	Personen []Person
}

// Options of a Dienst; nil means defaults.
type Options struct{ Now func() time.Time }

// Dienst is the service, to be served under the path of its Issuer. Safe for concurrent use.
type Dienst struct {
	p        Params
	now      func() time.Time
	mux      *http.ServeMux
	key      jose.JSONWebKey
	signer   jose.Signer
	personen map[string]Person
	mu       sync.Mutex
	codes    map[string]ausgabe
}

// ausgabe is a code that was given out.
type ausgabe struct {
	person           string
	nonce, challenge string
	bis              time.Time
}

// New makes the service and its key.
func New(p Params, o *Options) (*Dienst, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	d := &Dienst{p: p, now: time.Now, mux: http.NewServeMux(), codes: map[string]ausgabe{}, personen: map[string]Person{}}
	if o != nil && o.Now != nil {
		d.now = o.Now
	}
	for _, x := range p.Personen {
		d.personen[x.ID] = x
	}
	d.key = jose.JSONWebKey{Key: k, KeyID: rand.Text(), Algorithm: string(jose.ES256), Use: "sig"}
	if d.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: d.key}, nil); err != nil {
		return nil, err
	}
	d.mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		schreibe(w, http.StatusOK, map[string]any{"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/anmelden", "token_endpoint": p.Issuer + "/token",
			"jwks_uri": p.Issuer + "/schluessel", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"ES256"}, "code_challenge_methods_supported": []string{"S256"}})
	})
	d.mux.HandleFunc("GET /schluessel", func(w http.ResponseWriter, _ *http.Request) {
		schreibe(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{d.key.Public()}})
	})
	d.mux.HandleFunc("GET /anmelden", d.anmelden)
	d.mux.HandleFunc("POST /token", d.token)
	return d, nil
}

// ServeHTTP serves the endpoints.
func (d *Dienst) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.mux.ServeHTTP(w, r) }

var seite = template.Must(template.New("").Parse(`<!doctype html><html lang="de"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Anmeldedienst (Vorführung)</title><link rel="stylesheet" href="/statisch/stil.css"></head>
<body><main class="breite"><p class="demo">Vorführung: Dies ist kein echter Anmeldedienst.</p><div class="karte mittig"><h1>Anmeldedienst</h1><p>Als wen möchten Sie sich anmelden?</p><ul class="personen">{{range .Personen}}<li><a class="person-knopf" href="?{{$.Abfrage}}&amp;person={{.ID}}"><span class="person-name">{{.Name}}</span></a></li>{{end}}</ul></div></main></body></html>`))

// anmelden shows who one can be, and leads back with a code for who was chosen.
func (d *Dienst) anmelden(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != d.p.ClientID || q.Get("redirect_uri") != d.p.Zurueck || q.Get("response_type") != "code" ||
		q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" {
		http.Error(w, "Die Anfrage ist unvollständig.", http.StatusBadRequest)
		return
	}
	p, ok := d.personen[q.Get("person")]
	if !ok {
		q.Del("person")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = seite.Execute(w, map[string]any{"Personen": d.p.Personen, "Abfrage": template.URL(q.Encode())})
		return
	}
	code := rand.Text()
	d.mu.Lock()
	for c, a := range d.codes {
		if d.now().After(a.bis) {
			delete(d.codes, c)
		}
	}
	d.codes[code] = ausgabe{p.ID, q.Get("nonce"), q.Get("code_challenge"), d.now().Add(time.Minute)}
	d.mu.Unlock()
	http.Redirect(w, r, d.p.Zurueck+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusSeeOther)
}

// token gives a token for a code, once.
func (d *Dienst) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	d.mu.Lock()
	a, da := d.codes[r.PostFormValue("code")]
	delete(d.codes, r.PostFormValue("code"))
	d.mu.Unlock()
	h := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case id != d.p.ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(d.p.Secret)) != 1:
		schreibe(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	case !da, d.now().After(a.bis), r.PostFormValue("redirect_uri") != d.p.Zurueck, base64.RawURLEncoding.EncodeToString(h[:]) != a.challenge:
		schreibe(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	p, now := d.personen[a.person], d.now()
	t, err := jwt.Signed(d.signer).Claims(map[string]any{"iss": d.p.Issuer, "sub": p.ID, "aud": d.p.ClientID, "name": p.Name, "groups": p.Gruppen,
		"nonce": a.nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}).Serialize()
	if err != nil {
		http.Error(w, "token", http.StatusInternalServerError)
		return
	}
	schreibe(w, http.StatusOK, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 300, "id_token": t})
}

func schreibe(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
