package memory

import (
	"bytes"
	"context"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// schluessel are the idempotency keys.
type schluessel struct {
	rows tree[*driver.SchluesselRow] // schluessel
	bis  tree[*driver.SchluesselRow] // bis, schluessel
}

func cloneSchluessel(r *driver.SchluesselRow) driver.SchluesselRow {
	c := *r
	c.Daten = bytes.Clone(r.Daten)
	return c
}

// insertSchluessel reports false if the key is there.
func (t *tx) insertSchluessel(row *driver.SchluesselRow) bool {
	if _, ok := t.s.schluessel.rows.get(t.key(row.Schluessel)); ok {
		return false
	}
	r := cloneSchluessel(row)
	t.s.schluessel.rows.set(t.key(r.Schluessel), &r)
	t.s.schluessel.bis.set(t.key(r.Bis, r.Schluessel), &r)
	return true
}

func (t *tx) PutSchluessel(ctx context.Context, p driver.PutSchluesselParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	if !t.insertSchluessel(&p.Row) {
		return fehler.ErrExists
	}
	return nil
}

func (t *tx) GetSchluessel(ctx context.Context, p driver.GetSchluesselParams) (driver.SchluesselRow, error) {
	if err := t.reads(ctx); err != nil {
		return driver.SchluesselRow{}, err
	}
	r, ok := t.s.schluessel.rows.get(t.key(p.Schluessel))
	if !ok {
		return driver.SchluesselRow{}, fehler.ErrNotFound
	}
	return cloneSchluessel(r), nil
}

func (t *tx) ListSchluessel(ctx context.Context, p driver.ListSchluesselParams) ([]driver.SchluesselRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	after := ""
	if p.After != "" {
		after = t.key(p.After)
	}
	var out []driver.SchluesselRow
	t.s.schluessel.rows.ascend(t.key(), after, func(_ string, r *driver.SchluesselRow) bool {
		out = append(out, cloneSchluessel(r))
		return len(out) < p.Limit
	})
	return out, nil
}

func (t *tx) pruneSchluessel(p driver.PruneParams) int64 {
	var n int64
	t.s.schluessel.bis.ascend(t.key(), "", func(k string, r *driver.SchluesselRow) bool {
		if n == int64(p.Limit) || r.Bis.After(p.SchluesselBis) {
			return false
		}
		t.s.schluessel.bis.delete(k)
		t.s.schluessel.rows.delete(t.key(r.Schluessel))
		n++
		return true
	})
	return n
}
