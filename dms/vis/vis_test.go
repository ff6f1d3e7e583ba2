package vis_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/vis"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// ablage is the DMS: it takes the form whole, unpacks the container and keeps a ProzessID once.
type ablage struct {
	mu      sync.Mutex
	got     []dmstest.Lieferung
	doppelt bool // takes a ProzessID again
	status  int  // instead of anything
	danach  int  // after it was taken; -1 breaks the connection off
}

func (a *ablage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, pass, _ := r.BasicAuth()
	if user != "fachwerk" || pass != "geheim" || r.Header.Get("X-Tenant") != "0815" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if a.status != 0 {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(a.status)
		return
	}
	f, head, err := r.FormFile("file")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return
	}
	c, err := xdomea.New(xdomea.V310(), nil).ReadContainer(r.Context(), bytes.NewReader(b), int64(len(b)))
	if err == nil {
		err = c.Hash(r.Context())
	}
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	a.mu.Lock()
	schon := false
	for _, l := range a.got {
		schon = schon || l.ProzessID == c.Paket.ProzessID
	}
	if !schon || a.doppelt {
		a.got = append(a.got, dmstest.Lieferung{Name: head.Filename, ProzessID: c.Paket.ProzessID, SHA512: fmt.Sprintf("%x", sum(b)), Paket: &c.Paket})
	}
	a.mu.Unlock()
	switch {
	case a.danach < 0:
		panic(http.ErrAbortHandler)
	case a.danach > 0:
		w.WriteHeader(a.danach)
	}
}

func (a *ablage) lieferungen() []dmstest.Lieferung {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]dmstest.Lieferung(nil), a.got...)
}

func optionen(server *httptest.Server, belege string) vis.Options {
	return vis.Options{Name: "vis", Kodierer: xdomea.New(xdomea.V310(), nil), URL: server.URL, Benutzer: "fachwerk", Passwort: "geheim", Mandant: "0815", Belege: belege, Client: server.Client()}
}

func TestContract(t *testing.T) {
	t.Parallel()
	dmstest.Run(t, dmstest.Options{NoAnswers: true, New: func() (*dmstest.Stand, error) {
		a := &ablage{}
		server := httptest.NewTLSServer(a)
		dir := t.TempDir()
		s := &dmstest.Stand{Received: func(context.Context) ([]dmstest.Lieferung, error) { return a.lieferungen(), nil }}
		var z *vis.Ziel
		s.Reopen = func() (dms.Ziel, error) {
			if z != nil {
				z.Close()
			}
			var err error
			z, err = vis.New(optionen(server, dir))
			s.Ziel = z
			return z, err
		}
		s.Close = func() error { server.Close(); return z.Close() }
		_, err := s.Reopen()
		return s, err
	}})
}

func start(t *testing.T, a *ablage, change func(*vis.Options)) *vis.Ziel {
	t.Helper()
	server := httptest.NewTLSServer(a)
	t.Cleanup(server.Close)
	o := optionen(server, t.TempDir())
	if change != nil {
		change(&o)
	}
	z, err := vis.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, z.Close()) })
	return z
}

// What the DMS says, and what follows from it: nothing goes out twice unasked, nothing is lost.
func TestAnswersOfTheDMS(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status, danach int
		erkennt        bool
		kind           error
		code           string
		wieder         bool // a second Send, when all is well again, succeeds
		da             int  // what the DMS holds then
	}{
		"refused":                      {status: 422, kind: fehler.ErrInvalid, code: "vis.abgelehnt", wieder: true, da: 1},
		"not allowed":                  {status: 403, kind: fehler.ErrForbidden, wieder: true, da: 1},
		"busy":                         {status: 503, kind: fehler.ErrUnavailable, wieder: true, da: 1},
		"failed":                       {status: 500, kind: fehler.ErrInvalid, code: "vis.unklar", da: 0},
		"failed, known again":          {status: 500, erkennt: true, kind: fehler.ErrUnavailable, wieder: true, da: 1},
		"lost answer":                  {danach: -1, kind: fehler.ErrInvalid, code: "vis.unklar", da: 1},
		"lost answer, known again":     {danach: -1, erkennt: true, kind: fehler.ErrUnavailable, wieder: true, da: 1},
		"taken, then 502":              {danach: 502, kind: fehler.ErrInvalid, code: "vis.unklar", da: 1},
		"a redirect is not followed":   {status: 307, kind: fehler.ErrUnavailable, wieder: true, da: 1},
		"the intake is somewhere else": {status: 404, kind: fehler.ErrInvalid, code: "vis.abgelehnt", wieder: true, da: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &ablage{status: c.status, danach: c.danach, doppelt: !c.erkennt}
			z := start(t, a, func(o *vis.Options) { o.Erkennt = c.erkennt })
			p := dmstest.Reich(name)
			_, err := z.Send(t.Context(), p)
			require.ErrorIs(t, err, c.kind)
			if c.code != "" {
				require.Equal(t, c.code, fehler.ProblemeIn(err)[0].Code)
				require.NotEmpty(t, fehler.ProblemeIn(err)[0].Hinweis)
			}
			a.status, a.danach = 0, 0
			_, err = z.Send(t.Context(), p)
			require.Equal(t, c.wieder, err == nil, "%v", err)
			require.Len(t, a.lieferungen(), c.da)
		})
	}
}

