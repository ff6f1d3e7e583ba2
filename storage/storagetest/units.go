package storagetest

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func concurrencyCases() []testCase {
	return []testCase{
		{group: "concurrency", name: "no lost edit", rule: "N concurrent Edits give N versions and lose nothing", run: func(e *env) {
			const n = 12
			s := e.store()
			v := e.stored(s, kiel)
			errs := parallel(n, func(int) error {
				_, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "n"))
				return err
			})
			e.ok(errors.Join(errs...))
			got, err := s.Get(e.ctx, kiel, v.ID())
			e.ok(err)
			e.equal(got.Version(), int64(1+n))
			e.equal(len(got.Stand().Notizen), n)
			e.ok(s.VerifyJournal(e.ctx, kiel, v.ID()))
		}},
		{group: "concurrency", name: "one winner per version", rule: "of N saves of the same version exactly one wins, the others get ErrConflict", run: func(e *env) {
			const n = 6
			s := e.store()
			v := e.stored(s, kiel)
			errs := parallel(n, func(int) error {
				stale, err := s.Get(e.ctx, kiel, v.ID())
				if err != nil {
					return err
				}
				if stale.Version() != 1 {
					return storage.ErrConflict // it came too late to compete
				}
				if err := e.note(kiel, "n")(stale); err != nil {
					return err
				}
				return s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.Save(ctx, stale) })
			})
			e.equal(countNil(errs), 1)
			for _, err := range errs {
				if err != nil {
					e.is(err, storage.ErrConflict)
				}
			}
			e.equal(e.version(s, kiel, v.ID()), int64(2))
		}},
		{group: "concurrency", name: "stale save", rule: "who read an older version cannot save", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			stale, err := s.Get(e.ctx, kiel, v.ID())
			e.ok(err)
			_, err = s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "first"))
			e.ok(err)
			e.ok(e.note(kiel, "second")(stale))
			e.is(s.Insert(e.ctx, kiel, stale), storage.ErrConflict)
		}},
	}
}

var errStop = errors.New("stop")

