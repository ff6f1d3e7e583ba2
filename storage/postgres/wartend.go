package postgres

import (
	"bytes"
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// How many candidates each source of the stack gives: more than clerks claim at
// the same moment, as a rule, and more if all of them are locked.
const (
	kandidaten    = 32
	maxKandidaten = 32 << 10
)

// frei selects what lies on the stack without a lease: the condition of the
// indexes vorgang_wartend and vorgang_stapel. abgelaufen selects through
// vorgang_lease what lost its lease.
const (
	frei       = " FROM vorgang v WHERE v.mandant = $1 AND v.wartend AND v.lease_bis IS NULL"
	abgelaufen = " FROM vorgang v WHERE v.mandant = $1 AND v.wartend AND v.lease_bis IS NOT NULL AND v.lease_bis <= $2"
	reihe      = " ORDER BY v.eingang, v.id"
	ganz       = "SELECT " + sqltx.VorgangColumns + ", woerter"
)

// NextWartend implements driver.VorgangTx. Rows that another transaction locked
// are passed over, so claims do not wait for one another.
//
// The conditions use operators that row-level security lets through to the index
// (leakproof): = and < on text, uuid and timestamptz are.
func (t *tx) NextWartend(ctx context.Context, p driver.NextWartendParams) (driver.VorgangRow, error) {
	if len(p.Einheiten)+len(p.Leistungen) == 0 {
		row, found, err := t.nextOfAll(ctx, p)
		if found || err != nil {
			return row, err
		}
	}
	for n := kandidaten; ; n *= 32 {
		a := sqltx.Params{Args: []any{t.Mandant(), p.Now}}
		sql := nextSQL(&a, p, n)
		row, err := t.nextRow(ctx, sql, a.Args)
		if !errors.Is(err, fehler.ErrNotFound) || n >= maxKandidaten {
			return row, err
		}
		// Nothing is there, or all that was looked at is locked.
		a = sqltx.Params{Args: []any{t.Mandant(), p.Now}}
		var seen int64
		if _, err := t.One(ctx, []any{&seen}, "SELECT count(*) FROM ("+nextKeys(&a, p, n)+") k", a.Args...); err != nil {
			return driver.VorgangRow{}, err
		}
		if seen < int64(n) {
			return driver.VorgangRow{}, fehler.ErrNotFound
		}
	}
}

// nextRow reads a whole row and remembers it. Its statement begins with WITH,
// so it must be said that it writes nothing.
func (t *tx) nextRow(ctx context.Context, sql string, args []any) (driver.VorgangRow, error) {
	var row driver.VorgangRow
	if err := t.Err(); err != nil {
		return row, err
	}
	found, woerter := false, ""
	err := sqltx.Query(ctx, reader{t.c}, func(r sqltx.Rows) error {
		found = true
		return r.Scan(append(sqltx.ScanVorgang(&row), &woerter)...)
	}, sql, args...)
	if err != nil {
		return driver.VorgangRow{}, t.Fail(err)
	}
	if found {
		t.Remember(&row, woerter)
	}
	return sqltx.Found(row, found, nil)
}

type reader struct{ *conn }

func (r reader) Query(ctx context.Context, sql string, args ...any) (sqltx.Rows, error) {
	return r.query(ctx, sql, args...)
}

// nextOfAll walks vorgang_wartend from its head and takes the first row that is not
// locked, if it comes before the oldest one that lost its lease. The two are asked
// for at once but in two statements: in one, every clerk that finds the row taken
// in the last moment would ask for the other again.
func (t *tx) nextOfAll(ctx context.Context, p driver.NextWartendParams) (row driver.VorgangRow, found bool, err error) {
	if err := t.Err(); err != nil {
		return row, false, err
	}
	old := sqltx.Params{Args: []any{t.Mandant(), p.Now}}
	head := sqltx.Params{Args: []any{t.Mandant()}}
	batch := &pgx.Batch{}
	t.c.open(batch)
	oldSQL, headSQL := oldestSQL(&old, p), headSQL(&head, p)
	batch.Queue(oldSQL, old.Args...)
	batch.Queue(headSQL, head.Args...)
	results, err := t.c.send(ctx, batch)
	if err != nil {
		return row, false, t.Fail(err)
	}
	var oldest driver.VorgangKey
	woerter := ""
	expired, err := oneOf(results, &oldest.Eingang, &oldest.ID)
	if err == nil {
		found, err = oneOf(results, append(sqltx.ScanVorgang(&row), &woerter)...)
	}
	if e := results.Close(); err == nil {
		err = e
	}
	if err != nil {
		return driver.VorgangRow{}, false, t.Fail(classify(ctx, err))
	}
	if found && expired && (oldest.Eingang.Before(row.Eingang) || oldest.Eingang.Equal(row.Eingang) && bytes.Compare(oldest.ID[:], row.ID[:]) < 0) {
		found = false // the lock on the head stays until the end and does no harm
	}
	if !found {
		return driver.VorgangRow{}, false, nil
	}
	t.Remember(&row, woerter)
	return row, true, nil
}

// expired gives places of what lost its lease. OFFSET 0 keeps the order out of the
// choice of the index: in the hope of finding one soon the planner would otherwise walk
// the whole list in the order of Eingang.
func expired(where, limit string) string {
	return "SELECT o.eingang, o.id FROM (SELECT v.eingang, v.id" + abgelaufen + where + " OFFSET 0) o ORDER BY o.eingang, o.id" + limit
}

// oldestSQL gives the place of the oldest that lost its lease, headSQL the first that
// is free. The arguments begin with the Mandant, those of oldestSQL with Now after it.
func oldestSQL(a *sqltx.Params, p driver.NextWartendParams) string {
	return expired(behind(a, p), " LIMIT 1")
}

func headSQL(a *sqltx.Params, p driver.NextWartendParams) string {
	return ganz + frei + behind(a, p) + reihe + " LIMIT 1 FOR UPDATE OF v SKIP LOCKED"
}

// oneOf reads at most one row of the next answer.
func oneOf(results pgx.BatchResults, dest ...any) (bool, error) {
	rows, err := results.Query()
	if err != nil {
		return false, err
	}
	defer rows.Close()
	found := rows.Next()
	if found {
		if err := rows.Scan(dest...); err != nil {
			return false, err
		}
	}
	rows.Close()
	return found, rows.Err()
}

func behind(a *sqltx.Params, p driver.NextWartendParams) string {
	if p.After == nil {
		return ""
	}
	return " AND (v.eingang, v.id) > " + a.Tuple(p.After.Eingang, p.After.ID)
}

// nextSQL takes the first of the candidates that is not locked. The conditions
// are said again of the row itself, because they are checked again when it
// changed before it was locked.
func nextSQL(a *sqltx.Params, p driver.NextWartendParams, n int) string {
	return "WITH k AS MATERIALIZED (" + nextKeys(a, p, n) + ") " + ganz +
		" FROM (SELECT k.eingang AS ke, k.id AS ki FROM k ORDER BY 1, 2) k JOIN vorgang v ON v.mandant = $1 AND v.id = k.ki" +
		" WHERE v.wartend AND (v.lease_bis IS NULL OR v.lease_bis <= $2)" + only(a, p) +
		" ORDER BY k.ke, k.ki LIMIT 1 FOR UPDATE OF v SKIP LOCKED"
}

func only(a *sqltx.Params, p driver.NextWartendParams) string {
	w := ""
	if len(p.Einheiten) > 0 {
		w += " AND v.einheit = ANY(" + a.Add(p.Einheiten) + "::text[])"
	}
	if len(p.Leistungen) > 0 {
		w += " AND v.leistung = ANY(" + a.Add(p.Leistungen) + "::text[])"
	}
	return w
}

// nextKeys gives the first n candidates: the heads of every source, merged.
func nextKeys(a *sqltx.Params, p driver.NextWartendParams, n int) string {
	limit := " LIMIT " + strconv.Itoa(n)
	after := behind(a, p)
	var sql string
	if len(p.Einheiten)+len(p.Leistungen) == 0 {
		sql = "(SELECT v.eingang, v.id" + frei + after + reihe + limit + ")"
	} else {
		sql = pairs(a, p) + "(SELECT h.eingang, h.id FROM paar p CROSS JOIN LATERAL (SELECT v.eingang, v.id" + frei +
			" AND v.einheit = p.e AND v.leistung = p.l" + after + reihe + limit + ") h)"
	}
	return sql + " UNION ALL (" + expired(after+only(a, p), limit) + ") ORDER BY 1, 2" + limit
}

// pairs defines paar(e, l): the pairs of Einheit and Leistung that may have
// something on the stack. What is not given is found by jumping through
// vorgang_stapel from one value to the next.
func pairs(a *sqltx.Params, p driver.NextWartendParams) string {
	var einheit string
	if len(p.Einheiten) > 0 {
		einheit = "einheit(e) AS (SELECT DISTINCT u.e FROM unnest(" + a.Add(p.Einheiten) + "::text[]) u(e)), "
	} else {
		const first = " ORDER BY v.einheit, v.leistung LIMIT 1"
		einheit = "einheit(e) AS ((SELECT v.einheit" + frei + first + ") UNION ALL SELECT (SELECT v.einheit" + frei +
			" AND v.einheit > x.e" + first + ") FROM einheit x WHERE x.e IS NOT NULL), "
	}
	if len(p.Leistungen) > 0 {
		return "WITH RECURSIVE " + einheit + "paar(e, l) AS (SELECT DISTINCT x.e, u.l FROM einheit x CROSS JOIN unnest(" +
			a.Add(p.Leistungen) + "::text[]) u(l) WHERE x.e IS NOT NULL) "
	}
	const first = " ORDER BY v.leistung LIMIT 1"
	return "WITH RECURSIVE " + einheit + "paar(e, l) AS (SELECT x.e, (SELECT v.leistung" + frei + " AND v.einheit = x.e" + first + ")" +
		" FROM einheit x WHERE x.e IS NOT NULL UNION ALL SELECT x.e, (SELECT v.leistung" + frei +
		" AND v.einheit = x.e AND v.leistung > x.l" + first + ") FROM paar x WHERE x.l IS NOT NULL) "
}
