package fitconnect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// bench is a double with one destination and a subscriber that does not wait.
type bench struct {
	z     *fitconnecttest.Zustelldienst
	dest  *fitconnecttest.Zustellpunkt
	sub   *fitconnect.Subscriber
	slept []time.Duration
}

func newBench(t testing.TB, co *fitconnect.ClientOptions, so *fitconnect.SubscriberOptions) *bench {
	t.Helper()
	b := &bench{z: fitconnecttest.New(t, nil)}
	var err error
	b.dest, err = b.z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	if co == nil {
		co = &fitconnect.ClientOptions{}
	}
	co.Sleep = func(ctx context.Context, d time.Duration) error {
		b.slept = append(b.slept, d)
		return ctx.Err()
	}
	b.sub, err = b.dest.Subscriber(co, so)
	require.NoError(t, err)
	return b
}

func (b *bench) send(t testing.TB, change func(*fitconnecttest.Roh)) *fitconnect.Sent {
	t.Helper()
	roh, err := b.z.Aufbereiten(fitconnecttest.Beispiel(b.dest.ID))
	require.NoError(t, err)
	if change != nil {
		change(&roh)
	}
	sent, err := b.z.SendeRoh(t.Context(), roh)
	require.NoError(t, err)
	return sent
}

// changeMetadata edits the metadata as JSON; the hashes stay as they are.
func changeMetadata(t testing.TB, r *fitconnecttest.Roh, change func(m map[string]any)) {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(r.Metadata, &m))
	change(m)
	var err error
	r.Metadata, err = json.Marshal(m)
	require.NoError(t, err)
}

func structure(m map[string]any) map[string]any { return m["contentStructure"].(map[string]any) }

