package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// SicherungOptions of a set of breakers; nil means defaults.
type SicherungOptions struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Fehler in a row that open a breaker; default 5.
	Fehler int
	// Pause until an open breaker lets one through to try; default 30 seconds. It
	// doubles each time that fails, up to MaxPause, default 15 minutes.
	Pause, MaxPause time.Duration
}

// Sicherungen are circuit breakers, one per target: a mailbox system, a web address, a DMS. After
// failures in a row nothing goes to the target for a while; then one is let through, and
// with its success all. What is held back counts as no try. Breakers are of one process: each
// learns for itself. Safe for concurrent use.
type Sicherungen struct {
	o  SicherungOptions
	mu sync.Mutex
	m  map[string]*sicherung // GUARDED_BY(mu)
}

type sicherung struct {
	fehler int
	offen  time.Time // until when; zero is closed
	pause  time.Duration
	probe  bool // one was let through
	grund  string
}

// NewSicherungen makes a set in which all breakers are closed.
func NewSicherungen(o *SicherungOptions) *Sicherungen {
	s := &Sicherungen{m: map[string]*sicherung{}}
	if o != nil {
		s.o = *o
	}
	if s.o.Now == nil {
		s.o.Now = time.Now
	}
	if s.o.Fehler <= 0 {
		s.o.Fehler = 5
	}
	if s.o.Pause <= 0 {
		s.o.Pause = 30 * time.Second
	}
	if s.o.MaxPause <= 0 {
		s.o.MaxPause = 15 * time.Minute
	}
	s.o.MaxPause = max(s.o.MaxPause, s.o.Pause)
	return s
}

// maxSicherungen bounds the set; targets beyond it have no breaker.
const maxSicherungen = 10_000

// Do runs f unless the breaker of the target is open; then it gives an error that names the pause
// and that the [Relay] does not count as a try. Failures that no waiting heals
// (fehler.ErrInvalid, ErrForbidden, ErrUnsupported, ErrNotFound, ErrConflict, ErrExists) are
// about the letter and not about the target, and neither is an end of ctx that the caller
// brought about. A nil set runs f.
func (s *Sicherungen) Do(ctx context.Context, ziel string, f func() error) error {
	if s == nil {
		return f()
	}
	if err := s.enter(ziel); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			s.leave(ctx, ziel, errors.New("panic"))
		}
	}()
	err := f()
	done = true
	s.leave(ctx, ziel, err)
	return err
}

func (s *Sicherungen) enter(ziel string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.m[ziel]
	if b == nil || b.offen.IsZero() {
		return nil
	}
	now := s.o.Now()
	if d := b.offen.Sub(now); d > 0 {
		return &geoeffnet{ziel, d, b.grund}
	}
	if b.probe {
		return &geoeffnet{ziel, min(b.pause, time.Minute), b.grund}
	}
	b.probe = true
	return nil
}

func (s *Sicherungen) leave(ctx context.Context, ziel string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.m[ziel]
	switch {
	case err == nil || amInhalt(err):
		delete(s.m, ziel)
		return
	case errors.Is(context.Cause(ctx), context.Canceled):
		if b != nil {
			b.probe = false
		}
		return
	case b == nil:
		if len(s.m) >= maxSicherungen {
			return
		}
		b = &sicherung{}
		s.m[ziel] = b
	}
	b.fehler++
	b.grund = reason(err)
	// What was on its way when the breaker opened says nothing new about the target.
	if !b.probe && (b.fehler < s.o.Fehler || !b.offen.IsZero()) {
		return
	}
	if b.pause *= 2; b.pause == 0 {
		b.pause = s.o.Pause
	}
	b.pause, b.probe = min(b.pause, s.o.MaxPause), false
	b.offen = s.o.Now().Add(b.pause)
}

func amInhalt(err error) bool {
	for _, k := range []error{fehler.ErrInvalid, fehler.ErrForbidden, fehler.ErrUnsupported, fehler.ErrNotFound, fehler.ErrConflict, fehler.ErrExists} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

// Unterbrochen is a target to which nothing goes for now.
type Unterbrochen struct {
	Ziel string
	// Fehler in a row, Grund the last of them without personal data, Bis when one is let
	// through again.
	Fehler int
	Grund  string
	Bis    time.Time
}

// Unterbrochen gives the targets whose breaker is open, by name.
func (s *Sicherungen) Unterbrochen() (out []Unterbrochen) {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for ziel, b := range s.m {
		if !b.offen.IsZero() {
			out = append(out, Unterbrochen{Ziel: ziel, Fehler: b.fehler, Grund: b.grund, Bis: b.offen})
		}
	}
	slices.SortFunc(out, func(a, b Unterbrochen) int { return strings.Compare(a.Ziel, b.Ziel) })
	return out
}

// geoeffnet is the error of an open breaker.
type geoeffnet struct {
	ziel  string
	bis   time.Duration
	grund string
}

func (g *geoeffnet) Error() string {
	return fmt.Sprintf("relay: nothing goes to %s for now, after: %s", g.ziel, g.grund)
}
func (g *geoeffnet) RetryAfter() time.Duration { return g.bis }
func (*geoeffnet) Unwrap() error               { return fehler.ErrUnavailable }

// KeinVersuch: the Relay takes the try back.
func (*geoeffnet) KeinVersuch() bool { return true }

func keinVersuch(err error) bool {
	var k interface{ KeinVersuch() bool }
	return errors.As(err, &k) && k.KeinVersuch()
}
