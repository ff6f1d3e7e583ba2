package fitconnect_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const metadata13 = "https://schema.fitko.de/fit-connect/metadata/1.3.0/metadata.schema.json"

type benchV1 struct {
	z    *fitconnecttest.Zustelldienst
	dest *fitconnecttest.Zustellpunkt
	sub  *fitconnect.Subscriber
}

func newBenchV1(t testing.TB, so *fitconnect.SubscriberOptions) *benchV1 {
	t.Helper()
	b := &benchV1{z: fitconnecttest.New(t, nil)}
	var err error
	b.dest, err = b.z.AddDestination(fitconnecttest.DestinationParams{MetadataVersions: []string{"1.0.0", "1.3.0"}})
	require.NoError(t, err)
	b.sub, err = b.dest.SubscriberV1(nil, so)
	require.NoError(t, err)
	return b
}

// An old online service sends, and the subscriber lists, fetches and accepts:
// everything through version 1.
func TestVersion1EndToEnd(t *testing.T) {
	for name, o := range map[string]fitconnecttest.OptionsV1{
		"metadata 1.0 without $schema": {},
		"metadata 1.3, compressed":     {Schema: metadata13, Zip: true},
		"compressed with cty":          {Schema: metadata13, Zip: true, Cty: true},
		"without data":                 {OhneDaten: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBenchV1(t, nil)
			d := fitconnecttest.Beispiel(b.dest.ID)
			d.PublicService.Description = "Meldung einer Wohnung"
			sent, err := b.z.SendeV1(t.Context(), d, o)
			require.NoError(t, err)
			n := 0
			for ref, err := range b.sub.List(t.Context()) {
				require.NoError(t, err)
				require.Equal(t, sent.SubmissionRef, ref)
				n++
			}
			require.Equal(t, 1, n)
			r, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
			require.NoError(t, err)
			require.Equal(t, d.PublicService, r.Submission.PublicService, "from serviceType")
			require.Empty(t, r.Submission.Region)
			require.Equal(t, 1, r.Metadata.Major())
			require.Equal(t, o.Schema, r.Metadata.Schema)
			require.Equal(t, d.Attachments[0].Content, r.Attachments[0].Content)
			if o.OhneDaten {
				require.Nil(t, r.Data)
			} else {
				require.Equal(t, d.Data, r.Data, "hash and content are those before compression")
			}
			require.NoError(t, b.sub.Accept(t.Context(), r))
			require.Equal(t, fitconnect.StateAccepted, b.z.State(sent.SubmissionID))
			log, err := b.sub.EventLog(t.Context(), sent.SubmissionRef)
			require.NoError(t, err)
			accept := log.Last(log.Submit.Subject, fitconnect.EventAcceptSubmission)
			require.Contains(t, accept.Schema, "/set-payload/1.0.0/")
			require.Equal(t, log.Submit.Schema, accept.Schema, "copied from the submit event")
			for _, c := range b.z.Calls() {
				require.NotContains(t, c.Path, "/v2/")
			}
		})
	}
}

func TestVersion1Reject(t *testing.T) {
	b := newBenchV1(t, nil)
	sent, err := b.z.SendeV1(t.Context(), fitconnecttest.Beispiel(b.dest.ID), fitconnecttest.OptionsV1{Metadata: []byte(`{"contentStructure":1}`)})
	require.NoError(t, err)
	_, err = b.sub.Fetch(t.Context(), sent.SubmissionID)
	p := fehler.ProblemeIn(err)
	require.NotEmpty(t, p)
	require.NoError(t, b.sub.Reject(t.Context(), sent.SubmissionRef, fitconnect.ProblemsOf(p)))
	require.Equal(t, fitconnect.StateRejected, b.z.State(sent.SubmissionID))
	_, err = b.sub.Fetch(t.Context(), sent.SubmissionID)
	require.ErrorIs(t, err, fehler.ErrNotFound)
}

