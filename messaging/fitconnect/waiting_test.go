package fitconnect_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestWaitingAndAutomaticReject(t *testing.T) {
	const day = 24 * time.Hour
	var passed atomic.Int64
	start := time.Unix(1788343200, 0)
	z := fitconnecttest.New(t, &fitconnecttest.Options{Now: func() time.Time { return start.Add(time.Duration(passed.Load())) }})
	d, err := z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	sub, err := d.Subscriber(nil, nil)
	require.NoError(t, err)
	sent, err := z.Sende(t.Context(), fitconnecttest.Beispiel(d.ID))
	require.NoError(t, err)
	early, err := sub.Fetch(t.Context(), sent.SubmissionID)
	require.NoError(t, err)
	at := func(d time.Duration) []fitconnect.Waiting {
		passed.Store(int64(d))
		require.NoError(t, z.Tick())
		var out []fitconnect.Waiting
		for w, err := range sub.Waiting(t.Context()) {
			require.NoError(t, err)
			out = append(out, w)
		}
		return out
	}
	for _, c := range []struct {
		age  time.Duration
		next fitconnect.DeadlineKind
		in   time.Duration
	}{
		{0, fitconnect.DeadlineFirstMail, 3 * day},
		{3 * day, fitconnect.DeadlineSecondMail, 6 * day},
		{13 * day, fitconnect.DeadlineReject, day},
		{14*day - time.Second, fitconnect.DeadlineReject, time.Second},
	} {
		w := at(c.age)
		require.Len(t, w, 1)
		require.Equal(t, fitconnect.Waiting{SubmissionRef: sent.SubmissionRef, State: fitconnect.StateSubmitted,
			SubmittedAt: start.UTC(), Age: c.age, RejectAt: start.Add(14 * day).UTC(),
			Next: fitconnect.DueDate{Kind: c.next, At: start.Add(c.age + c.in).UTC()}}, w[0])
	}
	require.Empty(t, at(14*day), "rejected by the service")
	for name, err := range map[string]error{
		"fetch":  func() error { _, err := sub.Fetch(t.Context(), sent.SubmissionID); return err }(),
		"accept": func() error { return sub.Accept(t.Context(), early) }(),
	} {
		var decided *fitconnect.DecidedError
		require.ErrorAs(t, err, &decided, name)
		require.Equal(t, fitconnect.StateRejected, decided.State)
		require.True(t, decided.ByService)
		require.Equal(t, start.Add(14*day).UTC(), decided.At)
		require.ErrorContains(t, err, "by the delivery service itself", name)
		require.Nil(t, fehler.ProblemeIn(err), name)
	}
	_, err = sub.Fetch(t.Context(), sent.SubmissionID)
	require.ErrorIs(t, err, fehler.ErrNotFound)
	require.ErrorIs(t, sub.Accept(t.Context(), early), fehler.ErrConflict)
	_, err = sub.Fetch(t.Context(), otherID)
	var decided *fitconnect.DecidedError
	require.False(t, errors.As(err, &decided), "what never was is only not found")
}

func TestWaitingGoesOnAfterABrokenLog(t *testing.T) {
	b := newBench(t, nil, nil)
	broken, whole := b.send(t, nil), b.send(t, nil)
	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultForgedEvents, SubmissionID: broken.SubmissionID, Times: -1})
	got := map[string]error{}
	for w, err := range b.sub.Waiting(t.Context()) {
		got[w.SubmissionID] = err
	}
	require.Len(t, got, 2)
	require.Error(t, got[broken.SubmissionID])
	require.NoError(t, got[whole.SubmissionID])
}

func TestServiceDeadlinesAgreeWithTheDouble(t *testing.T) {
	want := fitconnecttest.Deadlines()
	got := map[fitconnect.DeadlineKind]time.Duration{}
	for _, d := range fitconnect.ServiceDeadlines() {
		require.NotEmpty(t, d.Source)
		got[d.Kind] = d.After
	}
	require.Equal(t, want, fitconnecttest.DeadlineTable{DeleteIncomplete: got[fitconnect.DeadlineIncomplete], AutoReject: got[fitconnect.DeadlineReject],
		DeleteUndecided: got[fitconnect.DeadlineDelete], DeleteAccepted: got[fitconnect.DeadlineAccepted], DeleteEvents: got[fitconnect.DeadlineEvents]})
}

func TestOwnProblemTable(t *testing.T) {
	own := []fitconnect.ProblemRule{{Slug: fitconnect.SlugHashMismatch, Title: "Hash falsch", Hinweis: "Der Hash ist falsch.", Type: "https://example.org/problems/hash"}}
	b := newBench(t, nil, &fitconnect.SubscriberOptions{Problems: own})
	p := fehler.Probleme{fitconnect.Finding(fitconnect.SlugHashMismatch, fitconnect.InstanceData, "x"), fitconnect.Finding(fitconnect.SlugMissingData, fitconnect.InstanceMetadata, "x")}
	got := b.sub.ProblemsOf(p)
	require.Equal(t, fitconnect.Problem{Type: own[0].Type, Title: own[0].Title, Detail: own[0].Hinweis, Instance: "data"}, got[0])
	require.Equal(t, fitconnect.ProblemsOf(p)[1], got[1], "the others stay")
	require.Equal(t, newBench(t, nil, nil).sub.ProblemsOf(p), fitconnect.ProblemsOf(p), "by default nothing changes")
	for _, bad := range []fitconnect.ProblemRule{{Slug: "neu", Title: "a", Hinweis: "b"}, {Slug: fitconnect.SlugHashMismatch, Hinweis: "b"},
		{Slug: fitconnect.SlugHashMismatch, Title: "a", Hinweis: "b", Type: "hash"}} {
		_, err := b.dest.Subscriber(nil, &fitconnect.SubscriberOptions{Problems: []fitconnect.ProblemRule{bad}})
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
}
