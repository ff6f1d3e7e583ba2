package absturz

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Fund is something the check found.
type Fund struct{ Was string }

func (f *Fund) Error() string { return f.Was }

func found(format string, a ...any) error { return &Fund{fmt.Sprintf(format, a...)} }

// record is what children said.
type record struct {
	begun    map[string]bool      // deliveries
	keys     map[string]uuid.UUID // acknowledged deliveries and their Vorgang
	notes    map[string]uuid.UUID // acknowledged notes, by key
	versions map[uuid.UUID]int64  // highest acknowledged
	finished map[uuid.UUID]bool   // acknowledged Auftraege
}

func newRecord() *record {
	return &record{
		begun: map[string]bool{}, keys: map[string]uuid.UUID{}, notes: map[string]uuid.UUID{},
		versions: map[uuid.UUID]int64{}, finished: map[uuid.UUID]bool{},
	}
}

func (r *record) String() string {
	return fmt.Sprintf("%d deliveries begun and %d acknowledged, %d edits and %d Auftraege acknowledged",
		len(r.begun), len(r.keys), len(r.notes), len(r.finished))
}

// openKeys are those of deliveries that were begun and not acknowledged.
func (r *record) openKeys() []string {
	var open []string
	for _, key := range slices.Sorted(maps.Keys(r.begun)) {
		if _, ok := r.keys[key]; !ok {
			open = append(open, key)
		}
	}
	return open
}

// hear takes down one line of a child.
func (r *record) hear(line string) error {
	strange := fmt.Errorf("the child said %q", line)
	f := strings.Fields(line)
	if len(f) == 0 {
		return strange
	}
	id := func(i int) uuid.UUID { u, _ := uuid.Parse(f[i]); return u }
	version := func(i int) int64 { n, _ := strconv.ParseInt(f[i], 10, 64); return n }
	switch {
	case line == ready:
	case f[0] == "beginn" && len(f) == 2:
		r.begun[f[1]] = true
	case f[0] == "ein" && len(f) == 3 && id(2) != uuid.Nil:
		if old, ok := r.keys[f[1]]; ok && old != id(2) {
			return found("delivery %s was acknowledged as %s and as %s", f[1], old, f[2])
		}
		r.keys[f[1]] = id(2)
	case f[0] == "notiz" && len(f) == 4 && id(1) != uuid.Nil && version(3) > 0:
		r.notes[f[2]] = id(1)
		r.versions[id(1)] = max(r.versions[id(1)], version(3))
	case f[0] == "stand" && len(f) == 3 && id(1) != uuid.Nil && version(2) > 0:
		r.versions[id(1)] = max(r.versions[id(1)], version(2))
	case f[0] == "fertig" && len(f) == 2 && id(1) != uuid.Nil:
		r.finished[id(1)] = true
	default:
		return strange
	}
	return nil
}

// check compares what is stored with what was acknowledged. What it finds is a
// [*Fund]; other errors are failures of the store to answer.
func (r *record) check(ctx context.Context, s *storage.Store) error {
	stand, err := r.vorgaenge(ctx, s)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, *storage.Store, map[uuid.UUID]int64) error{
		r.deliveries, r.feed, r.outbox, r.leases,
	} {
		if err := step(ctx, s, stand); err != nil {
			return err
		}
	}
	return nil
}

// vorgaenge verifies each, with its notes, and gives their versions.
func (r *record) vorgaenge(ctx context.Context, s *storage.Store) (map[uuid.UUID]int64, error) {
	stand, notes := map[uuid.UUID]int64{}, map[string]uuid.UUID{}
	for z, err := range s.List(ctx, kiel, storage.PageParams{Limit: 500}) {
		if err != nil {
			return nil, err
		}
		stand[z.ID] = z.Version
		if err := s.VerifyJournal(ctx, kiel, z.ID); err != nil {
			if _, ok := errors.AsType[*vorgang.JournalFehler](err); ok {
				return nil, found("journal: %v", err)
			}
			return nil, err
		}
		v, err := s.Get(ctx, kiel, z.ID)
		if err != nil {
			return nil, err
		}
		for _, n := range v.Stand().Notizen {
			key := strings.TrimPrefix(n.Text, "Notiz ")
			if _, twice := notes[key]; twice {
				return nil, found("edit %s is there twice", key)
			}
			notes[key] = z.ID
		}
	}
	for key, id := range r.notes {
		if notes[key] != id {
			return nil, found("acknowledged edit %s is lost", key)
		}
	}
	for id, version := range r.versions {
		if stand[id] < version {
			return nil, found("Vorgang %s has version %d, acknowledged was %d", id, stand[id], version)
		}
	}
	return stand, nil
}

