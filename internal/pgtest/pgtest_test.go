package pgtest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m, Stop) }

func TestFreshDatabases(t *testing.T) {
	ctx := context.Background()
	a, b := New(t), New(t)
	require.NotEqual(t, a.Name, b.Name)
	for _, dsn := range []string{a.OwnerDSN, b.AppDSN, b.RelayDSN} {
		conn, err := pgx.Connect(ctx, dsn)
		require.NoError(t, err)
		var bypass bool
		require.NoError(t, conn.QueryRow(ctx, "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").Scan(&bypass))
		require.False(t, bypass)
		require.NoError(t, conn.Close(ctx))
	}
}

func TestMajorOrdersVersions(t *testing.T) {
	require.Less(t, major("/usr/lib/postgresql/9/bin/initdb"), major("/usr/lib/postgresql/15/bin/initdb"))
}
