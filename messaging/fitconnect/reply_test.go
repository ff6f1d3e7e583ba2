package fitconnect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const (
	standardURN = "urn:xoev-de:bmk:standard:xbau_2.3"
	senderID    = "6ba7b810-9dad-41d1-80b4-00c04fd430c8" // iss of the online service
)

// gespraech is a case with both ends: an authority that answers and an online
// service that reads.
type gespraech struct {
	*bench
	portal  *fitconnect.Client
	replier *fitconnect.Replier
	reader  *fitconnect.ReplyReader
	sent    *fitconnect.Sent
	channel fitconnect.ReplyFITConnect
	keys    fitconnect.ReplyKeys
}

func newGespraech(t testing.TB, cb *fitconnect.Callback) *gespraech {
	t.Helper()
	g := &gespraech{bench: newBench(t, nil, nil)}
	g.portal = sendingClient(t, g.z)
	enc, sig := testKey(t, fitconnecttest.KeyEncryption2), testKey(t, fitconnecttest.KeySigning2)
	g.channel = fitconnect.ReplyFITConnect{ProcessStandards: []string{standardURN}, EncryptionPublicKey: enc.Public(fitconnect.UseEncrypt)}
	sender, err := fitconnect.NewSender(fitconnect.SenderParams{Client: g.portal}, nil)
	require.NoError(t, err)
	d := fitconnecttest.Beispiel(g.dest.ID)
	d.Metadata.ReplyChannel = &fitconnect.ReplyChannel{FITConnect: &g.channel}
	d.Callback = cb
	g.sent, err = sender.Send(t.Context(), d)
	require.NoError(t, err)

	g.z.AddReplyKey(senderID, sig)
	authority, err := g.dest.Client(&fitconnect.ClientOptions{BaseDelay: time.Millisecond})
	require.NoError(t, err)
	g.keys = fitconnect.ReplyKeys{Base: authority, Known: map[string]fitconnect.JWKSet{senderID: {Keys: []fitconnect.JWK{sig.Public(fitconnect.UseVerify)}}}}
	g.replier, err = fitconnect.NewReplier(authority, &fitconnect.ReplierOptions{Keys: g.keys, Limits: &fitconnect.SendLimits{FragmentSize: 32}})
	require.NoError(t, err)
	ring, err := fitconnect.NewKeyring(enc.Decryption())
	require.NoError(t, err)
	g.reader, err = fitconnect.NewReplyReader(fitconnect.ReplyReaderParams{Client: g.portal, Keys: ring, Issuer: senderID, Signing: sig.Signing()}, nil)
	require.NoError(t, err)
	return g
}

func (g *gespraech) draft() fitconnect.ReplyDraft {
	return fitconnect.ReplyDraft{CaseID: g.sent.CaseID, Channel: g.channel, ProcessStandard: standardURN,
		Data: []byte(`{"bescheid":"genehmigt"}`), DataSchema: fitconnect.SchemaRef{SchemaURI: "https://schema.example/antwort.json", MIMEType: fitconnect.MIMEJSON},
		Attachments: []fitconnect.Attachment{{MetadataAttachment: fitconnect.MetadataAttachment{MIMEType: "application/pdf", Purpose: fitconnect.PurposeAttachment, Filename: "bescheid.pdf"},
			Content: bytes.Repeat([]byte("%PDF-1.7"), 10)}}}
}

func (g *gespraech) reply(t testing.TB) *fitconnect.Sent {
	t.Helper()
	sent, err := g.replier.Send(t.Context(), g.draft())
	require.NoError(t, err)
	return sent
}

func TestReply(t *testing.T) {
	g := newGespraech(t, nil)
	sent := g.reply(t)
	require.Equal(t, g.sent.CaseID, sent.CaseID)
	state, _, err := g.replier.Status(t.Context(), sent)
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateSubmitted, state)

	n := 0
	for ref, err := range g.reader.List(t.Context()) {
		require.NoError(t, err)
		n++
		r, err := g.reader.Fetch(t.Context(), ref.ReplyID)
		require.NoError(t, err)
		require.Equal(t, g.draft().Data, r.Data)
		require.Equal(t, g.draft().Attachments[0].Content, r.Attachments[0].Content)
		require.Len(t, r.Attachments[0].Fragments, 3)
		require.NoError(t, g.reader.Accept(t.Context(), r))
		require.NoError(t, g.reader.Accept(t.Context(), r), "once more is fine")
		require.ErrorIs(t, g.reader.Reject(t.Context(), ref, fitconnect.ProblemsOf(fehler.Probleme{{Code: "x"}})), fehler.ErrConflict)
	}
	require.Equal(t, 1, n)
	require.Equal(t, fitconnect.StateAccepted, g.z.ReplyState(sent.SubmissionID))
	state, log, err := g.replier.Status(t.Context(), sent)
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateAccepted, state)
	require.Equal(t, senderID, log.Last(fitconnect.SubjectOfReply(sent.SubmissionID), fitconnect.EventAcceptReply).Issuer)
	for range g.reader.List(t.Context()) {
		t.Fatal("what is decided is not listed")
	}

	// The submission of the case is still readable, for who knows the key of the sender.
	_, err = g.sub.Fetch(t.Context(), g.sent.SubmissionID)
	require.Equal(t, "fitconnect.invalid-event-log", fehler.ProblemeIn(err)[0].Code, "the key of the sender is not published")
	knows, err := g.dest.Subscriber(nil, &fitconnect.SubscriberOptions{EventKeys: g.keys})
	require.NoError(t, err)
	r, err := knows.Fetch(t.Context(), g.sent.SubmissionID)
	require.NoError(t, err)
	require.NoError(t, knows.Accept(t.Context(), r))
}

