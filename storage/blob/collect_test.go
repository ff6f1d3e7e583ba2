package blob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const kiel tenant.ID = "kiel"

func refs(sums ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, s := range sums {
			if !yield(s, nil) {
				return
			}
		}
	}
}

func put(t testing.TB, s blob.Store, content string) blob.Ref {
	t.Helper()
	ref, err := s.Put(t.Context(), kiel, strings.NewReader(content))
	require.NoError(t, err)
	return ref
}

// old is a store with three files of three days ago.
func old(t testing.TB) (*blob.Memory, []blob.Ref) {
	now := time.Now().Add(-72 * time.Hour)
	s := blob.NewMemory(&blob.Options{Now: func() time.Time { return now }})
	return s, []blob.Ref{put(t, s, "a"), put(t, s, "b"), put(t, s, "c")}
}

func present(t testing.TB, s blob.Store, all []blob.Ref) (n int) {
	t.Helper()
	for _, r := range all {
		switch err := s.Stat(t.Context(), kiel, r); {
		case err == nil:
			n++
		default:
			require.ErrorIs(t, err, fehler.ErrNotFound)
		}
	}
	return n
}

func TestCollectDeletesNothingUnlessAllReferencesAreKnown(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database went away")
	for name, c := range map[string]struct {
		seq  iter.Seq2[string, error]
		want error
	}{
		"broken in the middle": {func(yield func(string, error) bool) {
			_ = yield(strings.Repeat("0a", 64), nil) && yield("", broken)
		}, broken},
		"broken at the end": {func(yield func(string, error) bool) {
			yield("", broken)
		}, broken},
		"no hash": {refs("abc"), fehler.ErrInvalid},
		"none":    {refs(), fehler.ErrConflict},
		"nil":     {nil, fehler.ErrInvalid},
	} {
		s, all := old(t)
		r, err := blob.Collect(t.Context(), s, kiel, blob.CollectParams{Referenced: c.seq})
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, 3, present(t, s, all), name)
		require.Zero(t, r.Removed, name)
	}
	s, all := old(t)
	_, err := blob.Collect(t.Context(), s, kiel, blob.CollectParams{Referenced: refs(), Grace: -1, AllowUnreferenced: true})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = blob.Collect(t.Context(), s, "..", blob.CollectParams{Referenced: refs(), AllowUnreferenced: true})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.Equal(t, 3, present(t, s, all))
	r, err := blob.Collect(t.Context(), s, kiel, blob.CollectParams{Referenced: refs(), AllowUnreferenced: true})
	require.NoError(t, err)
	require.Equal(t, blob.Report{Files: 3, Orphans: 3, Removed: 3, RemovedBytes: 3}, r)
	require.Zero(t, present(t, s, all))
	// Nothing is there and nothing is known: nothing to fear.
	_, err = blob.Collect(t.Context(), s, kiel, blob.CollectParams{Referenced: refs()})
	require.NoError(t, err)
}

func TestCollectEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s, all := old(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := blob.Collect(ctx, s, kiel, blob.CollectParams{Referenced: func(yield func(string, error) bool) {
		cancel()
		yield(all[0].SHA512, nil)
	}})
	require.Equal(t, context.Canceled, err, "while reading references")
	require.Equal(t, 3, present(t, s, all))

	// After the first removal.
	ctx, cancel = context.WithCancel(t.Context())
	r, err := blob.Collect(ctx, cancelling{s, cancel}, kiel, blob.CollectParams{Referenced: refs(), AllowUnreferenced: true})
	require.Equal(t, context.Canceled, err)
	require.Equal(t, 1, r.Removed, "the report says what is gone")
	require.Equal(t, 2, present(t, s, all))
}

type cancelling struct {
	*blob.Memory
	cancel func()
}

func (c cancelling) DeleteOlder(ctx context.Context, m tenant.ID, p blob.DeleteOlderParams) (bool, error) {
	defer c.cancel()
	return c.Memory.DeleteOlder(ctx, m, p)
}

// stuck gives the same page for ever.
type stuck struct{ *blob.Memory }

func (s stuck) List(ctx context.Context, m tenant.ID, p blob.ListParams) ([]blob.Entry, error) {
	p.After = ""
	return s.Memory.List(ctx, m, p)
}