func TestDecompressionBombIsRejected(t *testing.T) {
	for name, c := range map[string]struct {
		limits fitconnect.InflateLimits
		total  int64
	}{
		"default ratio":    {},
		"own absolute cap": {limits: fitconnect.InflateLimits{Max: 1 << 20, Ratio: 5000}},
		"total of a fetch": {limits: fitconnect.InflateLimits{Ratio: 5000}, total: 2 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBenchV1(t, &fitconnect.SubscriberOptions{Inflate: c.limits, MaxTotal: c.total})
			d := fitconnecttest.Beispiel(b.dest.ID)
			d.Attachments[0].Content = make([]byte, 8<<20)
			sent, err := b.z.SendeV1(t.Context(), d, fitconnecttest.OptionsV1{Zip: true})
			require.NoError(t, err)
			r, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
			p := fehler.ProblemeIn(err)
			require.Len(t, p, 1, "%v", err)
			require.Equal(t, "fitconnect.encryption-issue", p[0].Code)
			require.Contains(t, p[0].Meldung, "larger than allowed")
			require.Nil(t, r.Attachments[0].Content)
			told := b.sub.ProblemsOf(p)
			require.Contains(t, told[0].Detail, "entpackt größer", "its own text")
			require.NoError(t, b.sub.Reject(t.Context(), sent.SubmissionRef, told))
		})
	}
	// Control: with wide limits the same is received.
	b := newBenchV1(t, &fitconnect.SubscriberOptions{Inflate: fitconnect.InflateLimits{Ratio: 5000}})
	d := fitconnecttest.Beispiel(b.dest.ID)
	d.Attachments[0].Content = make([]byte, 8<<20)
	sent, err := b.z.SendeV1(t.Context(), d, fitconnecttest.OptionsV1{Zip: true})
	require.NoError(t, err)
	_, err = b.sub.Fetch(t.Context(), sent.SubmissionID)
	require.NoError(t, err)
}

func zipped(t testing.TB, plain []byte) string {
	t.Helper()
	k := testKey(t, fitconnecttest.KeyEncryption1)
	enc, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.RSA_OAEP_256, Key: &k.Private.PublicKey, KeyID: k.Kid},
		&jose.EncrypterOptions{Compression: jose.DEFLATE})
	require.NoError(t, err)
	obj, err := enc.Encrypt(plain)
	require.NoError(t, err)
	compact, err := obj.CompactSerialize()
	require.NoError(t, err)
	return compact
}

func TestZipOnlyInVersion1(t *testing.T) {
	compact := zipped(t, []byte("hello"))
	_, err := fitconnect.ParseJWE(compact)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	j, err := fitconnect.ParseJWEv1(compact)
	require.NoError(t, err)
	require.True(t, j.Compressed())
	plain, err := ring(t, fitconnecttest.KeyEncryption1).Decrypt(j)
	require.NoError(t, err)
	require.Equal(t, "hello", string(plain))
	for _, zip := range []string{`"GZIP"`, `"def"`, `""`, `null`, `1`, `["DEF"]`} {
		_, err := fitconnect.ParseJWEv1(withHeader(compact, `{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"k","zip":`+zip+`}`))
		require.ErrorIs(t, err, fehler.ErrInvalid, zip)
	}
	uncompressed := encrypt(t, fitconnecttest.KeyEncryption1, "application/json", []byte("{}")).String()
	j, err = fitconnect.ParseJWEv1(uncompressed)
	require.NoError(t, err)
	require.False(t, j.Compressed())

	// A subscriber of version 2 refuses what was compressed.
	b := newBenchV1(t, nil)
	sent, err := b.z.SendeV1(t.Context(), fitconnecttest.Beispiel(b.dest.ID), fitconnecttest.OptionsV1{Zip: true})
	require.NoError(t, err)
	v2, err := b.dest.Subscriber(nil, nil)
	require.NoError(t, err)
	_, err = v2.Fetch(t.Context(), sent.SubmissionID)
	require.Equal(t, "fitconnect.encryption-issue", fehler.ProblemeIn(err)[0].Code)
}

