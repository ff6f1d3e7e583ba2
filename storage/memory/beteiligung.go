package memory

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// beteiligungen are the shares. The owner writes them, the guest reads them
// across all owners.
type beteiligungen struct {
	rows tree[*driver.BeteiligungRow] // mandant, vorgang, gast, von
	gast tree[*driver.BeteiligungRow] // gast, then mandant and vorgang in both orders, von
}

func cloneBeteiligung(r *driver.BeteiligungRow) driver.BeteiligungRow {
	c := *r
	c.Bis = clonePtr(r.Bis)
	return c
}

func gastKeys(r *driver.BeteiligungRow) [2]string {
	return [2]string{
		key(r.Gast, "alle", r.Mandant, r.VorgangID, r.Von),
		key(r.Gast, "vorgang", r.VorgangID, r.Mandant, r.Von),
	}
}

// setBeteiligungen replaces the shares of a Vorgang.
func (t *tx) setBeteiligungen(vorgang uuid.UUID, rows []driver.BeteiligungRow) {
	t.s.removeBeteiligungen(t.key(vorgang))
	for i := range rows {
		r := cloneBeteiligung(&rows[i])
		r.Mandant, r.VorgangID = t.mandant, vorgang
		t.s.beteiligung.rows.set(t.key(vorgang, r.Gast, r.Von), &r)
		for _, k := range gastKeys(&r) {
			t.s.beteiligung.gast.set(k, &r)
		}
	}
}

// removeBeteiligungen removes what an owner gave, for the guest too.
func (s *state) removeBeteiligungen(prefix string) {
	s.beteiligung.rows.ascend(prefix, "", func(k string, r *driver.BeteiligungRow) bool {
		for _, gk := range gastKeys(r) {
			s.beteiligung.gast.delete(gk)
		}
		s.beteiligung.rows.delete(k)
		return true
	})
}

// Beteiligungen implements driver.Backend.
func (b *Backend) Beteiligungen(ctx context.Context, gast tenant.ID, p driver.BeteiligungenParams) ([]driver.BeteiligungRow, error) {
	s, err := b.read(ctx)
	if err != nil {
		return nil, err
	}
	prefix, after := key(gast, "alle"), ""
	if p.After != nil {
		after = key(gast, "alle", p.After.Mandant, p.After.VorgangID)
	}
	if p.VorgangID != uuid.Nil {
		prefix = key(gast, "vorgang", p.VorgangID)
		if p.After != nil {
			after = key(gast, "vorgang", p.VorgangID, p.After.Mandant)
		}
	}
	if after != "" {
		// Behind all shares of this Vorgang, whenever they began.
		after += strings.Repeat("\xff", 9)
	}
	var out []driver.BeteiligungRow
	s.beteiligung.gast.ascend(prefix, after, func(_ string, r *driver.BeteiligungRow) bool {
		if !r.Von.After(p.Now) && (r.Bis == nil || r.Bis.After(p.Now)) {
			out = append(out, cloneBeteiligung(r))
		}
		return len(out) < p.Limit
	})
	return out, nil
}
