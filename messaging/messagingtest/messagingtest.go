package messagingtest

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

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
	// Stoere makes the mailbox system misbehave from now on; Ruhe makes it behave
	// again. Needed unless the capabilities of all Stoerungen are left out.
	Stoere func(Stoerung)
	// Lies lets the recipient open the message. Needed if the Kanal is a
	// messaging.StatusAbfrager or messaging.Rueckrufer.
	Lies func(sendung uuid.UUID)
	// OhneDublette: the mailbox system does not know a message it has already. Where it
	// may have taken a Sendung, the Kanal answers with an error of messaging.IstUnsicher from then on.
	OhneDublette bool
	// Geduld is the longest time a Deliver may take under a Stoerung; default 20 seconds.
	Geduld time.Duration
}

// Stoerung is a way in which a mailbox system misbehaves.
type Stoerung string

// The ways. Each is a capability of its own, see [Stoerung.Capability].
const (
	Ruhe Stoerung = "" // behaves
	// AntwortVerloren takes the Sendung and cuts the connection before it answers.
	AntwortVerloren Stoerung = "antwort-verloren"
	// Schweigen takes the Sendung or not, and does not answer.
	Schweigen Stoerung = "schweigen"
	// Serverfehler answers with an error of its own (HTTP 500) and takes nothing.
	Serverfehler Stoerung = "serverfehler"
	// Tropfen answers so slowly that it never ends.
	Tropfen Stoerung = "tropfen"
	// Fremdzertifikat shows a certificate that is not trusted.
	Fremdzertifikat Stoerung = "fremdzertifikat"
	// PostfachVoll: there is no room in the mailbox now.
	PostfachVoll Stoerung = "postfach-voll"
)

// Stoerungen are all of them but Ruhe.
func Stoerungen() []Stoerung {
	return []Stoerung{AntwortVerloren, Schweigen, Serverfehler, Tropfen, Fremdzertifikat, PostfachVoll}
}

// Capability is the one that leaves the cases of the Stoerung out.
func (s Stoerung) Capability() Capability { return Capability("stoerung-" + string(s)) }

// WithoutStoerungen leaves the cases of the Stoerungen out, for one reason; of none
// named, of all. It is for a Kanal whose mailbox system cannot misbehave so.
func WithoutStoerungen(unsupported map[Capability]string, reason string, which ...Stoerung) map[Capability]string {
	out := maps.Clone(unsupported)
	if out == nil {
		out = map[Capability]string{}
	}
	if len(which) == 0 {
		which = Stoerungen()
	}
	for _, s := range which {
		out[s.Capability()] = reason
	}
	return out
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
	// Status: this mailbox system cannot say later what became of a Sendung.
	Status Capability = "status"
	// Rueckruf: this mailbox system gives nothing back.
	Rueckruf Capability = "rueckruf"
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
		known := slices.ContainsFunc(Stoerungen(), func(s Stoerung) bool { return s.Capability() == c })
		if !slices.Contains([]Capability{Unbekannt, Unerreichbar, Anhaenge, Status, Rueckruf}, c) && !known {
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
