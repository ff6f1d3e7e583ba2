package fitconnecttest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// The faults of the Routing API, applied to the next routes served.
const (
	// FaultRouteSignature exchanges the signature.
	FaultRouteSignature FaultKind = iota + 300
	// FaultRouteDestination signs for another destination.
	FaultRouteDestination
	// FaultRouteRegion signs for another region.
	FaultRouteRegion
	// FaultRouteService signs for another service.
	FaultRouteService
	// FaultRouteKey signs with a key the portal does not publish.
	FaultRouteKey
	// FaultRouteIssuer names Fault.Part as issuer, signed with the key of the portal.
	FaultRouteIssuer
	// FaultRouteExpiredKey makes the portal publish its key with an expired certificate.
	FaultRouteExpiredKey
)

// RouteParams describe an entry of the Routing API; every field has a default.
type RouteParams struct {
	Destination *Zustellpunkt // nothing is answered without one
	LeikaKey    string        // empty: that of BeispielLeistung
	ARS         string        // empty: 000000000000, everywhere
	// SubmissionHost is empty for the host of the double.
	SubmissionHost string
}

// RouteArea is a region of the Routing API.
type RouteArea struct {
	ID, Name, Type string
	ARS            string
}

type routingBook struct {
	routes []RouteParams
	areas  []RouteArea
}

// RoutingURL is the base of the Routing API, without version: "v1" and "v2" are served.
func (z *Zustelldienst) RoutingURL() string { return z.base + "/routing-api" }

// PortalURL is the issuer of destination signatures.
func (z *Zustelldienst) PortalURL() string { return z.base + "/portal" }

// AddRoute adds an entry.
func (z *Zustelldienst) AddRoute(p RouteParams) {
	if p.LeikaKey == "" {
		p.LeikaKey = strings.TrimPrefix(BeispielLeistung, "urn:de:fim:leika:leistung:")
	}
	if p.ARS == "" {
		p.ARS = "000000000000"
	}
	if p.SubmissionHost == "" {
		p.SubmissionHost = strings.TrimPrefix(z.base, "http://")
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.routing.routes = append(z.routing.routes, p)
}

// AddArea adds a region that can be searched and asked for by its id.
func (z *Zustelldienst) AddArea(a RouteArea) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.routing.areas = append(z.routing.areas, a)
}

func (z *Zustelldienst) routingRoutes() []route {
	return []route{
		{"GET routes", "GET /routing-api/{version}/routes", nil, z.getRoutes},
		{"GET areas", "GET /routing-api/{version}/areas", nil, z.getAreas},
		{"GET info", "GET /routing-api/{version}/info", nil, z.getRoutingInfo},
		{"GET issuer keys", "GET /portal/.well-known/jwks.json", nil, z.portalKeys},
	}
}

func knownVersion(w http.ResponseWriter, r *http.Request) bool {
	if v := r.PathValue("version"); v != "v1" && v != "v2" {
		fail(w, http.StatusNotFound, "", "no such version")
		return false
	}
	return true
}

func (z *Zustelldienst) getRoutingInfo(w http.ResponseWriter, r *http.Request, _ *client) {
	if knownVersion(w, r) {
		answer(w, http.StatusOK, map[string]any{"version": map[string]int{"major": 2, "minor": 0, "patch": 0}})
	}
}

func (z *Zustelldienst) getRoutes(w http.ResponseWriter, r *http.Request, _ *client) {
	if !knownVersion(w, r) {
		return
	}
	q := r.URL.Query()
	z.mu.Lock()
	defer z.mu.Unlock()
	ars, ags := q.Get("ars"), q.Get("ags")
	if id := q.Get("areaId"); id != "" {
		i := slices.IndexFunc(z.routing.areas, func(a RouteArea) bool { return a.ID == id })
		if i < 0 {
			fail(w, http.StatusNotFound, "", "area is unknown")
			return
		}
		ars = z.routing.areas[i].ARS
	}
	if q.Get("leikaKey") == "" || (ars == "") == (ags == "") {
		fail(w, http.StatusBadRequest, "", "leikaKey and exactly one region are required")
		return
	}
	var all []RouteParams
	for _, p := range z.routing.routes {
		if p.Destination != nil && p.LeikaKey == q.Get("leikaKey") && serves(p.ARS, ars, ags) {
			all = append(all, p)
		}
	}
	part, offset := page(r, all, z.opt.MaxPage)
	out := []map[string]any{}
	for _, p := range part {
		token, err := z.signRoute(p)
		if err != nil {
			fail(w, http.StatusInternalServerError, "", "route cannot be signed")
			return
		}
		out = append(out, map[string]any{"destinationId": p.Destination.ID, "destinationName": p.Destination.name,
			"destinationSignature": token, "origin": "PVOG"})
	}
	answer(w, http.StatusOK, map[string]any{"count": len(out), "offset": offset, "totalCount": len(all), "routes": out})
}

