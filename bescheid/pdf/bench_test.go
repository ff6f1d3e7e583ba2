package pdf_test

import (
	"compress/zlib"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
)

func BenchmarkWrite(b *testing.B) {
	r := renderer(b, nil)
	for _, n := range []int{2, 60, 900} {
		d := kurzbrief(n)
		if n > 2 {
			d = handbuch(n)
		}
		_, bericht := schreibe(b, r, d)
		b.Run(fmt.Sprintf("seiten=%d", bericht.Seiten), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := r.Write(io.Discard, d)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
			b.ReportMetric(float64(b.N*bericht.Seiten)/b.Elapsed().Seconds(), "pages/s")
		})
	}
}

// The floor: compressing the same bytes with the same library, and nothing else.
func BenchmarkZlib(b *testing.B) {
	r := renderer(b, nil)
	pdf.Roh(r)
	roh, _ := schreibe(b, r, kurzbrief(1))
	z := zlib.NewWriter(io.Discard)
	for b.Loop() {
		z.Reset(io.Discard)
		_, err := z.Write(roh)
		require.NoError(b, err)
		require.NoError(b, z.Close())
	}
	b.ReportMetric(float64(len(roh)), "bytes")
}

func BenchmarkParallel(b *testing.B) {
	r := renderer(b, nil)
	d := kurzbrief(2)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.Write(io.Discard, d); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
}

// BenchmarkSpeicher tells how much is alive at most while a document is written:
// most of it is the fonts and, for the long one, the document itself.
func BenchmarkSpeicher(b *testing.B) {
	for _, d := range []pdf.Dokument{kurzbrief(2), handbuch(60), handbuch(900)} {
		r := renderer(b, nil)
		_, bericht := schreibe(b, r, d)
		b.Run(fmt.Sprintf("seiten=%d", bericht.Seiten), func(b *testing.B) {
			for b.Loop() {
				m := &messer{}
				_, err := r.Write(m, d)
				require.NoError(b, err)
				b.ReportMetric(float64(m.max)/1e6, "MB-live")
			}
		})
	}
}

// messer measures the live heap now and then while a document is written.
type messer struct {
	n   int
	max uint64
}

func (m *messer) Write(p []byte) (int, error) {
	if m.n++; m.n%10 == 1 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		m.max = max(m.max, s.HeapAlloc)
	}
	return len(p), nil
}
