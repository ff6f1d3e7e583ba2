package storage

import (
	"context"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// ConfirmLoeschung deletes a Vorgang for ever: the command
// [vorgang.Vorgang.ConfirmLoeschung] and [Tx.EraseVorgang] in one transaction. What
// remains is the number, the LoeschNachweis and the chain of hashes. Its files are no
// longer referred to; blob.Collect removes them.
func (s *Store) ConfirmLoeschung(ctx context.Context, mandant tenant.ID, id uuid.UUID, a tenant.Akteur) (v *vorgang.Vorgang, err error) {
	err = s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) error {
		if v, err = tx.Lock(ctx, id); err != nil {
			return err
		}
		if err := v.ConfirmLoeschung(a, s.now()); err != nil {
			return err
		}
		if err := tx.Save(ctx, v); err != nil {
			return err
		}
		return tx.EraseVorgang(ctx, id)
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}
