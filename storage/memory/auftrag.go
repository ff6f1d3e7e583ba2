package memory

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func cloneAuftrag(r *driver.AuftragRow) driver.AuftragRow {
	c := *r
	c.Daten = bytes.Clone(r.Daten)
	c.LeaseToken, c.LeaseBis, c.Erledigt = clonePtr(r.LeaseToken), clonePtr(r.LeaseBis), clonePtr(r.Erledigt)
	return c
}

// auftragKeys are the index keys of an Auftrag. "folge" holds what the order
// of a Vorgang waits for.
func auftragKeys(m tenant.ID, a *driver.AuftragRow) []string {
	keys := []string{
		key(m, "platz", a.VorgangID, a.VorgangVersion, a.Ordinal),
		key(m, "zustand", string(a.Zustand), a.VorgangID, a.VorgangVersion, a.Ordinal),
	}
	if !a.Termin && (a.Zustand == driver.AuftragOffen || a.Zustand == driver.AuftragGeparkt) {
		keys = append(keys, key(m, "folge", a.VorgangID, a.VorgangVersion, a.Ordinal))
	}
	return keys
}

func (t *tx) FinishAuftrag(ctx context.Context, p driver.FinishAuftragParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.auftrag.get(t.mandant, p.ID)
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
		if p.Frei {
			r.Versuch--
		}
	}
	t.s.putAuftrag(&r)
	return nil
}

func (t *tx) ListAuftraege(ctx context.Context, p driver.ListAuftraegeParams) ([]driver.AuftragRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	s := scan{limit: p.Limit}
	if k := p.After; k != nil {
		s.from = suffix(k.VorgangID, k.VorgangVersion, k.Ordinal)
	}
	for _, z := range p.Zustaende {
		s.prefixes = append(s.prefixes, t.key("zustand", string(z)))
	}
	if len(p.Zustaende) == 0 {
		s.prefixes = []string{t.key("platz")}
	}
	if p.VorgangID != uuid.Nil {
		// The id alone lies before all places of the Vorgang.
		s.from = max(s.from, suffix(p.VorgangID))
	}
	return clones(t.s.auftrag.page(t.mandant, s, func(a *driver.AuftragRow) (take, more bool) {
		own := p.VorgangID == uuid.Nil || a.VorgangID == p.VorgangID
		return own, own
	}), cloneAuftrag), nil
}

func (t *tx) RequeueAuftrag(ctx context.Context, p driver.RequeueAuftragParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.auftrag.get(t.mandant, p.ID)
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