// Every check of the receiving algorithm, with the problem it ends in.
func TestFetchFindsEveryPermanentFailure(t *testing.T) {
	stranger := testKey(t, fitconnecttest.KeyStranger)
	for name, c := range map[string]struct {
		fault    fitconnecttest.FaultKind
		part     string
		roh      func(*fitconnecttest.Roh)
		code     fitconnect.Slug
		instance string // "attachment" stands for the attachment that was sent
		keeps    string // what must have been opened nevertheless: m(etadata), d(ata), a(ttachment)
	}{
		"no submit event":     {fault: fitconnecttest.FaultDropSubmit, code: fitconnect.SlugInvalidEventLog, instance: "submission"},
		"two submit events":   {fault: fitconnecttest.FaultDuplicateSubmit, code: fitconnect.SlugInvalidEventLog, instance: "submission"},
		"forged event":        {fault: fitconnecttest.FaultForgedEvents, code: fitconnect.SlugInvalidEventLog, instance: "submission"},
		"no tags":             {fault: fitconnecttest.FaultNoTags, code: fitconnect.SlugMissingAuthenticationTags, instance: "submission"},
		"attachment id lost":  {fault: fitconnecttest.FaultDropAttachment, code: fitconnect.SlugAttachmentsMismatch, instance: "submission"},
		"metadata tag":        {fault: fitconnecttest.FaultTag, part: "metadata", code: fitconnect.SlugIncorrectAuthenticationTag, instance: "metadata"},
		"data tag":            {fault: fitconnecttest.FaultTag, part: "data", code: fitconnect.SlugIncorrectAuthenticationTag, instance: "data", keeps: "ma"},
		"attachment tag":      {fault: fitconnecttest.FaultTag, part: "attachment", code: fitconnect.SlugIncorrectAuthenticationTag, instance: "attachment", keeps: "md"},
		"metadata tampered":   {fault: fitconnecttest.FaultTamper, part: "metadata", code: fitconnect.SlugEncryptionIssue, instance: "metadata"},
		"data tampered":       {fault: fitconnecttest.FaultTamper, part: "data", code: fitconnect.SlugEncryptionIssue, instance: "data", keeps: "ma"},
		"attachment tampered": {fault: fitconnecttest.FaultTamper, part: "attachment", code: fitconnect.SlugEncryptionIssue, instance: "attachment", keeps: "md"},
		"unknown key":         {roh: func(r *fitconnecttest.Roh) { k := stranger.Public(fitconnect.UseEncrypt); r.Key = &k }, code: fitconnect.SlugEncryptionIssue, instance: "metadata"},
		"wrong key, known kid": {roh: func(r *fitconnecttest.Roh) {
			k := stranger.Public(fitconnect.UseEncrypt)
			k.Kid = "test-only-encryption-1"
			r.Key = &k
		}, code: fitconnect.SlugEncryptionIssue, instance: "metadata"},
		"metadata no JSON": {roh: func(r *fitconnecttest.Roh) { r.Metadata = []byte("{") }, code: fitconnect.SlugSyntaxViolation, instance: "metadata"},
		"metadata version": {roh: func(r *fitconnecttest.Roh) {
			r.Metadata = bytes.Replace(r.Metadata, []byte("metadata/2.1.0/"), []byte("metadata/3.0.0/"), 1)
		}, code: fitconnect.SlugUnsupportedSchema, instance: "metadata"},
		"author without product": {roh: func(r *fitconnecttest.Roh) {
			changeMetadata(t, r, func(m map[string]any) { delete(m["author"].(map[string]any), "product") })
		}, code: fitconnect.SlugSchemaViolation, instance: "metadata", keeps: "mda"},
		"metadata type": {roh: func(r *fitconnecttest.Roh) {
			changeMetadata(t, r, func(m map[string]any) { m["author"] = "ich" })
		}, code: fitconnect.SlugSchemaViolation, instance: "metadata"},
		"other attachments in metadata": {roh: func(r *fitconnecttest.Roh) {
			changeMetadata(t, r, func(m map[string]any) { structure(m)["attachments"] = []any{} })
		}, code: fitconnect.SlugAttachmentsMismatch, instance: "metadata", keeps: "m"},
		"attachment twice in metadata": {roh: func(r *fitconnecttest.Roh) {
			changeMetadata(t, r, func(m map[string]any) {
				a := structure(m)["attachments"].([]any)
				structure(m)["attachments"] = append(a, a[0])
			})
		}, code: fitconnect.SlugAttachmentsMismatch, instance: "metadata", keeps: "m"},
		"service of old metadata": {roh: func(r *fitconnecttest.Roh) {
			changeMetadata(t, r, func(m map[string]any) {
				delete(m, "$schema")
				m["publicServiceType"] = map[string]any{"identifier": "urn:de:fim:leika:leistung:99006053006000"}
			})
		}, code: fitconnect.SlugServiceMismatch, instance: "metadata", keeps: "mda"},
		"data not described": {roh: func(r *fitconnecttest.Roh) {
			changeMetadata(t, r, func(m map[string]any) { delete(m, "$schema"); delete(structure(m), "data") })
		}, code: fitconnect.SlugMissingData, instance: "metadata", keeps: "ma"},
		"data hash": {roh: func(r *fitconnecttest.Roh) { r.Data = append(r.Data, ' ') }, code: fitconnect.SlugHashMismatch, instance: "data", keeps: "ma"},
		"data no JSON": {roh: func(r *fitconnecttest.Roh) {
			r.Data = []byte("<a/>")
			changeMetadata(t, r, func(m map[string]any) {
				structure(m)["data"].(map[string]any)["hash"] = fitconnect.HashOf(r.Data)
			})
		}, code: fitconnect.SlugSyntaxViolation, instance: "data", keeps: "mda"},
		"attachment hash": {roh: func(r *fitconnecttest.Roh) { r.Attachments[0].Content = []byte("other") }, code: fitconnect.SlugHashMismatch, instance: "attachment", keeps: "md"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil, nil)
			var attachment string
			sent := b.send(t, func(r *fitconnecttest.Roh) {
				attachment = fitconnect.InstanceAttachment(r.Attachments[0].ID)
				if c.roh != nil {
					c.roh(r)
				}
			})
			if c.fault != 0 {
				b.z.Inject(fitconnecttest.Fault{Kind: c.fault, Part: c.part, Times: -1})
			}
			r, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
			p := fehler.ProblemeIn(err)
			require.Len(t, p, 1, "%v", err)
			require.Equal(t, "fitconnect."+string(c.code), p[0].Code, p[0].Meldung)
			if c.instance == "attachment" {
				c.instance = attachment
			}
			require.Equal(t, c.instance, p[0].Pfad)
			require.NotEmpty(t, p[0].Hinweis)

			require.NotNil(t, r)
			require.Equal(t, strings.Contains(c.keeps, "m"), r.Metadata != nil, "metadata")
			require.Equal(t, strings.Contains(c.keeps, "d"), r.Data != nil, "data")
			require.Equal(t, strings.Contains(c.keeps, "a"), len(r.Attachments) == 1 && r.Attachments[0].Content != nil, "attachment")
			require.NotEmpty(t, r.Submission.EncryptedMetadata)

			// What was found can be told to the sender.
			b.z.ClearFaults()
			require.NoError(t, b.sub.Reject(t.Context(), r.Submission.Ref(), fitconnect.ProblemsOf(p)))
			require.Equal(t, fitconnect.StateRejected, b.z.State(sent.SubmissionID))
			require.Equal(t, fitconnect.ProblemsOf(p), b.z.Problems(sent.SubmissionID))
			_, err = b.sub.Fetch(t.Context(), sent.SubmissionID)
			require.ErrorIs(t, err, fehler.ErrNotFound)
			require.NoError(t, b.sub.Reject(t.Context(), r.Submission.Ref(), fitconnect.ProblemsOf(p)), "again is fine")
		})
	}
}

