package xbezahldienste

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// OAuth is an [Authorizer] by OAuth 2.0 client credentials (RFC 6749, 4.4). Its fields
// are set before the first use. A token is used until 30 s before it ends.
type OAuth struct {
	// TokenURL is where tokens come from, https; http only to a loopback address.
	TokenURL string
	// ClientID and ClientSecret go by HTTP Basic.
	ClientID, ClientSecret string
	// Scope may be empty; GiroCheckout wants "post".
	Scope string
	// HTTP makes the call; nil is http.DefaultClient without redirects.
	HTTP *http.Client
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	once  sync.Once
	lock  chan struct{} // a channel, so that who waits can give up
	token string        // GUARDED_BY(lock)
	bis   time.Time     // GUARDED_BY(lock)
}

var reToken = strings.NewReplacer("\r", "", "\n", "")

// Authorize sets the token, fetching one if needed; several callers wait for one fetch,
// each as long as its own context allows.
func (o *OAuth) Authorize(ctx context.Context, r *http.Request) error {
	if err := o.nimm(ctx); err != nil {
		return err
	}
	defer o.gib()
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	if o.token == "" || !now().Before(o.bis) {
		if err := o.hole(ctx, now()); err != nil {
			return err
		}
	}
	r.Header.Set("Authorization", "Bearer "+o.token)
	return nil
}

func (o *OAuth) nimm(ctx context.Context) error {
	o.once.Do(func() { o.lock = make(chan struct{}, 1) })
	select {
	case o.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *OAuth) gib() { <-o.lock }

// Refused forgets the token, unless it was renewed since.
func (o *OAuth) Refused(r *http.Request) {
	_ = o.nimm(context.Background()) // held for one fetch at most
	defer o.gib()
	if r.Header.Get("Authorization") == "Bearer "+o.token {
		o.token = ""
	}
}

func (o *OAuth) hole(ctx context.Context, now time.Time) error {
	fail := func(art error, was string) error {
		return fehler.New("xbezahldienste.Token", "", art, errors.New(was))
	}
	if _, err := checkURL(o.TokenURL); err != nil {
		return fail(fehler.ErrInvalid, err.Error())
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if o.Scope != "" {
		form.Set("scope", o.Scope)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, o.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return fail(fehler.ErrInvalid, "request cannot be made")
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r.SetBasicAuth(url.QueryEscape(o.ClientID), url.QueryEscape(o.ClientSecret))
	h := o.HTTP
	if h == nil {
		h = http.DefaultClient
	}
	resp, err := ohneUmleitung(h).Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fail(fehler.ErrUnavailable, "the token service gave no answer")
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	switch {
	case err != nil || resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return fail(fehler.ErrUnavailable, "the token service does not work")
	case resp.StatusCode != http.StatusOK:
		return fail(fehler.ErrForbidden, "the token service refused")
	}
	var t struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if strictjson.Check(b, strictjson.Limits{Depth: 8, Values: 200}) != nil || json.Unmarshal(b, &t) != nil || t.AccessToken == "" ||
		!strings.EqualFold(t.TokenType, "bearer") || reToken.Replace(t.AccessToken) != t.AccessToken {
		return fail(fehler.ErrUnavailable, "the token service answered without a bearer token")
	}
	if t.ExpiresIn <= 0 || t.ExpiresIn > 86400 {
		t.ExpiresIn = 300 // RFC 6749 leaves it out with a default of the service
	}
	o.token, o.bis = t.AccessToken, now.Add(time.Duration(t.ExpiresIn)*time.Second-30*time.Second)
	return nil
}
