package intaketest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/intaketest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// zeilen is a correct Parser of lines "name=value"; a fault breaks one rule.
type zeilen struct {
	fault string
	calls atomic.Int64
}

const schema = "urn:example:zeilen"

func (z *zeilen) is(f string) bool { return z.fault == f }

func (z *zeilen) Name() string {
	if z.is("name") {
		return fmt.Sprint("zeilen-", z.calls.Add(1))
	}
	return "zeilen"
}

func (z *zeilen) Detect(d intake.Fachdaten) bool {
	switch {
	case z.is("takes-all"):
		return true
	case z.is("detect-panics") && d.Schema == schema:
		return d.Bytes[0] != 0
	case z.is("detect-reads"):
		_ = strings.Split(string(d.Bytes), " ")
	case z.is("detect-changes") && len(d.Bytes) > 0:
		d.Bytes[0] = 'X'
	case z.is("detect-validates") && !strings.Contains(string(d.Bytes), "="):
		return false
	}
	return d.Schema == schema && d.MIME == "text/plain"
}

func (z *zeilen) Parse(ctx context.Context, d intake.Fachdaten) (intake.Inhalt, error) {
	if err := ctx.Err(); err != nil {
		switch {
		case z.is("wraps-context"):
			return intake.Inhalt{}, fmt.Errorf("zeilen: %w", err)
		case !z.is("ignores-context"):
			return intake.Inhalt{}, err
		}
	}
	n := z.calls.Add(1)
	switch {
	case z.is("changes-bytes") && len(d.Bytes) > 0:
		d.Bytes[0] = 'X'
	case z.is("hangs"):
		<-ctx.Done()
		time.Sleep(time.Second)
	}
	werte := map[string]string{}
	var felder []vorgang.Feld
	for i, l := range strings.Split(strings.TrimSpace(string(d.Bytes)), "\n") {
		k, v, ok := strings.Cut(l, "=")
		if !ok || k == "" {
			return z.refuse(i, l)
		}
		werte[k] = strings.ToValidUTF8(v, "?")
		felder = append(felder, vorgang.Feld{Name: k, Label: "Feld " + k, Wert: v})
	}
	daten, err := json.Marshal(werte)
	if err != nil {
		return intake.Inhalt{}, err
	}
	switch {
	case z.is("no-json"):
		daten = []byte("{")
	case z.is("no-label"):
		felder[0].Label = ""
	case z.is("order"):
		slices.Reverse(felder)
	case z.is("random"):
		felder[0].Wert = fmt.Sprint(n)
	case z.is("keeps-bytes"):
		daten = append(d.Bytes[:0:len(d.Bytes)], daten[:min(len(daten), len(d.Bytes))]...)
	case z.is("races"):
		shared = maps.Clone(werte)
		time.Sleep(time.Millisecond)
		felder[0].Wert = shared[slices.Sorted(maps.Keys(shared))[0]]
	}
	return intake.Inhalt{Daten: daten, Felder: felder}, nil
}

var shared map[string]string

func (z *zeilen) refuse(i int, line string) (intake.Inhalt, error) {
	p := fehler.Problem{Code: "zeilen.kein-wert", Pfad: fmt.Sprintf("line %d", i+1), Meldung: "has no value", Hinweis: "Eine Angabe ist unvollständig."}
	switch {
	case z.is("technical"):
		return intake.Inhalt{}, errors.New("cannot read")
	case z.is("empty-list"):
		return intake.Inhalt{}, fehler.Probleme{}
	case z.is("takes-broken"):
		return intake.Inhalt{Daten: []byte("{}")}, nil
	case z.is("parse-panics"):
		panic("zeilen")
	case z.is("no-place"):
		p.Pfad = ""
	case z.is("no-hinweis"):
		p.Hinweis = p.Meldung
	case z.is("no-code"):
		p.Code = "Fehler"
	case z.is("tells-values"):
		p.Meldung = "no value in " + line
	}
	return intake.Inhalt{}, fehler.Probleme{p}
}

func options(fault string) intaketest.Options {
	data := func(s string) intake.Fachdaten {
		return intake.Fachdaten{Schema: schema, MIME: "text/plain", Bytes: []byte(s)}
	}
	return intaketest.Options{Parser: &zeilen{fault: fault}, Timeout: 5 * time.Second, Samples: []intaketest.Sample{
		{Name: "two lines", Fachdaten: data("name=Łukasik\nort=Kiel\n"), Felder: []string{"name", "ort"}},
		{Name: "other", Fachdaten: data("name=Groß\n")},
		{Name: "no value", Fachdaten: data("Łukasik"), Broken: true, Privat: []string{"Łukasik"}},
	}}
}

func TestCorrectParserPasses(t *testing.T) { intaketest.Run(t, options("")) }

// Each case fails for a Parser that breaks its rule.
func TestEveryCaseCanFail(t *testing.T) {
	faults := map[string][]string{
		"name": {"name"}, "detect/own": {"detect-validates"}, "detect/foreign": {"takes-all"}, "detect/never-panics": {"detect-panics"},
		"detect/cheap": {"detect-reads"}, "detect/bytes-unchanged": {"detect-changes"}, "parse/good": {"no-json", "no-label"},
		"parse/felder": {"order"}, "parse/broken": {"takes-broken", "technical", "empty-list", "no-place", "no-hinweis", "no-code"},
		"parse/privacy": {"tells-values"}, "parse/garbage": {"parse-panics", "technical"}, "parse/deterministic": {"random", "hangs"},
		"parse/bytes-unchanged": {"changes-bytes"}, "parse/bytes-not-kept": {"keeps-bytes"}, "parse/context": {"wraps-context", "ignores-context"},
		"parse/concurrent": {"random"},
	}
	if !raceEnabled { // the detector would rightly stop the test
		faults["parse/concurrent"] = append(faults["parse/concurrent"], "races")
	}
	failed := func(o intaketest.Options) map[string]bool {
		out := map[string]bool{}
		for _, r := range intaketest.Check(t.Context(), o) {
			if r.Err != nil {
				out[r.Name] = true
			}
		}
		return out
	}
	if got := failed(options("")); len(got) > 0 {
		t.Fatalf("the correct Parser fails: %v", got)
	}
	for _, c := range intaketest.Cases() {
		for _, fault := range faults[c.Name] {
			o := options(fault)
			if fault == "hangs" {
				o.Timeout = 50 * time.Millisecond
			}
			err := c.Check(t.Context(), o)
			if err == nil {
				t.Errorf("%s: the Parser with the fault %q passes", c.Name, fault)
			} else if c.Rule == "" || strings.Contains(err.Error(), "%!") || strings.Contains(err.Error(), "Łukasik") {
				t.Errorf("a failure does not explain itself, or tells too much: %v", err)
			}
		}
		if c.Name != "samples" && len(faults[c.Name]) == 0 {
			t.Errorf("%s has no broken Parser that proves it", c.Name)
		}
		delete(faults, c.Name)
	}
	if len(faults) > 0 {
		t.Errorf("faults for cases that do not exist: %v", faults)
	}
	few := options("")
	few.Samples = few.Samples[:1]
	if !failed(few)["samples"] {
		t.Error("the suite runs without a broken sample")
	}
	if got := failed(intaketest.Options{}); len(got) != len(intaketest.Cases()) {
		t.Error("the suite runs without a Parser")
	}
}
