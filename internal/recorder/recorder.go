// Package recorder keeps the failures of a case of a conformance suite, so that a test
// can show that the case fails where it must.
package recorder

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// Recorder is a TB of a suite that keeps failures instead of failing.
type Recorder struct {
	ctx      context.Context
	mu       sync.Mutex
	cleanups []func()
	failures []string
}

// Run runs the case and gives its failures; none means it passed.
func Run(ctx context.Context, c func(r *Recorder)) []string {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &Recorder{ctx: ctx}
	done := make(chan struct{})
	go func() { // Fatalf ends the goroutine, as in package testing
		defer close(done)
		c(r)
	}()
	<-done
	r.mu.Lock()
	cleanups := r.cleanups
	r.mu.Unlock()
	for _, f := range slices.Backward(cleanups) {
		f()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failures
}

// Helper does nothing.
func (r *Recorder) Helper() {}

// Errorf keeps a failure.
func (r *Recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// Fatalf keeps a failure and ends the case.
func (r *Recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// Cleanup runs f when the case is over, last added first.
func (r *Recorder) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

// Context is that of [Run].
func (r *Recorder) Context() context.Context { return r.ctx }
