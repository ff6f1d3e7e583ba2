package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

func TestMain(m *testing.M) { testenv.Main(m, pgtest.Stop) }

var (
	templateOnce sync.Once
	template     pgtest.Database
)

// fresh gives a migrated database; migrating once and copying is faster.
func fresh(t testing.TB) pgtest.Database {
	t.Helper()
	templateOnce.Do(func() {
		db := pgtest.New(t)
		require.NoError(t, postgres.Migrate(context.Background(), db.OwnerDSN, nil))
		template = db
	})
	return pgtest.FromTemplate(t, template.Name)
}

func connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(context.Background(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func open(t testing.TB, db pgtest.Database) *postgres.Backend {
	t.Helper()
	b, err := postgres.OpenBackend(context.Background(), db.AppDSN, &postgres.Options{RelayDSN: db.RelayDSN, LockTimeout: 2 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

var now = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// neu is the first save of a Vorgang as an intake does it: two entries of the
// journal, one Auftrag, words, the own feed.
func neu(mandant tenant.ID) driver.SaveVorgangParams {
	id := uuid.Must(uuid.NewV7())
	return driver.SaveVorgangParams{
		Row: driver.VorgangRow{
			ID: id, Version: 1, Nummer: "N-" + id.String(), Status: "neu", Leistung: "l", Einheit: "e", Antragsteller: "Erika Mustermann",
			Eingang: now, Wartend: true, JournalSeq: 2, JournalHash: make([]byte, 32), Daten: make([]byte, 1500),
		},
		Journal:   []driver.JournalRow{eintrag(id, 1), eintrag(id, 2)},
		Auftraege: []driver.AuftragRow{{ID: uuid.Must(uuid.NewV7()), VorgangID: id, VorgangVersion: 1, Art: "a", Daten: make([]byte, 200), Erstellt: now, Faellig: now}},
		Woerter:   []string{"erika", "mustermann", "kiel", id.String()},
		Stroeme:   []tenant.ID{mandant},
		Zeit:      now,
	}
}

func eintrag(id uuid.UUID, seq int64) driver.JournalRow {
	h := make([]byte, 32)
	return driver.JournalRow{VorgangID: id, Seq: seq, Zeit: now, Code: "c", Akteur: []byte("akteur"), Daten: make([]byte, 200), Salz: h[:16],
		AkteurHash: h, DatenHash: h, Vorgaenger: h, Hash: h}
}

// danach is the next save of what was read: one entry of the journal.
func danach(r driver.VorgangRow, stroeme ...tenant.ID) driver.SaveVorgangParams {
	p := driver.SaveVorgangParams{Row: r, ExpectedVersion: r.Version, Journal: []driver.JournalRow{eintrag(r.ID, r.JournalSeq+1)}, Stroeme: stroeme, Zeit: now}
	p.Row.Version++
	p.Row.JournalSeq++
	return p
}

func update(b driver.Backend, m tenant.ID, f func(ctx context.Context, tx driver.Tx) error) error {
	return b.Update(context.Background(), m, f)
}

// save stores and commits.
func save(b driver.Backend, m tenant.ID, p driver.SaveVorgangParams) error {
	p.Final = true
	return update(b, m, func(ctx context.Context, tx driver.Tx) error { return tx.SaveVorgang(ctx, p) })
}

func get(t testing.TB, b driver.Backend, m tenant.ID, id uuid.UUID) (row driver.VorgangRow) {
	t.Helper()
	require.NoError(t, b.View(context.Background(), m, func(ctx context.Context, tx driver.Tx) (err error) {
		row, err = tx.GetVorgang(ctx, driver.GetVorgangParams{ID: id})
		return err
	}))
	return row
}
