package fitconnect

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/intake"
	protokoll "github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Quittierer posts the accept event of durable Vorgaenge.
type Quittierer struct {
	subs map[string]*protokoll.Subscriber
}

var _ intake.Quittierer = (*Quittierer)(nil)

// NewQuittierer serves the destinations of the Subscribers.
func NewQuittierer(subs ...*protokoll.Subscriber) *Quittierer {
	q := &Quittierer{subs: map[string]*protokoll.Subscriber{}}
	for _, s := range subs {
		q.subs[s.DestinationID()] = s
	}
	return q
}

// Kanal gives "fitconnect".
func (q *Quittierer) Kanal() string { return Kanal }

// Quittiere posts the accept event and returns the event log with it: the proof of
// receipt, which the delivery service deletes after two years.
func (q *Quittierer) Quittiere(ctx context.Context, d vorgang.QuittierenDaten) ([]intake.Teil, error) {
	var r protokoll.Receipt
	if err := json.Unmarshal(d.Beleg, &r); err != nil {
		return nil, fehler.New("fitconnect.Quittiere", d.Kennung, fehler.ErrInvalid, err)
	}
	sub := q.subs[r.DestinationID]
	if sub == nil {
		return nil, fehler.New("fitconnect.Quittiere", r.DestinationID, fehler.ErrUnsupported, nil)
	}
	if err := sub.AcceptReceipt(ctx, r); err != nil {
		return nil, err
	}
	log, err := sub.EventLog(ctx, r.SubmissionRef)
	if err != nil {
		return nil, err
	}
	return []intake.Teil{logTeil(uuid.Nil, logQuittung, log.Raw())}, nil
}

// uebersetze gives the pipeline's problems the names of the FIT-Connect table. What
// the table does not know is reported as a technical error with its text.
func uebersetze(p fehler.Probleme) fehler.Probleme {
	out := make(fehler.Probleme, 0, len(p))
	for _, q := range p {
		if strings.HasPrefix(q.Code, "fitconnect.") { // found by the protocol itself
			out = append(out, q)
			continue
		}
		slug, instance := protokoll.SlugTechnicalError, protokoll.InstanceSubmission
		switch {
		case q.Code == "intake.schema-unbekannt":
			slug, instance = protokoll.SlugUnsupportedDataSchema, protokoll.InstanceMetadata
		case strings.HasSuffix(q.Code, ".schema-verletzt"):
			slug, instance = protokoll.SlugSchemaViolation, protokoll.InstanceData
		case strings.HasSuffix(q.Code, ".kein-json"), strings.HasSuffix(q.Code, ".kein-xml"):
			slug, instance = protokoll.SlugSyntaxViolation, protokoll.InstanceData
		}
		text := q.Meldung
		if q.Pfad != "" {
			text = q.Pfad + ": " + text
		}
		out = append(out, protokoll.Finding(slug, instance, text))
	}
	return out
}
