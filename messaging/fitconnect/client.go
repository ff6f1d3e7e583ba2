package fitconnect

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Client calls the FIT-Connect interfaces for one API client. It is safe for
// concurrent use. It implements [KeySource].
type Client struct {
	end    Endpoints
	cred   Credentials
	opt    ClientOptions
	tokens tokenSource
	keys   keyCache
	rate   rateGate
}

// ClientOptions adjust a [Client]; the zero value of every field is a default.
type ClientOptions struct {
	// HTTP makes the calls; nil is a client of its own with the system's proxies
	// and certificates. Redirects are never followed: a token must not travel on.
	HTTP *http.Client
	// UserAgent is sent with every call; without one the service answers 403.
	UserAgent string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Sleep waits between attempts; nil waits in real time.
	Sleep func(ctx context.Context, d time.Duration) error
	// Random gives numbers in [0,1) for jitter; nil is math/rand/v2.
	Random func() float64
	// Timeout bounds one attempt including its body; 0 is 60 s.
	Timeout time.Duration
	// Attempts bounds how often an idempotent call is tried; 0 is 4, 1 never repeats.
	Attempts int
	// BaseDelay is the first delay, doubled each time; 0 is 200 ms.
	BaseDelay time.Duration
	// MaxDelay bounds a delay; 0 is 20 s. If the service asks for more, the call
	// ends with [APIError.RetryAfter] set.
	MaxDelay time.Duration
	// Limiter, if set, paces the calls of this client.
	Limiter *rate.Limiter
	// MaxJSON bounds JSON answers except submissions, in bytes; 0 is 8 MiB.
	MaxJSON int64
	// MaxJWE bounds one encrypted part as transmitted, in bytes; 0 is 256 MiB.
	// FIT-Connect publishes no limit.
	MaxJWE int64
	// KeyTTL is how long public keys are cached; 0 is 10 minutes.
	KeyTTL time.Duration
	// Observe, if set, is told every attempt. It must be fast and safe for concurrent use.
	Observe func(CallInfo)
}

// CallInfo describes one attempt of a call. It holds no content and no token.
type CallInfo struct {
	Op       string // such as "GET submission"
	Attempt  int    // from 1
	Status   int    // 0 if there was no answer
	Duration time.Duration
	Err      error
}

// NewClient checks the endpoints: absolute https URLs; http is allowed only to
// a loopback address. It makes no call.
func NewClient(e Endpoints, cred Credentials, o *ClientOptions) (*Client, error) {
	e = e.trimmed()
	required := map[string]string{"Token": e.Token, "SubmissionAPI": e.SubmissionAPI}
	if e.DestinationAPI != "" {
		required["DestinationAPI"] = e.DestinationAPI
	}
	for name, u := range required {
		if err := checkBase(u); err != "" {
			return nil, invalid("NewClient", "endpoint %s: %s", name, err)
		}
	}
	if v := e.version(); v != Version1 && v != Version2 {
		return nil, invalid("NewClient", "version of the API is neither %s nor %s", Version1, Version2)
	}
	if cred.ClientID == "" || cred.ClientSecret == "" {
		return nil, invalid("NewClient", "client id and secret are required")
	}
	c := &Client{end: e, cred: cred}
	if o != nil {
		c.opt = *o
	}
	c.opt.fill()
	c.tokens.lock = make(chan struct{}, 1)
	return c, nil
}

func (o *ClientOptions) fill() {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Transport: ownTransport()}
	}
	client := *o.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o.HTTP = &client
	if o.UserAgent == "" {
		o.UserAgent = "fachwerk" + moduleVersion()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	setDefault(&o.Timeout, time.Minute)
	setDefault(&o.Attempts, 4)
	setDefault(&o.BaseDelay, 200*time.Millisecond)
	setDefault(&o.MaxDelay, 20*time.Second)
	setDefault(&o.MaxJSON, 8<<20)
	setDefault(&o.MaxJWE, 256<<20)
	setDefault(&o.KeyTTL, 10*time.Minute)
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// ownTransport bounds the phases of a connection that Timeout does not tell apart.
func ownTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          16,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 50 * time.Second,
	}
}

var moduleVersion = sync.OnceValue(func() string {
	const path = "github.com/ozg-fachwerk/fachwerk"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range append(info.Deps, &info.Main) {
			if m.Path == path && m.Version != "" && m.Version != "(devel)" {
				return "/" + m.Version
			}
		}
	}
	return ""
})

// checkBase says what is wrong with a base URL, or nothing.
func checkBase(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "":
		return "not an absolute URL"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "URL with user, query or fragment"
	case u.Scheme == "https":
		return ""
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return ""
	}
	return "not https"
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (c *Client) now() time.Time { return c.opt.Now() }

// CloseIdleConnections closes connections that wait for further calls.
func (c *Client) CloseIdleConnections() { c.opt.HTTP.CloseIdleConnections() }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
