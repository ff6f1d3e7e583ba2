package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
)

// A page of hits costs as much as it shows: the server does not read and sort the
// twenty thousand that begin with the word.
func TestSearchDoesNotReadAllHits(t *testing.T) {
	db := fresh(t)
	b := open(t, db)
	super := connect(t, db.SuperDSN)
	_, err := super.Exec(t.Context(), `INSERT INTO vorgang (mandant, id, version, nummer, status, leistung, einheit, bearbeiter, aktenzeichen,
			eingang, wartend, journal_seq, journal_hash, daten, antragsteller, woerter)
		SELECT 'kiel', gen_random_uuid(), 1, n::text, 'neu', 'l', 'e', '', '[]', now(), true, 1, '', '', 'Erika',
			' a' || (n % 100) || ' erika mustermann' || n || ' n' || n || ' ' FROM generate_series(1, 20000) n`)
	require.NoError(t, err)
	_, err = super.Exec(t.Context(), `INSERT INTO suche SELECT mandant, w, id FROM vorgang, unnest(string_to_array(trim(woerter), ' ')) w; ANALYZE`)
	require.NoError(t, err)
	gelesen := func() (n int64) {
		// What the sessions counted arrives after a moment.
		time.Sleep(1100 * time.Millisecond)
		require.NoError(t, super.QueryRow(t.Context(), `SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0)
			FROM pg_stat_user_tables WHERE relname IN ('vorgang', 'suche')`).Scan(&n))
		return n
	}
	for _, woerter := range [][]string{{"muster"}, {"mustermann", "erika"}, {"e"}} {
		before := gelesen()
		seen, key := map[uuid.UUID]bool{}, (*driver.TrefferKey)(nil)
		for range 3 {
			require.NoError(t, b.View(t.Context(), "kiel", func(ctx context.Context, tx driver.Tx) error {
				hits, err := tx.SearchVorgaenge(ctx, driver.SearchVorgaengeParams{Woerter: woerter, After: key, Limit: 50})
				require.NoError(t, err)
				require.Len(t, hits, 50)
				for _, h := range hits {
					require.False(t, seen[h.Row.ID])
					require.True(t, strings.HasPrefix(h.Wort, woerter[0]))
					seen[h.Row.ID] = true
				}
				key = &driver.TrefferKey{Wort: hits[49].Wort, ID: hits[49].Row.ID}
				return nil
			}))
		}
		require.NoError(t, b.Close())
		n := gelesen() - before
		// With several words it counts up to a thousand of each, which in a table of a few
		// words is a look at some thousand rows. All hits would be 120,000.
		require.Less(t, n, int64(40_000), fmt.Sprint(woerter))
		require.GreaterOrEqual(t, n, int64(150), "the counters work")
		b = open(t, db)
	}
}
