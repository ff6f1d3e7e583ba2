package memory

import (
	"context"
	"slices"
	"strings"

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
	if a.LeaseBis != nil {
		s.outbox.belegt.set(suffix(*a.LeaseBis, a.ID, a.Mandant), a)
		return
	}
	s.outbox.frei.set(freiKey(a), a)
	s.outbox.zugaben++
}

func (s *state) withdraw(a *driver.AuftragRow) {
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
		if !a.Faellig.After(p.Now) && oneOf(p.Arten, a.Art) {
			due = append(due, a)
		}
		return true
	})
	return due
}
