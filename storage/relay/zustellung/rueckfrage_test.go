package zustellung_test

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The relay alone: question, deadline, reminder in the mailbox, deadline, a person is told.
func TestRueckfrageFaellig(t *testing.T) {
	t.Parallel()
	for _, sqlite := range []bool{false, true} {
		h := newHaus(t, optionen{sqlite: sqlite, brief: post})
		handlers := relay.Termine(h.uhr)
		maps.Copy(handlers, h.handlers())
		h.relay = relay.New(h.Store, handlers, &relay.Options{Now: h.uhr, Pause: func(int) time.Duration { return time.Minute }})
		id := h.vorgang(kiel, "portal")
		h.drain()
		h.edit(id, func(v *vorgang.Vorgang) error {
			if err := v.Pull(kim, h.now); err != nil {
				return err
			}
			_, err := v.Ask(kim, h.now, vorgang.Frage{Betreff: "Lageplan", Text: "Bitte senden.", Bis: datum.New(2026, 3, 12), Aussetzen: true, Nachfrage: &vorgang.Nachfrage{Tage: 7}})
			return err
		})
		post := func() (out []string) {
			for e, err := range h.portal.Postfach(kiel, "konto-1").All(t.Context()) {
				require.NoError(t, err)
				out = append(out, e.Nachricht.Betreff)
			}
			return out
		}
		h.am("2026-03-12")
		require.Equal(t, []string{"Eingegangen", "Lageplan"}, post(), "the last day is not over")
		h.am("2026-03-13")
		require.Equal(t, []string{"Eingegangen", "Lageplan", "Erinnerung: Lageplan"}, post())
		require.Equal(t, messaging.Bereitgestellt, h.letzte(id).Sendung().Zustand)
		h.am("2026-03-20")
		require.Empty(t, h.stand(kiel, id).Wiedervorlagen)
		h.am("2026-03-21")
		require.Len(t, h.stand(kiel, id).Wiedervorlagen, 1)
		require.Len(t, post(), 3, "reminded once")
		h.am("2026-04-30")
		require.Len(t, h.stand(kiel, id).Wiedervorlagen, 1)
		require.NotNil(t, h.stand(kiel, id).Ausgesetzt())
		require.Empty(t, h.offen(kiel, id))
	}
}
