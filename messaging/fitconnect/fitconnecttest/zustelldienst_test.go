package fitconnecttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRoundTrip(t *testing.T) {
	ctx := t.Context()
	z := fitconnecttest.New(t, nil)
	stelle, err := z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	sub, err := stelle.Subscriber(nil, nil)
	require.NoError(t, err)

	draft := fitconnecttest.Beispiel(stelle.ID)
	sent, err := z.Sende(ctx, draft)
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateSubmitted, z.State(sent.SubmissionID))

	var refs []fitconnect.SubmissionRef
	for ref, err := range sub.List(ctx) {
		require.NoError(t, err)
		refs = append(refs, ref)
	}
	require.Equal(t, []fitconnect.SubmissionRef{sent.SubmissionRef}, refs)

	r, err := sub.Fetch(ctx, sent.SubmissionID)
	require.NoError(t, err)
	require.Equal(t, draft.Data, r.Data)
	require.Len(t, r.Attachments, 1)
	require.Equal(t, draft.Attachments[0].Content, r.Attachments[0].Content)
	require.True(t, *r.Metadata.AdditionalReferenceInfo.ZustimmungZumDigitalenBescheid)
	require.Len(t, r.SETs, 2)

	z.Mark("stored")
	require.NoError(t, sub.Accept(ctx, r))
	require.True(t, z.Before("stored", "POST event accept-submission"))
	require.False(t, z.Before("POST event accept-submission", "stored"))
	require.NoError(t, sub.Accept(ctx, r), "accepting again is fine")
	require.Equal(t, fitconnect.StateAccepted, z.State(sent.SubmissionID))
	for range sub.List(ctx) {
		t.Fatal("an accepted submission is not listed")
	}

	sender, err := z.Sender()
	require.NoError(t, err)
	state, log, err := sender.Status(ctx, sent)
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateAccepted, state)
	require.Len(t, log.Events, 3)
}
