package memory

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// due is the rule of the outbox, read off all Auftraege there are.
func due(s *state, p driver.LeaseAuftraegeParams) []*driver.AuftragRow {
	var out []*driver.AuftragRow
	for _, m := range []tenant.ID{kiel, luebeck} {
		first := map[string]bool{}
		for _, a := range s.auftrag.all(m, key(m, "platz")) {
			open := a.Zustand == driver.AuftragOffen
			head := a.Termin
			if !a.Termin && (open || a.Zustand == driver.AuftragGeparkt) {
				head = !first[a.VorgangID.String()]
				first[a.VorgangID.String()] = true
			}
			if open && head && !a.Faellig.After(p.Now) && (a.LeaseBis == nil || !a.LeaseBis.After(p.Now)) &&
				oneOf(p.Arten, a.Art) && s.gesperrt(m) == driver.SperreKeine {
				out = append(out, a)
			}
		}
	}
	slices.SortFunc(out, func(a, b *driver.AuftragRow) int {
		return strings.Compare(suffix(a.Faellig, a.ID), suffix(b.Faellig, b.ID))
	})
	return out[:min(len(out), p.Limit)]
}

func TestLeaseFollowsTheRule(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := New(nil).Backend()
		ctx := context.Background()
		mandanten := rapid.SampledFrom([]tenant.ID{kiel, luebeck})
		arten := []string{"brief", "brief 2", "akte"}
		n := 0
		rt.Repeat(map[string]func(*rapid.T){
			"save": func(rt *rapid.T) {
				m, v := mandanten.Draw(rt, "mandant"), rapid.IntRange(1, 3).Draw(rt, "vorgang")
				p := driver.SaveVorgangParams{Row: driver.VorgangRow{ID: nr(v), Version: 1}}
				if old, ok := b.db.head.Load().vorgang.get(m, nr(v)); ok {
					p.ExpectedVersion, p.Row.Version = old.Version, old.Version+1
				}
				for i := range rapid.IntRange(0, 3).Draw(rt, "auftraege") {
					n++
					p.Auftraege = append(p.Auftraege, driver.AuftragRow{
						ID: nr(1000 - n), VorgangID: nr(v), VorgangVersion: p.Row.Version, Ordinal: int64(9 - i),
						Art: rapid.SampledFrom(arten).Draw(rt, "art"), Termin: rapid.Bool().Draw(rt, "termin"),
						Faellig: at(rapid.IntRange(0, 3).Draw(rt, "faellig")), Zustand: driver.AuftragErledigt,
					})
				}
				if b.db.head.Load().gesperrt(m) == driver.SperreKeine {
					save(rt, b, m, p)
				}
			},
			"lease": func(rt *rapid.T) {
				p := driver.LeaseAuftraegeParams{
					Now: at(rapid.IntRange(0, 5).Draw(rt, "now")), Token: nr(7), Limit: rapid.IntRange(1, 4).Draw(rt, "limit"),
					Arten: rapid.SliceOfN(rapid.SampledFrom(arten), 0, 2).Draw(rt, "arten"),
				}
				p.Until = p.Now.Add(time.Minute)
				want := due(b.db.head.Load(), p)
				got, err := b.LeaseAuftraege(ctx, p)
				require.NoError(rt, err)
				require.Len(rt, got, len(want))
				for i, w := range want {
					r := *w
					r.LeaseToken, r.LeaseBis, r.Versuch = &p.Token, &p.Until, w.Versuch+1
					require.Equal(rt, r, got[i])
				}
			},
			"finish": func(rt *rapid.T) {
				m := mandanten.Draw(rt, "mandant")
				rows := b.db.head.Load().auftrag.all(m, key(m, "zustand", string(driver.AuftragOffen)))
				if len(rows) == 0 || b.db.head.Load().gesperrt(m) != driver.SperreKeine {
					return
				}
				a := rapid.SampledFrom(rows).Draw(rt, "auftrag")
				z := rapid.SampledFrom([]driver.AuftragZustand{driver.AuftragErledigt, driver.AuftragGeparkt, driver.AuftragOffen}).Draw(rt, "zustand")
				update(rt, b, m, func(ctx context.Context, tx *tx) {
					err := tx.FinishAuftrag(ctx, driver.FinishAuftragParams{ID: a.ID, Token: nr(7), Zustand: z, Faellig: at(2), Now: now})
					require.Equal(rt, a.LeaseToken != nil, err == nil)
				})
			},
			"requeue": func(rt *rapid.T) {
				m := mandanten.Draw(rt, "mandant")
				rows := b.db.head.Load().auftrag.all(m, key(m, "zustand", string(driver.AuftragGeparkt)))
				if len(rows) == 0 || b.db.head.Load().gesperrt(m) != driver.SperreKeine {
					return
				}
				update(rt, b, m, func(ctx context.Context, tx *tx) {
					require.NoError(rt, tx.RequeueAuftrag(ctx, driver.RequeueAuftragParams{
						ID: rows[0].ID, Now: at(1), GiveUp: rapid.Bool().Draw(rt, "giveup"),
					}))
				})
			},
			"sperre": func(rt *rapid.T) {
				s := rapid.SampledFrom([]driver.Sperre{driver.SperreKeine, driver.SperreSchreiben, driver.SperreAlles}).Draw(rt, "sperre")
				require.NoError(rt, b.SetSperre(ctx, mandanten.Draw(rt, "mandant"), s))
			},
		})
	})
}

