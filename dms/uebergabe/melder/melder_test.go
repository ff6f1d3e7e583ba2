package melder

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// empfaenger is an endpoint over a socket. fail, if set, answers a POST in its place;
// after says that it takes the event first, as one whose answer is lost.
type empfaenger struct {
	*httptest.Server
	mu      sync.Mutex
	pruefer signatur.Pruefer
	origin  string
	rate    string
	fail    func(w http.ResponseWriter)
	after   bool
	asked   int
	tries   []string // webhook-id of each POST
	types   []string
	got     []string // ids of events taken
	bad     []error
}

func receiver(t *testing.T, key signatur.Schluessel) *empfaenger {
	e := &empfaenger{origin: "*", pruefer: signatur.Pruefer{Schluessel: []signatur.Schluessel{key}, Toleranz: -1}}
	e.Server = httptest.NewTLSServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *empfaenger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.Method == http.MethodOptions {
		e.asked++
		if r.Header.Get("WebHook-Request-Origin") == "fachwerk.example" && e.origin != "" {
			w.Header().Set("WebHook-Allowed-Origin", e.origin)
			w.Header().Set("WebHook-Allowed-Rate", e.rate)
		}
		return
	}
	body, _ := io.ReadAll(r.Body)
	u, err := signatur.FromHeader(r.Header)
	if err == nil {
		err = e.pruefer.Verify(u, body)
	}
	if err != nil {
		e.bad = append(e.bad, err)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	e.tries = append(e.tries, u.ID)
	e.types = append(e.types, r.Header.Get("Content-Type"))
	if e.fail != nil && !e.after {
		e.fail(w)
		return
	}
	type ce struct{ ID, Type string }
	var list []ce
	if strings.Contains(r.Header.Get("Content-Type"), "batch") {
		err = json.Unmarshal(body, &list)
	} else {
		var one ce
		err = json.Unmarshal(body, &one)
		list = append(list, one)
	}
	if err != nil {
		e.bad = append(e.bad, err)
	}
	for _, x := range list {
		e.got = append(e.got, x.ID)
	}
	if e.fail != nil {
		e.fail(w)
	}
}

type haus struct {
	store *storage.Store
	e     *empfaenger
	p     Params
	o     Options
	now   time.Time
	ids   []string
}

func TestMain(m *testing.M) { testenv.Main(m, pgtest.Stop) }

// backends are those of the library: place and lease of a subscription lie in the store.
func backends(t *testing.T, f func(t *testing.T, s *storage.Store)) {
	o := &storage.Options{Poll: 10 * time.Millisecond}
	t.Run("memory", func(t *testing.T) { f(t, memory.Open(o)) })
	t.Run("sqlite", func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), &sqlite.Options{Synchronous: "NORMAL", Store: o})
		require.NoError(t, err)
		f(t, s)
	})
	t.Run("postgres", func(t *testing.T) {
		db := pgtest.New(t)
		require.NoError(t, postgres.Migrate(t.Context(), db.OwnerDSN, nil))
		s, err := postgres.Open(t.Context(), db.AppDSN, &postgres.Options{Store: o})
		require.NoError(t, err)
		f(t, s)
	})
}

func neu(t *testing.T, vorgaenge int) *haus {
	return neuAuf(t, vorgaenge, memory.Open(&storage.Options{Poll: 10 * time.Millisecond}))
}

func neuAuf(t *testing.T, vorgaenge int, s *storage.Store) *haus {
	h := &haus{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), store: s}
	t.Cleanup(func() { _ = h.store.Close() })
	key, err := signatur.NewSchluessel([]byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	h.e = receiver(t, key)
	roots := x509.NewCertPool()
	roots.AddCert(h.e.Certificate())
	h.o = Options{Now: func() time.Time { return h.now }, Timeout: 2 * time.Second, Pause: 5 * time.Millisecond}
	h.o.Erlaubt = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	h.o.TLS = &tls.Config{RootCAs: roots}
	h.p = Params{Store: h.store, Quelle: "urn:test", Herkunft: "fachwerk.example", Abonnements: []Abonnement{{
		Mandant: "kiel", Name: "lage", URL: h.e.URL, Schluessel: []signatur.Schluessel{key}, VonAnfang: true,
	}}}
	for n := range vorgaenge {
		h.insert(t, n)
	}
	return h
}

