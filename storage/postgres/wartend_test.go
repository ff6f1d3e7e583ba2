package postgres_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// stack fills the stack of "kiel" with n Vorgaenge of 8 Einheiten and 5
// Leistungen, one second apart.
func stack(t testing.TB, db pgtest.Database, n int) {
	t.Helper()
	c := connect(t, db.SuperDSN)
	_, err := c.Exec(context.Background(), `INSERT INTO vorgang (mandant, id, version, nummer, status, leistung, einheit, bearbeiter, aktenzeichen, eingang,
		wartend, journal_seq, journal_hash, daten)
		SELECT 'kiel', ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1, '', 'neu', 'l' || n % 5, 'e' || n % 8, '', '[]',
		$2::timestamptz + n * interval '1 second', true, 0, '', decode(repeat('00', 300), 'hex') FROM generate_series(1, $1::int) n`, n, now)
	require.NoError(t, err)
	_, err = c.Exec(context.Background(), "VACUUM ANALYZE vorgang")
	require.NoError(t, err)
}

func lease(until time.Time) *driver.SetLeaseParams {
	token := uuid.New()
	return &driver.SetLeaseParams{Token: &token, Bis: &until}
}

// next claims the next Vorgang and gives its number on the stack, or 0.
func next(b driver.Backend, p driver.NextWartendParams, until time.Time) (n int, err error) {
	err = b.Update(context.Background(), "kiel", func(ctx context.Context, tx driver.Tx) error {
		r, err := tx.NextWartend(ctx, p)
		if err != nil {
			return err
		}
		n = int(r.Eingang.Sub(now) / time.Second)
		q := driver.SaveVorgangParams{Row: r, ExpectedVersion: r.Version, Lease: lease(until), Final: true}
		q.Lease.ExpectToken = r.LeaseToken
		q.Row.Version++
		return tx.SaveVorgang(ctx, q)
	})
	return n, err
}