// A list by state, in pages, is the list of all without the others.
func TestListAuftraege(t *testing.T) {
	b := fresh(t)
	one, two := neu(1), neu(2)
	for i := range 3 {
		one.Auftraege = append(one.Auftraege, driver.AuftragRow{ID: nr(10 + i), VorgangID: nr(1), VorgangVersion: 1, Ordinal: int64(i), Termin: true})
		two.Auftraege = append(two.Auftraege, driver.AuftragRow{ID: nr(20 + i), VorgangID: nr(2), VorgangVersion: 1, Ordinal: int64(i), Termin: true})
	}
	save(t, b, kiel, one, two)
	leased, err := b.LeaseAuftraege(context.Background(), driver.LeaseAuftraegeParams{Now: now, Until: at(1), Token: nr(7), Limit: 6})
	require.NoError(t, err)
	require.Len(t, leased, 6)
	update(t, b, kiel, func(ctx context.Context, tx *tx) {
		for _, id := range []int{11, 20} {
			require.NoError(t, tx.FinishAuftrag(ctx, driver.FinishAuftragParams{ID: nr(id), Token: nr(7), Zustand: driver.AuftragGeparkt}))
		}
		require.NoError(t, tx.FinishAuftrag(ctx, driver.FinishAuftragParams{ID: nr(22), Token: nr(7), Zustand: driver.AuftragErledigt}))
	})
	list := func(p driver.ListAuftraegeParams) (out []int) {
		p.Limit = 2
		view(t, b, kiel, func(ctx context.Context, tx *tx) {
			for {
				page, err := tx.ListAuftraege(ctx, p)
				require.NoError(t, err)
				for _, a := range page {
					out = append(out, int(a.ID[15]))
					p.After = &driver.AuftragKey{VorgangID: a.VorgangID, VorgangVersion: a.VorgangVersion, Ordinal: a.Ordinal}
				}
				if len(page) == 0 {
					return
				}
			}
		})
		return out
	}
	z := []driver.AuftragZustand{driver.AuftragGeparkt, driver.AuftragErledigt, driver.AuftragGeparkt}
	require.Equal(t, []int{10, 11, 12, 20, 21, 22}, list(driver.ListAuftraegeParams{}))
	require.Equal(t, []int{20, 21, 22}, list(driver.ListAuftraegeParams{VorgangID: nr(2)}))
	require.Equal(t, []int{11, 20, 22}, list(driver.ListAuftraegeParams{Zustaende: z}))
	require.Equal(t, []int{20, 22}, list(driver.ListAuftraegeParams{Zustaende: z, VorgangID: nr(2)}))
}
