package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/storagetest"
)

// floor is what a careful programmer writes by hand: one connection of
// database/sql, prepared statements, synchronous=FULL, one transaction per call.
type floor struct {
	mu    sync.Mutex
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // by text; GUARDED_BY(mu)
}

var _ storagetest.Floor = (*floor)(nil)

func newFloor(t testing.TB, path string) *floor {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-8192)")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &floor{conn: conn, stmts: map[string]*sql.Stmt{}}
}

// floorTx runs prepared statements until one fails.
type floorTx struct {
	f   *floor
	ctx context.Context
	err error
}

// stmt prepares a text once.
func (t *floorTx) stmt(text string) (s *sql.Stmt) {
	if t.err != nil {
		return nil
	}
	if s = t.f.stmts[text]; s == nil {
		if s, t.err = t.f.conn.PrepareContext(t.ctx, text); t.err == nil {
			t.f.stmts[text] = s
		}
	}
	return s
}

func (t *floorTx) exec(text string, args ...any) {
	s := t.stmt(text)
	if t.err == nil {
		_, t.err = s.ExecContext(t.ctx, args...)
	}
}

// one is exec for a statement that must meet one row.
func (t *floorTx) one(text string, args ...any) {
	s := t.stmt(text)
	if t.err != nil {
		return
	}
	res, err := s.ExecContext(t.ctx, args...)
	if t.err = err; err != nil {
		return
	}
	if n, err := res.RowsAffected(); n != 1 {
		t.err = errors.Join(fmt.Errorf("%d rows met", n), err)
	}
}

func (t *floorTx) query(scan func(*sql.Rows) error, text string, args ...any) (n int) {
	s := t.stmt(text)
	if t.err != nil {
		return 0
	}
	rows, err := s.QueryContext(t.ctx, args...)
	if t.err = err; err != nil {
		return 0
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		if t.err = scan(rows); t.err != nil {
			return n
		}
	}
	t.err = rows.Err()
	return n
}

// single runs statements on the connection, each for itself.
func (f *floor) single(ctx context.Context, do func(*floorTx)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := &floorTx{f: f, ctx: ctx}
	do(t)
	return t.err
}

// tx runs one transaction.
func (f *floor) tx(ctx context.Context, do func(*floorTx)) error {
	return f.single(ctx, func(t *floorTx) {
		t.exec("BEGIN IMMEDIATE")
		do(t)
		t.exec("COMMIT")
		if t.err != nil {
			_, _ = f.conn.ExecContext(ctx, "ROLLBACK")
		}
	})
}

// insert adds rows of n columns with one statement per 50 of them.
func (t *floorTx) insert(table, columns string, n int, args []any) {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", n), ",") + ")"
	for chunk := range slices.Chunk(args, 50*n) {
		rows := strings.TrimSuffix(strings.Repeat(row+",", len(chunk)/n), ",")
		t.exec("INSERT INTO "+table+" ("+columns+") VALUES "+rows, chunk...)
	}
}

const mandant = string(storagetest.BenchMandant)

func (t *floorTx) vorgang(ps []driver.SaveVorgangParams) {
	var vorgang, suche []any
	for i := range ps {
		r := &ps[i].Row
		zeichen, _ := json.Marshal(append([]string{}, r.Aktenzeichen...))
		vorgang = append(vorgang, mandant, r.ID[:], r.Version, r.Nummer, r.Status, r.Leistung, r.Einheit, r.Bearbeiter, string(zeichen),
			r.Eingang.UnixMicro(), r.Wartend, r.JournalSeq, r.Antragsteller, " "+strings.Join(ps[i].Woerter, " ")+" ", r.JournalHash, r.Daten)
		for _, w := range ps[i].Woerter {
			suche = append(suche, mandant, w, r.ID[:])
		}
	}
	t.insert("vorgang", `mandant,id,version,nummer,status,leistung,einheit,bearbeiter,aktenzeichen,
		eingang,wartend,journal_seq,antragsteller,woerter,journal_hash,daten`, 16, vorgang)
	t.folge(ps)
	t.insert("suche", "mandant,wort,vorgang_id", 3, suche)
}

