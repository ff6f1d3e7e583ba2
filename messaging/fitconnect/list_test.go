package fitconnect_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestListPagesAndAcceptsWhileIterating(t *testing.T) {
	b := newBench(t, nil, nil)
	sender, err := b.z.Sender()
	require.NoError(t, err)
	want := map[string]bool{}
	d := fitconnecttest.Beispiel(b.dest.ID)
	d.Attachments = nil
	for range 12 {
		sent, err := sender.Send(t.Context(), d)
		require.NoError(t, err)
		want[sent.SubmissionID] = true
	}
	for ref, err := range b.sub.List(t.Context()) {
		require.NoError(t, err)
		require.True(t, want[ref.SubmissionID], "each once")
		delete(want, ref.SubmissionID)
		r, err := b.sub.Fetch(t.Context(), ref.SubmissionID)
		require.NoError(t, err)
		require.NoError(t, b.sub.Accept(t.Context(), r))
	}
	require.Empty(t, want)
	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "GET submissions", Status: 403})
	_, err = fetchPage(t.Context(), b)
	require.ErrorIs(t, err, fehler.ErrForbidden)
}

// pages serves a list that shrinks while it is read.
func TestListShrinkingPages(t *testing.T) {
	id := func(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }
	waiting := []int{}
	for i := range 1200 {
		waiting = append(waiting, i)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			io.WriteString(w, tokenAnswer)
			return
		}
		var offset int
		fmt.Sscan(r.URL.Query().Get("offset"), &offset)
		part := waiting[min(offset, len(waiting)):min(offset+500, len(waiting))]
		refs := make([]string, len(part))
		for i, n := range part {
			refs[i] = `{"submissionId":"` + id(n) + `"}`
		}
		fmt.Fprintf(w, `{"count":%d,"offset":%d,"totalCount":%d,"submissions":[%s]}`, len(part), offset, len(waiting), strings.Join(refs, ","))
	}))
	defer srv.Close()
	c, err := fitconnect.NewClient(fitconnect.Endpoints{Token: srv.URL + "/token", SubmissionAPI: srv.URL},
		fitconnect.Credentials{ClientID: "a", ClientSecret: "b"}, &fitconnect.ClientOptions{HTTP: srv.Client()})
	require.NoError(t, err)
	seen := map[string]int{}
	for ref, err := range c.Submissions(t.Context(), "") {
		require.NoError(t, err)
		seen[ref.SubmissionID]++
		// Decided at once, so that the next page moves up.
		waiting = slices.DeleteFunc(waiting, func(n int) bool { return id(n) == ref.SubmissionID })
	}
	require.Equal(t, 1200, len(seen))
	for _, n := range seen {
		require.Equal(t, 1, n)
	}
}

func TestAttachmentTo(t *testing.T) {
	b := newBench(t, nil, nil)
	d := fitconnecttest.Beispiel(b.dest.ID)
	d.Attachments[0].Content = bytes.Repeat([]byte("x"), 1<<20)
	sent, err := b.z.Sende(t.Context(), d)
	require.NoError(t, err)
	c, err := b.dest.Client(&fitconnect.ClientOptions{BaseDelay: time.Millisecond})
	require.NoError(t, err)
	s, err := c.Submission(t.Context(), sent.SubmissionID)
	require.NoError(t, err)
	whole, err := c.AttachmentJWE(t.Context(), sent.SubmissionID, s.Attachments[0])
	require.NoError(t, err)

	var buf bytes.Buffer
	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultCut, Op: "GET attachment"})
	n, err := c.AttachmentTo(t.Context(), sent.SubmissionID, s.Attachments[0], &buf)
	require.NoError(t, err, "nothing was written yet: repeated")
	require.EqualValues(t, len(whole), n)
	require.Equal(t, whole, buf.String())

	buf.Reset()
	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultLostAnswer, Op: "GET attachment"})
	_, err = c.AttachmentTo(t.Context(), sent.SubmissionID, s.Attachments[0], &buf)
	require.ErrorIs(t, err, fehler.ErrUnavailable, "a half-written attachment is not appended to")
	require.Less(t, buf.Len(), len(whole))

	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultLostAnswer, Op: "GET attachment"})
	again, err := c.AttachmentJWE(t.Context(), sent.SubmissionID, s.Attachments[0])
	require.NoError(t, err)
	require.Equal(t, whole, again, "in memory it is repeated from the start")
}
