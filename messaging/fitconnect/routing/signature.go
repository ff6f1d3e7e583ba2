package routing

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// The codes of a route that is not to be used.
const (
	CodeSignature   = "fitconnect.routing.signatur"     // not a PS512 JWS, or not valid
	CodeIssuer      = "fitconnect.routing.aussteller"   // issuer is not on the list
	CodeKey         = "fitconnect.routing.schluessel"   // key unknown, not usable or its certificate expired
	CodePayload     = "fitconnect.routing.inhalt"       // payload is not what it must be
	CodeDestination = "fitconnect.routing.zustellpunkt" // of another destination
	CodeService     = "fitconnect.routing.leistung"     // not for the service asked for
	CodeOutside     = "fitconnect.routing.ausserhalb"   // not for the region asked for
	CodeTime        = "fitconnect.routing.zeit"         // of the future or too old
)

const (
	prefixLeika = "urn:de:fim:leika:leistung:"
	prefixARS   = "urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:rs:"
	maxAhead    = 5 * time.Minute
	// keyRefetch: an unknown kid must not turn into a call each time.
	keyRefetch = 30 * time.Second
)

// Claims are the payload of a destination signature.
type Claims struct {
	SubmissionHost string           `json:"submissionHost"`
	Iss            string           `json:"iss"`
	DestinationID  string           `json:"destinationId"`
	Iat            int64            `json:"iat"`
	Jti            string           `json:"jti"`
	Services       []SignedServices `json:"services"`
}

// SignedServices are services a destination accepts in regions.
type SignedServices struct {
	GebietIDs   []string `json:"gebietIDs"`   // URNs of regional keys (ARS)
	LeistungIDs []string `json:"leistungIDs"` // URNs of LeiKa keys
}

// Ziel is a route that passed every check.
type Ziel struct {
	Route
	// SubmissionHost is the host of the delivery service the destination lives on:
	// send there, it may be another one than usual.
	SubmissionHost string
	Claims         Claims
	// RegionChecked is false if the query could not be compared with the regions:
	// asked by AreaID, or by AGS for a destination of a Verband.
	RegionChecked bool
}

// Abgelehnt is a route that must not be used, and why.
type Abgelehnt struct {
	Route
	Probleme fehler.Probleme
}

// Result is what Find found.
type Result struct {
	Ziele     []Ziel
	Abgelehnt []Abgelehnt
}

// Find asks for the destinations of a query and verifies each. Routes that break
// a rule are in Abgelehnt; an error means that the question could not be asked,
// or that keys could not be read.
func (c *Client) Find(ctx context.Context, q Query) (Result, error) {
	var out Result
	for r, err := range c.Routes(ctx, q) {
		if err != nil {
			return Result{}, err
		}
		z, err := c.Verify(ctx, q, r)
		if p := fehler.ProblemeIn(err); p != nil {
			out.Abgelehnt = append(out.Abgelehnt, Abgelehnt{Route: r, Probleme: p})
			continue
		}
		if err != nil {
			return Result{}, err
		}
		out.Ziele = append(out.Ziele, z)
	}
	return out, nil
}

func bad(code, meldung string) error {
	return fehler.Probleme{{Code: code, Pfad: "/destinationSignature", Meldung: meldung,
		Hinweis: "Die Auskunft über die zuständige Stelle ist nicht vertrauenswürdig und wird nicht verwendet."}}
}

