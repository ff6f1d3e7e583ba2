package relay_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestOrderPerVorgang(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		ids := []uuid.UUID{h.vorgang("1"), h.vorgang("2"), h.vorgang("3")}
		for _, b := range names("n", 5) {
			for _, id := range ids {
				h.order(id, b)
			}
		}
		var mu sync.Mutex
		got, atWork := map[uuid.UUID][]string{}, map[uuid.UUID]bool{}
		r := h.relay(func(_ context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
			mu.Lock()
			defer func() { atWork[a.Vorgang] = false; mu.Unlock() }()
			if atWork[a.Vorgang] {
				return nil, fmt.Errorf("two at work in one Vorgang")
			}
			atWork[a.Vorgang] = true
			got[a.Vorgang] = append(got[a.Vorgang], betreff(a, v))
			return h.melden(betreff(a, v)), nil
		}, relay.Options{Arbeiter: 8})
		require.Equal(t, 15, h.drain(r))
		for _, id := range ids {
			require.Equal(t, names("n", 5), got[id])
			require.Equal(t, names("n", 5), h.notizen(id), "the reports are in the same order")
			require.Equal(t, "eeeee", h.zustaende(id))
			require.NoError(t, h.VerifyJournal(t.Context(), kiel, id))
		}
		require.Zero(t, h.drain(r), "nothing is left")
	})
}

func TestFailingReportLeavesTheAuftragOpen(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		h.order(id, "a")
		before, err := h.Get(t.Context(), kiel, id)
		require.NoError(t, err)
		fail := true
		r := h.relay(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
			return func(v *vorgang.Vorgang) error {
				if err := h.melden("gemeldet")(v); err != nil {
					return err
				}
				if fail {
					return errWeg
				}
				return nil
			}, nil
		}, relay.Options{Pause: func(int) time.Duration { return time.Minute }})
		h.drain(r)
		after, err := h.Get(t.Context(), kiel, id)
		require.NoError(t, err)
		require.Equal(t, before.Version(), after.Version(), "nothing of the report is kept")
		require.Empty(t, h.notizen(id))
		a := h.auftraege(id)[0]
		require.Equal(t, storage.AuftragOffen, a.Zustand)
		require.Equal(t, errWeg.Error(), a.LetzterFehler)

		fail = false
		h.uhr.Add(time.Minute)
		require.Equal(t, 1, h.drain(r))
		require.Equal(t, []string{"gemeldet"}, h.notizen(id))
		require.Equal(t, "e", h.zustaende(id))
	})
}

// The process dies after the effect and before the report: the cancelled
// context stands for it, the relay then writes nothing any more.
func TestCrashBetweenEffectAndReport(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		h.order(id, "a")
		var effects []uuid.UUID
		crashed := false
		handler := func(_ context.Context, a vorgang.Auftrag, _ *vorgang.Vorgang) (relay.Bericht, error) {
			effects = append(effects, a.ID)
			if !crashed {
				crashed = true
				runtime.Goexit() // the worker is gone, as after a crash
			}
			return h.melden("gemeldet"), nil
		}
		_, err := h.relay(handler, relay.Options{Lease: time.Minute}).Drain(t.Context())
		require.NoError(t, err)
		require.Empty(t, h.notizen(id), "nothing is reported")

		second := h.relay(handler, relay.Options{Lease: time.Minute})
		h.uhr.Add(59 * time.Second)
		require.Zero(t, h.drain(second), "the lease still holds")
		h.uhr.Add(time.Second)
		require.Equal(t, 1, h.drain(second))
		require.Len(t, effects, 2)
		require.Equal(t, effects[0], effects[1], "the same id is the key of both tries")
		require.Equal(t, []string{"gemeldet"}, h.notizen(id))
		require.Equal(t, 2, h.auftraege(id)[0].Versuch)
	})
}

// Told to stop after the effect: the report still gets through, so nobody does the
// work again.
func TestStopAfterEffectStillReports(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		h.order(id, "a")
		ctx, stop := context.WithCancel(t.Context())
		_, err := h.relay(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
			stop()
			return h.melden("gemeldet"), nil
		}, relay.Options{Lease: time.Minute}).Drain(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, []string{"gemeldet"}, h.notizen(id))
		require.Equal(t, storage.AuftragErledigt, h.auftraege(id)[0].Zustand)
	})
}

