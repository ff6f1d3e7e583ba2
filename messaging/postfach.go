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
}

// Ablage keeps Eintraege. The storage floor implements it; channels that need a
// mailbox of their own use it. Safe for concurrent use.
type Ablage interface {
	// PutEintrag stores the Eintrag. The same ID again changes nothing and
	// returns what was stored first.
	PutEintrag(ctx context.Context, mandant tenant.ID, e Eintrag) (Eintrag, error)
	// GetEintrag returns fehler.ErrNotFound if the mailbox has no such Eintrag.
	GetEintrag(ctx context.Context, mandant tenant.ID, postfach string, id uuid.UUID) (Eintrag, error)
	// MarkGelesen sets Gelesen once; later calls change nothing.
	MarkGelesen(ctx context.Context, mandant tenant.ID, postfach string, id uuid.UUID, zeit time.Time) (Eintrag, error)
	// ListEintraege gives a mailbox oldest first; an error is the last pair.
	ListEintraege(ctx context.Context, mandant tenant.ID, postfach string) iter.Seq2[Eintrag, error]
}