func TestNextWartendOrder(t *testing.T) {
	db := fresh(t)
	stack(t, db, 100)
	b := open(t, db)
	claim := func(p driver.NextWartendParams, until time.Time, want int) {
		t.Helper()
		got, err := next(b, p, until)
		if want == 0 {
			require.ErrorIs(t, err, fehler.ErrNotFound)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	hour, later := now.Add(time.Hour), driver.NextWartendParams{Now: now.Add(time.Hour)}
	p := driver.NextWartendParams{Now: now}
	claim(p, hour, 1)
	claim(p, hour.Add(time.Second), 2)
	claim(p, hour.Add(time.Hour), 3)
	claim(later, hour.Add(time.Hour), 1) // its lease ended
	claim(later, hour.Add(time.Hour), 4)
	for _, f := range []struct {
		einheiten, leistungen []string
		want                  []int
	}{
		{[]string{"e1"}, nil, []int{9, 17, 25}},
		{[]string{"e5", "e6", "e5"}, nil, []int{5, 6, 13}},
		{nil, []string{"l0"}, []int{10, 15, 20}},
		{nil, []string{"l3", "l2"}, []int{7, 8, 12}},
		{[]string{"e2", "e3"}, []string{"l4", "l1"}, []int{11, 19, 26}},
		{[]string{"nichts"}, nil, []int{0}},
		{nil, []string{"l9"}, []int{0}},
	} {
		for _, want := range f.want {
			claim(driver.NextWartendParams{Einheiten: f.einheiten, Leistungen: f.leistungen, Now: now}, hour.Add(time.Hour), want)
		}
	}
	// Two comes back to those who may see it.
	claim(driver.NextWartendParams{Einheiten: []string{"e2"}, Now: hour.Add(time.Second)}, hour.Add(time.Hour), 2)
	after := &driver.VorgangKey{Eingang: now.Add(50 * time.Second), ID: uuid.Max}
	claim(driver.NextWartendParams{Now: now, After: after}, hour, 51)
	claim(driver.NextWartendParams{Now: now, After: after, Leistungen: []string{"l1"}}, hour, 56)
	require.NoError(t, update(b, "kiel", func(ctx context.Context, tx driver.Tx) error {
		_, err := tx.NextWartend(ctx, driver.NextWartendParams{Now: now, After: &driver.VorgangKey{Eingang: now.Add(time.Hour)}})
		require.ErrorIs(t, err, fehler.ErrNotFound)
		return nil
	}))
}

// More are locked than one look holds: it looks at more.
func TestNextWartendPassesOverManyLocked(t *testing.T) {
	db := fresh(t)
	stack(t, db, 300)
	b := open(t, db)
	c := connect(t, db.SuperDSN)
	tx, err := c.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT id FROM vorgang WHERE eingang <= $1 FOR UPDATE", now.Add(290*time.Second))
	require.NoError(t, err)
	for _, p := range []driver.NextWartendParams{{Now: now}, {Now: now, Einheiten: []string{"e4", "e5"}}, {Now: now, Leistungen: []string{"l0"}}} {
		got, err := next(b, p, now.Add(time.Hour))
		require.NoError(t, err)
		require.Greater(t, got, 290)
	}
	require.NoError(t, tx.Rollback(t.Context()))
}

func TestManyClerksClaimEachOnce(t *testing.T) {
	db := fresh(t)
	const n = 400
	stack(t, db, n)
	b := open(t, db)
	var mu sync.Mutex
	seen := map[int]int{}
	var wg sync.WaitGroup
	for w := range 8 {
		p := driver.NextWartendParams{Now: now}
		if w%2 == 0 {
			p.Einheiten = []string{"e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7"}
		}
		wg.Go(func() {
			for {
				got, err := next(b, p, now.Add(time.Hour))
				if err != nil {
					require.ErrorIs(t, err, fehler.ErrNotFound)
					return
				}
				mu.Lock()
				seen[got]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Len(t, seen, n)
	for k, times := range seen {
		require.Equal(t, 1, times, k)
	}
}

// plan gives the plan of a statement as the app role gets it in a transaction that
// writes: the one for any values. EXPLAIN of the statement itself would show the plan
// for these.
func plan(t testing.TB, c *pgx.Conn, sql string, args []any) string {
	t.Helper()
	ctx := context.Background()
	var out []string
	require.NoError(t, pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, postgres.EinstellungSchreibt, "kiel", "5000"); err != nil {
			return err
		}
		if _, err := c.Prepare(ctx, "geprueft", sql); err != nil {
			return err
		}
		literals := make([]string, len(args))
		for i, a := range args {
			literals[i] = literal(t, a)
		}
		rows, err := tx.Query(ctx, "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) EXECUTE geprueft("+strings.Join(literals, ",")+")", pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return err
		}
		if out, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
		return c.Deallocate(ctx, "geprueft")
	}))
	return strings.Join(out, "\n")
}

func literal(t testing.TB, v any) string {
	t.Helper()
	text := fmt.Sprint(v)
	switch v := v.(type) {
	case time.Time:
		text = v.Format(time.RFC3339Nano)
	case []string:
		text = "{" + strings.Join(v, ",") + "}"
	}
	require.NotContains(t, text, "'")
	return "'" + text + "'"
}

var (
	seqScan  = regexp.MustCompile(`Seq Scan on vorgang|Gather`)
	manyRows = regexp.MustCompile(`(?:actual rows=|Removed by Filter: )(\d{4,})`)
)

// A claim costs the same however much lies on the stack: with 200 000 rows it
// reads indexes only, and few entries of them.
func TestPlansOfTheStack(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a table with 200 000 rows; runs without -short")
	}
	db := fresh(t)
	stack(t, db, 200_000)
	app, super := connect(t, db.AppDSN), connect(t, db.SuperDSN)
	// Two leases ended: one of the oldest, one of the newest.
	_, err := super.Exec(t.Context(), "UPDATE vorgang SET lease_token = gen_random_uuid(), lease_bis = $1 WHERE eingang IN ($2, $3)",
		now, now.Add(time.Second), now.Add(200_000*time.Second))
	require.NoError(t, err)
	for _, p := range []driver.NextWartendParams{
		{}, {Einheiten: []string{"e1"}}, {Einheiten: []string{"e1", "e2"}}, {Leistungen: []string{"l1"}},
		{Einheiten: []string{"e1", "e2"}, Leistungen: []string{"l3", "l4"}},
		{Einheiten: []string{"e1"}, After: &driver.VorgangKey{Eingang: now.Add(50_000 * time.Second)}},
		{After: &driver.VorgangKey{Eingang: now.Add(50_000 * time.Second)}},
	} {
		p.Now = now
		for i, q := range postgres.NextStatements("kiel", p) {
			got := plan(t, app, q.SQL, q.Args)
			name := fmt.Sprintf("%v %v after %v, statement %d\n%s", p.Einheiten, p.Leistungen, p.After != nil, i, got)
			require.NotRegexp(t, seqScan, got, name)
			require.NotRegexp(t, manyRows, got, name)
		}
	}
}

// Row-level security lets a condition through to an index only if its function
// is marked as leakproof, which may change with a major version. These are the
// ones that statements here count on; LIKE and strpos are not among them.
func TestOperatorsThatReachTheIndex(t *testing.T) {
	c := connect(t, fresh(t).SuperDSN)
	leakproof := func(f string) (ok bool) {
		require.NoError(t, c.QueryRow(t.Context(), "SELECT proleakproof FROM pg_proc WHERE oid = $1::text::regprocedure", f).Scan(&ok), f)
		return ok
	}
	for _, f := range []string{
		"texteq(text, text)", "text_lt(text, text)", "text_gt(text, text)", "text_ge(text, text)", "uuid_eq(uuid, uuid)", "uuid_lt(uuid, uuid)", "uuid_gt(uuid, uuid)",
		"timestamptz_lt(timestamptz, timestamptz)", "timestamptz_le(timestamptz, timestamptz)", "timestamptz_gt(timestamptz, timestamptz)",
		"timestamptz_ge(timestamptz, timestamptz)", "date_lt(date, date)", "date_le(date, date)", "date_gt(date, date)", "int8eq(int8, int8)", "int8gt(int8, int8)", "int8ge(int8, int8)",
	} {
		require.True(t, leakproof(f), f)
	}
	require.False(t, leakproof("textlike(text, text)"))
	require.False(t, leakproof("strpos(text, text)"))
}
