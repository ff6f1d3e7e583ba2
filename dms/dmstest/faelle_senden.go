package dmstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func sendCases() []Fall {
	return []Fall{
		{Gruppe: "name", Name: "stable", Satz: "Name is stable and not empty.", run: func(_ context.Context, s *Stand) error {
			one, two := s.Ziel.Name(), s.Ziel.Name()
			return first(expect(one != "", "Name is empty"), expect(one == two, "Name changes"))
		}},
		{Gruppe: "zustellung", Name: "minimal", Satz: "The receiver gets the whole Paket.", run: func(ctx context.Context, s *Stand) error {
			return whole(ctx, s, Minimal("minimal"))
		}},
		{Gruppe: "zustellung", Name: "rich", Satz: "The receiver gets the whole Paket.", run: func(ctx context.Context, s *Stand) error {
			return whole(ctx, s, Reich("rich"))
		}},
		{Gruppe: "zustellung", Name: "many-files", Satz: "The receiver gets the whole Paket.", run: func(ctx context.Context, s *Stand) error {
			return whole(ctx, s, Gross("many", 100))
		}},
		{Gruppe: "zustellung", Name: "proof", Satz: "The Sendeschein names process, target and delivery.", run: proof},
		{Gruppe: "idempotenz", Name: "again", Satz: "The same Paket again delivers nothing, gives the first Sendeschein and sets Wiederholt.", run: func(ctx context.Context, s *Stand) error {
			return again(ctx, s, func() (dms.Ziel, error) { return s.Ziel, nil }, false)
		}},
		{Gruppe: "idempotenz", Name: "again-after-taken", Satz: "This holds after the receiver took the delivery away.", run: func(ctx context.Context, s *Stand) error {
			return again(ctx, s, func() (dms.Ziel, error) { return s.Ziel, nil }, true)
		}},
		{Gruppe: "idempotenz", Name: "again-after-restart", Satz: "This holds across restarts.", reopen: true, run: func(ctx context.Context, s *Stand) error {
			return again(ctx, s, s.Reopen, true)
		}},
		{Gruppe: "idempotenz", Name: "conflict", Satz: "A different Paket under a known ProzessID is fehler.ErrConflict and changes nothing.", run: conflict},
		{Gruppe: "idempotenz", Name: "concurrent", Satz: "Concurrent calls with one ProzessID deliver once.", run: concurrentSame},
		{Gruppe: "parallel", Name: "different", Satz: "Implementations are safe for concurrent use.", run: concurrentDifferent},
		{Gruppe: "quellen", Name: "closed", Satz: "Every content that was opened is closed.", run: func(ctx context.Context, s *Stand) error {
			p := Reich("closed")
			c := watch(p)
			if _, err := s.Ziel.Send(ctx, p); err != nil {
				return err
			}
			return c.balanced()
		}},
		{Gruppe: "quellen", Name: "closed-after-error", Satz: "Every content that was opened is closed.", run: func(ctx context.Context, s *Stand) error {
			p := Reich("closed-after-error")
			var last *dms.Datei
			for d := range p.Dateien() {
				last = d
			}
			last.SHA512 = strings.Repeat("0", 128)
			c := watch(p)
			_, err := s.Ziel.Send(ctx, p)
			return first(expect(err != nil, "a wrong hash was accepted"), c.balanced())
		}},
		{Gruppe: "quellen", Name: "unchanged", Satz: "The Paket is neither changed nor kept.", run: func(ctx context.Context, s *Stand) error {
			p := Reich("unchanged")
			before, _ := p.Fingerprint()
			if _, err := s.Ziel.Send(ctx, p); err != nil {
				return err
			}
			after, _ := p.Fingerprint()
			return expect(before == after, "Send changed the Paket")
		}},
	}
}

// whole sends and compares what arrived with what was sent.
func whole(ctx context.Context, s *Stand, p *dms.Paket) error {
	if _, err := s.Ziel.Send(ctx, p); err != nil {
		return fmt.Errorf("Send: %w", err)
	}
	got, err := s.deliveries(ctx, 1)
	if err != nil {
		return err
	}
	return same(p, got[0].Paket)
}

// same compares two Pakete by all that is transmitted.
func same(want, got *dms.Paket) error {
	if got == nil {
		return errors.New("nothing readable arrived")
	}
	w, err := canonical(want)
	if err != nil {
		return err
	}
	g, err := canonical(got)
	if err != nil {
		return err
	}
	if w == g {
		return nil
	}
	i := 0
	for i < len(w) && i < len(g) && w[i] == g[i] {
		i++
	}
	from := max(0, i-60)
	return fmt.Errorf("what arrived differs from what was sent:\nsent    …%s\narrived …%s", w[from:min(len(w), i+60)], g[from:min(len(g), i+60)])
}

// canonical leaves out what a standard need not carry: media types.
func canonical(p *dms.Paket) (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	var q dms.Paket
	if err := json.Unmarshal(b, &q); err != nil {
		return "", err
	}
	for d := range q.Dateien() {
		d.MIME = ""
	}
	b, err = json.Marshal(&q)
	return string(b), err
}