// folge adds what every save adds.
func (t *floorTx) folge(ps []driver.SaveVorgangParams) {
	var journal, auftrag []any
	for i := range ps {
		for _, j := range ps[i].Journal {
			journal = append(journal, mandant, ps[i].Row.ID[:], j.Seq, j.Zeit.UnixMicro(), j.Code, j.Akteur, j.Daten, j.Salz,
				j.AkteurHash, j.DatenHash, append([]byte{}, j.Vorgaenger...), j.Hash)
		}
		for _, a := range ps[i].Auftraege {
			auftrag = append(auftrag, mandant, a.ID[:], ps[i].Row.ID[:], a.VorgangVersion, a.Ordinal, a.Art, append([]byte{}, a.Daten...),
				a.Erstellt.UnixMicro(), a.Faellig.UnixMicro(), a.Termin)
		}
	}
	t.insert("journal", "mandant,vorgang_id,seq,zeit,code,akteur,daten,salz,akteur_hash,daten_hash,vorgaenger,hash", 12, journal)
	if len(auftrag) > 0 {
		rows := strings.TrimSuffix(strings.Repeat("(?,?,?,?,?,?,?,?,?,?,'offen',0,''),", len(auftrag)/10), ",")
		t.exec(`INSERT INTO auftrag (mandant,id,vorgang_id,vorgang_version,ordinal,art,daten,erstellt,faellig,termin,zustand,versuch,letzter_fehler)
			VALUES `+rows, auftrag...)
	}
	for i := range ps {
		t.exec(`INSERT INTO aenderung (strom,pos,mandant,vorgang_id,version,journal_von,journal_bis,zeit)
			VALUES (?1,coalesce((SELECT max(pos) FROM aenderung WHERE strom=?1),0)+1,?1,?2,?3,?4,?5,?6)`,
			mandant, ps[i].Row.ID[:], ps[i].Row.Version, ps[i].Journal[0].Seq, ps[i].Row.JournalSeq, ps[i].Zeit.UnixMicro())
	}
}

func (f *floor) Create(ctx context.Context, p *driver.SaveVorgangParams) error {
	return f.tx(ctx, func(t *floorTx) { t.vorgang([]driver.SaveVorgangParams{*p}) })
}

func (f *floor) Import(ctx context.Context, ps []driver.SaveVorgangParams) error {
	return f.tx(ctx, func(t *floorTx) { t.vorgang(ps) })
}

const floorKurz = `v.id,v.version,v.nummer,v.status,v.leistung,v.einheit,v.bearbeiter,v.aktenzeichen,v.eingang,v.frist,v.wartend,
	v.lease_token,v.lease_bis,v.journal_seq,v.antragsteller`

// floorRow holds the columns as the driver gives them.
type floorRow struct {
	id, token, hash, daten                                       []byte
	version, eingang, wartend, seq                               int64
	nummer, status, leistung, einheit, bearbeiter, zeichen, name string
	wort, woerter                                                string
	frist                                                        sql.NullString
	bis                                                          sql.NullInt64
}

func (r *floorRow) kurz() []any {
	return []any{&r.id, &r.version, &r.nummer, &r.status, &r.leistung, &r.einheit, &r.bearbeiter, &r.zeichen, &r.eingang, &r.frist,
		&r.wartend, &r.token, &r.bis, &r.seq, &r.name}
}

func (r *floorRow) ganz() []any { return append(r.kurz(), &r.hash, &r.daten, &r.woerter) }

// read reads one whole row.
func (t *floorTx) read(where string, args ...any) (r floorRow) {
	n := t.query(func(rows *sql.Rows) error { return rows.Scan(r.ganz()...) },
		"SELECT "+floorKurz+",v.journal_hash,v.daten,v.woerter FROM vorgang v WHERE "+where, args...)
	if n == 0 && t.err == nil {
		t.err = sql.ErrNoRows
	}
	return r
}

func (f *floor) Edit(ctx context.Context, p *driver.SaveVorgangParams) error {
	return f.tx(ctx, func(t *floorTx) {
		r := &p.Row
		t.read("v.mandant=? AND v.id=?", mandant, r.ID[:])
		t.one("UPDATE vorgang SET version=?,journal_seq=?,journal_hash=?,daten=? WHERE mandant=? AND id=? AND version=?",
			r.Version, r.JournalSeq, r.JournalHash, r.Daten, mandant, r.ID[:], p.ExpectedVersion)
		t.folge([]driver.SaveVorgangParams{*p})
	})
}

