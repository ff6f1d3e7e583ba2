package links_test

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

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/links"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/uebergabetest"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	inhalt := bytes.Repeat([]byte("a"), 200_000)
	d := uebergabetest.Datei(uuid.New(), "ä.pdf", "application/pdf", "anlage", inhalt)
	kaputt, weg := false, error(nil)
	alt, neu := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	var l *links.Links
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.ServeHTTP(w, r) }))
	defer srv.Close()
	p := links.Params{Basis: srv.URL + "/d/", Schluessel: [][]byte{alt}, Open: func(_ context.Context, m tenant.ID, sum string, n int64) (io.ReadCloser, error) {
		if m != "kiel/süd" || sum != d.SHA512 || n != d.Groesse {
			return nil, fehler.New("x", "", fehler.ErrNotFound, nil)
		}
		b := inhalt
		if kaputt {
			b = append(bytes.Repeat([]byte("a"), len(inhalt)-1), 'b')
		}
		return io.NopCloser(bytes.NewReader(b)), weg
	}}
	o := &links.Options{Now: func() time.Time { return now }, WithoutTLS: true}
	var err error
	l, err = links.New(p, o)
	require.NoError(t, err)
	link := l.URL("kiel/süd", d)
	get := func(u string) (int, []byte, error) {
		res, err := http.Get(u)
		require.NoError(t, err)
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
		return res.StatusCode, b, err
	}
	status, b, err := get(link)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	require.Equal(t, inhalt, b)

	// A new key signs, the old link counts as long as the old key is known.
	p.Schluessel = [][]byte{neu, alt}
	l, err = links.New(p, o)
	require.NoError(t, err)
	status, _, _ = get(link)
	require.Equal(t, 200, status)

	for name, u := range map[string]string{
		"another Mandant": strings.Replace(link, "kiel", "luebeck", 1), "another hash": strings.Replace(link, d.SHA512[:4], "0000", 1),
		"longer": strings.Replace(link, "bis=1", "bis=9", 1), "another type": strings.Replace(link, "application%2Fpdf", "text%2Fhtml", 1),
		"no signature": link[:strings.Index(link, "&sig")], "a path": srv.URL + "/d/../../etc/passwd", "nothing": srv.URL + "/",
	} {
		status, b, err := get(u)
		require.NoError(t, err)
		require.Equal(t, 403, status, name)
		require.Contains(t, string(b), "Link")
	}
	res, err := http.Post(link, "", nil)
	require.NoError(t, err)
	res.Body.Close()
	require.Equal(t, 405, res.StatusCode)
	status, _, _ = get(l.URL("luebeck", d))
	require.Equal(t, 404, status, "signed, and not there")
	weg = errors.New("disk")
	status, _, _ = get(link)
	require.Equal(t, 503, status)
	weg = nil

	// The last byte is wrong: the client must not think that it has the file.
	kaputt = true
	_, b, err = get(link)
	require.Error(t, err)
	require.Less(t, len(b), len(inhalt))
	kaputt = false

	now = now.Add(8 * 24 * time.Hour)
	status, _, _ = get(link)
	require.Equal(t, 403, status, "over its time")
	p.Schluessel = [][]byte{neu}
	now = now.Add(-8 * 24 * time.Hour)
	l, err = links.New(p, o)
	require.NoError(t, err)
	status, _, _ = get(link)
	require.Equal(t, 403, status, "the old key is gone")

	for _, q := range []links.Params{{Basis: "http://x/", Schluessel: p.Schluessel, Open: p.Open}, {Basis: "https://x", Schluessel: p.Schluessel, Open: p.Open},
		{Basis: "https://x/", Schluessel: [][]byte{{1}}, Open: p.Open}, {Basis: "https://x/", Open: p.Open}, {Basis: "https://x/", Schluessel: p.Schluessel}} {
		_, err := links.New(q, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
}
