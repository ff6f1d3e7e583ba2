package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// SaveVorgang implements driver.VorgangTx in one statement: the row is written
// on conditions, and all that belongs to it is written FROM that row, so zero
// rows of the first are zero rows of all.
//
// A save that is promised to be the last call takes the COMMIT with it, unless
// something else was written before: that would be committed although the save
// met no row. When such a save fails, the transaction goes on as a new one. It
// has given up its locks then, which the versions in all conditions bear.
func (t *tx) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	if err := t.Err(); err != nil {
		return err
	}
	n, woerter, err := t.save(ctx, &p)
	if err != nil {
		return err
	}
	if n == 0 {
		if err := t.whyMissed(ctx, &p); err != errErased {
			return err
		}
		// Its words were erased since it was read, which changes no version.
		t.Forget(p.Row.ID)
		if n, woerter, err = t.save(ctx, &p); err != nil {
			return err
		}
		if n == 0 {
			return t.whyMissed(ctx, &p)
		}
	}
	t.Remember(&p.Row, woerter)
	t.Wecke(p.Stroeme, len(p.Auftraege) > 0)
	return nil
}

// save runs the statement and gives how many rows it wrote and what the words
// are then.
func (t *tx) save(ctx context.Context, p *driver.SaveVorgangParams) (int64, string, error) {
	var a sqltx.Params
	var sql, woerter string
	if p.ExpectedVersion == 0 {
		if !startsJournal(p) {
			return 0, "", nil
		}
		woerter = sqltx.WoerterText(p.Woerter)
		text, err := t.insertSQL(&a, p, woerter)
		if err != nil {
			return 0, "", t.Fail(err)
		}
		sql = text
	} else {
		old, known := t.Known(p.Row.ID)
		if !known || old.Row.Version != p.ExpectedVersion {
			if _, err := t.GetVorgang(ctx, driver.GetVorgangParams{ID: p.Row.ID, Lock: true}); err != nil {
				return 0, "", err
			}
			old, _ = t.Known(p.Row.ID)
		}
		if old.Row.Version != p.ExpectedVersion || !sqltx.Continues(p.Journal, p.Row.ID) {
			return 0, "", fehler.ErrConflict
		}
		woerter = old.Woerter
		if p.Woerter != nil {
			woerter = sqltx.WoerterText(p.Woerter)
		}
		text, err := t.updateSQL(&a, p, &old, woerter)
		if err != nil {
			return 0, "", t.Fail(err)
		}
		sql = text
	}
	n, err := t.c.save(ctx, sql, a.Args, p.Final)
	if err != nil {
		return 0, "", t.Fail(err)
	}
	return n, woerter, nil
}

// FinishAuftrag implements driver.AuftragTx; like a save it takes the COMMIT with it.
func (t *tx) FinishAuftrag(ctx context.Context, p driver.FinishAuftragParams) error {
	if err := t.Err(); err != nil {
		return err
	}
	var a sqltx.Params
	sql := sqltx.FinishSQL(&a, t.Mandant(), &p)
	n, err := t.c.save(ctx, "WITH u AS ("+sql+" RETURNING 1) SELECT count(*) FROM u", a.Args, p.Final)
	if err != nil {
		return t.Fail(err)
	}
	if n == 0 {
		return t.Missed(ctx, "auftrag", p.ID)
	}
	t.Wecke(nil, true) // the next of its Vorgang may go
	return nil
}

// startsJournal tells whether a new Vorgang may begin with these entries and
// this lease.
func startsJournal(p *driver.SaveVorgangParams) bool {
	return sqltx.Continues(p.Journal, p.Row.ID) && (len(p.Journal) == 0 || p.Journal[0].Seq == 1) &&
		(p.Lease == nil || p.Lease.ExpectToken == nil)
}

// save runs a statement that gives one number, and commits with it if it is the
// last one. The outcome of a COMMIT that was sent must be known, so it does not
// end with the caller's context; the lock timeout bounds it.
func (c *conn) save(ctx context.Context, sql string, args []any, final bool) (n int64, err error) {
	final = final && !c.wrote
	batch := &pgx.Batch{}
	c.open(batch)
	batch.Queue(sql, args...)
	if final {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), c.lockTimeout+commitTimeout)
		defer cancel()
		batch.Queue("commit")
	}
	c.wrote = true
	results, err := c.send(ctx, batch)
	if err != nil {
		return 0, outcome(ctx, final, err)
	}
	err = results.QueryRow().Scan(&n)
	if err == nil && final {
		tag, e := results.Exec()
		if err = e; err == nil {
			c.begun, c.wrote, c.committed = false, false, c.committed || n > 0
			err = isCommit(tag)
		}
	}
	if e := results.Close(); err == nil {
		err = e
	}
	return n, outcome(ctx, final, err)
}

