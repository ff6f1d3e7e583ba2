// Command wachstum draws the figures of the growth benchmarks as a chart:
//
//	go run ./internal/wachstum -in docs/wachstum.csv -out docs/wachstum.svg
//
// The input has lines "backend,case,rows,microseconds,floor_microseconds", as
// storagetest.RunGrowth prints them; other lines are passed over. The same input
// gives the same bytes.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	in := flag.String("in", "docs/wachstum.csv", "figures")
	out := flag.String("out", "docs/wachstum.svg", "chart")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "wachstum:", err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	f, err := os.Open(in)
	if err != nil {
		return err
	}
	defer f.Close()
	var b bytes.Buffer
	if err := draw(&b, f); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}

func draw(w io.Writer, r io.Reader) error {
	punkte, err := lesen(r)
	if err != nil {
		return err
	}
	_, err = w.Write(zeichnen(punkte))
	return err
}
