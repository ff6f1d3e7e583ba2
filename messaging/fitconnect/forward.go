package fitconnect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Forward tells the sender that the submission was passed on without being
// decided: for a relay (virtuelle Poststelle) that does not receive itself. The
// submission stays listed, and accept or reject follows. Forwarding again posts
// another event. If it is decided already Forward fails like Accept.
//
// The event is posted with an empty payload; an official text that says so was
// not found.
func (s *Subscriber) Forward(ctx context.Context, ref SubmissionRef) error {
	const op = "Forward"
	if ref.DestinationID != s.p.DestinationID {
		return invalid(op, "submission of another destination")
	}
	tokens, err := s.p.Client.CaseEvents(ctx, ref.CaseID)
	if err != nil {
		return err
	}
	return s.decide(ctx, op, ref, StateForwarded,
		Event{Type: EventForwardSubmission, Schema: submitSchema(tokens, ref.SubmissionID)})
}

// DecidedError says that a submission was decided before, by whom and when. It
// matches ErrConflict when a decision was to be posted, and ErrNotFound when the
// submission was to be fetched.
type DecidedError struct {
	Op           string
	SubmissionID string
	State        State // accepted or rejected
	// ByService: the delivery service decided by itself, which it does when a
	// submission waits too long; see [ServiceDeadlines].
	ByService bool
	At        time.Time // when it was decided, by the event log
	kind      error
}

func newDecidedError(op, id string, e *Event, kind error) *DecidedError {
	return &DecidedError{Op: op, SubmissionID: id, State: stateOf(e), ByService: e.FromService(), At: e.IssuedAt, kind: kind}
}

func (e *DecidedError) Error() string {
	by := "the destination"
	if e.ByService {
		by = "the delivery service itself, as after its deadline"
	}
	return fmt.Sprintf("fitconnect.%s %s: submission is %s already, by %s, at %s",
		e.Op, e.SubmissionID, e.State, by, e.At.UTC().Format(time.RFC3339))
}

// Unwrap gives the kind.
func (e *DecidedError) Unwrap() error { return e.kind }

// whyGone looks into the event log why a submission cannot be fetched: that the
// service rejected it because it waited too long is something to be told, not a
// bare "not found". Only version 2 has a log of a submission without its case.
func (s *Subscriber) whyGone(ctx context.Context, id string, err error) error {
	if !errors.Is(err, fehler.ErrNotFound) || s.p.Client.Version() == Version1 {
		return err
	}
	tokens, logErr := s.p.Client.SubmissionEvents(ctx, id)
	if logErr != nil || len(tokens) == 0 {
		return err
	}
	first, logErr := ParseSET(tokens[0])
	if logErr != nil {
		return err
	}
	log, logErr := s.verify(ctx, SubmissionRef{SubmissionID: id, CaseID: first.CaseID}, tokens)
	if logErr != nil {
		return err
	}
	if e := log.decision(SubjectOfSubmission(id)); e != nil {
		return newDecidedError("Fetch", id, e, fehler.ErrNotFound)
	}
	return err
}