func TestLeaseLostWhileAtWork(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		h.order(id, "a")
		var log bytes.Buffer
		second := h.relay(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
			return h.melden("zweiter"), nil
		}, relay.Options{Lease: time.Minute})
		first := h.relay(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
			h.uhr.Add(time.Minute) // so slow that somebody else takes it, and is faster
			require.Equal(t, 1, h.drain(second))
			return h.melden("erster"), nil
		}, relay.Options{Lease: time.Minute, Log: slog.New(slog.NewTextHandler(&log, nil))})
		require.Equal(t, 1, h.drain(first))
		require.Equal(t, []string{"zweiter"}, h.notizen(id), "the report of who lost the lease is rolled back")
		require.Equal(t, "e", h.zustaende(id))
		require.Contains(t, log.String(), "lease lost")
	})
}

// A failure after the lease was lost must not put off what somebody else does.
func TestFailureAfterLostLease(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		h.order(id, "a")
		second := h.relay(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
			return h.melden("zweiter"), nil
		}, relay.Options{Lease: time.Minute})
		first := h.relay(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
			h.uhr.Add(time.Minute)
			h.drain(second)
			return nil, fehler.Probleme{{Code: "x"}} // would park it
		}, relay.Options{Lease: time.Minute})
		h.drain(first)
		require.Equal(t, "e", h.zustaende(id))
		require.NotContains(t, h.codes(id), "auftrag.geparkt")
	})
}

func TestTermin(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		tag := datum.Von(h.uhr.Now()).AddTage(4)
		h.order(id, "bleibt liegen")
		b := h.decide(id, tag)

		var got []vorgang.AuftragArt
		var mu sync.Mutex
		record := func(do func(v *vorgang.Vorgang) error) relay.Handler {
			return relay.HandlerFunc(func(_ context.Context, a vorgang.Auftrag, _ *vorgang.Vorgang) (relay.Bericht, error) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, a.Art)
				return do, nil
			})
		}
		r := relay.New(h.Store, map[vorgang.AuftragArt]relay.Handler{
			vorgang.BekanntgabeFeststellen: record(func(v *vorgang.Vorgang) error { return v.RecordBekanntgabe(dienst, h.uhr.Now(), b) }),
		}, &relay.Options{Now: h.uhr.Now})
		require.Zero(t, h.drain(r), "the day has not come")
		h.uhr.Add(tag.Beginn().Sub(h.uhr.Now()) - time.Microsecond)
		require.Zero(t, h.drain(r), "one microsecond too early")
		h.uhr.Add(time.Microsecond)
		require.Equal(t, 1, h.drain(r), "due, although an earlier Auftrag is still open")
		require.Equal(t, []vorgang.AuftragArt{vorgang.BekanntgabeFeststellen}, got)

		// And an open Termin (the Bestandskraft) holds up nothing.
		h.order(id, "danach")
		var letters []string
		l := h.relay(func(_ context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
			letters = append(letters, betreff(a, v))
			return nil, nil
		}, relay.Options{})
		h.drain(l)
		require.Equal(t, []string{"bleibt liegen"}, letters, "behind it waits the Ausfertigung, which nobody performs here")
	})
}

// decide brings the Vorgang to a sent Bescheid announced on the day.
func (h *haus) decide(id uuid.UUID, tag datum.Datum) (b uuid.UUID) {
	kim := tenant.Akteur{ID: "kim", Name: "Kim", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	leitung := tenant.Akteur{ID: "deniz", Name: "Deniz", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Leitung}}
	now := h.uhr.Now()
	steps := []func(v *vorgang.Vorgang) error{
		func(v *vorgang.Vorgang) error { return v.Pull(kim, now) },
		func(v *vorgang.Vorgang) (err error) {
			b, err = v.Draft(kim, now, bescheid.Inhalt{
				Art: bescheid.Bewilligung, Betreff: "Genehmigung", Tenor: []string{"Genehmigt."}, Begruendung: []string{"Darum."},
				OhneBelehrung: "Probe", Verfahren: "vwvfg",
			})
			return err
		},
		func(v *vorgang.Vorgang) error { return v.SubmitDraft(kim, now, b) },
		func(v *vorgang.Vorgang) error { return v.ReleaseBescheid(leitung, now, b) },
		func(v *vorgang.Vorgang) error { return v.RecordAusfertigung(dienst, now, b, uuid.Nil, vorgang.Datei{}) },
		func(v *vorgang.Vorgang) error {
			return v.RecordVersand(dienst, now, vorgang.Versand{Bescheid: b, Quittung: bescheidQuittung(b, now), Bekanntgabe: bescheid.Bekanntgabe{
				Tag: tag, FristEnde: tag.AddMonate(1), BestandskraftAb: tag.AddMonate(1).AddTage(1),
			}})
		},
	}
	for _, step := range steps {
		_, err := h.Edit(context.Background(), kiel, id, step)
		require.NoError(h, err)
	}
	return b
}

