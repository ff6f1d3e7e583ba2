package blob_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
)

// Ours over the same bytes by hand, in one run: written, synced, renamed. See
// docs/performance.md.
func BenchmarkDirPutAgainstFloor(b *testing.B) {
	path, floorPath := b.TempDir(), b.TempDir()
	d, err := blob.OpenDir(path, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	content := bytes.Repeat([]byte("Fachwerk"), 8<<10)
	byHand := func(name string) error {
		f, err := os.Create(name + ".tmp")
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.Write(content); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		return os.Rename(name+".tmp", name)
	}
	var floor, ours time.Duration
	n := 0
	for b.Loop() {
		n++
		copy(content, fmt.Sprintf("%08d", n))
		start := time.Now()
		if err := byHand(filepath.Join(floorPath, fmt.Sprint(n))); err != nil {
			b.Fatal(err)
		}
		floor += time.Since(start)
		start = time.Now()
		if _, err := d.Put(b.Context(), kiel, bytes.NewReader(content)); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(floor), "x-floor")
	b.ReportMetric(float64(ours.Microseconds())/float64(n), "us/put")
}

// A collection of files that are all referred to: what every night costs.
func BenchmarkCollect(b *testing.B) {
	const n = 10_000
	now := time.Now().Add(-72 * time.Hour)
	d, err := blob.OpenDir(b.TempDir(), &blob.Options{Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	sums := make([]string, n)
	for i := range sums {
		ref, err := d.Put(b.Context(), kiel, bytes.NewReader(fmt.Append(nil, i)))
		if err != nil {
			b.Fatal(err)
		}
		sums[i] = ref.SHA512
	}
	for b.Loop() {
		r, err := blob.Collect(b.Context(), d, kiel, blob.CollectParams{Referenced: refs(sums...)})
		if err != nil || r.Referenced != n {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "us/file")
}
