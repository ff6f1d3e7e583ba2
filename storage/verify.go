package storage

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// VerifyJournal checks all that is stored of a Vorgang, in one consistent view:
// the journal ([vorgang.VerifyJournal]), the Stand byte by byte, and the columns
// derived from it for lists and the stack. Damage is a *[vorgang.JournalFehler]:
// its Seq names the entry, 0 the row of the Vorgang. Leases are not part of it.
func (s *Store) VerifyJournal(ctx context.Context, mandant tenant.ID, id uuid.UUID) error {
	return s.View(ctx, mandant, func(ctx context.Context, tx *Tx) error {
		damaged := func(grund string) error {
			return &vorgang.JournalFehler{Mandant: mandant, Vorgang: id, Grund: grund}
		}
		row, err := tx.d.GetVorgang(ctx, driver.GetVorgangParams{ID: id})
		switch {
		case err == nil:
		case ctx.Err() != nil || slices.ContainsFunc(kinds, func(k error) bool { return errors.Is(err, k) }):
			return wrap("VerifyJournal", id.String(), err)
		default: // no kind: the backend could not make sense of what it read
			return damaged("the row of the Vorgang is not readable")
		}
		stand, err := vorgang.UnmarshalStand(row.Daten)
		if err != nil {
			return damaged("the stored Stand is not readable")
		}
		stand.Version = row.Version
		v := vorgang.Restore(stand, s.Kontext()) // shares stand, which nobody changes
		if v.ID() != id || v.Mandant() != mandant {
			return damaged("the stored Stand belongs to another Vorgang")
		}
		if err := vorgang.VerifyJournal(v.Stand(), tx.Journal(ctx, id)); err != nil {
			return err
		}
		should, err := rowOf(v, &stand)
		if err != nil {
			return wrap("VerifyJournal", id.String(), err)
		}
		if grund := rowDifference(&row, &should); grund != "" {
			return damaged(grund)
		}
		return nil
	})
}

// rowDifference names the first column that does not follow from the Stand.
func rowDifference(is, should *driver.VorgangRow) string {
	slices.Sort(is.Aktenzeichen)
	slices.Sort(should.Aktenzeichen)
	for _, c := range []struct {
		name string
		same bool
	}{
		{"daten", bytes.Equal(is.Daten, should.Daten)},
		{"nummer", is.Nummer == should.Nummer},
		{"status", is.Status == should.Status},
		{"leistung", is.Leistung == should.Leistung},
		{"einheit", is.Einheit == should.Einheit},
		{"bearbeiter", is.Bearbeiter == should.Bearbeiter},
		// Empty in rows of a program that did not know the column; Reindex fills it.
		{"antragsteller", is.Antragsteller == should.Antragsteller || is.Antragsteller == ""},
		{"aktenzeichen", slices.Equal(is.Aktenzeichen, should.Aktenzeichen)},
		{"eingang", is.Eingang.Equal(should.Eingang)},
		{"frist", is.Frist == should.Frist},
		{"wartend", is.Wartend == should.Wartend},
		{"journal_seq", is.JournalSeq == should.JournalSeq},
		{"journal_hash", bytes.Equal(is.JournalHash, should.JournalHash)},
	} {
		if !c.same {
			return "column " + c.name + " does not follow from the Stand"
		}
	}
	return ""
}
