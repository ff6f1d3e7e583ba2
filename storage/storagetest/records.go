package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func numberCases() []testCase {
	next := func(e *env, s *storage.Store, name string, jahr int, fail bool) (n int64, err error) {
		err = s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) (err error) {
			if n, err = tx.NextNummer(ctx, name, jahr); err == nil && fail {
				err = errStop
			}
			return err
		})
		return n, err
	}
	return []testCase{
		{group: "numbers", name: "gap-free", rule: "committed numbers have no gaps and no repetition, whatever was rolled back", run: func(e *env) {
			const n = 12
			s := e.store()
			got := make([]int64, n)
			errs := parallel(n, func(i int) (err error) {
				got[i], err = next(e, s, "v", 2026, i%3 == 0)
				return err
			})
			var committed []int64
			for i, err := range errs {
				if i%3 == 0 {
					e.is(err, errStop)
					continue
				}
				e.ok(err)
				committed = append(committed, got[i])
			}
			slices.Sort(committed)
			e.equal(committed, []int64{1, 2, 3, 4, 5, 6, 7, 8})
		}},
		{group: "numbers", name: "with gaps", rule: "Store.NextNummer gives every number once, also over several stores, and makes nobody wait", run: func(e *env) {
			const n = 10
			a, b := e.store(), e.store()
			got := make([]int64, 4*n)
			e.ok(errors.Join(parallel(4, func(i int) error {
				for j := range n {
					x, err := []*storage.Store{a, b}[i%2].NextNummer(e.ctx, kiel, "v", 2026)
					if err != nil {
						return err
					}
					got[i*n+j] = x
				}
				return nil
			})...))
			slices.Sort(got)
			e.equal(len(slices.Compact(got)), 4*n)
			e.equal(got[0], int64(1))
			x, err := a.NextNummer(e.ctx, luebek, "v", 2026)
			e.ok(err)
			e.equal(x, int64(1))
			// Inside a transaction of the same counter it does not wait for it.
			e.ok(a.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				_, err := a.NextNummer(ctx, kiel, "v", 2026)
				if err != nil {
					e.is(err, storage.ErrInvalid) // the block is used up: the store inside its own closure
				}
				return nil
			}))
		}},
		{group: "numbers", name: "by name and year", rule: "every name and year counts for itself", run: func(e *env) {
			s := e.store()
			for _, c := range []struct {
				name string
				jahr int
				want int64
			}{{"a", 2026, 1}, {"a", 2026, 2}, {"a", 2027, 1}, {"b", 2026, 1}, {"A", 2026, 1}, {"a", 2026, 3}} {
				n, err := next(e, s, c.name, c.jahr, false)
				e.ok(err)
				e.equal(n, c.want)
			}
		}},
	}
}