// serves: the region of an entry, its zeros at the end left out, begins the key asked for.
func serves(entry, ars, ags string) bool {
	for len(entry) > 0 && strings.HasSuffix(entry, "0") && !slices.Contains([]int{2, 3, 5, 9}, len(entry)) {
		entry = entry[:len(entry)-1]
	}
	if strings.Trim(entry, "0") == "" {
		return true
	}
	if ars != "" {
		return strings.HasPrefix(ars, entry)
	}
	if len(entry) == 12 {
		return ags == entry[:5]+entry[9:]
	}
	return strings.HasPrefix(ags, entry[:min(len(entry), 5)])
}

// signRoute makes the destination signature; the caller holds z.mu.
func (z *Zustelldienst) signRoute(p RouteParams) (string, error) {
	kind := func(k FaultKind) *Fault { return z.take(func(f *Fault) bool { return f.Kind == k }) }
	key, err := TestKey(KeySigning2)
	if err != nil {
		return "", err
	}
	iss, dest, ars, leika := z.PortalURL(), p.Destination.ID, p.ARS, p.LeikaKey
	if f := kind(FaultRouteIssuer); f != nil {
		iss = f.Part
	}
	if kind(FaultRouteDestination) != nil {
		dest = z.opt.NewID()
	}
	if kind(FaultRouteRegion) != nil {
		ars = "160550000000"
	}
	if kind(FaultRouteService) != nil {
		leika = "99000000000000"
	}
	if kind(FaultRouteKey) != nil {
		if key, err = TestKey(KeyStranger); err != nil {
			return "", err
		}
	}
	payload := map[string]any{"submissionHost": p.SubmissionHost, "iss": iss, "destinationId": dest, "iat": z.opt.Now().Unix(), "jti": z.opt.NewID(),
		"services": []any{map[string]any{"gebietIDs": []string{"urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:rs:" + ars},
			"leistungIDs": []string{"urn:de:fim:leika:leistung:" + leika}}}}
	token, err := signJWT(key, payload)
	if err == nil && kind(FaultRouteSignature) != nil {
		token = changeSegment(token, 2)
	}
	return token, err
}

func signJWT(key Key, payload any) (string, error) {
	claims, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	head, err := json.Marshal(map[string]string{"typ": "jwt", "alg": "PS512", "kid": key.Kid})
	if err != nil {
		return "", err
	}
	b64 := base64.RawURLEncoding
	text := b64.EncodeToString(head) + "." + b64.EncodeToString(claims)
	digest := sha512.Sum512([]byte(text))
	sig, err := rsa.SignPSS(rand.Reader, key.Private, crypto.SHA512, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	return text + "." + b64.EncodeToString(sig), err
}

func (z *Zustelldienst) portalKeys(w http.ResponseWriter, _ *http.Request, _ *client) {
	key, err := TestKey(KeySigning2)
	if err != nil {
		fail(w, http.StatusInternalServerError, "", "no key")
		return
	}
	jwk := key.Public(fitconnect.UseVerify)
	z.mu.Lock()
	expired := z.take(func(f *Fault) bool { return f.Kind == FaultRouteExpiredKey }) != nil
	now := z.opt.Now()
	z.mu.Unlock()
	until := now.Add(24 * time.Hour)
	if expired {
		until = now.Add(-time.Hour)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Portal"}, NotBefore: now.Add(-48 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.Private.PublicKey, key.Private)
	if err != nil {
		fail(w, http.StatusInternalServerError, "", "no certificate")
		return
	}
	jwk.X5c = []string{base64.StdEncoding.EncodeToString(der)}
	answer(w, http.StatusOK, fitconnect.JWKSet{Keys: []fitconnect.JWK{jwk}})
}

// getAreas answers as the OpenAPI document declares it: 200 as a problem type.
func (z *Zustelldienst) getAreas(w http.ResponseWriter, r *http.Request, _ *client) {
	if !knownVersion(w, r) {
		return
	}
	terms := r.URL.Query()["areaSearchexpression"]
	for _, t := range terms {
		if strings.ContainsAny(t, " ().,-") {
			fail(w, http.StatusInternalServerError, "", "cannot search for that")
			return
		}
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	all := []map[string]string{}
	for _, a := range z.routing.areas {
		hit := len(terms) > 0
		for _, t := range terms {
			hit = hit && slices.ContainsFunc(strings.Fields(a.Name), func(word string) bool {
				stem, open := strings.CutSuffix(strings.ToLower(t), "*")
				word = strings.ToLower(word)
				return word == stem || open && strings.HasPrefix(word, stem)
			})
		}
		if hit {
			all = append(all, map[string]string{"id": a.ID, "name": a.Name, "type": a.Type})
		}
	}
	part, offset := page(r, all, z.opt.MaxPage)
	b, err := json.Marshal(map[string]any{"count": len(part), "offset": offset, "totalCount": len(all), "areas": part})
	if err != nil {
		fail(w, http.StatusInternalServerError, "", "answer cannot be written")
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Write(b)
}
