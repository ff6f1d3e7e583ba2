package sqlite_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func update(t testing.TB, b driver.Backend, mandant tenant.ID, f func(ctx context.Context, tx driver.Tx)) {
	t.Helper()
	require.NoError(t, b.Update(t.Context(), mandant, func(ctx context.Context, tx driver.Tx) error { f(ctx, tx); return nil }))
}

func feed(t testing.TB, b driver.Backend, strom tenant.ID, after string) []driver.AenderungRow {
	t.Helper()
	rows, err := b.Aenderungen(t.Context(), strom, driver.AenderungenParams{After: after, Limit: 100})
	require.NoError(t, err)
	return rows
}

func TestFeed(t *testing.T) {
	b, _ := openBackend(t, nil)
	start, err := b.AenderungenEnde(t.Context(), "kiel")
	require.NoError(t, err)
	require.Empty(t, feed(t, b, "kiel", start))
	woken := map[tenant.ID]int{}
	for _, m := range []tenant.ID{"kiel", "luebeck", "flensburg", ""} {
		defer b.Wecken(m, func() { woken[m]++ })()
	}
	p := neuer(1)
	p.Stroeme = []tenant.ID{"kiel", "luebeck"}
	save(t, b, p)
	p = folgend(p)
	p.Zeit = tag1.Add(time.Hour)
	save(t, b, p)
	p = folgend(p)
	p.Stroeme, p.Zeit = []tenant.ID{"kiel"}, tag1.Add(2*time.Hour)
	save(t, b, p)
	require.Equal(t, map[tenant.ID]int{"kiel": 3, "luebeck": 2, "": 1}, woken)

	own := feed(t, b, "kiel", start)
	require.Len(t, own, 3)
	require.Equal(t, own, feed(t, b, "kiel", ""))
	for i, r := range own {
		n := int64(i + 1)
		require.Equal(t, []any{tenant.ID("kiel"), p.Row.ID, n, n, n}, []any{r.Mandant, r.VorgangID, r.Version, r.JournalVon, r.JournalBis})
		require.Len(t, feed(t, b, "kiel", r.Cursor), 2-i)
	}
	guest := feed(t, b, "luebeck", "")
	require.Len(t, guest, 2)
	require.Equal(t, tenant.ID("kiel"), guest[1].Mandant)
	end, err := b.AenderungenEnde(t.Context(), "kiel")
	require.NoError(t, err)
	require.Equal(t, own[2].Cursor, end)
	for _, c := range []string{"x", "-1-0", "1", "01-0", "1-0", "9-x", "0-x", strings.Replace(end, "3-", "2-", 1)} {
		_, err := b.Aenderungen(t.Context(), "kiel", driver.AenderungenParams{After: c, Limit: 1})
		require.ErrorIs(t, err, fehler.ErrNotFound, c)
	}

	// Prune takes a beginning, and never the last.
	var n int64
	prune := func(limit int, bis time.Time) {
		update(t, b, "kiel", func(ctx context.Context, tx driver.Tx) {
			n, err = tx.Prune(ctx, driver.PruneParams{AenderungenBis: bis, Limit: limit})
			require.NoError(t, err)
		})
	}
	prune(10, tag1)
	require.EqualValues(t, 0, n)
	prune(1, tag1.Add(10*time.Hour))
	require.EqualValues(t, 1, n)
	require.Len(t, feed(t, b, "kiel", own[0].Cursor), 2, "the last one removed stays good")
	prune(10, tag1.Add(10*time.Hour))
	require.EqualValues(t, 1, n)
	require.Len(t, feed(t, b, "kiel", own[1].Cursor), 1)
	for _, c := range []string{start, own[0].Cursor} {
		_, err := b.Aenderungen(t.Context(), "kiel", driver.AenderungenParams{After: c, Limit: 1})
		require.ErrorIs(t, err, fehler.ErrNotFound, c)
	}
	require.Len(t, feed(t, b, "luebeck", ""), 2)
}

