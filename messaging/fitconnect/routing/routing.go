// Package routing asks the Routing API of FIT-Connect (2.0.0) which destination
// is responsible for an administrative service in a region, and verifies the
// signature that binds destination, service and region together, so that a
// submission does not go to whoever answers.
//
// The API needs no credentials. Sources: its OpenAPI document and the behaviour
// of live clients. Where keys are published and how regions without Verband
// compare is not confirmed by an official text: see docs/fitconnect-senden.md.
package routing

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// The codes of a query that is not asked, as [fehler.Probleme].
const (
	CodeLeika  = "fitconnect.routing.leika"
	CodeRegion = "fitconnect.routing.gebiet"
	CodeSearch = "fitconnect.routing.suche"
)

const (
	pageLimit = 500
	maxRoutes = 5000
	maxAreas  = 5000
)

// Client asks the Routing API. It is safe for concurrent use.
type Client struct {
	p    Params
	opt  Options
	call *fitconnect.Caller

	mu   sync.Mutex
	keys map[string]issuerKeys // GUARDED_BY(mu); by issuer
}

// Params is what a [Client] needs; all fields are required.
type Params struct {
	// BaseURL without version, such as "https://routing-api-prod.fit-connect.fitko.net".
	BaseURL string
	// Issuers are the portals whose signatures count, exactly as in the claim iss,
	// such as "https://portal.auth-testing.fit-connect.fitko.dev". Keys are never
	// read from another address.
	Issuers []string
}

// Options adjust a [Client]; the zero value of every field is a default.
type Options struct {
	// Version is the path segment; empty is "v1", that of the OpenAPI document. A
	// live client uses "v2".
	Version string
	// HTTP is how calls are made: User-Agent, retries, bounds, clock.
	HTTP *fitconnect.ClientOptions
	// Policy for the keys of issuers.
	Policy *fitconnect.JWKPolicy
	// KeyTTL is how long keys are cached; 0 is 10 minutes.
	KeyTTL time.Duration
	// MaxAge bounds the age of a signature; 0 does not.
	MaxAge time.Duration
	// Now is the clock; nil is that of HTTP or time.Now.
	Now func() time.Time
}

// New checks the parameters. It makes no call.
func New(p Params, o *Options) (*Client, error) {
	c := &Client{p: p, keys: map[string]issuerKeys{}}
	if o != nil {
		c.opt = *o
	}
	c.p.BaseURL = strings.TrimRight(p.BaseURL, "/")
	c.p.Issuers = slices.Clone(p.Issuers)
	if len(p.Issuers) == 0 {
		return nil, invalid("New", "at least one issuer is required")
	}
	for _, u := range append([]string{c.p.BaseURL}, p.Issuers...) {
		if !usableURL(u) {
			return nil, invalid("New", "base URL and issuers must be https, or http on loopback")
		}
	}
	if c.opt.Version == "" {
		c.opt.Version = "v1"
	}
	if c.opt.Now == nil && c.opt.HTTP != nil {
		c.opt.Now = c.opt.HTTP.Now
	}
	if c.opt.Now == nil {
		c.opt.Now = time.Now
	}
	if c.opt.KeyTTL == 0 {
		c.opt.KeyTTL = 10 * time.Minute
	}
	c.call = fitconnect.NewCaller(c.opt.HTTP)
	return c, nil
}

// CloseIdleConnections closes connections that wait for further calls.
func (c *Client) CloseIdleConnections() { c.call.CloseIdleConnections() }

func usableURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	loopback := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}

// Query asks for a service and exactly one of ARS, AGS and AreaID.
type Query struct {
	LeikaKey string // 14 digits, beginning with 99
	ARS      string // 2, 3, 5, 9 or 12 digits
	AGS      string // 2, 3, 5 or 8 digits
	AreaID   string // digits, from Areas
}

var (
	leikaRE = regexp.MustCompile(`^99[0-9]{12}$`)
	arsRE   = regexp.MustCompile(`^([0-9]{2}|[0-9]{3}|[0-9]{5}|[0-9]{9}|[0-9]{12})$`)
	agsRE   = regexp.MustCompile(`^([0-9]{2}|[0-9]{3}|[0-9]{5}|[0-9]{8})$`)
	areaRE  = regexp.MustCompile(`^[0-9]{1,20}$`)
)

// Check tests the patterns; nil if the query may be asked.
func (q Query) Check() fehler.Probleme {
	var out fehler.Probleme
	add := func(code, place, meldung, hinweis string) {
		out = append(out, fehler.Problem{Code: code, Pfad: place, Meldung: meldung, Hinweis: hinweis})
	}
	if !leikaRE.MatchString(q.LeikaKey) {
		add(CodeLeika, "/leikaKey", "not 99 and twelve digits", "Der Leistungsschlüssel muss aus 99 und zwölf weiteren Ziffern bestehen.")
	}
	given := 0
	for _, x := range []struct {
		place, value string
		re           *regexp.Regexp
	}{{"/ars", q.ARS, arsRE}, {"/ags", q.AGS, agsRE}, {"/areaId", q.AreaID, areaRE}} {
		if x.value == "" {
			continue
		}
		given++
		if !x.re.MatchString(x.value) {
			add(CodeRegion, x.place, "does not have the form of a key", "Der Gebietsschlüssel hat nicht die richtige Form.")
		}
	}
	if given != 1 {
		add(CodeRegion, "", "not exactly one of ars, ags and areaId", "Es muss genau ein Gebiet angegeben sein: ARS, AGS oder Gebiets-ID.")
	}
	return out
}

