package memory

import (
	"bytes"
	"context"

	"github.com/google/uuid"

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

func (t *tx) AppendJournal(ctx context.Context, p driver.AppendJournalParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	if len(p.Rows) == 0 {
		return nil
	}
	vorgang := p.Rows[0].VorgangID
	if _, ok := t.s.vorgang.get(t.key(vorgang)); !ok {
		return fehler.ErrNotFound
	}
	for i, r := range p.Rows {
		if r.VorgangID != vorgang || r.Seq != p.Rows[0].Seq+int64(i) {
			return fehler.ErrConflict
		}
	}
	first := p.Rows[0].Seq
	_, before := t.s.journal.get(t.key(vorgang, first-1))
	_, taken := t.s.journal.get(t.key(vorgang, first))
	if taken || first < 1 || first > 1 && !before {
		return fehler.ErrConflict
	}
	for i := range p.Rows {
		r := cloneJournal(&p.Rows[i])
		t.s.journal.set(t.key(vorgang, r.Seq), &r)
	}
	return nil
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
		r := *old
		r.Akteur, r.Daten, r.Salz = nil, nil, nil
		t.s.journal.set(t.key(p.VorgangID, seq), &r)
	}
	return nil
}

func cloneAuftrag(r *driver.AuftragRow) driver.AuftragRow {
	c := *r
	c.Daten = bytes.Clone(r.Daten)
	c.LeaseToken, c.LeaseBis, c.Erledigt = clonePtr(r.LeaseToken), clonePtr(r.LeaseBis), clonePtr(r.Erledigt)
	return c
}

func (s *state) putAuftrag(r *driver.AuftragRow) {
	platz := key(r.Mandant, r.VorgangID, r.VorgangVersion, r.Ordinal)
	s.auftrag.set(key(r.Mandant, r.ID), r)
	s.auftragPlatz.set(platz, r)
	if r.Zustand == driver.AuftragErledigt || r.Zustand == driver.AuftragAufgegeben {
		s.auftragOffen.delete(platz)
	} else {
		s.auftragOffen.set(platz, r)
	}
}

func (t *tx) InsertAuftraege(ctx context.Context, p driver.InsertAuftraegeParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	ids, places := map[uuid.UUID]bool{}, map[string]bool{}
	for _, r := range p.Rows {
		platz := t.key(r.VorgangID, r.VorgangVersion, r.Ordinal)
		if _, ok := t.s.vorgang.get(t.key(r.VorgangID)); !ok {
			return fehler.ErrNotFound
		}
		_, id := t.s.auftrag.get(t.key(r.ID))
		_, place := t.s.auftragPlatz.get(platz)
		if id || place || ids[r.ID] || places[platz] {
			return fehler.ErrExists
		}
		ids[r.ID], places[platz] = true, true
	}
	for i := range p.Rows {
		r := cloneAuftrag(&p.Rows[i])
		r.Mandant, r.Zustand, r.Versuch, r.LetzterFehler = t.mandant, driver.AuftragOffen, 0, ""
		r.LeaseToken, r.LeaseBis, r.Erledigt = nil, nil, nil
		t.s.putAuftrag(&r)
	}
	return nil
}

func (t *tx) FinishAuftrag(ctx context.Context, p driver.FinishAuftragParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.auftrag.get(t.key(p.ID))
	switch {
	case !ok:
		return fehler.ErrNotFound
	case old.LeaseToken == nil, *old.LeaseToken != p.Token, old.Zustand != driver.AuftragOffen:
		return fehler.ErrConflict
	}
	r := *old
	r.Zustand, r.LetzterFehler, r.LeaseToken, r.LeaseBis = p.Zustand, p.Fehler, nil, nil
	switch p.Zustand {
	case driver.AuftragErledigt:
		r.Erledigt = new(p.Now)
	case driver.AuftragOffen:
		r.Faellig = p.Faellig
	}
	t.s.putAuftrag(&r)
	return nil
}

func (t *tx) ListAuftraege(ctx context.Context, p driver.ListAuftraegeParams) ([]driver.AuftragRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	prefix, after := t.key(), ""
	if p.VorgangID != uuid.Nil {
		prefix = t.key(p.VorgangID)
	}
	if k := p.After; k != nil {
		after = t.key(k.VorgangID, k.VorgangVersion, k.Ordinal)
	}
	var out []driver.AuftragRow
	t.s.auftragPlatz.ascend(prefix, after, func(_ string, r *driver.AuftragRow) bool {
		for i, z := range p.Zustaende {
			if z == r.Zustand {
				break
			}
			if i == len(p.Zustaende)-1 {
				return true
			}
		}
		out = append(out, cloneAuftrag(r))
		return len(out) < p.Limit
	})
	return out, nil
}

func (t *tx) RequeueAuftrag(ctx context.Context, p driver.RequeueAuftragParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.auftrag.get(t.key(p.ID))
	switch {
	case !ok:
		return fehler.ErrNotFound
	case old.Zustand != driver.AuftragGeparkt:
		return fehler.ErrConflict
	}
	r := *old
	if p.GiveUp {
		r.Zustand = driver.AuftragAufgegeben
	} else {
		r.Zustand, r.Faellig, r.Versuch = driver.AuftragOffen, p.Now, 0
	}
	t.s.putAuftrag(&r)
	return nil
}
