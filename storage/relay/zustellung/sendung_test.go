package zustellung_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/relay/zustellung"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

type zweifel struct{}

func (zweifel) Error() string  { return "it may have arrived" }
func (zweifel) Unsicher() bool { return true }

// letzte is the last letter of the authority.
func (h *haus) letzte(id uuid.UUID) vorgang.Schriftstueck {
	h.Helper()
	n := h.stand(kiel, id).Nachrichten
	return n[len(n)-1]
}

func (h *haus) codes(id uuid.UUID) (out []vorgang.Code) {
	h.Helper()
	for e, err := range h.Journal(context.Background(), kiel, id) {
		require.NoError(h, err)
		out = append(out, e.Code)
	}
	return out
}

func (h *haus) schreibe(id uuid.UUID) (n uuid.UUID) {
	h.Helper()
	h.edit(id, func(v *vorgang.Vorgang) (err error) {
		n, err = v.Write(kim, h.now, "Hallo", "Guten Tag")
		return err
	})
	return n
}

// A letter the Kanal cannot vouch for: one letter, marked, no further try; the clerk
// settles it, or orders it anew as another Sendung.
func TestUnsichereSendung(t *testing.T) {
	t.Parallel()
	for _, sqlite := range []bool{false, true} {
		h := newHaus(t, optionen{sqlite: sqlite, brief: post})
		id := h.vorgang(kiel, "brief")
		h.drain()
		h.brief.after = func() error { return zweifel{} }
		calls := len(h.brief.calls)
		n := h.schreibe(id)
		h.am("2026-03-12")
		require.Len(t, h.brief.calls, calls+1, "no second try, however long it takes")
		require.Equal(t, messaging.Unsicher, h.letzte(id).Sendung().Zustand)
		require.Empty(t, h.offen(kiel, id), "nothing is parked")

		h.brief.after = nil
		h.edit(id, func(v *vorgang.Vorgang) error { return v.SettleDelivery(kim, h.now, n, false, "Nicht angekommen.") })
		require.Len(t, h.brief.calls, calls+2)
		require.NotEqual(t, h.brief.calls[calls].ID, h.brief.calls[calls+1].ID, "a Sendung of its own")
		require.Equal(t, messaging.Uebergeben, h.letzte(id).Sendung().Zustand)
	}
}

// Negative control of the above: a Kanal that is merely unavailable is tried again.
func TestUnavailableIsTriedAgain(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "brief")
	h.drain()
	h.brief.after = func() error { return fehler.New("brief", "", fehler.ErrUnavailable, nil) }
	calls := len(h.brief.calls)
	h.schreibe(id)
	h.now = h.now.Add(time.Hour)
	h.drain()
	require.Greater(t, len(h.brief.calls), calls+1)
}

// No day of Bekanntgabe follows from a dispatch nobody can vouch for.
func TestUnsichererBescheid(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "brief")
	h.drain()
	h.brief.after = func() error { return zweifel{} }
	calls := len(h.brief.calls)
	b := h.erlasse(id, text(bescheid.Bewilligung, uuid.Nil))
	h.am("2026-03-20")
	require.Len(t, h.brief.calls, calls+1, "no second letter")
	x := h.bescheid(id, b)
	require.Equal(t, bescheid.Freigegeben, x.Zustand)
	require.Empty(t, x.Zustellungen)
	require.Contains(t, h.codes(id), vorgang.Code("auftrag.geparkt"))
}

// What the citizen does in the mailbox becomes an entry when the Kanal is asked: by the
// plan, once, and no more after it is read.
func TestAbfragen(t *testing.T) {
	t.Parallel()
	for _, sqlite := range []bool{false, true} {
		h := newHaus(t, optionen{sqlite: sqlite, brief: post, post: zustellung.Options{Abfrage: []time.Duration{time.Hour, time.Hour, time.Hour, time.Hour}}})
		id := h.vorgang(kiel, "portal")
		h.drain()
		n := h.schreibe(id)
		s := h.letzte(id).Sendung()
		require.Equal(t, messaging.Bereitgestellt, s.Zustand)
		weiter := func() []vorgang.Code {
			war := len(h.codes(id))
			h.now = h.now.Add(time.Hour)
			h.drain()
			return h.codes(id)[war:]
		}
		require.Empty(t, weiter(), "nothing new is no entry")
		_, err := h.portal.Postfach(kiel, "konto-1").Read(t.Context(), s.Sendung)
		require.NoError(t, err)
		require.Equal(t, []vorgang.Code{"nachricht.quittiert"}, weiter())
		require.Equal(t, messaging.Gelesen, h.letzte(id).Sendung().Zustand)
		require.Equal(t, n, h.letzte(id).Nachricht.ID)
		for range 4 {
			require.Empty(t, weiter())
		}
		require.Empty(t, h.offen(kiel, id), "the letter of receipt was never read: its plan has ended, too")
	}
}

