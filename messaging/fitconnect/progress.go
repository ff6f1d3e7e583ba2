package fitconnect

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Progress says how far a sending got. Store it as JSON: it holds ids, tags,
// hashes and, once everything is uploaded, the encrypted metadata and data; no
// plaintext. The zero value is a sending that has not begun.
type Progress struct {
	// Draft is a fingerprint of what is sent.
	Draft string `json:"draft,omitempty"`
	// SubmissionRef is empty until the service gave the ids. For a reply
	// SubmissionID is the reply id and DestinationID is empty.
	SubmissionRef
	Attachments []AttachmentProgress `json:"attachments,omitempty"`
	// Metadata and Data are the JWEs handed over, made once, with their tags. The
	// JWEs are left out again once the service has taken them.
	Metadata    string `json:"metadata,omitempty"`
	Data        string `json:"data,omitempty"`
	MetadataTag string `json:"metadataTag,omitempty"`
	DataTag     string `json:"dataTag,omitempty"`
	// SealedAt is when they were made (UTC, microseconds).
	SealedAt time.Time `json:"sealedAt,omitzero"`
	// Done: the service has taken it; DoneAt is when that was known (UTC, microseconds).
	Done   bool      `json:"done,omitempty"`
	DoneAt time.Time `json:"doneAt,omitzero"`
}

// AttachmentProgress is one attachment of a [Progress].
type AttachmentProgress struct {
	AttachmentID string         `json:"attachmentId"`
	Cut          int64          `json:"cut,omitempty"` // bytes of a fragment; 0 if not cut
	Hash         string         `json:"hash,omitempty"`
	Parts        []PartProgress `json:"parts"`
}

// PartProgress is one part that travels as a JWE; Tag is empty until it is uploaded.
type PartProgress struct {
	ID   string `json:"id"`
	Tag  string `json:"tag,omitempty"`
	Hash string `json:"hash,omitempty"` // of the plaintext
}

// Sent gives the ids and tags; nil if nothing was announced.
func (p *Progress) Sent() *Sent { return p.sent() }

func (p *Progress) sent() *Sent {
	if p.SubmissionID == "" {
		return nil
	}
	s := &Sent{SubmissionRef: p.SubmissionRef, Tags: AuthenticationTags{Metadata: p.MetadataTag, Data: p.DataTag}}
	for _, a := range p.Attachments {
		for _, part := range a.Parts {
			if part.Tag == "" {
				continue
			}
			if s.Tags.Attachments == nil {
				s.Tags.Attachments = map[string]string{}
			}
			s.Tags.Attachments[part.ID] = part.Tag
		}
	}
	return s
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

// Once sends what is named by a key once: with a [ProgressStore] it goes on where
// an earlier attempt ended, also after a restart. Two calls with the same key in
// this process wait for each other; between processes the caller must see to it
// that only one sends a key at a time. Safe for concurrent use.
type Once struct {
	store ProgressStore
	mu    sync.Mutex
	busy  map[string]chan struct{} // GUARDED_BY(mu); closed when the sending ends
}

// NewOnce makes an Once over a store, which is required.
func NewOnce(store ProgressStore) (*Once, error) {
	if store == nil {
		return nil, invalid("NewOnce", "a store is required")
	}
	return &Once{store: store, busy: map[string]chan struct{}{}}, nil
}

// Send calls send with the stored progress and a function that stores it, such
// as [Sender.Continue] wants. What is done already is not sent again.
func (o *Once) Send(ctx context.Context, key string, send func(context.Context, *Progress, func(context.Context, *Progress) error) error) (*Progress, error) {
	leave, err := o.enter(ctx, key)
	if err != nil {
		return nil, err
	}
	defer leave()
	p, err := o.Progress(ctx, key)
	if errors.Is(err, fehler.ErrNotFound) {
		p, err = &Progress{}, nil
	}
	if err != nil || p.Done {
		return p, err
	}
	err = send(ctx, p, func(ctx context.Context, p *Progress) error { return o.store.SaveProgress(ctx, key, p) })
	return p, err
}

// Progress gives what is stored; nothing is ErrNotFound.
func (o *Once) Progress(ctx context.Context, key string) (*Progress, error) {
	return o.store.LoadProgress(ctx, key)
}

func (o *Once) enter(ctx context.Context, key string) (leave func(), err error) {
	for {
		o.mu.Lock()
		other, there := o.busy[key]
		if !there {
			mine := make(chan struct{})
			o.busy[key] = mine
			o.mu.Unlock()
			return func() {
				o.mu.Lock()
				delete(o.busy, key)
				o.mu.Unlock()
				close(mine)
			}, nil
		}
		o.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
