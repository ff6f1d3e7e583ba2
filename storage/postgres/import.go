package postgres

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// How much one statement of an import takes: the server must hold it in memory.
const (
	paketRows  = 1000
	paketBytes = 8 << 20
)

// pakete cuts rows so that none is too much at once; size is about the bytes of one.
func pakete[T any](rows []T, size func(*T) int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for len(rows) > 0 {
			n, bytes := 0, 0
			for n < len(rows) && n < paketRows && (n == 0 || bytes < paketBytes) {
				bytes += size(&rows[n])
				n++
			}
			if !yield(rows[:n]) {
				return
			}
			rows = rows[n:]
		}
	}
}

// Import implements driver.ImportTx.
func (t *tx) Import(ctx context.Context, p driver.ImportParams) (int64, error) {
	neu, err := t.importVorgaenge(ctx, p.Vorgaenge)
	if err != nil {
		return 0, err
	}
	if err := t.importParents(ctx, &p, neu); err != nil {
		return 0, err
	}
	if err := t.importRest(ctx, &p); err != nil {
		return 0, err
	}
	var stroeme []tenant.ID
	if len(p.Aenderungen) > 0 {
		stroeme = []tenant.ID{t.Mandant()}
	}
	t.Wecke(stroeme, len(p.Auftraege) > 0)
	return int64(len(neu)), nil
}

// importVorgaenge gives the ids of the new ones. What is derived from a Vorgang
// is stored with a new one only: the stored one has its own.
func (t *tx) importVorgaenge(ctx context.Context, list []driver.ImportVorgang) (map[uuid.UUID]bool, error) {
	neu := make(map[uuid.UUID]bool, len(list))
	for teil := range pakete(list, func(v *driver.ImportVorgang) int { return len(v.Row.Daten) + 500 }) {
		felder, err := vorgangFelder(teil)
		if err != nil {
			return nil, t.Fail(err)
		}
		a := sqltx.Params{Args: []any{t.Mandant()}}
		ids, err := sqltx.List(ctx, t.Tx, func(id *uuid.UUID) []any { return []any{id} },
			"INSERT INTO vorgang (mandant, id, version, nummer, status, leistung, einheit, bearbeiter, aktenzeichen, eingang, frist, wartend,"+
				" journal_seq, antragsteller, journal_hash, daten, woerter, lease_token, lease_bis) SELECT $1, u.* FROM "+felder.unnest(&a)+
				" u ON CONFLICT DO NOTHING RETURNING id", a.Args)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			neu[id] = true
		}
		if err := t.importIndex(ctx, teil, ids); err != nil {
			return nil, err
		}
	}
	return neu, nil
}

func vorgangFelder(list []driver.ImportVorgang) (felder, error) {
	type v = *driver.ImportVorgang
	text := func(f func(v) string) feld { return feld{"text", col(list, f)} }
	zeichen := make([]string, len(list))
	for i := range list {
		var err error
		if zeichen[i], err = sqltx.Liste(list[i].Row.Aktenzeichen).Text(); err != nil {
			return nil, err
		}
	}
	return felder{
		{"uuid", col(list, func(x v) uuid.UUID { return x.Row.ID })},
		{"bigint", col(list, func(x v) int64 { return x.Row.Version })},
		text(func(x v) string { return x.Row.Nummer }), text(func(x v) string { return x.Row.Status }),
		text(func(x v) string { return x.Row.Leistung }), text(func(x v) string { return x.Row.Einheit }),
		text(func(x v) string { return x.Row.Bearbeiter }),
		{"text", zeichen},
		{"timestamptz", col(list, func(x v) time.Time { return x.Row.Eingang })},
		{"date", col(list, func(x v) datum.Datum { return x.Row.Frist })},
		{"boolean", col(list, func(x v) bool { return x.Row.Wartend })},
		{"bigint", col(list, func(x v) int64 { return x.Row.JournalSeq })},
		text(func(x v) string { return x.Row.Antragsteller }),
		{"bytea", col(list, func(x v) []byte { return sqltx.Blob(x.Row.JournalHash) })},
		{"bytea", col(list, func(x v) []byte { return sqltx.Blob(x.Row.Daten) })},
		text(func(x v) string { return sqltx.WoerterText(x.Woerter) }),
		{"uuid", col(list, func(x v) *uuid.UUID { return x.Row.LeaseToken })},
		{"timestamptz", col(list, func(x v) *time.Time { return x.Row.LeaseBis })},
	}, nil
}