func eingangCases() []testCase {
	neu := func(e *env, key string) storage.Eingang {
		return storage.Eingang{ID: uuid.New(), Schluessel: key, Kanal: "test", Zustand: "neu", Eingegangen: e.clock(), Daten: []byte("d")}
	}
	return []testCase{
		{group: "eingang", name: "idempotent", rule: "the same key is accepted once, also by many at once; the others get ErrExists", run: func(e *env) {
			const n = 6
			s := e.store()
			var ids [n]uuid.UUID
			errs := parallel(n, func(i int) error {
				return s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					d := neu(e, "k")
					ids[i] = d.ID
					return tx.InsertEingang(ctx, &d)
				})
			})
			e.equal(countNil(errs), 1)
			for i, err := range errs {
				if err != nil {
					e.is(err, storage.ErrExists)
					continue
				}
				e.ok(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					d, err := tx.FindEingang(ctx, "k")
					e.ok(err)
					e.equal(d.ID, ids[i])
					return nil
				}))
			}
		}},
		{group: "eingang", name: "goes on after exists", rule: "after ErrExists the same transaction can read what was there", run: func(e *env) {
			s := e.store()
			first := neu(e, "k")
			e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertEingang(ctx, &first) }))
			e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				second := neu(e, "k")
				e.is(tx.InsertEingang(ctx, &second), storage.ErrExists)
				got, err := tx.FindEingang(ctx, "k")
				e.ok(err)
				e.equal(got.ID, first.ID)
				return nil
			}))
		}},
		{group: "eingang", name: "update", rule: "UpdateEingang checks the version; key and time of receipt never change", run: func(e *env) {
			s := e.store()
			d := neu(e, "k")
			e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertEingang(ctx, &d) }))
			e.equal(d.Version, int64(1))
			stale := d
			d.Zustand, d.Schluessel, d.ZielMandant, d.ZielVorgang, d.Eingegangen = "fertig", "anders", luebek, uuid.New(), e.clock().Add(time.Hour)
			e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.UpdateEingang(ctx, &d) }))
			e.is(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.UpdateEingang(ctx, &stale) }), storage.ErrConflict)
			e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				got, err := tx.LockEingang(ctx, d.ID)
				e.ok(err)
				e.equal(fmt.Sprint(got.Version, got.Zustand, got.Schluessel, got.ZielMandant, got.ZielVorgang),
					fmt.Sprint(2, "fertig", "k", luebek, d.ZielVorgang))
				e.equal(got.Eingegangen.Equal(e.clock()), true)
				absent := neu(e, "x")
				e.is(tx.UpdateEingang(ctx, &absent), storage.ErrNotFound)
				return nil
			}))
		}},
		{group: "eingang", name: "list", rule: "deliveries are listed by time of receipt, then id, and by state", run: func(e *env) {
			s := e.store()
			for i := range 5 {
				d := neu(e, fmt.Sprint(i))
				d.Eingegangen = e.clock().Add(time.Duration(-i) * time.Second)
				if i%2 == 0 {
					d.Zustand = "klaerfach"
				}
				e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertEingang(ctx, &d) }))
			}
			list := func(z ...string) (out string) {
				for d, err := range s.Eingaenge(e.ctx, kiel, z...) {
					e.ok(err)
					out += d.Schluessel
				}
				return out
			}
			e.equal(list(), "43210")
			e.equal(list("klaerfach"), "420")
			e.equal(list("klaerfach", "neu"), "43210")
		}},
	}
}

func postfachCases() []testCase {
	return []testCase{
		{group: "postfach", name: "idempotent", rule: "the same id again keeps the first letter and returns it", run: func(e *env) {
			p := e.store().Postfach()
			id := uuid.New()
			for i := range 2 {
				got, err := p.PutEintrag(e.ctx, kiel, messaging.Eintrag{ID: id, Postfach: "p", Absender: fmt.Sprint(i), Zeit: e.clock()})
				e.ok(err)
				e.equal(got.Absender, "0")
			}
			got, err := p.GetEintrag(e.ctx, kiel, "p", id)
			e.ok(err)
			e.equal(got.Absender, "0")
		}},
		{group: "postfach", name: "read once", rule: "the first time of reading stays", run: func(e *env) {
			p := e.store().Postfach()
			id := uuid.New()
			_, err := p.PutEintrag(e.ctx, kiel, messaging.Eintrag{ID: id, Postfach: "p", Zeit: e.clock()})
			e.ok(err)
			first := e.clock()
			for i := range 2 {
				got, err := p.MarkGelesen(e.ctx, kiel, "p", id, first.Add(time.Duration(i)*time.Hour))
				e.ok(err)
				e.equal(got.Gelesen.Equal(first), true)
			}
			got, err := p.GetEintrag(e.ctx, kiel, "p", id)
			e.ok(err)
			e.equal(got.Gelesen.Equal(first), true)
		}},
		{group: "postfach", name: "mailboxes", rule: "a mailbox lists its own letters, oldest first; another mailbox's letter is ErrNotFound", run: func(e *env) {
			p := e.store().Postfach()
			var id uuid.UUID
			for i := range 4 {
				id = uuid.New()
				_, err := p.PutEintrag(e.ctx, kiel, messaging.Eintrag{ID: id, Postfach: "p", Absender: fmt.Sprint(i), Zeit: e.clock().Add(time.Duration(-i) * time.Second)})
				e.ok(err)
			}
			_, err := p.PutEintrag(e.ctx, kiel, messaging.Eintrag{ID: uuid.New(), Postfach: "q", Absender: "q", Zeit: e.clock()})
			e.ok(err)
			list := ""
			for x, err := range p.ListEintraege(e.ctx, kiel, "p") {
				e.ok(err)
				list += x.Absender
			}
			e.equal(list, "3210")
			_, err = p.GetEintrag(e.ctx, kiel, "q", id)
			e.is(err, storage.ErrNotFound)
			_, err = p.MarkGelesen(e.ctx, kiel, "q", id, e.clock())
			e.is(err, storage.ErrNotFound)
			_, err = p.PutEintrag(e.ctx, kiel, messaging.Eintrag{ID: uuid.New(), Zeit: e.clock()})
			e.is(err, storage.ErrInvalid)
		}},
	}
}

