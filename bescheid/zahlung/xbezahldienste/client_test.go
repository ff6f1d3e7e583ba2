package xbezahldienste_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/xbezahldienste"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/xbezahldienste/xbezahldienstetest"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/zahlungtest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write the section of docs/schlechte-eingaben.md")

func auftrag(id string) zahlung.Auftrag {
	return zahlung.Auftrag{ID: id, Forderung: "f-1", Betrag: 6190, Waehrung: "EUR", Zweck: "50001030704", Beschreibung: "Gebühr für die Straßennutzung",
		Rueckkehr: "https://dienst.example/zurueck", Zahler: zahlung.Zahler{Vorname: "Anna", Nachname: "Geheim", Strasse: "Weg", Ort: "Kiel", Land: "DE"},
		Positionen: []zahlung.Position{
			{ID: "p-1", Referenz: "2.1", Text: "Gebühr", Menge: 1, Netto: 5000, Buchung: map[string]string{"HHST": "1100.1"}},
			{ID: "p-2", Referenz: "9", Text: "Auslagen", Menge: 3, Netto: 1000, Steuer: 190, Steuersatz: 1900, Buchung: map[string]string{"HHST": "1100.2"}},
		}}
}

type stelle struct {
	d     *xbezahldienstetest.Dienst
	c     *xbezahldienste.Client
	slept []time.Duration
}

func neu(t interface {
	Cleanup(func())
	Fatalf(string, ...any)
}, do xbezahldienstetest.Options, change func(*xbezahldienste.Params, *xbezahldienste.Options)) *stelle {
	d, err := xbezahldienstetest.Start(&do)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	t.Cleanup(d.Close)
	s := &stelle{d: d}
	p, o := d.Params(), xbezahldienste.Options{HTTP: d.HTTP(), UserAgent: "fachwerk-test", Random: func() float64 { return 0.5 },
		Sleep: func(ctx context.Context, w time.Duration) error { s.slept = append(s.slept, w); return ctx.Err() }}
	if change != nil {
		change(&p, &o)
	}
	if s.c, err = xbezahldienste.New(p, &o); err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

// The client is a Zahlungsweg, with either way to prove who calls, and whether or not
// the service finds payments by the id of the request.
func TestKonformitaet(t *testing.T) {
	t.Parallel()
	worte := map[zahlung.Zustand]string{zahlung.Gebucht: "PAYED", zahlung.Fehlgeschlagen: "FAILED", zahlung.Abgebrochen: "CANCELED"}
	for name, do := range map[string]xbezahldienstetest.Options{
		"oauth": {}, "mtls": {MTLS: true}, "ohne-suche": {OhneAnfrageSuche: true}, "ohne-link": {OhneLink: true},
	} {
		t.Run(name, func(t *testing.T) {
			zahlungtest.Run(t, zahlungtest.Options{
				Unsupported: map[zahlungtest.Capability]string{zahlungtest.Storno: "the interface has none", zahlungtest.Erstattung: "the interface has none"},
				New: func(t zahlungtest.TB) zahlungtest.Fall {
					d, err := xbezahldienstetest.Start(&do)
					if err != nil {
						t.Fatalf("%v", err)
					}
					t.Cleanup(d.Close)
					c, err := xbezahldienste.New(d.Params(), &xbezahldienste.Options{HTTP: d.HTTP(), Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
					if err != nil {
						t.Fatalf("%v", err)
					}
					return zahlungtest.Fall{Weg: c, Auftrag: auftrag(""), Angelegt: d.Angelegt,
						Setze: func(id string, z zahlung.Zustand) {
							if !d.Setze(id, worte[z]) {
								t.Errorf("no such payment")
							}
						},
						SetzeFremd: func(id, wort string) { d.Setze(id, wort) }, Unerreichbar: d.Close,
						AntwortVerloren: func() { d.Stoere(xbezahldienstetest.NachAnlageStumm) }}
				},
			})
		})
	}
}

// What is sent holds exact decimals, and the amounts of one piece only inform.
func TestGesendet(t *testing.T) {
	t.Parallel()
	s := neu(t, xbezahldienstetest.Options{Pflichtbuchung: []string{"HHST"}}, nil)
	_, err := s.c.Start(t.Context(), auftrag("a-1"))
	require.NoError(t, err)
	q, ok := s.d.Gesendet("a-1")
	require.True(t, ok)
	b, err := json.Marshal(q)
	require.NoError(t, err)
	for _, want := range []string{`"grosAmount":61.90`, `"totalNetAmount":10.00`, `"totalTaxAmount":1.90`, `"taxRate":19.00`, `"singleNetAmount":3.33`, `"HHST":"1100.2"`, `"country":"DE"`} {
		require.Contains(t, string(b), want)
	}
	require.Equal(t, "fachwerk-test", s.d.UserAgent())
	require.NoError(t, s.c.Status(t.Context()))
}

// The pay page, as a browser uses it; the return alone proves nothing.
func TestBezahlseite(t *testing.T) {
	t.Parallel()
	for tun, want := range map[string]zahlung.Zustand{"PAYED": zahlung.Gebucht, "FAILED": zahlung.Fehlgeschlagen, "CANCELED": zahlung.Abgebrochen} {
		s := neu(t, xbezahldienstetest.Options{SpaeteReferenz: 2}, nil)
		z, err := s.c.Start(t.Context(), auftrag("a-1"))
		require.NoError(t, err)
		browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := browser.Get(z.URL)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, 200, resp.StatusCode)
		q, err := s.c.Query(t.Context(), z)
		require.NoError(t, err)
		require.Equal(t, zahlung.Initial, q.Zustand, "who only looked has not paid")
		resp, err = browser.PostForm(z.URL, url.Values{"tun": {tun}})
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, "https://dienst.example/zurueck", resp.Header.Get("Location"))
		q, err = s.c.Query(t.Context(), z)
		require.NoError(t, err)
		require.Equal(t, want, q.Zustand)
		require.Empty(t, q.Referenz)
		require.Empty(t, q.URL)
		q, err = s.c.Query(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, want == zahlung.Gebucht, q.Referenz == "KZ-"+q.Transaktion, "the reference came later")
		resp, err = browser.PostForm(z.URL, url.Values{"tun": {"PAYED"}})
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, http.StatusConflict, resp.StatusCode, "nobody pays twice")
	}
}

