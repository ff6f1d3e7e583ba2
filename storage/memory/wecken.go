package memory

import (
	"sync"
	"sync/atomic"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

var _ driver.Wecker = (*Backend)(nil)

// wecker are those who want to be woken, by any backend of the DB.
type wecker struct {
	mu  sync.Mutex
	set map[*schlaefer]struct{}
}

type schlaefer struct {
	b       *Backend
	mandant tenant.ID
	f       func()
	stopped atomic.Bool
}

// Wecken implements driver.Wecker. A wake-up that has begun when stop is called
// may end after it.
func (b *Backend) Wecken(mandant tenant.ID, f func()) (stop func()) {
	s := &schlaefer{b: b, mandant: mandant, f: f}
	w := &b.db.wecker
	w.mu.Lock()
	defer w.mu.Unlock()
	if b.closed.Load() {
		return func() {}
	}
	if w.set == nil {
		w.set = map[*schlaefer]struct{}{}
	}
	w.set[s] = struct{}{}
	return func() { w.remove(func(x *schlaefer) bool { return x == s }) }
}

func (w *wecker) remove(which func(*schlaefer) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.set {
		if which(s) {
			s.stopped.Store(true)
			delete(w.set, s)
		}
	}
}

// wake calls those whom the step from one committed state to the next
// concerns. It must hold nothing: they may begin a transaction.
func (w *wecker) wake(before, after *state) {
	var due []*schlaefer
	w.mu.Lock()
	for s := range w.set {
		if s.mandant == "" && before.outbox.zugaben != after.outbox.zugaben ||
			s.mandant != "" && before.stromEnde(s.mandant) != after.stromEnde(s.mandant) {
			due = append(due, s)
		}
	}
	w.mu.Unlock()
	for _, s := range due {
		if !s.stopped.Load() {
			s.f()
		}
	}
}
