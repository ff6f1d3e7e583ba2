package messaging

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Belege keeps the first Quittung of each Sendung, durably, for channels whose
// mailbox system has no memory of its own to rely on. Such a channel may put one with
// the state [Unsicher] before it sends, and replaces it afterwards; an empty state says
// that the mailbox system surely has nothing. Safe for concurrent use.
type Belege interface {
	// GetBeleg gives what was put, fehler.ErrNotFound if there is none.
	GetBeleg(ctx context.Context, mandant tenant.ID, sendung uuid.UUID) (Quittung, error)
	// PutBeleg keeps a Quittung in the place of an earlier one of the same Sendung.
	PutBeleg(ctx context.Context, mandant tenant.ID, q Quittung) error
}

// MemoryBelege keeps them in memory, for tests and demonstrations.
type MemoryBelege struct {
	mu sync.Mutex
	m  map[string]Quittung // GUARDED_BY(mu)
}

// GetBeleg implements [Belege].
func (b *MemoryBelege) GetBeleg(_ context.Context, mandant tenant.ID, sendung uuid.UUID) (Quittung, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q, ok := b.m[string(mandant)+"/"+sendung.String()]
	if !ok {
		return Quittung{}, fehler.New("messaging.GetBeleg", sendung.String(), fehler.ErrNotFound, nil)
	}
	return q, nil
}

// PutBeleg implements [Belege].
func (b *MemoryBelege) PutBeleg(_ context.Context, mandant tenant.ID, q Quittung) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.m == nil {
		b.m = map[string]Quittung{}
	}
	b.m[string(mandant)+"/"+q.Sendung.String()] = q
	return nil
}
