package fitconnect

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// rateGate keeps a client within the limit the service announces with
// RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset. It counts the calls
// under way, so that many goroutines do not spend the same remaining call.
type rateGate struct {
	mu        sync.Mutex
	known     bool          // GUARDED_BY(mu)
	limit     int           // GUARDED_BY(mu); of a whole window, 0 if not said
	remaining int           // GUARDED_BY(mu)
	reset     time.Time     // GUARDED_BY(mu); when the window ends
	window    time.Duration // GUARDED_BY(mu); longest time to a reset seen
}

// take books a call and gives 0, or how long to wait before asking again.
func (g *rateGate) take(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.known {
		return 0
	}
	g.renew(now)
	if !g.known {
		return 0
	}
	if g.remaining > 0 {
		g.remaining--
		return 0
	}
	return max(g.reset.Sub(now), time.Millisecond)
}

// renew opens a new window that no answer told of yet, if the old one is over;
// the caller holds g.mu.
func (g *rateGate) renew(now time.Time) {
	switch {
	case !g.known || now.Before(g.reset):
	case g.limit == 0:
		g.known = false
	default:
		g.remaining, g.reset = g.limit, now.Add(g.window)
	}
}

// slept says that the client slept for d from a time on. The gate does not ask
// the clock for it: Sleep is what waits, and may be another clock in a test.
func (g *rateGate) slept(from time.Time, d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.renew(from.Add(d))
}

// learn reads the headers of an answer. wait is how long a 429 asked to wait. No
// header keeps the client for longer than most.
func (g *rateGate) learn(h http.Header, now time.Time, wait, most time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if wait > 0 {
		g.known, g.remaining, g.reset = true, 0, now.Add(min(wait, most))
		g.window = max(g.window, min(wait, most))
	}
	remaining, err := strconv.ParseUint(h.Get("RateLimit-Remaining"), 10, 31)
	reset := resetAfter(h.Get("RateLimit-Reset"), now)
	if err != nil || reset <= 0 || wait > 0 {
		return
	}
	if limit, err := strconv.ParseUint(h.Get("RateLimit-Limit"), 10, 31); err == nil {
		g.limit = int(limit)
	}
	reset = min(reset, most)
	if g.known && now.Before(g.reset) {
		// The same window: answers may overtake each other, the lowest counts.
		g.remaining = min(g.remaining, int(remaining))
		return
	}
	g.known, g.remaining, g.reset, g.window = true, int(remaining), now.Add(reset), max(g.window, reset)
}

// resetAfter reads RateLimit-Reset: seconds from now, or, as some services write
// it, seconds since 1970. 0 if it is neither.
func resetAfter(v string, now time.Time) time.Duration {
	const most, epoch = 24 * time.Hour, 1_000_000_000
	s, err := strconv.ParseUint(v, 10, 40)
	switch {
	case err != nil:
		return 0
	case s >= epoch:
		return min(max(time.Unix(int64(s), 0).Sub(now), 0), most)
	}
	return min(time.Duration(s)*time.Second, most)
}

// awaitRate waits for the announced limit, in sum no longer than MaxDelay: after
// that the call is made and the service may say no.
func (c *Client) awaitRate(ctx context.Context) error {
	for waited := time.Duration(0); waited < c.opt.MaxDelay; {
		now := c.now()
		d := c.rate.take(now)
		if d == 0 {
			return nil
		}
		d = min(d, c.opt.MaxDelay-waited)
		if err := c.opt.Sleep(ctx, d); err != nil {
			return err
		}
		c.rate.slept(now, d)
		waited += d
	}
	return nil
}