func TestFetchFindsSeveral(t *testing.T) {
	b := newBench(t, nil, nil)
	sent := b.send(t, func(r *fitconnecttest.Roh) {
		r.Data = append(r.Data, ' ')
		r.Attachments[0].Content = []byte("other")
	})
	_, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
	require.Len(t, fehler.ProblemeIn(err), 2, "a sender learns everything at once")
}

// A failure of the service or of ours must never look permanent.
func TestFetchTechnicalFailures(t *testing.T) {
	for name, f := range map[string]fitconnecttest.Fault{
		"submission 500":     {Op: "GET submission"},
		"events 500":         {Op: "GET case events"},
		"events 404":         {Op: "GET case events", Status: 404},
		"events 400":         {Op: "GET case events", Status: 400},
		"service keys 500":   {Op: "GET jwks.json"},
		"service keys 404":   {Op: "GET jwks.json", Status: 404},
		"service keys 400":   {Op: "GET jwks.json", Status: 400},
		"attachment 404":     {Op: "GET attachment", Status: 404},
		"attachment cut":     {Op: "GET attachment", Kind: fitconnecttest.FaultLostAnswer},
		"submission cut":     {Op: "GET submission", Kind: fitconnecttest.FaultCut},
		"submission lost":    {Op: "GET submission", Kind: fitconnecttest.FaultLostAnswer},
		"token refused":      {Op: "token", Status: 401},
		"everything 503":     {Status: 503},
		"forbidden":          {Op: "GET submission", Status: 403},
		"redirect elsewhere": {Op: "GET submission", Status: 302},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil, nil)
			sent := b.send(t, nil)
			if f.Times = -1; f.Kind == 0 {
				f.Kind = fitconnecttest.FaultStatus
			}
			b.z.Inject(f)
			r, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
			require.Error(t, err)
			require.Nil(t, r)
			require.Nil(t, fehler.ProblemeIn(err), "%v", err)
			require.NotErrorIs(t, err, fehler.ErrNotFound, "the submission is not gone")
			b.z.ClearFaults()
			_, err = b.sub.Fetch(t.Context(), sent.SubmissionID)
			require.NoError(t, err, "delivered again")
		})
	}
}

