package memory

import (
	"bytes"
	"context"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func cloneJournal(r *driver.JournalRow) driver.JournalRow {
	c := *r
	for _, b := range []*[]byte{&c.Akteur, &c.Daten, &c.Salz, &c.AkteurHash, &c.DatenHash, &c.Vorgaenger, &c.Hash} {
		*b = bytes.Clone(*b)
	}
	return c
}

func (t *tx) ListJournal(ctx context.Context, p driver.ListJournalParams) ([]driver.JournalRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	var out []driver.JournalRow
	t.s.journal.ascend(t.key(p.VorgangID), t.key(p.VorgangID, p.AfterSeq), func(_ string, r *driver.JournalRow) bool {
		out = append(out, cloneJournal(r))
		return len(out) < p.Limit
	})
	return out, nil
}

func (t *tx) EraseJournal(ctx context.Context, p driver.EraseJournalParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	for _, seq := range p.Seqs {
		if _, ok := t.s.journal.get(t.key(p.VorgangID, seq)); !ok {
			return fehler.ErrNotFound
		}
	}
	for _, seq := range p.Seqs {
		old, _ := t.s.journal.get(t.key(p.VorgangID, seq))
		t.eraseJournal(old)
	}
	return nil
}

func (t *tx) eraseJournal(old *driver.JournalRow) {
	r := *old
	r.Akteur, r.Daten, r.Salz = nil, nil, nil
	t.s.journal.set(t.key(r.VorgangID, r.Seq), &r)
}
