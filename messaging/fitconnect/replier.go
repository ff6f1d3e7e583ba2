package fitconnect

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// CodeProcessStandard is the code of a reply in a format the channel does not name.
const CodeProcessStandard = "fitconnect.antwort.standard"

// Replier sends replies in the case of a submission, to a
// [ReplyChannel.FITConnect]: how an authority answers an online service. It is
// safe for concurrent use.
type Replier struct {
	calls    replyCalls
	opt      ReplierOptions
	limits   *SendLimits
	verifier *Verifier
}

// ReplierOptions adjust a [Replier]; nil and the zero value of every field are defaults.
type ReplierOptions struct {
	Paths *ReplyPaths
	// Limits: see [SenderOptions].
	Limits *SendLimits
	// NewID makes attachment ids: random UUIDs of version 4.
	NewID func() string
	// Keys finds the key an event about a reply is signed with. A sender has no
	// destination, and where its key is published is not confirmed by an official
	// text: see [ReplyKeys]. Nil looks up issuers as destinations.
	Keys           KeySource
	Policy         *JWKPolicy
	ServiceIssuers []string
}

// NewReplier makes a Replier with the client of a subscriber. It makes no call.
func NewReplier(c *Client, o *ReplierOptions) (*Replier, error) {
	if c == nil {
		return nil, invalid("NewReplier", "client is required")
	}
	r := &Replier{}
	if o != nil {
		r.opt = *o
	}
	if r.opt.NewID == nil {
		r.opt.NewID = uuid.NewString
	}
	var err error
	if r.limits, err = r.opt.Limits.filled("NewReplier"); err != nil {
		return nil, err
	}
	r.calls = replyCalls{c, r.opt.Paths.filled()}
	r.verifier = &Verifier{Keys: keysOr(r.opt.Keys, c), Policy: r.opt.Policy, ServiceIssuers: r.opt.ServiceIssuers}
	return r, nil
}

func keysOr(k KeySource, c *Client) KeySource {
	if k != nil {
		return k
	}
	return c
}

// ReplyKeys is a [KeySource] that knows keys of senders: those agreed on with an
// online service for its events about replies. Everything else comes from Base.
type ReplyKeys struct {
	Base KeySource
	// Known are signature keys by issuer, the iss claim of the events.
	Known map[string]JWKSet
}

// ServiceKey implements [KeySource].
func (k ReplyKeys) ServiceKey(ctx context.Context, kid string) (JWK, error) {
	return k.Base.ServiceKey(ctx, kid)
}

// DestinationKey implements [KeySource].
func (k ReplyKeys) DestinationKey(ctx context.Context, issuer, kid string) (JWK, error) {
	if set, known := k.Known[issuer]; known {
		if key, ok := set.Find(kid); ok {
			return key, nil
		}
		return JWK{}, fehler.New("fitconnect.ReplyKeys", quoteKid(kid), fehler.ErrNotFound, nil)
	}
	return k.Base.DestinationKey(ctx, issuer, kid)
}

// ReplyDraft is a reply before it is sent. The fields of the content are those
// of a [Draft].
type ReplyDraft struct {
	CaseID string // of the submission that is answered
	// Channel is replyChannel.fitConnect of that submission.
	Channel ReplyFITConnect
	// ProcessStandard is the one of Channel.ProcessStandards the data follow.
	ProcessStandard string
	Metadata        Metadata
	Data            []byte
	DataSchema      SchemaRef
	Attachments     []Attachment
	Sources         []Source
	FirstStands     bool // see [Draft.FirstStands]
}

// Send encrypts for the key of the channel, announces, uploads and submits; see
// [Sender.Send]. In the Sent the SubmissionID is the id of the reply.
func (r *Replier) Send(ctx context.Context, d ReplyDraft) (*Sent, error) {
	return r.Continue(ctx, d, &Progress{}, nil)
}

// Continue is [Sender.Continue] for a reply.
func (r *Replier) Continue(ctx context.Context, d ReplyDraft, p *Progress, save func(context.Context, *Progress) error) (*Sent, error) {
	const op = "Reply"
	if err := checkIDs(op, d.CaseID); err != nil {
		return nil, err
	}
	if !slices.Contains(d.Channel.ProcessStandards, d.ProcessStandard) {
		return nil, sendProblem(CodeProcessStandard, "/processStandard", "the channel does not take this format",
			"Der Antragsdienst nimmt Antworten in diesem Format nicht an.")
	}
	// Keys of a reply channel have no certificate.
	if err := d.Channel.EncryptionPublicKey.Check(UseEncrypt, nil); err != nil {
		return nil, err
	}
	s := &sending{op: op, limits: *r.limits, newID: r.opt.NewID, now: r.calls.c.now, save: save, p: p,
		to: toCase{r, d.CaseID}, key: d.Channel.EncryptionPublicKey}
	if err := s.prepare(inhalt{Metadata: d.Metadata, Data: d.Data, DataSchema: d.DataSchema, Attachments: d.Attachments, Sources: d.Sources, FirstStands: d.FirstStands},
		struct{ CaseID, Kid, Standard string }{d.CaseID, d.Channel.EncryptionPublicKey.Kid, d.ProcessStandard}); err != nil || p.Done {
		return p.sent(), err
	}
	return s.run(ctx)
}

// Status is [Sender.Status] for a reply.
func (r *Replier) Status(ctx context.Context, sent *Sent) (State, *EventLog, error) {
	return statusOf(ctx, r.calls.c, r.verifier, sent, Expect{CaseID: sent.CaseID, Subject: SubjectOfReply(sent.SubmissionID)})
}

// toCase is the way of a reply.
type toCase struct {
	r      *Replier
	caseID string
}

func (t toCase) create(ctx context.Context, parts []string) (SubmissionRef, error) {
	ref, err := t.r.calls.create(ctx, t.caseID, parts)
	return SubmissionRef{SubmissionID: ref.ReplyID, CaseID: ref.CaseID}, err
}

func (t toCase) upload(ctx context.Context, id, part string, jwe *JWE) error {
	return t.r.calls.upload(ctx, id, part, jwe)
}

func (t toCase) submit(ctx context.Context, id string, metadata, data *JWE) error {
	return t.r.calls.submit(ctx, id, metadata, data)
}

func (t toCase) subject(id string) string { return SubjectOfReply(id) }

func (t toCase) status(ctx context.Context, sent *Sent) (State, error) {
	state, _, err := t.r.Status(ctx, sent)
	return state, err
}

func (t toCase) events(ctx context.Context, caseID string) ([]string, error) {
	return t.r.calls.c.CaseEvents(ctx, caseID)
}
