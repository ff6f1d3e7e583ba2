package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var tag1 = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func openBackend(t testing.TB, o *sqlite.Options) (*sqlite.Backend, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.db")
	b, err := sqlite.OpenBackend(t.Context(), path, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b, path
}

// neuer is a save of a new Vorgang, received n seconds after tag1.
func neuer(n int) driver.SaveVorgangParams {
	id := uuid.Must(uuid.NewV7())
	return driver.SaveVorgangParams{
		Row: driver.VorgangRow{ID: id, Version: 1, Nummer: fmt.Sprintf("N-%s", id), Status: "neu", Leistung: "l1", Einheit: "e1",
			Antragsteller: "Erika Mustermann", Aktenzeichen: []string{"az-1", "az-2"}, Eingang: tag1.Add(time.Duration(n) * time.Second),
			Frist: datum.MustParse("2026-12-24"), Wartend: true, JournalSeq: 1, JournalHash: []byte{1}, Daten: []byte("stand")},
		Journal:   []driver.JournalRow{eintrag(id, 1)},
		Auftraege: []driver.AuftragRow{{ID: uuid.Must(uuid.NewV7()), VorgangID: id, VorgangVersion: 1, Art: "quittung", Daten: []byte("d"), Erstellt: tag1, Faellig: tag1}},
		Woerter:   []string{"mustermann", "erika", "musterstadt"},
		Stroeme:   []tenant.ID{"kiel"}, Zeit: tag1,
	}
}

func eintrag(id uuid.UUID, seq int64) driver.JournalRow {
	return driver.JournalRow{VorgangID: id, Seq: seq, Zeit: tag1, Code: "c", Akteur: []byte("a"), Daten: []byte("d"), Salz: []byte("s"),
		AkteurHash: []byte{1}, DatenHash: []byte{2}, Vorgaenger: []byte{3}, Hash: []byte{4}}
}

// folgend is the next save of what was saved.
func folgend(p driver.SaveVorgangParams) driver.SaveVorgangParams {
	p.ExpectedVersion, p.Row.Version = p.Row.Version, p.Row.Version+1
	p.Row.JournalSeq++
	p.Journal = []driver.JournalRow{eintrag(p.Row.ID, p.Row.JournalSeq)}
	p.Auftraege, p.Woerter, p.Beteiligungen = nil, nil, nil
	return p
}

func save(t testing.TB, b driver.Backend, ps ...driver.SaveVorgangParams) {
	t.Helper()
	require.NoError(t, trySave(b, ps...))
}

func trySave(b driver.Backend, ps ...driver.SaveVorgangParams) error {
	return b.Update(context.Background(), "kiel", func(ctx context.Context, tx driver.Tx) error {
		for _, p := range ps {
			if err := tx.SaveVorgang(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func view(t testing.TB, b driver.Backend, f func(ctx context.Context, tx driver.Tx)) {
	t.Helper()
	require.NoError(t, b.View(t.Context(), "kiel", func(ctx context.Context, tx driver.Tx) error { f(ctx, tx); return nil }))
}

func hits(t testing.TB, b driver.Backend, woerter ...string) (out []string) {
	t.Helper()
	view(t, b, func(ctx context.Context, tx driver.Tx) {
		rows, err := tx.SearchVorgaenge(ctx, driver.SearchVorgaengeParams{Woerter: woerter, Limit: 100})
		require.NoError(t, err)
		for _, r := range rows {
			out = append(out, r.Wort)
		}
	})
	return out
}

func TestSaveIsWholeOrNothing(t *testing.T) {
	b, _ := openBackend(t, nil)
	one, two := neuer(1), neuer(2)
	save(t, b, one, two)
	token := uuid.New()
	bad := map[string]struct {
		p    driver.SaveVorgangParams
		kind error
	}{}
	add := func(name string, kind error, change func(p *driver.SaveVorgangParams)) {
		p := folgend(one)
		p.Woerter, p.Beteiligungen = []string{"falsch"}, []driver.BeteiligungRow{{Gast: "luebeck", Recht: "lesen", Von: tag1}}
		p.Auftraege = []driver.AuftragRow{{ID: uuid.New(), VorgangID: p.Row.ID, VorgangVersion: 2}}
		change(&p)
		bad[name] = struct {
			p    driver.SaveVorgangParams
			kind error
		}{p, kind}
	}
	add("version", fehler.ErrConflict, func(p *driver.SaveVorgangParams) { p.ExpectedVersion = 7 })
	add("journal behind", fehler.ErrConflict, func(p *driver.SaveVorgangParams) { p.Journal[0].Seq = 3 })
	add("journal with a gap", fehler.ErrConflict, func(p *driver.SaveVorgangParams) { p.Journal = append(p.Journal, eintrag(p.Row.ID, 4)) })
	add("foreign journal", fehler.ErrConflict, func(p *driver.SaveVorgangParams) { p.Journal[0].VorgangID = two.Row.ID })
	add("lease", fehler.ErrConflict, func(p *driver.SaveVorgangParams) { p.Lease = &driver.SetLeaseParams{ExpectToken: &token} })
	add("Nummer", fehler.ErrExists, func(p *driver.SaveVorgangParams) { p.Row.Nummer = two.Row.Nummer })
	add("not there", fehler.ErrNotFound, func(p *driver.SaveVorgangParams) { p.Row.ID = uuid.New(); p.Journal[0].VorgangID = p.Row.ID })
	add("new id", fehler.ErrExists, func(p *driver.SaveVorgangParams) { p.ExpectedVersion = 0; p.Journal[0].Seq = 1 })
	add("new with a lease of somebody", fehler.ErrExists, func(p *driver.SaveVorgangParams) {
		p.ExpectedVersion = 0
		p.Lease = &driver.SetLeaseParams{ExpectToken: &token}
	})
	add("new journal from 2", fehler.ErrConflict, func(p *driver.SaveVorgangParams) {
		p.ExpectedVersion, p.Row.ID = 0, uuid.New()
		p.Journal[0].VorgangID = p.Row.ID
	})
	require.NoError(t, b.Update(t.Context(), "kiel", func(ctx context.Context, tx driver.Tx) error {
		for _, first := range []bool{true, false} { // without and with a read before
			for name, x := range bad {
				if !first {
					_, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: one.Row.ID, Lock: true})
					require.NoError(t, err)
				}
				require.ErrorIs(t, tx.SaveVorgang(ctx, x.p), x.kind, name)
			}
		}
		return nil
	}), "expected errors leave the transaction usable")
	require.Empty(t, hits(t, b, "falsch"))
	got, err := b.Beteiligungen(t.Context(), "luebeck", driver.BeteiligungenParams{Now: tag1, Limit: 10})
	require.NoError(t, err)
	require.Empty(t, got)
	feed, err := b.Aenderungen(t.Context(), "kiel", driver.AenderungenParams{Limit: 10})
	require.NoError(t, err)
	require.Len(t, feed, 2)
}

func TestSaveChangesWhatItSays(t *testing.T) {
	b, _ := openBackend(t, nil)
	p := neuer(1)
	p.Beteiligungen = []driver.BeteiligungRow{{Gast: "luebeck", Recht: "lesen", Von: tag1}, {Gast: "kiel", Recht: "lesen", Von: tag1}}
	save(t, b, p)
	require.Equal(t, []string{"erika"}, hits(t, b, "erika"))
	require.Equal(t, []string{"mustermann"}, hits(t, b, "muster"), "once, at the first word")
	require.Equal(t, []string{"mustermann"}, hits(t, b, "muster", "musters", "e"))
	require.Empty(t, hits(t, b, "muster", "ustermann"))

	token, bis := uuid.New(), tag1.Add(time.Hour)
	p = folgend(p)
	p.Woerter = []string{"musterstadt", "max"}
	p.Row.Status, p.Row.Aktenzeichen, p.Row.Frist, p.Row.Antragsteller = "in_arbeit", []string{"az-2", "az-3"}, datum.Datum{}, "Max Muster"
	p.Lease = &driver.SetLeaseParams{Token: &token, Bis: &bis}
	save(t, b, p)
	require.Equal(t, []string{"musterstadt"}, hits(t, b, "muster"))
	require.Empty(t, hits(t, b, "erika"))
	p = folgend(p) // words and shares stay
	p.Lease = nil
	save(t, b, p)
	require.Equal(t, []string{"musterstadt"}, hits(t, b, "muster"))
	view(t, b, func(ctx context.Context, tx driver.Tx) {
		r, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: p.Row.ID})
		require.NoError(t, err)
		require.Equal(t, token, *r.LeaseToken)
		require.True(t, bis.Equal(*r.LeaseBis))
		r.LeaseToken, r.LeaseBis = nil, nil
		require.Equal(t, p.Row, r)
		for zeichen, n := range map[string]int{"az-1": 0, "az-2": 1, "az-3": 1} {
			list, err := tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{Filter: driver.VorgangFilter{Aktenzeichen: zeichen}, Limit: 9, Kurz: true})
			require.NoError(t, err)
			require.Len(t, list, n, zeichen)
			for _, r := range list {
				require.Empty(t, r.Daten)
				require.Equal(t, "Max Muster", r.Antragsteller)
			}
		}
	})
	shares, err := b.Beteiligungen(t.Context(), "luebeck", driver.BeteiligungenParams{Now: tag1, Limit: 10})
	require.NoError(t, err)
	require.Equal(t, []driver.BeteiligungRow{{Mandant: "kiel", VorgangID: p.Row.ID, Gast: "luebeck", Recht: "lesen", Von: tag1}}, shares)
	own, err := b.Beteiligungen(t.Context(), "kiel", driver.BeteiligungenParams{Now: tag1, Limit: 10})
	require.NoError(t, err)
	require.Empty(t, own, "a share to oneself is none")
}

// A list with several values per column gives what a plain filter gives, in order.
func TestMergedLists(t *testing.T) {
	b, _ := openBackend(t, nil)
	var ps []driver.SaveVorgangParams
	for i := range 120 {
		p := neuer(i / 3) // same instants occur
		p.Row.Status = []string{"neu", "in_arbeit", "wartet", "zu"}[i%4]
		p.Row.Einheit = []string{"e1", "e2", "e3"}[i%3]
		p.Row.Bearbeiter = []string{"", "kim", "alex", "toni"}[i%4]
		ps = append(ps, p)
	}
	save(t, b, ps...)
	offen := []string{"neu", "in_arbeit", "wartet", "neu"}
	for name, f := range map[string]driver.VorgangFilter{
		"status":             {Status: offen},
		"status and einheit": {Status: offen, Einheiten: []string{"e1", "e2"}},
		"bearbeiter":         {Bearbeiter: []string{"kim", "alex"}, Status: offen},
		"nobody or kim":      {Bearbeiter: []string{"", "kim"}, Einheiten: []string{"e1", "e3"}},
		"einheit":            {Einheiten: []string{"e1", "e3"}, EingangVon: tag1.Add(3 * time.Second)},
		"one each":           {Status: []string{"neu"}, Einheiten: []string{"e1"}},
	} {
		for _, down := range []bool{false, true} {
			view(t, b, func(ctx context.Context, tx driver.Tx) {
				n, err := tx.CountVorgaenge(ctx, driver.CountVorgaengeParams{Filter: f})
				require.NoError(t, err)
				require.Positive(t, n, name)
				seen := map[uuid.UUID]bool{}
				var last *driver.VorgangKey
				for {
					page, err := tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{Filter: f, After: last, Limit: 7, Absteigend: down})
					require.NoError(t, err)
					for _, r := range page {
						require.False(t, seen[r.ID], name)
						seen[r.ID] = true
						if last != nil {
							c := r.Eingang.Compare(last.Eingang)
							if c == 0 {
								c = 1
								if r.ID.String() < last.ID.String() {
									c = -1
								}
							}
							require.Equal(t, down, c < 0, name)
						}
						last = &driver.VorgangKey{Eingang: r.Eingang, ID: r.ID}
					}
					if len(page) < 7 {
						break
					}
				}
				require.Len(t, seen, int(n), name)
			})
		}
	}
}

