package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/verfahren"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/web"
	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

func TestMain(m *testing.M) { testenv.Main(m, pgtest.Stop) }

// pruefhaus is a house to test, reachable over a socket.
type pruefhaus struct {
	*haus
	a   *verfahren.Katalog
	url string
	// bewilligung is the template of a grant for the first Vorgang.
	bewilligung string
	vor         *atomic.Int64 // how far the clock is ahead
}

// springe lets time pass.
func (h *pruefhaus) springe(d time.Duration) { h.vor.Add(int64(d)) }

// newHaus builds a house with the sample submissions in a folder of the test.
func newHaus(t testing.TB, sitzung web.Options) *pruefhaus {
	t.Helper()
	a, err := verfahren.Load()
	require.NoError(t, err)
	var h *haus
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.handler.ServeHTTP(w, r) }))
	dir := t.TempDir()
	var vor atomic.Int64
	h, err = build(context.Background(), a, hausParams{Dir: dir, URL: s.URL, Now: func() time.Time { return time.Now().Add(time.Duration(vor.Load())) }, Sitzung: sitzung, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})), Store: func(ctx context.Context, o *storage.Options) (*storage.Store, error) {
		b, err := sqlite.OpenBackend(ctx, filepath.Join(dir, "fachwerk.db"), &sqlite.Options{Synchronous: "NORMAL"})
		if err != nil {
			return nil, err
		}
		return storage.New(zaehler{b}, o), nil
	}})
	require.NoError(t, err)
	t.Cleanup(func() {
		h.amt.Close()
		s.CloseClientConnections()
		s.Close()
		require.NoError(t, h.Close())
	})
	require.NoError(t, h.fuelle(t.Context(), a))
	return &pruefhaus{h, a, s.URL, "baumfaellung-bewilligung", &vor}
}

// vorgaenge of a Mandant, the oldest first.
func (h *pruefhaus) vorgaenge(t testing.TB, m tenant.ID) (ids []uuid.UUID) {
	t.Helper()
	for z, err := range h.store.List(t.Context(), m, storage.PageParams{}) {
		require.NoError(t, err)
		ids = append(ids, z.ID)
	}
	return ids
}

// mit gives the first demo user of the Mandant with the role.
func (h *pruefhaus) mit(t testing.TB, m tenant.ID, r tenant.Rolle) verfahren.Nutzer {
	t.Helper()
	for _, n := range h.a.Nutzer {
		if n.Akteur.Mandant == m && n.Akteur.Hat(r) {
			return n
		}
	}
	t.Fatalf("nobody at %s is %s", m, r)
	return verfahren.Nutzer{}
}

// anmelden gives a session of the person: its cookie and the token of its forms.
func (h *pruefhaus) anmelden(a tenant.Akteur) (*http.Cookie, string) {
	w := httptest.NewRecorder()
	s := h.amt.Sitzungen().Begin(w, httptest.NewRequest(http.MethodGet, "/", nil), a)
	return w.Result().Cookies()[0], s.CSRF
}

