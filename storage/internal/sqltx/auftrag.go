package sqltx

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const auftragColumns = `mandant, id, vorgang_id, vorgang_version, ordinal, art, daten, erstellt, faellig, termin,
	zustand, versuch, lease_token, lease_bis, erledigt, letzter_fehler`

func scanAuftrag(r *driver.AuftragRow) []any {
	return []any{
		&r.Mandant, &r.ID, &r.VorgangID, &r.VorgangVersion, &r.Ordinal, &r.Art, &r.Daten, &r.Erstellt,
		&r.Faellig, &r.Termin, &r.Zustand, &r.Versuch, &r.LeaseToken, &r.LeaseBis, &r.Erledigt, &r.LetzterFehler,
	}
}

// InsertAuftraege implements driver.AuftragTx.
func (t *Tx) InsertAuftraege(ctx context.Context, p driver.InsertAuftraegeParams) error {
	for chunk := range slices.Chunk(p.Rows, maxRows) {
		if err := t.auftraegeFree(ctx, chunk); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(p.Rows, maxRows) {
		var a params
		tuples := make([]string, len(chunk))
		for i, r := range chunk {
			tuples[i] = a.tuple(t.mandant, r.ID, r.VorgangID, r.VorgangVersion, r.Ordinal, r.Art, blob(r.Daten),
				r.Erstellt, r.Faellig, r.Termin, driver.AuftragOffen, int64(0), "")
		}
		if _, err := t.exec(ctx, `INSERT INTO auftrag (mandant, id, vorgang_id, vorgang_version, ordinal, art, daten,
			erstellt, faellig, termin, zustand, versuch, letzter_fehler) VALUES `+strings.Join(tuples, ","), a.list...); err != nil {
			return err
		}
	}
	return nil
}

// auftraegeFree looks for what would make the INSERT fail.
func (t *Tx) auftraegeFree(ctx context.Context, rows []driver.AuftragRow) error {
	var vorgaenge, ids []uuid.UUID
	seen := map[driver.AuftragKey]bool{}
	var a params
	mandant := a.add(t.mandant)
	places := make([]string, len(rows))
	for i, r := range rows {
		k := driver.AuftragKey{VorgangID: r.VorgangID, VorgangVersion: r.VorgangVersion, Ordinal: r.Ordinal}
		if seen[k] || slices.Contains(ids, r.ID) {
			return fehler.ErrExists
		}
		seen[k] = true
		ids = append(ids, r.ID)
		if !slices.Contains(vorgaenge, r.VorgangID) {
			vorgaenge = append(vorgaenge, r.VorgangID)
		}
		places[i] = "(vorgang_id = " + a.add(r.VorgangID) + " AND vorgang_version = " + a.add(r.VorgangVersion) +
			" AND ordinal = " + a.add(r.Ordinal) + ")"
	}
	var parents, taken int64
	sql := "SELECT (SELECT count(*) FROM vorgang WHERE mandant = " + mandant + in(&a, "id", vorgaenge) + ")," +
		"(SELECT count(*) FROM auftrag WHERE mandant = " + mandant + in(&a, "id", ids) + ")" +
		" + (SELECT count(*) FROM auftrag WHERE mandant = " + mandant + " AND (" + strings.Join(places, " OR ") + "))"
	if _, err := t.one(ctx, []any{&parents, &taken}, sql, a.list...); err != nil {
		return err
	}
	switch {
	case parents != int64(len(vorgaenge)):
		return fehler.ErrNotFound
	case taken > 0:
		return fehler.ErrExists
	}
	return nil
}

// FinishAuftrag implements driver.AuftragTx.
func (t *Tx) FinishAuftrag(ctx context.Context, p driver.FinishAuftragParams) error {
	a := params{list: []any{t.mandant, p.ID, p.Token, p.Zustand, p.Fehler}}
	set := ""
	switch p.Zustand {
	case driver.AuftragErledigt:
		set = ", erledigt = " + a.add(p.Now)
	case driver.AuftragOffen:
		set = ", faellig = " + a.add(p.Faellig)
	}
	n, err := t.exec(ctx, `UPDATE auftrag SET zustand = $4, letzter_fehler = $5, lease_token = NULL, lease_bis = NULL`+set+
		` WHERE mandant = $1 AND id = $2 AND lease_token = $3 AND zustand = 'offen'`, a.list...)
	if err != nil || n > 0 {
		return err
	}
	return t.missed(ctx, "auftrag", p.ID)
}

// ListAuftraege implements driver.AuftragTx.
func (t *Tx) ListAuftraege(ctx context.Context, p driver.ListAuftraegeParams) ([]driver.AuftragRow, error) {
	var a params
	sql := "SELECT " + auftragColumns + " FROM auftrag WHERE mandant = " + a.add(t.mandant) + in(&a, "zustand", p.Zustaende)
	if p.VorgangID != uuid.Nil {
		sql += " AND vorgang_id = " + a.add(p.VorgangID)
	}
	if k := p.After; k != nil {
		sql += " AND (vorgang_id, vorgang_version, ordinal) > " + a.tuple(k.VorgangID, k.VorgangVersion, k.Ordinal)
	}
	sql += " ORDER BY vorgang_id, vorgang_version, ordinal LIMIT " + a.add(int64(p.Limit))
	return list(ctx, t, scanAuftrag, sql, a.list)
}

// RequeueAuftrag implements driver.AuftragTx.
func (t *Tx) RequeueAuftrag(ctx context.Context, p driver.RequeueAuftragParams) error {
	a, set := params{list: []any{t.mandant, p.ID}}, "zustand = 'aufgegeben'"
	if !p.GiveUp {
		set = "zustand = 'offen', versuch = 0, faellig = " + a.add(p.Now)
	}
	n, err := t.exec(ctx, "UPDATE auftrag SET "+set+" WHERE mandant = $1 AND id = $2 AND zustand = 'geparkt'", a.list...)
	if err != nil || n > 0 {
		return err
	}
	return t.missed(ctx, "auftrag", p.ID)
}

// LeaseAuftraege implements driver.Backend on a connection that sees all
// Mandanten. It is one statement, so it needs no transaction around it. The
// inner SELECT is materialized: PostgreSQL may otherwise run it again per row
// and lock more than Limit rows.
func LeaseAuftraege(ctx context.Context, c Conn, d *Dialect, p driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error) {
	a := params{list: []any{p.Token, p.Until, p.Now}}
	sql := `WITH kopf AS MATERIALIZED (
		SELECT a.mandant AS m, a.id AS i FROM auftrag a
		WHERE a.zustand = 'offen' AND a.faellig <= $3 AND (a.lease_bis IS NULL OR a.lease_bis <= $3)
		AND (a.termin OR NOT EXISTS (SELECT 1 FROM auftrag b WHERE b.mandant = a.mandant AND b.vorgang_id = a.vorgang_id
			AND b.zustand IN ('offen', 'geparkt') AND NOT b.termin
			AND (b.vorgang_version, b.ordinal) < (a.vorgang_version, a.ordinal)))` + in(&a, "a.art", p.Arten) + `
		ORDER BY a.faellig, a.id LIMIT ` + a.add(int64(p.Limit)) + d.SkipLocked + `)
		UPDATE auftrag SET lease_token = $1, lease_bis = $2, versuch = versuch + 1
		FROM kopf WHERE mandant = m AND id = i RETURNING ` + auftragColumns
	var out []driver.AuftragRow
	err := Query(ctx, c, func(r Rows) error {
		var row driver.AuftragRow
		if err := r.Scan(scanAuftrag(&row)...); err != nil {
			return err
		}
		out = append(out, row)
		return nil
	}, sql, a.list...)
	if err != nil {
		return nil, err
	}
	// The order of RETURNING is not promised by either database.
	slices.SortFunc(out, func(x, y driver.AuftragRow) int {
		if c := x.Faellig.Compare(y.Faellig); c != 0 {
			return c
		}
		return strings.Compare(string(x.ID[:]), string(y.ID[:]))
	})
	return out, nil
}