func (t *tx) insertSQL(a *sqltx.Params, p *driver.SaveVorgangParams, woerter string) (string, error) {
	r := p.Row
	r.LeaseToken, r.LeaseBis = nil, nil
	if p.Lease != nil {
		r.LeaseToken, r.LeaseBis = p.Lease.Token, p.Lease.Bis
	}
	zeichen, err := sqltx.Liste(r.Aktenzeichen).Text()
	if err != nil {
		return "", err
	}
	sql := "WITH v AS (INSERT INTO vorgang (mandant, id, " + strings.Join(vorgangSpalten, ", ") + ") VALUES " +
		a.Tuple(append([]any{t.Mandant(), r.ID}, vorgangWerte(&r, zeichen, woerter)...)...) + " ON CONFLICT DO NOTHING RETURNING 1)"
	return sql + t.rest(a, p, nil, r.Aktenzeichen, "", woerter) + " SELECT count(*) FROM v", nil
}

var vorgangSpalten = []string{"version", "nummer", "status", "leistung", "einheit", "bearbeiter", "aktenzeichen", "eingang", "frist",
	"wartend", "journal_seq", "antragsteller", "journal_hash", "daten", "woerter", "lease_token", "lease_bis"}

// vorgangWerte gives the values for vorgangSpalten.
func vorgangWerte(r *driver.VorgangRow, zeichen, woerter string) []any {
	return []any{r.Version, r.Nummer, r.Status, r.Leistung, r.Einheit, r.Bearbeiter, zeichen, r.Eingang, r.Frist,
		r.Wartend, r.JournalSeq, r.Antragsteller, sqltx.Blob(r.JournalHash), sqltx.Blob(r.Daten), woerter, r.LeaseToken, r.LeaseBis}
}

// updateSQL sets what changed.
func (t *tx) updateSQL(a *sqltx.Params, p *driver.SaveVorgangParams, old *sqltx.Stand, woerter string) (string, error) {
	set, where, err := sqltx.Changes(a, t.Mandant(), p, &old.Row)
	if err != nil {
		return "", err
	}
	if woerter != old.Woerter {
		set = append(set, "woerter = "+a.Add(woerter))
		where += " AND woerter = " + a.Add(old.Woerter)
	}
	if l := p.Lease; l != nil {
		set = append(set, "lease_token = "+a.Add(l.Token), "lease_bis = "+a.Add(l.Bis))
		where += " AND lease_token IS NOT DISTINCT FROM " + a.Add(l.ExpectToken)
	}
	sql := "WITH v AS (UPDATE vorgang SET " + strings.Join(set, ", ") + where + " RETURNING 1)"
	return sql + t.rest(a, p, old.Row.Aktenzeichen, p.Row.Aktenzeichen, old.Woerter, woerter) + " SELECT count(*) FROM v", nil
}

// rest gives the statements that hang on the row: those that are needed.
func (t *tx) rest(a *sqltx.Params, p *driver.SaveVorgangParams, zeichenWar, zeichen []string, woerterWar, woerter string) string {
	var b strings.Builder
	with := func(name, sql string, parts ...any) { fmt.Fprintf(&b, ", "+name+" AS ("+sql+")", parts...) }
	if rows := p.Journal; len(rows) > 0 {
		with("j", "INSERT INTO journal (mandant, vorgang_id, seq, zeit, code, akteur, daten, salz, akteur_hash, daten_hash, vorgaenger, hash)"+
			" SELECT $1, $2, u.* FROM v, %s u", journalFelder(rows).from(a))
	}
	if rows := p.Auftraege; len(rows) > 0 {
		with("a", "INSERT INTO auftrag (mandant, id, vorgang_id, vorgang_version, ordinal, art, daten, erstellt, faellig, termin,"+
			" zustand, versuch, letzter_fehler) SELECT $1, u.*, 'offen', 0, '' FROM v, %s u", auftragFelder(rows).from(a))
	}
	if weg, neu := without(zeichenWar, zeichen), without(zeichen, zeichenWar); len(weg)+len(neu) > 0 {
		with("zw", "DELETE FROM aktenzeichen z USING v WHERE z.mandant = $1 AND z.vorgang_id = $2 AND z.aktenzeichen = ANY(%s::text[])", a.Add(weg))
		with("zn", "INSERT INTO aktenzeichen (mandant, aktenzeichen, vorgang_id) SELECT $1, u.z, $2 FROM v, unnest(%s::text[]) u(z)"+
			" ON CONFLICT DO NOTHING", a.Add(neu))
	}
	if woerter != woerterWar {
		war, ist := words(woerterWar), words(woerter)
		if weg := without(war, ist); len(weg) > 0 {
			with("ww", "DELETE FROM suche s USING v WHERE s.mandant = $1 AND s.vorgang_id = $2 AND s.wort = ANY(%s::text[])", a.Add(weg))
		}
		with("wn", "INSERT INTO suche (mandant, wort, vorgang_id) SELECT $1, u.w, $2 FROM v, unnest(%s::text[]) u(w) ON CONFLICT DO NOTHING",
			a.Add(without(ist, war)))
	}
	if p.Beteiligungen != nil && (len(p.Beteiligungen) > 0 || p.ExpectedVersion > 0) {
		t.beteiligungen(a, p, with)
	}
	if len(p.Stroeme) > 0 {
		var von, bis int64
		if n := len(p.Journal); n > 0 {
			von, bis = p.Journal[0].Seq, p.Journal[n-1].Seq
		}
		with("c", "INSERT INTO aenderung (strom, mandant, vorgang_id, version, journal_von, journal_bis, zeit)"+
			" SELECT u.s, $1, $2, %s::bigint, %s::bigint, %s::bigint, %s::timestamptz FROM v, unnest(%s::text[]) u(s) ON CONFLICT DO NOTHING",
			a.Add(p.Row.Version), a.Add(von), a.Add(bis), a.Add(p.Zeit), a.Add(texts(p.Stroeme)))
	}
	return b.String()
}