// importIndex stores what is derived from new Vorgaenge.
func (t *tx) importIndex(ctx context.Context, list []driver.ImportVorgang, neu []uuid.UUID) error {
	type pair struct {
		text string
		id   uuid.UUID
	}
	var zeichen, woerter []pair
	var anteile []driver.BeteiligungRow
	open := make(map[uuid.UUID]bool, len(neu))
	for _, id := range neu {
		open[id] = true
	}
	for i := range list {
		v := &list[i]
		id := v.Row.ID
		if !open[id] {
			continue
		}
		delete(open, id) // the first of several with one id is the one that was stored
		for _, z := range v.Row.Aktenzeichen {
			zeichen = append(zeichen, pair{z, id})
		}
		for _, w := range words(sqltx.WoerterText(v.Woerter)) {
			woerter = append(woerter, pair{w, id})
		}
		for _, b := range v.Beteiligungen {
			b.VorgangID = id
			anteile = append(anteile, b)
		}
	}
	pairs := func(rows []pair) felder {
		return felder{{"text", col(rows, func(p *pair) string { return p.text })}, {"uuid", col(rows, func(p *pair) uuid.UUID { return p.id })}}
	}
	if err := insert(ctx, t, "aktenzeichen (mandant, aktenzeichen, vorgang_id)", zeichen, small, pairs); err != nil {
		return err
	}
	if err := insert(ctx, t, "suche (mandant, wort, vorgang_id)", woerter, small, pairs); err != nil {
		return err
	}
	return insert(ctx, t, "beteiligung (mandant, vorgang_id, gast, recht, von, bis)", anteile, small, func(rows []driver.BeteiligungRow) felder {
		type r = *driver.BeteiligungRow
		return felder{
			{"uuid", col(rows, func(x r) uuid.UUID { return x.VorgangID })},
			{"text", col(rows, func(x r) string { return string(x.Gast) })},
			{"text", col(rows, func(x r) string { return x.Recht })},
			{"timestamptz", col(rows, func(x r) time.Time { return x.Von })},
			{"timestamptz", col(rows, func(x r) *time.Time { return x.Bis })},
		}
	})
}

func small[T any](*T) int { return 100 }

// insert adds rows behind the column mandant; those that are there already stay.
func insert[T any](ctx context.Context, t *tx, into string, rows []T, size func(*T) int, f func([]T) felder) error {
	for teil := range pakete(rows, size) {
		a := sqltx.Params{Args: []any{t.Mandant()}}
		sql := "INSERT INTO " + into + " SELECT $1, u.* FROM " + f(teil).unnest(&a) + " u ON CONFLICT DO NOTHING"
		if _, err := t.Exec(ctx, sql, a.Args...); err != nil {
			return err
		}
	}
	return nil
}

// importParents looks for the Vorgaenge that rows belong to, before a foreign key
// says so in the words of the database.
func (t *tx) importParents(ctx context.Context, p *driver.ImportParams, known map[uuid.UUID]bool) error {
	seen := map[uuid.UUID]bool{}
	var ids []uuid.UUID
	need := func(id uuid.UUID) {
		if !known[id] && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for i := range p.Journal {
		need(p.Journal[i].VorgangID)
	}
	for i := range p.Auftraege {
		need(p.Auftraege[i].VorgangID)
	}
	for i := range p.Aufbewahrung {
		need(p.Aufbewahrung[i].VorgangID)
	}
	for teil := range slices.Chunk(ids, 10*paketRows) {
		var n int
		if _, err := t.One(ctx, []any{&n}, "SELECT count(*) FROM vorgang WHERE mandant = $1 AND id = ANY($2::uuid[])", t.Mandant(), teil); err != nil {
			return err
		}
		if n != len(teil) {
			return t.Fail(fmt.Errorf("the Vorgang of an imported row: %w", fehler.ErrNotFound))
		}
	}
	return nil
}
