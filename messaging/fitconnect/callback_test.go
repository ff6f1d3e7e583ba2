package fitconnect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const callbackBody = `{"type":"https://schema.fitko.de/fit-connect/submission-api/callbacks/new-submissions","submissionIds":["` + subID + `"],
 "submissions":[{"destinationId":"` + destID + `","submissionId":"` + subID + `","caseId":"` + caseID + `"}]}`

func TestVerifyCallbackVectors(t *testing.T) {
	var vectors []struct {
		Secret, Timestamp, Body string
		HMAC                    string `json:"hmac_sha512_hex"`
	}
	require.NoError(t, json.Unmarshal(standard(t, "testvectors", "callback-hmac.json"), &vectors))
	require.Len(t, vectors, 3)
	for _, v := range vectors {
		seconds, err := strconv.ParseInt(v.Timestamp, 10, 64)
		require.NoError(t, err)
		at := time.Unix(seconds, 0)
		h := http.Header{}
		h.Set("callback-timestamp", v.Timestamp)
		for _, mac := range []string{v.HMAC, strings.ToUpper(v.HMAC)} {
			h.Set("callback-authentication", mac)
			require.NoError(t, fitconnect.VerifyCallback(v.Secret, h, []byte(v.Body), at, nil))
		}
		require.Error(t, fitconnect.VerifyCallback(v.Secret, h, []byte(v.Body+"\n"), at, nil), "the body is never normalised")
		require.Error(t, fitconnect.VerifyCallback(v.Secret+"x", h, []byte(v.Body), at, nil))
		require.Equal(t, v.HMAC, fitconnect.SignCallback(v.Secret, []byte(v.Body), at).Get("callback-authentication"))
	}
}

func TestVerifyCallbackWindowAndHeaders(t *testing.T) {
	at := time.Unix(1788343200, 0)
	h := fitconnect.SignCallback("secret", []byte("{}"), at)
	for now, ok := range map[time.Time]bool{
		at: true, at.Add(300 * time.Second): true, at.Add(301 * time.Second): false,
		at.Add(-60 * time.Second): true, at.Add(-61 * time.Second): false,
	} {
		require.Equal(t, ok, fitconnect.VerifyCallback("secret", h, []byte("{}"), now, nil) == nil, now.Sub(at))
	}
	require.NoError(t, fitconnect.VerifyCallback("secret", h, []byte("{}"), at.Add(-time.Hour), &fitconnect.CallbackOptions{MaxAhead: time.Hour}))
	require.NoError(t, fitconnect.VerifyCallback("new", h, []byte("{}"), at, &fitconnect.CallbackOptions{PreviousSecret: "secret"}))

	for name, change := range map[string]func(http.Header){
		"no timestamp":   func(h http.Header) { h.Del("callback-timestamp") },
		"no mac":         func(h http.Header) { h.Del("callback-authentication") },
		"two timestamps": func(h http.Header) { h.Add("callback-timestamp", "1") },
		"two macs":       func(h http.Header) { h.Add("callback-authentication", h.Get("callback-authentication")) },
		"other time":     func(h http.Header) { h.Set("callback-timestamp", "1788343201") },
		"signed time":    func(h http.Header) { h.Set("callback-timestamp", "+1788343200") },
		"float time":     func(h http.Header) { h.Set("callback-timestamp", "1788343200.0") },
		"short mac":      func(h http.Header) { h.Set("callback-authentication", h.Get("callback-authentication")[2:]) },
		"no hex":         func(h http.Header) { h.Set("callback-authentication", strings.Repeat("z", 128)) },
	} {
		t.Run(name, func(t *testing.T) {
			bad := h.Clone()
			change(bad)
			require.ErrorIs(t, fitconnect.VerifyCallback("secret", bad, []byte("{}"), at, nil), fehler.ErrInvalid)
		})
	}
	require.Error(t, fitconnect.VerifyCallback("", fitconnect.SignCallback("", []byte("{}"), at), []byte("{}"), at, nil),
		"an empty secret authenticates nobody")
}

func TestCallbackHandler(t *testing.T) {
	at := time.Unix(1788343200, 0)
	var got []fitconnect.Notification
	var fails error
	handler, err := fitconnect.NewCallbackHandler("secret", func(_ context.Context, n fitconnect.Notification) error {
		if fails == nil {
			got = append(got, n)
		}
		return fails
	}, &fitconnect.CallbackOptions{Now: func() time.Time { return at }, MaxBody: 1000, ReplayCache: 2})
	require.NoError(t, err)
	post := func(method, body string, h http.Header) int {
		r := httptest.NewRequest(method, "/callback", strings.NewReader(body))
		r.Header = h
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.NotContains(t, w.Body.String(), "secret")
		return w.Code
	}
	signed := func(body string, at time.Time) http.Header {
		return fitconnect.SignCallback("secret", []byte(body), at)
	}

	fails = errors.New("database down")
	require.Equal(t, http.StatusServiceUnavailable, post("POST", callbackBody, signed(callbackBody, at)))
	fails = nil
	require.Equal(t, http.StatusNoContent, post("POST", callbackBody, signed(callbackBody, at)), "the repetition of a failure is handled")
	require.Len(t, got, 1)
	require.Equal(t, fitconnect.CallbackNewSubmissions, got[0].Kind)
	require.Equal(t, []fitconnect.SubmissionRef{{DestinationID: destID, SubmissionID: subID, CaseID: caseID}}, got[0].Submissions)

	require.Equal(t, http.StatusNoContent, post("POST", callbackBody, signed(callbackBody, at)))
	require.Len(t, got, 1, "a replay is answered without a second call")

	require.Equal(t, http.StatusMethodNotAllowed, post("GET", callbackBody, signed(callbackBody, at)))
	require.Equal(t, http.StatusUnauthorized, post("POST", callbackBody, http.Header{}))
	require.Equal(t, http.StatusUnauthorized, post("POST", callbackBody+" ", signed(callbackBody, at)))
	require.Equal(t, http.StatusUnauthorized, post("POST", callbackBody, signed(callbackBody, at.Add(-301*time.Second))))
	long := callbackBody + strings.Repeat(" ", 1000)
	require.Equal(t, http.StatusRequestEntityTooLarge, post("POST", long, signed(long, at)))
	for _, bad := range []string{"{", `{"type":"https://evil.example.org"}`, `{"type":"` + fitconnect.CallbackNewEvents.URI() + `","submissions":[{"submissionId":"../x"}]}`} {
		require.Equal(t, http.StatusBadRequest, post("POST", bad, signed(bad, at)))
	}
	require.Equal(t, fitconnect.CallbackCounts{Notified: 1, Replayed: 1, Refused: 8, Failed: 1}, handler.Counts())

	// The cache is bounded: the oldest is forgotten, the notification then idempotent.
	for i := range 2 {
		require.Equal(t, http.StatusNoContent, post("POST", callbackBody, signed(callbackBody, at.Add(time.Duration(i+1)*time.Second))))
	}
	require.Equal(t, http.StatusNoContent, post("POST", callbackBody, signed(callbackBody, at)))
	require.Len(t, got, 4)
}