// A Mandant moves: shut, read, imported twice, removed.
func TestMove(t *testing.T) {
	from, _ := openBackend(t, nil)
	to, path := openBackend(t, nil)
	ctx := t.Context()
	p, q := neuer(1), neuer(2)
	p.Beteiligungen = []driver.BeteiligungRow{{Gast: "luebeck", Recht: "lesen", Von: tag1}}
	save(t, from, p, q)
	require.NoError(t, from.SetSperre(ctx, "kiel", driver.SperreSchreiben))
	require.ErrorIs(t, from.Update(ctx, "kiel", put("x")), driver.ErrUmzug)
	require.ErrorIs(t, from.Entfernen(ctx, "kiel"), fehler.ErrConflict)
	leased, err := from.LeaseAuftraege(ctx, driver.LeaseAuftraegeParams{Now: tag1, Until: tag1.Add(1), Token: uuid.New(), Limit: 9})
	require.NoError(t, err)
	require.Empty(t, leased, "of a Mandant that is shut nothing is given")

	in := driver.ImportParams{
		Journal: append(p.Journal, q.Journal...), Auftraege: []driver.AuftragRow{p.Auftraege[0]},
		Eingaenge:  []driver.EingangRow{{ID: uuid.New(), Schluessel: "s", Kanal: "k", Zustand: "z", Version: 3, Eingegangen: tag1}},
		Eintraege:  []driver.EintragRow{{ID: uuid.New(), Postfach: "p", Richtung: "r", Zeit: tag1, Version: 2}},
		Konfig:     []driver.KonfigRow{{Art: "a", Schluessel: "k", Version: 5, Daten: []byte("k")}},
		Zaehler:    []driver.ZaehlerRow{{Name: "n", Jahr: 2026, Wert: 40}},
		Schluessel: []driver.SchluesselRow{{Schluessel: "s", Bis: tag1}}, Aufbewahrung: []driver.AufbewahrungRow{{VorgangID: p.Row.ID, Bis: datum.MustParse("2030-01-01")}},
	}
	in.Auftraege[0].Zustand, in.Auftraege[0].Versuch = driver.AuftragGeparkt, 7
	view(t, from, func(ctx context.Context, tx driver.Tx) {
		for _, x := range []driver.SaveVorgangParams{p, q} {
			r, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: x.Row.ID})
			require.NoError(t, err)
			in.Vorgaenge = append(in.Vorgaenge, driver.ImportVorgang{Row: r, Woerter: x.Woerter, Beteiligungen: x.Beteiligungen})
		}
	})
	in.Aenderungen = feed(t, from, "kiel", "")
	update(t, to, "kiel", func(ctx context.Context, tx driver.Tx) {
		for _, want := range []int64{2, 0} {
			n, err := tx.Import(ctx, in)
			require.NoError(t, err)
			require.Equal(t, want, n)
			in.Zaehler[0].Wert = 30
			in.Vorgaenge[0].Woerter = []string{"neu"}
		}
		z, err := tx.ListZaehler(ctx)
		require.NoError(t, err)
		require.Equal(t, []driver.ZaehlerRow{{Name: "n", Jahr: 2026, Wert: 40}}, z)
		n, err := tx.NextNummer(ctx, driver.NextNummerParams{Name: "n", Jahr: 2026, Anzahl: 10})
		require.NoError(t, err)
		require.EqualValues(t, 50, n)
		k, err := tx.ListKonfig(ctx, driver.ListKonfigParams{})
		require.NoError(t, err)
		require.Equal(t, in.Konfig, k)
		a, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{Limit: 9})
		require.NoError(t, err)
		require.Len(t, a, 1)
		require.EqualValues(t, 7, a[0].Versuch)
	})
	require.Equal(t, []string{"erika", "erika"}, hits(t, to, "erika"))
	require.Empty(t, hits(t, to, "neu"), "what is derived stays with what is stored")
	require.Len(t, feed(t, to, "kiel", ""), 2)

	err = to.Update(ctx, "kiel", func(ctx context.Context, tx driver.Tx) error {
		_, err := tx.Import(ctx, driver.ImportParams{Journal: []driver.JournalRow{eintrag(uuid.New(), 1)}})
		require.ErrorIs(t, err, fehler.ErrNotFound)
		return nil
	})
	require.ErrorIs(t, err, fehler.ErrNotFound, "and the transaction cannot be committed")

	require.NoError(t, to.SetSperre(ctx, "kiel", driver.SperreAlles))
	require.ErrorIs(t, to.View(ctx, "kiel", func(context.Context, driver.Tx) error { return nil }), driver.ErrUmgezogen)
	require.NoError(t, to.Entfernen(ctx, "kiel"))
	require.NoError(t, to.Entfernen(ctx, "kiel"))
	s, err := to.GetSperre(ctx, "kiel")
	require.NoError(t, err)
	require.Equal(t, driver.SperreAlles, s)
	counts(t, path, func(table string, n int) { require.Equal(t, table == "sperre", n == 1, table) })
}

