package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// feed reads everything behind a cursor, in pages of the size.
func (e *env) feed(s *storage.Store, m tenant.ID, cursor string, limit int) []storage.Aenderung {
	e.Helper()
	var out []storage.Aenderung
	for {
		page, err := s.Aenderungen(e.ctx, m, cursor, limit)
		e.ok(err)
		if len(page) == 0 {
			return out
		}
		out = append(out, page...)
		cursor = page[len(page)-1].Cursor
	}
}

func versions(list []storage.Aenderung) string {
	out := ""
	for _, a := range list {
		out += fmt.Sprintf("%d:%d-%d ", a.Version, a.JournalVon, a.JournalBis)
	}
	return out
}

func watchCases() []testCase {
	return []testCase{
		{group: "watch", name: "order and pages", rule: "the feed holds every committed save once, with its version and journal entries, at a place that never changes", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			for range 3 {
				_, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "x"))
				e.ok(err)
			}
			all := e.feed(s, kiel, "", 100)
			e.equal(versions(all), "1:1-1 2:2-2 3:3-3 4:4-4 ")
			for _, a := range all {
				e.equal(fmt.Sprint(a.Mandant, a.Vorgang, a.Zeit.Equal(e.clock())), fmt.Sprint(kiel, v.ID(), true))
			}
			for _, limit := range []int{1, 2, 3, 4} {
				e.equal(e.feed(s, kiel, "", limit), all)
			}
			e.equal(e.feed(s, kiel, all[1].Cursor, 10), all[2:])
			e.equal(len(e.feed(s, luebek, "", 10)), 0)
		}},
		{group: "watch", name: "without entries", rule: "a save without journal entries names none", run: func(e *env) {
			b := e.backend()
			r := e.row()
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: r, Stroeme: []tenant.ID{kiel}, Zeit: e.clock()}))
			})
			list, err := b.Aenderungen(e.ctx, kiel, driver.AenderungenParams{Limit: 10})
			e.ok(err)
			e.equal(len(list), 1)
			e.equal([]int64{list[0].Version, list[0].JournalVon, list[0].JournalBis}, []int64{1, 0, 0})
		}},
		{group: "watch", name: "rolled back", rule: "what was rolled back is not in the feed", run: func(e *env) {
			s := e.store()
			e.is(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				e.ok(tx.Save(ctx, e.neu(kiel)))
				return errStop
			}), errStop)
			e.equal(len(e.feed(s, kiel, "", 10)), 0)
		}},
		{group: "watch", name: "late commit", rule: "a transaction that began earlier and commits after the feed was read is not lost", run: func(e *env) {
			s, reader := e.store(), e.store()
			slow, fast := e.neu(kiel), e.neu(kiel)
			written, release := make(chan struct{}), make(chan struct{})
			slowly := make(chan error, 1)
			go func() {
				slowly <- s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					if err := tx.Save(ctx, slow); err != nil {
						return err
					}
					close(written)
					<-release
					return nil
				})
			}()
			<-written
			// A backend with one writer makes this one wait; the other case is the one that matters.
			fastly := make(chan error, 1)
			go func() { fastly <- reader.Insert(e.ctx, kiel, fast) }()
			var seen []storage.Aenderung
			cursor := ""
			read := func() {
				page, err := reader.Aenderungen(e.ctx, kiel, cursor, 10)
				e.ok(err)
				for _, a := range page {
					seen, cursor = append(seen, a), a.Cursor
				}
			}
			for range 20 {
				read()
				time.Sleep(5 * time.Millisecond)
			}
			close(release)
			e.ok(<-slowly)
			e.ok(<-fastly)
			read()
			read()
			got := map[uuid.UUID]int{}
			for _, a := range seen {
				got[a.Vorgang]++
			}
			e.equal(len(seen), 2)
			e.equal(got[slow.ID()]+got[fast.ID()], 2)
			e.equal(e.feed(s, kiel, "", 10), seen)
		}},
		{group: "watch", name: "under load", rule: "many writers and readers: every reader gets every save once, those of a Vorgang in the order of their versions", run: func(e *env) {
			const writers, saves, readers = 4, 6, 2
			s, other := e.store(), e.store()
			var ids []uuid.UUID
			for range writers {
				ids = append(ids, e.stored(s, kiel).ID())
			}
			var mu sync.Mutex
			feeds := make([][]storage.Aenderung, readers)
			e.ok(errors.Join(parallel(writers+readers, func(i int) error {
				if i < writers {
					for range saves - 1 {
						if _, err := s.Edit(e.ctx, kiel, ids[i], e.note(kiel, "x")); err != nil {
							return err
						}
					}
					return nil
				}
				ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
				defer cancel()
				from := []*storage.Store{s, other}[i%2]
				for a, err := range from.Watch(ctx, kiel, "") {
					if err != nil {
						return err
					}
					mu.Lock()
					feeds[i-writers] = append(feeds[i-writers], a)
					n := len(feeds[i-writers])
					mu.Unlock()
					if n == writers*saves {
						return nil
					}
				}
				return errors.New("the feed ended")
			})...))
			e.equal(feeds[0], feeds[1])
			last := map[uuid.UUID]int64{}
			for _, a := range feeds[0] {
				e.equal(a.Version, last[a.Vorgang]+1)
				last[a.Vorgang] = a.Version
			}
		}},
		{group: "watch", name: "end and wait", rule: "WatchEnde begins behind what is committed; Watch gives what is committed later and ends with the context", run: func(e *env) {
			s := e.store()
			e.stored(s, kiel)
			end, err := s.WatchEnde(e.ctx, kiel)
			e.ok(err)
			e.equal(len(e.feed(s, kiel, end, 10)), 0)
			ctx, cancel := context.WithCancel(e.ctx)
			defer cancel()
			v := e.neu(kiel)
			go func() {
				time.Sleep(10 * time.Millisecond)
				_ = s.Insert(context.WithoutCancel(ctx), kiel, v)
			}()
			e.within(8*time.Second, "Watch", func() {
				n := 0
				for a, err := range s.Watch(ctx, kiel, end) {
					if err != nil {
						if err != context.Canceled {
							e.Errorf("Watch ended with %v", err)
						}
						break
					}
					n++
					if a.Vorgang != v.ID() {
						e.Errorf("Watch gave %v", a)
					}
					cancel()
				}
				if n != 1 {
					e.Errorf("Watch gave %d changes", n)
				}
			})
		}},
		{group: "watch", name: "cursor", rule: "a cursor of another Mandant or of no feed is ErrInvalid, to a backend ErrNotFound", run: func(e *env) {
			s := e.store()
			e.stored(s, kiel)
			a := e.feed(s, kiel, "", 1)[0]
			_, err := s.Aenderungen(e.ctx, luebek, a.Cursor, 1)
			e.is(err, storage.ErrInvalid)
			for _, c := range []string{"x", a.Cursor[1:], a.Cursor + "AA"} {
				if _, err := s.Aenderungen(e.ctx, kiel, c, 1); !errors.Is(err, storage.ErrInvalid) && !errors.Is(err, storage.ErrNotFound) {
					e.Fatalf("%q gave %v", c, err)
				}
			}
			for _, c := range []string{"x", "-1", "1e3", " 1", "99999999999999999999"} {
				_, err := e.backend().Aenderungen(e.ctx, kiel, driver.AenderungenParams{After: c, Limit: 1})
				e.is(err, storage.ErrNotFound)
			}
		}},
		{group: "watch", name: "prune", rule: "what was pruned is gone, its cursors are ErrNotFound, the others stay good, and the feed goes on", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			edit := func() {
				e.advance(time.Hour)
				_, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "x"))
				e.ok(err)
			}
			edit()
			edit()
			all := e.feed(s, kiel, "", 10)
			e.equal(len(all), 3)
			n, err := s.Prune(e.ctx, kiel, storage.PruneParams{Aenderungen: all[2].Zeit})
			e.ok(err)
			e.equal(n, int64(2))
			_, err = s.Aenderungen(e.ctx, kiel, all[0].Cursor, 10)
			e.is(err, storage.ErrNotFound)
			e.equal(e.feed(s, kiel, all[1].Cursor, 10), all[2:])
			e.equal(e.feed(s, kiel, "", 10), all[2:])
			_, err = s.Prune(e.ctx, kiel, storage.PruneParams{Aenderungen: e.clock().Add(time.Hour)})
			e.ok(err)
			edit()
			e.equal(versions(e.feed(s, kiel, all[2].Cursor, 10)), "4:4-4 ")
		}},
	}
}