func (q Query) values() url.Values {
	v := url.Values{"leikaKey": {q.LeikaKey}}
	for name, s := range map[string]string{"ars": q.ARS, "ags": q.AGS, "areaId": q.AreaID} {
		if s != "" {
			v.Set(name, s)
		}
	}
	return v
}

// Route is one answer of the Routing API, not verified: see [Client.Find].
type Route struct {
	DestinationID string `json:"destinationId"`
	// DestinationSignature is a compact JWS.
	DestinationSignature string `json:"destinationSignature"`
	DestinationName      string `json:"destinationName,omitempty"`
}

type routePage struct {
	Count      int     `json:"count"`
	Offset     int     `json:"offset"`
	TotalCount int     `json:"totalCount"`
	Routes     []Route `json:"routes"`
}

// Routes iterates over the answers to a query, page by page, not verified. An
// error is yielded once, as the last pair; a query that breaks a rule is
// [fehler.Probleme] and no call is made.
func (c *Client) Routes(ctx context.Context, q Query) iter.Seq2[Route, error] {
	return func(yield func(Route, error) bool) {
		if p := q.Check(); len(p) > 0 {
			yield(Route{}, p)
			return
		}
		v := q.values()
		for offset := 0; offset < maxRoutes; {
			var p routePage
			if err := c.get(ctx, "GET routes", "routes", v, offset, &p); err != nil {
				yield(Route{}, err)
				return
			}
			for _, r := range p.Routes {
				if !yield(r, nil) {
					return
				}
			}
			if offset += len(p.Routes); len(p.Routes) == 0 || offset >= p.TotalCount {
				return
			}
		}
		yield(Route{}, unavailable("GET routes", "more routes than this client reads"))
	}
}

func (c *Client) get(ctx context.Context, op, path string, v url.Values, offset int, into any) error {
	v.Set("offset", strconv.Itoa(offset))
	v.Set("limit", strconv.Itoa(pageLimit))
	return c.call.Get(ctx, op, c.url(path)+"?"+strings.ReplaceAll(v.Encode(), "+", "%20"), into)
}

func (c *Client) url(path string) string {
	return c.p.BaseURL + "/" + url.PathEscape(c.opt.Version) + "/" + path
}

// Area is a region by its own id of the Routing API.
type Area struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// Areas searches regions by name or postcode. All terms must match; a term has
// at least two characters, letters and digits, and "*" for any text; at most ten
// terms. The service fails on spaces, punctuation and decomposed umlauts, so
// they are [fehler.Probleme]: use [Terms] to make terms of what somebody typed.
func (c *Client) Areas(ctx context.Context, terms ...string) ([]Area, error) {
	if p := checkTerms(terms); len(p) > 0 {
		return nil, p
	}
	var all []Area
	for len(all) < maxAreas {
		var p struct {
			TotalCount int    `json:"totalCount"`
			Areas      []Area `json:"areas"`
		}
		if err := c.get(ctx, "GET areas", "areas", url.Values{"areaSearchexpression": terms}, len(all), &p); err != nil {
			return nil, err
		}
		if all = append(all, p.Areas...); len(p.Areas) == 0 || len(all) >= p.TotalCount {
			return all, nil
		}
	}
	return nil, unavailable("GET areas", "more areas than this client reads")
}

// Terms splits a text into terms for Areas at everything that is neither letter,
// digit nor "*", and leaves out those that are too short.
func Terms(text string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(text, func(r rune) bool { return !termRune(r) }),
		func(s string) bool { return utf8.RuneCountInString(s) < 2 })
}

func termRune(r rune) bool { return r == '*' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func checkTerms(terms []string) (out fehler.Probleme) {
	add := func(place, meldung, hinweis string) {
		out = append(out, fehler.Problem{Code: CodeSearch, Pfad: place, Meldung: meldung, Hinweis: hinweis})
	}
	if len(terms) < 1 || len(terms) > 10 {
		add("", "not one to ten terms", "Die Suche braucht ein bis zehn Wörter.")
	}
	for i, t := range terms {
		place := "/" + strconv.Itoa(i)
		if utf8.RuneCountInString(t) < 2 || utf8.RuneCountInString(t) > 100 {
			add(place, "not 2 to 100 characters", "Jedes Suchwort braucht mindestens zwei Zeichen.")
		}
		if strings.ContainsFunc(t, func(r rune) bool { return !termRune(r) }) {
			add(place, "holds something else than letters, digits and *", "Ein Suchwort darf nur Buchstaben, Ziffern und * enthalten.")
		}
	}
	return out
}

// Version is that of the deployed API.
type Version struct{ Major, Minor, Patch int }

// Info reads the version of the API.
func (c *Client) Info(ctx context.Context) (Version, error) {
	var a struct {
		Version *Version `json:"version"`
	}
	if err := c.call.Get(ctx, "GET info", c.url("info"), &a); err != nil {
		return Version{}, err
	}
	if a.Version == nil {
		return Version{}, unavailable("GET info", "answer holds no version")
	}
	return *a.Version, nil
}

func invalid(op, format string, args ...any) error {
	return fehler.New("routing."+op, "", fehler.ErrInvalid, fmt.Errorf(format, args...))
}

func unavailable(op, text string) error {
	return fehler.New("routing."+op, "", fehler.ErrUnavailable, errors.New(text))
}
