package storage

import (
	"context"
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
	s        *Store
	d        driver.Tx
	mandant  tenant.ID
	readOnly bool
	done     bool
	saved    []*vorgang.Vorgang
	quellen  map[uuid.UUID]uint64 // of what was read, see [Store.quelle]
	spoiled  error                // the first error that forbids the commit
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

// LockAgain is [Tx.Lock] for a Vorgang that the caller read before and did not change:
// if nobody saved it since, what is stored is not decoded a second time. It gives a
// Vorgang of its own and leaves v alone.
func (tx *Tx) LockAgain(ctx context.Context, v *vorgang.Vorgang) (*vorgang.Vorgang, error) {
	if err := tx.writes("Lock"); err != nil {
		return nil, err
	}
	row, err := tx.d.GetVorgang(ctx, driver.GetVorgangParams{ID: v.ID(), Lock: true})
	if err != nil {
		return nil, wrap("Lock", v.ID().String(), err)
	}
	if v.Mandant() != tx.mandant || row.Version != v.Version() || len(v.Neu()) > 0 || len(v.NeueAuftraege()) > 0 {
		return tx.restore("Lock", &row)
	}
	return tx.watched(v.Stand()), nil
}

func (tx *Tx) get(ctx context.Context, op string, p driver.GetVorgangParams) (*vorgang.Vorgang, error) {
	v, _, err := tx.load(ctx, op, p)
	return v, err
}

func (tx *Tx) load(ctx context.Context, op string, p driver.GetVorgangParams) (*vorgang.Vorgang, *driver.VorgangRow, error) {
	row, err := tx.d.GetVorgang(ctx, p)
	if err != nil {
		return nil, nil, wrap(op, p.ID.String(), err)
	}
	v, err := tx.restore(op, &row)
	return v, &row, err
}

// restore makes the Vorgang of a row.
func (tx *Tx) restore(op string, row *driver.VorgangRow) (*vorgang.Vorgang, error) {
	stand, err := standOf(op, tx.mandant, row)
	if err != nil {
		return nil, err
	}
	return tx.watched(stand), nil
}

// watched makes the Vorgang of a stored Stand, and remembers what is searched in it.
func (tx *Tx) watched(stand vorgang.Stand) *vorgang.Vorgang {
	if !tx.readOnly {
		if tx.quellen == nil {
			tx.quellen = map[uuid.UUID]uint64{}
		}
		tx.quellen[stand.ID] = tx.s.quelle(&stand)
	}
	return vorgang.Restore(stand, tx.s.Kontext())
}

func standOf(op string, mandant tenant.ID, row *driver.VorgangRow) (vorgang.Stand, error) {
	stand, err := vorgang.UnmarshalStand(row.Daten)
	if err != nil {
		// The text of a JSON error may quote the data.
		return stand, fehler.New("storage."+op, row.ID.String(), ErrInvalid, errors.New("the stored Stand is not readable"))
	}
	if stand.Schema > vorgang.StandSchema {
		return stand, fehler.New("storage."+op, row.ID.String(), ErrUnsupported,
			fmt.Errorf("the Stand has schema %d, this program knows %d", stand.Schema, vorgang.StandSchema))
	}
	if stand.ID != row.ID || stand.Mandant != mandant || stand.Journal.Seq != row.JournalSeq {
		return stand, fehler.New("storage."+op, row.ID.String(), ErrInvalid, errors.New("the stored Stand does not belong to its row"))
	}
	stand.Version = row.Version
	return stand, nil
}

// Save stores a Vorgang with the journal entries and Auftraege its commands
// made: a new one is inserted, ErrExists if its id or Nummer is taken; one that
// was read is replaced if nobody saved it since, otherwise ErrConflict. Without
// a change nothing is stored. A Vorgang is saved once per transaction; it
// counts as saved ([vorgang.Vorgang.Saved]) after the commit.
func (tx *Tx) Save(ctx context.Context, v *vorgang.Vorgang) error {
	return tx.save(ctx, v, saving{})
}

// saving is what goes into the same step as the save of a Vorgang.
type saving struct {
	lease *driver.SetLeaseParams
	// final: nothing follows in this transaction, so the backend may commit.
	final bool
}

func (tx *Tx) save(ctx context.Context, v *vorgang.Vorgang, with saving) (err error) {
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
		if with.lease == nil {
			return nil
		}
		return wrap("Save", key, tx.d.SetLease(ctx, *with.lease))
	}
	p, err := tx.s.saveParams(v, neu, auftraege, tx.quellen)
	if err != nil {
		return err
	}
	p.Lease, p.Final = with.lease, with.final && tx.spoiled == nil && ctx.Err() == nil
	if err := tx.d.SaveVorgang(ctx, p); err != nil {
		return wrap("Save", key, err)
	}
	tx.saved = append(tx.saved, v)
	return nil
}