func TestVersion1OnTheWire(t *testing.T) {
	w := newWire(t, map[string]string{
		"POST /token":          tokenAnswer,
		"POST /v1/submissions": `{"submissionId":"179ee109-a690-4db8-ab32-424284184d7d","caseId":"279ee109-a690-4db8-ab32-424284184d7d"}`,
	})
	c, err := fitconnect.NewClient(fitconnect.Endpoints{Token: w.URL + "/token", SubmissionAPI: w.URL, Version: fitconnect.Version1},
		fitconnect.Credentials{ClientID: "a", ClientSecret: "b"}, &fitconnect.ClientOptions{HTTP: w.Client()})
	require.NoError(t, err)
	n := fitconnect.NewSubmission{DestinationID: otherID, PublicService: fitconnect.PublicService{Name: "n", Description: "d", Identifier: "urn:x:y"}}
	_, err = c.CreateSubmission(t.Context(), n)
	require.NoError(t, err)
	w.mu.Lock()
	line := w.seen[len(w.seen)-1]
	w.mu.Unlock()
	require.True(t, strings.HasPrefix(line, "POST /v1/submissions "), line)
	_, body, _ := strings.Cut(line, "{")
	require.JSONEq(t, `{"destinationId":"`+otherID+`","announcedAttachments":[],"serviceType":{"name":"n","description":"d","identifier":"urn:x:y"}}`, "{"+body)
	n.Region = "DE064350014014"
	_, err = c.CreateSubmission(t.Context(), n)
	require.ErrorIs(t, err, fehler.ErrInvalid, "a region cannot be said, so it is not dropped")
	_, err = c.SubmissionEvents(t.Context(), otherID)
	require.ErrorIs(t, err, fehler.ErrUnsupported)
	for _, v := range []string{"v3", "V1", "v1/", "../v1"} {
		_, err = fitconnect.NewClient(fitconnect.Endpoints{Token: w.URL, SubmissionAPI: w.URL, Version: v}, fitconnect.Credentials{ClientID: "a", ClientSecret: "b"}, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid, v)
	}
}

// All published 1.x go by the same rules, whatever their minor version.
func TestMetadataOneX(t *testing.T) {
	doc := func(schema string, change func(map[string]any)) []byte {
		m := fullMetadata("1.0.0")
		delete(m, "$schema")
		if schema != "" {
			m["$schema"] = "https://schema.fitko.de/fit-connect/metadata/" + schema + "/metadata.schema.json"
		}
		if change != nil {
			change(m)
		}
		raw, err := json.Marshal(m)
		require.NoError(t, err)
		return raw
	}
	for _, v := range []string{"", "1.0.0", "1.0.7", "1.1.0", "1.2.0", "1.2.9", "1.3.0", "1.4.2", "1.10.0"} {
		require.Empty(t, fitconnect.CheckMetadata(doc(v, nil)), v)
		require.Empty(t, fitconnect.CheckMetadata(doc(v, func(m map[string]any) { delete(structure(m), "data") })), "%s: data are optional", v)
		bad := fitconnect.CheckMetadata(doc(v, func(m map[string]any) { delete(structure(m), "attachments") }))
		require.NotEmpty(t, bad, "%s: attachments are not", v)
		m, err := fitconnect.ParseMetadata(doc(v, nil))
		require.NoError(t, err)
		require.Equal(t, 1, m.Major())
	}
}

func TestDecryptWithinLimits(t *testing.T) {
	j, err := fitconnect.ParseJWEv1(zipped(t, bytes.Repeat([]byte("x"), 10_000)))
	require.NoError(t, err)
	r := ring(t, fitconnecttest.KeyEncryption1)
	_, err = r.DecryptWithin(j, fitconnect.InflateLimits{Max: 9_999})
	require.ErrorIs(t, err, fitconnect.ErrInflate)
	plain, err := r.DecryptWithin(j, fitconnect.InflateLimits{Max: 10_000})
	require.NoError(t, err)
	require.Len(t, plain, 10_000)
}
