package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// A file of the first version keeps all its rows, is found in lists and on the
// stack, and can be written.
func TestUpgrade(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "alt.db")
	text, err := os.ReadFile("testdata/schema1.sql")
	require.NoError(t, err)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.Exec(string(text))
	require.NoError(t, err)
	require.NoError(t, db.Close())

	b, err := sqlite.OpenBackend(ctx, path, nil)
	require.NoError(t, err)
	defer b.Close()
	one, two := uuid.MustParse("01900000-0000-7000-8000-00000000000a"), uuid.MustParse("01900000-0000-7000-8000-00000000000b")
	eingang := time.UnixMicro(1795424400000000).UTC()
	want := driver.VorgangRow{ID: one, Version: 2, Nummer: "KI-1", Status: "neu", Leistung: "99063005001000", Einheit: "gruen",
		Aktenzeichen: []string{"67.31/26-1", "ä"}, Eingang: eingang, Frist: datum.MustParse("2026-12-24"), Wartend: true,
		JournalSeq: 2, JournalHash: []byte{0xa2}, Daten: []byte("{}")}
	view(t, b, func(ctx context.Context, tx driver.Tx) {
		list, err := tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{Limit: 9})
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, want, list[0])
		require.Equal(t, two, list[1].ID)
		require.Len(t, list[1].Daten, 20000)
		require.Equal(t, "01900000-0000-7000-8000-00000000ffff", list[1].LeaseToken.String())
		list, err = tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{Filter: driver.VorgangFilter{Aktenzeichen: "ä", Status: []string{"neu", "zu"}}, Limit: 9})
		require.NoError(t, err)
		require.Equal(t, []driver.VorgangRow{want}, list)
		j, err := tx.ListJournal(ctx, driver.ListJournalParams{VorgangID: one, Limit: 9})
		require.NoError(t, err)
		require.Len(t, j, 2)
		require.Equal(t, []byte{2}, j[0].Daten)
		require.Empty(t, j[1].Daten)
		a, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{Limit: 9})
		require.NoError(t, err)
		require.Len(t, a, 3)
		require.Equal(t, "timeout", a[2].LetzterFehler)
		e, err := tx.ListEingaenge(ctx, driver.ListEingaengeParams{Limit: 9})
		require.NoError(t, err)
		require.Len(t, e, 2)
		require.Equal(t, one, e[0].ZielVorgang)
		p, err := tx.ListEintraege(ctx, driver.ListEintraegeParams{VorgangID: one, Limit: 9})
		require.NoError(t, err)
		require.Len(t, p, 1)
		k, err := tx.ListKonfig(ctx, driver.ListKonfigParams{})
		require.NoError(t, err)
		require.Equal(t, []driver.KonfigRow{{Art: "mandant", Schluessel: "stamm", Version: 4, Daten: []byte("{}")}}, k)
	})
	require.Empty(t, feed(t, b, "kiel", ""))

	leased, err := b.LeaseAuftraege(ctx, driver.LeaseAuftraegeParams{Now: eingang.Add(time.Hour), Until: eingang.Add(2 * time.Hour), Token: uuid.New(), Limit: 9})
	require.NoError(t, err)
	require.Len(t, leased, 1)
	update(t, b, "kiel", func(ctx context.Context, tx driver.Tx) {
		n, err := tx.NextNummer(ctx, driver.NextNummerParams{Name: "vorgang", Jahr: 2026})
		require.NoError(t, err)
		require.EqualValues(t, 42, n)
		r, err := tx.NextWartend(ctx, driver.NextWartendParams{Now: eingang, Leistungen: []string{"l2", "99063005001000"}})
		require.NoError(t, err)
		require.Equal(t, one, r.ID)
		r.Version, r.JournalSeq, r.Antragsteller = 3, 3, "Erika Mustermann"
		require.NoError(t, tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: r, ExpectedVersion: 2, Woerter: []string{"erika", "mustermann"},
			Journal: []driver.JournalRow{eintrag(one, 3)}, Zeit: eingang}))
		// Keys that refer to the table that was built anew still do.
		require.ErrorIs(t, tx.PutAufbewahrung(ctx, driver.PutAufbewahrungParams{Row: driver.AufbewahrungRow{VorgangID: uuid.New(), Bis: datum.MustParse("2030-01-01")}}), fehler.ErrNotFound)
	})
	require.Equal(t, []string{"mustermann"}, hits(t, b, "muster"))
	err = b.Update(ctx, "luebeck", func(ctx context.Context, tx driver.Tx) error {
		return tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: driver.VorgangRow{ID: one, Version: 2, Nummer: "KI-1", Eingang: eingang}, ExpectedVersion: 1,
			Auftraege: []driver.AuftragRow{{ID: uuid.New(), VorgangID: two}}})
	})
	require.ErrorContains(t, err, "FOREIGN KEY", "two is kiel's")
}
