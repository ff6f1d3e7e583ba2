package relay_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// ziel is a target outside that keeps one effect per idempotency key.
type ziel struct {
	mu      sync.Mutex
	rnd     *rand.Rand
	calls   int
	seen    map[uuid.UUID]bool
	effects map[uuid.UUID][]string // per Vorgang, in the order of the first effect
}

func (z *ziel) chance(p float64) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.rnd.Float64() < p
}

func (z *ziel) deliver(a vorgang.Auftrag, betreff string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.calls++
	if !z.seen[a.ID] {
		z.seen[a.ID] = true
		z.effects[a.Vorgang] = append(z.effects[a.Vorgang], betreff)
	}
}

// Three processes share one file; targets and reports fail, some are slower
// than their lease, one process is stopped and started on the way.
func TestChaos(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	const vorgaenge, each, relays = 20, 10, 3
	path := filepath.Join(t.TempDir(), "x.db")
	open := func() *haus {
		s, err := sqlite.Open(t.Context(), path, &sqlite.Options{Synchronous: "NORMAL", BusyTimeout: 30 * time.Second})
		require.NoError(t, err)
		return &haus{t, s, &uhr{t: time.Now().Add(-time.Hour)}}
	}
	h := open()
	var ids []uuid.UUID
	for i := range vorgaenge {
		id := h.vorgang(fmt.Sprint(i))
		ids = append(ids, id)
		h.order(id, names("n", each)...)
	}
	z := &ziel{rnd: rand.New(rand.NewPCG(1, 2)), seen: map[uuid.UUID]bool{}, effects: map[uuid.UUID][]string{}}
	handler := relay.HandlerFunc(func(_ context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
		switch {
		case z.chance(0.1):
			return nil, errWeg
		case z.chance(0.02):
			time.Sleep(500 * time.Millisecond) // longer than the lease
		case z.chance(0.02):
			panic("chaos")
		}
		b := betreff(a, v)
		z.deliver(a, b)
		if z.chance(0.1) {
			return nil, errWeg // the effect is there, the answer got lost
		}
		bad := z.chance(0.1)
		return func(v *vorgang.Vorgang) error {
			if _, err := v.Note(dienst, time.Now(), b); err != nil {
				return err
			}
			if bad {
				return errWeg
			}
			return nil
		}, nil
	})
	run := func() (stop func()) {
		own := open()
		r := relay.New(own.Store, map[vorgang.AuftragArt]relay.Handler{vorgang.NachrichtSenden: handler}, &relay.Options{
			Lease: 300 * time.Millisecond, Poll: 5 * time.Millisecond, MaxVersuche: 1000,
			Pause: func(int) time.Duration { return time.Millisecond },
		})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		return func() {
			cancel()
			require.NoError(t, <-ended)
			require.NoError(t, own.Close())
		}
	}
	var stops []func()
	for range relays {
		stops = append(stops, run())
	}
	time.Sleep(100 * time.Millisecond)
	stops[0]()
	stops[0] = run()

	require.Eventually(t, func() bool {
		for _, id := range ids {
			if slices.ContainsFunc([]byte(h.zustaende(id)), func(c byte) bool { return c != 'e' }) {
				return false
			}
		}
		return true
	}, time.Minute, 20*time.Millisecond, "an Auftrag is forgotten")
	for _, stop := range stops {
		stop()
	}
	for _, id := range ids {
		require.Equal(t, names("n", each), z.effects[id], "one effect per key, in order")
		require.Equal(t, names("n", each), h.notizen(id), "one report per Auftrag, in order")
		require.NoError(t, h.VerifyJournal(t.Context(), kiel, id))
	}
	require.Greater(t, z.calls, vorgaenge*each, "nothing failed after its effect: the test shows nothing")
	t.Logf("%d Auftraege, %d calls of the target", vorgaenge*each, z.calls)
	require.NoError(t, h.Close())
	goleak.VerifyNone(t, leaks)
}
