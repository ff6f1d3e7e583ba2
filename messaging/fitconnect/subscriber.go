package fitconnect

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Subscriber receives the submissions of one destination. It is safe for
// concurrent use.
type Subscriber struct {
	p        SubscriberParams
	opt      SubscriberOptions
	verifier *Verifier
	room     *budget
}

// SubscriberParams is what a [Subscriber] needs; all fields are required.
type SubscriberParams struct {
	Client        *Client
	DestinationID string
	Keys          *Keyring   // private encryption keys of the destination
	Signing       SigningKey // private signature key of the destination
}

// SubscriberOptions adjust a [Subscriber]; the zero value of every field is a default.
type SubscriberOptions struct {
	// CheckMetadata checks the decrypted metadata; nil is [CheckMetadata]. Use it
	// to validate with the official schema instead.
	CheckMetadata func(raw []byte) fehler.Probleme
	// CheckData checks the decrypted data; nil is [CheckDataSyntax].
	CheckData func(mimeType string, data []byte) fehler.Probleme
	// EventKeys finds the keys events are signed with; nil is the Client. A case
	// with replies holds events of the sender: see [ReplyKeys].
	EventKeys KeySource
	// Policy is the policy for published signature keys.
	Policy *JWKPolicy
	// ServiceIssuers: see [Verifier].
	ServiceIssuers []string
	// Problems replace rules of [ProblemTable], which is not confirmed against the
	// official list; see [Subscriber.ProblemsOf].
	Problems []ProblemRule
	// FormerKids are kids of encryption keys the destination had once. A submission
	// for one of them that the Keyring cannot open is a technical failure even if
	// the service does not publish the key any more: its sender did nothing wrong.
	FormerKids []string
	// Inflate bounds compressed parts, which only version 1 of the API allows; its
	// Max is at most MaxTotal. What is larger is a permanent failure.
	Inflate InflateLimits
	// Deadlines of the delivery service; nil is [ServiceDeadlines].
	Deadlines []ServiceDeadline
	// MaxTotal bounds the decrypted bytes of attachments one Fetch holds; 0 is 512
	// MiB. FetchInto holds one attachment of at most this size.
	MaxTotal int64
	// MaxInFlight bounds what several fetches at the same time hold of large answers
	// while they are received and opened, in bytes; 0 is 256 MiB. A larger one passes
	// alone. Answers below 512 KiB are not counted.
	MaxInFlight int64
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// NewID makes the jti of events; nil makes random UUIDs.
	NewID func() string
}

// NewSubscriber checks the keys. It makes no call.
func NewSubscriber(p SubscriberParams, o *SubscriberOptions) (*Subscriber, error) {
	const op = "NewSubscriber"
	if p.Client == nil || p.Keys == nil {
		return nil, invalid(op, "client and keys are required")
	}
	if err := checkIDs(op, p.DestinationID); err != nil {
		return nil, err
	}
	if err := p.Signing.Check(); err != nil {
		return nil, err
	}
	s := &Subscriber{p: p}
	if o != nil {
		s.opt = *o
	}
	if s.opt.CheckMetadata == nil {
		s.opt.CheckMetadata = CheckMetadata
	}
	if s.opt.CheckData == nil {
		s.opt.CheckData = CheckDataSyntax
	}
	if s.opt.Now == nil {
		s.opt.Now = time.Now
	}
	if s.opt.NewID == nil {
		s.opt.NewID = uuid.NewString
	}
	if err := checkProblems(s.opt.Problems); err != nil {
		return nil, err
	}
	if s.opt.Deadlines == nil {
		s.opt.Deadlines = ServiceDeadlines()
	}
	setDefault(&s.opt.MaxTotal, 512<<20)
	setDefault(&s.opt.MaxInFlight, 256<<20)
	s.room = newBudget(s.opt.MaxInFlight)
	s.opt.Inflate = s.opt.Inflate.filled()
	s.opt.Inflate.Max = min(s.opt.Inflate.Max, s.opt.MaxTotal)
	s.verifier = &Verifier{Keys: p.Client, Policy: s.opt.Policy, ServiceIssuers: s.opt.ServiceIssuers}
	if s.opt.EventKeys != nil {
		s.verifier.Keys = s.opt.EventKeys
	}
	return s, nil
}

// DestinationID is the destination this subscriber receives for.
func (s *Subscriber) DestinationID() string { return s.p.DestinationID }

// List iterates over the submissions that wait. Delivery is at least once: a
// submission is listed until it is accepted or rejected, so skip known ids.
func (s *Subscriber) List(ctx context.Context) iter.Seq2[SubmissionRef, error] {
	return s.p.Client.Submissions(ctx, s.p.DestinationID)
}

