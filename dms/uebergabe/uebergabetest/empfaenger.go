package uebergabetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// maxEreignis bounds what the receiver reads.
const maxEreignis = uebergabe.MaxDokument + 1<<20

// Empfaenger is a Fachverfahren that takes webhooks, as docs/uebergabe.md asks of one:
// it verifies the signature, knows repeats by id and pruefsumme, and fetches the files.
// It is a http.Handler for a real socket, and can misbehave. Safe for concurrent use.
type Empfaenger struct {
	// Pruefer of the signature.
	Pruefer signatur.Pruefer
	// Client fetches files; nil is http.DefaultClient.
	Client *http.Client
	// Vergesslich takes repeats for new ones: a negative control.
	Vergesslich bool

	mu       sync.Mutex
	stoerung Stoerung
	sums     map[string]string
	got      [][]byte
}

// Stoeren lets it misbehave at the next call.
func (e *Empfaenger) Stoeren(s Stoerung) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stoerung = s
}

// ServeHTTP takes one event.
func (e *Empfaenger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	st := e.stoerung
	e.stoerung = ""
	e.mu.Unlock()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEreignis))
	if err != nil {
		antworte(w, http.StatusRequestEntityTooLarge, "zu groß")
		return
	}
	switch st {
	case NichtDa:
		w.Header().Set("Retry-After", "120")
		antworte(w, http.StatusServiceUnavailable, "Wartung")
		return
	case LehntAb:
		antworte(w, http.StatusUnprocessableEntity, "Die Leistung wird hier nicht bearbeitet.")
		return
	case Fremd:
		antworte(w, http.StatusUnauthorized, "unbekannt")
		return
	case Haengt:
		<-r.Context().Done()
		return
	}
	status, text := e.take(r, body)
	if st == AntwortVerloren {
		panic(http.ErrAbortHandler)
	}
	antworte(w, status, text)
}

func (e *Empfaenger) take(r *http.Request, body []byte) (int, string) {
	u, err := signatur.FromHeader(r.Header)
	if err == nil {
		err = e.Pruefer.Verify(u, body)
	}
	if err != nil {
		return http.StatusUnauthorized, "Signatur"
	}
	var ev event.Event
	if json.Unmarshal(body, &ev) != nil || ev.Validate() != nil || ev.ID() != u.ID || r.Header.Get("Content-Type") != uebergabe.MIME+"; charset=utf-8" {
		return http.StatusBadRequest, "kein Ereignis"
	}
	sum, _ := ev.Extensions()["pruefsumme"].(string)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sums == nil {
		e.sums = map[string]string{}
	}
	war, known := e.sums[ev.ID()]
	switch {
	case known && !e.Vergesslich && war != sum:
		return http.StatusConflict, "unter dieser Kennung kam schon anderes"
	case known && !e.Vergesslich:
		return http.StatusOK, "wiederholt"
	}
	e.sums[ev.ID()] = sum
	e.got = append(e.got, body)
	return http.StatusCreated, ""
}

func antworte(w http.ResponseWriter, status int, text string) {
	if status >= 300 {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "detail": text})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"kennung": "FV-4711", "wiederholt": text != ""})
}

// Received gives what it took, and fetches the files by their links.
func (e *Empfaenger) Received(ctx context.Context) ([]Angekommen, error) {
	e.mu.Lock()
	got := e.got
	e.mu.Unlock()
	var out []Angekommen
	for _, b := range got {
		a, err := Fetch(b, func(verweis string) (io.ReadCloser, error) { return e.fetch(ctx, verweis) })
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (e *Empfaenger) fetch(ctx context.Context, link string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return nil, err
	}
	c := e.Client
	if c == nil {
		c = http.DefaultClient
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, fmt.Errorf("the link gives status %d", res.StatusCode)
	}
	return res.Body, nil
}

// Fetch reads the files an event names, for the doubles of other ways, and verifies them.
func Fetch(ereignis []byte, open func(verweis string) (io.ReadCloser, error)) (Angekommen, error) {
	a := Angekommen{Ereignis: ereignis, Dateien: map[string][]byte{}}
	var ev event.Event
	if err := json.Unmarshal(ereignis, &ev); err != nil {
		return a, err
	}
	var s uebergabe.Sendung
	if err := json.Unmarshal(ev.Data(), &s); err != nil {
		return a, err
	}
	for _, d := range s.Dateien {
		d.Open = func(context.Context) (io.ReadCloser, error) { return open(d.Verweis) }
		r, err := d.Verified(context.Background())
		if err != nil {
			return a, err
		}
		b, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return a, fehler.New("uebergabetest.Fetch", d.ID.String(), nil, err)
		}
		a.Dateien[d.ID.String()] = b
	}
	return a, nil
}
