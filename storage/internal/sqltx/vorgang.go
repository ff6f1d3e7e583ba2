package sqltx

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const vorgangColumns = `id, version, nummer, status, leistung, einheit, bearbeiter, aktenzeichen, eingang, frist,
	wartend, lease_token, lease_bis, journal_seq, journal_hash, daten`

func scanVorgang(into *driver.VorgangRow) []any {
	return []any{
		&into.ID, &into.Version, &into.Nummer, &into.Status, &into.Leistung, &into.Einheit, &into.Bearbeiter,
		(*liste)(&into.Aktenzeichen), &into.Eingang, &into.Frist, &into.Wartend, &into.LeaseToken, &into.LeaseBis,
		&into.JournalSeq, &into.JournalHash, &into.Daten,
	}
}

// GetVorgang implements driver.VorgangTx.
func (t *Tx) GetVorgang(ctx context.Context, p driver.GetVorgangParams) (driver.VorgangRow, error) {
	sql := "SELECT " + vorgangColumns + " FROM vorgang WHERE mandant = $1 AND id = $2"
	if p.Lock {
		sql += t.dialect.Lock
	}
	var row driver.VorgangRow
	found, err := t.one(ctx, scanVorgang(&row), sql, t.mandant, p.ID)
	if found && err == nil {
		t.read[row.ID] = columns(&row)
	}
	return found1(row, found, err)
}

// columns keeps what the database searches by, so that saving a row does not
// rewrite indexes and lists that stay as they were.
func columns(r *driver.VorgangRow) driver.VorgangRow {
	c := *r
	c.Aktenzeichen = slices.Clone(r.Aktenzeichen)
	c.JournalHash, c.Daten = nil, nil
	return c
}

func sameColumns(a, b *driver.VorgangRow) bool {
	return a.Nummer == b.Nummer && a.Status == b.Status && a.Leistung == b.Leistung && a.Einheit == b.Einheit &&
		a.Bearbeiter == b.Bearbeiter && a.Eingang.Equal(b.Eingang) && a.Frist == b.Frist && a.Wartend == b.Wartend &&
		slices.Equal(a.Aktenzeichen, b.Aktenzeichen)
}

// liste is a list of texts in one column, as a JSON array.
type liste []string

func (l liste) text() (string, error) {
	if len(l) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal([]string(l))
	return string(b), err
}

// Scan implements sql.Scanner.
func (l *liste) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("sqltx: %T is no list", src)
	}
	if s == "[]" {
		*l = nil
		return nil
	}
	return json.Unmarshal([]byte(s), (*[]string)(l))
}

func (t *Tx) insertAktenzeichen(ctx context.Context, id uuid.UUID, list []string) error {
	for chunk := range slices.Chunk(list, maxRows) {
		var a params
		tuples := make([]string, len(chunk))
		for i, z := range chunk {
			tuples[i] = a.tuple(t.mandant, z, id)
		}
		if _, err := t.exec(ctx, "INSERT INTO aktenzeichen (mandant, aktenzeichen, vorgang_id) VALUES "+
			strings.Join(tuples, ",")+" ON CONFLICT DO NOTHING", a.list...); err != nil {
			return err
		}
	}
	return nil
}

func found1[T any](row T, found bool, err error) (T, error) {
	var zero T
	if err != nil {
		return zero, err
	}
	if !found {
		return zero, fehler.ErrNotFound
	}
	return row, nil
}

// InsertVorgang implements driver.VorgangTx.
func (t *Tx) InsertVorgang(ctx context.Context, p driver.InsertVorgangParams) error {
	r := p.Row
	zeichen, err := liste(r.Aktenzeichen).text()
	if err != nil {
		return err
	}
	n, err := t.exec(ctx, `INSERT INTO vorgang (mandant, id, version, nummer, status, leistung, einheit, bearbeiter,
		aktenzeichen, eingang, frist, wartend, journal_seq, journal_hash, daten)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15) ON CONFLICT DO NOTHING`,
		t.mandant, r.ID, r.Version, r.Nummer, r.Status, r.Leistung, r.Einheit, r.Bearbeiter,
		zeichen, r.Eingang, r.Frist, r.Wartend, r.JournalSeq, blob(r.JournalHash), blob(r.Daten))
	if err := added(n, err); err != nil {
		return err
	}
	return t.insertAktenzeichen(ctx, r.ID, r.Aktenzeichen)
}

