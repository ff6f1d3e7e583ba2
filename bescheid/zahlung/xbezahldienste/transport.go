package xbezahldienste

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Codes of the service's problems.
const (
	CodePaymentExists      = "PAYMENT_EXISTS"
	CodeCalculation        = "CALCULATION_ERROR"
	CodeBookingDataMissing = "BOOKING_DATA_MISSING"
	CodeValidation         = "VALIDATION_ERROR"
	CodeNoEndpoint         = "NO_VALID_ORIGINATOR_OR_ENDPOINT"
	CodeNoDestination      = "NO_VALID_ORIGINATOR_OR_DESTINATION" // older name
	CodeForbidden          = "FORBIDDEN"
	CodeUnspecified        = "UNSPECIFIED"
)

// hinweise for the clerk.
var hinweise = map[string]string{
	CodePaymentExists:      "Der Bezahldienst kennt diese Zahlung schon.",
	CodeCalculation:        "Der Bezahldienst meldet, dass die Positionen nicht den Betrag ergeben.",
	CodeBookingDataMissing: "Dem Bezahldienst fehlen Buchungsangaben (Haushaltsstelle) einer Position.",
	CodeValidation:         "Der Bezahldienst lehnt eine Angabe der Zahlung ab.",
	CodeNoEndpoint:         "Der Bezahldienst kennt den Online-Dienst oder die Behörde nicht; bitte die Einrichtung prüfen.",
	CodeNoDestination:      "Der Bezahldienst kennt den Online-Dienst oder die Behörde nicht; bitte die Einrichtung prüfen.",
	CodeForbidden:          "Der Bezahldienst lässt diesen Zugang nicht zu; bitte die Einrichtung prüfen.",
}

// APIError is an answer of the service that is not a success. It matches a kind of
// package fehler: 401, 403 and FORBIDDEN ErrForbidden, 404 ErrNotFound, 408, 429 and 5xx
// ErrUnavailable, PAYMENT_EXISTS and 409 ErrExists, any other ErrInvalid.
type APIError struct {
	Status int
	// Code is the functional code of the problem, or empty.
	Code string
	// Title, Detail and Link are the service's, cut; Error does not repeat them, for
	// they may echo input.
	Title, Detail, Link string
	// RetryAfter is how long the service asked to wait; 0 if it did not say.
	RetryAfter time.Duration
}

func (e *APIError) Error() string { return fmt.Sprintf("HTTP %d %s", e.Status, e.Code) }

// As lets errors.As find the pause the service asked for as an error with a method
// RetryAfter() time.Duration, as the relay looks for it.
func (e *APIError) As(target any) bool {
	t, ok := target.(*interface{ RetryAfter() time.Duration })
	if ok = ok && e.RetryAfter > 0; ok {
		*t = pause(e.RetryAfter)
	}
	return ok
}

type pause time.Duration

func (p pause) RetryAfter() time.Duration { return time.Duration(p) }

func (e *APIError) art() error {
	switch {
	case e.Code == CodePaymentExists || e.Status == http.StatusConflict:
		return fehler.ErrExists
	case e.Code == CodeForbidden || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return fehler.ErrForbidden
	case e.Status == http.StatusNotFound:
		return fehler.ErrNotFound
	case e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooManyRequests || e.Status >= 500:
		return fehler.ErrUnavailable
	}
	return fehler.ErrInvalid
}

// Hinweis is the German sentence for the clerk.
func (e *APIError) Hinweis() string {
	if h := hinweise[e.Code]; h != "" {
		return h
	}
	return "Der Bezahldienst hat die Anfrage nicht angenommen."
}

const maxAntwort = 1 << 20

var (
	reTransaktion = regexp.MustCompile(`^[0-9A-Za-z_-][0-9A-Za-z_.-]{0,127}$`) // no path segment that leads elsewhere
	reFehlerCode  = regexp.MustCompile(`^[A-Z_]{1,64}$`)
	errVersuch    = errors.New("attempt took too long or the connection broke")
	errAntwort    = errors.New("the answer is not a payment transaction")
)

// sende makes the POST, once.
func (c *Client) sende(ctx context.Context, r PaymentRequest) (PaymentTransaction, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return PaymentTransaction{}, fehler.New("xbezahldienste.Start", r.RequestID, fehler.ErrInvalid, nil)
	}
	b, err := c.einmal(ctx, "Start", http.MethodPost, c.adresse("paymenttransaction"), body)
	if err != nil {
		return PaymentTransaction{}, err
	}
	t, err := decode(b)
	if err == nil && t.PaymentRequest.RequestID != r.RequestID {
		err = errAntwort
	}
	if err != nil { // it was taken, perhaps: ask
		return PaymentTransaction{}, fehler.New("xbezahldienste.Start", r.RequestID, fehler.ErrUnavailable, err)
	}
	return t, nil
}

func (c *Client) hole(ctx context.Context, transaktion string) (PaymentTransaction, error) {
	b, err := c.mehrmals(ctx, "Query", http.MethodGet, c.adresse("paymenttransaction", transaktion), nil)
	if err != nil {
		return PaymentTransaction{}, err
	}
	t, err := decode(b)
	if err != nil {
		return PaymentTransaction{}, fehler.New("xbezahldienste.Query", "", fehler.ErrUnavailable, err)
	}
	return t, nil
}

