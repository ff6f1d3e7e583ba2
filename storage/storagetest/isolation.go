package storagetest

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// both runs a case with the Mandanten in both roles, through two stores.
func both(f func(e *env, mine, foreign *storage.Store, me, they tenant.ID)) func(e *env) {
	return func(e *env) {
		a, b := e.store(), e.store()
		f(e, a, b, kiel, luebek)
		f(e, b, a, luebek, kiel)
	}
}

func isolationCases() []testCase {
	return []testCase{
		{group: "isolation", name: "vorgang", rule: "another Mandant's Vorgang is ErrNotFound, for every method", run: both(func(e *env, mine, foreign *storage.Store, me, they tenant.ID) {
			v := e.stored(mine, me, func(p *vorgang.Params) { p.Aktenzeichen = []string{"az-" + string(me)} })
			_, err := foreign.Get(e.ctx, they, v.ID())
			e.is(err, storage.ErrNotFound)
			_, err = foreign.Edit(e.ctx, they, v.ID(), e.note(they, "x"))
			e.is(err, storage.ErrNotFound)
			e.is(foreign.VerifyJournal(e.ctx, they, v.ID()), storage.ErrNotFound)
			for range foreign.Journal(e.ctx, they, v.ID()) {
				e.Fatalf("the journal is visible")
			}
			for w, err := range foreign.List(e.ctx, they, storage.PageParams{}) {
				e.ok(err)
				if w.ID == v.ID() {
					e.Fatalf("the Vorgang is in the list")
				}
			}
			for _, f := range []storage.Filter{{Nummer: v.Nummer()}, {Aktenzeichen: "az-" + string(me)}} {
				n, err := foreign.Count(e.ctx, they, f)
				e.ok(err)
				e.equal(n, int64(0))
			}
			e.ok(foreign.Update(e.ctx, they, func(ctx context.Context, tx *storage.Tx) error {
				_, err := tx.Lock(ctx, v.ID())
				e.is(err, storage.ErrNotFound)
				e.is(tx.EraseJournal(ctx, v.ID(), 1), storage.ErrNotFound)
				for range tx.Auftraege(ctx, v.ID()) {
					e.Fatalf("the Auftraege are visible")
				}
				return nil
			}))
			n, err := mine.Count(e.ctx, me, storage.Filter{Nummer: v.Nummer()})
			e.ok(err)
			e.equal(n, int64(1))
		})},
		{group: "isolation", name: "same keys", rule: "two Mandanten may use the same id, number and key, and see their own", run: func(e *env) {
			a, b := e.store(), e.store()
			id, jobs := uuid.New(), 0
			for i, m := range []tenant.ID{kiel, luebek} {
				s := []*storage.Store{a, b}[i]
				e.stored(s, m, func(p *vorgang.Params) { p.ID, p.Nummer, p.Einheit = id, "1", "einheit-"+string(m) })
				e.ok(s.PutKonfig(e.ctx, m, "a", "b", 0, string(m)))
				e.ok(s.Update(e.ctx, m, func(ctx context.Context, tx *storage.Tx) error {
					n, err := tx.NextNummer(ctx, "z", 2026)
					e.ok(err)
					e.equal(n, int64(1))
					e.ok(tx.InsertEingang(ctx, &storage.Eingang{ID: id, Schluessel: "k", Kanal: string(m), Eingegangen: e.clock()}))
					_, err = tx.PutEintrag(ctx, messaging.Eintrag{ID: id, Postfach: "p", Absender: string(m), Zeit: e.clock()})
					return err
				}))
			}
			for i, m := range []tenant.ID{kiel, luebek} {
				s := []*storage.Store{a, b}[i]
				v, err := s.Edit(e.ctx, m, id, e.note(m, string(m)))
				e.ok(err)
				e.equal(v.Stand().Einheit, "einheit-"+string(m))
				e.equal(v.Version(), int64(2))
				var k string
				_, err = s.GetKonfig(e.ctx, m, "a", "b", &k)
				e.ok(err)
				e.equal(k, string(m))
				letter, err := s.Postfach().GetEintrag(e.ctx, m, "p", id)
				e.ok(err)
				e.equal(letter.Absender, string(m))
				e.ok(s.View(e.ctx, m, func(ctx context.Context, tx *storage.Tx) error {
					d, err := tx.FindEingang(ctx, "k")
					e.ok(err)
					e.equal(d.Kanal, string(m))
					for range tx.Auftraege(ctx, uuid.Nil) {
						jobs++
					}
					return nil
				}))
			}
			e.equal(jobs, 2)
		}},
		{group: "isolation", name: "eingang", rule: "another Mandant's delivery is ErrNotFound", run: both(func(e *env, mine, foreign *storage.Store, me, they tenant.ID) {
			d := storage.Eingang{ID: uuid.New(), Schluessel: "k-" + string(me), Zustand: "neu", Eingegangen: e.clock()}
			e.ok(mine.Update(e.ctx, me, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertEingang(ctx, &d) }))
			e.ok(foreign.Update(e.ctx, they, func(ctx context.Context, tx *storage.Tx) error {
				_, err := tx.GetEingang(ctx, d.ID)
				e.is(err, storage.ErrNotFound)
				_, err = tx.LockEingang(ctx, d.ID)
				e.is(err, storage.ErrNotFound)
				_, err = tx.FindEingang(ctx, d.Schluessel)
				e.is(err, storage.ErrNotFound)
				changed := d
				e.is(tx.UpdateEingang(ctx, &changed), storage.ErrNotFound)
				for f := range tx.Eingaenge(ctx) {
					if f.ID == d.ID {
						e.Fatalf("the delivery is in the list")
					}
				}
				return nil
			}))
		})},
		{group: "isolation", name: "postfach", rule: "another Mandant's letter is ErrNotFound", run: both(func(e *env, mine, foreign *storage.Store, me, they tenant.ID) {
			id, box := uuid.New(), "p-"+string(me)
			_, err := mine.Postfach().PutEintrag(e.ctx, me, messaging.Eintrag{ID: id, Postfach: box, Zeit: e.clock()})
			e.ok(err)
			_, err = foreign.Postfach().GetEintrag(e.ctx, they, box, id)
			e.is(err, storage.ErrNotFound)
			_, err = foreign.Postfach().MarkGelesen(e.ctx, they, box, id, e.clock())
			e.is(err, storage.ErrNotFound)
			for range foreign.Postfach().ListEintraege(e.ctx, they, box) {
				e.Fatalf("the mailbox is visible")
			}
		})},
		{group: "isolation", name: "konfig", rule: "another Mandant's configuration is ErrNotFound", run: both(func(e *env, mine, foreign *storage.Store, me, they tenant.ID) {
			e.ok(mine.PutKonfig(e.ctx, me, "art", string(me), 0, 1))
			_, err := foreign.GetKonfig(e.ctx, they, "art", string(me), new(any))
			e.is(err, storage.ErrNotFound)
			e.is(foreign.PutKonfig(e.ctx, they, "art", string(me), 1, 2), storage.ErrNotFound)
			e.ok(foreign.View(e.ctx, they, func(ctx context.Context, tx *storage.Tx) error {
				list, err := tx.ListKonfig(ctx, "art")
				e.ok(err)
				for _, k := range list {
					if k.Schluessel == string(me) {
						e.Fatalf("the document is in the list")
					}
				}
				return nil
			}))
		})},
		{group: "isolation", name: "claim", rule: "nobody pulls from another Mandant's stack, or touches its leases", run: both(func(e *env, mine, foreign *storage.Store, me, they tenant.ID) {
			v := e.stored(mine, me)
			_, _, err := foreign.Claim(e.ctx, they, storage.ClaimParams{Akteur: clerk(they)})
			e.is(err, storage.ErrNotFound)
			_, l, err := mine.Claim(e.ctx, me, storage.ClaimParams{Akteur: clerk(me)})
			e.ok(err)
			e.equal(l.Vorgang, v.ID())
			_, err = foreign.Renew(e.ctx, they, l, time.Hour)
			e.is(err, storage.ErrNotFound)
			_, err = foreign.Complete(e.ctx, they, l, e.note(they, "x"))
			e.is(err, storage.ErrNotFound)
			_, err = mine.Complete(e.ctx, me, l, func(v *vorgang.Vorgang) error {
				return v.Assign(clerk(me), e.clock(), "sb-1", "")
			})
			e.ok(err)
		})},
		{group: "isolation", name: "the rest", rule: "search, feed, keys, retention, shares, counters and claims by id know nothing of another Mandant", run: both(func(e *env, mine, foreign *storage.Store, me, they tenant.ID) {
			v := e.stored(mine, me, func(p *vorgang.Params) { p.Antrag.Antragsteller.Name = "Isolde " + string(me) })
			hits, err := foreign.Search(e.ctx, they, storage.SearchParams{Text: "isolde"})
			e.ok(err)
			for _, z := range hits.Zeilen {
				if z.ID == v.ID() {
					e.Fatalf("it is found")
				}
			}
			for _, a := range e.feed(foreign, they, "", 10) {
				if a.Vorgang == v.ID() {
					e.Fatalf("it is in the feed")
				}
			}
			_, _, err = foreign.ClaimByID(e.ctx, they, v.ID(), storage.ClaimParams{Akteur: clerk(they)})
			e.is(err, storage.ErrNotFound)
			for range foreign.Geteilte(e.ctx, they) {
				e.Fatalf("something is shared")
			}
			one := func(s *storage.Store, m tenant.ID) (schon bool) {
				schon, err := s.Once(e.ctx, m, "k-"+string(me), time.Hour, nil, func(context.Context, *storage.Tx) (any, error) { return 1, nil })
				e.ok(err)
				return schon
			}
			e.equal([]bool{one(mine, me), one(foreign, they), one(mine, me)}, []bool{false, false, true})
			tag := datum.MustParse("2030-01-01")
			e.ok(mine.Update(e.ctx, me, func(ctx context.Context, tx *storage.Tx) error {
				return tx.SetAufbewahrung(ctx, storage.Aufbewahrung{Vorgang: v.ID(), Bis: tag})
			}))
			for a, err := range foreign.Loeschbare(e.ctx, they, tag.AddTage(1)) {
				e.ok(err)
				if a.Vorgang == v.ID() {
					e.Fatalf("it is listed for deletion")
				}
			}
			e.ok(foreign.Update(e.ctx, they, func(ctx context.Context, tx *storage.Tx) error {
				_, err := tx.Aufbewahrung(ctx, v.ID())
				e.is(err, storage.ErrNotFound)
				e.is(tx.EraseVorgang(ctx, v.ID()), storage.ErrNotFound)
				return nil
			}))
			_, err = foreign.Prune(e.ctx, they, storage.PruneParams{Schluessel: e.clock().Add(time.Hour * 9), Aenderungen: e.clock().Add(time.Hour)})
			e.ok(err)
			e.equal(one(mine, me), true)
			e.equal(len(e.feed(mine, me, "", 10)) > 0, true)
			n, err := foreign.Reindex(e.ctx, they, nil)
			e.ok(err)
			e.equal(n.Unlesbar, int64(0))
			hits, err = mine.Search(e.ctx, me, storage.SearchParams{Text: "isolde"})
			e.ok(err)
			e.equal(len(hits.Zeilen) > 0, true)
		})},
		{group: "isolation", name: "auftrag", needs: Relay, rule: "a lease names its Mandant; another Mandant cannot finish or requeue it", run: both(func(e *env, mine, foreign *storage.Store, me, they tenant.ID) {
			v := e.stored(mine, me)
			got, err := mine.LeaseAuftraege(e.ctx, storage.LeaseParams{})
			e.ok(err)
			e.equal(len(got), 1)
			e.equal(fmt.Sprint(got[0].Mandant, got[0].Vorgang), fmt.Sprint(me, v.ID()))
			e.ok(foreign.Update(e.ctx, they, func(ctx context.Context, tx *storage.Tx) error {
				e.is(tx.FinishAuftrag(ctx, got[0], storage.Ergebnis{Zustand: storage.AuftragErledigt}), storage.ErrNotFound)
				e.is(tx.RequeueAuftrag(ctx, got[0].ID), storage.ErrNotFound)
				return nil
			}))
			e.ok(mine.FinishAuftrag(e.ctx, got[0], storage.Ergebnis{Zustand: storage.AuftragErledigt}))
		})},
	}
}
