package vorgang_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// mitJournal is a Vorgang whose journal has n entries; its Stand does not grow with n.
func mitJournal(t testing.TB, n int) *vorgang.Vorgang {
	t.Helper()
	v, err := vorgang.New(annahme, start, params(), vorgang.Kontext{})
	require.NoError(t, err)
	for v.Stand().Journal.Seq < int64(n) {
		require.NoError(t, v.RecordFailure(relay, start, uuid.UUID{1}, vorgang.NachrichtSenden, "aufgegeben"))
		v.Saved()
	}
	v.Saved()
	return v
}

func assign(t testing.TB, v *vorgang.Vorgang) {
	if err := v.Assign(sb, start, "x", "X"); err != nil {
		t.Fatal(err)
	}
	v.Saved()
}

// encode does for an entry what no command can do without: write Akteur and data
// as JSON and hash both and the chain.
func encode(t testing.TB) func() {
	v := mitJournal(t, 3)
	assign(t, v) // the entry that assign writes again and again holds who had it before
	require.NoError(t, v.Assign(sb, start, "x", "X"))
	e := v.Neu()[0]
	d, err := e.Data()
	require.NoError(t, err)
	return func() {
		a, _ := json.Marshal(sb)
		b, _ := json.Marshal(d)
		for _, x := range [][]byte{a, b} {
			h := sha256.New()
			h.Write(e.Salz)
			h.Write(x)
			h.Sum(nil)
		}
		sha256.Sum256(make([]byte, 256))
	}
}

func BenchmarkCommand(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("journal=%d", n), func(b *testing.B) {
			v := mitJournal(b, n)
			b.ReportAllocs()
			for b.Loop() {
				assign(b, v)
			}
		})
	}
	b.Run("encoding-alone", func(b *testing.B) {
		f := encode(b)
		b.ReportAllocs()
		for b.Loop() {
			f()
		}
	})
}

func BenchmarkVerifyJournal(b *testing.B) {
	f := geschichte(b)
	s := f.v.Stand()
	b.ReportAllocs()
	for b.Loop() {
		if err := vorgang.VerifyJournal(s, seq(f.journal)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(f.journal)), "ns/entry")
}

// A command costs a small multiple of encoding its own entry, and the same
// whether the journal has ten entries or ten thousand.
func TestCommandCostDoesNotGrowWithTheJournal(t *testing.T) {
	short, long := mitJournal(t, 10), mitJournal(t, 10_000)
	a := testing.AllocsPerRun(200, func() { assign(t, short) })
	b := testing.AllocsPerRun(200, func() { assign(t, long) })
	c := testing.AllocsPerRun(200, encode(t))
	t.Logf("allocations per command: %.0f at 10 entries, %.0f at 10,000; encoding alone %.0f", a, b, c)
	// The encoder's buffers come from a pool that the race detector empties at
	// random, hence the slack; growth with the journal would add thousands.
	require.LessOrEqual(t, b, 1.25*a+2)
	require.LessOrEqual(t, a, 5*c)
}
