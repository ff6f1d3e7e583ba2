package zahlungtest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/zahlungtest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// weg is a payment service in memory that can break one rule.
type weg struct {
	fault string
	mu    sync.Mutex
	n     int
	held  map[string][]*zahlung.Zahlung // by Auftrag.ID
	back  map[string]bool
	down  bool
	lose  bool
}

func (w *weg) is(f string) bool { return w.fault == f }

func (w *weg) Name() string {
	if w.is("name") {
		w.n++
		return fmt.Sprint("weg", w.n)
	}
	return "probe"
}

func (w *weg) Start(ctx context.Context, a zahlung.Auftrag) (zahlung.Zahlung, error) {
	fail := func(art, err error) (zahlung.Zahlung, error) {
		if w.is("kinds") {
			art = fehler.ErrForbidden
		}
		return zahlung.Zahlung{}, fehler.New("probe.Start", a.ID, art, err)
	}
	if err := ctx.Err(); err != nil && !w.is("ignores-context") {
		return zahlung.Zahlung{}, err
	}
	if err := a.Check(); err != nil && !w.is("no-check") {
		if w.is("privacy") {
			err = fmt.Errorf("%s: %w", a.Zahler.Nachname, err)
		}
		return fail(fehler.ErrInvalid, err)
	}
	if w.is("keeps-argument") {
		a.Positionen[0].Text = "changed"
	}
	if w.is("races") {
		w.mu.Lock()
		_, ok := w.held[a.ID]
		w.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		if !ok {
			w.mu.Lock()
			w.n++
			z := w.neu(a)
			w.held[a.ID] = append(w.held[a.ID], z)
			w.mu.Unlock()
			return *z, nil
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return fail(fehler.ErrUnavailable, nil)
	}
	id := a.ID
	if w.is("one-for-all") {
		id = "all"
	}
	if old := w.held[id]; len(old) > 0 && !w.is("twice") && (!w.is("again-after-end") || !old[0].Zustand.Final()) {
		z := *old[0]
		if w.is("first-state") {
			z.Zustand, z.URL = zahlung.Initial, "https://pay"
		}
		return z, nil
	}
	w.n++
	z := w.neu(a)
	if w.lose {
		w.lose = false
		if !w.is("forgets-key") {
			w.held[id] = append(w.held[id], z)
		} else {
			w.held[id] = append(w.held[id], z, z)
		}
		return fail(fehler.ErrUnavailable, nil)
	}
	w.held[id] = append(w.held[id], z)
	if w.is("loses") && len(w.held) > 1 {
		delete(w.held, id)
	}
	return *z, nil
}

func (w *weg) neu(a zahlung.Auftrag) *zahlung.Zahlung {
	z := &zahlung.Zahlung{ID: a.ID, Weg: "probe", Transaktion: fmt.Sprint("t", w.n), URL: "https://pay", Betrag: a.Betrag, Waehrung: a.Waehrung,
		Zustand: zahlung.Initial, Zeit: time.Now().UTC().Truncate(time.Microsecond)}
	if w.is("name") {
		z.Weg = "other"
	}
	if w.is("time") {
		z.Zeit = time.Now()
	}
	return z
}

func (w *weg) find(op string, z zahlung.Zahlung) (*zahlung.Zahlung, error) {
	if w.down && !w.is("query-kinds") {
		return nil, fehler.New(op, z.ID, fehler.ErrUnavailable, nil)
	}
	for _, h := range w.held[z.ID] {
		return h, nil
	}
	if w.is("query-kinds") {
		return nil, fehler.New(op, z.ID, fehler.ErrConflict, nil)
	}
	return nil, fehler.New(op, z.ID, fehler.ErrNotFound, nil)
}

func (w *weg) Query(_ context.Context, z zahlung.Zahlung) (zahlung.Zahlung, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.is("believes") {
		return z, nil
	}
	h, err := w.find("probe.Query", z)
	if err != nil {
		return z, err
	}
	return *h, nil
}

func (w *weg) Cancel(_ context.Context, z zahlung.Zahlung) (zahlung.Zahlung, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h, err := w.find("probe.Cancel", z)
	if err != nil {
		return z, err
	}
	if h.Zustand.Final() && h.Zustand != zahlung.Abgebrochen && !w.is("cancels-all") || w.is("no-cancel") {
		return z, fehler.New("probe.Cancel", z.ID, fehler.ErrConflict, nil)
	}
	h.Zustand, h.URL = zahlung.Abgebrochen, ""
	return *h, nil
}

func (w *weg) Refund(_ context.Context, z zahlung.Zahlung, id string, b zahlung.Betrag) (zahlung.Zahlung, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h, err := w.find("probe.Refund", z)
	if err != nil {
		return z, err
	}
	if w.back[id] && !w.is("refunds-twice") {
		return *h, nil
	}
	if b > h.Bezahlt-h.Erstattet && !w.is("refunds-all") {
		return z, fehler.New("probe.Refund", z.ID, fehler.ErrInvalid, nil)
	}
	w.back[id] = true
	if h.Erstattet += b; h.Erstattet == h.Bezahlt {
		h.Zustand = zahlung.Erstattet
	}
	return *h, nil
}

func options(fault string) zahlungtest.Options {
	return zahlungtest.Options{New: func(zahlungtest.TB) zahlungtest.Fall {
		w := &weg{fault: fault, held: map[string][]*zahlung.Zahlung{}, back: map[string]bool{}}
		set := func(id string, z zahlung.Zustand, fremd string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.is("one-for-all") {
				id = "all"
			}
			h := w.held[id][0]
			h.Zustand, h.URL, h.Fremd = z, "", fremd
			if z == zahlung.Gebucht {
				h.Bezahlt = h.Betrag
			}
		}
		return zahlungtest.Fall{
			Weg: w,
			Auftrag: zahlung.Auftrag{Forderung: "f-1", Betrag: 5000, Waehrung: "EUR", Zweck: "Hundesteuer",
				Positionen: []zahlung.Position{{ID: "1", Menge: 1, Netto: 5000, Buchung: map[string]string{"HHST": "1"}}}},
			Angelegt: func(id string) int { w.mu.Lock(); defer w.mu.Unlock(); return len(w.held[id]) },
			Setze:    func(id string, z zahlung.Zustand) { set(id, z, "") },
			SetzeFremd: func(id, wort string) {
				if w.is("guesses") {
					set(id, zahlung.Gebucht, wort)
					return
				}
				set(id, zahlung.Unbekannt, wort)
			},
			Unerreichbar:    func() { w.mu.Lock(); defer w.mu.Unlock(); w.down = true },
			AntwortVerloren: func() { w.mu.Lock(); defer w.mu.Unlock(); w.lose = true },
		}
	}}
}

func TestCorrectWegPasses(t *testing.T) { zahlungtest.Run(t, options("")) }

// Each case fails for a Zahlungsweg that breaks its rule.
func TestEveryCaseCanFail(t *testing.T) {
	faults := map[string]string{
		"name/stable": "name", "start/initial": "time", "start/other-id": "one-for-all", "start/keeps-argument": "keeps-argument",
		"start/invalid": "no-check", "idempotent/same-id": "twice", "idempotent/present-state": "first-state",
		"idempotent/ended": "again-after-end", "idempotent/concurrent": "races", "idempotent/answer-lost": "forgets-key",
		"query/booked": "believes", "query/failed": "believes", "query/cancelled": "believes", "query/unknown-state": "guesses",
		"query/not-found": "query-kinds", "unavailable/start": "kinds", "unavailable/query": "query-kinds",
		"context/cancelled": "ignores-context", "concurrent/different": "loses", "privacy/errors": "privacy",
		"cancel/initial": "no-cancel", "cancel/ended": "cancels-all", "refund/idempotent": "refunds-twice", "refund/too-much": "refunds-all",
	}
	for _, c := range zahlungtest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			fault := faults[c.Name]
			if fault == "" {
				t.Fatal("the case has no broken Zahlungsweg that proves it")
			}
			if got := zahlungtest.Try(t.Context(), c, options("")); len(got) > 0 {
				t.Errorf("the correct one fails: %v", got)
			}
			got := zahlungtest.Try(t.Context(), c, options(fault))
			if len(got) == 0 {
				t.Errorf("the one with the fault %q passes", fault)
			}
			if c.Rule == "" || strings.Contains(strings.Join(got, ""), "%!") {
				t.Errorf("a failure does not explain itself: %v", got)
			}
			delete(faults, c.Name)
		})
	}
	if len(faults) > 0 {
		t.Errorf("faults for cases that do not exist: %v", faults)
	}
}