func TestReplyRejected(t *testing.T) {
	g := newGespraech(t, nil)
	sent := g.reply(t)
	ref := fitconnect.ReplyRef{ReplyID: sent.SubmissionID, CaseID: sent.CaseID}
	require.ErrorIs(t, g.reader.Reject(t.Context(), ref, nil), fehler.ErrInvalid)
	require.NoError(t, g.reader.Reject(t.Context(), ref, fitconnect.ProblemsOf(fehler.Probleme{fitconnect.Finding(fitconnect.SlugSchemaViolation, fitconnect.InstanceData, "x")})))
	state, log, err := g.replier.Status(t.Context(), sent)
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateRejected, state)
	require.Len(t, log.Last(fitconnect.SubjectOfReply(sent.SubmissionID), fitconnect.EventRejectReply).Problems, 1)

	mute, err := fitconnect.NewReplyReader(fitconnect.ReplyReaderParams{Client: g.portal, Keys: mustRing(t)}, nil)
	require.NoError(t, err)
	require.ErrorIs(t, mute.Reject(t.Context(), ref, fitconnect.ProblemsOf(fehler.Probleme{{Code: "x"}})), fehler.ErrUnsupported)
}

func mustRing(t testing.TB) *fitconnect.Keyring {
	t.Helper()
	ring, err := fitconnect.NewKeyring(testKey(t, fitconnecttest.KeyEncryption2).Decryption())
	require.NoError(t, err)
	return ring
}

// Each check of a received reply fails once; none of them is technical.
func TestReplyChecks(t *testing.T) {
	for name, c := range map[string]struct {
		fault fitconnecttest.Fault
		slug  fitconnect.Slug
	}{
		"metadata tampered":   {fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper}, fitconnect.SlugEncryptionIssue},
		"data tampered":       {fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper, Part: "data"}, fitconnect.SlugEncryptionIssue},
		"attachment tampered": {fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper, Part: "attachment"}, fitconnect.SlugEncryptionIssue},
		"metadata exchanged":  {fitconnecttest.Fault{Kind: fitconnecttest.FaultTag}, fitconnect.SlugIncorrectAuthenticationTag},
		"data exchanged":      {fitconnecttest.Fault{Kind: fitconnecttest.FaultTag, Part: "data"}, fitconnect.SlugIncorrectAuthenticationTag},
		"no submit event":     {fitconnecttest.Fault{Kind: fitconnecttest.FaultReplyDropSubmit}, fitconnect.SlugInvalidEventLog},
		"forged event":        {fitconnecttest.Fault{Kind: fitconnecttest.FaultReplyForgedEvents}, fitconnect.SlugInvalidEventLog},
		"attachment missing":  {fitconnecttest.Fault{Kind: fitconnecttest.FaultReplyDropAttachment}, fitconnect.SlugAttachmentsMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGespraech(t, nil)
			sent := g.reply(t)
			c.fault.SubmissionID = sent.SubmissionID
			g.z.Inject(c.fault)
			_, err := g.reader.Fetch(t.Context(), sent.SubmissionID)
			require.Equal(t, "fitconnect."+string(c.slug), fehler.ProblemeIn(err)[0].Code, "%v", err)
			_, err = g.reader.Fetch(t.Context(), sent.SubmissionID)
			require.NoError(t, err, "the control: the fault is gone")
		})
	}
	g := newGespraech(t, nil)
	sent := g.reply(t)
	ring, err := fitconnect.NewKeyring(testKey(t, fitconnecttest.KeyEncryption1).Decryption())
	require.NoError(t, err)
	other, err := fitconnect.NewReplyReader(fitconnect.ReplyReaderParams{Client: g.portal, Keys: ring}, nil)
	require.NoError(t, err)
	_, err = other.Fetch(t.Context(), sent.SubmissionID)
	require.ErrorIs(t, err, fehler.ErrUnavailable, "a key that is missing here is no fault of the authority")
	small, err := fitconnect.NewReplyReader(fitconnect.ReplyReaderParams{Client: g.portal, Keys: mustRing(t)}, &fitconnect.ReplyReaderOptions{MaxTotal: 100})
	require.NoError(t, err)
	_, err = small.Fetch(t.Context(), sent.SubmissionID)
	require.ErrorIs(t, err, fitconnect.ErrTooLarge)
}

