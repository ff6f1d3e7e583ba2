package xbezahldienste

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Params are what a [Client] needs.
type Params struct {
	// Base is the address of the service, https; http only to a loopback address.
	Base string
	// OriginatorID is the context of the online service, EndPointID the key of the
	// authority, such as its AGS; each 1 to 36 of A-Z, a-z, 0-9, _ and -.
	OriginatorID, EndPointID string
	// Auth proves who calls; nil if the client certificate of Options.HTTP does.
	Auth Authorizer
}

// Authorizer adds to a call what proves who makes it. Safe for concurrent use.
// Refused is called when the service answered 401, once per call before it is
// repeated: what was used is no longer valid.
type Authorizer interface {
	Authorize(ctx context.Context, r *http.Request) error
	Refused(r *http.Request)
}

// Options adjust a [Client]; the zero value of every field is a default.
type Options struct {
	// HTTP makes the calls; its transport holds a client certificate, if one is needed.
	// Redirects are never followed. nil is a client of its own.
	HTTP *http.Client
	// UserAgent is sent with every call; default "fachwerk".
	UserAgent string
	// Name of the Zahlungsweg; default "xbezahldienste".
	Name string
	// Now is the clock; nil is time.Now. Sleep waits between attempts; nil waits in
	// real time. Random gives numbers in [0,1) for jitter.
	Now    func() time.Time
	Sleep  func(ctx context.Context, d time.Duration) error
	Random func() float64
	// Timeout bounds one attempt with its body; 0 is 20 s. Attempts bounds how often
	// a call is tried; 0 is 3. BaseDelay is doubled each time up to MaxDelay; 0 are
	// 500 ms and 10 s.
	Timeout             time.Duration
	Attempts            int
	BaseDelay, MaxDelay time.Duration
	// OhneAnfrageSuche: the service does not give a payment by the id of the request
	// (GET with requestId in place of transactionId). Whether one does is not in the
	// interface; by default it is tried before a payment is sent again.
	OhneAnfrageSuche bool
	// Zustaende replaces the words for states; nil is [Zustaende].
	Zustaende map[string]zahlung.Zustand
}

// Client is a [zahlung.Zahlungsweg] over the XBezahldienste interface. Safe for
// concurrent use. It keeps nothing but the tokens of its Authorizer.
type Client struct {
	p    Params
	o    Options
	base *url.URL
}

var _ zahlung.Zahlungsweg = (*Client)(nil)

// New checks the Params; it makes no call. What is wrong matches [fehler.ErrInvalid].
func New(p Params, o *Options) (*Client, error) {
	invalid := func(was string) (*Client, error) {
		return nil, fehler.New("xbezahldienste.New", "", fehler.ErrInvalid, errors.New(was))
	}
	base, err := checkURL(p.Base)
	if err != nil {
		return invalid("Base: " + err.Error())
	}
	if !reKennung.MatchString(p.OriginatorID) || !reKennung.MatchString(p.EndPointID) {
		return invalid("OriginatorID or EndPointID is not 1 to 36 of A-Z, a-z, 0-9, _ and -")
	}
	c := &Client{p: p, base: base}
	if o != nil {
		c.o = *o
	}
	f := &c.o
	if f.HTTP == nil {
		f.HTTP = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
			DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second}}
	}
	f.HTTP = ohneUmleitung(f.HTTP)
	if f.Now == nil {
		f.Now = time.Now
	}
	if f.Sleep == nil {
		f.Sleep = sleep
	}
	if f.Random == nil {
		f.Random = rand.Float64
	}
	if f.Zustaende == nil {
		f.Zustaende = Zustaende()
	}
	setDefault(&f.UserAgent, "fachwerk")
	setDefault(&f.Name, "xbezahldienste")
	setDefault(&f.Timeout, 20*time.Second)
	setDefault(&f.Attempts, 3)
	setDefault(&f.BaseDelay, 500*time.Millisecond)
	setDefault(&f.MaxDelay, 10*time.Second)
	return c, nil
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// ohneUmleitung: a token or certificate must not travel on.
func ohneUmleitung(h *http.Client) *http.Client {
	c := *h
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

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

func checkURL(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(s, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("not an absolute URL without user, query and fragment")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme != "https" && !(u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())) {
		return nil, errors.New("not https")
	}
	return u, nil
}

// Name is that of the Options.
func (c *Client) Name() string { return c.o.Name }

func (c *Client) adresse(art string, mehr ...string) string {
	return c.base.JoinPath(append([]string{art, c.p.OriginatorID, c.p.EndPointID}, mehr...)...).String()
}

// Start places the payment. A service that says PAYMENT_EXISTS, and one that gave no
// answer, is asked for the payment and never sent it blindly again. If neither its
// link nor the id of the request leads to the payment, the error matches
// [fehler.ErrConflict] with code "xbezahldienste.unklar": a person must ask the service.
func (c *Client) Start(ctx context.Context, a zahlung.Auftrag) (zahlung.Zahlung, error) {
	if err := ctx.Err(); err != nil {
		return zahlung.Zahlung{}, err
	}
	r, err := request(a, c.o.Now())
	if err != nil {
		return zahlung.Zahlung{}, fehler.New("xbezahldienste.Start", "", fehler.ErrInvalid, err)
	}
	for n := 1; ; n++ {
		t, err := c.sende(ctx, r)
		if err == nil {
			return c.zahlung("Start", a.ID, a.Betrag, a.Waehrung, t)
		}
		if ctx.Err() != nil {
			return zahlung.Zahlung{}, ctx.Err()
		}
		api, isAPI := errors.AsType[*APIError](err)
		exists := isAPI && api.Code == CodePaymentExists
		if !exists && !errors.Is(err, fehler.ErrUnavailable) {
			return zahlung.Zahlung{}, err
		}
		// The payment may be there: ask before anything is sent again.
		link := ""
		if exists {
			link = api.Link
		}
		t, gefragt := c.frage(ctx, a.ID, link)
		if gefragt == nil {
			return c.zahlung("Start", a.ID, a.Betrag, a.Waehrung, t)
		}
		if ctx.Err() != nil {
			return zahlung.Zahlung{}, ctx.Err()
		}
		if errors.Is(gefragt, fehler.ErrUnavailable) {
			err = gefragt
		} else if exists {
			return zahlung.Zahlung{}, fehler.New("xbezahldienste.Start", a.ID, fehler.ErrConflict, fehler.Probleme{{Code: "xbezahldienste.unklar",
				Meldung: "the service holds the payment and does not show it", Hinweis: "Der Bezahldienst kennt diese Zahlung schon, zeigt sie aber nicht. Bitte dort nachfragen, bevor neu gezahlt wird."}})
		}
		if n >= c.o.Attempts {
			return zahlung.Zahlung{}, err
		}
		if err := c.warte(ctx, n, err); err != nil {
			return zahlung.Zahlung{}, err
		}
	}
}

// frage looks for a payment by the link of the service, then by the id of the request.
// Only one that names this request counts.
func (c *Client) frage(ctx context.Context, id, link string) (PaymentTransaction, error) {
	err := fehler.New("xbezahldienste.Start", id, fehler.ErrNotFound, nil)
	var ids []string
	if t := c.ausLink(link); t != "" {
		ids = append(ids, t)
	}
	if !c.o.OhneAnfrageSuche {
		ids = append(ids, id)
	}
	for _, t := range ids {
		var x PaymentTransaction
		if x, err = c.hole(ctx, t); err == nil && x.PaymentRequest.RequestID == id {
			return x, nil
		}
		if err == nil {
			err = fehler.New("xbezahldienste.Start", id, fehler.ErrNotFound, nil)
		}
		if errors.Is(err, fehler.ErrUnavailable) || ctx.Err() != nil {
			return PaymentTransaction{}, err
		}
	}
	return PaymentTransaction{}, err
}

// ausLink gives the id of the transaction of a link that leads to this service and
// authority; nothing is ever fetched from elsewhere.
func (c *Client) ausLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || link == "" {
		return ""
	}
	own, _ := url.Parse(c.adresse("paymenttransaction"))
	if u.IsAbs() && (u.Host != own.Host || u.Scheme != own.Scheme) {
		return ""
	}
	dir, t := path.Split(u.Path)
	if strings.TrimSuffix(dir, "/") != own.Path || !reTransaktion.MatchString(t) {
		return ""
	}
	return t
}

