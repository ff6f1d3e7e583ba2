package messaging

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Richtung of an Eintrag, seen from the authority.
type Richtung string

// The directions.
const (
	Ausgang Richtung = "ausgang" // authority to citizen
	Eingang Richtung = "eingang" // citizen to authority
)

// Eintrag is one Nachricht in an embedded mailbox.
type Eintrag struct {
	// ID is the Sendung.ID for outgoing, the Nachricht.ID for incoming messages.
	ID       uuid.UUID `json:"id"`
	Postfach string    `json:"postfach"`
	Vorgang  uuid.UUID `json:"vorgang"`
	Nummer   string    `json:"nummer"`
	Richtung Richtung  `json:"richtung"`
	// Zeit is when it was put into the mailbox (UTC, microseconds).
	Zeit      time.Time `json:"zeit"`
	Absender  string    `json:"absender"`
	Nachricht Nachricht `json:"nachricht"`
	// Gelesen is the first time the citizen opened it; zero if not yet.
	Gelesen time.Time `json:"gelesen,omitzero"`
	// Zurueckgerufen is when the authority took it back unread; its content is gone then.
	Zurueckgerufen time.Time `json:"zurueckgerufen,omitzero"`
}

// Ablage keeps Eintraege. The storage floor implements it; channels that need a
// mailbox of their own use it. Safe for concurrent use.
type Ablage interface {
	// PutEintrag stores the Eintrag. The same ID again changes nothing and
	// returns what was stored first.
	PutEintrag(ctx context.Context, mandant tenant.ID, e Eintrag) (Eintrag, error)
	// GetEintrag returns fehler.ErrNotFound if the mailbox has no such Eintrag.
	GetEintrag(ctx context.Context, mandant tenant.ID, postfach string, id uuid.UUID) (Eintrag, error)
	// MarkGelesen sets Gelesen once; later calls change nothing. An Eintrag that was
	// taken back is fehler.ErrNotFound.
	MarkGelesen(ctx context.Context, mandant tenant.ID, postfach string, id uuid.UUID, zeit time.Time) (Eintrag, error)
	// ListEintraege gives a mailbox oldest first; an error is the last pair.
	ListEintraege(ctx context.Context, mandant tenant.ID, postfach string) iter.Seq2[Eintrag, error]
}

// Ausgangsablage is an Ablage that lets the authority look after what it sent. The two
// methods are for its side alone: they ask for no mailbox.
type Ausgangsablage interface {
	Ablage
	// FindEintrag gives an Eintrag of the Mandant by its ID, fehler.ErrNotFound if there is none.
	FindEintrag(ctx context.Context, mandant tenant.ID, id uuid.UUID) (Eintrag, error)
	// RecallEintrag takes back an outgoing Eintrag nobody has opened: Betreff, Text and
	// Anhaenge go, Zurueckgerufen is set. Again it changes nothing. One that was opened is
	// fehler.ErrConflict; of opening and taking back at the same time exactly one succeeds.
	RecallEintrag(ctx context.Context, mandant tenant.ID, id uuid.UUID, zeit time.Time) (Eintrag, error)
}
