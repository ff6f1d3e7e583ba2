package adapter_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	adapter "github.com/ozg-fachwerk/fachwerk/examples/dms-adapter"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// schrank is the imaginary DMS behind a socket.
type schrank struct {
	mu       sync.Mutex
	scheine  map[string]dms.Sendeschein // by ProzessID
	abdruck  map[string]string
	neu      []dmstest.Lieferung
	antwort  []map[string]any
	erledigt map[string]bool
	n        int
	// kaputt answers 500: before it took anything, or after.
	kaputt, danach bool
}

func newSchrank() *schrank {
	return &schrank{scheine: map[string]dms.Sendeschein{}, abdruck: map[string]string{}, erledigt: map[string]bool{}}
}

func (s *schrank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, "/abgaben/")
	switch {
	case r.Header.Get("Authorization") != "Bearer geheim":
		w.WriteHeader(http.StatusForbidden)
	case s.kaputt:
		w.WriteHeader(http.StatusInternalServerError)
	case r.URL.Path == "/antworten":
		s.mu.Lock()
		defer s.mu.Unlock()
		out := []map[string]any{}
		for _, a := range s.antwort {
			if !s.erledigt[a["Kennung"].(string)] {
				out = append(out, a)
			}
		}
		_ = json.NewEncoder(w).Encode(out)
	case r.Method == http.MethodDelete:
		s.ack(w, strings.TrimPrefix(r.URL.Path, "/antworten/"))
	case r.Method == http.MethodGet:
		s.schein(w, id, r.Header.Get("Abdruck"))
	case r.Method == http.MethodPut:
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return // broken off: nothing is kept
		}
		s.nimm(w, r, id, b)
	}
}

func (s *schrank) schein(w http.ResponseWriter, id, abdruck string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.scheine[id]
	switch {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case s.abdruck[id] != abdruck:
		w.WriteHeader(http.StatusConflict)
	default:
		x.Wiederholt = true
		_ = json.NewEncoder(w).Encode(x)
	}
}

func (s *schrank) nimm(w http.ResponseWriter, r *http.Request, id string, b []byte) {
	k := xdomea.New(xdomea.V310(), nil)
	c, err := k.ReadContainer(r.Context(), bytes.NewReader(b), int64(len(b)))
	if err == nil {
		err = c.Hash(r.Context())
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	if _, da := s.scheine[id]; da {
		s.mu.Unlock()
		s.schein(w, id, r.Header.Get("Abdruck"))
		return
	}
	sum := sha512.Sum512(b)
	x := dms.Sendeschein{ProzessID: c.Paket.ProzessID, Ziel: "aktenschrank", Zeit: time.Now().UTC(), Name: r.Header.Get("Name"), Groesse: int64(len(b)), SHA512: hex.EncodeToString(sum[:])}
	s.scheine[id], s.abdruck[id] = x, r.Header.Get("Abdruck")
	s.neu = append(s.neu, dmstest.Lieferung{Name: x.Name, ProzessID: id, SHA512: x.SHA512, Paket: &c.Paket})
	s.mu.Unlock()
	if s.danach {
		panic(http.ErrAbortHandler)
	}
	_ = json.NewEncoder(w).Encode(x)
}

func (s *schrank) ack(w http.ResponseWriter, kennung string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.antwort {
		if a["Kennung"] == kennung {
			s.erledigt[kennung] = true
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func (s *schrank) put(a any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	s.antwort = append(s.antwort, map[string]any{"Kennung": fmt.Sprintf("a%06d", s.n), "Antwort": a})
	return nil
}

// The adapter keeps the whole contract, answers and restarts included.
func TestContract(t *testing.T) {
	dmstest.Run(t, dmstest.Options{New: func() (*dmstest.Stand, error) {
		s := newSchrank()
		server := httptest.NewServer(s)
		open := func() (dms.Ziel, error) {
			return adapter.New(server.URL, "geheim", xdomea.New(xdomea.V310(), nil), server.Client()), nil
		}
		z, err := open()
		return &dmstest.Stand{
			Ziel: z, Reopen: open, Close: func() error { server.Close(); return nil },
			Received: func(context.Context) ([]dmstest.Lieferung, error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				return append([]dmstest.Lieferung(nil), s.neu...), nil
			},
			Answer:  func(a dms.Antwort) error { a.Kennung = ""; return s.put(a) },
			Garbage: func() error { return s.put("kein Ergebnis") },
		}, err
	}})
}

// What the DMS does wrong: nothing is lost, nothing is sent twice.
func TestMisbehaviour(t *testing.T) {
	s := newSchrank()
	server := httptest.NewServer(s)
	defer server.Close()
	z := adapter.New(server.URL, "geheim", xdomea.New(xdomea.V310(), nil), server.Client())
	p := dmstest.Reich("fehler")
	s.kaputt = true
	_, err := z.Send(t.Context(), p)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	s.kaputt, s.danach = false, true
	_, err = z.Send(t.Context(), p)
	require.ErrorIs(t, err, fehler.ErrUnavailable, "the answer got lost")
	s.danach = false
	schein, err := z.Send(t.Context(), p)
	require.NoError(t, err)
	require.True(t, schein.Wiederholt)
	require.Len(t, s.neu, 1)
	_, err = adapter.New(server.URL, "falsch", xdomea.New(xdomea.V310(), nil), nil).Send(t.Context(), p)
	require.ErrorIs(t, err, fehler.ErrForbidden)
	server.Close()
	_, err = z.Send(t.Context(), dmstest.Reich("weg"))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.False(t, errors.Is(err, fehler.ErrInvalid))
}

// A vendor reads it in one go.
func TestIsShort(t *testing.T) {
	b, err := os.ReadFile("adapter.go")
	require.NoError(t, err)
	require.Less(t, bytes.Count(b, []byte("\n")), 150)
}
