package intaketest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/intake"
)

// Sample is data of the format.
type Sample struct {
	Name      string
	Fachdaten intake.Fachdaten
	// Broken says that the data breaks a rule of the format.
	Broken bool
	// Felder are the names of the fields as the form orders them, a group before
	// its members; empty means that they are not compared.
	Felder []string
	// Privat are values in the data that no message may hold.
	Privat []string
}

// Options of the suite.
type Options struct {
	// Parser is what is tested. Required.
	Parser intake.Parser
	// Samples, at least one good and one broken. Required.
	Samples []Sample
	// Foreign is data of other formats, besides what the suite brings along.
	Foreign []intake.Fachdaten
	// Timeout of one case; default 30 s.
	Timeout time.Duration
}

// Case is one sentence of the contract.
type Case struct {
	// Name is group and sentence: "parse/deterministic".
	Name string
	// Rule is the sentence.
	Rule string

	run func(ctx context.Context, o *Options) error
}

// Result is the result of a case; Err is nil if the sentence holds.
type Result struct {
	Case
	Err error
}

// Run checks a Parser against the whole contract; each case is a subtest.
func Run(t *testing.T, o Options) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Check(t.Context(), o); err != nil {
				t.Errorf("%v\nthe contract says: %s", err, c.Rule)
			}
		})
	}
}

// Check runs the same cases without package testing.
func Check(ctx context.Context, o Options) []Result {
	var out []Result
	for _, c := range Cases() {
		out = append(out, Result{Case: c, Err: c.Check(ctx, o)})
	}
	return out
}

// Check runs the case; nil means that the sentence holds. A panic and a hang are
// failures too; a Parser that hangs keeps its goroutine.
func (c Case) Check(ctx context.Context, o Options) error {
	if o.Parser == nil {
		return fmt.Errorf("missing Options.Parser")
	}
	o.Samples = slices.Clone(o.Samples)
	for i := range o.Samples { // a Parser that writes into its input must not spoil the next case
		o.Samples[i].Fachdaten.Bytes = bytes.Clone(o.Samples[i].Fachdaten.Bytes)
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
		done <- c.run(ctx, &o)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the case did not end: %w", ctx.Err())
	}
}

// each runs f for the samples that are wanted, with bytes of its own.
func (o *Options) each(want func(Sample) bool, f func(Sample) error) error {
	for _, s := range o.Samples {
		if want != nil && !want(s) {
			continue
		}
		s.Fachdaten.Bytes = bytes.Clone(s.Fachdaten.Bytes)
		if err := f(s); err != nil {
			return fmt.Errorf("sample %q: %w", s.Name, err)
		}
	}
	return nil
}

func good(s Sample) bool   { return !s.Broken }
func broken(s Sample) bool { return s.Broken }
