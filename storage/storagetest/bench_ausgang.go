package storagetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

// Of the outbox of one Vorgang in the benchmarks: one Auftrag comes with it, then
// each change orders another.
const (
	proVorgang = 10 // changes
	leihe      = 10 // Auftraege in one lease
)

// ausgang is a comparison of the outbox.
type ausgang struct {
	*vergleich
	writers, relays int
	vorlage         []driver.SaveVorgangParams
}

// outbox: writers order Auftraege while relays perform them; with no writers all
// are there before. An operation is one Auftrag, from its order to its end. That
// each is given once, and those of one Vorgang in order, is checked.
func (v *vergleich) outbox(writers, relays int) *ausgang {
	vorlage, err := v.rek.edits(v.ctx, proVorgang, benchWrite)
	v.ok(err)
	return &ausgang{vergleich: v, writers: writers, relays: relays, vorlage: vorlage}
}

func (a *ausgang) report(b *testing.B) {
	b.Helper()
	n := 8 // Vorgaenge
	p := &paar{}
	for i := 0; b.Loop(); i++ {
		var o, f lauf
		for _, ours := range []bool{i%2 == 0, i%2 != 0} {
			if ours {
				o = a.lauf(b, n, a.schreiben, a.unsereRelays())
			} else {
				f = a.lauf(b, n, a.bodenSchreiben, a.bodenRelays())
			}
		}
		p.o, p.f = append(p.o, o), append(p.f, f)
		n = max(8, min(8*n, 400, int(float64(n)*float64(2*scheibe)/float64(max(o.dauer, f.dauer)))))
	}
	ours, floor, ratio := p.werte(lauf.proOp)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ratio, "of_floor")
	b.ReportMetric(µs(ours), "store_µs/op")
	b.ReportMetric(µs(floor), "floor_µs/op")
}

// relais is how one side performs Auftraege.
type relais struct {
	lease  func() ([]driver.AuftragRow, error)
	finish func(*driver.AuftragRow) error
}

func (a *ausgang) unsereRelays() relais {
	return relais{
		lease: func() ([]driver.AuftragRow, error) {
			got, err := a.store.LeaseAuftraege(a.ctx, storage.LeaseParams{Limit: leihe})
			rows := make([]driver.AuftragRow, len(got))
			for i, g := range got {
				rows[i] = driver.AuftragRow{Mandant: g.Mandant, ID: g.ID, VorgangID: g.Vorgang, VorgangVersion: g.Version, Ordinal: int64(g.Ordinal)}
				rows[i].LeaseToken = &g.Token
			}
			return rows, err
		},
		finish: func(r *driver.AuftragRow) error {
			f := storage.Auftrag{Token: *r.LeaseToken}
			f.ID, f.Mandant, f.Vorgang = r.ID, r.Mandant, r.VorgangID
			return a.store.FinishAuftrag(a.ctx, f, storage.Ergebnis{Zustand: storage.AuftragErledigt})
		},
	}
}

func (a *ausgang) bodenRelays() relais {
	return relais{
		lease: func() ([]driver.AuftragRow, error) {
			now := time.Now().UTC().Truncate(time.Microsecond)
			return a.floor.Lease(a.ctx, driver.LeaseAuftraegeParams{Now: now, Until: now.Add(time.Hour), Token: uuid.New(), Limit: leihe})
		},
		finish: func(r *driver.AuftragRow) error {
			return a.floor.Finish(a.ctx, driver.FinishAuftragParams{
				ID: r.ID, Token: *r.LeaseToken, Zustand: driver.AuftragErledigt, Now: time.Now().UTC().Truncate(time.Microsecond),
			})
		},
	}
}

func (a *ausgang) schreiben(id uuid.UUID, _ int) error {
	_, err := a.store.Edit(a.ctx, BenchMandant, id, benchWrite)
	return err
}

func (a *ausgang) bodenSchreiben(id uuid.UUID, n int) error {
	return a.floor.Edit(a.ctx, umschreiben(&a.vorlage[n], id))
}

// lauf performs all Auftraege of n new Vorgaenge.
func (a *ausgang) lauf(b *testing.B, n int, write func(id uuid.UUID, n int) error, r relais) lauf {
	b.Helper()
	ids := a.fill(n)
	order := func(writer, writers int) error {
		for k := range proVorgang {
			for i := writer; i < len(ids); i += writers {
				if err := write(ids[i], k); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if a.writers == 0 {
		a.ok(order(0, 1))
	}
	total := n * (proVorgang + 1)
	p := &protokoll{offen: total, letzter: map[uuid.UUID]int64{}, arbeit: map[uuid.UUID]bool{}}
	start := time.Now()
	errs := parallel(a.writers+a.relays, func(i int) error {
		if i < a.writers {
			return p.fail(order(i, a.writers))
		}
		return p.fail(p.relay(r))
	})
	l := lauf{ops: total, dauer: time.Since(start)}
	a.ok(errors.Join(errs...))
	// Whatever a relay could still be given was given twice.
	rest, err := r.lease()
	a.ok(err)
	if len(rest) > 0 {
		b.Fatalf("%d Auftraege are open after all were done", len(rest))
	}
	return l
}

// protokoll watches the order of what is leased.
type protokoll struct {
	mu      sync.Mutex
	offen   int                 // GUARDED_BY(mu)
	letzter map[uuid.UUID]int64 // version of the last one per Vorgang; GUARDED_BY(mu)
	arbeit  map[uuid.UUID]bool  // which Vorgaenge are at work; GUARDED_BY(mu)
	failed  bool                // GUARDED_BY(mu)
}

func (p *protokoll) fail(err error) error {
	if err != nil {
		p.mu.Lock()
		p.failed = true
		p.mu.Unlock()
	}
	return err
}

func (p *protokoll) ende() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.offen == 0 || p.failed
}

// relay performs until all is done. One that is lost keeps it waiting until the
// limit.
func (p *protokoll) relay(r relais) error {
	limit := time.Now().Add(time.Minute)
	for !p.ende() {
		if time.Now().After(limit) {
			return errors.New("outbox: Auftraege were lost")
		}
		rows, err := r.lease()
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			time.Sleep(time.Millisecond)
		}
		for i := range rows {
			if err := p.beginnt(&rows[i]); err != nil {
				return err
			}
		}
		for i := range rows {
			p.endet(&rows[i]) // before others can see the end
			if err := r.finish(&rows[i]); err != nil {
				return err
			}
			p.erledigt()
		}
	}
	return nil
}

func (p *protokoll) beginnt(r *driver.AuftragRow) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.arbeit[r.VorgangID] {
		return fmt.Errorf("two Auftraege of %s at once", r.VorgangID)
	}
	// Each save ordered one, so their versions have no gaps.
	if want := p.letzter[r.VorgangID] + 1; r.VorgangVersion != want {
		return fmt.Errorf("out of order: %s version %d, want %d", r.VorgangID, r.VorgangVersion, want)
	}
	p.arbeit[r.VorgangID] = true
	return nil
}

func (p *protokoll) endet(r *driver.AuftragRow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arbeit[r.VorgangID] = false
	p.letzter[r.VorgangID] = r.VorgangVersion
}

func (p *protokoll) erledigt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offen--
}