func proof(ctx context.Context, s *Stand) error {
	p := Reich("proof")
	schein, err := s.Ziel.Send(ctx, p)
	if err != nil {
		return err
	}
	got, err := s.deliveries(ctx, 1)
	if err != nil {
		return err
	}
	return first(
		expect(schein.ProzessID == p.ProzessID, "ProzessID is %q", schein.ProzessID),
		expect(schein.Ziel == s.Ziel.Name(), "Ziel is %q, Name is %q", schein.Ziel, s.Ziel.Name()),
		expect(!schein.Zeit.IsZero() && schein.Zeit.Location().String() == "UTC", "Zeit is missing or not UTC"),
		expect(schein.Name != "" && schein.Groesse > 0 && len(schein.SHA512) == 128, "Name, Groesse or SHA512 is missing"),
		expect(!schein.Wiederholt, "Wiederholt is set on the first Send"),
		expect(got[0].SHA512 == "" || got[0].SHA512 == schein.SHA512, "SHA512 is not that of the delivery"),
	)
}

func again(ctx context.Context, s *Stand, reopen func() (dms.Ziel, error), take bool) error {
	p := Reich("again")
	one, err := s.Ziel.Send(ctx, p)
	if err != nil {
		return err
	}
	if take {
		if _, err := s.deliveries(ctx, 1); err != nil {
			return err
		}
	}
	z, err := reopen()
	if err != nil {
		return fmt.Errorf("reopen: %w", err)
	}
	two, err := z.Send(ctx, Reich("again"))
	if err != nil {
		return fmt.Errorf("second Send: %w", err)
	}
	if _, err := s.deliveries(ctx, 1); err != nil {
		return err
	}
	flag := two.Wiederholt
	two.Wiederholt = false
	return first(
		expect(flag, "Wiederholt is not set"),
		expect(one.Zeit.Equal(two.Zeit) && one.SHA512 == two.SHA512 && one.Name == two.Name && one.Groesse == two.Groesse, "the second Sendeschein differs from the first"),
	)
}

func conflict(ctx context.Context, s *Stand) error {
	p := Reich("conflict")
	if _, err := s.Ziel.Send(ctx, p); err != nil {
		return err
	}
	other := Reich("conflict")
	other.Vorgang.Betreff += " geändert"
	_, err := s.Ziel.Send(ctx, other)
	if !errors.Is(err, fehler.ErrConflict) {
		return fmt.Errorf("a different Paket under the same ProzessID gave %v", err)
	}
	got, err := s.deliveries(ctx, 1)
	if err != nil {
		return err
	}
	return same(p, got[0].Paket)
}

func concurrentSame(ctx context.Context, s *Stand) error {
	const n = 8
	var fresh atomic.Int32
	err := together(n, func(int) error {
		schein, err := s.Ziel.Send(ctx, Reich("concurrent"))
		if err == nil && !schein.Wiederholt {
			fresh.Add(1)
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.deliveries(ctx, 1)
	return first(err, expect(fresh.Load() == 1, "%d of %d calls say they delivered", fresh.Load(), n))
}

func concurrentDifferent(ctx context.Context, s *Stand) error {
	const n = 12
	err := together(n, func(i int) error {
		_, err := s.Ziel.Send(ctx, Reich(fmt.Sprint("different", i)))
		return err
	})
	if err != nil {
		return err
	}
	got, err := s.deliveries(ctx, n)
	if err != nil {
		return err
	}
	byID := map[string]*dms.Paket{}
	for _, l := range got {
		byID[l.ProzessID] = l.Paket
	}
	for i := range n {
		p := Reich(fmt.Sprint("different", i))
		if err := same(p, byID[p.ProzessID]); err != nil {
			return err
		}
	}
	return nil
}

// together calls f n times at once; a panic is an error.
func together(n int, f func(int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					errs[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			errs[i] = f(i)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// counter counts opened and closed contents.
type counter struct {
	mu           sync.Mutex
	opened, shut int
}

func watch(p *dms.Paket) *counter {
	c := &counter{}
	for d := range p.Dateien() {
		open := d.Open
		d.Open = func(ctx context.Context) (io.ReadCloser, error) {
			rc, err := open(ctx)
			if err != nil {
				return nil, err
			}
			c.mu.Lock()
			c.opened++
			c.mu.Unlock()
			return &counted{ReadCloser: rc, c: c}, nil
		}
	}
	return c
}

type counted struct {
	io.ReadCloser
	c    *counter
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() {
		c.c.mu.Lock()
		c.c.shut++
		c.c.mu.Unlock()
	})
	return c.ReadCloser.Close()
}

func (c *counter) balanced() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return first(expect(c.opened > 0, "no content was opened"), expect(c.opened == c.shut, "%d contents opened, %d closed", c.opened, c.shut))
}
