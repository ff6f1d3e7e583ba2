package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// importRest stores everything but the Vorgaenge.
func (t *tx) importRest(ctx context.Context, p *driver.ImportParams) error {
	for _, step := range []func() error{
		func() error {
			return insert(ctx, t, "journal (mandant, vorgang_id, seq, zeit, code, akteur, daten, salz, akteur_hash, daten_hash, vorgaenger, hash)",
				p.Journal, func(r *driver.JournalRow) int { return len(r.Akteur) + len(r.Daten) + 300 },
				func(rows []driver.JournalRow) felder {
					ids := feld{"uuid", col(rows, func(r *driver.JournalRow) uuid.UUID { return r.VorgangID })}
					return append(felder{ids}, journalFelder(rows)...)
				})
		},
		func() error {
			return insert(ctx, t, "auftrag (mandant, id, vorgang_id, vorgang_version, ordinal, art, daten, erstellt, faellig, termin,"+
				" zustand, versuch, lease_token, lease_bis, erledigt, letzter_fehler)",
				p.Auftraege, func(r *driver.AuftragRow) int { return len(r.Daten) + 300 },
				func(rows []driver.AuftragRow) felder { return append(auftragFelder(rows), auftragStand(rows)...) })
		},
		func() error {
			return insert(ctx, t, "eingang (mandant, id, schluessel, kanal, zustand, version, eingegangen, ziel_mandant, ziel_vorgang, daten)",
				p.Eingaenge, func(r *driver.EingangRow) int { return len(r.Daten) + 300 }, eingangFelder)
		},
		func() error {
			return insert(ctx, t, "postfach (mandant, id, postfach, vorgang_id, richtung, zeit, version, daten)",
				p.Eintraege, func(r *driver.EintragRow) int { return len(r.Daten) + 300 }, eintragFelder)
		},
		func() error {
			return insert(ctx, t, "konfig (mandant, art, schluessel, version, daten)", p.Konfig,
				func(r *driver.KonfigRow) int { return len(r.Daten) + 100 }, func(rows []driver.KonfigRow) felder {
					type r = *driver.KonfigRow
					return felder{
						{"text", col(rows, func(x r) string { return x.Art })}, {"text", col(rows, func(x r) string { return x.Schluessel })},
						{"bigint", col(rows, func(x r) int64 { return x.Version })}, {"bytea", col(rows, func(x r) []byte { return sqltx.Blob(x.Daten) })},
					}
				})
		},
		func() error {
			return insert(ctx, t, "schluessel (mandant, schluessel, bis, daten)", p.Schluessel,
				func(r *driver.SchluesselRow) int { return len(r.Daten) + 100 }, func(rows []driver.SchluesselRow) felder {
					type r = *driver.SchluesselRow
					return felder{
						{"text", col(rows, func(x r) string { return x.Schluessel })}, {"timestamptz", col(rows, func(x r) time.Time { return x.Bis })},
						{"bytea", col(rows, func(x r) []byte { return sqltx.Blob(x.Daten) })},
					}
				})
		},
		func() error {
			return insert(ctx, t, "aufbewahrung (mandant, vorgang_id, bis, halt, daten)", p.Aufbewahrung,
				func(r *driver.AufbewahrungRow) int { return len(r.Daten) + 100 }, func(rows []driver.AufbewahrungRow) felder {
					type r = *driver.AufbewahrungRow
					return felder{
						{"uuid", col(rows, func(x r) uuid.UUID { return x.VorgangID })}, {"date", col(rows, func(x r) datum.Datum { return x.Bis })},
						{"boolean", col(rows, func(x r) bool { return x.Halt })}, {"bytea", col(rows, func(x r) []byte { return sqltx.Blob(x.Daten) })},
					}
				})
		},
		func() error { return t.importZaehler(ctx, p.Zaehler) },
		func() error { return t.importAenderungen(ctx, p.Aenderungen) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// auftragStand are the columns of an Auftrag that a new one does not have.
func auftragStand(rows []driver.AuftragRow) felder {
	type r = *driver.AuftragRow
	return felder{
		{"text", col(rows, func(x r) string { return string(x.Zustand) })},
		{"bigint", col(rows, func(x r) int64 { return x.Versuch })},
		{"uuid", col(rows, func(x r) *uuid.UUID { return x.LeaseToken })},
		{"timestamptz", col(rows, func(x r) *time.Time { return x.LeaseBis })},
		{"timestamptz", col(rows, func(x r) *time.Time { return x.Erledigt })},
		{"text", col(rows, func(x r) string { return x.LetzterFehler })},
	}
}

func eingangFelder(rows []driver.EingangRow) felder {
	type r = *driver.EingangRow
	return felder{
		{"uuid", col(rows, func(x r) uuid.UUID { return x.ID })},
		{"text", col(rows, func(x r) string { return x.Schluessel })},
		{"text", col(rows, func(x r) string { return x.Kanal })},
		{"text", col(rows, func(x r) string { return x.Zustand })},
		{"bigint", col(rows, func(x r) int64 { return x.Version })},
		{"timestamptz", col(rows, func(x r) time.Time { return x.Eingegangen })},
		{"text", col(rows, func(x r) string { return string(x.ZielMandant) })},
		{"uuid", col(rows, func(x r) uuid.UUID { return x.ZielVorgang })},
		{"bytea", col(rows, func(x r) []byte { return sqltx.Blob(x.Daten) })},
	}
}

func eintragFelder(rows []driver.EintragRow) felder {
	type r = *driver.EintragRow
	return felder{
		{"uuid", col(rows, func(x r) uuid.UUID { return x.ID })},
		{"text", col(rows, func(x r) string { return x.Postfach })},
		{"uuid", col(rows, func(x r) uuid.UUID { return x.VorgangID })},
		{"text", col(rows, func(x r) string { return x.Richtung })},
		{"timestamptz", col(rows, func(x r) time.Time { return x.Zeit })},
		{"bigint", col(rows, func(x r) int64 { return x.Version })},
		{"bytea", col(rows, func(x r) []byte { return sqltx.Blob(x.Daten) })},
	}
}

// importZaehler keeps the higher value of a counter.
func (t *tx) importZaehler(ctx context.Context, rows []driver.ZaehlerRow) error {
	type r = *driver.ZaehlerRow
	for teil := range pakete(rows, small) {
		a := sqltx.Params{Args: []any{t.Mandant()}}
		f := felder{
			{"text", col(teil, func(x r) string { return x.Name })}, {"bigint", col(teil, func(x r) int64 { return int64(x.Jahr) })},
			{"bigint", col(teil, func(x r) int64 { return x.Wert })},
		}
		if _, err := t.Exec(ctx, "INSERT INTO zaehler (mandant, name, jahr, wert) SELECT $1, u.n, u.j, max(u.w) FROM "+f.unnest(&a)+" u(n, j, w)"+
			" GROUP BY u.n, u.j ON CONFLICT (mandant, name, jahr) DO UPDATE SET wert = excluded.wert WHERE excluded.wert > zaehler.wert", a.Args...); err != nil {
			return err
		}
	}
	return nil
}

// importAenderungen adds to the Mandant's own feed, in this order.
func (t *tx) importAenderungen(ctx context.Context, rows []driver.AenderungRow) error {
	type r = *driver.AenderungRow
	for teil := range pakete(rows, small) {
		a := sqltx.Params{Args: []any{t.Mandant()}}
		f := felder{
			{"uuid", col(teil, func(x r) uuid.UUID { return x.VorgangID })}, {"bigint", col(teil, func(x r) int64 { return x.Version })},
			{"bigint", col(teil, func(x r) int64 { return x.JournalVon })}, {"bigint", col(teil, func(x r) int64 { return x.JournalBis })},
			{"timestamptz", col(teil, func(x r) time.Time { return x.Zeit })},
		}
		if _, err := t.Exec(ctx, "INSERT INTO aenderung (strom, mandant, vorgang_id, version, journal_von, journal_bis, zeit)"+
			" SELECT $1, $1, u.v, u.n, u.a, u.b, u.z FROM "+f.unnest(&a)+" WITH ORDINALITY u(v, n, a, b, z, o) ORDER BY u.o ON CONFLICT DO NOTHING", a.Args...); err != nil {
			return err
		}
	}
	return nil
}
