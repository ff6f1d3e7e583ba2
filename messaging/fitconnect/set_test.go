package fitconnect_test

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const (
	destID  = "d12caea8-f372-4eb1-b102-b0a228253a11"
	subID   = "f39ab143-d91a-474a-b69f-b00f1a1873c2"
	caseID  = "9eec7d3e-dc66-4f82-9f52-1520bf96a32e"
	otherID = "0a0f6a52-9a1c-4c3c-8a43-5f4f1a6d9f10"
	service = "https://test.fit-connect.fitko.dev/submission-api"
)

// keySource publishes keys of the service and of destinations, apart.
type keySource struct {
	service     map[string]fitconnect.JWK
	destination map[string]fitconnect.JWK // by destination id and kid
	err         error
}

func (s keySource) ServiceKey(_ context.Context, kid string) (fitconnect.JWK, error) {
	return s.find(s.service, kid)
}

func (s keySource) DestinationKey(_ context.Context, id, kid string) (fitconnect.JWK, error) {
	return s.find(s.destination, id+"/"+kid)
}

func (s keySource) find(m map[string]fitconnect.JWK, at string) (fitconnect.JWK, error) {
	if s.err != nil {
		return fitconnect.JWK{}, s.err
	}
	if k, ok := m[at]; ok {
		return k, nil
	}
	return fitconnect.JWK{}, fehler.ErrNotFound
}

func sources(t testing.TB) keySource {
	svc, dst := testKey(t, fitconnecttest.KeyService), testKey(t, fitconnecttest.KeySigning1)
	return keySource{
		service:     map[string]fitconnect.JWK{svc.Kid: svc.Public(fitconnect.UseVerify)},
		destination: map[string]fitconnect.JWK{destID + "/" + dst.Kid: dst.Public(fitconnect.UseVerify)},
	}
}

func event(typ fitconnect.EventType, issuer string) fitconnect.Event {
	e := fitconnect.Event{Type: typ, Schema: fitconnect.DefaultSETSchema, Issuer: issuer, IssuedAt: time.Unix(1788343200, 0),
		Subject: fitconnect.SubjectOfSubmission(subID), CaseID: caseID}
	switch typ {
	case fitconnect.EventSubmitSubmission, fitconnect.EventAcceptSubmission:
		e.Tags = &fitconnect.AuthenticationTags{Metadata: "rJzLKF3ApPQN-gUfK-Ahgw", Data: "LbKRwun2tAcaqAdxGJQoYg"}
	case fitconnect.EventRejectSubmission:
		e.Problems = fitconnect.ProblemsOf(fehler.Probleme{fitconnect.Finding(fitconnect.SlugHashMismatch, "data", "x")})
	}
	return e
}

func sign(t testing.TB, keyName string, e fitconnect.Event) string {
	t.Helper()
	token, err := fitconnect.SignSET(testKey(t, keyName).Signing(), e)
	require.NoError(t, err)
	return token
}

func TestSignSETOnTheWire(t *testing.T) {
	e := event(fitconnect.EventAcceptSubmission, destID)
	e.ID = otherID
	token := sign(t, fitconnecttest.KeySigning1, e)
	parts := strings.Split(token, ".")
	head, err := base64.RawURLEncoding.DecodeString(parts[0])
	require.NoError(t, err)
	require.Equal(t, `{"typ":"secevent+jwt","alg":"PS512","kid":"test-only-signing-1"}`, string(head), "exactly these members")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	require.JSONEq(t, `{"$schema":"https://schema.fitko.de/fit-connect/set-payload/1.2.2/set-payload.schema.json",
	 "iss":"`+destID+`","sub":"submission:`+subID+`","txn":"case:`+caseID+`","iat":1788343200,"jti":"`+otherID+`",
	 "events":{"https://schema.fitko.de/fit-connect/events/accept-submission":{"authenticationTags":
	 {"metadata":"rJzLKF3ApPQN-gUfK-Ahgw","data":"LbKRwun2tAcaqAdxGJQoYg"}}}}`, string(payload))

	// go-jose verifies what this package signs …
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.PS512})
	require.NoError(t, err)
	verified, err := parsed.Verify(&testKey(t, fitconnecttest.KeySigning1).Private.PublicKey)
	require.NoError(t, err)
	require.Equal(t, payload, verified)
}