func (h *haus) insert(t *testing.T, n int) {
	v, err := vorgang.New(tenant.System("annahme"), h.now, vorgang.Params{Mandant: "kiel", Nummer: fmt.Sprint("N-", n), Leistung: "99050012104000", Einheit: "amt"}, h.store.Kontext())
	require.NoError(t, err)
	require.NoError(t, h.store.Insert(t.Context(), "kiel", v))
	kim := tenant.Akteur{ID: "kim", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	_, err = h.store.Edit(t.Context(), "kiel", v.ID(), func(v *vorgang.Vorgang) error { return v.Pull(kim, h.now) })
	require.NoError(t, err)
	h.want(t, v.ID())
}

func (h *haus) want(t *testing.T, id uuid.UUID) {
	for e, err := range h.store.Journal(t.Context(), "kiel", id) {
		require.NoError(t, err)
		h.ids = append(h.ids, fmt.Sprint(id, "#", e.Seq))
	}
}

func (h *haus) melder(t *testing.T) *Melder {
	m, err := New(h.p, &h.o)
	require.NoError(t, err)
	return m
}

// drain steps until nothing is left to do now, and gives the last failure.
func (h *haus) drain(t *testing.T, m *Melder) (last error) {
	for range 200 {
		n, err := m.step(t.Context(), h.p.Abonnements[0])
		if err != nil || n == 0 {
			return err
		}
	}
	t.Fatal("no end")
	return nil
}

func (h *haus) stand(t *testing.T, m *Melder) Stand {
	s, err := m.Stand(t.Context(), "kiel", "lage")
	require.NoError(t, err)
	return s
}

func TestEachOnceInOrderAcrossRestarts(t *testing.T) {
	for _, stapel := range []int{0, 1, 3, MaxStapel} {
		h := neu(t, 4)
		h.p.Abonnements[0].Stapel = stapel
		for range 100 { // a new process for each step
			if n, err := h.melder(t).step(t.Context(), h.p.Abonnements[0]); err != nil || n == 0 {
				require.NoError(t, err)
				break
			}
		}
		require.Empty(t, h.e.bad)
		require.Equal(t, h.ids, h.e.got, "Stapel %d", stapel)
		require.Equal(t, 1, h.e.asked)
		require.Equal(t, stapel > 0, strings.HasPrefix(h.e.types[0], "application/cloudevents-batch+json"))
		if stapel == MaxStapel {
			require.Len(t, h.e.tries, 1)
		}
	}
}

func TestFilterAndBeginNow(t *testing.T) {
	h := neu(t, 2)
	h.p.Abonnements[0].Codes = []vorgang.Code{"vorgang.eingegangen"}
	require.NoError(t, h.drain(t, h.melder(t)))
	require.Len(t, h.e.got, 2)

	h = neu(t, 2)
	h.p.Abonnements[0].VonAnfang = false
	m := h.melder(t)
	require.NoError(t, h.drain(t, m))
	require.Empty(t, h.e.got)
	h.ids = nil
	h.insert(t, 9)
	require.NoError(t, h.drain(t, m))
	require.Equal(t, h.ids, h.e.got)
}

func TestMisbehaving(t *testing.T) {
	status := func(code int, kv ...string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			for i := 0; i < len(kv); i += 2 {
				w.Header().Set(kv[i], kv[i+1])
			}
			w.WriteHeader(code)
		}
	}
	for name, c := range map[string]struct {
		fail  func(http.ResponseWriter)
		pause time.Duration
		grund string
		park  bool
	}{
		"500":             {status(500), 10 * time.Second, "status 500", false},
		"redirect":        {status(307, "Location", "/else"), 10 * time.Second, "status 307", false},
		"429 seconds":     {status(429, "Retry-After", "120"), 2 * time.Minute, "status 429", false},
		"503 for a year":  {status(503, "Retry-After", "31536000"), 24 * time.Hour, "status 503", false},
		"Retry-After bad": {status(503, "Retry-After", "soon"), 10 * time.Second, "status 503", false},
		"gone":            {status(410), 10 * time.Second, "status 410", true},
		"format":          {status(415), 10 * time.Second, "status 415", true},
		"cut":             {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 10 * time.Second, "no answer", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := neu(t, 1)
			m := h.melder(t)
			h.e.fail = c.fail
			require.Error(t, h.drain(t, m))
			s := h.stand(t, m)
			require.Equal(t, c.grund, s.Grund)
			require.Equal(t, c.park, s.Geparkt)
			require.Equal(t, h.now.Add(c.pause), s.Naechster)
			require.Empty(t, h.e.got)
			h.e.fail = nil
			require.NoError(t, h.drain(t, m))
			require.Empty(t, h.e.got, "not before its time")
			if c.park {
				h.now = h.now.Add(48 * time.Hour)
				require.NoError(t, h.drain(t, m))
				require.Empty(t, h.e.got, "parked")
				require.NoError(t, m.Resume(t.Context(), "kiel", "lage", false))
			}
			h.now = h.now.Add(c.pause)
			require.NoError(t, h.drain(t, m))
			require.Equal(t, h.ids, h.e.got)
			require.Empty(t, h.stand(t, m).Grund)
		})
	}
}

