package fitconnect

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Sender submits to destinations, as an online service does. It is safe for
// concurrent use.
type Sender struct {
	client   *Client
	opt      SenderOptions
	verifier *Verifier
}

// SenderParams is what a [Sender] needs; all fields are required.
type SenderParams struct {
	Client *Client
}

// SenderOptions adjust a [Sender]; the zero value of every field is a default.
type SenderOptions struct {
	// Policy is the policy for published keys.
	Policy *JWKPolicy
	// ServiceIssuers: see [Verifier].
	ServiceIssuers []string
	// NewID makes attachment ids: UUIDs of version 4, globally unique; nil makes random ones.
	NewID func() string
}

// NewSender makes a Sender. It makes no call.
func NewSender(p SenderParams, o *SenderOptions) (*Sender, error) {
	if p.Client == nil {
		return nil, invalid("NewSender", "client is required")
	}
	s := &Sender{client: p.Client}
	if o != nil {
		s.opt = *o
	}
	if s.opt.NewID == nil {
		s.opt.NewID = uuid.NewString
	}
	s.verifier = &Verifier{Keys: p.Client, Policy: s.opt.Policy, ServiceIssuers: s.opt.ServiceIssuers}
	return s, nil
}

// Draft is a submission before it is sent.
type Draft struct {
	DestinationID string
	PublicService PublicService
	Region        string    // optional: "DE" and digits of ARS or AGS
	CaseID        string    // optional: to continue a case
	Callback      *Callback // optional: where to hear about events
	// Metadata without what Send fills in: $schema if empty, the description of
	// data and attachments with their hashes.
	Metadata   Metadata
	Data       []byte
	DataSchema SchemaRef // MIMEType is application/json or application/xml
	// Attachments need Content, MIMEType and Purpose; an empty AttachmentID is
	// filled in, the hash always.
	Attachments []Attachment
}

// Sent identifies what was sent, with the tags to compare with the event log.
type Sent struct {
	SubmissionRef
	Tags AuthenticationTags `json:"tags"`
}

// Send encrypts everything for the destination, announces, uploads and submits.
// The metadata are checked first; what breaks a rule is [fehler.Probleme] and
// nothing is sent.
//
// If it fails after announcing, the Sent is not nil: [Sender.Status] tells
// whether the submission got through. What did not, the service deletes after a day.
func (s *Sender) Send(ctx context.Context, d Draft) (*Sent, error) {
	dest, err := s.client.Destination(ctx, d.DestinationID)
	if err != nil {
		return nil, err
	}
	if dest.Status != "" && dest.Status != DestinationActive {
		return nil, fehler.New("fitconnect.Send", d.DestinationID, fehler.ErrConflict, errors.New("destination is not active"))
	}
	key, err := s.client.DestinationKey(ctx, d.DestinationID, dest.EncryptionKid)
	if err != nil {
		return nil, err
	}
	if err := key.Check(UseEncrypt, s.opt.Policy); err != nil {
		return nil, err
	}
	e, err := s.encrypt(d, key)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(e.attachments))
	for i, a := range e.attachments {
		ids[i] = a.id
	}
	ref, err := s.client.CreateSubmission(ctx, NewSubmission{DestinationID: d.DestinationID, AnnouncedAttachments: ids,
		PublicService: d.PublicService, Region: d.Region, CaseID: d.CaseID, Callback: d.Callback})
	if err != nil {
		return nil, err
	}
	sent := &Sent{SubmissionRef: ref, Tags: e.tags()}
	for _, a := range e.attachments {
		if err := s.client.UploadAttachment(ctx, ref.SubmissionID, a.id, a.jwe); err != nil {
			return sent, err
		}
	}
	err = s.client.SubmitSubmission(ctx, ref.SubmissionID, e.metadata, e.data)
	if err == nil || ctx.Err() != nil {
		return sent, err
	}
	// The answer may have been lost, and repeating it then be a conflict.
	if state, _, statusErr := s.Status(ctx, sent); statusErr == nil && state != StateIncomplete {
		return sent, nil
	}
	return sent, err
}

// encrypted is a draft ready to go.
type encrypted struct {
	metadata, data *JWE
	attachments    []encryptedAttachment
}

type encryptedAttachment struct {
	id  string
	jwe *JWE
}

func (e *encrypted) tags() AuthenticationTags {
	t := AuthenticationTags{Metadata: e.metadata.Tag(), Data: e.data.Tag()}
	for _, a := range e.attachments {
		if t.Attachments == nil {
			t.Attachments = map[string]string{}
		}
		t.Attachments[a.id] = a.jwe.Tag()
	}
	return t
}

func (s *Sender) encrypt(d Draft, key JWK) (*encrypted, error) {
	m, e := d.Metadata, &encrypted{}
	if m.Schema == "" {
		m.Schema = MetadataSchema210
	}
	m.ContentStructure = ContentStructure{Data: &DataDescription{Hash: HashOf(d.Data), SubmissionSchema: d.DataSchema}}
	if old := d.Metadata.ContentStructure.Data; old != nil {
		m.ContentStructure.Data.Signature = old.Signature
	}
	for _, a := range d.Attachments {
		a.Hash = HashOf(a.Content)
		if a.AttachmentID == "" {
			a.AttachmentID = s.opt.NewID()
		}
		jwe, err := Encrypt(EncryptParams{Key: key, Cty: a.MIMEType, Plaintext: a.Content})
		if err != nil {
			return nil, err
		}
		m.ContentStructure.Attachments = append(m.ContentStructure.Attachments, a.MetadataAttachment)
		e.attachments = append(e.attachments, encryptedAttachment{a.AttachmentID, jwe})
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, invalid("Send", "metadata: %w", withoutValue(err))
	}
	if p := append(CheckMetadata(raw), CheckMetadataFormats(raw)...); len(p) > 0 {
		return nil, p
	}
	if p := CheckDataSyntax(d.DataSchema.MIMEType, d.Data); len(p) > 0 {
		return nil, p
	}
	if e.metadata, err = Encrypt(EncryptParams{Key: key, Cty: MIMEJSON, Plaintext: raw}); err != nil {
		return nil, err
	}
	e.data, err = Encrypt(EncryptParams{Key: key, Cty: d.DataSchema.MIMEType, Plaintext: d.Data})
	return e, err
}

// Status reads and verifies the event log of a submission and compares the tags
// with what was sent: a difference means that something was exchanged on the
// way and is [fehler.Probleme]. A submission that was not submitted is
// StateIncomplete without a log.
func (s *Sender) Status(ctx context.Context, sent *Sent) (State, *EventLog, error) {
	tokens, err := s.client.CaseEvents(ctx, sent.CaseID)
	if err != nil {
		return "", nil, err
	}
	subject := SubjectOfSubmission(sent.SubmissionID)
	submitted := false
	for _, t := range tokens {
		e, err := ParseSET(t)
		submitted = submitted || err == nil && e.Subject == subject && e.Type == EventSubmitSubmission
	}
	if !submitted {
		return StateIncomplete, nil, nil
	}
	log, err := s.verifier.VerifyEventLog(ctx, tokens, Expect{CaseID: sent.CaseID, Subject: subject, DestinationID: sent.DestinationID})
	if err != nil {
		return "", nil, err
	}
	if !log.Submit.Tags.Equal(sent.Tags) {
		return "", log, fehler.Probleme{Finding(SlugIncorrectAuthenticationTag, InstanceSubmission, "event log carries other tags than were sent")}
	}
	return log.State, log, nil
}
