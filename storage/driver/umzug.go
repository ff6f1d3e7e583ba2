package driver

import (
	"context"
	"errors"
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Sperre says whether a Mandant is shut in a backend, because it moves to
// another one.
type Sperre string

// The ways a Mandant can be shut.
const (
	// SperreKeine: open.
	SperreKeine Sperre = ""
	// SperreRuht: nobody leases its Auftraege; everything else goes on. So is the
	// place a Mandant moves to.
	SperreRuht Sperre = "ruht"
	// SperreSchreiben: whatever writes fails with [ErrUmzug], at the latest when
	// it writes, and nobody leases its Auftraege; View goes on.
	SperreSchreiben Sperre = "schreiben"
	// SperreAlles: Update and View fail with [ErrUmgezogen]. The feed and the shares
	// of others are still read.
	SperreAlles Sperre = "alles"
)

// Errors of a Mandant that is shut. Both are of kind fehler.ErrUnavailable.
var (
	ErrUmzug     = fmt.Errorf("%w: %w", fehler.ErrUnavailable, errors.New("the Mandant is being moved to another store"))
	ErrUmgezogen = fmt.Errorf("%w: %w", fehler.ErrUnavailable, errors.New("the Mandant has been moved to another store"))
)

// ImportVorgang is a Vorgang with what is derived from it.
type ImportVorgang struct {
	// Row as it is to be stored, the lease included.
	Row           VorgangRow
	Woerter       []string
	Beteiligungen []BeteiligungRow
}

// ImportParams hold rows that are stored as they are, Auftraege with their
// state and lease. Rows of Vorgaenge in the same call come first.
type ImportParams struct {
	Vorgaenge    []ImportVorgang
	Journal      []JournalRow
	Auftraege    []AuftragRow
	Eingaenge    []EingangRow
	Eintraege    []EintragRow
	Konfig       []KonfigRow
	Zaehler      []ZaehlerRow
	Schluessel   []SchluesselRow
	Aufbewahrung []AufbewahrungRow
	// Aenderungen go into the Mandant's own feed in this order; Mandant and
	// Cursor are ignored. A row of the same Vorgang and Version is not added
	// twice.
	Aenderungen []AenderungRow
}

// ImportTx takes many rows at once.
type ImportTx interface {
	// Import stores rows and returns how many Vorgaenge are new. A row whose
	// key is there already stays as it is and the given one is passed over, so
	// that an import that was cut off can run again; a counter keeps the higher
	// value. A Vorgang whose Nummer another one has is passed over too.
	// ErrNotFound if a journal entry, an Auftrag or an Aufbewahrung names a
	// Vorgang that is not there; the transaction cannot be committed then.
	Import(ctx context.Context, p ImportParams) (neu int64, err error)
	// Reindex replaces what is derived from Vorgaenge: Antragsteller of the row, the
	// words and the shares. A Vorgang that is not there, or whose version is not the
	// one of the row, stays as it is. No version changes, and the feed shows nothing.
	Reindex(ctx context.Context, p ReindexParams) error
}

// ReindexParams hold Vorgaenge as they were read, with what is derived from them.
type ReindexParams struct{ Vorgaenge []ImportVorgang }