func TestLostAnswerComesAgainByTheSameID(t *testing.T) {
	h := neu(t, 1)
	m := h.melder(t)
	h.e.after, h.e.fail = true, func(w http.ResponseWriter) { w.WriteHeader(500) }
	require.Error(t, h.drain(t, m))
	h.e.fail = nil
	h.now = h.now.Add(time.Minute)
	require.NoError(t, h.drain(t, m))
	require.Equal(t, h.e.tries[0], h.e.tries[1])
	require.Equal(t, append([]string{h.ids[0]}, h.ids...), h.e.got)
}

func TestParkedAfterLongFailureAndDoubledPauses(t *testing.T) {
	h := neu(t, 1)
	m := h.melder(t)
	h.e.fail = func(w http.ResponseWriter) { w.WriteHeader(500) }
	var pauses []time.Duration
	for !h.parked(t, m) {
		pauses = append(pauses, h.stand(t, m).Naechster.Sub(h.now))
		h.now = h.now.Add(pauses[len(pauses)-1])
		require.Less(t, len(pauses), 200)
	}
	require.Equal(t, []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second}, pauses[:3])
	require.Equal(t, time.Hour, pauses[len(pauses)-1])
	s := h.stand(t, m)
	require.GreaterOrEqual(t, h.now.Sub(s.Seit), 72*time.Hour)
	require.Equal(t, "status 500", s.Grund)
}

func (h *haus) parked(t *testing.T, m *Melder) bool {
	require.Error(t, h.drain(t, m))
	return h.stand(t, m).Geparkt
}

func TestHandshake(t *testing.T) {
	for origin, ok := range map[string]bool{"*": true, "fachwerk.example": true, "FACHWERK.example": true, "": false, "other.example": false} {
		h := neu(t, 1)
		h.e.origin = origin
		err := h.drain(t, h.melder(t))
		require.Equal(t, ok, err == nil, origin)
		require.Equal(t, ok, len(h.e.tries) > 0, origin)
	}
	h := neu(t, 1)
	h.e.rate = "6"
	m := h.melder(t)
	require.NoError(t, h.drain(t, m))
	require.Len(t, h.e.got, 1)
	require.Equal(t, h.now.Add(10*time.Second), h.stand(t, m).Naechster)
}

