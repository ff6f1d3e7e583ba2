package absturz

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// uhr is a clock that can be set.
type uhr struct {
	mu sync.Mutex
	t  time.Time // GUARDED_BY(mu)
}

func (u *uhr) now() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.t = u.t.Add(time.Millisecond)
	return u.t
}

func (u *uhr) jump(d time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.t = u.t.Add(d)
}

// sprung is a case about a clock that jumps back.
type sprung struct {
	*testing.T
	ctx context.Context
	s   *storage.Store
	*uhr
}

// Clock runs the cases about a clock that jumps back, each on an empty store that
// open makes with these options.
func Clock(t *testing.T, open func(t *testing.T, o *storage.Options) *storage.Store) {
	for name, run := range map[string]func(*sprung){
		"journal and feed": clockJournal, "lease of a Vorgang": clockClaim, "lease of an Auftrag": clockAuftrag,
		"order of Auftraege": clockOrder, "keys": clockKeys, "watch": clockWatch, "prune": clockPrune,
	} {
		t.Run(name, func(t *testing.T) {
			u := &uhr{t: time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)}
			s := open(t, &storage.Options{Now: u.now, Lease: 10 * time.Minute, Poll: 20 * time.Millisecond})
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			t.Cleanup(cancel)
			run(&sprung{t, ctx, s, u})
		})
	}
}

func (c *sprung) ok(err error) {
	if c.Helper(); err != nil {
		c.Fatalf("unexpected error: %v", err)
	}
}

func (c *sprung) is(err, target error) {
	if c.Helper(); !errors.Is(err, target) {
		c.Fatalf("got error %v, want %v", err, target)
	}
}

func (c *sprung) equal(got, want any) {
	if c.Helper(); !reflect.DeepEqual(got, want) {
		c.Fatalf("got %v, want %v", got, want)
	}
}

func (c *sprung) vorgang() uuid.UUID {
	c.Helper()
	v, err := vorgang.New(tenant.System("annahme"), c.now(), vorgang.Params{
		Mandant: kiel, Nummer: uuid.NewString(), Leistung: "99012034567000", Einheit: "a", Quittung: []byte(`{}`),
	}, c.s.Kontext())
	c.ok(err)
	c.ok(c.s.Insert(c.ctx, kiel, v))
	return v.ID()
}

func (c *sprung) note(id uuid.UUID) {
	c.Helper()
	_, err := c.s.Edit(c.ctx, kiel, id, func(v *vorgang.Vorgang) error {
		_, err := v.Note(clerk(), c.now(), "Notiz")
		return err
	})
	c.ok(err)
}

func (c *sprung) feed() []storage.Aenderung {
	c.Helper()
	page, err := c.s.Aenderungen(c.ctx, kiel, "", storage.MaxLimit)
	c.ok(err)
	return page
}

// The journal never runs back, the feed keeps its order and says what the clock said.
func clockJournal(c *sprung) {
	id := c.vorgang()
	c.note(id)
	c.jump(-time.Hour)
	c.note(id)
	c.jump(-time.Hour)
	c.note(id)
	var last time.Time
	for e, err := range c.s.Journal(c.ctx, kiel, id) {
		c.ok(err)
		c.equal(e.Zeit.Before(last), false)
		last = e.Zeit
	}
	c.ok(c.s.VerifyJournal(c.ctx, kiel, id))
	feed := c.feed()
	c.equal(len(feed), 4)
	for i, a := range feed {
		c.equal(a.Version, int64(i+1))
	}
	c.equal(feed[3].Zeit.Before(feed[0].Zeit), true)
}

// A lease that was given holds longer by the jump, and is nobody else's meanwhile;
// its holder is not disturbed and can shorten it.
func clockClaim(c *sprung) {
	id := c.vorgang()
	_, l, err := c.s.Claim(c.ctx, kiel, storage.ClaimParams{Akteur: clerk()})
	c.ok(err)
	c.jump(-time.Hour)
	c.jump(11 * time.Minute)
	_, _, err = c.s.Claim(c.ctx, kiel, storage.ClaimParams{Akteur: clerk()})
	c.is(err, storage.ErrNotFound)
	_, _, err = c.s.ClaimByID(c.ctx, kiel, id, storage.ClaimParams{Akteur: clerk()})
	c.is(err, storage.ErrConflict)
	c.note(id)
	shorter, err := c.s.Renew(c.ctx, kiel, l, 0)
	c.ok(err)
	c.equal(shorter.Bis.Before(l.Bis), true)
	c.jump(11 * time.Minute)
	_, next, err := c.s.Claim(c.ctx, kiel, storage.ClaimParams{Akteur: clerk()})
	c.ok(err)
	c.equal(next.Vorgang, id)
	_, err = c.s.Complete(c.ctx, kiel, l, assign)
	c.is(err, storage.ErrConflict)
	c.jump(-time.Hour)
	_, err = c.s.Complete(c.ctx, kiel, next, assign)
	c.ok(err)
	c.ok(c.s.VerifyJournal(c.ctx, kiel, id))
}

