package fitconnect_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	eingang "github.com/ozg-fachwerk/fachwerk/intake/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// uhr is a clock that is set by hand.
type uhr struct{ ns atomic.Int64 }

func newUhr() *uhr                 { u := &uhr{}; u.ns.Store(time.Now().UnixNano()); return u }
func (u *uhr) Now() time.Time      { return time.Unix(0, u.ns.Load()) }
func (u *uhr) vor(d time.Duration) { u.ns.Add(int64(d)) }
func ohneWarten() fitconnect.ClientOptions {
	return fitconnect.ClientOptions{Attempts: 2, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

func (s *stelle) fetches(id string) (n int) {
	for _, c := range s.dienst.Calls() {
		if c.Op == "GET submission" && c.SubmissionID == id {
			n++
		}
	}
	return n
}

// A submission that fails again and again is left alone for longer and longer, and the
// others are received meanwhile.
func TestFailingPauses(t *testing.T) {
	u := newUhr()
	s := newStelle(t, &einstellung{client: fitconnect.ClientOptions{Attempts: 1}, empfang: &eingang.Options{Now: u.Now, Pause: time.Minute, MaxPause: 10 * time.Minute, Parallel: 1}})
	bad := s.send(t, nil)
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "GET submission", SubmissionID: bad.SubmissionID, Status: http.StatusInternalServerError, Times: -1})
	poll := func() error {
		good := s.send(t, nil)
		_, err := s.empfang.Poll(t.Context())
		vs := s.vorgaenge(t, amt)
		require.Contains(t, kennungen(vs), good.SubmissionID, "the others are received")
		_, rerr := s.relay.Drain(t.Context())
		require.NoError(t, rerr)
		return err
	}
	times := 0
	for range 60 { // half an hour
		before := s.fetches(bad.SubmissionID)
		err := poll()
		if n := s.fetches(bad.SubmissionID) - before; n > 0 {
			require.Equal(t, 1, n)
			require.Error(t, err)
			times++
		} else {
			require.NoError(t, err)
		}
		u.vor(30 * time.Second)
	}
	// At 0, 0.5, then after 1, 2, 4, 8, 10 minutes.
	require.Equal(t, 7, times)

	s.dienst.ClearFaults()
	u.vor(10 * time.Minute)
	require.NoError(t, poll())
	require.Contains(t, kennungen(s.vorgaenge(t, amt)), bad.SubmissionID)
}

// The service says how long to wait: nothing is fetched before.
func TestFailingHonoursRetryAfter(t *testing.T) {
	u := newUhr()
	s := newStelle(t, &einstellung{client: fitconnect.ClientOptions{Attempts: 1, Sleep: ohneWarten().Sleep}, empfang: &eingang.Options{Now: u.Now}})
	sent := s.send(t, nil)
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "GET submission", Status: http.StatusTooManyRequests, RetryAfter: 2 * time.Minute})
	_, err := s.empfang.Poll(t.Context())
	require.Error(t, err)
	u.vor(119 * time.Second)
	out, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Empty(t, out)
	u.vor(2 * time.Second)
	out, err = s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Len(t, out, 1)
	require.Equal(t, 2, s.fetches(sent.SubmissionID))
}

// No more than Parallel are received at the same time, and as many are.
func TestParallel(t *testing.T) {
	var now, most atomic.Int64
	s := newStelle(t, &einstellung{empfang: &eingang.Options{Parallel: 3}})
	meet := make(chan struct{})
	var once sync.Once
	s.stoerung = func() error {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		if now.Load() == 3 {
			once.Do(func() { close(meet) })
		}
		select {
		case <-meet: // three were here together
		case <-time.After(20 * time.Second):
		}
		now.Add(-1)
		return nil
	}
	for range 7 {
		s.send(t, nil)
	}
	out, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Len(t, out, 7)
	require.Equal(t, int64(3), most.Load())
}

// One that takes for ever does not keep what arrives later.
func TestSlowDoesNotStarve(t *testing.T) {
	s := newStelle(t, &einstellung{empfang: &eingang.Options{Parallel: 2, Poll: 10 * time.Millisecond}})
	slow := s.send(t, nil)
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultHang, Op: "GET submission", SubmissionID: slow.SubmissionID, Times: -1})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.empfang.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for range 3 {
		good := s.send(t, nil)
		require.Eventually(t, func() bool {
			for _, id := range kennungen(s.vorgaenge(t, amt)) {
				if id == good.SubmissionID {
					return true
				}
			}
			return false
		}, 20*time.Second, 10*time.Millisecond)
	}
	require.Equal(t, 1, s.fetches(slow.SubmissionID), "nobody takes it a second time meanwhile")
}

// The context ends a Poll that is at work.
func TestPollEndsWithContext(t *testing.T) {
	s := newStelle(t, &einstellung{empfang: &eingang.Options{Parallel: 1}})
	for range 3 {
		s.send(t, nil)
	}
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultHang, Op: "GET submission", Times: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := s.empfang.Poll(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	s.dienst.ClearFaults()
	out, err := s.empfang.Poll(t.Context())
	require.NoError(t, err, "what ended with the context does not pause")
	require.Len(t, out, 3)
}

func kennungen(vs []*vorgang.Vorgang) (out []string) {
	for _, v := range vs {
		out = append(out, v.Stand().Antrag.Kennung)
	}
	return out
}

// Whatever fails on the way, and however often: each submission ends exactly once, as a
// Vorgang that is accepted, in the Klaerfach and accepted, or rejected.
func TestEachSubmissionEndsOnce(t *testing.T) {
	u := newUhr()
	s := newStelle(t, &einstellung{client: ohneWarten(), empfang: &eingang.Options{Now: u.Now, Parallel: 4},
		relay: &relay.Options{MaxVersuche: 1000, Pause: func(int) time.Duration { return time.Millisecond }}})
	var failures atomic.Int64
	var mu sync.Mutex
	rnd := rand.New(rand.NewPCG(1, 2))
	s.stoerung = func() error {
		mu.Lock()
		defer mu.Unlock()
		if failures.Load() > 0 && rnd.IntN(3) == 0 {
			failures.Add(-1)
			return errors.New("crash")
		}
		return nil
	}
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // each takes half a second
		n := "30"
		if testing.Short() {
			n = "8"
		}
		require.NoError(t, f.Value.Set(n))
		defer func() { require.NoError(t, f.Value.Set(f.DefValue)) }()
	}
	rapid.Check(t, func(rt *rapid.T) {
		defer func() { s.dienst.ClearFaults(); failures.Store(0) }()
		type fall struct {
			sent *fitconnect.Sent
			kind string
		}
		var all []fall
		for range rapid.IntRange(1, 5).Draw(rt, "submissions") {
			kind := rapid.SampledFrom([]string{"good", "good", "large", "klaerung", "broken"}).Draw(rt, "kind")
			change := map[string]func(*fitconnect.Draft){"klaerung": unbekannterOrt, "large": grosseAnlage(1<<20 + 1)}[kind]
			f := fall{s.send(t, change), kind}
			if kind == "broken" {
				s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper, Part: "data", SubmissionID: f.sent.SubmissionID, Times: -1})
			}
			all = append(all, f)
		}
		for range rapid.IntRange(0, 8).Draw(rt, "faults") {
			s.dienst.Inject(fitconnecttest.Fault{
				Kind:   rapid.SampledFrom([]fitconnecttest.FaultKind{fitconnecttest.FaultStatus, fitconnecttest.FaultCut, fitconnecttest.FaultLostAnswer}).Draw(rt, "fault"),
				Op:     rapid.SampledFrom([]string{"GET submissions", "GET submission", "GET case events", "GET attachment", "POST event"}).Draw(rt, "op"),
				Status: 503, Times: rapid.IntRange(1, 4).Draw(rt, "times")})
		}
		failures.Store(int64(rapid.IntRange(0, 4).Draw(rt, "crashes")))

		done := func() bool {
			for _, f := range all {
				st := s.dienst.State(f.sent.SubmissionID)
				if f.kind == "broken" && st != fitconnect.StateRejected || f.kind != "broken" && st != fitconnect.StateAccepted {
					return false
				}
			}
			return true
		}
		for n := 0; !done(); n++ {
			if n == 60 {
				for _, f := range all {
					rt.Logf("%s %s", f.kind, s.dienst.State(f.sent.SubmissionID))
				}
				rt.Fatal("not all of them end")
			}
			_, _ = s.empfang.Poll(t.Context()) // what failed is offered again
			u.vor(15 * time.Minute)
			_, err := s.relay.Drain(t.Context())
			require.NoError(t, err)
			time.Sleep(2 * time.Millisecond) // the relay waits in real time
		}
		count := map[string]int{}
		for _, id := range kennungen(s.vorgaenge(t, amt)) {
			count[id]++
		}
		for e, err := range s.store.Eingaenge(t.Context(), betreiber, "klaerung") {
			require.NoError(t, err)
			count[e.Schluessel]++
		}
		for _, f := range all {
			id := f.sent.SubmissionID
			want := map[string][2]int{"good": {1, 0}, "large": {1, 0}, "klaerung": {0, 1}, "broken": {0, 0}}[f.kind]
			if got := [2]int{count[id], count["fitconnect:"+id]}; got != want {
				rt.Fatalf("%s: %d Vorgaenge and %d in the Klaerfach", f.kind, got[0], got[1])
			}
			decided := 0
			for _, token := range s.dienst.Events(f.sent.CaseID) {
				e, err := fitconnect.ParseSET(token)
				require.NoError(t, err)
				if e.Type == fitconnect.EventAcceptSubmission || e.Type == fitconnect.EventRejectSubmission {
					decided++
				}
			}
			if decided != 1 {
				rt.Fatal(fmt.Sprintf("%s: decided %d times", f.kind, decided))
			}
		}
	})
}
