package storagetest

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

func (e *env) row() driver.VorgangRow {
	return driver.VorgangRow{ID: uuid.New(), Version: 1, Status: "neu", Einheit: "a", Leistung: "l", Eingang: e.clock(), Daten: []byte("{}")}
}

func (e *env) update(b driver.Backend, f func(ctx context.Context, tx driver.Tx)) {
	e.Helper()
	e.ok(b.Update(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) error {
		f(ctx, tx)
		return nil
	}))
}

// loaded is a save with one of everything; its journal has the one entry seq.
func (e *env) loaded(r driver.VorgangRow, seq int64) driver.SaveVorgangParams {
	r.JournalSeq = seq
	return driver.SaveVorgangParams{
		Row:     r,
		Journal: []driver.JournalRow{{VorgangID: r.ID, Seq: seq, Zeit: e.clock(), Code: "c"}},
		Auftraege: []driver.AuftragRow{{ID: uuid.New(), VorgangID: r.ID, VorgangVersion: r.Version, Art: "a",
			Erstellt: e.clock(), Faellig: e.clock()}},
		Woerter:       []string{"wort"},
		Beteiligungen: []driver.BeteiligungRow{{Gast: luebek, Recht: "lesen", Von: e.clock()}},
	}
}

// nothingBeside checks that a Vorgang has its row and nothing else.
func (e *env) nothingBeside(ctx context.Context, tx driver.Tx, id uuid.UUID) {
	e.Helper()
	journal, err := tx.ListJournal(ctx, driver.ListJournalParams{VorgangID: id, Limit: 10})
	e.ok(err)
	jobs, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{Limit: 10})
	e.ok(err)
	hits, err := tx.SearchVorgaenge(ctx, driver.SearchVorgaengeParams{Woerter: []string{"w"}, Limit: 10})
	e.ok(err)
	e.equal([]int{len(journal), len(jobs), len(hits)}, []int{0, 0, 0})
}

