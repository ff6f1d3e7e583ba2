package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/verfahren"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/web"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// stoppuhr is the time a request spends in the storage port.
type stoppuhr struct{ ns atomic.Int64 }

type stoppuhrSchluessel struct{}

// timed measures a transaction from outside the database to outside the database.
func timed(ctx context.Context, f func() error) error {
	u, ok := ctx.Value(stoppuhrSchluessel{}).(*stoppuhr)
	if !ok {
		return f()
	}
	von := time.Now()
	defer func() { u.ns.Add(int64(time.Since(von))) }()
	return f()
}

var _ driver.Backend = zaehler{}

// BenchmarkPages: the pages of a clerk on SQLite with some hundred Vorgaenge; "sql-%" is
// the share of the time spent in the storage port, the reading of what is stored included.
func BenchmarkPages(b *testing.B) {
	h := newHaus(b, web.Options{})
	require.NoError(b, h.a.Seed(b.Context(), verfahren.SeedParams{Store: h.store, Annahme: h.betrieb.Annahme, Entwerfer: h.entwerfer, Now: h.now, Anzahl: 300}))
	m := h.a.Mandanten[0].ID
	keks, _ := h.anmelden(h.mit(b, m, tenant.Leitung).Akteur)
	v := "/vorgang/" + h.vorgaenge(b, m)[0].String()
	for _, weg := range []string{"/vorgaenge", "/vorgaenge?sicht=alle", "/vorgaenge?q=must", "/fristen", v, v + "/nachrichten", v + "/bescheid", v + "/verlauf"} {
		name := weg
		if len(weg) > len(v) && weg[:len(v)] == v {
			name = "/vorgang/{id}" + weg[len(v):]
		} else if weg == v {
			name = "/vorgang/{id}"
		}
		b.Run(name, func(b *testing.B) {
			var u stoppuhr
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, h.url+weg, nil)
				r.AddCookie(keks)
				w := httptest.NewRecorder()
				h.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), stoppuhrSchluessel{}, &u)))
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
			b.ReportMetric(100*float64(u.ns.Load())/float64(b.Elapsed()), "sql-%")
		})
	}
}
