package sqltx

import (
	"context"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

const eintragColumns = `id, postfach, vorgang_id, richtung, zeit, version, daten`

func scanEintrag(r *driver.EintragRow) []any {
	return []any{&r.ID, &r.Postfach, &r.VorgangID, &r.Richtung, &r.Zeit, &r.Version, &r.Daten}
}

// PutEintrag implements driver.PostfachTx.
func (t *Tx) PutEintrag(ctx context.Context, p driver.PutEintragParams) (bool, error) {
	r := p.Row
	n, err := t.Exec(ctx, `INSERT INTO postfach (mandant, id, postfach, vorgang_id, richtung, zeit, version, daten)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT DO NOTHING`,
		t.mandant, r.ID, r.Postfach, r.VorgangID, r.Richtung, r.Zeit, r.Version, Blob(r.Daten))
	return n > 0, err
}

// GetEintrag implements driver.PostfachTx.
func (t *Tx) GetEintrag(ctx context.Context, p driver.GetEintragParams) (driver.EintragRow, error) {
	var row driver.EintragRow
	found, err := t.One(ctx, scanEintrag(&row),
		"SELECT "+eintragColumns+" FROM postfach WHERE mandant = $1 AND id = $2", t.mandant, p.ID)
	return Found(row, found, err)
}

// ListEintraege implements driver.PostfachTx.
func (t *Tx) ListEintraege(ctx context.Context, p driver.ListEintraegeParams) ([]driver.EintragRow, error) {
	var a Params
	sql := "SELECT " + eintragColumns + " FROM postfach WHERE mandant = " + a.Add(t.mandant)
	if p.Postfach != "" {
		sql += " AND postfach = " + a.Add(p.Postfach)
	}
	if p.VorgangID != uuid.Nil {
		sql += " AND vorgang_id = " + a.Add(p.VorgangID)
	}
	if p.After != nil {
		sql += " AND (zeit, id) > " + a.Tuple(p.After.Zeit, p.After.ID)
	}
	return List(ctx, t, scanEintrag, sql+" ORDER BY zeit, id"+Limit(p.Limit), a.Args)
}

// UpdateEintrag implements driver.PostfachTx.
func (t *Tx) UpdateEintrag(ctx context.Context, p driver.UpdateEintragParams) error {
	n, err := t.Exec(ctx, "UPDATE postfach SET version = $4, daten = $5 WHERE mandant = $1 AND id = $2 AND version = $3",
		t.mandant, p.Row.ID, p.ExpectedVersion, p.Row.Version, Blob(p.Row.Daten))
	if err != nil || n > 0 {
		return err
	}
	return t.Missed(ctx, "postfach", p.Row.ID)
}
