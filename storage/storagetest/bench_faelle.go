package storagetest

import (
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// benchBestand is how many Vorgaenge there are before a claim or a list.
const benchBestand = 10_000

// RunAgainstFloor measures each path beside the floor. One iteration is one round:
// a slice of the store and a slice of the floor, of some hundred milliseconds
// each; run it with -benchtime 10x. The first round is short and counts only if
// it is the only one.
//
// The metric of_floor is the median over the rounds of floor time by store time:
// 1 is the floor, higher is better. µs/op are the inverse of the throughput, p95
// are latencies. cpu is what this process computed for it, without a database
// server: the steadiest figure when others use the machine too.
func RunAgainstFloor(b *testing.B, o BenchOptions) {
	b.Run("create", func(b *testing.B) {
		v := newVergleich(b, o)
		for _, callers := range []int{1, 8, 64} {
			b.Run(fmt.Sprint(callers), func(b *testing.B) { v.create(callers).report(b) })
		}
	})
	b.Run("edit", func(b *testing.B) {
		v := newVergleich(b, o)
		v.bestand(benchBestand / 10)
		for _, callers := range []int{1, 8} {
			b.Run(fmt.Sprint(callers), func(b *testing.B) { v.edit(callers, v.frische).report(b) })
		}
	})
	b.Run("claim", func(b *testing.B) {
		v := newVergleich(b, o)
		v.bestand(benchBestand)
		for _, callers := range []int{1, 8, 32} {
			b.Run(fmt.Sprint(callers), func(b *testing.B) { v.claim(callers, v.nachlegen()).report(b) })
		}
	})
	b.Run("list", func(b *testing.B) {
		v := newVergleich(b, o)
		v.bestand(benchBestand)
		b.Run("page-1", func(b *testing.B) { v.page(1, storage.DefaultLimit).report(b) })
		b.Run("page-1000", func(b *testing.B) { v.page(1000, 10).report(b) })
		b.Run("search", func(b *testing.B) { v.search().report(b) })
	})
	b.Run("outbox", func(b *testing.B) {
		v := newVergleich(b, o)
		b.Run("drain", func(b *testing.B) { v.outbox(0, 4).report(b) })
		b.Run("8-writers-4-relays", func(b *testing.B) { v.outbox(8, 4).report(b) })
	})
	b.Run("import", func(b *testing.B) { newVergleich(b, o).importe().report(b) })
}

const scheibe = 400 * time.Millisecond

// create: a new Vorgang, durable. Making it is the model's work and not measured.
func (v *vergleich) create(callers int) *paar {
	var vs []*vorgang.Vorgang
	var ps []driver.SaveVorgangParams
	return &paar{
		callers: callers, k: 4 * callers, max: 8000, scheibe: scheibe,
		ours: seite{
			prepare: func(k int) { vs = v.vorgaenge(k) },
			op:      func(i int) error { return v.store.Insert(v.ctx, BenchMandant, vs[i]) },
		},
		floor: seite{
			prepare: func(k int) { ps = v.neu(k) },
			op:      func(i int) error { return v.floor.Create(v.ctx, &ps[i]) },
		},
	}
}

func (v *vergleich) vorgaenge(k int) []*vorgang.Vorgang {
	v.Helper()
	out := make([]*vorgang.Vorgang, k)
	for i := range out {
		var err error
		out[i], err = BenchVorgang()
		v.ok(err)
	}
	return out
}

// frische gives ids of k Vorgaenge nobody has changed.
func (v *vergleich) frische(k int) []uuid.UUID { return v.fill(k) }

// edit: load, a note, save; each time another Vorgang.
func (v *vergleich) edit(callers int, ziele func(k int) []uuid.UUID) *paar {
	vorlage, err := v.rek.edits(v.ctx, 1, BenchNote)
	v.ok(err)
	var ids []uuid.UUID
	var ps []*driver.SaveVorgangParams
	return &paar{
		callers: callers, k: 4 * callers, max: 8000, scheibe: scheibe,
		ours: seite{
			prepare: func(k int) { ids = ziele(k) },
			op: func(i int) error {
				_, err := v.store.Edit(v.ctx, BenchMandant, ids[i], BenchNote)
				return err
			},
		},
		floor: seite{
			prepare: func(k int) {
				ps = nil
				for _, id := range ziele(k) {
					ps = append(ps, umschreiben(&vorlage[0], id))
				}
			},
			op: func(i int) error { return v.floor.Edit(v.ctx, ps[i]) },
		},
	}
}

// nachlegen keeps the stack as high as it is: what k claims take is added first.
func (v *vergleich) nachlegen() func(k int) { return func(k int) { v.fill(k) } }

// claim: the oldest waiting Vorgang. That nobody gets one twice is checked.
func (v *vergleich) claim(callers int, vorher func(k int)) *paar {
	vorlage, err := v.rek.claim(v.ctx)
	v.ok(err)
	var mu sync.Mutex
	vergeben := map[uuid.UUID]bool{}
	einmal := func(id uuid.UUID) error {
		mu.Lock()
		defer mu.Unlock()
		if vergeben[id] {
			return fmt.Errorf("%s was given to two", id)
		}
		vergeben[id] = true
		return nil
	}
	return &paar{
		callers: callers, k: 4 * callers, max: 4000, scheibe: scheibe,
		ours: seite{prepare: vorher, op: func(int) error {
			w, _, err := v.store.Claim(v.ctx, BenchMandant, benchClaim)
			if err != nil {
				return err
			}
			return einmal(w.ID())
		}},
		floor: seite{prepare: vorher, op: func(int) error {
			id, err := v.floor.Claim(v.ctx, &vorlage)
			if err != nil {
				return err
			}
			return einmal(id)
		}},
	}
}

// page: a page of a list, newest first. To page n there is a cursor already.
func (v *vergleich) page(n, limit int) *paar {
	var after *driver.VorgangKey
	p := storage.PageParams{Limit: limit, Absteigend: true}
	for left := (n - 1) * limit; left > 0; {
		p.Limit = min(left, storage.MaxLimit)
		page, err := v.store.Page(v.ctx, BenchMandant, p)
		v.ok(err)
		left -= len(page.Zeilen)
		if p.Cursor = page.Next; p.Cursor == "" {
			v.Fatalf("there is no page %d", n)
		}
		last := page.Zeilen[len(page.Zeilen)-1]
		after = &driver.VorgangKey{Eingang: last.Eingang, ID: last.ID}
	}
	p.Limit = limit
	return &paar{
		callers: 1, k: 20, max: 20000, scheibe: scheibe / 2,
		ours: seite{op: func(int) error {
			page, err := v.store.Page(v.ctx, BenchMandant, p)
			return full(len(page.Zeilen), limit, err)
		}},
		floor: seite{op: func(int) error {
			got, err := v.floor.Page(v.ctx, after, limit)
			return full(got, limit, err)
		}},
	}
}

func full(got, want int, err error) error {
	if err == nil && got != want {
		return fmt.Errorf("%d rows, want %d", got, want)
	}
	return err
}

// search: the first page of those whose name begins so.
func (v *vergleich) search() *paar {
	const limit = storage.DefaultLimit
	return &paar{
		callers: 1, k: 20, max: 20000, scheibe: scheibe / 2,
		ours: seite{op: func(int) error {
			t, err := v.store.Search(v.ctx, BenchMandant, storage.SearchParams{Text: benchPrefix, Limit: limit})
			return full(len(t.Zeilen), limit, err)
		}},
		floor: seite{op: func(int) error {
			got, err := v.floor.Search(v.ctx, benchPrefix, limit)
			return full(got, limit, err)
		}},
	}
}

// importe: one operation is a whole batch.
func (v *vergleich) importe() *paar {
	var vs []*vorgang.Vorgang
	var ps []driver.SaveVorgangParams
	merken := func(id uuid.UUID) { v.ids = append(v.ids, id) }
	return &paar{
		callers: 1, k: 2, max: 50, scheibe: 2 * scheibe,
		ours: seite{
			prepare: func(k int) {
				vs = v.vorgaenge(k * stapel)
				for _, w := range vs {
					merken(w.ID())
				}
			},
			op: func(i int) error {
				r, err := v.store.Import(v.ctx, BenchMandant, folge(vs[i*stapel:(i+1)*stapel]), nil)
				return full(int(r.Neu), stapel, err)
			},
		},
		floor: seite{
			prepare: func(k int) {
				ps = v.neu(k * stapel)
				for i := range ps {
					merken(ps[i].Row.ID)
				}
			},
			op: func(i int) error { return v.floor.Import(v.ctx, ps[i*stapel:(i+1)*stapel]) },
		},
	}
}

func folge(vs []*vorgang.Vorgang) iter.Seq2[*vorgang.Vorgang, error] {
	return func(yield func(*vorgang.Vorgang, error) bool) {
		for _, v := range vs {
			if !yield(v, nil) {
				return
			}
		}
	}
}
