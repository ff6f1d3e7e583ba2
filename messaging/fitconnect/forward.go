package fitconnect

import (
	"context"
	"slices"
	"sync"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// ForwardOptions adjust [ForwardDraft]; nil is the default.
type ForwardOptions struct {
	// NewIDs gives the attachments new ids and rewrites the metadata for them.
	// Whether the service takes ids it has seen in another submission is not
	// confirmed by an official text.
	NewIDs bool
	// CaseID continues a case; empty begins a new one at the other destination.
	CaseID string
	// Callback is where to hear about events.
	Callback *Callback
}

// ForwardDraft makes a draft that passes a received submission on to another
// destination: metadata, data and attachments with the same bytes, to be
// encrypted for the new receiver. Send it as usual and tell the first sender with
// a forward event if that is agreed.
//
// With [ForwardOptions.NewIDs], or if an attachment came in fragments, the
// metadata are written anew: their members stay, ids and fragments change. Every
// attachment must be held (not handed over by FetchInto), or be ErrInvalid.
func ForwardDraft(r *Received, destinationID string, o *ForwardOptions) (Draft, error) {
	const op = "ForwardDraft"
	if o == nil {
		o = &ForwardOptions{}
	}
	if r == nil || r.Submission == nil || r.Metadata == nil || r.Metadata.ContentStructure.Data == nil || r.Data == nil {
		return Draft{}, invalid(op, "the submission was not received completely")
	}
	if err := checkIDs(op, destinationID); err != nil {
		return Draft{}, err
	}
	d := Draft{DestinationID: destinationID, PublicService: r.Submission.PublicService, Region: r.Submission.Region,
		CaseID: o.CaseID, Callback: o.Callback, Metadata: *r.Metadata, Data: r.Data,
		DataSchema: r.Metadata.ContentStructure.Data.SubmissionSchema}
	rewrite := o.NewIDs
	for _, a := range r.Attachments {
		if a.Content == nil {
			return Draft{}, invalid(op, "the content of an attachment is not here")
		}
		rewrite = rewrite || len(a.Fragments) > 0
		d.Attachments = append(d.Attachments, a)
	}
	if !rewrite {
		d.MetadataRaw = slices.Clone(r.MetadataRaw)
		return d, nil
	}
	for i := range d.Attachments {
		d.Attachments[i].Fragments = nil
		if o.NewIDs {
			d.Attachments[i].AttachmentID = ""
		}
	}
	return d, nil
}

// ProgressStore keeps the [Progress] of sendings by a key of the caller, durably.
// It is safe for concurrent use; it does not keep two processes from sending the
// same key at a time. Package messaging/bundid and others send with it.
type ProgressStore interface {
	// LoadProgress gives what was saved last; nothing saved is ErrNotFound.
	LoadProgress(ctx context.Context, key string) (*Progress, error)
	// SaveProgress replaces what is kept. It returns after it is durable.
	SaveProgress(ctx context.Context, key string, p *Progress) error
}

// MemoryProgress is a [ProgressStore] for tests and demonstrations: it forgets
// everything when the process ends. The zero value is ready.
type MemoryProgress struct {
	mu sync.Mutex
	m  map[string]Progress // GUARDED_BY(mu)
}

// LoadProgress implements [ProgressStore].
func (s *MemoryProgress) LoadProgress(_ context.Context, key string) (*Progress, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.m[key]
	if !ok {
		return nil, fehler.New("fitconnect.LoadProgress", "", fehler.ErrNotFound, nil)
	}
	p = p.clone()
	return &p, nil
}

// SaveProgress implements [ProgressStore].
func (s *MemoryProgress) SaveProgress(_ context.Context, key string, p *Progress) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = map[string]Progress{}
	}
	s.m[key] = p.clone()
	return nil
}

func (p Progress) clone() Progress {
	p.Attachments = slices.Clone(p.Attachments)
	for i := range p.Attachments {
		p.Attachments[i].Parts = slices.Clone(p.Attachments[i].Parts)
	}
	return p
}
