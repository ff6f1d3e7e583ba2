package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/storagetest"
)

// floor is what a careful programmer writes by hand: pgx with prepared
// statements and BEGIN and COMMIT around each call. It works as a superuser, for
// whom there is no row-level security: the second lock is the store's price.
type floor struct {
	pool *pgxpool.Pool
	// batch sends statements together.
	batch bool
}

var _ storagetest.Floor = (*floor)(nil)

const mandant = string(storagetest.BenchMandant)

type stmt struct {
	sql  string
	args []any
}

// send runs statements that do not need each other's answers.
func (f *floor) send(ctx context.Context, c *pgx.Conn, list ...stmt) error {
	if f.batch {
		b := &pgx.Batch{}
		for _, s := range list {
			b.Queue(s.sql, s.args...)
		}
		return c.SendBatch(ctx, b).Close()
	}
	for _, s := range list {
		if _, err := c.Exec(ctx, s.sql, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// ask runs a transaction's beginning and one query, and reads one row.
func (f *floor) ask(ctx context.Context, c *pgx.Conn, q stmt, dest ...any) error {
	if f.batch {
		b := &pgx.Batch{}
		b.Queue("begin")
		b.Queue(q.sql, q.args...)
		res := c.SendBatch(ctx, b)
		defer res.Close()
		if _, err := res.Exec(); err != nil {
			return err
		}
		return res.QueryRow().Scan(dest...)
	}
	if _, err := c.Exec(ctx, "begin"); err != nil {
		return err
	}
	return c.QueryRow(ctx, q.sql, q.args...).Scan(dest...)
}

// conn lends a connection; one that is left in a transaction is thrown away.
func (f *floor) conn(ctx context.Context, do func(*pgx.Conn) error) error {
	return f.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error { return do(c.Conn()) })
}

// insert is one statement for rows of n columns.
func insert(table, columns string, n int, args []any) stmt {
	var b strings.Builder
	b.WriteString("INSERT INTO " + table + " (" + columns + ") VALUES ")
	for i := range args {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%n == 0:
			b.WriteString("),(")
		default:
			b.WriteString(",")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return stmt{b.String() + ")", args}
}

const (
	vorgangSpalten = `mandant,id,version,nummer,status,leistung,einheit,bearbeiter,aktenzeichen,eingang,wartend,journal_seq,
		antragsteller,woerter,journal_hash,daten`
	journalSpalten   = "mandant,vorgang_id,seq,zeit,code,akteur,daten,salz,akteur_hash,daten_hash,vorgaenger,hash"
	auftragSpalten   = "mandant,id,vorgang_id,vorgang_version,ordinal,art,daten,erstellt,faellig,termin,zustand,versuch,letzter_fehler"
	aenderungSpalten = "strom,mandant,vorgang_id,version,journal_von,journal_bis,zeit"
	sucheSpalten     = "mandant,wort,vorgang_id"
)

func blob(b []byte) []byte { return append([]byte{}, b...) }

func vorgangWerte(p *driver.SaveVorgangParams) []any {
	r := &p.Row
	zeichen, _ := json.Marshal(append([]string{}, r.Aktenzeichen...))
	return []any{mandant, r.ID, r.Version, r.Nummer, r.Status, r.Leistung, r.Einheit, r.Bearbeiter, string(zeichen), r.Eingang, r.Wartend,
		r.JournalSeq, r.Antragsteller, " " + strings.Join(p.Woerter, " ") + " ", r.JournalHash, r.Daten}
}

func journalWerte(id uuid.UUID, j *driver.JournalRow) []any {
	return []any{mandant, id, j.Seq, j.Zeit, j.Code, j.Akteur, j.Daten, j.Salz, j.AkteurHash, j.DatenHash, blob(j.Vorgaenger), j.Hash}
}

func auftragWerte(a *driver.AuftragRow) []any {
	return []any{mandant, a.ID, a.VorgangID, a.VorgangVersion, a.Ordinal, a.Art, blob(a.Daten), a.Erstellt, a.Faellig, a.Termin, "offen", int64(0), ""}
}

func aenderungWerte(p *driver.SaveVorgangParams) []any {
	return []any{mandant, mandant, p.Row.ID, p.Row.Version, p.Journal[0].Seq, p.Row.JournalSeq, p.Zeit}
}

// folge are the statements of what every save adds.
func folge(p *driver.SaveVorgangParams) (list []stmt) {
	var journal, auftrag []any
	for i := range p.Journal {
		journal = append(journal, journalWerte(p.Row.ID, &p.Journal[i])...)
	}
	for i := range p.Auftraege {
		auftrag = append(auftrag, auftragWerte(&p.Auftraege[i])...)
	}
	list = append(list, insert("journal", journalSpalten, 12, journal))
	if len(auftrag) > 0 {
		list = append(list, insert("auftrag", auftragSpalten, 13, auftrag))
	}
	return append(list, insert("aenderung", aenderungSpalten, 7, aenderungWerte(p)))
}

func (f *floor) Create(ctx context.Context, p *driver.SaveVorgangParams) error {
	var suche []any
	for _, w := range p.Woerter {
		suche = append(suche, mandant, w, p.Row.ID)
	}
	list := []stmt{{sql: "begin"}, insert("vorgang", vorgangSpalten, 16, vorgangWerte(p)), insert("suche", sucheSpalten, 3, suche)}
	list = append(append(list, folge(p)...), stmt{sql: "commit"})
	return f.conn(ctx, func(c *pgx.Conn) error { return f.send(ctx, c, list...) })
}

func (f *floor) Import(ctx context.Context, ps []driver.SaveVorgangParams) error {
	var vorgang, journal, auftrag, suche, aenderung [][]any
	for i := range ps {
		p := &ps[i]
		vorgang = append(vorgang, vorgangWerte(p))
		for j := range p.Journal {
			journal = append(journal, journalWerte(p.Row.ID, &p.Journal[j]))
		}
		for j := range p.Auftraege {
			auftrag = append(auftrag, auftragWerte(&p.Auftraege[j]))
		}
		for _, w := range p.Woerter {
			suche = append(suche, []any{mandant, w, p.Row.ID})
		}
		aenderung = append(aenderung, aenderungWerte(p))
	}
	return pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
		for _, t := range []struct {
			name, columns string
			rows          [][]any
		}{
			{"vorgang", vorgangSpalten, vorgang}, {"journal", journalSpalten, journal}, {"auftrag", auftragSpalten, auftrag},
			{"suche", sucheSpalten, suche}, {"aenderung", aenderungSpalten, aenderung},
		} {
			columns := strings.FieldsFunc(t.columns, func(r rune) bool { return r == ',' || r == '\n' || r == '\t' })
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, columns, pgx.CopyFromRows(t.rows)); err != nil {
				return err
			}
		}
		return nil
	})
}

