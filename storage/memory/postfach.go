package memory

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func cloneEintrag(r *driver.EintragRow) driver.EintragRow {
	c := *r
	c.Daten = bytes.Clone(r.Daten)
	return c
}

func eintragKeys(m tenant.ID, r *driver.EintragRow) []string {
	return []string{
		key(m, "alle", r.Zeit, r.ID),
		key(m, "postfach", r.Postfach, r.Zeit, r.ID),
		key(m, "vorgang", r.VorgangID, r.Zeit, r.ID),
	}
}

// insertEintrag reports false if the id is taken.
func (t *tx) insertEintrag(row *driver.EintragRow) bool {
	if _, ok := t.s.eintrag.get(t.mandant, row.ID); ok {
		return false
	}
	r := cloneEintrag(row)
	t.s.eintrag.put(t.mandant, r.ID, &r, eintragKeys)
	return true
}

func (t *tx) PutEintrag(ctx context.Context, p driver.PutEintragParams) (bool, error) {
	if err := t.writes(ctx); err != nil {
		return false, err
	}
	return t.insertEintrag(&p.Row), nil
}

func (t *tx) GetEintrag(ctx context.Context, p driver.GetEintragParams) (driver.EintragRow, error) {
	if err := t.reads(ctx); err != nil {
		return driver.EintragRow{}, err
	}
	r, ok := t.s.eintrag.get(t.mandant, p.ID)
	if !ok {
		return driver.EintragRow{}, fehler.ErrNotFound
	}
	return cloneEintrag(r), nil
}

func (t *tx) ListEintraege(ctx context.Context, p driver.ListEintraegeParams) ([]driver.EintragRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	s := scan{limit: p.Limit}
	if p.After != nil {
		s.from = suffix(p.After.Zeit, p.After.ID)
	}
	switch { // a case has fewer letters than a mailbox
	case p.VorgangID != uuid.Nil:
		s.prefixes = []string{t.key("vorgang", p.VorgangID)}
	case p.Postfach != "":
		s.prefixes = []string{t.key("postfach", p.Postfach)}
	default:
		s.prefixes = []string{t.key("alle")}
	}
	return clones(t.s.eintrag.page(t.mandant, s, func(r *driver.EintragRow) (take, more bool) {
		return p.Postfach == "" || r.Postfach == p.Postfach, true
	}), cloneEintrag), nil
}

func (t *tx) UpdateEintrag(ctx context.Context, p driver.UpdateEintragParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.eintrag.get(t.mandant, p.Row.ID)
	switch {
	case !ok:
		return fehler.ErrNotFound
	case old.Version != p.ExpectedVersion:
		return fehler.ErrConflict
	}
	r := *old
	r.Version, r.Daten = p.Row.Version, bytes.Clone(p.Row.Daten)
	t.s.eintrag.put(t.mandant, r.ID, &r, eintragKeys)
	return nil
}
