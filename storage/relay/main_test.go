package relay_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestMain(m *testing.M) {
	if settings := os.Getenv(kindEnv); settings != "" {
		if err := kind(settings); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	testenv.Main(m, pgtest.Stop)
}

const kiel tenant.ID = "kiel"

var (
	dienst = tenant.System("test")
	beginn = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
)

// uhr is a clock that stands still until it is moved.
type uhr struct {
	mu sync.Mutex
	t  time.Time
}

func (u *uhr) Now() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.t
}

func (u *uhr) Add(d time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.t = u.t.Add(d)
}

// haus is a store under a clock.
type haus struct {
	testing.TB
	*storage.Store
	uhr *uhr
}

// both runs the test on the memory and the sqlite backend.
func both(t *testing.T, f func(t *testing.T, h *haus)) {
	t.Run("memory", func(t *testing.T) {
		u := &uhr{t: beginn}
		s := memory.Open(&storage.Options{Now: u.Now})
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		f(t, &haus{t, s, u})
	})
	t.Run("sqlite", func(t *testing.T) {
		u := &uhr{t: beginn}
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), &sqlite.Options{Synchronous: "NORMAL", Store: &storage.Options{Now: u.Now}})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		f(t, &haus{t, s, u})
	})
}

// vorgang makes one without Auftraege.
func (h *haus) vorgang(nummer string) uuid.UUID {
	v, err := vorgang.New(dienst, h.uhr.Now(), vorgang.Params{
		Mandant: kiel, Nummer: nummer, Leistung: "99063005001000", LeistungName: "Probe", Einheit: "gruen",
	}, h.Kontext())
	require.NoError(h, err)
	require.NoError(h, h.Insert(context.Background(), kiel, v))
	return v.ID()
}

// order lets the Vorgang order the delivery of letters with these subjects, each
// in a change of its own.
func (h *haus) order(id uuid.UUID, betreffe ...string) {
	for _, b := range betreffe {
		_, err := h.Edit(context.Background(), kiel, id, func(v *vorgang.Vorgang) error {
			_, err := v.Write(dienst, h.uhr.Now(), b, "Text")
			return err
		})
		require.NoError(h, err)
	}
}

func (h *haus) auftraege(id uuid.UUID) []storage.Auftrag {
	var out []storage.Auftrag
	require.NoError(h, h.View(context.Background(), kiel, func(ctx context.Context, tx *storage.Tx) error {
		out = nil
		for a, err := range tx.Auftraege(ctx, id) {
			if err != nil {
				return err
			}
			out = append(out, a)
		}
		return nil
	}))
	return out
}

func (h *haus) zustaende(id uuid.UUID) string {
	s := ""
	for _, a := range h.auftraege(id) {
		s += string(a.Zustand)[:1] // o, e, g
	}
	return s
}

func (h *haus) codes(id uuid.UUID) []string {
	var out []string
	for e, err := range h.Journal(context.Background(), kiel, id) {
		require.NoError(h, err)
		out = append(out, string(e.Code))
	}
	return out
}

func (h *haus) notizen(id uuid.UUID) []string {
	v, err := h.Get(context.Background(), kiel, id)
	require.NoError(h, err)
	var out []string
	for _, n := range v.Stand().Notizen {
		out = append(out, n.Text)
	}
	return out
}

func (h *haus) relay(f relay.HandlerFunc, o relay.Options) *relay.Relay {
	o.Now = h.uhr.Now
	return relay.New(h.Store, map[vorgang.AuftragArt]relay.Handler{vorgang.NachrichtSenden: f}, &o)
}

func (h *haus) drain(r *relay.Relay) int {
	n, err := r.Drain(context.Background())
	require.NoError(h, err)
	return n
}

// betreff is the subject of the letter the Auftrag is about.
func betreff(a vorgang.Auftrag, v *vorgang.Vorgang) string {
	var d vorgang.NachrichtDaten
	if err := a.Decode(&d); err != nil {
		return err.Error()
	}
	i := slices.IndexFunc(v.Stand().Nachrichten, func(s vorgang.Schriftstueck) bool { return s.Nachricht.ID == d.Nachricht })
	if i < 0 {
		return "?"
	}
	return v.Stand().Nachrichten[i].Nachricht.Betreff
}

// melden reports with a note, which unlike a Quittung shows a second report.
func (h *haus) melden(text string) relay.Bericht {
	return func(v *vorgang.Vorgang) error {
		_, err := v.Note(dienst, h.uhr.Now(), text)
		return err
	}
}

var errWeg = errors.New("the target does not answer")

func bescheidQuittung(id uuid.UUID, t time.Time) messaging.Quittung {
	return messaging.Quittung{Sendung: id, Kanal: "probe", Zustand: messaging.Bereitgestellt, Zeit: t}
}

func names(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%02d", prefix, i)
	}
	return out
}
