package storage

import (
	"context"
	"iter"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// pageRows is the size of the pages of lists that are read to their end.
const pageRows = 200

// Journal gives the journal of a Vorgang from its first entry. A Vorgang that
// is not there has none; one that is shared with the Mandant has. Each page is
// read completely before its entries are given. An error is the last pair.
func (s *Store) Journal(ctx context.Context, mandant tenant.ID, id uuid.UUID) iter.Seq2[vorgang.Ereignis, error] {
	return func(yield func(vorgang.Ereignis, error) bool) {
		owner := mandant
		page := func(after int64) (rows []driver.JournalRow, err error) {
			read := func(ctx context.Context, tx *Tx) error {
				rows, err = tx.journalPage(ctx, id, after)
				return err
			}
			err = s.viewOne(ctx, owner, read)
			if after > 0 || len(rows) > 0 || err != nil {
				return rows, err
			}
			// Every Vorgang has a first entry, so this Mandant has none.
			v, err := s.getAsGuest(ctx, mandant, id, nil)
			if err != nil || v == nil {
				return nil, err
			}
			owner = v.Mandant()
			err = s.viewOne(ctx, owner, read)
			return rows, err
		}
		journal(&owner, page, yield)
	}
}

// Journal gives the journal of a Vorgang as [Store.Journal] does.
func (tx *Tx) Journal(ctx context.Context, id uuid.UUID) iter.Seq2[vorgang.Ereignis, error] {
	return func(yield func(vorgang.Ereignis, error) bool) {
		journal(&tx.mandant, func(after int64) ([]driver.JournalRow, error) { return tx.journalPage(ctx, id, after) }, yield)
	}
}

func (tx *Tx) journalPage(ctx context.Context, id uuid.UUID, after int64) ([]driver.JournalRow, error) {
	if err := tx.reads("Journal"); err != nil {
		return nil, err
	}
	rows, err := tx.d.ListJournal(ctx, driver.ListJournalParams{VorgangID: id, AfterSeq: after, Limit: pageRows})
	return rows, wrap("Journal", id.String(), err)
}

func journal(owner *tenant.ID, page func(int64) ([]driver.JournalRow, error), yield func(vorgang.Ereignis, error) bool) {
	for after := int64(0); ; {
		rows, err := page(after)
		if err != nil {
			yield(vorgang.Ereignis{}, err)
			return
		}
		for i := range rows {
			if !yield(ereignis(*owner, &rows[i]), nil) {
				return
			}
		}
		if len(rows) < pageRows {
			return
		}
		after = rows[len(rows)-1].Seq
	}
}

// EraseJournal removes the personal data of entries for ever: Akteur, Daten
// and Salz. The hashes stay and the chain still verifies. ErrNotFound if an
// entry is missing; then nothing is erased.
func (tx *Tx) EraseJournal(ctx context.Context, id uuid.UUID, seqs ...int64) (err error) {
	defer tx.spoil(&err)
	if err := tx.writes("EraseJournal"); err != nil {
		return err
	}
	return wrap("EraseJournal", id.String(), tx.d.EraseJournal(ctx, driver.EraseJournalParams{VorgangID: id, Seqs: seqs}))
}
