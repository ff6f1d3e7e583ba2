package fitconnect

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/intake"
	protokoll "github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// arbeit is what an Empfang is at, over all its looks at the list.
type arbeit struct {
	plaetze chan struct{} // one per submission that is being received

	mu     sync.Mutex
	laeuft map[string]bool        // GUARDED_BY(mu); by submission id
	pausen map[string]misserfolge // GUARDED_BY(mu); by submission id
}

// misserfolge of a submission in a row, and until when it is left alone.
type misserfolge struct {
	n   int
	bis time.Time
}

// look receives what waits, each submission in a goroutine of wg, and tells the outcomes.
// It returns when the list is at its end, which is before the last submission is.
func (e *Empfang) look(ctx context.Context, wg *sync.WaitGroup, tell func(intake.Ergebnis, error)) error {
	listed := map[string]bool{}
	for ref, err := range e.sub.List(ctx) {
		if err != nil {
			return err
		}
		id := ref.SubmissionID
		listed[id] = true
		if !e.begin(id) {
			continue
		}
		select {
		case e.arbeit.plaetze <- struct{}{}:
		case <-ctx.Done():
			e.end(id, ctx.Err())
			return ctx.Err()
		}
		wg.Go(func() {
			err := errAbgebrochen // stands if it panics
			defer func() {
				<-e.arbeit.plaetze
				e.end(id, err)
			}()
			var erg intake.Ergebnis
			if erg, err = e.Receive(ctx, ref); err != nil {
				tell(erg, fmt.Errorf("submission %s: %w", id, err))
				return
			}
			tell(erg, nil)
		})
	}
	e.forget(listed)
	return nil
}

var errAbgebrochen = errors.New("did not end")

// begin tells whether a submission may be received now: nobody is at it, and it does not
// pause.
func (e *Empfang) begin(id string) bool {
	a := &e.arbeit
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.laeuft[id] || e.o.Now().Before(a.pausen[id].bis) {
		return false
	}
	a.laeuft[id] = true
	return true
}

// end notes how it went. What fails once may be tried at the next look, what fails again
// pauses, so that it is not downloaded over and over.
func (e *Empfang) end(id string, err error) {
	a := &e.arbeit
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.laeuft, id)
	if err == nil {
		delete(a.pausen, id)
		return
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return // ours
	}
	m := a.pausen[id]
	m.n++
	var pause time.Duration
	if m.n > 1 {
		pause = min(e.o.Pause<<min(m.n-2, 20), e.o.MaxPause)
	}
	if api, ok := errors.AsType[*protokoll.APIError](err); ok {
		pause = max(pause, min(api.RetryAfter, e.o.MaxPause))
	}
	m.bis = e.o.Now().Add(pause)
	a.pausen[id] = m
}

// forget drops what is not listed any more.
func (e *Empfang) forget(listed map[string]bool) {
	a := &e.arbeit
	a.mu.Lock()
	defer a.mu.Unlock()
	for id := range a.pausen {
		if !listed[id] {
			delete(a.pausen, id)
		}
	}
}
