package memory

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// outbox finds, for all Mandanten, the Auftraege that can be leased: open, of
// a Mandant that is not shut, and a Termin or the first of their Vorgang. What
// waits behind another one is in neither tree, so it costs nothing.
type outbox struct {
	frei    tree[*driver.AuftragRow] // art, faellig, id, mandant: without a lease
	belegt  tree[*driver.AuftragRow] // lease_bis, id, mandant: with one
	mandant tree[*driver.AuftragRow] // mandant, faellig, id: both
	zugaben int64                    // counts additions to frei; wakes whoever waits for work
}

func freiKey(a *driver.AuftragRow) string {
	return suffix(a.Art, a.Faellig, a.ID, a.Mandant)
}

func (s *state) offer(a *driver.AuftragRow) {
	if a.Zustand != driver.AuftragOffen || s.gesperrt(a.Mandant) != driver.SperreKeine {
		return
	}
	if first, ok := s.firstAuftrag(a.Mandant, a.VorgangID); !a.Termin && ok && first.ID != a.ID {
		return
	}
	s.outbox.mandant.set(suffix(a.Mandant, a.Faellig, a.ID), a)
	if a.LeaseBis != nil {
		s.outbox.belegt.set(suffix(*a.LeaseBis, a.ID, a.Mandant), a)
		return
	}
	s.outbox.frei.set(freiKey(a), a)
	s.outbox.zugaben++
}

func (s *state) withdraw(a *driver.AuftragRow) {
	s.outbox.mandant.delete(suffix(a.Mandant, a.Faellig, a.ID))
	if a.LeaseBis != nil {
		s.outbox.belegt.delete(suffix(*a.LeaseBis, a.ID, a.Mandant))
		return
	}
	s.outbox.frei.delete(freiKey(a))
}

// firstAuftrag gives the one that the others of its Vorgang wait for.
func (s *state) firstAuftrag(m tenant.ID, vorgang uuid.UUID) (*driver.AuftragRow, bool) {
	_, id, ok := s.auftrag.index.first(key(m, "folge", vorgang), "")
	if !ok {
		return nil, false
	}
	return s.auftrag.get(m, id)
}

// putAuftrag stores a. The first of the Vorgang may have become another one by
// it, so both are withdrawn and offered again.
func (s *state) putAuftrag(a *driver.AuftragRow) {
	if old, ok := s.auftrag.get(a.Mandant, a.ID); ok {
		s.withdraw(old)
	}
	if a.Termin {
		s.auftrag.put(a.Mandant, a.ID, a, auftragKeys)
		s.offer(a)
		return
	}
	before, ok := s.firstAuftrag(a.Mandant, a.VorgangID)
	s.auftrag.put(a.Mandant, a.ID, a, auftragKeys)
	after, still := s.firstAuftrag(a.Mandant, a.VorgangID)
	if ok && still && before.ID == after.ID && before.ID != a.ID {
		return // a waits behind another one as it did before
	}
	if ok && before.ID != a.ID {
		s.withdraw(before)
	}
	if still {
		s.offer(after)
	}
}

// LeaseAuftraege implements driver.Backend.
func (b *Backend) LeaseAuftraege(ctx context.Context, p driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error) {
	var out []driver.AuftragRow
	err := b.write(ctx, func(s *state) error {
		due := append(s.freeAuftraege(p), s.endedAuftraege(p)...)
		slices.SortFunc(due, func(x, y *driver.AuftragRow) int {
			return strings.Compare(suffix(x.Faellig, x.ID, x.Mandant), suffix(y.Faellig, y.ID, y.Mandant))
		})
		for _, a := range due[:min(len(due), p.Limit)] {
			n := *a
			n.LeaseToken, n.LeaseBis = new(p.Token), new(p.Until)
			n.Versuch++
			s.putAuftrag(&n)
			out = append(out, cloneAuftrag(&n))
		}
		return nil
	})
	return out, err
}

// freeAuftraege gives the first of each Art that are due, without a lease and
// no more than the limit. It steps from Art to Art, never through one.
func (s *state) freeAuftraege(p driver.LeaseAuftraegeParams) []*driver.AuftragRow {
	var due []*driver.AuftragRow
	if p.Mandant != "" {
		s.outbox.mandant.ascend(suffix(p.Mandant), "", func(_ string, a *driver.AuftragRow) bool {
			if a.LeaseBis == nil && !a.Faellig.After(p.Now) && oneOf(p.Arten, a.Art) {
				due = append(due, a)
			}
			return len(due) < p.Limit && !a.Faellig.After(p.Now)
		})
		return due
	}
	after := ""
	for {
		_, first, ok := s.outbox.frei.first("", after)
		if !ok {
			return due
		}
		prefix, n := suffix(first.Art), 0
		after = beyond(prefix)
		if !oneOf(p.Arten, first.Art) {
			continue
		}
		s.outbox.frei.ascend(prefix, "", func(_ string, a *driver.AuftragRow) bool {
			if n == p.Limit || a.Faellig.After(p.Now) {
				return false
			}
			due = append(due, a)
			n++
			return true
		})
	}
}

// endedAuftraege gives those whose lease ran out.
func (s *state) endedAuftraege(p driver.LeaseAuftraegeParams) []*driver.AuftragRow {
	var due []*driver.AuftragRow
	s.outbox.belegt.ascend("", "", func(_ string, a *driver.AuftragRow) bool {
		if !free(a.LeaseBis, p.Now) {
			return false
		}
		if !a.Faellig.After(p.Now) && oneOf(p.Arten, a.Art) && (p.Mandant == "" || p.Mandant == a.Mandant) {
			due = append(due, a)
		}
		return true
	})
	return due
}

// FaelligeMandanten implements driver.Backend.
func (b *Backend) FaelligeMandanten(ctx context.Context, now time.Time) ([]tenant.ID, error) {
	s, err := b.read(ctx)
	if err != nil {
		return nil, err
	}
	var out []tenant.ID
	for after := ""; ; {
		_, first, ok := s.outbox.mandant.first("", after)
		if !ok {
			return out, nil
		}
		after = beyond(suffix(first.Mandant))
		if !first.Faellig.After(now) {
			out = append(out, first.Mandant)
		}
	}
}

// AuftragLage implements driver.Backend. It looks at every Auftrag there is.
func (b *Backend) AuftragLage(ctx context.Context, p driver.AuftragLageParams) (l driver.AuftragLage, err error) {
	s, err := b.read(ctx)
	if err != nil {
		return l, err
	}
	s.auftrag.rows.ascend("", "", func(_ string, a *driver.AuftragRow) bool {
		switch {
		case a.Zustand == driver.AuftragGeparkt:
			l.Geparkt = min(l.Geparkt+1, int64(p.Limit))
		case a.Zustand == driver.AuftragOffen && !a.Faellig.After(p.Now):
			l.Faellig = min(l.Faellig+1, int64(p.Limit))
			if l.Aelteste == nil || a.Faellig.Before(*l.Aelteste) {
				l.Aelteste = new(a.Faellig)
			}
		}
		return true
	})
	return l, nil
}
