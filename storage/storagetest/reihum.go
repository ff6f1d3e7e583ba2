package storagetest

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// leaseOf leases what one Mandant has.
func (e *env) leaseOf(s *storage.Store, m tenant.ID, limit int) []storage.Auftrag {
	e.Helper()
	got, err := s.LeaseAuftraege(e.ctx, storage.LeaseParams{Mandant: m, Limit: limit})
	e.ok(err)
	for _, x := range got {
		e.equal(x.Mandant, m)
	}
	return got
}

func reihumCases() []testCase {
	return []testCase{
		{group: "turns", name: "one mandant", needs: Relay, rule: "Auftraege of one Mandant can be leased alone, those due longest first", run: func(e *env) {
			s := e.store()
			for _, m := range []tenant.ID{kiel, luebek, kiel, luebek} {
				e.stored(s, m)
			}
			first := e.leaseOf(s, luebek, 1)
			e.equal(len(first), 1)
			second := e.leaseOf(s, luebek, 100)
			e.equal(len(second), 1)
			e.equal(first[0].Faellig.After(second[0].Faellig), false)
			e.equal(len(e.leaseOf(s, luebek, 100)), 0)
			e.equal(len(e.leaseOf(s, "niemand", 100)), 0)
			e.equal(len(e.leaseOf(s, kiel, 100)), 2)
			e.advance(24 * 60 * 60 * 1e9)
			e.equal(len(e.leaseOf(s, luebek, 100)), 2) // their leases ran out
		}},
		{group: "turns", name: "who has something", needs: Relay, rule: "each Mandant with something to lease is named, in order; none that has nothing due", run: func(e *env) {
			s := e.store()
			names := func() []tenant.ID {
				ids, err := s.FaelligeMandanten(e.ctx)
				e.ok(err)
				e.equal(slices.IsSorted(ids), true)
				return ids
			}
			e.equal(len(names()), 0)
			e.stored(s, luebek)
			e.stored(s, kiel)
			e.stored(s, kiel)
			e.equal(names(), []tenant.ID{kiel, luebek})
			for range 9 {
				for _, x := range e.leaseOf(s, kiel, 100) {
					e.ok(s.FinishAuftrag(e.ctx, x, done()))
				}
			}
			e.equal(names(), []tenant.ID{luebek})
			for _, x := range e.leaseOf(s, luebek, 100) {
				e.ok(s.FinishAuftrag(e.ctx, x, storage.Ergebnis{Zustand: storage.AuftragOffen, Faellig: e.clock().Add(1e9)}))
			}
			e.equal(len(names()), 0)
			e.advance(1e9)
			e.equal(names(), []tenant.ID{luebek})
		}},
		{group: "turns", name: "a try taken back", needs: Relay, rule: "a try that is taken back does not count", run: func(e *env) {
			s := e.store()
			e.stored(s, kiel)
			for range 3 {
				got := e.lease(s)
				e.equal(len(got), 1)
				e.equal(got[0].Versuch, 1)
				e.ok(s.FinishAuftrag(e.ctx, got[0], storage.Ergebnis{Zustand: storage.AuftragOffen, Faellig: e.clock(), Frei: true}))
			}
		}},
		{group: "turns", name: "how it stands", needs: Relay, rule: "what is due and what is parked is counted over all Mandanten, with the age of the oldest", run: func(e *env) {
			s := e.store()
			lage := func() storage.AuftragLage {
				l, err := s.AuftragLage(e.ctx)
				e.ok(err)
				return l
			}
			e.equal(lage(), storage.AuftragLage{})
			e.stored(s, kiel)
			oldest := lage().Aelteste
			e.equal(oldest.IsZero(), false)
			e.advance(60 * 1e9)
			e.stored(s, luebek)
			before := lage()
			e.equal(before.Aelteste.Equal(oldest), true)
			e.equal(before.Faellig >= 2, true)
			x := e.leaseOf(s, kiel, 1)[0]
			e.equal(lage().Faellig, before.Faellig)
			e.ok(s.FinishAuftrag(e.ctx, x, storage.Ergebnis{Zustand: storage.AuftragGeparkt, Fehler: "x"}))
			e.equal(lage().Faellig, before.Faellig-1)
			e.equal(lage().Geparkt, int64(1))
		}},
	}
}
