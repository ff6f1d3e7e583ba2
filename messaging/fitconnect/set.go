package fitconnect

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/google/uuid"
)

// EventType is the last segment of an event URI.
type EventType string

// The events of a submission and of a reply. Notify, accept and delete of a
// reply follow the pattern of submissions and are not confirmed by an official text.
const (
	EventCreateSubmission  EventType = "create-submission"
	EventSubmitSubmission  EventType = "submit-submission"
	EventNotifySubmission  EventType = "notify-submission"
	EventForwardSubmission EventType = "forward-submission"
	EventRejectSubmission  EventType = "reject-submission"
	EventAcceptSubmission  EventType = "accept-submission"
	EventDeleteSubmission  EventType = "delete-submission"
	EventCreateReply       EventType = "create-reply"
	EventSubmitReply       EventType = "submit-reply"
	EventNotifyReply       EventType = "notify-reply"
	EventRejectReply       EventType = "reject-reply"
	EventAcceptReply       EventType = "accept-reply"
	EventDeleteReply       EventType = "delete-reply"
)

// URI is the member name of the event in a token.
func (t EventType) URI() string { return eventPrefix + string(t) }

// AuthenticationTags bind the event log to the encrypted parts: the fifth
// segment of each JWE.
type AuthenticationTags struct {
	Metadata    string            `json:"metadata"`
	Data        string            `json:"data,omitempty"`
	Attachments map[string]string `json:"attachments,omitempty"` // by attachment id
}

// Equal compares all tags.
func (t AuthenticationTags) Equal(o AuthenticationTags) bool {
	return t.Metadata == o.Metadata && t.Data == o.Data && maps.Equal(t.Attachments, o.Attachments)
}

// Event is one entry of the event log, a Security Event Token (RFC 8417).
type Event struct {
	Type     EventType
	Schema   string    // payload schema URI; empty only for events without payload
	ID       string    // claim jti
	Issuer   string    // claim iss: destination id, or base URL of the service
	IssuedAt time.Time // claim iat, UTC, full seconds
	Subject  string    // claim sub: "submission:<uuid>" or "reply:<uuid>"
	CaseID   string    // from claim txn
	Tags     *AuthenticationTags
	Problems []Problem // of a reject event
	Kid      string    // key that signed
	Raw      string    // compact token as received: what to archive
}

// SubjectOfSubmission is the sub claim of a submission.
func SubjectOfSubmission(id string) string { return subSubmission + id }

// SubjectOfReply is the sub claim of a reply.
func SubjectOfReply(id string) string { return subReply + id }

const (
	subSubmission = "submission:"
	subReply      = "reply:"
	txnCase       = "case:"
	setTyp        = "secevent+jwt"
	setAlg        = "PS512"
	// earliestIat is 2020-01-01T00:00:00+01:00, the minimum of the SET payload schema.
	earliestIat = 1577833200
	// maxSET bounds one token; the tags of a thousand attachments fit in.
	maxSET = 256 << 10
)

// FromService tells whether the delivery service itself issued the event.
func (e *Event) FromService() bool { return strings.HasPrefix(e.Issuer, "http") }

// SigningKey signs events. Key may be an *[rsa.PrivateKey] or a key in a
// hardware module; it must accept *[rsa.PSSOptions] with SHA-512.
type SigningKey struct {
	Kid string
	Key crypto.Signer
}

// Check tests that the key is RSA of 4096 bits or more and has a kid.
func (k SigningKey) Check() error {
	if k.Key == nil || k.Kid == "" {
		return invalid("SigningKey", "a key needs a kid and a private key")
	}
	pub, ok := k.Key.Public().(*rsa.PublicKey)
	if !ok {
		return invalid("SigningKey", "key %s is not RSA", quoteKid(k.Kid))
	}
	return checkRSA("SigningKey", k.Kid, pub)
}

