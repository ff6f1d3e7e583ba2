package blob

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options of a store. Nil means defaults.
type Options struct {
	// Limit is the largest file in bytes; default [DefaultLimit].
	Limit int64
	// Now is the clock the age of files is taken from; default [time.Now].
	Now func() time.Time
}

func (o *Options) limit() int64 {
	if o == nil || o.Limit <= 0 {
		return DefaultLimit
	}
	return o.Limit
}

func (o *Options) now() func() time.Time {
	if o == nil || o.Now == nil {
		return time.Now
	}
	return o.Now
}

// Memory keeps files in memory, for tests and demos.
type Memory struct {
	limit int64
	now   func() time.Time
	mu    sync.RWMutex
	files map[memoryKey]memoryFile // GUARDED_BY(mu)
}

type memoryKey struct {
	mandant tenant.ID
	sum     string
}

type memoryFile struct {
	bytes []byte // never change
	stand time.Time
}

var (
	_ Store   = (*Memory)(nil)
	_ Sweeper = (*Memory)(nil)
)

// NewMemory makes an empty store.
func NewMemory(o *Options) *Memory {
	return &Memory{limit: o.limit(), now: o.now(), files: map[memoryKey]memoryFile{}}
}

// Put implements [Store].
func (m *Memory) Put(ctx context.Context, mandant tenant.ID, r io.Reader) (Ref, error) {
	if err := Check(ctx, "blob.Put", mandant, nil); err != nil {
		return Ref{}, err
	}
	src := NewSource(ctx, r, m.limit)
	b, err := io.ReadAll(src)
	if err != nil {
		return Ref{}, PutError("blob.Put", err)
	}
	ref := src.Ref()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[memoryKey{mandant, ref.SHA512}] = memoryFile{b, m.now()}
	return ref, nil
}

func (m *Memory) get(ctx context.Context, op string, mandant tenant.ID, ref Ref) ([]byte, error) {
	if err := Check(ctx, op, mandant, &ref); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	f, ok := m.files[memoryKey{mandant, ref.SHA512}]
	if !ok || int64(len(f.bytes)) != ref.Groesse {
		return nil, fehler.New(op, ref.SHA512, fehler.ErrNotFound, nil)
	}
	return f.bytes, nil
}

// Open implements [Store].
func (m *Memory) Open(ctx context.Context, mandant tenant.ID, ref Ref) (io.ReadCloser, error) {
	b, err := m.get(ctx, "blob.Open", mandant, ref)
	if err != nil {
		return nil, err
	}
	return Verify(io.NopCloser(bytes.NewReader(b)), ref), nil
}

// Stat implements [Store].
func (m *Memory) Stat(ctx context.Context, mandant tenant.ID, ref Ref) error {
	_, err := m.get(ctx, "blob.Stat", mandant, ref)
	return err
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, mandant tenant.ID, ref Ref) error {
	if err := Check(ctx, "blob.Delete", mandant, &ref); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, memoryKey{mandant, ref.SHA512})
	return nil
}

// List implements [Sweeper].
func (m *Memory) List(ctx context.Context, mandant tenant.ID, p ListParams) ([]Entry, error) {
	if err := Check(ctx, "blob.List", mandant, nil); err != nil {
		return nil, err
	}
	limit, err := p.Page()
	if err != nil {
		return nil, err
	}
	var page []Entry
	m.mu.RLock()
	for k, f := range m.files {
		if k.mandant == mandant && k.sum > p.After {
			page = append(page, Entry{Ref{k.sum, int64(len(f.bytes))}, f.stand})
		}
	}
	m.mu.RUnlock()
	slices.SortFunc(page, func(a, b Entry) int { return strings.Compare(a.SHA512, b.SHA512) })
	return page[:min(limit, len(page))], nil
}

// DeleteOlder implements [Sweeper].
func (m *Memory) DeleteOlder(ctx context.Context, mandant tenant.ID, p DeleteOlderParams) (bool, error) {
	if err := Check(ctx, "blob.DeleteOlder", mandant, &Ref{SHA512: p.SHA512}); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := memoryKey{mandant, p.SHA512}
	f, ok := m.files[k]
	if !ok || !f.stand.Before(p.OlderThan) {
		return false, nil
	}
	delete(m.files, k)
	return true, nil
}

// CleanUp implements [Sweeper]: a Put that did not end leaves nothing here.
func (m *Memory) CleanUp(ctx context.Context, mandant tenant.ID, _ CleanUpParams) (Leftovers, error) {
	return Leftovers{}, Check(ctx, "blob.CleanUp", mandant, nil)
}
