package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Tx is a transaction of one Mandant. It belongs to the closure it was given
// to: one goroutine at a time, and dead after the closure returned.
//
// After [ErrNotFound], [ErrExists] and [ErrConflict] the transaction goes on;
// after any other error of a method that writes, or of the database, it cannot be
// committed any more, even if the closure returns nil.
type Tx struct {
	s         *Store
	d         driver.Tx
	mandant   tenant.ID
	readOnly  bool
	done      bool
	saved     []*vorgang.Vorgang
	auftraege []driver.AuftragRow
	spoiled   error // the first error that forbids the commit
}

// spoil keeps what a method that writes failed with; it may have written in part.
func (tx *Tx) spoil(err *error) {
	if tx.spoiled == nil && *err != nil && !errors.Is(*err, ErrNotFound) && !errors.Is(*err, ErrExists) && !errors.Is(*err, ErrConflict) {
		tx.spoiled = *err
	}
}

// Mandant the transaction belongs to.
func (tx *Tx) Mandant() tenant.ID { return tx.mandant }

var (
	errDone     = errors.New("the transaction has ended")
	errReadOnly = errors.New("the transaction is read-only")
)

func (tx *Tx) reads(op string) error {
	if tx.done {
		return fehler.New("storage."+op, string(tx.mandant), ErrInvalid, errDone)
	}
	return nil
}

func (tx *Tx) writes(op string) error {
	if err := tx.reads(op); err != nil {
		return err
	}
	if tx.readOnly {
		return fehler.New("storage."+op, string(tx.mandant), ErrInvalid, errReadOnly)
	}
	return nil
}

// Get reads a Vorgang; ErrNotFound if there is none.
func (tx *Tx) Get(ctx context.Context, id uuid.UUID) (*vorgang.Vorgang, error) {
	if err := tx.reads("Get"); err != nil {
		return nil, err
	}
	return tx.get(ctx, "Get", driver.GetVorgangParams{ID: id})
}

// Lock reads a Vorgang and keeps others from changing it until the transaction
// ends; ErrNotFound if there is none.
func (tx *Tx) Lock(ctx context.Context, id uuid.UUID) (*vorgang.Vorgang, error) {
	if err := tx.writes("Lock"); err != nil {
		return nil, err
	}
	return tx.get(ctx, "Lock", driver.GetVorgangParams{ID: id, Lock: true})
}

func (tx *Tx) get(ctx context.Context, op string, p driver.GetVorgangParams) (*vorgang.Vorgang, error) {
	row, err := tx.d.GetVorgang(ctx, p)
	if err != nil {
		return nil, wrap(op, p.ID.String(), err)
	}
	return tx.s.restore(op, tx.mandant, &row)
}

func (s *Store) restore(op string, mandant tenant.ID, row *driver.VorgangRow) (*vorgang.Vorgang, error) {
	var stand vorgang.Stand
	if err := json.Unmarshal(row.Daten, &stand); err != nil {
		// The text of a JSON error may quote the data.
		return nil, fehler.New("storage."+op, row.ID.String(), ErrInvalid, errors.New("the stored Stand is not readable"))
	}
	if stand.Schema > vorgang.StandSchema {
		return nil, fehler.New("storage."+op, row.ID.String(), ErrUnsupported,
			fmt.Errorf("the Stand has schema %d, this program knows %d", stand.Schema, vorgang.StandSchema))
	}
	if stand.ID != row.ID || stand.Mandant != mandant || stand.Journal.Seq != row.JournalSeq {
		return nil, fehler.New("storage."+op, row.ID.String(), ErrInvalid, errors.New("the stored Stand does not belong to its row"))
	}
	stand.Version = row.Version
	return vorgang.Restore(stand, s.Kontext()), nil
}

// Save stores a Vorgang with the journal entries and Auftraege its commands
// made: a new one is inserted, ErrExists if its id or Nummer is taken; one that
// was read is replaced if nobody saved it since, otherwise ErrConflict. Without
// a change nothing is stored. A Vorgang is saved once per transaction; it
// counts as saved ([vorgang.Vorgang.Saved]) after the commit.
func (tx *Tx) Save(ctx context.Context, v *vorgang.Vorgang) (err error) {
	defer tx.spoil(&err)
	if err := tx.writes("Save"); err != nil {
		return err
	}
	key := v.ID().String()
	if v.Mandant() != tx.mandant {
		return fehler.New("storage.Save", key, ErrInvalid, errors.New("the Vorgang belongs to another Mandant"))
	}
	for _, w := range tx.saved {
		if w == v {
			return fehler.New("storage.Save", key, ErrInvalid, errors.New("saved already in this transaction"))
		}
	}
	neu, auftraege := v.Neu(), v.NeueAuftraege()
	if len(neu) == 0 && len(auftraege) == 0 && v.Version() > 0 {
		return nil
	}
	row, err := rowOf(v)
	if err != nil {
		return wrap("Save", key, err)
	}
	if err := checkRow(&row); err != nil {
		return err
	}
	if v.Version() == 0 {
		err = tx.d.InsertVorgang(ctx, driver.InsertVorgangParams{Row: row})
	} else {
		err = tx.d.UpdateVorgang(ctx, driver.UpdateVorgangParams{Row: row, ExpectedVersion: v.Version()})
	}
	if err != nil {
		return wrap("Save", key, err)
	}
	rows := make([]driver.JournalRow, len(neu))
	for i, e := range neu {
		rows[i] = journalRow(&e)
	}
	if err := tx.d.AppendJournal(ctx, driver.AppendJournalParams{Rows: rows}); err != nil {
		err = wrap("Save", key, err)
		if tx.spoiled == nil {
			tx.spoiled = err // of any kind: the row is written and its entries are not
		}
		return err
	}
	for _, a := range auftraege {
		r := auftragRow(&a)
		if err := checkText("Save", key, "/art", r.Art); err != nil {
			return err
		}
		tx.auftraege = append(tx.auftraege, r)
	}
	tx.saved = append(tx.saved, v)
	return nil
}

// flush writes the buffered Auftraege.
func (tx *Tx) flush(ctx context.Context) error {
	if len(tx.auftraege) == 0 {
		return nil
	}
	return wrap("Save", string(tx.mandant), tx.d.InsertAuftraege(ctx, driver.InsertAuftraegeParams{Rows: tx.auftraege}))
}
