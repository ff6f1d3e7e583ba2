package postgres_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMigrations(t *testing.T) {
	db := pgtest.New(t)
	ctx := t.Context()
	_, err := postgres.OpenBackend(ctx, db.AppDSN, nil)
	require.Error(t, err, "a database that was not migrated")
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = postgres.Migrate(ctx, db.OwnerDSN, nil) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	b, err := postgres.OpenBackend(ctx, db.AppDSN, nil)
	require.NoError(t, err)
	require.NoError(t, b.Close())
	owner := connect(t, db.OwnerDSN)
	_, err = owner.Exec(ctx, "UPDATE migration SET summe = 'x' WHERE nummer = 1")
	require.NoError(t, err)
	require.ErrorIs(t, postgres.Migrate(ctx, db.OwnerDSN, nil), fehler.ErrInvalid)
	_, err = postgres.OpenBackend(ctx, db.AppDSN, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.ErrorContains(t, err, "changed after it ran")
}
