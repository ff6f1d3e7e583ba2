// Package uebergabetest proves that a uebergabe.Ziel keeps its contract. Whoever writes
// an adapter runs it; every sentence of the port is a case. It imports no test library.
//
// The receiver of the other side is the vendor's double: it speaks the real protocol and
// can misbehave, as [Stand] asks for. [Empfaenger] is the one for webhooks.
package uebergabetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
)

// Angekommen is what a receiver saw of one delivery.
type Angekommen struct {
	// Ereignis are the bytes of the event with its data.
	Ereignis []byte
	// Dateien are the bytes of the files by their id, as the receiver got them.
	Dateien map[string][]byte
}

// Stoerung is how a receiver misbehaves at the next call, once.
type Stoerung string

// The ways to misbehave.
const (
	// AntwortVerloren: it takes the delivery, and the answer is lost.
	AntwortVerloren Stoerung = "antwort-verloren"
	// NichtDa: it does not take it now.
	NichtDa Stoerung = "nicht-da"
	// Lehntab: it refuses for good.
	LehntAb Stoerung = "lehnt-ab"
	// Fremd: it does not know us.
	Fremd Stoerung = "fremd"
	// Haengt: it does not answer until the caller gives up.
	Haengt Stoerung = "haengt"
)

// Stand is one fresh Ziel with the other side of it, for one case.
type Stand struct {
	Ziel uebergabe.Ziel
	// Received gives everything the receiver has, in order; it fetches the files.
	Received func(context.Context) ([]Angekommen, error)
	// Stoeren lets the receiver misbehave at the next call. Ways that the protocol does
	// not have are listed in Options.Ohne.
	Stoeren func(Stoerung)
	// Reopen gives a second Ziel on the same memory, as after a restart.
	Reopen func() (uebergabe.Ziel, error)
	// Answer lets the receiver answer; Garbage lets it send what cannot be read.
	Answer  func(id string, inhalt []byte) error
	Garbage func() error
	Close   func() error // may be nil
}

// Options of the suite.
type Options struct {
	// New makes a fresh Stand for every case. Required.
	New func() (*Stand, error)
	// Timeout of one case; default 30 s.
	Timeout time.Duration
	// Ohne are the ways to misbehave this protocol does not have, each with the reason.
	Ohne map[Stoerung]string
	// ByLink: files travel by link, so that a wrong file is not seen when handing over.
	ByLink bool
	// NoAnswers: the Ziel is no uebergabe.Rueckmelder.
	NoAnswers bool
}

// Fall is one case: one sentence of the contract.
type Fall struct {
	Gruppe, Name, Satz string

	braucht Stoerung
	dateien bool // a wrong file is seen
	answers bool
	run     func(context.Context, *Stand) error
}

// Ergebnis is the result of a case; Err is nil if the sentence holds.
type Ergebnis struct {
	Fall
	Err error
	// Ausgelassen says why it did not run; empty if it did.
	Ausgelassen string
}

// Cases gives all cases in the order they run.
func Cases() []Fall { return slices.Concat(sendCases(), failureCases(), answerCases()) }

// Run checks a Ziel against the whole contract; each case is a subtest.
func Run(t *testing.T, o Options) {
	t.Helper()
	for _, f := range Cases() {
		t.Run(f.Gruppe+"/"+f.Name, func(t *testing.T) {
			if why := f.leftOut(&o); why != "" {
				t.Skip(why)
			}
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
		e := Ergebnis{Fall: f, Ausgelassen: f.leftOut(&o)}
		if e.Ausgelassen == "" {
			e.Err = f.check(ctx, &o)
		}
		out = append(out, e)
	}
	return out
}

func (f *Fall) leftOut(o *Options) string {
	switch {
	case f.answers && o.NoAnswers:
		return "the Ziel brings no answers"
	case f.dateien && o.ByLink:
		return "files travel by link"
	case f.braucht != "":
		return o.Ohne[f.braucht]
	}
	return ""
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

func expect(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// deliveries demands a number of deliveries.
func (s *Stand) deliveries(ctx context.Context, n int) ([]Angekommen, error) {
	got, err := s.Received(ctx)
	if err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	return got, expect(len(got) == n, "the receiver got %d deliveries, want %d", len(got), n)
}