func journalCases() []testCase {
	return []testCase{
		{group: "journal", name: "verifies", rule: "the stored journal verifies against the stored Stand, over several pages", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			_, err := s.Edit(e.ctx, kiel, v.ID(), func(v *vorgang.Vorgang) error {
				for range 230 {
					if err := e.note(kiel, "x")(v); err != nil {
						return err
					}
				}
				return nil
			})
			e.ok(err)
			e.ok(s.VerifyJournal(e.ctx, kiel, v.ID()))
			n := int64(0)
			for entry, err := range s.Journal(e.ctx, kiel, v.ID()) {
				e.ok(err)
				n++
				e.equal(entry.Seq, n)
			}
			e.equal(n, int64(231))
		}},
		{group: "journal", name: "undo", rule: "Undo takes back an earlier entry that nothing builds on, whatever is saved at the same time; of another Mandant's Vorgang ErrNotFound", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			edit := func(f func(v *vorgang.Vorgang) error) int64 {
				v, err := s.Edit(e.ctx, kiel, v.ID(), f)
				e.ok(err)
				return v.Stand().Journal.Seq
			}
			tags := edit(func(v *vorgang.Vorgang) error { return v.SetSchlagworte(clerk(kiel), e.clock(), []string{"Sturm"}) })
			for range 3 {
				edit(e.note(kiel, "Notiz"))
			}
			e.ok(errors.Join(parallel(2, func(i int) error {
				if i == 0 {
					_, err := s.Undo(e.ctx, kiel, v.ID(), clerk(kiel), tags)
					return err
				}
				_, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "zugleich"))
				return err
			})...))
			got, err := s.Get(e.ctx, kiel, v.ID())
			e.ok(err)
			e.equal(len(got.Stand().Schlagworte), 0)
			e.equal(len(got.Stand().Notizen), 4)
			e.ok(s.VerifyJournal(e.ctx, kiel, v.ID()))
			_, err = s.Undo(e.ctx, kiel, v.ID(), clerk(kiel), tags)
			e.is(err, storage.ErrConflict) // once
			_, err = s.Undo(e.ctx, kiel, v.ID(), clerk(kiel), got.Stand().Journal.Seq+1)
			e.is(err, storage.ErrNotFound)
			_, err = s.Undo(e.ctx, luebek, v.ID(), clerk(luebek), tags)
			e.is(err, storage.ErrNotFound)
		}},
		{group: "journal", name: "erase", rule: "erasing removes Akteur, Daten and Salz for ever, keeps the hashes, and the chain verifies", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			_, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "x"))
			e.ok(err)
			for range 2 {
				e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.EraseJournal(ctx, v.ID(), 1) }))
			}
			err = s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				err := tx.EraseJournal(ctx, v.ID(), 2, 99)
				e.is(err, storage.ErrNotFound)
				return nil
			})
			e.ok(err)
			e.ok(s.VerifyJournal(e.ctx, kiel, v.ID()))
			for entry, err := range s.Journal(e.ctx, kiel, v.ID()) {
				e.ok(err)
				e.equal(entry.Geloescht(), entry.Seq == 1)
				if entry.Seq == 1 && (entry.Akteur != nil || entry.Daten != nil || len(entry.DatenHash) == 0) {
					e.Fatalf("entry 1 is erased in part")
				}
			}
		}},
		{group: "journal", name: "damage shows", rule: "VerifyJournal reports a *vorgang.JournalFehler for a Stand that does not follow", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			other := e.stored(s, kiel)
			e.ok(s.VerifyJournal(e.ctx, kiel, v.ID()))
			// A Stand that belongs to another journal.
			err := s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				return vorgang.VerifyJournal(v.Stand(), tx.Journal(ctx, other.ID()))
			})
			if _, ok := errors.AsType[*vorgang.JournalFehler](err); !ok {
				e.Fatalf("got %v", err)
			}
		}},
	}
}