// Query asks for the present state; without a Transaktion by the id of the request,
// where the service can do that.
func (c *Client) Query(ctx context.Context, z zahlung.Zahlung) (zahlung.Zahlung, error) {
	t := z.Transaktion
	if t == "" && !c.o.OhneAnfrageSuche {
		t = z.ID
	}
	if !reTransaktion.MatchString(t) {
		return zahlung.Zahlung{}, fehler.New("xbezahldienste.Query", z.ID, fehler.ErrInvalid, errors.New("no id of a transaction"))
	}
	x, err := c.hole(ctx, t)
	if err != nil {
		return zahlung.Zahlung{}, err
	}
	if x.PaymentRequest.RequestID != z.ID {
		return zahlung.Zahlung{}, antwortFalsch("Query", z.ID, "another payment", "Der Bezahldienst hat eine andere Zahlung genannt als die gefragte.")
	}
	return c.zahlung("Query", z.ID, z.Betrag, z.Waehrung, x)
}

// Status checks that the service knows this authority and works.
func (c *Client) Status(ctx context.Context) error {
	_, err := c.mehrmals(ctx, "Status", http.MethodGet, c.adresse("status"), nil)
	return err
}

func antwortFalsch(op, id, meldung, hinweis string) error {
	return fehler.New("xbezahldienste."+op, id, fehler.ErrConflict, fehler.Probleme{{Code: "xbezahldienste.antwort", Meldung: meldung, Hinweis: hinweis}})
}

// zahlung translates an answer that was checked; what is asked must be what is there.
func (c *Client) zahlung(op, id string, betrag zahlung.Betrag, waehrung string, t PaymentTransaction) (zahlung.Zahlung, error) {
	b, err := geld.ParseBetrag(string(t.PaymentRequest.GrosAmount))
	if err != nil || b != betrag || t.PaymentRequest.Currency != waehrung {
		return zahlung.Zahlung{}, antwortFalsch(op, id, "another amount", "Der Bezahldienst nennt einen anderen Betrag, als gezahlt werden soll.")
	}
	i := t.PaymentInformation
	z := zahlung.Zahlung{ID: id, Weg: c.o.Name, Transaktion: i.TransactionID, Referenz: i.TransactionReference, Betrag: b, Waehrung: waehrung,
		Fremd: i.Status, Hinweis: i.StatusDetail, Mittel: i.PaymentMethod, Zeit: c.o.Now().UTC().Truncate(time.Microsecond)}
	var ok bool
	if z.Zustand, ok = c.o.Zustaende[i.Status]; !ok {
		z.Zustand = zahlung.Unbekannt
	}
	if s, err := time.Parse(time.RFC3339Nano, i.TransactionTimestamp); err == nil {
		z.Zeit = s.UTC().Truncate(time.Microsecond)
	}
	switch z.Zustand {
	case zahlung.Initial:
		if u, err := url.Parse(i.TransactionRedirectURL); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && c.base.Scheme == "http") {
			z.URL = i.TransactionRedirectURL
		}
	case zahlung.Gebucht:
		z.Bezahlt = b
	}
	return z, nil
}