// Whatever happens to one call, there is one payment, and the next Start gives it.
func TestStoerungen(t *testing.T) {
	t.Parallel()
	x := xbezahldienstetest.NachAnlageStumm
	for _, f := range [][]xbezahldienstetest.Fehler{
		{x}, {xbezahldienstetest.VorAnlageStumm}, {xbezahldienstetest.NachAnlageHaengt}, {xbezahldienstetest.Intern}, {xbezahldienstetest.InternNachAnlage},
		{xbezahldienstetest.KaputtesJSON}, {xbezahldienstetest.Riesig}, {xbezahldienstetest.FremdeZahlung}, {xbezahldienstetest.TokenUngueltig}, {xbezahldienstetest.ZuViel},
		{x, x, x, x}, {xbezahldienstetest.VorAnlageStumm, xbezahldienstetest.Intern, x, xbezahldienstetest.Intern},
	} {
		for _, do := range []xbezahldienstetest.Options{{}, {OhneAnfrageSuche: true}} {
			s := neu(t, do, func(_ *xbezahldienste.Params, o *xbezahldienste.Options) { o.Timeout = 500 * time.Millisecond })
			s.d.Stoere(f...)
			z, err := s.c.Start(t.Context(), auftrag("a-1"))
			require.LessOrEqual(t, s.d.Angelegt("a-1"), 1, "%v", f)
			if err != nil {
				require.ErrorIs(t, err, fehler.ErrUnavailable, "%v", f)
				require.Len(t, s.slept, 2, "%v", f)
				z, err = s.c.Start(t.Context(), auftrag("a-1"))
			}
			require.NoError(t, err, "%v %+v", f, do)
			require.Equal(t, zahlung.Initial, z.Zustand)
			require.Equal(t, 1, s.d.Angelegt("a-1"), "%v", f)
		}
	}
}

