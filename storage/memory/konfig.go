package memory

import (
	"bytes"
	"context"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

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
	prefix := t.key()
	if p.Art != "" {
		prefix = t.key(p.Art)
	}
	var out []driver.KonfigRow
	t.s.konfig.ascend(prefix, "", func(_ string, r *driver.KonfigRow) bool {
		out = append(out, cloneKonfig(r))
		return true
	})
	return out, nil
}

func (t *tx) NextNummer(ctx context.Context, p driver.NextNummerParams) (int64, error) {
	if err := t.writes(ctx); err != nil {
		return 0, err
	}
	z := driver.ZaehlerRow{Name: p.Name, Jahr: p.Jahr}
	if old, ok := t.s.zaehler.get(zaehlerKey(t, &z)); ok {
		z.Wert = old.Wert
	}
	z.Wert += max(p.Anzahl, 1)
	t.s.zaehler.set(zaehlerKey(t, &z), &z)
	return z.Wert, nil
}

func zaehlerKey(t *tx, z *driver.ZaehlerRow) string { return t.key(z.Name, int64(z.Jahr)) }

func (t *tx) ListZaehler(ctx context.Context) ([]driver.ZaehlerRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	var out []driver.ZaehlerRow
	t.s.zaehler.ascend(t.key(), "", func(_ string, z *driver.ZaehlerRow) bool {
		out = append(out, *z)
		return true
	})
	return out, nil
}
