package storagetest

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

// RunGrowth measures what costs how much with 10,000, 100,000 and 1,000,000
// waiting Vorgaenge, each in a database of its own. It goes up to the number in
// the environment variable FACHWERK_WACHSTUM; without it there is only the
// smallest step.
//
// It prints lines "backend,case,rows,microseconds,floor_microseconds" to the
// standard output: the median latency, of a claim the 95th percentile with eight
// callers, of an import the time per Vorgang on the way to that number.
func RunGrowth(b *testing.B, o BenchOptions) {
	if b.N > 1 {
		b.Skip("one iteration is all there is; use -benchtime 1x")
	}
	bis := benchBestand
	if s := os.Getenv("FACHWERK_WACHSTUM"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatalf("FACHWERK_WACHSTUM: %v", err)
		}
		bis = n
	}
	rounds := 3
	if bis > benchBestand {
		rounds = 9
	}
	// First all databases, then one case after the other in all of them in turn: so
	// what disturbs the machine for a while disturbs each size alike.
	var sizes []int
	var dbs []*vergleich
	var out strings.Builder
	line := func(name string, rows int, p *paar, of func(lauf) time.Duration) {
		ours, floor, _ := p.werte(of)
		fmt.Fprintf(&out, "%s,%s,%d,%.0f,%.0f\n", o.Name, name, rows, µs(ours), µs(floor))
	}
	for rows := benchBestand; rows <= bis; rows *= 10 {
		from := time.Now()
		v := newVergleich(b, o)
		imp := v.wachsen(rows)
		v.ok(v.floor.Settle(v.ctx))
		b.Logf("%d Vorgaenge after %s", rows, time.Since(from).Round(time.Second))
		line("import", rows, imp, func(l lauf) time.Duration { return l.proOp() / stapel })
		sizes, dbs = append(sizes, rows), append(dbs, v)
	}
	for _, c := range []struct {
		name string
		of   func(lauf) time.Duration
		p    func(v *vergleich) *paar
	}{
		{"page_1", p50, func(v *vergleich) *paar { return v.page(1, storage.DefaultLimit) }},
		{"page_1000", p50, func(v *vergleich) *paar { return v.page(1000, 10) }},
		{"search", p50, (*vergleich).search},
		{"edit", p50, func(v *vergleich) *paar { return v.edit(1, v.ziele()) }},
		{"create", p50, func(v *vergleich) *paar { return v.create(1) }},
		{"lease", p50, (*vergleich).lease},
		// Last, and few: they take the oldest, and edits are made on the newest.
		{"claim_p95", p95, func(v *vergleich) *paar { return v.claim(8, nil) }},
	} {
		paare := make([]*paar, len(dbs))
		for i, v := range dbs {
			paare[i] = c.p(v)
			// As many for each size, and no more than the smallest can bear.
			paare[i].k = min(paare[i].max, 100)
			paare[i].max = paare[i].k
		}
		for range rounds {
			for _, p := range paare {
				p.runde(b)
			}
		}
		for i, p := range paare {
			line(c.name, sizes[i], p, c.of)
		}
	}
	fmt.Printf("\n%s\n", out.String())
}

// wachsen imports until there are so many Vorgaenge. Twenty times on the way both
// ways are measured; the rest is the floor's, because it is faster.
func (v *vergleich) wachsen(bis int) *paar {
	v.Helper()
	p := v.importe()
	p.k, p.max = 2, 5
	schritt := (bis - len(v.ids)) / 20
	for len(v.ids) < bis {
		from := len(v.ids)
		p.max = max(1, min(p.max, (bis-from)/(2*stapel)))
		p.k = min(p.k, p.max)
		p.runde(v.TB)
		v.schnell(min(from+schritt, bis) - len(v.ids))
	}
	return p
}

// schnell adds n Vorgaenge, and makes a batch while the one before is written.
func (v *vergleich) schnell(n int) {
	v.Helper()
	fertig := make(chan []driver.SaveVorgangParams, 1)
	var failed error
	go func() {
		defer close(fertig)
		rek := newRekorder()
		for ; n > 0; n -= stapel {
			ps := make([]driver.SaveVorgangParams, stapel)
			for i := range ps {
				if ps[i], failed = rek.create(v.ctx); failed != nil {
					return
				}
			}
			fertig <- ps
		}
	}()
	var err error
	for ps := range fertig {
		if err == nil { // otherwise only until the other one ends
			err = v.floor.Import(v.ctx, ps)
		}
		for i := range ps {
			v.ids = append(v.ids, ps[i].Row.ID)
		}
	}
	v.ok(errors.Join(err, failed))
}

// ziele gives ids of Vorgaenge that nobody has changed, far from each other and
// none twice: of the newest quarter, which no claim reaches.
func (v *vergleich) ziele() func(k int) []uuid.UUID {
	const primzahl = 7919
	neue := v.ids[len(v.ids)*3/4:]
	n := 0
	return func(k int) []uuid.UUID {
		ids := make([]uuid.UUID, k)
		for i := range ids {
			ids[i] = neue[n*primzahl%len(neue)]
			n++
		}
		return ids
	}
}

// lease: ten Auftraege out of all that are open. They are finished between the
// operations, because a lease should not meet those of the ones before.
func (v *vergleich) lease() *paar {
	a := v.outbox(0, 1)
	one := func(r relais) seite {
		var rows []driver.AuftragRow
		return seite{
			op: func(int) (err error) {
				rows, err = r.lease()
				return full(len(rows), leihe, err)
			},
			after: func(int) error {
				for i := range rows {
					if err := r.finish(&rows[i]); err != nil {
						return err
					}
				}
				return nil
			},
		}
	}
	return &paar{callers: 1, k: 10, max: 30, scheibe: scheibe, ours: one(a.unsereRelays()), floor: one(a.bodenRelays())}
}