func unitCases() []testCase {
	// all writes one thing of each kind.
	all := func(e *env, ctx context.Context, tx *storage.Tx, v *vorgang.Vorgang, eingang uuid.UUID) {
		e.ok(tx.Save(ctx, v))
		e.ok(tx.InsertEingang(ctx, &storage.Eingang{ID: eingang, Schluessel: "k", Zustand: "neu", Eingegangen: e.clock()}))
		e.ok(tx.PutKonfig(ctx, "a", "b", 0, 1))
		_, err := tx.NextNummer(ctx, "z", 2026)
		e.ok(err)
	}
	nothing := func(e *env, s *storage.Store, v *vorgang.Vorgang, eingang uuid.UUID) {
		e.Helper()
		_, err := s.Get(e.ctx, kiel, v.ID())
		e.is(err, storage.ErrNotFound)
		e.equal(v.Version(), int64(0))
		e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
			for range tx.Auftraege(ctx, uuid.Nil) {
				e.Fatalf("an Auftrag stayed")
			}
			for range tx.Journal(ctx, v.ID()) {
				e.Fatalf("a journal entry stayed")
			}
			_, err := tx.GetEingang(ctx, eingang)
			e.is(err, storage.ErrNotFound)
			_, err = tx.GetKonfig(ctx, "a", "b", new(any))
			e.is(err, storage.ErrNotFound)
			n, err := tx.NextNummer(ctx, "z", 2026)
			e.ok(err)
			e.equal(n, int64(1))
			return nil
		}))
	}
	return []testCase{
		{group: "unit of work", name: "error rolls back", rule: "an error of the closure leaves nothing behind, the outbox included", run: func(e *env) {
			s, v, id := e.store(), e.neu(kiel), uuid.New()
			err := s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				all(e, ctx, tx, v, id)
				return errStop
			})
			e.is(err, errStop)
			nothing(e, s, v, id)
		}},
		{group: "unit of work", name: "panic rolls back", rule: "a panic rolls back and goes on to the caller", run: func(e *env) {
			s, v, id := e.store(), e.neu(kiel), uuid.New()
			func() {
				defer func() { e.equal(recover(), any("boom")) }()
				_ = s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					all(e, ctx, tx, v, id)
					panic("boom")
				})
			}()
			nothing(e, s, v, id)
		}},
		{group: "unit of work", name: "cancel rolls back", rule: "a context that ends inside the closure rolls back", run: func(e *env) {
			s, v, id := e.store(), e.neu(kiel), uuid.New()
			ctx, cancel := context.WithCancel(e.ctx)
			defer cancel()
			err := s.Update(ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				all(e, ctx, tx, v, id)
				cancel()
				return nil
			})
			e.is(err, context.Canceled)
			nothing(e, s, v, id)
		}},
		{group: "unit of work", name: "reads its own writes", rule: "a transaction sees what it wrote; others do not before the commit", run: func(e *env) {
			s, other, v := e.store(), e.store(), e.neu(kiel)
			e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				e.ok(tx.Save(ctx, v))
				_, err := tx.Get(ctx, v.ID())
				e.ok(err)
				_, err = other.Get(e.ctx, kiel, v.ID())
				e.is(err, storage.ErrNotFound)
				return nil
			}))
			e.equal(v.Version(), int64(1))
			_, err := other.Get(e.ctx, kiel, v.ID())
			e.ok(err)
		}},
		{group: "unit of work", name: "consistent view", rule: "a View sees one committed state, whatever is committed meanwhile", run: func(e *env) {
			s, other := e.store(), e.store()
			v, w := e.stored(s, kiel), e.stored(s, kiel)
			e.ok(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				_, err := tx.Get(ctx, v.ID())
				e.ok(err)
				_, err = other.Edit(e.ctx, kiel, w.ID(), e.note(kiel, "x"))
				e.ok(err)
				got, err := tx.Get(ctx, w.ID())
				e.ok(err)
				e.equal(got.Version(), int64(1))
				return nil
			}))
		}},
		{group: "unit of work", name: "view refuses writes", rule: "a Tx of a View refuses to write with ErrInvalid", run: func(e *env) {
			s := e.store()
			e.ok(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				e.is(tx.Save(ctx, e.neu(kiel)), storage.ErrInvalid)
				return nil
			}))
		}},
		{group: "unit of work", name: "saved once", rule: "a Vorgang is saved once per transaction, and only in its Mandant", run: func(e *env) {
			s, v := e.store(), e.neu(kiel)
			e.is(s.Insert(e.ctx, luebek, v), storage.ErrInvalid)
			e.is(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				e.ok(tx.Save(ctx, v))
				e.is(tx.Save(ctx, v), storage.ErrInvalid)
				return nil // the transaction cannot be committed any more
			}), storage.ErrInvalid)
			_, err := s.Get(e.ctx, kiel, v.ID())
			e.is(err, storage.ErrNotFound)
		}},
		{group: "unit of work", name: "store inside the closure", rule: "the store inside its own closure is refused at once", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			e.within(5*time.Second, "the nested call", func() {
				_ = s.Update(e.ctx, kiel, func(ctx context.Context, _ *storage.Tx) error {
					_, err := s.Edit(ctx, kiel, v.ID(), e.note(kiel, "x"))
					if !errors.Is(err, storage.ErrInvalid) {
						e.Errorf("nested Edit gave %v", err)
					}
					if _, err = s.Get(ctx, kiel, v.ID()); !errors.Is(err, storage.ErrInvalid) {
						e.Errorf("nested Get gave %v", err)
					}
					if _, err = s.LeaseAuftraege(ctx, storage.LeaseParams{}); !errors.Is(err, storage.ErrInvalid) {
						e.Errorf("nested LeaseAuftraege gave %v", err)
					}
					return nil
				})
			})
		}},
		{group: "unit of work", name: "store inside the closure, outer context", rule: "even with the outer context a nested call does not hang", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			e.within(5*time.Second, "the nested call", func() {
				_ = s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					if _, err := tx.Lock(ctx, v.ID()); err != nil {
						e.Errorf("lock: %v", err)
					}
					_, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "x"))
					if !errors.Is(err, storage.ErrUnavailable) {
						e.Errorf("nested Edit gave %v", err)
					}
					return nil
				})
			})
		}},
		{group: "unit of work", name: "many cancellations", rule: "transactions whose context ends at any moment are done or undone, and leave the store usable", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			done := 0
			for i := range 60 {
				ctx, cancel := context.WithTimeout(e.ctx, time.Duration(i*50)*time.Microsecond)
				_, err := s.Edit(ctx, kiel, v.ID(), e.note(kiel, "x"))
				cancel()
				switch {
				case err == nil:
					done++
				case !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, storage.ErrUnavailable):
					e.Fatalf("got %v", err)
				}
			}
			got, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "last"))
			e.ok(err)
			// A commit may have come through although its answer did not.
			if n := len(got.Stand().Notizen); n < done+1 {
				e.Fatalf("%d notes, but %d edits were acknowledged", n, done+1)
			}
			e.ok(s.VerifyJournal(e.ctx, kiel, v.ID()))
		}},
		{group: "unit of work", name: "view does not wait", rule: "a View does not wait for a writer", run: func(e *env) {
			b := e.backend()
			r := e.row()
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: r}))
			})
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				next := r
				next.Version = 2
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: next, ExpectedVersion: 1}))
				e.ok(b.View(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) error {
					got, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID})
					e.ok(err)
					e.equal(got.Version, int64(1))
					return nil
				}))
			})
		}},
	}
}
