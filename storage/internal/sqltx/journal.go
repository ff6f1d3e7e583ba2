package sqltx

import (
	"context"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// AppendJournal implements driver.JournalTx.
func (t *Tx) AppendJournal(ctx context.Context, p driver.AppendJournalParams) error {
	if len(p.Rows) == 0 {
		return nil
	}
	vorgang := p.Rows[0].VorgangID
	var last int64
	found, err := t.one(ctx, []any{&last}, `SELECT coalesce((SELECT max(j.seq) FROM journal j
		WHERE j.mandant = v.mandant AND j.vorgang_id = v.id), 0)
		FROM vorgang v WHERE v.mandant = $1 AND v.id = $2`, t.mandant, vorgang)
	if err != nil {
		return err
	}
	if !found {
		return fehler.ErrNotFound
	}
	for i, r := range p.Rows {
		if r.VorgangID != vorgang || r.Seq != last+int64(i)+1 {
			return fehler.ErrConflict
		}
	}
	for chunk := range slices.Chunk(p.Rows, maxRows) {
		var a params
		tuples := make([]string, len(chunk))
		for i, r := range chunk {
			tuples[i] = a.tuple(t.mandant, r.VorgangID, r.Seq, r.Zeit, r.Code, blob(r.Akteur), blob(r.Daten), blob(r.Salz),
				blob(r.AkteurHash), blob(r.DatenHash), blob(r.Vorgaenger), blob(r.Hash))
		}
		if _, err := t.exec(ctx, `INSERT INTO journal (mandant, vorgang_id, seq, zeit, code, akteur, daten, salz,
			akteur_hash, daten_hash, vorgaenger, hash) VALUES `+strings.Join(tuples, ","), a.list...); err != nil {
			return err
		}
	}
	return nil
}

// ListJournal implements driver.JournalTx.
func (t *Tx) ListJournal(ctx context.Context, p driver.ListJournalParams) ([]driver.JournalRow, error) {
	return list(ctx, t, func(r *driver.JournalRow) []any {
		return []any{&r.VorgangID, &r.Seq, &r.Zeit, &r.Code, &r.Akteur, &r.Daten, &r.Salz,
			&r.AkteurHash, &r.DatenHash, &r.Vorgaenger, &r.Hash}
	}, `SELECT vorgang_id, seq, zeit, code, akteur, daten, salz, akteur_hash, daten_hash, vorgaenger, hash
		FROM journal WHERE mandant = $1 AND vorgang_id = $2 AND seq > $3 ORDER BY seq LIMIT $4`,
		[]any{t.mandant, p.VorgangID, p.AfterSeq, int64(p.Limit)})
}

// EraseJournal implements driver.JournalTx.
func (t *Tx) EraseJournal(ctx context.Context, p driver.EraseJournalParams) error {
	seqs := slices.Clone(p.Seqs)
	slices.Sort(seqs)
	seqs = slices.Compact(seqs)
	for chunk := range slices.Chunk(seqs, maxRows) {
		var a params
		var n int64
		where := " WHERE mandant = " + a.add(t.mandant) + " AND vorgang_id = " + a.add(p.VorgangID) + in(&a, "seq", chunk)
		if _, err := t.one(ctx, []any{&n}, "SELECT count(*) FROM journal"+where, a.list...); err != nil {
			return err
		}
		if n != int64(len(chunk)) {
			return fehler.ErrNotFound
		}
	}
	for chunk := range slices.Chunk(seqs, maxRows) {
		var a params
		where := " WHERE mandant = " + a.add(t.mandant) + " AND vorgang_id = " + a.add(p.VorgangID) + in(&a, "seq", chunk)
		if _, err := t.exec(ctx, "UPDATE journal SET akteur = NULL, daten = NULL, salz = NULL"+where, a.list...); err != nil {
			return err
		}
	}
	return nil
}
