package storage

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Eingang is one technical delivery: kept whole from the moment it is
// accepted, until it is a Vorgang or somebody settles it in the Klaerfach.
type Eingang struct {
	ID uuid.UUID
	// Schluessel is the sender's idempotency key; the same one is the same
	// delivery. Unique within the Mandant.
	Schluessel string
	// Kanal and Zustand are codes of package intake.
	Kanal, Zustand string
	// Version counts saves; zero for a new one.
	Version     int64
	Eingegangen time.Time
	// ZielMandant and ZielVorgang say where it went; zero while it went nowhere.
	ZielMandant tenant.ID
	ZielVorgang uuid.UUID
	// Daten is the delivery, opaque to storage. Files belong into the blob storage.
	Daten []byte
}

func (e *Eingang) check(op string) error {
	if e.ID == uuid.Nil || e.Schluessel == "" {
		return fehler.New("storage."+op, e.ID.String(), ErrInvalid, errors.New("id and key are mandatory"))
	}
	return checkText(op, e.ID.String(), "/schluessel", e.Schluessel, "/kanal", e.Kanal, "/zustand", e.Zustand, "/zielMandant", string(e.ZielMandant))
}

// InsertEingang adds a delivery and sets its Version to 1. ErrExists if its id
// or Schluessel is there already: the same delivery came before.
func (tx *Tx) InsertEingang(ctx context.Context, e *Eingang) (err error) {
	defer tx.spoil(&err)
	if err := tx.writes("InsertEingang"); err != nil {
		return err
	}
	if err := e.check("InsertEingang"); err != nil {
		return err
	}
	row := driver.EingangRow(*e)
	row.Version, row.Eingegangen = 1, instant(e.Eingegangen)
	if err := tx.d.InsertEingang(ctx, driver.InsertEingangParams{Row: row}); err != nil {
		return wrap("InsertEingang", e.ID.String(), err)
	}
	e.Version, e.Eingegangen = 1, row.Eingegangen
	return nil
}

// GetEingang reads a delivery; ErrNotFound if there is none.
func (tx *Tx) GetEingang(ctx context.Context, id uuid.UUID) (Eingang, error) {
	return tx.eingang(ctx, "GetEingang", id.String(), driver.GetEingangParams{ID: id})
}

// LockEingang reads a delivery and keeps others from changing it until the
// transaction ends.
func (tx *Tx) LockEingang(ctx context.Context, id uuid.UUID) (Eingang, error) {
	if err := tx.writes("LockEingang"); err != nil {
		return Eingang{}, err
	}
	return tx.eingang(ctx, "LockEingang", id.String(), driver.GetEingangParams{ID: id, Lock: true})
}

// FindEingang reads a delivery by its Schluessel; ErrNotFound if there is none.
func (tx *Tx) FindEingang(ctx context.Context, schluessel string) (Eingang, error) {
	if err := checkText("FindEingang", "", "/schluessel", schluessel); err != nil {
		return Eingang{}, err
	}
	return tx.eingang(ctx, "FindEingang", string(tx.mandant), driver.GetEingangParams{Schluessel: schluessel})
}

func (tx *Tx) eingang(ctx context.Context, op, key string, p driver.GetEingangParams) (Eingang, error) {
	if err := tx.reads(op); err != nil {
		return Eingang{}, err
	}
	if p.ID == uuid.Nil && p.Schluessel == "" {
		return Eingang{}, wrap(op, key, ErrNotFound)
	}
	row, err := tx.d.GetEingang(ctx, p)
	return Eingang(row), wrap(op, key, err)
}

// UpdateEingang replaces what was read and raises its Version; ErrConflict if
// somebody saved it since. Schluessel and Eingegangen never change.
func (tx *Tx) UpdateEingang(ctx context.Context, e *Eingang) (err error) {
	defer tx.spoil(&err)
	if err := tx.writes("UpdateEingang"); err != nil {
		return err
	}
	if err := e.check("UpdateEingang"); err != nil {
		return err
	}
	row := driver.EingangRow(*e)
	row.Version, row.Eingegangen = e.Version+1, instant(e.Eingegangen)
	if err := tx.d.UpdateEingang(ctx, driver.UpdateEingangParams{Row: row, ExpectedVersion: e.Version}); err != nil {
		return wrap("UpdateEingang", e.ID.String(), err)
	}
	e.Version = row.Version
	return nil
}

// Eingaenge gives deliveries by Eingegangen, then ID, oldest first; with
// zustaende only those. An error is the last pair.
func (tx *Tx) Eingaenge(ctx context.Context, zustaende ...string) iter.Seq2[Eingang, error] {
	return pages(func(last *driver.EingangRow) ([]driver.EingangRow, error) {
		if err := tx.reads("Eingaenge"); err != nil {
			return nil, err
		}
		p := driver.ListEingaengeParams{Zustaende: zustaende, Limit: pageRows}
		if last != nil {
			p.After = &driver.EingangKey{Eingegangen: last.Eingegangen, ID: last.ID}
		}
		rows, err := tx.d.ListEingaenge(ctx, p)
		return rows, wrap("Eingaenge", string(tx.mandant), err)
	}, func(r *driver.EingangRow) (Eingang, error) { return Eingang(*r), nil })
}

// Eingaenge gives deliveries as [Tx.Eingaenge] does, read in one view of one
// page after the other.
func (s *Store) Eingaenge(ctx context.Context, mandant tenant.ID, zustaende ...string) iter.Seq2[Eingang, error] {
	return pages(func(last *driver.EingangRow) (rows []driver.EingangRow, err error) {
		p := driver.ListEingaengeParams{Zustaende: zustaende, Limit: pageRows}
		if last != nil {
			p.After = &driver.EingangKey{Eingegangen: last.Eingegangen, ID: last.ID}
		}
		err = s.viewOne(ctx, mandant, func(ctx context.Context, tx *Tx) error {
			rows, err = tx.d.ListEingaenge(ctx, p)
			return wrap("Eingaenge", string(mandant), err)
		})
		return rows, err
	}, func(r *driver.EingangRow) (Eingang, error) { return Eingang(*r), nil })
}