// Verify checks the signature of a route: algorithm and type, issuer on the list,
// key published by the issuer, signature, time, and that destination, service and
// region are those of the query. What is wrong is [fehler.Probleme]; any other
// error is technical.
func (c *Client) Verify(ctx context.Context, q Query, r Route) (Ziel, error) {
	if p := q.Check(); len(p) > 0 {
		return Ziel{}, p
	}
	j, err := fitconnect.ParseJWS(r.DestinationSignature)
	if err != nil {
		return Ziel{}, bad(CodeSignature, err.Error())
	}
	if !strings.EqualFold(j.Typ, "jwt") {
		return Ziel{}, bad(CodeSignature, "typ is not jwt")
	}
	claims, err := ParseClaims(j.Payload)
	if err != nil {
		return Ziel{}, err
	}
	if !slices.Contains(c.p.Issuers, claims.Iss) {
		return Ziel{}, bad(CodeIssuer, "issuer is not on the list")
	}
	key, err := c.key(ctx, claims.Iss, j.Kid)
	if errors.Is(err, fehler.ErrNotFound) {
		return Ziel{}, bad(CodeKey, "the issuer does not publish the key")
	}
	if err != nil {
		return Ziel{}, err
	}
	if err := checkCertificate(key, c.opt.Now()); err != nil {
		return Ziel{}, err
	}
	if err := key.Check(fitconnect.UseVerify, c.opt.Policy); err != nil {
		return Ziel{}, bad(CodeKey, err.Error())
	}
	if err := j.Verify(key, c.opt.Policy); err != nil {
		return Ziel{}, bad(CodeSignature, err.Error())
	}
	return c.compare(q, r, claims)
}

// compare tells whether verified claims are about what was asked.
func (c *Client) compare(q Query, r Route, claims Claims) (Ziel, error) {
	at, now := time.Unix(claims.Iat, 0), c.opt.Now()
	if at.After(now.Add(maxAhead)) || c.opt.MaxAge > 0 && now.Sub(at) > c.opt.MaxAge {
		return Ziel{}, bad(CodeTime, "signature of the future or too old")
	}
	if !strings.EqualFold(claims.DestinationID, r.DestinationID) {
		return Ziel{}, bad(CodeDestination, "signature is of another destination")
	}
	z := Ziel{Route: r, SubmissionHost: claims.SubmissionHost, Claims: claims}
	service, unknown := false, false
	for _, s := range claims.Services {
		if !slices.Contains(s.LeistungIDs, prefixLeika+q.LeikaKey) {
			continue
		}
		service = true
		for _, g := range s.GebietIDs {
			ars, ok := strings.CutPrefix(g, prefixARS)
			if !ok || !arsRE.MatchString(ars) {
				continue
			}
			switch covers(ars, q) {
			case yes:
				z.RegionChecked = true
				return z, nil
			case cannotTell:
				unknown = true
			}
		}
	}
	switch {
	case !service:
		return Ziel{}, bad(CodeService, "signature is not for the service")
	case unknown:
		return z, nil
	}
	return Ziel{}, bad(CodeOutside, "signature is not for the region")
}

type answer int

const (
	no answer = iota
	yes
	cannotTell
)

// covers tells whether the region of a regional key holds the region asked for.
// Keys are hierarchic (2 Land, 3 Bezirk, 5 Kreis, 9 Verband, 12 Gemeinde); a full
// key that ends in zeros stands for the level above.
func covers(ars string, q Query) answer {
	ars = shorten(ars)
	contains := func(part bool) answer {
		if part {
			return yes
		}
		return no
	}
	switch {
	case q.ARS != "":
		return contains(strings.HasPrefix(q.ARS, ars))
	case q.AGS != "" && len(ars) <= 5:
		return contains(strings.HasPrefix(q.AGS, ars))
	case q.AGS != "" && len(ars) == 12:
		// The key of a Gemeinde is its AGS with the Verband in the middle.
		return contains(q.AGS == ars[:5]+ars[9:])
	case q.AGS != "" && !strings.HasPrefix(q.AGS, ars[:5]):
		return no
	}
	return cannotTell
}

func shorten(ars string) string {
	if len(ars) != 12 {
		return ars
	}
	for _, n := range []int{0, 2, 3, 5, 9} {
		if strings.Trim(ars[n:], "0") == "" {
			return ars[:n]
		}
	}
	return ars
}

