package fitconnect

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Credentials identify an API client of the self-service portal.
type Credentials struct {
	ClientID     string
	ClientSecret string
	// Scopes are optional; the service grants those of the client if none are named.
	Scopes []string
}

// The OAuth 2.0 scopes of FIT-Connect.
const (
	ScopeSend               = "https://schema.fitko.de/fit-connect/oauth/scopes/send-submissions"
	ScopeManageDestinations = "https://schema.fitko.de/fit-connect/oauth/scopes/manage-destinations"
	ScopeSubscribe          = "https://schema.fitko.de/fit-connect/oauth/scopes/subscribe-destinations"
)

// String names the client and hides the secret.
func (c Credentials) String() string { return "client " + c.ClientID }

// GoString hides the secret from %#v.
func (c Credentials) GoString() string { return c.String() }

// tokenEarly is how long before its end a token is renewed.
const tokenEarly = time.Minute

// tokenSource keeps one access token. The channel is a lock that a waiting
// caller can give up with its context.
type tokenSource struct {
	lock  chan struct{}
	value string
	until time.Time
}

// token gives a valid access token; callers that arrive while one is fetched wait for it.
func (c *Client) token(ctx context.Context) (string, error) {
	s := &c.tokens
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if s.value != "" && c.now().Before(s.until) {
		return s.value, nil
	}
	form := url.Values{"grant_type": {"client_credentials"},
		"client_id": {c.cred.ClientID}, "client_secret": {c.cred.ClientSecret}}
	if len(c.cred.Scopes) > 0 {
		form.Set("scope", strings.Join(c.cred.Scopes, " "))
	}
	var answer struct {
		AccessToken string  `json:"access_token"`
		TokenType   string  `json:"token_type"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	err := c.do(ctx, request{
		op: "token", method: http.MethodPost, url: c.end.Token, anonymous: true,
		// Asking for a token twice does no harm.
		idempotent: true,
		body:       []byte(form.Encode()), contentType: "application/x-www-form-urlencoded",
		accept: MIMEJSON, limit: 64 << 10,
	}, func(r *response) error {
		if err := json.Unmarshal(r.body, &answer); err != nil {
			return malformed("token", "answer is not JSON")
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if answer.AccessToken == "" || !strings.EqualFold(answer.TokenType, "Bearer") ||
		strings.ContainsAny(answer.AccessToken, "\r\n") {
		return "", malformed("token", "answer holds no bearer token")
	}
	life := time.Duration(min(max(answer.ExpiresIn, 0), 86400) * float64(time.Second))
	if life > 2*tokenEarly {
		life -= tokenEarly
	} else {
		life /= 2
	}
	s.value, s.until = answer.AccessToken, c.now().Add(life)
	return s.value, nil
}

// dropToken forgets a token the service refused, unless it was renewed meanwhile.
func (c *Client) dropToken(ctx context.Context, value string) {
	s := &c.tokens
	select {
	case s.lock <- struct{}{}:
		if s.value == value {
			s.value = ""
		}
		<-s.lock
	case <-ctx.Done():
	}
}
