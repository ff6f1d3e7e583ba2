package signatur_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// The value was computed with openssl dgst -sha256 -mac HMAC over "msg_1.1700000000.{}".
func TestKnownValue(t *testing.T) {
	t.Parallel()
	k, err := signatur.ParseSchluessel("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	require.NoError(t, err)
	u, err := signatur.Sign("msg_1", time.Unix(1700000000, 999), []byte("{}"), k)
	require.NoError(t, err)
	require.Equal(t, bekannt, u.Signatur)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", k, k, k, k), "0123", "a key is never shown")
}

const bekannt = "v1,f/Y+daDmym1RFEncjwfCErhuxrwhXfMCa22UPngBea0="

func TestVerify(t *testing.T) {
	t.Parallel()
	key := func(n byte) signatur.Schluessel {
		k, err := signatur.NewSchluessel(bytes.Repeat([]byte{n}, 32))
		require.NoError(t, err)
		return k
	}
	now := time.Unix(1_700_000_000, 0)
	p := signatur.Pruefer{Schluessel: []signatur.Schluessel{key(1)}, Now: func() time.Time { return now }}
	body := []byte(`{"a":"ä"}`)
	sign := func(at time.Time, keys ...signatur.Schluessel) signatur.Umschlag {
		u, err := signatur.Sign("e-1", at, body, keys...)
		require.NoError(t, err)
		h := http.Header{}
		u.Set(h)
		back, err := signatur.FromHeader(h)
		require.NoError(t, err)
		require.Equal(t, u, back)
		return u
	}
	require.NoError(t, p.Verify(sign(now, key(1)), body))
	require.NoError(t, p.Verify(sign(now, key(2), key(1)), body), "rollover of the sender")
	both := p
	both.Schluessel = []signatur.Schluessel{key(2), key(1)}
	require.NoError(t, both.Verify(sign(now, key(1)), body), "rollover of the receiver")

	refuse := func(name string, p signatur.Pruefer, u signatur.Umschlag, b []byte) {
		require.ErrorIs(t, p.Verify(u, b), fehler.ErrForbidden, name)
	}
	refuse("another key", p, sign(now, key(2)), body)
	refuse("other bytes", p, sign(now, key(1)), append(body, ' '))
	refuse("too old", p, sign(now.Add(-signatur.Toleranz-time.Second), key(1)), body)
	refuse("from the future", p, sign(now.Add(signatur.Toleranz+time.Second), key(1)), body)
	require.NoError(t, p.Verify(sign(now.Add(-signatur.Toleranz), key(1)), body))
	u := sign(now, key(1))
	u.ID = "e-2"
	refuse("another id", p, u, body)
	u = sign(now, key(1))
	u.Zeit = u.Zeit.Add(time.Second)
	refuse("another time", p, u, body)
	u = sign(now, key(1))
	u.Signatur = strings.Replace(u.Signatur, "v1,", "v0,", 1)
	refuse("another version", p, u, body)
	u.Signatur = ""
	refuse("no signature", p, u, body)
	u.Signatur = strings.Repeat("v1,x ", 20) + sign(now, key(1)).Signatur
	refuse("a flood of signatures", p, u, body)
	refuse("no keys", signatur.Pruefer{Now: p.Now}, sign(now, key(1)), body)
	refuse("an empty key lets nobody in", signatur.Pruefer{Now: p.Now, Schluessel: make([]signatur.Schluessel, 1)}, sign(now, key(1)), body)
	waits := p
	waits.Toleranz = -1
	require.NoError(t, waits.Verify(sign(now.AddDate(-1, 0, 0), key(1)), body))

	// A recorded message is not played again; a repeat signed anew passes.
	f := p
	f.Fenster = &signatur.Fenster{Max: 2}
	require.NoError(t, f.Verify(sign(now, key(1)), body))
	require.ErrorIs(t, f.Verify(sign(now, key(1)), body), fehler.ErrExists)
	require.NoError(t, f.Verify(sign(now.Add(time.Second), key(1)), body))
	require.ErrorIs(t, f.Verify(sign(now.Add(2*time.Second), key(1)), body), fehler.ErrExists, "full: refuses rather than forgets")
	now = now.Add(time.Hour)
	require.NoError(t, f.Verify(sign(now, key(1)), body), "the old ones expired")

	for _, id := range []string{"", "a.b", "a b", "a\n", strings.Repeat("a", 201)} {
		_, err := signatur.Sign(id, now, nil, key(1))
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	_, err := signatur.Sign("a", now, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	for _, n := range []int{0, 23, 65} {
		_, err := signatur.NewSchluessel(make([]byte, n))
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	_, err = signatur.ParseSchluessel("whsec_%")
	require.ErrorIs(t, err, fehler.ErrInvalid)
	for _, change := range []func(http.Header){
		func(h http.Header) { h.Del(signatur.HeaderID) }, func(h http.Header) { h.Add(signatur.HeaderSignatur, "x") },
		func(h http.Header) { h.Set(signatur.HeaderZeit, "gestern") }, func(h http.Header) { h.Set(signatur.HeaderZeit, "-1") },
	} {
		h := http.Header{}
		sign(now, key(1)).Set(h)
		change(h)
		_, err := signatur.FromHeader(h)
		require.ErrorIs(t, err, fehler.ErrForbidden)
	}
}
