package sqltx

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// AuftragColumns in the order of [ScanAuftrag].
const AuftragColumns = `mandant, id, vorgang_id, vorgang_version, ordinal, art, daten, erstellt, faellig, termin,
	zustand, versuch, lease_token, lease_bis, erledigt, letzter_fehler`

// ScanAuftrag gives the targets for AuftragColumns.
func ScanAuftrag(r *driver.AuftragRow) []any {
	return []any{
		&r.Mandant, &r.ID, &r.VorgangID, &r.VorgangVersion, &r.Ordinal, &r.Art, &r.Daten, &r.Erstellt,
		&r.Faellig, &r.Termin, &r.Zustand, &r.Versuch, &r.LeaseToken, &r.LeaseBis, &r.Erledigt, &r.LetzterFehler,
	}
}

// AuftragNeu are the columns of a new Auftrag, in the order of [Tx.AuftragValues].
const AuftragNeu = `mandant, id, vorgang_id, vorgang_version, ordinal, art, daten, erstellt, faellig, termin,
	zustand, versuch, letzter_fehler`

// AuftragValues gives the values for AuftragNeu.
func (t *Tx) AuftragValues(r *driver.AuftragRow) []any {
	return []any{t.mandant, r.ID, r.VorgangID, r.VorgangVersion, r.Ordinal, r.Art, Blob(r.Daten),
		r.Erstellt, r.Faellig, r.Termin, driver.AuftragOffen, int64(0), ""}
}

func (t *Tx) insertAuftraege(ctx context.Context, rows []driver.AuftragRow) error {
	for chunk := range chunks(rows) {
		var a Params
		if _, err := t.Exec(ctx, insertInto(&a, "auftrag", AuftragNeu, chunk, t.AuftragValues), a.Args...); err != nil {
			return err
		}
	}
	return nil
}

// FinishAuftrag implements driver.AuftragTx.
func (t *Tx) FinishAuftrag(ctx context.Context, p driver.FinishAuftragParams) error {
	var a Params
	n, err := t.Exec(ctx, FinishSQL(&a, t.mandant, &p), a.Args...)
	if err == nil && n > 0 {
		t.Wecke(nil, true) // the next of its Vorgang may go
		return nil
	}
	if err != nil {
		return err
	}
	return t.Missed(ctx, "auftrag", p.ID)
}

// FinishSQL gives the statement of FinishAuftrag.
func FinishSQL(a *Params, mandant tenant.ID, p *driver.FinishAuftragParams) string {
	a.Args = []any{mandant, p.ID, p.Token, p.Zustand, p.Fehler}
	set := ""
	switch p.Zustand {
	case driver.AuftragErledigt:
		set = ", erledigt = " + a.Add(p.Now)
	case driver.AuftragOffen:
		set = ", faellig = " + a.Add(p.Faellig)
		if p.Frei {
			set += ", versuch = versuch - 1"
		}
	}
	return "UPDATE auftrag SET zustand = $4, letzter_fehler = $5, lease_token = NULL, lease_bis = NULL" + set +
		" WHERE mandant = $1 AND id = $2 AND lease_token = $3 AND zustand = 'offen'"
}

// ListAuftraege implements driver.AuftragTx.
func (t *Tx) ListAuftraege(ctx context.Context, p driver.ListAuftraegeParams) ([]driver.AuftragRow, error) {
	var a Params
	sql := "SELECT " + AuftragColumns + " FROM auftrag WHERE mandant = " + a.Add(t.mandant) + In(&a, "zustand", p.Zustaende)
	if p.VorgangID != uuid.Nil {
		sql += " AND vorgang_id = " + a.Add(p.VorgangID)
	}
	if k := p.After; k != nil {
		sql += " AND (vorgang_id, vorgang_version, ordinal) > " + a.Tuple(k.VorgangID, k.VorgangVersion, k.Ordinal)
	}
	sql += " ORDER BY vorgang_id, vorgang_version, ordinal" + Limit(p.Limit)
	return List(ctx, t, ScanAuftrag, sql, a.Args)
}

// RequeueAuftrag implements driver.AuftragTx.
func (t *Tx) RequeueAuftrag(ctx context.Context, p driver.RequeueAuftragParams) error {
	a, set := Params{Args: []any{t.mandant, p.ID}}, "zustand = 'aufgegeben'"
	if !p.GiveUp {
		set = "zustand = 'offen', versuch = 0, faellig = " + a.Add(p.Now)
	}
	n, err := t.Exec(ctx, "UPDATE auftrag SET "+set+" WHERE mandant = $1 AND id = $2 AND zustand = 'geparkt'", a.Args...)
	if err == nil && n > 0 {
		t.Wecke(nil, true)
		return nil
	}
	if err != nil {
		return err
	}
	return t.Missed(ctx, "auftrag", p.ID)
}

