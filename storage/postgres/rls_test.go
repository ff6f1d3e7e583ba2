package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func open(t *testing.T, db pgtest.Database) *postgres.Backend {
	t.Helper()
	b, err := postgres.OpenBackend(t.Context(), db.AppDSN, &postgres.Options{RelayDSN: db.RelayDSN, LockTimeout: 2 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// fill puts one row of every table in for each Mandant.
func fill(t *testing.T, b driver.Backend, mandanten ...tenant.ID) {
	t.Helper()
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for _, m := range mandanten {
		require.NoError(t, b.Update(t.Context(), m, func(ctx context.Context, tx driver.Tx) error {
			id := uuid.New()
			_, number := tx.NextNummer(ctx, driver.NextNummerParams{Name: "z", Jahr: 2026})
			_, letter := tx.PutEintrag(ctx, driver.PutEintragParams{Row: driver.EintragRow{ID: id, Postfach: "p", Zeit: now, Version: 1}})
			for _, err := range []error{
				tx.InsertVorgang(ctx, driver.InsertVorgangParams{Row: driver.VorgangRow{ID: id, Version: 1, Aktenzeichen: []string{"1"}, Eingang: now}}),
				tx.AppendJournal(ctx, driver.AppendJournalParams{Rows: []driver.JournalRow{{VorgangID: id, Seq: 1, Zeit: now}}}),
				tx.InsertAuftraege(ctx, driver.InsertAuftraegeParams{Rows: []driver.AuftragRow{{ID: id, VorgangID: id, VorgangVersion: 1, Erstellt: now, Faellig: now}}}),
				tx.InsertEingang(ctx, driver.InsertEingangParams{Row: driver.EingangRow{ID: id, Schluessel: "k", Version: 1, Eingegangen: now}}),
				tx.PutKonfig(ctx, driver.PutKonfigParams{Art: "a", Schluessel: "b"}),
				number, letter,
			} {
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// tables gives all tables of the schema but the one of the migrations, which
// holds nothing of a Mandant.
func tables(t *testing.T, c *pgx.Conn) []string {
	t.Helper()
	rows, err := c.Query(t.Context(), `SELECT relname FROM pg_class WHERE relkind IN ('r','p') AND relnamespace = 'public'::regnamespace
		AND relname <> 'migration' ORDER BY relname`)
	require.NoError(t, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"aktenzeichen", "auftrag", "eingang", "journal", "konfig", "postfach", "vorgang", "zaehler"}, out)
	return out
}

// schemaFaults names every table that breaks a rule of tenancy.
func schemaFaults(t *testing.T, c *pgx.Conn) []string {
	t.Helper()
	rows, err := c.Query(t.Context(), `
		SELECT c.relname || ': mandant may be NULL or is missing' FROM pg_class c
		WHERE c.relkind IN ('r','p') AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'migration'
		AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'mandant' AND a.attnotnull)
		UNION ALL
		SELECT c.relname || ': row-level security is not forced' FROM pg_class c
		WHERE c.relkind IN ('r','p') AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'migration'
		AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
		UNION ALL
		SELECT c.relname || ': policy is missing' FROM pg_class c
		WHERE c.relkind IN ('r','p') AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'migration'
		AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'mandant')
		UNION ALL
		SELECT i.indexrelid::regclass || ': index does not lead with mandant' FROM pg_index i
		JOIN pg_class c ON c.oid = i.indrelid
		LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
		WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'migration' AND a.attname IS DISTINCT FROM 'mandant'
		AND (c.relname, i.indexrelid::regclass::text, i.indisunique) <> ('auftrag', 'auftrag_faellig', false) -- for the relay
		UNION ALL
		SELECT k.conname || ': foreign key without mandant' FROM pg_constraint k
		WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND NOT EXISTS (
			SELECT 1 FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1] AND a.attname = 'mandant')
		UNION ALL
		SELECT c.relname || ': view runs with the rights of its owner' FROM pg_class c
		WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace
		AND NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false)
		ORDER BY 1`)
	require.NoError(t, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return out
}

func TestSchemaHoldsTheMandantenApart(t *testing.T) {
	db := fresh(t)
	c := connect(t, db.OwnerDSN)
	tables(t, c)
	require.Empty(t, schemaFaults(t, c))
	// The check finds what it looks for.
	_, err := c.Exec(t.Context(), `CREATE TABLE falsch (id bigint PRIMARY KEY); CREATE INDEX vorgang_falsch ON vorgang (id);
		ALTER TABLE konfig NO FORCE ROW LEVEL SECURITY; CREATE VIEW alle AS SELECT * FROM konfig;
		ALTER TABLE journal ADD CONSTRAINT journal_falsch FOREIGN KEY (seq) REFERENCES falsch (id)`)
	require.NoError(t, err)
	require.Len(t, schemaFaults(t, c), 8)
}

// Without any condition in the statement a role sees its Mandant's rows only.
func TestSecondLock(t *testing.T) {
	db := fresh(t)
	fill(t, open(t, db), "kiel", "luebeck")
	ctx := t.Context()
	app, super := connect(t, db.AppDSN), connect(t, db.SuperDSN)
	count := func(q interface {
		QueryRow(context.Context, string, ...any) pgx.Row
	}, table string) (n int) {
		require.NoError(t, q.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n))
		return n
	}
	for _, table := range tables(t, super) {
		require.Equal(t, 2, count(super, table), "the rows are there: "+table)
		require.Equal(t, 0, count(app, table), "no Mandant, no rows: "+table)
		for _, m := range []string{"kiel", "luebeck"} {
			tx, err := app.Begin(ctx)
			require.NoError(t, err)
			_, err = tx.Exec(ctx, "SELECT set_config('app.mandant', $1, true)", m)
			require.NoError(t, err)
			require.Equal(t, 1, count(tx, table), table)
			var whose string
			require.NoError(t, tx.QueryRow(ctx, "SELECT mandant FROM "+table).Scan(&whose))
			require.Equal(t, m, whose)
			require.NoError(t, tx.Commit(ctx))
		}
		require.Equal(t, 0, count(app, table), "the setting ended with its transaction: "+table)
	}
	// Nor can it write rows of another one, or move rows there.
	for _, sql := range []string{
		"INSERT INTO konfig (mandant, art, schluessel, version, daten) VALUES ('luebeck', 'x', 'x', 1, '')",
		"UPDATE konfig SET mandant = 'luebeck'",
	} {
		err := pgx.BeginFunc(ctx, app, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "SELECT set_config('app.mandant', 'kiel', true)"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, sql)
			return err
		})
		require.ErrorContains(t, err, "42501", sql)
	}
}

// With row-level security switched off the conditions of the statements still
// hold the Mandanten apart.
func TestFirstLockAlone(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	fill(t, b, "kiel", "luebeck")
	c := connect(t, db.OwnerDSN)
	for _, table := range tables(t, c) {
		_, err := c.Exec(t.Context(), "ALTER TABLE "+table+" DISABLE ROW LEVEL SECURITY")
		require.NoError(t, err)
	}
	require.NoError(t, b.View(t.Context(), "kiel", func(ctx context.Context, tx driver.Tx) error {
		n, err := tx.CountVorgaenge(ctx, driver.CountVorgaengeParams{Filter: driver.VorgangFilter{Aktenzeichen: "1"}})
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		v, err := tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{Limit: 9})
		require.NoError(t, err)
		require.Len(t, v, 1)
		j, err := tx.ListJournal(ctx, driver.ListJournalParams{VorgangID: v[0].ID, Limit: 9})
		require.NoError(t, err)
		require.Len(t, j, 1)
		a, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{Limit: 9})
		require.NoError(t, err)
		require.Len(t, a, 1)
		e, err := tx.ListEingaenge(ctx, driver.ListEingaengeParams{Limit: 9})
		require.NoError(t, err)
		require.Len(t, e, 1)
		p, err := tx.ListEintraege(ctx, driver.ListEintraegeParams{Limit: 9})
		require.NoError(t, err)
		require.Len(t, p, 1)
		k, err := tx.ListKonfig(ctx, driver.ListKonfigParams{Art: "a"})
		require.NoError(t, err)
		require.Len(t, k, 1)
		return nil
	}))
}

func TestRelayRoleSeesAuftraegeOnly(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	fill(t, b, "kiel", "luebeck")
	relay := connect(t, db.RelayDSN)
	var n int
	require.NoError(t, relay.QueryRow(t.Context(), "SELECT count(*) FROM auftrag").Scan(&n))
	require.Equal(t, 2, n)
	for _, sql := range []string{
		"SELECT 1 FROM vorgang", "SELECT 1 FROM journal", "SELECT 1 FROM postfach", "SELECT 1 FROM konfig", "SELECT 1 FROM eingang",
		"UPDATE auftrag SET daten = ''", "UPDATE auftrag SET mandant = 'x'", "DELETE FROM auftrag",
	} {
		_, err := relay.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "42501", sql)
	}
	without, err := postgres.OpenBackend(t.Context(), db.AppDSN, nil)
	require.NoError(t, err)
	defer without.Close()
	_, err = without.LeaseAuftraege(t.Context(), driver.LeaseAuftraegeParams{Limit: 1})
	require.ErrorIs(t, err, storage.ErrUnsupported)
}

func TestJournalIsAppendedOnly(t *testing.T) {
	db := fresh(t)
	fill(t, open(t, db), "kiel")
	app := connect(t, db.AppDSN)
	for _, sql := range []string{"UPDATE journal SET hash = ''", "UPDATE journal SET seq = 2", "DELETE FROM journal", "TRUNCATE journal"} {
		_, err := app.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "42501", sql)
	}
}

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
		require.ErrorIs(t, err, storage.ErrForbidden, name)
		_, err = postgres.OpenBackend(t.Context(), db.AppDSN, &postgres.Options{RelayDSN: dsn})
		require.ErrorIs(t, err, storage.ErrForbidden, name+" as relay")
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
		require.ErrorIs(t, err, storage.ErrForbidden, name)
	}
	open(t, db)
}

func TestMigrations(t *testing.T) {
	db := pgtest.New(t)
	ctx := t.Context()
	_, err := postgres.Open(ctx, db.AppDSN, nil)
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
	s, err := postgres.Open(ctx, db.AppDSN, nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	owner := connect(t, db.OwnerDSN)
	_, err = owner.Exec(ctx, "UPDATE migration SET summe = 'x' WHERE nummer = 1")
	require.NoError(t, err)
	require.ErrorIs(t, postgres.Migrate(ctx, db.OwnerDSN, nil), storage.ErrInvalid)
	_, err = postgres.Open(ctx, db.AppDSN, nil)
	require.ErrorIs(t, err, storage.ErrInvalid)
	require.ErrorContains(t, err, "changed after it ran")
}

func TestConnectionStringStaysSecret(t *testing.T) {
	for _, dsn := range []string{"postgres://u:geheim@127.0.0.1:1/x?connect_timeout=1", "postgres://u:geheim@[::1"} {
		_, err := postgres.Open(t.Context(), dsn, nil)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "geheim")
	}
}
