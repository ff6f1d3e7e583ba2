package amt

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/web"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// OIDC is the login service of the authorities, such as a Keycloak.
type OIDC struct {
	// Issuer, ClientID, Secret as the service has them; Zurueck is the address of
	// /anmelden/oidc/zurueck as browsers reach it.
	Issuer, ClientID, Secret, Zurueck string

	mu       sync.Mutex
	anbieter *oidc.Provider
}

// provider asks the service once; while it is away logins fail and try again.
func (o *OIDC) provider(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.anbieter == nil {
		p, err := oidc.NewProvider(context.WithoutCancel(ctx), o.Issuer)
		if err != nil {
			return nil, nil, err
		}
		o.anbieter = p
	}
	return o.anbieter, &oauth2.Config{ClientID: o.ClientID, ClientSecret: o.Secret, Endpoint: o.anbieter.Endpoint(),
		RedirectURL: o.Zurueck, Scopes: []string{oidc.ScopeOpenID, "profile"}}, nil
}

func (a *Amt) anmeldewege() []Route {
	return []Route{
		{"GET /{$}", nil, func(x *anfrage) error {
			ziel := "/anmelden"
			switch {
			case x.m == nil:
			case x.akteur.Hat(lesend...):
				ziel = "/vorgaenge"
			default:
				ziel = "/verwaltung"
			}
			http.Redirect(x.w, x.Request, ziel, http.StatusSeeOther)
			return nil
		}},
		{"GET /anmelden", nil, (*anfrage).anmelden},
		{"POST /anmelden", nil, (*anfrage).anmeldenAls},
		{"GET /anmelden/oidc", nil, (*anfrage).oidcBeginn},
		{"GET /anmelden/oidc/zurueck", nil, (*anfrage).oidcEnde},
		{"POST /abmelden", alle, func(x *anfrage) error {
			x.a.o.Sitzungen.End(x.w, x.Request)
			http.Redirect(x.w, x.Request, "/anmelden", http.StatusSeeOther)
			return nil
		}},
	}
}

type mandantNutzer struct {
	Mandant tenant.Mandant
	Nutzer  []Nutzer
}

func (x *anfrage) anmelden() error {
	var d struct {
		Mandanten []mandantNutzer
		Zurueck   string
		OIDC      bool
	}
	if x.a.o.Demo {
		for _, m := range x.a.Mandanten {
			n := mandantNutzer{Mandant: m}
			for _, u := range x.a.Nutzer {
				if u.Akteur.Mandant == m.ID {
					n.Nutzer = append(n.Nutzer, u)
				}
			}
			d.Mandanten = append(d.Mandanten, n)
		}
	}
	d.Zurueck, d.OIDC = lokal(x.FormValue("zurueck")), x.a.OIDC != nil
	return x.seite("anmelden", "Anmelden", d)
}

// lokal lets only paths of this server pass: nobody is led elsewhere by a link.
func lokal(s string) string {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n") || strings.HasPrefix(s, "/anmelden") {
		return "/"
	}
	return s
}

// bremse refuses who tries too often.
func (x *anfrage) bremse() error {
	if !x.a.anmeldung.Allow(web.Adresse(x.Request)) {
		x.w.Header().Set("Retry-After", "60")
		return seiteFuer(http.StatusTooManyRequests, "Das waren zu viele Anmeldungen in kurzer Zeit. Bitte warten Sie eine Minute.")
	}
	return nil
}

func (x *anfrage) anmeldenAls() error {
	if err := x.bremse(); err != nil {
		return err
	}
	n, ok := x.a.nutzer[x.text("nutzer")]
	if !x.a.o.Demo || !ok {
		return seiteFuer(http.StatusForbidden, "Die Anmeldung ist fehlgeschlagen.")
	}
	x.a.o.Sitzungen.Begin(x.w, x.Request, n.Akteur)
	http.Redirect(x.w, x.Request, lokal(x.text("zurueck")), http.StatusSeeOther)
	return nil
}

