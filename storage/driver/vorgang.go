package driver

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
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
	// Antragsteller is the name a list shows.
	Antragsteller string
	// Aktenzeichen are the file references, in order and without repetition.
	// They need not be unique between Vorgaenge.
	Aktenzeichen []string
	// Eingang is the instant of receipt; lists are ordered by it.
	Eingang time.Time
	// Frist is the next legal date; the zero Datum means none.
	Frist datum.Datum
	// Wartend tells whether the Vorgang lies on the stack of its Einheit.
	Wartend bool
	// LeaseToken and LeaseBis are the lease; nil means none. SaveVorgang ignores
	// them and takes SaveVorgangParams.Lease instead.
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

// SaveVorgangParams hold one save of a Vorgang with everything that belongs to
// it. It is stored whole or not at all.
type SaveVorgangParams struct {
	// Row is the new state; its Version becomes the stored one.
	Row VorgangRow
	// ExpectedVersion is the version that was read; zero means that the Vorgang
	// must not be there yet.
	ExpectedVersion int64
	// Journal are the new entries, ascending by Seq. They continue the stored
	// journal, whose head is the JournalSeq of the stored row.
	Journal []JournalRow
	// Auftraege are new. They are stored as open, without a lease and with
	// Versuch zero, whatever the rows say. Ids and places are the caller's to
	// keep unique.
	Auftraege []AuftragRow
	// Woerter are the words the Vorgang is found by, folded and without
	// repetition. nil keeps the stored ones; an empty slice removes them.
	Woerter []string
	// Beteiligungen are the shares of other Mandanten; nil keeps the stored
	// ones, an empty slice removes them. The fields Mandant and VorgangID are
	// ignored.
	Beteiligungen []BeteiligungRow
	// Stroeme are the Mandanten whose feed of changes shows this save.
	Stroeme []tenant.ID
	// Zeit is the instant of the save in the feed.
	Zeit time.Time
	// Lease, if set, changes the lease in the same step; its ID is ignored. A
	// token that is not the expected one is ErrConflict.
	Lease *SetLeaseParams
	// Final promises that the closure makes no further call and returns nil if
	// this one succeeds. A backend may commit with it.
	Final bool
}

// ListVorgaengeParams asks for a page.
type ListVorgaengeParams struct {
	Filter VorgangFilter
	// After is the last key of the page before; nil starts at the beginning.
	After *VorgangKey
	Limit int
	// Absteigend gives the newest first.
	Absteigend bool
	// Kurz leaves Daten and JournalHash of the rows empty.
	Kurz bool
}

// SearchVorgaengeParams ask for the Vorgaenge that have, for each of Woerter, a
// word that begins with it.
type SearchVorgaengeParams struct {
	// Woerter are folded and not empty; there is at least one and at most
	// MaxSuchwoerter.
	Woerter []string
	Filter  VorgangFilter
	// After is the last hit of the page before; nil starts at the beginning.
	After *TrefferKey
	Limit int
}

// MaxSuchwoerter bounds the words of one search.
const MaxSuchwoerter = 8

// TrefferKey is a position in the list of hits.
type TrefferKey struct {
	Wort string
	ID   uuid.UUID
}

// TrefferRow is one hit.
type TrefferRow struct {
	// Wort is the first of the Vorgang's words, by bytes, that begins with
	// Woerter[0].
	Wort string
	// Row is short: Daten and JournalHash are empty.
	Row VorgangRow
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
	// SaveVorgang stores a new Vorgang or replaces one, with its journal
	// entries, Auftraege, words, shares, lease and changes. A new one: ErrExists
	// if the id or the Nummer is taken, ErrConflict if its journal does not begin
	// at 1 or a lease is expected. A replaced one: ErrNotFound if there is
	// no such row, ErrConflict if its version is not the expected one, the
	// journal does not continue the stored one or the lease is another's,
	// ErrExists if the new Nummer is taken. The row is written before the
	// Auftraege, which keeps the order of places equal to the order of commits.
	SaveVorgang(ctx context.Context, p SaveVorgangParams) error
	// ListVorgaenge reads a page, ordered by Eingang, then ID.
	ListVorgaenge(ctx context.Context, p ListVorgaengeParams) ([]VorgangRow, error)
	// CountVorgaenge counts what the filter selects.
	CountVorgaenge(ctx context.Context, p CountVorgaengeParams) (int64, error)
	// SearchVorgaenge reads a page of hits ordered by Wort, then ID; each
	// Vorgang is there once.
	SearchVorgaenge(ctx context.Context, p SearchVorgaengeParams) ([]TrefferRow, error)
	// NextWartend gives the oldest waiting row by Eingang, then ID, that has
	// no lease or one that ended at or before Now, and locks it. Rows locked
	// by others are passed over. ErrNotFound if there is none.
	NextWartend(ctx context.Context, p NextWartendParams) (VorgangRow, error)
	// SetLease writes the lease if the stored token is the expected one;
	// otherwise ErrConflict, and ErrNotFound if there is no such row. The
	// version does not change.
	SetLease(ctx context.Context, p SetLeaseParams) error
}