const floorKurz = `v.id,v.version,v.nummer,v.status,v.leistung,v.einheit,v.bearbeiter,v.aktenzeichen,v.eingang,v.frist,v.wartend,
	v.lease_token,v.lease_bis,v.journal_seq,v.antragsteller`

// floorRow takes a row as pgx gives it.
type floorRow struct {
	driver.VorgangRow
	zeichen, wort, woerter string
	frist                  *time.Time
}

func (r *floorRow) kurz() []any {
	return []any{&r.ID, &r.Version, &r.Nummer, &r.Status, &r.Leistung, &r.Einheit, &r.Bearbeiter, &r.zeichen, &r.Eingang, &r.frist, &r.Wartend,
		&r.LeaseToken, &r.LeaseBis, &r.JournalSeq, &r.Antragsteller}
}

func (r *floorRow) ganz() []any { return append(r.kurz(), &r.JournalHash, &r.Daten, &r.woerter) }

const floorGanz = "SELECT " + floorKurz + ",v.journal_hash,v.daten,v.woerter FROM vorgang v WHERE v.mandant=$1"

func (f *floor) Edit(ctx context.Context, p *driver.SaveVorgangParams) error {
	return f.conn(ctx, func(c *pgx.Conn) error {
		var old floorRow
		if err := f.ask(ctx, c, stmt{floorGanz + " AND v.id=$2 FOR UPDATE", []any{mandant, p.Row.ID}}, old.ganz()...); err != nil {
			return err
		}
		if old.Version != p.ExpectedVersion {
			return fmt.Errorf("version %d, want %d", old.Version, p.ExpectedVersion)
		}
		list := []stmt{{"UPDATE vorgang SET version=$4,journal_seq=$5,journal_hash=$6,daten=$7 WHERE mandant=$1 AND id=$2 AND version=$3",
			[]any{mandant, p.Row.ID, p.ExpectedVersion, p.Row.Version, p.Row.JournalSeq, p.Row.JournalHash, p.Row.Daten}}}
		return f.send(ctx, c, append(append(list, folge(p)...), stmt{sql: "commit"})...)
	})
}

