package memory_test

import (
	"context"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/storagetest"
)

func options() storagetest.Options {
	return storagetest.Options{New: func(testing.TB) storagetest.Handle {
		db := memory.New(&memory.Options{BusyTimeout: 2 * time.Second})
		return storagetest.Handle{Open: func(context.Context) (driver.Backend, error) { return db.Backend(), nil }}
	}}
}

func TestConformance(t *testing.T) { storagetest.Run(t, options()) }

func TestModel(t *testing.T) { storagetest.RunModel(t, options()) }

func BenchmarkStore(b *testing.B) { storagetest.RunBenchmarks(b, options()) }
