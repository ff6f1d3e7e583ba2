package memory

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// full changes all that a save can change.
func full(p driver.SaveVorgangParams) driver.SaveVorgangParams {
	p.Woerter = []string{"neu"}
	p.Auftraege = []driver.AuftragRow{{ID: nr(int(p.Row.Version) + 100), VorgangID: p.Row.ID, VorgangVersion: p.Row.Version, Art: "brief"}}
	p.Beteiligungen = []driver.BeteiligungRow{{Gast: luebeck, Recht: "lesen", Von: now}}
	p.Stroeme = []tenant.ID{kiel, luebeck}
	return p
}

func second(n int) driver.SaveVorgangParams {
	p := neu(n)
	p.ExpectedVersion, p.Row.Version, p.Row.JournalSeq = 1, 2, 2
	p.Journal[0].Seq = 2
	return full(p)
}

func TestSaveIsWholeOrNothing(t *testing.T) {
	cases := []struct {
		name string
		p    driver.SaveVorgangParams
		edit func(*driver.SaveVorgangParams)
		want error
	}{
		{"new, id taken", full(neu(1)), func(*driver.SaveVorgangParams) {}, fehler.ErrExists},
		{"new, Nummer taken", full(neu(3)), func(p *driver.SaveVorgangParams) { p.Row.Nummer = "N2" }, fehler.ErrExists},
		{"new, journal begins late", full(neu(3)), func(p *driver.SaveVorgangParams) { p.Journal[0].Seq = 2 }, fehler.ErrConflict},
		{"new, a lease expected", full(neu(3)), func(p *driver.SaveVorgangParams) {
			p.Lease = &driver.SetLeaseParams{ExpectToken: new(nr(5))}
		}, fehler.ErrConflict},
		{"replaced, not there", second(3), func(*driver.SaveVorgangParams) {}, fehler.ErrNotFound},
		{"replaced, other version", second(1), func(p *driver.SaveVorgangParams) { p.ExpectedVersion = 7 }, fehler.ErrConflict},
		{"replaced, journal again", second(1), func(p *driver.SaveVorgangParams) { p.Journal[0].Seq = 1 }, fehler.ErrConflict},
		{"replaced, journal with a gap", second(1), func(p *driver.SaveVorgangParams) {
			p.Journal = append(p.Journal, driver.JournalRow{VorgangID: nr(1), Seq: 4})
		}, fehler.ErrConflict},
		{"replaced, journal of another", second(1), func(p *driver.SaveVorgangParams) { p.Journal[0].VorgangID = nr(2) }, fehler.ErrConflict},
		{"replaced, lease of another", second(1), func(p *driver.SaveVorgangParams) {
			p.Lease = &driver.SetLeaseParams{ExpectToken: new(nr(6))}
		}, fehler.ErrConflict},
		{"replaced, no lease expected", second(1), func(p *driver.SaveVorgangParams) { p.Lease = &driver.SetLeaseParams{} }, fehler.ErrConflict},
		{"replaced, Nummer taken", second(1), func(p *driver.SaveVorgangParams) { p.Row.Nummer = "N2" }, fehler.ErrExists},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := fresh(t)
			one, two := full(neu(1)), neu(2)
			one.Lease = &driver.SetLeaseParams{Token: new(nr(5)), Bis: new(at(9))}
			two.Row.Nummer = "N2"
			save(t, b, kiel, one, two)
			p := c.p
			p.Journal = append([]driver.JournalRow{}, p.Journal...)
			c.edit(&p)
			update(t, b, kiel, func(ctx context.Context, tx *tx) {
				before := *tx.s
				require.ErrorIs(t, tx.SaveVorgang(ctx, p), c.want)
				require.True(t, before == *tx.s, "something of the failed save is stored")
				require.NoError(t, tx.SaveVorgang(ctx, neu(4)), "the transaction goes on")
			})
		})
	}
}

// A row may claim a head below its journal; what is written is not written over.
func TestSaveOverwritesNoJournal(t *testing.T) {
	b := fresh(t)
	p := neu(1)
	p.Row.JournalSeq = 0
	save(t, b, kiel, p)
	p.ExpectedVersion, p.Row.Version = 1, 2
	update(t, b, kiel, func(ctx context.Context, tx *tx) {
		require.ErrorIs(t, tx.SaveVorgang(ctx, p), fehler.ErrConflict)
	})
}

