package xdomea

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// More entries than a plain ZIP can count need ZIP64.
func TestZIP64ByCount(t *testing.T) {
	const n = 1<<16 + 1
	var buf bytes.Buffer
	zw := newZipWriter(&buf, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	for i := range n {
		_, err := zw.create(strconv.Itoa(i), flate.NoCompression)
		require.NoError(t, err)
	}
	require.NoError(t, zw.Close())
	require.Contains(t, buf.String()[buf.Len()-200:], "PK\x06\x06")
	zr, err := zip.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	require.NoError(t, err)
	require.Len(t, zr.File, n)
}

// Compressors are used again, at several levels, without mixing contents.
func TestZipWriterReuse(t *testing.T) {
	var buf bytes.Buffer
	zw := newZipWriter(&buf, time.Time{})
	levels := []int{flate.DefaultCompression, flate.NoCompression, flate.BestSpeed}
	content := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 1000*i) }
	for i := range 9 {
		w, err := zw.create(strconv.Itoa(i), levels[i%3])
		require.NoError(t, err)
		_, err = w.Write(content(i))
		require.NoError(t, err)
	}
	require.NoError(t, zw.Close())
	zr, err := zip.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	require.NoError(t, err)
	for i, f := range zr.File {
		rc, err := f.Open()
		require.NoError(t, err)
		got, err := io.ReadAll(rc)
		require.NoError(t, err)
		require.True(t, bytes.Equal(content(i), got))
		require.Equal(t, zip.Deflate, f.Method)
	}
}

// ZIP can say years from 1980 to 2107 only; outside of them the nearest is taken.
func TestDosTime(t *testing.T) {
	require.Equal(t, 1980, dosTime(time.Time{}).Year())
	require.Equal(t, 2107, dosTime(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)).Year())
	require.Equal(t, time.Date(2026, 3, 2, 8, 15, 58, 0, time.UTC), dosTime(time.Date(2026, 3, 2, 9, 15, 59, 5, time.FixedZone("", 3600))))
}
