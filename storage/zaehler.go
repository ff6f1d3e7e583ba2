package storage

import (
	"context"
	"sync"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// NextNummer counts: the next number of a name and year, from 1. Numbers of
// committed transactions have no gaps. Others who want the same counter wait
// until this transaction ends, so take the number late. Where gaps do no harm,
// take it from [Store.NextNummer] before the transaction.
func (tx *Tx) NextNummer(ctx context.Context, name string, jahr int) (n int64, err error) {
	defer tx.spoil(&err)
	if err := tx.writes("NextNummer"); err != nil {
		return 0, err
	}
	if err := checkText("NextNummer", name, "/name", name); err != nil {
		return 0, err
	}
	n, err = tx.d.NextNummer(ctx, driver.NextNummerParams{Name: name, Jahr: jahr})
	return n, wrap("NextNummer", name, err)
}

// zaehler names a counter; block is a run of its numbers this process took.
type zaehler struct {
	mandant tenant.ID
	name    string
	jahr    int
}

type block struct {
	mu         sync.Mutex
	next, last int64 // GUARDED_BY(mu)
}

// NextNummer counts without making anybody wait: the number is this caller's at
// once, whatever becomes of it. Numbers are unique and rise within a process, but
// have gaps: each process takes [Options.Nummernblock] of them at a time and
// forgets the rest when it ends. Use another name than with [Tx.NextNummer] where
// a sequence without gaps is wanted.
func (s *Store) NextNummer(ctx context.Context, mandant tenant.ID, name string, jahr int) (int64, error) {
	k := zaehler{mandant, name, jahr}
	s.mu.Lock()
	b := s.bloecke[k]
	if b == nil {
		b = &block{next: 1}
		s.bloecke[k] = b
	}
	s.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next > b.last {
		size := int64(s.o.Nummernblock)
		var last int64
		err := s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
			defer tx.spoil(&err)
			if err := checkText("NextNummer", name, "/name", name); err != nil {
				return err
			}
			last, err = tx.d.NextNummer(ctx, driver.NextNummerParams{Name: name, Jahr: jahr, Anzahl: size})
			return wrap("NextNummer", name, err)
		})
		if err != nil {
			return 0, err
		}
		b.next, b.last = last-size+1, last
	}
	b.next++
	return b.next - 1, nil
}
