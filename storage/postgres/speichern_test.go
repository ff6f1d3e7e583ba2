package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestSaveStoresEverythingOrNothing(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	super := connect(t, db.SuperDSN)
	count := func(table string) (n int) {
		require.NoError(t, super.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		return n
	}
	bis := now.Add(time.Hour)
	token := uuid.New()
	p := neu("kiel")
	p.Row.Aktenzeichen = []string{"1", "ä/2"}
	p.Row.Frist = datum.New(2026, 4, 1)
	p.Beteiligungen = []driver.BeteiligungRow{{Gast: "luebeck", Recht: "lesen", Von: now, Bis: &bis}, {Gast: "bonn", Recht: "lesen", Von: now}}
	p.Stroeme = []tenant.ID{"kiel", "luebeck"}
	p.Lease = &driver.SetLeaseParams{Token: &token, Bis: &bis}
	require.NoError(t, save(b, "kiel", p))
	want := p.Row
	want.LeaseToken, want.LeaseBis = &token, &bis
	require.Equal(t, want, get(t, b, "kiel", p.Row.ID))
	for table, n := range map[string]int{"vorgang": 1, "journal": 2, "auftrag": 1, "suche": 4, "aktenzeichen": 2, "beteiligung": 2, "aenderung": 2} {
		require.Equal(t, n, count(table), table)
	}
	require.ErrorIs(t, save(b, "kiel", p), fehler.ErrExists)
	same := neu("kiel")
	same.Row.Nummer = p.Row.Nummer
	require.ErrorIs(t, save(b, "kiel", same), fehler.ErrExists, "the Nummer is taken")

	q := danach(want, "kiel")
	q.Lease = &driver.SetLeaseParams{ExpectToken: &token}
	q.Row.Aktenzeichen = []string{"ä/2", "3"}
	q.Woerter = []string{"kiel", "max"}
	q.Beteiligungen = []driver.BeteiligungRow{{Gast: "luebeck", Recht: "schreiben", Von: now}, {Gast: "trier", Recht: "lesen", Von: now}}
	wrong := q
	wrong.Lease = &driver.SetLeaseParams{}
	require.ErrorIs(t, save(b, "kiel", wrong), fehler.ErrConflict, "the lease is another's")
	wrong = q
	wrong.Journal = []driver.JournalRow{eintrag(q.Row.ID, 4)}
	require.ErrorIs(t, save(b, "kiel", wrong), fehler.ErrConflict, "the journal has a gap")
	wrong = q
	wrong.ExpectedVersion = 7
	require.ErrorIs(t, save(b, "kiel", wrong), fehler.ErrConflict)
	wrong = danach(neu("kiel").Row)
	require.ErrorIs(t, save(b, "kiel", wrong), fehler.ErrNotFound)
	other := neu("kiel")
	require.NoError(t, save(b, "kiel", other))
	wrong = q
	wrong.Row.Nummer = other.Row.Nummer
	require.ErrorIs(t, save(b, "kiel", wrong), fehler.ErrExists)
	require.Equal(t, 4, count("journal"), "nothing of a failed save is stored")

	require.NoError(t, save(b, "kiel", q))
	want = q.Row
	want.LeaseToken, want.LeaseBis = nil, nil
	require.Equal(t, want, get(t, b, "kiel", p.Row.ID))
	for table, n := range map[string]int{"vorgang": 2, "journal": 5, "auftrag": 2, "suche": 6, "aktenzeichen": 2, "beteiligung": 2, "aenderung": 4} {
		require.Equal(t, n, count(table), table)
	}
	var woerter string
	require.NoError(t, super.QueryRow(t.Context(), "SELECT string_agg(gast || recht || coalesce(bis::text, ''), ' ' ORDER BY gast) FROM beteiligung").Scan(&woerter))
	require.Equal(t, "luebeckschreiben trierlesen", woerter)
	require.NoError(t, super.QueryRow(t.Context(), "SELECT string_agg(wort, ' ' ORDER BY wort) FROM suche WHERE vorgang_id = $1", q.Row.ID).Scan(&woerter))
	require.Equal(t, "kiel max", woerter)
	// nil keeps, empty removes.
	q = danach(want)
	require.NoError(t, save(b, "kiel", q))
	require.Equal(t, 2, count("beteiligung"))
	q = danach(q.Row)
	q.Woerter, q.Beteiligungen = []string{}, []driver.BeteiligungRow{}
	require.NoError(t, save(b, "kiel", q))
	require.Equal(t, 0, count("beteiligung"))
	require.Equal(t, 4, count("suche"))
}

// A save with the COMMIT in it commits nothing when it met no row, neither of
// itself nor of what was written before, and the transaction goes on.
func TestFinalThatFails(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	p := neu("kiel")
	require.NoError(t, save(b, "kiel", p))
	put := driver.PutKonfigParams{Art: "a", Schluessel: "b"}
	p.Final = true
	stop := context.Canceled
	require.ErrorIs(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
		require.NoError(t, tx.PutKonfig(ctx, put))
		require.ErrorIs(t, tx.SaveVorgang(ctx, p), fehler.ErrExists)
		return stop
	}), stop)
	require.NoError(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
		_, err := tx.GetKonfig(ctx, driver.GetKonfigParams{Art: "a", Schluessel: "b"})
		require.ErrorIs(t, err, fehler.ErrNotFound, "what was written before is not committed with it")
		_, err = tx.GetVorgang(ctx, driver.GetVorgangParams{ID: p.Row.ID, Lock: true})
		require.NoError(t, err)
		require.ErrorIs(t, tx.SaveVorgang(ctx, p), fehler.ErrExists)
		// It goes on.
		require.NoError(t, tx.PutKonfig(ctx, put))
		q := neu("kiel")
		q.Final = true
		return tx.SaveVorgang(ctx, q)
	}))
	require.NoError(t, b.View(t.Context(), "kiel", func(ctx context.Context, tx driver.Tx) error {
		n, err := tx.CountVorgaenge(ctx, driver.CountVorgaengeParams{})
		require.NoError(t, err)
		require.EqualValues(t, 2, n)
		_, err = tx.GetKonfig(ctx, driver.GetKonfigParams{Art: "a", Schluessel: "b"})
		return err
	}))
	require.Error(t, b.View(t.Context(), "kiel", func(ctx context.Context, tx driver.Tx) error {
		return tx.SaveVorgang(ctx, func() driver.SaveVorgangParams { p := neu("kiel"); p.Final = true; return p }())
	}), "a View does not write")
}

// An erasure takes the words away without a new version.
func TestSaveAfterAnErasure(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	super := connect(t, db.SuperDSN)
	p := neu("kiel")
	require.NoError(t, save(b, "kiel", p))
	require.NoError(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
		r, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: p.Row.ID})
		require.NoError(t, err)
		require.NoError(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
			return tx.EraseVorgang(ctx, driver.EraseVorgangParams{VorgangID: r.ID})
		}))
		q := danach(r)
		q.Woerter = []string{"kiel", "neu"}
		return tx.SaveVorgang(ctx, q)
	}))
	var text, index string
	require.NoError(t, super.QueryRow(t.Context(), "SELECT woerter, (SELECT string_agg(wort, ' ' ORDER BY wort) FROM suche) FROM vorgang").Scan(&text, &index))
	require.Equal(t, " kiel neu ", text)
	require.Equal(t, "kiel neu", index)
}
