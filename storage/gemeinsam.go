package storage

import (
	"context"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// EditSeen is [Store.Edit] for a caller that looked at the Vorgang before: gesehen is
// the Stand.Journal.Seq it saw. What others did since then is merged if it concerns
// other things; otherwise nothing is saved and the error is ErrConflict, with one
// problem for each step in the way (see [vorgang.Vorgang.Merges]). Edit alone asks
// only whether the command is still allowed.
func (s *Store) EditSeen(ctx context.Context, mandant tenant.ID, id uuid.UUID, gesehen int64, f func(v *vorgang.Vorgang) error) (*vorgang.Vorgang, error) {
	for n := 1; ; n++ {
		var since []vorgang.Ereignis
		for e, err := range s.journalAfter(ctx, mandant, id, gesehen) {
			if err != nil {
				return nil, err
			}
			since = append(since, e)
		}
		last := gesehen
		if len(since) > 0 {
			last = since[len(since)-1].Seq
		}
		moved := false
		v, err := s.Edit(ctx, mandant, id, func(v *vorgang.Vorgang) error {
			if moved = v.Stand().Journal.Seq > last; moved {
				return wrap("EditSeen", id.String(), ErrConflict)
			}
			if err := f(v); err != nil {
				return err
			}
			return v.Merges(since)
		})
		if !moved || n == undoTries {
			return v, err
		}
	}
}