func TestCollectDoesNotGoRoundInCircles(t *testing.T) {
	t.Parallel()
	s, all := old(t)
	_, err := blob.Collect(t.Context(), stuck{s}, kiel, blob.CollectParams{Referenced: refs(all[0].SHA512, all[1].SHA512, all[2].SHA512)})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.Equal(t, 3, present(t, s, all))
}

func TestTheGraceCountsFromTheReferences(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	s := blob.NewMemory(&blob.Options{Now: func() time.Time { return now }})
	keep := put(t, s, "referred to")
	orphan := put(t, s, "orphan")
	for _, c := range []struct {
		after, grace time.Duration
		removed      int
	}{{24 * time.Hour, 0, 0}, {time.Hour, time.Hour, 0}, {24*time.Hour + 1, 0, 1}} {
		var pages int
		r, err := blob.Collect(t.Context(), s, kiel, blob.CollectParams{
			Referenced: refs(keep.SHA512), Stand: now.Add(c.after), Grace: c.grace, Progress: func(blob.Report) { pages++ },
		})
		require.NoError(t, err)
		require.Equal(t, c.removed, r.Removed, "%v", c)
		require.Equal(t, 2, pages, "one page, and the leftovers")
	}
	require.NoError(t, s.Stat(t.Context(), kiel, keep))
	require.ErrorIs(t, s.Stat(t.Context(), kiel, orphan), fehler.ErrNotFound)
}

// Whatever is put, referred to and collected in whatever order: what is referred
// to can be read, and after a collection no old orphan is there.
func TestCollectModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
		s := blob.NewMemory(&blob.Options{Now: func() time.Time { return now }})
		stand := map[string]time.Time{} // of the last Put
		ref := map[string]blob.Ref{}
		referred := map[string]bool{}
		content := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				c := content.Draw(rt, "content")
				r, err := s.Put(context.Background(), kiel, strings.NewReader(c))
				require.NoError(rt, err)
				ref[c], stand[c] = r, now
			},
			"refer": func(rt *rapid.T) {
				c := content.Draw(rt, "content")
				if t, ok := stand[c]; ok && now.Sub(t) < time.Hour { // commits within the grace
					referred[c] = true
				}
			},
			"forget": func(rt *rapid.T) { delete(referred, content.Draw(rt, "content")) },
			"wait": func(rt *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 90).Draw(rt, "minutes")) * time.Minute)
			},
			"collect": func(rt *rapid.T) {
				var sums []string
				for _, c := range slices.Sorted(maps.Keys(referred)) {
					sums = append(sums, ref[c].SHA512)
				}
				_, err := blob.Collect(context.Background(), s, kiel, blob.CollectParams{
					Referenced: refs(sums...), Stand: now, Grace: time.Hour, AllowUnreferenced: true,
				})
				require.NoError(rt, err)
				for c, at := range stand {
					if !referred[c] && now.Sub(at) > time.Hour {
						require.ErrorIs(rt, s.Stat(context.Background(), kiel, ref[c]), fehler.ErrNotFound)
						delete(stand, c)
					}
				}
			},
			"": func(rt *rapid.T) {
				for c := range referred {
					require.NoError(rt, s.Stat(context.Background(), kiel, ref[c]), "%q is referred to", c)
				}
			},
		})
	})
}

// The documented bound on memory, with every reference given three times.
func TestMarksAreBounded(t *testing.T) {
	n := 200_000
	if testing.Short() {
		n = 50_000
	}
	seq := func(yield func(string, error) bool) {
		for range 3 {
			for i := range n {
				if !yield(fmt.Sprintf("%016x%016x%096x", uint64(i)*0x9e3779b97f4a7c15, i, 0), nil) {
					return
				}
			}
		}
	}
	var peak, before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var i int
	s := blob.NewMemory(nil)
	r, err := blob.Collect(t.Context(), s, kiel, blob.CollectParams{Referenced: func(yield func(string, error) bool) {
		for sum, err := range seq {
			if i++; i%(n/4) == 0 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				if m.HeapAlloc > peak.HeapAlloc {
					peak = m
				}
			}
			if !yield(sum, err) {
				return
			}
		}
	}})
	require.NoError(t, err)
	require.Equal(t, n, r.References)
	require.Less(t, float64(peak.HeapAlloc-before.HeapAlloc)/float64(n), 50.0, "bytes per different reference")
}

