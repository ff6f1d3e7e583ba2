package sqltx

import (
	"context"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

const eingangColumns = `id, schluessel, kanal, zustand, version, eingegangen, ziel_mandant, ziel_vorgang, daten`

func scanEingang(r *driver.EingangRow) []any {
	return []any{&r.ID, &r.Schluessel, &r.Kanal, &r.Zustand, &r.Version, &r.Eingegangen, &r.ZielMandant, &r.ZielVorgang, &r.Daten}
}

// InsertEingang implements driver.EingangTx.
func (t *Tx) InsertEingang(ctx context.Context, p driver.InsertEingangParams) error {
	r := p.Row
	return added(t.exec(ctx, `INSERT INTO eingang (mandant, id, schluessel, kanal, zustand, version, eingegangen,
		ziel_mandant, ziel_vorgang, daten) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT DO NOTHING`,
		t.mandant, r.ID, r.Schluessel, r.Kanal, r.Zustand, r.Version, r.Eingegangen, r.ZielMandant, r.ZielVorgang, blob(r.Daten)))
}

// GetEingang implements driver.EingangTx.
func (t *Tx) GetEingang(ctx context.Context, p driver.GetEingangParams) (driver.EingangRow, error) {
	a := params{list: []any{t.mandant}}
	sql := "SELECT " + eingangColumns + " FROM eingang WHERE mandant = $1 AND "
	if p.ID != uuid.Nil {
		sql += "id = " + a.add(p.ID)
	} else {
		sql += "schluessel = " + a.add(p.Schluessel)
	}
	if p.Lock {
		sql += t.dialect.Lock
	}
	var row driver.EingangRow
	found, err := t.one(ctx, scanEingang(&row), sql, a.list...)
	return found1(row, found, err)
}

// UpdateEingang implements driver.EingangTx.
func (t *Tx) UpdateEingang(ctx context.Context, p driver.UpdateEingangParams) error {
	r := p.Row
	n, err := t.exec(ctx, `UPDATE eingang SET version = $4, kanal = $5, zustand = $6, ziel_mandant = $7,
		ziel_vorgang = $8, daten = $9 WHERE mandant = $1 AND id = $2 AND version = $3`,
		t.mandant, r.ID, p.ExpectedVersion, r.Version, r.Kanal, r.Zustand, r.ZielMandant, r.ZielVorgang, blob(r.Daten))
	if err != nil || n > 0 {
		return err
	}
	return t.missed(ctx, "eingang", r.ID)
}

// ListEingaenge implements driver.EingangTx.
func (t *Tx) ListEingaenge(ctx context.Context, p driver.ListEingaengeParams) ([]driver.EingangRow, error) {
	var a params
	sql := "SELECT " + eingangColumns + " FROM eingang WHERE mandant = " + a.add(t.mandant) + in(&a, "zustand", p.Zustaende)
	if p.After != nil {
		sql += " AND (eingegangen, id) > " + a.tuple(p.After.Eingegangen, p.After.ID)
	}
	return list(ctx, t, scanEingang, sql+" ORDER BY eingegangen, id LIMIT "+a.add(int64(p.Limit)), a.list)
}
