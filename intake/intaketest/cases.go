package intaketest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Cases gives all cases in the order they run.
func Cases() []Case {
	return []Case{
		{"samples", "The suite needs at least one good and one broken sample.", samples},
		{"name", "Name is stable and not empty.", name},
		{"detect/own", "Detect tells whether the format is this Parser's; broken data of this format is, so that Parse can say what is wrong.", detectOwn},
		{"detect/foreign", "Detect is false for the data of others.", detectForeign},
		{"detect/never-panics", "Detect never panics, whatever the bytes are.", detectGarbage},
		{"detect/cheap", "Detect is cheap: it does not read the document into memory.", detectCheap},
		{"detect/bytes-unchanged", "Detect does not change the bytes, and gives the same answer again.", detectPure},
		{"parse/good", "What Parse gives has Daten that are one JSON document, and Felder each with a Name and a Label.", parseGood},
		{"parse/felder", "Felder are in the order of the form.", parseFelder},
		{"parse/broken", "Data that breaks the rules is fehler.Probleme: at least one, each with code, place, English message and German Hinweis.", parseBroken},
		{"parse/privacy", "No message holds a value of the form.", parsePrivacy},
		{"parse/garbage", "Parse never panics; bad data is never a technical error.", parseGarbage},
		{"parse/deterministic", "The same data gives the same answer.", parseDeterministic},
		{"parse/concurrent", "Implementations are safe for concurrent use.", parseConcurrent},
		{"parse/bytes-unchanged", "Parse does not change the bytes it is given.", parseUnchanged},
		{"parse/bytes-not-kept", "Parse does not keep the bytes it is given.", parseNotKept},
		{"parse/context", "An ended context is returned as it is.", parseContext},
	}
}

func samples(_ context.Context, o *Options) error {
	if !slices.ContainsFunc(o.Samples, good) || !slices.ContainsFunc(o.Samples, broken) {
		return errors.New("one good and one broken sample are required")
	}
	return nil
}

func name(_ context.Context, o *Options) error {
	if a, b := o.Parser.Name(), o.Parser.Name(); a == "" || a != b {
		return fmt.Errorf("the names are %q and %q", a, b)
	}
	return nil
}

func detectOwn(_ context.Context, o *Options) error {
	return o.each(nil, func(s Sample) error {
		if !o.Parser.Detect(s.Fachdaten) {
			return errors.New("is not detected")
		}
		return nil
	})
}

func detectForeign(_ context.Context, o *Options) error {
	for _, d := range slices.Concat(foreign(), o.Foreign) {
		if o.Parser.Detect(d) {
			return fmt.Errorf("takes data of schema %q and type %q", d.Schema, d.MIME)
		}
	}
	return nil
}

func detectGarbage(_ context.Context, o *Options) error {
	return o.each(nil, func(s Sample) error {
		for _, m := range mutations(s.Fachdaten.Bytes) {
			o.Parser.Detect(intake.Fachdaten{Schema: s.Fachdaten.Schema, MIME: s.Fachdaten.MIME, Bytes: m})
			o.Parser.Detect(intake.Fachdaten{Bytes: m})
		}
		return nil
	})
}

// The data of detect/cheap, and what Detect may use for it. The time is generous:
// it is there for a Parser that reads everything, not for a slow machine.
const (
	large     = 8 << 20
	maxMemory = 1 << 20
	maxTime   = 250 * time.Millisecond
)

