package fitconnect_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func listID(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }

// transport answers calls without a socket, so that a property can make thousands.
type transport func(offset, limit int) (total int, part []int)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body := tokenAnswer
	if r.URL.Path != "/token" {
		var offset, limit int
		fmt.Sscan(r.URL.Query().Get("offset"), &offset)
		fmt.Sscan(r.URL.Query().Get("limit"), &limit)
		total, part := f(offset, limit)
		refs := make([]string, len(part))
		for i, n := range part {
			refs[i] = `{"submissionId":"` + listID(n) + `"}`
		}
		body = fmt.Sprintf(`{"count":%d,"offset":%d,"totalCount":%d,"submissions":[%s]}`, len(part), offset, total, strings.Join(refs, ","))
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func listClient(t require.TestingT, f transport) *fitconnect.Client {
	c, err := fitconnect.NewClient(fitconnect.Endpoints{Token: "https://x.example/token", SubmissionAPI: "https://x.example"},
		fitconnect.Credentials{ClientID: "a", ClientSecret: "b"}, &fitconnect.ClientOptions{HTTP: &http.Client{Transport: f}})
	require.NoError(t, err)
	return c
}

// Whatever is accepted here or by another process while the list is read, and
// whatever comes in: what waits all the time is seen, once.
func TestListSeesEveryWaitingSubmission(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n, page := rapid.IntRange(0, 90).Draw(rt, "waiting"), rapid.IntRange(2, 12).Draw(rt, "page")
		churn := rapid.IntRange(0, 3).Draw(rt, "churn")
		balanced := rapid.Bool().Draw(rt, "balanced")
		front := rapid.Bool().Draw(rt, "new ones in front")
		accept := rapid.IntRange(0, 100).Draw(rt, "percent accepted while iterating")
		var waiting []int
		for i := range n {
			waiting = append(waiting, i)
		}
		next, changes := n, 0
		gone := map[int]bool{} // did not wait all the time
		remove := func(i int) {
			gone[waiting[i]] = true
			waiting = slices.Delete(waiting, i, i+1)
		}
		c := listClient(rt, func(offset, limit int) (int, []int) {
			part := slices.Clone(waiting[min(offset, len(waiting)):min(offset+min(limit, page), len(waiting))])
			total := len(waiting)
			// Between this page and the next one the list changes, and in sum may keep its length.
			for range rapid.IntRange(0, churn).Draw(rt, "changes") {
				if changes++; changes > 40 {
					break
				}
				if balanced { // as many in as out: the length tells nothing
					for range min(4, len(waiting)) {
						remove(0)
						gone[next] = true
						waiting = append(waiting, next)
						next++
					}
					continue
				}
				if len(waiting) > 0 && rapid.Bool().Draw(rt, "removed") {
					remove(rapid.IntRange(0, len(waiting)-1).Draw(rt, "which"))
				}
				if rapid.Bool().Draw(rt, "added") {
					gone[next] = true // not there from the start
					if front {
						waiting = append([]int{next}, waiting...)
					} else {
						waiting = append(waiting, next)
					}
					next++
				}
			}
			return total, part
		})
		seen := map[string]int{}
		for ref, err := range c.Submissions(context.Background(), "") {
			require.NoError(rt, err)
			seen[ref.SubmissionID]++
			if rapid.IntRange(0, 99).Draw(rt, "accept") < accept {
				if i := slices.IndexFunc(waiting, func(w int) bool { return listID(w) == ref.SubmissionID }); i >= 0 {
					waiting = slices.Delete(waiting, i, i+1)
				}
			}
		}
		for i := range n {
			if !gone[i] {
				require.Equal(rt, 1, seen[listID(i)], "submission %d", i)
			}
		}
		for id, times := range seen {
			require.Equal(rt, 1, times, id)
		}
	})
}

// A service that never ends its list, or serves the same again, does not keep us.
func TestListEnds(t *testing.T) {
	for name, c := range map[string]struct {
		f    func(calls, offset int) (int, []int)
		most int
	}{
		"same page for ever":    {func(int, int) (int, []int) { return 1 << 40, []int{1, 2, 3} }, 100},
		"pages swap":            {func(calls, _ int) (int, []int) { return 9 + calls%2, []int{calls % 7, 8} }, 200},
		"one at a time":         {func(int, int) (int, []int) { return 1 << 40, []int{1} }, 100},
		"empty and much to say": {func(calls, _ int) (int, []int) { return 1 << 40, nil }, 100},
		"always new": {func(calls, _ int) (int, []int) {
			out := make([]int, 500)
			for i := range out {
				out[i] = calls*500 + i
			}
			return 1 << 40, out
		}, 2000},
		"always new and connected": {func(calls, _ int) (int, []int) {
			out := make([]int, 500)
			for i := range out {
				out[i] = calls*499 + i
			}
			return 1 << 40, out
		}, 2000},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			client := listClient(t, func(offset, _ int) (int, []int) {
				calls++
				return c.f(calls, offset)
			})
			var last error
			n := 0
			for _, err := range client.Submissions(t.Context(), "") {
				last = err
				n++
			}
			require.LessOrEqual(t, calls, c.most)
			require.LessOrEqual(t, n, 101_000)
			if last != nil {
				require.ErrorIs(t, last, fehler.ErrUnavailable)
			}
		})
	}
}

// Through the double with small pages: lists and event logs.
func TestSmallPages(t *testing.T) {
	z := fitconnecttest.New(t, &fitconnecttest.Options{MaxPage: 3})
	d, err := z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	sub, err := d.Subscriber(nil, nil)
	require.NoError(t, err)
	draft := fitconnecttest.Beispiel(d.ID)
	draft.Attachments = nil
	want := map[string]bool{}
	for i := range 10 {
		sent, err := z.Sende(t.Context(), draft)
		require.NoError(t, err)
		want[sent.SubmissionID] = true
		if i < 4 {
			draft.CaseID = sent.CaseID // a case of many events
		} else {
			draft.CaseID = ""
		}
	}
	for ref, err := range sub.List(t.Context()) {
		require.NoError(t, err)
		require.True(t, want[ref.SubmissionID])
		delete(want, ref.SubmissionID)
		r, err := sub.Fetch(t.Context(), ref.SubmissionID)
		require.NoError(t, err)
		require.Equal(t, z.Events(ref.CaseID), r.SETs, "all pages of the log")
		require.NoError(t, sub.Accept(t.Context(), r))
	}
	require.Empty(t, want)
}

// A service that serves the first page of an event log again is at fault, not
// the sender.
func TestRepeatedEventPageIsTechnical(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			io.WriteString(w, tokenAnswer)
			return
		}
		io.WriteString(w, `{"offset":0,"count":2,"totalCount":6,"eventLog":["a","b"]}`)
	}))
	defer srv.Close()
	c, err := fitconnect.NewClient(fitconnect.Endpoints{Token: srv.URL + "/token", SubmissionAPI: srv.URL},
		fitconnect.Credentials{ClientID: "a", ClientSecret: "b"}, &fitconnect.ClientOptions{HTTP: srv.Client()})
	require.NoError(t, err)
	_, err = c.CaseEvents(t.Context(), otherID)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.NotErrorIs(t, err, fehler.ErrInvalid)
}
