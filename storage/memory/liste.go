package memory

import (
	"context"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

func matches(f *driver.VorgangFilter, v *vorgang) bool {
	return oneOf(f.Status, v.Status) && oneOf(f.Leistungen, v.Leistung) && oneOf(f.Einheiten, v.Einheit) &&
		oneOf(f.Bearbeiter, v.Bearbeiter) &&
		(f.EingangVon.IsZero() || !v.Eingang.Before(f.EingangVon)) &&
		(f.EingangBis.IsZero() || v.Eingang.Before(f.EingangBis)) &&
		(f.FristBis.IsZero() || !v.Frist.IsZero() && !v.Frist.Nach(f.FristBis)) &&
		(f.Aktenzeichen == "" || slices.Contains(v.Aktenzeichen, f.Aktenzeichen)) &&
		(f.Nummer == "" || v.Nummer == f.Nummer)
}

// ranges gives the index ranges in which all hits of the filter lie: those of
// the field with the fewest rows. exact tells that they hold nothing else.
func (t *tx) ranges(f *driver.VorgangFilter) (prefixes []string, exact bool) {
	type field struct {
		name   string
		values []string
	}
	fields := []field{
		{"bearbeiter", f.Bearbeiter}, {"status", f.Status}, {"einheit", f.Einheiten}, {"leistung", f.Leistungen},
	}
	if f.Aktenzeichen != "" {
		fields = append(fields, field{"aktenzeichen", []string{f.Aktenzeichen}})
	}
	best := []string{t.key("alle")}
	fewest, used := t.s.vorgang.index.count(best[0]), 0
	for _, fd := range fields {
		if len(fd.values) == 0 {
			continue
		}
		used++
		var keys []string
		n := 0
		for _, v := range fd.values {
			k := t.key(fd.name, v)
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
				n += t.s.vorgang.index.count(k)
			}
		}
		if n <= fewest {
			best, fewest = keys, n
		}
	}
	plain := f.EingangVon.IsZero() && f.EingangBis.IsZero() && f.FristBis.IsZero()
	return best, used <= 1 && plain
}

// byNummer answers a filter that names a number, which at most one Vorgang has.
func (t *tx) byNummer(f *driver.VorgangFilter) (*vorgang, bool) {
	v, ok := t.s.vorgang.find(t.mandant, t.key("nummer", f.Nummer))
	return v, ok && matches(f, v)
}

func (t *tx) ListVorgaenge(ctx context.Context, p driver.ListVorgaengeParams) ([]driver.VorgangRow, error) {
	if err := t.reads(ctx); err != nil {
		return nil, err
	}
	clone := cloneVorgang
	if p.Kurz {
		clone = shortVorgang
	}
	s := scan{down: p.Absteigend, limit: p.Limit}
	if p.After != nil {
		s.from = suffix(p.After.Eingang, p.After.ID)
	}
	if p.Filter.Nummer != "" {
		if v, ok := t.byNummer(&p.Filter); ok && s.reaches(suffix(v.Eingang, v.ID)) {
			return []driver.VorgangRow{clone(v)}, nil
		}
		return nil, nil
	}
	s.prefixes, _ = t.ranges(&p.Filter)
	// The instant alone lies before all keys that begin with it.
	if von := p.Filter.EingangVon; !p.Absteigend && !von.IsZero() {
		s.from = max(s.from, suffix(von))
	}
	if bis := p.Filter.EingangBis; p.Absteigend && !bis.IsZero() && (s.from == "" || suffix(bis) < s.from) {
		s.from = suffix(bis)
	}
	return clones(t.s.vorgang.page(t.mandant, s, func(v *vorgang) (take, more bool) {
		if p.Absteigend {
			more = p.Filter.EingangVon.IsZero() || !v.Eingang.Before(p.Filter.EingangVon)
		} else {
			more = p.Filter.EingangBis.IsZero() || v.Eingang.Before(p.Filter.EingangBis)
		}
		return matches(&p.Filter, v), more
	}), clone), nil
}

func (t *tx) CountVorgaenge(ctx context.Context, p driver.CountVorgaengeParams) (int64, error) {
	if err := t.reads(ctx); err != nil {
		return 0, err
	}
	if p.Filter.Nummer != "" {
		if _, ok := t.byNummer(&p.Filter); ok {
			return 1, nil
		}
		return 0, nil
	}
	prefixes, exact := t.ranges(&p.Filter)
	var n int64
	for _, prefix := range prefixes {
		if exact {
			n += int64(t.s.vorgang.index.count(prefix))
			continue
		}
		t.s.vorgang.page(t.mandant, scan{prefixes: []string{prefix}}, func(v *vorgang) (take, more bool) {
			if matches(&p.Filter, v) {
				n++
			}
			return false, true
		})
	}
	return n, nil
}
