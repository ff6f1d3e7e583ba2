package xdatenfelder_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/intake/fim/xdatenfelder"
)

// BenchmarkRead gives Read as a multiple of what cannot be had for less: the walk
// over the tokens of the same bytes by encoding/xml.
func BenchmarkRead(b *testing.B) {
	var inner strings.Builder
	for g := range 50 {
		var fields strings.Builder
		for f := range 20 {
			fields.WriteString(teil("0:1", feld(fmt.Sprintf("F60000%03d%03d", g, f), "text", `<s:hilfetextEingabe>Was hier einzutragen ist.</s:hilfetextEingabe><s:praezisierung minLength="1" maxLength="120"/>`)))
		}
		inner.WriteString(teil("1:1", gruppe(fmt.Sprintf("G60000000%03d", g), fields.String())))
	}
	doc := []byte(small(inner.String()))
	var bare, read time.Duration
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		d := xml.NewDecoder(bytes.NewReader(doc))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		bare += time.Since(start)
		start = time.Now()
		if _, err := xdatenfelder.Read(b.Context(), bytes.NewReader(doc), nil); err != nil {
			b.Fatal(err)
		}
		read += time.Since(start)
	}
	b.ReportMetric(float64(read)/float64(bare), "x-bare")
	b.ReportMetric(float64(read.Nanoseconds())/float64(b.N), "read-ns/op")
}
