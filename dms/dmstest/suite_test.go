package dmstest_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func speicher(wrap func(*dmstest.Speicher) dms.Ziel) func() (*dmstest.Stand, error) {
	return func() (*dmstest.Stand, error) {
		s := &dmstest.Speicher{}
		received := func(context.Context) ([]dmstest.Lieferung, error) { return s.Lieferungen(), nil }
		z := wrap(s)
		if r, ok := z.(interface {
			received() ([]dmstest.Lieferung, error)
		}); ok {
			received = func(context.Context) ([]dmstest.Lieferung, error) { return r.received() }
		}
		return &dmstest.Stand{Ziel: z, Received: received, Answer: s.Answer, Garbage: s.Garbage,
			Reopen: func() (dms.Ziel, error) { return z, nil }}, nil
	}
}

func TestSpeicherKeepsTheContract(t *testing.T) {
	dmstest.Run(t, dmstest.Options{New: speicher(func(s *dmstest.Speicher) dms.Ziel { return s })})
}

// The broken targets. Each breaks one promise; every other call goes through.
type (
	noName     struct{ *dmstest.Speicher }
	dropsField struct{ *dmstest.Speicher }
	lies       struct{ *dmstest.Speicher }
	twice      struct{ *dmstest.Speicher } // a repeated Send delivers again
	overwrites struct{ *dmstest.Speicher } // takes another Paket under a known ProzessID for the first
	racy       struct{ *dmstest.Speicher } // concurrent calls all say they delivered
	loses      struct {                    // only the first of several deliveries arrives
		*dmstest.Speicher
		mu sync.Mutex
		n  int
	}
	leaks   struct{ *dmstest.Speicher } // opens contents and forgets them
	changes struct{ *dmstest.Speicher } // tidies up the caller's Paket
	half    struct {                    // leaves a half delivery after an error
		*dmstest.Speicher
		rest []dmstest.Lieferung
	}
	wraps       struct{ *dmstest.Speicher } // wraps context errors
	uncaused    struct{ *dmstest.Speicher } // hides the cause
	panics      struct{ *dmstest.Speicher }
	forgets     struct{ *dmstest.Speicher } // gives an answer once, acknowledged or not
	neverDone   struct{ *dmstest.Speicher } // acknowledged answers come again
	stopsAtBad  struct{ *dmstest.Speicher } // garbage ends the sequence
	backwards   struct{ *dmstest.Speicher }
	acksAll     struct{ *dmstest.Speicher } // unknown Kennung is fine
	swallowsCtx struct{ *dmstest.Speicher }
)

func (noName) Name() string { return "" }

func (z dropsField) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	q := *p
	q.Vorgang.Kontakte = nil
	return z.Speicher.Send(ctx, &q)
}

func (z lies) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	s, err := z.Speicher.Send(ctx, p)
	s.SHA512 = strings.Repeat("0", 128)
	return s, err
}

func (z twice) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	s, err := z.Speicher.Send(ctx, p)
	s.Wiederholt = false
	return s, err
}

func (z overwrites) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	s, err := z.Speicher.Send(ctx, p)
	if errors.Is(err, fehler.ErrConflict) {
		return s, nil
	}
	return s, err
}

func (z racy) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	s, err := z.Speicher.Send(ctx, p)
	if strings.HasPrefix(p.ProzessID, dmstest.Minimal("concurrent").ProzessID) {
		s.Wiederholt = false
	}
	return s, err
}

func (z *loses) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	z.mu.Lock()
	z.n++
	n := z.n
	z.mu.Unlock()
	if n > 8 { // only under many different deliveries
		return dms.Sendeschein{ProzessID: p.ProzessID}, nil
	}
	return z.Speicher.Send(ctx, p)
}

func (z leaks) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	for d := range p.Dateien() {
		if d.Open != nil {
			_, _ = d.Open(ctx)
		}
	}
	return z.Speicher.Send(ctx, p)
}

func (z changes) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	s, err := z.Speicher.Send(ctx, p)
	p.Hinweis = ""
	return s, err
}

