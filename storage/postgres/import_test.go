package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestImport(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	bis, token := now.Add(time.Hour), uuid.New()
	var p driver.ImportParams
	for i := range 2500 { // more than one statement takes
		s := neu("kiel")
		s.Row.Frist = []datum.Datum{{}, datum.New(2026, 5, 1)}[i%2]
		s.Row.Aktenzeichen = [][]string{nil, {"a", "b"}}[i%2]
		if i%3 == 0 {
			s.Row.LeaseToken, s.Row.LeaseBis = &token, &bis
		}
		p.Vorgaenge = append(p.Vorgaenge, driver.ImportVorgang{Row: s.Row, Woerter: s.Woerter, Beteiligungen: []driver.BeteiligungRow{{Gast: "gast", Recht: "lesen", Von: now}}})
		p.Journal = append(p.Journal, s.Journal...)
		a := s.Auftraege[0]
		a.Zustand, a.Versuch, a.LeaseToken, a.LeaseBis, a.LetzterFehler = driver.AuftragGeparkt, 3, &token, &bis, "x"
		p.Auftraege = append(p.Auftraege, a)
		p.Aufbewahrung = append(p.Aufbewahrung, driver.AufbewahrungRow{VorgangID: s.Row.ID, Bis: datum.New(2036, 1, 1), Halt: i%2 == 0})
		p.Aenderungen = append(p.Aenderungen, driver.AenderungRow{VorgangID: s.Row.ID, Version: 1, JournalVon: 1, JournalBis: 2, Zeit: now})
	}
	p.Eingaenge = []driver.EingangRow{{ID: uuid.New(), Schluessel: "k", Kanal: "x", Zustand: "y", Version: 3, Eingegangen: now, ZielMandant: "kiel", ZielVorgang: p.Vorgaenge[0].Row.ID, Daten: []byte("d")}}
	p.Eintraege = []driver.EintragRow{{ID: uuid.New(), Postfach: "p", Richtung: "r", Zeit: now, Version: 2, Daten: []byte("d")}}
	p.Konfig = []driver.KonfigRow{{Art: "a", Schluessel: "b", Version: 7, Daten: []byte("d")}}
	p.Zaehler = []driver.ZaehlerRow{{Name: "z", Jahr: 2026, Wert: 9}}
	p.Schluessel = []driver.SchluesselRow{{Schluessel: "s", Bis: now, Daten: []byte("d")}}
	imports := func(p driver.ImportParams) (neu int64, err error) {
		err = update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
			neu, err = tx.Import(ctx, p)
			return err
		})
		return neu, err
	}
	n, err := imports(p)
	require.NoError(t, err)
	require.EqualValues(t, 2500, n)
	require.NoError(t, b.View(t.Context(), "kiel", func(ctx context.Context, tx driver.Tx) error {
		for _, i := range []int{0, 1, 2499} {
			v := p.Vorgaenge[i].Row
			r, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: v.ID})
			require.NoError(t, err)
			require.Equal(t, v, r)
			j, err := tx.ListJournal(ctx, driver.ListJournalParams{VorgangID: v.ID, Limit: 9})
			require.NoError(t, err)
			require.Equal(t, p.Journal[2*i:2*i+2], j)
			a, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{VorgangID: v.ID, Limit: 9})
			require.NoError(t, err)
			want := p.Auftraege[i]
			want.Mandant = "kiel"
			require.Equal(t, []driver.AuftragRow{want}, a)
			f, err := tx.GetAufbewahrung(ctx, driver.GetAufbewahrungParams{VorgangID: v.ID})
			require.NoError(t, err)
			f.Daten = nil
			require.Equal(t, p.Aufbewahrung[i], f)
			hits, err := tx.SearchVorgaenge(ctx, driver.SearchVorgaengeParams{Woerter: []string{v.ID.String()}, Limit: 9})
			require.NoError(t, err)
			require.Len(t, hits, 1)
		}
		e, err := tx.ListEingaenge(ctx, driver.ListEingaengeParams{Limit: 9})
		require.NoError(t, err)
		require.Equal(t, p.Eingaenge, e)
		l, err := tx.ListEintraege(ctx, driver.ListEintraegeParams{Limit: 9})
		require.NoError(t, err)
		require.Equal(t, p.Eintraege, l)
		k, err := tx.ListKonfig(ctx, driver.ListKonfigParams{})
		require.NoError(t, err)
		require.Equal(t, p.Konfig, k)
		z, err := tx.ListZaehler(ctx)
		require.NoError(t, err)
		require.Equal(t, p.Zaehler, z)
		s, err := tx.ListSchluessel(ctx, driver.ListSchluesselParams{Limit: 9})
		require.NoError(t, err)
		require.Equal(t, p.Schluessel, s)
		return nil
	}))
	rows := feed(t, b, "kiel", "", 9999)
	require.Len(t, rows, 2500)
	for i, r := range rows {
		require.Equal(t, p.Vorgaenge[i].Row.ID, r.VorgangID)
	}
	shares, err := b.Beteiligungen(t.Context(), "gast", driver.BeteiligungenParams{Now: now, Limit: 9999})
	require.NoError(t, err)
	require.Len(t, shares, 2500)

	// Again: what is there stays, and what is missing comes.
	again := p
	more := neu("kiel")
	taken := neu("kiel")
	taken.Row.Nummer = p.Vorgaenge[5].Row.Nummer
	again.Vorgaenge = append(again.Vorgaenge[:1:1], driver.ImportVorgang{Row: more.Row}, driver.ImportVorgang{Row: more.Row}, driver.ImportVorgang{Row: taken.Row})
	again.Zaehler = []driver.ZaehlerRow{{Name: "z", Jahr: 2026, Wert: 4}, {Name: "z", Jahr: 2026, Wert: 12}, {Name: "y", Wert: 1}}
	n, err = imports(again)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Equal(t, rows, feed(t, b, "kiel", "", 9999))
	require.NoError(t, b.View(t.Context(), "kiel", func(ctx context.Context, tx driver.Tx) error {
		z, err := tx.ListZaehler(ctx)
		require.Equal(t, []driver.ZaehlerRow{{Name: "y", Wert: 1}, {Name: "z", Jahr: 2026, Wert: 12}}, z)
		return err
	}))
	_, err = imports(driver.ImportParams{Journal: []driver.JournalRow{eintrag(uuid.New(), 1)}})
	require.ErrorIs(t, err, fehler.ErrNotFound)
	require.ErrorIs(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
		_, err := tx.Import(ctx, driver.ImportParams{Aufbewahrung: []driver.AufbewahrungRow{{VorgangID: uuid.New(), Bis: datum.New(2026, 1, 1)}}})
		require.ErrorIs(t, err, fehler.ErrNotFound)
		return nil
	}), fehler.ErrNotFound, "the transaction cannot be committed then")
}
