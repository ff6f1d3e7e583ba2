package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
)

// The program as it is started: it fills itself, serves, and stops when told. On
// PostgreSQL as well as on SQLite, and a second time with what is there.
func TestRun(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { laufe(t, datenbank{}) })
	t.Run("postgres", func(t *testing.T) {
		db := pgtest.New(t)
		laufe(t, datenbank{App: db.AppDSN, Relay: db.RelayDSN, Owner: db.OwnerDSN})
	})
}

func laufe(t *testing.T, db datenbank) {
	t.Helper()
	dir := t.TempDir()
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		r, w := io.Pipe()
		ende := make(chan error, 1)
		go func() {
			err := run(ctx, "127.0.0.1:0", db, dir, w)
			ende <- err
			w.CloseWithError(err)
		}()
		zeile, err := bufio.NewReader(r).ReadString('\n')
		require.NoError(t, err)
		go func() { _, _ = io.Copy(io.Discard, r) }()
		base := strings.TrimSpace(strings.TrimPrefix(zeile, "Das Rathaus ist offen: "))
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		c := &http.Client{Jar: jar}
		_, err = c.PostForm(base+"/anmelden", url.Values{"nutzer": {"deniz"}})
		require.NoError(t, err)
		for weg, text := range map[string]string{"/vorgaenge?sicht=alle": "MS-2", "/fristen": "Fristen", "/klaerfach": "Neu prüfen", "/verwaltung/regeln": "Bewohnerparkausweis"} {
			a, err := c.Get(base + weg)
			require.NoError(t, err)
			b, err := io.ReadAll(a.Body)
			require.NoError(t, err)
			require.NoError(t, a.Body.Close())
			require.Equal(t, http.StatusOK, a.StatusCode, weg)
			require.Contains(t, string(b), text, weg)
		}
		for _, k := range jar.Cookies(mustURL(t, base)) {
			require.Equal(t, "sitzung", k.Name)
		}
		cancel()
		require.NoError(t, <-ende)
	}
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	require.NoError(t, err)
	return u
}