func TestReplyAccess(t *testing.T) {
	g := newGespraech(t, nil)
	sent := g.reply(t)
	d := g.draft()
	d.ProcessStandard = "urn:other"
	_, err := g.replier.Send(t.Context(), d)
	require.Equal(t, fitconnect.CodeProcessStandard, fehler.ProblemeIn(err)[0].Code)
	d = g.draft()
	d.CaseID = uuid.NewString()
	_, err = g.replier.Send(t.Context(), d)
	require.ErrorIs(t, err, fehler.ErrNotFound)
	d = g.draft()
	d.Channel.EncryptionPublicKey.Alg = "RSA1_5"
	_, err = g.replier.Send(t.Context(), d)
	require.ErrorIs(t, err, fehler.ErrInvalid)

	stranger, err := fitconnect.NewReplyReader(fitconnect.ReplyReaderParams{Client: sendingClient(t, g.z), Keys: mustRing(t)}, nil)
	require.NoError(t, err)
	_, err = stranger.Fetch(t.Context(), sent.SubmissionID)
	require.ErrorIs(t, err, fehler.ErrForbidden)
	for range stranger.List(t.Context()) {
		t.Fatal("a reply to somebody else")
	}
	elsewhere, err := fitconnect.NewReplyReader(fitconnect.ReplyReaderParams{Client: g.portal, Keys: mustRing(t)},
		&fitconnect.ReplyReaderOptions{Paths: &fitconnect.ReplyPaths{Reply: "/{version}/cases/replies/{reply}"}})
	require.NoError(t, err)
	_, err = elsewhere.Fetch(t.Context(), sent.SubmissionID)
	require.ErrorIs(t, err, fehler.ErrNotFound, "the path is a template")

	cases, err := g.portal.Cases(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []fitconnect.CaseInfo{{CaseID: g.sent.CaseID, SubmissionIDs: []string{g.sent.SubmissionID}, ReplyIDs: []string{sent.SubmissionID}}}, cases)
	one, err := g.portal.Case(t.Context(), g.sent.CaseID, nil)
	require.NoError(t, err)
	require.Equal(t, cases[0], *one)
	info, err := g.portal.Info(t.Context(), nil)
	require.NoError(t, err)
	require.Contains(t, string(info), "version")
}

func TestReplyAfterACrash(t *testing.T) {
	g := newGespraech(t, nil)
	crash := errors.New("crash")
	for at := 1; at <= 6; at++ {
		var stored []byte
		n := 0
		_, err := g.replier.Continue(t.Context(), g.draft(), &fitconnect.Progress{}, func(_ context.Context, p *fitconnect.Progress) error {
			stored, _ = json.Marshal(p)
			if n++; n == at {
				return crash
			}
			return nil
		})
		require.ErrorIs(t, err, crash)
		p := &fitconnect.Progress{}
		require.NoError(t, json.Unmarshal(stored, p))
		sent, err := g.replier.Continue(t.Context(), g.draft(), p, nil)
		require.NoError(t, err, at)
		require.Equal(t, p.SubmissionID, sent.SubmissionID)
	}
	n := 0
	for ref, err := range g.reader.List(t.Context()) {
		require.NoError(t, err)
		r, err := g.reader.Fetch(t.Context(), ref.ReplyID)
		require.NoError(t, err)
		require.NoError(t, g.reader.Accept(t.Context(), r), "deciding while listing")
		n++
	}
	require.Equal(t, 6, n, "each reply once")
}