var (
	hostRE = regexp.MustCompile(`^(https://)?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?/?$`)
	uuidRE = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// ParseClaims decodes the payload of a destination signature: members once, with
// their types, ids of their form. It says nothing about who signed it.
func ParseClaims(raw []byte) (Claims, error) {
	var m map[string]json.RawMessage
	if strictjson.Check(raw, strictjson.Limits{}) != nil || json.Unmarshal(raw, &m) != nil || m == nil {
		return Claims{}, bad(CodePayload, "payload is not a JSON object")
	}
	var c Claims
	for name, into := range map[string]any{"submissionHost": &c.SubmissionHost, "iss": &c.Iss, "destinationId": &c.DestinationID,
		"jti": &c.Jti, "services": &c.Services} {
		if v, ok := m[name]; ok && json.Unmarshal(v, into) != nil {
			return Claims{}, bad(CodePayload, "member "+name+" has the wrong type")
		}
	}
	var err error
	if c.Iat, err = strconv.ParseInt(string(m["iat"]), 10, 64); err != nil || c.Iat < 1577833200 || c.Iat > 1<<40 {
		return Claims{}, bad(CodePayload, "iat is missing or not a plausible time")
	}
	switch {
	case !uuidRE.MatchString(c.DestinationID):
		return Claims{}, bad(CodePayload, "destinationId is not a UUID")
	case c.Iss == "":
		return Claims{}, bad(CodePayload, "iss is missing")
	case !hostRE.MatchString(c.SubmissionHost):
		return Claims{}, bad(CodePayload, "submissionHost is not a host")
	case len(c.Services) == 0:
		return Claims{}, bad(CodePayload, "services are missing")
	}
	return c, nil
}

// checkCertificate: a key that comes with a certificate must be the one in it,
// and the certificate be valid. Who issued it is a decision of the operator.
func checkCertificate(k fitconnect.JWK, now time.Time) error {
	if len(k.X5c) == 0 {
		return nil
	}
	der, err := base64.StdEncoding.DecodeString(k.X5c[0])
	if err != nil {
		return bad(CodeKey, "certificate is not base64")
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return bad(CodeKey, "certificate cannot be read")
	}
	pub, ok := cert.PublicKey.(*rsa.PublicKey)
	n, err := base64.RawURLEncoding.DecodeString(k.N)
	if !ok || err != nil || !bytes.Equal(pub.N.Bytes(), n) {
		return bad(CodeKey, "certificate of another key")
	}
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return bad(CodeKey, "certificate is not valid now")
	}
	return nil
}

type issuerKeys struct {
	set   fitconnect.JWKSet
	at    time.Time
	until time.Time
}

// key finds a key of an issuer on the list; unknown is ErrNotFound.
func (c *Client) key(ctx context.Context, iss, kid string) (fitconnect.JWK, error) {
	c.mu.Lock()
	known, now := c.keys[iss], c.opt.Now()
	c.mu.Unlock()
	if now.Before(known.until) {
		if k, ok := known.set.Find(kid); ok {
			return k, nil
		}
	}
	if known.at.IsZero() || !now.Before(known.until) || now.Sub(known.at) >= keyRefetch {
		known = issuerKeys{at: now, until: now.Add(c.opt.KeyTTL)}
		err := c.call.Get(ctx, "GET issuer keys", strings.TrimRight(iss, "/")+"/.well-known/jwks.json", &known.set)
		if errors.Is(err, fehler.ErrNotFound) {
			return fitconnect.JWK{}, unavailable("Verify", "the issuer publishes no keys")
		}
		if err != nil {
			return fitconnect.JWK{}, err
		}
		c.mu.Lock()
		c.keys[iss] = known
		c.mu.Unlock()
		if k, ok := known.set.Find(kid); ok {
			return k, nil
		}
	}
	return fitconnect.JWK{}, fehler.New("routing.key", "", fehler.ErrNotFound, nil)
}
