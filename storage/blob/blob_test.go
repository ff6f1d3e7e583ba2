package blob_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/blob/blobtest"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

func TestMemory(t *testing.T) {
	blobtest.Run(t, blobtest.Options{New: func(testing.TB) blob.Store {
		return blob.NewMemory(&blob.Options{Limit: blobtest.Limit})
	}})
}

func TestDir(t *testing.T) {
	var path string
	blobtest.Run(t, blobtest.Options{
		New: func(t testing.TB) blob.Store {
			path = filepath.Join(t.TempDir(), "blobs")
			d, err := blob.OpenDir(path, &blob.Options{Limit: blobtest.Limit})
			require.NoError(t, err)
			t.Cleanup(func() {
				left, err := os.ReadDir(filepath.Join(path, ".tmp"))
				require.NoError(t, err)
				require.Empty(t, left, "temporary files stay")
				require.NoError(t, d.Close())
			})
			return d
		},
		Damage: func(t testing.TB, _ blob.Store, m tenant.ID, ref blob.Ref) {
			name := filepath.Join(path, string(m), ref.SHA512[:2], ref.SHA512[2:4], ref.SHA512)
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			b[1] ^= 1
			require.NoError(t, os.WriteFile(name, b, 0o600))
		},
		Crash: func(t testing.TB, _ blob.Store, m tenant.ID) {
			require.NoError(t, os.WriteFile(filepath.Join(path, ".tmp", string(m)+"~crashed"), []byte("half"), 0o600))
		},
	})
}

func TestReadKeepsItsLimit(t *testing.T) {
	s := blob.NewMemory(nil)
	ref, err := s.Put(t.Context(), "kiel", strings.NewReader("abc"))
	require.NoError(t, err)
	_, err = blob.Read(t.Context(), s, "kiel", ref, 2)
	require.Error(t, err)
}

func ExampleStore() {
	ctx := context.Background()
	var s blob.Store = blob.NewMemory(nil)
	ref, _ := s.Put(ctx, "kiel", strings.NewReader("Guten Tag"))
	text, _ := blob.Read(ctx, s, "kiel", ref, 1<<20)
	fmt.Println(ref.Groesse, ref.SHA512[:8], string(text))
	// Output: 9 22fa35af Guten Tag
}
