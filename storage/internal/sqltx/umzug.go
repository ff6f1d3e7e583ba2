package sqltx

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// GetSperre reads whether a Mandant is shut.
func GetSperre(ctx context.Context, c Conn, mandant tenant.ID) (driver.Sperre, error) {
	s := driver.SperreKeine
	err := Query(ctx, c, func(r Rows) error { return r.Scan(&s) }, "SELECT zustand FROM sperre WHERE mandant = $1", mandant)
	return s, err
}

// SetSperre shuts a Mandant or opens it.
func SetSperre(ctx context.Context, c Conn, mandant tenant.ID, s driver.Sperre) error {
	if s == driver.SperreKeine {
		_, err := c.Exec(ctx, "DELETE FROM sperre WHERE mandant = $1", mandant)
		return err
	}
	_, err := c.Exec(ctx, `INSERT INTO sperre (mandant, zustand) VALUES ($1,$2)
		ON CONFLICT (mandant) DO UPDATE SET zustand = excluded.zustand`, mandant, s)
	return err
}

// eigene are the tables of a Mandant with their keys, those that refer to others
// first.
var eigene = []struct{ table, mandant, key string }{
	{"suche", "mandant", "wort, vorgang_id"},
	{"aktenzeichen", "mandant", "aktenzeichen, vorgang_id"},
	{"beteiligung", "mandant", "vorgang_id, gast, von"},
	{"aufbewahrung", "mandant", "vorgang_id"},
	{"auftrag", "mandant", "id"},
	{"journal", "mandant", "vorgang_id, seq"},
	{"vorgang", "mandant", "id"},
	{"eingang", "mandant", "id"},
	{"postfach", "mandant", "id"},
	{"konfig", "mandant", "art, schluessel"},
	{"zaehler", "mandant", "name, jahr"},
	{"schluessel", "mandant", "schluessel"},
	// The own feed; in the feeds of guests the rows are theirs.
	{"aenderung", "strom", "mandant, vorgang_id, version"},
}

// Entfernen removes up to limit rows of a Mandant that is shut with SperreAlles
// and returns how many; none means that nothing is left. In steps, so that others
// are not kept waiting.
func Entfernen(ctx context.Context, c Conn, mandant tenant.ID, limit int64) (int64, error) {
	s, err := GetSperre(ctx, c, mandant)
	if err != nil {
		return 0, err
	}
	if s != driver.SperreAlles {
		return 0, fehler.ErrConflict
	}
	gone := int64(0)
	for _, t := range eigene {
		n, err := c.Exec(ctx, fmt.Sprintf("DELETE FROM %[1]s WHERE %[2]s = $1 AND (%[3]s) IN (SELECT %[3]s FROM %[1]s WHERE %[2]s = $1 LIMIT $2)",
			t.table, t.mandant, t.key), mandant, limit-gone)
		if err != nil {
			return gone, err
		}
		if gone += n; gone >= limit {
			break
		}
	}
	return gone, nil
}

// Import implements driver.ImportTx.
func (t *Tx) Import(ctx context.Context, p driver.ImportParams) (int64, error) {
	neu, err := t.importVorgaenge(ctx, p.Vorgaenge)
	if err != nil {
		return 0, err
	}
	if err := t.importParents(ctx, &p, neu); err != nil {
		return 0, err
	}
	for _, step := range []func() error{
		func() error {
			return insertRows(ctx, t, "journal", "mandant, "+JournalColumns, p.Journal, func(r *driver.JournalRow) []any {
				return JournalValues(t.mandant, r)
			})
		},
		func() error {
			return insertRows(ctx, t, "auftrag", AuftragColumns, p.Auftraege, func(r *driver.AuftragRow) []any {
				return []any{t.mandant, r.ID, r.VorgangID, r.VorgangVersion, r.Ordinal, r.Art, Blob(r.Daten), r.Erstellt, r.Faellig,
					r.Termin, r.Zustand, r.Versuch, r.LeaseToken, r.LeaseBis, r.Erledigt, r.LetzterFehler}
			})
		},
		func() error {
			return insertRows(ctx, t, "eingang", "mandant, "+eingangColumns, p.Eingaenge, func(r *driver.EingangRow) []any {
				return []any{t.mandant, r.ID, r.Schluessel, r.Kanal, r.Zustand, r.Version, r.Eingegangen, r.ZielMandant, r.ZielVorgang, Blob(r.Daten)}
			})
		},
		func() error {
			return insertRows(ctx, t, "postfach", "mandant, "+eintragColumns, p.Eintraege, func(r *driver.EintragRow) []any {
				return []any{t.mandant, r.ID, r.Postfach, r.VorgangID, r.Richtung, r.Zeit, r.Version, Blob(r.Daten)}
			})
		},
		func() error {
			return insertRows(ctx, t, "konfig", "mandant, art, schluessel, version, daten", p.Konfig, func(r *driver.KonfigRow) []any {
				return []any{t.mandant, r.Art, r.Schluessel, r.Version, Blob(r.Daten)}
			})
		},
		func() error {
			return insertRows(ctx, t, "schluessel", "mandant, "+schluesselColumns, p.Schluessel, func(r *driver.SchluesselRow) []any {
				return []any{t.mandant, r.Schluessel, r.Bis, Blob(r.Daten)}
			})
		},
		func() error {
			return insertRows(ctx, t, "aufbewahrung", "mandant, "+aufbewahrungColumns, p.Aufbewahrung, func(r *driver.AufbewahrungRow) []any {
				return []any{t.mandant, r.VorgangID, r.Bis, r.Halt, Blob(r.Daten)}
			})
		},
		func() error { return t.importZaehler(ctx, p.Zaehler) },
		func() error { return t.importAenderungen(ctx, p.Aenderungen) },
	} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	t.Wecke(nil, len(p.Auftraege) > 0)
	return int64(len(neu)), nil
}

