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
	return s.journalAfter(ctx, mandant, id, 0)
}

// journalAfter begins behind the entry with that number.
func (s *Store) journalAfter(ctx context.Context, mandant tenant.ID, id uuid.UUID, begin int64) iter.Seq2[vorgang.Ereignis, error] {
	return func(yield func(vorgang.Ereignis, error) bool) {
		owner := mandant
		page := func(after int64) (rows []driver.JournalRow, err error) {
			read := func(ctx context.Context, tx *Tx) error {
				rows, err = tx.journalPage(ctx, id, after)
				return err
			}
			err = s.viewOne(ctx, owner, read)
			if after > begin || len(rows) > 0 || err != nil {
				return rows, err
			}
			// There is nothing, or this Mandant has no such Vorgang.
			v, err := s.getAsGuest(ctx, mandant, id, nil)
			if err != nil || v == nil {
				return nil, err
			}
			owner = v.Mandant()
			err = s.viewOne(ctx, owner, read)
			return rows, err
		}
		journal(&owner, begin, page, yield)
	}
}

// Journal gives the journal of a Vorgang as [Store.Journal] does.
func (tx *Tx) Journal(ctx context.Context, id uuid.UUID) iter.Seq2[vorgang.Ereignis, error] {
	return func(yield func(vorgang.Ereignis, error) bool) {
		journal(&tx.mandant, 0, func(after int64) ([]driver.JournalRow, error) { return tx.journalPage(ctx, id, after) }, yield)
	}
}

func (tx *Tx) journalPage(ctx context.Context, id uuid.UUID, after int64) ([]driver.JournalRow, error) {
	if err := tx.reads("Journal"); err != nil {
		return nil, err
	}
	rows, err := tx.d.ListJournal(ctx, driver.ListJournalParams{VorgangID: id, AfterSeq: after, Limit: pageRows})
	return rows, wrap("Journal", id.String(), err)
}

func journal(owner *tenant.ID, after int64, page func(int64) ([]driver.JournalRow, error), yield func(vorgang.Ereignis, error) bool) {
	for {
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

// undoTries is how often Undo reads anew when somebody saved in between.
const undoTries = 5

// Undo takes back what the entry with this number did, see [vorgang.Vorgang.Undo]: it
// reads that entry and those after it. ErrNotFound if there is no such entry.
func (s *Store) Undo(ctx context.Context, mandant tenant.ID, id uuid.UUID, a tenant.Akteur, seq int64) (*vorgang.Vorgang, error) {
	for n := 1; ; n++ {
		var entries []vorgang.Ereignis
		for e, err := range s.journalAfter(ctx, mandant, id, seq-1) {
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
		}
		if len(entries) == 0 || entries[0].Seq != seq {
			return nil, wrap("Undo", id.String(), ErrNotFound)
		}
		last := entries[len(entries)-1].Seq
		moved := false
		v, err := s.Edit(ctx, mandant, id, func(v *vorgang.Vorgang) error {
			moved = v.Stand().Journal.Seq != last
			return v.Undo(a, s.now(), entries[0], entries[1:]...)
		})
		if !moved || n == undoTries {
			return v, err
		}
	}
}
