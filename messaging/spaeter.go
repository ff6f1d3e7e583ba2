package messaging

import (
	"context"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Final tells whether no further report of a mailbox system is to be waited for.
func (z Zustand) Final() bool { return z.Rang() >= Gelesen.Rang() }

// Sendungsbezug names a Sendung to the Kanal that delivered it.
type Sendungsbezug struct {
	Mandant tenant.ID
	Sendung uuid.UUID
	// Referenz of its Quittung; may be empty.
	Referenz string
}

// StatusAbfrager is a Kanal that can say later what became of a Sendung.
//
// QueryStatus gives a Quittung with the present state; it names the Sendung and the
// Kanal, its Zeit is UTC in microseconds, and it delivers nothing. Nothing delivered under
// the id at the Mandant is fehler.ErrNotFound, a mailbox system that cannot say it now
// fehler.ErrUnavailable, one that never can fehler.ErrUnsupported. Context errors are
// returned unwrapped. Package messagingtest tests every sentence of this.
type StatusAbfrager interface {
	Kanal
	QueryStatus(ctx context.Context, s Sendungsbezug) (Quittung, error)
}

// Rueckrufer is a Kanal that can take back what nobody has read.
//
// Recall takes the message back and gives a Quittung with [Zurueckgeholt]; the recipient
// finds it no more. Again it gives the same Quittung. A message that was read is
// fehler.ErrConflict and stays; nothing delivered under the id at the Mandant is
// fehler.ErrNotFound. fehler.ErrUnavailable and fehler.ErrUnsupported are as with
// [StatusAbfrager], context errors are returned unwrapped. Package messagingtest tests
// every sentence of this.
type Rueckrufer interface {
	Kanal
	Recall(ctx context.Context, s Sendungsbezug) (Quittung, error)
}