func added(n int64, err error) error {
	if err == nil && n == 0 {
		return fehler.ErrExists
	}
	return err
}

// UpdateVorgang implements driver.VorgangTx. Whether the Nummer is free is part
// of the condition, because a violated unique index would end the transaction.
func (t *Tx) UpdateVorgang(ctx context.Context, p driver.UpdateVorgangParams) error {
	r := p.Row
	if old, ok := t.read[r.ID]; ok && old.Version == p.ExpectedVersion && sameColumns(&old, &r) {
		// The version in the condition holds the columns to what was read.
		n, err := t.exec(ctx, `UPDATE vorgang SET version = $4, journal_seq = $5, journal_hash = $6, daten = $7
			WHERE mandant = $1 AND id = $2 AND version = $3`,
			t.mandant, r.ID, p.ExpectedVersion, r.Version, r.JournalSeq, blob(r.JournalHash), blob(r.Daten))
		if err != nil {
			return err
		}
		if n == 0 {
			return t.missed(ctx, "vorgang", r.ID)
		}
		t.read[r.ID] = columns(&r)
		return nil
	}
	zeichen, err := liste(r.Aktenzeichen).text()
	if err != nil {
		return err
	}
	n, err := t.exec(ctx, `UPDATE vorgang SET version = $4, nummer = $5, status = $6, leistung = $7, einheit = $8,
		bearbeiter = $9, aktenzeichen = $10, eingang = $11, frist = $12, wartend = $13, journal_seq = $14,
		journal_hash = $15, daten = $16
		WHERE mandant = $1 AND id = $2 AND version = $3
		AND (nummer = $5 OR NOT EXISTS (SELECT 1 FROM vorgang o
			WHERE o.mandant = $1 AND o.nummer = $5 AND o.nummer <> '' AND o.id <> $2))`,
		t.mandant, r.ID, p.ExpectedVersion, r.Version, r.Nummer, r.Status, r.Leistung, r.Einheit,
		r.Bearbeiter, zeichen, r.Eingang, r.Frist, r.Wartend, r.JournalSeq,
		blob(r.JournalHash), blob(r.Daten))
	if err != nil {
		return err
	}
	if n > 0 {
		return t.updateAktenzeichen(ctx, p)
	}
	var version int64
	found, err := t.one(ctx, []any{&version}, "SELECT version FROM vorgang WHERE mandant = $1 AND id = $2", t.mandant, r.ID)
	switch {
	case err != nil:
		return err
	case !found:
		return fehler.ErrNotFound
	case version == p.ExpectedVersion:
		return fehler.ErrExists
	}
	return fehler.ErrConflict
}

func (t *Tx) updateAktenzeichen(ctx context.Context, p driver.UpdateVorgangParams) error {
	old, known := t.read[p.Row.ID]
	known = known && old.Version == p.ExpectedVersion
	t.read[p.Row.ID] = columns(&p.Row)
	if known && slices.Equal(old.Aktenzeichen, p.Row.Aktenzeichen) {
		return nil
	}
	if _, err := t.exec(ctx, "DELETE FROM aktenzeichen WHERE mandant = $1 AND vorgang_id = $2", t.mandant, p.Row.ID); err != nil {
		return err
	}
	return t.insertAktenzeichen(ctx, p.Row.ID, p.Row.Aktenzeichen)
}