// … and this package verifies what go-jose signs.
func TestVerifyGoJOSE(t *testing.T) {
	key := testKey(t, fitconnecttest.KeySigning1)
	token := joseSign(t, key.Private, jose.PS512, key.Kid, payloadOf(t, sign(t, fitconnecttest.KeySigning1, event(fitconnect.EventAcceptSubmission, destID))))
	e, err := (&fitconnect.Verifier{Keys: sources(t)}).Verify(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, fitconnect.EventAcceptSubmission, e.Type)

	token = joseSign(t, key.Private, jose.RS512, key.Kid, payloadOf(t, token))
	_, err = (&fitconnect.Verifier{Keys: sources(t)}).Verify(t.Context(), token)
	require.ErrorIs(t, err, fehler.ErrInvalid, "another algorithm of the same key")
}

func joseSign(t testing.TB, key *rsa.PrivateKey, alg jose.SignatureAlgorithm, kid string, payload []byte) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}},
		(&jose.SignerOptions{}).WithType("secevent+jwt"))
	require.NoError(t, err)
	o, err := s.Sign(payload)
	require.NoError(t, err)
	token, err := o.CompactSerialize()
	require.NoError(t, err)
	return token
}

func payloadOf(t testing.TB, token string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	require.NoError(t, err)
	return b
}

// unsigned makes a token whose signature is not checked by ParseSET.
func unsigned(header, payload string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(header)) + "." + b64([]byte(payload)) + ".AAAA"
}

func TestParseSETOfTheTestEnvironment(t *testing.T) {
	var v struct{ Header, Payload json.RawMessage }
	require.NoError(t, json.Unmarshal(standard(t, "testvectors", "set-submit-submission-2022.decoded.json"), &v))
	e, err := fitconnect.ParseSET(unsigned(string(v.Header), string(v.Payload)))
	require.NoError(t, err)
	require.Equal(t, fitconnect.EventSubmitSubmission, e.Type)
	require.True(t, e.FromService())
	require.Equal(t, "c9f0db91-9355-451a-b2a5-7a9be10ce765", e.CaseID)
	require.Len(t, e.Tags.Attachments, 2)
	require.Equal(t, "rJzLKF3ApPQN-gUfK-Ahgw", e.Tags.Metadata)
}

func TestParseSETRefuses(t *testing.T) {
	const header = `{"typ":"secevent+jwt","alg":"PS512","kid":"test-only-service"}`
	payload := string(payloadOf(t, sign(t, fitconnecttest.KeyService, event(fitconnect.EventSubmitSubmission, service))))
	_, err := fitconnect.ParseSET(unsigned(header, payload))
	require.NoError(t, err, "the frame of the table is valid")
	swap := func(old, new string) string {
		require.Contains(t, payload, old)
		return unsigned(header, strings.Replace(payload, old, new, 1))
	}
	for name, bad := range map[string]string{
		"two segments":       "a.b",
		"typ":                unsigned(`{"typ":"jwt","alg":"PS512","kid":"k"}`, payload),
		"alg":                unsigned(`{"typ":"secevent+jwt","alg":"none","kid":"k"}`, payload),
		"kid":                unsigned(`{"typ":"secevent+jwt","alg":"PS512"}`, payload),
		"extra header":       unsigned(`{"typ":"secevent+jwt","alg":"PS512","kid":"k","jku":"https://evil"}`, payload),
		"duplicate header":   unsigned(`{"typ":"secevent+jwt","alg":"PS512","kid":"k","kid":"l"}`, payload),
		"duplicate claim":    swap(`{`, `{"iss":"x",`),
		"no schema":          swap(`"$schema"`, `"schema"`),
		"foreign schema":     swap(`schema.fitko.de/fit-connect/set-payload`, `schema.example.org/fit-connect/set-payload`),
		"schema version 2":   swap(`set-payload/1.2.2/`, `set-payload/2.0.0/`),
		"jti":                swap(`"jti"`, `"jtx"`),
		"iss neither":        swap(service, "nobody"),
		"iat text":           swap(`1788343200`, `"1788343200"`),
		"iat float":          swap(`1788343200`, `1788343200.5`),
		"iat before 2020":    swap(`1788343200`, `1577833199`),
		"sub kind":           swap(`submission:`, `message:`),
		"sub no uuid":        swap(subID, "4711"),
		"sub reply":          swap(`submission:`, `reply:`),
		"txn":                swap(`case:`, `vorgang:`),
		"no event name":      swap(`events/submit-submission`, `events/Submit Submission`),
		"foreign event":      swap(`https://schema.fitko.de/fit-connect/events/`, `https://schema.example.org/events/`),
		"two events":         swap(`"events":{`, `"events":{"https://schema.fitko.de/fit-connect/events/create-submission":{},`),
		"no event":           unsigned(header, payload[:strings.Index(payload, `"events":{`)]+`"events":{}}`),
		"events array":       unsigned(header, payload[:strings.Index(payload, `"events":{`)]+`"events":[]}`),
		"tags null":          swap(`"authenticationTags":{`, `"authenticationTags":null,"x":{`),
		"tags without meta":  swap(`"metadata":"rJzLKF3ApPQN-gUfK-Ahgw",`, ``),
		"tags of wrong type": swap(`"rJzLKF3ApPQN-gUfK-Ahgw"`, `7`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fitconnect.ParseSET(bad)
			require.ErrorIs(t, err, fehler.ErrInvalid)
		})
	}
	_, err = fitconnect.ParseSET(sign(t, fitconnecttest.KeyService, fitconnect.Event{Type: fitconnect.EventCreateSubmission,
		Issuer: service, IssuedAt: time.Unix(1788343200, 0), Subject: "submission:" + subID, CaseID: caseID}))
	require.NoError(t, err, "an event without payload needs no schema")
	e, err := fitconnect.ParseSET(swap(`events/submit-submission`, `events/archive-submission`))
	require.NoError(t, err, "an event of a later version is no reason to reject a submission")
	require.Equal(t, fitconnect.EventType("archive-submission"), e.Type)
	require.Nil(t, e.Tags, "nothing of it is understood")
}

