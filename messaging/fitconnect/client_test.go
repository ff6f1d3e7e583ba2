package fitconnect_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// wire is a server that only writes down what arrives and gives canned answers,
// so that the client is not only tested against the double of the same hand.
type wire struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string
}

func newWire(t *testing.T, answers map[string]string) *wire {
	w := &wire{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		w.seen = append(w.seen, strings.TrimSpace(fmt.Sprintf("%s %s auth=%q type=%q agent=%q %s", r.Method, r.URL.RequestURI(),
			r.Header.Get("Authorization"), r.Header.Get("Content-Type"), r.Header.Get("User-Agent"), body)))
		w.mu.Unlock()
		rw.Header().Set("Content-Type", "application/json")
		io.WriteString(rw, answers[r.Method+" "+r.URL.Path])
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *wire) client(t *testing.T, o *fitconnect.ClientOptions) *fitconnect.Client {
	if o == nil {
		o = &fitconnect.ClientOptions{}
	}
	o.UserAgent = "probe/1"
	o.HTTP = w.Client()
	c, err := fitconnect.NewClient(fitconnect.Endpoints{Token: w.URL + "/token", SubmissionAPI: w.URL + "/api/", DestinationAPI: w.URL + "/dest"},
		fitconnect.Credentials{ClientID: "me", ClientSecret: "s3cr3t&"}, o)
	require.NoError(t, err)
	return c
}

const tokenAnswer = `{"access_token":"T","token_type":"Bearer","expires_in":1800,"scope":"x"}`

func TestClientOnTheWire(t *testing.T) {
	ctx := t.Context()
	w := newWire(t, map[string]string{
		"POST /token":                                       tokenAnswer,
		"GET /api/v2/submissions":                           `{"count":0,"offset":0,"totalCount":0,"submissions":[]}`,
		"GET /api/v2/submissions/" + subID:                  `{"submissionId":"` + subID + `","caseId":"` + caseID + `","destinationId":"` + destID + `"}`,
		"POST /api/v2/submissions":                          `{"submissionId":"` + subID + `","caseId":"` + caseID + `"}`,
		"GET /api/v2/cases/" + caseID + "/events":           `{"offset":0,"count":1,"totalCount":1,"eventLog":["a.b.c"]}`,
		"GET /api/.well-known/jwks.json":                    `{"keys":[]}`,
		"GET /api/v2/destinations/" + destID + "/keys/k id": `{"kid":"k id"}`,
	})
	c := w.client(t, nil)
	_, err := c.SubmissionPage(ctx, destID, 100, 50)
	require.NoError(t, err)
	_, err = c.Submission(ctx, subID)
	require.NoError(t, err)
	log, err := c.CaseEvents(ctx, caseID)
	require.NoError(t, err)
	require.Equal(t, []string{"a.b.c"}, log)
	require.NoError(t, c.PostEvent(ctx, caseID, "x.y.z"))
	_, err = c.CreateSubmission(ctx, fitconnect.NewSubmission{DestinationID: destID,
		PublicService: fitconnect.PublicService{Name: "N", Identifier: "urn:x:y"}})
	require.NoError(t, err)
	_, err = c.ServiceKeys(ctx)
	require.NoError(t, err)
	_, err = c.DestinationKey(ctx, destID, "k id")
	require.NoError(t, err)
	require.NoError(t, c.ActivateDestination(ctx, destID))
	require.NoError(t, c.SetCallback(ctx, destID, fitconnect.Callback{URL: "https://a.example.org/cb", Secret: "x"}))
	require.Equal(t, []string{
		`POST /token auth="" type="application/x-www-form-urlencoded" agent="probe/1" client_id=me&client_secret=s3cr3t%26&grant_type=client_credentials`,
		`GET /api/v2/submissions?destinationId=` + destID + `&offset=100&limit=50 auth="Bearer T" type="" agent="probe/1"`,
		`GET /api/v2/submissions/` + subID + ` auth="Bearer T" type="" agent="probe/1"`,
		`GET /api/v2/cases/` + caseID + `/events?offset=0&limit=500 auth="Bearer T" type="" agent="probe/1"`,
		`POST /api/v2/cases/` + caseID + `/events auth="Bearer T" type="application/jose" agent="probe/1" x.y.z`,
		`POST /api/v2/submissions auth="Bearer T" type="application/json" agent="probe/1" {"destinationId":"` + destID + `","announcedAttachments":[],"publicService":{"name":"N","identifier":"urn:x:y"}}`,
		`GET /api/.well-known/jwks.json auth="" type="" agent="probe/1"`,
		`GET /api/v2/destinations/` + destID + `/keys/k%20id auth="Bearer T" type="" agent="probe/1"`,
		`PATCH /dest/v1/destinations/` + destID + ` auth="Bearer T" type="application/merge-patch+json" agent="probe/1" {"status":"active"}`,
		`PATCH /dest/v1/destinations/` + destID + ` auth="Bearer T" type="application/merge-patch+json" agent="probe/1" {"callback":{"url":"https://a.example.org/cb","secret":"x"}}`,
	}, w.seen)
}

func TestNewClientRefuses(t *testing.T) {
	good := fitconnect.Environments()["test"]
	cred := fitconnect.Credentials{ClientID: "a", ClientSecret: "b"}
	for name, change := range map[string]func(*fitconnect.Endpoints){
		"http":     func(e *fitconnect.Endpoints) { e.SubmissionAPI = "http://test.example.org" },
		"relative": func(e *fitconnect.Endpoints) { e.SubmissionAPI = "/api" },
		"userinfo": func(e *fitconnect.Endpoints) { e.Token = "https://a:b@example.org/token" },
		"query":    func(e *fitconnect.Endpoints) { e.DestinationAPI = "https://example.org/?x=1" },
		"empty":    func(e *fitconnect.Endpoints) { e.Token = "" },
	} {
		e := good
		change(&e)
		_, err := fitconnect.NewClient(e, cred, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
	for _, e := range fitconnect.Environments() {
		_, err := fitconnect.NewClient(e, cred, nil)
		require.NoError(t, err)
	}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", cred, cred, cred), "b\"")
}

func TestTokenSingleFlightAndRefresh(t *testing.T) {
	var tokens atomic.Int64
	var clock atomic.Int64
	w := newWire(t, map[string]string{"POST /token": tokenAnswer, "GET /api/v2/submissions": `{}`})
	c := w.client(t, &fitconnect.ClientOptions{
		Now: func() time.Time { return time.Unix(1788343200+clock.Load(), 0) },
		Observe: func(i fitconnect.CallInfo) {
			if i.Op == "token" {
				tokens.Add(1)
			}
		}})
	page := func() {
		_, err := c.SubmissionPage(t.Context(), "", 0, 0)
		require.NoError(t, err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(page)
	}
	wg.Wait()
	require.EqualValues(t, 1, tokens.Load(), "callers share one token request")
	clock.Store(1739)
	page()
	require.EqualValues(t, 1, tokens.Load())
	clock.Store(1740)
	page()
	require.EqualValues(t, 2, tokens.Load(), "renewed 60 s early")
}

func TestRetries(t *testing.T) {
	ctx := t.Context()
	status := func(op string, code, times int, after time.Duration) fitconnecttest.Fault {
		return fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: op, Status: code, Times: times, RetryAfter: after}
	}
	t.Run("passing failures of idempotent calls", func(t *testing.T) {
		for _, f := range []fitconnecttest.Fault{status("GET submission", 500, 3, 0), status("GET submission", 503, 1, 0),
			{Kind: fitconnecttest.FaultCut, Op: "GET submission", Times: 2}, {Kind: fitconnecttest.FaultLostAnswer, Op: "GET submission"}} {
			b := newBench(t, nil, nil)
			sent := b.send(t, nil)
			b.z.Inject(f)
			_, err := b.sub.Fetch(ctx, sent.SubmissionID)
			require.NoError(t, err)
			if f.Kind == fitconnecttest.FaultCut {
				continue // net/http repeats a GET by itself if a reused connection was cut
			}
			require.Len(t, b.slept, max(f.Times, 1))
			for i, d := range b.slept {
				full := 200 * time.Millisecond << i
				require.True(t, d >= full/2 && d <= full, "backoff %d is %s", i, d)
			}
		}
	})
	t.Run("bounded", func(t *testing.T) {
		b := newBench(t, nil, nil)
		sent := b.send(t, nil)
		b.z.Inject(status("GET submission", 500, -1, 0))
		_, err := b.sub.Fetch(ctx, sent.SubmissionID)
		require.ErrorIs(t, err, fehler.ErrUnavailable)
		require.Len(t, b.slept, 3)
	})
	t.Run("Retry-After is honoured", func(t *testing.T) {
		b := newBench(t, nil, nil)
		sent := b.send(t, nil)
		b.z.Inject(status("GET submission", 429, 1, 7*time.Second))
		_, err := b.sub.Fetch(ctx, sent.SubmissionID)
		require.NoError(t, err)
		require.Equal(t, []time.Duration{7 * time.Second}, b.slept)
	})
	t.Run("too long to wait for", func(t *testing.T) {
		b := newBench(t, nil, nil)
		sent := b.send(t, nil)
		b.z.Inject(status("GET submission", 429, 1, time.Hour))
		_, err := b.sub.Fetch(ctx, sent.SubmissionID)
		var api *fitconnect.APIError
		require.ErrorAs(t, err, &api)
		require.Equal(t, time.Hour, api.RetryAfter)
		require.Empty(t, b.slept)
	})
	t.Run("never for what is not idempotent", func(t *testing.T) {
		b := newBench(t, nil, nil)
		b.z.Inject(status("POST submission", 500, 1, 0))
		_, err := b.z.Sende(ctx, fitconnecttest.Beispiel(b.dest.ID))
		require.ErrorIs(t, err, fehler.ErrUnavailable)
		require.Empty(t, b.slept)
	})
	t.Run("not for mistakes of the caller", func(t *testing.T) {
		for code, kind := range map[int]error{400: fehler.ErrInvalid, 403: fehler.ErrForbidden, 404: fehler.ErrNotFound, 409: fehler.ErrConflict, 422: fehler.ErrInvalid} {
			b := newBench(t, nil, nil)
			sent := b.send(t, nil)
			b.z.Inject(status("GET submission", code, 1, 0))
			_, err := b.sub.Fetch(ctx, sent.SubmissionID)
			require.ErrorIs(t, err, kind)
			require.Empty(t, b.slept)
		}
	})
	t.Run("a refused token is renewed once", func(t *testing.T) {
		b := newBench(t, nil, nil)
		sent := b.send(t, nil)
		r, err := b.sub.Fetch(ctx, sent.SubmissionID)
		require.NoError(t, err)
		b.z.RevokeTokens()
		require.NoError(t, b.sub.Accept(ctx, r), "also for a call that is not idempotent")
		b.z.Inject(status("GET submissions", 401, -1, 0))
		_, err = fetchPage(ctx, b)
		require.ErrorIs(t, err, fehler.ErrForbidden)
	})
	t.Run("hanging answers end with the attempt", func(t *testing.T) {
		b := newBench(t, &fitconnect.ClientOptions{Timeout: 50 * time.Millisecond, Attempts: 2}, nil)
		sent := b.send(t, nil)
		b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultHang, Op: "GET submission", Times: -1})
		_, err := b.sub.Fetch(ctx, sent.SubmissionID)
		require.ErrorIs(t, err, fehler.ErrUnavailable)
		require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context did not end")
		require.Len(t, b.slept, 1)
	})
	t.Run("the caller's context ends everything", func(t *testing.T) {
		b := newBench(t, nil, nil)
		sent := b.send(t, nil)
		b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultHang, Op: "GET submission", Times: -1})
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		_, err := b.sub.Fetch(short, sent.SubmissionID)
		require.Equal(t, context.DeadlineExceeded, err)
	})
	t.Run("slow answers are waited for", func(t *testing.T) {
		b := newBench(t, nil, nil)
		sent := b.send(t, nil)
		b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultSlow, Op: "GET submission", Delay: 20 * time.Millisecond})
		_, err := b.sub.Fetch(ctx, sent.SubmissionID)
		require.NoError(t, err)
	})
}

