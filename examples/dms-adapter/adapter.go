// Package adapter connects an imaginary DMS, the "Aktenschrank 3000", as a vendor would do it: its
// HTTP interface takes a container of xdomea under the id of the process, and keeps answers
// until they are acknowledged. What dms/dmstest demands beside that is what this file shows.
package adapter

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Schrank is a target. Safe for concurrent use.
type Schrank struct {
	base     string
	token    string
	kodierer dms.Kodierer
	http     *http.Client
}

// New makes a target at the address of the DMS. client nil means http.DefaultClient; give one with a timeout.
func New(base, token string, k dms.Kodierer, client *http.Client) *Schrank {
	if client == nil {
		client = http.DefaultClient
	}
	return &Schrank{base: strings.TrimSuffix(base, "/"), token: token, kodierer: k, http: client}
}

// Name implements dms.Ziel.
func (*Schrank) Name() string { return "aktenschrank" }

// Send implements dms.Ziel. The DMS knows a process again by its id and tells another content by the
// fingerprint, so this side needs no memory; it takes a container whole or not at all.
func (s *Schrank) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	schein, err := s.send(ctx, p)
	if err != nil {
		return dms.Sendeschein{}, fehler.New("aktenschrank.Send", p.ProzessID, nil, err)
	}
	return schein, nil
}

func (s *Schrank) send(ctx context.Context, p *dms.Paket) (schein dms.Sendeschein, err error) {
	if pr := p.Check(); pr != nil {
		return schein, pr
	}
	name, err := s.kodierer.ContainerName(p)
	abdruck, err2 := p.Fingerprint()
	if err = errors.Join(err, err2); err != nil {
		return schein, err
	}
	pfad := "/abgaben/" + strings.ToLower(p.ProzessID)
	kopf := map[string]string{"Abdruck": abdruck, "Name": name}
	err = s.call(ctx, http.MethodGet, pfad, kopf, nil, &schein) // there already?
	if schein.Wiederholt = err == nil; err == nil || !errors.Is(err, fehler.ErrNotFound) {
		return schein, err
	}
	// The container is written while it is sent; a fault on the way breaks the request off.
	r, w := io.Pipe()
	done := make(chan error, 1)
	summe := sha512.New()
	go func() {
		err := s.kodierer.Encode(ctx, io.MultiWriter(w, summe), p)
		done <- err
		w.CloseWithError(err)
	}()
	err = s.call(ctx, http.MethodPut, pfad, kopf, r, &schein)
	r.CloseWithError(io.ErrClosedPipe)
	if encErr := <-done; encErr != nil && !errors.Is(encErr, io.ErrClosedPipe) {
		return schein, encErr // the cause, not what it did to the request
	}
	if err == nil && !schein.Wiederholt && schein.SHA512 != hex.EncodeToString(summe.Sum(nil)) {
		err = fmt.Errorf("%w: the DMS got other bytes", fehler.ErrUnavailable)
	}
	return schein, err
}

// Answers implements dms.Rueckmelder.
func (s *Schrank) Answers(ctx context.Context) iter.Seq2[dms.Antwort, error] {
	return func(yield func(dms.Antwort, error) bool) {
		var list []struct {
			Kennung string
			Antwort json.RawMessage
		}
		if err := s.call(ctx, http.MethodGet, "/antworten", nil, nil, &list); err != nil {
			yield(dms.Antwort{}, err)
			return
		}
		for _, x := range list {
			var a dms.Antwort
			err := json.Unmarshal(x.Antwort, &a)
			if err != nil || a.ProzessID == "" {
				a, err = dms.Antwort{}, fmt.Errorf("aktenschrank: %w: an answer cannot be read", fehler.ErrInvalid)
			}
			if a.Kennung = x.Kennung; ctx.Err() != nil {
				a, err = dms.Antwort{}, ctx.Err()
			}
			if !yield(a, err) || ctx.Err() != nil {
				return
			}
		}
	}
}

// Ack implements dms.Rueckmelder.
func (s *Schrank) Ack(ctx context.Context, kennung string) error {
	return s.call(ctx, http.MethodDelete, "/antworten/"+url.PathEscape(kennung), nil, nil, nil)
}

// call makes one request and gives failures their kind.
func (s *Schrank) call(ctx context.Context, methode, pfad string, kopf map[string]string, body io.Reader, into any) error {
	req, err := http.NewRequestWithContext(ctx, methode, s.base+pfad, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	for k, v := range kopf {
		req.Header.Set(k, v)
	}
	res, err := s.http.Do(req)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	defer res.Body.Close()
	kind := map[int]error{400: fehler.ErrInvalid, 403: fehler.ErrForbidden, 404: fehler.ErrNotFound, 409: fehler.ErrConflict}[res.StatusCode]
	switch {
	case kind != nil:
		return fmt.Errorf("%w: the DMS answered %d", kind, res.StatusCode)
	case res.StatusCode/100 != 2:
		return fmt.Errorf("%w: the DMS answered %d", fehler.ErrUnavailable, res.StatusCode)
	case into == nil:
		return nil
	}
	return json.NewDecoder(io.LimitReader(res.Body, 16<<20)).Decode(into)
}
