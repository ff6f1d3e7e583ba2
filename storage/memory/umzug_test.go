package memory

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func nothing(context.Context, driver.Tx) error { return nil }

func TestSperre(t *testing.T) {
	b, ctx := fresh(t), context.Background()
	set := func(s driver.Sperre) {
		require.NoError(t, b.SetSperre(ctx, kiel, s))
		got, err := b.GetSperre(ctx, kiel)
		require.NoError(t, err)
		require.Equal(t, s, got)
	}
	set(driver.SperreSchreiben)
	require.ErrorIs(t, b.Update(ctx, kiel, nothing), driver.ErrUmzug)
	require.NoError(t, b.View(ctx, kiel, nothing))
	set(driver.SperreAlles)
	require.ErrorIs(t, b.Update(ctx, kiel, nothing), driver.ErrUmgezogen)
	require.ErrorIs(t, b.View(ctx, kiel, nothing), driver.ErrUmgezogen)
	require.NoError(t, b.Update(ctx, luebeck, nothing))
	set(driver.SperreKeine)
	require.NoError(t, b.Update(ctx, kiel, nothing))
	require.ErrorIs(t, b.SetSperre(ctx, kiel, "halb"), fehler.ErrInvalid)
}

func TestSetSperreWaitsForTheWriter(t *testing.T) {
	b, ctx := New(&Options{BusyTimeout: 5 * time.Second}).Backend(), context.Background()
	writing, goOn, shut := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		_ = b.Update(ctx, kiel, func(ctx context.Context, tx driver.Tx) error {
			close(writing)
			<-goOn
			return tx.SaveVorgang(ctx, neu(1))
		})
	}()
	<-writing
	go func() { shut <- b.SetSperre(ctx, kiel, driver.SperreSchreiben) }()
	select {
	case <-shut:
		t.Fatal("SetSperre returned while a transaction could still write")
	case <-time.After(20 * time.Millisecond):
	}
	close(goOn)
	require.NoError(t, <-shut)
	view(t, b, kiel, func(ctx context.Context, tx *tx) {
		_, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: nr(1)})
		require.NoError(t, err)
	})

	// No wait is without bound.
	c := fresh(t)
	update(t, c, kiel, func(ctx context.Context, _ *tx) {
		require.ErrorIs(t, c.SetSperre(ctx, luebeck, driver.SperreAlles), fehler.ErrUnavailable)
	})
}

// goods fills every table of a Mandant.
func goods() driver.ImportParams {
	row := neu(1).Row
	row.Nummer, row.LeaseToken, row.LeaseBis, row.Version = "N1", new(nr(5)), new(at(9)), 4
	return driver.ImportParams{
		Vorgaenge: []driver.ImportVorgang{{
			Row: row, Woerter: []string{"b", "a"},
			Beteiligungen: []driver.BeteiligungRow{{Gast: luebeck, Recht: "lesen", Von: now}},
		}, {Row: driver.VorgangRow{ID: nr(2), Version: 1, Nummer: "N1"}}},
		Journal: neu(1).Journal,
		Auftraege: []driver.AuftragRow{
			{ID: nr(10), VorgangID: nr(1), VorgangVersion: 1, Zustand: driver.AuftragErledigt, Versuch: 2, Erledigt: new(now)},
			{ID: nr(11), VorgangID: nr(1), VorgangVersion: 1, Ordinal: 1, Zustand: driver.AuftragOffen, LeaseToken: new(nr(7)), LeaseBis: new(at(3))},
			{ID: nr(12), VorgangID: nr(1), VorgangVersion: 1, Ordinal: 2, Zustand: driver.AuftragOffen},
		},
		Eingaenge:    []driver.EingangRow{{ID: nr(20), Schluessel: "s", Version: 3}, {ID: nr(21), Schluessel: "s", Version: 1}},
		Eintraege:    []driver.EintragRow{{ID: nr(30), Postfach: "p", Version: 2}},
		Konfig:       []driver.KonfigRow{{Art: "a", Schluessel: "k", Version: 7}},
		Zaehler:      []driver.ZaehlerRow{{Name: "n", Jahr: 2026, Wert: 5}},
		Schluessel:   []driver.SchluesselRow{{Schluessel: "x", Bis: now}},
		Aufbewahrung: []driver.AufbewahrungRow{{VorgangID: nr(1), Bis: datum.New(2030, 1, 1)}},
		Aenderungen:  []driver.AenderungRow{{Mandant: "nobody", Cursor: "88", VorgangID: nr(1), Version: 4, Zeit: now}},
	}
}

