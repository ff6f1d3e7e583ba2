package driver

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// VorgangRow is one Vorgang: the columns the database searches by, and the
// whole Vorgang as opaque bytes.
type VorgangRow struct {
	ID uuid.UUID
	// Version counts saves, from 1.
	Version int64
	// Nummer is the Vorgangsnummer, unique within the Mandant; empty means none.
	Nummer string
	// Status, Leistung, Einheit and Bearbeiter are codes and ids of the model.
	Status, Leistung, Einheit, Bearbeiter string
	// Aktenzeichen are the file references, in order and without repetition.
	// They need not be unique between Vorgaenge.
	Aktenzeichen []string
	// Eingang is the instant of receipt; lists are ordered by it.
	Eingang time.Time
	// Frist is the next legal date; the zero Datum means none.
	Frist datum.Datum
	// Wartend tells whether the Vorgang lies on the stack of its Einheit.
	Wartend bool
	// LeaseToken and LeaseBis are the lease; nil means none. Only SetLease
	// writes them, InsertVorgang and UpdateVorgang ignore them.
	LeaseToken *uuid.UUID
	LeaseBis   *time.Time
	// JournalSeq and JournalHash are the head of the journal.
	JournalSeq  int64
	JournalHash []byte
	// Daten is the Vorgang itself, opaque.
	Daten []byte
}

// VorgangKey is a position in the list of Vorgaenge.
type VorgangKey struct {
	Eingang time.Time
	ID      uuid.UUID
}

// VorgangFilter selects Vorgaenge. Fields are joined by AND, the values of one
// field by OR; a zero field selects all.
type VorgangFilter struct {
	Status, Leistungen, Einheiten, Bearbeiter []string
	// EingangVon is the first instant, EingangBis the first instant after.
	EingangVon, EingangBis time.Time
	// FristBis selects Vorgaenge with a Frist on or before the day.
	FristBis datum.Datum
	// Nummer selects exactly; Aktenzeichen selects Vorgaenge that have it.
	Aktenzeichen, Nummer string
}

// GetVorgangParams names a Vorgang.
type GetVorgangParams struct {
	ID uuid.UUID
	// Lock keeps others from changing the row until the transaction ends.
	Lock bool
}

// InsertVorgangParams holds a new Vorgang.
type InsertVorgangParams struct{ Row VorgangRow }

// UpdateVorgangParams holds a changed Vorgang.
type UpdateVorgangParams struct {
	// Row is the new state; its Version becomes the stored one.
	Row VorgangRow
	// ExpectedVersion is the version that was read.
	ExpectedVersion int64
}

// ListVorgaengeParams asks for a page.
type ListVorgaengeParams struct {
	Filter VorgangFilter
	// After is the last key of the page before; nil starts at the beginning.
	After *VorgangKey
	Limit int
	// Absteigend gives the newest first.
	Absteigend bool
}

// CountVorgaengeParams asks for a number.
type CountVorgaengeParams struct{ Filter VorgangFilter }

// NextWartendParams asks for the next Vorgang of a stack.
type NextWartendParams struct {
	// Einheiten and Leistungen select; empty selects all.
	Einheiten, Leistungen []string
	// Now decides which leases have run out.
	Now time.Time
	// After begins strictly behind this place; nil begins with the oldest.
	After *VorgangKey
}

// SetLeaseParams sets or ends the lease of a Vorgang.
type SetLeaseParams struct {
	ID uuid.UUID
	// ExpectToken is the token that must be stored; nil means no lease.
	ExpectToken *uuid.UUID
	// Token and Bis are the new lease; nil ends it.
	Token *uuid.UUID
	Bis   *time.Time
}

// VorgangTx keeps Vorgaenge.
type VorgangTx interface {
	// GetVorgang reads one row; ErrNotFound if there is none.
	GetVorgang(ctx context.Context, p GetVorgangParams) (VorgangRow, error)
	// InsertVorgang adds a row; ErrExists if the id or the Nummer is taken.
	InsertVorgang(ctx context.Context, p InsertVorgangParams) error
	// UpdateVorgang replaces the row if its version is the expected one;
	// otherwise ErrConflict, and ErrNotFound if there is no such row. ErrExists
	// if the new Nummer is taken.
	UpdateVorgang(ctx context.Context, p UpdateVorgangParams) error
	// ListVorgaenge reads a page, ordered by Eingang, then ID.
	ListVorgaenge(ctx context.Context, p ListVorgaengeParams) ([]VorgangRow, error)
	// CountVorgaenge counts what the filter selects.
	CountVorgaenge(ctx context.Context, p CountVorgaengeParams) (int64, error)
	// NextWartend gives the oldest waiting row by Eingang, then ID, that has
	// no lease or one that ended at or before Now, and locks it. Rows locked
	// by others are passed over. ErrNotFound if there is none.
	NextWartend(ctx context.Context, p NextWartendParams) (VorgangRow, error)
	// SetLease writes the lease if the stored token is the expected one;
	// otherwise ErrConflict, and ErrNotFound if there is no such row. The
	// version does not change.
	SetLease(ctx context.Context, p SetLeaseParams) error
}
