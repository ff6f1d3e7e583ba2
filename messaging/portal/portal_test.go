package portal_test

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/messagingtest"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// ablage keeps Eintraege in memory.
type ablage struct {
	mu     sync.Mutex
	down   bool
	puts   map[uuid.UUID]int
	rows   []messaging.Eintrag
	tenant []tenant.ID
}

func (a *ablage) find(m tenant.ID, id uuid.UUID) int {
	for i := range a.rows {
		if a.tenant[i] == m && a.rows[i].ID == id {
			return i
		}
	}
	return -1
}

func (a *ablage) PutEintrag(_ context.Context, m tenant.ID, e messaging.Eintrag) (messaging.Eintrag, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down {
		return messaging.Eintrag{}, fehler.New("ablage.Put", e.ID.String(), fehler.ErrUnavailable, nil)
	}
	if i := a.find(m, e.ID); i >= 0 {
		return a.rows[i], nil
	}
	a.rows, a.tenant = append(a.rows, e), append(a.tenant, m)
	if a.puts == nil {
		a.puts = map[uuid.UUID]int{}
	}
	a.puts[e.ID]++
	return e, nil
}

func (a *ablage) GetEintrag(_ context.Context, m tenant.ID, p string, id uuid.UUID) (messaging.Eintrag, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i := a.find(m, id); i >= 0 && a.rows[i].Postfach == p {
		return a.rows[i], nil
	}
	return messaging.Eintrag{}, fehler.New("ablage.Get", id.String(), fehler.ErrNotFound, nil)
}

func (a *ablage) MarkGelesen(_ context.Context, m tenant.ID, p string, id uuid.UUID, zeit time.Time) (messaging.Eintrag, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := a.find(m, id)
	if i < 0 || a.rows[i].Postfach != p || !a.rows[i].Zurueckgerufen.IsZero() {
		return messaging.Eintrag{}, fehler.New("ablage.Mark", id.String(), fehler.ErrNotFound, nil)
	}
	if a.rows[i].Gelesen.IsZero() {
		a.rows[i].Gelesen = zeit
	}
	return a.rows[i], nil
}

func (a *ablage) FindEintrag(_ context.Context, m tenant.ID, id uuid.UUID) (messaging.Eintrag, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down {
		return messaging.Eintrag{}, fehler.New("ablage.Find", id.String(), fehler.ErrUnavailable, nil)
	}
	if i := a.find(m, id); i >= 0 {
		return a.rows[i], nil
	}
	return messaging.Eintrag{}, fehler.New("ablage.Find", id.String(), fehler.ErrNotFound, nil)
}

func (a *ablage) RecallEintrag(_ context.Context, m tenant.ID, id uuid.UUID, zeit time.Time) (messaging.Eintrag, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := a.find(m, id)
	switch {
	case i < 0:
		return messaging.Eintrag{}, fehler.New("ablage.Recall", id.String(), fehler.ErrNotFound, nil)
	case !a.rows[i].Gelesen.IsZero():
		return messaging.Eintrag{}, fehler.New("ablage.Recall", id.String(), fehler.ErrConflict, nil)
	case a.rows[i].Zurueckgerufen.IsZero():
		a.rows[i].Zurueckgerufen = zeit
	}
	return a.rows[i], nil
}

func (a *ablage) ListEintraege(_ context.Context, m tenant.ID, p string) iter.Seq2[messaging.Eintrag, error] {
	return func(yield func(messaging.Eintrag, error) bool) {
		a.mu.Lock()
		defer a.mu.Unlock()
		for i, e := range a.rows {
			if a.tenant[i] == m && e.Postfach == p && !yield(e, nil) {
				return
			}
		}
	}
}

func TestConformance(t *testing.T) {
	for name, o := range map[string]*portal.Options{
		"defaults": nil, "no decisions, small": {KeinBescheid: true, MaxAnhaenge: 1, MaxGroesse: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			messagingtest.Run(t, messagingtest.Options{
				New: func(messagingtest.TB) messagingtest.Fall {
					a := &ablage{}
					k := portal.New(a, o)
					return messagingtest.Fall{
						Lies:  func(id uuid.UUID) { _, _ = k.Postfach("kiel", "konto-1").Read(context.Background(), id) },
						Kanal: k, Adresse: messaging.Adresse{Kanal: portal.Name, Kennung: "konto-1"},
						Zugestellt:   func(id uuid.UUID) int { a.mu.Lock(); defer a.mu.Unlock(); return a.puts[id] },
						Unerreichbar: func() { a.mu.Lock(); defer a.mu.Unlock(); a.down = true },
					}
				},
				Unsupported: messagingtest.WithoutStoerungen(map[messagingtest.Capability]string{
					messagingtest.Unbekannt: "the first letter makes the mailbox",
					messagingtest.Anhaenge:  "files stay in the blob storage and are found by their hash",
				}, "the mailbox is the storage of the house; storagetest has its faults"),
			})
		})
	}
}

func TestPostfach(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	now := time.Date(2026, 3, 2, 8, 0, 0, 123456789, time.UTC)
	k := portal.New(&ablage{}, &portal.Options{Now: func() time.Time { now = now.Add(time.Minute); return now }})
	s := messaging.Sendung{ID: uuid.UUID{1}, Mandant: "kiel", Adresse: messaging.Adresse{Kanal: portal.Name, Kennung: "konto-1"}}
	q, err := k.Deliver(ctx, s)
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 3, 2, 8, 1, 0, 123456000, time.UTC), q.Zeit)

	p := k.Postfach("kiel", "konto-1")
	for e, err := range p.All(ctx) {
		require.NoError(t, err)
		require.True(t, e.Gelesen.IsZero(), "listing does not mark as read")
	}
	first, err := p.Read(ctx, s.ID)
	require.NoError(t, err)
	require.False(t, first.Gelesen.IsZero())
	again, err := p.Read(ctx, s.ID)
	require.NoError(t, err)
	require.Equal(t, first.Gelesen, again.Gelesen, "the first time counts")

	for _, other := range []*portal.Postfach{k.Postfach("kiel", "konto-2"), k.Postfach("luebeck", "konto-1")} {
		_, err = other.Read(ctx, s.ID)
		require.ErrorIs(t, err, fehler.ErrNotFound)
		for range other.All(ctx) {
			t.Error("another mailbox shows the letter")
		}
	}
}

func Example() {
	k := portal.New(&ablage{}, &portal.Options{Now: func() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }})
	q, err := k.Deliver(context.Background(), messaging.Sendung{
		ID: uuid.UUID{1}, Mandant: "kiel", Absender: "Stadt Kiel", Adresse: messaging.Adresse{Kanal: portal.Name, Kennung: "konto-1"},
		Nachricht: messaging.Nachricht{Art: messaging.Mitteilung, Betreff: "Ihr Antrag"},
	})
	fmt.Println(q.Zustand, err)
	for e := range k.Postfach("kiel", "konto-1").All(context.Background()) {
		fmt.Println(e.Absender, "-", e.Nachricht.Betreff)
	}
	// Output:
	// bereitgestellt <nil>
	// Stadt Kiel - Ihr Antrag
}
