package fitconnecttest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// clock is a settable clock.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(1788343200+c.offset.Load(), 0) }

func (c *clock) forward(d time.Duration) { c.offset.Add(int64(d / time.Second)) }

func start(t *testing.T, o *fitconnecttest.Options) (*fitconnecttest.Zustelldienst, *fitconnecttest.Zustellpunkt, *fitconnect.Subscriber) {
	t.Helper()
	z := fitconnecttest.New(t, o)
	d, err := z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	s, err := d.Subscriber(nil, nil)
	require.NoError(t, err)
	return z, d, s
}

func send(t *testing.T, z *fitconnecttest.Zustelldienst, d *fitconnecttest.Zustellpunkt) *fitconnect.Sent {
	t.Helper()
	sent, err := z.Sende(t.Context(), fitconnecttest.Beispiel(d.ID))
	require.NoError(t, err)
	return sent
}

const day = 24 * time.Hour

func TestDeadlines(t *testing.T) {
	c := &clock{}
	z, d, sub := start(t, &fitconnecttest.Options{Now: c.now})
	z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "PUT submission", Status: 422})
	incomplete, err := z.Sende(t.Context(), fitconnecttest.Beispiel(d.ID))
	require.Error(t, err)
	waiting, decided := send(t, z, d), send(t, z, d)
	r, err := sub.Fetch(t.Context(), decided.SubmissionID)
	require.NoError(t, err)
	require.NoError(t, sub.Accept(t.Context(), r))

	states := func() [3]fitconnect.State {
		require.NoError(t, z.Tick())
		return [3]fitconnect.State{z.State(incomplete.SubmissionID), z.State(waiting.SubmissionID), z.State(decided.SubmissionID)}
	}
	require.Equal(t, [3]fitconnect.State{"incomplete", "submitted", "accepted"}, states())
	c.forward(day)
	require.Equal(t, [3]fitconnect.State{"deleted", "submitted", "accepted"}, states())
	c.forward(6 * day)
	require.Equal(t, [3]fitconnect.State{"deleted", "submitted", "deleted"}, states())
	c.forward(7 * day)
	require.Equal(t, [3]fitconnect.State{"deleted", "rejected", "deleted"}, states())
	_, err = sub.Fetch(t.Context(), waiting.SubmissionID)
	require.ErrorIs(t, err, fehler.ErrNotFound, "not fetchable after the automatic rejection")
	log, err := sub.EventLog(t.Context(), waiting.SubmissionRef)
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateRejected, log.State)
	require.True(t, log.Last(log.Submit.Subject, fitconnect.EventRejectSubmission).FromService())
	c.forward(7 * day)
	require.Equal(t, [3]fitconnect.State{"deleted", "deleted", "deleted"}, states())
	require.NotEmpty(t, z.Events(waiting.CaseID), "the proof is still there")
	c.forward(730 * day)
	require.Equal(t, [3]fitconnect.State{"", "", ""}, states())
	require.Empty(t, z.Events(waiting.CaseID))
}

func TestRedeliveryUntilDecided(t *testing.T) {
	z, d, sub := start(t, nil)
	sent := send(t, z, d)
	for range 3 {
		n := 0
		for ref, err := range sub.List(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, sent.SubmissionID, ref.SubmissionID)
			n++
		}
		require.Equal(t, 1, n)
	}
}

