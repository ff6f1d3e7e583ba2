// Package storagetest is the conformance suite of storage backends: whoever
// implements package driver runs [Run] and [RunBenchmarks].
//
// The cases go through *storage.Store where it can reach, so both floors are
// covered, and use the driver's methods for what only they can show. Each case
// names the rule it checks and prints it when it fails. That every group can
// fail is proved by the tests of this package with broken backends.
package storagetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Capability is something a backend may lack.
type Capability string

// The capabilities.
const (
	// Relay: LeaseAuftraege gives Auftraege of all Mandanten.
	Relay Capability = "relay"
)

// Handle is one set of data.
type Handle struct {
	// Open opens a backend on the data. Several may be open at a time and share
	// the data; what one committed the others see. The suite closes them.
	//
	// Waiting for a writer or a lock must be set to end within 3 seconds, so
	// that the cases about a store used inside its own closure end soon.
	Open func(ctx context.Context) (driver.Backend, error)
}

// Options of a run.
type Options struct {
	// New returns an empty set of data, once per case.
	New func(t testing.TB) Handle
	// Modellfolgen is how many sequences of random commands RunModel tries; zero
	// means rapid's default, 100. The flag -rapid.checks wins.
	Modellfolgen int
	// Unsupported names missing capabilities, each with its reason; nil runs
	// everything. Each entry is asserted to fail with errors.ErrUnsupported.
	Unsupported map[Capability]string
}

// tb is what a case needs of testing.TB; a recorder can stand in for it.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// testCase is one rule.
type testCase struct {
	group, name string
	rule        string
	needs       Capability
	run         func(e *env)
}

func cases() []testCase {
	var all []testCase
	for _, group := range [][]testCase{
		crudCases(), driverCases(), concurrencyCases(), unitCases(), isolationCases(), pageCases(),
		aliasingCases(), textCases(), timeCases(), outboxCases(), reihumCases(), claimCases(), reopenCases(),
		numberCases(), eingangCases(), postfachCases(), journalCases(), searchCases(), watchCases(), shareCases(),
		onceCases(), retentionCases(), importCases(), shutCases(), caseworkCases(),
	} {
		all = append(all, group...)
	}
	return all
}

// Run runs the suite and logs a table "case, result".
func Run(t *testing.T, o Options) {
	var table strings.Builder
	for _, c := range cases() {
		name := c.group + "/" + c.name
		reason, unsupported := o.Unsupported[c.needs]
		ok := t.Run(name, func(t *testing.T) {
			e := newEnv(t, o.New(t))
			defer e.close()
			defer func() {
				if t.Failed() {
					t.Logf("the rule: %s", c.rule)
				}
			}()
			if unsupported && c.needs != "" {
				e.assertUnsupported(c.needs)
				return
			}
			c.run(e)
		})
		result := "pass"
		switch {
		case !ok:
			result = "FAIL"
		case unsupported && c.needs != "":
			result = "unsupported (" + reason + ")"
		}
		fmt.Fprintf(&table, "\n  %-60s %s", name, result)
	}
	t.Logf("conformance:%s", table.String())
}

func (e *env) assertUnsupported(c Capability) {
	e.Helper()
	if c == Relay {
		_, err := e.store().LeaseAuftraege(e.ctx, storage.LeaseParams{})
		if !errors.Is(err, errors.ErrUnsupported) {
			e.Fatalf("%s is declared unsupported, but gave %v", c, err)
		}
	}
}

// The two Mandanten of every case.
const (
	kiel   tenant.ID = "kiel"
	luebek tenant.ID = "luebeck"
)

// env is what a case works with.
type env struct {
	tb
	ctx    context.Context
	cancel context.CancelFunc
	h      Handle
	mu     sync.Mutex
	now    time.Time // GUARDED_BY(mu)
	open   []*storage.Store
	raw    []driver.Backend
	serial int
}

func newEnv(t tb, h Handle) *env {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	return &env{tb: t, ctx: ctx, cancel: cancel, h: h, now: time.Date(2026, 3, 1, 8, 0, 0, 123456000, time.UTC)}
}

func (e *env) close() {
	for _, s := range e.open {
		if err := s.Close(); err != nil {
			e.Errorf("close: %v", err)
		}
	}
	for _, b := range e.raw {
		if err := b.Close(); err != nil {
			e.Errorf("close: %v", err)
		}
	}
	e.cancel()
}

