package ozgcloud_test

import (
	"context"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// A Teil that breaks off leaves nothing behind: the receiver has no end of the body.
func TestClientBrokenTeil(t *testing.T) {
	s := newStelle(t, aufbau{})
	x := antrag("t-1")
	x.Attachments[1].Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(iotest.ErrReader(errKaputt)), nil }
	_, err := s.client(nil).Send(t.Context(), x)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.ErrorIs(t, err, errKaputt)
	x.Attachments[1].Open = nil
	_, err = s.client(nil).Send(t.Context(), x)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.Empty(t, s.vorgaenge(hanau))
	_, err = s.client(nil).Send(t.Context(), antrag("t\n1"))
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

// What is tried again, and what each status becomes.
func TestClientStatus(t *testing.T) {
	for _, c := range []struct {
		status, calls int
		body          string
		want          error
	}{
		{200, 1, `{"transactionId":"t-1","vorgang":{"vorgangId":"v"}}`, nil},
		{200, 1, `{"transactionId":"t-2","vorgang":{"vorgangId":"v"}}`, fehler.ErrUnavailable},
		{200, 1, ``, fehler.ErrUnavailable},
		{302, 1, ``, fehler.ErrUnavailable},
		{400, 1, `kein JSON`, fehler.ErrInvalid},
		{401, 1, ``, fehler.ErrForbidden},
		{409, 1, ``, fehler.ErrConflict},
		{500, 1, ``, fehler.ErrUnavailable},
		{503, 3, ``, fehler.ErrUnavailable},
		{429, 3, ``, fehler.ErrUnavailable},
	} {
		var ids []string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, p, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
			part, err := multipart.NewReader(r.Body, p["boundary"]).NextPart()
			if err == nil {
				b, _ := io.ReadAll(part)
				ids = append(ids, string(b))
			}
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Location", "/anders")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		client, err := ozgcloud.NewClient(srv.URL, &ozgcloud.ClientOptions{Versuche: 3, Pause: func(int) time.Duration { return 0 }})
		require.NoError(t, err)
		_, err = client.Send(t.Context(), antrag("t-1"))
		srv.Close()
		if c.want == nil {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, c.want, c.status)
		}
		require.Len(t, ids, c.calls, c.status)
		for _, id := range ids {
			require.Equal(t, ids[0], id)
		}
	}
}

// Retry-After is waited for, but not longer than the context.
func TestClientWaits(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Retry-After", "3000")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer srv.Close()
	client, err := ozgcloud.NewClient(srv.URL, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	a, err := client.Send(ctx, antrag(""))
	require.Equal(t, context.DeadlineExceeded, err)
	require.NotEmpty(t, a.TransactionID)
}

// A file name is sent as it is, or refused: quotes and letters come through.
func TestFileNames(t *testing.T) {
	s := newStelle(t, aufbau{})
	x := antrag("t-9")
	x.Attachments = []intake.Teil{anlage("Größe „a“ C̆.pdf", "application/pdf", pdf), anlage("", "", pdf)}
	_, err := s.client(nil).Send(t.Context(), x)
	require.NoError(t, err)
	d := s.vorgaenge(hanau)[0].Dateien
	require.Equal(t, "Größe „a“ C̆.pdf", d[2].Name)
	res, b := s.post(gut().teil(`form-data; name="attachment"; filename="=?UTF-8?Q?Gr=C3=B6=C3=9Fe.pdf?="`, "", pdf).
		teil(`form-data; name="attachment"`, "", pdf), nil)
	require.Equal(t, 200, res.StatusCode, string(b))
	names := []string{}
	for _, v := range s.vorgaenge(hanau) {
		for _, x := range v.Dateien {
			names = append(names, x.Name)
		}
	}
	require.Contains(t, names, "Größe.pdf")
	require.Contains(t, names, "anlage-2")
}