// oidcBeginn sends the browser to the login service. What proves the way back stays in
// a cookie: state against forged answers, the nonce against replayed ones, the PKCE verifier
// against stolen codes.
func (x *anfrage) oidcBeginn() error {
	if x.a.OIDC == nil {
		return nichtGefunden
	}
	if err := x.bremse(); err != nil {
		return err
	}
	_, c, err := x.a.OIDC.provider(x.Context())
	if err != nil {
		x.a.o.Log.Error("login service", "error", err)
		return seiteFuer(http.StatusServiceUnavailable, "Der Anmeldedienst ist gerade nicht erreichbar.")
	}
	state, nonce, pkce := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	http.SetCookie(x.w, x.a.o.Sitzungen.Cookie("anmeldung", strings.Join([]string{state, nonce, pkce}, "."), 600))
	http.Redirect(x.w, x.Request, c.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(pkce)), http.StatusSeeOther)
	return nil
}

func (x *anfrage) oidcEnde() error {
	if x.a.OIDC == nil {
		return nichtGefunden
	}
	if err := x.bremse(); err != nil {
		return err
	}
	gescheitert := seiteFuer(http.StatusForbidden, "Die Anmeldung ist fehlgeschlagen. Bitte beginnen Sie von vorn.")
	keks, err := x.Cookie("anmeldung")
	if err != nil {
		return gescheitert
	}
	http.SetCookie(x.w, x.a.o.Sitzungen.Cookie("anmeldung", "", -1))
	teile := strings.Split(keks.Value, ".")
	if len(teile) != 3 || subtle.ConstantTimeCompare([]byte(teile[0]), []byte(x.FormValue("state"))) != 1 {
		return gescheitert
	}
	p, c, err := x.a.OIDC.provider(x.Context())
	if err != nil {
		return gescheitert
	}
	akteur, err := anmelden(x.Context(), p, c, x.FormValue("code"), teile[1], teile[2])
	if err != nil || x.a.mandanten[akteur.Mandant] == nil || len(akteur.Rollen) == 0 {
		x.a.o.Log.Warn("login refused", "error", err)
		return gescheitert
	}
	x.a.o.Sitzungen.Begin(x.w, x.Request, akteur)
	http.Redirect(x.w, x.Request, "/", http.StatusSeeOther)
	return nil
}

// anmelden exchanges the code and reads who it is from the signed answer.
func anmelden(ctx context.Context, p *oidc.Provider, c *oauth2.Config, code, nonce, pkce string) (a tenant.Akteur, err error) {
	t, err := c.Exchange(ctx, code, oauth2.VerifierOption(pkce))
	if err != nil {
		return a, err
	}
	roh, _ := t.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: c.ClientID}).Verify(ctx, roh)
	if err != nil {
		return a, err
	}
	var claims struct {
		Name   string   `json:"name"`
		Groups []string `json:"groups"`
	}
	if err := id.Claims(&claims); err != nil {
		return a, err
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return a, seiteFuer(http.StatusForbidden, "nonce")
	}
	return akteurVon(id.Subject, claims.Name, claims.Groups), nil
}

// akteurVon reads Mandant, roles and Einheiten from groups such as "/kiel/leitung" and
// "/kiel/einheit/gruen", as a Keycloak gives them. Groups of two Mandanten give nobody
// rights: for one login counts one authority.
func akteurVon(id, name string, gruppen []string) tenant.Akteur {
	a := tenant.Akteur{ID: id, Name: name, Art: tenant.Person}
	for _, g := range gruppen {
		t := strings.Split(strings.TrimPrefix(g, "/"), "/")
		if len(t) < 2 {
			continue
		}
		if m := tenant.ID(t[0]); a.Mandant == "" {
			a.Mandant = m
		} else if a.Mandant != m {
			return tenant.Akteur{}
		}
		switch {
		case len(t) == 3 && t[1] == "einheit":
			a.Einheiten = append(a.Einheiten, t[2])
		case len(t) == 2 && slices.Contains(alle, tenant.Rolle(t[1])):
			a.Rollen = append(a.Rollen, tenant.Rolle(t[1]))
		}
	}
	return a
}
