package sqlite_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// planConn asks SQLite how it would run each statement, and runs none.
type planConn struct {
	t  *testing.T
	db *sql.DB
	// plan of the last statement
	plan string
	// counts are what the next statements that count answer.
	counts []int64
}

// answer is one number, or no rows.
type answer []int64

func (a answer) Next() bool { return len(a) > 0 && a[0] >= 0 }
func (a answer) Scan(d ...any) error {
	*d[0].(*int64), a[0] = a[0], -1
	return nil
}
func (a answer) Err() error { return nil }
func (a answer) Close()     {}

func (c *planConn) Query(_ context.Context, text string, args ...any) (sqltx.Rows, error) {
	c.t.Helper()
	bound := make([]any, len(args)) // values play no part without statistics
	rows, err := c.db.Query("EXPLAIN QUERY PLAN "+text, bound...)
	require.NoError(c.t, err, text)
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(c.t, rows.Scan(&id, &parent, &unused, &detail))
		lines = append(lines, detail)
	}
	require.NoError(c.t, rows.Err())
	c.plan = strings.Join(lines, "\n")
	if strings.HasPrefix(text, "SELECT count(*)") && len(c.counts) > 0 {
		defer func() { c.counts = c.counts[1:] }()
		return answer{c.counts[0]}, nil
	}
	return answer{}, nil
}

func (c *planConn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	_, err := c.Query(ctx, text, args...)
	return 1, err
}

// What is walked is walked in an index, from a place that is known. A SCAN is
// allowed only of what the statement itself made: keys of a page, heads of a stack.
var fullScan = regexp.MustCompile(`SCAN (v|s|a|b|j|vorgang|suche|auftrag|aktenzeichen|aenderung|beteiligung|schluessel|aufbewahrung|journal|eingang|postfach)( |$)`)

