package uebergabe

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
)

// Ziel is the port: a Fachverfahren of one Mandant. Implementations are safe for
// concurrent use. uebergabetest.Run proves each sentence.
type Ziel interface {
	// Name is stable and not empty.
	Name() string
	// Uebergeben hands the Sendung over and returns when the receiver has it durably.
	//
	// It is idempotent by Sendung.ID: the receiver sees a Sendung once, however often
	// it is given, also by several callers at once and after a lost answer; a repeat
	// sets Wiederholt if the target can tell. The receiver sees all of it or nothing.
	//
	// A Sendung that does not pass [Sendung.Check], and a file whose size or SHA-512 is
	// not the stated one, is fehler.ErrInvalid, and the receiver sees nothing; where
	// files travel by link only the former is known here. What the receiver refuses for
	// good matches [Ablehnung] and fehler.ErrInvalid. fehler.ErrForbidden means that
	// the target does not know us: somebody must look at the configuration.
	// fehler.ErrUnavailable means that trying again may help; such an error may have a
	// method RetryAfter() time.Duration. A context error is returned as it is.
	//
	// What was opened is closed. The Sendung is neither changed nor kept.
	Uebergeben(ctx context.Context, s *Sendung) (Quittung, error)
}

// Quittung says that the receiver has the Sendung.
type Quittung struct {
	Sendung uuid.UUID
	Ziel    string
	// Kennung is what the receiver calls it; may be empty.
	Kennung string
	Zeit    time.Time
	// Wiederholt: the receiver had it before.
	Wiederholt bool
}

// Ablehnung is the receiver's refusal of this Sendung.
type Ablehnung struct {
	// Status is the code of the receiver, such as that of HTTP.
	Status int
	// Detail is the receiver's text for people. It may name persons, so it is not
	// part of the error text and belongs in no log.
	Detail string
}

func (a *Ablehnung) Error() string { return "the receiver refuses it" }

// Rueckmelder is the optional second half of a Ziel: it brings answers along its way.
type Rueckmelder interface {
	// Answers goes through the answers nobody acknowledged yet. One that is not
	// acknowledged comes again, so nothing is lost when the caller dies. One that
	// cannot be read is given with only Kennung set and an error of kind
	// fehler.ErrInvalid; the others follow. A context error ends the sequence; the
	// caller may stop at any time. At most MaxAntworten of the target come at once.
	Answers(ctx context.Context) iter.Seq2[Antwort, error]
	// Ack says that the answer is stored, or will never be taken. It does not come
	// again. Acknowledging twice is no error.
	Ack(ctx context.Context, kennung string) error
}

// Antwort is what came from a receiver; nothing of it is checked yet.
type Antwort struct {
	// Kennung names it within its Rueckmelder, for Ack. Opaque.
	Kennung string
	// Umschlag holds its signature, Inhalt the bytes that were signed: a CloudEvent
	// in its JSON form.
	Umschlag signatur.Umschlag
	Inhalt   []byte
}
