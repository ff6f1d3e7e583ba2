package sqltx

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

// The columns of a Vorgang: short ones, and all in the order of [ScanVorgang].
// Both begin alike.
const (
	VorgangKurz = `id, version, nummer, status, leistung, einheit, bearbeiter, aktenzeichen, eingang, frist,
	wartend, lease_token, lease_bis, journal_seq, antragsteller`
	VorgangColumns = VorgangKurz + `, journal_hash, daten`
)

// ScanKurz gives the targets for VorgangKurz.
func ScanKurz(into *driver.VorgangRow) []any {
	return []any{
		&into.ID, &into.Version, &into.Nummer, &into.Status, &into.Leistung, &into.Einheit, &into.Bearbeiter,
		(*Liste)(&into.Aktenzeichen), &into.Eingang, &into.Frist, &into.Wartend, &into.LeaseToken, &into.LeaseBis,
		&into.JournalSeq, &into.Antragsteller,
	}
}

// ScanVorgang gives the targets for VorgangColumns.
func ScanVorgang(into *driver.VorgangRow) []any {
	return append(ScanKurz(into), &into.JournalHash, &into.Daten)
}

// of writes a column list for a table with an alias.
func of(alias, columns string) string {
	parts := strings.Split(columns, ",")
	for i, c := range parts {
		parts[i] = alias + "." + strings.TrimSpace(c)
	}
	return strings.Join(parts, ", ")
}

var vorgangKurzV, vorgangColumnsV = of("v", VorgangKurz), of("v", VorgangColumns)

// Liste is a list of texts in one column, as a JSON array.
type Liste []string

// Text is what is stored.
func (l Liste) Text() (string, error) {
	if len(l) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal([]string(l))
	return string(b), err
}

// Parse reads what Text gave.
func (l *Liste) Parse(text []byte) error {
	*l = nil
	if string(text) == "[]" {
		return nil
	}
	return json.Unmarshal(text, (*[]string)(l))
}

// Scan implements sql.Scanner.
func (l *Liste) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("sqltx: %T is no list", src)
	}
	return l.Parse([]byte(s))
}

// Stand is what a transaction remembers of a row it read, so that saving does
// not rewrite indexes and lists that stay as they were. It holds for one
// version of the row, except Woerter, which an erasure takes away without a
// new version.
type Stand struct {
	Row     driver.VorgangRow // without lease, JournalHash and Daten
	Woerter string            // as stored
}

// Known gives what was read of a Vorgang in this transaction.
func (t *Tx) Known(id uuid.UUID) (Stand, bool) {
	s, ok := t.read[id]
	return s, ok
}

// Remember keeps what was read or written of a Vorgang.
func (t *Tx) Remember(r *driver.VorgangRow, woerter string) {
	c := *r
	c.Aktenzeichen = slices.Clone(r.Aktenzeichen)
	c.LeaseToken, c.LeaseBis, c.JournalHash, c.Daten = nil, nil, nil, nil
	t.read[r.ID] = Stand{c, woerter}
}

// Forget drops what was read of a Vorgang.
func (t *Tx) Forget(id uuid.UUID) { delete(t.read, id) }

// oneVorgang reads a whole row and remembers it.
func (t *Tx) oneVorgang(ctx context.Context, sql string, args ...any) (driver.VorgangRow, error) {
	var row driver.VorgangRow
	var woerter string
	found, err := t.One(ctx, append(ScanVorgang(&row), &woerter), sql, args...)
	if found && err == nil {
		t.Remember(&row, woerter)
	}
	return Found(row, found, err)
}

// GetVorgang implements driver.VorgangTx.
func (t *Tx) GetVorgang(ctx context.Context, p driver.GetVorgangParams) (driver.VorgangRow, error) {
	sql := "SELECT " + VorgangColumns + ", woerter FROM vorgang WHERE mandant = $1 AND id = $2"
	if p.Lock {
		sql += t.dialect.Lock
	}
	return t.oneVorgang(ctx, sql, t.mandant, p.ID)
}

// VorgangWhere gives " AND …" for a filter. alias names the table, with its
// dot; the first argument of p is the Mandant.
func VorgangWhere(p *Params, alias string, f *driver.VorgangFilter) string {
	return vorgangWhere(p, alias, "", f)
}

// vorgangWhere writes hide before columns that must not choose the index.
func vorgangWhere(p *Params, alias, hide string, f *driver.VorgangFilter) string {
	col := hide + alias
	w := In(p, col+"status", f.Status) + In(p, col+"leistung", f.Leistungen) + In(p, col+"einheit", f.Einheiten) +
		In(p, col+"bearbeiter", f.Bearbeiter)
	if len(f.Bearbeiter) > 0 && !slices.Contains(f.Bearbeiter, "") {
		w += " AND " + col + "bearbeiter <> ''" // lets the planner use the partial index
	}
	if !f.EingangVon.IsZero() {
		w += " AND " + alias + "eingang >= " + p.Add(f.EingangVon)
	}
	if !f.EingangBis.IsZero() {
		w += " AND " + alias + "eingang < " + p.Add(f.EingangBis)
	}
	if !f.FristBis.IsZero() {
		w += " AND " + col + "frist <= " + p.Add(f.FristBis)
	}
	if f.Aktenzeichen != "" {
		w += " AND " + alias + "id IN (SELECT z.vorgang_id FROM aktenzeichen z WHERE z.mandant = $1 AND z.aktenzeichen = " +
			p.Add(f.Aktenzeichen) + ")"
	}
	if f.Nummer != "" {
		w += " AND " + alias + "nummer <> '' AND " + alias + "nummer = " + p.Add(f.Nummer)
	}
	return w
}

// CountVorgaenge implements driver.VorgangTx.
func (t *Tx) CountVorgaenge(ctx context.Context, p driver.CountVorgaengeParams) (int64, error) {
	var a Params
	var n int64
	sql := "SELECT count(*) FROM vorgang WHERE mandant = " + a.Add(t.mandant) + VorgangWhere(&a, "", &p.Filter)
	_, err := t.One(ctx, []any{&n}, sql, a.Args...)
	return n, err
}

// SetLease implements driver.VorgangTx.
func (t *Tx) SetLease(ctx context.Context, p driver.SetLeaseParams) error {
	a := Params{Args: []any{t.mandant, p.ID, p.Token, p.Bis}}
	n, err := t.Exec(ctx, "UPDATE vorgang SET lease_token = $3, lease_bis = $4 WHERE mandant = $1 AND id = $2 AND "+
		leaseIs(&a, p.ExpectToken), a.Args...)
	if err != nil || n > 0 {
		return err
	}
	return t.Missed(ctx, "vorgang", p.ID)
}

func leaseIs(a *Params, token *uuid.UUID) string {
	if token == nil {
		return "lease_token IS NULL"
	}
	return "lease_token = " + a.Add(*token)
}
