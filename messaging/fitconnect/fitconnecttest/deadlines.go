package fitconnecttest

import (
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// DeadlineTable are the periods after which the service acts by itself.
type DeadlineTable struct {
	DeleteIncomplete time.Duration // after creation, if never submitted
	AutoReject       time.Duration // after submission, if not decided
	DeleteUndecided  time.Duration // after submission, if not accepted
	DeleteAccepted   time.Duration // after acceptance
	DeleteEvents     time.Duration // after the last event of the case
}

// Deadlines gives the periods of the documentation of FIT-Connect
// (docs.fitko.de/fit-connect, as of 2026).
func Deadlines() DeadlineTable {
	const day = 24 * time.Hour
	return DeadlineTable{DeleteIncomplete: day, AutoReject: 14 * day, DeleteUndecided: 21 * day,
		DeleteAccepted: 7 * day, DeleteEvents: 730 * day}
}

// Tick applies the deadlines for the present time of the clock: what is
// incomplete, not decided or accepted for too long is rejected or deleted, with
// the events and callbacks the service makes for that.
func (z *Zustelldienst) Tick() error {
	z.mu.Lock()
	defer z.mu.Unlock()
	now, d := z.opt.Now(), *z.opt.Deadlines
	past := func(t time.Time, after time.Duration) bool { return now.Sub(t) >= after }
	for _, id := range z.order {
		s := z.submissions[id]
		open := s.state != fitconnect.StateIncomplete && !s.state.Done()
		if open && past(s.submittedAt, d.AutoReject) {
			err := z.append(s, fitconnect.Event{Type: fitconnect.EventRejectSubmission, Problems: []fitconnect.Problem{{
				Type:  "https://schema.fitko.de/fit-connect/events/problems/technical-error",
				Title: "Technischer Fehler", Detail: "Die Einreichung wurde nicht rechtzeitig abgerufen.", Instance: "submission"}}})
			if err != nil {
				return err
			}
			s.state, s.decidedAt = fitconnect.StateRejected, now
			z.tellBoth(s)
		}
		gone := s.state == fitconnect.StateIncomplete && past(s.createdAt, d.DeleteIncomplete) ||
			s.state == fitconnect.StateRejected && past(s.submittedAt, d.DeleteUndecided) ||
			s.state == fitconnect.StateAccepted && past(s.decidedAt, d.DeleteAccepted)
		if gone {
			if err := z.append(s, fitconnect.Event{Type: fitconnect.EventDeleteSubmission}); err != nil {
				return err
			}
			s.state, s.decidedAt = fitconnect.StateDeleted, now
			s.metadata, s.data, s.attachments = "", "", nil
			z.tellBoth(s)
		}
	}
	z.tickReplies(now, d)
	z.forgetCases(now, d.DeleteEvents)
	return nil
}

// forgetCases deletes the event logs and all traces of old cases; the caller holds z.mu.
func (z *Zustelldienst) forgetCases(now time.Time, after time.Duration) {
	for id, f := range z.cases {
		last, err := fitconnect.ParseSET(f.events[len(f.events)-1])
		if err != nil || now.Sub(last.IssuedAt) < after {
			continue
		}
		delete(z.cases, id)
		z.order = slices.DeleteFunc(z.order, func(sid string) bool {
			old := z.submissions[sid].ref.CaseID == id
			if old {
				delete(z.submissions, sid)
			}
			return old
		})
	}
}
