package betrieb_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/melder"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The installation pushes what happens to who subscribed.
func TestMelder(t *testing.T) {
	var posts atomic.Int32
	e := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WebHook-Allowed-Origin", "*")
		if r.Method == http.MethodPost {
			posts.Add(1)
		}
	}))
	t.Cleanup(e.Close)
	roots := x509.NewCertPool()
	roots.AddCert(e.Certificate())
	key, err := signatur.NewSchluessel(bytes.Repeat([]byte{1}, 32))
	require.NoError(t, err)
	h := newHaus(t)
	h.params.Melder, err = melder.New(melder.Params{Store: h.store, Quelle: "urn:test", Herkunft: "fachwerk.example", Abonnements: []melder.Abonnement{
		{Mandant: kiel, Name: "lage", URL: e.URL, Schluessel: []signatur.Schluessel{key}, VonAnfang: true},
	}}, &melder.Options{Pause: 5 * time.Millisecond, Netz: melder.Netz{
		Erlaubt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, TLS: &tls.Config{RootCAs: roots},
	}})
	require.NoError(t, err)
	h.run(t)
	v, err := vorgang.New(tenant.System("test"), time.Now(), vorgang.Params{Mandant: kiel, Nummer: "KI-1", Leistung: "99063005001000", Einheit: "gruen"}, h.store.Kontext())
	require.NoError(t, err)
	require.NoError(t, h.store.Insert(t.Context(), kiel, v))
	h.await(t, func() bool { return posts.Load() > 0 })
}
