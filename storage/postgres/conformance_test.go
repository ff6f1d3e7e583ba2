package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/storage/storagetest"
)

func options() storagetest.Options {
	// Each sequence needs a database of its own.
	return storagetest.Options{Modellfolgen: 20, New: func(t testing.TB) storagetest.Handle {
		db := fresh(t)
		return storagetest.Handle{Open: func(ctx context.Context) (driver.Backend, error) {
			return postgres.OpenBackend(ctx, db.AppDSN, &postgres.Options{RelayDSN: db.RelayDSN, LockTimeout: 2 * time.Second})
		}}
	}}
}

func TestConformance(t *testing.T) { storagetest.Run(t, options()) }

func TestModel(t *testing.T) { storagetest.RunModel(t, options()) }

func BenchmarkStore(b *testing.B) { storagetest.RunBenchmarks(b, options()) }
