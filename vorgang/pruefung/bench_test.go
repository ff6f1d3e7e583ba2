package pruefung_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/schema"
)

// BenchmarkCheck sets a whole Pruefung of the example (8 rules, 2 look-ups) beside
// the floor that nobody gets below: reading the JSON and comparing it with the
// schema. Both run in turn, so that "x-floor" is a ratio of the same moment.
func BenchmarkCheck(b *testing.B) {
	a := ohneStichprobe(entwurf(b))
	p := pruefer(b, a, optionen())
	s, err := schema.Compile("urn:bench", a.Schema, true)
	require.NoError(b, err)
	daten := []byte(gut)
	var boden, ganz time.Duration
	const block = 50
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		t := time.Now()
		for range block {
			var v any
			if err := json.Unmarshal(daten, &v); err != nil {
				b.Fatal(err)
			}
			if err := s.Validate(v); err != nil {
				b.Fatal(err)
			}
		}
		boden += time.Since(t)
		t = time.Now()
		for range block {
			if _, err := p.Check(b.Context(), daten, stichtag); err != nil {
				b.Fatal(err)
			}
		}
		ganz += time.Since(t)
		n += block
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(ganz.Microseconds())/float64(n), "µs/check")
	b.ReportMetric(float64(boden.Microseconds())/float64(n), "µs/floor")
	b.ReportMetric(float64(ganz)/float64(boden), "x-floor")
}

func BenchmarkReplay(b *testing.B) {
	p := pruefer(b, entwurf(b), optionen())
	pr := check(b, p, gut)
	for b.Loop() {
		if _, err := p.Replay(b.Context(), pr, []byte(gut)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	roh := mustJSON(b, frei(b, entwurf(b)))
	for b.Loop() {
		laden(b, roh)
	}
}
