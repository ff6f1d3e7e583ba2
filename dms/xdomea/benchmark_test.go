package xdomea_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
)

// block is content that does not compress.
var block = func() []byte {
	b := make([]byte, 1<<20)
	x := uint64(1)
	for i := range b {
		x = x*6364136223846793005 + 1442695040888963407
		b[i] = byte(x >> 56)
	}
	return b
}()

// muster repeats the block without end.
type muster struct{ n int }

func (m *muster) Read(p []byte) (int, error) {
	n := copy(p, block[m.n%len(block):])
	m.n += n
	return n, nil
}

// gross is a Paket of n files of size bytes whose content is made while it is read.
func gross(tb testing.TB, n int, size int64) *dms.Paket {
	tb.Helper()
	p := dmstest.Minimal("bench")
	for i := range n {
		source := func() io.Reader { return io.LimitReader(&muster{i}, size) }
		h := sha512.New()
		_, err := io.Copy(h, source())
		require.NoError(tb, err)
		d := dms.Datei{ID: dmstest.ID(fmt.Sprint("bench", i)), Name: "scan.pdf", MIME: "application/pdf", Groesse: size, SHA512: hex.EncodeToString(h.Sum(nil)),
			Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(source()), nil }}
		p.Vorgang.Dokumente = append(p.Vorgang.Dokumente, dms.Dokument{ID: dmstest.ID(fmt.Sprint("benchdoc", i)),
			Versionen: []dms.Version{{Nummer: "1", Formate: []dms.Format{{Code: dms.FormatPDFA, Datei: d}}}}})
	}
	return p
}

const benchFiles, benchSize = 20, 10 << 20 // 200 MiB

func BenchmarkEncode200MB(b *testing.B) {
	p := gross(b, benchFiles, benchSize)
	b.SetBytes(benchFiles * benchSize)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, v310().Encode(context.Background(), io.Discard, p))
	}
}

// The floor: what any exporter must do with 200 MB, which is to read, hash and
// pack them.
func BenchmarkFloor200MB(b *testing.B) {
	p := gross(b, benchFiles, benchSize)
	b.SetBytes(benchFiles * benchSize)
	b.ReportAllocs()
	for b.Loop() {
		zw := zip.NewWriter(io.Discard)
		for d := range p.Dateien() {
			w, err := zw.CreateHeader(&zip.FileHeader{Name: d.ID, Method: zip.Store})
			require.NoError(b, err)
			rc, err := d.Open(context.Background())
			require.NoError(b, err)
			_, err = io.Copy(io.MultiWriter(w, sha512.New()), rc)
			require.NoError(b, err)
		}
		require.NoError(b, zw.Close())
	}
}

func BenchmarkMessage5000Documents(b *testing.B) {
	p := dmstest.Gross("bench", 5000)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, v310().WriteAbgabe(io.Discard, p))
	}
}

// BenchmarkPeer5000Documents writes the elements and texts of the same message
// by encoding/xml, which neither checks a Paket nor plans file names.
func BenchmarkPeer5000Documents(b *testing.B) {
	var message bytes.Buffer
	require.NoError(b, v310().WriteAbgabe(&message, dmstest.Gross("bench", 5000)))
	var tokens []xml.Token
	for d := xml.NewDecoder(&message); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(b, err)
		if _, ok := tok.(xml.ProcInst); !ok {
			tokens = append(tokens, xml.CopyToken(tok))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		e := xml.NewEncoder(io.Discard)
		for _, tok := range tokens {
			require.NoError(b, e.EncodeToken(tok))
		}
		require.NoError(b, e.Close())
	}
}

// The export holds no file in memory: twenty times the content takes the same.
func TestEncodeMemory(t *testing.T) {
	peak := func(size int64) uint64 {
		p := gross(t, 1, size)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		require.NoError(t, v310().Encode(t.Context(), io.Discard, p))
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := peak(2<<20), peak(40<<20)
	require.Less(t, large, small+1<<20, "all that is ever allocated, small %d, large %d", small, large)
	require.Less(t, large, uint64(8<<20))
}
