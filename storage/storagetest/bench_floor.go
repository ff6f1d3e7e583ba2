package storagetest

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

// Floor is the least a database can be asked for: hand-written SQL on the bare
// driver, with prepared statements, for [BenchMandant] only. What a store costs
// beyond it is its price: the model, tenancy, checks, versions, retries.
//
// A floor writes what it is given and nothing else. It works on the data of the
// store under test, in tables and indexes that are the store's, and is as durable.
// Each of the methods that write is one transaction of its own and ends with its
// commit. All may be called by many goroutines.
type Floor interface {
	// Create adds the row of p, its journal entries, its Auftraege (open, no
	// lease, Versuch zero), one row of the search index per word and one row of
	// the feed.
	Create(ctx context.Context, p *driver.SaveVorgangParams) error
	// Edit reads the row p.Row.ID with all its columns, and locks it where there
	// are row locks. Then it writes version, journal_seq, journal_hash and daten of
	// the row if its version is p.ExpectedVersion, and adds the journal entries,
	// the Auftraege and one row of the feed.
	Edit(ctx context.Context, p *driver.SaveVorgangParams) error
	// Claim reads, with all its columns, the oldest waiting row that has no
	// lease, and locks it where there are row locks; those locked by others are
	// passed over. Then it writes version, status, bearbeiter, lease, journal_seq,
	// journal_hash and daten of the row as p has them, and adds the journal entries
	// of p under its id and one row of the feed. It returns the id.
	Claim(ctx context.Context, p *driver.SaveVorgangParams) (uuid.UUID, error)
	// Page reads the columns a list shows of the limit rows behind after, newest
	// first by eingang and id, and returns how many there were.
	Page(ctx context.Context, after *driver.VorgangKey, limit int) (int, error)
	// Search reads the first limit entries of the search index that begin with
	// prefix, each with the columns a list shows of its row, and returns how many
	// there were.
	Search(ctx context.Context, prefix string, limit int) (int, error)
	// Import adds the same as Create for many, by the fastest way there is that
	// keeps all indexes: COPY, or INSERTs with many rows.
	Import(ctx context.Context, ps []driver.SaveVorgangParams) error
	// Lease leases open Auftraege that are due and free and before which no other
	// of their Vorgang is open, those due longest first, and reads them. Now,
	// Until, Token and Limit count.
	Lease(ctx context.Context, p driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error)
	// Settle does what the database does by itself some time after much was
	// added: it brings the planner's statistics up to date and tidies up.
	Settle(ctx context.Context) error
	// Finish closes a leased Auftrag as done if the token fits.
	Finish(ctx context.Context, p driver.FinishAuftragParams) error
}

// BenchOptions of a comparison.
type BenchOptions struct {
	// Name of the backend in tables and charts.
	Name string
	// New returns an empty set of data, and the floor on the same data. The floor
	// is closed by t.Cleanup.
	New func(t testing.TB) (Handle, Floor)
}
