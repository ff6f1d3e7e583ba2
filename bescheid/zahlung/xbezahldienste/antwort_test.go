package xbezahldienste_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/xbezahldienste"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/xbezahldienste/xbezahldienstetest"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/zahlungtest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// One token serves until it ends.
func TestToken(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	jetzt := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	antwort := `{"access_token":"t","token_type":"bearer","expires_in":90}`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n.Add(1)
		_, _ = w.Write([]byte(antwort))
	}))
	defer srv.Close()
	o := &xbezahldienste.OAuth{TokenURL: srv.URL, ClientID: "a", ClientSecret: "b", Now: func() time.Time { return jetzt }}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for range 3 {
		require.NoError(t, o.Authorize(t.Context(), r))
	}
	require.EqualValues(t, 1, n.Load())
	jetzt = jetzt.Add(60 * time.Second)
	require.NoError(t, o.Authorize(t.Context(), r))
	require.EqualValues(t, 2, n.Load(), "30 s before its end a token is renewed")
	for _, antwort = range []string{`{}`, `x`, `{"access_token":"a\nb","token_type":"bearer"}`, `{"access_token":"a","token_type":"mac"}`} {
		o.Refused(r)
		r.Header.Set("Authorization", "Bearer t")
		require.ErrorIs(t, o.Authorize(t.Context(), r), fehler.ErrUnavailable)
	}
}

// antwort is a service that always says the same.
type antwort struct {
	status    int
	typ, body string
}

func (a *antwort) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{"Content-Type": {a.typ}}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// No answer breaks the client or makes a payment out of nothing.
func FuzzAntwort(f *testing.F) {
	f.Add(200, "application/json", `{"paymentInformation":{"transactionId":"T1","status":"PAYED"},"paymentRequest":{"requestId":"a-1","grosAmount":61.90,"currency":"EUR"}}`)
	f.Add(200, "application/json", `{"paymentInformation":{"transactionId":"..","status":"X"},"paymentRequest":{"requestId":"a-1","grosAmount":6.19e1,"currency":"EUR"}}`)
	f.Add(409, "application/problem+json", `{"code":"PAYMENT_EXISTS","link":"/x/paymenttransaction/o/e/T1"}`)
	f.Add(500, "text/html", `<html>`)
	f.Add(302, "", "")
	var antwort antwort
	c, err := xbezahldienste.New(xbezahldienste.Params{Base: "https://dienst.example/x", OriginatorID: "o", EndPointID: "e"},
		&xbezahldienste.Options{HTTP: &http.Client{Transport: &antwort}, Attempts: 2, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, st int, ct, b string) {
		if st < 200 || st > 599 {
			t.Skip("no status an HTTP server can answer with")
		}
		antwort.status, antwort.typ, antwort.body = st, ct, b
		z, err := c.Start(t.Context(), auftrag("a-1"))
		if err == nil && (z.ID != "a-1" || z.Betrag != 6190 || z.Transaktion == "" || z.Zustand == "") {
			t.Fatalf("%+v", z)
		}
		if z.Zustand == zahlung.Gebucht && !strings.Contains(b, "PAYED") && !strings.Contains(b, "BOOKED") && !strings.Contains(b, `\u`) {
			t.Fatalf("paid out of nothing: %q", b)
		}
	})
}

// A link of the service to somebody else's payment proves nothing.
func TestLinkZuAndererZahlung(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, `{"paymentInformation":{"transactionId":"T1","status":"PAYED"},"paymentRequest":{"requestId":"a-2","grosAmount":61.90,"currency":"EUR"}}`)
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"code":"PAYMENT_EXISTS","link":"/paymenttransaction/o/e/T1"}`)
	}))
	t.Cleanup(srv.Close)
	c, err := xbezahldienste.New(xbezahldienste.Params{Base: srv.URL, OriginatorID: "o", EndPointID: "e"}, nil)
	require.NoError(t, err)
	_, err = c.Start(t.Context(), auftrag("a-1"))
	require.Equal(t, "xbezahldienste.unklar", fehler.ProblemeIn(err)[0].Code)
	z, err := c.Start(t.Context(), auftrag("a-2"))
	require.NoError(t, err)
	require.Equal(t, zahlung.Gebucht, z.Zustand)
}

// blind sends every repetition as a payment of its own: what must not be.
type blind struct {
	*xbezahldienste.Client
	n *atomic.Int32
}

func (b blind) Start(ctx context.Context, a zahlung.Auftrag) (zahlung.Zahlung, error) {
	id := a.ID
	if b.n.Add(1) > 1 {
		a.ID = fmt.Sprint("neu-", b.n.Load())
	}
	z, err := b.Client.Start(ctx, a)
	z.ID = id
	return z, err
}

// The suite and the double together notice an adapter that is wrong.
func TestSuiteCanFail(t *testing.T) {
	t.Parallel()
	o := zahlungtest.Options{New: func(t zahlungtest.TB) zahlungtest.Fall {
		s := neu(t, xbezahldienstetest.Options{}, nil)
		return zahlungtest.Fall{Weg: blind{s.c, new(atomic.Int32)}, Auftrag: auftrag(""), Angelegt: s.d.Angelegt, Setze: func(id string, _ zahlung.Zustand) { s.d.Setze(id, "FAILED") }}
	}}
	n := 0
	for _, c := range zahlungtest.Cases() {
		switch c.Name {
		case "idempotent/same-id", "idempotent/present-state", "idempotent/ended", "idempotent/concurrent":
			require.NotEmpty(t, zahlungtest.Try(t.Context(), c, o), c.Name)
			n++
		case "start/initial":
			require.Empty(t, zahlungtest.Try(t.Context(), c, o), c.Name)
		}
	}
	require.Equal(t, 4, n)
}
