package fitconnect_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Submissions for the old key wait while the destination announces the new one.
func TestEncryptionKeyRollover(t *testing.T) {
	b := newBench(t, nil, nil)
	first, second := testKey(t, fitconnecttest.KeyEncryption1), testKey(t, fitconnecttest.KeyEncryption2)
	old := b.send(t, nil)
	require.NoError(t, b.dest.Rotate(second))
	young := b.send(t, nil)
	with := func(o *fitconnect.SubscriberOptions, keys ...string) *fitconnect.Subscriber {
		c, err := b.dest.Client(nil)
		require.NoError(t, err)
		s, err := fitconnect.NewSubscriber(fitconnect.SubscriberParams{Client: c, DestinationID: b.dest.ID,
			Keys: ring(t, keys...), Signing: b.dest.Signing.Signing()}, o)
		require.NoError(t, err)
		return s
	}
	both := with(nil, fitconnecttest.KeyEncryption1, fitconnecttest.KeyEncryption2)
	for sent, kid := range map[*fitconnect.Sent]string{old: first.Kid, young: second.Kid} {
		r, err := both.Fetch(t.Context(), sent.SubmissionID)
		require.NoError(t, err)
		j, err := fitconnect.ParseJWE(r.Submission.EncryptedMetadata)
		require.NoError(t, err)
		require.Equal(t, kid, j.Kid)
	}
	technical := func(s *fitconnect.Subscriber, why string) {
		r, err := s.Fetch(t.Context(), old.SubmissionID)
		require.Nil(t, r, why)
		require.Nil(t, fehler.ProblemeIn(err), "%s: never a reject", why)
		require.ErrorIs(t, err, fehler.ErrUnavailable, why)
		require.ErrorContains(t, err, first.Kid, why)
	}
	technical(with(nil, fitconnecttest.KeyEncryption2), "key removed too early, still published")
	require.NoError(t, b.dest.Withdraw(first.Kid))
	former := with(&fitconnect.SubscriberOptions{FormerKids: []string{first.Kid}}, fitconnecttest.KeyEncryption2)
	technical(former, "not even published any more")
	_, err := former.Fetch(t.Context(), young.SubmissionID)
	require.NoError(t, err)
	_, err = both.Fetch(t.Context(), old.SubmissionID)
	require.NoError(t, err, "who still has the key opens it, published or not")

	// Control: a kid that never was ours is the sender's mistake.
	_, err = with(nil, fitconnecttest.KeyEncryption2).Fetch(t.Context(), old.SubmissionID)
	require.Equal(t, "fitconnect.encryption-issue", fehler.ProblemeIn(err)[0].Code)
}

func TestSignatureKeyRollover(t *testing.T) {
	b := newBench(t, nil, nil)
	first, second := testKey(t, fitconnecttest.KeySigning1), testKey(t, fitconnecttest.KeySigning2)
	accept := func(s *fitconnect.Subscriber, sent *fitconnect.Sent) {
		r, err := s.Fetch(t.Context(), sent.SubmissionID)
		require.NoError(t, err)
		require.NoError(t, s.Accept(t.Context(), r))
	}
	kidOf := func(s *fitconnect.Subscriber, sent *fitconnect.Sent) string {
		log, err := s.EventLog(t.Context(), sent.SubmissionRef)
		require.NoError(t, err)
		require.Equal(t, fitconnect.StateAccepted, log.State)
		return log.Last(log.Submit.Subject, fitconnect.EventAcceptSubmission).Kid
	}
	before := b.send(t, nil)
	accept(b.sub, before)
	require.NoError(t, b.dest.RotateSigning(second))
	s, err := b.dest.Subscriber(nil, nil)
	require.NoError(t, err)
	after := b.send(t, nil)
	accept(s, after)
	require.Equal(t, second.Kid, kidOf(s, after))
	require.Equal(t, first.Kid, kidOf(s, before), "verified with the old public key")
	late := b.send(t, nil)
	accept(b.sub, late) // a process that was not restarted yet
	require.Equal(t, first.Kid, kidOf(s, late))

	// Control: an old key that is published no longer cannot vouch for anything.
	require.NoError(t, b.dest.Withdraw(first.Kid))
	fresh, err := b.dest.Subscriber(nil, nil)
	require.NoError(t, err)
	_, err = fresh.EventLog(t.Context(), before.SubmissionRef)
	require.Equal(t, "fitconnect.invalid-event-log", fehler.ProblemeIn(err)[0].Code)
}
