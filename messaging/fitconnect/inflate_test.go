package fitconnect_test

import (
	"bytes"
	"compress/flate"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func deflate(t require.TestingT, plain []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestInflateGivesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		plain := bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(rt, "piece"), rapid.IntRange(0, 50).Draw(rt, "times"))
		got, err := fitconnect.Inflate(deflate(rt, plain), fitconnect.InflateLimits{})
		require.NoError(rt, err)
		require.True(rt, bytes.Equal(plain, got))
		require.NotNil(rt, got)
	})
}

func TestInflateBounds(t *testing.T) {
	exact := bytes.Repeat([]byte("a"), 5000)
	for name, c := range map[string]struct {
		limits fitconnect.InflateLimits
		good   bool
	}{
		"exactly the most":     {fitconnect.InflateLimits{Max: 5000}, true},
		"one more":             {fitconnect.InflateLimits{Max: 4999}, false},
		"ratio not asked":      {fitconnect.InflateLimits{Ratio: 1, Free: 5000}, true},
		"ratio":                {fitconnect.InflateLimits{Ratio: 10, Free: 1}, false},
		"ratio high enough":    {fitconnect.InflateLimits{Ratio: 1000, Free: 1}, true},
		"absolute wins":        {fitconnect.InflateLimits{Ratio: 1000, Free: 1, Max: 100}, false},
		"free is not over max": {fitconnect.InflateLimits{Free: 1 << 20, Max: 100}, false},
	} {
		got, err := fitconnect.Inflate(deflate(t, exact), c.limits)
		if c.good {
			require.NoError(t, err, name)
			require.Equal(t, exact, got, name)
			continue
		}
		require.ErrorIs(t, err, fitconnect.ErrInflate, name)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
	packed := deflate(t, exact)
	for name, bad := range map[string][]byte{"nothing": {}, "cut": packed[:len(packed)-1], "more behind": append(bytes.Clone(packed), 0),
		"no deflate": []byte("hello world"), "reserved block": {0x07}} {
		_, err := fitconnect.Inflate(bad, fitconnect.InflateLimits{})
		require.Error(t, err, name)
		require.NotErrorIs(t, err, fitconnect.ErrInflate, name)
	}
}

// A bomb of 64 MiB costs a window, not its size; without the bound it would
// show here.
func TestInflateBombCostsNoMemory(t *testing.T) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	require.NoError(t, err)
	zeros := make([]byte, 1<<20)
	for range 64 {
		_, err = w.Write(zeros)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	spent := func(l fitconnect.InflateLimits) (uint64, error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := fitconnect.Inflate(b.Bytes(), l)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc, err
	}
	n, err := spent(fitconnect.InflateLimits{})
	require.ErrorIs(t, err, fitconnect.ErrInflate)
	require.Less(t, n, uint64(1<<20))
	n, err = spent(fitconnect.InflateLimits{Ratio: 2000})
	require.NoError(t, err, "the same with wide limits")
	require.GreaterOrEqual(t, n, uint64(64<<20))
	require.Less(t, n, uint64(66<<20), "no more than its size")
}

func FuzzInflate(f *testing.F) {
	f.Add(deflate(f, []byte("{}")))
	f.Add(deflate(f, make([]byte, 100_000)))
	f.Add([]byte{0x07})
	l := fitconnect.InflateLimits{Max: 1 << 16, Ratio: 50, Free: 100}
	f.Fuzz(func(t *testing.T, packed []byte) {
		plain, err := fitconnect.Inflate(packed, l)
		if err != nil {
			require.Nil(t, plain)
			return
		}
		require.LessOrEqual(t, len(plain), 1<<16)
		require.LessOrEqual(t, len(plain), max(100, 50*len(packed)))
	})
}
