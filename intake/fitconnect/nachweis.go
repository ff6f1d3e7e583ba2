package fitconnect

import (
	"context"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/intake"
	protokoll "github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// logQuittung is the event log after the sender was told.
const logQuittung = "event-log-quittung.txt"

// EventLog fetches the event log of a submission as it is now, for a Vorgang or
// another archive: with what the delivery service added after the receipt, such
// as delete-submission. The service keeps it for 730 days after the last event of
// the case. The tokens are not verified here; each carries its signature.
func (e *Empfang) EventLog(ctx context.Context, ref protokoll.SubmissionRef) (intake.Teil, error) {
	tokens, err := e.sub.CaseEvents(ctx, ref)
	if err != nil {
		return intake.Teil{}, err
	}
	return logTeil(e.o.NewID(), logQuittung, tokens), nil
}

// Archive fetches the event log and keeps it with a submission that was refused
// or lies in the Klaerfach, in place of the one kept before. [Empfang.Receive]
// does it after it told the sender; call it later for what the delivery service
// adds. A submission that became a Vorgang is fehler.ErrConflict: its log is kept
// there by the [Quittierer].
func (e *Empfang) Archive(ctx context.Context, ref protokoll.SubmissionRef) error {
	t, err := e.EventLog(ctx, ref)
	if err != nil {
		return err
	}
	return e.annahme.AddNachweise(ctx, Kanal, ref.SubmissionID, t)
}

// archive is Archive for Receive: the sender was told, so a failure here must not
// look like one of the receipt. It is logged and can be made good with Archive.
func (e *Empfang) archive(ctx context.Context, ref protokoll.SubmissionRef) {
	if err := e.Archive(ctx, ref); err != nil {
		e.o.Log.WarnContext(ctx, "event log not archived", "submission", ref.SubmissionID, "error", err)
	}
}

func logTeil(id uuid.UUID, name string, tokens []string) intake.Teil {
	return intake.Bytes(id, name, "text/plain", vorgang.ZweckNachweis, lines(tokens))
}

func lines(tokens []string) []byte {
	var b []byte
	for _, t := range tokens {
		b = append(append(b, t...), '\n')
	}
	return b
}
