package fitconnect

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// SendLimits bound what is sent. FIT-Connect publishes no limits: agree on them
// with the receiver. A zero field is the default.
type SendLimits struct {
	// FragmentSize, if set, cuts every attachment of more plaintext bytes into
	// fragments of this size, each a JWE of its own: memory is then a small
	// multiple of it, whatever the size of the attachment. 0 cuts nothing.
	// Fragments exist in metadata 2.x; how receivers join them is not confirmed by
	// an official text.
	FragmentSize int64
	// MaxPart bounds the plaintext bytes of one JWE, which is held in memory;
	// 0 is 128 MiB.
	MaxPart int64
	// MaxTotal bounds the plaintext bytes of all parts; 0 is 4 GiB.
	MaxTotal int64
	// MaxParts bounds the number of attachments and fragments; 0 is 2000: the
	// tags of more do not fit into an event this package reads.
	MaxParts int
}

// DefaultSendLimits are the limits a [Sender] has if none are named.
func DefaultSendLimits() SendLimits {
	return SendLimits{MaxPart: 128 << 20, MaxTotal: 4 << 30, MaxParts: 2000}
}

func (l *SendLimits) filled(op string) (*SendLimits, error) {
	out := DefaultSendLimits()
	if l != nil {
		if l.FragmentSize < 0 || l.MaxPart < 0 || l.MaxTotal < 0 || l.MaxParts < 0 {
			return nil, invalid(op, "a limit is negative")
		}
		out.FragmentSize = l.FragmentSize
		setIf(&out.MaxPart, l.MaxPart)
		setIf(&out.MaxTotal, l.MaxTotal)
		setIf(&out.MaxParts, l.MaxParts)
	}
	if out.FragmentSize > out.MaxPart {
		return nil, invalid(op, "FragmentSize is larger than MaxPart")
	}
	return &out, nil
}

func setIf[T comparable](p *T, v T) {
	var zero T
	if v != zero {
		*p = v
	}
}

// The codes of what cannot be sent, as [fehler.Probleme].
const (
	CodeTooLarge  = "fitconnect.senden.zu-gross"     // one part or the whole is larger than the limits
	CodeTooMany   = "fitconnect.senden.zu-viele"     // more parts than the limits
	CodeSource    = "fitconnect.senden.quelle"       // size or hash of a source are not what was said
	CodeUnchanged = "fitconnect.senden.unveraendert" // MetadataRaw does not describe data and attachments
)

func sendProblem(code, place, meldung, hinweis string) fehler.Probleme {
	return fehler.Probleme{{Code: code, Pfad: place, Meldung: meldung, Hinweis: hinweis}}
}

// inhalt is the content of a submission or reply before it is encrypted; see [Draft].
type inhalt struct {
	Metadata    Metadata
	MetadataRaw []byte
	Data        []byte
	DataSchema  SchemaRef
	Attachments []Attachment
	Sources     []Source
	Fingerprint string
	FirstStands bool
}

// way is where a sending goes: a submission to a destination or a reply.
type way interface {
	create(ctx context.Context, parts []string) (SubmissionRef, error)
	upload(ctx context.Context, id, part string, jwe *JWE) error
	submit(ctx context.Context, id string, metadata, data *JWE) error
	subject(id string) string
	status(ctx context.Context, sent *Sent) (State, error)
	events(ctx context.Context, caseID string) ([]string, error)
}

// sending is one run of Continue.
type sending struct {
	op     string
	limits SendLimits
	newID  func() string
	now    func() time.Time
	fresh  time.Duration // how long sealed data may be handed over; 0 is for ever
	save   func(context.Context, *Progress) error
	to     way
	key    JWK
	p      *Progress

	inhalt  inhalt
	draft   any // what else makes up the draft
	sources []Source
	first   bool // hand over what an earlier draft left sealed
}

func (s *sending) keep(ctx context.Context) error {
	if s.save == nil {
		return nil
	}
	return s.save(ctx, s.p)
}

