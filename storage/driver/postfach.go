package driver

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// EintragRow is one letter in the embedded mailbox of a citizen.
type EintragRow struct {
	ID uuid.UUID
	// Postfach names the mailbox.
	Postfach string
	// VorgangID is the case the letter belongs to; zero means none. The Vorgang
	// need not be stored here.
	VorgangID uuid.UUID
	// Richtung is a code: to or from the citizen.
	Richtung string
	Zeit     time.Time
	// Version counts saves, from 1.
	Version int64
	// Daten is the letter itself, opaque.
	Daten []byte
}

// EintragKey is a position in the list of a mailbox.
type EintragKey struct {
	Zeit time.Time
	ID   uuid.UUID
}

// PutEintragParams holds a letter.
type PutEintragParams struct{ Row EintragRow }

// GetEintragParams names a letter.
type GetEintragParams struct{ ID uuid.UUID }

// ListEintraegeParams asks for a page.
type ListEintraegeParams struct {
	// Postfach selects a mailbox, VorgangID a case; zero selects all.
	Postfach  string
	VorgangID uuid.UUID
	After     *EintragKey
	Limit     int
}

// UpdateEintragParams holds a changed letter. Postfach, VorgangID, Richtung
// and Zeit of a stored letter never change; the fields of Row are ignored.
type UpdateEintragParams struct {
	Row             EintragRow
	ExpectedVersion int64
}

// PostfachTx keeps the embedded mailboxes.
type PostfachTx interface {
	// PutEintrag adds a letter and reports true. If the id is there already,
	// the stored letter stays as it is and PutEintrag reports false.
	PutEintrag(ctx context.Context, p PutEintragParams) (neu bool, err error)
	// GetEintrag reads one letter; ErrNotFound if there is none.
	GetEintrag(ctx context.Context, p GetEintragParams) (EintragRow, error)
	// ListEintraege reads a page ordered by Zeit, then ID.
	ListEintraege(ctx context.Context, p ListEintraegeParams) ([]EintragRow, error)
	// UpdateEintrag replaces the letter if its version is the expected one;
	// otherwise ErrConflict, and ErrNotFound if there is none.
	UpdateEintrag(ctx context.Context, p UpdateEintragParams) error
}