// Ids and places of Auftraege are the caller's to keep unique; if they are
// not, nothing is committed.
func TestSaveRefusesAuftraegeThatCollide(t *testing.T) {
	for _, a := range []driver.AuftragRow{
		{ID: nr(101), VorgangID: nr(1), VorgangVersion: 2},
		{ID: nr(102), VorgangID: nr(1), VorgangVersion: 1},
		{ID: nr(102), VorgangID: nr(2), VorgangVersion: 2},
	} {
		b := fresh(t)
		save(t, b, kiel, full(neu(1)), neu(2))
		err := b.Update(context.Background(), kiel, func(ctx context.Context, tx driver.Tx) error {
			p := second(1)
			p.Auftraege = []driver.AuftragRow{a}
			_ = tx.SaveVorgang(ctx, p)
			return nil
		})
		require.Error(t, err)
		for _, kind := range []error{fehler.ErrNotFound, fehler.ErrExists, fehler.ErrConflict} {
			require.False(t, errors.Is(err, kind))
		}
	}
}

func TestSaveKeepsWhatIsNilAndRemovesWhatIsEmpty(t *testing.T) {
	b := fresh(t)
	p := full(neu(1))
	p.Lease = &driver.SetLeaseParams{ID: nr(77), Token: new(nr(5)), Bis: new(at(9))}
	save(t, b, kiel, p)
	found := func() (hits, shares int, token bool) {
		view(t, b, kiel, func(ctx context.Context, tx *tx) {
			rows, err := tx.SearchVorgaenge(ctx, driver.SearchVorgaengeParams{Woerter: []string{"ne"}, Limit: 9})
			require.NoError(t, err)
			r, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: nr(1)})
			require.NoError(t, err)
			hits, token = len(rows), r.LeaseToken != nil
		})
		rows, err := b.Beteiligungen(context.Background(), luebeck, driver.BeteiligungenParams{Now: now, Limit: 9})
		require.NoError(t, err)
		return hits, len(rows), token
	}
	keep := second(1)
	keep.Woerter, keep.Beteiligungen = nil, nil
	save(t, b, kiel, keep)
	hits, shares, token := found()
	require.Equal(t, []any{1, 1, true}, []any{hits, shares, token})

	clear := second(1)
	clear.ExpectedVersion, clear.Row.Version, clear.Row.JournalSeq, clear.Journal = 2, 3, 2, nil
	clear.Auftraege[0].ID, clear.Auftraege[0].VorgangVersion = nr(103), 3
	clear.Woerter, clear.Beteiligungen = []string{}, []driver.BeteiligungRow{}
	clear.Lease = &driver.SetLeaseParams{ExpectToken: new(nr(5))}
	save(t, b, kiel, clear)
	hits, shares, token = found()
	require.Equal(t, []any{0, 0, false}, []any{hits, shares, token})
}

func TestNothingOfASaveIsShared(t *testing.T) {
	b := fresh(t)
	p := full(neu(1))
	p.Row.Daten, p.Row.Aktenzeichen = []byte("daten"), []string{"A 1"}
	p.Auftraege[0].Daten = []byte("daten")
	p.Beteiligungen[0].Bis = new(at(5))
	p.Lease = &driver.SetLeaseParams{Token: new(nr(5)), Bis: new(at(9))}
	save(t, b, kiel, p)
	before := *b.db.head.Load()
	p.Row.Daten[0], p.Row.Aktenzeichen[0], p.Auftraege[0].Daten[0], p.Journal[0].Daten[0] = 'X', "X", 'X', 'X'
	*p.Beteiligungen[0].Bis, *p.Lease.Token, *p.Lease.Bis, p.Woerter[0] = now, nr(6), now, "X"
	v, _ := before.vorgang.get(kiel, nr(1))
	require.Equal(t, "daten", string(v.Daten))
	require.Equal(t, []string{"A 1"}, v.Aktenzeichen)
	require.Equal(t, []string{"neu"}, v.woerter)
	require.Equal(t, nr(5), *v.LeaseToken)
	require.Equal(t, at(9), *v.LeaseBis)
	a, _ := before.auftrag.get(kiel, nr(101))
	require.Equal(t, "daten", string(a.Daten))
	j, _ := before.journal.get(key(kiel, nr(1), int64(1)))
	require.Equal(t, "{}", string(j.Daten))
	s, err := b.Beteiligungen(context.Background(), luebeck, driver.BeteiligungenParams{Now: now, Limit: 9})
	require.NoError(t, err)
	require.Equal(t, at(5), *s[0].Bis)
}
