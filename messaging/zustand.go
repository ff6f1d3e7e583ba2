package messaging

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Zustand is how far a Sendung got.
type Zustand string

// The delivery states.
const (
	Angelegt       Zustand = "angelegt"       // written, not on its way yet; no Kanal says it
	Unsicher       Zustand = "unsicher"       // perhaps handed over, see [ErrUnsicher]
	Uebergeben     Zustand = "uebergeben"     // handed to the mailbox system
	Bereitgestellt Zustand = "bereitgestellt" // lies in the mailbox for the recipient
	Zurueckgerufen Zustand = "zurueckgerufen" // taken back before anybody read it
	Abgeholt       Zustand = "abgeholt"
	Gelesen        Zustand = "gelesen"
	Fehlgeschlagen Zustand = "fehlgeschlagen" // did not arrive, or was refused
	Beantwortet    Zustand = "beantwortet"
	Bestaetigt     Zustand = "bestaetigt" // the recipient confirmed it
)

// rang orders the states; a report counts only if it is further than what is known.
var rang = map[Zustand]int{
	"": 0, Angelegt: 0, Unsicher: 1, Uebergeben: 2, Bereitgestellt: 3, Zurueckgerufen: 4, Abgeholt: 5, Gelesen: 6,
	Fehlgeschlagen: 7, Beantwortet: 8, Bestaetigt: 9,
}

// Folgt tells whether the state is news after another one: it is further on the way.
// A report that comes late or twice is none. What was taken back does not fail any more,
// and a proof of arrival counts after everything but a failure; an answer counts even then.
// A state this version does not know counts like [Uebergeben].
func (z Zustand) Folgt(war Zustand) bool {
	if war == Zurueckgerufen && z == Fehlgeschlagen {
		return false
	}
	return z.rang() > war.rang()
}

func (z Zustand) rang() int {
	if r, ok := rang[z]; ok {
		return r
	}
	return rang[Uebergeben]
}

// Final tells whether no further report of a mailbox system is to be waited for.
func (z Zustand) Final() bool {
	switch z {
	case Zurueckgerufen, Gelesen, Fehlgeschlagen, Beantwortet, Bestaetigt:
		return true
	}
	return false
}

// Name in German, for people.
func (z Zustand) Name() string {
	if n, ok := map[Zustand]string{
		"": "angelegt", Angelegt: "angelegt", Unsicher: "unsicher", Uebergeben: "übergeben", Bereitgestellt: "bereitgestellt",
		Zurueckgerufen: "zurückgerufen", Abgeholt: "abgeholt", Gelesen: "gelesen", Fehlgeschlagen: "fehlgeschlagen",
		Beantwortet: "beantwortet", Bestaetigt: "bestätigt",
	}[z]; ok {
		return n
	}
	return string(z)
}

// ErrUnsicher: the mailbox system may have taken the Sendung, and the Kanal can neither
// find out nor try again without the risk of a second letter. The same Sendung.ID again
// is ErrUnsicher again and delivers nothing. A person decides: it counts as delivered, or
// it is ordered anew under another ID.
var ErrUnsicher = errors.New("it is not known whether the mailbox system took the message")

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
// Recall takes the message back and gives a Quittung with [Zurueckgerufen]; the recipient
// finds it no more. Again it gives the same Quittung. A message that was read is
// fehler.ErrConflict and stays; nothing delivered under the id at the Mandant is
// fehler.ErrNotFound. fehler.ErrUnavailable and fehler.ErrUnsupported are as with
// [StatusAbfrager], context errors are returned unwrapped. Package messagingtest tests
// every sentence of this.
type Rueckrufer interface {
	Kanal
	Recall(ctx context.Context, s Sendungsbezug) (Quittung, error)
}