// beteiligungen replaces the shares. The parts of a statement do not see one
// another, so what is written must not be deleted by another part: rows with a
// key that stays are changed.
func (t *tx) beteiligungen(a *sqltx.Params, p *driver.SaveVorgangParams, with func(string, string, ...any)) {
	type key struct {
		gast string
		von  time.Time
	}
	seen := map[key]bool{}
	rows := slices.DeleteFunc(slices.Clone(p.Beteiligungen), func(r driver.BeteiligungRow) bool {
		k := key{string(r.Gast), r.Von.UTC()}
		twice := seen[k]
		seen[k] = true
		return twice
	})
	gast := a.Add(col(rows, func(r *driver.BeteiligungRow) string { return string(r.Gast) }))
	von := a.Add(col(rows, func(r *driver.BeteiligungRow) time.Time { return r.Von }))
	if p.ExpectedVersion > 0 {
		with("bw", "DELETE FROM beteiligung b USING v WHERE b.mandant = $1 AND b.vorgang_id = $2 AND NOT EXISTS"+
			" (SELECT 1 FROM unnest(%s::text[], %s::timestamptz[]) u(g, von) WHERE u.g = b.gast AND u.von = b.von)", gast, von)
	}
	with("bn", "INSERT INTO beteiligung (mandant, vorgang_id, gast, von, recht, bis) SELECT $1, $2, u.*"+
		" FROM v, unnest(%s::text[], %s::timestamptz[], %s::text[], %s::timestamptz[]) u"+
		" ON CONFLICT (mandant, vorgang_id, gast, von) DO UPDATE SET recht = excluded.recht, bis = excluded.bis"+
		" WHERE (beteiligung.recht, beteiligung.bis) IS DISTINCT FROM (excluded.recht, excluded.bis)",
		gast, von, a.Add(col(rows, func(r *driver.BeteiligungRow) string { return r.Recht })),
		a.Add(col(rows, func(r *driver.BeteiligungRow) *time.Time { return r.Bis })))
}

// errErased asks to save again from what is stored now.
var errErased = fmt.Errorf("the words were erased: %w", fehler.ErrConflict)

// whyMissed says why a save met no row.
func (t *tx) whyMissed(ctx context.Context, p *driver.SaveVorgangParams) error {
	var version, seq int64
	var token *uuid.UUID
	var woerter string
	found, err := t.One(ctx, []any{&version, &seq, &token, &woerter},
		"SELECT version, journal_seq, lease_token, woerter FROM vorgang WHERE mandant = $1 AND id = $2", t.Mandant(), p.Row.ID)
	switch {
	case err != nil:
		return err
	case p.ExpectedVersion == 0:
		if !found && !startsJournal(p) {
			return fehler.ErrConflict
		}
		return fehler.ErrExists // the id, or else the Nummer
	case !found:
		return fehler.ErrNotFound
	case version != p.ExpectedVersion, len(p.Journal) > 0 && p.Journal[0].Seq != seq+1:
		return fehler.ErrConflict
	case p.Lease != nil && !same(p.Lease.ExpectToken, token):
		return fehler.ErrConflict
	}
	if old, ok := t.Known(p.Row.ID); ok && old.Row.Version == version && old.Woerter != woerter {
		return errErased
	}
	return fehler.ErrExists
}

func same(a, b *uuid.UUID) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }
