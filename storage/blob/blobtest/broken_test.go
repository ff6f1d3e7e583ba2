package blobtest

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// shared keeps the files of all Mandanten together.
type shared struct{ blob.Store }

func (s shared) Put(ctx context.Context, _ tenant.ID, r io.Reader) (blob.Ref, error) {
	return s.Store.Put(ctx, "alle", r)
}

func (s shared) Open(ctx context.Context, _ tenant.ID, ref blob.Ref) (io.ReadCloser, error) {
	return s.Store.Open(ctx, "alle", ref)
}

func (s shared) Stat(ctx context.Context, _ tenant.ID, ref blob.Ref) error {
	return s.Store.Stat(ctx, "alle", ref)
}

func (s shared) Delete(ctx context.Context, _ tenant.ID, ref blob.Ref) error {
	return s.Store.Delete(ctx, "alle", ref)
}

func TestTheSuiteFindsASharedStore(t *testing.T) {
	failed := map[string]bool{}
	for _, c := range cases {
		failed[c.name] = c.run(t, Options{New: func(testing.TB) blob.Store {
			return shared{blob.NewMemory(&blob.Options{Limit: Limit})}
		}}) != nil
	}
	require.True(t, failed["isolation"])
	require.True(t, failed["delete"])
	require.True(t, failed["hostile names"])
	require.False(t, failed["round trip"])
}
