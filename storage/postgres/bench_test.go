package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// parallel runs f b.N times by so many callers.
func parallel(b *testing.B, callers int, f func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	errs := make(chan error, callers)
	b.ResetTimer()
	for range callers {
		go func() {
			for left.Add(-1) >= 0 {
				if err := f(); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range callers {
		require.NoError(b, <-errs)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// BenchmarkCreate stores new Vorgaenge with two journal entries, an Auftrag, four
// words and a row of the feed. "floor" writes the same rows without the library:
// what a program does that is written by hand for this one purpose, one
// transaction for each, with the policies and in one batch.
func BenchmarkCreate(b *testing.B) {
	for _, callers := range []int{1, 8} {
		b.Run(fmt.Sprintf("floor/callers=%d", callers), func(b *testing.B) {
			db := fresh(b)
			pool, err := pgxpool.New(context.Background(), db.AppDSN+"&pool_max_conns=8")
			require.NoError(b, err)
			defer pool.Close()
			parallel(b, callers, func() error { return floorCreate(pool, "kiel", neu("kiel")) })
		})
		b.Run(fmt.Sprintf("backend/callers=%d", callers), func(b *testing.B) {
			db := fresh(b)
			back, err := postgres.OpenBackend(context.Background(), db.AppDSN+"&pool_max_conns=8", nil)
			require.NoError(b, err)
			defer back.Close()
			parallel(b, callers, func() error { return save(back, "kiel", neu("kiel")) })
		})
	}
}

// BenchmarkCreateRatio lets every caller do both in turn, so that what else the
// machine does hits both, and compares the medians: 1.0 is the speed of the floor.
func BenchmarkCreateRatio(b *testing.B) {
	for _, callers := range []int{1, 8} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			db := fresh(b)
			pool, err := pgxpool.New(context.Background(), db.AppDSN+"&pool_max_conns=8")
			require.NoError(b, err)
			defer pool.Close()
			back, err := postgres.OpenBackend(context.Background(), db.AppDSN+"&pool_max_conns=8", nil)
			require.NoError(b, err)
			defer back.Close()
			var mu sync.Mutex
			var took [2][]time.Duration
			parallel(b, callers, func() error {
				for i, f := range []func(driver.SaveVorgangParams) error{
					func(p driver.SaveVorgangParams) error { return floorCreate(pool, "kiel", p) },
					func(p driver.SaveVorgangParams) error { return save(back, "kiel", p) },
				} {
					p, start := neu("kiel"), time.Now()
					if err := f(p); err != nil {
						return err
					}
					d := time.Since(start)
					mu.Lock()
					took[i] = append(took[i], d)
					mu.Unlock()
				}
				return nil
			})
			slices.Sort(took[0])
			slices.Sort(took[1])
			floor, own := took[0][len(took[0])/2], took[1][len(took[1])/2]
			b.ReportMetric(floor.Seconds()*1e6, "floor-µs")
			b.ReportMetric(own.Seconds()*1e6, "own-µs")
			b.ReportMetric(floor.Seconds()/own.Seconds(), "ratio")
		})
	}
}

func floorCreate(pool *pgxpool.Pool, m tenant.ID, p driver.SaveVorgangParams) error {
	r, batch := &p.Row, &pgx.Batch{}
	batch.Queue("begin")
	batch.Queue("SELECT set_config('app.mandant', $1, true)", string(m))
	batch.Queue(`INSERT INTO vorgang (mandant, id, version, nummer, status, leistung, einheit, bearbeiter, aktenzeichen, eingang, wartend,
		journal_seq, antragsteller, woerter, journal_hash, daten) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)`,
		m, r.ID, r.Version, r.Nummer, r.Status, r.Leistung, r.Einheit, "", "[]", r.Eingang, r.Wartend, r.JournalSeq, r.Antragsteller,
		" "+p.Woerter[0]+" "+p.Woerter[1]+" "+p.Woerter[2]+" "+p.Woerter[3]+" ", r.JournalHash, r.Daten)
	j, k := &p.Journal[0], &p.Journal[1]
	batch.Queue(`INSERT INTO journal (mandant, vorgang_id, seq, zeit, code, akteur, daten, salz, akteur_hash, daten_hash, vorgaenger, hash)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12), ($1,$2,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22)`,
		m, j.VorgangID, j.Seq, j.Zeit, j.Code, j.Akteur, j.Daten, j.Salz, j.AkteurHash, j.DatenHash, j.Vorgaenger, j.Hash,
		k.Seq, k.Zeit, k.Code, k.Akteur, k.Daten, k.Salz, k.AkteurHash, k.DatenHash, k.Vorgaenger, k.Hash)
	a := &p.Auftraege[0]
	batch.Queue(`INSERT INTO auftrag (mandant, id, vorgang_id, vorgang_version, ordinal, art, daten, erstellt, faellig, termin, zustand, versuch, letzter_fehler)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,false,'offen',0,'')`, m, a.ID, a.VorgangID, a.VorgangVersion, a.Ordinal, a.Art, a.Daten, a.Erstellt, a.Faellig)
	batch.Queue("INSERT INTO suche (mandant, wort, vorgang_id) VALUES ($1,$2,$6), ($1,$3,$6), ($1,$4,$6), ($1,$5,$6)",
		m, p.Woerter[0], p.Woerter[1], p.Woerter[2], p.Woerter[3], r.ID)
	batch.Queue("INSERT INTO aenderung (strom, mandant, vorgang_id, version, journal_von, journal_bis, zeit) VALUES ($1,$1,$2,$3,$4,$5,$6)",
		m, r.ID, r.Version, j.Seq, k.Seq, p.Zeit)
	batch.Queue("commit")
	return pool.SendBatch(context.Background(), batch).Close()
}

// BenchmarkEdit reads a Vorgang with a lock and saves it with one journal entry;
// each caller has its own.
func BenchmarkEdit(b *testing.B) {
	for _, callers := range []int{1, 8} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			back := open(b, fresh(b))
			ids := make(chan uuid.UUID, callers)
			for range callers {
				p := neu("kiel")
				require.NoError(b, save(back, "kiel", p))
				ids <- p.Row.ID
			}
			parallel(b, callers, func() error {
				id := <-ids
				defer func() { ids <- id }()
				return update(back, "kiel", func(ctx context.Context, tx driver.Tx) error {
					r, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: id, Lock: true})
					if err != nil {
						return err
					}
					q := danach(r, "kiel")
					q.Final = true
					return tx.SaveVorgang(ctx, q)
				})
			})
		})
	}
}

// BenchmarkClaim claims from a stack of 100 000, without a filter and for two
// Einheiten.
func BenchmarkClaim(b *testing.B) {
	for name, einheiten := range map[string][]string{"all": nil, "einheiten=2": {"e1", "e2"}} {
		for _, callers := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/callers=%d", name, callers), func(b *testing.B) {
				db := fresh(b)
				stack(b, db, 100_000)
				back := open(b, db)
				parallel(b, callers, func() error {
					_, err := next(back, driver.NextWartendParams{Einheiten: einheiten, Now: now}, now.Add(time.Hour))
					return err
				})
			})
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, callers := range []int{1, 8} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			back := open(b, fresh(b))
			p := neu("kiel")
			require.NoError(b, save(back, "kiel", p))
			parallel(b, callers, func() error {
				return back.View(context.Background(), "kiel", func(ctx context.Context, tx driver.Tx) error {
					_, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: p.Row.ID})
					return err
				})
			})
		})
	}
}
