// Package driver is what a storage backend implements. Users work with
// [github.com/ozg-fachwerk/fachwerk/storage.Store], which is written once on
// top of these interfaces.
//
// # Who may implement it
//
// Anyone. A backend is finished when it passes
// [github.com/ozg-fachwerk/fachwerk/storage/storagetest.Run]; every sentence
// of this documentation has a case there. Within one major version of the
// module no method is added to [Backend], [Tx] or a role interface, and no
// method changes its signature. Growth happens by new fields in the params
// structs, whose zero value keeps the old meaning, and by optional interfaces
// with a fallback in package storage.
//
// # Rules for every method
//
// Tenancy. A transaction belongs to one Mandant. It reads and writes rows of
// this Mandant only; the rows of others do not exist for it. Keys are unique
// within a Mandant, so two Mandanten may use the same id, number or key.
//
// Errors. A method returns an error that matches, with [errors.Is], the kind
// its documentation names: [fehler.ErrNotFound], [fehler.ErrExists],
// [fehler.ErrConflict]. After an error of these three kinds the transaction
// goes on and nothing of the failed call is stored. After any other error the
// transaction cannot be committed any more. Context errors are returned such
// that errors.Is finds them. No error contains contents of a row beyond ids
// and names of tables.
//
// Ownership. Arguments are not kept after the call returns, results are not
// shared with anybody: changing either afterwards changes nothing stored.
//
// Times are in UTC with microseconds and come back exactly as they were
// given, with location UTC. A backend has no clock of its own; whoever needs
// "now" gets it as a parameter.
//
// Texts are valid UTF-8 without NUL; the portable layer refuses others. They
// are compared byte by byte: case, normal forms and ß differ.
//
// Lists are ordered as documented and end after Limit rows; Limit is at least
// one. After continues strictly behind the key. Byte slices that were nil or
// empty come back with length zero.
//
// A Tx is used by one goroutine at a time and is dead after its closure returned.
package driver

import (
	"context"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Backend is one data store for many Mandanten. All methods may be called by
// many goroutines at the same time.
type Backend interface {
	// Update runs f in one read-write transaction of the Mandant and commits
	// when f returns nil. An error or a panic of f rolls everything back; the
	// error is returned as it is, the panic goes on. The closure may run more
	// than once when the database asks for it (serialization failure, deadlock);
	// each run begins with what is committed then. When Update returns nil the
	// transaction is as durable as the backend promises.
	//
	// Two transactions that change the same row are serialized: the second
	// waits, or fails with [fehler.ErrUnavailable] when it cannot wait any
	// longer. No transaction waits without bound.
	Update(ctx context.Context, mandant tenant.ID, f func(ctx context.Context, tx Tx) error) error

	// View runs f in a read-only transaction. All reads see the same committed
	// state, that of the first read or earlier. A write inside f fails. View
	// does not wait for writers.
	View(ctx context.Context, mandant tenant.ID, f func(ctx context.Context, tx Tx) error) error

	// LeaseAuftraege leases due Auftraege of all Mandanten, see
	// [LeaseAuftraegeParams]. The lease is committed when it returns. A backend
	// opened without the right to see all Mandanten returns
	// [fehler.ErrUnsupported].
	LeaseAuftraege(ctx context.Context, p LeaseAuftraegeParams) ([]AuftragRow, error)

	// Aenderungen reads the feed of a Mandant behind a cursor: what was saved of
	// its own Vorgaenge, and of those shared with it. Every committed save is in
	// it once, at a place that never changes; saves of one Vorgang are in the
	// order of their versions, and a save that began after another was committed
	// comes behind it. Nothing ever appears at or before a place that was given
	// out, however late its transaction committed. A cursor the feed no longer
	// reaches back to, or that is none, is [fehler.ErrNotFound].
	Aenderungen(ctx context.Context, mandant tenant.ID, p AenderungenParams) ([]AenderungRow, error)

	// AenderungenEnde gives the cursor behind the last row of the feed.
	AenderungenEnde(ctx context.Context, mandant tenant.ID) (string, error)

	// FaelligeMandanten gives the Mandanten with an Auftrag that LeaseAuftraege could give at
	// now, ordered. It may name others too whose due Auftraege are all at work, wait behind
	// others or belong to a Mandant that is shut. Its cost grows with the number of Mandanten and not of
	// Auftraege. Like LeaseAuftraege it needs the right to see all.
	FaelligeMandanten(ctx context.Context, now time.Time) ([]tenant.ID, error)

	// AuftragLage tells how the outbox of all Mandanten stands, with the same right.
	AuftragLage(ctx context.Context, p AuftragLageParams) (AuftragLage, error)

	// Beteiligungen reads the shares other Mandanten gave to gast that hold at
	// Now, ordered by Mandant, then VorgangID.
	Beteiligungen(ctx context.Context, gast tenant.ID, p BeteiligungenParams) ([]BeteiligungRow, error)

	// SetSperre shuts a Mandant or opens it again, see [Sperre]. When it returns
	// with SperreSchreiben, every transaction that could still have written has
	// ended, and a View begun afterwards sees all that was ever committed.
	SetSperre(ctx context.Context, mandant tenant.ID, s Sperre) error

	// GetSperre reads whether the Mandant is shut.
	GetSperre(ctx context.Context, mandant tenant.ID) (Sperre, error)

	// Entfernen removes all rows of a Mandant that is shut with SperreAlles, its
	// feed included, but not the Sperre; with another Sperre it is
	// [fehler.ErrConflict]. What stands in the feeds of guests stays. It may be
	// repeated. A cursor of the feed that was removed never points at another
	// row later: it is [fehler.ErrNotFound].
	Entfernen(ctx context.Context, mandant tenant.ID) error

	// Close frees what the backend holds. Calls after Close fail with
	// [fehler.ErrUnavailable]; a second Close does nothing.
	Close() error
}

// Leser is an optional ability of a [Backend]: a cheaper View for a closure that
// makes one call. Package storage uses View where it is missing.
type Leser interface {
	// Lies runs f as View does. f makes at most one call of a method of tx: a second
	// one may see another state than the first.
	Lies(ctx context.Context, mandant tenant.ID, f func(ctx context.Context, tx Tx) error) error
}

// Wecker is an optional ability of a [Backend]: to be woken instead of asking
// again and again. It is a hint only; a wake-up may be missing or too much.
type Wecker interface {
	// Wecken calls f after commits that may have added to the feed of the
	// Mandant, or to the Auftraege of any for the empty id, until stop is called.
	// f must not block.
	Wecken(mandant tenant.ID, f func()) (stop func())
}

// Tx is the set of roles a transaction plays. Each role stays small, so that a
// wrapper or a test can replace one of them.
type Tx interface {
	VorgangTx
	JournalTx
	AuftragTx
	EingangTx
	PostfachTx
	KonfigTx
	ZaehlerTx
	SchluesselTx
	AufbewahrungTx
	ImportTx
}