// A person looks into the DMS and says what became of it.
func TestSettle(t *testing.T) {
	t.Parallel()
	a := &ablage{danach: -1, doppelt: true}
	z := start(t, a, nil)
	p := dmstest.Reich("settle")
	require.ErrorIs(t, z.Settle(t.Context(), p.ProzessID, true), fehler.ErrNotFound)
	_, err := z.Send(t.Context(), p)
	require.Equal(t, "vis.unklar", fehler.ProblemeIn(err)[0].Code)
	a.danach = 0
	require.NoError(t, z.Settle(t.Context(), p.ProzessID, true))
	s, err := z.Send(t.Context(), p)
	require.NoError(t, err)
	require.True(t, s.Wiederholt)
	require.Len(t, a.lieferungen(), 1)
	require.ErrorIs(t, z.Settle(t.Context(), p.ProzessID, false), fehler.ErrConflict)

	a.status = 500
	q := dmstest.Reich("settle-2")
	_, err = z.Send(t.Context(), q)
	require.Error(t, err)
	a.status = 0
	require.NoError(t, z.Settle(t.Context(), q.ProzessID, false))
	s, err = z.Send(t.Context(), q)
	require.NoError(t, err)
	require.False(t, s.Wiederholt)
	require.Len(t, a.lieferungen(), 2)
}

func TestOptions(t *testing.T) {
	t.Parallel()
	gut := vis.Options{Name: "x", Kodierer: xdomea.New(xdomea.V310(), nil), URL: "https://vis.example/", Belege: t.TempDir()}
	for name, f := range map[string]func(*vis.Options){
		"no name":        func(o *vis.Options) { o.Name = "" },
		"no Kodierer":    func(o *vis.Options) { o.Kodierer = nil },
		"no receipts":    func(o *vis.Options) { o.Belege = "" },
		"plain http":     func(o *vis.Options) { o.URL = "http://vis.example/" },
		"password":       func(o *vis.Options) { o.URL = "https://a:b@vis.example/" },
		"no address":     func(o *vis.Options) { o.URL = ":" },
		"header with CR": func(o *vis.Options) { o.Mandant = "a\r\nb" },
		"quoted field":   func(o *vis.Options) { o.Feld = `a"b` },
	} {
		o := gut
		f(&o)
		_, err := vis.New(o)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
	o := gut
	o.Belege = filepath.Join(o.Belege, "fehlt")
	_, err := vis.New(o)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	z, err := vis.New(gut)
	require.NoError(t, err)
	defer z.Close()
	for range z.Answers(t.Context()) {
		t.Error("there are no answers")
	}
	require.ErrorIs(t, z.Ack(t.Context(), "x"), fehler.ErrNotFound)
}

// The certificate of the DMS is checked: a wrong one gets nothing.
func TestWrongCertificate(t *testing.T) {
	t.Parallel()
	a := &ablage{}
	z := start(t, a, func(o *vis.Options) { o.Client = &http.Client{} })
	_, err := z.Send(t.Context(), dmstest.Minimal("zertifikat"))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.Empty(t, fehler.ProblemeIn(err), "nothing left the house, so nothing is in doubt")
	require.Empty(t, a.lieferungen())
}

func sum(b []byte) [64]byte { return sha512.Sum512(b) }