// A service that holds a payment and does not show it is for a person: nothing is sent
// again and again.
func TestUnklar(t *testing.T) {
	t.Parallel()
	s := neu(t, xbezahldienstetest.Options{OhneAnfrageSuche: true, OhneLink: true}, nil)
	s.d.Stoere(xbezahldienstetest.NachAnlageStumm)
	_, err := s.c.Start(t.Context(), auftrag("a-1"))
	require.ErrorIs(t, err, fehler.ErrConflict)
	require.Equal(t, "xbezahldienste.unklar", fehler.ProblemeIn(err)[0].Code)
	require.Equal(t, 1, s.d.Angelegt("a-1"))
	require.Equal(t, 4, s.d.Aufrufe(), "POST without answer, GET, POST: exists, GET")
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	s := neu(t, xbezahldienstetest.Options{}, func(_ *xbezahldienste.Params, o *xbezahldienste.Options) { o.Attempts = 4 })
	z, err := s.c.Start(t.Context(), auftrag("a-1"))
	require.NoError(t, err)
	s.d.Stoere(xbezahldienstetest.Intern, xbezahldienstetest.Intern, xbezahldienstetest.ZuViel)
	_, err = s.c.Query(t.Context(), z)
	require.NoError(t, err)
	require.Equal(t, []time.Duration{375 * time.Millisecond, 750 * time.Millisecond, 1500 * time.Millisecond}, s.slept)
}