// run takes the steps that are missing.
func (s *sending) run(ctx context.Context) (*Sent, error) {
	if s.p.SubmissionID != "" && s.p.Metadata == "" {
		if err := s.resume(ctx); err != nil {
			return s.p.sent(), err
		}
	}
	if s.p.SubmissionID == "" {
		ref, err := s.to.create(ctx, s.parts())
		if err != nil {
			return nil, err
		}
		s.p.SubmissionRef = ref
		if err := s.keep(ctx); err != nil {
			return s.p.sent(), err
		}
	}
	again := s.p.Metadata != ""
	if again && s.fresh > 0 && s.now().Sub(s.p.SealedAt) > s.fresh {
		// No call of the earlier attempt is under way any more, so the log decides.
		state, err := s.to.status(ctx, s.p.sent())
		if err != nil {
			return s.p.sent(), err
		}
		if again = state != StateIncomplete; !again && !s.first {
			s.p.Metadata, s.p.Data = "", ""
		} else if !again {
			return s.anew(ctx)
		}
	}
	if !again {
		for i := range s.sources {
			if err := s.upload(ctx, i); err != nil {
				return s.p.sent(), err
			}
		}
		if err := s.seal(); err != nil {
			return s.p.sent(), err
		}
		if err := s.keep(ctx); err != nil {
			return s.p.sent(), err
		}
	}
	if err := s.handOver(ctx, again); err != nil {
		return s.p.sent(), err
	}
	s.p.Done, s.p.DoneAt, s.p.Metadata, s.p.Data = true, s.time(), "", ""
	return s.p.sent(), s.keep(ctx)
}

// anew forgets an earlier draft that did not get through.
func (s *sending) anew(ctx context.Context) (*Sent, error) {
	*s.p = Progress{}
	if err := s.prepare(s.inhalt, s.draft); err != nil {
		return nil, err
	}
	return s.run(ctx)
}

// resume finds out whether what was announced is still there. Nothing was handed
// over yet, so beginning anew cannot send twice.
func (s *sending) resume(ctx context.Context) error {
	tokens, err := s.to.events(ctx, s.p.CaseID)
	if err != nil && !errors.Is(err, fehler.ErrNotFound) {
		return err
	}
	_, deleted := fateOf(tokens, s.to.subject(s.p.SubmissionID))
	if err == nil && !deleted {
		return nil
	}
	s.p.SubmissionRef = SubmissionRef{}
	for i := range s.p.Attachments {
		a := &s.p.Attachments[i]
		for j := range a.Parts {
			// The ids are spent: they must be unique everywhere.
			a.Parts[j] = PartProgress{ID: s.newID()}
		}
		if a.Cut == 0 && s.inhalt.MetadataRaw == nil && s.sources[i].AttachmentID == "" {
			a.AttachmentID = a.Parts[0].ID
		} else if a.Cut == 0 {
			a.Parts[0].ID = a.AttachmentID // chosen by the caller
		}
	}
	return s.keep(ctx)
}

// handOver submits. Again says that an earlier run may have got through.
func (s *sending) handOver(ctx context.Context, again bool) error {
	sent := s.p.sent()
	metadata, err := ParseJWE(s.p.Metadata)
	if err != nil {
		return err
	}
	data, err := ParseJWE(s.p.Data)
	if err != nil {
		return err
	}
	if again {
		state, err := s.to.status(ctx, sent)
		if err != nil || state != StateIncomplete {
			return err
		}
	}
	err = s.to.submit(ctx, s.p.SubmissionID, metadata, data)
	if err == nil || ctx.Err() != nil {
		return err
	}
	// The answer may have been lost, and repeating it then be a conflict.
	if state, statusErr := s.to.status(ctx, sent); statusErr == nil && state != StateIncomplete {
		return nil
	}
	return err
}

// seal encrypts metadata and data.
func (s *sending) seal() error {
	raw, err := s.metadata()
	if err != nil {
		return err
	}
	m, err := Encrypt(EncryptParams{Key: s.key, Cty: MIMEJSON, Plaintext: raw})
	if err != nil {
		return err
	}
	d, err := Encrypt(EncryptParams{Key: s.key, Cty: s.inhalt.DataSchema.MIMEType, Plaintext: s.inhalt.Data})
	if err != nil {
		return err
	}
	s.p.Metadata, s.p.Data, s.p.SealedAt = m.String(), d.String(), s.time()
	s.p.MetadataTag, s.p.DataTag = strings.Clone(m.Tag()), strings.Clone(d.Tag())
	return nil
}