func TestCallbacksUntilAnswered(t *testing.T) {
	var mu sync.Mutex
	var got []fitconnect.Notification
	fails := 2
	handler, err := fitconnect.NewCallbackHandler("callback-secret", func(_ context.Context, n fitconnect.Notification) error {
		mu.Lock()
		defer mu.Unlock()
		if fails > 0 {
			fails--
			return errors.New("not now")
		}
		got = append(got, n)
		return nil
	}, nil)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	defer server.Close()
	z, d, sub := start(t, &fitconnecttest.Options{CallbackRetry: time.Millisecond})
	d.SetCallback(fitconnect.Callback{URL: server.URL, Secret: "callback-secret"})
	z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultDuplicateCallback})

	draft := fitconnecttest.Beispiel(d.ID)
	draft.Callback = &fitconnect.Callback{URL: server.URL, Secret: "callback-secret"}
	sent, err := z.Sende(t.Context(), draft)
	require.NoError(t, err)
	require.NoError(t, z.WaitCallbacks(t.Context()))
	require.Len(t, got, 1, "repeated until answered, and the duplicate not handed on")
	require.Equal(t, fitconnect.CallbackNewSubmissions, got[0].Kind)
	require.Equal(t, sent.SubmissionRef, got[0].Submissions[0])
	require.Equal(t, fitconnect.CallbackCounts{Notified: 1, Replayed: 1, Failed: 2}, handler.Counts())

	r, err := sub.Fetch(t.Context(), sent.SubmissionID)
	require.NoError(t, err)
	require.NoError(t, sub.Accept(t.Context(), r))
	require.NoError(t, z.WaitCallbacks(t.Context()))
	require.Equal(t, fitconnect.CallbackNewEvents, got[1].Kind, "the sender hears of the acceptance")
	require.Equal(t, fitconnecttest.CallbackStats{Attempts: 5, Delivered: 2}, z.CallbackStats())
}

// raw calls the service without the client.
func raw(t *testing.T, method, url, token, contentType, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", contentType)
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(b)
}

