package fitconnect

import (
	"context"
	"iter"
	"time"
)

// DeadlineKind is something the delivery service does when time has passed.
type DeadlineKind string

// The deadlines of a submission.
const (
	DeadlineIncomplete DeadlineKind = "incomplete-deleted" // announced, never submitted
	DeadlineFirstMail  DeadlineKind = "first-mail"         // to the operator: not fetched
	DeadlineSecondMail DeadlineKind = "second-mail"        // to the operator: not fetched
	DeadlineReject     DeadlineKind = "rejected"           // by the service itself; not fetchable from then on
	DeadlineDelete     DeadlineKind = "deleted"            // what was not accepted
	DeadlineAccepted   DeadlineKind = "accepted-deleted"   // what was accepted
	DeadlineEvents     DeadlineKind = "events-deleted"     // the event log, and with it the proof of receipt
)

// ServiceDeadline is one deadline of the delivery service.
type ServiceDeadline struct {
	Kind  DeadlineKind
	After time.Duration
	// From is the event the time runs from: create-, submit- or accept-submission;
	// empty is the last event of the case.
	From   EventType
	Source string
}

// ServiceDeadlines gives the deadlines of FIT-Connect, shortest first for what
// waits. They hold for replies too.
func ServiceDeadlines() []ServiceDeadline {
	const day, source = 24 * time.Hour, "docs.fitko.de/fit-connect, as of 2026"
	return []ServiceDeadline{
		{DeadlineIncomplete, day, EventCreateSubmission, source},
		{DeadlineFirstMail, 3 * day, EventSubmitSubmission, source},
		{DeadlineSecondMail, 9 * day, EventSubmitSubmission, source},
		{DeadlineReject, 14 * day, EventSubmitSubmission, source},
		{DeadlineDelete, 21 * day, EventSubmitSubmission, source},
		{DeadlineAccepted, 7 * day, EventAcceptSubmission, source},
		{DeadlineEvents, 730 * day, "", source},
	}
}

// DueDate is a deadline of one submission.
type DueDate struct {
	Kind DeadlineKind
	At   time.Time
}

// Waiting is a submission that waits at the delivery service for accept or reject.
type Waiting struct {
	SubmissionRef
	State       State
	SubmittedAt time.Time     // by the submit event
	Age         time.Duration // since then
	Next        DueDate       // the first deadline ahead; zero if none is
	// RejectAt is when the service rejects it by itself; zero if the deadlines name none.
	RejectAt time.Time
}

// Waiting iterates over what waits, with age and next deadline: the list and one
// event log per submission are read and verified. A submission whose log cannot
// be used is yielded with its ids and the error, and the iteration goes on; an
// error without ids ends it.
//
// Also a submission that is stored here but not accepted yet waits: the service
// rejects it after its deadline all the same.
func (s *Subscriber) Waiting(ctx context.Context) iter.Seq2[Waiting, error] {
	return func(yield func(Waiting, error) bool) {
		for ref, err := range s.List(ctx) {
			if err != nil {
				yield(Waiting{}, err)
				return
			}
			w := Waiting{SubmissionRef: ref}
			log, err := s.EventLog(ctx, ref)
			if err == nil {
				w = s.waiting(ref, log)
			}
			if err == nil && w.State.Done() {
				continue // decided since the list was read
			}
			if !yield(w, err) || ctx.Err() != nil {
				return
			}
		}
	}
}

func (s *Subscriber) waiting(ref SubmissionRef, log *EventLog) Waiting {
	at, now := log.Submit.IssuedAt, s.opt.Now()
	w := Waiting{SubmissionRef: ref, State: log.State, SubmittedAt: at, Age: now.Sub(at)}
	for _, d := range s.opt.Deadlines {
		if d.From != EventSubmitSubmission {
			continue
		}
		due := at.Add(d.After)
		if d.Kind == DeadlineReject {
			w.RejectAt = due
		}
		if due.After(now) && (w.Next.At.IsZero() || due.Before(w.Next.At)) {
			w.Next = DueDate{d.Kind, due}
		}
	}
	return w
}
