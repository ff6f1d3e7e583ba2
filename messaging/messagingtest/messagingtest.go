package messagingtest

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// TB is the part of testing.TB the suite needs; *testing.T is one, [Recorder] another.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
	Context() context.Context
}

// Fall is a fresh Kanal with what the suite must know of its surroundings.
type Fall struct {
	Kanal messaging.Kanal
	// Adresse of an existing mailbox.
	Adresse messaging.Adresse
	// Empfaenger with whatever else the Kanal needs (name, Anschrift); Adressen
	// are set by the suite.
	Empfaenger messaging.Empfaenger
	// Zugestellt counts how often the mailbox system got the Sendung.
	Zugestellt func(sendung uuid.UUID) int
	// Unbekannt is the Kennung of a mailbox that does not exist.
	Unbekannt string
	// Ungueltig is a Kennung that can never be one; empty means the empty Kennung.
	Ungueltig string
	// Unerreichbar cuts the Kanal off from its mailbox system.
	Unerreichbar func()
}

// Capability is something a Kanal may be unable to show.
type Capability string

// The capabilities that can be left out, each with its reason.
const (
	// Unbekannt: the Kanal cannot tell that a mailbox does not exist (a post box
	// that is made by the first letter, electronic mail).
	Unbekannt Capability = "unbekannt"
	// Unerreichbar: there is no outside that could be missing.
	Unerreichbar Capability = "unerreichbar"
	// Anhaenge: the Kanal does not read attachments; it passes on their hash.
	Anhaenge Capability = "anhaenge"
)

// Options of the suite.
type Options struct {
	// New gives a fresh Fall, once per case; mandatory. It cleans up with t.Cleanup.
	New func(t TB) Fall
	// Unsupported names what is left out, with the reason; nil tests everything.
	Unsupported map[Capability]string
	// Mandant of the deliveries; default "kiel".
	Mandant tenant.ID
}

// Case is one rule of the contract.
type Case struct {
	// Name is group and rule: "idempotent/same-quittung".
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
		if c != Unbekannt && c != Unerreichbar && c != Anhaenge {
			t.Errorf("messagingtest: unknown capability %q", c)
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