func TestPlansOfTheStatements(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "f.db")
	b, err := sqlite.OpenBackend(ctx, path, nil)
	require.NoError(t, err)
	require.NoError(t, b.Close())
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	c := &planConn{t: t, db: db}
	tx := sqltx.New(c, sqlite.Dialect, "kiel")
	key := &driver.VorgangKey{Eingang: now, ID: uuid.New()}

	list := func(p driver.ListVorgaengeParams) func() {
		p.Limit = 50
		return func() {
			_, err := tx.ListVorgaenge(ctx, p)
			require.NoError(t, err)
		}
	}
	search := func(p driver.SearchVorgaengeParams) func() {
		p.Limit = 50
		return func() {
			_, err := tx.SearchVorgaenge(ctx, p)
			require.NoError(t, err)
		}
	}
	next := func(p driver.NextWartendParams) func() {
		p.Now = now
		return func() {
			_, err := tx.NextWartend(ctx, p)
			require.ErrorIs(t, err, fehler.ErrNotFound)
		}
	}
	offen := []string{"neu", "in_arbeit", "wartet"}
	for _, x := range []struct {
		name    string
		run     func()
		indexes []string
		sorts   bool // a bounded number of keys
	}{
		{"all", list(driver.ListVorgaengeParams{After: key}), []string{"vorgang_eingang"}, false},
		{"newest first", list(driver.ListVorgaengeParams{After: key, Absteigend: true, Kurz: true}), []string{"vorgang_eingang"}, false},
		{"one status", list(driver.ListVorgaengeParams{Filter: driver.VorgangFilter{Status: []string{"neu"}}, After: key}), []string{"vorgang_status (mandant=? AND status=? AND (eingang,id)>(?,?))"}, false},
		{"one Einheit", list(driver.ListVorgaengeParams{Filter: driver.VorgangFilter{Einheiten: []string{"e"}}, Absteigend: true}), []string{"vorgang_einheit"}, false},
		{"one Bearbeiter", list(driver.ListVorgaengeParams{Filter: driver.VorgangFilter{Bearbeiter: []string{"kim"}}, After: key}), []string{"vorgang_bearbeiter (mandant=? AND bearbeiter=? AND (eingang,id)>(?,?))"}, false},
		{"all open ones", list(driver.ListVorgaengeParams{Filter: driver.VorgangFilter{Status: offen}, After: key}), []string{"vorgang_status (mandant=? AND status=? AND (eingang,id)>(?,?))"}, true},
		{"all open ones of an Einheit", list(driver.ListVorgaengeParams{Filter: driver.VorgangFilter{Status: offen, Einheiten: []string{"a"}}, Absteigend: true, Kurz: true}), []string{"vorgang_status"}, true},
		{"two Einheiten", list(driver.ListVorgaengeParams{Filter: driver.VorgangFilter{Einheiten: []string{"a", "b"}, Leistungen: []string{"l"}}}), []string{"vorgang_einheit"}, true},
		{"two Bearbeiter, open", list(driver.ListVorgaengeParams{Filter: driver.VorgangFilter{Bearbeiter: []string{"kim", "alex"}, Status: offen}, After: key}), []string{"vorgang_bearbeiter (mandant=? AND bearbeiter=? AND (eingang,id)>(?,?))"}, true},
		{"Nummer", list(driver.ListVorgaengeParams{Filter: driver.VorgangFilter{Nummer: "1", Status: offen}}), []string{"vorgang_nummer"}, false},
		{"Aktenzeichen", list(driver.ListVorgaengeParams{Filter: driver.VorgangFilter{Aktenzeichen: "1", Status: offen}}), []string{"PRIMARY KEY (mandant=? AND aktenzeichen=?)", "sqlite_autoindex_vorgang_1 (mandant=? AND id=?)"}, true},
		{"search", search(driver.SearchVorgaengeParams{Woerter: []string{"muster"}}), []string{"s USING PRIMARY KEY (mandant=? AND wort>? AND wort<?)", "v USING INDEX sqlite_autoindex_vorgang_1 (mandant=? AND id=?)"}, false},
		{"search on", search(driver.SearchVorgaengeParams{Woerter: []string{"muster", "erika"}, After: &driver.TrefferKey{Wort: "mustermann"}, Filter: driver.VorgangFilter{Status: offen}}),
			[]string{"s USING PRIMARY KEY (mandant=? AND (wort,vorgang_id)>(?,?) AND wort<?)", "v USING INDEX sqlite_autoindex_vorgang_1 (mandant=? AND id=?)"}, false},
		{"search by a rare word", func() {
			c.counts = []int64{5000, 3}
			search(driver.SearchVorgaengeParams{Woerter: []string{"muster", "xaver"}, Filter: driver.VorgangFilter{Status: offen}})()
		}, []string{"USE TEMP B-TREE FOR DISTINCT", "PRIMARY KEY (mandant=? AND wort>? AND wort<?)", "v USING INDEX sqlite_autoindex_vorgang_1 (mandant=? AND id=?)"}, true},
		{"stack", next(driver.NextWartendParams{After: key}), []string{"vorgang_wartend", "vorgang_lease"}, true},
		{"stack of Einheiten", next(driver.NextWartendParams{Einheiten: []string{"a", "b"}}), []string{"vorgang_stapel (mandant=? AND einheit=? AND leistung=?)", "vorgang_stapel (mandant=? AND einheit=? AND leistung>?)", "vorgang_lease"}, true},
		{"stack of Leistungen", next(driver.NextWartendParams{Leistungen: []string{"a", "b"}, After: key}), []string{"vorgang_stapel (mandant=? AND einheit=? AND leistung=? AND (eingang,id)>(?,?))", "vorgang_stapel (mandant=? AND einheit>?)", "vorgang_lease"}, true},
		{"stack of both", next(driver.NextWartendParams{Einheiten: []string{"a", "b"}, Leistungen: []string{"l"}}), []string{"vorgang_stapel (mandant=? AND einheit=? AND leistung=?)", "vorgang_lease"}, true},
		{"lease", func() {
			_, err := sqltx.LeaseAuftraege(ctx, c, sqlite.Dialect, driver.LeaseAuftraegeParams{Now: now, Until: now, Limit: 10})
			require.NoError(t, err)
		}, []string{"a USING COVERING INDEX auftrag_faellig (faellig<?)", "b USING COVERING INDEX auftrag_offen"}, false},
		{"feed", func() {
			_, err := sqltx.Aenderungen(ctx, c, "kiel", driver.AenderungenParams{Limit: 10})
			require.NoError(t, err)
		}, []string{"PRIMARY KEY (strom=? AND pos>?)"}, false},
		{"shares of a guest", func() {
			_, err := sqltx.Beteiligungen(ctx, c, "kiel", driver.BeteiligungenParams{Now: now, After: &driver.BeteiligungKey{Mandant: "a"}, Limit: 10})
			require.NoError(t, err)
		}, []string{"beteiligung_gast (gast=? AND (mandant,vorgang_id)>(?,?))"}, false},
		{"journal", func() {
			_, err := tx.ListJournal(ctx, driver.ListJournalParams{Limit: 10})
			require.NoError(t, err)
		}, []string{"sqlite_autoindex_journal_1 (mandant=? AND vorgang_id=? AND seq>?)"}, false},
		{"Auftraege of a Vorgang", func() {
			_, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{VorgangID: key.ID, Limit: 10})
			require.NoError(t, err)
		}, []string{"auftrag_platz (mandant=? AND vorgang_id=?)"}, false},
		{"delivery by key", func() {
			_, err := tx.GetEingang(ctx, driver.GetEingangParams{Schluessel: "s"})
			require.ErrorIs(t, err, fehler.ErrNotFound)
		}, []string{"eingang_schluessel (mandant=? AND schluessel=?)"}, false},
		{"Klaerfach", func() {
			_, err := tx.ListEingaenge(ctx, driver.ListEingaengeParams{Zustaende: []string{"klaerung"}, After: &driver.EingangKey{Eingegangen: now}, Limit: 10})
			require.NoError(t, err)
		}, []string{"eingang_zustand (mandant=? AND zustand=? AND (eingegangen,id)>(?,?))"}, false},
		{"mailbox", func() {
			_, err := tx.ListEintraege(ctx, driver.ListEintraegeParams{Postfach: "p", Limit: 10})
			require.NoError(t, err)
		}, []string{"postfach_zeit (mandant=? AND postfach=?)"}, false},
		{"keys", func() {
			_, err := tx.ListSchluessel(ctx, driver.ListSchluesselParams{Limit: 10})
			require.NoError(t, err)
		}, []string{"PRIMARY KEY (mandant=? AND schluessel>?)"}, false},
		{"erased deliveries", func() {
			_, err := c.Exec(ctx, "UPDATE eingang SET daten = $3 WHERE mandant = $1 AND ziel_vorgang = $2 AND ziel_mandant = $1", 1, 2, 3)
			require.NoError(t, err)
		}, []string{"eingang_ziel (mandant=? AND ziel_vorgang=?)"}, false},
		{"retention", func() {
			_, err := tx.ListAufbewahrung(ctx, driver.ListAufbewahrungParams{BisVor: datum.MustParse("2026-01-01"), Limit: 10})
			require.NoError(t, err)
		}, []string{"aufbewahrung_bis (mandant=? AND bis<?)"}, false},
	} {
		x.run()
		for _, index := range x.indexes {
			require.Contains(t, c.plan, index, x.name)
		}
		require.NotRegexp(t, fullScan, c.plan, x.name)
		if !x.sorts {
			require.NotContains(t, c.plan, "TEMP B-TREE", x.name)
		}
	}
}
