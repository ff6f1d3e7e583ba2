package driver

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// EingangRow is one technical delivery, from its first byte to its Vorgang or
// to the Klaerfach.
type EingangRow struct {
	ID uuid.UUID
	// Schluessel is the idempotency key of the sender, unique within the Mandant.
	Schluessel string
	// Kanal and Zustand are codes of package intake.
	Kanal, Zustand string
	// Version counts saves, from 1.
	Version     int64
	Eingegangen time.Time
	// ZielMandant and ZielVorgang say where it went; zero while it has no target.
	ZielMandant tenant.ID
	ZielVorgang uuid.UUID
	// Daten is the delivery itself, opaque.
	Daten []byte
}

// EingangKey is a position in the list of Eingaenge.
type EingangKey struct {
	Eingegangen time.Time
	ID          uuid.UUID
}

// InsertEingangParams holds a new Eingang.
type InsertEingangParams struct{ Row EingangRow }

// GetEingangParams names an Eingang by ID or, if ID is zero, by Schluessel.
type GetEingangParams struct {
	ID         uuid.UUID
	Schluessel string
	// Lock keeps others from changing the row until the transaction ends.
	Lock bool
}

// UpdateEingangParams holds a changed Eingang. ID, Schluessel and Eingegangen
// of a stored row never change; the fields of Row are ignored.
type UpdateEingangParams struct {
	Row             EingangRow
	ExpectedVersion int64
}

// ListEingaengeParams asks for a page.
type ListEingaengeParams struct {
	// Zustaende selects; empty selects all.
	Zustaende []string
	After     *EingangKey
	Limit     int
}

// EingangTx keeps deliveries.
type EingangTx interface {
	// InsertEingang adds a row; ErrExists if id or Schluessel is taken.
	InsertEingang(ctx context.Context, p InsertEingangParams) error
	// GetEingang reads one row; ErrNotFound if there is none.
	GetEingang(ctx context.Context, p GetEingangParams) (EingangRow, error)
	// UpdateEingang replaces the row if its version is the expected one;
	// otherwise ErrConflict, and ErrNotFound if there is no such row.
	UpdateEingang(ctx context.Context, p UpdateEingangParams) error
	// ListEingaenge reads a page ordered by Eingegangen, then ID.
	ListEingaenge(ctx context.Context, p ListEingaengeParams) ([]EingangRow, error)
}