// setHeader and setClaims fix the order of members on the wire.
type setHeader struct {
	Typ string `json:"typ"`
	Alg string `json:"alg"`
	Kid string `json:"kid"`
}

type setClaims struct {
	Schema string                     `json:"$schema,omitempty"`
	Iss    string                     `json:"iss"`
	Iat    int64                      `json:"iat"`
	Jti    string                     `json:"jti"`
	Sub    string                     `json:"sub"`
	Txn    string                     `json:"txn"`
	Events map[string]json.RawMessage `json:"events"`
}

// SignSET makes the compact token of an event. Of e it uses Type, Schema, ID
// (empty: a random one), Issuer, IssuedAt, Subject, CaseID, Tags and Problems.
// The header is exactly typ, alg and kid.
func SignSET(key SigningKey, e Event) (string, error) {
	const op = "SignSET"
	if err := key.Check(); err != nil {
		return "", err
	}
	if e.ID == "" {
		e.ID = uuid.NewString()
	}
	var payload any = struct{}{}
	switch {
	case e.Tags != nil:
		payload = map[string]any{"authenticationTags": e.Tags}
	case len(e.Problems) > 0:
		payload = map[string]any{"problems": e.Problems}
	}
	event, err := json.Marshal(payload)
	if err != nil {
		return "", invalid(op, "%w", err)
	}
	claims, err := json.Marshal(setClaims{Schema: e.Schema, Iss: e.Issuer, Iat: e.IssuedAt.Unix(), Jti: e.ID,
		Sub: e.Subject, Txn: txnCase + e.CaseID, Events: map[string]json.RawMessage{e.Type.URI(): event}})
	if err != nil {
		return "", invalid(op, "%w", err)
	}
	head, err := json.Marshal(setHeader{setTyp, setAlg, key.Kid})
	if err != nil {
		return "", invalid(op, "%w", err)
	}
	b64 := base64.RawURLEncoding
	signed := b64.EncodeToString(head) + "." + b64.EncodeToString(claims)
	digest := sha512.Sum512([]byte(signed))
	sig, err := key.Key.Sign(rand.Reader, digest[:], pssOptions())
	if err != nil {
		return "", invalid(op, "signing failed: %w", err)
	}
	token := signed + "." + b64.EncodeToString(sig)
	// What is posted must pass the checks of the other side.
	if _, err := ParseSET(token); err != nil {
		return "", err
	}
	return token, nil
}

// pssOptions are those of PS512 (RFC 7518, section 3.5): MGF1 with SHA-512, salt as long as the hash.
func pssOptions() *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA512}
}

// ParseSET decodes a token and checks everything that needs no key, in the order
// of the documentation: header, typ and alg, the six claims, schema, exactly one
// event, its payload. It does NOT verify the signature: use [Verifier]. Errors
// match ErrInvalid.
func ParseSET(token string) (*Event, error) {
	e, err := parseSET(token)
	if err != nil {
		return nil, invalid("ParseSET", "%w", err)
	}
	return e, nil
}

func parseSET(token string) (*Event, error) {
	if len(token) > maxSET {
		return nil, errors.New("token too long")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") {
		return nil, errors.New("not a compact JWS of three segments")
	}
	if len(parts[0]) > maxHeader {
		return nil, errors.New("header too long")
	}
	h, err := joseHeader(parts[0])
	switch {
	case err != nil:
		return nil, err
	case h.Typ != setTyp:
		return nil, errors.New("typ is not " + setTyp)
	case h.Alg != setAlg:
		return nil, errors.New("alg is not " + setAlg)
	case h.Kid == "":
		return nil, errors.New("kid is missing")
	case len(h.has) != 3:
		return nil, errors.New("header has other members than typ, alg and kid")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return nil, errors.New("payload is not base64url")
	}
	claims, err := decodeObject(raw)
	if err != nil {
		return nil, err
	}
	e := &Event{Kid: h.Kid, Raw: token}
	if err := e.readClaims(claims); err != nil {
		return nil, err
	}
	return e, nil
}
