// Package relay performs what the journal ordered: it leases Auftraege, does the
// work outside any transaction, and reports back as a command on the Vorgang in
// the same transaction that completes the Auftrag.
//
// Every Auftrag is performed at least once, and in order per Vorgang; handlers
// use the Auftrag id as idempotency key towards the outside. What fails is tried
// again with growing pauses; what can never succeed, or failed too often, is
// parked: it is visible, holds up only its own Vorgang, and can be requeued.
package relay

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Bericht reports the outcome as a command on the Vorgang. It may run more than
// once; nil reports nothing.
type Bericht func(v *vorgang.Vorgang) error

// Handler performs one kind of Auftrag. It does its I/O with ctx, which ends
// before the lease does, and reads the Vorgang as it was when the work began.
//
// An error of kind fehler.ErrInvalid, ErrForbidden or ErrUnsupported can never be
// healed by waiting and parks the Auftrag; every other error is tried again. An
// error with a method RetryAfter() time.Duration names the pause itself.
type Handler interface {
	Handle(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (Bericht, error)
}

// HandlerFunc is a Handler of one function.
type HandlerFunc func(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (Bericht, error)

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (Bericht, error) {
	return f(ctx, a, v)
}

// Options of a Relay; nil means defaults.
type Options struct {
	// Now is the clock; it must be the one of the Store. Default time.Now.
	Now func() time.Time
	Log *slog.Logger
	// Lease is the time one Auftrag may take; default 1 minute.
	Lease time.Duration
	// Poll is the pause when there is nothing to do; default 1 second.
	Poll time.Duration
	// Arbeiter is the number of Auftraege at work at once; default 4.
	Arbeiter int
	// MaxVersuche before an Auftrag is parked; default 12.
	MaxVersuche int
	// Pause after the n-th failed try, from 1; default [Doubling] from 1 second up to 1 hour.
	Pause func(n int) time.Duration
	// Regeln are those of single kinds; see [Regeln] for a start.
	Regeln map[vorgang.AuftragArt]Regel
	// Sicherungen hold back what would go to a target that fails; nil holds back nothing.
	// Ziel names the target of an Auftrag, empty for none; nil leaves the breakers to the
	// Handlers, which know better where a letter goes.
	Sicherungen *Sicherungen
	Ziel        func(a vorgang.Auftrag) string
	// Ausklang is how long what is at work may go on when Run is to end; then it is broken off
	// and given back. Default 10 seconds.
	Ausklang time.Duration
}

// Relay performs Auftraege. Many may run on one storage at once.
type Relay struct {
	store    *storage.Store
	handlers map[vorgang.AuftragArt]Handler
	arten    []vorgang.AuftragArt
	o        Options
	akteur   tenant.Akteur

	mu    sync.Mutex
	reihe reihum // GUARDED_BY(mu)
}

// New makes a Relay for the given kinds of Auftrag; others are left to other relays.
func New(store *storage.Store, handlers map[vorgang.AuftragArt]Handler, o *Options) *Relay {
	r := &Relay{store: store, handlers: map[vorgang.AuftragArt]Handler{}, akteur: tenant.System("relay")}
	if o != nil {
		r.o = *o
	}
	if r.o.Now == nil {
		r.o.Now = time.Now
	}
	if r.o.Log == nil {
		r.o.Log = slog.New(slog.DiscardHandler)
	}
	if r.o.Lease <= 0 {
		r.o.Lease = time.Minute
	}
	if r.o.Poll <= 0 {
		r.o.Poll = time.Second
	}
	if r.o.Arbeiter <= 0 {
		r.o.Arbeiter = 4
	}
	r.o.Arbeiter = min(r.o.Arbeiter, storage.MaxLimit)
	if r.o.MaxVersuche <= 0 {
		r.o.MaxVersuche = 12
	}
	if r.o.Pause == nil {
		r.o.Pause = Doubling(time.Second, time.Hour, nil)
	}
	if r.o.Ausklang <= 0 {
		r.o.Ausklang = 10 * time.Second
	}
	for art, h := range handlers {
		if h != nil {
			r.handlers[art] = h
			r.arten = append(r.arten, art)
		}
	}
	return r
}

// Run performs Auftraege until ctx ends. What is at work then goes on for at most Ausklang and is
// reported; what does not end in time is broken off and given back, without counting as a
// try, and Run returns nil. A Handler that does not heed its context holds it up. Failures of
// storage are logged and tried again.
func (r *Relay) Run(ctx context.Context) error {
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-work.Done():
		case <-time.After(r.o.Ausklang):
			end()
		}
	})
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, r.o.Arbeiter)
	done := make(chan struct{}, 1) // one may be next in its Vorgang now
	for ctx.Err() == nil {
		free := r.acquire(ctx, slots)
		if free > 0 && free < r.o.Arbeiter && r.backlog() {
			// One lease for several that are about to end costs less than one for each.
			time.Sleep(sammeln)
			free += r.more(slots)
		}
		batch, err := r.lease(ctx, free)
		if err != nil && ctx.Err() == nil {
			r.o.Log.ErrorContext(ctx, "relay cannot lease", "error", err)
		}
		for range free - len(batch) {
			<-slots
		}
		for _, g := range batch {
			wg.Go(func() {
				r.perform(work, g)
				<-slots
				select {
				case done <- struct{}{}:
				default:
				}
			})
		}
		if len(batch) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-done:
		case <-time.After(r.o.Poll/2 + rand.N(r.o.Poll/2+1)):
		}
	}
	return nil
}

// sammeln is how long a lease waits for further free slots while there is more to do than can
// be taken. Against any work outside it is nothing.
const sammeln = 500 * time.Microsecond

// more takes the slots that are free now.
func (r *Relay) more(slots chan struct{}) (n int) {
	for {
		select {
		case slots <- struct{}{}:
			n++
		default:
			return n
		}
	}
}

// acquire takes every free slot, and waits until there is one. It gives 0 when
// ctx ends.
func (r *Relay) acquire(ctx context.Context, slots chan struct{}) int {
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	return 1 + r.more(slots)
}

// Drain performs all Auftraege that are due now, including those ordered on the
// way, and gives how often it tried one. What fails is put off and not waited for.
func (r *Relay) Drain(ctx context.Context) (int, error) {
	total := 0
	for {
		batch, err := r.lease(ctx, r.o.Arbeiter)
		var wg sync.WaitGroup
		for _, g := range batch {
			wg.Go(func() { r.perform(ctx, g) })
		}
		wg.Wait()
		total += len(batch)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || len(batch) == 0 {
			return total, err
		}
	}
}
