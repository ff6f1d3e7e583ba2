package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/storage/storagetest"
)

func BenchmarkStore(b *testing.B) { storagetest.RunBenchmarks(b, options()) }

// BenchmarkAgainstFloor: see floor.
func BenchmarkAgainstFloor(b *testing.B) { storagetest.RunAgainstFloor(b, benchOptions()) }

func BenchmarkWachstum(b *testing.B) { storagetest.RunGrowth(b, benchOptions()) }

func benchOptions() storagetest.BenchOptions {
	return storagetest.BenchOptions{Name: "sqlite", New: func(t testing.TB) (storagetest.Handle, storagetest.Floor) {
		path := filepath.Join(t.TempDir(), "bench.db")
		b, err := sqlite.OpenBackend(t.Context(), path, nil) // for the schema
		if err == nil {
			err = b.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return storagetest.Handle{Open: func(ctx context.Context) (driver.Backend, error) {
			return sqlite.OpenBackend(ctx, path, nil)
		}}, newFloor(t, path)
	}}
}
