package relay_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestDoubling(t *testing.T) {
	t.Parallel()
	none := func() float64 { return 0 }
	p := relay.Doubling(time.Second, time.Hour, none)
	require.Equal(t, time.Second, p(1))
	require.Equal(t, 8*time.Second, p(4))
	require.Equal(t, time.Hour, p(13))
	rapid.Check(t, func(t *rapid.T) {
		first := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "first"))
		most := first + time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "more"))
		r, n := rapid.Float64Range(0, 0.999).Draw(t, "random"), rapid.IntRange(1, 1<<30).Draw(t, "n")
		d, full := relay.Doubling(first, most, func() float64 { return r })(n), relay.Doubling(first, most, none)(n)
		require.LessOrEqual(t, d, full)
		require.GreaterOrEqual(t, d, full/2)
		require.LessOrEqual(t, full, most)
		require.LessOrEqual(t, full, relay.Doubling(first, most, none)(n+1))
	})
}

// scheitert counts the tries of a Handler that fails.
func scheitert(tries *int, err error) map[vorgang.AuftragArt]relay.Handler {
	return map[vorgang.AuftragArt]relay.Handler{vorgang.NachrichtSenden: relay.HandlerFunc(
		func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
			*tries++
			return nil, err
		})}
}

// Each kind has its own rule; what it leaves out is that of all.
func TestRulePerKind(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		h.order(id, "a")
		tries := 0
		r := relay.New(h.Store, scheitert(&tries, errWeg), &relay.Options{
			Now: h.uhr.Now, MaxVersuche: 2, Pause: func(int) time.Duration { return time.Hour },
			Regeln: map[vorgang.AuftragArt]relay.Regel{
				vorgang.NachrichtSenden: {MaxVersuche: 3, Pause: func(n int) time.Duration { return time.Duration(n) * time.Minute }},
				vorgang.AkteAbgeben:     {MaxVersuche: 99},
			},
		})
		for n := 1; n <= 3; n++ {
			h.drain(r)
			require.Equal(t, n, tries)
			h.drain(r)
			require.Equal(t, n, tries, "not before its time")
			h.uhr.Add(time.Duration(n) * time.Minute)
		}
		require.Equal(t, "g", h.zustaende(id))
	})
}

func TestTooOld(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		h.order(id, "a")
		tries := 0
		r := relay.New(h.Store, scheitert(&tries, errWeg), &relay.Options{
			Now: h.uhr.Now, MaxVersuche: 1000, Pause: func(int) time.Duration { return time.Hour },
			Regeln: map[vorgang.AuftragArt]relay.Regel{vorgang.NachrichtSenden: {MaxAlter: 150 * time.Minute}},
		})
		for range 9 {
			h.drain(r)
			h.uhr.Add(time.Hour)
		}
		require.Equal(t, 4, tries, "after 0, 1 and 2 hours, and once more")
		require.Equal(t, "g", h.zustaende(id))
		require.Contains(t, h.auftraege(id)[0].LetzterFehler, "too old")
	})
}

// An open breaker lets nothing through and takes no tries; then one, then all.
func TestBreaker(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		var ids []uuid.UUID
		for n := range 10 {
			id := h.vorgang(fmt.Sprint(n))
			h.order(id, "a")
			ids = append(ids, id)
		}
		s := relay.NewSicherungen(&relay.SicherungOptions{Now: h.uhr.Now, Fehler: 3, Pause: time.Minute})
		calls, err := 0, errWeg
		r := relay.New(h.Store, map[vorgang.AuftragArt]relay.Handler{vorgang.NachrichtSenden: relay.HandlerFunc(
			func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
				calls++
				return nil, err
			})}, &relay.Options{Now: h.uhr.Now, Arbeiter: 1, MaxVersuche: 3, Pause: func(int) time.Duration { return time.Second },
			Sicherungen: s, Ziel: func(vorgang.Auftrag) string { return "postfach" }})
		h.drain(r)
		require.Equal(t, 3, calls)
		require.Equal(t, []relay.Unterbrochen{{Ziel: "postfach", Fehler: 3, Grund: errWeg.Error(), Bis: h.uhr.Now().Add(time.Minute)}}, s.Unterbrochen())
		for range 20 { // for a long time: no Auftrag is parked by it
			h.uhr.Add(2 * time.Second)
			h.drain(r)
		}
		require.Equal(t, 3, calls)
		h.uhr.Add(time.Minute)
		h.drain(r)
		require.Equal(t, 4, calls, "one is let through, and fails")
		require.Equal(t, h.uhr.Now().Add(2*time.Minute), s.Unterbrochen()[0].Bis, "the pause doubles")
		err = nil
		h.uhr.Add(10 * time.Minute)
		h.drain(r)
		require.Empty(t, s.Unterbrochen())
		h.uhr.Add(10 * time.Minute)
		h.drain(r)
		for _, id := range ids {
			require.Equal(t, "e", h.zustaende(id))
			for _, a := range h.auftraege(id) {
				require.LessOrEqual(t, a.Versuch, 3)
			}
		}
	})
}

