package fitconnect

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// ReplyReader receives replies: how an online service hears from the authority.
// It is safe for concurrent use.
type ReplyReader struct {
	p        ReplyReaderParams
	opt      ReplyReaderOptions
	calls    replyCalls
	verifier *Verifier
}

// ReplyReaderParams is what a [ReplyReader] needs. Issuer and Signing are needed
// to accept and reject only.
type ReplyReaderParams struct {
	Client *Client
	// Keys are the private halves of the keys named in reply channels.
	Keys *Keyring
	// Issuer is the iss claim of the events this reader makes, a UUID, and Signing
	// its key. A sender has no destination; which issuer and key the service
	// expects is not confirmed by an official text.
	Issuer  string
	Signing SigningKey
}

// ReplyReaderOptions adjust a [ReplyReader]; nil and the zero value of every field are defaults.
type ReplyReaderOptions struct {
	Paths *ReplyPaths
	// CheckMetadata and CheckData: see [SubscriberOptions].
	CheckMetadata func(raw []byte) fehler.Probleme
	CheckData     func(mimeType string, data []byte) fehler.Probleme
	// EventKeys finds the keys of events; nil is the Client. It must know Issuer
	// to read a case with events this reader made: that is done by itself.
	EventKeys      KeySource
	Policy         *JWKPolicy
	ServiceIssuers []string
	// MaxTotal bounds the decrypted bytes of one reply; 0 is 512 MiB.
	MaxTotal int64
	Now      func() time.Time
	NewID    func() string
}

// NewReplyReader checks the keys. It makes no call.
func NewReplyReader(p ReplyReaderParams, o *ReplyReaderOptions) (*ReplyReader, error) {
	const op = "NewReplyReader"
	if p.Client == nil || p.Keys == nil {
		return nil, invalid(op, "client and keys are required")
	}
	r := &ReplyReader{p: p}
	if o != nil {
		r.opt = *o
	}
	if r.opt.CheckMetadata == nil {
		r.opt.CheckMetadata = CheckMetadata
	}
	if r.opt.CheckData == nil {
		r.opt.CheckData = CheckDataSyntax
	}
	if r.opt.Now == nil {
		r.opt.Now = p.Client.now
	}
	if r.opt.NewID == nil {
		r.opt.NewID = uuid.NewString
	}
	setDefault(&r.opt.MaxTotal, 512<<20)
	keys := keysOr(r.opt.EventKeys, p.Client)
	if p.Issuer != "" {
		if err := errors.Join(checkIDs(op, p.Issuer), p.Signing.Check()); err != nil {
			return nil, err
		}
		jwk, err := publicJWK(p.Signing)
		if err != nil {
			return nil, err
		}
		keys = ReplyKeys{Base: keys, Known: map[string]JWKSet{p.Issuer: {Keys: []JWK{jwk}}}}
	}
	r.calls = replyCalls{p.Client, r.opt.Paths.filled()}
	r.verifier = &Verifier{Keys: keys, Policy: r.opt.Policy, ServiceIssuers: r.opt.ServiceIssuers}
	return r, nil
}

// List iterates over the replies that wait, each once; they are listed until
// accepted or rejected. An error is yielded once, as the last pair.
func (r *ReplyReader) List(ctx context.Context) iter.Seq2[ReplyRef, error] { return r.calls.list(ctx) }

// ReceivedReply is a reply as [ReplyReader.Fetch] opened it. It holds personal data.
type ReceivedReply struct {
	Reply             *Reply
	Metadata          *Metadata
	MetadataRaw, Data []byte
	Attachments       []Attachment
	Log               *EventLog
	SETs              []string
}

// Fetch reads a reply and checks it as [Subscriber.Fetch] checks a submission,
// with the same three outcomes. A key that is not on the ring is technical.
func (r *ReplyReader) Fetch(ctx context.Context, replyID string) (*ReceivedReply, error) {
	reply, err := r.calls.get(ctx, replyID)
	if err != nil {
		return nil, err
	}
	f := &replyFetch{r: r, out: &ReceivedReply{Reply: reply}}
	if err := f.run(ctx); err != nil {
		return nil, notGone(err, replyID)
	}
	if len(f.findings) > 0 {
		return f.out, f.findings
	}
	return f.out, nil
}

