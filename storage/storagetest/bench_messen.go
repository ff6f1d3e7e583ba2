package storagetest

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

// seite is one side of a comparison.
type seite struct {
	// prepare makes what the next k operations need; it is not measured.
	prepare func(k int)
	// op is operation i of k.
	op func(i int) error
	// after follows op in the same goroutine and does not count for its latency.
	after func(i int) error
}

// lauf is a measured slice.
type lauf struct {
	ops        int
	dauer, cpu time.Duration
	// einzeln are the latencies.
	einzeln []time.Duration
}

// proOp is the inverse of the throughput.
func (l lauf) proOp() time.Duration { return l.dauer / time.Duration(max(l.ops, 1)) }

func (l lauf) cpuProOp() time.Duration { return l.cpu / time.Duration(max(l.ops, 1)) }

// messen runs k operations with so many callers at once.
func messen(tb testing.TB, callers, k int, s seite) lauf {
	tb.Helper()
	if s.prepare != nil {
		s.prepare(k)
	}
	runtime.GC() // what was prepared must not be collected at the cost of what follows
	l := lauf{ops: k, einzeln: make([]time.Duration, k)}
	var next, nachher atomic.Int64
	errs := make([]error, callers)
	var wg sync.WaitGroup
	start, used := time.Now(), cpu()
	for c := range callers {
		wg.Go(func() {
			for {
				i := int(next.Add(1) - 1)
				if i >= k {
					return
				}
				t := time.Now()
				err := s.op(i)
				l.einzeln[i] = time.Since(t)
				if err == nil && s.after != nil {
					t = time.Now()
					err = s.after(i)
					nachher.Add(int64(time.Since(t)))
				}
				if err != nil {
					errs[c] = err
					return
				}
			}
		})
	}
	wg.Wait()
	// What came between the operations is taken out; with one caller exactly so.
	l.dauer = time.Since(start) - time.Duration(nachher.Load())/time.Duration(callers)
	l.cpu = cpu() - used
	for _, err := range errs {
		if err != nil {
			tb.Fatal(err)
		}
	}
	return l
}

// anteil gives the p-th part of the latencies in order, 0.5 for the median.
func anteil(of []time.Duration, p float64) time.Duration {
	if len(of) == 0 {
		return 0
	}
	of = slices.Sorted(slices.Values(of))
	return of[min(int(p*float64(len(of))), len(of)-1)]
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	of = slices.Sorted(slices.Values(of))
	if n := len(of); n%2 == 0 {
		return (of[n/2-1] + of[n/2]) / 2
	}
	return of[len(of)/2]
}

// paar holds the slices of both sides, taken in turn: what disturbs the machine
// for a while disturbs both.
type paar struct {
	callers, k, max int
	// scheibe is how long a slice should last; k is brought there.
	scheibe     time.Duration
	ours, floor seite
	o, f        []lauf
}

// runde measures both sides once, each time another one first.
func (p *paar) runde(tb testing.TB) {
	tb.Helper()
	var o, f lauf
	if len(p.o)%2 == 0 {
		o = messen(tb, p.callers, p.k, p.ours)
		f = messen(tb, p.callers, p.k, p.floor)
	} else {
		f = messen(tb, p.callers, p.k, p.floor)
		o = messen(tb, p.callers, p.k, p.ours)
	}
	p.o, p.f = append(p.o, o), append(p.f, f)
	if slower := max(o.dauer, f.dauer); slower > 0 {
		want := float64(p.k) * float64(p.scheibe) / float64(slower)
		p.k = max(4*p.callers, min(int(want), 8*p.k, p.max))
	}
}

// gemessen leaves out the first, which warms up, if there are others.
func gemessen(l []lauf) []lauf {
	if len(l) > 1 {
		return l[1:]
	}
	return l
}

// werte of both sides: the median of the slices, and the median of the ratios
// within a round.
func (p *paar) werte(of func(lauf) time.Duration) (ours, floor time.Duration, ratio float64) {
	var o, f, r []float64
	a, b := gemessen(p.o), gemessen(p.f)
	for i := range a {
		x, y := float64(of(a[i])), float64(of(b[i]))
		o, f, r = append(o, x), append(f, y), append(r, y/x)
	}
	return time.Duration(median(o)), time.Duration(median(f)), median(r)
}

func p95(l lauf) time.Duration { return anteil(l.einzeln, 0.95) }
func p50(l lauf) time.Duration { return anteil(l.einzeln, 0.5) }

func µs(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// report measures for as long as the benchmark runs. One iteration is one round.
func (p *paar) report(b *testing.B) {
	b.Helper()
	for b.Loop() {
		p.runde(b)
	}
	ours, floor, ratio := p.werte(lauf.proOp)
	b.ReportMetric(0, "ns/op") // of a round: says nothing
	b.ReportMetric(ratio, "of_floor")
	b.ReportMetric(µs(ours), "store_µs/op")
	b.ReportMetric(µs(floor), "floor_µs/op")
	if ours, floor, _ = p.werte(lauf.cpuProOp); ours > 0 {
		b.ReportMetric(µs(ours), "store_cpu_µs/op")
		b.ReportMetric(µs(floor), "floor_cpu_µs/op")
	}
	ours, floor, _ = p.werte(p95)
	b.ReportMetric(µs(ours), "store_p95_µs")
	b.ReportMetric(µs(floor), "floor_p95_µs")
}

// vergleich holds one database with both ways into it.
type vergleich struct {
	testing.TB
	ctx   context.Context
	store *storage.Store
	floor Floor
	rek   *rekorder
	ids   []uuid.UUID // of the Vorgaenge that fill made, oldest first
}

func newVergleich(t testing.TB, o BenchOptions) *vergleich {
	t.Helper()
	h, f := o.New(t)
	ctx := t.Context()
	back, err := h.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	v := &vergleich{TB: t, ctx: ctx, store: storage.New(back, nil), floor: f, rek: newRekorder()}
	t.Cleanup(func() { v.store.Close() })
	return v
}

func (v *vergleich) ok(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

// neu gives the saves of n new Vorgaenge.
func (v *vergleich) neu(n int) []driver.SaveVorgangParams {
	v.Helper()
	out := make([]driver.SaveVorgangParams, n)
	for i := range out {
		var err error
		out[i], err = v.rek.create(v.ctx)
		v.ok(err)
	}
	return out
}

// stapel is how many Vorgaenge one transaction of an import takes.
const stapel = 200

// bestand fills a database before its cases begin.
func (v *vergleich) bestand(n int) {
	v.Helper()
	v.fill(n)
	v.ok(v.floor.Settle(v.ctx))
}

// fill adds n waiting Vorgaenge, not measured, and gives their ids.
func (v *vergleich) fill(n int) []uuid.UUID {
	v.Helper()
	from := len(v.ids)
	for n > 0 {
		ps := v.neu(min(n, stapel))
		v.ok(v.floor.Import(v.ctx, ps))
		for i := range ps {
			v.ids = append(v.ids, ps[i].Row.ID)
		}
		n -= len(ps)
	}
	return v.ids[from:]
}
