package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/storage/storagetest"
)

// BenchmarkAgainstFloor: see floor; one round trip per statement.
func BenchmarkAgainstFloor(b *testing.B) { storagetest.RunAgainstFloor(b, benchOptions(false)) }

// BenchmarkAgainstBatchFloor: the same statements, sent together as far as none
// needs the answer of another.
func BenchmarkAgainstBatchFloor(b *testing.B) { storagetest.RunAgainstFloor(b, benchOptions(true)) }

func BenchmarkWachstum(b *testing.B) { storagetest.RunGrowth(b, benchOptions(false)) }

// benchConns is the size of both pools.
const benchConns = "&pool_max_conns=16"

func benchOptions(batch bool) storagetest.BenchOptions {
	return storagetest.BenchOptions{Name: "postgres", New: func(t testing.TB) (storagetest.Handle, storagetest.Floor) {
		return floorOn(t, fresh(t), batch)
	}}
}

func floorOn(t testing.TB, db pgtest.Database, batch bool) (storagetest.Handle, storagetest.Floor) {
	pool, err := pgxpool.New(t.Context(), db.SuperDSN+benchConns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return storagetest.Handle{Open: func(ctx context.Context) (driver.Backend, error) {
		return postgres.OpenBackend(ctx, db.AppDSN+benchConns, &postgres.Options{RelayDSN: db.RelayDSN + benchConns})
	}}, &floor{pool, batch}
}
