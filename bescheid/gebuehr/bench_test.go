package gebuehr_test

import (
	"strings"
	"testing"

	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
)

// A whole calculation with its sentences.
func BenchmarkRechne(b *testing.B) {
	tab := gebuehr.Beispiele()
	for _, i := range []int{0, 8, 9, 16, 34} { // fixed, range, points, reduction, tax
		c := faelle[i]
		b.Run(strings.ReplaceAll(c.name, " ", "-"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tab.Rechne(c.fall); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	s := beispielText(b)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		if _, err := gebuehr.Load(strings.NewReader(s), nil); err != nil {
			b.Fatal(err)
		}
	}
}