func TestWithoutPlanNobodyIsAsked(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "portal")
	h.drain()
	h.schreibe(id)
	require.Empty(t, h.offen(kiel, id))
	var warten time.Duration
	for _, d := range zustellung.Abfrageplan() {
		require.Positive(t, d)
		warten += d
	}
	require.Equal(t, 30*24*time.Hour, warten)
}

// Taken back unread, the letter is gone from the mailbox; read, it stays, and the reason is in
// the journal; a Kanal that cannot says so.
func TestZurueckrufen(t *testing.T) {
	t.Parallel()
	for _, sqlite := range []bool{false, true} {
		h := newHaus(t, optionen{sqlite: sqlite, brief: post})
		id := h.vorgang(kiel, "portal")
		h.drain()
		p := h.portal.Postfach(kiel, "konto-1")
		liste := func() (out []uuid.UUID) {
			for e, err := range p.All(t.Context()) {
				require.NoError(t, err)
				out = append(out, e.ID)
			}
			return out
		}
		n := h.schreibe(id)
		s := h.letzte(id).Sendung().Sendung
		require.Contains(t, liste(), s)
		rueckruf := func(v *vorgang.Vorgang) error { return v.Recall(kim, h.now, n, "falscher Anhang") }
		h.edit(id, rueckruf)
		require.Equal(t, messaging.Zurueckgeholt, h.letzte(id).Sendung().Zustand)
		require.NotContains(t, liste(), s)
		_, err := p.Read(t.Context(), s)
		require.ErrorIs(t, err, fehler.ErrNotFound)
		e, err := h.Postfach().FindEintrag(t.Context(), kiel, s)
		require.NoError(t, err)
		require.Empty(t, e.Nachricht.Text+e.Nachricht.Betreff, "the content is gone")
		_, err = h.Postfach().FindEintrag(t.Context(), muenchen, s)
		require.ErrorIs(t, err, fehler.ErrNotFound, "of another Mandant")

		n = h.schreibe(id)
		s = h.letzte(id).Sendung().Sendung
		_, err = p.Read(t.Context(), s)
		require.NoError(t, err)
		h.edit(id, rueckruf)
		require.Equal(t, vorgang.Code("nachricht.rueckruf_gescheitert"), h.codes(id)[len(h.codes(id))-1])
		require.Contains(t, liste(), s)
		require.False(t, h.letzte(id).Rueckruf.Gescheitert.IsZero())

		h = newHaus(t, optionen{sqlite: sqlite, brief: post})
		id = h.vorgang(kiel, "brief")
		h.drain()
		n = h.schreibe(id)
		h.edit(id, rueckruf)
		require.Equal(t, vorgang.Code("nachricht.rueckruf_gescheitert"), h.codes(id)[len(h.codes(id))-1])
	}
}

// Of reading and taking back at the same time exactly one succeeds.
func TestReadAgainstRecall(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{sqlite: true, brief: post})
	gelesen := 0
	for range 20 {
		s := messaging.Sendung{ID: uuid.Must(uuid.NewV7()), Mandant: kiel, Adresse: messaging.Adresse{Kanal: "portal", Kennung: "konto-1"}}
		_, err := h.portal.Deliver(t.Context(), s)
		require.NoError(t, err)
		errs := make(chan error, 1)
		go func() {
			_, err := h.portal.Postfach(kiel, "konto-1").Read(t.Context(), s.ID)
			errs <- err
		}()
		_, rueckErr := h.portal.Recall(t.Context(), messaging.Sendungsbezug{Mandant: kiel, Sendung: s.ID})
		lesErr := <-errs
		if lesErr == nil {
			gelesen++
			require.ErrorIs(t, rueckErr, storage.ErrConflict)
		} else {
			require.ErrorIs(t, lesErr, fehler.ErrNotFound)
			require.NoError(t, rueckErr)
		}
	}
	t.Logf("%d of 20 were read first", gelesen)
}
