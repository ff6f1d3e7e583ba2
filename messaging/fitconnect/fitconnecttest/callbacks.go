package fitconnecttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// callbackQueue holds callbacks that were not answered with 2xx yet.
type callbackQueue struct {
	waiting []pendingCallback
	wake    chan struct{} // made by the first user, size 1
	sent    int           // attempts
	done    int           // answered with 2xx
}

type pendingCallback struct {
	to    fitconnect.Callback
	body  []byte
	twice bool
}

// CallbackStats says what became of the callbacks so far.
type CallbackStats struct {
	Attempts  int // posts made
	Delivered int // answered with 2xx
	Waiting   int // still to be delivered
}

// CallbackStats gives the counters.
func (z *Zustelldienst) CallbackStats() CallbackStats {
	z.mu.Lock()
	defer z.mu.Unlock()
	return CallbackStats{Attempts: z.callbacks.sent, Delivered: z.callbacks.done, Waiting: len(z.callbacks.waiting)}
}

// WaitCallbacks waits until every callback was delivered, or for the context.
func (z *Zustelldienst) WaitCallbacks(ctx context.Context) error {
	t := time.NewTicker(2 * time.Millisecond)
	defer t.Stop()
	for {
		if z.CallbackStats().Waiting == 0 {
			return nil
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-z.ctx.Done():
			return errors.New("fitconnecttest: closed")
		}
	}
}

// announce tells the receiver about a submission; the caller holds z.mu.
func (z *Zustelldienst) announce(s *submission) {
	if d := z.destinations[s.ref.DestinationID]; d != nil {
		z.enqueue(d.callback, fitconnect.CallbackNewSubmissions, s)
	}
}

// tellSender tells the sender about an event; the caller holds z.mu.
func (z *Zustelldienst) tellSender(s *submission) {
	z.enqueue(s.callback, fitconnect.CallbackNewEvents, s)
}

// tellBoth tells sender and receiver about an event the service made itself; the
// caller holds z.mu.
func (z *Zustelldienst) tellBoth(s *submission) {
	z.tellSender(s)
	if d := z.destinations[s.ref.DestinationID]; d != nil {
		z.enqueue(d.callback, fitconnect.CallbackNewEvents, s)
	}
}

func (z *Zustelldienst) enqueue(to *fitconnect.Callback, kind fitconnect.CallbackKind, s *submission) {
	if to == nil || to.URL == "" {
		return
	}
	body, err := json.Marshal(map[string]any{"type": kind.URI(), "submissions": []fitconnect.SubmissionRef{s.ref},
		"submissionIds": []string{s.ref.SubmissionID}}) // the latter is deprecated, and still sent
	if err != nil {
		return // ids only: cannot fail
	}
	z.enqueueBody(to, body, s.ref.SubmissionID)
}

// enqueueBody is enqueue for a body that is about the submission or reply.
func (z *Zustelldienst) enqueueBody(to *fitconnect.Callback, body []byte, id string) {
	if to == nil || to.URL == "" {
		return
	}
	q := &z.callbacks
	q.waiting = append(q.waiting, pendingCallback{to: *to, body: body, twice: z.takeContent(FaultDuplicateCallback, id)})
	select {
	case z.wake() <- struct{}{}:
	default:
	}
}

// wake gives the channel that wakes the deliverer; the caller holds z.mu.
func (z *Zustelldienst) wake() chan struct{} {
	if z.callbacks.wake == nil {
		z.callbacks.wake = make(chan struct{}, 1)
	}
	return z.callbacks.wake
}

// runCallbacks delivers in order, each until it is answered with 2xx.
func (z *Zustelldienst) runCallbacks() {
	z.mu.Lock()
	wake := z.wake()
	z.mu.Unlock()
	for {
		z.mu.Lock()
		var next *pendingCallback
		if len(z.callbacks.waiting) > 0 {
			p := z.callbacks.waiting[0]
			next = &p
		}
		z.mu.Unlock()
		if next == nil {
			select {
			case <-wake:
				continue
			case <-z.ctx.Done():
				return
			}
		}
		if z.deliver(*next) {
			z.mu.Lock()
			z.callbacks.waiting = z.callbacks.waiting[1:]
			z.callbacks.done++
			z.mu.Unlock()
			continue
		}
		t := time.NewTimer(z.opt.CallbackRetry)
		select {
		case <-t.C:
		case <-z.ctx.Done():
			t.Stop()
			return
		}
	}
}

// deliver posts once, or twice by a fault; each attempt has a fresh timestamp.
func (z *Zustelldienst) deliver(p pendingCallback) bool {
	headers := fitconnect.SignCallback(p.to.Secret, p.body, z.opt.Now())
	ok := z.post(p, headers)
	if p.twice && ok {
		ok = z.post(p, headers)
	}
	return ok
}

func (z *Zustelldienst) post(p pendingCallback, headers http.Header) bool {
	z.mu.Lock()
	z.callbacks.sent++
	z.mu.Unlock()
	req, err := http.NewRequestWithContext(z.ctx, http.MethodPost, p.to.URL, bytes.NewReader(p.body))
	if err != nil {
		return false
	}
	maps.Copy(req.Header, headers)
	req.Header.Set("Content-Type", fitconnect.MIMEJSON)
	resp, err := z.opt.CallbackClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // only to reuse the connection
	return resp.StatusCode >= 200 && resp.StatusCode <= 299
}