// clock gives the time of the case.
func (e *env) clock() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

func (e *env) advance(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now = e.now.Add(d)
}

func (e *env) backend() driver.Backend {
	e.Helper()
	b, err := e.h.Open(e.ctx)
	if err != nil {
		e.Fatalf("open: %v", err)
	}
	e.raw = append(e.raw, b)
	return b
}

// store opens a store on the data.
func (e *env) store() *storage.Store {
	e.Helper()
	b, err := e.h.Open(e.ctx)
	if err != nil {
		e.Fatalf("open: %v", err)
	}
	s := storage.New(b, &storage.Options{Now: e.clock, Lease: 10 * time.Minute, Poll: 20 * time.Millisecond})
	e.open = append(e.open, s)
	return s
}

func (e *env) ok(err error) {
	e.Helper()
	if err != nil {
		e.Fatalf("unexpected error: %v", err)
	}
}

func (e *env) is(err, want error) {
	e.Helper()
	if !errors.Is(err, want) {
		e.Fatalf("error is %v, want %v", err, want)
	}
}

// equal compares values that print alike only if they are alike.
func (e *env) equal(got, want any) {
	e.Helper()
	if g, w := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want); g != w {
		e.Fatalf("got %s, want %s", g, w)
	}
}

func clerk(m tenant.ID) tenant.Akteur {
	return tenant.Akteur{ID: "sb-1", Name: "Sachbearbeitung 1", Art: tenant.Person, Mandant: m,
		Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung}}
}

// geheim stands for personal data: it must appear in no error.
const geheim = "Zwetschgenwasser-Geheim"

// neu makes a Vorgang that is not stored yet. It orders one Auftrag.
func (e *env) neu(m tenant.ID, change ...func(*vorgang.Params)) *vorgang.Vorgang {
	e.Helper()
	e.serial++
	at := e.clock().Add(time.Duration(e.serial) * time.Second)
	return e.vorgang(m, fmt.Sprintf("2026-%04d", e.serial), append([]func(*vorgang.Params){func(p *vorgang.Params) { p.Eingang = at }}, change...)...)
}

// vorgang makes a Vorgang with the number; it may be called by many at once.
func (e *env) vorgang(m tenant.ID, nummer string, change ...func(*vorgang.Params)) *vorgang.Vorgang {
	e.Helper()
	p := vorgang.Params{
		Mandant: m, Nummer: nummer, Leistung: "99012034567000", Einheit: "ordnungsamt", Eingang: e.clock(), Quittung: []byte(`{}`),
	}
	p.Antrag.Kanal, p.Antrag.Kennung = "test", "k"+nummer
	p.Antrag.Daten = []byte(`{"name":"` + geheim + `"}`)
	for _, c := range change {
		c(&p)
	}
	v, err := vorgang.New(tenant.System("test"), e.clock(), p, vorgang.Kontext{})
	e.ok(err)
	return v
}

// stored makes a Vorgang and stores it.
func (e *env) stored(s *storage.Store, m tenant.ID, change ...func(*vorgang.Params)) *vorgang.Vorgang {
	e.Helper()
	v := e.neu(m, change...)
	e.ok(s.Insert(e.ctx, m, v))
	return v
}

// note is a change that always works.
func (e *env) note(m tenant.ID, text string) func(*vorgang.Vorgang) error {
	return func(v *vorgang.Vorgang) error {
		_, err := v.Note(clerk(m), e.clock(), text)
		return err
	}
}

// ask is a change that orders an Auftrag.
func (e *env) write(m tenant.ID) func(*vorgang.Vorgang) error {
	return func(v *vorgang.Vorgang) error {
		_, err := v.Write(clerk(m), e.clock(), "Betreff", "Text")
		return err
	}
}

// version reads the stored version.
func (e *env) version(s *storage.Store, m tenant.ID, id uuid.UUID) int64 {
	e.Helper()
	v, err := s.Get(e.ctx, m, id)
	e.ok(err)
	return v.Version()
}

// within fails the case if f does not return in time.
func (e *env) within(d time.Duration, what string, f func()) {
	e.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(d):
		e.Fatalf("%s did not end within %s", what, d)
	}
}

// parallel runs f n times at once and counts the errors by kind.
func parallel(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errs
}

func countNil(errs []error) int {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}