func TestCallbackHandlerConcurrentReplay(t *testing.T) {
	at := time.Unix(1788343200, 0)
	entered, release := make(chan bool), make(chan bool)
	handler, err := fitconnect.NewCallbackHandler("secret", func(context.Context, fitconnect.Notification) error {
		entered <- true
		<-release
		return nil
	}, &fitconnect.CallbackOptions{Now: func() time.Time { return at }})
	require.NoError(t, err)
	post := func() int {
		r := httptest.NewRequest("POST", "/", bytes.NewReader([]byte(callbackBody)))
		r.Header = fitconnect.SignCallback("secret", []byte(callbackBody), at)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	var wg sync.WaitGroup
	wg.Go(func() { require.Equal(t, http.StatusNoContent, post()) })
	<-entered
	require.Equal(t, http.StatusServiceUnavailable, post(), "not 2xx before the first one is done")
	close(release)
	wg.Wait()
	require.Equal(t, http.StatusNoContent, post())
}

func FuzzCallback(f *testing.F) {
	at := time.Unix(1788343200, 0)
	good := fitconnect.SignCallback("secret", []byte(callbackBody), at)
	f.Add([]byte(callbackBody), good.Get("callback-timestamp"), good.Get("callback-authentication"))
	f.Add([]byte("{}"), "1", "00")
	f.Fuzz(func(t *testing.T, body []byte, stamp, mac string) {
		h := http.Header{}
		h.Set("callback-timestamp", stamp)
		h.Set("callback-authentication", mac)
		if fitconnect.VerifyCallback("secret", h, body, at, nil) == nil {
			require.Equal(t, []byte(callbackBody), body, "only what was signed is authentic")
		}
		if n, err := fitconnect.ParseNotification(body); err == nil {
			require.NotEmpty(t, n.Type)
		}
	})
}

func TestNotificationKinds(t *testing.T) {
	const ref = `{"destinationId":"` + otherID + `","submissionId":"` + otherID + `","caseId":"` + otherID + `"}`
	const prefix = "https://schema.fitko.de/fit-connect/submission-api/callbacks/"
	var got fitconnect.Notification
	now := time.Now()
	h, err := fitconnect.NewCallbackHandler("secret-of-the-test", func(_ context.Context, n fitconnect.Notification) error {
		got = n
		return nil
	}, &fitconnect.CallbackOptions{Types: map[string]fitconnect.CallbackKind{"urn:other:events": fitconnect.CallbackNewEvents}})
	require.NoError(t, err)
	for body, kind := range map[string]fitconnect.CallbackKind{
		`{"type":"` + prefix + `new-submissions","submissions":[` + ref + `],"submissionIds":["` + otherID + `"]}`:  fitconnect.CallbackNewSubmissions,
		`{"type":"` + prefix + `new-submissions","submissionIds":7}`:                                                fitconnect.CallbackNewSubmissions,
		`{"type":"` + prefix + `new-events","submissions":[` + ref + `]}`:                                           fitconnect.CallbackNewEvents,
		`{"type":"` + prefix + `new-events","submissions":[{"caseId":"` + otherID + `"}]}`:                          fitconnect.CallbackNewEvents,
		`{"type":"` + prefix + `new-replies","replies":[{"replyId":"` + otherID + `","caseId":"` + otherID + `"}]}`: fitconnect.CallbackNewReplies,
		`{"type":"` + prefix + `new-replies"}`:                                                                      fitconnect.CallbackNewReplies,
		`{"type":"urn:other:events"}`:                                                                               fitconnect.CallbackNewEvents,
		"":                                                                                                          "", // refused, as all below
		`{"type":"` + prefix + `new-submissions","submissions":[{"caseId":"` + otherID + `"}]}`:                     "",
		`{"type":"` + prefix + `new-replies","replies":[{"replyId":"../x"}]}`:                                       "",
		`{"type":"urn:unknown"}`:                                                                                    "",
	} {
		got = fitconnect.Notification{}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header = fitconnect.SignCallback("secret-of-the-test", []byte(body), now)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, kind, got.Kind, body)
		require.Equal(t, kind == "", w.Code == http.StatusBadRequest, body)
		if strings.Contains(body, "replyId") && kind != "" {
			require.Equal(t, otherID, got.Replies[0].ReplyID)
		}
	}
}