// counts gives the rows of each table.
func counts(t *testing.T, path string, f func(table string, n int)) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	for _, table := range []string{"vorgang", "aktenzeichen", "journal", "auftrag", "eingang", "postfach", "konfig", "zaehler",
		"suche", "beteiligung", "aenderung", "schluessel", "aufbewahrung", "sperre"} {
		var n int
		require.NoError(t, db.QueryRow("SELECT count(*) FROM "+table).Scan(&n))
		f(table, n)
	}
}

func TestErase(t *testing.T) {
	b, path := openBackend(t, nil)
	p, other := neuer(1), neuer(2)
	p.Beteiligungen = []driver.BeteiligungRow{{Gast: "luebeck", Recht: "lesen", Von: tag1}}
	save(t, b, p, other)
	update(t, b, "kiel", func(ctx context.Context, tx driver.Tx) {
		require.NoError(t, tx.InsertEingang(ctx, driver.InsertEingangParams{Row: driver.EingangRow{ID: uuid.New(), Schluessel: "s",
			ZielMandant: "kiel", ZielVorgang: p.Row.ID, Daten: []byte("geheim"), Eingegangen: tag1}}))
		_, err := tx.PutEintrag(ctx, driver.PutEintragParams{Row: driver.EintragRow{ID: uuid.New(), VorgangID: p.Row.ID, Zeit: tag1, Daten: []byte("geheim")}})
		require.NoError(t, err)
		require.ErrorIs(t, tx.PutAufbewahrung(ctx, driver.PutAufbewahrungParams{Row: driver.AufbewahrungRow{VorgangID: uuid.New(), Bis: datum.MustParse("2030-01-01")}}), fehler.ErrNotFound)
		for _, bis := range []string{"2030-01-01", "2029-01-01"} {
			require.NoError(t, tx.PutAufbewahrung(ctx, driver.PutAufbewahrungParams{Row: driver.AufbewahrungRow{VorgangID: p.Row.ID, Bis: datum.MustParse(bis), Daten: []byte("g")}}))
		}
		due, err := tx.ListAufbewahrung(ctx, driver.ListAufbewahrungParams{BisVor: datum.MustParse("2029-01-02"), Limit: 5})
		require.NoError(t, err)
		require.Len(t, due, 1)

		_, err = tx.GetVorgang(ctx, driver.GetVorgangParams{ID: p.Row.ID, Lock: true})
		require.NoError(t, err)
		require.NoError(t, tx.EraseVorgang(ctx, driver.EraseVorgangParams{VorgangID: p.Row.ID}))
		require.ErrorIs(t, tx.EraseVorgang(ctx, driver.EraseVorgangParams{VorgangID: uuid.New()}), fehler.ErrNotFound)
		// What was read before the erasure must not tell which words are stored.
		next := folgend(p)
		next.Woerter = []string{"erika"}
		require.NoError(t, tx.SaveVorgang(ctx, next))
	})
	require.Equal(t, []string{"erika", "erika"}, hits(t, b, "erika"))
	require.Len(t, hits(t, b, "muster"), 1)
	want := map[string]int{"vorgang": 2, "journal": 3, "auftrag": 2, "eingang": 1, "postfach": 0, "beteiligung": 0, "aufbewahrung": 1}
	counts(t, path, func(table string, n int) {
		if w, ok := want[table]; ok {
			require.Equal(t, w, n, table)
		}
	})
	view(t, b, func(ctx context.Context, tx driver.Tx) {
		j, err := tx.ListJournal(ctx, driver.ListJournalParams{VorgangID: p.Row.ID, Limit: 9})
		require.NoError(t, err)
		require.Empty(t, append(append(j[0].Akteur, j[0].Daten...), j[0].Salz...))
		require.NotEmpty(t, j[0].Hash)
		a, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{VorgangID: p.Row.ID, Limit: 9})
		require.NoError(t, err)
		require.Empty(t, a[0].Daten)
		e, err := tx.GetEingang(ctx, driver.GetEingangParams{Schluessel: "s"})
		require.NoError(t, err)
		require.Empty(t, e.Daten)
	})
}