// deliveries: each has one Vorgang, each Vorgang has one, no key has two.
func (r *record) deliveries(ctx context.Context, s *storage.Store, stand map[uuid.UUID]int64) error {
	byKey, byVorgang := map[string]uuid.UUID{}, map[uuid.UUID]bool{}
	for d, err := range s.Eingaenge(ctx, kiel) {
		if err != nil {
			return err
		}
		if _, twice := byKey[d.Kanal]; twice {
			return found("delivery %s is there twice", d.Kanal)
		}
		if stand[d.ZielVorgang] == 0 || byVorgang[d.ZielVorgang] {
			return found("delivery %s has no Vorgang of its own", d.Kanal)
		}
		byKey[d.Kanal], byVorgang[d.ZielVorgang] = d.ZielVorgang, true
	}
	if len(byVorgang) != len(stand) {
		return found("%d Vorgaenge, %d deliveries", len(stand), len(byVorgang))
	}
	for key, id := range r.keys {
		if byKey[key] != id {
			return found("acknowledged delivery %s is lost", key)
		}
		// The key finds what was done, and does not do it again.
		var got uuid.UUID
		schon, err := s.Once(ctx, kiel, key, time.Hour, &got, func(context.Context, *storage.Tx) (any, error) {
			return nil, found("the key of acknowledged delivery %s is lost", key)
		})
		if err != nil {
			return err
		}
		if !schon || got != id {
			return found("the key of delivery %s gives another Vorgang", key)
		}
	}
	return nil
}

// feed: every save is in it once, those of one Vorgang in order.
func (r *record) feed(ctx context.Context, s *storage.Store, stand map[uuid.UUID]int64) error {
	seen, cursor := map[uuid.UUID]int64{}, ""
	for {
		page, err := s.Aenderungen(ctx, kiel, cursor, storage.MaxLimit)
		if err != nil {
			return err
		}
		for _, a := range page {
			if a.Version != seen[a.Vorgang]+1 {
				return found("the feed has version %d of %s behind %d", a.Version, a.Vorgang, seen[a.Vorgang])
			}
			seen[a.Vorgang], cursor = a.Version, a.Cursor
		}
		if len(page) < storage.MaxLimit {
			break
		}
	}
	if !maps.Equal(seen, stand) {
		return found("the feed does not end where the Vorgaenge stand")
	}
	return nil
}

// outbox: each Vorgang has its one Auftrag, what was finished stays so, and the
// leases of the dead run out.
func (r *record) outbox(ctx context.Context, s *storage.Store, stand map[uuid.UUID]int64) error {
	state := func() (map[uuid.UUID]storage.AuftragZustand, error) {
		all := map[uuid.UUID]storage.AuftragZustand{}
		err := s.View(ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
			for a, err := range tx.Auftraege(ctx, uuid.Nil) {
				if err != nil {
					return err
				}
				all[a.ID] = a.Zustand
			}
			return nil
		})
		return all, err
	}
	before, err := state()
	if err != nil {
		return err
	}
	if len(before) != len(stand) {
		return found("%d Auftraege for %d Vorgaenge", len(before), len(stand))
	}
	for id := range r.finished {
		if before[id] != storage.AuftragErledigt {
			return found("Auftrag %s was finished and is %q", id, before[id])
		}
	}
	err = untilEmpty(ctx, func() (bool, error) {
		list, err := s.LeaseAuftraege(ctx, storage.LeaseParams{Limit: 100, Dauer: time.Hour})
		for _, a := range list {
			if before[a.ID] == storage.AuftragErledigt {
				return false, found("Auftrag %s was done and is given again", a.ID)
			}
			if err := s.FinishAuftrag(ctx, a, storage.Ergebnis{Zustand: storage.AuftragErledigt}); err != nil {
				return false, err
			}
		}
		return len(list) == 0, err
	})
	if err != nil {
		return err
	}
	after, err := state()
	if err != nil {
		return err
	}
	for id, z := range after {
		if z != storage.AuftragErledigt {
			return found("Auftrag %s never came back", id)
		}
	}
	return nil
}

// leases: what the dead had taken from the stack is on it again.
func (r *record) leases(ctx context.Context, s *storage.Store, stand map[uuid.UUID]int64) error {
	err := untilEmpty(ctx, func() (bool, error) {
		_, l, err := s.Claim(ctx, kiel, storage.ClaimParams{Akteur: clerk(), Dauer: time.Hour})
		if errors.Is(err, storage.ErrNotFound) {
			return true, nil
		}
		if err == nil {
			_, err = s.Complete(ctx, kiel, l, assign)
		}
		return false, err
	})
	if err != nil {
		return err
	}
	for id := range stand {
		v, err := s.Get(ctx, kiel, id)
		if err != nil {
			return err
		}
		if z := v.Stand().Zuweisung; z == nil || z.Gezogen {
			return found("Vorgang %s never came back to the stack", id)
		}
	}
	return nil
}

// untilEmpty takes until there has been nothing left for as long as a lease holds.
func untilEmpty(ctx context.Context, take func() (empty bool, err error)) error {
	deadline := time.Now().Add(lease)
	for {
		empty, err := take()
		if err != nil {
			return err
		}
		if !empty {
			continue
		}
		if time.Now().After(deadline) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