func TestDirPutsBackWhatACrashedRemovalMovedAside(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d, err := blob.OpenDir(path, nil)
	require.NoError(t, err)
	defer d.Close()
	ref := put(t, d, "Antrag")
	file := filepath.Join(path, "kiel", ref.SHA512[:2], ref.SHA512[2:4], ref.SHA512)
	aside := filepath.Join(path, ".tmp", "kiel~"+ref.SHA512+"~x")
	long := time.Now().Add(-72 * time.Hour)
	require.NoError(t, os.Chtimes(file, long, long))
	require.NoError(t, os.Rename(file, aside))

	got, err := blob.Read(t.Context(), d, kiel, ref, 100)
	require.NoError(t, err, "it can be read meanwhile")
	require.Equal(t, "Antrag", string(got))
	require.NoError(t, d.Stat(t.Context(), kiel, ref))
	require.ErrorIs(t, d.Stat(t.Context(), "luebeck", ref), fehler.ErrNotFound)

	p := blob.CollectParams{Referenced: refs(ref.SHA512), DryRun: true}
	r, err := blob.Collect(t.Context(), d, kiel, p)
	require.NoError(t, err)
	require.Equal(t, blob.Report{References: 1}, r)
	require.FileExists(t, aside, "a dry run changes nothing")
	p.DryRun = false
	_, err = blob.Collect(t.Context(), d, kiel, p)
	require.NoError(t, err)
	require.NoFileExists(t, aside)
	require.FileExists(t, file)
	r, err = blob.Collect(t.Context(), d, kiel, blob.CollectParams{Referenced: refs(), AllowUnreferenced: true})
	require.NoError(t, err)
	require.Equal(t, 1, r.Young, "its age began anew")

	// What is deleted is gone wherever it lies.
	require.NoError(t, os.Rename(file, aside))
	require.NoError(t, d.Delete(t.Context(), kiel, ref))
	require.ErrorIs(t, d.Stat(t.Context(), kiel, ref), fehler.ErrNotFound)
}

// Several processes share a directory: two stores put and collect the same few
// contents as fast as they can; whoever has put one can read it.
func TestDirCollectsWhileOthersPut(t *testing.T) {
	t.Parallel()
	const grace = 200 * time.Millisecond
	path := t.TempDir()
	open := func() *blob.Dir {
		d, err := blob.OpenDir(path, nil)
		require.NoError(t, err)
		t.Cleanup(func() { d.Close() })
		return d
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*grace*5/2)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, 6)
	var removed [2]int
	for i := range errs {
		d := open()
		wg.Go(func() {
			for n := 0; ctx.Err() == nil && errs[i] == nil; n++ {
				if i < 2 {
					r, err := blob.Collect(context.Background(), d, kiel, blob.CollectParams{
						Referenced: refs(), AllowUnreferenced: true, Grace: grace,
					})
					removed[i] += r.Removed
					errs[i] = err
					continue
				}
				content := fmt.Sprint("content ", n%3)
				start := time.Now()
				ref, err := d.Put(context.Background(), kiel, strings.NewReader(content))
				if err == nil {
					var got []byte
					got, err = blob.Read(context.Background(), d, kiel, ref, 100)
					if err == nil && string(got) != content {
						err = io.ErrUnexpectedEOF
					}
				}
				// Whoever was stopped for as long as the grace may have lost it.
				if err != nil && time.Since(start) < 20*time.Millisecond {
					errs[i] = err
				}
				if n%4 == 3 {
					time.Sleep(grace * 5 / 4)
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Positive(t, removed[0]+removed[1], "nothing was ever collected: the test shows nothing")
}

func ExampleCollect() {
	ctx := context.Background()
	files := blob.NewMemory(nil)
	kept, _ := files.Put(ctx, "kiel", strings.NewReader("Antrag"))
	_, _ = files.Put(ctx, "kiel", strings.NewReader("nobody refers to this"))
	rows := [][]byte{[]byte(`{"anhang":{"sha512":"` + kept.SHA512 + `","groesse":6}}`)}
	report, err := blob.Collect(ctx, files, "kiel", blob.CollectParams{
		Referenced: func(yield func(string, error) bool) {
			for _, row := range rows { // of one transaction
				for sum := range blob.References(row) {
					if !yield(sum, nil) {
						return
					}
				}
			}
		},
		Stand: time.Now().Add(48 * time.Hour), // as if two days had passed
	})
	fmt.Println(report.Files, report.Referenced, report.Removed, err)
	// Output: 2 1 1 <nil>
}
