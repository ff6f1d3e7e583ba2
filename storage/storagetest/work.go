package storagetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func (e *env) lease(s *storage.Store) []storage.Auftrag {
	e.Helper()
	got, err := s.LeaseAuftraege(e.ctx, storage.LeaseParams{Limit: 100})
	e.ok(err)
	return got
}

func done() storage.Ergebnis { return storage.Ergebnis{Zustand: storage.AuftragErledigt} }

func outboxCases() []testCase {
	return []testCase{
		{group: "outbox", name: "order per vorgang", needs: Relay, rule: "one Auftrag per Vorgang at a time, in the order they were ordered", run: func(e *env) {
			s := e.store()
			a, b := e.stored(s, kiel), e.stored(s, luebek)
			for range 3 {
				_, err := s.Edit(e.ctx, kiel, a.ID(), e.write(kiel))
				e.ok(err)
			}
			var versions []int64
			foreign := 0
			for range 4 {
				got := e.lease(s)
				e.equal(len(e.lease(s)), 0)
				own := 0
				for _, x := range got {
					if x.Vorgang == b.ID() {
						foreign++
					} else {
						own++
						versions = append(versions, x.Version)
					}
					e.equal(x.Versuch, 1)
					e.ok(s.FinishAuftrag(e.ctx, x, done()))
				}
				e.equal(own, 1)
			}
			e.equal(versions, []int64{1, 2, 3, 4})
			e.equal(foreign, 1)
			e.equal(len(e.lease(s)), 0)
		}},
		{group: "outbox", name: "lease expiry", needs: Relay, rule: "what is not finished in time is given again; the former holder cannot finish it", run: func(e *env) {
			s := e.store()
			e.stored(s, kiel)
			first := e.lease(s)[0]
			e.equal(first.LeaseBis.Equal(e.clock().Add(10*time.Minute)), true)
			e.advance(10*time.Minute - time.Microsecond)
			e.equal(len(e.lease(s)), 0)
			e.advance(time.Microsecond)
			second := e.lease(s)[0]
			e.equal(second.ID, first.ID)
			e.equal(second.Versuch, 2)
			e.is(s.FinishAuftrag(e.ctx, first, done()), storage.ErrConflict)
			e.ok(s.FinishAuftrag(e.ctx, second, done()))
			e.is(s.FinishAuftrag(e.ctx, second, done()), storage.ErrConflict)
		}},
		{group: "outbox", name: "late but not taken over", needs: Relay, rule: "a lease that ran out but was not taken over still counts", run: func(e *env) {
			s := e.store()
			e.stored(s, kiel)
			first := e.lease(s)[0]
			e.advance(time.Hour)
			e.ok(s.FinishAuftrag(e.ctx, first, done()))
		}},
		{group: "outbox", name: "retry", needs: Relay, rule: "a failed Auftrag is due again at Faellig and holds up its Vorgang until then", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			_, err := s.Edit(e.ctx, kiel, v.ID(), e.write(kiel))
			e.ok(err)
			x := e.lease(s)[0]
			e.ok(s.FinishAuftrag(e.ctx, x, storage.Ergebnis{Zustand: storage.AuftragOffen, Faellig: e.clock().Add(time.Minute), Fehler: "a\x00b\xff"}))
			e.equal(len(e.lease(s)), 0)
			e.advance(time.Minute)
			again := e.lease(s)
			e.equal(len(again), 1)
			e.equal(again[0].ID, x.ID)
			e.equal(again[0].LetzterFehler, "a�b�")
		}},
		{group: "outbox", name: "park", needs: Relay, rule: "a parked Auftrag stays visible and blocks only its own Vorgang; requeue opens it", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			_, err := s.Edit(e.ctx, kiel, v.ID(), e.write(kiel))
			e.ok(err)
			x := e.lease(s)[0]
			e.ok(s.FinishAuftrag(e.ctx, x, storage.Ergebnis{Zustand: storage.AuftragGeparkt, Fehler: "poison"}))
			other := e.stored(s, kiel)
			got := e.lease(s)
			e.equal(len(got), 1)
			e.equal(got[0].Vorgang, other.ID())
			e.ok(s.FinishAuftrag(e.ctx, got[0], done()))
			e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				n := 0
				for p, err := range tx.Auftraege(ctx, uuid.Nil, storage.AuftragGeparkt) {
					e.ok(err)
					e.equal(p.ID.String()+p.LetzterFehler, x.ID.String()+"poison")
					n++
				}
				e.equal(n, 1)
				return tx.RequeueAuftrag(ctx, x.ID)
			}))
			e.equal(e.lease(s)[0].ID, x.ID)
		}},
		{group: "outbox", name: "give up", needs: Relay, rule: "a parked Auftrag that is given up stays visible, is in the journal, and the later ones of its Vorgang go on", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			for range 2 {
				_, err := s.Edit(e.ctx, kiel, v.ID(), e.write(kiel))
				e.ok(err)
			}
			x := e.lease(s)[0]
			chef := tenant.Akteur{ID: "chef", Name: "Chef", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Leitung}}
			e.is(s.GiveUpAuftrag(e.ctx, chef, x, "weg"), storage.ErrConflict)
			e.ok(s.FinishAuftrag(e.ctx, x, storage.Ergebnis{Zustand: storage.AuftragGeparkt, Fehler: "poison"}))
			e.equal(len(e.lease(s)), 0)
			e.ok(s.GiveUpAuftrag(e.ctx, chef, x, "Empfänger unbekannt verzogen"))
			e.is(s.GiveUpAuftrag(e.ctx, chef, x, "noch einmal"), storage.ErrConflict)
			got := e.lease(s)
			e.equal(len(got), 1)
			e.equal(got[0].ID == x.ID, false)
			e.ok(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				for p, err := range tx.Auftraege(ctx, v.ID(), storage.AuftragAufgegeben) {
					e.ok(err)
					e.equal(p.ID.String()+p.LetzterFehler, x.ID.String()+"poison")
				}
				return nil
			}))
			codes := 0
			for j, err := range s.Journal(e.ctx, kiel, v.ID()) {
				e.ok(err)
				if j.Code == "auftrag.aufgegeben" {
					codes++
				}
			}
			e.equal(codes, 1)
		}},
		{group: "outbox", name: "termin", needs: Relay, rule: "a Termin waits for nothing but its time, and nothing waits for it", run: func(e *env) {
			b := e.backend()
			r := e.row()
			job := func(ordinal int64, termin bool, due time.Duration) driver.AuftragRow {
				return driver.AuftragRow{ID: uuid.New(), VorgangID: r.ID, VorgangVersion: 1, Ordinal: ordinal, Art: "a",
					Erstellt: e.clock(), Faellig: e.clock().Add(due), Termin: termin}
			}
			early, first, second, late := job(0, true, time.Hour), job(1, false, 0), job(2, false, 0), job(3, true, 0)
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: r, Auftraege: []driver.AuftragRow{early, first, second, late}}))
			})
			take := func(at time.Duration) map[uuid.UUID]bool {
				rows, err := b.LeaseAuftraege(e.ctx, driver.LeaseAuftraegeParams{Now: e.clock().Add(at), Until: e.clock().Add(100 * time.Hour), Token: uuid.New(), Limit: 10})
				e.ok(err)
				out := map[uuid.UUID]bool{}
				for _, x := range rows {
					out[x.ID] = true
				}
				return out
			}
			e.equal(take(0), map[uuid.UUID]bool{first.ID: true, late.ID: true})
			e.equal(take(time.Hour), map[uuid.UUID]bool{early.ID: true})
			e.equal(take(time.Hour), map[uuid.UUID]bool{})
		}},
		{group: "outbox", name: "kinds and limit", needs: Relay, rule: "Arten and Limit are kept; those due longest come first", run: func(e *env) {
			s := e.store()
			for range 3 {
				e.stored(s, kiel)
				e.advance(time.Second)
			}
			got, err := s.LeaseAuftraege(e.ctx, storage.LeaseParams{Arten: []vorgang.AuftragArt{"gibt.es.nicht"}})
			e.ok(err)
			e.equal(len(got), 0)
			got, err = s.LeaseAuftraege(e.ctx, storage.LeaseParams{Limit: 2, Arten: []vorgang.AuftragArt{vorgang.EingangQuittieren}})
			e.ok(err)
			e.equal(len(got), 2)
			e.equal(got[0].Faellig.Before(got[1].Faellig), true)
			e.equal(e.lease(s)[0].Faellig.After(got[1].Faellig), true)
		}},
		{group: "outbox", name: "concurrent relays", needs: Relay, rule: "no Auftrag is leased twice, and the order holds with many relays and writers", run: func(e *env) {
			const vorgaenge, edits = 3, 4
			s := e.store()
			var ids []uuid.UUID
			for range vorgaenge {
				ids = append(ids, e.stored(s, kiel).ID())
			}
			var mu sync.Mutex
			seen, last := map[uuid.UUID]bool{}, map[uuid.UUID]int64{}
			stop := make(chan struct{})
			relay := func() error {
				for {
					got, err := s.LeaseAuftraege(e.ctx, storage.LeaseParams{Limit: 2})
					if err != nil {
						return err
					}
					for _, x := range got {
						mu.Lock()
						if seen[x.ID] || x.Version <= last[x.Vorgang] {
							e.Errorf("Auftrag of version %d came twice or after %d", x.Version, last[x.Vorgang])
						}
						seen[x.ID], last[x.Vorgang] = true, x.Version
						mu.Unlock()
						if err := s.FinishAuftrag(e.ctx, x, done()); err != nil {
							return err
						}
					}
					mu.Lock()
					all := len(seen) == vorgaenge*(edits+1)
					mu.Unlock()
					if all {
						return nil
					}
					select {
					case <-stop:
						return nil
					case <-time.After(time.Millisecond):
					}
				}
			}
			guard := time.AfterFunc(20*time.Second, func() { close(stop) })
			defer guard.Stop()
			e.ok(errors.Join(parallel(6, func(i int) error {
				if i < 3 {
					return relay()
				}
				for range edits {
					if _, err := s.Edit(e.ctx, kiel, ids[i-3], e.write(kiel)); err != nil {
						return err
					}
				}
				return nil
			})...))
			e.equal(len(seen), vorgaenge*(edits+1))
		}},
	}
}

