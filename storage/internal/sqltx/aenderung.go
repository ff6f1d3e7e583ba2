package sqltx

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Cursor names a place in a feed: its number, and a mark of the row that is
// there. The mark tells a cursor from another store, or from the time before a
// move, where the same number is another save.
func Cursor(pos int64, r *driver.AenderungRow) string {
	return strconv.FormatInt(pos, 10) + "-" + mark(r)
}

func mark(r *driver.AenderungRow) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s\x00%d", r.Mandant, r.VorgangID, r.Version)
	return strconv.FormatUint(h.Sum64(), 36)
}

// anfang is the cursor before the first row there ever was.
const anfang = "0-0"

func parseCursor(c string) (pos int64, mark string, ok bool) {
	number, mark, ok := strings.Cut(c, "-")
	pos, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || pos < 0 || strconv.FormatInt(pos, 10) != number || pos == 0 && mark != "0" {
		return 0, "", false
	}
	return pos, mark, true
}

// place is a row of a feed with its number.
type place struct {
	pos int64
	row driver.AenderungRow
}

const placeColumns = `pos, mandant, vorgang_id, version, journal_von, journal_bis, zeit`

func scanPlace(p *place) []any {
	r := &p.row
	return []any{&p.pos, &r.Mandant, &r.VorgangID, &r.Version, &r.JournalVon, &r.JournalBis, &r.Zeit}
}

// Aenderungen reads a feed whose rows are numbered, all in one statement's or
// transaction's view of c.
func Aenderungen(ctx context.Context, c Conn, strom tenant.ID, p driver.AenderungenParams) ([]driver.AenderungRow, error) {
	var after int64
	if p.After != "" {
		pos, m, ok := parseCursor(p.After)
		if !ok {
			return nil, fehler.ErrNotFound
		}
		if err := reaches(ctx, c, strom, pos, m); err != nil {
			return nil, err
		}
		after = pos
	}
	list, err := ListConn(ctx, c, scanPlace, "SELECT "+placeColumns+
		" FROM aenderung WHERE strom = $1 AND pos > $2 ORDER BY pos"+Limit(p.Limit), []any{strom, after})
	out := make([]driver.AenderungRow, len(list))
	for i := range list {
		out[i] = list[i].row
		out[i].Cursor = Cursor(list[i].pos, &out[i])
	}
	return out, err
}

// reaches tells whether the feed still reaches back to a cursor: its row is
// there and is the same, or it was the last one that was forgotten.
func reaches(ctx context.Context, c Conn, strom tenant.ID, pos int64, m string) error {
	list, err := ListConn(ctx, c, scanPlace, "SELECT "+placeColumns+
		" FROM aenderung WHERE strom = $1 AND pos >= $2 ORDER BY pos LIMIT 1", []any{strom, pos})
	switch {
	case err != nil:
		return err
	case len(list) == 0: // only the cursor of a feed that never had a row is behind all
		if pos > 0 {
			return fehler.ErrNotFound
		}
	case list[0].pos == pos:
		if mark(&list[0].row) != m {
			return fehler.ErrNotFound
		}
	case list[0].pos != pos+1:
		return fehler.ErrNotFound
	}
	return nil
}

// AenderungenEnde gives the cursor behind the last numbered row of a feed.
func AenderungenEnde(ctx context.Context, c Conn, strom tenant.ID) (string, error) {
	list, err := ListConn(ctx, c, scanPlace, "SELECT "+placeColumns+
		" FROM aenderung WHERE strom = $1 AND pos IS NOT NULL ORDER BY pos DESC LIMIT 1", []any{strom})
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return anfang, nil
	}
	return Cursor(list[0].pos, &list[0].row), nil
}

// BeteiligungColumns in the order of [ScanBeteiligung].
const BeteiligungColumns = `mandant, vorgang_id, gast, recht, von, bis`

// ScanBeteiligung gives the targets for BeteiligungColumns.
func ScanBeteiligung(r *driver.BeteiligungRow) []any {
	return []any{&r.Mandant, &r.VorgangID, &r.Gast, &r.Recht, &r.Von, &r.Bis}
}

// Beteiligungen reads the shares other Mandanten gave to gast.
func Beteiligungen(ctx context.Context, c Conn, gast tenant.ID, p driver.BeteiligungenParams) ([]driver.BeteiligungRow, error) {
	a := Params{Args: []any{gast, p.Now}}
	sql := "SELECT " + BeteiligungColumns + " FROM beteiligung WHERE gast = $1 AND mandant <> $1 AND von <= $2 AND (bis IS NULL OR bis > $2)"
	if p.VorgangID != uuid.Nil {
		sql += " AND vorgang_id = " + a.Add(p.VorgangID)
	}
	if k := p.After; k != nil {
		sql += " AND (mandant, vorgang_id) > " + a.Tuple(k.Mandant, k.VorgangID)
	}
	return ListConn(ctx, c, ScanBeteiligung, sql+" ORDER BY mandant, vorgang_id, von"+Limit(p.Limit), a.Args)
}
