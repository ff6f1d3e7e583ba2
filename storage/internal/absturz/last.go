package absturz

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Secret is the applicant's name in all that is written here: an error that holds
// it gives personal data away.
const Secret = "Erika Geheimnis"

// Last is a load of writers in this process, for faults that do not end the
// process. They repeat a delivery whose outcome is unknown with the same key until
// it is acknowledged, and let everything else be.
type Last struct {
	c      *child
	r      *record
	name   string
	cancel context.CancelFunc
	wg     sync.WaitGroup
	failed atomic.Int64 // ErrUnavailable

	mu  sync.Mutex
	err error // the first that must not be; GUARDED_BY(mu)
}

// StartLast lets the writers work on the store. The name makes its keys unique.
func StartLast(ctx context.Context, s *storage.Store, name string) *Last {
	l := &Last{r: newRecord(), name: name}
	l.c = &child{s: s, out: func(line string) {
		if err := l.r.hear(line); err != nil { // the child holds its lock
			l.fail(err)
		}
	}}
	ctx, l.cancel = context.WithCancel(ctx)
	for w := range workers {
		l.wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				l.step(ctx, fmt.Sprintf("%s-%d-%d", l.name, w, n))
			}
		})
	}
	return l
}

func (l *Last) step(ctx context.Context, key string) {
	for {
		id, err := l.c.take(ctx, key)
		if err == nil {
			if l.survives(ctx, l.c.note(ctx, id, key)) && l.survives(ctx, l.c.claim(ctx)) {
				l.survives(ctx, l.c.perform(ctx))
			}
			return
		}
		if l.survives(ctx, err); ctx.Err() != nil {
			return
		}
		time.Sleep(rand.N(20 * time.Millisecond))
	}
}

// survives tells whether there was no error, and notes one that must not be.
func (l *Last) survives(ctx context.Context, err error) bool {
	switch {
	case err == nil:
		return true
	case strings.Contains(err.Error(), Secret):
		l.fail(errors.New("an error holds personal data"))
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
	case errors.Is(err, storage.ErrUnavailable):
		l.failed.Add(1)
		if len(fehler.ProblemeIn(err)) > 0 { // those are for clerks, who can do nothing here
			l.fail(fmt.Errorf("a problem for a clerk: %w", err))
		}
	default:
		l.fail(fmt.Errorf("not of kind ErrUnavailable: %w", err))
	}
	return false
}

func (l *Last) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

// Acknowledged counts the deliveries so far.
func (l *Last) Acknowledged() int {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	return len(l.r.keys)
}

// Await waits until n more deliveries were acknowledged.
func (l *Last) Await(ctx context.Context, n int) error { return l.await(ctx, n, l.Acknowledged) }

// AwaitFailures waits until n more calls ended with ErrUnavailable.
func (l *Last) AwaitFailures(ctx context.Context, n int) error { return l.await(ctx, n, l.Failed) }

func (l *Last) await(ctx context.Context, n int, count func() int) error {
	for goal := count() + n; count() < goal; {
		if err := l.failure(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d acknowledged, %d times unavailable: %w", l.Acknowledged(), l.Failed(), ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// Failed counts what ended with ErrUnavailable so far.
func (l *Last) Failed() int { return int(l.failed.Load()) }

// Stop ends the writers. An error that was not ErrUnavailable is returned.
func (l *Last) Stop() error {
	l.cancel()
	l.wg.Wait()
	return l.failure()
}

func (l *Last) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Check compares a store on the same data with what was acknowledged. All that
// was left open is done first, with the same keys. The writers must have stopped.
func (l *Last) Check(ctx context.Context, s *storage.Store) error {
	again := &child{s: s, out: l.c.out}
	for _, key := range l.r.openKeys() {
		if _, err := again.take(ctx, key); err != nil {
			return err
		}
	}
	return l.r.check(ctx, s)
}

func (l *Last) String() string { return fmt.Sprintf("%s, %d times unavailable", l.r, l.Failed()) }
