package storagetest

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
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

func driverCases() []testCase {
	return []testCase{
		{group: "driver", name: "update vorgang", rule: "UpdateVorgang: absent ErrNotFound, other version ErrConflict, taken Nummer ErrExists; the transaction goes on", run: func(e *env) {
			b := e.backend()
			r, other := e.row(), e.row()
			r.Nummer, other.Nummer = "1", "2"
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				e.ok(tx.InsertVorgang(ctx, driver.InsertVorgangParams{Row: r}))
				e.ok(tx.InsertVorgang(ctx, driver.InsertVorgangParams{Row: other}))
			})
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				absent := e.row()
				e.is(tx.UpdateVorgang(ctx, driver.UpdateVorgangParams{Row: absent, ExpectedVersion: 1}), storage.ErrNotFound)
				next := r
				next.Version = 2
				e.is(tx.UpdateVorgang(ctx, driver.UpdateVorgangParams{Row: next, ExpectedVersion: 7}), storage.ErrConflict)
				next.Nummer = "2"
				e.is(tx.UpdateVorgang(ctx, driver.UpdateVorgangParams{Row: next, ExpectedVersion: 1}), storage.ErrExists)
				next.Nummer, next.Status, next.Aktenzeichen = "3", "fertig", []string{"b", "a"}
				e.ok(tx.UpdateVorgang(ctx, driver.UpdateVorgangParams{Row: next, ExpectedVersion: 1}))
				got, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID, Lock: true})
				e.ok(err)
				e.equal(got.Status+got.Nummer, "fertig3")
				e.equal(got.Aktenzeichen, []string{"b", "a"})
			})
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
				e.ok(tx.InsertVorgang(ctx, driver.InsertVorgangParams{Row: r}))
			})
			e.equal(find("x/1")+find("y/1"), int64(2))
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				got, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID})
				e.ok(err)
				got.Version, got.Aktenzeichen = 2, []string{"y/1", "z/1"}
				e.ok(tx.UpdateVorgang(ctx, driver.UpdateVorgangParams{Row: got, ExpectedVersion: 1}))
			})
			e.equal([]int64{find("x/1"), find("y/1"), find("z/1"), find("Z/1")}, []int64{0, 1, 1, 0})
		}},
		{group: "driver", name: "lease of a vorgang", rule: "only SetLease writes the lease, and only if the stored token is the expected one", run: func(e *env) {
			b := e.backend()
			r := e.row()
			r.LeaseToken, r.LeaseBis = new(uuid.New()), new(e.clock())
			token, bis := uuid.New(), e.clock().Add(time.Hour)
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				e.ok(tx.InsertVorgang(ctx, driver.InsertVorgangParams{Row: r}))
				e.is(tx.SetLease(ctx, driver.SetLeaseParams{ID: uuid.New(), Token: &token, Bis: &bis}), storage.ErrNotFound)
				e.is(tx.SetLease(ctx, driver.SetLeaseParams{ID: r.ID, ExpectToken: r.LeaseToken, Token: &token, Bis: &bis}), storage.ErrConflict)
				e.ok(tx.SetLease(ctx, driver.SetLeaseParams{ID: r.ID, Token: &token, Bis: &bis}))
				e.is(tx.SetLease(ctx, driver.SetLeaseParams{ID: r.ID, Token: &token, Bis: &bis}), storage.ErrConflict)
				next := r
				next.Version, next.LeaseToken, next.LeaseBis = 2, nil, nil
				e.ok(tx.UpdateVorgang(ctx, driver.UpdateVorgangParams{Row: next, ExpectedVersion: 1}))
				got, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID})
				e.ok(err)
				e.equal(*got.LeaseToken, token)
				e.equal(got.LeaseBis.Equal(bis), true)
				e.equal(got.Version, int64(2))
				e.ok(tx.SetLease(ctx, driver.SetLeaseParams{ID: r.ID, ExpectToken: &token}))
				got, err = tx.GetVorgang(ctx, driver.GetVorgangParams{ID: r.ID})
				e.ok(err)
				e.equal(got.LeaseToken == nil && got.LeaseBis == nil, true)
			})
		}},
		{group: "driver", name: "journal without gaps", rule: "AppendJournal refuses gaps, repetition and a missing Vorgang, and adds nothing then", run: func(e *env) {
			b := e.backend()
			r := e.row()
			rows := func(seqs ...int64) driver.AppendJournalParams {
				var p driver.AppendJournalParams
				for _, n := range seqs {
					p.Rows = append(p.Rows, driver.JournalRow{VorgangID: r.ID, Seq: n, Zeit: e.clock(), Code: "c"})
				}
				return p
			}
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				e.is(tx.AppendJournal(ctx, rows(1)), storage.ErrNotFound)
				e.ok(tx.InsertVorgang(ctx, driver.InsertVorgangParams{Row: r}))
				for _, bad := range [][]int64{{2}, {0}, {1, 3}, {1, 1}, {2, 1}} {
					e.is(tx.AppendJournal(ctx, rows(bad...)), storage.ErrConflict)
				}
				e.ok(tx.AppendJournal(ctx, rows()))
				e.ok(tx.AppendJournal(ctx, rows(1, 2)))
				e.is(tx.AppendJournal(ctx, rows(2)), storage.ErrConflict)
				e.is(tx.AppendJournal(ctx, rows(4)), storage.ErrConflict)
				e.ok(tx.AppendJournal(ctx, rows(3)))
				got, err := tx.ListJournal(ctx, driver.ListJournalParams{VorgangID: r.ID, AfterSeq: 1, Limit: 10})
				e.ok(err)
				e.equal(len(got), 2)
				e.equal(got[1].Seq, int64(3))
			})
		}},
		{group: "driver", name: "insert auftraege", rule: "InsertAuftraege: a taken id or place is ErrExists, a missing Vorgang ErrNotFound; all or none", run: func(e *env) {
			b := e.backend()
			r := e.row()
			job := func(ordinal int64) driver.AuftragRow {
				return driver.AuftragRow{ID: uuid.New(), VorgangID: r.ID, VorgangVersion: 1, Ordinal: ordinal, Art: "a",
					Erstellt: e.clock(), Faellig: e.clock(), Versuch: 9, LetzterFehler: "x", Zustand: driver.AuftragErledigt}
			}
			insert := func(rows ...driver.AuftragRow) driver.InsertAuftraegeParams {
				return driver.InsertAuftraegeParams{Rows: rows}
			}
			e.update(b, func(ctx context.Context, tx driver.Tx) {
				one, two := job(0), job(1)
				e.is(tx.InsertAuftraege(ctx, insert(one)), storage.ErrNotFound)
				e.ok(tx.InsertVorgang(ctx, driver.InsertVorgangParams{Row: r}))
				e.ok(tx.InsertAuftraege(ctx, insert(one)))
				e.is(tx.InsertAuftraege(ctx, insert(two, job(0))), storage.ErrExists)
				e.is(tx.InsertAuftraege(ctx, insert(two, job(1))), storage.ErrExists)
				again := job(5)
				again.ID = one.ID
				e.is(tx.InsertAuftraege(ctx, insert(again)), storage.ErrExists)
				e.ok(tx.InsertAuftraege(ctx, insert(two)))
				list, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{VorgangID: r.ID, Limit: 10})
				e.ok(err)
				e.equal(len(list), 2)
				e.equal(list[0].ID, one.ID)
				e.equal(list[0].Zustand, driver.AuftragOffen)
				e.equal(list[0].Versuch, int64(0))
				e.equal(list[0].LetzterFehler, "")
				e.equal(list[0].Mandant, kiel)
				e.is(tx.FinishAuftrag(ctx, driver.FinishAuftragParams{ID: one.ID, Token: uuid.New(), Zustand: driver.AuftragErledigt, Now: e.clock()}), storage.ErrConflict)
				e.is(tx.FinishAuftrag(ctx, driver.FinishAuftragParams{ID: uuid.New(), Token: uuid.New(), Zustand: driver.AuftragErledigt, Now: e.clock()}), storage.ErrNotFound)
				e.is(tx.RequeueAuftrag(ctx, driver.RequeueAuftragParams{ID: one.ID, Now: e.clock()}), storage.ErrConflict)
				e.is(tx.RequeueAuftrag(ctx, driver.RequeueAuftragParams{ID: uuid.New(), Now: e.clock()}), storage.ErrNotFound)
			})
		}},
		{group: "driver", name: "view is read-only", rule: "a write inside View fails", run: func(e *env) {
			b := e.backend()
			err := b.View(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) error {
				return tx.InsertVorgang(ctx, driver.InsertVorgangParams{Row: e.row()})
			})
			if err == nil {
				e.Fatalf("the write was accepted")
			}
		}},
		{group: "driver", name: "swallowed errors", rule: "after an unexpected error the transaction cannot be committed, even if the closure returns nil", run: func(e *env) {
			b := e.backend()
			r := e.row()
			err := b.Update(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) error {
				e.ok(tx.InsertVorgang(ctx, driver.InsertVorgangParams{Row: r}))
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
			if err := kept.InsertVorgang(e.ctx, driver.InsertVorgangParams{Row: e.row()}); err == nil {
				e.Fatalf("the write was accepted")
			}
		}},
	}
}
