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
	return added(t.Exec(ctx, `INSERT INTO eingang (mandant, id, schluessel, kanal, zustand, version, eingegangen,
		ziel_mandant, ziel_vorgang, daten) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT DO NOTHING`,
		t.mandant, r.ID, r.Schluessel, r.Kanal, r.Zustand, r.Version, r.Eingegangen, r.ZielMandant, r.ZielVorgang, Blob(r.Daten)))
}

// GetEingang implements driver.EingangTx.
func (t *Tx) GetEingang(ctx context.Context, p driver.GetEingangParams) (driver.EingangRow, error) {
	a := Params{Args: []any{t.mandant}}
	sql := "SELECT " + eingangColumns + " FROM eingang WHERE mandant = $1 AND "
	if p.ID != uuid.Nil {
		sql += "id = " + a.Add(p.ID)
	} else {
		sql += "schluessel = " + a.Add(p.Schluessel)
	}
	if p.Lock {
		sql += t.dialect.Lock
	}
	var row driver.EingangRow
	found, err := t.One(ctx, scanEingang(&row), sql, a.Args...)
	return Found(row, found, err)
}

// UpdateEingang implements driver.EingangTx.
func (t *Tx) UpdateEingang(ctx context.Context, p driver.UpdateEingangParams) error {
	r := p.Row
	n, err := t.Exec(ctx, `UPDATE eingang SET version = $4, kanal = $5, zustand = $6, ziel_mandant = $7,
		ziel_vorgang = $8, daten = $9 WHERE mandant = $1 AND id = $2 AND version = $3`,
		t.mandant, r.ID, p.ExpectedVersion, r.Version, r.Kanal, r.Zustand, r.ZielMandant, r.ZielVorgang, Blob(r.Daten))
	if err != nil || n > 0 {
		return err
	}
	return t.Missed(ctx, "eingang", r.ID)
}

// ListEingaenge implements driver.EingangTx.
func (t *Tx) ListEingaenge(ctx context.Context, p driver.ListEingaengeParams) ([]driver.EingangRow, error) {
	var a Params
	sql := "SELECT " + eingangColumns + " FROM eingang WHERE mandant = " + a.Add(t.mandant) + In(&a, "zustand", p.Zustaende)
	if p.After != nil {
		sql += " AND (eingegangen, id) > " + a.Tuple(p.After.Eingegangen, p.After.ID)
	}
	return List(ctx, t, scanEingang, sql+" ORDER BY eingegangen, id"+Limit(p.Limit), a.Args)
}
