// Package zahlungtest is the conformance suite of [zahlung.Zahlungsweg]: how a vendor
// proves an adapter of a payment service. Every sentence of the interface's
// documentation has a case; [Run] runs them as subtests against a test system or a
// double of the service. [Cases] gives the single cases, which need no more than a
// [TB]: that is how the suite proves that it can fail.
package zahlungtest

import (
	"context"
	"testing"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
)

// TB is the part of testing.TB the suite needs; *testing.T is one, [Recorder] another.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
	Context() context.Context
}

// Fall is a fresh Zahlungsweg with what the suite must know of its surroundings.
type Fall struct {
	Weg zahlung.Zahlungsweg
	// Auftrag is one the service takes; the suite sets its ID.
	Auftrag zahlung.Auftrag
	// Angelegt counts the payments the service holds for the Auftrag.ID.
	Angelegt func(id string) int
	// Setze moves the payment at the service into the state, as the payer or the
	// service would: Gebucht, Fehlgeschlagen, Abgebrochen.
	Setze func(id string, z zahlung.Zustand)
	// SetzeFremd gives the payment a state no adapter can know.
	SetzeFremd func(id, wort string)
	// Unerreichbar cuts the adapter off from its service.
	Unerreichbar func()
	// AntwortVerloren lets the service place the next payment and lose its answer, once.
	AntwortVerloren func()
}

// Capability is something a Zahlungsweg may be unable to show.
type Capability string

// The capabilities that can be left out, each with its reason.
const (
	Fremd           Capability = "fremd"            // the service has no states beyond those known
	Unerreichbar    Capability = "unerreichbar"     // there is no outside that could be missing
	AntwortVerloren Capability = "antwort-verloren" // an answer cannot be lost
	Storno          Capability = "storno"           // no [zahlung.Stornierer]
	Erstattung      Capability = "erstattung"       // no [zahlung.Erstatter]
)

// Options of the suite.
type Options struct {
	// New gives a fresh Fall, once per case; mandatory. It cleans up with t.Cleanup.
	New func(t TB) Fall
	// Unsupported names what is left out, with the reason; nil tests everything.
	Unsupported map[Capability]string
}

// Case is one rule of the contract.
type Case struct {
	// Name is group and rule: "start/idempotent".
	Name string
	// Rule is the sentence a failure breaks.
	Rule string
	// Needs, if set, is the capability without which the case is left out.
	Needs Capability
	// Run tests the rule.
	Run func(t TB, o Options)
}

// Run runs every case as a subtest. A case that Options.Unsupported leaves out is
// reported as skipped with its reason; an unknown capability there fails.
func Run(t *testing.T, o Options) {
	t.Helper()
	for c := range o.Unsupported {
		switch c {
		case Fremd, Unerreichbar, AntwortVerloren, Storno, Erstattung:
		default:
			t.Errorf("zahlungtest: unknown capability %q", c)
		}
	}
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if reason, ok := o.Unsupported[c.Needs]; ok && c.Needs != "" {
				t.Skipf("unsupported: %s", reason)
			}
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the rule: %s", c.Rule)
				}
			})
			c.Run(t, o)
		})
	}
}