func TestBreakerRules(t *testing.T) {
	t.Parallel()
	u := &uhr{t: beginn}
	s := relay.NewSicherungen(&relay.SicherungOptions{Now: u.Now, Fehler: 2, Pause: time.Minute, MaxPause: 3 * time.Minute})
	do := func(ziel string, err error) error {
		return s.Do(t.Context(), ziel, func() error { return err })
	}
	for range 9 { // about the letter, not about the target
		require.ErrorIs(t, do("a", fmt.Errorf("x: %w", fehler.ErrInvalid)), fehler.ErrInvalid)
	}
	require.Empty(t, s.Unterbrochen())
	require.ErrorIs(t, do("a", errWeg), errWeg)
	require.NoError(t, do("a", nil)) // in a row
	require.ErrorIs(t, do("a", errWeg), errWeg)
	require.Empty(t, s.Unterbrochen())
	require.ErrorIs(t, do("a", errWeg), errWeg)
	require.Len(t, s.Unterbrochen(), 1)
	require.ErrorIs(t, do("a", nil), fehler.ErrUnavailable)
	require.NoError(t, do("b", nil), "others go on")

	// While one tries, nobody else does; a panic is a failure; the pause has a bound.
	u.Add(time.Minute)
	require.ErrorIs(t, s.Do(t.Context(), "a", func() error {
		require.ErrorIs(t, do("a", nil), fehler.ErrUnavailable)
		return errWeg
	}), errWeg)
	u.Add(2 * time.Minute)
	require.Panics(t, func() { _ = s.Do(t.Context(), "a", func() error { panic("x") }) })
	require.Equal(t, u.Now().Add(3*time.Minute), s.Unterbrochen()[0].Bis)
	u.Add(3 * time.Minute)
	// Shutting down says nothing about the target.
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, s.Do(ctx, "a", func() error { cancel(); return ctx.Err() }), context.Canceled)
	require.NoError(t, do("a", nil))
	require.Empty(t, s.Unterbrochen())

	// Several on their way when it opens lengthen the pause no further.
	begun, weiter, done := make(chan struct{}), make(chan struct{}), make(chan error)
	for range 8 {
		go func() {
			done <- s.Do(t.Context(), "c", func() error { begun <- struct{}{}; <-weiter; return errWeg })
		}()
	}
	for range 8 {
		<-begun
	}
	close(weiter)
	for range 8 {
		require.ErrorIs(t, <-done, errWeg)
	}
	require.Equal(t, u.Now().Add(time.Minute), s.Unterbrochen()[0].Bis)
	var none *relay.Sicherungen
	require.NoError(t, none.Do(t.Context(), "a", func() error { return nil }))
}

// One Mandant with very much to do does not keep another waiting, and gets its share.
func TestTurns(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		insert := func(m tenant.ID, n int) {
			for i := range n {
				v, err := vorgang.New(dienst, h.uhr.Now(), vorgang.Params{Mandant: m, Nummer: fmt.Sprint(m, i), Leistung: "99063005001000", Einheit: "x"}, h.Kontext())
				require.NoError(t, err)
				_, err = v.Write(dienst, h.uhr.Now(), "b", "t")
				require.NoError(t, err)
				require.NoError(t, h.Insert(t.Context(), m, v))
			}
		}
		insert("gross", 200)
		h.uhr.Add(time.Minute)
		insert("klein", 3)
		insert("mittel", 20)
		var order []tenant.ID
		r := relay.New(h.Store, map[vorgang.AuftragArt]relay.Handler{vorgang.NachrichtSenden: relay.HandlerFunc(
			func(_ context.Context, a vorgang.Auftrag, _ *vorgang.Vorgang) (relay.Bericht, error) {
				order = append(order, a.Mandant)
				return nil, nil
			})}, &relay.Options{Now: h.uhr.Now, Arbeiter: 1})
		h.drain(r)
		require.Len(t, order, 223)
		seen := map[tenant.ID]int{}
		for i, m := range order {
			if seen[m]++; m == "klein" && seen[m] == 3 {
				require.Less(t, i, 20, "nobody waits for more than two rounds a piece")
			}
			if i == 99 {
				require.GreaterOrEqual(t, seen["gross"], 50)
				require.GreaterOrEqual(t, seen["mittel"], 15)
			}
		}
	})
}

// What is at work when the relay is to end goes on; what does not end in time is given back.
func TestGraceful(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		kurz, lang := h.vorgang("kurz"), h.vorgang("lang")
		h.order(kurz, "kurz")
		h.order(lang, "lang")
		begun, weiter := make(chan struct{}, 2), make(chan struct{})
		r := relay.New(h.Store, map[vorgang.AuftragArt]relay.Handler{vorgang.NachrichtSenden: relay.HandlerFunc(
			func(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
				begun <- struct{}{}
				if betreff(a, v) == "kurz" {
					<-weiter
					return func(v *vorgang.Vorgang) error { _, err := v.Note(dienst, h.uhr.Now(), "done"); return err }, ctx.Err()
				}
				<-ctx.Done()
				return nil, ctx.Err()
			})}, &relay.Options{Now: h.uhr.Now, Ausklang: 200 * time.Millisecond})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		<-begun
		<-begun
		cancel()
		close(weiter)
		require.NoError(t, <-ended)
		require.Equal(t, "e", h.zustaende(kurz))
		a := h.auftraege(lang)[0]
		require.Equal(t, storage.AuftragOffen, a.Zustand)
		require.Zero(t, a.Versuch, "it counts as no try")
		require.True(t, a.LeaseBis.IsZero(), "and nobody waits for its lease")
		v, err := h.Get(t.Context(), kiel, kurz)
		require.NoError(t, err)
		require.Len(t, v.Stand().Notizen, 1)
	})
}

func TestRegelnAreComplete(t *testing.T) {
	t.Parallel()
	for art, r := range relay.Regeln() {
		require.Positive(t, r.MaxVersuche, art)
		require.NotNil(t, r.Pause, art)
		var tries time.Duration
		for n := range r.MaxVersuche {
			tries += r.Pause(n + 1)
		}
		if art != vorgang.ZahlungStarten {
			require.Greater(t, tries, 48*time.Hour, "%s: a weekend", art)
		}
	}
}
