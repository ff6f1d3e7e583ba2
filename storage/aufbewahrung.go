package storage

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Aufbewahrung says until when a Vorgang must be kept.
type Aufbewahrung struct {
	Vorgang uuid.UUID
	// Bis is the last day it must be kept; from the day after it may be deleted.
	Bis datum.Datum
	// Halt forbids the deletion whatever Bis says (legal hold).
	Halt bool
	// Grund is the rule and the reason, as JSON of the caller.
	Grund json.RawMessage
}

// SetAufbewahrung stores or replaces the retention of a Vorgang; ErrNotFound if
// there is no such Vorgang. Without Bis it is ErrInvalid.
func (tx *Tx) SetAufbewahrung(ctx context.Context, a Aufbewahrung) (err error) {
	defer tx.spoil(&err)
	if err := tx.writes("SetAufbewahrung"); err != nil {
		return err
	}
	if a.Bis.IsZero() || len(a.Grund) > 0 && !json.Valid(a.Grund) {
		return fehler.New("storage.SetAufbewahrung", a.Vorgang.String(), ErrInvalid, errors.New("a day is mandatory, the reason must be JSON"))
	}
	return wrap("SetAufbewahrung", a.Vorgang.String(), tx.d.PutAufbewahrung(ctx, driver.PutAufbewahrungParams{
		Row: driver.AufbewahrungRow{VorgangID: a.Vorgang, Bis: a.Bis, Halt: a.Halt, Daten: a.Grund},
	}))
}

// Aufbewahrung reads the retention of a Vorgang; ErrNotFound if none was set.
func (tx *Tx) Aufbewahrung(ctx context.Context, id uuid.UUID) (Aufbewahrung, error) {
	if err := tx.reads("Aufbewahrung"); err != nil {
		return Aufbewahrung{}, err
	}
	row, err := tx.d.GetAufbewahrung(ctx, driver.GetAufbewahrungParams{VorgangID: id})
	if err != nil {
		return Aufbewahrung{}, wrap("Aufbewahrung", id.String(), err)
	}
	return aufbewahrung(&row), nil
}

// Loeschbare gives the Vorgaenge that need not be kept on the day any more and
// are not on hold, the longest due first. An error is the last pair.
func (s *Store) Loeschbare(ctx context.Context, mandant tenant.ID, tag datum.Datum) iter.Seq2[Aufbewahrung, error] {
	return pages(func(last *driver.AufbewahrungRow) (rows []driver.AufbewahrungRow, err error) {
		if tag.IsZero() {
			return nil, fehler.New("storage.Loeschbare", string(mandant), ErrInvalid, errors.New("a day is mandatory"))
		}
		p := driver.ListAufbewahrungParams{BisVor: tag, Limit: pageRows}
		if last != nil {
			p.After = &driver.AufbewahrungKey{Bis: last.Bis, VorgangID: last.VorgangID}
		}
		err = s.viewOne(ctx, mandant, func(ctx context.Context, tx *Tx) error {
			rows, err = tx.d.ListAufbewahrung(ctx, p)
			return wrap("Loeschbare", string(mandant), err)
		})
		return rows, err
	}, func(r *driver.AufbewahrungRow) (Aufbewahrung, error) { return aufbewahrung(r), nil })
}

func aufbewahrung(r *driver.AufbewahrungRow) Aufbewahrung {
	a := Aufbewahrung{Vorgang: r.VorgangID, Bis: r.Bis, Halt: r.Halt}
	if len(r.Daten) > 0 {
		a.Grund = r.Daten
	}
	return a
}

// EraseVorgang removes for ever what is kept of a Vorgang beside its Stand: the
// personal data of its whole journal, of its Auftraege, its words, shares, its
// letters in this Mandant's mailboxes and its deliveries in this Mandant's
// register. The hashes stay and the chain still verifies. The Stand is the
// caller's: what it holds is changed by a command and saved, in the same
// transaction. Files lie in package blob.
//
// ErrConflict while the Vorgang is on hold; ErrNotFound if there is none.
func (tx *Tx) EraseVorgang(ctx context.Context, id uuid.UUID) (err error) {
	defer tx.spoil(&err)
	if err := tx.writes("EraseVorgang"); err != nil {
		return err
	}
	row, err := tx.d.GetAufbewahrung(ctx, driver.GetAufbewahrungParams{VorgangID: id})
	if err == nil && row.Halt {
		return fehler.New("storage.EraseVorgang", id.String(), ErrConflict, fehler.Probleme{{
			Code: "storage.loeschsperre", Pfad: "/aufbewahrung", Meldung: "is on hold",
			Hinweis: "Der Vorgang darf wegen einer Löschsperre nicht gelöscht werden."}})
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return wrap("EraseVorgang", id.String(), err)
	}
	return wrap("EraseVorgang", id.String(), tx.d.EraseVorgang(ctx, driver.EraseVorgangParams{VorgangID: id}))
}

// PruneParams say what may be forgotten. A zero time keeps everything of its kind.
type PruneParams struct {
	// Schluessel: idempotency keys whose time ended at or before the instant.
	Schluessel time.Time
	// Aenderungen: changes of the feed before the instant. Who watches from an
	// older cursor must read the list anew.
	Aenderungen time.Time
}

// Prune forgets what is no longer needed, in short transactions, and returns how
// many rows it removed. It can be stopped by ctx and called again.
func (s *Store) Prune(ctx context.Context, mandant tenant.ID, p PruneParams) (int64, error) {
	d := driver.PruneParams{Limit: MaxLimit}
	if !p.Schluessel.IsZero() {
		d.SchluesselBis = instant(p.Schluessel)
	}
	if !p.Aenderungen.IsZero() {
		d.AenderungenBis = instant(p.Aenderungen)
	}
	var sum int64
	for {
		var n int64
		err := s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
			n, err = tx.d.Prune(ctx, d)
			return wrap("Prune", string(mandant), err)
		})
		if sum += n; err != nil || n == 0 {
			return sum, err
		}
	}
}