func detectCheap(ctx context.Context, o *Options) error {
	return o.each(good, func(s Sample) error {
		d := s.Fachdaten
		d.Bytes = append(slices.Grow(d.Bytes, large), bytes.Repeat([]byte(" "), large)...)
		memory, took := uint64(1<<63), time.Hour
		for range 5 { // the least of five: others are at work too
			if ctx.Err() != nil {
				break
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			o.Parser.Detect(d)
			took = min(took, time.Since(start))
			runtime.ReadMemStats(&after)
			memory = min(memory, after.TotalAlloc-before.TotalAlloc)
		}
		if memory > maxMemory || took > maxTime {
			return fmt.Errorf("with %d bytes of data Detect takes %v and allocates %d bytes", len(d.Bytes), took, memory)
		}
		return nil
	})
}

func detectPure(_ context.Context, o *Options) error {
	return o.each(nil, func(s Sample) error {
		before := bytes.Clone(s.Fachdaten.Bytes)
		first, second := o.Parser.Detect(s.Fachdaten), o.Parser.Detect(s.Fachdaten)
		if first != second {
			return errors.New("detect answers differently the second time")
		}
		return unchanged(before, s.Fachdaten.Bytes)
	})
}

func unchanged(before, after []byte) error {
	if !bytes.Equal(before, after) {
		return errors.New("the bytes were changed")
	}
	return nil
}

func parseGood(ctx context.Context, o *Options) error {
	return o.each(good, func(s Sample) error {
		i, err := o.Parser.Parse(ctx, s.Fachdaten)
		if err != nil {
			return fmt.Errorf("good data is refused: %w", err)
		}
		return checkInhalt(i)
	})
}

func checkInhalt(i intake.Inhalt) error {
	if !json.Valid(i.Daten) {
		return errors.New("content of Daten is no JSON document")
	}
	return checkFelder(i.Felder)
}

func parseFelder(ctx context.Context, o *Options) error {
	return o.each(good, func(s Sample) error {
		if len(s.Felder) == 0 {
			return nil
		}
		i, err := o.Parser.Parse(ctx, s.Fachdaten)
		if err != nil {
			return fmt.Errorf("good data is refused: %w", err)
		}
		if got := names(i.Felder); !slices.Equal(got, s.Felder) {
			return fmt.Errorf("the fields are %q, want %q", got, s.Felder)
		}
		return nil
	})
}

func parseBroken(ctx context.Context, o *Options) error {
	return o.each(broken, func(s Sample) error {
		_, err := o.Parser.Parse(ctx, s.Fachdaten)
		if err == nil {
			return errors.New("broken data is taken")
		}
		return checkProbleme(err)
	})
}

func parsePrivacy(ctx context.Context, o *Options) error {
	return o.each(broken, func(s Sample) error {
		_, err := o.Parser.Parse(ctx, s.Fachdaten)
		if err == nil {
			return nil
		}
		text := err.Error()
		for _, p := range fehler.ProblemeIn(err) {
			text += "\n" + p.Meldung + "\n" + p.Pfad
		}
		for _, v := range s.Privat {
			if strings.Contains(text, v) {
				return errors.New("a message holds a value of the form")
			}
		}
		return nil
	})
}

func parseGarbage(ctx context.Context, o *Options) error {
	return o.each(nil, func(s Sample) error {
		for n, m := range mutations(s.Fachdaten.Bytes) {
			d := s.Fachdaten
			d.Bytes = m
			if !o.Parser.Detect(d) {
				continue
			}
			i, err := o.Parser.Parse(ctx, d)
			if err != nil {
				err = checkProbleme(err)
			} else {
				err = checkInhalt(i)
			}
			if err != nil {
				return fmt.Errorf("mutation %d: %w", n, err)
			}
		}
		return nil
	})
}

// answer is what a Parse gave.
type answer struct {
	inhalt intake.Inhalt
	err    error
}

func (o *Options) parse(ctx context.Context, d intake.Fachdaten) answer {
	i, err := o.Parser.Parse(ctx, d)
	return answer{i, err}
}

func (a answer) same(b answer) error {
	if !reflect.DeepEqual(a, b) {
		return errors.New("the answers differ")
	}
	return nil
}

func parseDeterministic(ctx context.Context, o *Options) error {
	return o.each(nil, func(s Sample) error {
		first := o.parse(ctx, s.Fachdaten)
		for range 50 { // the order of a map shows after a few
			if err := first.same(o.parse(ctx, s.Fachdaten)); err != nil {
				return err
			}
		}
		return nil
	})
}

func parseConcurrent(ctx context.Context, o *Options) error {
	var want []answer
	for _, s := range o.Samples {
		want = append(want, o.parse(ctx, s.Fachdaten))
	}
	errs := make([]error, 8)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for g := range errs {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					errs[g] = fmt.Errorf("panic: %v", p)
				}
			}()
			<-start
			for range 20 {
				i := -1
				errs[g] = errors.Join(errs[g], o.each(nil, func(s Sample) error {
					i++
					return want[i].same(o.parse(ctx, s.Fachdaten))
				}))
			}
		})
	}
	close(start)
	wg.Wait()
	return errors.Join(errs...)
}

func parseUnchanged(ctx context.Context, o *Options) error {
	return o.each(nil, func(s Sample) error {
		before := bytes.Clone(s.Fachdaten.Bytes)
		o.parse(ctx, s.Fachdaten)
		return unchanged(before, s.Fachdaten.Bytes)
	})
}

func parseNotKept(ctx context.Context, o *Options) error {
	return o.each(good, func(s Sample) error {
		want := o.parse(ctx, intake.Fachdaten{Schema: s.Fachdaten.Schema, MIME: s.Fachdaten.MIME, Bytes: bytes.Clone(s.Fachdaten.Bytes)})
		got := o.parse(ctx, s.Fachdaten)
		for i := range s.Fachdaten.Bytes {
			s.Fachdaten.Bytes[i] = 'x'
		}
		if want.same(got) != nil {
			return errors.New("what Parse gave changes with the bytes it was given")
		}
		return nil
	})
}

func parseContext(ctx context.Context, o *Options) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return o.each(nil, func(s Sample) error {
		if _, err := o.Parser.Parse(ctx, s.Fachdaten); err != context.Canceled {
			return fmt.Errorf("an ended context gives %v", err)
		}
		return nil
	})
}