func TestVerifyKeySources(t *testing.T) {
	v := &fitconnect.Verifier{Keys: sources(t)}
	ctx := t.Context()
	_, err := v.Verify(ctx, sign(t, fitconnecttest.KeyService, event(fitconnect.EventSubmitSubmission, service)))
	require.NoError(t, err)

	// A destination signs as the service with its own, published key.
	_, err = v.Verify(ctx, sign(t, fitconnecttest.KeySigning1, event(fitconnect.EventSubmitSubmission, service)))
	require.ErrorIs(t, err, fehler.ErrInvalid)
	// The service's key in the name of a destination.
	_, err = v.Verify(ctx, sign(t, fitconnecttest.KeyService, event(fitconnect.EventAcceptSubmission, destID)))
	require.ErrorIs(t, err, fehler.ErrInvalid)
	// A forgery under a published kid.
	forger := testKey(t, fitconnecttest.KeyStranger).Signing()
	forger.Kid = testKey(t, fitconnecttest.KeyService).Kid
	forged, err := fitconnect.SignSET(forger, event(fitconnect.EventSubmitSubmission, service))
	require.NoError(t, err)
	_, err = v.Verify(ctx, forged)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	// Payload of one token, signature of another.
	a := sign(t, fitconnecttest.KeyService, event(fitconnect.EventSubmitSubmission, service))
	b := sign(t, fitconnecttest.KeyService, event(fitconnect.EventSubmitSubmission, service))
	_, err = v.Verify(ctx, a[:strings.LastIndexByte(a, '.')]+b[strings.LastIndexByte(b, '.'):])
	require.ErrorIs(t, err, fehler.ErrInvalid)

	pinned := &fitconnect.Verifier{Keys: sources(t), ServiceIssuers: []string{"https://prod.example.org"}}
	_, err = pinned.Verify(ctx, a)
	require.ErrorIs(t, err, fehler.ErrInvalid)

	down := sources(t)
	down.err = fehler.ErrUnavailable
	_, err = (&fitconnect.Verifier{Keys: down}).Verify(ctx, a)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.NotErrorIs(t, err, fehler.ErrInvalid, "a lookup that fails says nothing about the event")

	useless := sources(t)
	useless.err = &fitconnect.APIError{Status: 400}
	_, err = (&fitconnect.Verifier{Keys: useless}).Verify(ctx, a)
	require.NotErrorIs(t, err, fehler.ErrInvalid)
}

