package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// fill puts one row of every table in for each Mandant; of the feed and the
// shares also one that is meant for "gast".
func fill(t *testing.T, b driver.Backend, mandanten ...tenant.ID) {
	t.Helper()
	for _, m := range mandanten {
		require.NoError(t, b.Update(t.Context(), m, func(ctx context.Context, tx driver.Tx) error {
			p := neu(m)
			p.Woerter, p.Journal, p.Row.JournalSeq = p.Woerter[:1], p.Journal[:1], 1
			p.Row.Aktenzeichen = []string{"1"}
			p.Beteiligungen = []driver.BeteiligungRow{{Gast: "gast", Recht: "lesen", Von: now}}
			p.Stroeme = []tenant.ID{m, "gast"}
			id := p.Row.ID
			_, number := tx.NextNummer(ctx, driver.NextNummerParams{Name: "z", Jahr: 2026})
			_, letter := tx.PutEintrag(ctx, driver.PutEintragParams{Row: driver.EintragRow{ID: id, Postfach: "p", Zeit: now, Version: 1}})
			for _, err := range []error{
				tx.SaveVorgang(ctx, p),
				tx.InsertEingang(ctx, driver.InsertEingangParams{Row: driver.EingangRow{ID: id, Schluessel: "k", Version: 1, Eingegangen: now}}),
				tx.PutKonfig(ctx, driver.PutKonfigParams{Art: "a", Schluessel: "b"}),
				tx.PutSchluessel(ctx, driver.PutSchluesselParams{Row: driver.SchluesselRow{Schluessel: "s", Bis: now}}),
				tx.PutAufbewahrung(ctx, driver.PutAufbewahrungParams{Row: driver.AufbewahrungRow{VorgangID: id, Bis: datum.New(2036, 1, 1)}}),
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

// shut adds the rows of table sperre, which nothing else can have beside it.
func shut(t *testing.T, b driver.Backend, mandanten ...tenant.ID) {
	t.Helper()
	for _, m := range mandanten {
		require.NoError(t, b.SetSperre(t.Context(), m, driver.SperreSchreiben))
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
	require.Equal(t, []string{"aenderung", "aktenzeichen", "aufbewahrung", "auftrag", "beteiligung", "eingang", "journal", "konfig",
		"postfach", "schluessel", "sperre", "suche", "vorgang", "zaehler"}, out)
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
		SELECT c.relname || ': policy umzug is missing' FROM pg_class c
		WHERE c.relkind IN ('r','p') AND c.relnamespace = 'public'::regnamespace AND c.relname NOT IN ('migration', 'sperre', 'aenderung')
		AND 2 <> (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive
			AND (p.polname, p.polcmd) IN (('umzug', '*'), ('umzug_delete', 'd')))
		UNION ALL
		SELECT p.oid::regprocedure || ': function runs as its owner with a search_path of the caller, or for everybody' FROM pg_proc p
		WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
		AND (p.proconfig IS NULL OR NOT p.proconfig @> ARRAY['search_path=public, pg_temp'] OR has_function_privilege('public', p.oid, 'EXECUTE'))
		UNION ALL
		SELECT i.indexrelid::regclass || ': index does not lead with mandant' FROM pg_index i
		JOIN pg_class c ON c.oid = i.indrelid
		LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
		WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'migration' AND a.attname IS DISTINCT FROM 'mandant'
		AND (c.relname, i.indexrelid::regclass::text, i.indisunique) NOT IN (
			('auftrag', 'auftrag_faellig', false), -- for the relay
			('beteiligung', 'beteiligung_gast', false), -- for the guest, whom the policy "gast" shows these rows
			-- A feed belongs to the Mandant that reads it, the policy "strom" says so. Its unique indexes
			-- tell a writer only of what the same owner wrote there, and of nothing: places come from the reader.
			('aenderung', 'aenderung_pkey', true), ('aenderung', 'aenderung_pos', true), ('aenderung', 'aenderung_neu', false))
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
		ALTER TABLE journal ADD CONSTRAINT journal_falsch FOREIGN KEY (seq) REFERENCES falsch (id);
		CREATE FUNCTION falsch() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'`)
	require.NoError(t, err)
	require.Len(t, schemaFaults(t, c), 10)
}

// Without any condition in the statement a role sees its Mandant's rows only.
func TestSecondLock(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	fill(t, b, "kiel", "luebeck")
	shut(t, b, "kiel", "luebeck")
	ctx := t.Context()
	app, super := connect(t, db.AppDSN), connect(t, db.SuperDSN)
	type querier interface {
		Query(context.Context, string, ...any) (pgx.Rows, error)
	}
	// owners gives the Mandant of every row.
	owners := func(q querier, table, column string) []string {
		t.Helper()
		rows, err := q.Query(ctx, "SELECT "+column+" FROM "+table+" ORDER BY 1")
		require.NoError(t, err)
		out, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return out
	}
	as := func(m string, f func(pgx.Tx)) {
		t.Helper()
		tx, err := app.Begin(ctx)
		require.NoError(t, err)
		_, err = tx.Exec(ctx, "SELECT set_config('app.mandant', $1, true)", m)
		require.NoError(t, err)
		f(tx)
		require.NoError(t, tx.Commit(ctx))
	}
	for _, table := range tables(t, super) {
		require.Len(t, owners(super, table, "mandant"), map[bool]int{false: 2, true: 4}[table == "aenderung"], "the rows are there: "+table)
		require.Empty(t, owners(app, table, "mandant"), "no Mandant, no rows: "+table)
		for _, m := range []string{"kiel", "luebeck"} {
			as(m, func(tx pgx.Tx) {
				want := []string{m}
				if table == "aenderung" { // its own feed, and what it wrote into another
					want = []string{m, m}
					require.Equal(t, []string{"gast", m}, owners(tx, table, "strom"))
				}
				require.Equal(t, want, owners(tx, table, "mandant"), table)
			})
		}
		require.Empty(t, owners(app, table, "mandant"), "the setting ended with its transaction: "+table)
		as("fremd", func(tx pgx.Tx) { require.Empty(t, owners(tx, table, "mandant"), table) })
		as("gast", func(tx pgx.Tx) {
			want := 0
			if table == "beteiligung" || table == "aenderung" {
				want = 2
			}
			require.Len(t, owners(tx, table, "mandant"), want, "a guest sees what is meant for it: "+table)
		})
	}
}

// Nor can it write rows of another Mandant, move rows there, or change what
// another Mandant lets it see.
func TestSecondLockAgainstWriting(t *testing.T) {
	db := fresh(t)
	fill(t, open(t, db), "kiel", "luebeck")
	app := connect(t, db.AppDSN)
	run := func(m, sql string) (n int64, err error) {
		err = pgx.BeginFunc(t.Context(), app, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), "SELECT set_config('app.mandant', $1, true)", m); err != nil {
				return err
			}
			tag, err := tx.Exec(t.Context(), sql)
			n = tag.RowsAffected()
			return err
		})
		return n, err
	}
	const id = "'00000000-0000-0000-0000-000000000001'"
	for _, sql := range []string{
		"INSERT INTO konfig (mandant, art, schluessel, version, daten) VALUES ('luebeck', 'x', 'x', 1, '')",
		"UPDATE konfig SET mandant = 'luebeck'",
		"INSERT INTO suche VALUES ('luebeck', 'x', " + id + ")",
		"INSERT INTO schluessel VALUES ('luebeck', 'x', now(), '')",
		"INSERT INTO sperre VALUES ('luebeck', 'alles')",
		"INSERT INTO beteiligung SELECT 'luebeck', " + id + ", 'kiel', 'x', now()",
		"UPDATE beteiligung SET mandant = 'luebeck'",
		"INSERT INTO aufbewahrung VALUES ('luebeck', " + id + ", now(), false, '')",
		"INSERT INTO aenderung (strom, mandant, vorgang_id, version, journal_von, journal_bis, zeit) VALUES ('luebeck', 'bonn', " + id + ", 1, 0, 0, now())",
		"UPDATE aenderung SET strom = 'luebeck'",
		"UPDATE aenderung SET mandant = 'luebeck'",
	} {
		_, err := run("kiel", sql)
		require.ErrorContains(t, err, "42501", sql)
	}
	for sql, want := range map[string]int64{
		"DELETE FROM beteiligung":                                             0, // the policy "gast" is for reading
		"UPDATE beteiligung SET recht = 'alles'":                              0,
		"DELETE FROM aenderung WHERE strom <> 'gast'":                         0,
		"DELETE FROM suche":                                                   0,
		"DELETE FROM schluessel":                                              0,
		"DELETE FROM sperre":                                                  0,
		"UPDATE aufbewahrung SET halt = true":                                 0,
		"UPDATE aenderung SET pos = 7 WHERE pos IS NULL AND mandant = 'kiel'": 1, // of its own feed
	} {
		n, err := run("gast", sql)
		require.NoError(t, err, sql)
		require.Equal(t, want, n, sql)
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
		treffer, err := tx.SearchVorgaenge(ctx, driver.SearchVorgaengeParams{Woerter: []string{"erika"}, Limit: 9})
		require.NoError(t, err)
		require.Len(t, treffer, 1)
		s, err := tx.ListSchluessel(ctx, driver.ListSchluesselParams{Limit: 9})
		require.NoError(t, err)
		require.Len(t, s, 1)
		f, err := tx.ListAufbewahrung(ctx, driver.ListAufbewahrungParams{Limit: 9})
		require.NoError(t, err)
		require.Len(t, f, 1)
		z, err := tx.ListZaehler(ctx)
		require.NoError(t, err)
		require.Len(t, z, 1)
		k, err := tx.ListKonfig(ctx, driver.ListKonfigParams{Art: "a"})
		require.NoError(t, err)
		require.Len(t, k, 1)
		return nil
	}))
	for m, want := range map[tenant.ID]int{"kiel": 1, "gast": 2, "fremd": 0} {
		a, err := b.Aenderungen(t.Context(), m, driver.AenderungenParams{Limit: 9})
		require.NoError(t, err)
		require.Len(t, a, want, m)
	}
	for m, want := range map[tenant.ID]int{"kiel": 0, "gast": 2} {
		a, err := b.Beteiligungen(t.Context(), m, driver.BeteiligungenParams{Now: now, Limit: 9})
		require.NoError(t, err)
		require.Len(t, a, want, m)
	}
	shut(t, b, "kiel")
	s, err := b.GetSperre(t.Context(), "luebeck")
	require.NoError(t, err)
	require.Equal(t, driver.SperreKeine, s)
}

func TestRelayRoleSeesAuftraegeOnly(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	fill(t, b, "kiel", "luebeck")
	relay := connect(t, db.RelayDSN)
	var n int
	require.NoError(t, relay.QueryRow(t.Context(), "SELECT count(*) FROM auftrag").Scan(&n))
	require.Equal(t, 2, n)
	shut(t, b, "kiel", "luebeck")
	require.NoError(t, relay.QueryRow(t.Context(), "SELECT count(*) FROM sperre").Scan(&n))
	require.Equal(t, 2, n, "it passes over who is shut")
	for _, sql := range []string{
		"SELECT 1 FROM vorgang", "SELECT 1 FROM journal", "SELECT 1 FROM postfach", "SELECT 1 FROM konfig", "SELECT 1 FROM eingang",
		"SELECT 1 FROM suche", "SELECT 1 FROM beteiligung", "SELECT 1 FROM aenderung", "SELECT 1 FROM schluessel", "SELECT 1 FROM aufbewahrung",
		"DELETE FROM sperre", "SELECT entfernen(1)",
		"UPDATE auftrag SET daten = ''", "UPDATE auftrag SET mandant = 'x'", "DELETE FROM auftrag",
	} {
		_, err := relay.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "42501", sql)
	}
	without, err := postgres.OpenBackend(t.Context(), db.AppDSN, nil)
	require.NoError(t, err)
	defer without.Close()
	_, err = without.LeaseAuftraege(t.Context(), driver.LeaseAuftraegeParams{Limit: 1})
	require.ErrorIs(t, err, fehler.ErrUnsupported)
}

func TestWhatTheAppRoleMayNotChange(t *testing.T) {
	db := fresh(t)
	fill(t, open(t, db), "kiel")
	app := connect(t, db.AppDSN)
	for _, sql := range []string{"UPDATE journal SET hash = ''", "UPDATE journal SET seq = 2", "DELETE FROM journal", "TRUNCATE journal", "DELETE FROM vorgang", "UPDATE aenderung SET lfd = DEFAULT", "UPDATE aenderung SET zeit = now()"} {
		_, err := app.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "42501", sql)
	}
}
