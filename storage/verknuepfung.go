package storage

import (
	"bytes"
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Link says what zu is to von, and on the other side the counterpart, in one
// transaction: both have the link, or neither. Both belong to the Mandant. Errors are those of
// [vorgang.Vorgang.Link]; ErrNotFound if one of them does not exist.
func (s *Store) Link(ctx context.Context, mandant tenant.ID, a tenant.Akteur, von, zu uuid.UUID, art vorgang.VerknuepfungArt) error {
	return s.both(ctx, mandant, "Link", von, zu, func(v, w *vorgang.Vorgang) error {
		now := s.now()
		if err := v.Link(a, now, vorgang.Verknuepfung{Art: art, Vorgang: zu, Nummer: w.Nummer()}); err != nil {
			return err
		}
		return w.Link(a, now, vorgang.Verknuepfung{Art: art.Gegenstueck(), Vorgang: von, Nummer: v.Nummer()})
	})
}

// Unlink takes both sides of a link away; ErrNotFound if there is no such link.
func (s *Store) Unlink(ctx context.Context, mandant tenant.ID, a tenant.Akteur, von, zu uuid.UUID, art vorgang.VerknuepfungArt) error {
	return s.both(ctx, mandant, "Unlink", von, zu, func(v, w *vorgang.Vorgang) error {
		now := s.now()
		if err := v.Unlink(a, now, vorgang.Verknuepfung{Art: art, Vorgang: zu}); err != nil {
			return err
		}
		return w.Unlink(a, now, vorgang.Verknuepfung{Art: art.Gegenstueck(), Vorgang: von})
	})
}

// both locks two Vorgaenge, always the smaller id first so that two callers do not wait
// for each other, and saves both.
func (s *Store) both(ctx context.Context, mandant tenant.ID, op string, von, zu uuid.UUID, f func(v, w *vorgang.Vorgang) error) error {
	if von == zu {
		return wrap(op, von.String(), ErrInvalid)
	}
	for n := 0; ; n++ {
		conflict := false // of a save; a command may answer ErrConflict too, and means it
		err := s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) error {
			ids := []uuid.UUID{von, zu}
			if bytes.Compare(zu[:], von[:]) < 0 {
				ids[0], ids[1] = zu, von
			}
			conflict = false
			vs := map[uuid.UUID]*vorgang.Vorgang{}
			for _, id := range ids {
				v, err := tx.Lock(ctx, id)
				if err != nil {
					return err
				}
				vs[id] = v
			}
			if err := f(vs[von], vs[zu]); err != nil {
				return err
			}
			for _, id := range ids {
				if err := tx.Save(ctx, vs[id]); err != nil {
					conflict = errors.Is(err, ErrConflict)
					return err
				}
			}
			return nil
		})
		if err == nil || n >= s.o.MaxRetries || !conflict {
			return err
		}
	}
}
