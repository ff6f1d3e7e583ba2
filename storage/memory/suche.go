package memory

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

// firstWort gives the first of the words that begins with anfang.
func (v *vorgang) firstWort(anfang string) (string, bool) {
	i, _ := slices.BinarySearch(v.woerter, anfang)
	if i == len(v.woerter) || !strings.HasPrefix(v.woerter[i], anfang) {
		return "", false
	}
	return v.woerter[i], true
}

// SearchVorgaenge walks through the words that begin with the first one asked
// for, and looks the others up in the words of each Vorgang it meets.
func (t *tx) SearchVorgaenge(ctx context.Context, p driver.SearchVorgaengeParams) ([]driver.TrefferRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	after := ""
	if p.After != nil {
		after = t.key("wort", p.After.Wort, p.After.ID)
	}
	var out []driver.TrefferRow
	// The beginning of a word has no end mark.
	t.s.vorgang.index.ascend(t.key("wort")+p.Woerter[0], after, func(k string, id uuid.UUID) bool {
		v, _ := t.s.vorgang.get(t.mandant, id)
		wort, _ := v.firstWort(p.Woerter[0])
		if k != t.key("wort", wort, id) { // a later word of a Vorgang that had its turn
			return true
		}
		for _, w := range p.Woerter[1:] {
			if _, ok := v.firstWort(w); !ok {
				return true
			}
		}
		if matches(&p.Filter, v) {
			out = append(out, driver.TrefferRow{Wort: wort, Row: shortVorgang(v)})
		}
		return len(out) < p.Limit
	})
	return out, nil
}