func (f *floor) Claim(ctx context.Context, p *driver.SaveVorgangParams) (uuid.UUID, error) {
	q := *p
	err := f.conn(ctx, func(c *pgx.Conn) error {
		var old floorRow
		next := stmt{floorGanz + " AND v.wartend AND v.lease_bis IS NULL ORDER BY v.eingang,v.id LIMIT 1 FOR UPDATE SKIP LOCKED", []any{mandant}}
		if err := f.ask(ctx, c, next, old.ganz()...); err != nil {
			return err
		}
		q.Row.ID = old.ID
		r := &q.Row
		list := []stmt{{`UPDATE vorgang SET version=$4,journal_seq=$5,journal_hash=$6,daten=$7,status=$8,bearbeiter=$9,lease_token=$10,lease_bis=$11
			WHERE mandant=$1 AND id=$2 AND version=$3`, []any{mandant, r.ID, q.ExpectedVersion, r.Version, r.JournalSeq, r.JournalHash, r.Daten,
			r.Status, r.Bearbeiter, *q.Lease.Token, *q.Lease.Bis}}}
		return f.send(ctx, c, append(append(list, folge(&q)...), stmt{sql: "commit"})...)
	})
	return q.Row.ID, err
}

// count reads all rows and counts them.
func (f *floor) count(ctx context.Context, sql string, args []any, dest func(*floorRow) []any) (n int, err error) {
	err = f.conn(ctx, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for ; rows.Next(); n++ {
			if err := rows.Scan(dest(&floorRow{})...); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	return n, err
}

func (f *floor) Page(ctx context.Context, after *driver.VorgangKey, limit int) (int, error) {
	where, args := "", []any{mandant, limit}
	if after != nil {
		where, args = " AND (v.eingang,v.id)<($3,$4)", append(args, after.Eingang, after.ID)
	}
	return f.count(ctx, "SELECT "+floorKurz+" FROM vorgang v WHERE v.mandant=$1"+where+" ORDER BY v.eingang DESC,v.id DESC LIMIT $2", args,
		(*floorRow).kurz)
}

func (f *floor) Search(ctx context.Context, prefix string, limit int) (int, error) {
	return f.count(ctx, "SELECT s.wort,"+floorKurz+` FROM suche s JOIN vorgang v ON v.mandant=s.mandant AND v.id=s.vorgang_id
		WHERE s.mandant=$1 AND s.wort>=$2 AND s.wort<$3 ORDER BY s.wort,s.vorgang_id LIMIT $4`, []any{mandant, prefix, prefix + "\U0010FFFF", limit},
		func(r *floorRow) []any { return append([]any{&r.wort}, r.kurz()...) })
}

func (f *floor) Lease(ctx context.Context, p driver.LeaseAuftraegeParams) (out []driver.AuftragRow, err error) {
	err = f.conn(ctx, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, `WITH k AS MATERIALIZED (SELECT a.mandant m,a.id i FROM auftrag a
			WHERE a.zustand='offen' AND a.faellig<=$3 AND (a.lease_bis IS NULL OR a.lease_bis<=$3)
			AND NOT EXISTS (SELECT 1 FROM auftrag b WHERE b.mandant=a.mandant AND b.vorgang_id=a.vorgang_id AND b.zustand IN ('offen','geparkt')
				AND NOT b.termin AND (b.vorgang_version,b.ordinal)<(a.vorgang_version,a.ordinal))
			ORDER BY a.faellig,a.id LIMIT $4 FOR UPDATE SKIP LOCKED)
			UPDATE auftrag SET lease_token=$1,lease_bis=$2,versuch=versuch+1 FROM k WHERE mandant=m AND id=i
			RETURNING mandant,id,vorgang_id,vorgang_version,ordinal,art,daten,erstellt,faellig,termin,versuch`, p.Token, p.Until, p.Now, p.Limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			a := driver.AuftragRow{LeaseToken: &p.Token, LeaseBis: &p.Until}
			if err := rows.Scan(&a.Mandant, &a.ID, &a.VorgangID, &a.VorgangVersion, &a.Ordinal, &a.Art, &a.Daten, &a.Erstellt, &a.Faellig,
				&a.Termin, &a.Versuch); err != nil {
				return err
			}
			out = append(out, a)
		}
		return rows.Err()
	})
	return out, err
}

func (f *floor) Settle(ctx context.Context) error {
	_, err := f.pool.Exec(ctx, "VACUUM ANALYZE")
	return err
}

func (f *floor) Finish(ctx context.Context, p driver.FinishAuftragParams) error {
	tag, err := f.pool.Exec(ctx, `UPDATE auftrag SET zustand='erledigt',letzter_fehler='',lease_token=NULL,lease_bis=NULL,erledigt=$1
		WHERE mandant=$2 AND id=$3 AND lease_token=$4 AND zustand='offen'`, p.Now, mandant, p.ID, p.Token)
	if err == nil && tag.RowsAffected() != 1 {
		err = fmt.Errorf("%d rows met", tag.RowsAffected())
	}
	return err
}