// decode reads a PaymentTransaction, strictly in form and forgiving in content: what a
// newer version adds is passed over.
func decode(b []byte) (t PaymentTransaction, err error) {
	if err := strictjson.Check(b, strictjson.Limits{Depth: 16, Values: 20_000}); err != nil {
		return t, errAntwort
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return PaymentTransaction{}, errAntwort
	}
	i := &t.PaymentInformation
	if !reTransaktion.MatchString(i.TransactionID) || i.Status == "" || len(i.TransactionRedirectURL) > 2082 {
		return PaymentTransaction{}, errAntwort
	}
	for _, s := range []*string{&i.TransactionReference, &i.Status, &i.StatusDetail, &i.PaymentMethod, &i.PaymentMethodDetail} {
		*s = cut(*s, 250)
	}
	return t, nil
}

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// mehrmals repeats a call that changes nothing while the failure may pass.
func (c *Client) mehrmals(ctx context.Context, op, method, url string, body []byte) ([]byte, error) {
	for n := 1; ; n++ {
		b, err := c.einmal(ctx, op, method, url, body)
		if err == nil || n >= c.o.Attempts || !errors.Is(err, fehler.ErrUnavailable) {
			return b, err
		}
		if err := c.warte(ctx, n, err); err != nil {
			return nil, err
		}
	}
}

// warte sleeps before the next attempt, or gives the error if the service asks for
// more time than MaxDelay.
func (c *Client) warte(ctx context.Context, n int, err error) error {
	d := c.o.BaseDelay << min(n-1, 16)
	if d > c.o.MaxDelay || d <= 0 {
		d = c.o.MaxDelay
	}
	d = d/2 + time.Duration(c.o.Random()*float64(d/2))
	if api, ok := errors.AsType[*APIError](err); ok && api.RetryAfter > 0 {
		if api.RetryAfter > c.o.MaxDelay {
			return err
		}
		d = max(d, api.RetryAfter)
	}
	return c.o.Sleep(ctx, d)
}

// einmal makes one call; a 401 is answered once by authorizing anew, for the service
// did nothing.
func (c *Client) einmal(ctx context.Context, op, method, url string, body []byte) ([]byte, error) {
	for n := 0; ; n++ {
		b, r, err := c.versuch(ctx, op, method, url, body)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if api, ok := errors.AsType[*APIError](err); ok && api.Status == http.StatusUnauthorized && c.p.Auth != nil && n == 0 {
			c.p.Auth.Refused(r)
			continue
		}
		return b, err
	}
}

func (c *Client) versuch(ctx context.Context, op, method, url string, body []byte) ([]byte, *http.Request, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	nichtDa := func(err error) error {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			err = errVersuch
		}
		return fehler.New("xbezahldienste."+op, "", fehler.ErrUnavailable, err)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fehler.New("xbezahldienste."+op, "", fehler.ErrInvalid, nil)
	}
	r.Header.Set("User-Agent", c.o.UserAgent)
	r.Header.Set("Accept", "application/json, application/problem+json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
		// net/http sends a request without body-side effects again if a kept connection
		// turns out closed; a payment is not sent again unasked.
		r.GetBody = nil
	}
	if c.p.Auth != nil {
		if err := c.p.Auth.Authorize(ctx, r); err != nil {
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				err = nichtDa(err)
			}
			return nil, r, err
		}
	}
	resp, err := c.o.HTTP.Do(r)
	if err != nil {
		return nil, r, nichtDa(errVersuch) // the text of net/http names the URL and may name more
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAntwort+1))
	if err != nil {
		return nil, r, nichtDa(errVersuch)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		e := problemOf(resp, b, c.o.Now())
		return nil, r, fehler.New("xbezahldienste."+op, "", e.art(), e)
	}
	if len(b) > maxAntwort {
		return nil, r, nichtDa(errAntwort)
	}
	return b, r, nil
}

func problemOf(resp *http.Response, b []byte, now time.Time) *APIError {
	e := &APIError{Status: resp.StatusCode}
	if s, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 31); err == nil {
		e.RetryAfter = time.Duration(s) * time.Second
	} else if t, err := http.ParseTime(resp.Header.Get("Retry-After")); err == nil {
		e.RetryAfter = max(t.Sub(now), 0)
	}
	typ, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if typ != "application/problem+json" && typ != "application/json" || len(b) > maxAntwort || strictjson.Check(b, strictjson.Limits{Depth: 16, Values: 2000}) != nil {
		return e
	}
	// Which member holds code and link is not told the same everywhere.
	var p struct{ Code, ErrorCode, Type, Title, Detail, Link, Instance string }
	if json.Unmarshal(b, &p) != nil {
		return e
	}
	e.Title, e.Detail = cut(p.Title, 250), cut(p.Detail, 250)
	for _, s := range []string{p.Code, p.ErrorCode, p.Title, p.Type} {
		if e.Code == "" && reFehlerCode.MatchString(s) {
			e.Code = s
		}
	}
	for _, s := range []string{p.Link, p.Instance} {
		if e.Link == "" {
			e.Link = cut(s, 2082)
		}
	}
	return e
}
