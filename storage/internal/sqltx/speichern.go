package sqltx

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// SaveVorgang implements driver.VorgangTx. The first conditional statement
// decides: once the row is written, nothing that follows may fail for an
// expected reason.
func (t *Tx) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	old, err := t.saveRow(ctx, &p)
	if err != nil {
		return err
	}
	r := &p.Row
	woerter := old.Woerter
	if p.Woerter != nil {
		woerter = WoerterText(p.Woerter)
	}
	if err := t.saveAktenzeichen(ctx, r.ID, old.Row.Aktenzeichen, r.Aktenzeichen); err != nil {
		return err
	}
	if err := t.insertJournal(ctx, p.Journal); err != nil {
		return err
	}
	if err := t.insertAuftraege(ctx, p.Auftraege); err != nil {
		return err
	}
	if err := t.saveWoerter(ctx, r.ID, old.Woerter, woerter); err != nil {
		return err
	}
	if err := t.saveBeteiligungen(ctx, r.ID, p.ExpectedVersion > 0, p.Beteiligungen); err != nil {
		return err
	}
	if err := t.saveAenderung(ctx, &p); err != nil {
		return err
	}
	t.Remember(r, woerter)
	t.Wecke(nil, len(p.Auftraege) > 0)
	return nil
}

// saveRow writes the row and gives what was there before.
func (t *Tx) saveRow(ctx context.Context, p *driver.SaveVorgangParams) (Stand, error) {
	if p.ExpectedVersion == 0 {
		return Stand{}, t.insertRow(ctx, p)
	}
	old, known := t.read[p.Row.ID]
	if !known || old.Row.Version != p.ExpectedVersion {
		row, err := t.GetVorgang(ctx, driver.GetVorgangParams{ID: p.Row.ID, Lock: true})
		if err != nil {
			return Stand{}, err
		}
		old = t.read[row.ID]
	}
	if old.Row.Version != p.ExpectedVersion || !Continues(p.Journal, p.Row.ID) {
		return Stand{}, fehler.ErrConflict
	}
	return old, t.updateRow(ctx, p, &old.Row)
}

// Continues tells whether entries belong to the Vorgang and follow one another.
// Whether the first follows the stored journal is for the row to say.
func Continues(rows []driver.JournalRow, vorgang uuid.UUID) bool {
	for i := range rows {
		if rows[i].VorgangID != vorgang || rows[i].Seq != rows[0].Seq+int64(i) {
			return false
		}
	}
	return true
}

const vorgangInsert = `mandant, id, version, nummer, status, leistung, einheit, bearbeiter, aktenzeichen, eingang,
	frist, wartend, lease_token, lease_bis, journal_seq, antragsteller, woerter, journal_hash, daten`

func vorgangValues(mandant tenant.ID, r *driver.VorgangRow, woerter string) ([]any, error) {
	zeichen, err := Liste(r.Aktenzeichen).Text()
	return []any{mandant, r.ID, r.Version, r.Nummer, r.Status, r.Leistung, r.Einheit, r.Bearbeiter, zeichen, r.Eingang,
		r.Frist, r.Wartend, r.LeaseToken, r.LeaseBis, r.JournalSeq, r.Antragsteller, woerter, Blob(r.JournalHash), Blob(r.Daten)}, err
}

func (t *Tx) insertRow(ctx context.Context, p *driver.SaveVorgangParams) error {
	r := p.Row
	r.LeaseToken, r.LeaseBis = nil, nil
	expected := true
	if p.Lease != nil {
		r.LeaseToken, r.LeaseBis = p.Lease.Token, p.Lease.Bis
		expected = p.Lease.ExpectToken == nil
	}
	if !expected || !Continues(p.Journal, r.ID) || len(p.Journal) > 0 && p.Journal[0].Seq != 1 {
		// Known before the row is written; that it is there already comes first.
		err := t.Missed(ctx, "vorgang", r.ID)
		if errors.Is(err, fehler.ErrConflict) {
			return fehler.ErrExists
		}
		if errors.Is(err, fehler.ErrNotFound) {
			return fehler.ErrConflict
		}
		return err
	}
	values, err := vorgangValues(t.mandant, &r, WoerterText(p.Woerter))
	if err != nil {
		return t.Fail(err)
	}
	var a Params
	return added(t.Exec(ctx, "INSERT INTO vorgang ("+vorgangInsert+") VALUES "+a.Tuple(values...)+" ON CONFLICT DO NOTHING", a.Args...))
}

// updateRow changes the row of a Vorgang.
func (t *Tx) updateRow(ctx context.Context, p *driver.SaveVorgangParams, old *driver.VorgangRow) error {
	r := &p.Row
	var a Params
	set, where, err := Changes(&a, t.mandant, p, old)
	if err != nil {
		return t.Fail(err)
	}
	put := func(column string, v any) { set = append(set, column+" = "+a.Add(v)) }
	if p.Woerter != nil {
		if text := WoerterText(p.Woerter); text != t.read[r.ID].Woerter {
			put("woerter", text)
		}
	}
	if l := p.Lease; l != nil {
		put("lease_token", l.Token)
		put("lease_bis", l.Bis)
		where += " AND " + leaseIs(&a, l.ExpectToken)
	}
	n, err := t.Exec(ctx, "UPDATE vorgang SET "+strings.Join(set, ", ")+where, a.Args...)
	if err != nil || n > 0 {
		return err
	}
	return t.whyMissed(ctx, p)
}

