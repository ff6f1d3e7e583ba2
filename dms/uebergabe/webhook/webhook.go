// Package webhook hands over by HTTPS: one POST with a CloudEvent in its JSON form,
// signed by the scheme of Standard Webhooks (dms/uebergabe/signatur), with links to the
// files (dms/uebergabe/links).
//
// Repeats carry the same webhook-id and event id with a new timestamp and new links; the
// extension "pruefsumme" is the same. The receiver answers 2xx when it has the event
// durably, also for a repeat; 409 if the id is known with another pruefsumme.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/links"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Params of a Ziel; all are mandatory.
type Params struct {
	// Name of the target, see uebergabe.Ziel.
	Name string
	// URL takes the POST; https, unless Options.WithoutTLS.
	URL string
	// Quelle is the URI that names this installation in events.
	Quelle string
	// Schluessel sign; several during a rollover.
	Schluessel []signatur.Schluessel
	Links      *links.Links
}

// Options; nil means defaults.
type Options struct {
	Now func() time.Time
	// Transport carries the requests, with its trust and client certificates; nil is
	// that of net/http. Its dialer decides which addresses may be reached.
	Transport http.RoundTripper
	// Timeout of one try; default 30 seconds.
	Timeout time.Duration
	// WithoutTLS allows http, for tests and closed networks.
	WithoutTLS bool
}

const (
	maxAntwort  = 64 << 10 // bytes of an answer that are read
	maxRedirect = 3
	maxDetail   = 500 // bytes of a refusal that are kept
)

// Ziel is a Fachverfahren behind a webhook. Safe for concurrent use.
type Ziel struct {
	p      Params
	now    func() time.Time
	client *http.Client
}

var _ uebergabe.Ziel = (*Ziel)(nil)

// New makes a Ziel. Wrong params are fehler.ErrInvalid.
func New(p Params, o *Options) (*Ziel, error) {
	if o == nil {
		o = &Options{}
	}
	z := &Ziel{p: p, now: o.Now}
	if z.now == nil {
		z.now = time.Now
	}
	u, err := url.Parse(p.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !o.WithoutTLS) {
		return nil, fehler.New("webhook.New", p.Name, fehler.ErrInvalid, errors.New("URL is https, with a host and no user"))
	}
	if p.Name == "" || p.Quelle == "" || len(p.Schluessel) == 0 || p.Links == nil {
		return nil, fehler.New("webhook.New", p.Name, fehler.ErrInvalid, errors.New("params Name, Quelle, Schluessel and Links are mandatory"))
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	z.client = &http.Client{Timeout: timeout, Transport: o.Transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		// What is signed for one host is not carried to another, nor down to http, and
		// a redirect that turns the POST into a GET would say "taken" about nothing.
		if len(via) > maxRedirect || r.URL.Host != u.Host || r.URL.Scheme != u.Scheme || r.Method != http.MethodPost {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return z, nil
}

// Name implements uebergabe.Ziel.
func (z *Ziel) Name() string { return z.p.Name }

// Uebergeben implements uebergabe.Ziel. Files are not read: the receiver verifies what
// it fetches by their SHA-512.
func (z *Ziel) Uebergeben(ctx context.Context, s *uebergabe.Sendung) (uebergabe.Quittung, error) {
	q, err := z.uebergeben(ctx, s)
	if err != nil && ctx.Err() != nil {
		return uebergabe.Quittung{}, ctx.Err()
	}
	return q, err
}

func (z *Ziel) uebergeben(ctx context.Context, s *uebergabe.Sendung) (uebergabe.Quittung, error) {
	fail := func(art, err error) (uebergabe.Quittung, error) {
		return uebergabe.Quittung{}, fehler.New("webhook.Uebergeben", s.ID.String(), art, err)
	}
	if err := s.Check(); err != nil {
		return fail(fehler.ErrInvalid, err)
	}
	body, err := s.Ereignis(z.p.Quelle, func(d uebergabe.Datei) (string, error) { return z.p.Links.URL(s.Mandant, d), nil }, "")
	if err != nil {
		return uebergabe.Quittung{}, err
	}
	now := z.now()
	u, err := signatur.Sign(s.ID.String(), now, body, z.p.Schluessel...)
	if err != nil {
		return uebergabe.Quittung{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, z.p.URL, bytes.NewReader(body))
	if err != nil {
		return fail(fehler.ErrInvalid, err)
	}
	req.Header.Set("Content-Type", uebergabe.MIME+"; charset=utf-8")
	req.Header.Set("Accept", "application/json, application/problem+json")
	u.Set(req.Header)
	res, err := z.client.Do(req)
	if err != nil {
		// The text may hold the URL, and a time-out of ours is no context error of the caller.
		return fail(fehler.ErrUnavailable, errors.New("no answer"))
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAntwort+1))
	switch {
	case err != nil:
		return fail(fehler.ErrUnavailable, errors.New("the answer broke off"))
	case res.StatusCode >= 200 && res.StatusCode < 300:
		q := uebergabe.Quittung{Sendung: s.ID, Ziel: z.p.Name, Zeit: now.UTC()}
		var a struct {
			Kennung    string `json:"kennung"`
			Wiederholt bool   `json:"wiederholt"`
		}
		if len(answer) <= maxAntwort && isJSON(res) && json.Unmarshal(answer, &a) == nil && len(a.Kennung) <= 200 {
			q.Kennung, q.Wiederholt = a.Kennung, a.Wiederholt
		}
		return q, nil
	}
	status := fmt.Errorf("status %d", res.StatusCode)
	switch res.StatusCode {
	case http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return fail(fehler.ErrInvalid, errors.Join(status, &uebergabe.Ablehnung{Status: res.StatusCode, Detail: detail(res, answer)}))
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return fail(fehler.ErrForbidden, status)
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		return fail(fehler.ErrForbidden, errors.New("redirects elsewhere"))
	}
	return fail(fehler.ErrUnavailable, &spaeter{status, retryAfter(res.Header.Get("Retry-After"), z.now())})
}

func isJSON(res *http.Response) bool {
	typ, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return err == nil && (typ == "application/json" || strings.HasSuffix(typ, "+json"))
}

// detail takes the sentence for people out of problem+json.
func detail(res *http.Response, b []byte) string {
	var p struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	if len(b) > maxAntwort || !isJSON(res) || json.Unmarshal(b, &p) != nil {
		return ""
	}
	d := p.Detail
	if d == "" {
		d = p.Title
	}
	d = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, d)
	return strings.ToValidUTF8(d[:min(len(d), maxDetail)], "")
}

// spaeter names the pause the receiver asked for.
type spaeter struct {
	err error
	d   time.Duration
}

func (s *spaeter) Error() string             { return s.err.Error() }
func (s *spaeter) RetryAfter() time.Duration { return s.d }

// retryAfter reads both forms of the header, at most a day; 0 if there is none.
func retryAfter(h string, now time.Time) time.Duration {
	var d time.Duration
	if sec, err := strconv.ParseInt(h, 10, 32); err == nil {
		d = time.Duration(sec) * time.Second
	} else if t, err := http.ParseTime(h); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), 24*time.Hour)
}
