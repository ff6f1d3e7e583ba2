package memory

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

const (
	kiel    = tenant.ID("kiel")
	luebeck = tenant.ID("luebeck")
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute) }

// nr gives the n-th id, in the order of n.
func nr(n int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func update(t require.TestingT, b *Backend, m tenant.ID, f func(ctx context.Context, tx *tx)) {
	require.NoError(t, b.Update(context.Background(), m, func(ctx context.Context, x driver.Tx) error {
		f(ctx, x.(*tx))
		return nil
	}))
}

func view(t require.TestingT, b *Backend, m tenant.ID, f func(ctx context.Context, tx *tx)) {
	require.NoError(t, b.View(context.Background(), m, func(ctx context.Context, x driver.Tx) error {
		f(ctx, x.(*tx))
		return nil
	}))
}

// neu is the smallest save of a new Vorgang.
func neu(n int) driver.SaveVorgangParams {
	return driver.SaveVorgangParams{
		Row:     driver.VorgangRow{ID: nr(n), Version: 1, Eingang: at(n), JournalSeq: 1},
		Journal: []driver.JournalRow{{VorgangID: nr(n), Seq: 1, Code: "eingang", Daten: []byte("{}")}},
		Zeit:    at(n),
	}
}

func save(t require.TestingT, b *Backend, m tenant.ID, ps ...driver.SaveVorgangParams) {
	update(t, b, m, func(ctx context.Context, tx *tx) {
		for _, p := range ps {
			require.NoError(t, tx.SaveVorgang(ctx, p))
		}
	})
}

// population saves some Vorgaenge a few times each and gives what a list
// should know about them, ordered by Eingang and id.
func population(t *rapid.T, b *Backend) []*vorgang {
	few := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
	known := map[uuid.UUID]*vorgang{}
	for range rapid.IntRange(0, 25).Draw(t, "saves") {
		id := nr(rapid.IntRange(1, 12).Draw(t, "id"))
		v := &vorgang{VorgangRow: driver.VorgangRow{
			ID: id, Version: 1, Eingang: at(rapid.IntRange(0, 4).Draw(t, "eingang")),
			Status: few("status", "neu", "offen"), Leistung: few("leistung", "a", "ab", ""),
			Einheit: few("einheit", "x", "xy", "z"), Bearbeiter: few("bearbeiter", "", "eva", "jan"),
			Wartend: rapid.IntRange(0, 3).Draw(t, "wartend") > 0,
		}}
		if rapid.Bool().Draw(t, "frist") {
			v.Frist = datum.New(2026, 4, rapid.IntRange(1, 3).Draw(t, "tag"))
		}
		if rapid.Bool().Draw(t, "akten") {
			v.Aktenzeichen = []string{few("az", "A 1", "A 2"), "B"}
		}
		if rapid.Bool().Draw(t, "nummer") {
			v.Nummer = id.String()
		}
		p := driver.SaveVorgangParams{Woerter: rapid.SliceOfDistinct(
			rapid.SampledFrom([]string{"a", "ab", "abc", "abd", "b", "ba", "c"}), rapid.ID[string]).Draw(t, "woerter")}
		if p.Woerter == nil {
			p.Woerter = []string{}
		}
		v.woerter = slices.Sorted(slices.Values(p.Woerter))
		p.Lease = &driver.SetLeaseParams{}
		if old := known[id]; old != nil {
			p.ExpectedVersion, v.Version = old.Version, old.Version+1
			p.Lease.ExpectToken = old.LeaseToken
		}
		if rapid.Bool().Draw(t, "lease") {
			v.LeaseToken, v.LeaseBis = new(nr(99)), new(at(rapid.IntRange(-2, 2).Draw(t, "bis")))
			p.Lease.Token, p.Lease.Bis = v.LeaseToken, v.LeaseBis
		}
		p.Row = v.VorgangRow
		save(t, b, kiel, p)
		known[id] = v
	}
	// Another Mandant has the same ids, and is never seen.
	save(t, b, luebeck, driver.SaveVorgangParams{
		Row:     driver.VorgangRow{ID: nr(1), Version: 1, Einheit: "x", Status: "neu", Wartend: true},
		Woerter: []string{"a", "abc"},
	})
	var rows []*vorgang
	for _, v := range known {
		rows = append(rows, v)
	}
	slices.SortFunc(rows, func(a, b *vorgang) int { return strings.Compare(order(a), order(b)) })
	return rows
}

func order(v *vorgang) string { return suffix(v.Eingang, v.ID) }

func filter(t *rapid.T) driver.VorgangFilter {
	some := func(label string, values ...string) []string {
		if rapid.Bool().Draw(t, label+" any") {
			return nil
		}
		return rapid.SliceOfN(rapid.SampledFrom(values), 1, 2).Draw(t, label)
	}
	seldom := func(label string) bool { return rapid.IntRange(0, 4).Draw(t, label) == 4 }
	f := driver.VorgangFilter{
		Status: some("fstatus", "neu", "offen", "kein"), Leistungen: some("fleistung", "a", "ab", ""),
		Einheiten: some("feinheit", "x", "xy"), Bearbeiter: some("fbearbeiter", "", "eva", "jan"),
		Aktenzeichen: rapid.SampledFrom([]string{"", "", "A 1", "B", "C"}).Draw(t, "faz"),
	}
	if seldom("fnummer") {
		f.Nummer = nr(rapid.IntRange(1, 12).Draw(t, "id")).String()
	}
	if seldom("fvon") {
		f.EingangVon = at(rapid.IntRange(0, 4).Draw(t, "von"))
	}
	if seldom("fbis") {
		f.EingangBis = at(rapid.IntRange(0, 5).Draw(t, "bis"))
	}
	if seldom("ffrist") {
		f.FristBis = datum.New(2026, 4, 2)
	}
	return f
}

func ids[R any](rows []R, id func(R) uuid.UUID) []uuid.UUID {
	out := []uuid.UUID{}
	for _, r := range rows {
		out = append(out, id(r))
	}
	return out
}

func rowID(r driver.VorgangRow) uuid.UUID { return r.ID }

func fresh(testing.TB) *Backend { return New(&Options{BusyTimeout: 50 * time.Millisecond}).Backend() }
