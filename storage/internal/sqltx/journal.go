package sqltx

import (
	"context"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// JournalColumns in the order of [ScanJournal].
const JournalColumns = `vorgang_id, seq, zeit, code, akteur, daten, salz, akteur_hash, daten_hash, vorgaenger, hash`

// ScanJournal gives the targets for JournalColumns.
func ScanJournal(r *driver.JournalRow) []any {
	return []any{&r.VorgangID, &r.Seq, &r.Zeit, &r.Code, &r.Akteur, &r.Daten, &r.Salz,
		&r.AkteurHash, &r.DatenHash, &r.Vorgaenger, &r.Hash}
}

// JournalValues gives the Mandant and the values for JournalColumns.
func JournalValues(mandant tenant.ID, r *driver.JournalRow) []any {
	return []any{mandant, r.VorgangID, r.Seq, r.Zeit, r.Code, Blob(r.Akteur), Blob(r.Daten), Blob(r.Salz),
		Blob(r.AkteurHash), Blob(r.DatenHash), Blob(r.Vorgaenger), Blob(r.Hash)}
}

// insertJournal adds entries that are known to be new.
func (t *Tx) insertJournal(ctx context.Context, rows []driver.JournalRow) error {
	for chunk := range chunks(rows) {
		var a Params
		sql := insertInto(&a, "journal", "mandant, "+JournalColumns, chunk, func(r *driver.JournalRow) []any {
			return JournalValues(t.mandant, r)
		})
		if _, err := t.Exec(ctx, sql, a.Args...); err != nil {
			return err
		}
	}
	return nil
}

// ListJournal implements driver.JournalTx.
func (t *Tx) ListJournal(ctx context.Context, p driver.ListJournalParams) ([]driver.JournalRow, error) {
	return List(ctx, t, ScanJournal, "SELECT "+JournalColumns+
		" FROM journal WHERE mandant = $1 AND vorgang_id = $2 AND seq > $3 ORDER BY seq"+Limit(p.Limit),
		[]any{t.mandant, p.VorgangID, p.AfterSeq})
}

// EraseJournal implements driver.JournalTx.
func (t *Tx) EraseJournal(ctx context.Context, p driver.EraseJournalParams) error {
	seqs := slices.Compact(slices.Sorted(slices.Values(p.Seqs)))
	for chunk := range slices.Chunk(seqs, maxRows) {
		var n int64
		a := Params{Args: []any{t.mandant, p.VorgangID}}
		where := " WHERE mandant = $1 AND vorgang_id = $2" + In(&a, "seq", chunk)
		if _, err := t.One(ctx, []any{&n}, "SELECT count(*) FROM journal"+where, a.Args...); err != nil {
			return err
		}
		if n != int64(len(chunk)) {
			return fehler.ErrNotFound
		}
	}
	for chunk := range slices.Chunk(seqs, maxRows) {
		a := Params{Args: []any{t.mandant, p.VorgangID}}
		where := " WHERE mandant = $1 AND vorgang_id = $2" + In(&a, "seq", chunk)
		if _, err := t.Exec(ctx, "UPDATE journal SET akteur = NULL, daten = NULL, salz = NULL"+where, a.Args...); err != nil {
			return err
		}
	}
	return nil
}
