package fitconnect

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// APIError is an answer of the service that is not a success. It matches a
// kind of package fehler: 404 ErrNotFound, 401 and 403 ErrForbidden, 409
// ErrConflict, 429 and 5xx ErrUnavailable, other 4xx ErrInvalid.
type APIError struct {
	// Op names the call, such as "GET submission".
	Op string
	// Status is the HTTP status code.
	Status int
	// Type is the problem type URI of RFC 7807; "about:blank" or empty if the service sent none.
	Type string
	// Title, Detail and Instance are the texts of the service, cut to a bounded
	// length. Error does not repeat Detail and Instance: they may echo input.
	Title, Detail, Instance string
	// RetryAfter is how long the service asked to wait; 0 if it did not say.
	RetryAfter time.Duration
}

func (e *APIError) Error() string {
	s := fmt.Sprintf("fitconnect: %s: HTTP %d", e.Op, e.Status)
	if e.Type != "" && e.Type != "about:blank" {
		s += " (" + e.Type + ")"
	}
	return s
}

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

// Unwrap gives the kind.
func (e *APIError) Unwrap() error {
	switch {
	case e.Status == http.StatusNotFound, e.Status == http.StatusGone:
		return fehler.ErrNotFound
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		return fehler.ErrForbidden
	case e.Status == http.StatusConflict:
		return fehler.ErrConflict
	case e.Status == http.StatusTooManyRequests, e.Status == http.StatusRequestTimeout, e.Status >= 500:
		return fehler.ErrUnavailable
	case e.Status >= 400:
		return fehler.ErrInvalid
	}
	return fehler.ErrUnavailable
}

// MissingKeyError says that a JWE names a key this Keyring does not hold.
// Whether that is the sender's fault or ours depends on whether the destination
// publishes the key; [Subscriber.Fetch] asks.
type MissingKeyError struct {
	Kid string
}

func (e *MissingKeyError) Error() string {
	return "fitconnect: no private key with kid " + quoteKid(e.Kid)
}

// Unwrap gives ErrUnavailable: adding the key and trying again helps.
func (e *MissingKeyError) Unwrap() error { return fehler.ErrUnavailable }

// quoteKid keeps hostile key ids out of logs: bounded and quoted.
func quoteKid(kid string) string {
	if len(kid) > 64 {
		kid = kid[:64] + "…"
	}
	return fmt.Sprintf("%q", kid)
}

// invalid makes an ErrInvalid error for local checks.
func invalid(op, format string, args ...any) error {
	return fehler.New("fitconnect."+op, "", fehler.ErrInvalid, fmt.Errorf(format, args...))
}

// malformed is an answer of the service that cannot be right: a technical
// failure, never a reason to reject what a citizen sent.
func malformed(op, text string) error {
	return fehler.New("fitconnect."+op, "", fehler.ErrUnavailable, errors.New(text))
}
