package xdomea_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

// aufPlatte writes the files of a Paket into a folder and lets it read them from there.
func aufPlatte(tb testing.TB, p *dms.Paket) (dir string) {
	tb.Helper()
	dir = tb.TempDir()
	n := 0
	for d := range p.Dateien() {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%03d.pdf", n))
		rc, err := d.Open(tb.Context())
		require.NoError(tb, err)
		f, err := os.Create(path)
		require.NoError(tb, err)
		_, err = io.Copy(f, rc)
		require.NoError(tb, err)
		require.NoError(tb, f.Close())
		d.Open = func(context.Context) (io.ReadCloser, error) { return os.Open(path) }
	}
	return dir
}

// BenchmarkInfoZip exports a Vorgang into a file, with SHA-512 of each document, beside Info-ZIP that
// stores the same files without any. x-zip is our speed by its speed; MB-above is how much
// resident memory the export took beyond what the process had.
// FACHWERK_GROSS is the size of all files together.
func BenchmarkInfoZip(b *testing.B) {
	zip := testenv.Tool(b, "zip", "zip")
	const files = 20
	size := testenv.Gross(64 << 20)
	p := gross(b, files, size/files)
	dir := aufPlatte(b, p)
	out := filepath.Join(b.TempDir(), "aus.zip")
	warm := func() { // both read from the cache of the system
		all, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(b, err)
		for _, f := range all {
			x, err := os.Open(f)
			require.NoError(b, err)
			_, err = io.Copy(io.Discard, x)
			require.NoError(b, err)
			require.NoError(b, x.Close())
		}
		_ = os.Remove(out)
	}
	var ours, theirs time.Duration
	var above int64
	for b.Loop() {
		warm()
		begin := time.Now()
		require.NoError(b, exec.Command(zip, "-0", "-q", "-r", out, dir).Run())
		theirs += time.Since(begin)
		warm()
		require.NoError(b, testenv.SpeicherNeu())
		before, _, err := testenv.Speicher()
		require.NoError(b, err)
		begin = time.Now()
		f, err := os.Create(out)
		require.NoError(b, err)
		require.NoError(b, v310().Encode(context.Background(), f, p))
		require.NoError(b, f.Close())
		ours += time.Since(begin)
		_, most, err := testenv.Speicher()
		require.NoError(b, err)
		above = max(above, most-before)
	}
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "x-zip")
	b.ReportMetric(float64(above)/(1<<20), "MB-above")
	b.ReportMetric(float64(size)/(1<<20)/(ours.Seconds()/float64(b.N)), "MB/s")
	b.ReportMetric(0, "ns/op")
}
