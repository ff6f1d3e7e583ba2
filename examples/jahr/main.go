// Command jahr lets a year pass: many Mandanten in all Länder, their clerks, citizens
// and holidays, on a clock of its own. At the end it reads every journal and checks
// that each deadline was kept on its day and once, and prints how long things took.
//
//	go run ./examples/jahr
//
// The letters are not set and not sent; everything else is the library as an
// installation uses it: intake of the Vorgang, stack, questions, suspension, extension,
// two persons for each Bescheid, Bekanntgabe and Bestandskraft by the law of the Land.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"time"
)

func main() {
	p := Params{}
	flag.IntVar(&p.Mandanten, "mandanten", 100, "number of Mandanten")
	flag.IntVar(&p.Vorgaenge, "vorgaenge", 63_000, "number of Vorgaenge")
	flag.IntVar(&p.Jahr, "jahr", 2026, "year")
	flag.Uint64Var(&p.Seed, "seed", 1, "seed; the same one gives the same year")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	debug.SetGCPercent(400) // the storages only grow; memory is traded for time
	from := time.Now()
	b, err := Simulate(ctx, p, func(fertig int) {
		fmt.Fprintf(os.Stderr, "%d von %d Mandanten\n", fertig, p.Mandanten)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "jahr:", err)
		os.Exit(1)
	}
	fmt.Print(b)
	fmt.Fprintf(os.Stderr, "%s\n", time.Since(from).Round(time.Second/10))
	if len(b.Befunde) > 0 {
		os.Exit(1)
	}
}
