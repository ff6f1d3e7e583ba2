package sqltx

import (
	"context"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

// maxZweige bounds the sub-selects of a list that is driven by the values of
// one column.
const maxZweige = 16

// ListVorgaenge implements driver.VorgangTx. A filter with one value per column
// walks the index of that column in order. With several values no index is in
// order: then one column drives, each of its values gives a page of keys, and
// the pages are merged; so a page costs the same however many rows have other
// values.
func (t *Tx) ListVorgaenge(ctx context.Context, p driver.ListVorgaengeParams) ([]driver.VorgangRow, error) {
	columns, scan := vorgangColumnsV, ScanVorgang
	if p.Kurz {
		columns, scan = vorgangKurzV, ScanKurz
	}
	a := Params{Args: []any{t.mandant}}
	return List(ctx, t, scan, "SELECT "+columns+listFrom(&a, t.dialect.Hide, p), a.Args)
}

// listFrom gives all behind the columns of table v. The first argument is the
// Mandant.
func listFrom(a *Params, hide string, p driver.ListVorgaengeParams) string {
	compare, order := " > ", " ORDER BY v.eingang, v.id"
	if p.Absteigend {
		compare, order = " < ", " ORDER BY v.eingang DESC, v.id DESC"
	}
	limit := Limit(p.Limit)
	after := ""
	if p.After != nil {
		after = " AND (v.eingang, v.id)" + compare + a.Tuple(p.After.Eingang, p.After.ID)
	}
	f := p.Filter
	if f.Nummer == "" && f.Aktenzeichen != "" {
		zeichen := a.Add(f.Aktenzeichen)
		f.Aktenzeichen = ""
		// CROSS JOIN holds SQLite to this order of the tables.
		return " FROM aktenzeichen z CROSS JOIN vorgang v WHERE z.mandant = $1 AND z.aktenzeichen = " + zeichen +
			" AND v.mandant = $1 AND v.id = z.vorgang_id" + VorgangWhere(a, "v.", &f) + after + order + limit
	}
	column, values := driving(&f)
	if f.Nummer != "" || len(values) < 2 || len(values) > maxZweige {
		return " FROM vorgang v WHERE v.mandant = $1" + VorgangWhere(a, "v.", &f) + after + order + limit
	}
	rest := vorgangWhere(a, "v.", hide, &f) + after + order + limit
	zweige := make([]string, len(values))
	for i, v := range values {
		zweige[i] = "SELECT * FROM (SELECT v.eingang, v.id FROM vorgang v WHERE v.mandant = $1 AND v." + column + " = " + a.Add(v)
		if column == "bearbeiter" {
			zweige[i] += " AND v.bearbeiter <> ''"
		}
		zweige[i] += rest + ") zweig"
	}
	inner := strings.ReplaceAll(order, "v.", "")
	return " FROM (SELECT eingang, id FROM (" + strings.Join(zweige, " UNION ALL ") + ") u" + inner + limit + ") k" +
		" CROSS JOIN vorgang v WHERE v.mandant = $1 AND v.id = k.id" + strings.ReplaceAll(order, "v.", "k.")
}

// driving takes the column that drives a list out of the filter, with its
// values without repetition: the one that selects the fewest as a rule, in which
// an index has its rows in the order of lists.
func driving(f *driver.VorgangFilter) (string, []string) {
	for _, c := range []struct {
		name   string
		values *[]string
	}{{"bearbeiter", &f.Bearbeiter}, {"status", &f.Status}, {"einheit", &f.Einheiten}} {
		values := slices.Compact(slices.Sorted(slices.Values(*c.values)))
		// Who has no Bearbeiter is not in the index of that column.
		if len(values) == 0 || len(values) > maxZweige || c.name == "bearbeiter" && values[0] == "" {
			continue
		}
		if len(values) == 1 {
			*c.values = values // the plain query walks its index
		} else {
			*c.values = nil
		}
		return c.name, values
	}
	return "", nil
}
