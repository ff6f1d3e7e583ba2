package fitconnect

import (
	"context"
	"time"

	protokoll "github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// CheckAblauf looks for submissions that wait at the delivery service for
// [Options.AblaufNach] or longer and hands each to [Options.Ablauf], or logs it.
// Nobody else does: after 14 days the service rejects them by itself, also those
// that are a Vorgang here already but were not accepted. It gives how many there
// were. [Empfang.Run] calls it every [Options.AblaufAlle].
func (e *Empfang) CheckAblauf(ctx context.Context) (int, error) {
	n := 0
	for w, err := range e.sub.Waiting(ctx) {
		if err != nil && w.SubmissionID == "" {
			return n, err
		}
		if err != nil {
			// Its age cannot be known; the next look at it ends in a decision or an error.
			e.o.Log.WarnContext(ctx, "age of a waiting submission is unknown", "submission", w.SubmissionID, "error", err)
			continue
		}
		if w.Age < e.o.AblaufNach {
			continue
		}
		n++
		e.o.Ablauf(ctx, w)
	}
	return n, nil
}

// watch calls CheckAblauf if it is due and gives when it is due next.
func (e *Empfang) watch(ctx context.Context, due time.Time) time.Time {
	now := e.o.Now()
	if now.Before(due) || ctx.Err() != nil {
		return due
	}
	if _, err := e.CheckAblauf(ctx); err != nil && ctx.Err() == nil {
		e.o.Log.ErrorContext(ctx, "looking for long waiting submissions failed", "destination", e.sub.DestinationID(), "error", err)
	}
	return now.Add(e.o.AblaufAlle)
}

func (e *Empfang) logAblauf(ctx context.Context, w protokoll.Waiting) {
	e.o.Log.WarnContext(ctx, "submission waits long", "submission", w.SubmissionID, "case", w.CaseID,
		"age", w.Age.Round(time.Hour), "next", w.Next.Kind, "at", w.Next.At, "rejectAt", w.RejectAt)
}
