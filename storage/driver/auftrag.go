package driver

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// AuftragZustand is where an Auftrag stands.
type AuftragZustand string

// The states of an Auftrag. A lease is not a state of its own: an open Auftrag
// with a lease that has not run out is at work.
const (
	AuftragOffen    AuftragZustand = "offen"
	AuftragErledigt AuftragZustand = "erledigt"
	AuftragGeparkt  AuftragZustand = "geparkt"
	// AuftragAufgegeben was parked and will never be done; the later Auftraege of
	// its Vorgang go on.
	AuftragAufgegeben AuftragZustand = "aufgegeben"
)

// AuftragRow is one order to do something outside the database.
type AuftragRow struct {
	// Mandant is set in results and ignored in arguments.
	Mandant tenant.ID
	ID      uuid.UUID
	// VorgangID, VorgangVersion and Ordinal place the Auftrag; they are unique
	// within the Mandant. Auftraege of one Vorgang are done in this order.
	VorgangID      uuid.UUID
	VorgangVersion int64
	Ordinal        int64
	// Art is the kind of work, a code.
	Art string
	// Daten is the work itself, opaque.
	Daten []byte
	// Erstellt is the instant it was ordered, Faellig the first instant it may
	// be leased.
	Erstellt, Faellig time.Time
	// Termin places the Auftrag outside the order of its Vorgang: it waits for
	// no other and no other waits for it.
	Termin  bool
	Zustand AuftragZustand
	// Versuch counts leases.
	Versuch int64
	// LeaseToken and LeaseBis are the lease; nil means none.
	LeaseToken *uuid.UUID
	LeaseBis   *time.Time
	// Erledigt is the instant it was done; nil while it is not.
	Erledigt *time.Time
	// LetzterFehler is the text of the last failure, for operators; without
	// personal data.
	LetzterFehler string
}

// LeaseAuftraegeParams asks for work.
type LeaseAuftraegeParams struct {
	// Now decides what is due and which leases have run out.
	Now time.Time
	// Until is the end of the new lease.
	Until time.Time
	// Token names the holder in every row.
	Token uuid.UUID
	Limit int
	// Arten selects; empty selects all.
	Arten []string
	// Mandant selects; empty selects all.
	Mandant tenant.ID
}

// AuftragLageParams asks how the outbox stands.
type AuftragLageParams struct {
	// Now decides what is due.
	Now time.Time
	// Limit is where counting ends, so that it costs the same however much waits.
	Limit int
}

// AuftragLage is how the outbox of all Mandanten stands.
type AuftragLage struct {
	// Faellig counts what is open and due, at work or not, Geparkt what is parked; each at most Limit.
	Faellig, Geparkt int64
	// Aelteste is the Faellig of what is due longest; nil if nothing is.
	Aelteste *time.Time
}

// AuftragKey is a position in the list of Auftraege.
type AuftragKey struct {
	VorgangID      uuid.UUID
	VorgangVersion int64
	Ordinal        int64
}

// FinishAuftragParams reports the outcome of work.
type FinishAuftragParams struct {
	ID    uuid.UUID
	Token uuid.UUID
	// Zustand is the new state. AuftragOffen means: try again at Faellig.
	Zustand AuftragZustand
	// Faellig counts only for AuftragOffen.
	Faellig time.Time
	// Fehler is kept as LetzterFehler; empty for success.
	Fehler string
	// Now is stored as Erledigt for AuftragErledigt.
	Now time.Time
	// Frei takes the try back: Versuch is one less. It counts only for AuftragOffen.
	Frei bool
	// Final is as in SaveVorgangParams.
	Final bool
}

// ListAuftraegeParams asks for a page.
type ListAuftraegeParams struct {
	// VorgangID selects one Vorgang; the zero UUID selects all.
	VorgangID uuid.UUID
	// Zustaende selects; empty selects all.
	Zustaende []AuftragZustand
	After     *AuftragKey
	Limit     int
}

// RequeueAuftragParams names a parked Auftrag.
type RequeueAuftragParams struct {
	ID uuid.UUID
	// Now becomes Faellig.
	Now time.Time
	// GiveUp closes it for good as AuftragAufgegeben instead; Now then plays no part.
	GiveUp bool
}

// AuftragTx keeps the outbox, which SaveVorgang fills.
//
// LeaseAuftraege of [Backend] gives open Auftraege that are due and not leased
// or whose lease ended at or before Now. One that is no Termin is given only if
// no earlier Auftrag of its Vorgang that is no Termin either is open or parked:
// one such Auftrag per Vorgang is at work at a time. It gives the ones due longest first, raises Versuch and writes
// the lease. Rows another lease call is taking at the same moment are passed over,
// and so are those of a Mandant that is shut ([Backend.SetSperre]).
type AuftragTx interface {
	// FinishAuftrag reports the outcome and ends the lease. ErrConflict if the
	// token is not the stored one, ErrNotFound if there is no such Auftrag. A
	// lease that ran out but was not taken over still counts.
	FinishAuftrag(ctx context.Context, p FinishAuftragParams) error
	// ListAuftraege reads a page ordered by VorgangID, VorgangVersion, Ordinal.
	ListAuftraege(ctx context.Context, p ListAuftraegeParams) ([]AuftragRow, error)
	// RequeueAuftrag opens a parked Auftrag again, with Versuch zero, or gives it up.
	// ErrConflict if it is not parked, ErrNotFound if there is none.
	RequeueAuftrag(ctx context.Context, p RequeueAuftragParams) error
}
