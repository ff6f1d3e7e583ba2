package relay_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func failing(err error) relay.HandlerFunc {
	return func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) { return nil, err }
}

func TestRetryWithGrowingPause(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		h.order(id, "a")
		r := h.relay(failing(errWeg), relay.Options{MaxVersuche: 100})
		for n := 1; n <= 20; n++ {
			require.Equal(t, 1, h.drain(r), "try %d", n)
			a := h.auftraege(id)[0]
			require.Equal(t, n, a.Versuch)
			full := min(time.Second<<min(n-1, 12), time.Hour)
			wait := a.Faellig.Sub(h.uhr.Now())
			require.GreaterOrEqual(t, wait, full/2-time.Microsecond, "try %d", n)
			require.LessOrEqual(t, wait, full, "try %d", n)
			h.uhr.Add(wait - time.Microsecond)
			require.Zero(t, h.drain(r), "not before the pause is over")
			h.uhr.Add(time.Microsecond)
		}
	})
}

type busy struct{ d time.Duration }

func (busy) Error() string               { return "busy" }
func (b busy) RetryAfter() time.Duration { return b.d }

func TestRetryAfter(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		for name, c := range map[string]struct{ named, want time.Duration }{
			"honoured": {90 * time.Second, 90 * time.Second},
			"bounded":  {1000 * time.Hour, 24 * time.Hour},
			"nothing":  {0, time.Second},
			"negative": {-time.Hour, time.Second},
		} {
			id := h.vorgang(name)
			h.order(id, "a")
			r := h.relay(failing(fmt.Errorf("wrapped: %w", busy{c.named})), relay.Options{Pause: func(int) time.Duration { return time.Second }})
			h.drain(r)
			require.Equal(t, c.want, h.auftraege(id)[0].Faellig.Sub(h.uhr.Now()), name)
		}
	})
}

func TestParking(t *testing.T) {
	hopeless := map[string]error{
		"invalid":     fehler.New("x.Deliver", "", fehler.ErrInvalid, nil),
		"probleme":    fehler.Probleme{{Code: "messaging.kein-kanal", Meldung: "no way"}},
		"forbidden":   fmt.Errorf("x: %w", fehler.ErrForbidden),
		"unsupported": fehler.ErrUnsupported,
	}
	both(t, func(t *testing.T, h *haus) {
		for name, cause := range hopeless {
			id, other := h.vorgang(name), h.vorgang(name+"-anderer")
			h.order(id, "schlecht", "wartet")
			h.order(other, "gut", "auch gut")
			var done []string
			r := h.relay(func(_ context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
				if b := betreff(a, v); b != "schlecht" {
					done = append(done, b)
					return nil, nil
				}
				return nil, cause
			}, relay.Options{Arbeiter: 1})
			h.drain(r)
			require.Equal(t, "go", h.zustaende(id), "%s: parked at once, the later one waits", name)
			require.Equal(t, "ee", h.zustaende(other), "%s: other Vorgaenge go on", name)
			require.Equal(t, []string{"gut", "auch gut"}, done)
			require.Equal(t, "auftrag.geparkt", h.codes(id)[len(h.codes(id))-1])
			require.NoError(t, h.VerifyJournal(t.Context(), kiel, id))
			e := h.lastEvent(id)
			require.Equal(t, &vorgang.Fehlgeschlagen{Auftrag: h.auftraege(id)[0].ID, Art: vorgang.NachrichtSenden, Grund: cause.Error()}, e)
			h.uhr.Add(1000 * time.Hour)
			require.Zero(t, h.drain(r), "parked for good")
		}
	})
}

func (h *haus) lastEvent(id uuid.UUID) any {
	var d any
	for e, err := range h.Journal(context.Background(), kiel, id) {
		require.NoError(h, err)
		d, err = e.Data()
		require.NoError(h, err)
	}
	return d
}

func TestParkedAfterMaxVersucheAndRequeued(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		h.order(id, "a", "b")
		err, tries := errWeg, 0
		r := h.relay(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
			tries++
			return nil, err
		}, relay.Options{MaxVersuche: 3, Pause: func(int) time.Duration { return time.Second }})
		for range 10 {
			h.drain(r)
			h.uhr.Add(time.Second)
		}
		require.Equal(t, 3, tries)
		require.Equal(t, "go", h.zustaende(id))
		require.Equal(t, 1, strings.Count(strings.Join(h.codes(id), " "), "auftrag.geparkt"))

		err = nil
		require.NoError(t, h.Update(t.Context(), kiel, func(ctx context.Context, tx *storage.Tx) error {
			return tx.RequeueAuftrag(ctx, h.first(ctx, tx, id))
		}))
		require.Equal(t, 2, h.drain(r), "it and the one that waited")
		require.Equal(t, "ee", h.zustaende(id))
	})
}