// A common word with a rare one gives the same pages as the common one alone
// would, less what has not the rare one.
func TestSearchByTheRareWord(t *testing.T) {
	b, _ := openBackend(t, nil)
	var ps []driver.SaveVorgangParams
	for i := range 1200 {
		p := neuer(i)
		p.Journal, p.Auftraege, p.Row.JournalSeq, p.Row.Aktenzeichen = nil, nil, 0, nil
		p.Woerter = []string{"haus", fmt.Sprintf("müller%d", i%3), "müllerstraße"}
		if i%100 == 0 {
			p.Woerter = append(p.Woerter, "xaver")
		}
		ps = append(ps, p)
	}
	save(t, b, ps...)
	var got []driver.TrefferRow
	view(t, b, func(ctx context.Context, tx driver.Tx) {
		var after *driver.TrefferKey
		for {
			page, err := tx.SearchVorgaenge(ctx, driver.SearchVorgaengeParams{Woerter: []string{"mü", "xav"}, Limit: 5, After: after,
				Filter: driver.VorgangFilter{EingangVon: tag1.Add(time.Second)}})
			require.NoError(t, err)
			got = append(got, page...)
			if len(page) < 5 {
				break
			}
			after = &driver.TrefferKey{Wort: page[4].Wort, ID: page[4].Row.ID}
		}
	})
	require.Len(t, got, 11)
	for i, r := range got {
		require.Equal(t, fmt.Sprintf("müller%d", (i+1)/4), r.Wort[:len("müller")+1], i)
		require.Empty(t, r.Row.Daten)
		if i > 0 && got[i-1].Wort == r.Wort {
			require.Less(t, got[i-1].Row.ID.String(), r.Row.ID.String())
		}
	}
	require.Len(t, hits(t, b, "mü", "haus"), 100)
}

