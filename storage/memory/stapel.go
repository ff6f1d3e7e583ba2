package memory

import (
	"context"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// NextWartend looks at the heads of the stacks and at the leases that ran out;
// what is at work or lies on other stacks costs nothing.
func (t *tx) NextWartend(ctx context.Context, p driver.NextWartendParams) (driver.VorgangRow, error) {
	if err := t.reads(ctx); err != nil {
		return driver.VorgangRow{}, err
	}
	s := scan{limit: 1, prefixes: []string{t.key("frei")}}
	if p.After != nil {
		s.from = suffix(p.After.Eingang, p.After.ID)
	}
	if len(p.Einheiten) > 0 || len(p.Leistungen) > 0 {
		s.prefixes = t.stapel(p.Einheiten, p.Leistungen)
	}
	var next *vorgang
	for _, v := range t.s.vorgang.page(t.mandant, s, func(*vorgang) (bool, bool) { return true, false }) {
		next = v
	}
	ended := scan{prefixes: []string{t.key("lease")}}
	t.s.vorgang.page(t.mandant, ended, func(v *vorgang) (take, more bool) {
		if !free(v.LeaseBis, p.Now) {
			return false, false
		}
		at := suffix(v.Eingang, v.ID)
		if oneOf(p.Einheiten, v.Einheit) && oneOf(p.Leistungen, v.Leistung) && s.reaches(at) &&
			(next == nil || at < suffix(next.Eingang, next.ID)) {
			next = v
		}
		return false, true
	})
	if next == nil {
		return driver.VorgangRow{}, fehler.ErrNotFound
	}
	return cloneVorgang(next), nil
}

// stapel gives the index ranges of the stacks that match and hold anything
// free. It steps from stack to stack, never through one.
func (t *tx) stapel(einheiten, leistungen []string) []string {
	var roots, out []string
	for _, e := range einheiten {
		roots = append(roots, t.key("stapel", e))
	}
	if len(einheiten) == 0 {
		roots = []string{t.key("stapel")}
	}
	for _, root := range roots {
		after := ""
		for {
			_, id, ok := t.s.vorgang.index.first(root, after)
			if !ok {
				break
			}
			v, _ := t.s.vorgang.get(t.mandant, id)
			prefix := t.key("stapel", v.Einheit, v.Leistung)
			if oneOf(leistungen, v.Leistung) {
				out = append(out, prefix)
			}
			after = beyond(prefix)
		}
	}
	return out
}