// guest is a clerk of the Mandant that takes part.
func guest() tenant.Akteur {
	return tenant.Akteur{ID: "gast-1", Name: "Gast", Art: tenant.Person, Mandant: luebek, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
}

// share lets Lübeck take part in a Vorgang of Kiel for two hours from in an hour.
func (e *env) share(s *storage.Store, recht vorgang.Recht) (id, beteiligung uuid.UUID) {
	e.Helper()
	v := e.stored(s, kiel)
	_, err := s.Edit(e.ctx, kiel, v.ID(), func(v *vorgang.Vorgang) (err error) {
		// Accepted, because to accept is for the owner alone, also by pulling.
		if err := v.Accept(clerk(kiel), e.clock()); err != nil {
			return err
		}
		beteiligung, err = v.Invite(clerk(kiel), e.clock(), vorgang.Einladung{
			Mandant: luebek, Recht: recht, Grund: "Stellungnahme", Von: e.clock().Add(time.Hour), Bis: e.clock().Add(3 * time.Hour),
		})
		return err
	})
	e.ok(err)
	return v.ID(), beteiligung
}

func shareCases() []testCase {
	noted := func(e *env, s *storage.Store, id uuid.UUID) error {
		_, err := s.Edit(e.ctx, luebek, id, func(v *vorgang.Vorgang) error {
			_, err := v.Note(guest(), e.clock(), "von nebenan")
			return err
		})
		return err
	}
	shared := func(e *env, s *storage.Store) (out []storage.Geteilt) {
		for g, err := range s.Geteilte(e.ctx, luebek) {
			e.ok(err)
			out = append(out, g)
		}
		return out
	}
	return []testCase{
		{group: "shares", name: "between start and end", rule: "a guest sees and edits exactly the shared Vorgang, from its first instant until its last", run: func(e *env) {
			s, b := e.store(), e.store()
			id, _ := e.share(s, vorgang.RechtBearbeiten)
			other := e.stored(s, kiel)
			for _, step := range []struct {
				after time.Duration
				in    bool
			}{{0, false}, {time.Hour - time.Microsecond, false}, {time.Microsecond, true}, {2*time.Hour - time.Microsecond, true}, {time.Microsecond, false}} {
				e.advance(step.after)
				v, err := b.Get(e.ctx, luebek, id)
				if step.in {
					e.ok(err)
					e.equal(v.Mandant(), kiel)
					e.ok(noted(e, b, id))
					list := shared(e, b)
					e.equal(len(list), 1)
					e.equal(fmt.Sprint(list[0].Mandant, list[0].Vorgang, list[0].Recht), fmt.Sprint(kiel, id, vorgang.RechtBearbeiten))
					n := 0
					for x, err := range b.Journal(e.ctx, luebek, id) {
						e.ok(err)
						e.equal(x.Mandant, kiel)
						n++
					}
					e.equal(n > 1, true)
				} else {
					e.is(err, storage.ErrNotFound)
					e.is(noted(e, b, id), storage.ErrNotFound)
					e.equal(len(shared(e, b)), 0)
					for range b.Journal(e.ctx, luebek, id) {
						e.Fatalf("the journal is visible")
					}
				}
				_, err = b.Get(e.ctx, luebek, other.ID())
				e.is(err, storage.ErrNotFound)
				_, err = b.Get(e.ctx, "hamburg", id)
				e.is(err, storage.ErrNotFound)
			}
			e.ok(s.VerifyJournal(e.ctx, kiel, id))
			got, err := s.Get(e.ctx, kiel, id)
			e.ok(err)
			e.equal(len(got.Stand().Notizen), 2)
		}},
		{group: "shares", name: "ended early", rule: "a share that was ended ends at once", run: func(e *env) {
			s := e.store()
			id, b := e.share(s, vorgang.RechtLesen)
			e.advance(time.Hour)
			_, err := s.Get(e.ctx, luebek, id)
			e.ok(err)
			e.advance(time.Minute)
			_, err = s.Edit(e.ctx, kiel, id, func(v *vorgang.Vorgang) error { return v.EndBeteiligung(clerk(kiel), e.clock(), b, "erledigt") })
			e.ok(err)
			_, err = s.Get(e.ctx, luebek, id)
			e.is(err, storage.ErrNotFound)
			e.equal(len(shared(e, s)), 0)
		}},
		{group: "shares", name: "rights", rule: "the right to read does not write, and nobody acts through a guest's door as an Akteur of the owner", run: func(e *env) {
			s := e.store()
			id, _ := e.share(s, vorgang.RechtLesen)
			e.advance(time.Hour)
			before := e.version(s, kiel, id)
			e.is(noted(e, s, id), storage.ErrForbidden)
			_, err := s.Edit(e.ctx, luebek, id, e.note(kiel, "als Kiel"))
			e.is(err, storage.ErrForbidden)
			_, _, err = s.ClaimByID(e.ctx, luebek, id, storage.ClaimParams{Akteur: guest()})
			e.is(err, storage.ErrForbidden)
			e.equal(e.version(s, kiel, id), before)
		}},
		{group: "shares", name: "not in transactions and lists", rule: "a shared Vorgang is not in the guest's own transactions, lists, search and stack", run: func(e *env) {
			s := e.store()
			id, _ := e.share(s, vorgang.RechtBearbeiten)
			e.advance(time.Hour)
			e.ok(s.View(e.ctx, luebek, func(ctx context.Context, tx *storage.Tx) error {
				_, err := tx.Get(ctx, id)
				e.is(err, storage.ErrNotFound)
				return nil
			}))
			n, err := s.Count(e.ctx, luebek, storage.Filter{})
			e.ok(err)
			e.equal(n, int64(0))
			_, _, err = s.Claim(e.ctx, luebek, storage.ClaimParams{Akteur: guest()})
			e.is(err, storage.ErrNotFound)
		}},
		{group: "shares", name: "claim", rule: "a guest that may edit takes a shared Vorgang from the stack and completes it", run: func(e *env) {
			s := e.store()
			id, _ := e.share(s, vorgang.RechtBearbeiten)
			e.advance(time.Hour)
			v, l, err := s.ClaimByID(e.ctx, luebek, id, storage.ClaimParams{Akteur: guest()})
			e.ok(err)
			e.equal(v.Stand().Bearbeiter(), "gast-1")
			_, _, err = s.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: clerk(kiel)})
			e.is(err, storage.ErrNotFound)
			l, err = s.Renew(e.ctx, luebek, l, time.Hour)
			e.ok(err)
			_, err = s.Complete(e.ctx, luebek, l, func(v *vorgang.Vorgang) error {
				_, err := v.Note(guest(), e.clock(), "fertig")
				return err
			})
			e.ok(err)
			_, _, err = s.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: clerk(kiel)})
			e.ok(err)
		}},
		{group: "shares", name: "feed", rule: "a guest's feed shows the saves of the shared Vorgang while it is shared, and its end; not those of others", run: func(e *env) {
			s := e.store()
			id, b := e.share(s, vorgang.RechtLesen)
			other := e.stored(s, kiel)
			edit := func(id uuid.UUID) {
				_, err := s.Edit(e.ctx, kiel, id, e.note(kiel, "x"))
				e.ok(err)
			}
			edit(id) // not shared yet
			e.advance(time.Hour)
			edit(id)
			edit(other.ID())
			e.advance(time.Minute)
			_, err := s.Edit(e.ctx, kiel, id, func(v *vorgang.Vorgang) error { return v.EndBeteiligung(clerk(kiel), e.clock(), b, "erledigt") })
			e.ok(err)
			edit(id)
			got := e.feed(s, luebek, "", 10)
			e.equal(versions(got), "4:5-5 5:6-6 ")
			for _, a := range got {
				e.equal(fmt.Sprint(a.Mandant, a.Vorgang), fmt.Sprint(kiel, id))
			}
		}},
	}
}