func TestPrivateAddressIsNotReached(t *testing.T) {
	h := neu(t, 1)
	h.o.Erlaubt = nil
	m := h.melder(t)
	require.Error(t, h.drain(t, m))
	require.Equal(t, errAdresse.Error(), h.stand(t, m).Grund)
	require.Zero(t, h.e.asked)

	for a, want := range map[string]bool{
		"8.8.8.8": true, "2a00:1450::1": true, "127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "::1": false,
		"::ffff:127.0.0.1": false, "::ffff:8.8.8.8": true, "fe80::1%eth0": false, "fd00::1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false,
	} {
		require.Equal(t, want, allowed(netip.MustParseAddr(a), nil), a)
	}
}

// On each backend a new process for each step begins where the last one ended.
func TestOnEachBackend(t *testing.T) {
	backends(t, func(t *testing.T, s *storage.Store) {
		h := neuAuf(t, 4, s)
		h.p.Abonnements[0].Stapel = 2
		for range 100 {
			if n, err := h.melder(t).step(t.Context(), h.p.Abonnements[0]); err != nil || n == 0 {
				require.NoError(t, err)
				break
			}
		}
		require.Equal(t, h.ids, h.e.got)
	})
}

func TestOnlyOneProcessIsAtWork(t *testing.T) {
	backends(t, testOneProcess)
}

func testOneProcess(t *testing.T, s *storage.Store) {
	h := neuAuf(t, 1, s)
	m := h.melder(t)
	_, version, err := m.lease(t.Context(), h.p.Abonnements[0])
	require.NoError(t, err)
	require.NotZero(t, version)
	require.NoError(t, h.drain(t, h.melder(t)))
	require.Empty(t, h.e.tries)
	h.now = h.now.Add(time.Hour) // the first one died
	require.NoError(t, h.drain(t, h.melder(t)))
	require.Equal(t, h.ids, h.e.got)
}

func TestUnknownCursorParksUntilResumed(t *testing.T) {
	h := neu(t, 1)
	m := h.melder(t)
	require.NoError(t, h.store.PutKonfig(t.Context(), "kiel", Art, "lage", 0, Stand{Cursor: "unknown"}))
	require.Error(t, h.drain(t, m))
	require.True(t, h.stand(t, m).Geparkt)
	require.NoError(t, m.Resume(t.Context(), "kiel", "lage", true))
	h.ids = nil
	h.insert(t, 5)
	require.NoError(t, h.drain(t, m))
	require.Equal(t, h.ids, h.e.got)
}

func TestRunEndsWithItsContext(t *testing.T) {
	h := neu(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	m := h.melder(t)
	go func() { m.Run(ctx); close(done) }()
	require.Eventually(t, func() bool { h.e.mu.Lock(); defer h.e.mu.Unlock(); return len(h.e.got) == len(h.ids) }, 10*time.Second, 5*time.Millisecond)
	cancel()
	<-done
}

func TestWrongParams(t *testing.T) {
	for name, change := range map[string]func(*Params){
		"http":     func(p *Params) { p.Abonnements[0].URL = "http://x.example" },
		"user":     func(p *Params) { p.Abonnements[0].URL = "https://a:b@x.example" },
		"no key":   func(p *Params) { p.Abonnements[0].Schluessel = nil },
		"batch":    func(p *Params) { p.Abonnements[0].Stapel = MaxStapel + 1 },
		"no name":  func(p *Params) { p.Abonnements[0].Name = "" },
		"herkunft": func(p *Params) { p.Herkunft = "" },
		"store":    func(p *Params) { p.Store = nil },
	} {
		h := neu(t, 0)
		change(&h.p)
		_, err := New(h.p, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
	h := neu(t, 0)
	h.p.Abonnements = append(h.p.Abonnements, h.p.Abonnements[0])
	_, err := New(h.p, nil)
	require.ErrorIs(t, err, fehler.ErrExists)
}

func FuzzHeaders(f *testing.F) {
	for _, s := range []string{"", "*", "120", "-1", "99999999999999999999", "Mon, 02 Mar 2026 10:00:00 GMT", " 7 "} {
		f.Add(s)
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		d := retryAfter(s, now)
		require.True(t, d >= 0 && d <= maxPause)
		n := rate(s)
		require.True(t, n >= 0 && n <= maxRate)
	})
}
