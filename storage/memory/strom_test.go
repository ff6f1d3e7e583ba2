package memory

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func feed(t *testing.T, b *Backend, m tenant.ID, after string) []driver.AenderungRow {
	t.Helper()
	rows, err := b.Aenderungen(context.Background(), m, driver.AenderungenParams{After: after, Limit: 100})
	require.NoError(t, err)
	return rows
}

func lost(t *testing.T, b *Backend, m tenant.ID, cursors ...string) {
	t.Helper()
	for _, c := range cursors {
		_, err := b.Aenderungen(context.Background(), m, driver.AenderungenParams{After: c, Limit: 1})
		require.ErrorIs(t, err, fehler.ErrNotFound, "cursor %q", c)
	}
}

func ende(t *testing.T, b *Backend, m tenant.ID) string {
	t.Helper()
	c, err := b.AenderungenEnde(context.Background(), m)
	require.NoError(t, err)
	return c
}

func TestFeedShowsEverySaveOncePerStream(t *testing.T) {
	b := fresh(t)
	start := ende(t, b, luebeck)
	require.Empty(t, feed(t, b, luebeck, start))
	own, shared := neu(1), full(neu(2))
	own.Stroeme, shared.Stroeme = []tenant.ID{kiel}, []tenant.ID{kiel, luebeck, kiel}
	save(t, b, kiel, own, shared, second(1))
	row := func(cursor string, v, version, journal int) driver.AenderungRow {
		return driver.AenderungRow{
			Cursor: cursor, Mandant: kiel, VorgangID: nr(v), Version: int64(version),
			JournalVon: int64(journal), JournalBis: int64(journal), Zeit: at(v),
		}
	}
	require.Equal(t, []driver.AenderungRow{row("1", 1, 1, 1), row("2", 2, 1, 1), row("3", 1, 2, 2)}, feed(t, b, kiel, ""))
	require.Equal(t, []driver.AenderungRow{row("1", 2, 1, 1), row("2", 1, 2, 2)}, feed(t, b, luebeck, start))

	page, err := b.Aenderungen(context.Background(), kiel, driver.AenderungenParams{After: "1", Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []driver.AenderungRow{row("2", 2, 1, 1)}, page)
	require.Equal(t, "3", ende(t, b, kiel))
	require.Empty(t, feed(t, b, kiel, "3"))
	lost(t, b, kiel, "4", "-1", "01", "+1", "1 ", "x", "99999999999999999999")
}

// A save without journal entries names none.
func TestFeedWithoutJournal(t *testing.T) {
	b := fresh(t)
	p := neu(1)
	p.Stroeme = []tenant.ID{kiel}
	save(t, b, kiel, p)
	p.ExpectedVersion, p.Row.Version, p.Journal = 1, 2, nil
	save(t, b, kiel, p)
	r := feed(t, b, kiel, "1")[0]
	require.Equal(t, []int64{0, 0}, []int64{r.JournalVon, r.JournalBis})
}

func TestRolledBackSavesTakeNoPlace(t *testing.T) {
	b := fresh(t)
	p := neu(1)
	p.Stroeme = []tenant.ID{kiel}
	err := b.Update(context.Background(), kiel, func(ctx context.Context, tx driver.Tx) error {
		require.NoError(t, tx.SaveVorgang(ctx, p))
		return context.Canceled
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, feed(t, b, kiel, ""))
	save(t, b, kiel, p)
	require.Equal(t, "1", feed(t, b, kiel, "")[0].Cursor)
}

func TestPruneShortensTheFeedFromItsBeginning(t *testing.T) {
	b := fresh(t)
	for i := range 5 {
		p := neu(i + 1)
		p.Stroeme = []tenant.ID{kiel, luebeck}
		save(t, b, kiel, p)
	}
	prune := func(bis time.Time, limit int) (n int64) {
		update(t, b, kiel, func(ctx context.Context, tx *tx) {
			var err error
			n, err = tx.Prune(ctx, driver.PruneParams{AenderungenBis: bis, Limit: limit})
			require.NoError(t, err)
		})
		return n
	}
	require.EqualValues(t, 0, prune(time.Time{}, 9))
	require.EqualValues(t, 0, prune(at(1), 9), "before, not at, the instant")
	require.EqualValues(t, 1, prune(at(3), 1))
	require.EqualValues(t, 1, prune(at(3), 9))
	lost(t, b, kiel, "0", "1")
	require.Len(t, feed(t, b, kiel, "2"), 3)
	require.Equal(t, "3", feed(t, b, kiel, "")[0].Cursor)
	require.EqualValues(t, 2, prune(at(99), 9), "the newest row stays")
	require.EqualValues(t, 0, prune(at(99), 9))
	require.Len(t, feed(t, b, kiel, "4"), 1)
	require.Empty(t, feed(t, b, kiel, ende(t, b, kiel)))
	lost(t, b, kiel, "3")
	require.Len(t, feed(t, b, luebeck, "0"), 5, "the feed of the guest is its own")
}

func TestSharesOfAGuest(t *testing.T) {
	b := fresh(t)
	share := func(n int, von int, bis *time.Time) driver.SaveVorgangParams {
		p := neu(n)
		p.Beteiligungen = []driver.BeteiligungRow{
			{Mandant: "nobody", VorgangID: nr(99), Gast: "gast", Recht: "lesen", Von: at(von), Bis: bis},
			{Gast: "other", Recht: "lesen", Von: at(von)},
		}
		return p
	}
	save(t, b, luebeck, share(1, 0, nil), share(2, 0, new(at(5))))
	save(t, b, kiel, share(2, 0, nil), share(3, 1, nil), share(1, 0, new(at(1))))
	type hit struct {
		m tenant.ID
		n byte
	}
	list := func(p driver.BeteiligungenParams) (out []hit) {
		p.Limit = 1
		for {
			page, err := b.Beteiligungen(context.Background(), "gast", p)
			require.NoError(t, err)
			if len(page) == 0 {
				return out
			}
			r := page[0]
			out = append(out, hit{r.Mandant, r.VorgangID[15]})
			p.After = &driver.BeteiligungKey{Mandant: r.Mandant, VorgangID: r.VorgangID}
		}
	}
	require.Equal(t, []hit{{kiel, 1}, {kiel, 2}, {luebeck, 1}, {luebeck, 2}}, list(driver.BeteiligungenParams{Now: at(0)}))
	require.Equal(t, []hit{{kiel, 2}, {kiel, 3}, {luebeck, 1}, {luebeck, 2}}, list(driver.BeteiligungenParams{Now: at(1)}))
	require.Equal(t, []hit{{kiel, 2}, {kiel, 3}, {luebeck, 1}}, list(driver.BeteiligungenParams{Now: at(5)}))
	require.Equal(t, []hit{{kiel, 2}, {luebeck, 2}}, list(driver.BeteiligungenParams{Now: at(1), VorgangID: nr(2)}))
	require.Empty(t, list(driver.BeteiligungenParams{Now: at(-1)}))
}

func TestWeckenAfterTheCommit(t *testing.T) {
	b := fresh(t)
	woken := map[string]int{}
	listen := func(name string, m tenant.ID) (stop func()) {
		return b.Wecken(m, func() {
			woken[name]++
			// Neither the writer nor the list of those who wait is held.
			b.Wecken(m, func() {})()
			update(t, b, kiel, func(ctx context.Context, tx *tx) {
				_, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: nr(1)})
				require.NoError(t, err)
			})
		})
	}
	stop := listen("kiel", kiel)
	listen("luebeck", luebeck)
	listen("auftraege", "")
	p := neu(1)
	save(t, b, kiel, p)
	require.Empty(t, woken)
	p = second(1)
	save(t, b, kiel, p)
	require.Equal(t, map[string]int{"kiel": 1, "luebeck": 1, "auftraege": 1}, woken)
	stop()
	stop()
	p.ExpectedVersion, p.Row.Version, p.Journal, p.Auftraege = 2, 3, nil, nil
	p.Stroeme = []tenant.ID{kiel, "plön"}
	save(t, b, kiel, p)
	require.Equal(t, map[string]int{"kiel": 1, "luebeck": 1, "auftraege": 1}, woken)

	// Another backend of the same data wakes too; a closed one is not woken.
	other := b.db.Backend()
	p.ExpectedVersion, p.Row.Version, p.Stroeme = 3, 4, []tenant.ID{luebeck}
	save(t, other, kiel, p)
	require.Equal(t, 2, woken["luebeck"])
	require.NoError(t, b.Close())
	p.ExpectedVersion, p.Row.Version = 4, 5
	save(t, other, kiel, p)
	require.Equal(t, 2, woken["luebeck"])
}

func TestWeckenStoppedByAnother(t *testing.T) {
	b := fresh(t)
	woken := 0
	var stops [2]func()
	for i := range stops {
		stops[i] = b.Wecken(kiel, func() { woken++; stops[1-i]() })
	}
	p := neu(1)
	p.Stroeme = []tenant.ID{kiel}
	save(t, b, kiel, p)
	require.Equal(t, 1, woken)
}