// leaseSQL is one statement, so it needs no transaction around it. The inner
// SELECT is materialized: PostgreSQL may otherwise run it again per row and lock
// more than Limit rows. What is shut is read once, not per row.
//
// By its place a row is found whatever the planner believes: while the statistics
// still say that the table is empty, it takes any index that leads with the Mandant
// for as good as the key. A row that another relay gave back in this very moment has
// moved and is passed over until the next call.
func leaseSQL(a *Params, d *Dialect, p *driver.LeaseAuftraegeParams) string {
	ort, von := "a.mandant AS m, a.id AS i", "mandant = m AND id = i"
	if d.Row != "" {
		ort, von = "a."+d.Row+" AS r", "auftrag."+d.Row+" = r"
	}
	return `WITH kopf AS MATERIALIZED (
		SELECT ` + ort + ` FROM auftrag a
		WHERE a.zustand = 'offen' AND a.faellig <= $3 AND (a.lease_bis IS NULL OR a.lease_bis <= $3)
		AND (a.termin OR NOT EXISTS (SELECT 1 FROM auftrag b WHERE b.mandant = a.mandant AND b.vorgang_id = a.vorgang_id
			AND b.zustand IN ('offen', 'geparkt') AND NOT b.termin
			AND (b.vorgang_version, b.ordinal) < (a.vorgang_version, a.ordinal)))
		AND a.mandant NOT IN (SELECT s.mandant FROM sperre s)` + In(a, "a.art", p.Arten) + eines(a, p.Mandant) + `
		ORDER BY a.faellig, a.id` + Limit(p.Limit) + d.SkipLocked + `)
		UPDATE auftrag SET lease_token = $1, lease_bis = $2, versuch = versuch + 1
		FROM kopf WHERE ` + von + ` RETURNING ` + AuftragColumns
}

func eines(a *Params, m tenant.ID) string {
	if m == "" {
		return ""
	}
	return " AND a.mandant = " + a.Add(m)
}

// faelligeSQL steps from Mandant to Mandant in the index, never through one.
const faelligeSQL = `WITH RECURSIVE m(x) AS (
	SELECT (SELECT a.mandant FROM auftrag a WHERE a.zustand = 'offen' ORDER BY a.mandant LIMIT 1)
	UNION ALL
	SELECT (SELECT a.mandant FROM auftrag a WHERE a.zustand = 'offen' AND a.mandant > m.x ORDER BY a.mandant LIMIT 1) FROM m WHERE m.x IS NOT NULL)
SELECT x FROM m WHERE x IS NOT NULL
	AND (SELECT a.faellig FROM auftrag a WHERE a.mandant = x AND a.zustand = 'offen' ORDER BY a.faellig LIMIT 1) <= $1`

// FaelligeMandanten implements driver.Backend on a connection that sees all Mandanten.
func FaelligeMandanten(ctx context.Context, c Conn, now time.Time) ([]tenant.ID, error) {
	out, err := ListConn(ctx, c, func(m *tenant.ID) []any { return []any{m} }, faelligeSQL, []any{now})
	slices.Sort(out)
	return out, err
}

// AuftragLage implements driver.Backend on a connection that sees all Mandanten.
func AuftragLage(ctx context.Context, c Conn, p driver.AuftragLageParams) (driver.AuftragLage, error) {
	var a Params
	sql := `SELECT (SELECT count(*) FROM (SELECT 1 FROM auftrag WHERE zustand = 'offen' AND faellig <= ` + a.Add(p.Now) + ` LIMIT ` + strconv.Itoa(p.Limit) + `) f),
		(SELECT count(*) FROM (SELECT 1 FROM auftrag WHERE zustand = 'geparkt' LIMIT ` + strconv.Itoa(p.Limit) + `) g),
		(SELECT faellig FROM auftrag WHERE zustand = 'offen' AND faellig <= ` + a.Add(p.Now) + ` ORDER BY faellig LIMIT 1)`
	rows, err := ListConn(ctx, c, func(l *driver.AuftragLage) []any { return []any{&l.Faellig, &l.Geparkt, &l.Aelteste} }, sql, a.Args)
	if err != nil {
		return driver.AuftragLage{}, err
	}
	return rows[0], nil
}

// LeaseAuftraege implements driver.Backend on a connection that sees all
// Mandanten.
func LeaseAuftraege(ctx context.Context, c Conn, d *Dialect, p driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error) {
	a := Params{Args: []any{p.Token, p.Until, p.Now}}
	out, err := ListConn(ctx, c, ScanAuftrag, leaseSQL(&a, d, &p), a.Args)
	if err != nil {
		return nil, err
	}
	// The order of RETURNING is not promised by either database.
	slices.SortFunc(out, func(x, y driver.AuftragRow) int {
		return cmp.Or(x.Faellig.Compare(y.Faellig), strings.Compare(string(x.ID[:]), string(y.ID[:])))
	})
	return out, nil
}
