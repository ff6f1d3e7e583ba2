package memory

import (
	"context"
	"errors"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// tx works on its own copy of the state.
type tx struct {
	s        *state
	mandant  tenant.ID
	readOnly bool
	done     bool
	err      error // the first unexpected error; forbids the commit
}

var _ driver.Tx = (*tx)(nil)

func (t *tx) reads(ctx context.Context) error {
	if t.err == nil {
		t.err = ctx.Err()
	}
	if t.done {
		return errors.New("memory: the transaction has ended")
	}
	return t.err
}

func (t *tx) writes(ctx context.Context) error {
	if err := t.reads(ctx); err != nil {
		return err
	}
	if t.readOnly {
		t.err = errors.New("memory: the transaction is read-only")
	}
	return t.err
}

func (t *tx) key(parts ...any) string { return key(t.mandant, parts...) }

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}
