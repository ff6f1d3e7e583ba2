package sqltx

import (
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
// with the first one, so a page costs as much as it has to look at. A Vorgang
// with several such words counts at the first of them: that is the place where
// the prefix occurs first in vorgang.woerter, which is sorted.
func (t *Tx) SearchVorgaenge(ctx context.Context, p driver.SearchVorgaengeParams) ([]driver.TrefferRow, error) {
	var a Params
	sql := searchSQL(&a, t, &p)
	return List(ctx, t, func(r *driver.TrefferRow) []any {
		return append([]any{&r.Wort}, ScanKurz(&r.Row)...)
	}, sql, a.Args)
}

func searchSQL(a *Params, t *Tx, p *driver.SearchVorgaengeParams) string {
	first, after := p.Woerter[0], p.After
	mandant := a.Add(t.mandant)
	pos := t.dialect.Position
	sql := "SELECT s.wort, " + vorgangKurzV + " FROM suche s CROSS JOIN vorgang v WHERE s.mandant = " + mandant
	if after != nil && after.Wort >= first {
		sql += " AND (s.wort, s.vorgang_id) > " + a.Tuple(after.Wort, after.ID)
	} else {
		sql += " AND s.wort >= " + a.Add(first)
	}
	if end := successor(first); end != "" {
		sql += " AND s.wort < " + a.Add(end)
	}
	// The blanks are part of the values: PostgreSQL knows no type for a
	// concatenated placeholder.
	sql += " AND v.mandant = $1 AND v.id = s.vorgang_id AND " + pos + "(v.woerter, " + a.Add(" "+first) + ") = " +
		pos + "(v.woerter, ' ' || s.wort || ' ')"
	for _, w := range p.Woerter[1:] {
		sql += " AND " + pos + "(v.woerter, " + a.Add(" "+w) + ") > 0"
	}
	return sql + VorgangWhere(a, "v.", &p.Filter) + " ORDER BY s.wort, s.vorgang_id LIMIT " + a.Add(int64(p.Limit))
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
