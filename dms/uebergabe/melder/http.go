package melder

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/feed"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
)

// Netz is how endpoints are reached.
type Netz struct {
	// Erlaubt are addresses that may be reached although they are not public, such as
	// those of the authority's own network. Default: none.
	Erlaubt []netip.Prefix
	// TLS trusts and identifies; nil is the default of crypto/tls.
	TLS *tls.Config
}

const (
	maxAntwort = 64 << 10 // bytes of an answer that are read
	maxPause   = 24 * time.Hour
	maxRate    = 60_000 // requests a minute
)

// absage is why a try failed, without a URL and without what the endpoint wrote.
type absage struct {
	grund      string
	pause      time.Duration
	endgueltig bool
}

func (a *absage) Error() string { return a.grund }

func kennung(e feed.Ereignis) string {
	return e.Daten.Vorgang.String() + "#" + strconv.FormatInt(e.Daten.Seq, 10)
}

type sender struct {
	client *http.Client
	now    func() time.Time
}

var errAdresse = errors.New("the address is not public")

func newSender(o *Options) *sender {
	// The address is looked at when the connection is made, after the name was resolved,
	// so a name that resolves differently the second time gains nothing.
	d := &net.Dialer{Timeout: o.Timeout, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !allowed(ap.Addr(), o.Erlaubt) {
			return errAdresse
		}
		return nil
	}}
	t := &http.Transport{
		DialContext: d.DialContext, TLSClientConfig: o.TLS, TLSHandshakeTimeout: o.Timeout, MaxResponseHeaderBytes: maxAntwort,
		MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true, // and no proxy: it would choose the address
	}
	return &sender{now: o.Now, client: &http.Client{Timeout: o.Timeout, Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // what is signed for one address is not carried to another
	}}}
}

// gesperrt are special ranges that netip does not name: IANA's registries of special
// purpose addresses, and ways to reach IPv4 through IPv6.
var gesperrt = func() (out []netip.Prefix) {
	for _, p := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}()

func allowed(a netip.Addr, erlaubt []netip.Prefix) bool {
	a = a.Unmap().WithZone("")
	for _, p := range erlaubt {
		if p.Contains(a) {
			return true
		}
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range gesperrt {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// ask is the handshake: the endpoint must name our origin or "*". It gives the allowed
// requests a minute, 0 for any.
func (s *sender) ask(ctx context.Context, url, herkunft string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodOptions, url, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("WebHook-Request-Origin", herkunft)
	res, err := s.do(req)
	if err != nil {
		return 0, err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return 0, s.refused(res)
	}
	if o := strings.TrimSpace(res.Header.Get("WebHook-Allowed-Origin")); o != "*" && !strings.EqualFold(o, herkunft) {
		return 0, &absage{grund: "the endpoint does not allow our origin"}
	}
	return rate(res.Header.Get("WebHook-Allowed-Rate")), nil
}

func (s *sender) post(ctx context.Context, a Abonnement, herkunft, id, typ string, body []byte) error {
	u, err := signatur.Sign(id, s.now(), body, a.Schluessel...)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", typ)
	req.Header.Set("WebHook-Request-Origin", herkunft)
	u.Set(req.Header)
	res, err := s.do(req)
	if err != nil {
		return err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return s.refused(res)
	}
	return nil
}

// do sends and reads the answer to its end, so that the connection can be used again.
func (s *sender) do(req *http.Request) (*http.Response, error) {
	res, err := s.client.Do(req)
	if errors.Is(err, errAdresse) {
		return nil, &absage{grund: errAdresse.Error()}
	}
	if err != nil {
		return nil, &absage{grund: "no answer"} // the text may hold the URL
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, maxAntwort)); err != nil {
		return nil, &absage{grund: "the answer broke off"}
	}
	return res, nil
}

func (s *sender) refused(res *http.Response) error {
	// By the specification 410 says that the endpoint is gone for good, 415 that it does
	// not know the format. Neither heals by itself.
	return &absage{
		grund: "status " + strconv.Itoa(res.StatusCode), pause: retryAfter(res.Header.Get("Retry-After"), s.now()),
		endgueltig: res.StatusCode == http.StatusGone || res.StatusCode == http.StatusUnsupportedMediaType,
	}
}

// rate reads WebHook-Allowed-Rate; what is no number from 1 is no bound.
func rate(h string) int {
	n, err := strconv.Atoi(strings.TrimSpace(h))
	if err != nil || n < 1 || n > maxRate {
		return 0
	}
	return n
}

// retryAfter reads both forms of the header, at most a day; 0 if there is none.
func retryAfter(h string, now time.Time) time.Duration {
	h = strings.TrimSpace(h)
	if n, err := strconv.ParseInt(h, 10, 64); err == nil {
		return time.Duration(max(0, min(n, int64(maxPause/time.Second)))) * time.Second
	}
	if t, err := http.ParseTime(h); err == nil {
		return max(0, min(t.Sub(now), maxPause))
	}
	return 0
}
