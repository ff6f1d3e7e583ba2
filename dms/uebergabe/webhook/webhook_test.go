package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/links"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/uebergabetest"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/webhook"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func schluessel(n byte) signatur.Schluessel {
	k, err := signatur.NewSchluessel(bytes.Repeat([]byte{n}, 32))
	if err != nil {
		panic(err)
	}
	return k
}

// dateien serves the files of the example under its hashes.
func dateien(_ context.Context, _ tenant.ID, sum string, _ int64) (io.ReadCloser, error) {
	for n := range byte(10) {
		for _, d := range uebergabetest.Beispiel(n).Dateien {
			if d.SHA512 == sum {
				return d.Open(context.Background())
			}
		}
	}
	return nil, fehler.New("test", "", fehler.ErrNotFound, nil)
}

// stand is a receiver and a server of links, each on a real TLS socket.
func stand(vergesslich bool, p func(*webhook.Params)) (*uebergabetest.Stand, error) {
	var l *links.Links
	files := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.ServeHTTP(w, r) }))
	var err error
	l, err = links.New(links.Params{Basis: files.URL + "/d/", Schluessel: [][]byte{bytes.Repeat([]byte{7}, 32)}, Open: dateien}, nil)
	if err != nil {
		return nil, err
	}
	e := &uebergabetest.Empfaenger{
		Pruefer: signatur.Pruefer{Schluessel: []signatur.Schluessel{schluessel(1)}}, Client: files.Client(), Vergesslich: vergesslich,
	}
	srv := httptest.NewTLSServer(e)
	params := webhook.Params{Name: "gewerbe", URL: srv.URL + "/", Quelle: "urn:test:kiel", Schluessel: []signatur.Schluessel{schluessel(2), schluessel(1)}, Links: l}
	if p != nil {
		p(&params)
	}
	open := func() (uebergabe.Ziel, error) {
		return webhook.New(params, &webhook.Options{Transport: srv.Client().Transport, Timeout: 5 * time.Second})
	}
	z, err := open()
	return &uebergabetest.Stand{Ziel: z, Reopen: open, Stoeren: e.Stoeren, Received: e.Received, Close: func() error {
		srv.CloseClientConnections()
		srv.Close()
		files.Close()
		return nil
	}}, err
}

func options() uebergabetest.Options {
	return uebergabetest.Options{New: func() (*uebergabetest.Stand, error) { return stand(false, nil) }, ByLink: true, NoAnswers: true}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	uebergabetest.Run(t, options())
}

// Negative controls: what breaks a group of sentences fails there.
func TestSuiteCanFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		new    func() (*uebergabetest.Stand, error)
		gruppe string
	}{
		"a receiver that forgets": {func() (*uebergabetest.Stand, error) { return stand(true, nil) }, "idempotenz"},
		"another key": {func() (*uebergabetest.Stand, error) {
			return stand(false, func(p *webhook.Params) { p.Schluessel = p.Schluessel[:1] })
		}, "inhalt"},
		"a target that takes anything": {func() (*uebergabetest.Stand, error) {
			s, err := stand(false, nil)
			s.Ziel = taub{s.Ziel}
			return s, err
		}, "fehler"},
		"a target that leaves files open": {func() (*uebergabetest.Stand, error) {
			s, err := stand(false, nil)
			s.Ziel = offen{s.Ziel}
			return s, err
		}, "ressourcen"},
	} {
		o := options()
		o.New = c.new
		o.Timeout = 3 * time.Second
		failed := map[string]bool{}
		for _, e := range uebergabetest.Check(t.Context(), o) {
			if e.Err != nil {
				failed[e.Gruppe] = true
			}
		}
		require.True(t, failed[c.gruppe], "%s: failed are %v", name, failed)
	}
}

type taub struct{ uebergabe.Ziel }

func (z taub) Uebergeben(ctx context.Context, s *uebergabe.Sendung) (uebergabe.Quittung, error) {
	q, _ := z.Ziel.Uebergeben(ctx, s)
	return q, nil
}

type offen struct{ uebergabe.Ziel }

func (z offen) Uebergeben(ctx context.Context, s *uebergabe.Sendung) (uebergabe.Quittung, error) {
	_, _ = s.Dateien[0].Open(ctx)
	return z.Ziel.Uebergeben(ctx, s)
}