// Reindex implements driver.ImportTx.
func (t *Tx) Reindex(ctx context.Context, p driver.ReindexParams) error {
	for i := range p.Vorgaenge {
		v := &p.Vorgaenge[i]
		id, neu := v.Row.ID, WoerterText(v.Woerter)
		var old string
		found, err := t.One(ctx, []any{&old}, "SELECT woerter FROM vorgang WHERE mandant = $1 AND id = $2 AND version = $3"+t.dialect.Lock,
			t.mandant, id, v.Row.Version)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if _, err := t.Exec(ctx, "UPDATE vorgang SET antragsteller = $3, woerter = $4 WHERE mandant = $1 AND id = $2",
			t.mandant, id, v.Row.Antragsteller, neu); err != nil {
			return err
		}
		t.Forget(id)
		if err := t.saveWoerter(ctx, id, old, neu); err != nil {
			return err
		}
		if err := t.saveBeteiligungen(ctx, id, true, append([]driver.BeteiligungRow{}, v.Beteiligungen...)); err != nil {
			return err
		}
	}
	return nil
}

// importVorgaenge gives the ids of the new ones. What is derived from a Vorgang
// is stored with a new one only: the stored one has its own.
func (t *Tx) importVorgaenge(ctx context.Context, list []driver.ImportVorgang) (map[uuid.UUID]bool, error) {
	neu := map[uuid.UUID]bool{}
	for chunk := range chunks(list) {
		var a Params
		tuples := make([]string, len(chunk))
		for i := range chunk {
			values, err := vorgangValues(t.mandant, &chunk[i].Row, WoerterText(chunk[i].Woerter))
			if err != nil {
				return nil, t.Fail(err)
			}
			tuples[i] = a.Tuple(values...)
		}
		ids, err := List(ctx, t, func(id *uuid.UUID) []any { return []any{id} }, "INSERT INTO vorgang ("+vorgangInsert+") VALUES "+
			strings.Join(tuples, ",")+" ON CONFLICT DO NOTHING RETURNING id", a.Args)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			neu[id] = true
		}
	}
	type pair struct {
		id   uuid.UUID
		text string
	}
	var zeichen, woerter []pair
	var anteile []driver.BeteiligungRow
	done := make(map[uuid.UUID]bool, len(neu))
	for i := range list {
		v := &list[i]
		id := v.Row.ID
		if !neu[id] || done[id] {
			continue
		}
		done[id] = true
		for _, z := range v.Row.Aktenzeichen {
			zeichen = append(zeichen, pair{id, z})
		}
		for _, w := range words(WoerterText(v.Woerter)) {
			woerter = append(woerter, pair{id, w})
		}
		for _, b := range v.Beteiligungen {
			b.VorgangID = id
			anteile = append(anteile, b)
		}
	}
	values := func(p *pair) []any { return []any{t.mandant, p.text, p.id} }
	if err := insertRows(ctx, t, "aktenzeichen", "mandant, aktenzeichen, vorgang_id", zeichen, values); err != nil {
		return nil, err
	}
	if err := insertRows(ctx, t, "suche", "mandant, wort, vorgang_id", woerter, values); err != nil {
		return nil, err
	}
	return neu, insertRows(ctx, t, "beteiligung", BeteiligungColumns, anteile, func(b *driver.BeteiligungRow) []any {
		return []any{t.mandant, b.VorgangID, b.Gast, b.Recht, b.Von, b.Bis}
	})
}

// importParents looks for the Vorgaenge that rows belong to, before a foreign key
// says so in the words of the database.
func (t *Tx) importParents(ctx context.Context, p *driver.ImportParams, known map[uuid.UUID]bool) error {
	missing := map[uuid.UUID]bool{}
	for i := range p.Journal {
		missing[p.Journal[i].VorgangID] = true
	}
	for i := range p.Auftraege {
		missing[p.Auftraege[i].VorgangID] = true
	}
	for i := range p.Aufbewahrung {
		missing[p.Aufbewahrung[i].VorgangID] = true
	}
	var ids []uuid.UUID
	for id := range missing {
		if !known[id] {
			ids = append(ids, id)
		}
	}
	for chunk := range slices.Chunk(ids, maxRows) {
		var n int64
		a := Params{Args: []any{t.mandant}}
		if _, err := t.One(ctx, []any{&n}, "SELECT count(*) FROM vorgang WHERE mandant = $1"+In(&a, "id", chunk), a.Args...); err != nil {
			return err
		}
		if n != int64(len(chunk)) {
			return t.Fail(fmt.Errorf("the Vorgang of an imported row: %w", fehler.ErrNotFound))
		}
	}
	return nil
}

func (t *Tx) importZaehler(ctx context.Context, rows []driver.ZaehlerRow) error {
	for _, r := range rows {
		if _, err := t.Exec(ctx, `INSERT INTO zaehler (mandant, name, jahr, wert) VALUES ($1,$2,$3,$4)
			ON CONFLICT (mandant, name, jahr) DO UPDATE SET wert = excluded.wert WHERE excluded.wert > zaehler.wert`,
			t.mandant, r.Name, int64(r.Jahr), r.Wert); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) importAenderungen(ctx context.Context, rows []driver.AenderungRow) error {
	for i := range rows {
		r := &rows[i]
		if _, err := t.Exec(ctx, t.dialect.InsertAenderung, t.mandant, t.mandant, r.VorgangID, r.Version,
			r.JournalVon, r.JournalBis, r.Zeit); err != nil {
			return err
		}
	}
	if len(rows) > 0 {
		t.Wecke([]tenant.ID{t.mandant}, false)
	}
	return nil
}
