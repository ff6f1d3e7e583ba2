package driver

import (
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// AenderungRow is one committed save of a Vorgang, as the feed of a Mandant
// shows it. It holds no contents.
type AenderungRow struct {
	// Cursor is the place behind this row, opaque to everybody but the backend,
	// at most 2000 bytes of printable ASCII.
	Cursor string
	// Mandant owns the Vorgang; in the feed of a guest it is another one.
	Mandant   tenant.ID
	VorgangID uuid.UUID
	// Version that was saved.
	Version int64
	// JournalVon and JournalBis are the entries that came with it; both zero if
	// none did.
	JournalVon, JournalBis int64
	// Zeit is SaveVorgangParams.Zeit.
	Zeit time.Time
}

// AenderungenParams ask for a page of the feed.
type AenderungenParams struct {
	// After is the Cursor of the last row that was seen; empty starts with the
	// oldest that is kept.
	After string
	Limit int
}

// BeteiligungRow says that another Mandant takes part in a Vorgang. The model keeps
// the shares of one Vorgang and one Gast from overlapping.
type BeteiligungRow struct {
	// Mandant owns the Vorgang.
	Mandant   tenant.ID
	VorgangID uuid.UUID
	// Gast takes part, with Recht, a code of the model.
	Gast  tenant.ID
	Recht string
	// Von is the first instant, Bis the first instant after; nil means open.
	Von time.Time
	Bis *time.Time
}

// BeteiligungKey is a position in the list of a guest.
type BeteiligungKey struct {
	Mandant   tenant.ID
	VorgangID uuid.UUID
}

// BeteiligungenParams ask for a page.
type BeteiligungenParams struct {
	// VorgangID selects one Vorgang; the zero UUID selects all.
	VorgangID uuid.UUID
	// Now decides which shares hold: Von at or before Now, Bis after it.
	Now   time.Time
	After *BeteiligungKey
	Limit int
}