func TestFetchMissingPrivateKeyIsOurFault(t *testing.T) {
	b := newBench(t, nil, nil) // holds the first key only
	require.NoError(t, b.dest.Rotate(testKey(t, fitconnecttest.KeyEncryption2)))
	sent := b.send(t, nil)
	_, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
	require.Nil(t, fehler.ProblemeIn(err))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.ErrorContains(t, err, "test-only-encryption-2")

	both, err := b.dest.Subscriber(nil, nil)
	require.NoError(t, err)
	_, err = both.Fetch(t.Context(), sent.SubmissionID)
	require.NoError(t, err, "with the new key beside the old one")
}

func TestFetchForeignSubmission(t *testing.T) {
	b := newBench(t, nil, nil)
	other, err := b.z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	sent, err := b.z.Sende(t.Context(), fitconnecttest.Beispiel(other.ID))
	require.NoError(t, err)
	_, err = b.sub.Fetch(t.Context(), sent.SubmissionID)
	require.ErrorIs(t, err, fehler.ErrForbidden)
	_, err = b.sub.Fetch(t.Context(), otherID)
	require.ErrorIs(t, err, fehler.ErrNotFound)
	_, err = b.sub.Fetch(t.Context(), "../destinations")
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

func TestFetchFragments(t *testing.T) {
	b := newBench(t, nil, nil)
	whole := bytes.Repeat([]byte("0123456789"), 1000)
	parts := []string{"179ee109-a690-4db8-ab32-424284184d7d", "279ee109-a690-4db8-ab32-424284184d7d"}
	sent := b.send(t, func(r *fitconnecttest.Roh) {
		changeMetadata(t, r, func(m map[string]any) {
			a := structure(m)["attachments"].([]any)[0].(map[string]any)
			a["fragments"], a["hash"] = parts, fitconnect.HashOf(whole)
		})
		r.Attachments = []fitconnecttest.RohAnlage{
			{ID: parts[1], Cty: "application/pdf", Content: whole[6000:]}, {ID: parts[0], Cty: "application/pdf", Content: whole[:6000]}}
	})
	r, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
	require.NoError(t, err)
	require.Equal(t, whole, r.Attachments[0].Content)
}

func TestFetchInto(t *testing.T) {
	b := newBench(t, nil, nil)
	d := fitconnecttest.Beispiel(b.dest.ID)
	second := d.Attachments[0]
	second.Content, second.Purpose = []byte("second"), fitconnect.PurposeAttachment
	d.Attachments = append(d.Attachments, second)
	sent, err := b.z.Sende(t.Context(), d)
	require.NoError(t, err)
	var got []string
	r, err := b.sub.FetchInto(t.Context(), sent.SubmissionID, func(a fitconnect.Attachment) error {
		got = append(got, string(a.Content))
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{string(d.Attachments[0].Content), "second"}, got)
	require.Nil(t, r.Attachments[0].Content)
	require.NoError(t, b.sub.Accept(t.Context(), r))

	full := errors.New("disk full")
	_, err = b.sub.FetchInto(t.Context(), sent.SubmissionID, func(fitconnect.Attachment) error { return full })
	require.Equal(t, full, err, "the caller's own error comes back as it is")
}

func TestFetchBounds(t *testing.T) {
	b := newBench(t, nil, &fitconnect.SubscriberOptions{MaxTotal: 10})
	sent := b.send(t, nil)
	_, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
	require.ErrorIs(t, err, fitconnect.ErrTooLarge)
	require.Nil(t, fehler.ProblemeIn(err), "our bound is no reason to reject")

	b = newBench(t, &fitconnect.ClientOptions{MaxJWE: 700}, nil)
	sent = b.send(t, nil)
	_, err = b.sub.Fetch(t.Context(), sent.SubmissionID)
	require.ErrorIs(t, err, fitconnect.ErrTooLarge)
}

func TestFetchPluggableChecks(t *testing.T) {
	schema := official(t, "2.1.0", false)
	b := newBench(t, nil, &fitconnect.SubscriberOptions{
		CheckMetadata: func(raw []byte) fehler.Probleme {
			if officialAccepts(t, schema, raw) {
				return nil
			}
			return fehler.Probleme{fitconnect.Finding(fitconnect.SlugSchemaViolation, "metadata", "official schema")}
		},
		CheckData: func(string, []byte) fehler.Probleme {
			return fehler.Probleme{fitconnect.Finding(fitconnect.SlugSchemaViolation, "data", "Fachschema")}
		},
	})
	r, err := b.sub.Fetch(t.Context(), b.send(t, nil).SubmissionID)
	require.Equal(t, "fitconnect.schema-violation at data: Fachschema", fehler.ProblemeIn(err)[0].String())
	require.NotNil(t, r.Data)
}

func TestAcceptAndReject(t *testing.T) {
	ctx := t.Context()
	b := newBench(t, nil, nil)

	t.Run("the answer of accept is lost", func(t *testing.T) {
		r, err := b.sub.Fetch(ctx, b.send(t, nil).SubmissionID)
		require.NoError(t, err)
		b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultLostAnswer, Op: "POST event"})
		require.NoError(t, b.sub.Accept(ctx, r), "the event log tells that it got through")
		require.Equal(t, fitconnect.StateAccepted, b.z.State(r.Submission.SubmissionID))
	})
	t.Run("accept fails", func(t *testing.T) {
		r, err := b.sub.Fetch(ctx, b.send(t, nil).SubmissionID)
		require.NoError(t, err)
		b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "POST event"})
		require.ErrorIs(t, b.sub.Accept(ctx, r), fehler.ErrUnavailable)
		require.Equal(t, fitconnect.StateSubmitted, b.z.State(r.Submission.SubmissionID))
		raw, err := json.Marshal(r.Receipt())
		require.NoError(t, err)
		var stored fitconnect.Receipt
		require.NoError(t, json.Unmarshal(raw, &stored))
		require.NoError(t, b.sub.AcceptReceipt(ctx, stored), "from the receipt, after a restart")
	})
	t.Run("accept after reject", func(t *testing.T) {
		r, err := b.sub.Fetch(ctx, b.send(t, nil).SubmissionID)
		require.NoError(t, err)
		require.NoError(t, b.sub.Reject(ctx, r.Submission.Ref(), fitconnect.ProblemsOf(fehler.Probleme{
			fitconnect.Finding(fitconnect.SlugUnsupportedService, "metadata", "x")})))
		require.ErrorIs(t, b.sub.Accept(ctx, r), fehler.ErrConflict)
	})
	t.Run("reject after accept", func(t *testing.T) {
		r, err := b.sub.Fetch(ctx, b.send(t, nil).SubmissionID)
		require.NoError(t, err)
		require.NoError(t, b.sub.Accept(ctx, r))
		require.ErrorIs(t, b.sub.Reject(ctx, r.Submission.Ref(), []fitconnect.Problem{{Type: "x"}}), fehler.ErrConflict)
	})
	t.Run("nothing to accept", func(t *testing.T) {
		require.ErrorIs(t, b.sub.Accept(ctx, &fitconnect.Received{}), fehler.ErrInvalid)
		require.ErrorIs(t, b.sub.Reject(ctx, fitconnect.SubmissionRef{DestinationID: b.dest.ID}, nil), fehler.ErrInvalid)
	})
	t.Run("cancelled", func(t *testing.T) {
		r, err := b.sub.Fetch(ctx, b.send(t, nil).SubmissionID)
		require.NoError(t, err)
		done, cancel := context.WithCancel(ctx)
		cancel()
		require.Equal(t, context.Canceled, b.sub.Accept(done, r), "context errors are never wrapped")
	})
}
