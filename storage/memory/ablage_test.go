package memory

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestLettersAndDeliveriesByTheirIndex(t *testing.T) {
	b := fresh(t)
	update(t, b, kiel, func(ctx context.Context, tx *tx) {
		for i := range 12 {
			row := driver.EintragRow{ID: nr(100 - i), Postfach: fmt.Sprint("p", i%2), VorgangID: nr(i % 3), Zeit: at(i / 2), Version: 1}
			neu, err := tx.PutEintrag(ctx, driver.PutEintragParams{Row: row})
			require.NoError(t, err)
			require.True(t, neu)
			require.NoError(t, tx.InsertEingang(ctx, driver.InsertEingangParams{Row: driver.EingangRow{
				ID: nr(100 - i), Schluessel: fmt.Sprint(i), Zustand: fmt.Sprint("z", i%3), Eingegangen: at(i / 2), Version: 1,
			}}))
		}
		// A changed Zustand moves the row in its index.
		require.NoError(t, tx.UpdateEingang(ctx, driver.UpdateEingangParams{
			Row: driver.EingangRow{ID: nr(100), Zustand: "z2", Version: 2}, ExpectedVersion: 1,
		}))
	})
	eintraege := func(p driver.ListEintraegeParams) (out []int) {
		p.Limit = 2
		view(t, b, kiel, func(ctx context.Context, tx *tx) {
			for {
				page, err := tx.ListEintraege(ctx, p)
				require.NoError(t, err)
				for _, r := range page {
					out = append(out, 100-int(r.ID[15]))
					p.After = &driver.EintragKey{Zeit: r.Zeit, ID: r.ID}
				}
				if len(page) == 0 {
					return
				}
			}
		})
		return out
	}
	require.Equal(t, []int{1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10}, eintraege(driver.ListEintraegeParams{}))
	require.Equal(t, []int{1, 3, 5, 7, 9, 11}, eintraege(driver.ListEintraegeParams{Postfach: "p1"}))
	require.Equal(t, []int{1, 4, 7, 10}, eintraege(driver.ListEintraegeParams{VorgangID: nr(1)}))
	require.Equal(t, []int{4, 10}, eintraege(driver.ListEintraegeParams{Postfach: "p0", VorgangID: nr(1)}))

	eingaenge := func(zustaende ...string) (out []int) {
		p := driver.ListEingaengeParams{Zustaende: zustaende, Limit: 2}
		view(t, b, kiel, func(ctx context.Context, tx *tx) {
			for {
				page, err := tx.ListEingaenge(ctx, p)
				require.NoError(t, err)
				for _, r := range page {
					out = append(out, 100-int(r.ID[15]))
					p.After = &driver.EingangKey{Eingegangen: r.Eingegangen, ID: r.ID}
				}
				if len(page) == 0 {
					return
				}
			}
		})
		return out
	}
	require.Equal(t, []int{3, 6, 9}, eingaenge("z0"))
	require.Equal(t, []int{0, 3, 2, 5, 6, 9, 8, 11}, eingaenge("z2", "z0", "z2"))
	require.Len(t, eingaenge(), 12)
}

