package sqltx

import (
	"context"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func scanKonfig(r *driver.KonfigRow) []any {
	return []any{&r.Art, &r.Schluessel, &r.Version, &r.Daten}
}

// GetKonfig implements driver.KonfigTx.
func (t *Tx) GetKonfig(ctx context.Context, p driver.GetKonfigParams) (driver.KonfigRow, error) {
	var row driver.KonfigRow
	found, err := t.One(ctx, scanKonfig(&row),
		"SELECT art, schluessel, version, daten FROM konfig WHERE mandant = $1 AND art = $2 AND schluessel = $3",
		t.mandant, p.Art, p.Schluessel)
	return Found(row, found, err)
}

// PutKonfig implements driver.KonfigTx.
func (t *Tx) PutKonfig(ctx context.Context, p driver.PutKonfigParams) error {
	if p.ExpectedVersion == 0 {
		return added(t.Exec(ctx, `INSERT INTO konfig (mandant, art, schluessel, version, daten)
			VALUES ($1,$2,$3,1,$4) ON CONFLICT DO NOTHING`, t.mandant, p.Art, p.Schluessel, Blob(p.Daten)))
	}
	n, err := t.Exec(ctx, `UPDATE konfig SET version = version + 1, daten = $5
		WHERE mandant = $1 AND art = $2 AND schluessel = $3 AND version = $4`,
		t.mandant, p.Art, p.Schluessel, p.ExpectedVersion, Blob(p.Daten))
	if err != nil || n > 0 {
		return err
	}
	if _, err := t.GetKonfig(ctx, driver.GetKonfigParams{Art: p.Art, Schluessel: p.Schluessel}); err != nil {
		return err
	}
	return fehler.ErrConflict
}

// ListKonfig implements driver.KonfigTx.
func (t *Tx) ListKonfig(ctx context.Context, p driver.ListKonfigParams) ([]driver.KonfigRow, error) {
	a := Params{Args: []any{t.mandant}}
	sql := "SELECT art, schluessel, version, daten FROM konfig WHERE mandant = $1"
	if p.Art != "" {
		sql += " AND art = " + a.Add(p.Art)
	}
	return List(ctx, t, scanKonfig, sql+" ORDER BY art, schluessel", a.Args)
}

// NextNummer implements driver.ZaehlerTx.
func (t *Tx) NextNummer(ctx context.Context, p driver.NextNummerParams) (int64, error) {
	var n int64
	_, err := t.One(ctx, []any{&n}, `INSERT INTO zaehler (mandant, name, jahr, wert) VALUES ($1,$2,$3,$4)
		ON CONFLICT (mandant, name, jahr) DO UPDATE SET wert = zaehler.wert + excluded.wert RETURNING wert`,
		t.mandant, p.Name, int64(p.Jahr), max(p.Anzahl, 1))
	return n, err
}

// ListZaehler implements driver.ZaehlerTx.
func (t *Tx) ListZaehler(ctx context.Context) ([]driver.ZaehlerRow, error) {
	return List(ctx, t, func(r *driver.ZaehlerRow) []any { return []any{&r.Name, &r.Jahr, &r.Wert} },
		"SELECT name, jahr, wert FROM zaehler WHERE mandant = $1 ORDER BY name, jahr", []any{t.mandant})
}