func TestImportTwiceIsImportOnce(t *testing.T) {
	b := fresh(t)
	p := goods()
	update(t, b, kiel, func(ctx context.Context, tx *tx) {
		n, err := tx.Import(ctx, p)
		require.NoError(t, err)
		require.EqualValues(t, 1, n, "a Vorgang whose Nummer another one has is passed over")
		before := *tx.s
		n, err = tx.Import(ctx, p)
		require.NoError(t, err)
		require.Zero(t, n)
		require.True(t, before == *tx.s, "the second import changed something")

		r, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: nr(1)})
		require.NoError(t, err)
		require.Equal(t, p.Vorgaenge[0].Row, r)
		as, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{Limit: 9})
		require.NoError(t, err)
		for i := range as {
			want := p.Auftraege[i]
			want.Mandant = kiel
			require.Equal(t, want, as[i])
		}
		p.Zaehler[0].Wert = 4
		_, err = tx.Import(ctx, p)
		require.NoError(t, err)
		next, err := tx.NextNummer(ctx, driver.NextNummerParams{Name: "n", Jahr: 2026, Anzahl: 3})
		require.NoError(t, err)
		require.EqualValues(t, 8, next, "a counter keeps the higher value")
	})
	require.Equal(t, driver.AenderungRow{Cursor: "1", Mandant: kiel, VorgangID: nr(1), Version: 4, Zeit: now}, feed(t, b, kiel, "")[0])
	got, err := b.LeaseAuftraege(context.Background(), driver.LeaseAuftraegeParams{Now: at(3), Until: at(4), Token: nr(8), Limit: 9})
	require.NoError(t, err)
	require.Len(t, got, 1, "leases and places come with the Auftraege")
	require.Equal(t, nr(11), got[0].ID)
}

func TestImportNeedsTheVorgang(t *testing.T) {
	for _, p := range []driver.ImportParams{
		{Journal: goods().Journal}, {Auftraege: goods().Auftraege}, {Aufbewahrung: goods().Aufbewahrung},
	} {
		b := fresh(t)
		err := b.Update(context.Background(), kiel, func(ctx context.Context, tx driver.Tx) error {
			_, err := tx.Import(ctx, p)
			require.ErrorIs(t, err, fehler.ErrNotFound)
			return nil
		})
		require.ErrorIs(t, err, fehler.ErrNotFound)
	}
}

func TestEntfernen(t *testing.T) {
	b, ctx := fresh(t), context.Background()
	load := func(m tenant.ID) {
		update(t, b, m, func(ctx context.Context, tx *tx) {
			_, err := tx.Import(ctx, goods())
			require.NoError(t, err)
		})
	}
	toKiel := neu(9)
	toKiel.Beteiligungen = []driver.BeteiligungRow{{Gast: kiel, Recht: "lesen", Von: now}}
	save(t, b, luebeck, toKiel)
	load(luebeck)
	without := *b.db.head.Load()
	load(kiel)
	for _, s := range []driver.Sperre{driver.SperreKeine, driver.SperreSchreiben} {
		require.NoError(t, b.SetSperre(ctx, kiel, s))
		require.ErrorIs(t, b.Entfernen(ctx, kiel), fehler.ErrConflict)
	}
	require.NoError(t, b.SetSperre(ctx, kiel, driver.SperreAlles))
	require.NoError(t, b.Entfernen(ctx, kiel))
	require.NoError(t, b.Entfernen(ctx, kiel))
	s, err := b.GetSperre(ctx, kiel)
	require.NoError(t, err)
	require.Equal(t, driver.SperreAlles, s)

	left := *b.db.head.Load()
	require.Equal(t, counts(&without), counts(&left))
	shares, err := b.Beteiligungen(ctx, kiel, driver.BeteiligungenParams{Now: now, Limit: 9})
	require.NoError(t, err)
	require.Len(t, shares, 1, "what others gave is theirs")
	require.NoError(t, b.SetSperre(ctx, kiel, driver.SperreKeine))
	lost(t, b, kiel, "0")
	load(kiel)
	require.Equal(t, "2", feed(t, b, kiel, "")[0].Cursor, "no place is given twice")
}

func counts(s *state) map[string]uint32 {
	return map[string]uint32{
		"vorgang": size(s.vorgang.rows.root), "vorgang index": size(s.vorgang.index.root), "journal": size(s.journal.root),
		"auftrag": size(s.auftrag.rows.root), "auftrag index": size(s.auftrag.index.root),
		"frei": size(s.outbox.frei.root), "belegt": size(s.outbox.belegt.root), "outbox": size(s.outbox.mandant.root),
		"eingang": size(s.eingang.rows.root), "eingang index": size(s.eingang.index.root),
		"eintrag": size(s.eintrag.rows.root), "eintrag index": size(s.eintrag.index.root),
		"konfig": size(s.konfig.root), "zaehler": size(s.zaehler.root),
		"schluessel": size(s.schluessel.rows.root), "bis": size(s.schluessel.bis.root),
		"aufbewahrung": size(s.aufbewahrung.rows.root), "aufbewahrung index": size(s.aufbewahrung.index.root),
		"beteiligung": size(s.beteiligung.rows.root), "gast": size(s.beteiligung.gast.root),
		"strom": size(s.strom.rows.root), "versions": size(s.strom.versions.root),
	}
}
