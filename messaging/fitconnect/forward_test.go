package fitconnect_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestForward(t *testing.T) {
	for _, reject := range []bool{false, true} {
		b := newBench(t, nil, nil)
		sent := b.send(t, nil)
		require.NoError(t, b.sub.Forward(t.Context(), sent.SubmissionRef))
		require.Equal(t, fitconnect.StateForwarded, b.z.State(sent.SubmissionID))
		listed := 0
		for _, err := range b.sub.List(t.Context()) {
			require.NoError(t, err)
			listed++
		}
		require.Equal(t, 1, listed, "it still waits")
		r, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
		require.NoError(t, err, "a log with a forward event verifies")
		require.Equal(t, fitconnect.StateForwarded, r.Log.State)
		e := r.Log.Last(r.Log.Submit.Subject, fitconnect.EventForwardSubmission)
		require.Equal(t, b.dest.ID, e.Issuer)
		require.Equal(t, r.Log.Submit.Schema, e.Schema)

		want := fitconnect.StateAccepted
		if reject {
			want = fitconnect.StateRejected
			require.NoError(t, b.sub.Reject(t.Context(), sent.SubmissionRef, []fitconnect.Problem{{Type: "x", Title: "x", Detail: "x", Instance: "data"}}))
		} else {
			require.NoError(t, b.sub.Accept(t.Context(), r))
		}
		log, err := b.sub.EventLog(t.Context(), sent.SubmissionRef)
		require.NoError(t, err)
		require.Equal(t, want, log.State)

		err = b.sub.Forward(t.Context(), sent.SubmissionRef)
		require.ErrorIs(t, err, fehler.ErrConflict, "too late")
		var d *fitconnect.DecidedError
		require.ErrorAs(t, err, &d)
		require.Equal(t, want, d.State)
		require.False(t, d.ByService)
	}
}

func TestForwardWithLostAnswer(t *testing.T) {
	b := newBench(t, nil, nil)
	sent := b.send(t, nil)
	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultLostAnswer, Op: "POST event"})
	require.NoError(t, b.sub.Forward(t.Context(), sent.SubmissionRef), "the log shows that it got through")
	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultCut, Op: "POST event"})
	require.Error(t, b.sub.Forward(t.Context(), sent.SubmissionRef), "an earlier forward is not this one")
	require.ErrorIs(t, b.sub.Forward(t.Context(), fitconnect.SubmissionRef{DestinationID: otherID}), fehler.ErrInvalid)
}