func tokenOf(t *testing.T, z *fitconnecttest.Zustelldienst, c fitconnect.Credentials) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret}}
	status, body := raw(t, "POST", z.Endpoints().Token, "", "application/x-www-form-urlencoded", form.Encode())
	require.Equal(t, 200, status)
	_, rest, _ := strings.Cut(body, `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

// What a broken subscriber posts is refused, as the service refuses it.
func TestPostedEventsAreVerified(t *testing.T) {
	z, d, sub := start(t, nil)
	sent := send(t, z, d)
	r, err := sub.Fetch(t.Context(), sent.SubmissionID)
	require.NoError(t, err)
	token := tokenOf(t, z, d.Credentials)
	post := func(key fitconnecttest.Key, change func(*fitconnect.Event)) (int, string) {
		e := fitconnect.Event{Type: fitconnect.EventAcceptSubmission, Schema: fitconnect.DefaultSETSchema, Issuer: d.ID, IssuedAt: time.Now(),
			Subject: fitconnect.SubjectOfSubmission(sent.SubmissionID), CaseID: sent.CaseID, Tags: r.Log.Submit.Tags}
		change(&e)
		set, err := fitconnect.SignSET(key.Signing(), e)
		require.NoError(t, err)
		return raw(t, "POST", z.Endpoints().SubmissionAPI+"/v2/cases/"+sent.CaseID+"/events", token, fitconnect.MIMEJOSE, set)
	}
	stranger, err := fitconnecttest.TestKey(fitconnecttest.KeyStranger)
	require.NoError(t, err)
	forged := stranger
	forged.Kid = d.Signing.Kid
	encryption, err := fitconnecttest.TestKey(fitconnecttest.KeyEncryption1)
	require.NoError(t, err)
	other, err := z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	const otherID = "0a0f6a52-9a1c-4c3c-8a43-5f4f1a6d9f10"
	for name, c := range map[string]struct {
		key    fitconnecttest.Key
		change func(*fitconnect.Event)
		status int
	}{
		"unknown key":         {stranger, func(*fitconnect.Event) {}, 422},
		"forged signature":    {forged, func(*fitconnect.Event) {}, 422},
		"encryption key":      {encryption, func(*fitconnect.Event) {}, 422},
		"in the service name": {d.Signing, func(e *fitconnect.Event) { e.Issuer = z.Endpoints().SubmissionAPI }, 422},
		"other destination":   {d.Signing, func(e *fitconnect.Event) { e.Issuer = other.ID }, 403},
		"other case":          {d.Signing, func(e *fitconnect.Event) { e.CaseID = otherID }, 422},
		"unknown submission":  {d.Signing, func(e *fitconnect.Event) { e.Subject = fitconnect.SubjectOfSubmission(otherID) }, 422},
		"old schema": {d.Signing, func(e *fitconnect.Event) {
			e.Schema = "https://schema.fitko.de/fit-connect/set-payload/1.0.0/set-payload.schema.json"
		}, 422},
		"other tags":       {d.Signing, func(e *fitconnect.Event) { e.Tags = &fitconnect.AuthenticationTags{Metadata: "x"} }, 422},
		"event of service": {d.Signing, func(e *fitconnect.Event) { e.Type = fitconnect.EventDeleteSubmission }, 422},
	} {
		status, body := post(c.key, c.change)
		require.Equal(t, c.status, status, "%s: %s", name, body)
		require.Equal(t, fitconnect.StateSubmitted, z.State(sent.SubmissionID), name)
	}
	status, _ := post(d.Signing, func(*fitconnect.Event) {})
	require.Equal(t, 204, status)
	status, _ = post(d.Signing, func(*fitconnect.Event) {})
	require.Equal(t, 409, status, "accepted already")
	status, _ = post(d.Signing, func(e *fitconnect.Event) {
		e.Type, e.Tags, e.Problems = fitconnect.EventRejectSubmission, nil, []fitconnect.Problem{{Type: "x"}}
	})
	require.Equal(t, 409, status, "too late to reject")
}

func TestAccess(t *testing.T) {
	z, d, _ := start(t, nil)
	sent := send(t, z, d)
	api := z.Endpoints().SubmissionAPI + "/v2"
	subscriber := tokenOf(t, z, d.Credentials)
	sender := tokenOf(t, z, z.AddClient(fitconnect.ScopeSend))
	stranger := tokenOf(t, z, z.AddClient(fitconnect.ScopeSubscribe))
	for name, c := range map[string]struct {
		method, path, token, body string
		status                    int
	}{
		"no token":             {"GET", "/submissions", "", "", 401},
		"unknown token":        {"GET", "/submissions", "x", "", 401},
		"sender lists":         {"GET", "/submissions", sender, "", 403},
		"subscriber sends":     {"POST", "/submissions", subscriber, "{}", 403},
		"stranger lists":       {"GET", "/submissions?destinationId=" + d.ID, stranger, "", 403},
		"stranger fetches":     {"GET", "/submissions/" + sent.SubmissionID, stranger, "", 403},
		"stranger reads log":   {"GET", "/cases/" + sent.CaseID + "/events", stranger, "", 403},
		"other sender uploads": {"PUT", "/submissions/" + sent.SubmissionID, sender, "{}", 403},
		"subscriber fetches":   {"GET", "/submissions/" + sent.SubmissionID, subscriber, "", 200},
		"submission log":       {"GET", "/submissions/" + sent.SubmissionID + "/events", subscriber, "", 200},
		"keys elsewhere":       {"GET", "/destinations/" + d.ID + "/keys", subscriber, "", 404},
		"unknown call":         {"GET", "/nothing", subscriber, "", 404},
		"garbage":              {"POST", "/submissions", sender, "{", 400},
		"unknown destination":  {"POST", "/submissions", sender, "{}", 404},
	} {
		status, body := raw(t, c.method, api+c.path, c.token, fitconnect.MIMEJSON, c.body)
		require.Equal(t, c.status, status, "%s: %s", name, body)
	}
	status, body := raw(t, "GET", z.Endpoints().DestinationAPI+"/v2/destinations/"+d.ID+"/keys", subscriber, "", "")
	require.Equal(t, 200, status)
	require.Contains(t, body, "test-only-signing-1")

	// Basic authentication is not how this service takes secrets.
	req, err := http.NewRequestWithContext(t.Context(), "POST", z.Endpoints().Token, strings.NewReader("grant_type=client_credentials"))
	require.NoError(t, err)
	req.SetBasicAuth(d.Credentials.ClientID, d.Credentials.ClientSecret)
	req.Header.Set("User-Agent", "")
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, 403, resp.StatusCode, "no user agent")
	req, err = http.NewRequestWithContext(t.Context(), "POST", z.Endpoints().Token, strings.NewReader("grant_type=client_credentials"))
	require.NoError(t, err)
	req.SetBasicAuth(d.Credentials.ClientID, d.Credentials.ClientSecret)
	resp, err = c.Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, 401, resp.StatusCode)
}

func TestSubmissionPreconditions(t *testing.T) {
	z, d, _ := start(t, nil)
	for name, change := range map[string]func(*fitconnecttest.Roh){
		"cty of data":         func(r *fitconnecttest.Roh) { r.DataCty = "text/plain" },
		"service not offered": func(r *fitconnecttest.Roh) { r.PublicService.Identifier = "urn:de:fim:leika:leistung:99000000000000" },
		"attachment id":       func(r *fitconnecttest.Roh) { r.Attachments[0].ID = "01926d0e-0000-7000-8000-000000000000" },
		"attachment twice":    func(r *fitconnecttest.Roh) { r.Attachments = append(r.Attachments, r.Attachments[0]) },
		"case":                func(r *fitconnecttest.Roh) { r.CaseID = "0a0f6a52-9a1c-4c3c-8a43-5f4f1a6d9f10" },
	} {
		roh, err := z.Aufbereiten(fitconnecttest.Beispiel(d.ID))
		require.NoError(t, err)
		change(&roh)
		_, err = z.SendeRoh(t.Context(), roh)
		var api *fitconnect.APIError
		require.ErrorAs(t, err, &api, name)
		require.Contains(t, []int{404, 422}, api.Status, name)
	}
}

func TestCallsAreRecorded(t *testing.T) {
	z, d, sub := start(t, nil)
	sent := send(t, z, d)
	_, err := sub.Fetch(t.Context(), sent.SubmissionID)
	require.NoError(t, err)
	require.Equal(t, []string{"token", "GET destination", "GET destination key", "POST submission", "PUT attachment", "PUT submission",
		"token", "GET submission", "GET case events", "GET jwks.json", "GET attachment"}, z.Ops())
	calls := z.Calls()
	require.Equal(t, sent.SubmissionID, calls[7].SubmissionID)
	require.Equal(t, 200, calls[7].Status)
	require.Equal(t, d.Credentials.ClientID, calls[7].ClientID)
	require.False(t, z.Before("GET submission", "never"))
}

func TestCloseEndsHangingCallsAndCallbacks(t *testing.T) {
	z, err := fitconnecttest.Start(nil)
	require.NoError(t, err)
	d, err := z.AddDestination(fitconnecttest.DestinationParams{Callback: &fitconnect.Callback{URL: "http://127.0.0.1:1", Secret: "x"}})
	require.NoError(t, err)
	sub, err := d.Subscriber(nil, nil)
	require.NoError(t, err)
	sent := send(t, z, d)
	z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultHang, Op: "GET submission", Times: -1})
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	wg.Go(func() {
		_, err := sub.Fetch(ctx, sent.SubmissionID)
		require.Error(t, err)
	})
	require.Eventually(t, func() bool { return z.Before("token", "GET submission") }, 5*time.Second, time.Millisecond)
	cancel()
	z.Close()
	z.Close()
	wg.Wait() // goleak looks for what is left at the end of the package
}

// What the service decides itself, both sides hear as news of events.
func TestBothHearOfTheAutomaticReject(t *testing.T) {
	var mu sync.Mutex
	kinds := map[string][]fitconnect.CallbackKind{}
	hear := func(who string) string {
		h, err := fitconnect.NewCallbackHandler("callback-secret", func(_ context.Context, n fitconnect.Notification) error {
			mu.Lock()
			defer mu.Unlock()
			kinds[who] = append(kinds[who], n.Kind)
			return nil
		}, &fitconnect.CallbackOptions{MaxAge: 365 * day, MaxAhead: 365 * 100 * day})
		require.NoError(t, err)
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		return srv.URL
	}
	c := &clock{}
	z, d, _ := start(t, &fitconnecttest.Options{Now: c.now})
	d.SetCallback(fitconnect.Callback{URL: hear("receiver"), Secret: "callback-secret"})
	draft := fitconnecttest.Beispiel(d.ID)
	draft.Callback = &fitconnect.Callback{URL: hear("sender"), Secret: "callback-secret"}
	_, err := z.Sende(t.Context(), draft)
	require.NoError(t, err)
	for range 2 { // rejected after 14 days, deleted after 21
		c.forward(14 * day)
		require.NoError(t, z.Tick())
		require.NoError(t, z.WaitCallbacks(t.Context()))
	}
	const events = fitconnect.CallbackNewEvents
	require.Equal(t, map[string][]fitconnect.CallbackKind{
		"receiver": {fitconnect.CallbackNewSubmissions, events, events}, "sender": {events, events}}, kinds)
}

// Version 1 is served strictly: members of the other version are refused, and a
// submission is sent whole with one of them.
func TestVersion1IsStrict(t *testing.T) {
	z, d, sub := start(t, nil)
	api := z.EndpointsV1().SubmissionAPI + "/v1"
	sender := tokenOf(t, z, z.AddClient(fitconnect.ScopeSend))
	const service = `{"identifier":"` + fitconnecttest.BeispielLeistung + `"}`
	for body, want := range map[string]int{
		`{"destinationId":"` + d.ID + `","serviceType":` + service + `}`:                              201,
		`{"destinationId":"` + d.ID + `","publicService":` + service + `}`:                            422,
		`{"destinationId":"` + d.ID + `","serviceType":` + service + `,"region":"DE064350014014"}`:    422,
		`{"destinationId":"` + d.ID + `","serviceType":{"identifier":"urn:x:y"}}`:                     422,
		`{"destinationId":"0a0f6a52-9a1c-4c3c-8a43-5f4f1a6d9f10","serviceType":{"identifier":"a:b"}}`: 404,
	} {
		status, answer := raw(t, "POST", api+"/submissions", sender, fitconnect.MIMEJSON, body)
		require.Equal(t, want, status, "%s: %s", body, answer)
	}
	status, _ := raw(t, "GET", api+"/submissions/"+d.ID+"/events", sender, "", "")
	require.Equal(t, 404, status, "version 1 has logs of cases only")

	sent, err := z.SendeV1(t.Context(), fitconnecttest.Beispiel(d.ID), fitconnecttest.OptionsV1{Cty: true})
	require.NoError(t, err)
	r, err := sub.Fetch(t.Context(), sent.SubmissionID)
	require.NoError(t, err, "a subscriber of version 2 opens it")
	// An accept with the schema of version 2 is refused for it.
	set, err := fitconnect.SignSET(d.Signing.Signing(), fitconnect.Event{Type: fitconnect.EventAcceptSubmission, Schema: fitconnect.DefaultSETSchema,
		Issuer: d.ID, IssuedAt: time.Now(), Subject: r.Log.Submit.Subject, CaseID: sent.CaseID, Tags: r.Log.Submit.Tags})
	require.NoError(t, err)
	status, answer := raw(t, "POST", api+"/cases/"+sent.CaseID+"/events", tokenOf(t, z, d.Credentials), fitconnect.MIMEJOSE, set)
	require.Equal(t, 422, status)
	require.Contains(t, answer, "Payload Schema not supported")
}
