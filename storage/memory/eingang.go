package memory

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func cloneEingang(r *driver.EingangRow) driver.EingangRow {
	c := *r
	c.Daten = bytes.Clone(r.Daten)
	return c
}

func eingangKeys(m tenant.ID, r *driver.EingangRow) []string {
	keys := []string{
		key(m, "schluessel", r.Schluessel),
		key(m, "alle", r.Eingegangen, r.ID),
		key(m, "zustand", r.Zustand, r.Eingegangen, r.ID),
	}
	if r.ZielVorgang != uuid.Nil {
		keys = append(keys, key(m, "ziel", r.ZielMandant, r.ZielVorgang, r.ID))
	}
	return keys
}

func (t *tx) putEingang(r *driver.EingangRow) { t.s.eingang.put(t.mandant, r.ID, r, eingangKeys) }

// insertEingang reports false if the id or the Schluessel is taken.
func (t *tx) insertEingang(row *driver.EingangRow) bool {
	_, id := t.s.eingang.get(t.mandant, row.ID)
	_, schluessel := t.s.eingang.index.get(t.key("schluessel", row.Schluessel))
	if id || schluessel {
		return false
	}
	r := cloneEingang(row)
	t.putEingang(&r)
	return true
}

func (t *tx) InsertEingang(ctx context.Context, p driver.InsertEingangParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	if !t.insertEingang(&p.Row) {
		return fehler.ErrExists
	}
	return nil
}

func (t *tx) GetEingang(ctx context.Context, p driver.GetEingangParams) (driver.EingangRow, error) {
	if err := t.reads(ctx); err != nil {
		return driver.EingangRow{}, err
	}
	r, ok := t.s.eingang.get(t.mandant, p.ID)
	if p.ID == uuid.Nil {
		r, ok = t.s.eingang.find(t.mandant, t.key("schluessel", p.Schluessel))
	}
	if !ok {
		return driver.EingangRow{}, fehler.ErrNotFound
	}
	return cloneEingang(r), nil
}

func (t *tx) UpdateEingang(ctx context.Context, p driver.UpdateEingangParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.eingang.get(t.mandant, p.Row.ID)
	switch {
	case !ok:
		return fehler.ErrNotFound
	case old.Version != p.ExpectedVersion:
		return fehler.ErrConflict
	}
	r := cloneEingang(&p.Row)
	r.Schluessel, r.Eingegangen = old.Schluessel, old.Eingegangen
	t.putEingang(&r)
	return nil
}

func (t *tx) ListEingaenge(ctx context.Context, p driver.ListEingaengeParams) ([]driver.EingangRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	s := scan{limit: p.Limit}
	if p.After != nil {
		s.from = suffix(p.After.Eingegangen, p.After.ID)
	}
	for _, z := range p.Zustaende {
		s.prefixes = append(s.prefixes, t.key("zustand", z))
	}
	if len(p.Zustaende) == 0 {
		s.prefixes = []string{t.key("alle")}
	}
	return clones(t.s.eingang.page(t.mandant, s, every), cloneEingang), nil
}
