package fitconnect_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestSendChecksFirst(t *testing.T) {
	b := newBench(t, nil, nil)
	for name, change := range map[string]func(*fitconnect.Draft){
		"purpose":      func(d *fitconnect.Draft) { d.Attachments[0].Purpose = "geschenk" },
		"data":         func(d *fitconnect.Draft) { d.Data = []byte("{") },
		"data type":    func(d *fitconnect.Draft) { d.DataSchema.MIMEType = "text/plain" },
		"mail address": func(d *fitconnect.Draft) { d.Metadata.ReplyChannel.EMail.Address = "niemand" },
		"date":         func(d *fitconnect.Draft) { d.Metadata.AdditionalReferenceInfo.ApplicationDate = "1.9.2026" },
		"amount": func(d *fitconnect.Draft) {
			d.Metadata.PaymentInformation = &fitconnect.PaymentInformation{TransactionReference: "r", TransactionID: "t",
				PaymentMethod: "OTHER", Status: "BOOKED", GrossAmount: "12.345"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := fitconnecttest.Beispiel(b.dest.ID)
			change(&d)
			sent, err := b.z.Sende(t.Context(), d)
			require.NotEmpty(t, fehler.ProblemeIn(err), "%v", err)
			require.Nil(t, sent)
		})
	}
	require.NotContains(t, b.z.Ops(), "POST submission", "nothing was announced")

	_, err := b.z.Sende(t.Context(), fitconnecttest.Beispiel(otherID))
	require.ErrorIs(t, err, fehler.ErrNotFound)
	closed, err := b.z.AddDestination(fitconnecttest.DestinationParams{Status: fitconnect.DestinationInactive})
	require.NoError(t, err)
	_, err = b.z.Sende(t.Context(), fitconnecttest.Beispiel(closed.ID))
	require.ErrorIs(t, err, fehler.ErrConflict)
}

func TestSendSurvivesALostAnswer(t *testing.T) {
	for _, op := range []string{"PUT submission", "PUT attachment"} {
		b := newBench(t, nil, nil)
		b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultLostAnswer, Op: op})
		sent, err := b.z.Sende(t.Context(), fitconnecttest.Beispiel(b.dest.ID))
		require.NoError(t, err, op)
		require.Equal(t, fitconnect.StateSubmitted, b.z.State(sent.SubmissionID))
		_, err = b.sub.Fetch(t.Context(), sent.SubmissionID)
		require.NoError(t, err)
	}
}

func TestSendFailsHalfway(t *testing.T) {
	b := newBench(t, nil, nil)
	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "PUT submission", Status: 422, Times: -1})
	sent, err := b.z.Sende(t.Context(), fitconnecttest.Beispiel(b.dest.ID))
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.NotNil(t, sent, "what was announced is known")
	sender, err := b.z.Sender()
	require.NoError(t, err)
	state, log, err := sender.Status(t.Context(), sent)
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateIncomplete, state)
	require.Nil(t, log)
}

func TestStatusNoticesAnExchange(t *testing.T) {
	b := newBench(t, nil, nil)
	sent, err := b.z.Sende(t.Context(), fitconnecttest.Beispiel(b.dest.ID))
	require.NoError(t, err)
	sender, err := b.z.Sender()
	require.NoError(t, err)
	other := *sent
	other.Tags.Data = other.Tags.Metadata
	_, _, err = sender.Status(t.Context(), &other)
	require.Equal(t, "fitconnect.incorrect-authentication-tag", fehler.ProblemeIn(err)[0].Code)
}

func TestSendContinuesACase(t *testing.T) {
	b := newBench(t, nil, nil)
	first, err := b.z.Sende(t.Context(), fitconnecttest.Beispiel(b.dest.ID))
	require.NoError(t, err)
	d := fitconnecttest.Beispiel(b.dest.ID)
	d.CaseID = first.CaseID
	second, err := b.z.Sende(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, first.CaseID, second.CaseID)
	for _, s := range []*fitconnect.Sent{first, second} {
		r, err := b.sub.Fetch(t.Context(), s.SubmissionID)
		require.NoError(t, err, "each finds its own submit event in the common log")
		require.Len(t, r.Log.Events, 4)
		require.True(t, r.Log.Submit.Tags.Equal(s.Tags))
	}
}

func TestManageDestination(t *testing.T) {
	z := fitconnecttest.New(t, nil)
	c, err := fitconnect.NewClient(z.Endpoints(), z.AddClient(fitconnect.ScopeManageDestinations), nil)
	require.NoError(t, err)
	defer c.CloseIdleConnections()
	enc, sig := testKey(t, fitconnecttest.KeyEncryption2), testKey(t, fitconnecttest.KeySigning2)
	d, err := c.CreateDestination(t.Context(), fitconnect.NewDestination{Name: "Bürgeramt", EncryptionKid: enc.Kid,
		EncryptionPublicKey: enc.Public(fitconnect.UseEncrypt), SigningPublicKey: sig.Public(fitconnect.UseVerify),
		Services: []fitconnect.DestinationService{{Identifier: fitconnecttest.BeispielLeistung}}, MetadataVersions: []string{"2.1.0"}})
	require.NoError(t, err)
	require.Equal(t, fitconnect.DestinationCreated, d.Status)
	_, err = z.Sende(t.Context(), fitconnecttest.Beispiel(d.DestinationID))
	require.ErrorIs(t, err, fehler.ErrConflict, "not active yet")
	require.NoError(t, c.ActivateDestination(t.Context(), d.DestinationID))
	sent, err := z.Sende(t.Context(), fitconnecttest.Beispiel(d.DestinationID))
	require.NoError(t, err)

	ring, err := fitconnect.NewKeyring(enc.Decryption())
	require.NoError(t, err)
	sub, err := fitconnect.NewSubscriber(fitconnect.SubscriberParams{Client: c, DestinationID: d.DestinationID, Keys: ring, Signing: sig.Signing()}, nil)
	require.NoError(t, err)
	r, err := sub.Fetch(t.Context(), sent.SubmissionID)
	require.NoError(t, err)
	require.NoError(t, sub.Accept(t.Context(), r))
}
