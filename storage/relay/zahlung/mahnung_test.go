package zahlung_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Through store and relay: who has a plan reminds by itself, by the ordinary letter; another
// Mandant, without one, does not.
func TestRemindersThroughTheRelay(t *testing.T) {
	for name, c := range map[string]struct {
		mandant tenant.ID
		briefe  int
	}{"with a plan": {kiel, 2}, "without": {"luebeck", 0}} {
		t.Run(name, func(t *testing.T) {
			h := &haus{T: t, jetzt: time.Date(2026, 9, 15, 9, 0, 0, 0, time.UTC)}
			uhr := func() time.Time { return h.jetzt }
			plan := &zahlung.Mahnplan{Stufen: zahlung.Mahntabelle{{Stufe: 1, Tage: 3, Zahlungsfrist: 10}, {Stufe: 2, Tage: 3, Zahlungsfrist: 10}},
				Vollstreckung: &zahlung.Vollstreckung{Tage: 3, Betreff: "Vollstreckung"}}
			require.NoError(t, plan.Check())
			h.Store = memory.Open(&storage.Options{Now: uhr, Mahnplan: func(m tenant.ID) *zahlung.Mahnplan {
				if m == c.mandant {
					return plan
				}
				return nil
			}})
			t.Cleanup(func() { require.NoError(t, h.Close()) })
			handlers := relay.Termine(uhr)
			briefe := 0
			handlers[vorgang.NachrichtSenden] = relay.HandlerFunc(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
				briefe++
				return nil, nil
			})
			h.relay = relay.New(h.Store, handlers, &relay.Options{Now: uhr})
			id, _, _, _ := h.fall(103080)
			h.drain()
			schon := briefe
			for range 100 { // a relay that looks once a day
				h.jetzt = h.jetzt.AddDate(0, 0, 1)
				h.drain()
			}
			require.Equal(t, c.briefe, briefe-schon)
			v, err := h.Get(t.Context(), kiel, id)
			require.NoError(t, err)
			require.Len(t, v.Stand().Wiedervorlagen, c.briefe/2)
			require.NoError(t, h.View(t.Context(), kiel, func(ctx context.Context, tx *storage.Tx) error {
				for a, err := range tx.Auftraege(ctx, id) {
					require.NoError(t, err)
					require.Equal(t, storage.AuftragErledigt, a.Zustand, a.Art)
				}
				return nil
			}))
		})
	}
}