func (h *haus) first(ctx context.Context, tx *storage.Tx, id uuid.UUID) uuid.UUID {
	for a, err := range tx.Auftraege(ctx, id, storage.AuftragGeparkt) {
		require.NoError(h, err)
		return a.ID
	}
	require.FailNow(h, "nothing is parked")
	return uuid.Nil
}

func TestPanics(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		for name, f := range map[string]relay.HandlerFunc{
			"handler": func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
				panic("Familie Muster")
			},
			"report": func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
				return func(v *vorgang.Vorgang) error {
					if err := h.melden("halb")(v); err != nil {
						return err
					}
					panic("Familie Muster")
				}, nil
			},
		} {
			id := h.vorgang(name)
			h.order(id, "a")
			h.drain(h.relay(f, relay.Options{}))
			a := h.auftraege(id)[0]
			require.Equal(t, storage.AuftragOffen, a.Zustand)
			require.Equal(t, "relay: "+name+" of nachricht.senden panicked", a.LetzterFehler, "without the value of the panic")
			require.Empty(t, h.notizen(id))
		}
	})
}

// A try that kills the process each time never reaches the end of perform.
func TestEndlessCrashesAreParked(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		id := h.vorgang("1")
		h.order(id, "a")
		tries := 0
		for range 6 {
			r := h.relay(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) {
				tries++
				runtime.Goexit() // the worker is gone, as after a crash
				return nil, nil
			}, relay.Options{MaxVersuche: 4, Lease: time.Minute})
			_, _ = r.Drain(t.Context())
			h.uhr.Add(time.Minute)
		}
		require.Equal(t, 4, tries)
		require.Equal(t, "g", h.zustaende(id))
		require.Contains(t, h.codes(id), "auftrag.geparkt")
	})
}

// A Vorgang that takes no reports any more must not keep its Auftrag for ever.
func TestParkedWithoutEntryIfTheVorgangRefuses(t *testing.T) {
	for name, spoil := range map[string]func(string) string{
		"deleted":    func(s string) string { return strings.Replace(s, `"status":"neu"`, `"status":"geloescht"`, 1) },
		"unreadable": func(s string) string { return `{"schema":"?"}` },
	} {
		t.Run(name, func(t *testing.T) {
			u := &uhr{t: beginn}
			db := memory.New(nil)
			h := &haus{t, storage.New(db.Backend(), &storage.Options{Now: u.Now}), u}
			defer h.Close()
			id := h.vorgang("1")
			h.order(id, "a")
			require.NoError(t, db.Backend().Update(t.Context(), kiel, func(ctx context.Context, tx driver.Tx) error {
				row, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: id, Lock: true})
				if err != nil {
					return err
				}
				was := string(row.Daten)
				row.Daten = []byte(spoil(was))
				require.NotEqual(t, was, string(row.Daten))
				next := row
				next.Version++
				return tx.SaveVorgang(ctx, driver.SaveVorgangParams{Row: next, ExpectedVersion: row.Version})
			}))
			var log bytes.Buffer
			r := h.relay(failing(fehler.ErrUnsupported), relay.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			h.drain(r)
			require.Equal(t, "g", h.zustaende(id))
			require.NotContains(t, h.codes(id), "auftrag.geparkt")
			require.Contains(t, log.String(), "takes no entry")
		})
	}
}

func TestReasonIsBounded(t *testing.T) {
	both(t, func(t *testing.T, h *haus) {
		for i, text := range []string{strings.Repeat("ä", 400), "a\x00b\xff", strings.Repeat("a", 499) + "ä"} {
			id := h.vorgang(fmt.Sprint(i))
			h.order(id, "a")
			h.drain(h.relay(failing(fmt.Errorf("%s: %w", text, fehler.ErrInvalid)), relay.Options{}))
			a := h.auftraege(id)[0]
			require.Equal(t, storage.AuftragGeparkt, a.Zustand)
			require.LessOrEqual(t, len(a.LetzterFehler), 500)
			require.True(t, utf8.ValidString(a.LetzterFehler))
			require.NotContains(t, a.LetzterFehler, "\x00")
		}
	})
}
