package memory

import (
	"bytes"
	"context"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func cloneAufbewahrung(r *driver.AufbewahrungRow) driver.AufbewahrungRow {
	c := *r
	c.Daten = bytes.Clone(r.Daten)
	return c
}

func aufbewahrungKeys(m tenant.ID, r *driver.AufbewahrungRow) []string {
	keys := []string{key(m, "alle", r.Bis, r.VorgangID)}
	if !r.Halt {
		keys = append(keys, key(m, "frei", r.Bis, r.VorgangID))
	}
	return keys
}

// putAufbewahrung reports false if there is no such Vorgang.
func (t *tx) putAufbewahrung(row *driver.AufbewahrungRow) bool {
	if _, ok := t.s.vorgang.get(t.mandant, row.VorgangID); !ok {
		return false
	}
	r := cloneAufbewahrung(row)
	t.s.aufbewahrung.put(t.mandant, r.VorgangID, &r, aufbewahrungKeys)
	return true
}

func (t *tx) PutAufbewahrung(ctx context.Context, p driver.PutAufbewahrungParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	if !t.putAufbewahrung(&p.Row) {
		return fehler.ErrNotFound
	}
	return nil
}

func (t *tx) GetAufbewahrung(ctx context.Context, p driver.GetAufbewahrungParams) (driver.AufbewahrungRow, error) {
	if err := t.reads(ctx); err != nil {
		return driver.AufbewahrungRow{}, err
	}
	r, ok := t.s.aufbewahrung.get(t.mandant, p.VorgangID)
	if !ok {
		return driver.AufbewahrungRow{}, fehler.ErrNotFound
	}
	return cloneAufbewahrung(r), nil
}

func (t *tx) ListAufbewahrung(ctx context.Context, p driver.ListAufbewahrungParams) ([]driver.AufbewahrungRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	s := scan{limit: p.Limit, prefixes: []string{t.key("alle")}}
	if !p.BisVor.IsZero() {
		s.prefixes = []string{t.key("frei")}
	}
	if p.After != nil {
		s.from = suffix(p.After.Bis, p.After.VorgangID)
	}
	return clones(t.s.aufbewahrung.page(t.mandant, s, func(r *driver.AufbewahrungRow) (take, more bool) {
		in := p.BisVor.IsZero() || r.Bis.Vor(p.BisVor)
		return in, in
	}), cloneAufbewahrung), nil
}

func (t *tx) EraseVorgang(ctx context.Context, p driver.EraseVorgangParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.vorgang.get(t.mandant, p.VorgangID)
	if !ok {
		return fehler.ErrNotFound
	}
	v := *old
	v.woerter = nil
	t.putVorgang(&v)
	t.s.removeBeteiligungen(t.key(v.ID))
	t.s.journal.ascend(t.key(v.ID), "", func(_ string, r *driver.JournalRow) bool {
		t.eraseJournal(r)
		return true
	})
	for _, a := range t.s.auftrag.all(t.mandant, t.key("platz", v.ID)) {
		n := *a
		n.Daten, n.LetzterFehler = nil, ""
		t.s.putAuftrag(&n)
	}
	for _, r := range t.s.eintrag.all(t.mandant, t.key("vorgang", v.ID)) {
		t.s.eintrag.delete(t.mandant, r.ID, eintragKeys)
	}
	for _, r := range t.s.eingang.all(t.mandant, t.key("ziel", t.mandant, v.ID)) {
		n := *r
		n.Daten = nil
		t.putEingang(&n)
	}
	return nil
}

func (t *tx) Prune(ctx context.Context, p driver.PruneParams) (int64, error) {
	if err := t.writes(ctx); err != nil {
		return 0, err
	}
	return t.pruneSchluessel(p) + t.pruneAenderungen(p), nil
}