func (f *floor) Claim(ctx context.Context, p *driver.SaveVorgangParams) (id uuid.UUID, err error) {
	q := *p
	err = f.tx(ctx, func(t *floorTx) {
		r := t.read("v.mandant=? AND v.wartend AND v.lease_bis IS NULL ORDER BY v.eingang,v.id LIMIT 1", mandant)
		copy(id[:], r.id)
		q.Row.ID = id
		t.one(`UPDATE vorgang SET version=?,status=?,bearbeiter=?,lease_token=?,lease_bis=?,journal_seq=?,journal_hash=?,daten=?
			WHERE mandant=? AND id=? AND version=?`, q.Row.Version, q.Row.Status, q.Row.Bearbeiter, q.Lease.Token[:], q.Lease.Bis.UnixMicro(),
			q.Row.JournalSeq, q.Row.JournalHash, q.Row.Daten, mandant, id[:], q.ExpectedVersion)
		t.folge([]driver.SaveVorgangParams{q})
	})
	return id, err
}

// grenze is part of the text: SQLite prepares a statement again each time another
// value is bound to its LIMIT, even the same one.
func grenze(limit int) string { return " LIMIT " + strconv.Itoa(limit) }

func (f *floor) Page(ctx context.Context, after *driver.VorgangKey, limit int) (n int, err error) {
	where, args := "", []any{mandant}
	if after != nil {
		where, args = " AND (v.eingang,v.id)<(?,?)", append(args, after.Eingang.UnixMicro(), after.ID[:])
	}
	return n, f.single(ctx, func(t *floorTx) {
		n = t.query(func(rows *sql.Rows) error { return rows.Scan(new(floorRow).kurz()...) },
			"SELECT "+floorKurz+" FROM vorgang v WHERE v.mandant=?"+where+" ORDER BY v.eingang DESC,v.id DESC"+grenze(limit), args...)
	})
}

func (f *floor) Search(ctx context.Context, prefix string, limit int) (n int, err error) {
	return n, f.single(ctx, func(t *floorTx) {
		n = t.query(func(rows *sql.Rows) error {
			var r floorRow
			return rows.Scan(append([]any{&r.wort}, r.kurz()...)...)
		}, "SELECT s.wort,"+floorKurz+` FROM suche s CROSS JOIN vorgang v WHERE s.mandant=?1 AND s.wort>=?2 AND s.wort<?3
			AND v.mandant=?1 AND v.id=s.vorgang_id ORDER BY s.wort,s.vorgang_id`+grenze(limit), mandant, prefix, prefix+"\U0010FFFF")
	})
}

func (f *floor) Lease(ctx context.Context, p driver.LeaseAuftraegeParams) (out []driver.AuftragRow, err error) {
	return out, f.single(ctx, func(t *floorTx) {
		t.query(func(rows *sql.Rows) error {
			a := driver.AuftragRow{LeaseToken: &p.Token, LeaseBis: &p.Until}
			var erstellt, faellig int64
			var vorgang, id []byte
			err := rows.Scan(&a.Mandant, &id, &vorgang, &a.VorgangVersion, &a.Ordinal, &a.Art, &a.Daten, &erstellt, &faellig, &a.Termin, &a.Versuch)
			copy(a.ID[:], id)
			copy(a.VorgangID[:], vorgang)
			out = append(out, a)
			return err
		}, `UPDATE auftrag SET lease_token=?1,lease_bis=?2,versuch=versuch+1 WHERE rowid IN (
				SELECT a.rowid FROM auftrag a WHERE a.zustand='offen' AND a.faellig<=?3 AND (a.lease_bis IS NULL OR a.lease_bis<=?3)
				AND NOT EXISTS (SELECT 1 FROM auftrag b WHERE b.mandant=a.mandant AND b.vorgang_id=a.vorgang_id AND b.zustand IN ('offen','geparkt')
					AND NOT b.termin AND (b.vorgang_version,b.ordinal)<(a.vorgang_version,a.ordinal))
				ORDER BY a.faellig,a.id`+grenze(p.Limit)+`)
			RETURNING mandant,id,vorgang_id,vorgang_version,ordinal,art,daten,erstellt,faellig,termin,versuch`,
			p.Token[:], p.Until.UnixMicro(), p.Now.UnixMicro())
	})
}

// Settle does nothing: SQLite gathers no statistics unasked, and the store asks
// for none.
func (f *floor) Settle(context.Context) error { return nil }

func (f *floor) Finish(ctx context.Context, p driver.FinishAuftragParams) error {
	return f.single(ctx, func(t *floorTx) {
		t.one(`UPDATE auftrag SET zustand='erledigt',letzter_fehler='',lease_token=NULL,lease_bis=NULL,erledigt=?
			WHERE mandant=? AND id=? AND lease_token=? AND zustand='offen'`, p.Now.UnixMicro(), mandant, p.ID[:], p.Token[:])
	})
}
