package sqltx

import (
	"context"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

// NextWartend implements driver.VorgangTx. What is under a lease is in no index
// of the stack, so the head of an index is what comes next: of vorgang_wartend
// without a filter, otherwise of each pair of Einheit and Leistung in
// vorgang_stapel. The pairs that are not given are found by jumping from one to
// the next. What lost its lease comes through vorgang_lease.
func (t *Tx) NextWartend(ctx context.Context, p driver.NextWartendParams) (driver.VorgangRow, error) {
	a := Params{Args: []any{t.mandant, p.Now}}
	return t.oneVorgang(ctx, nextSQL(&a, p, t.dialect), a.Args...)
}

func nextSQL(a *Params, p driver.NextWartendParams, d *Dialect) string {
	after, afterLease := "", ""
	if p.After != nil {
		place := "v.eingang, v.id) > " + a.Tuple(p.After.Eingang, p.After.ID)
		after, afterLease = " AND ("+place, " AND ("+d.Hide+place
	}
	const order = " ORDER BY v.eingang, v.id LIMIT 1"
	const frei = " FROM vorgang v WHERE v.mandant = $1 AND v.wartend AND v.lease_bis IS NULL"
	abgelaufen := "SELECT v.id FROM vorgang v WHERE v.mandant = $1 AND v.wartend AND v.lease_bis IS NOT NULL AND v.lease_bis <= $2" +
		In(a, d.Hide+"v.einheit", p.Einheiten) + In(a, d.Hide+"v.leistung", p.Leistungen) + afterLease +
		" ORDER BY " + d.Hide + "v.eingang, v.id LIMIT 1"
	with, heads := "WITH ", "SELECT * FROM (SELECT v.id"+frei+after+order+") k1"
	if len(p.Einheiten)+len(p.Leistungen) > 0 {
		with = "WITH RECURSIVE " + pairs(a, p, frei)
		heads = "SELECT (SELECT v.id" + frei + " AND v.einheit = p.e AND v.leistung = p.l" + after + order + ") FROM paar p WHERE p.l IS NOT NULL"
	}
	return with + "kopf(id) AS (" + heads + " UNION ALL SELECT * FROM (" + abgelaufen + ") k2)" +
		" SELECT " + VorgangColumns + ", woerter FROM vorgang WHERE mandant = $1 AND id =" +
		" (SELECT v.id FROM kopf k CROSS JOIN vorgang v WHERE v.mandant = $1 AND v.id = k.id" + order + ")" + d.SkipLocked
}

// pairs defines paar(e, l): the pairs of Einheit and Leistung that may have
// something on the stack. A row with l NULL ends the jumps of an Einheit.
func pairs(a *Params, p driver.NextWartendParams, frei string) string {
	einheit := "einheit(e) AS (" + values(a, p.Einheiten) + "), "
	if len(p.Einheiten) == 0 {
		// In the order of vorgang_stapel, so that no other index looks as good.
		const first = " ORDER BY v.einheit, v.leistung LIMIT 1"
		einheit = "einheit(e) AS (SELECT (SELECT v.einheit" + frei + first + ") UNION ALL SELECT (SELECT v.einheit" + frei +
			" AND v.einheit > x.e" + first + ") FROM einheit x WHERE x.e IS NOT NULL), "
	}
	if len(p.Leistungen) > 0 {
		return einheit + "leistung(l) AS (" + values(a, p.Leistungen) + "), " +
			"paar(e, l) AS (SELECT x.e, y.l FROM einheit x CROSS JOIN leistung y WHERE x.e IS NOT NULL), "
	}
	return einheit + "paar(e, l) AS (SELECT x.e, (SELECT min(v.leistung)" + frei + " AND v.einheit = x.e) FROM einheit x WHERE x.e IS NOT NULL" +
		" UNION ALL SELECT x.e, (SELECT min(v.leistung)" + frei + " AND v.einheit = x.e AND v.leistung > x.l) FROM paar x WHERE x.l IS NOT NULL), "
}

// values gives a column of texts.
func values(a *Params, list []string) string {
	sql := ""
	for i, v := range list {
		if i > 0 {
			sql += " UNION "
		}
		sql += "SELECT CAST(" + a.Add(v) + " AS text)"
	}
	return sql
}
