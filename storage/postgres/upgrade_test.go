package postgres_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// schema1 makes a database as the first version of the library left it, with
// a Vorgang of each Mandant and one row of every other table.
func schema1(t *testing.T, mandanten ...tenant.ID) (pgtest.Database, uuid.UUID) {
	t.Helper()
	db := pgtest.New(t)
	c := connect(t, db.OwnerDSN)
	text, err := postgres.Files.ReadFile("migrations/00001_grundlage.sql")
	require.NoError(t, err)
	sum := sha256.Sum256(text)
	_, err = c.Exec(t.Context(), string(text)+"; CREATE TABLE migration (nummer bigint PRIMARY KEY, name text NOT NULL, summe text NOT NULL)")
	require.NoError(t, err)
	_, err = c.Exec(t.Context(), "INSERT INTO migration VALUES (1, '00001_grundlage.sql', $1)", hex.EncodeToString(sum[:]))
	require.NoError(t, err)
	id := uuid.MustParse("01890000-0000-7000-8000-000000000001")
	super := connect(t, db.SuperDSN)
	for _, m := range mandanten {
		for _, sql := range []string{
			`INSERT INTO vorgang VALUES ($1, $2, 3, 'N-1', 'neu', 'l', 'e', 'anna', '["1"]', '2026-03-01 08:00Z', '2026-04-01', true, NULL, NULL, 1, '\x01', '\x02')`,
			`INSERT INTO aktenzeichen VALUES ($1, '1', $2)`,
			`INSERT INTO journal VALUES ($1, $2, 1, '2026-03-01 08:00Z', 'c', '\x01', '\x02', '\x03', '\x04', '\x05', '\x06', '\x07')`,
			`INSERT INTO auftrag VALUES ($1, $2, $2, 1, 0, 'a', '\x01', '2026-03-01 08:00Z', '2026-03-01 08:00Z', false, 'offen', 0, NULL, NULL, NULL, '')`,
			`INSERT INTO eingang VALUES ($1, $2, 'k', 'x', 'y', 1, '2026-03-01 08:00Z', $1, $2, '\x01')`,
			`INSERT INTO postfach VALUES ($1, $2, 'p', $2, 'r', '2026-03-01 08:00Z', 1, '\x01')`,
			`INSERT INTO konfig SELECT $1, 'a', 'b', 1, '\x01' WHERE $2::uuid IS NOT NULL`,
			`INSERT INTO zaehler SELECT $1, 'z', 2026, 41 WHERE $2::uuid IS NOT NULL`,
		} {
			_, err := super.Exec(t.Context(), sql, m, id)
			require.NoError(t, err, sql)
		}
	}
	return db, id
}

func TestUpgradeFromSchema1(t *testing.T) {
	db, id := schema1(t, "kiel", "luebeck")
	_, err := postgres.OpenBackend(t.Context(), db.AppDSN, nil)
	require.Error(t, err, "a migration is missing")
	errs := make([]error, 5)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = postgres.Migrate(context.Background(), db.OwnerDSN, nil) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Empty(t, schemaFaults(t, connect(t, db.OwnerDSN)))
	b := open(t, db)
	want := driver.VorgangRow{
		ID: id, Version: 3, Nummer: "N-1", Status: "neu", Leistung: "l", Einheit: "e", Bearbeiter: "anna", Aktenzeichen: []string{"1"},
		Eingang: now, Frist: datum.New(2026, 4, 1), Wartend: true, JournalSeq: 1, JournalHash: []byte{1}, Daten: []byte{2},
	}
	for _, m := range []tenant.ID{"kiel", "luebeck"} {
		require.NoError(t, b.View(t.Context(), m, func(ctx context.Context, tx driver.Tx) error {
			r, err := tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{Limit: 9, Filter: driver.VorgangFilter{Aktenzeichen: "1"}})
			require.NoError(t, err)
			require.Equal(t, []driver.VorgangRow{want}, r)
			j, err := tx.ListJournal(ctx, driver.ListJournalParams{VorgangID: id, Limit: 9})
			require.NoError(t, err)
			require.Equal(t, []driver.JournalRow{{VorgangID: id, Seq: 1, Zeit: now, Code: "c", Akteur: []byte{1}, Daten: []byte{2}, Salz: []byte{3},
				AkteurHash: []byte{4}, DatenHash: []byte{5}, Vorgaenger: []byte{6}, Hash: []byte{7}}}, j)
			a, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{Limit: 9})
			require.NoError(t, err)
			require.Len(t, a, 1)
			e, err := tx.GetEingang(ctx, driver.GetEingangParams{Schluessel: "k"})
			require.NoError(t, err)
			require.Equal(t, id, e.ZielVorgang)
			l, err := tx.ListEintraege(ctx, driver.ListEintraegeParams{Postfach: "p", Limit: 9})
			require.NoError(t, err)
			require.Len(t, l, 1)
			k, err := tx.GetKonfig(ctx, driver.GetKonfigParams{Art: "a", Schluessel: "b"})
			require.NoError(t, err)
			require.Equal(t, []byte{1}, k.Daten)
			return nil
		}))
		// And it goes on from there.
		require.NoError(t, update(b, m, func(ctx context.Context, tx driver.Tx) error {
			n, err := tx.NextNummer(ctx, driver.NextNummerParams{Name: "z", Jahr: 2026})
			require.EqualValues(t, 42, n)
			return err
		}))
		got, err := next(b, driver.NextWartendParams{Einheiten: []string{"e"}, Now: now}, now.Add(time.Hour))
		if m == "kiel" {
			require.NoError(t, err)
			require.Zero(t, got)
		}
		p := danach(get(t, b, m, id), m)
		p.Woerter = []string{"wort"}
		require.NoError(t, save(b, m, p))
		require.Len(t, feed(t, b, m, "", 9), 1)
	}
	leased, err := b.LeaseAuftraege(t.Context(), driver.LeaseAuftraegeParams{Now: now, Until: now.Add(time.Hour), Token: uuid.New(), Limit: 9})
	require.NoError(t, err)
	require.Len(t, leased, 2)
}
