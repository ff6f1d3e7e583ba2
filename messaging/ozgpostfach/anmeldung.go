package ozgpostfach

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Zugang are the secrets of the house for one mailbox system; what the Anmeldung
// asks for is mandatory.
type Zugang struct {
	// Zertifikat is the client certificate with its key.
	Zertifikat *tls.Certificate
	// Token gives the token of a Bearer, at each request.
	Token func(ctx context.Context) (string, error)
	// ClientID and ClientSecret of OAuth2.
	ClientID, ClientSecret string
}

// anmelder gives the token of a request and keeps one of OAuth2 while it is valid.
type anmelder struct {
	fest func(ctx context.Context) (string, error)
	cc   *clientcredentials.Config
	http *http.Client
	sem  chan struct{} // guards tok; a channel, so that waiting ends with the context
	tok  *oauth2.Token
}

func newAnmelder(a Anmeldung, z Zugang, c *http.Client) (*anmelder, error) {
	if (a.Art == Zertifikat || a.Zertifikat) && z.Zertifikat == nil {
		return nil, errors.New("the Anmeldung needs a client certificate")
	}
	out := &anmelder{http: c, sem: make(chan struct{}, 1)}
	switch a.Art {
	case Bearer:
		if z.Token == nil {
			return nil, errors.New("the Anmeldung needs a token")
		}
		out.fest = z.Token
	case OAuth2:
		if z.ClientID == "" || z.ClientSecret == "" {
			return nil, errors.New("the Anmeldung needs client id and secret")
		}
		out.cc = &clientcredentials.Config{ClientID: z.ClientID, ClientSecret: z.ClientSecret, TokenURL: a.TokenURL, Scopes: a.Scopes,
			AuthStyle: oauth2.AuthStyleInHeader}
	}
	return out, nil
}

// token gives a token, empty if none is needed.
func (a *anmelder) token(ctx context.Context) (string, error) {
	weigerung := absage{art: fehler.ErrUnavailable, wo: "logging in failed"}
	var tok string
	switch {
	case a.fest != nil:
		t, err := a.fest(ctx)
		if err != nil {
			return "", weigerung
		}
		tok = t
	case a.cc != nil:
		select {
		case a.sem <- struct{}{}:
			defer func() { <-a.sem }()
		case <-ctx.Done():
			return "", absage{art: fehler.ErrUnavailable, wo: "logging in is too slow"}
		}
		if !a.tok.Valid() {
			t, err := a.cc.Token(context.WithValue(ctx, oauth2.HTTPClient, a.http))
			if err != nil { // its text may hold what the server said
				return "", weigerung
			}
			a.tok = t
		}
		tok = a.tok.AccessToken
	default:
		return "", nil
	}
	if tok == "" || len(tok) > 16<<10 || !druckbar(tok) || strings.Contains(tok, " ") {
		return "", weigerung
	}
	return tok, nil
}

// drop forgets a token the mailbox system refused, and tells whether there may be
// another one.
func (a *anmelder) drop(tok string) bool {
	if a.cc == nil {
		return false
	}
	a.sem <- struct{}{}
	defer func() { <-a.sem }()
	if a.tok != nil && a.tok.AccessToken == tok {
		a.tok = nil
	}
	return true
}
