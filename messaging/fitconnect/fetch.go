package fitconnect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Fetch reads a submission and checks it in the order of the documentation of
// FIT-Connect: event log, list of attachments, metadata, data, attachments; each
// part by authentication tag, decryption and hash.
//
// The outcome is one of three. Without an error every check passed. An error
// that holds [fehler.Probleme] is permanent: the Received carries what could be
// opened, and [ProblemsOf] gives the problems for [Subscriber.Reject]. Any other
// error is technical and the Received is nil: do nothing, the service delivers
// again; ErrNotFound says that the submission is gone.
//
// Structural violations of the metadata do not end the checks, so that a caller
// may decide to keep such a submission for a person to look at.
func (s *Subscriber) Fetch(ctx context.Context, submissionID string) (*Received, error) {
	f := &fetch{s: s}
	f.keep = func(a *Attachment) error {
		if f.total += int64(len(a.Content)); f.total > s.opt.MaxTotal {
			return fmt.Errorf("fitconnect.Fetch %s: %w", submissionID, ErrTooLarge)
		}
		return nil
	}
	return s.fetch(ctx, submissionID, f)
}

// FetchInto is Fetch for large submissions: each attachment that passed its
// checks is handed to keep, in order, and not held after that. An error of keep
// ends the fetch and is returned as it is. The attachments of a submission that
// turns out wrong later have been handed over already.
func (s *Subscriber) FetchInto(ctx context.Context, submissionID string, keep func(Attachment) error) (*Received, error) {
	f := &fetch{s: s}
	f.keep = func(a *Attachment) error {
		err := keep(*a)
		a.Content = nil
		return err
	}
	return s.fetch(ctx, submissionID, f)
}

// fetch is the state of one Fetch.
type fetch struct {
	s        *Subscriber
	sink     func(MetadataAttachment) (Sink, error) // nil: collect and keep
	keep     func(*Attachment) error
	keepErr  error
	total    int64
	r        *Received
	tags     *AuthenticationTags
	findings fehler.Probleme

	held, wanted int64 // of the Subscriber's room
}

func (f *fetch) finding(slug Slug, instance, meldung string) {
	f.findings = append(f.findings, Finding(slug, instance, meldung))
}

func (f *fetch) run(ctx context.Context, id string) (*Received, error) {
	var sub *Submission
	err := f.withRoom(ctx, func() (err error) {
		sub, err = f.s.p.Client.submission(ctx, id, func(n int64) error { return f.admit(3 * n) })
		return err
	})
	if err != nil {
		return nil, f.s.whyGone(ctx, id, err)
	}
	if sub.DestinationID != f.s.p.DestinationID {
		return nil, fehler.New("fitconnect.Fetch", id, fehler.ErrForbidden, errors.New("submission of another destination"))
	}
	f.r = &Received{Submission: sub}
	if err := f.steps(ctx); err != nil {
		if f.keepErr != nil {
			return nil, f.keepErr
		}
		return nil, notGone(err, id)
	}
	if len(f.findings) > 0 {
		return f.r, f.findings
	}
	return f.r, nil
}

// notGone keeps ErrNotFound for the submission itself: a part that is missing
// while the submission is there is a failure of the service.
func notGone(err error, id string) error {
	if errors.Is(err, fehler.ErrNotFound) {
		return fehler.New("fitconnect.Fetch", id, fehler.ErrUnavailable, errors.New(err.Error()))
	}
	return err
}

// steps runs the checks; a nil error with findings is a permanent failure.
func (f *fetch) steps(ctx context.Context) error {
	ok, err := f.eventLog(ctx)
	if err != nil || !ok {
		return err
	}
	if ok, err = f.metadata(ctx); err != nil || !ok {
		return err
	}
	if err := f.data(ctx); err != nil {
		return err
	}
	return f.attachments(ctx)
}

// eventLog: verified log with exactly one submit event, whose tags name exactly
// the attachments of the submission.
func (f *fetch) eventLog(ctx context.Context) (bool, error) {
	sub := f.r.Submission
	var err error
	if f.r.SETs, err = f.s.p.Client.CaseEvents(ctx, sub.CaseID); err != nil {
		return false, err
	}
	log, err := f.s.verify(ctx, sub.Ref(), f.r.SETs)
	if p := fehler.ProblemeIn(err); p != nil {
		f.findings = append(f.findings, p...)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	f.r.Log, f.tags = log, log.Submit.Tags
	if !sameIDs(sub.Attachments, slices.Collect(maps.Keys(f.tags.Attachments))) {
		f.finding(SlugAttachmentsMismatch, InstanceSubmission, "attachments of submission and event log differ")
		return false, nil
	}
	return true, nil
}

// sameIDs compares two lists of ids without order; an id that occurs twice
// makes them differ.
func sameIDs(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b) && len(slices.Compact(a)) == len(b)
}