// A redirect is not followed, a refused token is renewed once, and answers that do not
// fit what was asked are for a person.
func TestAntworten(t *testing.T) {
	t.Parallel()
	s := neu(t, xbezahldienstetest.Options{}, nil)
	z, err := s.c.Start(t.Context(), auftrag("a-1"))
	require.NoError(t, err)
	s.d.VergissTokens()
	_, err = s.c.Query(t.Context(), z)
	require.NoError(t, err, "a new token was fetched")
	s.d.Stoere(xbezahldienstetest.Umleitung)
	_, err = s.c.Query(t.Context(), z)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	s.d.Stoere(xbezahldienstetest.AndererBetrag)
	_, err = s.c.Query(t.Context(), z)
	require.ErrorIs(t, err, fehler.ErrConflict)
	s.d.Stoere(xbezahldienstetest.FremdeZahlung)
	_, err = s.c.Query(t.Context(), z)
	require.ErrorIs(t, err, fehler.ErrConflict)
	a := auftrag("a-1")
	a.Betrag, a.Positionen = 5000, a.Positionen[:1]
	_, err = s.c.Start(t.Context(), a)
	require.ErrorIs(t, err, fehler.ErrConflict, "another amount under the same id")
	z.Transaktion = ""
	q, err := s.c.Query(t.Context(), z)
	require.NoError(t, err)
	require.Equal(t, "T000001", q.Transaktion)
	for _, böse := range []string{"..", "a/b", "a?b", strings.Repeat("a", 200)} {
		_, err = s.c.Query(t.Context(), zahlung.Zahlung{ID: "a-1", Transaktion: böse})
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
}

func TestZugang(t *testing.T) {
	t.Parallel()
	s := neu(t, xbezahldienstetest.Options{MTLS: true}, nil)
	require.NoError(t, s.c.Status(t.Context()))
	c, err := xbezahldienste.New(s.d.Params(), &xbezahldienste.Options{HTTP: s.d.OhneZertifikat()})
	require.NoError(t, err)
	require.ErrorIs(t, c.Status(t.Context()), fehler.ErrForbidden, "the double is not open to everybody")

	s = neu(t, xbezahldienstetest.Options{}, func(p *xbezahldienste.Params, _ *xbezahldienste.Options) {
		p.Auth.(*xbezahldienste.OAuth).ClientSecret = "falsch"
	})
	err = s.c.Status(t.Context())
	require.ErrorIs(t, err, fehler.ErrForbidden)
	require.NotContains(t, err.Error(), "falsch")
	s = neu(t, xbezahldienstetest.Options{}, func(p *xbezahldienste.Params, _ *xbezahldienste.Options) { p.EndPointID = "01003000" })
	err = s.c.Status(t.Context())
	api, ok := errors.AsType[*xbezahldienste.APIError](err)
	require.True(t, ok)
	require.Equal(t, xbezahldienste.CodeNoEndpoint, api.Code)
	require.Contains(t, api.Hinweis(), "Behörde")
	s = neu(t, xbezahldienstetest.Options{Pflichtbuchung: []string{"Kostenstelle"}}, nil)
	_, err = s.c.Start(t.Context(), auftrag("a-1"))
	api, _ = errors.AsType[*xbezahldienste.APIError](err)
	require.Equal(t, xbezahldienste.CodeBookingDataMissing, api.Code)
	require.ErrorIs(t, err, fehler.ErrInvalid)

	for _, p := range []xbezahldienste.Params{
		{Base: "http://dienst.example", OriginatorID: "a", EndPointID: "b"}, {Base: "https://u:p@dienst.example", OriginatorID: "a", EndPointID: "b"},
		{Base: "https://dienst.example", OriginatorID: "a/b", EndPointID: "b"}, {Base: "https://dienst.example", OriginatorID: "a"}, {OriginatorID: "a", EndPointID: "b"},
	} {
		_, err := xbezahldienste.New(p, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid, "%+v", p)
	}
}

// What the service would refuse is refused here, in German, without a call.
func TestSchlechteEingaben(t *testing.T) {
	t.Parallel()
	s := neu(t, xbezahldienstetest.Options{}, nil)
	var b bytes.Buffer
	b.WriteString("## Zahlung über XBezahldienste\n\nErzeugt aus den Tests: `go test ./bescheid/zahlung/xbezahldienste -run Schlechte -update`. Der Bezahldienst wird gar nicht erst angesprochen.\n\n| Auftrag | Code | Stelle | Hinweis |\n|---|---|---|---|\n")
	for _, c := range []struct {
		name, code string
		change     func(*zahlung.Auftrag)
	}{
		{"Kennung fehlt", "zahlung.kennung", func(a *zahlung.Auftrag) { a.ID = "" }},
		{"Summe stimmt nicht", "zahlung.summe", func(a *zahlung.Auftrag) { a.Betrag++ }},
		{"keine Positionen", "zahlung.positionen", func(a *zahlung.Auftrag) { a.Positionen = nil }},
		{"100 Positionen", "zahlung.positionen", func(a *zahlung.Auftrag) {
			a.Positionen, a.Betrag = nil, 100
			for i := range 100 {
				a.Positionen = append(a.Positionen, zahlung.Position{ID: fmt.Sprint(i), Referenz: "x", Menge: 1, Netto: 1})
			}
		}},
		{"Positionskennung doppelt", "zahlung.position-kennung", func(a *zahlung.Auftrag) { a.Positionen[1].ID = "p-1" }},
		{"negativer Betrag", "zahlung.position-betrag", func(a *zahlung.Auftrag) { a.Positionen[0].Netto, a.Betrag = -1, 1189 }},
		{"Menge 0", "zahlung.position-menge", func(a *zahlung.Auftrag) { a.Positionen[0].Menge = 0 }},
		{"Schweizer Franken", "xbezahldienste.waehrung", func(a *zahlung.Auftrag) { a.Waehrung = "CHF" }},
		{"über 999.999 Euro", "xbezahldienste.betrag", func(a *zahlung.Auftrag) { a.Positionen[0].Netto, a.Betrag = 99_999_900, 99_999_900+1190 }},
		{"Zweck mit Umlaut", "xbezahldienste.zweck", func(a *zahlung.Auftrag) { a.Zweck = "Gebühr" }},
		{"Zweck zu lang", "xbezahldienste.zweck", func(a *zahlung.Auftrag) { a.Zweck = strings.Repeat("x", 28) }},
		{"Zeilenwechsel im Zweck", "xbezahldienste.zweck", func(a *zahlung.Auftrag) { a.Zweck = "a\nb" }},
		{"Beschreibung mit Klammer", "xbezahldienste.beschreibung", func(a *zahlung.Auftrag) { a.Beschreibung = "Gebühr (voll)" }},
		{"Beschreibung zu lang", "xbezahldienste.beschreibung", func(a *zahlung.Auftrag) { a.Beschreibung = strings.Repeat("ä", 251) }},
		{"Rückkehr fehlt", "xbezahldienste.rueckkehr", func(a *zahlung.Auftrag) { a.Rueckkehr = "" }},
		{"Rückkehr als Skript", "xbezahldienste.rueckkehr", func(a *zahlung.Auftrag) { a.Rueckkehr = "javascript:alert(1)" }},
		{"Position ohne Referenz", "xbezahldienste.position-referenz", func(a *zahlung.Auftrag) { a.Positionen[0].Referenz = "" }},
		{"Kennung der Position mit Punkt", "xbezahldienste.position-kennung", func(a *zahlung.Auftrag) { a.Positionen[0].ID = "1.2" }},
		{"Text der Position mit Zeichen", "xbezahldienste.position-text", func(a *zahlung.Auftrag) { a.Positionen[0].Text = "50 %" }},
	} {
		a := auftrag("a-1").Clone()
		c.change(&a)
		_, err := s.c.Start(t.Context(), a)
		require.ErrorIs(t, err, fehler.ErrInvalid, c.name)
		ps := fehler.ProblemeIn(err)
		require.NotEmpty(t, ps, c.name)
		require.Equal(t, c.code, ps[0].Code, c.name)
		require.Regexp(t, `^[A-ZÄÖÜ].*\.$`, ps[0].Hinweis)
		require.NotContains(t, err.Error(), "Geheim")
		fmt.Fprintf(&b, "| %s | `%s` | `%s` | %s |\n", c.name, c.code, ps[0].Pfad, ps[0].Hinweis)
	}
	require.Zero(t, s.d.Aufrufe())
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Zahlung über XBezahldienste", b.String(), *update)
	require.Equal(t, "Gebuehr fuer Strassen", xbezahldienste.Purpose("  Gebühr für (Straßen) "))
	require.LessOrEqual(t, len(xbezahldienste.Purpose(strings.Repeat("ß ", 40))), 27)
}

// A link leads nowhere but to this service.
func TestFremderLink(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"https://boese.example/xbezahldienste/paymenttransaction/o/e/T1", "/xbezahldienste/paymenttransaction/o/anders/T1", "../../T1", "%zz", ""} {
		var gets atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				gets.Add(1)
			}
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"type": "PAYMENT_EXISTS", "link": link})
		}))
		c, err := xbezahldienste.New(xbezahldienste.Params{Base: srv.URL + "/xbezahldienste", OriginatorID: "o", EndPointID: "e"}, &xbezahldienste.Options{OhneAnfrageSuche: true})
		require.NoError(t, err)
		_, err = c.Start(t.Context(), auftrag("a-1"))
		require.Equal(t, "xbezahldienste.unklar", fehler.ProblemeIn(err)[0].Code, link)
		require.Zero(t, gets.Load(), link)
		srv.Close()
	}
}
