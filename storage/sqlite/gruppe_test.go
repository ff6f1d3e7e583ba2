package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

type (
	updateFunc = func(ctx context.Context, tx driver.Tx) error
)

func put(key string) updateFunc {
	return func(ctx context.Context, tx driver.Tx) error {
		return tx.PutSchluessel(ctx, driver.PutSchluesselParams{Row: driver.SchluesselRow{Schluessel: key, Bis: tag1}})
	}
}

func keys(t testing.TB, b driver.Backend) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	view(t, b, func(ctx context.Context, tx driver.Tx) {
		list, err := tx.ListSchluessel(ctx, driver.ListSchluesselParams{Limit: 100000})
		require.NoError(t, err)
		for _, r := range list {
			out[r.Schluessel] = true
		}
	})
	return out
}

// hold takes the writer until release is called.
func hold(t *testing.T, b driver.Backend, f updateFunc) (release func() error) {
	t.Helper()
	in, out, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- b.Update(context.Background(), "kiel", func(ctx context.Context, tx driver.Tx) error {
			err := f(ctx, tx)
			close(in)
			<-out
			return err
		})
	}()
	<-in
	return func() error { close(out); return <-done }
}

// Of 64 callers some fail, panic or end their goroutine; the others are stored,
// with far fewer commits than callers.
func TestManyShareACommit(t *testing.T) {
	b, _ := openBackend(t, nil)
	const callers, rounds = 64, 5
	refused := errors.New("refused")
	var wrong atomic.Int64
	before := b.Commits()
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for r := range rounds {
				key := fmt.Sprintf("%02d-%d", c, r)
				switch c % 8 {
				case 5: // fails after it wrote
					if err := b.Update(context.Background(), "kiel", func(ctx context.Context, tx driver.Tx) error {
						if err := put("bad-"+key)(ctx, tx); err != nil {
							return err
						}
						return refused
					}); err != refused {
						wrong.Add(1)
					}
				case 6: // panics after it wrote
					func() {
						defer func() {
							if recover() != "panic-"+key {
								wrong.Add(1)
							}
						}()
						_ = b.Update(context.Background(), "kiel", func(ctx context.Context, tx driver.Tx) error {
							_ = put("bad-"+key)(ctx, tx)
							panic("panic-" + key)
						})
					}()
				case 7: // ends its goroutine after it wrote
					done := make(chan struct{})
					go func() {
						defer close(done)
						_ = b.Update(context.Background(), "kiel", func(ctx context.Context, tx driver.Tx) error {
							_ = put("bad-"+key)(ctx, tx)
							runtime.Goexit()
							return nil
						})
						wrong.Add(1)
					}()
					<-done
				default:
					if b.Update(context.Background(), "kiel", put("good-"+key)) != nil || !keys(t, b)["good-"+key] {
						wrong.Add(1)
					}
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, wrong.Load())
	stored := keys(t, b)
	require.Len(t, stored, callers/8*5*rounds)
	for k := range stored {
		require.Equal(t, "good-", k[:5])
	}
	commits := b.Commits() - before
	t.Logf("%d transactions, %d commits", callers*rounds, commits)
	require.Less(t, commits, int64(callers*rounds/4))
}

// What a member wrote is seen by the ones behind it in the same group and by
// nobody else before the commit.
func TestAMemberSeesTheOnesBefore(t *testing.T) {
	b, _ := openBackend(t, nil)
	b.SetPatient()
	release := hold(t, b, put("first"))
	second := make(chan error, 1)
	go func() {
		second <- b.Update(context.Background(), "kiel", func(ctx context.Context, tx driver.Tx) error {
			if len(keys(t, b)) != 0 {
				return errors.New("seen before the commit")
			}
			return put("first")(ctx, tx)
		})
	}()
	b.AwaitQueue(1)
	require.NoError(t, release())
	require.ErrorIs(t, <-second, fehler.ErrExists)
	require.Equal(t, map[string]bool{"first": true}, keys(t, b))
}

func TestCallersThatGiveUpWhileTheyWait(t *testing.T) {
	b, _ := openBackend(t, nil)
	b.SetPatient()
	release := hold(t, b, put("slow"))
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 20)
	for i := range cap(errs) {
		go func() {
			if i%2 == 0 {
				errs <- b.Update(ctx, "kiel", put(fmt.Sprint(i)))
			} else {
				errs <- b.Update(context.Background(), "kiel", put(fmt.Sprint(i)))
			}
		}()
	}
	b.AwaitQueue(20)
	cancel()
	for range 10 {
		require.ErrorIs(t, <-errs, context.Canceled)
	}
	require.NoError(t, release())
	for range 10 {
		require.NoError(t, <-errs)
	}
	require.Len(t, keys(t, b), 11)
}

// A context that ends inside a closure takes back that closure and no other: no
// statement is interrupted, since SQLite would give up the whole transaction.
func TestAContextEndsInsideAMember(t *testing.T) {
	b, _ := openBackend(t, nil)
	b.SetPatient()
	release := hold(t, b, put("first"))
	ctx, cancel := context.WithCancel(t.Context())
	second, third := make(chan error, 1), make(chan error, 1)
	go func() {
		second <- b.Update(ctx, "kiel", func(ctx context.Context, tx driver.Tx) error {
			_ = put("second")(ctx, tx)
			cancel()
			return nil
		})
	}()
	b.AwaitQueue(1)
	go func() { third <- b.Update(context.Background(), "kiel", put("third")) }()
	b.AwaitQueue(2)
	require.NoError(t, release())
	require.ErrorIs(t, <-second, context.Canceled)
	require.NoError(t, <-third)
	require.Equal(t, map[string]bool{"first": true, "third": true}, keys(t, b))
}

