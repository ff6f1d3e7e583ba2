package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Writers add rows to a feed without a place and wait for nobody. Who reads gives
// places to what is committed, in the order of lfd:
//
//   - One reader of a feed numbers at a time, under an advisory lock, and looks
//     at the table after it has the lock. So it sees all places given before, and
//     what is visible is always the beginning of the feed without a gap.
//   - A transaction that commits late still has no place then, and gets one
//     behind all that was given out.
//   - lfd comes from one sequence. Of two saves of a Vorgang the second began to
//     write when the first was committed, so its lfd is higher, and who sees it
//     sees the first too. The same holds of any save that began after another was
//     committed.
const (
	ungezaehlt = `SELECT EXISTS (SELECT 1 FROM aenderung WHERE strom = $1 AND pos IS NULL)`
	// The first number sets these locks apart from others of the same database.
	zaehlerLock = `SELECT pg_advisory_xact_lock(1634039403, hashtext($1))`
	zaehlen     = `WITH ende AS (SELECT coalesce(max(pos), 0) AS p FROM aenderung WHERE strom = $1 AND pos IS NOT NULL),
		neu AS (SELECT x.*, row_number() OVER (ORDER BY lfd) AS n FROM (SELECT mandant, vorgang_id, version, lfd FROM aenderung
			WHERE strom = $1 AND pos IS NULL ORDER BY lfd LIMIT $2) x)
		UPDATE aenderung a SET pos = ende.p + neu.n FROM ende, neu WHERE a.strom = $1 AND a.mandant = neu.mandant
		AND a.vorgang_id = neu.vorgang_id AND a.version = neu.version`
	feldVonStrom = `SELECT pos, mandant, vorgang_id, version, journal_von, journal_bis, zeit FROM aenderung WHERE strom = $1 AND `
	seite        = feldVonStrom + `pos >= $2 ORDER BY pos LIMIT $3`
	letzte       = feldVonStrom + `pos IS NOT NULL ORDER BY pos DESC LIMIT 1`
)

// stueck bounds how many rows get their place in one transaction.
const stueck = 1000

// anfang is the cursor before the first row there ever was.
const anfang = "0-0"

// place is a row of a feed with its number.
type place struct {
	pos int64
	row driver.AenderungRow
}

func scanPlaces(rows pgx.Rows) (out []place, err error) {
	defer rows.Close()
	for rows.Next() {
		var p place
		r := &p.row
		if err := rows.Scan(&p.pos, &r.Mandant, &r.VorgangID, &r.Version, &r.JournalVon, &r.JournalBis, &r.Zeit); err != nil {
			return nil, err
		}
		r.Cursor = sqltx.Cursor(p.pos, r)
		out = append(out, p)
	}
	return out, rows.Err()
}

// feed reads with the query; numbered, it first gives places to what has none,
// in the same transaction. It tells whether there may be more without a place.
func (c *conn) feed(ctx context.Context, number int, sql string, args ...any) (rows []place, neu bool, err error) {
	batch := &pgx.Batch{}
	if number > 0 {
		batch.Queue(readWrite)
	}
	c.open(batch)
	if number > 0 {
		batch.Queue(zaehlerLock, args[0])
		batch.Queue(zaehlen, args[0], int64(number))
	}
	// What is said to have no place is looked for before the rows are read: so
	// without any, the rows hold all that was committed by then.
	batch.Queue(ungezaehlt, args[0])
	batch.Queue(sql, args...)
	if number > 0 {
		batch.Queue("commit")
	}
	results := c.c.SendBatch(ctx, batch)
	read := func() error {
		before := 1
		if number > 0 {
			before = 4
		}
		for range before {
			if _, err := results.Exec(); err != nil {
				return err
			}
		}
		if err := results.QueryRow().Scan(&neu); err != nil {
			return err
		}
		r, err := results.Query()
		if err != nil {
			return err
		}
		if rows, err = scanPlaces(r); err != nil || number == 0 {
			return err
		}
		_, err = results.Exec()
		return err
	}
	err = read()
	if e := results.Close(); err == nil {
		err = e
	}
	return rows, neu, classify(ctx, err)
}

// Aenderungen implements driver.Backend. Without anything new it is one round
// trip.
func (b *Backend) Aenderungen(ctx context.Context, mandant tenant.ID, p driver.AenderungenParams) ([]driver.AenderungRow, error) {
	pos, ok := parseCursor(p.After)
	if !ok {
		return nil, fehler.ErrNotFound
	}
	// The row of the cursor is read too: it tells whether the feed reaches back.
	limit := int64(p.Limit)
	if pos > 0 {
		limit++
	}
	var rows []place
	err := b.single(ctx, mandant, func(c *conn) error {
		number := 0
		for {
			list, neu, err := c.feed(ctx, number, seite, string(mandant), pos, limit)
			if err != nil {
				return err
			}
			rows = list
			if !neu || int64(len(list)) >= limit {
				return nil
			}
			number = stueck
		}
	})
	if err != nil {
		return nil, err
	}
	if p.After != "" {
		if rows, ok = reaches(rows, pos, p.After); !ok {
			return nil, fehler.ErrNotFound
		}
	}
	return col(rows[:min(len(rows), p.Limit)], func(p *place) driver.AenderungRow { return p.row }), nil
}

func parseCursor(c string) (pos int64, ok bool) {
	if c == "" {
		return 0, true
	}
	number, mark, ok := strings.Cut(c, "-")
	pos, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || pos < 0 || strconv.FormatInt(pos, 10) != number || pos == 0 && mark != "0" {
		return 0, false
	}
	return pos, true
}

// reaches takes the row of the cursor away and tells whether the feed reaches
// back to it: the row is there and is the same, or it was the last one that was
// forgotten.
func reaches(rows []place, pos int64, cursor string) ([]place, bool) {
	switch {
	case len(rows) == 0: // only the cursor of a feed that never had a row is behind all
		return rows, pos == 0
	case rows[0].pos == pos:
		return rows[1:], rows[0].row.Cursor == cursor
	}
	return rows, rows[0].pos == pos+1
}

// AenderungenEnde implements driver.Backend.
func (b *Backend) AenderungenEnde(ctx context.Context, mandant tenant.ID) (string, error) {
	end := anfang
	err := b.single(ctx, mandant, func(c *conn) error {
		for number := 0; ; number = stueck {
			list, neu, err := c.feed(ctx, number, letzte, string(mandant))
			if err != nil {
				return err
			}
			if !neu {
				if len(list) > 0 {
					end = list[0].row.Cursor
				}
				return nil
			}
		}
	})
	return end, err
}

// Prune implements driver.AufbewahrungTx. Only what has a place can be forgotten,
// so a feed nobody reads gets its places here.
func (t *tx) Prune(ctx context.Context, p driver.PruneParams) (int64, error) {
	if _, err := t.One(ctx, []any{new(any)}, zaehlerLock, string(t.Mandant())); err != nil {
		return 0, err
	}
	if _, err := t.Exec(ctx, zaehlen, string(t.Mandant()), int64(p.Limit)+1); err != nil {
		return 0, err
	}
	return t.Tx.Prune(ctx, p)
}