// EventLog reads and verifies the event log of a submission.
func (s *Subscriber) EventLog(ctx context.Context, ref SubmissionRef) (*EventLog, error) {
	tokens, err := s.p.Client.CaseEvents(ctx, ref.CaseID)
	if err != nil {
		return nil, err
	}
	return s.verify(ctx, ref, tokens)
}

// CaseEvents reads the event log without verifying it: compact tokens, to archive.
func (s *Subscriber) CaseEvents(ctx context.Context, ref SubmissionRef) ([]string, error) {
	return s.p.Client.CaseEvents(ctx, ref.CaseID)
}

func (s *Subscriber) verify(ctx context.Context, ref SubmissionRef, tokens []string) (*EventLog, error) {
	return s.verifier.VerifyEventLog(ctx, tokens, Expect{CaseID: ref.CaseID,
		Subject: SubjectOfSubmission(ref.SubmissionID), DestinationID: s.p.DestinationID})
}

// Accept tells the sender that the submission was received. Call it only after
// everything was stored durably. It may be repeated: if the submission is
// accepted already it succeeds; if it was rejected (by this destination, or by
// the service after its deadline) it is a [*DecidedError], which matches ErrConflict.
func (s *Subscriber) Accept(ctx context.Context, r *Received) error {
	return s.AcceptReceipt(ctx, r.Receipt())
}

// AcceptReceipt accepts with a stored [Receipt]; otherwise it is Accept.
func (s *Subscriber) AcceptReceipt(ctx context.Context, r Receipt) error {
	const op = "Accept"
	if r.Tags.Metadata == "" || r.DestinationID != s.p.DestinationID {
		return invalid(op, "receipt is empty or of another destination")
	}
	return s.decide(ctx, op, r.SubmissionRef, StateAccepted, Event{Type: EventAcceptSubmission, Schema: r.SETSchema, Tags: &r.Tags})
}

// Reject tells the sender that the submission will never be processed as it is,
// and why. Use it for permanent failures only. It may be repeated like Accept.
func (s *Subscriber) Reject(ctx context.Context, ref SubmissionRef, problems []Problem) error {
	const op = "Reject"
	if len(problems) == 0 || ref.DestinationID != s.p.DestinationID {
		return invalid(op, "no problem, or submission of another destination")
	}
	tokens, err := s.p.Client.CaseEvents(ctx, ref.CaseID)
	if err != nil {
		return err
	}
	return s.decide(ctx, op, ref, StateRejected,
		Event{Type: EventRejectSubmission, Schema: submitSchema(tokens, ref.SubmissionID), Problems: problems})
}

// submitSchema finds the payload schema of the submit event without verifying:
// a log that is not valid is a reason to reject.
func submitSchema(tokens []string, submissionID string) string {
	for _, t := range tokens {
		e, err := ParseSET(t)
		if err == nil && e.Type == EventSubmitSubmission && e.Schema != "" && e.Subject == SubjectOfSubmission(submissionID) {
			return e.Schema
		}
	}
	return DefaultSETSchema
}

// decide signs and posts. If posting fails the event log tells whether an
// earlier attempt, or this one with its answer lost, got through.
func (s *Subscriber) decide(ctx context.Context, op string, ref SubmissionRef, want State, e Event) error {
	if e.Schema == "" {
		e.Schema = DefaultSETSchema
	}
	e.ID, e.Issuer, e.IssuedAt = s.opt.NewID(), s.p.DestinationID, s.opt.Now()
	e.Subject, e.CaseID = SubjectOfSubmission(ref.SubmissionID), ref.CaseID
	token, err := SignSET(s.p.Signing, e)
	if err != nil {
		return err
	}
	err = s.p.Client.PostEvent(ctx, ref.CaseID, token)
	if err == nil || ctx.Err() != nil {
		return err
	}
	log, logErr := s.EventLog(ctx, ref)
	if logErr != nil {
		return err
	}
	decided := log.decision(e.Subject)
	switch {
	case e.Type == EventForwardSubmission && log.has(e.ID):
		return nil
	case decided == nil:
		return err
	case stateOf(decided) == want:
		return nil
	}
	return newDecidedError(op, ref.SubmissionID, decided, fehler.ErrConflict)
}

// decision is the last accept or reject event, or nil.
func (l *EventLog) decision(subject string) *Event {
	for _, e := range slices.Backward(l.Events) {
		if e.Subject == subject && stateOf(e) != "" {
			return e
		}
	}
	return nil
}

// stateOf is the state an accept or reject event leads to; empty for others.
func stateOf(e *Event) State {
	switch e.Type {
	case EventAcceptSubmission, EventAcceptReply:
		return StateAccepted
	case EventRejectSubmission, EventRejectReply:
		return StateRejected
	}
	return ""
}

func (l *EventLog) has(id string) bool {
	return slices.ContainsFunc(l.Events, func(e *Event) bool { return e.ID == id })
}