// antwortet is a receiver that answers so.
func antwortet(t *testing.T, h http.HandlerFunc) uebergabe.Ziel {
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	l, err := links.New(links.Params{Basis: "https://dateien.example/", Schluessel: [][]byte{make([]byte, 32)}, Open: dateien}, nil)
	require.NoError(t, err)
	z, err := webhook.New(webhook.Params{Name: "x", URL: srv.URL, Quelle: "urn:x", Schluessel: []signatur.Schluessel{schluessel(1)}, Links: l},
		&webhook.Options{Transport: srv.Client().Transport, Timeout: time.Second})
	require.NoError(t, err)
	return z
}

func TestAnswersOfReceivers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		kind error
		wait time.Duration
	}{
		"500":              {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, fehler.ErrUnavailable, 0},
		"429 with seconds": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "30"); w.WriteHeader(429) }, fehler.ErrUnavailable, 30 * time.Second},
		"503 with years": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "99999999")
			w.WriteHeader(503)
		}, fehler.ErrUnavailable, 24 * time.Hour},
		"409": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(409) }, fehler.ErrInvalid, 0},
		"404": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, fehler.ErrForbidden, 0},
		"to another host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusTemporaryRedirect)
		}, fehler.ErrForbidden, 0},
		"down to http": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+r.Host+"/", http.StatusTemporaryRedirect)
		}, fehler.ErrForbidden, 0},
		"as GET":     {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusSeeOther) }, fehler.ErrForbidden, 0},
		"in circles": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusTemporaryRedirect) }, fehler.ErrForbidden, 0},
		"silence":    {func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }, fehler.ErrUnavailable, 0},
		"breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("{"))
		}, fehler.ErrUnavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := antwortet(t, c.h).Uebergeben(t.Context(), uebergabetest.Beispiel(1))
			require.ErrorIs(t, err, c.kind)
			var r interface{ RetryAfter() time.Duration }
			if errors.As(err, &r) {
				require.Equal(t, c.wait, r.RetryAfter())
			} else {
				require.Zero(t, c.wait)
			}
		})
	}
	t.Run("a redirect on the same host", func(t *testing.T) {
		t.Parallel()
		var n int
		z := antwortet(t, func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			if r.URL.Path == "/" {
				http.Redirect(w, r, "/neu", http.StatusPermanentRedirect)
				return
			}
			n = len(b)
		})
		_, err := z.Uebergeben(t.Context(), uebergabetest.Beispiel(1))
		require.NoError(t, err)
		require.NotZero(t, n, "the body is sent again")
	})
	t.Run("an endless answer", func(t *testing.T) {
		t.Parallel()
		z := antwortet(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.Copy(w, io.LimitReader(strings.NewReader(strings.Repeat(" ", 1<<20)), 1<<20))
		})
		q, err := z.Uebergeben(t.Context(), uebergabetest.Beispiel(1))
		require.NoError(t, err, "taken is taken")
		require.Empty(t, q.Kennung)
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	l, err := links.New(links.Params{Basis: "https://d.example/", Schluessel: [][]byte{make([]byte, 32)}, Open: dateien}, nil)
	require.NoError(t, err)
	gut := webhook.Params{Name: "x", URL: "https://fv.example/", Quelle: "urn:x", Schluessel: []signatur.Schluessel{schluessel(1)}, Links: l}
	_, err = webhook.New(gut, nil)
	require.NoError(t, err)
	for _, change := range []func(*webhook.Params){
		func(p *webhook.Params) { p.URL = "http://fv.example/" }, func(p *webhook.Params) { p.URL = "https://u:p@fv.example/" }, func(p *webhook.Params) { p.URL = "ftp://x" },
		func(p *webhook.Params) { p.Name = "" }, func(p *webhook.Params) { p.Links = nil }, func(p *webhook.Params) { p.Schluessel = nil }, func(p *webhook.Params) { p.Quelle = "" },
	} {
		p := gut
		change(&p)
		_, err := webhook.New(p, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	p := gut
	p.URL = "http://fv.example/"
	_, err = webhook.New(p, &webhook.Options{WithoutTLS: true})
	require.NoError(t, err)
}