func (f *fetch) metadata(ctx context.Context) (bool, error) {
	raw, err := f.open(ctx, part{instance: InstanceMetadata, compact: f.r.Submission.EncryptedMetadata, tag: f.tags.Metadata, cty: true})
	if err != nil || raw == nil {
		return false, err
	}
	f.r.MetadataRaw = raw
	f.findings = append(f.findings, f.s.opt.CheckMetadata(raw)...)
	for _, p := range f.findings {
		if p.Code == codePrefix+string(SlugUnsupportedSchema) || p.Code == codePrefix+string(SlugSyntaxViolation) {
			return false, nil
		}
	}
	m, err := ParseMetadata(raw)
	if err != nil {
		if len(f.findings) == 0 { // a replaced CheckMetadata may have missed it
			f.finding(SlugSchemaViolation, InstanceMetadata, err.Error())
		}
		return false, nil
	}
	f.r.Metadata = m
	for _, a := range m.ContentStructure.Attachments {
		f.r.Attachments = append(f.r.Attachments, Attachment{MetadataAttachment: a})
	}
	if t := m.PublicServiceType; t != nil && f.r.Submission.PublicService.Identifier != "" &&
		t.Identifier != f.r.Submission.PublicService.Identifier {
		f.finding(SlugServiceMismatch, InstanceMetadata, "public service of metadata and submission differ")
	}
	var ids []string
	for _, a := range m.ContentStructure.Attachments {
		ids = append(ids, a.parts()...)
	}
	if !sameIDs(ids, f.r.Submission.Attachments) {
		f.finding(SlugAttachmentsMismatch, InstanceMetadata, "attachments of submission and metadata differ")
		return false, nil
	}
	return true, nil
}

// parts are the ids under which the content travels: the attachment itself, or
// its fragments. That a fragmented attachment has no part of its own is not
// confirmed by an official text.
func (a *MetadataAttachment) parts() []string {
	if len(a.Fragments) > 0 {
		return a.Fragments
	}
	return []string{a.AttachmentID}
}

func (f *fetch) data(ctx context.Context) error {
	sub, described := f.r.Submission, f.r.Metadata.ContentStructure.Data
	switch {
	case sub.EncryptedData == "" && f.tags.Data == "" && described == nil:
		return nil // allowed in 1.x; in 2.x the metadata rules found it already
	case sub.EncryptedData == "" || described == nil:
		f.finding(SlugMissingData, InstanceMetadata, "data or their description are missing")
		return nil
	}
	data, err := f.open(ctx, part{instance: InstanceData, compact: sub.EncryptedData, tag: f.tags.Data, cty: true})
	if err != nil || data == nil {
		return err
	}
	if !described.Hash.Matches(data) {
		f.finding(SlugHashMismatch, InstanceData, "hash of data and metadata differ")
		return nil
	}
	f.r.Data = data
	f.findings = append(f.findings, f.s.opt.CheckData(described.SubmissionSchema.MIMEType, data)...)
	return nil
}

// part is one encrypted part and what is known about it.
type part struct {
	instance, compact, tag string
	cty                    bool // content type is mandatory
}

// open checks tag and header and decrypts. It gives nil without an error if it
// made a finding, and never nil otherwise: an empty plaintext is an empty slice.
func (f *fetch) open(ctx context.Context, p part) ([]byte, error) {
	j, err := f.s.p.Client.parseJWE(p.compact)
	if err != nil {
		f.finding(SlugEncryptionIssue, p.instance, err.Error())
		return nil, nil
	}
	return f.unseal(ctx, j, p)
}

// unseal is open of a JWE that was parsed.
func (f *fetch) unseal(ctx context.Context, j *JWE, p part) ([]byte, error) {
	if p.tag == "" || j.Tag() != p.tag {
		f.finding(SlugIncorrectAuthenticationTag, p.instance, "authentication tag differs from the event log")
		return nil, nil
	}
	if p.cty && f.s.p.Client.Version() != Version1 {
		if err := j.CheckContentType(); err != nil {
			f.finding(SlugEncryptionIssue, p.instance, err.Error())
			return nil, nil
		}
	}
	plain, err := f.s.p.Keys.DecryptWithin(j, f.s.opt.Inflate)
	if missing, ok := errors.AsType[*MissingKeyError](err); ok {
		return nil, f.missingKey(ctx, p, missing)
	}
	if errors.Is(err, ErrInflate) {
		x := Finding(SlugEncryptionIssue, p.instance, ErrInflate.Error())
		x.Hinweis = hinweisInflate
		f.findings = append(f.findings, x)
		return nil, nil
	}
	if errors.Is(err, fehler.ErrInvalid) {
		f.finding(SlugEncryptionIssue, p.instance, "decryption failed")
		return nil, nil
	}
	if err == nil && plain == nil {
		plain = []byte{}
	}
	return plain, err
}

// missingKey decides whose fault it is. A key that the destination publishes but
// this program does not hold is our configuration, no reason to reject.
func (f *fetch) missingKey(ctx context.Context, p part, missing *MissingKeyError) error {
	key, err := f.s.p.Client.DestinationKey(ctx, f.s.p.DestinationID, missing.Kid)
	switch {
	case errors.Is(err, fehler.ErrNotFound) && slices.Contains(f.s.opt.FormerKids, missing.Kid):
		return missing
	case errors.Is(err, fehler.ErrNotFound), err == nil && key.Alg != algOAEP:
		f.finding(SlugEncryptionIssue, p.instance, "encrypted for an unknown key "+quoteKid(missing.Kid))
		return nil
	case err != nil:
		return err
	}
	return missing
}
