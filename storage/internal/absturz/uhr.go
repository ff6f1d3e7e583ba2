package absturz

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

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

func (c *sprung) vorgang() uuid.UUID {
	c.Helper()
	v, err := vorgang.New(tenant.System("annahme"), c.now(), vorgang.Params{
		Mandant: kiel, Nummer: uuid.NewString(), Leistung: "99012034567000", Einheit: "a", Quittung: []byte(`{}`),
	}, c.s.Kontext())
	require.NoError(c, err)
	require.NoError(c, c.s.Insert(c.ctx, kiel, v))
	return v.ID()
}

func (c *sprung) note(id uuid.UUID) {
	c.Helper()
	_, err := c.s.Edit(c.ctx, kiel, id, func(v *vorgang.Vorgang) error {
		_, err := v.Note(clerk(), c.now(), "Notiz")
		return err
	})
	require.NoError(c, err)
}

func (c *sprung) feed() []storage.Aenderung {
	c.Helper()
	page, err := c.s.Aenderungen(c.ctx, kiel, "", storage.MaxLimit)
	require.NoError(c, err)
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
		require.NoError(c, err)
		require.False(c, e.Zeit.Before(last), "entry %d", e.Seq)
		last = e.Zeit
	}
	require.NoError(c, c.s.VerifyJournal(c.ctx, kiel, id))
	feed := c.feed()
	require.Len(c, feed, 4)
	for i, a := range feed {
		require.EqualValues(c, i+1, a.Version)
	}
	require.True(c, feed[3].Zeit.Before(feed[0].Zeit))
}

// A lease that was given holds longer by the jump, and is nobody else's meanwhile;
// its holder is not disturbed and can shorten it.
func clockClaim(c *sprung) {
	id := c.vorgang()
	_, l, err := c.s.Claim(c.ctx, kiel, storage.ClaimParams{Akteur: clerk()})
	require.NoError(c, err)
	c.jump(-time.Hour)
	c.jump(11 * time.Minute)
	_, _, err = c.s.Claim(c.ctx, kiel, storage.ClaimParams{Akteur: clerk()})
	require.ErrorIs(c, err, storage.ErrNotFound, "given to two")
	_, _, err = c.s.ClaimByID(c.ctx, kiel, id, storage.ClaimParams{Akteur: clerk()})
	require.ErrorIs(c, err, storage.ErrConflict)
	c.note(id)
	shorter, err := c.s.Renew(c.ctx, kiel, l, 0)
	require.NoError(c, err)
	require.True(c, shorter.Bis.Before(l.Bis))
	c.jump(11 * time.Minute)
	_, next, err := c.s.Claim(c.ctx, kiel, storage.ClaimParams{Akteur: clerk()})
	require.NoError(c, err, "never came back")
	require.Equal(c, id, next.Vorgang)
	_, err = c.s.Complete(c.ctx, kiel, l, assign)
	require.ErrorIs(c, err, storage.ErrConflict, "the old holder")
	c.jump(-time.Hour)
	_, err = c.s.Complete(c.ctx, kiel, next, assign)
	require.NoError(c, err)
	require.NoError(c, c.s.VerifyJournal(c.ctx, kiel, id))
}

// The same for Auftraege: not given twice, finished by its holder, and given again
// when its time has passed on the clock as it is then.
func clockAuftrag(c *sprung) {
	c.vorgang()
	lease := func() []storage.Auftrag {
		list, err := c.s.LeaseAuftraege(c.ctx, storage.LeaseParams{})
		require.NoError(c, err)
		return list
	}
	first := lease()
	require.Len(c, first, 1)
	c.jump(-time.Hour)
	require.Empty(c, lease(), "given to two")
	c.jump(time.Hour + 11*time.Minute)
	second := lease()
	require.Len(c, second, 1)
	require.Equal(c, 2, second[0].Versuch)
	done := storage.Ergebnis{Zustand: storage.AuftragErledigt}
	require.ErrorIs(c, c.s.FinishAuftrag(c.ctx, first[0], done), storage.ErrConflict)
	c.jump(-2 * time.Hour)
	require.NoError(c, c.s.FinishAuftrag(c.ctx, second[0], done))
	c.jump(24 * time.Hour)
	require.Empty(c, lease(), "done twice")
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
	require.NoError(c, err)
	other := c.vorgang()
	var order []uuid.UUID
	for range 4 {
		list, err := c.s.LeaseAuftraege(c.ctx, storage.LeaseParams{})
		require.NoError(c, err)
		for _, a := range list {
			order = append(order, a.Vorgang)
			if a.Vorgang == id {
				require.Equal(c, len(order) == 2, a.Art == vorgang.EingangQuittieren, "the second before the first")
			}
			require.NoError(c, c.s.FinishAuftrag(c.ctx, a, storage.Ergebnis{Zustand: storage.AuftragErledigt}))
		}
		c.jump(30 * time.Minute)
	}
	require.Equal(c, []uuid.UUID{other, id, id}, order)
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
		require.NoError(c, err)
		require.Equal(c, 7, got)
		return schon
	}
	require.False(c, once())
	c.jump(-24 * time.Hour)
	require.True(c, once())
	n, err := c.s.Prune(c.ctx, kiel, storage.PruneParams{Schluessel: c.now()})
	require.NoError(c, err)
	require.Zero(c, n)
	require.True(c, once())
	require.Equal(c, 1, runs)
}

// A watch goes on at once: what it waits for does not depend on this clock.
func clockWatch(c *sprung) {
	id := c.vorgang()
	seen := 0
	for a, err := range c.s.Watch(c.ctx, kiel, "") {
		require.NoError(c, err)
		seen++
		require.EqualValues(c, seen, a.Version)
		if seen == 5 {
			break
		}
		c.jump(-time.Hour)
		c.note(id)
	}
	end, err := c.s.WatchEnde(c.ctx, kiel)
	require.NoError(c, err)
	require.Equal(c, c.feed()[4].Cursor, end)
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
	require.Len(c, all, 5)
	for _, before := range []time.Time{middle.Add(-30 * time.Minute), middle, middle.Add(24 * time.Hour)} {
		_, err := c.s.Prune(c.ctx, kiel, storage.PruneParams{Aenderungen: before})
		require.NoError(c, err)
		kept := c.feed()
		require.Equal(c, all[len(all)-len(kept):], kept, "the feed has a hole")
		for i, from := range all {
			page, err := c.s.Aenderungen(c.ctx, kiel, from.Cursor, storage.MaxLimit)
			if err != nil {
				require.ErrorIs(c, err, storage.ErrNotFound)
				require.Less(c, i, len(all)-len(kept), "a cursor within what is kept")
				continue
			}
			require.Equal(c, len(all)-i-1, len(page), "changes were passed over")
		}
	}
	c.note(id)
	require.EqualValues(c, 6, c.feed()[len(c.feed())-1].Version)
}
