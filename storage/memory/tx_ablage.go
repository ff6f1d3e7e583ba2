package memory

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func cloneEingang(r *driver.EingangRow) driver.EingangRow {
	c := *r
	c.Daten = bytes.Clone(r.Daten)
	return c
}

func (t *tx) putEingang(r *driver.EingangRow) {
	t.s.eingang.set(t.key(r.ID), r)
	t.s.schluessel.set(t.key(r.Schluessel), r.ID)
	t.s.eingangZeit.set(t.key(r.Eingegangen, r.ID), r)
}

func (t *tx) InsertEingang(ctx context.Context, p driver.InsertEingangParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	_, id := t.s.eingang.get(t.key(p.Row.ID))
	_, schluessel := t.s.schluessel.get(t.key(p.Row.Schluessel))
	if id || schluessel {
		return fehler.ErrExists
	}
	r := cloneEingang(&p.Row)
	t.putEingang(&r)
	return nil
}

func (t *tx) GetEingang(ctx context.Context, p driver.GetEingangParams) (driver.EingangRow, error) {
	if err := t.reads(ctx); err != nil {
		return driver.EingangRow{}, err
	}
	id := p.ID
	if id == uuid.Nil {
		id, _ = t.s.schluessel.get(t.key(p.Schluessel))
	}
	r, ok := t.s.eingang.get(t.key(id))
	if !ok {
		return driver.EingangRow{}, fehler.ErrNotFound
	}
	return cloneEingang(r), nil
}

func (t *tx) UpdateEingang(ctx context.Context, p driver.UpdateEingangParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.eingang.get(t.key(p.Row.ID))
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
	after := ""
	if p.After != nil {
		after = t.key(p.After.Eingegangen, p.After.ID)
	}
	var out []driver.EingangRow
	t.s.eingangZeit.ascend(t.key(), after, func(_ string, r *driver.EingangRow) bool {
		if oneOf(p.Zustaende, r.Zustand) {
			out = append(out, cloneEingang(r))
		}
		return len(out) < p.Limit
	})
	return out, nil
}

func cloneEintrag(r *driver.EintragRow) driver.EintragRow {
	c := *r
	c.Daten = bytes.Clone(r.Daten)
	return c
}

func (t *tx) PutEintrag(ctx context.Context, p driver.PutEintragParams) (bool, error) {
	if err := t.writes(ctx); err != nil {
		return false, err
	}
	if _, ok := t.s.eintrag.get(t.key(p.Row.ID)); ok {
		return false, nil
	}
	r := cloneEintrag(&p.Row)
	t.s.eintrag.set(t.key(r.ID), &r)
	t.s.eintragZeit.set(t.key(r.Zeit, r.ID), &r)
	return true, nil
}

func (t *tx) GetEintrag(ctx context.Context, p driver.GetEintragParams) (driver.EintragRow, error) {
	if err := t.reads(ctx); err != nil {
		return driver.EintragRow{}, err
	}
	r, ok := t.s.eintrag.get(t.key(p.ID))
	if !ok {
		return driver.EintragRow{}, fehler.ErrNotFound
	}
	return cloneEintrag(r), nil
}

func (t *tx) ListEintraege(ctx context.Context, p driver.ListEintraegeParams) ([]driver.EintragRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	after := ""
	if p.After != nil {
		after = t.key(p.After.Zeit, p.After.ID)
	}
	var out []driver.EintragRow
	t.s.eintragZeit.ascend(t.key(), after, func(_ string, r *driver.EintragRow) bool {
		if (p.Postfach == "" || r.Postfach == p.Postfach) && (p.VorgangID == uuid.Nil || r.VorgangID == p.VorgangID) {
			out = append(out, cloneEintrag(r))
		}
		return len(out) < p.Limit
	})
	return out, nil
}

func (t *tx) UpdateEintrag(ctx context.Context, p driver.UpdateEintragParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.eintrag.get(t.key(p.Row.ID))
	switch {
	case !ok:
		return fehler.ErrNotFound
	case old.Version != p.ExpectedVersion:
		return fehler.ErrConflict
	}
	r := *old
	r.Version, r.Daten = p.Row.Version, bytes.Clone(p.Row.Daten)
	t.s.eintrag.set(t.key(r.ID), &r)
	t.s.eintragZeit.set(t.key(r.Zeit, r.ID), &r)
	return nil
}

func cloneKonfig(r *driver.KonfigRow) driver.KonfigRow {
	c := *r
	c.Daten = bytes.Clone(r.Daten)
	return c
}

func (t *tx) GetKonfig(ctx context.Context, p driver.GetKonfigParams) (driver.KonfigRow, error) {
	if err := t.reads(ctx); err != nil {
		return driver.KonfigRow{}, err
	}
	r, ok := t.s.konfig.get(t.key(p.Art, p.Schluessel))
	if !ok {
		return driver.KonfigRow{}, fehler.ErrNotFound
	}
	return cloneKonfig(r), nil
}

func (t *tx) PutKonfig(ctx context.Context, p driver.PutKonfigParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.konfig.get(t.key(p.Art, p.Schluessel))
	switch {
	case p.ExpectedVersion == 0 && ok:
		return fehler.ErrExists
	case p.ExpectedVersion != 0 && !ok:
		return fehler.ErrNotFound
	case ok && old.Version != p.ExpectedVersion:
		return fehler.ErrConflict
	}
	t.s.konfig.set(t.key(p.Art, p.Schluessel), &driver.KonfigRow{
		Art: p.Art, Schluessel: p.Schluessel, Version: p.ExpectedVersion + 1, Daten: bytes.Clone(p.Daten),
	})
	return nil
}

func (t *tx) ListKonfig(ctx context.Context, p driver.ListKonfigParams) ([]driver.KonfigRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	var out []driver.KonfigRow
	t.s.konfig.ascend(t.key(p.Art), "", func(_ string, r *driver.KonfigRow) bool {
		out = append(out, cloneKonfig(r))
		return true
	})
	return out, nil
}

func (t *tx) NextNummer(ctx context.Context, p driver.NextNummerParams) (int64, error) {
	if err := t.writes(ctx); err != nil {
		return 0, err
	}
	k := t.key(p.Name, int64(p.Jahr))
	n, _ := t.s.zaehler.get(k)
	t.s.zaehler.set(k, n+1)
	return n + 1, nil
}
