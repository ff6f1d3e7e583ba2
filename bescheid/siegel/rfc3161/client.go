// Package rfc3161 asks a time stamping authority (TSA) for time stamps after RFC 3161 over
// HTTP, and verifies each before it is used: that it answers this request, is signed by the
// key it names, and that its certificate may stamp time and leads to a root that is trusted.
//
// Only the hash leaves the house. Whether a time stamp is qualified (Art. 42 of Regulation
// (EU) 910/2014) is a matter of the service.
package rfc3161

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// maxAntwort bounds what is read of an answer.
const maxAntwort = 256 << 10

// Params of a Client; URL and Roots are mandatory.
type Params struct {
	// URL of the service, http or https. http is usual: the answer proves itself.
	URL string
	// Roots are the certificates a service is trusted by. Those of the system are not used:
	// what may sign web sites must not stamp time.
	Roots *x509.CertPool
	// Richtlinie is the policy to ask for; empty leaves it to the service. An answer under
	// another one is refused.
	Richtlinie asn1.ObjectIdentifier
}

// Options; nil means defaults.
type Options struct {
	// HTTP does the calls, such as with a client certificate or a login; default a client
	// of its own that follows no redirects.
	HTTP *http.Client
	// Timeout of a call; default 30 seconds.
	Timeout time.Duration
	// Toleranz is how far the time of a stamp may be from the clock here; default 10 minutes.
	Toleranz time.Duration
	// Now is the clock; default time.Now. Rand gives nonces; default crypto/rand.
	Now  func() time.Time
	Rand io.Reader
}

// Client implements siegel.Zeitstempel. Safe for concurrent use.
type Client struct {
	p Params
	o Options
}

// New makes a Client. A missing or odd URL, or no roots, is fehler.ErrInvalid.
func New(p Params, o *Options) (*Client, error) {
	u, err := url.Parse(p.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || p.Roots == nil {
		return nil, fehler.New("rfc3161.New", "", fehler.ErrInvalid, errors.New("an http URL and roots are needed"))
	}
	c := &Client{p: p}
	if o != nil {
		c.o = *o
	}
	if c.o.HTTP == nil {
		c.o.HTTP = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if c.o.Timeout <= 0 {
		c.o.Timeout = 30 * time.Second
	}
	if c.o.Toleranz <= 0 {
		c.o.Toleranz = 10 * time.Minute
	}
	if c.o.Now == nil {
		c.o.Now = time.Now
	}
	if c.o.Rand == nil {
		c.o.Rand = rand.Reader
	}
	return c, nil
}

// Stamp asks for one time stamp and gives its token. A service that cannot be reached, is
// not ready, does not answer in time or answers with something else than a time stamp is fehler.ErrUnavailable; one
// that refuses, or whose stamp does not hold, is fehler.ErrInvalid.
func (c *Client) Stamp(ctx context.Context, hash [sha256.Size]byte) ([]byte, error) {
	const op = "rfc3161.Stamp"
	nonce, err := rand.Int(c.o.Rand, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, fmt.Errorf("%s: no randomness for the nonce: %w", op, err)
	}
	req, err := asn1.Marshal(anfrage{Version: 1, Imprint: imprint(hash), Policy: c.p.Richtlinie, Nonce: nonce, CertReq: true})
	if err != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, err)
	}
	body, err := c.post(ctx, req)
	if err != nil {
		return nil, fehler.New(op, "", fehler.ErrUnavailable, err)
	}
	var a antwort
	if rest, err := asn1.Unmarshal(body, &a); err != nil || len(rest) > 0 {
		return nil, fehler.New(op, "", fehler.ErrUnavailable, errors.New("the answer is not one of a TSA"))
	}
	if a.Status.Status > 1 || a.Status.Status < 0 {
		return nil, fehler.New(op, "", verweigert(a.Status), fmt.Errorf("the TSA refused: status %d", a.Status.Status))
	}
	if err := c.pruefe(a.Token.FullBytes, hash, nonce); err != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, err)
	}
	return a.Token.FullBytes, nil
}

// verweigert is how an answer without a stamp counts: a service without time or with a
// failure may have it later, everything else stays refused.
func verweigert(s status) error {
	const timeNotAvailable, systemFailure = 14, 25
	if s.Fail.At(timeNotAvailable) == 1 || s.Fail.At(systemFailure) == 1 || s.Status == 3 { // 3: waiting
		return fehler.ErrUnavailable
	}
	return fehler.ErrInvalid
}

func (c *Client) post(ctx context.Context, b []byte) ([]byte, error) {
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.p.URL, bytes.NewReader(b))
	if err != nil {
		return nil, errors.New("the URL cannot be called")
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	req.Header.Set("Accept", "application/timestamp-reply")
	resp, err := c.o.HTTP.Do(req)
	if err != nil {
		if outer.Err() != nil {
			return nil, outer.Err()
		}
		return nil, errors.New("the TSA cannot be reached, or did not answer in time") // the error names the URL, which may hold a login
	}
	defer resp.Body.Close()
	if typ, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); resp.StatusCode != http.StatusOK || typ != "application/timestamp-reply" {
		return nil, fmt.Errorf("the TSA answered with status %d, or not with a time stamp", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAntwort+1))
	switch {
	case err != nil && outer.Err() != nil:
		return nil, outer.Err()
	case err != nil:
		return nil, errors.New("the answer broke off")
	case len(body) > maxAntwort:
		return nil, errors.New("the answer is too large")
	}
	return body, nil
}