// Changes gives the columns of vorgang that a save sets and its condition, but not
// the words and the lease. Only what differs from what was read is set: on SQLite a
// column that is set costs its indexes even if it stays the same, and everywhere the
// way to the database. The version in the condition holds the row to what was read.
// Whether the Nummer is free is part of the condition, because a violated unique index
// would end the transaction.
func Changes(a *Params, mandant tenant.ID, p *driver.SaveVorgangParams, old *driver.VorgangRow) (set []string, where string, err error) {
	r := &p.Row
	a.Args = []any{mandant, r.ID, p.ExpectedVersion, r.Version, r.JournalSeq, Blob(r.JournalHash), Blob(r.Daten)}
	set = []string{"version = $4", "journal_seq = $5", "journal_hash = $6", "daten = $7"}
	where = " WHERE mandant = $1 AND id = $2 AND version = $3"
	put := func(changed bool, column string, v any) {
		if changed {
			set = append(set, column+" = "+a.Add(v))
		}
	}
	if len(p.Journal) > 0 {
		where += " AND journal_seq = " + a.Add(p.Journal[0].Seq-1)
	}
	if r.Nummer != old.Nummer {
		n := a.Add(r.Nummer)
		set = append(set, "nummer = "+n)
		where += " AND NOT EXISTS (SELECT 1 FROM vorgang o WHERE o.mandant = $1 AND o.nummer = " + n + " AND o.nummer <> '' AND o.id <> $2)"
	}
	put(r.Status != old.Status, "status", r.Status)
	put(r.Leistung != old.Leistung, "leistung", r.Leistung)
	put(r.Einheit != old.Einheit, "einheit", r.Einheit)
	put(r.Bearbeiter != old.Bearbeiter, "bearbeiter", r.Bearbeiter)
	put(r.Antragsteller != old.Antragsteller, "antragsteller", r.Antragsteller)
	put(!r.Eingang.Equal(old.Eingang), "eingang", r.Eingang)
	put(r.Frist != old.Frist, "frist", r.Frist)
	put(r.Wartend != old.Wartend, "wartend", r.Wartend)
	if !slices.Equal(r.Aktenzeichen, old.Aktenzeichen) {
		zeichen, err := Liste(r.Aktenzeichen).Text()
		if err != nil {
			return nil, "", err
		}
		put(true, "aktenzeichen", zeichen)
	}
	return set, where, nil
}

// whyMissed says why a save met no row.
func (t *Tx) whyMissed(ctx context.Context, p *driver.SaveVorgangParams) error {
	var version, seq int64
	var token *uuid.UUID
	found, err := t.One(ctx, []any{&version, &seq, &token},
		"SELECT version, journal_seq, lease_token FROM vorgang WHERE mandant = $1 AND id = $2", t.mandant, p.Row.ID)
	switch {
	case err != nil:
		return err
	case !found:
		return fehler.ErrNotFound
	case version != p.ExpectedVersion, len(p.Journal) > 0 && p.Journal[0].Seq != seq+1:
		return fehler.ErrConflict
	case p.Lease != nil && !sameToken(p.Lease.ExpectToken, token):
		return fehler.ErrConflict
	}
	return fehler.ErrExists
}

func sameToken(a, b *uuid.UUID) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// saveAktenzeichen changes the index of vorgang.aktenzeichen.
func (t *Tx) saveAktenzeichen(ctx context.Context, id uuid.UUID, old, neu []string) error {
	for chunk := range slices.Chunk(without(old, neu), maxRows) {
		a := Params{Args: []any{t.mandant, id}}
		if _, err := t.Exec(ctx, "DELETE FROM aktenzeichen WHERE mandant = $1 AND vorgang_id = $2"+In(&a, "aktenzeichen", chunk), a.Args...); err != nil {
			return err
		}
	}
	return insertRows(ctx, t, "aktenzeichen", "mandant, aktenzeichen, vorgang_id", without(neu, old),
		func(z *string) []any { return []any{t.mandant, *z, id} })
}

// insertRows adds rows; those that are there already stay.
func insertRows[T any](ctx context.Context, t *Tx, table, columns string, rows []T, values func(*T) []any) error {
	for chunk := range chunks(rows) {
		var a Params
		sql := insertInto(&a, table, columns, chunk, values) + " ON CONFLICT DO NOTHING"
		if _, err := t.Exec(ctx, sql, a.Args...); err != nil {
			return err
		}
	}
	return nil
}

// without gives what is in list and not in other.
func without(list, other []string) []string {
	if len(list) == 0 || slices.Equal(list, other) {
		return nil
	}
	there := make(map[string]bool, len(other))
	for _, s := range other {
		there[s] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return there[s] })
}

func (t *Tx) saveBeteiligungen(ctx context.Context, id uuid.UUID, stored bool, rows []driver.BeteiligungRow) error {
	if rows != nil && stored {
		if _, err := t.Exec(ctx, "DELETE FROM beteiligung WHERE mandant = $1 AND vorgang_id = $2", t.mandant, id); err != nil {
			return err
		}
	}
	return insertRows(ctx, t, "beteiligung", BeteiligungColumns, rows, func(b *driver.BeteiligungRow) []any {
		return []any{t.mandant, id, b.Gast, b.Recht, b.Von, b.Bis}
	})
}

func (t *Tx) saveAenderung(ctx context.Context, p *driver.SaveVorgangParams) error {
	var von, bis int64
	if n := len(p.Journal); n > 0 {
		von, bis = p.Journal[0].Seq, p.Journal[n-1].Seq
	}
	for _, strom := range p.Stroeme {
		if _, err := t.Exec(ctx, t.dialect.InsertAenderung, strom, t.mandant, p.Row.ID, p.Row.Version, von, bis, p.Zeit); err != nil {
			return err
		}
	}
	t.Wecke(p.Stroeme, false)
	return nil
}