func vorgangWhere(p *params, f *driver.VorgangFilter) string {
	w := in(p, "status", f.Status) + in(p, "leistung", f.Leistungen) + in(p, "einheit", f.Einheiten) +
		in(p, "bearbeiter", f.Bearbeiter)
	if !f.EingangVon.IsZero() {
		w += " AND eingang >= " + p.add(f.EingangVon)
	}
	if !f.EingangBis.IsZero() {
		w += " AND eingang < " + p.add(f.EingangBis)
	}
	if !f.FristBis.IsZero() {
		w += " AND frist <= " + p.add(f.FristBis)
	}
	if f.Aktenzeichen != "" {
		// $1 is the Mandant in every statement that filters.
		w += " AND id IN (SELECT z.vorgang_id FROM aktenzeichen z WHERE z.mandant = $1 AND z.aktenzeichen = " + p.add(f.Aktenzeichen) + ")"
	}
	if f.Nummer != "" {
		// The first condition lets the planner use the partial index.
		w += " AND nummer <> '' AND nummer = " + p.add(f.Nummer)
	}
	return w
}

// ListVorgaenge implements driver.VorgangTx.
func (t *Tx) ListVorgaenge(ctx context.Context, p driver.ListVorgaengeParams) ([]driver.VorgangRow, error) {
	var a params
	sql := "SELECT " + vorgangColumns + " FROM vorgang WHERE mandant = " + a.add(t.mandant) + vorgangWhere(&a, &p.Filter)
	compare, order := " > ", " ORDER BY eingang, id"
	if p.Absteigend {
		compare, order = " < ", " ORDER BY eingang DESC, id DESC"
	}
	if p.After != nil {
		sql += " AND (eingang, id)" + compare + a.tuple(p.After.Eingang, p.After.ID)
	}
	sql += order + " LIMIT " + a.add(int64(p.Limit))
	return list(ctx, t, scanVorgang, sql, a.list)
}

func list[T any](ctx context.Context, t *Tx, scan func(*T) []any, sql string, args []any) ([]T, error) {
	var out []T
	err := t.query(ctx, func(r Rows) error {
		var row T
		if err := r.Scan(scan(&row)...); err != nil {
			return err
		}
		out = append(out, row)
		return nil
	}, sql, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// CountVorgaenge implements driver.VorgangTx.
func (t *Tx) CountVorgaenge(ctx context.Context, p driver.CountVorgaengeParams) (int64, error) {
	var a params
	var n int64
	sql := "SELECT count(*) FROM vorgang WHERE mandant = " + a.add(t.mandant) + vorgangWhere(&a, &p.Filter)
	_, err := t.one(ctx, []any{&n}, sql, a.list...)
	return n, err
}

// NextWartend implements driver.VorgangTx.
func (t *Tx) NextWartend(ctx context.Context, p driver.NextWartendParams) (driver.VorgangRow, error) {
	var a params
	sql := "SELECT " + vorgangColumns + " FROM vorgang WHERE mandant = " + a.add(t.mandant) +
		" AND wartend AND (lease_bis IS NULL OR lease_bis <= " + a.add(p.Now) + ")" +
		in(&a, "einheit", p.Einheiten) + in(&a, "leistung", p.Leistungen)
	if p.After != nil {
		sql += " AND (eingang, id) > " + a.tuple(p.After.Eingang, p.After.ID)
	}
	sql += " ORDER BY eingang, id LIMIT 1" + t.dialect.SkipLocked
	var row driver.VorgangRow
	found, err := t.one(ctx, scanVorgang(&row), sql, a.list...)
	return found1(row, found, err)
}

// SetLease implements driver.VorgangTx.
func (t *Tx) SetLease(ctx context.Context, p driver.SetLeaseParams) error {
	a := params{list: []any{t.mandant, p.ID, p.Token, p.Bis}}
	cond := "lease_token IS NULL"
	if p.ExpectToken != nil {
		cond = "lease_token = " + a.add(*p.ExpectToken)
	}
	n, err := t.exec(ctx, "UPDATE vorgang SET lease_token = $3, lease_bis = $4 WHERE mandant = $1 AND id = $2 AND "+cond, a.list...)
	if err != nil || n > 0 {
		return err
	}
	return t.missed(ctx, "vorgang", p.ID)
}
