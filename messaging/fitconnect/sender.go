package fitconnect

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Sender submits to destinations, as an online service does, and as an authority
// does that passes a case on. It is safe for concurrent use.
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
	// EventKeys finds the keys events are signed with; nil is the Client. See [ReplyKeys].
	EventKeys KeySource
	// ServiceIssuers: see [Verifier].
	ServiceIssuers []string
	// NewID makes attachment ids: UUIDs of version 4, globally unique; nil makes random ones.
	NewID func() string
	// Limits bound what is sent; nil is [DefaultSendLimits].
	Limits *SendLimits
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
	limits, err := s.opt.Limits.filled("NewSender")
	if err != nil {
		return nil, err
	}
	s.opt.Limits = limits
	s.verifier = &Verifier{Keys: keysOr(s.opt.EventKeys, p.Client), Policy: s.opt.Policy, ServiceIssuers: s.opt.ServiceIssuers}
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
	Metadata Metadata
	// MetadataRaw, if set, is sent as it is instead of Metadata: the document of a
	// submission that is passed on unchanged. It must describe exactly the data
	// and the attachments, and no fragments.
	MetadataRaw []byte
	Data        []byte
	DataSchema  SchemaRef // MIMEType is application/json or application/xml
	// Attachments need Content, MIMEType and Purpose; an empty AttachmentID is
	// filled in, the hash always.
	Attachments []Attachment
	// Sources are further attachments, read while they are sent. In the metadata
	// they follow Attachments.
	Sources []Source
	// Fingerprint, if set, stands for Data when [Sender.Continue] tells drafts
	// apart: for data that hold something made afresh each time, such as a token.
	Fingerprint string
	// Fresh, if set, is how long data handed over for the first time stay usable.
	// What was not taken within this time Continue encrypts anew from the draft,
	// after the event log said that it is not submitted. It must be longer than
	// all attempts of one call.
	Fresh time.Duration
	// FirstStands makes Continue hand over what an earlier draft under the same
	// [Progress] left encrypted, instead of refusing this one: for senders that
	// count only whose Progress it is.
	FirstStands bool
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
// whether the submission got through. What did not, the service deletes after a
// day. Calling Send again sends a second submission; to survive a crash without
// that, use [Sender.Continue].
func (s *Sender) Send(ctx context.Context, d Draft) (*Sent, error) {
	return s.Continue(ctx, d, &Progress{}, nil)
}

// Continue sends a draft whose [Progress] is kept by the caller, from where an
// earlier attempt ended. A new sending starts with an empty Progress. The
// function save, if not nil, stores the Progress durably; it is called before
// every step that must not be taken twice and after every part uploaded, with
// the same Progress, and its error ends the sending.
//
// After a crash Continue with the same draft and the stored Progress uploads what
// is missing, or finds out from the event log that the submission got through.
// A submission is handed over with a text made before the first attempt, so that
// repeating it can be told from an exchange. What is announced and forgotten the
// service deletes; if it deleted what the Progress names, or the draft is another
// one, before anything was handed over, the sending begins anew. A different draft
// after that is an ErrConflict error unless [Draft.FirstStands]. One Progress must not be used by two calls at a time.
func (s *Sender) Continue(ctx context.Context, d Draft, p *Progress, save func(context.Context, *Progress) error) (*Sent, error) {
	const op = "Send"
	sending := &sending{op: op, limits: *s.opt.Limits, newID: s.opt.NewID, now: s.client.now, fresh: d.Fresh, save: save, to: toDestination{s, d}, p: p}
	draft := struct {
		DestinationID string
		PublicService PublicService
		Region        string
		CaseID        string
	}{d.DestinationID, d.PublicService, d.Region, d.CaseID}
	if err := sending.prepare(inhalt{d.Metadata, d.MetadataRaw, d.Data, d.DataSchema, d.Attachments, d.Sources, d.Fingerprint, d.FirstStands}, draft); err != nil || p.Done {
		return p.sent(), err
	}
	dest, err := s.client.Destination(ctx, d.DestinationID)
	if err != nil {
		return p.sent(), err
	}
	if dest.Status != "" && dest.Status != DestinationActive {
		return p.sent(), fehler.New("fitconnect."+op, d.DestinationID, fehler.ErrConflict, errors.New("destination is not active"))
	}
	key, err := s.client.DestinationKey(ctx, d.DestinationID, dest.EncryptionKid)
	if err != nil {
		return p.sent(), err
	}
	if err := key.Check(UseEncrypt, s.opt.Policy); err != nil {
		return p.sent(), err
	}
	sending.key = key
	return sending.run(ctx)
}

// toDestination is the way of a submission.
type toDestination struct {
	s *Sender
	d Draft
}

func (t toDestination) create(ctx context.Context, parts []string) (SubmissionRef, error) {
	return t.s.client.CreateSubmission(ctx, NewSubmission{DestinationID: t.d.DestinationID, AnnouncedAttachments: parts,
		PublicService: t.d.PublicService, Region: t.d.Region, CaseID: t.d.CaseID, Callback: t.d.Callback})
}

func (t toDestination) upload(ctx context.Context, id, part string, jwe *JWE) error {
	return t.s.client.UploadAttachment(ctx, id, part, jwe)
}

func (t toDestination) submit(ctx context.Context, id string, metadata, data *JWE) error {
	return t.s.client.SubmitSubmission(ctx, id, metadata, data)
}

func (t toDestination) subject(id string) string { return SubjectOfSubmission(id) }

func (t toDestination) status(ctx context.Context, sent *Sent) (State, error) {
	state, _, err := t.s.Status(ctx, sent)
	return state, err
}

func (t toDestination) events(ctx context.Context, caseID string) ([]string, error) {
	return t.s.client.CaseEvents(ctx, caseID)
}

// Status reads and verifies the event log of a submission and compares the tags
// with what was sent: a difference means that something was exchanged on the
// way and is [fehler.Probleme]. A submission that was not submitted is
// StateIncomplete without a log.
func (s *Sender) Status(ctx context.Context, sent *Sent) (State, *EventLog, error) {
	return statusOf(ctx, s.client, s.verifier, sent, Expect{CaseID: sent.CaseID,
		Subject: SubjectOfSubmission(sent.SubmissionID), DestinationID: sent.DestinationID})
}

// statusOf is Status for a submission or a reply.
func statusOf(ctx context.Context, c *Client, v *Verifier, sent *Sent, x Expect) (State, *EventLog, error) {
	tokens, err := c.CaseEvents(ctx, x.CaseID)
	if err != nil {
		return "", nil, err
	}
	if submitted, _ := fateOf(tokens, x.Subject); !submitted {
		return StateIncomplete, nil, nil
	}
	log, err := v.VerifyEventLog(ctx, tokens, x)
	if err != nil {
		return "", nil, err
	}
	if !log.Submit.Tags.Equal(sent.Tags) {
		return "", log, fehler.Probleme{Finding(SlugIncorrectAuthenticationTag, InstanceSubmission, "event log carries other tags than were sent")}
	}
	return log.State, log, nil
}

// fateOf looks, without verifying, whether the service tells of a submit or
// delete event of the subject.
func fateOf(tokens []string, subject string) (submitted, deleted bool) {
	for _, t := range tokens {
		e, err := ParseSET(t)
		if err != nil || e.Subject != subject {
			continue
		}
		submitted = submitted || e.Type == EventSubmitSubmission || e.Type == EventSubmitReply
		deleted = deleted || e.Type == EventDeleteSubmission || e.Type == EventDeleteReply
	}
	return submitted, deleted
}
