package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/storage/storagetest"
)

func options() storagetest.Options {
	return storagetest.Options{Modellfolgen: 50, New: func(t testing.TB) storagetest.Handle {
		path := filepath.Join(t.TempDir(), "fachwerk größe?#1.db") // a name that needs escaping
		return storagetest.Handle{Open: func(ctx context.Context) (driver.Backend, error) {
			return sqlite.OpenBackend(ctx, path, &sqlite.Options{BusyTimeout: 2 * time.Second})
		}}
	}}
}

func TestConformance(t *testing.T) { storagetest.Run(t, options()) }

func TestModel(t *testing.T) { storagetest.RunModel(t, options()) }