// The same for Auftraege: not given twice, finished by its holder, and given again
// when its time has passed on the clock as it is then.
func clockAuftrag(c *sprung) {
	c.vorgang()
	lease := func() []storage.Auftrag {
		list, err := c.s.LeaseAuftraege(c.ctx, storage.LeaseParams{})
		c.ok(err)
		return list
	}
	first := lease()
	c.equal(len(first), 1)
	c.jump(-time.Hour)
	c.equal(len(lease()), 0)
	c.jump(time.Hour + 11*time.Minute)
	second := lease()
	c.equal(len(second), 1)
	c.equal(second[0].Versuch, 2)
	done := storage.Ergebnis{Zustand: storage.AuftragErledigt}
	c.is(c.s.FinishAuftrag(c.ctx, first[0], done), storage.ErrConflict)
	c.jump(-2 * time.Hour)
	c.ok(c.s.FinishAuftrag(c.ctx, second[0], done))
	c.jump(24 * time.Hour)
	c.equal(len(lease()), 0)
}

// What was ordered before the jump waits until the clock is there again, and what
// the same Vorgang ordered afterwards waits with it: the order holds.
func clockOrder(c *sprung) {
	id := c.vorgang()
	c.jump(-time.Hour)
	_, err := c.s.Edit(c.ctx, kiel, id, func(v *vorgang.Vorgang) error {
		_, err := v.Write(clerk(), c.now(), "Betreff", "Text")
		return err
	})
	c.ok(err)
	other := c.vorgang()
	var order []uuid.UUID
	for range 4 {
		list, err := c.s.LeaseAuftraege(c.ctx, storage.LeaseParams{})
		c.ok(err)
		for _, a := range list {
			order = append(order, a.Vorgang)
			if a.Vorgang == id {
				c.equal(a.Art == vorgang.EingangQuittieren, len(order) == 2)
			}
			c.ok(c.s.FinishAuftrag(c.ctx, a, storage.Ergebnis{Zustand: storage.AuftragErledigt}))
		}
		c.jump(30 * time.Minute)
	}
	c.equal(order, []uuid.UUID{other, id, id})
}

// A key is remembered longer by the jump, and never shorter.
func clockKeys(c *sprung) {
	runs := 0
	once := func() bool {
		var got int
		schon, err := c.s.Once(c.ctx, kiel, "k", time.Hour, &got, func(context.Context, *storage.Tx) (any, error) {
			runs++
			return 7, nil
		})
		c.ok(err)
		c.equal(got, 7)
		return schon
	}
	c.equal(once(), false)
	c.jump(-24 * time.Hour)
	c.equal(once(), true)
	n, err := c.s.Prune(c.ctx, kiel, storage.PruneParams{Schluessel: c.now()})
	c.ok(err)
	c.equal(n, int64(0))
	c.equal(once(), true)
	c.equal(runs, 1)
}

// A watch goes on at once: what it waits for does not depend on this clock.
func clockWatch(c *sprung) {
	id := c.vorgang()
	seen := 0
	for a, err := range c.s.Watch(c.ctx, kiel, "") {
		c.ok(err)
		seen++
		c.equal(a.Version, int64(seen))
		if seen == 5 {
			break
		}
		c.jump(-time.Hour)
		c.note(id)
	}
	end, err := c.s.WatchEnde(c.ctx, kiel)
	c.ok(err)
	c.equal(end, c.feed()[4].Cursor)
}

// Times in the feed that run back leave no hole when old changes are forgotten:
// who watches gets all that comes behind the cursor, or is told to begin anew.
func clockPrune(c *sprung) {
	id := c.vorgang()
	c.note(id)
	middle := c.now()
	c.jump(-time.Hour)
	c.note(id)
	c.note(id)
	c.jump(2 * time.Hour)
	c.note(id)
	all := c.feed()
	c.equal(len(all), 5)
	for _, before := range []time.Time{middle.Add(-30 * time.Minute), middle, middle.Add(24 * time.Hour)} {
		_, err := c.s.Prune(c.ctx, kiel, storage.PruneParams{Aenderungen: before})
		c.ok(err)
		kept := c.feed()
		c.equal(kept, all[len(all)-len(kept):]) // no hole
		for i, from := range all {
			page, err := c.s.Aenderungen(c.ctx, kiel, from.Cursor, storage.MaxLimit)
			if err != nil {
				c.is(err, storage.ErrNotFound)
				c.equal(i < len(all)-len(kept), true) // or else the cursor is within what is kept
				continue
			}
			c.equal(len(page), len(all)-i-1) // nothing was passed over
		}
	}
	c.note(id)
	c.equal(c.feed()[len(c.feed())-1].Version, int64(6))
}
