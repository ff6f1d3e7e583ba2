package dmstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
)

// Stand is one fresh Ziel with the other side of it, for one case.
type Stand struct {
	// Ziel is what is tested.
	Ziel dms.Ziel
	// Received gives everything the receiver got so far, in order, half
	// deliveries included; Paket with the SHA512 of its files. It may take the
	// deliveries away, as a receiver does. Required.
	Received func(context.Context) ([]Lieferung, error)
	// Reopen gives a second Ziel on the same memory, as after a restart. The
	// first is not used any more.
	Reopen func() (dms.Ziel, error)
	// Answer lets the receiver answer; Garbage lets it send something that is no
	// answer but looks like one from outside.
	Answer  func(dms.Antwort) error
	Garbage func() error
	// Close frees everything; may be nil.
	Close func() error
}

// Options of the suite.
type Options struct {
	// New makes a fresh Stand for every case. Required.
	New func() (*Stand, error)
	// Timeout of one case; default 30 s.
	Timeout time.Duration
	// NoAnswers says the Ziel is no dms.Rueckmelder; its cases are left out.
	NoAnswers bool
	// Only restricts the suite to these groups; empty runs all. For working on
	// an adapter: a target that passes a part keeps a part of the contract.
	Only []string
	// NoReopen says the Ziel forgets everything with the process. Only doubles may.
	NoReopen bool
}

// Fall is one case: one sentence of the contract.
type Fall struct {
	Gruppe string // such as "idempotenz"
	Name   string
	Satz   string // the sentence

	answers, reopen bool
	run             func(context.Context, *Stand) error
}

// Ergebnis is the result of a case; Err is nil if the sentence holds.
type Ergebnis struct {
	Fall
	Err error
}

// Cases gives all cases in the order they run.
func Cases() []Fall { return slices.Concat(sendCases(), failureCases(), answerCases()) }

// Run checks a Ziel against the whole contract; each case is a subtest.
func Run(t *testing.T, o Options) {
	t.Helper()
	for _, f := range Cases() {
		if f.leftOut(&o) {
			continue
		}
		t.Run(f.Gruppe+"/"+f.Name, func(t *testing.T) {
			if err := f.check(context.Background(), &o); err != nil {
				t.Errorf("%s\nthe contract says: %s", err, f.Satz)
			}
		})
	}
}

// Check runs the same cases without package testing and gives the results.
func Check(ctx context.Context, o Options) []Ergebnis {
	var out []Ergebnis
	for _, f := range Cases() {
		if !f.leftOut(&o) {
			out = append(out, Ergebnis{Fall: f, Err: f.check(ctx, &o)})
		}
	}
	return out
}

func (f *Fall) leftOut(o *Options) bool {
	return f.answers && o.NoAnswers || f.reopen && o.NoReopen || len(o.Only) > 0 && !slices.Contains(o.Only, f.Gruppe)
}

// check runs the case on a fresh Stand. A panic and a hang are failures too.
func (f *Fall) check(ctx context.Context, o *Options) error {
	s, err := o.New()
	if err != nil {
		return fmt.Errorf("no fresh Stand: %w", err)
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panic: %v", p)
			}
		}()
		done <- f.run(ctx, s)
	}()
	select {
	case err = <-done:
	case <-time.After(timeout + time.Second):
		return errors.New("the case hangs and does not obey its context")
	}
	if s.Close != nil {
		err = errors.Join(err, s.Close())
	}
	return err
}

// expect gives an error unless ok.
func expect(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// first gives the first error that is not nil.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// deliveries demands a number of deliveries, all in order.
func (s *Stand) deliveries(ctx context.Context, n int) ([]Lieferung, error) {
	got, err := s.Received(ctx)
	if err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	for _, l := range got {
		if len(l.Probleme) > 0 {
			return nil, fmt.Errorf("the receiver got something it cannot take: %s", l.Probleme)
		}
	}
	return got, expect(len(got) == n, "the receiver got %d deliveries, want %d", len(got), n)
}
