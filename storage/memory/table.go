package memory

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// table holds rows by id and finds them by further keys. The indexes hold ids
// and not rows: a save that leaves a key as it was does not touch it.
type table[R any] struct {
	rows  tree[*R]        // id
	index tree[uuid.UUID] // a name, then what the index is led by
}

func (t *table[R]) get(m tenant.ID, id uuid.UUID) (*R, bool) { return t.rows.get(key(m, id)) }

// put stores or replaces a row, which must not change any more; keys gives the
// index keys of a row.
func (t *table[R]) put(m tenant.ID, id uuid.UUID, r *R, keys func(tenant.ID, *R) []string) {
	var before []string
	if old, ok := t.get(m, id); ok {
		before = keys(m, old)
	}
	after := keys(m, r)
	slices.Sort(before)
	slices.Sort(after)
	for _, k := range before {
		if _, stays := slices.BinarySearch(after, k); !stays {
			t.index.delete(k)
		}
	}
	for _, k := range after {
		if _, there := slices.BinarySearch(before, k); !there {
			t.index.set(k, id)
		}
	}
	t.rows.set(key(m, id), r)
}

func (t *table[R]) delete(m tenant.ID, id uuid.UUID, keys func(tenant.ID, *R) []string) {
	old, ok := t.get(m, id)
	if !ok {
		return
	}
	for _, k := range keys(m, old) {
		t.index.delete(k)
	}
	t.rows.delete(key(m, id))
}

func (t *table[R]) cut(prefix string) {
	t.rows.cut(prefix)
	t.index.cut(prefix)
}

// find gives the row of an index key.
func (t *table[R]) find(m tenant.ID, k string) (*R, bool) {
	id, ok := t.index.get(k)
	if !ok {
		return nil, false
	}
	return t.get(m, id)
}

// all gives every row whose index key begins with prefix, in order.
func (t *table[R]) all(m tenant.ID, prefix string) []*R {
	return t.page(m, scan{prefixes: []string{prefix}}, every)
}

// every takes all rows of a page.
func every[R any](*R) (take, more bool) { return true, true }

// scan says what of an index is read: the ranges of several prefixes as if
// they were one, ordered by what follows the prefix.
type scan struct {
	prefixes []string
	// from is a place behind the prefix; the scan begins strictly behind it,
	// or before it if it goes down. Empty begins at the end of the ranges.
	from string
	down bool
	// limit of rows; zero means all.
	limit int
}

// reaches tells whether a place behind the prefix is one the scan comes to.
func (s *scan) reaches(at string) bool {
	switch {
	case s.from == "":
		return true
	case s.down:
		return at < s.from
	}
	return at > s.from
}

// page gives the first rows of a scan that f takes. f ends the range it is
// called in by more = false.
func (t *table[R]) page(m tenant.ID, s scan, f func(*R) (take, more bool)) []*R {
	type hit struct {
		at string
		r  *R
	}
	var hits []hit
	for i, prefix := range s.prefixes {
		if slices.Contains(s.prefixes[:i], prefix) {
			continue
		}
		from, n := "", 0
		if s.from != "" {
			from = prefix + s.from
		}
		visit := func(k string, id uuid.UUID) bool {
			r, _ := t.get(m, id)
			take, more := f(r)
			if take {
				hits = append(hits, hit{k[len(prefix):], r})
				n++
			}
			return more && (s.limit == 0 || n < s.limit)
		}
		if s.down {
			t.index.descend(prefix, from, visit)
		} else {
			t.index.ascend(prefix, from, visit)
		}
	}
	// Each range gave its own first rows, so the first of all are among them.
	if len(s.prefixes) > 1 {
		slices.SortFunc(hits, func(a, b hit) int {
			if s.down {
				a, b = b, a
			}
			return strings.Compare(a.at, b.at)
		})
	}
	if s.limit > 0 && len(hits) > s.limit {
		hits = hits[:s.limit]
	}
	rows := make([]*R, len(hits))
	for i, h := range hits {
		rows[i] = h.r
	}
	return rows
}

// clones copies rows such that nothing of the result is stored.
func clones[R, C any](rows []*R, clone func(*R) C) []C {
	var out []C
	for _, r := range rows {
		out = append(out, clone(r))
	}
	return out
}

func oneOf[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }
