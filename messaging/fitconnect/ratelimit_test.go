package fitconnect_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// sleepClock is a clock that sleeping moves.
type sleepClock struct {
	passed atomic.Int64
	slept  atomic.Int64
}

func (c *sleepClock) now() time.Time {
	return time.Unix(1788343200, 0).Add(time.Duration(c.passed.Load()))
}

func (c *sleepClock) sleep(ctx context.Context, d time.Duration) error {
	c.passed.Add(int64(d))
	c.slept.Add(int64(d))
	return ctx.Err()
}

func statuses(z *fitconnecttest.Zustelldienst) map[int]int {
	out := map[int]int{}
	for _, c := range z.Calls() {
		out[c.Status]++
	}
	return out
}

func TestKeepsTheAnnouncedRate(t *testing.T) {
	c := &sleepClock{}
	z := fitconnecttest.New(t, &fitconnecttest.Options{Now: c.now, RateLimit: &fitconnecttest.RateLimit{Calls: 5, Window: 10 * time.Second}})
	d, err := z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	client, err := d.Client(&fitconnect.ClientOptions{Sleep: c.sleep})
	require.NoError(t, err)
	for range 23 {
		_, err := client.SubmissionPage(t.Context(), d.ID, 0, 0)
		require.NoError(t, err)
	}
	require.Equal(t, 40*time.Second, time.Duration(c.slept.Load()), "four windows waited for")
	require.Zero(t, statuses(z)[429], "never refused")
	for _, call := range z.Calls() {
		require.NotEqual(t, 403, call.Status, "a user agent is always sent")
	}
}

// Many callers at once share what is left: no storm of refusals.
func TestManyCallersKeepTheRate(t *testing.T) {
	z := fitconnecttest.New(t, &fitconnecttest.Options{RateLimit: &fitconnecttest.RateLimit{Calls: 20, Window: time.Second}})
	d, err := z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	client, err := d.Client(nil)
	require.NoError(t, err)
	_, err = client.SubmissionPage(t.Context(), d.ID, 0, 0) // learns the limit
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 6 {
				_, err := client.SubmissionPage(t.Context(), d.ID, 0, 0)
				require.NoError(t, err)
			}
		})
	}
	wg.Wait()
	got := statuses(z)
	t.Logf("61 calls at 20 a second: %v", got)
	require.Equal(t, 61+1, got[200])
	require.LessOrEqual(t, got[429], 10)
}

func TestRateHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		first  func(h http.Header, now time.Time) int // status
		waited time.Duration
	}{
		"remaining": {func(h http.Header, _ time.Time) int {
			h.Set("RateLimit-Remaining", "3")
			h.Set("RateLimit-Reset", "9")
			return 200
		}, 0},
		"exhausted": {func(h http.Header, _ time.Time) int {
			h.Set("RateLimit-Limit", "10")
			h.Set("RateLimit-Remaining", "0")
			h.Set("RateLimit-Reset", "9")
			return 200
		}, 9 * time.Second},
		"reset as a moment": {func(h http.Header, now time.Time) int {
			h.Set("RateLimit-Remaining", "0")
			h.Set("RateLimit-Reset", strconv.FormatInt(now.Unix()+7, 10))
			return 200
		}, 7 * time.Second},
		"longer than MaxDelay": {func(h http.Header, _ time.Time) int {
			h.Set("RateLimit-Remaining", "0")
			h.Set("RateLimit-Reset", "86400")
			return 200
		}, 20 * time.Second},
		"nonsense": {func(h http.Header, _ time.Time) int {
			h.Set("RateLimit-Remaining", "-1")
			h.Set("RateLimit-Reset", "soon")
			return 200
		}, 0},
		"429 in seconds": {func(h http.Header, _ time.Time) int {
			h.Set("Retry-After", "4")
			return 429
		}, 4 * time.Second},
		"429 with a date": {func(h http.Header, now time.Time) int {
			h.Set("Retry-After", now.Add(6*time.Second).UTC().Format(http.TimeFormat))
			return 429
		}, 6 * time.Second},
		"503 in seconds": {func(h http.Header, _ time.Time) int {
			h.Set("Retry-After", "5")
			return 503
		}, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			clock, calls := &sleepClock{}, 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					io.WriteString(w, tokenAnswer)
					return
				}
				status := 200
				if calls++; calls == 1 {
					status = c.first(w.Header(), clock.now())
				}
				w.WriteHeader(status)
				io.WriteString(w, `{}`)
			}))
			defer srv.Close()
			client, err := fitconnect.NewClient(fitconnect.Endpoints{Token: srv.URL + "/token", SubmissionAPI: srv.URL},
				fitconnect.Credentials{ClientID: "a", ClientSecret: "b"}, &fitconnect.ClientOptions{HTTP: srv.Client(), Now: clock.now, Sleep: clock.sleep})
			require.NoError(t, err)
			for range 2 {
				_, err = client.SubmissionPage(t.Context(), "", 0, 0)
				require.NoError(t, err)
			}
			require.Equal(t, c.waited, time.Duration(clock.slept.Load()))
		})
	}
}

// What was refused for its rate did nothing: also an accept is repeated.
func TestRefusedPostIsRepeated(t *testing.T) {
	b := newBench(t, nil, nil)
	sent := b.send(t, nil)
	r, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
	require.NoError(t, err)
	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "POST event", Status: 429, RetryAfter: time.Second})
	require.NoError(t, b.sub.Accept(t.Context(), r))
	require.Equal(t, fitconnect.StateAccepted, b.z.State(sent.SubmissionID))
}

func TestWaitingForTheRateEndsWithTheContext(t *testing.T) {
	z := fitconnecttest.New(t, &fitconnecttest.Options{RateLimit: &fitconnecttest.RateLimit{Calls: 1, Window: 10 * time.Second}})
	d, err := z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	client, err := d.Client(nil)
	require.NoError(t, err)
	_, err = client.SubmissionPage(t.Context(), d.ID, 0, 0)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = client.SubmissionPage(ctx, d.ID, 0, 0)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, fehler.ErrUnavailable)
}