func (s *sending) time() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// metadata builds the document; hashes that are not known yet are zeros.
func (s *sending) metadata() ([]byte, error) {
	if s.inhalt.MetadataRaw != nil {
		return s.inhalt.MetadataRaw, nil
	}
	m := s.inhalt.Metadata
	if m.Schema == "" {
		m.Schema = MetadataSchema210
	}
	m.ContentStructure = ContentStructure{Data: &DataDescription{Hash: HashOf(s.inhalt.Data), SubmissionSchema: s.inhalt.DataSchema}}
	if old := s.inhalt.Metadata.ContentStructure.Data; old != nil {
		m.ContentStructure.Data.Signature = old.Signature
	}
	for i, src := range s.sources {
		a, p := src.MetadataAttachment, s.p.Attachments[i]
		a.AttachmentID, a.Fragments = p.AttachmentID, nil
		if p.Cut > 0 {
			for _, part := range p.Parts {
				a.Fragments = append(a.Fragments, part.ID)
			}
		}
		if a.Hash.Content == "" {
			a.Hash = Hash{Type: "sha512", Content: p.Hash}
		}
		if a.Hash.Content == "" {
			a.Hash.Content = zeroHash
		}
		m.ContentStructure.Attachments = append(m.ContentStructure.Attachments, a)
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, invalid(s.op, "metadata: %w", withoutValue(err))
	}
	return raw, nil
}

// parts are the ids to announce.
func (s *sending) parts() []string {
	ids := []string{}
	for _, a := range s.p.Attachments {
		for _, p := range a.Parts {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// fingerprint tells drafts apart.
func (s *sending) fingerprint(draft any) (string, error) {
	type piece struct {
		MetadataAttachment
		Size int64
	}
	all := struct {
		Draft     any
		Metadata  Metadata
		Raw, Data string
		Schema    SchemaRef
		Pieces    []piece
	}{draft, s.inhalt.Metadata, SHA512(s.inhalt.MetadataRaw), SHA512(s.inhalt.Data), s.inhalt.DataSchema, nil}
	if s.inhalt.Fingerprint != "" {
		all.Data = s.inhalt.Fingerprint
	}
	for _, src := range s.sources {
		all.Pieces = append(all.Pieces, piece{src.MetadataAttachment, src.Size})
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return "", invalid(s.op, "draft: %w", withoutValue(err))
	}
	return SHA512(raw), nil
}

// plan decides ids and fragments of a sending that has not begun.
func (s *sending) plan() error {
	total, parts := int64(len(s.inhalt.Data)), 0
	s.p.Attachments = make([]AttachmentProgress, len(s.sources))
	for i, src := range s.sources {
		place := "/attachments/" + strconv.Itoa(i)
		a := &s.p.Attachments[i]
		n, cut := int64(1), s.limits.FragmentSize
		if cut > 0 && src.Size > cut && s.inhalt.MetadataRaw == nil {
			n, a.Cut = (src.Size-1)/cut+1, cut
		} else if src.Size > s.limits.MaxPart {
			return sendProblem(CodeTooLarge, place, "attachment is larger than one part may be; set FragmentSize",
				"Eine Anlage ist zu groß, um in einem Stück gesendet zu werden.")
		}
		if total += src.Size; total < 0 || total > s.limits.MaxTotal {
			return sendProblem(CodeTooLarge, place, "submission is larger than MaxTotal", "Die Anlagen sind zusammen zu groß.")
		}
		if n > int64(s.limits.MaxParts-parts) {
			return sendProblem(CodeTooMany, place, "more parts than MaxParts", "Es sind zu viele Anlagen oder Teile von Anlagen.")
		}
		parts += int(n)
		if a.AttachmentID = src.AttachmentID; a.AttachmentID == "" {
			a.AttachmentID = s.newID()
		}
		a.Parts = make([]PartProgress, n)
		for j := range a.Parts {
			a.Parts[j].ID = a.AttachmentID
			if a.Cut > 0 {
				a.Parts[j].ID = s.newID()
			}
		}
	}
	ids := s.parts()
	slices.Sort(ids)
	if len(slices.Compact(ids)) != parts {
		return invalid(s.op, "attachment id occurs twice")
	}
	return nil
}
