package fitconnecttest

import (
	"net/http"
	"strconv"
	"time"
)

// RateLimit allows every API client so many calls in a window of time, which
// begins with its first call. Every answer says with RateLimit-Limit, -Remaining
// and -Reset what is left; a call beyond is 429 with Retry-After. The token
// endpoint and public keys are free.
type RateLimit struct {
	Calls  int
	Window time.Duration // full seconds: the headers count in them
}

// window is the present one of a client.
type window struct {
	until time.Time
	used  int
}

// admit counts a call, or refuses it.
func (z *Zustelldienst) admit(w http.ResponseWriter, c *client) bool {
	l := z.opt.RateLimit
	if l == nil {
		return true
	}
	z.mu.Lock()
	now := z.opt.Now()
	if !now.Before(c.window.until) {
		c.window = window{until: now.Add(l.Window)}
	}
	ok := c.window.used < l.Calls
	if ok {
		c.window.used++
	}
	left, reset := l.Calls-c.window.used, c.window.until.Sub(now)
	z.mu.Unlock()
	seconds := strconv.Itoa(int((reset + time.Second - 1) / time.Second))
	h := w.Header()
	h.Set("RateLimit-Limit", strconv.Itoa(l.Calls))
	h.Set("RateLimit-Remaining", strconv.Itoa(left))
	h.Set("RateLimit-Reset", seconds)
	if !ok {
		h.Set("Retry-After", seconds)
		fail(w, http.StatusTooManyRequests, "", "too many calls")
	}
	return ok
}