// gib sends a form or asks for a page, as the person or as nobody.
func (h *pruefhaus) gib(method, path string, a *tenant.Akteur, form url.Values) *httptest.ResponseRecorder {
	if form == nil {
		form = url.Values{}
	}
	r := httptest.NewRequest(method, h.url+path, nil)
	if a != nil {
		keks, csrf := h.anmelden(*a)
		if !form.Has("csrf") {
			form.Set("csrf", csrf)
		}
		if method == http.MethodPost {
			r = httptest.NewRequest(method, h.url+path, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		r.AddCookie(keks)
	}
	w := httptest.NewRecorder()
	ctx, cancel := context.WithTimeout(r.Context(), 300*time.Millisecond) // ends streams
	defer cancel()
	if !strings.HasSuffix(path, "/strom") {
		ctx = r.Context()
	}
	h.handler.ServeHTTP(w, r.WithContext(ctx))
	return w
}

// await waits until it holds.
func await(t *testing.T, was string, f func() bool) {
	t.Helper()
	for ende := time.Now().Add(geduld); time.Now().Before(ende); {
		if f() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("waited in vain: " + was)
}

// zaehler counts the statements of calls whose context asks for it.
type zaehler struct{ *sqlite.Backend }

type zaehlerSchluessel struct{}

func (z zaehler) Update(ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error {
	return z.Backend.Update(ctx, m, zaehle(f))
}

func (z zaehler) View(ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error {
	return timed(ctx, func() error { return z.Backend.View(ctx, m, zaehle(f)) })
}

func (z zaehler) Lies(ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error {
	return timed(ctx, func() error { return z.Backend.Lies(ctx, m, zaehle(f)) })
}

func (z zaehler) Beteiligungen(ctx context.Context, gast tenant.ID, p driver.BeteiligungenParams) ([]driver.BeteiligungRow, error) {
	eins(ctx)
	return z.Backend.Beteiligungen(ctx, gast, p)
}

func eins(ctx context.Context) {
	if n, ok := ctx.Value(zaehlerSchluessel{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}

func zaehle(f func(context.Context, driver.Tx) error) func(context.Context, driver.Tx) error {
	return func(ctx context.Context, tx driver.Tx) error { return f(ctx, zaehlTx{tx}) }
}

// zaehlTx counts what reads; each of these is one statement.
type zaehlTx struct{ driver.Tx }

func (z zaehlTx) GetVorgang(ctx context.Context, p driver.GetVorgangParams) (driver.VorgangRow, error) {
	eins(ctx)
	return z.Tx.GetVorgang(ctx, p)
}

func (z zaehlTx) ListVorgaenge(ctx context.Context, p driver.ListVorgaengeParams) ([]driver.VorgangRow, error) {
	eins(ctx)
	return z.Tx.ListVorgaenge(ctx, p)
}

func (z zaehlTx) CountVorgaenge(ctx context.Context, p driver.CountVorgaengeParams) (int64, error) {
	eins(ctx)
	return z.Tx.CountVorgaenge(ctx, p)
}

func (z zaehlTx) SearchVorgaenge(ctx context.Context, p driver.SearchVorgaengeParams) ([]driver.TrefferRow, error) {
	eins(ctx)
	return z.Tx.SearchVorgaenge(ctx, p)
}

func (z zaehlTx) ListJournal(ctx context.Context, p driver.ListJournalParams) ([]driver.JournalRow, error) {
	eins(ctx)
	return z.Tx.ListJournal(ctx, p)
}

func (z zaehlTx) ListAuftraege(ctx context.Context, p driver.ListAuftraegeParams) ([]driver.AuftragRow, error) {
	eins(ctx)
	return z.Tx.ListAuftraege(ctx, p)
}

func (z zaehlTx) ListEingaenge(ctx context.Context, p driver.ListEingaengeParams) ([]driver.EingangRow, error) {
	eins(ctx)
	return z.Tx.ListEingaenge(ctx, p)
}

func (z zaehlTx) GetEingang(ctx context.Context, p driver.GetEingangParams) (driver.EingangRow, error) {
	eins(ctx)
	return z.Tx.GetEingang(ctx, p)
}

func (z zaehlTx) GetKonfig(ctx context.Context, p driver.GetKonfigParams) (driver.KonfigRow, error) {
	eins(ctx)
	return z.Tx.GetKonfig(ctx, p)
}

func (z zaehlTx) ListKonfig(ctx context.Context, p driver.ListKonfigParams) ([]driver.KonfigRow, error) {
	eins(ctx)
	return z.Tx.ListKonfig(ctx, p)
}

func (z zaehlTx) ListAufbewahrung(ctx context.Context, p driver.ListAufbewahrungParams) ([]driver.AufbewahrungRow, error) {
	eins(ctx)
	return z.Tx.ListAufbewahrung(ctx, p)
}
