package driver

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// SchluesselRow is the remembered outcome of something that must happen once.
type SchluesselRow struct {
	// Schluessel is the idempotency key, unique within the Mandant.
	Schluessel string
	// Bis is the first instant at which it may be forgotten.
	Bis time.Time
	// Daten is the outcome, opaque.
	Daten []byte
}

// GetSchluesselParams names a key.
type GetSchluesselParams struct{ Schluessel string }

// PutSchluesselParams holds a key.
type PutSchluesselParams struct{ Row SchluesselRow }

// ListSchluesselParams ask for a page.
type ListSchluesselParams struct {
	// After is the last key of the page before; empty starts at the beginning.
	After string
	Limit int
}

// SchluesselTx keeps idempotency keys.
type SchluesselTx interface {
	// PutSchluessel stores a key; ErrExists if it is there, whatever its Bis.
	// Of transactions that store the same key at the same time one does, the
	// others wait for its end and then get ErrExists, or run again.
	PutSchluessel(ctx context.Context, p PutSchluesselParams) error
	// GetSchluessel reads a key; ErrNotFound if there is none.
	GetSchluessel(ctx context.Context, p GetSchluesselParams) (SchluesselRow, error)
	// ListSchluessel reads a page ordered by Schluessel.
	ListSchluessel(ctx context.Context, p ListSchluesselParams) ([]SchluesselRow, error)
}

// AufbewahrungRow says until when a Vorgang must be kept.
type AufbewahrungRow struct {
	VorgangID uuid.UUID
	// Bis is the last day it must be kept; it may be deleted from the day after.
	Bis datum.Datum
	// Halt forbids the deletion whatever Bis says (legal hold).
	Halt bool
	// Daten are the rule and the reason, opaque.
	Daten []byte
}

// PutAufbewahrungParams holds the new state.
type PutAufbewahrungParams struct{ Row AufbewahrungRow }

// GetAufbewahrungParams names a Vorgang.
type GetAufbewahrungParams struct{ VorgangID uuid.UUID }

// AufbewahrungKey is a position in the list.
type AufbewahrungKey struct {
	Bis       datum.Datum
	VorgangID uuid.UUID
}

// ListAufbewahrungParams ask for a page.
type ListAufbewahrungParams struct {
	// BisVor selects the rows with Bis before the day and without Halt; the zero
	// Datum selects all.
	BisVor datum.Datum
	After  *AufbewahrungKey
	Limit  int
}

// EraseVorgangParams names a Vorgang.
type EraseVorgangParams struct{ VorgangID uuid.UUID }

// PruneParams say what may be forgotten.
type PruneParams struct {
	// SchluesselBis: keys with Bis at or before the instant.
	SchluesselBis time.Time
	// AenderungenBis: rows of the feed with Zeit before the instant.
	AenderungenBis time.Time
	// Limit bounds the rows of each kind that are removed.
	Limit int
}

// AufbewahrungTx keeps retention and forgets.
type AufbewahrungTx interface {
	// PutAufbewahrung stores or replaces the retention of a Vorgang;
	// ErrNotFound if there is no such Vorgang.
	PutAufbewahrung(ctx context.Context, p PutAufbewahrungParams) error
	// GetAufbewahrung reads it; ErrNotFound if there is none.
	GetAufbewahrung(ctx context.Context, p GetAufbewahrungParams) (AufbewahrungRow, error)
	// ListAufbewahrung reads a page ordered by Bis, then VorgangID.
	ListAufbewahrung(ctx context.Context, p ListAufbewahrungParams) ([]AufbewahrungRow, error)
	// EraseVorgang removes what is kept of a Vorgang beside its row: Akteur,
	// Daten and Salz of all journal entries, Daten and LetzterFehler of all its
	// Auftraege, its words, its shares, its letters in the mailboxes of this
	// Mandant, and Daten of the deliveries of this Mandant that went to it. The
	// rows of journal, Auftraege and deliveries stay, the hashes too.
	// ErrNotFound if there is no such Vorgang.
	EraseVorgang(ctx context.Context, p EraseVorgangParams) error
	// Prune forgets and returns how many rows it removed. A feed never ends
	// because of it: cursors at or behind the last removed row stay good, older
	// ones are ErrNotFound.
	Prune(ctx context.Context, p PruneParams) (int64, error)
}