func TestReplyCallbackAndDeadlines(t *testing.T) {
	told := make(chan fitconnect.Notification, 4)
	h, err := fitconnect.NewCallbackHandler("geheim", func(_ context.Context, n fitconnect.Notification) error { told <- n; return nil }, nil)
	require.NoError(t, err)
	srv := httptest.NewServer(h)
	defer srv.Close()
	g := newGespraech(t, &fitconnect.Callback{URL: srv.URL, Secret: "geheim"})
	sent := g.reply(t)
	n := <-told
	require.Equal(t, fitconnect.CallbackNewReplies, n.Kind)
	require.Equal(t, []fitconnect.NotifiedReply{{ReplyID: sent.SubmissionID, CaseID: sent.CaseID}}, n.Replies)
	_, err = fitconnect.ParseNotification([]byte(`{"type":"` + fitconnect.CallbackNewReplies.URI() + `","replies":[{"replyId":"../x","caseId":"y"}]}`))
	require.ErrorIs(t, err, fehler.ErrInvalid)

	var ahead atomic.Int64
	z := fitconnecttest.New(t, &fitconnecttest.Options{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	dest, err := z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	first, err := z.Sende(t.Context(), fitconnecttest.Beispiel(dest.ID))
	require.NoError(t, err)
	c, err := dest.Client(nil)
	require.NoError(t, err)
	r, err := fitconnect.NewReplier(c, nil)
	require.NoError(t, err)
	d := g.draft()
	d.CaseID = first.CaseID
	late, err := r.Send(t.Context(), d)
	require.NoError(t, err)
	ahead.Store(int64(14 * 24 * time.Hour))
	require.NoError(t, z.Tick())
	require.Equal(t, fitconnect.StateRejected, z.ReplyState(late.SubmissionID))
	state, _, err := r.Status(t.Context(), late)
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateRejected, state)
	ahead.Store(int64(21 * 24 * time.Hour))
	require.NoError(t, z.Tick())
	require.Equal(t, fitconnect.StateDeleted, z.ReplyState(late.SubmissionID))
}

// A reply as it comes from outside never makes the reader panic, and never passes
// unless it is what was sent.
func FuzzReply(f *testing.F) {
	g := newGespraech(f, nil)
	sent := g.reply(f)
	r, err := g.reader.Fetch(f.Context(), sent.SubmissionID)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{}`))
	f.Add([]byte(r.Reply.EncryptedMetadata))
	f.Add([]byte(`{"type":"` + fitconnect.CallbackNewReplies.URI() + `","replies":[{"replyId":"` + sent.SubmissionID + `","caseId":"` + sent.CaseID + `"}]}`))
	f.Add(r.MetadataRaw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if n, err := fitconnect.ParseNotification(raw); err == nil {
			for _, x := range n.Replies {
				require.True(t, x.ReplyID == "" || uuid.Validate(x.ReplyID) == nil)
			}
		}
		if j, err := fitconnect.ParseJWE(string(raw)); err == nil {
			require.NotEmpty(t, j.Kid)
		}
		if j, err := fitconnect.ParseJWS(string(raw)); err == nil {
			require.Error(t, j.Verify(g.channel.EncryptionPublicKey, nil))
		}
		_, _ = fitconnect.ParseMetadata(raw)
		var p fitconnect.Progress
		if json.Unmarshal(raw, &p) == nil {
			_ = p.Sent()
		}
	})
}

func ExampleReplier() {
	ctx := context.Background()
	z, err := fitconnecttest.Start(nil)
	if err != nil {
		panic(err)
	}
	defer z.Close()
	stelle, err := z.AddDestination(fitconnecttest.DestinationParams{})
	if err != nil {
		panic(err)
	}
	eigen, err := fitconnecttest.TestKey(fitconnecttest.KeyEncryption2)
	if err != nil {
		panic(err)
	}
	// The online service names its key for answers.
	antrag := fitconnecttest.Beispiel(stelle.ID)
	antrag.Metadata.ReplyChannel = &fitconnect.ReplyChannel{FITConnect: &fitconnect.ReplyFITConnect{
		ProcessStandards: []string{standardURN}, EncryptionPublicKey: eigen.Public(fitconnect.UseEncrypt)}}
	if _, err := z.Sende(ctx, antrag); err != nil {
		panic(err)
	}
	// The authority receives and answers in the same case.
	sub, err := stelle.Subscriber(nil, nil)
	if err != nil {
		panic(err)
	}
	client, err := stelle.Client(nil)
	if err != nil {
		panic(err)
	}
	replier, err := fitconnect.NewReplier(client, nil)
	if err != nil {
		panic(err)
	}
	for ref, err := range sub.List(ctx) {
		if err != nil {
			panic(err)
		}
		r, err := sub.Fetch(ctx, ref.SubmissionID)
		if err != nil {
			panic(err)
		}
		sent, err := replier.Send(ctx, fitconnect.ReplyDraft{CaseID: ref.CaseID, Channel: *r.Metadata.ReplyChannel.FITConnect,
			ProcessStandard: standardURN, Data: []byte(`{"bescheid":"genehmigt"}`),
			DataSchema: fitconnect.SchemaRef{SchemaURI: "https://schema.example/antwort.json", MIMEType: fitconnect.MIMEJSON}})
		if err != nil {
			panic(err)
		}
		fmt.Println(z.ReplyState(sent.SubmissionID))
	}
	// Output: submitted
}
