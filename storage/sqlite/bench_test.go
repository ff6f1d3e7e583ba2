package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/storage/storagetest"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func BenchmarkStore(b *testing.B) { storagetest.RunBenchmarks(b, options()) }

// floor writes the same rows into the same schema with hand-written prepared
// statements on the bare driver. What the store does beyond it is its price:
// JSON, tenancy, hash checks, versions, retries.
type floor struct {
	b                                                   *testing.B
	db                                                  *sql.DB
	insert, journal, auftrag, read, update, next, lease *sql.Stmt
	seq                                                 int64
}

func newFloor(b *testing.B) *floor {
	path := filepath.Join(b.TempDir(), "floor.db")
	s, err := sqlite.Open(b.Context(), path, nil) // for the schema
	require.NoError(b, err)
	require.NoError(b, s.Close())
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)")
	require.NoError(b, err)
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { db.Close() })
	prepare := func(text string) *sql.Stmt {
		st, err := db.Prepare(text)
		require.NoError(b, err)
		return st
	}
	return &floor{
		b: b, db: db,
		insert: prepare(`INSERT INTO vorgang (mandant,id,version,nummer,status,leistung,einheit,bearbeiter,aktenzeichen,eingang,wartend,journal_seq,journal_hash,daten)
			VALUES ('kiel',?,1,?,'neu','l','e','','[]',?,1,1,x'00',?)`),
		journal: prepare(`INSERT INTO journal (mandant,vorgang_id,seq,zeit,code,akteur,daten,salz,akteur_hash,daten_hash,vorgaenger,hash)
			VALUES ('kiel',?,?,0,'c',?,?,x'00',?,?,?,?)`),
		auftrag: prepare(`INSERT INTO auftrag (mandant,id,vorgang_id,vorgang_version,ordinal,art,daten,erstellt,faellig,termin,zustand,versuch,letzter_fehler)
			VALUES ('kiel',?,?,1,0,'a',x'00',0,0,0,'offen',0,'')`),
		read:   prepare(`SELECT version, daten FROM vorgang WHERE mandant='kiel' AND id=?`),
		update: prepare(`UPDATE vorgang SET version=version+1, daten=?, journal_seq=? WHERE mandant='kiel' AND id=? AND version=?`),
		next: prepare(`SELECT id, version, daten FROM vorgang WHERE mandant='kiel' AND wartend AND lease_bis IS NULL
			ORDER BY eingang, id LIMIT 1`),
		lease: prepare(`UPDATE vorgang SET lease_token=x'01', lease_bis=99 WHERE mandant='kiel' AND id=?`),
	}
}

var hash32 = make([]byte, 32)

func (f *floor) must(_ sql.Result, err error) { require.NoError(f.b, err) }

func (f *floor) tx(do func(tx *sql.Tx)) {
	tx, err := f.db.Begin()
	require.NoError(f.b, err)
	do(tx)
	require.NoError(f.b, tx.Commit())
}

func (f *floor) create(v *vorgang.Vorgang) {
	id := v.ID()
	stand, err := v.MarshalStand()
	require.NoError(f.b, err)
	daten := v.Neu()[0].Daten
	f.tx(func(tx *sql.Tx) {
		f.seq++
		f.must(tx.Stmt(f.insert).Exec(id[:], v.Nummer(), f.seq, stand))
		f.must(tx.Stmt(f.journal).Exec(id[:], 1, daten[:100], daten, hash32, hash32, hash32, hash32))
		f.must(tx.Stmt(f.auftrag).Exec(id[:], id[:]))
	})
}

func (f *floor) edit(id []byte, journalSeq int64) {
	f.tx(func(tx *sql.Tx) {
		var version int64
		var daten []byte
		require.NoError(f.b, tx.Stmt(f.read).QueryRow(id).Scan(&version, &daten))
		f.must(tx.Stmt(f.update).Exec(daten, journalSeq, id, version))
		f.must(tx.Stmt(f.journal).Exec(id, journalSeq, daten[:100], daten[:100], hash32, hash32, hash32, hash32))
	})
}

func (f *floor) claim() {
	f.tx(func(tx *sql.Tx) {
		var id, daten []byte
		var version int64
		require.NoError(f.b, tx.Stmt(f.next).QueryRow().Scan(&id, &version, &daten))
		f.must(tx.Stmt(f.update).Exec(daten, 4, id, version))
		for seq := int64(2); seq <= 4; seq++ {
			f.must(tx.Stmt(f.journal).Exec(id, seq, daten[:100], daten[:100], hash32, hash32, hash32, hash32))
		}
		f.must(tx.Stmt(f.lease).Exec(id))
	})
}

// BenchmarkAgainstFloor runs store and floor in turn and reports the share of
// the floor's speed that the store reaches (1 is equal).
func BenchmarkAgainstFloor(b *testing.B) {
	run := func(name string, prepare func(b *testing.B, s *storage.Store, f *floor) (ours, theirs func())) {
		b.Run(name, func(b *testing.B) {
			s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "store.db"), nil)
			require.NoError(b, err)
			defer s.Close()
			ours, theirs := prepare(b, s, newFloor(b))
			var own, bare time.Duration
			for b.Loop() {
				t0 := time.Now()
				ours()
				t1 := time.Now()
				theirs()
				own, bare = own+t1.Sub(t0), bare+time.Since(t1)
			}
			b.ReportMetric(float64(bare)/float64(own), "of_floor")
			b.ReportMetric(float64(own.Microseconds())/float64(b.N), "store_µs/op")
			b.ReportMetric(float64(bare.Microseconds())/float64(b.N), "floor_µs/op")
		})
	}
	neu := func(b *testing.B) *vorgang.Vorgang {
		v, err := storagetest.BenchVorgang()
		require.NoError(b, err)
		return v
	}
	run("create", func(b *testing.B, s *storage.Store, f *floor) (ours, theirs func()) {
		return func() { require.NoError(b, s.Insert(b.Context(), "kiel", neu(b))) }, func() { f.create(neu(b)) }
	})
	run("edit", func(b *testing.B, s *storage.Store, f *floor) (ours, theirs func()) {
		// A fresh Vorgang every 20 edits keeps both rows at the same size.
		v, w, n, seq := neu(b), neu(b), 0, int64(1)
		return func() {
				if n%20 == 0 {
					v = neu(b)
					require.NoError(b, s.Insert(b.Context(), "kiel", v))
				}
				n++
				_, err := s.Edit(b.Context(), "kiel", v.ID(), storagetest.BenchNote)
				require.NoError(b, err)
			}, func() {
				if seq == 1 {
					w = neu(b)
					f.create(w)
				}
				id := w.ID()
				f.edit(id[:], seq+1)
				seq = seq%20 + 1
			}
	})
	run("claim", func(b *testing.B, s *storage.Store, f *floor) (ours, theirs func()) {
		const stock = 2000
		for range stock {
			require.NoError(b, s.Insert(b.Context(), "kiel", neu(b)))
			f.create(neu(b))
		}
		left := stock
		return func() {
			if left == 0 {
				b.Fatalf("take fewer than %d iterations", stock)
			}
			left--
			_, _, err := s.Claim(b.Context(), "kiel", storage.ClaimParams{Akteur: storagetest.BenchAkteur()})
			require.NoError(b, err)
		}, f.claim
	})
}
