package memory

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Whatever index answers, a list in pages of any size is what a walk through
// everything gives.
func TestListIsTheFilteredOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := New(nil).Backend()
		rows := population(rt, b)
		f := filter(rt)
		want := []uuid.UUID{}
		for _, v := range rows {
			if matches(&f, v) {
				want = append(want, v.ID)
			}
		}
		p := driver.ListVorgaengeParams{
			Filter: f, Limit: rapid.IntRange(1, 4).Draw(rt, "limit"), Absteigend: rapid.Bool().Draw(rt, "ab"),
		}
		if p.Absteigend {
			slices.Reverse(want)
		}
		view(rt, b, kiel, func(ctx context.Context, tx *tx) {
			got := []uuid.UUID{}
			for {
				page, err := tx.ListVorgaenge(ctx, p)
				require.NoError(rt, err)
				require.LessOrEqual(rt, len(page), p.Limit)
				got = append(got, ids(page, rowID)...)
				if len(page) == 0 {
					break
				}
				last := page[len(page)-1]
				p.After = &driver.VorgangKey{Eingang: last.Eingang, ID: last.ID}
			}
			require.Equal(rt, want, got)
			n, err := tx.CountVorgaenge(ctx, driver.CountVorgaengeParams{Filter: f})
			require.NoError(rt, err)
			require.EqualValues(rt, len(want), n)
		})
	})
}

func TestSearchIsThePrefixOfEveryWord(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := New(nil).Backend()
		rows := population(rt, b)
		f := filter(rt)
		p := driver.SearchVorgaengeParams{
			Filter: f, Limit: rapid.IntRange(1, 4).Draw(rt, "limit"),
			Woerter: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "ab", "abc", "b", "c", "d"}), 1, 3).Draw(rt, "suche"),
		}
		type hit struct {
			wort string
			id   uuid.UUID
		}
		want := []hit{}
		for _, v := range rows {
			begins := func(w string) int {
				return slices.IndexFunc(v.woerter, func(s string) bool { return strings.HasPrefix(s, w) })
			}
			if matches(&f, v) && !slices.ContainsFunc(p.Woerter, func(w string) bool { return begins(w) < 0 }) {
				want = append(want, hit{v.woerter[begins(p.Woerter[0])], v.ID})
			}
		}
		slices.SortFunc(want, func(a, b hit) int { return strings.Compare(suffix(a.wort, a.id), suffix(b.wort, b.id)) })
		view(rt, b, kiel, func(ctx context.Context, tx *tx) {
			got := []hit{}
			for {
				page, err := tx.SearchVorgaenge(ctx, p)
				require.NoError(rt, err)
				require.LessOrEqual(rt, len(page), p.Limit)
				if len(page) == 0 {
					break
				}
				for _, r := range page {
					got = append(got, hit{r.Wort, r.Row.ID})
				}
				last := got[len(got)-1]
				p.After = &driver.TrefferKey{Wort: last.wort, ID: last.id}
			}
			require.Equal(rt, want, got)
		})
	})
}

func TestNextWartendIsTheOldestFree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := New(nil).Backend()
		rows := population(rt, b)
		p := driver.NextWartendParams{
			Now:        at(rapid.IntRange(-3, 3).Draw(rt, "now")),
			Einheiten:  rapid.SliceOfN(rapid.SampledFrom([]string{"x", "xy", "kein"}), 0, 3).Draw(rt, "einheiten"),
			Leistungen: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "ab", ""}), 0, 2).Draw(rt, "leistungen"),
		}
		if rapid.Bool().Draw(rt, "after") {
			p.After = &driver.VorgangKey{Eingang: at(rapid.IntRange(0, 4).Draw(rt, "eingang")), ID: nr(rapid.IntRange(0, 12).Draw(rt, "id"))}
		}
		var want []uuid.UUID
		for _, v := range rows {
			if v.Wartend && (v.LeaseBis == nil || !v.LeaseBis.After(p.Now)) && oneOf(p.Einheiten, v.Einheit) &&
				oneOf(p.Leistungen, v.Leistung) && (p.After == nil || order(v) > suffix(p.After.Eingang, p.After.ID)) {
				want = append(want, v.ID)
			}
		}
		// Taken one after the other, they come in the order of the list.
		update(rt, b, kiel, func(ctx context.Context, tx *tx) {
			for _, id := range want {
				r, err := tx.NextWartend(ctx, p)
				require.NoError(rt, err)
				require.Equal(rt, id, r.ID)
				require.NoError(rt, tx.SetLease(ctx, driver.SetLeaseParams{
					ID: id, ExpectToken: r.LeaseToken, Token: new(nr(1)), Bis: new(p.Now.Add(time.Microsecond)),
				}))
			}
			_, err := tx.NextWartend(ctx, p)
			require.ErrorIs(rt, err, fehler.ErrNotFound)
		})
	})
}

func TestShortRows(t *testing.T) {
	b := fresh(t)
	p := neu(1)
	p.Row.Daten, p.Row.JournalHash, p.Woerter, p.Row.Antragsteller = []byte("d"), []byte("h"), []string{"erika"}, "Erika"
	save(t, b, kiel, p)
	view(t, b, kiel, func(ctx context.Context, tx *tx) {
		long, err := tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, p.Row, long[0])
		short, err := tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{Limit: 1, Kurz: true})
		require.NoError(t, err)
		hit, err := tx.SearchVorgaenge(ctx, driver.SearchVorgaengeParams{Woerter: []string{"er"}, Limit: 1})
		require.NoError(t, err)
		want := p.Row
		want.Daten, want.JournalHash = nil, nil
		require.Equal(t, want, short[0])
		require.Equal(t, driver.TrefferRow{Wort: "erika", Row: want}, hit[0])
	})
}