func TestWithoutHandlersTakesNothing(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		h.order(id, "a")
		for _, handlers := range []map[vorgang.AuftragArt]relay.Handler{nil, {vorgang.NachrichtSenden: nil}, {vorgang.AkteAbgeben: relay.HandlerFunc(nil)}} {
			require.Zero(t, h.drain(relay.New(h.Store, handlers, &relay.Options{Now: h.uhr.Now})))
		}
		require.Zero(t, h.auftraege(id)[0].Versuch, "left to other relays")
	})
}

func TestDefaults(t *testing.T) {
	s := memory.Open(nil)
	defer s.Close()
	h := &haus{t, s, &uhr{t: time.Now().Add(-time.Second)}}
	h.order(h.vorgang("1"), "a")
	for _, o := range []*relay.Options{nil, {Arbeiter: -1, MaxVersuche: -1, Lease: -1, Poll: -1}, {Arbeiter: 1 << 20}} {
		r := relay.New(s, map[vorgang.AuftragArt]relay.Handler{vorgang.NachrichtSenden: relay.HandlerFunc(
			func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) { return nil, nil })}, o)
		_, err := r.Drain(t.Context())
		require.NoError(t, err)
	}
}

func TestRunShutsDown(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		leaks := goleak.IgnoreCurrent()
		id := h.vorgang("1")
		h.order(id, "a", "b")
		started := make(chan struct{})
		var effects []uuid.UUID
		r := h.relay(func(ctx context.Context, a vorgang.Auftrag, _ *vorgang.Vorgang) (relay.Bericht, error) {
			effects = append(effects, a.ID)
			close(started)
			<-ctx.Done()
			return nil, ctx.Err()
		}, relay.Options{Lease: time.Minute, Poll: time.Millisecond, Ausklang: 10 * time.Millisecond})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		<-started
		stop()
		require.NoError(t, <-ended)
		a := h.auftraege(id)[0]
		require.Equal(t, storage.AuftragOffen, a.Zustand)
		require.Empty(t, a.LetzterFehler, "a shutdown is no failure")
		require.Zero(t, a.Token, "it is given back")
		goleak.VerifyNone(t, leaks)

		h.uhr.Add(time.Minute)
		next := h.relay(func(_ context.Context, a vorgang.Auftrag, _ *vorgang.Vorgang) (relay.Bericht, error) {
			effects = append(effects, a.ID)
			return nil, nil
		}, relay.Options{})
		require.Equal(t, 2, h.drain(next))
		require.Equal(t, effects[0], effects[1])
	})
}

// One target that hangs takes one worker, not the whole relay.
func TestSlowTargetHoldsUpNobodyElse(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		leaks := goleak.IgnoreCurrent()
		slow := h.vorgang("1")
		h.order(slow, "hängt")
		h.uhr.Add(time.Second)
		rest := make(chan string, 20)
		r := h.relay(func(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
			if a.Vorgang == slow {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			rest <- betreff(a, v)
			return nil, nil
		}, relay.Options{Arbeiter: 2, Poll: time.Millisecond})
		other := h.vorgang("2")
		h.order(other, names("n", 10)...)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		for _, want := range names("n", 10) {
			select {
			case got := <-rest:
				require.Equal(t, want, got)
			case <-time.After(20 * time.Second):
				t.Fatal("the hanging target holds up another Vorgang")
			}
		}
		stop()
		require.NoError(t, <-ended)
		goleak.VerifyNone(t, leaks)
	})
}
