package webdav_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dav "github.com/emersion/go-webdav"
	"github.com/stretchr/testify/require"
	xwebdav "golang.org/x/net/webdav"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/webdav"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// server serves the directory above those of a directory transfer, by one of two implementations.
func server(art, base string) http.Handler {
	if art == "emersion" {
		return &dav.Handler{FileSystem: dav.LocalFileSystem(base)}
	}
	return &xwebdav.Handler{FileSystem: xwebdav.Dir(base), LockSystem: xwebdav.NewMemLS()}
}

func optionen(s *httptest.Server, o dmstest.Ordner) webdav.Options {
	return webdav.Options{Name: "webdav", Kodierer: xdomea.New(xdomea.V310(), nil), URL: s.URL + "/" + filepath.Base(o.Ausgang),
		Eingang: "/" + filepath.Base(o.Eingang), Erledigt: "/" + filepath.Base(o.Erledigt), Belege: o.Belege, Client: s.Client(), Benutzer: "u", Passwort: "p"}
}

// Against two servers that know nothing of each other it keeps the whole contract, answers included.
func TestContract(t *testing.T) {
	for _, art := range []string{"x-net", "emersion"} {
		t.Run(art, func(t *testing.T) {
			t.Parallel()
			dmstest.Run(t, dmstest.Options{New: func() (*dmstest.Stand, error) {
				var s *httptest.Server
				var eingang string
				st, err := dmstest.NewStand(func(o dmstest.Ordner) (dms.Ziel, error) {
					if eingang = o.Eingang; s == nil {
						s = httptest.NewTLSServer(server(art, filepath.Dir(o.Ausgang)))
					}
					return webdav.New(optionen(s, o))
				})
				if err != nil {
					return nil, err
				}
				// WebDAV tells times in seconds; this receiver answers once a second.
				put, seen := st.Answer, map[string]bool{}
				st.Answer = func(a dms.Antwort) error {
					err := put(a)
					files, gerr := filepath.Glob(filepath.Join(eingang, "*"))
					for _, f := range files {
						if !seen[f] {
							seen[f] = true
							at := time.Now().Add(time.Duration(len(seen)-100) * time.Second)
							err = errors.Join(err, os.Chtimes(f, at, at))
						}
					}
					return errors.Join(err, gerr)
				}
				shut := st.Close
				st.Close = func() error { s.Close(); return shut() }
				return st, nil
			}})
		})
	}
}

// stoerer fails one method: before it did anything, or after.
type stoerer struct {
	http.Handler
	methode atomic.Value // string
	danach  bool
	status  int
	n       atomic.Int64
}

func (s *stoerer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m, _ := s.methode.Load().(string); m != r.Method {
		s.Handler.ServeHTTP(w, r)
		return
	}
	s.n.Add(1)
	if s.danach {
		s.Handler.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(s.status)
}

// A lost answer, a server that fails: after each, the next Send delivers once.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		methode string
		danach  bool
		status  int
		kind    error
	}{
		"upload fails":        {"PUT", false, 500, fehler.ErrUnavailable},
		"no room":             {"PUT", false, 507, fehler.ErrUnavailable},
		"not allowed":         {"PUT", false, 403, fehler.ErrForbidden},
		"answer to PUT lost":  {"PUT", true, 0, fehler.ErrUnavailable},
		"move fails":          {"MOVE", false, 500, fehler.ErrUnavailable},
		"answer to MOVE lost": {"MOVE", true, 0, nil}, // the hidden file is gone, so it was moved
		"cannot be asked":     {"PROPFIND", false, 503, fehler.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := &stoerer{danach: c.danach, status: c.status}
			var s *httptest.Server
			st, err := dmstest.NewStand(func(o dmstest.Ordner) (dms.Ziel, error) {
				x.Handler = server("x-net", filepath.Dir(o.Ausgang))
				s = httptest.NewTLSServer(x)
				return webdav.New(optionen(s, o))
			})
			require.NoError(t, err)
			defer func() { s.Close(); require.NoError(t, st.Close()) }()
			p := dmstest.Reich(name)
			x.methode.Store(c.methode)
			_, err = st.Ziel.Send(t.Context(), p)
			require.ErrorIs(t, err, c.kind)
			require.Positive(t, x.n.Load())
			x.methode.Store("")
			_, err = st.Ziel.Send(t.Context(), p)
			require.NoError(t, err)
			got, err := st.Received(t.Context())
			require.NoError(t, err)
			require.Len(t, got, 1)
			require.Empty(t, got[0].Probleme)
			schein, err := st.Ziel.Send(t.Context(), p)
			require.NoError(t, err)
			require.True(t, schein.Wiederholt, "although the receiver took it away")
			got, err = st.Received(t.Context())
			require.NoError(t, err)
			require.Len(t, got, 1)
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	gut := webdav.Options{Name: "x", Kodierer: xdomea.New(xdomea.V310(), nil), URL: "https://dav.example/akten/", Belege: t.TempDir()}
	for name, f := range map[string]func(*webdav.Options){
		"no name":      func(o *webdav.Options) { o.Name = "" },
		"no Kodierer":  func(o *webdav.Options) { o.Kodierer = nil },
		"half answers": func(o *webdav.Options) { o.Eingang = "/x" },
		"plain http":   func(o *webdav.Options) { o.URL = "http://dav.example/" },
		"password":     func(o *webdav.Options) { o.URL = "https://a:b@dav.example/" },
		"no address":   func(o *webdav.Options) { o.URL = "" },
	} {
		o := gut
		f(&o)
		_, err := webdav.New(o)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
	z, err := webdav.New(gut)
	require.NoError(t, err)
	defer z.Close()
	for range z.Answers(context.Background()) {
		t.Error("there are none")
	}
	require.ErrorIs(t, z.Ack(t.Context(), "x"), fehler.ErrNotFound)
	require.False(t, strings.Contains(z.Name(), " "))
}