type replyFetch struct {
	r        *ReplyReader
	out      *ReceivedReply
	total    int64
	findings fehler.Probleme
}

func (f *replyFetch) finding(slug Slug, instance, meldung string) {
	f.findings = append(f.findings, Finding(slug, instance, meldung))
}

func (f *replyFetch) run(ctx context.Context) error {
	reply := f.out.Reply
	var err error
	if f.out.SETs, err = f.r.p.Client.CaseEvents(ctx, reply.CaseID); err != nil {
		return err
	}
	f.out.Log, err = f.r.verifier.VerifyEventLog(ctx, f.out.SETs, Expect{CaseID: reply.CaseID, Subject: SubjectOfReply(reply.ReplyID)})
	if p := fehler.ProblemeIn(err); p != nil {
		f.out.Log, f.findings = nil, p
		return nil
	}
	if err != nil {
		return err
	}
	tags := f.out.Log.Submit.Tags
	if !sameIDs(reply.Attachments, slices.Collect(maps.Keys(tags.Attachments))) {
		f.finding(SlugAttachmentsMismatch, InstanceSubmission, "attachments of reply and event log differ")
		return nil
	}
	raw, err := f.open(InstanceMetadata, reply.EncryptedMetadata, tags.Metadata, true)
	if err != nil || raw == nil {
		return err
	}
	f.out.MetadataRaw = raw
	f.findings = append(f.findings, f.r.opt.CheckMetadata(raw)...)
	m, err := ParseMetadata(raw)
	if err != nil {
		if len(f.findings) == 0 {
			f.finding(SlugSchemaViolation, InstanceMetadata, err.Error())
		}
		return nil
	}
	f.out.Metadata = m
	if err := f.data(m, tags.Data); err != nil {
		return err
	}
	return f.attachments(ctx, m, tags.Attachments)
}

func (f *replyFetch) data(m *Metadata, tag string) error {
	described := m.ContentStructure.Data
	if f.out.Reply.EncryptedData == "" || described == nil {
		f.finding(SlugMissingData, InstanceMetadata, "data or their description are missing")
		return nil
	}
	data, err := f.open(InstanceData, f.out.Reply.EncryptedData, tag, true)
	if err != nil || data == nil {
		return err
	}
	if !described.Hash.Matches(data) {
		f.finding(SlugHashMismatch, InstanceData, "hash of data and metadata differ")
		return nil
	}
	f.out.Data = data
	f.findings = append(f.findings, f.r.opt.CheckData(described.SubmissionSchema.MIMEType, data)...)
	return nil
}

func (f *replyFetch) attachments(ctx context.Context, m *Metadata, tags map[string]string) error {
	var ids []string
	for _, a := range m.ContentStructure.Attachments {
		ids = append(ids, a.parts()...)
	}
	if !sameIDs(ids, f.out.Reply.Attachments) {
		f.finding(SlugAttachmentsMismatch, InstanceMetadata, "attachments of reply and metadata differ")
		return nil
	}
	for _, described := range m.ContentStructure.Attachments {
		a := Attachment{MetadataAttachment: described}
		content, err := f.attachment(ctx, &described, tags)
		if err != nil {
			return err
		}
		if content != nil && !a.Hash.Matches(content) {
			f.finding(SlugHashMismatch, InstanceAttachment(a.AttachmentID), "hash of attachment and metadata differ")
			content = nil
		}
		a.Content = content
		f.out.Attachments = append(f.out.Attachments, a)
	}
	return nil
}

