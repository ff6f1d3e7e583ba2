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
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
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
	// Pause after the n-th failed try, from 1; default doubles from 1 second up
	// to 1 hour, with jitter.
	Pause func(n int) time.Duration
}

// Relay performs Auftraege. Many may run on one storage at once.
type Relay struct {
	store    *storage.Store
	handlers map[vorgang.AuftragArt]Handler
	arten    []vorgang.AuftragArt
	o        Options
	akteur   tenant.Akteur
}

// New makes a Relay for the given kinds of Auftrag; others are left to other relays.
func New(store *storage.Store, handlers map[vorgang.AuftragArt]Handler, o *Options) *Relay {
	r := &Relay{store: store, handlers: handlers, akteur: tenant.System("relay")}
	if o != nil {
		r.o = *o
	}
	if r.o.Now == nil {
		r.o.Now = time.Now
	}
	if r.o.Log == nil {
		r.o.Log = slog.New(slog.DiscardHandler)
	}
	if r.o.Lease == 0 {
		r.o.Lease = time.Minute
	}
	if r.o.Poll == 0 {
		r.o.Poll = time.Second
	}
	if r.o.Arbeiter == 0 {
		r.o.Arbeiter = 4
	}
	if r.o.MaxVersuche == 0 {
		r.o.MaxVersuche = 12
	}
	if r.o.Pause == nil {
		r.o.Pause = pause
	}
	for art := range handlers {
		r.arten = append(r.arten, art)
	}
	return r
}

func pause(n int) time.Duration {
	d := min(time.Second<<min(n-1, 12), time.Hour)
	return d/2 + rand.N(d/2+1)
}

// Run performs Auftraege until ctx ends; it then waits for what is at work and
// returns nil. Failures of storage are logged and tried again.
func (r *Relay) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := r.round(ctx)
		if err != nil && ctx.Err() == nil {
			r.o.Log.ErrorContext(ctx, "relay cannot lease", "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(r.o.Poll/2 + rand.N(r.o.Poll/2+1)):
		}
	}
	return nil
}

// Drain performs all Auftraege that are due now, including those ordered on the
// way, and gives their number. What fails is put off and not waited for.
func (r *Relay) Drain(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := r.round(ctx)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

// round leases a batch and performs it.
func (r *Relay) round(ctx context.Context) (int, error) {
	batch, err := r.store.LeaseAuftraege(ctx, storage.LeaseParams{Limit: r.o.Arbeiter, Dauer: r.o.Lease, Arten: r.arten})
	if err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	for _, g := range batch {
		wg.Go(func() { r.perform(ctx, g) })
	}
	wg.Wait()
	return len(batch), ctx.Err()
}

func (r *Relay) perform(ctx context.Context, g storage.Auftrag) {
	log := r.o.Log.With("auftrag", g.ID, "art", g.Art, "mandant", g.Mandant, "versuch", g.Versuch)
	workCtx, cancel := context.WithTimeout(ctx, r.o.Lease*9/10)
	bericht, err := r.handle(workCtx, g.Auftrag)
	cancel()
	if ctx.Err() != nil {
		return // shutting down: the lease runs out and somebody else takes it
	}
	if err == nil {
		if err = r.complete(ctx, g, bericht); err == nil {
			log.DebugContext(ctx, "auftrag done")
			return
		}
		if errors.Is(err, errLeaseLost) {
			log.WarnContext(ctx, "lease lost while at work")
			return
		}
	}
	log.WarnContext(ctx, "auftrag failed", "error", err)
	if err := r.putOff(ctx, g, err); err != nil && ctx.Err() == nil {
		log.ErrorContext(ctx, "auftrag cannot be put off", "error", err)
	}
}

// handle runs the Handler; a panic is a failure like any other.
func (r *Relay) handle(ctx context.Context, a vorgang.Auftrag) (b Bericht, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.o.Log.ErrorContext(ctx, "handler panicked", "auftrag", a.ID, "art", a.Art, "stack", string(debug.Stack()))
			err = fmt.Errorf("relay: handler of %s panicked", a.Art)
		}
	}()
	v, err := r.store.Get(ctx, a.Mandant, a.Vorgang)
	if err != nil {
		return nil, err
	}
	return r.handlers[a.Art].Handle(ctx, a, v)
}

var errLeaseLost = errors.New("relay: lease lost")

// complete applies the report and finishes the Auftrag in one transaction.
func (r *Relay) complete(ctx context.Context, g storage.Auftrag, b Bericht) error {
	return r.finish(ctx, g, b, storage.Ergebnis{Zustand: storage.AuftragErledigt})
}

func (r *Relay) finish(ctx context.Context, g storage.Auftrag, b Bericht, e storage.Ergebnis) error {
	return r.store.Update(ctx, g.Mandant, func(ctx context.Context, tx *storage.Tx) error {
		if b != nil {
			v, err := tx.Lock(ctx, g.Vorgang)
			if err != nil {
				return err
			}
			if err := b(v); err != nil {
				return err
			}
			if err := tx.Save(ctx, v); err != nil {
				return err
			}
		}
		err := tx.FinishAuftrag(ctx, g, e)
		if errors.Is(err, fehler.ErrConflict) {
			return errLeaseLost // rolls the report back: whoever holds the lease reports
		}
		return err
	})
}

// putOff schedules the next try, or parks the Auftrag and says so in the journal.
func (r *Relay) putOff(ctx context.Context, g storage.Auftrag, cause error) error {
	p := storage.Ergebnis{Fehler: reason(cause)}
	if hopeless(cause) || g.Versuch >= r.o.MaxVersuche {
		p.Zustand = storage.AuftragGeparkt
		return r.finish(ctx, g, func(v *vorgang.Vorgang) error {
			return v.RecordFailure(r.akteur, r.o.Now(), g.ID, g.Art, p.Fehler)
		}, p)
	}
	p.Zustand = storage.AuftragOffen
	p.Faellig = r.o.Now().Add(r.wait(cause, g.Versuch))
	return r.finish(ctx, g, nil, p)
}

func (r *Relay) wait(cause error, n int) time.Duration {
	var named interface{ RetryAfter() time.Duration }
	if errors.As(cause, &named) {
		if d := named.RetryAfter(); d > 0 {
			return min(d, 24*time.Hour)
		}
	}
	return r.o.Pause(n)
}

func hopeless(err error) bool {
	return errors.Is(err, fehler.ErrInvalid) || errors.Is(err, fehler.ErrForbidden) || errors.Is(err, fehler.ErrUnsupported)
}

// reason is the text kept with the Auftrag; at most 500 bytes.
func reason(err error) string {
	s := err.Error()
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "")
	}
	return s
}
