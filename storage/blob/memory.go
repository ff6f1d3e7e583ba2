package blob

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options of a store. Nil means defaults.
type Options struct {
	// Limit is the largest file in bytes; default [DefaultLimit].
	Limit int64
}

func (o *Options) limit() int64 {
	if o == nil || o.Limit <= 0 {
		return DefaultLimit
	}
	return o.Limit
}

// Memory keeps files in memory, for tests and demos.
type Memory struct {
	limit int64
	mu    sync.RWMutex
	files map[memoryKey][]byte // GUARDED_BY(mu); the bytes never change
}

type memoryKey struct {
	mandant tenant.ID
	sum     string
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory(o *Options) *Memory {
	return &Memory{limit: o.limit(), files: map[memoryKey][]byte{}}
}

// Put implements [Store].
func (m *Memory) Put(ctx context.Context, mandant tenant.ID, r io.Reader) (Ref, error) {
	if err := check("Put", ctx, mandant, nil); err != nil {
		return Ref{}, err
	}
	src := newSource(ctx, r, m.limit)
	b, err := io.ReadAll(src)
	if err != nil {
		return Ref{}, putError(err)
	}
	ref := src.ref()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[memoryKey{mandant, ref.SHA512}] = b
	return ref, nil
}

func (m *Memory) get(op string, ctx context.Context, mandant tenant.ID, ref Ref) ([]byte, error) {
	if err := check(op, ctx, mandant, &ref); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	b, ok := m.files[memoryKey{mandant, ref.SHA512}]
	if !ok || int64(len(b)) != ref.Groesse {
		return nil, fehler.New("blob."+op, ref.SHA512, fehler.ErrNotFound, nil)
	}
	return b, nil
}

// Open implements [Store].
func (m *Memory) Open(ctx context.Context, mandant tenant.ID, ref Ref) (io.ReadCloser, error) {
	b, err := m.get("Open", ctx, mandant, ref)
	if err != nil {
		return nil, err
	}
	return verify(io.NopCloser(bytes.NewReader(b)), ref), nil
}

// Stat implements [Store].
func (m *Memory) Stat(ctx context.Context, mandant tenant.ID, ref Ref) error {
	_, err := m.get("Stat", ctx, mandant, ref)
	return err
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, mandant tenant.ID, ref Ref) error {
	if err := check("Delete", ctx, mandant, &ref); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, memoryKey{mandant, ref.SHA512})
	return nil
}
