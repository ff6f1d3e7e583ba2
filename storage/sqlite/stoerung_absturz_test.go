package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/absturz"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
)

// A process that is killed at any moment loses nothing it acknowledged.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	absturz.Run(t, absturz.Params{Rounds: 12, Target: path, Open: func(ctx context.Context) (*storage.Store, error) {
		return sqlite.Open(ctx, path, nil)
	}})
}

// The test above can fail.
func TestKillFindsALiar(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	absturz.RunLiar(t, absturz.Params{Rounds: 20, Target: liarPrefix + path, Open: func(ctx context.Context) (*storage.Store, error) {
		return sqlite.Open(ctx, path, nil)
	}})
}

func TestClockJumpsBack(t *testing.T) {
	absturz.Clock(t, func(t *testing.T, o *storage.Options) *storage.Store {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), &sqlite.Options{Store: o})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	})
}