func TestKonfigOfAllKindsAndCounters(t *testing.T) {
	b := fresh(t)
	update(t, b, kiel, func(ctx context.Context, tx *tx) {
		for _, k := range [][2]string{{"b", "1"}, {"a", "2"}, {"ab", "1"}, {"a", "1"}} {
			require.NoError(t, tx.PutKonfig(ctx, driver.PutKonfigParams{Art: k[0], Schluessel: k[1]}))
		}
		list := func(art string) (out []string) {
			rows, err := tx.ListKonfig(ctx, driver.ListKonfigParams{Art: art})
			require.NoError(t, err)
			for _, r := range rows {
				out = append(out, r.Art+r.Schluessel)
			}
			return out
		}
		require.Equal(t, []string{"a1", "a2"}, list("a"))
		require.Equal(t, []string{"a1", "a2", "ab1", "b1"}, list(""))

		for i, want := range []int64{1, 4, 5} {
			n, err := tx.NextNummer(ctx, driver.NextNummerParams{Name: "vg", Jahr: 2026, Anzahl: []int64{0, 3, 1}[i]})
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		for _, z := range []driver.NextNummerParams{{Name: "vg", Jahr: 2025}, {Name: "az", Jahr: 2026}} {
			_, err := tx.NextNummer(ctx, z)
			require.NoError(t, err)
		}
		rows, err := tx.ListZaehler(ctx)
		require.NoError(t, err)
		require.Equal(t, []driver.ZaehlerRow{{Name: "az", Jahr: 2026, Wert: 1}, {Name: "vg", Jahr: 2025, Wert: 1}, {Name: "vg", Jahr: 2026, Wert: 5}}, rows)
	})
}

func TestSchluessel(t *testing.T) {
	b := fresh(t)
	update(t, b, kiel, func(ctx context.Context, tx *tx) {
		for i := range 5 {
			row := driver.SchluesselRow{Schluessel: fmt.Sprint("k", i), Bis: at(5 - i), Daten: []byte{byte(i)}}
			require.NoError(t, tx.PutSchluessel(ctx, driver.PutSchluesselParams{Row: row}))
			row.Daten[0] = 99
			require.ErrorIs(t, tx.PutSchluessel(ctx, driver.PutSchluesselParams{Row: row}), fehler.ErrExists)
			got, err := tx.GetSchluessel(ctx, driver.GetSchluesselParams{Schluessel: row.Schluessel})
			require.NoError(t, err)
			require.Equal(t, []byte{byte(i)}, got.Daten)
		}
		list := func(after string, limit int) (out []string) {
			rows, err := tx.ListSchluessel(ctx, driver.ListSchluesselParams{After: after, Limit: limit})
			require.NoError(t, err)
			for _, r := range rows {
				out = append(out, r.Schluessel)
			}
			return out
		}
		require.Equal(t, []string{"k0", "k1"}, list("", 2))
		require.Equal(t, []string{"k2", "k3"}, list("k1", 2))
		for _, want := range []int64{2, 1, 0} { // at or before the instant, the oldest first
			n, err := tx.Prune(ctx, driver.PruneParams{SchluesselBis: at(3), Limit: 2})
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		require.Equal(t, []string{"k0", "k1"}, list("", 9))
		_, err := tx.GetSchluessel(ctx, driver.GetSchluesselParams{Schluessel: "k4"})
		require.ErrorIs(t, err, fehler.ErrNotFound)
	})
}

func TestAufbewahrung(t *testing.T) {
	b := fresh(t)
	save(t, b, kiel, neu(1), neu(2), neu(3))
	day := func(n int) datum.Datum { return datum.New(2030, 1, n) }
	update(t, b, kiel, func(ctx context.Context, tx *tx) {
		put := func(n, tag int, halt bool) error {
			return tx.PutAufbewahrung(ctx, driver.PutAufbewahrungParams{Row: driver.AufbewahrungRow{VorgangID: nr(n), Bis: day(tag), Halt: halt}})
		}
		require.ErrorIs(t, put(4, 1, false), fehler.ErrNotFound)
		require.NoError(t, put(1, 9, false))
		require.NoError(t, put(1, 3, false))
		require.NoError(t, put(2, 1, true))
		require.NoError(t, put(3, 1, false))
		_, err := tx.GetAufbewahrung(ctx, driver.GetAufbewahrungParams{VorgangID: nr(4)})
		require.ErrorIs(t, err, fehler.ErrNotFound)
		r, err := tx.GetAufbewahrung(ctx, driver.GetAufbewahrungParams{VorgangID: nr(1)})
		require.NoError(t, err)
		require.Equal(t, day(3), r.Bis)
		list := func(vor datum.Datum, after *driver.AufbewahrungKey) []uuid.UUID {
			rows, err := tx.ListAufbewahrung(ctx, driver.ListAufbewahrungParams{BisVor: vor, After: after, Limit: 9})
			require.NoError(t, err)
			return ids(rows, func(r driver.AufbewahrungRow) uuid.UUID { return r.VorgangID })
		}
		require.Equal(t, []uuid.UUID{nr(2), nr(3), nr(1)}, list(datum.Datum{}, nil))
		require.Equal(t, []uuid.UUID{nr(3), nr(1)}, list(datum.Datum{}, &driver.AufbewahrungKey{Bis: day(1), VorgangID: nr(2)}))
		require.Equal(t, []uuid.UUID{nr(3)}, list(day(3), nil))
		require.Equal(t, []uuid.UUID{nr(3), nr(1)}, list(day(4), nil))
	})
}

func TestEraseVorgang(t *testing.T) {
	b := fresh(t)
	for _, n := range []int{1, 2} {
		p := full(neu(n))
		p.Auftraege[0].ID, p.Auftraege[0].Daten = nr(100+n), []byte("d")
		p.Journal[0].Akteur, p.Journal[0].Salz, p.Journal[0].Hash = []byte("a"), []byte("s"), []byte("h")
		save(t, b, kiel, p)
	}
	update(t, b, kiel, func(ctx context.Context, tx *tx) {
		for i, ziel := range []driver.EingangRow{
			{ZielMandant: kiel, ZielVorgang: nr(1)}, {ZielMandant: luebeck, ZielVorgang: nr(1)}, {ZielMandant: kiel, ZielVorgang: nr(2)},
		} {
			ziel.ID, ziel.Schluessel, ziel.Daten = nr(200+i), fmt.Sprint(i), []byte("d")
			require.NoError(t, tx.InsertEingang(ctx, driver.InsertEingangParams{Row: ziel}))
			_, err := tx.PutEintrag(ctx, driver.PutEintragParams{Row: driver.EintragRow{ID: nr(300 + i), VorgangID: nr(i), Postfach: "p"}})
			require.NoError(t, err)
		}
		require.ErrorIs(t, tx.EraseVorgang(ctx, driver.EraseVorgangParams{VorgangID: nr(7)}), fehler.ErrNotFound)
		require.NoError(t, tx.EraseVorgang(ctx, driver.EraseVorgangParams{VorgangID: nr(1)}))

		for _, n := range []int{1, 2} {
			j, err := tx.ListJournal(ctx, driver.ListJournalParams{VorgangID: nr(n), Limit: 9})
			require.NoError(t, err)
			require.Len(t, j, 1)
			gone := n == 1
			for _, part := range [][]byte{j[0].Akteur, j[0].Daten, j[0].Salz} {
				require.Equal(t, gone, len(part) == 0)
			}
			require.Equal(t, "h", string(j[0].Hash))
			a, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{VorgangID: nr(n), Limit: 9})
			require.NoError(t, err)
			require.Equal(t, gone, len(a[0].Daten) == 0)
		}
		hits, err := tx.SearchVorgaenge(ctx, driver.SearchVorgaengeParams{Woerter: []string{"neu"}, Limit: 9})
		require.NoError(t, err)
		require.Len(t, hits, 1)
		for i, want := range []int{0, 1, 1} {
			r, err := tx.GetEingang(ctx, driver.GetEingangParams{ID: nr(200 + i)})
			require.NoError(t, err)
			require.Len(t, r.Daten, want)
		}
		letters, err := tx.ListEintraege(ctx, driver.ListEintraegeParams{Postfach: "p", Limit: 9})
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{nr(300), nr(302)}, ids(letters, func(r driver.EintragRow) uuid.UUID { return r.ID }))
	})
	shares, err := b.Beteiligungen(context.Background(), luebeck, driver.BeteiligungenParams{Now: now, Limit: 9})
	require.NoError(t, err)
	require.Len(t, shares, 1)
	// What is leased afterwards is the erased row.
	got, err := b.LeaseAuftraege(context.Background(), driver.LeaseAuftraegeParams{Now: now, Until: at(1), Token: nr(7), Limit: 1})
	require.NoError(t, err)
	require.Empty(t, got[0].Daten)
}
