package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/storage/storagetest"
)

func TestMain(m *testing.M) { testenv.Main(m, pgtest.Stop) }

var (
	templateOnce sync.Once
	template     pgtest.Database
)

// fresh gives a migrated database; migrating once and copying is faster.
func fresh(t testing.TB) pgtest.Database {
	t.Helper()
	templateOnce.Do(func() {
		db := pgtest.New(t)
		require.NoError(t, postgres.Migrate(context.Background(), db.OwnerDSN, nil))
		template = db
	})
	return pgtest.FromTemplate(t, template.Name)
}

func options() storagetest.Options {
	return storagetest.Options{New: func(t testing.TB) storagetest.Handle {
		db := fresh(t)
		return storagetest.Handle{Open: func(ctx context.Context) (driver.Backend, error) {
			return postgres.OpenBackend(ctx, db.AppDSN, &postgres.Options{RelayDSN: db.RelayDSN, LockTimeout: 2 * time.Second})
		}}
	}}
}

func TestConformance(t *testing.T) { storagetest.Run(t, options()) }

func BenchmarkStore(b *testing.B) { storagetest.RunBenchmarks(b, options()) }