// The stack gives the oldest, whatever is selected, and what lost its lease.
func TestNextWartend(t *testing.T) {
	b, _ := openBackend(t, nil)
	now := tag1.Add(time.Hour)
	next := func(p driver.NextWartendParams) (n int) {
		p.Now = now
		err := b.Update(t.Context(), "kiel", func(ctx context.Context, tx driver.Tx) error {
			r, err := tx.NextWartend(ctx, p)
			n = int(r.Eingang.Sub(tag1) / time.Second)
			return err
		})
		if err != nil {
			require.ErrorIs(t, err, fehler.ErrNotFound)
			return -1
		}
		return n
	}
	require.Equal(t, -1, next(driver.NextWartendParams{}))
	require.Equal(t, -1, next(driver.NextWartendParams{Leistungen: []string{"l1"}}))
	at := func(n int, einheit, leistung string, bis time.Time) driver.SaveVorgangParams {
		p := neuer(n)
		p.Row.Einheit, p.Row.Leistung = einheit, leistung
		if !bis.IsZero() {
			token := uuid.New()
			p.Lease = &driver.SetLeaseParams{Token: &token, Bis: &bis}
		}
		return p
	}
	save(t, b, at(1, "a", "x", now.Add(time.Microsecond)), at(2, "b", "y", now), at(3, "a", "y", time.Time{}), at(4, "c", "x", time.Time{}), at(5, "a", "x", time.Time{}))
	for _, x := range []struct {
		want int
		p    driver.NextWartendParams
	}{
		{2, driver.NextWartendParams{}},
		{3, driver.NextWartendParams{After: &driver.VorgangKey{Eingang: tag1.Add(2500 * time.Millisecond)}}},
		{3, driver.NextWartendParams{Einheiten: []string{"a", "c"}}},
		{4, driver.NextWartendParams{Leistungen: []string{"x"}}},
		{5, driver.NextWartendParams{Einheiten: []string{"a"}, Leistungen: []string{"x"}}},
		{5, driver.NextWartendParams{Leistungen: []string{"x"}, After: &driver.VorgangKey{Eingang: tag1.Add(4500 * time.Millisecond)}}},
		{2, driver.NextWartendParams{Einheiten: []string{"b", "c"}, Leistungen: []string{"y", "x"}}},
		{-1, driver.NextWartendParams{Einheiten: []string{"c"}, Leistungen: []string{"y"}}},
	} {
		require.Equal(t, x.want, next(x.p), "%+v", x.p)
	}
}
