package sqltx

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const schluesselColumns = `schluessel, bis, daten`

func scanSchluessel(r *driver.SchluesselRow) []any { return []any{&r.Schluessel, &r.Bis, &r.Daten} }

// PutSchluessel implements driver.SchluesselTx.
func (t *Tx) PutSchluessel(ctx context.Context, p driver.PutSchluesselParams) error {
	return added(t.Exec(ctx, "INSERT INTO schluessel (mandant, schluessel, bis, daten) VALUES ($1,$2,$3,$4) ON CONFLICT DO NOTHING",
		t.mandant, p.Row.Schluessel, p.Row.Bis, Blob(p.Row.Daten)))
}

// GetSchluessel implements driver.SchluesselTx.
func (t *Tx) GetSchluessel(ctx context.Context, p driver.GetSchluesselParams) (driver.SchluesselRow, error) {
	var row driver.SchluesselRow
	found, err := t.One(ctx, scanSchluessel(&row),
		"SELECT "+schluesselColumns+" FROM schluessel WHERE mandant = $1 AND schluessel = $2", t.mandant, p.Schluessel)
	return Found(row, found, err)
}

// ListSchluessel implements driver.SchluesselTx.
func (t *Tx) ListSchluessel(ctx context.Context, p driver.ListSchluesselParams) ([]driver.SchluesselRow, error) {
	return List(ctx, t, scanSchluessel, "SELECT "+schluesselColumns+
		" FROM schluessel WHERE mandant = $1 AND schluessel > $2 ORDER BY schluessel"+Limit(p.Limit),
		[]any{t.mandant, p.After})
}

const aufbewahrungColumns = `vorgang_id, bis, halt, daten`

func scanAufbewahrung(r *driver.AufbewahrungRow) []any {
	return []any{&r.VorgangID, &r.Bis, &r.Halt, &r.Daten}
}

// exists is ErrNotFound for a Vorgang that is not there.
func (t *Tx) exists(ctx context.Context, id uuid.UUID) error {
	var n int64
	found, err := t.One(ctx, []any{&n}, "SELECT 1 FROM vorgang WHERE mandant = $1 AND id = $2", t.mandant, id)
	_, err = Found(n, found, err)
	return err
}

// PutAufbewahrung implements driver.AufbewahrungTx.
func (t *Tx) PutAufbewahrung(ctx context.Context, p driver.PutAufbewahrungParams) error {
	r := p.Row
	if err := t.exists(ctx, r.VorgangID); err != nil {
		return err
	}
	_, err := t.Exec(ctx, `INSERT INTO aufbewahrung (mandant, vorgang_id, bis, halt, daten) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (mandant, vorgang_id) DO UPDATE SET bis = excluded.bis, halt = excluded.halt, daten = excluded.daten`,
		t.mandant, r.VorgangID, r.Bis, r.Halt, Blob(r.Daten))
	return err
}

// GetAufbewahrung implements driver.AufbewahrungTx.
func (t *Tx) GetAufbewahrung(ctx context.Context, p driver.GetAufbewahrungParams) (driver.AufbewahrungRow, error) {
	var row driver.AufbewahrungRow
	found, err := t.One(ctx, scanAufbewahrung(&row),
		"SELECT "+aufbewahrungColumns+" FROM aufbewahrung WHERE mandant = $1 AND vorgang_id = $2", t.mandant, p.VorgangID)
	return Found(row, found, err)
}

// ListAufbewahrung implements driver.AufbewahrungTx.
func (t *Tx) ListAufbewahrung(ctx context.Context, p driver.ListAufbewahrungParams) ([]driver.AufbewahrungRow, error) {
	a := Params{Args: []any{t.mandant}}
	sql := "SELECT " + aufbewahrungColumns + " FROM aufbewahrung WHERE mandant = $1"
	if !p.BisVor.IsZero() {
		sql += " AND bis < " + a.Add(p.BisVor) + " AND NOT halt"
	}
	if k := p.After; k != nil {
		sql += " AND (bis, vorgang_id) > " + a.Tuple(k.Bis, k.VorgangID)
	}
	return List(ctx, t, scanAufbewahrung, sql+" ORDER BY bis, vorgang_id"+Limit(p.Limit), a.Args)
}

// EraseVorgang implements driver.AufbewahrungTx.
func (t *Tx) EraseVorgang(ctx context.Context, p driver.EraseVorgangParams) error {
	var woerter string
	found, err := t.One(ctx, []any{&woerter}, "SELECT woerter FROM vorgang WHERE mandant = $1 AND id = $2"+t.dialect.Lock, t.mandant, p.VorgangID)
	if err != nil {
		return err
	}
	if !found {
		return fehler.ErrNotFound
	}
	t.Forget(p.VorgangID) // its words change without a new version
	if err := t.deleteWoerter(ctx, p.VorgangID, words(woerter)); err != nil {
		return err
	}
	for _, sql := range []string{
		"UPDATE vorgang SET woerter = '' WHERE mandant = $1 AND id = $2",
		"UPDATE journal SET akteur = NULL, daten = NULL, salz = NULL WHERE mandant = $1 AND vorgang_id = $2",
		"DELETE FROM beteiligung WHERE mandant = $1 AND vorgang_id = $2",
		"DELETE FROM postfach WHERE mandant = $1 AND vorgang_id = $2",
	} {
		if _, err := t.Exec(ctx, sql, t.mandant, p.VorgangID); err != nil {
			return err
		}
	}
	for _, sql := range []string{
		"UPDATE auftrag SET daten = $3, letzter_fehler = '' WHERE mandant = $1 AND vorgang_id = $2",
		"UPDATE eingang SET daten = $3 WHERE mandant = $1 AND ziel_vorgang = $2 AND ziel_mandant = $1",
	} {
		if _, err := t.Exec(ctx, sql, t.mandant, p.VorgangID, []byte{}); err != nil {
			return err
		}
	}
	return nil
}

// Prune implements driver.AufbewahrungTx. Of the feed only a beginning is
// forgotten, never its newest row: so what is left tells which cursors are good,
// and what the next number is.
func (t *Tx) Prune(ctx context.Context, p driver.PruneParams) (int64, error) {
	n, err := t.Exec(ctx, `DELETE FROM schluessel WHERE mandant = $1 AND schluessel IN
		(SELECT s.schluessel FROM schluessel s WHERE s.mandant = $1 AND s.bis <= $2 ORDER BY s.bis LIMIT $3)`,
		t.mandant, p.SchluesselBis, int64(p.Limit))
	if err != nil {
		return 0, err
	}
	type row struct {
		pos  int64
		zeit time.Time
	}
	// One more than may go: the last one read is there to stay.
	rows, err := List(ctx, t, func(r *row) []any { return []any{&r.pos, &r.zeit} },
		"SELECT pos, zeit FROM aenderung WHERE strom = $1 AND pos IS NOT NULL ORDER BY pos LIMIT $2",
		[]any{t.mandant, int64(p.Limit) + 1})
	if err != nil {
		return 0, err
	}
	last := int64(0)
	for i := range len(rows) - 1 {
		if !rows[i].zeit.Before(p.AenderungenBis) {
			break
		}
		last = rows[i].pos
	}
	if last == 0 {
		return n, nil
	}
	m, err := t.Exec(ctx, "DELETE FROM aenderung WHERE strom = $1 AND pos <= $2", t.mandant, last)
	return n + m, err
}