func TestVerifyEventLog(t *testing.T) {
	v := &fitconnect.Verifier{Keys: sources(t)}
	expect := fitconnect.Expect{CaseID: caseID, Subject: fitconnect.SubjectOfSubmission(subID), DestinationID: destID}
	svc := func(e fitconnect.Event) string { return sign(t, fitconnecttest.KeyService, e) }
	dst := func(e fitconnect.Event) string { return sign(t, fitconnecttest.KeySigning1, e) }
	change := func(e fitconnect.Event, f func(*fitconnect.Event)) fitconnect.Event { f(&e); return e }
	create := svc(event(fitconnect.EventCreateSubmission, service))
	submit := svc(event(fitconnect.EventSubmitSubmission, service))
	accept := dst(event(fitconnect.EventAcceptSubmission, destID))
	ofOther := svc(change(event(fitconnect.EventSubmitSubmission, service), func(e *fitconnect.Event) {
		e.Subject = fitconnect.SubjectOfSubmission(otherID)
	}))

	for name, c := range map[string]struct {
		log   []string
		state fitconnect.State
	}{
		"submitted":               {[]string{create, submit}, fitconnect.StateSubmitted},
		"notified":                {[]string{create, submit, svc(event(fitconnect.EventNotifySubmission, service))}, fitconnect.StateNotified},
		"forwarded":               {[]string{submit, dst(event(fitconnect.EventForwardSubmission, destID))}, fitconnect.StateForwarded},
		"accepted":                {[]string{create, submit, accept}, fitconnect.StateAccepted},
		"notified after accept":   {[]string{submit, accept, svc(event(fitconnect.EventNotifySubmission, service))}, fitconnect.StateAccepted},
		"rejected":                {[]string{submit, dst(event(fitconnect.EventRejectSubmission, destID))}, fitconnect.StateRejected},
		"rejected by service":     {[]string{submit, svc(event(fitconnect.EventRejectSubmission, service))}, fitconnect.StateRejected},
		"deleted":                 {[]string{submit, accept, svc(event(fitconnect.EventDeleteSubmission, service))}, fitconnect.StateDeleted},
		"another one in the case": {[]string{ofOther, create, submit}, fitconnect.StateSubmitted},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := v.VerifyEventLog(t.Context(), c.log, expect)
			require.NoError(t, err)
			require.Equal(t, c.state, l.State)
			require.Equal(t, c.log, l.Raw())
		})
	}

	byOther := keySourceWith(t, otherID)
	for name, c := range map[string]struct {
		log  []string
		code string
	}{
		"empty":                  {nil, "fitconnect.invalid-event-log"},
		"no submit":              {[]string{create}, "fitconnect.invalid-event-log"},
		"submit of another only": {[]string{create, ofOther}, "fitconnect.invalid-event-log"},
		"two submits":            {[]string{submit, svc(event(fitconnect.EventSubmitSubmission, service))}, "fitconnect.invalid-event-log"},
		"same token twice":       {[]string{submit, submit}, "fitconnect.invalid-event-log"},
		"submit by destination":  {[]string{dst(event(fitconnect.EventSubmitSubmission, destID))}, "fitconnect.invalid-event-log"},
		"another case": {[]string{submit, svc(change(event(fitconnect.EventNotifySubmission, service), func(e *fitconnect.Event) {
			e.CaseID = otherID
		}))}, "fitconnect.invalid-event-log"},
		"accept by service":  {[]string{submit, svc(event(fitconnect.EventAcceptSubmission, service))}, "fitconnect.invalid-event-log"},
		"accept by stranger": {[]string{submit, dst(event(fitconnect.EventAcceptSubmission, otherID))}, "fitconnect.invalid-event-log"},
		"reject by stranger": {[]string{submit, dst(event(fitconnect.EventRejectSubmission, otherID))}, "fitconnect.invalid-event-log"},
		"no tags": {[]string{svc(change(event(fitconnect.EventSubmitSubmission, service), func(e *fitconnect.Event) {
			e.Tags = nil
		}))}, "fitconnect.missing-authentication-tags"},
		"garbage": {[]string{submit, "a.b.c"}, "fitconnect.invalid-event-log"},
	} {
		t.Run(name, func(t *testing.T) {
			// The other destination's key is published, so that only the rule in question fails.
			_, err := (&fitconnect.Verifier{Keys: byOther}).VerifyEventLog(t.Context(), c.log, expect)
			p := fehler.ProblemeIn(err)
			require.Len(t, p, 1)
			require.Equal(t, c.code, p[0].Code)
			require.Equal(t, "submission", p[0].Pfad)
		})
	}

	down := sources(t)
	down.err = errors.New("no route to host")
	_, err := (&fitconnect.Verifier{Keys: down}).VerifyEventLog(t.Context(), []string{submit}, expect)
	require.Error(t, err)
	require.Nil(t, fehler.ProblemeIn(err), "technical, not permanent")
}

func keySourceWith(t testing.TB, destination string) keySource {
	s := sources(t)
	k := testKey(t, fitconnecttest.KeySigning1)
	s.destination[destination+"/"+k.Kid] = k.Public(fitconnect.UseVerify)
	return s
}

func FuzzParseSET(f *testing.F) {
	f.Add(sign(f, fitconnecttest.KeyService, event(fitconnect.EventSubmitSubmission, service)))
	f.Add(sign(f, fitconnecttest.KeySigning1, event(fitconnect.EventRejectSubmission, destID)))
	f.Add("a.b.c")
	v := &fitconnect.Verifier{Keys: sources(f)}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := fitconnect.ParseSET(s)
		if err != nil {
			require.ErrorIs(t, err, fehler.ErrInvalid)
			return
		}
		require.NotEmpty(t, e.Kid)
		require.Equal(t, s, e.Raw)
		_, _ = v.Verify(t.Context(), s)
	})
}
