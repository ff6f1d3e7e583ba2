package fitconnect

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// KeySource finds the public keys that sign events. There are two sources and
// they must never be mixed: a destination's key may not sign for the service.
// *[Client] is one. A key that does not exist is an ErrNotFound error; any other
// error means that the key could not be looked up now.
type KeySource interface {
	// ServiceKey gives a signing key of the delivery service (its well-known JWK set).
	ServiceKey(ctx context.Context, kid string) (JWK, error)
	// DestinationKey gives a key of a destination.
	DestinationKey(ctx context.Context, destinationID, kid string) (JWK, error)
}

// Verifier verifies events. It is immutable and safe for concurrent use.
type Verifier struct {
	Keys KeySource
	// Policy for the keys; nil means no certificate is required.
	Policy *JWKPolicy
	// ServiceIssuers lists the accepted issuers of service events; empty accepts
	// every URL, because the key always comes from the configured service, never
	// from the URL in the token.
	ServiceIssuers []string
}

// Verify checks a token completely: [ParseSET], then the key by kind of issuer,
// then the PS512 signature. An event that is wrong, or signed with a key nobody
// publishes, is an ErrInvalid error. A key that could not be looked up, or is
// published but not usable, is a technical failure and never ErrInvalid.
func (v *Verifier) Verify(ctx context.Context, token string) (*Event, error) {
	const op = "Verify"
	e, err := ParseSET(token)
	if err != nil {
		return nil, err
	}
	if e.FromService() && len(v.ServiceIssuers) > 0 && !slices.Contains(v.ServiceIssuers, e.Issuer) {
		return nil, invalid(op, "issuer is not a known delivery service")
	}
	key, err := v.key(ctx, e)
	if errors.Is(err, fehler.ErrNotFound) {
		return nil, invalid(op, "signing key %s is unknown", quoteKid(e.Kid))
	}
	var pub *rsa.PublicKey
	if err == nil {
		err = key.Check(UseVerify, v.Policy)
	}
	if err == nil {
		pub, err = key.PublicKey()
	}
	if errors.Is(err, fehler.ErrInvalid) {
		// What the service publishes or answers is wrong, not the event.
		return nil, malformed(op, err.Error())
	}
	if err != nil {
		return nil, err
	}
	dot := strings.LastIndexByte(token, '.')
	sig, err := base64.RawURLEncoding.Strict().DecodeString(token[dot+1:])
	if err != nil {
		return nil, invalid(op, "signature is not base64url")
	}
	digest := sha512.Sum512([]byte(token[:dot]))
	if err := rsa.VerifyPSS(pub, crypto.SHA512, digest[:], sig, pssOptions()); err != nil {
		return nil, invalid(op, "signature is not valid")
	}
	return e, nil
}

func (v *Verifier) key(ctx context.Context, e *Event) (JWK, error) {
	if !e.FromService() {
		return v.Keys.DestinationKey(ctx, e.Issuer, e.Kid)
	}
	return v.Keys.ServiceKey(ctx, e.Kid)
}

// State is where a submission stands, derived from its last event. The names
// are not confirmed by an official text; they follow the events.
type State string

// The states.
const (
	StateIncomplete State = "incomplete"
	StateSubmitted  State = "submitted"
	StateNotified   State = "notified"
	StateForwarded  State = "forwarded"
	StateAccepted   State = "accepted"
	StateRejected   State = "rejected"
	StateDeleted    State = "deleted"
)

// Done tells whether the receiver has decided or nothing is left to decide.
func (s State) Done() bool { return s == StateAccepted || s == StateRejected || s == StateDeleted }

// EventLog is the verified event log of a case, seen from one submission or reply.
type EventLog struct {
	Events []*Event // all events of the case, in the order of the service
	Submit *Event   // the one submit event of the subject
	State  State    // of the subject
}

// Raw gives the tokens of all events as received. The service deletes them 730
// days after the last event of a case and the proof of receipt with them:
// archive them.
func (l *EventLog) Raw() []string {
	out := make([]string, len(l.Events))
	for i, e := range l.Events {
		out[i] = e.Raw
	}
	return out
}

// Last gives the last event of a type for a subject, or nil.
func (l *EventLog) Last(subject string, t EventType) *Event {
	for _, e := range slices.Backward(l.Events) {
		if e.Subject == subject && e.Type == t {
			return e
		}
	}
	return nil
}

// Expect names what an event log must be about.
type Expect struct {
	CaseID        string // claim txn of every event
	Subject       string // such as SubjectOfSubmission(id)
	DestinationID string // issuer of accept events; empty skips that check (replies)
}

// VerifyEventLog verifies every token of a case and the log as a whole: the case
// is the expected one, accept and reject come from the destination (reject also
// from the service), and there is exactly one submit event for the subject, with
// authentication tags.
//
// A log that breaks a rule is [fehler.Probleme] (invalid-event-log or
// missing-authentication-tags): a permanent failure. Any other error is technical.
func (v *Verifier) VerifyEventLog(ctx context.Context, tokens []string, x Expect) (*EventLog, error) {
	bad := func(slug Slug, meldung string) error {
		return fehler.Probleme{Finding(slug, InstanceSubmission, meldung)}
	}
	l := &EventLog{State: StateIncomplete}
	ids := map[string]bool{}
	for _, token := range tokens {
		e, err := v.Verify(ctx, token)
		if errors.Is(err, fehler.ErrInvalid) {
			return nil, bad(SlugInvalidEventLog, err.Error())
		}
		if err != nil {
			return nil, err
		}
		if e.CaseID != x.CaseID {
			return nil, bad(SlugInvalidEventLog, "event of another case")
		}
		if ids[e.ID] {
			return nil, bad(SlugInvalidEventLog, "event id occurs twice")
		}
		ids[e.ID] = true
		l.Events = append(l.Events, e)
		if e.Subject != x.Subject {
			continue
		}
		if meldung := l.apply(e, x); meldung != "" {
			return nil, bad(SlugInvalidEventLog, meldung)
		}
	}
	if l.Submit == nil {
		return nil, bad(SlugInvalidEventLog, "no submit event")
	}
	if l.Submit.Tags == nil {
		return nil, bad(SlugMissingAuthenticationTags, "submit event without authentication tags")
	}
	return l, nil
}

// apply moves the state by one event of the subject and says what is wrong with it.
func (l *EventLog) apply(e *Event, x Expect) string {
	foreign := x.DestinationID != "" && e.Issuer != x.DestinationID
	switch e.Type {
	case EventSubmitSubmission, EventSubmitReply:
		if l.Submit != nil {
			return "two submit events"
		}
		if !e.FromService() {
			return "submit event that the service did not issue"
		}
		l.Submit, l.State = e, StateSubmitted
	case EventNotifySubmission, EventNotifyReply:
		if l.State == StateSubmitted {
			l.State = StateNotified
		}
	case EventForwardSubmission:
		if !l.State.Done() {
			l.State = StateForwarded
		}
	case EventAcceptSubmission, EventAcceptReply:
		if foreign {
			return "accept event of another issuer than the destination"
		}
		l.State = StateAccepted
	case EventRejectSubmission, EventRejectReply:
		if foreign && !e.FromService() {
			return "reject event of another destination"
		}
		l.State = StateRejected
	case EventDeleteSubmission, EventDeleteReply:
		l.State = StateDeleted
	}
	return ""
}
