package storage

import (
	"context"
	"iter"
	"slices"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Erledigt is one Vorgang of a bulk command and the entries it wrote; Von is after Bis
// if the command changed nothing.
type Erledigt struct {
	Vorgang  uuid.UUID
	Von, Bis int64
}

// EditEach gives a command to many Vorgaenge, each in a transaction of its own: to
// distribute or to put back a stack. It goes on after a Vorgang that refuses; the
// pair then holds its id and the error. It stops when the caller breaks off or ctx
// ends, which is the last pair. [Store.UndoEach] takes back what was done.
func (s *Store) EditEach(ctx context.Context, mandant tenant.ID, ids iter.Seq[uuid.UUID], f func(v *vorgang.Vorgang) error) iter.Seq2[Erledigt, error] {
	return func(yield func(Erledigt, error) bool) {
		for id := range ids {
			e := Erledigt{Vorgang: id}
			if err := ctx.Err(); err != nil {
				yield(e, wrap("EditEach", id.String(), err))
				return
			}
			v, err := s.Edit(ctx, mandant, id, func(v *vorgang.Vorgang) error {
				e.Von = v.Stand().Journal.Seq + 1
				return f(v)
			})
			if err == nil {
				e.Bis = v.Stand().Journal.Seq
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// UndoEach takes back what [Store.EditEach] did, the last Vorgang first; a Vorgang on
// which somebody built meanwhile refuses and the others go on.
func (s *Store) UndoEach(ctx context.Context, mandant tenant.ID, a tenant.Akteur, done []Erledigt) iter.Seq2[Erledigt, error] {
	return func(yield func(Erledigt, error) bool) {
		for _, e := range slices.Backward(done) {
			if err := ctx.Err(); err != nil {
				yield(e, wrap("UndoEach", e.Vorgang.String(), err))
				return
			}
			var err error
			for seq := e.Bis; seq >= e.Von && err == nil; seq-- {
				_, err = s.Undo(ctx, mandant, e.Vorgang, a, seq)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Last is how many open Vorgaenge a person has.
type Last struct {
	Bearbeiter string
	Offen      int64
}

// LeastLoaded counts the open Vorgaenge of each candidate (Akteur ids, at most 500)
// and gives the one with the fewest first; among equals the order stays. It suggests,
// and binds nobody.
func (s *Store) LeastLoaded(ctx context.Context, mandant tenant.ID, kandidaten []string) ([]Last, error) {
	out := make([]Last, 0, len(kandidaten))
	err := s.View(ctx, mandant, func(ctx context.Context, tx *Tx) error {
		out = out[:0]
		for _, k := range kandidaten {
			n, err := tx.Count(ctx, Filter{Bearbeiter: []string{k}, Status: []vorgang.Status{vorgang.Neu, vorgang.Angenommen, vorgang.InBearbeitung, vorgang.Beschieden}})
			if err != nil {
				return err
			}
			out = append(out, Last{Bearbeiter: k, Offen: n})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b Last) int { return int(min(max(a.Offen-b.Offen, -1), 1)) })
	return out, nil
}