func driverCases() []testCase {
	return []testCase{
		{group: "driver", name: "save vorgang", rule: "SaveVorgang: absent ErrNotFound, other version ErrConflict, taken id or Nummer ErrExists; nothing of it is stored and the transaction goes on", run: func(e *env) {
			b := e.backend()
			r, other := e.row(), e.row()
			r.Nummer, other.Nummer = "1", "2"
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: r}))
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: other}))
				third := e.row()
				third.Nummer = "2"
				e.is(tx.SaveVorgang(ctx, e.loaded(third, 1)), storage.ErrExists)
				third.ID, third.Nummer = r.ID, "3"
				e.is(tx.SaveVorgang(ctx, e.loaded(third, 1)), storage.ErrExists)
			})
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				absent := e.loaded(e.row(), 1)
				absent.ExpectedVersion = 1
				e.is(tx.SaveVorgang(ctx, absent), storage.ErrNotFound)
				next := r
				next.Version = 2
				p := e.loaded(next, 1)
				p.ExpectedVersion = 7
				e.is(tx.SaveVorgang(ctx, p), storage.ErrConflict)
				p = e.loaded(next, 2) // the journal has a gap
				p.ExpectedVersion = 1
				e.is(tx.SaveVorgang(ctx, p), storage.ErrConflict)
				next.Nummer = "2"
				p = e.loaded(next, 1)
				p.ExpectedVersion = 1
				e.is(tx.SaveVorgang(ctx, p), storage.ErrExists)
				e.nothingBeside(ctx, tx, r.ID)
				next.Nummer, next.Status, next.Aktenzeichen = "3", "fertig", []string{"b", "a"}
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: next, ExpectedVersion: 1}))
				got, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID, Lock: true})
				e.ok(err)
				e.equal(got.Status+got.Nummer, "fertig3")
				e.equal(got.Aktenzeichen, []string{"b", "a"})
			})
			end, err := b.AenderungenEnde(e.ctx, kiel)
			e.ok(err)
			first, err := b.AenderungenEnde(e.ctx, luebek)
			e.ok(err)
			e.equal(end, first) // no save had a stream
		}},
		{group: "driver", name: "aktenzeichen", rule: "the filter finds every Aktenzeichen of a Vorgang, also after a change", run: func(e *env) {
			b := e.backend()
			r := e.row()
			r.Aktenzeichen = []string{"x/1", "y/1"}
			find := func(z string) int64 {
				var n int64
				e.ok(b.View(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) (err error) {
					n, err = tx.CountVorgaenge(ctx, driver.CountVorgaengeParams{Filter: driver.VorgangFilter{Aktenzeichen: z}})
					return err
				}))
				return n
			}
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: r}))
			})
			e.equal(find("x/1")+find("y/1"), int64(2))
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				got, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID})
				e.ok(err)
				got.Version, got.Aktenzeichen = 2, []string{"y/1", "z/1"}
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: got, ExpectedVersion: 1}))
			})
			e.equal([]int64{find("x/1"), find("y/1"), find("z/1"), find("Z/1")}, []int64{0, 1, 1, 0})
		}},
		{group: "driver", name: "lease of a vorgang", rule: "the lease is written by SetLease and SaveVorgangParams.Lease alone, and only if the stored token is the expected one", run: func(e *env) {
			b := e.backend()
			r := e.row()
			r.LeaseToken, r.LeaseBis = new(uuid.New()), new(e.clock())
			token, bis := uuid.New(), e.clock().Add(time.Hour)
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: r}))
				e.is(tx.SetLease(ctx, driver.SetLeaseParams{ID: uuid.New(), Token: &token, Bis: &bis}), storage.ErrNotFound)
				e.is(tx.SetLease(ctx, driver.SetLeaseParams{ID: r.ID, ExpectToken: r.LeaseToken, Token: &token, Bis: &bis}), storage.ErrConflict)
				e.ok(tx.SetLease(ctx, driver.SetLeaseParams{ID: r.ID, Token: &token, Bis: &bis}))
				e.is(tx.SetLease(ctx, driver.SetLeaseParams{ID: r.ID, Token: &token, Bis: &bis}), storage.ErrConflict)
				next := r
				next.Version, next.LeaseToken, next.LeaseBis = 2, nil, nil
				stranger := uuid.New()
				e.is(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: next, ExpectedVersion: 1, Lease: &driver.SetLeaseParams{}}), storage.ErrConflict)
				e.is(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: next, ExpectedVersion: 1, Lease: &driver.SetLeaseParams{ExpectToken: &stranger}}), storage.ErrConflict)
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: next, ExpectedVersion: 1}))
				got, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID})
				e.ok(err)
				e.equal(*got.LeaseToken, token)
				e.equal(got.LeaseBis.Equal(bis), true)
				e.equal(got.Version, int64(2))
				e.ok(tx.SetLease(ctx, driver.SetLeaseParams{ID: r.ID, ExpectToken: &token}))
				got, err = tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID})
				e.ok(err)
				e.equal(got.LeaseToken == nil && got.LeaseBis == nil, true)
				next.Version = 3
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: next, ExpectedVersion: 2, Lease: &driver.SetLeaseParams{Token: &token, Bis: &bis}}))
				got, err = tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID})
				e.ok(err)
				e.equal(*got.LeaseToken, token)
				next.Version = 4
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: next, ExpectedVersion: 3, Lease: &driver.SetLeaseParams{ExpectToken: &token}}))
				got, err = tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID})
				e.ok(err)
				e.equal(got.LeaseToken == nil && got.LeaseBis == nil, true)
			})
		}},
		{group: "driver", name: "journal without gaps", rule: "SaveVorgang refuses journal entries with gaps or repetition, and stores nothing then", run: func(e *env) {
			b := e.backend()
			r := e.row()
			save := func(expected int64, seqs ...int64) driver.SaveVorgangParams {
				p := driver.SaveVorgangParams{Row: r, ExpectedVersion: expected}
				p.Row.Version = expected + 1
				for _, n := range seqs {
					p.Journal = append(p.Journal, driver.JournalRow{VorgangID: r.ID, Seq: n, Zeit: e.clock(), Code: "c"})
					p.Row.JournalSeq = n
				}
				return p
			}
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				for _, bad := range [][]int64{{2}, {0}, {1, 3}, {1, 1}, {2, 1}} {
					e.is(tx.SaveVorgang(ctx, save(0, bad...)), storage.ErrConflict)
				}
				e.ok(tx.SaveVorgang(ctx, save(0, 1, 2)))
				for _, bad := range [][]int64{{2}, {4}, {1}, {3, 3}} {
					e.is(tx.SaveVorgang(ctx, save(1, bad...)), storage.ErrConflict)
				}
				e.ok(tx.SaveVorgang(ctx, save(1, 3)))
				got, err := tx.ListJournal(ctx, driver.ListJournalParams{VorgangID: r.ID, AfterSeq: 1, Limit: 10})
				e.ok(err)
				e.equal(len(got), 2)
				e.equal(got[1].Seq, int64(3))
			})
		}},
		{group: "driver", name: "new auftraege", rule: "Auftraege are stored as open, without lease, with Versuch zero, whatever the rows say; reports on what is not leased or not there are refused", run: func(e *env) {
			b := e.backend()
			r := e.row()
			job := func(ordinal int64) driver.AuftragRow {
				return driver.AuftragRow{ID: uuid.New(), VorgangID: r.ID, VorgangVersion: 1, Ordinal: ordinal, Art: "a", Mandant: luebek,
					Erstellt: e.clock(), Faellig: e.clock(), Versuch: 9, LetzterFehler: "x", Zustand: driver.AuftragErledigt,
					LeaseToken: new(uuid.New()), LeaseBis: new(e.clock()), Erledigt: new(e.clock())}
			}
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				one, two := job(0), job(1)
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: r, Auftraege: []driver.AuftragRow{one, two}}))
				list, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{VorgangID: r.ID, Limit: 10})
				e.ok(err)
				e.equal(len(list), 2)
				e.equal(list[0].ID, one.ID)
				e.equal(list[1].ID, two.ID)
				e.equal(list[0].Zustand, driver.AuftragOffen)
				e.equal(list[0].Versuch, int64(0))
				e.equal(list[0].LetzterFehler, "")
				e.equal(list[0].Mandant, kiel)
				e.equal(list[0].LeaseToken == nil && list[0].LeaseBis == nil && list[0].Erledigt == nil, true)
				e.is(tx.FinishAuftrag(ctx, driver.FinishAuftragParams{ID: one.ID, Token: uuid.New(), Zustand: driver.AuftragErledigt, Now: e.clock()}), storage.ErrConflict)
				e.is(tx.FinishAuftrag(ctx, driver.FinishAuftragParams{ID: uuid.New(), Token: uuid.New(), Zustand: driver.AuftragErledigt, Now: e.clock()}), storage.ErrNotFound)
				e.is(tx.RequeueAuftrag(ctx, driver.RequeueAuftragParams{ID: one.ID, Now: e.clock()}), storage.ErrConflict)
				e.is(tx.RequeueAuftrag(ctx, driver.RequeueAuftragParams{ID: uuid.New(), Now: e.clock()}), storage.ErrNotFound)
			})
		}},
		{group: "driver", name: "final", rule: "a Final save is committed when Update returns nil, and one that fails leaves nothing and says why", run: func(e *env) {
			b := e.backend()
			r := e.row()
			r.Nummer = "1"
			save := func(p driver.SaveVorgangParams) error {
				p.Final = true
				return b.Update(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) error { return tx.SaveVorgang(ctx, p) })
			}
			e.ok(save(e.loaded(r, 1)))
			again := e.row()
			again.Nummer = "1"
			e.is(save(e.loaded(again, 1)), storage.ErrExists)
			next := r
			next.Version, next.JournalSeq = 2, 2
			p := e.loaded(next, 2)
			p.ExpectedVersion = 9
			e.is(save(p), storage.ErrConflict)
			p.Row.ID, p.ExpectedVersion = uuid.New(), 1
			e.is(save(p), storage.ErrNotFound)
			p = e.loaded(next, 2)
			p.ExpectedVersion = 1
			e.ok(save(p))
			e.ok(b.View(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) error {
				got, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID})
				e.ok(err)
				e.equal(got.Version, int64(2))
				_, err = tx.GetVorgang(ctx, driver.GetVorgangParams{ID: again.ID})
				e.is(err, storage.ErrNotFound)
				jobs, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{Limit: 10})
				e.ok(err)
				e.equal(len(jobs), 2)
				return nil
			}))
		}},
		{group: "driver", name: "view is read-only", rule: "a write inside View fails", run: func(e *env) {
			b := e.backend()
			err := b.View(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) error {
				return tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: e.row()})
			})
			if err == nil {
				e.Fatalf("the write was accepted")
			}
		}},
		{group: "driver", name: "single read", rule: "Lies, where there is one, reads as View does: the own Mandant, no write, not what moved away", run: func(e *env) {
			b := e.backend()
			l, ok := b.(driver.Leser)
			if !ok {
				return
			}
			r := e.row()
			e.update(b, func(ctx context.Context, tx driver.Tx) { e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: r})) })
			get := func(m tenant.ID) error {
				return l.Lies(e.ctx, m, func(ctx context.Context, tx driver.Tx) error {
					_, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID})
					return err
				})
			}
			e.ok(get(kiel))
			e.is(get(luebek), storage.ErrNotFound)
			for _, write := range []func(ctx context.Context, tx driver.Tx) error{
				func(ctx context.Context, tx driver.Tx) error {
					return tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: e.row()})
				},
				func(ctx context.Context, tx driver.Tx) error {
					return tx.PutKonfig(ctx, driver.PutKonfigParams{Art: "a"})
				},
				func(ctx context.Context, tx driver.Tx) error {
					_, err := tx.NextNummer(ctx, driver.NextNummerParams{Name: "n"})
					return err
				},
			} {
				if err := l.Lies(e.ctx, kiel, write); err == nil {
					e.Fatalf("a write was accepted")
				}
			}
			e.ok(get(kiel))
			n := int64(0)
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				var err error
				n, err = tx.CountVorgaenge(ctx, driver.CountVorgaengeParams{})
				e.ok(err)
			})
			e.equal(n, int64(1))
			e.ok(b.SetSperre(e.ctx, kiel, driver.SperreAlles))
			e.is(get(kiel), driver.ErrUmgezogen)
		}},
		{group: "driver", name: "swallowed errors", rule: "after an unexpected error the transaction cannot be committed, even if the closure returns nil", run: func(e *env) {
			b := e.backend()
			r := e.row()
			err := b.Update(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) error {
				e.ok(tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: r}))
				gone, cancel := context.WithCancel(ctx)
				cancel()
				if _, err := tx.GetVorgang(gone, driver.GetVorgangParams{ID: r.ID}); !errors.Is(err, context.Canceled) {
					e.Errorf("a cancelled call gave %v", err)
				}
				return nil
			})
			if err == nil {
				e.Fatalf("it was committed")
			}
		}},
		{group: "driver", name: "dead after the closure", rule: "a Tx does nothing after its closure returned", run: func(e *env) {
			b := e.backend()
			var kept driver.Tx
			e.update(b, func(_ context.Context, tx driver.Tx) { kept = tx })
			if err := kept.SaveVorgang(e.ctx, driver.SaveVorgangParams{Row: e.row()}); err == nil {
				e.Fatalf("the write was accepted")
			}
		}},
	}
}