func (z *half) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	s, err := z.Speicher.Send(ctx, p)
	if err != nil {
		z.rest = append(z.rest, dmstest.Lieferung{ProzessID: p.ProzessID, Probleme: fehler.Probleme{{Code: "half"}}})
	}
	return s, err
}

func (z *half) received() ([]dmstest.Lieferung, error) {
	return append(z.Lieferungen(), z.rest...), nil
}

func (z wraps) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	s, err := z.Speicher.Send(ctx, p)
	if errors.Is(err, context.Canceled) {
		err = errors.Join(errors.New("send"), err)
	}
	return s, err
}

func (z uncaused) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	s, err := z.Speicher.Send(ctx, p)
	if err != nil {
		err = errors.New("something went wrong")
	}
	return s, err
}

func (panics) Send(context.Context, *dms.Paket) (dms.Sendeschein, error) { panic("no") }

func (z forgets) Answers(ctx context.Context) iter.Seq2[dms.Antwort, error] {
	return func(yield func(dms.Antwort, error) bool) {
		for a, err := range z.Speicher.Answers(ctx) {
			_ = z.Ack(ctx, a.Kennung)
			if !yield(a, err) {
				return
			}
		}
	}
}

func (neverDone) Ack(context.Context, string) error { return nil }

func (z stopsAtBad) Answers(ctx context.Context) iter.Seq2[dms.Antwort, error] {
	return func(yield func(dms.Antwort, error) bool) {
		for a, err := range z.Speicher.Answers(ctx) {
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

func (z backwards) Answers(ctx context.Context) iter.Seq2[dms.Antwort, error] {
	return func(yield func(dms.Antwort, error) bool) {
		var list []dms.Antwort
		for a, err := range z.Speicher.Answers(ctx) {
			if err != nil {
				yield(a, err)
				return
			}
			list = append(list, a)
		}
		for i := len(list) - 1; i >= 0; i-- {
			if !yield(list[i], nil) {
				return
			}
		}
	}
}

func (z acksAll) Ack(ctx context.Context, kennung string) error {
	_ = z.Speicher.Ack(ctx, kennung)
	return nil
}

func (z swallowsCtx) Answers(ctx context.Context) iter.Seq2[dms.Antwort, error] {
	return z.Speicher.Answers(context.WithoutCancel(ctx))
}

// Negative controls: the suite fails for each broken target, and in the case
// that says so.
func TestSuiteCanFail(t *testing.T) {
	for _, c := range []struct {
		name  string
		wrap  func(*dmstest.Speicher) dms.Ziel
		fails []string
	}{
		{"no name", func(s *dmstest.Speicher) dms.Ziel { return noName{s} }, []string{"name/stable"}},
		{"drops a field", func(s *dmstest.Speicher) dms.Ziel { return dropsField{s} }, []string{"zustellung/rich"}},
		{"lies", func(s *dmstest.Speicher) dms.Ziel { return lies{s} }, []string{"zustellung/proof"}},
		{"says delivered twice", func(s *dmstest.Speicher) dms.Ziel { return twice{s} }, []string{"idempotenz/again", "idempotenz/again-after-taken", "idempotenz/again-after-restart", "idempotenz/concurrent"}},
		{"takes anything for the first", func(s *dmstest.Speicher) dms.Ziel { return overwrites{s} }, []string{"idempotenz/conflict"}},
		{"racy", func(s *dmstest.Speicher) dms.Ziel { return racy{s} }, []string{"idempotenz/concurrent"}},
		{"loses", func(s *dmstest.Speicher) dms.Ziel { return &loses{Speicher: s} }, []string{"parallel/different"}},
		{"leaks", func(s *dmstest.Speicher) dms.Ziel { return leaks{s} }, []string{"quellen/closed", "quellen/closed-after-error"}},
		{"changes", func(s *dmstest.Speicher) dms.Ziel { return changes{s} }, []string{"quellen/unchanged"}},
		{"half", func(s *dmstest.Speicher) dms.Ziel { return &half{Speicher: s} }, []string{
			"ganz-oder-gar-nicht/invalid", "ganz-oder-gar-nicht/hash", "ganz-oder-gar-nicht/too-short", "ganz-oder-gar-nicht/too-long",
			"ganz-oder-gar-nicht/source-does-not-open", "ganz-oder-gar-nicht/source-breaks-off", "ganz-oder-gar-nicht/cancelled-before",
			"ganz-oder-gar-nicht/cancelled-while-reading", "ganz-oder-gar-nicht/healed"}},
		{"wraps", func(s *dmstest.Speicher) dms.Ziel { return wraps{s} }, []string{"ganz-oder-gar-nicht/cancelled-before", "ganz-oder-gar-nicht/cancelled-while-reading"}},
		{"hides the cause", func(s *dmstest.Speicher) dms.Ziel { return uncaused{s} }, []string{"ganz-oder-gar-nicht/source-does-not-open", "ganz-oder-gar-nicht/invalid"}},
		{"panics", func(s *dmstest.Speicher) dms.Ziel { return panics{s} }, []string{"zustellung/minimal", "zustellung/many-files"}},
		{"forgets answers", func(s *dmstest.Speicher) dms.Ziel { return forgets{s} }, []string{"antworten/comes-again", "antworten/after-restart", "antworten/stop"}},
		{"never done", func(s *dmstest.Speicher) dms.Ziel { return neverDone{s} }, []string{"antworten/ack", "antworten/ack-while-reading"}},
		{"stops at garbage", func(s *dmstest.Speicher) dms.Ziel { return stopsAtBad{s} }, []string{"antworten/garbage"}},
		{"backwards", func(s *dmstest.Speicher) dms.Ziel { return backwards{s} }, []string{"antworten/oldest-first"}},
		{"acks anything", func(s *dmstest.Speicher) dms.Ziel { return acksAll{s} }, []string{"antworten/unknown-ack"}},
		{"ignores the context", func(s *dmstest.Speicher) dms.Ziel { return swallowsCtx{s} }, []string{"antworten/cancelled"}},
		{"gives nothing", func(s *dmstest.Speicher) dms.Ziel { s.Fault = func(string) error { return io.ErrClosedPipe }; return s }, []string{"antworten/all-kinds"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			failed := map[string]error{}
			var groups []string
			for _, f := range c.fails {
				group, _, _ := strings.Cut(f, "/")
				groups = append(groups, group)
			}
			for _, r := range dmstest.Check(context.Background(), dmstest.Options{New: speicher(c.wrap), Timeout: 20 * time.Second, Only: groups}) {
				if r.Err != nil {
					failed[r.Gruppe+"/"+r.Name] = r.Err
				}
			}
			for _, want := range c.fails {
				require.Error(t, failed[want], "case %s should fail", want)
			}
		})
	}
}

// Every case has a broken target that makes it fail: without this list a new
// case could be added that never can.
func TestEveryCaseCanFail(t *testing.T) {
	covered := map[string]bool{}
	for _, wrap := range []func(*dmstest.Speicher) dms.Ziel{
		func(s *dmstest.Speicher) dms.Ziel { return noName{s} },
		func(s *dmstest.Speicher) dms.Ziel { return &half{Speicher: s} },
		func(s *dmstest.Speicher) dms.Ziel { s.Fault = func(string) error { return io.ErrClosedPipe }; return s },
		func(s *dmstest.Speicher) dms.Ziel { return acksAll{s} },
	} {
		for _, r := range dmstest.Check(context.Background(), dmstest.Options{New: speicher(wrap)}) {
			if r.Err != nil {
				covered[r.Gruppe+"/"+r.Name] = true
			}
		}
	}
	for _, f := range dmstest.Cases() {
		require.True(t, covered[f.Gruppe+"/"+f.Name], "no broken target fails %s/%s", f.Gruppe, f.Name)
		require.NotEmpty(t, f.Satz)
	}
}