func claimCases() []testCase {
	claim := func(e *env, s *storage.Store) (*vorgang.Vorgang, storage.Lease, error) {
		return s.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: clerk(kiel)})
	}
	return []testCase{
		{group: "claim", name: "oldest first", rule: "Claim gives the oldest waiting Vorgang, once; then ErrNotFound", run: func(e *env) {
			s := e.store()
			base := e.clock()
			late := e.stored(s, kiel, func(p *vorgang.Params) { p.Eingang = base.Add(time.Hour) })
			early := e.stored(s, kiel, func(p *vorgang.Params) { p.Eingang = base })
			for _, want := range []uuid.UUID{early.ID(), late.ID()} {
				v, l, err := claim(e, s)
				e.ok(err)
				e.equal(v.ID(), want)
				e.equal(l.Vorgang, want)
				e.equal(v.Stand().Bearbeiter(), "sb-1")
				e.equal(v.Status(), vorgang.InBearbeitung)
			}
			_, _, err := claim(e, s)
			e.is(err, storage.ErrNotFound)
		}},
		{group: "claim", name: "complete", rule: "after Complete what still waits is on the stack again, what was assigned is not", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			_, l, err := claim(e, s)
			e.ok(err)
			_, err = s.Complete(e.ctx, kiel, l, e.note(kiel, "half done"))
			e.ok(err)
			_, l, err = claim(e, s)
			e.ok(err)
			e.equal(l.Vorgang, v.ID())
			_, err = s.Complete(e.ctx, kiel, l, func(v *vorgang.Vorgang) error { return v.Assign(clerk(kiel), e.clock(), "sb-1", "") })
			e.ok(err)
			_, _, err = claim(e, s)
			e.is(err, storage.ErrNotFound)
		}},
		{group: "claim", name: "unreadable", rule: "a Vorgang that cannot be read does not stop the stack; without another its error is told", run: func(e *env) {
			b := e.backend()
			s := storage.New(b, nil)
			r := e.row()
			r.Wartend, r.Daten = true, []byte("{broken")
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: r}))
			})
			_, _, err := claim(e, s)
			e.is(err, storage.ErrInvalid)
			good := e.stored(s, kiel, func(p *vorgang.Params) { p.Eingang = r.Eingang.Add(time.Hour) })
			v, _, err := claim(e, s)
			e.ok(err)
			e.equal(v.ID(), good.ID())
		}},
		{group: "claim", name: "einheiten", rule: "Claim gives only from the Einheiten asked for and those of the Akteur", run: func(e *env) {
			s := e.store()
			b := e.stored(s, kiel, func(p *vorgang.Params) { p.Einheit = "b" })
			a := clerk(kiel)
			_, _, err := s.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: a, Einheiten: []string{"a"}})
			e.is(err, storage.ErrNotFound)
			a.Einheiten = []string{"a"}
			_, _, err = s.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: a})
			e.is(err, storage.ErrNotFound)
			_, _, err = s.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: a, Einheiten: []string{"b"}})
			e.is(err, storage.ErrNotFound)
			a.Einheiten = []string{"a", "b"}
			v, _, err := s.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: a})
			e.ok(err)
			e.equal(v.ID(), b.ID())
		}},
		{group: "claim", name: "queues", rule: "of a queue of Einheiten and Leistungen Claim gives the oldest by Eingang, whatever lies on other queues, leases that ran out included", run: func(e *env) {
			s := e.store()
			base := e.clock().Add(-time.Hour)
			add := func(einheit, leistung string, minute int) uuid.UUID {
				return e.stored(s, kiel, func(p *vorgang.Params) {
					p.Einheit, p.Leistung, p.Eingang = einheit, tenant.Leistungsschluessel(leistung), base.Add(time.Duration(minute)*time.Minute)
				}).ID()
			}
			const l1, l2, l3 = "99000000000001", "99000000000002", "99000000000003"
			a1, b2, a2, c3, b1 := add("a", l1, 5), add("b", l2, 4), add("a", l2, 3), add("c", l3, 2), add("b", l1, 1)
			claim := func(einheiten []string, leistungen ...tenant.Leistungsschluessel) (uuid.UUID, error) {
				_, l, err := s.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: clerk(kiel), Einheiten: einheiten, Leistungen: leistungen})
				return l.Vorgang, err
			}
			is := func(want uuid.UUID, einheiten []string, leistungen ...tenant.Leistungsschluessel) {
				e.Helper()
				got, err := claim(einheiten, leistungen...)
				e.ok(err)
				e.equal(got, want)
			}
			is(a2, []string{"a"})
			is(b2, []string{"a", "b"}, l2)
			is(c3, []string{"c", "d"})
			_, err := claim([]string{"a"}, l2)
			e.is(err, storage.ErrNotFound)
			is(b1, nil, l1, l3)
			e.advance(10 * time.Minute) // all leases have run out
			is(a2, []string{"a"})
			is(b1, nil)
			is(c3, nil)
			is(b2, nil)
			is(a1, nil)
			_, err = claim(nil)
			e.is(err, storage.ErrNotFound)
		}},
		{group: "claim", name: "by id", rule: "ClaimByID takes one certain Vorgang unless somebody holds it, it does not wait, or it is none of the Akteur's", run: func(e *env) {
			s := e.store()
			e.stored(s, kiel)
			v := e.stored(s, kiel)
			p := storage.ClaimParams{Akteur: clerk(kiel)}
			got, l, err := s.ClaimByID(e.ctx, kiel, v.ID(), p)
			e.ok(err)
			e.equal(got.Stand().Bearbeiter(), "sb-1")
			_, _, err = s.ClaimByID(e.ctx, kiel, v.ID(), p)
			e.is(err, storage.ErrConflict)
			e.advance(10 * time.Minute)
			_, second, err := s.ClaimByID(e.ctx, kiel, v.ID(), p)
			e.ok(err)
			_, err = s.Complete(e.ctx, kiel, l, e.note(kiel, "stale"))
			e.is(err, storage.ErrConflict)
			_, err = s.Complete(e.ctx, kiel, second, func(v *vorgang.Vorgang) error { return v.Assign(clerk(kiel), e.clock(), "sb-1", "") })
			e.ok(err)
			_, _, err = s.ClaimByID(e.ctx, kiel, v.ID(), p)
			e.is(err, storage.ErrConflict)
			_, _, err = s.ClaimByID(e.ctx, kiel, uuid.New(), p)
			e.is(err, storage.ErrNotFound)
			other := e.stored(s, kiel, func(p *vorgang.Params) { p.Einheit = "b" })
			p.Akteur.Einheiten = []string{"a"}
			_, _, err = s.ClaimByID(e.ctx, kiel, other.ID(), p)
			e.is(err, storage.ErrNotFound)
		}},
		{group: "claim", name: "no double claim", rule: "concurrent Claims never give the same Vorgang", run: func(e *env) {
			const n = 8
			s, other := e.store(), e.store()
			for range n {
				e.stored(s, kiel)
			}
			var mu sync.Mutex
			seen := map[uuid.UUID]int{}
			e.ok(errors.Join(parallel(n, func(i int) error {
				v, _, err := s.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: clerk(kiel)})
				if i%2 == 1 && err == nil {
					_, _, err = other.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: clerk(kiel), Einheiten: []string{"leer"}})
					if errors.Is(err, storage.ErrNotFound) {
						err = nil
					}
				}
				if err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				seen[v.ID()]++
				return nil
			})...))
			e.equal(len(seen), n)
		}},
		{group: "claim", name: "fair", rule: "of many clerks who claim at once each gets one while there are enough, and together they get the oldest", run: func(e *env) {
			const clerks, rounds = 8, 4
			s := e.store()
			base := e.clock()
			var ids []uuid.UUID
			for i := range clerks * rounds {
				v := e.stored(s, kiel, func(p *vorgang.Params) { p.Eingang = base.Add(time.Duration(i) * time.Second) })
				ids = append(ids, v.ID())
			}
			for round := range rounds {
				got := make([]uuid.UUID, clerks)
				e.ok(errors.Join(parallel(clerks, func(i int) error {
					v, _, err := claim(e, s)
					if err == nil {
						got[i] = v.ID()
					}
					return err
				})...))
				want := slices.Clone(ids[round*clerks : (round+1)*clerks])
				byBytes := func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
				slices.SortFunc(got, byBytes)
				slices.SortFunc(want, byBytes)
				e.equal(got, want)
			}
		}},
		{group: "claim", name: "lease expiry", rule: "when the lease ends the Vorgang is given again; the former holder can neither complete, renew nor release", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			_, first, err := claim(e, s)
			e.ok(err)
			e.advance(10*time.Minute - time.Microsecond)
			_, _, err = claim(e, s)
			e.is(err, storage.ErrNotFound)
			e.advance(time.Microsecond)
			_, second, err := claim(e, s)
			e.ok(err)
			version := e.version(s, kiel, v.ID())
			_, err = s.Complete(e.ctx, kiel, first, e.note(kiel, "stale"))
			e.is(err, storage.ErrConflict)
			_, err = s.Renew(e.ctx, kiel, first, 0)
			e.is(err, storage.ErrConflict)
			e.is(s.Release(e.ctx, kiel, first, clerk(kiel)), storage.ErrConflict)
			e.equal(e.version(s, kiel, v.ID()), version)
			_, err = s.Complete(e.ctx, kiel, second, e.note(kiel, "holder"))
			e.ok(err)
			_, err = s.Complete(e.ctx, kiel, second, e.note(kiel, "twice"))
			e.is(err, storage.ErrConflict)
			_, err = s.Complete(e.ctx, kiel, storage.Lease{Vorgang: v.ID()}, e.note(kiel, "no token"))
			e.is(err, storage.ErrConflict)
			_, err = s.Renew(e.ctx, kiel, storage.Lease{Vorgang: v.ID()}, 0)
			e.is(err, storage.ErrConflict)
		}},
		{group: "claim", name: "renew and release", rule: "Renew extends the lease from now; Release lays the Vorgang back on the stack", run: func(e *env) {
			s := e.store()
			e.stored(s, kiel)
			_, l, err := claim(e, s)
			e.ok(err)
			e.advance(9 * time.Minute)
			l, err = s.Renew(e.ctx, kiel, l, time.Hour)
			e.ok(err)
			e.equal(l.Bis.Equal(e.clock().Add(time.Hour)), true)
			e.advance(59 * time.Minute)
			_, _, err = claim(e, s)
			e.is(err, storage.ErrNotFound)
			e.ok(s.Release(e.ctx, kiel, l, clerk(kiel)))
			v, _, err := claim(e, s)
			e.ok(err)
			e.equal(v.ID(), l.Vorgang)
		}},
		{group: "claim", name: "an edit keeps the lease", rule: "saving a Vorgang does not touch its lease", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			_, l, err := claim(e, s)
			e.ok(err)
			_, err = s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "x"))
			e.ok(err)
			_, _, err = claim(e, s)
			e.is(err, storage.ErrNotFound)
			_, err = s.Renew(e.ctx, kiel, l, 0)
			e.ok(err)
		}},
	}
}

func reopenCases() []testCase {
	return []testCase{
		{group: "reopen", name: "data survive", rule: "what was committed is there after Close and Open", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel, func(p *vorgang.Params) { p.Aktenzeichen = []string{"1/26"} })
			_, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "x"))
			e.ok(err)
			e.ok(s.Close())
			e.open = nil
			s = e.store()
			got, err := s.Get(e.ctx, kiel, v.ID())
			e.ok(err)
			e.equal(got.Version(), int64(2))
			e.ok(s.VerifyJournal(e.ctx, kiel, v.ID()))
			n, err := s.Count(e.ctx, kiel, storage.Filter{Aktenzeichen: "1/26"})
			e.ok(err)
			e.equal(n, int64(1))
		}},
	}
}