// A member that never ends does not keep the others for ever, a store call inside
// a closure ends, and afterwards the store works.
func TestNothingWaitsWithoutBound(t *testing.T) {
	b, _ := openBackend(t, &sqlite.Options{BusyTimeout: 100 * time.Millisecond})
	b.SetPatient()
	release := hold(t, b, put("first"))
	second, stuck := make(chan error, 1), make(chan struct{})
	entered := make(chan struct{})
	go func() {
		second <- b.Update(context.Background(), "kiel", func(ctx context.Context, tx driver.Tx) error {
			close(entered)
			// The same store inside its own closure.
			if err := b.Update(ctx, "kiel", put("nested")); !errors.Is(err, fehler.ErrUnavailable) {
				return fmt.Errorf("nested: %v", err)
			}
			<-stuck
			return put("second")(ctx, tx)
		})
	}()
	b.AwaitQueue(1)
	require.ErrorIs(t, release(), fehler.ErrUnavailable, "its outcome is open")
	<-entered
	require.ErrorIs(t, b.Update(t.Context(), "kiel", put("late")), fehler.ErrUnavailable)
	close(stuck)
	require.NoError(t, <-second)
	require.NoError(t, b.Update(t.Context(), "kiel", put("third")))
	require.Equal(t, map[string]bool{"first": true, "second": true, "third": true}, keys(t, b))
}

// A commit that fails fails for all of the group, and the store goes on.
func TestFullDisk(t *testing.T) {
	b, _ := openBackend(t, nil)
	b.SetPatient()
	require.NoError(t, b.Update(t.Context(), "kiel", put("before")))
	require.NoError(t, b.WriterExec(t.Context(), "PRAGMA max_page_count = 1")) // no growth beyond today
	big := make([]byte, 1<<20)
	fill := func(ctx context.Context, tx driver.Tx) error {
		return tx.PutKonfig(ctx, driver.PutKonfigParams{Art: "a", Schluessel: uuid.NewString(), Daten: big})
	}
	require.ErrorIs(t, b.Update(t.Context(), "kiel", fill), fehler.ErrUnavailable)
	release := hold(t, b, put("first"))
	second, third := make(chan error, 1), make(chan error, 1)
	go func() { second <- b.Update(context.Background(), "kiel", fill) }()
	b.AwaitQueue(1)
	go func() { third <- b.Update(context.Background(), "kiel", put("third")) }()
	b.AwaitQueue(2)
	first := release()
	require.ErrorIs(t, <-second, fehler.ErrUnavailable)
	require.NoError(t, <-third)
	stored := keys(t, b)
	require.True(t, stored["third"])
	require.Equal(t, first == nil, stored["first"], "the answer is the truth: %v", first)
	if first != nil {
		require.ErrorIs(t, first, fehler.ErrUnavailable)
	}
	require.NoError(t, b.WriterExec(t.Context(), "PRAGMA max_page_count = 1000000"))
	require.NoError(t, b.Update(t.Context(), "kiel", fill))
}

func TestCloseWhileManyWait(t *testing.T) {
	b, _ := openBackend(t, nil)
	b.SetPatient()
	release := hold(t, b, put("first"))
	errs := make(chan error, 8)
	for i := range cap(errs) {
		go func() { errs <- b.Update(context.Background(), "kiel", put(fmt.Sprint(i))) }()
	}
	b.AwaitQueue(8)
	closed := make(chan error, 1)
	go func() { closed <- b.Close() }()
	for range cap(errs) {
		require.ErrorIs(t, <-errs, fehler.ErrUnavailable)
	}
	require.NoError(t, release())
	require.NoError(t, <-closed)
	require.ErrorIs(t, b.Update(t.Context(), "kiel", put("x")), fehler.ErrUnavailable)
	require.ErrorIs(t, b.View(t.Context(), "kiel", func(context.Context, driver.Tx) error { return nil }), fehler.ErrUnavailable)
}

// BenchmarkCallers shows what sharing a commit gives: transactions per second and
// commits per transaction at 1, 8 and 64 callers.
func BenchmarkCallers(b *testing.B) {
	for _, shared := range []bool{true, false} {
		name := "alone"
		if shared {
			name = "shared"
		}
		for _, callers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d", name, callers), func(b *testing.B) {
				back, _ := openBackend(b, &sqlite.Options{BusyTimeout: time.Minute})
				back.SetShared(shared)
				before := back.Commits()
				var left atomic.Int64
				left.Store(int64(b.N))
				b.ResetTimer()
				var wg sync.WaitGroup
				for range callers {
					wg.Go(func() {
						for left.Add(-1) >= 0 {
							if err := trySave(back, neuer(1)); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
				b.ReportMetric(float64(back.Commits()-before)/float64(b.N), "commits/tx")
			})
		}
	}
}
