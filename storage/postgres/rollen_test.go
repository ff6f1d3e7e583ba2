package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestOpenRefusesRolesThatPassTheSecondLock(t *testing.T) {
	db := fresh(t)
	super := connect(t, db.SuperDSN)
	role := fmt.Sprintf("fw_bypass_%d", time.Now().UnixNano())
	_, err := super.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN BYPASSRLS; CREATE ROLE "+role+"_member LOGIN; GRANT "+role+" TO "+role+"_member")
	require.NoError(t, err)
	for name, dsn := range map[string]string{
		"superuser": db.SuperDSN, "owner": db.OwnerDSN,
		"bypassrls":           strings.Replace(db.AppDSN, pgtest.App, role, 1),
		"member of bypassrls": strings.Replace(db.AppDSN, pgtest.App, role+"_member", 1),
	} {
		_, err := postgres.OpenBackend(t.Context(), dsn, nil)
		require.ErrorIs(t, err, fehler.ErrForbidden, name)
		_, err = postgres.OpenBackend(t.Context(), db.AppDSN, &postgres.Options{RelayDSN: dsn})
		require.ErrorIs(t, err, fehler.ErrForbidden, name+" as relay")
	}
}

// The policy of the relay role shows the Auftraege of all Mandanten.
func TestOpenRefusesTheRelayRoleAsApp(t *testing.T) {
	db := fresh(t)
	super := connect(t, db.SuperDSN)
	role := fmt.Sprintf("fw_both_%d", time.Now().UnixNano())
	_, err := super.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN; GRANT "+pgtest.App+", "+pgtest.Relay+" TO "+role)
	require.NoError(t, err)
	for name, dsn := range map[string]string{"relay": db.RelayDSN, "member of both": strings.Replace(db.AppDSN, pgtest.App, role, 1)} {
		_, err := postgres.OpenBackend(t.Context(), dsn, nil)
		require.ErrorIs(t, err, fehler.ErrForbidden, name)
	}
	open(t, db)
}

func TestConnectionStringStaysSecret(t *testing.T) {
	for _, dsn := range []string{"postgres://u:geheim@127.0.0.1:1/x?connect_timeout=1", "postgres://u:geheim@[::1"} {
		_, err := postgres.OpenBackend(t.Context(), dsn, nil)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "geheim")
		_, err = postgres.OpenBackend(t.Context(), "postgres://127.0.0.1:1/x?connect_timeout=1", &postgres.Options{ListenDSN: dsn})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "geheim")
	}
}