// attachment joins the parts; nil without an error means a finding.
func (f *replyFetch) attachment(ctx context.Context, a *MetadataAttachment, tags map[string]string) ([]byte, error) {
	whole := []byte{}
	for _, id := range a.parts() {
		compact, err := f.r.calls.attachment(ctx, f.out.Reply.ReplyID, id)
		if err != nil {
			return nil, err
		}
		b, err := f.open(InstanceAttachment(a.AttachmentID), compact, tags[id], false)
		if err != nil || b == nil {
			return nil, err
		}
		whole = append(whole, b...)
	}
	return whole, nil
}

// open checks tag and header and decrypts; nil without an error means a finding.
func (f *replyFetch) open(instance, compact, tag string, cty bool) ([]byte, error) {
	j, err := ParseJWE(compact)
	if err == nil && cty {
		err = j.CheckContentType()
	}
	if err != nil {
		f.finding(SlugEncryptionIssue, instance, err.Error())
		return nil, nil
	}
	if tag == "" || j.Tag() != tag {
		f.finding(SlugIncorrectAuthenticationTag, instance, "authentication tag differs from the event log")
		return nil, nil
	}
	plain, err := f.r.p.Keys.Decrypt(j)
	if errors.Is(err, fehler.ErrInvalid) {
		f.finding(SlugEncryptionIssue, instance, "decryption failed")
		return nil, nil
	}
	if f.total += int64(len(plain)); f.total > f.r.opt.MaxTotal {
		return nil, fmt.Errorf("fitconnect.Fetch: %w", ErrTooLarge)
	}
	if err == nil && plain == nil {
		plain = []byte{}
	}
	return plain, err
}

// Accept tells the authority that the reply was received. It may be repeated; if
// the reply was rejected meanwhile it is an ErrConflict error.
func (r *ReplyReader) Accept(ctx context.Context, reply *ReceivedReply) error {
	if reply == nil || reply.Log == nil || reply.Log.Submit == nil {
		return invalid("AcceptReply", "the reply has no valid event log")
	}
	return r.decide(ctx, reply.Reply.ReplyRef, StateAccepted,
		Event{Type: EventAcceptReply, Schema: reply.Log.Submit.Schema, Tags: reply.Log.Submit.Tags})
}

// Reject tells the authority why the reply cannot be used. It may be repeated like Accept.
func (r *ReplyReader) Reject(ctx context.Context, ref ReplyRef, problems []Problem) error {
	if len(problems) == 0 {
		return invalid("RejectReply", "no problem")
	}
	return r.decide(ctx, ref, StateRejected, Event{Type: EventRejectReply, Schema: DefaultSETSchema, Problems: problems})
}

func (r *ReplyReader) decide(ctx context.Context, ref ReplyRef, want State, e Event) error {
	const op = "DecideReply"
	if r.p.Issuer == "" {
		return fehler.New("fitconnect."+op, ref.ReplyID, fehler.ErrUnsupported, errors.New("no issuer and key configured"))
	}
	if e.Schema == "" {
		e.Schema = DefaultSETSchema
	}
	subject := SubjectOfReply(ref.ReplyID)
	e.ID, e.Issuer, e.IssuedAt, e.Subject, e.CaseID = r.opt.NewID(), r.p.Issuer, r.opt.Now(), subject, ref.CaseID
	token, err := SignSET(r.p.Signing, e)
	if err != nil {
		return err
	}
	err = r.p.Client.PostEvent(ctx, ref.CaseID, token)
	if err == nil || ctx.Err() != nil {
		return err
	}
	// An earlier attempt, or this one with its answer lost, may have got through.
	tokens, logErr := r.p.Client.CaseEvents(ctx, ref.CaseID)
	if logErr != nil {
		return err
	}
	log, logErr := r.verifier.VerifyEventLog(ctx, tokens, Expect{CaseID: ref.CaseID, Subject: subject})
	if logErr != nil {
		return err
	}
	switch accepted, rejected := log.Last(subject, EventAcceptReply), log.Last(subject, EventRejectReply); {
	case accepted == nil && rejected == nil:
		return err
	case (accepted != nil) == (want == StateAccepted):
		return nil
	}
	return fehler.New("fitconnect."+op, ref.ReplyID, fehler.ErrConflict, errors.New("reply is decided otherwise already"))
}
