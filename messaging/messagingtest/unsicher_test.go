package messagingtest_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/messagingtest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

type zweifel struct{}

func (zweifel) Error() string  { return "it may have arrived" }
func (zweifel) Unsicher() bool { return true }

// ungewiss is a channel over a post office that knows no letter again. broken, it forgets
// that a letter may be out.
type ungewiss struct {
	*kanal
	broken bool

	mu      sync.Mutex
	unsure  map[uuid.UUID]bool
	reached map[uuid.UUID]int
}

func (u *ungewiss) Deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.unsure[s.ID] {
		return messaging.Quittung{}, zweifel{}
	}
	q, err := u.kanal.Deliver(ctx, s)
	if errors.Is(err, fehler.ErrUnavailable) {
		u.unsure[s.ID] = !u.broken
		u.reached[s.ID]++
		return messaging.Quittung{}, zweifel{}
	}
	if err == nil {
		u.reached[s.ID]++
	}
	return q, err
}

// The rules for a channel that cannot know are rules too: one that delivers a second time,
// and one that claims not to know although the mailbox system does, fail.
func TestUnsureCanFail(t *testing.T) {
	try := func(name string, broken, declared bool) []string {
		for _, c := range messagingtest.Cases() {
			if c.Name == name {
				return messagingtest.Try(t.Context(), c, messagingtest.Options{New: func(t messagingtest.TB) messagingtest.Fall {
					o := options("")
					f := o.New(t)
					u := &ungewiss{kanal: f.Kanal.(*kanal), broken: broken, unsure: map[uuid.UUID]bool{}, reached: map[uuid.UUID]int{}}
					f.Kanal, f.OhneDublette = u, declared
					f.Zugestellt = func(id uuid.UUID) int { u.mu.Lock(); defer u.mu.Unlock(); return u.reached[id] }
					return f
				}})
			}
		}
		t.Fatalf("there is no case %s", name)
		return nil
	}
	for _, name := range []string{"faults/lost-answer", "faults/silence", "faults/server-error", "faults/slow"} {
		if got := try(name, false, true); len(got) > 0 {
			t.Errorf("%s: the correct channel fails: %v", name, got)
		}
		if len(try(name, true, true)) == 0 {
			t.Errorf("%s: a channel that delivers twice passes", name)
		}
		if len(try(name, false, false)) == 0 {
			t.Errorf("%s: a channel passes that did not say it cannot know", name)
		}
	}
	if len(try("faults/mailbox-full", false, true)) == 0 {
		t.Error("a channel passes for which a full mailbox is in doubt")
	}
}
