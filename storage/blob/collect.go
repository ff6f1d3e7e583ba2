package blob

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// DefaultGrace is how long a file stays without a reference unless told
// otherwise: long enough for the row that will refer to it to be committed.
const DefaultGrace = 24 * time.Hour

// CollectParams of [Collect].
type CollectParams struct {
	// Referenced gives the SHA-512 of everything the Mandant still refers to, in
	// any order, repetitions allowed; required. See [References]. It must hold
	// all that is referred to at one instant, so read it in one transaction: rows
	// read one after the other miss a reference that moves between them.
	Referenced iter.Seq2[string, error]
	// Stand is that instant, or an earlier one; default: when Collect is called.
	Stand time.Time
	// Grace: what is younger than Stand less Grace stays; default [DefaultGrace].
	// Choose it longer than the longest way from a Put to the commit of its row
	// and than clocks may differ.
	Grace time.Duration
	// AllowUnreferenced removes files although no reference at all is known.
	// Without it that is ErrConflict, because it looks like the wrong store.
	AllowUnreferenced bool
	// DryRun reports and removes nothing.
	DryRun bool
	// Progress is called after each page with the Report so far.
	Progress func(Report)
}

// Report of a [Collect]: Referenced + Young + Orphans = Files.
type Report struct {
	// References, different ones, and the contents the store holds.
	References, Files int
	// Referenced contents, and Young ones that nobody refers to yet.
	Referenced, Young int
	// Orphans are old and nobody refers to them; Removed says how many of them
	// are gone. The others were put again meanwhile, or it is a DryRun.
	Orphans, Removed int
	// RemovedBytes of contents; in a DryRun 0.
	RemovedBytes int64
	// Leftovers of crashed Puts, removed unless it is a DryRun.
	Leftovers Leftovers
}

// Collect removes the contents of a Mandant that nobody refers to and that are
// older than the grace, and the leftovers of crashed Puts of that age. A file
// that is referred to is never removed.
//
// All references are read before anything is removed; an error among them, or
// one that is no SHA-512, ends it with nothing removed. A store that is no
// [Sweeper] is ErrUnsupported. Ended early, by its context or an error, it has
// removed what the Report says; run again it goes on. Several at the same time
// do no harm.
//
// It keeps 16 bytes per different reference, and three times that while it
// reads them: 48 MB per million files at most.
func Collect(ctx context.Context, s Store, mandant tenant.ID, p CollectParams) (Report, error) {
	const op = "blob.Collect"
	var r Report
	if p.Stand.IsZero() {
		p.Stand = time.Now()
	}
	if p.Grace == 0 {
		p.Grace = DefaultGrace
	}
	if err := Check(ctx, op, mandant, nil); err != nil {
		return r, err
	}
	if p.Referenced == nil || p.Grace < 0 {
		return r, fehler.New(op, "", fehler.ErrInvalid, errors.New("no references given, or a negative grace"))
	}
	sw, err := sweeper(op, s)
	if err != nil {
		return r, err
	}
	var m marks
	for sum, err := range p.Referenced {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && !m.add(sum) {
			err = fehler.New(op, "", fehler.ErrInvalid, errors.New("a reference is no SHA-512"))
		}
		if err != nil {
			return r, PutError(op, err)
		}
	}
	m.pack()
	r.References = len(m.sorted)
	err = sweep(ctx, sw, mandant, p, &m, &r)
	return r, err
}

func sweep(ctx context.Context, sw Sweeper, mandant tenant.ID, p CollectParams, m *marks, r *Report) error {
	olderThan := p.Stand.Add(-p.Grace)
	for after := ""; ; {
		page, err := sw.List(ctx, mandant, ListParams{After: after})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		if len(m.sorted) == 0 && !p.AllowUnreferenced {
			return fehler.New("blob.Collect", "", fehler.ErrConflict, errNoReferences)
		}
		for _, e := range page {
			if err := ctx.Err(); err != nil {
				return err
			}
			if e.SHA512 <= after {
				return fehler.New("blob.Collect", e.SHA512, fehler.ErrInvalid, fmt.Errorf("%T does not list in order", sw))
			}
			after = e.SHA512
			r.Files++
			switch {
			case m.has(e.SHA512):
				r.Referenced++
				continue
			case !e.Stand.Before(olderThan):
				r.Young++
				continue
			}
			r.Orphans++
			if p.DryRun {
				continue
			}
			gone, err := sw.DeleteOlder(ctx, mandant, DeleteOlderParams{SHA512: e.SHA512, OlderThan: olderThan})
			if err != nil {
				return err
			}
			if gone {
				r.Removed, r.RemovedBytes = r.Removed+1, r.RemovedBytes+e.Groesse
			}
		}
		if p.Progress != nil {
			p.Progress(*r)
		}
	}
	left, err := sw.CleanUp(ctx, mandant, CleanUpParams{OlderThan: olderThan, DryRun: p.DryRun})
	r.Leftovers = left
	if err == nil && p.Progress != nil {
		p.Progress(*r)
	}
	return err
}

// mark is the first 128 bits of a SHA-512. Two files that share them would both
// stay if one is referred to: an error that keeps a file and never loses one.
type mark struct{ hi, lo uint64 }

func (m mark) compare(o mark) int {
	return cmp.Or(cmp.Compare(m.hi, o.hi), cmp.Compare(m.lo, o.lo))
}

func markOf(sum string) (mark, bool) {
	var b [16]byte
	if (Ref{SHA512: sum}).Check() != nil {
		return mark{}, false
	}
	if _, err := hex.Decode(b[:], []byte(sum[:32])); err != nil {
		return mark{}, false
	}
	return mark{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}, true
}

// marks is a set: a sorted part without repetitions, and behind it what was
// added since; they are put together when the second has grown as long as the
// first. Three times the set is the most it takes: both parts and the new first.
type marks struct{ sorted, added []mark }

func (m *marks) add(sum string) bool {
	x, ok := markOf(sum)
	if !ok {
		return false
	}
	if len(m.added) == cap(m.added) {
		m.pack()
		m.added = make([]mark, 0, max(4096, len(m.sorted)))
	}
	m.added = append(m.added, x)
	return true
}

func (m *marks) pack() {
	slices.SortFunc(m.added, mark.compare)
	m.added = slices.Compact(m.added)
	m.added = slices.DeleteFunc(m.added, func(x mark) bool {
		_, found := slices.BinarySearchFunc(m.sorted, x, mark.compare)
		return found
	})
	if len(m.added) > 0 {
		all := make([]mark, 0, len(m.sorted)+len(m.added))
		m.sorted = append(append(all, m.sorted...), m.added...)
		slices.SortFunc(m.sorted, mark.compare)
	}
	m.added = nil
}

func (m *marks) has(sum string) bool {
	x, ok := markOf(sum)
	if !ok {
		return true // what cannot be judged stays
	}
	_, found := slices.BinarySearchFunc(m.sorted, x, mark.compare)
	return found
}
