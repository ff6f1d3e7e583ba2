package memory

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// tx works on its own copy of the state.
type tx struct {
	s        *state
	mandant  tenant.ID
	readOnly bool
	done     bool
	err      error // the first unexpected error; forbids the commit
}

var _ driver.Tx = (*tx)(nil)

func (t *tx) reads(ctx context.Context) error {
	if t.err == nil {
		t.err = ctx.Err()
	}
	if t.done {
		return errors.New("memory: the transaction has ended")
	}
	return t.err
}

func (t *tx) writes(ctx context.Context) error {
	if err := t.reads(ctx); err != nil {
		return err
	}
	if t.readOnly {
		t.err = errors.New("memory: the transaction is read-only")
	}
	return t.err
}

func (t *tx) key(parts ...any) string { return key(t.mandant, parts...) }

func cloneVorgang(r *driver.VorgangRow) driver.VorgangRow {
	c := *r
	c.Aktenzeichen = slices.Clone(r.Aktenzeichen)
	c.LeaseToken, c.LeaseBis = clonePtr(r.LeaseToken), clonePtr(r.LeaseBis)
	c.JournalHash, c.Daten = bytes.Clone(r.JournalHash), bytes.Clone(r.Daten)
	return c
}

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}

func (t *tx) GetVorgang(ctx context.Context, p driver.GetVorgangParams) (driver.VorgangRow, error) {
	if err := t.reads(ctx); err != nil {
		return driver.VorgangRow{}, err
	}
	r, ok := t.s.vorgang.get(t.key(p.ID))
	if !ok {
		return driver.VorgangRow{}, fehler.ErrNotFound
	}
	return cloneVorgang(r), nil
}

func (t *tx) nummerTaken(nummer string, id uuid.UUID) bool {
	other, ok := t.s.vorgangNummer.get(t.key(nummer))
	return nummer != "" && ok && other != id
}

func (t *tx) putVorgang(r *driver.VorgangRow) {
	if old, ok := t.s.vorgang.get(t.key(r.ID)); ok {
		t.s.vorgangEingang.delete(t.key(old.Eingang, old.ID))
		t.s.vorgangNummer.delete(t.key(old.Nummer))
	}
	t.s.vorgang.set(t.key(r.ID), r)
	t.s.vorgangEingang.set(t.key(r.Eingang, r.ID), r)
	if r.Nummer != "" {
		t.s.vorgangNummer.set(t.key(r.Nummer), r.ID)
	}
}

func (t *tx) InsertVorgang(ctx context.Context, p driver.InsertVorgangParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	if _, ok := t.s.vorgang.get(t.key(p.Row.ID)); ok || t.nummerTaken(p.Row.Nummer, p.Row.ID) {
		return fehler.ErrExists
	}
	r := cloneVorgang(&p.Row)
	r.LeaseToken, r.LeaseBis = nil, nil
	t.putVorgang(&r)
	return nil
}

func (t *tx) UpdateVorgang(ctx context.Context, p driver.UpdateVorgangParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.vorgang.get(t.key(p.Row.ID))
	switch {
	case !ok:
		return fehler.ErrNotFound
	case old.Version != p.ExpectedVersion:
		return fehler.ErrConflict
	case t.nummerTaken(p.Row.Nummer, p.Row.ID):
		return fehler.ErrExists
	}
	r := cloneVorgang(&p.Row)
	r.LeaseToken, r.LeaseBis = old.LeaseToken, old.LeaseBis
	t.putVorgang(&r)
	return nil
}

func oneOf(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }

func matches(f *driver.VorgangFilter, r *driver.VorgangRow) bool {
	return oneOf(f.Status, r.Status) && oneOf(f.Leistungen, r.Leistung) && oneOf(f.Einheiten, r.Einheit) &&
		oneOf(f.Bearbeiter, r.Bearbeiter) &&
		(f.EingangVon.IsZero() || !r.Eingang.Before(f.EingangVon)) &&
		(f.EingangBis.IsZero() || r.Eingang.Before(f.EingangBis)) &&
		(f.FristBis.IsZero() || !r.Frist.IsZero() && !r.Frist.Nach(f.FristBis)) &&
		(f.Aktenzeichen == "" || slices.Contains(r.Aktenzeichen, f.Aktenzeichen)) &&
		(f.Nummer == "" || r.Nummer == f.Nummer)
}

func (t *tx) ListVorgaenge(ctx context.Context, p driver.ListVorgaengeParams) ([]driver.VorgangRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	var out []driver.VorgangRow
	visit := func(_ string, r *driver.VorgangRow) bool {
		if matches(&p.Filter, r) {
			out = append(out, cloneVorgang(r))
		}
		return len(out) < p.Limit
	}
	start := ""
	if p.After != nil {
		start = t.key(p.After.Eingang, p.After.ID)
	}
	if p.Absteigend {
		t.s.vorgangEingang.descend(t.key(), start, visit)
	} else {
		t.s.vorgangEingang.ascend(t.key(), start, visit)
	}
	return out, nil
}

func (t *tx) CountVorgaenge(ctx context.Context, p driver.CountVorgaengeParams) (int64, error) {
	if err := t.reads(ctx); err != nil {
		return 0, err
	}
	var n int64
	t.s.vorgang.ascend(t.key(), "", func(_ string, r *driver.VorgangRow) bool {
		if matches(&p.Filter, r) {
			n++
		}
		return true
	})
	return n, nil
}

func (t *tx) NextWartend(ctx context.Context, p driver.NextWartendParams) (driver.VorgangRow, error) {
	if err := t.reads(ctx); err != nil {
		return driver.VorgangRow{}, err
	}
	var found *driver.VorgangRow
	start := ""
	if p.After != nil {
		start = t.key(p.After.Eingang, p.After.ID)
	}
	t.s.vorgangEingang.ascend(t.key(), start, func(_ string, r *driver.VorgangRow) bool {
		if r.Wartend && (r.LeaseBis == nil || !r.LeaseBis.After(p.Now)) &&
			oneOf(p.Einheiten, r.Einheit) && oneOf(p.Leistungen, r.Leistung) {
			found = r
		}
		return found == nil
	})
	if found == nil {
		return driver.VorgangRow{}, fehler.ErrNotFound
	}
	return cloneVorgang(found), nil
}

func (t *tx) SetLease(ctx context.Context, p driver.SetLeaseParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.vorgang.get(t.key(p.ID))
	switch {
	case !ok:
		return fehler.ErrNotFound
	case (old.LeaseToken == nil) != (p.ExpectToken == nil), p.ExpectToken != nil && *old.LeaseToken != *p.ExpectToken:
		return fehler.ErrConflict
	}
	r := *old
	r.LeaseToken, r.LeaseBis = clonePtr(p.Token), clonePtr(p.Bis)
	t.putVorgang(&r)
	return nil
}