func fetchPage(ctx context.Context, b *bench) (n int, err error) {
	for _, err := range b.sub.List(ctx) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func TestAPIErrorIsDecoded(t *testing.T) {
	b := newBench(t, nil, nil)
	c, err := b.dest.Client(nil)
	require.NoError(t, err)
	_, err = c.Destination(t.Context(), otherID)
	var api *fitconnect.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, 404, api.Status)
	require.Equal(t, "https://schema.fitko.de/fit-connect/submission-api/problems/destination-not-found", api.Type)
	require.NotEmpty(t, api.Detail)
	require.NotContains(t, err.Error(), api.Detail, "details may echo input")

	wrong, err := fitconnect.NewClient(b.z.Endpoints(), fitconnect.Credentials{ClientID: "x", ClientSecret: "y"}, nil)
	require.NoError(t, err)
	defer wrong.CloseIdleConnections()
	_, err = wrong.Destination(t.Context(), otherID)
	require.ErrorAs(t, err, &api)
	require.Equal(t, "invalid_client", api.Type)
	require.ErrorIs(t, err, fehler.ErrForbidden)
}

func TestServiceKeyRefetchIsBounded(t *testing.T) {
	var clock atomic.Int64
	w := newWire(t, map[string]string{"GET /api/.well-known/jwks.json": `{"keys":[{"kid":"known-key"}]}`})
	c := w.client(t, &fitconnect.ClientOptions{Now: func() time.Time { return time.Unix(clock.Load(), 0) }})
	for range 50 {
		_, err := c.ServiceKey(t.Context(), "forged")
		require.ErrorIs(t, err, fehler.ErrNotFound)
	}
	require.Len(t, w.seen, 1, "a forged kid does not turn into calls")
	clock.Store(31)
	_, _ = c.ServiceKey(t.Context(), "forged")
	require.Len(t, w.seen, 2, "but a rollover is noticed")
	_, err := c.ServiceKey(t.Context(), "known-key")
	require.NoError(t, err)
	require.Len(t, w.seen, 2)
}

func TestRateLimiter(t *testing.T) {
	w := newWire(t, map[string]string{"POST /token": tokenAnswer, "GET /api/v2/submissions": `{}`})
	c := w.client(t, &fitconnect.ClientOptions{Limiter: rate.NewLimiter(rate.Every(time.Hour), 2)})
	_, err := c.SubmissionPage(t.Context(), "", 0, 0)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = c.SubmissionPage(ctx, "", 0, 0)
	require.Error(t, err)
	require.Len(t, w.seen, 2)
}
