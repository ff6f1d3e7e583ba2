package sqltx

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

// WoerterText is how vorgang.woerter holds words: sorted, each between two
// blanks; empty for none.
func WoerterText(woerter []string) string {
	if len(woerter) == 0 {
		return ""
	}
	return " " + strings.Join(slices.Compact(slices.Sorted(slices.Values(woerter))), " ") + " "
}

// saveWoerter brings table suche, the index of vorgang.woerter, from old to neu.
func (t *Tx) saveWoerter(ctx context.Context, id uuid.UUID, old, neu string) error {
	if old == neu {
		return nil
	}
	was, is := words(old), words(neu)
	if err := t.deleteWoerter(ctx, id, without(was, is)); err != nil {
		return err
	}
	return insertRows(ctx, t, "suche", "mandant, wort, vorgang_id", without(is, was), func(w *string) []any {
		return []any{t.mandant, *w, id}
	})
}

// words splits what WoerterText made.
func words(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text[1:len(text)-1], " ")
}

func (t *Tx) deleteWoerter(ctx context.Context, id uuid.UUID, woerter []string) error {
	for chunk := range chunks(woerter) {
		a := Params{Args: []any{t.mandant, id}}
		if _, err := t.Exec(ctx, "DELETE FROM suche WHERE mandant = $1 AND vorgang_id = $2"+In(&a, "wort", chunk), a.Args...); err != nil {
			return err
		}
	}
	return nil
}

// SearchVorgaenge implements driver.VorgangTx. It walks the words that begin
// with the first one, so a page costs as much as it has to look at. If these are
// many and those of another word are few, it takes the few instead.
func (t *Tx) SearchVorgaenge(ctx context.Context, p driver.SearchVorgaengeParams) ([]driver.TrefferRow, error) {
	few, err := t.fewest(ctx, p.Woerter)
	if err != nil {
		return nil, err
	}
	if few > 0 {
		return t.searchBy(ctx, &p, few)
	}
	var a Params
	sql := searchSQL(&a, t, &p)
	return List(ctx, t, func(r *driver.TrefferRow) []any {
		return append([]any{&r.Wort}, ScanKurz(&r.Row)...)
	}, sql, a.Args)
}

// searchSQL gives a hit at the first of its words that begins with the first
// word asked for: that is the place where the prefix occurs first in
// vorgang.woerter, which is sorted.
func searchSQL(a *Params, t *Tx, p *driver.SearchVorgaengeParams) string {
	first, after := p.Woerter[0], p.After
	a.Add(t.mandant)
	from := first
	place := ""
	if after != nil && after.Wort >= first {
		place, from = " AND (s.wort, s.vorgang_id) > "+a.Tuple(after.Wort, after.ID), ""
	}
	pos := t.dialect.Position
	// The blanks are part of the values: PostgreSQL knows no type for a
	// concatenated placeholder. CASE keeps it from taking the comparison for one that
	// hardly any row passes: it would then read and sort everything instead of walking
	// the index until the page is full.
	return "SELECT s.wort, " + vorgangKurzV + " FROM suche s CROSS JOIN vorgang v WHERE s.mandant = $1" + place + between(a, from, first) +
		" AND v.mandant = $1 AND v.id = s.vorgang_id AND CASE WHEN " + pos + "(v.woerter, " + a.Add(" "+first) + ") = " +
		pos + "(v.woerter, ' ' || s.wort || ' ') THEN true ELSE false END" + hasWords(a, pos, p.Woerter[1:]) +
		VorgangWhere(a, "v.", &p.Filter) + " ORDER BY s.wort, s.vorgang_id" + Limit(p.Limit)
}

// between limits s.wort to the words that begin with prefix, from a place on.
func between(a *Params, from, prefix string) string {
	sql := ""
	if from != "" {
		sql = " AND s.wort >= " + a.Add(from)
	}
	if end := successor(prefix); end != "" {
		sql += " AND s.wort < " + a.Add(end)
	}
	return sql
}

func hasWords(a *Params, position string, woerter []string) string {
	sql := ""
	for _, w := range woerter {
		sql += " AND CASE WHEN " + position + "(v.woerter, " + a.Add(" "+w) + ") > 0 THEN true ELSE false END"
	}
	return sql
}

// wenige is how many hits of one word are few: they are read and sorted whole.
const wenige = 1000

// fewest gives the index of a word with few hits, or 0 if the first is to lead.
func (t *Tx) fewest(ctx context.Context, woerter []string) (int, error) {
	for i, w := range woerter {
		if len(woerter) == 1 {
			break
		}
		var n int64
		a := Params{Args: []any{t.mandant}}
		sql := "SELECT count(*) FROM (SELECT 1 FROM suche s WHERE s.mandant = $1" + between(&a, w, w) + Limit(wenige+1) + ") x"
		if _, err := t.One(ctx, []any{&n}, sql, a.Args...); err != nil {
			return 0, err
		}
		if n <= wenige {
			return i, nil
		}
	}
	return 0, nil
}

// searchBy reads all hits of one word, of which there are few, and picks the page.
func (t *Tx) searchBy(ctx context.Context, p *driver.SearchVorgaengeParams, word int) ([]driver.TrefferRow, error) {
	a := Params{Args: []any{t.mandant}}
	w := p.Woerter[word]
	sql := "SELECT v.woerter, " + vorgangKurzV + " FROM (SELECT DISTINCT s.vorgang_id FROM suche s WHERE s.mandant = $1" + between(&a, w, w) +
		") k CROSS JOIN vorgang v WHERE v.mandant = $1 AND v.id = k.vorgang_id" + hasWords(&a, t.dialect.Position, p.Woerter) +
		VorgangWhere(&a, "v.", &p.Filter)
	rows, err := List(ctx, t, func(r *driver.TrefferRow) []any {
		return append([]any{&r.Wort}, ScanKurz(&r.Row)...)
	}, sql, a.Args)
	if err != nil {
		return nil, err
	}
	place := func(r *driver.TrefferRow, wort string, id uuid.UUID) int {
		return cmp.Or(strings.Compare(r.Wort, wort), bytes.Compare(r.Row.ID[:], id[:]))
	}
	kept := rows[:0]
	for _, r := range rows {
		_, rest, _ := strings.Cut(r.Wort, " "+p.Woerter[0])
		end, _, _ := strings.Cut(rest, " ")
		r.Wort = p.Woerter[0] + end
		if p.After == nil || place(&r, p.After.Wort, p.After.ID) > 0 {
			kept = append(kept, r)
		}
	}
	slices.SortFunc(kept, func(x, y driver.TrefferRow) int { return place(&x, y.Wort, y.Row.ID) })
	return kept[:min(len(kept), p.Limit):min(len(kept), p.Limit)], nil
}

// successor gives the smallest text behind all that begin with prefix, or ""
// if there is none. UTF-8 sorts by bytes as its runes do.
func successor(prefix string) string {
	runes := []rune(prefix)
	for i := len(runes) - 1; i >= 0; i-- {
		switch next := runes[i] + 1; {
		case next == 0xD800: // the surrogates are no runes
			next = 0xE000
			fallthrough
		case next <= utf8.MaxRune:
			return string(append(runes[:i:i], next))
		}
	}
	return ""
}
