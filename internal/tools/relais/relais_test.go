// Package relais_test measures the relay beside its floor and beside River, a job queue on
// PostgreSQL, in one run:
//
//	go test -C internal/tools/relais -run xxx -bench . -benchtime 5000x
package relais_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestMain(m *testing.M) {
	defer pgtest.Stop()
	m.Run()
}

const (
	kiel     tenant.ID = "kiel"
	arbeiter           = 8
)

var system = tenant.System("bench")

// fill orders n letters, one for each Vorgang, so that no order holds up another.
func fill(b *testing.B, s *storage.Store, n int) {
	b.Helper()
	for i := range n {
		v, err := vorgang.New(system, time.Now(), vorgang.Params{Mandant: kiel, Nummer: fmt.Sprint(time.Now().UnixNano(), i), Leistung: "99063005001000", Einheit: "x"}, s.Kontext())
		require.NoError(b, err)
		_, err = v.Write(system, time.Now(), "Betreff", "Text")
		require.NoError(b, err)
		require.NoError(b, s.Insert(b.Context(), kiel, v))
	}
}

// floor leases and finishes by so many workers, and does nothing else.
func floor(b *testing.B, s *storage.Store, n int) time.Duration {
	b.Helper()
	begin := time.Now()
	var done atomic.Int64
	var wg sync.WaitGroup
	for range arbeiter {
		wg.Go(func() {
			for done.Load() < int64(n) {
				batch, err := s.LeaseAuftraege(b.Context(), storage.LeaseParams{Limit: 1, Dauer: time.Minute})
				if err != nil {
					b.Error(err)
					return
				}
				for _, a := range batch {
					if err := s.FinishAuftrag(b.Context(), a, storage.Ergebnis{Zustand: storage.AuftragErledigt}); err != nil {
						b.Error(err)
						return
					}
				}
				done.Add(int64(len(batch)))
			}
		})
	}
	wg.Wait()
	return time.Since(begin)
}

func ours(b *testing.B, s *storage.Store, n int) time.Duration {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	r := relay.New(s, map[vorgang.AuftragArt]relay.Handler{vorgang.NachrichtSenden: relay.HandlerFunc(
		func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
			if left.Add(-1) == 0 {
				cancel()
			}
			return nil, nil
		})}, &relay.Options{Arbeiter: arbeiter, Poll: 10 * time.Millisecond})
	begin := time.Now()
	require.NoError(b, r.Run(ctx))
	return time.Since(begin)
}

// nichts is a job of River that does nothing.
type nichts struct {
	N int `json:"n"`
}

func (nichts) Kind() string { return "nichts" }

type arbeit struct {
	river.WorkerDefaults[nichts]
	left *atomic.Int64
	ende chan struct{}
}

func (a *arbeit) Work(context.Context, *river.Job[nichts]) error {
	if a.left.Add(-1) == 0 {
		close(a.ende)
	}
	return nil
}

func rivers(b *testing.B, dsn string, n int) time.Duration {
	b.Helper()
	ctx := b.Context()
	pool, err := pgxpool.New(ctx, dsn)
	require.NoError(b, err)
	defer pool.Close()
	m, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	require.NoError(b, err)
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	require.NoError(b, err)
	a := &arbeit{left: new(atomic.Int64), ende: make(chan struct{})}
	a.left.Store(int64(n))
	workers := river.NewWorkers()
	river.AddWorker(workers, a)
	c, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: arbeiter}}, Workers: workers, FetchCooldown: time.Millisecond, FetchPollInterval: 10 * time.Millisecond,
	})
	require.NoError(b, err)
	for rest := n; rest > 0; rest -= 1000 {
		jobs := make([]river.InsertManyParams, min(rest, 1000))
		for i := range jobs {
			jobs[i] = river.InsertManyParams{Args: nichts{i}}
		}
		_, err := c.InsertMany(ctx, jobs)
		require.NoError(b, err)
	}
	begin := time.Now()
	require.NoError(b, c.Start(ctx))
	<-a.ende
	require.NoError(b, c.Stop(ctx)) // its finishing is batched: wait for it
	return time.Since(begin)
}

// BenchmarkRelay: per operation one Auftrag each way. x-floor and x-river above 1 are slower than the
// floor and than River.
func BenchmarkRelay(b *testing.B) {
	db := pgtest.New(b)
	require.NoError(b, postgres.Migrate(b.Context(), db.OwnerDSN, nil))
	s, err := postgres.Open(b.Context(), db.AppDSN, &postgres.Options{RelayDSN: db.RelayDSN})
	require.NoError(b, err)
	defer s.Close()
	analyse := func() {
		c, err := pgx.Connect(b.Context(), db.OwnerDSN)
		require.NoError(b, err)
		_, err = c.Exec(b.Context(), "ANALYZE")
		require.NoError(b, err)
		require.NoError(b, c.Close(b.Context()))
	}
	other := pgtest.New(b)
	var bare, full, peer time.Duration
	fill(b, s, b.N)
	analyse()
	bare = floor(b, s, b.N)
	fill(b, s, b.N)
	analyse()
	full = ours(b, s, b.N)
	peer = rivers(b, other.OwnerDSN, b.N)
	n := float64(b.N)
	b.ReportMetric(n/bare.Seconds(), "floor/s")
	b.ReportMetric(n/full.Seconds(), "relay/s")
	b.ReportMetric(n/peer.Seconds(), "river/s")
	b.ReportMetric(full.Seconds()/bare.Seconds(), "x-floor")
	b.ReportMetric(full.Seconds()/peer.Seconds(), "x-river")
	b.ReportMetric(0, "ns/op")
}
