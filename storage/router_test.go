package storage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/storagetest"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// zwei are two databases with a plan beside them.
type zwei struct {
	a, b *memory.DB
	plan storage.Plan
	// wrap stands between Router and backends.
	wrap func(name string, b driver.Backend) driver.Backend
}

func neueZwei() *zwei {
	return &zwei{a: memory.New(&memory.Options{BusyTimeout: 500 * time.Millisecond}), b: memory.New(&memory.Options{BusyTimeout: 500 * time.Millisecond}),
		plan: storage.KonfigPlan(memory.Open(nil), "betreiber")}
}

func (z *zwei) router(t testing.TB) *storage.Router {
	backends := map[string]driver.Backend{"a": z.a.Backend(), "b": z.b.Backend()}
	for name, b := range backends {
		if z.wrap != nil {
			backends[name] = z.wrap(name, b)
		}
	}
	r, err := storage.NewRouter(backends, z.plan, &storage.RouterOptions{Sonst: "a", Gueltig: time.Millisecond})
	require.NoError(t, err)
	return r
}

// The whole suite again through a Router, with the two Mandanten on two backends.
func TestRouterConformance(t *testing.T) {
	storagetest.Run(t, storagetest.Options{New: func(t testing.TB) storagetest.Handle {
		z := neueZwei()
		require.NoError(t, z.plan.SetPlatz(context.Background(), "luebeck", storage.Platz{Store: "b"}))
		return storagetest.Handle{Open: func(context.Context) (driver.Backend, error) { return z.router(t), nil }}
	}})
}

func TestRouterRefuses(t *testing.T) {
	z := neueZwei()
	for _, backends := range []map[string]driver.Backend{nil, {"A": z.a.Backend()}, {"": z.a.Backend()}, {"a=b": z.a.Backend()}, {"viel-zu-langer-name": z.a.Backend()}} {
		_, err := storage.NewRouter(backends, z.plan, nil)
		require.ErrorIs(t, err, storage.ErrInvalid)
	}
	_, err := storage.NewRouter(map[string]driver.Backend{"a": z.a.Backend()}, z.plan, &storage.RouterOptions{Sonst: "b"})
	require.ErrorIs(t, err, storage.ErrInvalid)
	r, err := storage.NewRouter(map[string]driver.Backend{"a": z.a.Backend()}, z.plan, nil)
	require.NoError(t, err)
	_, err = storage.New(r, nil).Count(t.Context(), "unbekannt", storage.Filter{})
	require.ErrorIs(t, err, storage.ErrNotFound, "a Mandant without a place")
	_, err = r.Move(t.Context(), "kiel", "z", nil)
	require.Error(t, err)
}

var kim = tenant.Akteur{ID: "kim", Name: "Kim", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung}}

// bestand stores something of every kind for Kiel, and a neighbour in Lübeck.
func bestand(t testing.TB, s *storage.Store, vorgaenge int) (ids []uuid.UUID) {
	t.Helper()
	ctx := context.Background()
	for range vorgaenge {
		v, err := neu(ctx, s, "bauamt")
		require.NoError(t, err)
		_, err = s.Edit(ctx, "kiel", v.ID(), func(v *vorgang.Vorgang) error {
			if _, err := v.Write(kim, morgens, "Betreff", "Text"); err != nil {
				return err
			}
			_, err := v.Invite(kim, morgens, vorgang.Einladung{Mandant: "luebeck", Recht: vorgang.RechtLesen, Grund: "x"})
			return err
		})
		require.NoError(t, err)
		ids = append(ids, v.ID())
	}
	_, _, err := s.Claim(ctx, "kiel", storage.ClaimParams{Akteur: kim, Dauer: time.Hour})
	require.NoError(t, err)
	_, err = s.LeaseAuftraege(ctx, storage.LeaseParams{Limit: 1})
	require.NoError(t, err)
	_, err = s.Once(ctx, "kiel", "einmal", time.Hour, nil, func(context.Context, *storage.Tx) (any, error) { return 1, nil })
	require.NoError(t, err)
	require.NoError(t, s.Update(ctx, "kiel", func(ctx context.Context, tx *storage.Tx) error {
		if err := tx.InsertEingang(ctx, &storage.Eingang{ID: uuid.New(), Schluessel: "e", Eingegangen: morgens, Daten: []byte("d")}); err != nil {
			return err
		}
		if _, err := tx.PutEintrag(ctx, messaging.Eintrag{ID: uuid.New(), Postfach: "p", Zeit: morgens}); err != nil {
			return err
		}
		return tx.SetAufbewahrung(ctx, storage.Aufbewahrung{Vorgang: ids[0], Bis: datum.MustParse("2036-01-01"), Grund: []byte(`{"r":1}`)})
	}))
	require.NoError(t, s.PutKonfig(ctx, "kiel", "a", "b", 0, "wert"))
	l, err := vorgang.New(tenant.System("test"), morgens, vorgang.Params{Mandant: "luebeck", Nummer: "L-1", Leistung: "99063005001000", Einheit: "x"}, s.Kontext())
	require.NoError(t, err)
	require.NoError(t, s.Insert(ctx, "luebeck", l))
	return ids
}

// abbild reads everything a Mandant can see, as text.
func abbild(t testing.TB, b driver.Backend, s *storage.Store, mandant tenant.ID) string {
	t.Helper()
	ctx := context.Background()
	out := ""
	for v, err := range s.Vorgaenge(ctx, mandant, storage.PageParams{}) {
		require.NoError(t, err)
		require.NoError(t, s.VerifyJournal(ctx, mandant, v.ID()))
		stand, err := v.MarshalStand()
		require.NoError(t, err)
		out += fmt.Sprintln(v.Version(), string(stand))
	}
	require.NoError(t, b.View(ctx, mandant, func(ctx context.Context, tx driver.Tx) error {
		rows, err := tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{Limit: 1000, Kurz: true})
		require.NoError(t, err)
		for _, r := range rows {
			out += fmt.Sprintln(r.ID, r.LeaseToken, r.LeaseBis, r.Antragsteller)
		}
		jobs, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{Limit: 1000})
		require.NoError(t, err)
		letters, err := tx.ListEintraege(ctx, driver.ListEintraegeParams{Limit: 1000})
		require.NoError(t, err)
		deliveries, err := tx.ListEingaenge(ctx, driver.ListEingaengeParams{Limit: 1000})
		require.NoError(t, err)
		konfig, err := tx.ListKonfig(ctx, driver.ListKonfigParams{})
		require.NoError(t, err)
		counters, err := tx.ListZaehler(ctx)
		require.NoError(t, err)
		keys, err := tx.ListSchluessel(ctx, driver.ListSchluesselParams{Limit: 1000})
		require.NoError(t, err)
		kept, err := tx.ListAufbewahrung(ctx, driver.ListAufbewahrungParams{Limit: 1000})
		require.NoError(t, err)
		for _, j := range jobs {
			out += fmt.Sprintln(j.ID, j.Zustand, j.Versuch, j.LeaseToken, j.Faellig)
		}
		out += fmt.Sprintln(letters, deliveries, konfig, counters, keys, kept)
		return nil
	}))
	hits, err := s.Search(ctx, mandant, storage.SearchParams{Text: "2026"})
	require.NoError(t, err)
	return out + fmt.Sprintln(len(hits.Zeilen))
}

func TestMoveLosesNothing(t *testing.T) {
	ctx := t.Context()
	z := neueZwei()
	r := z.router(t)
	s := storage.New(r, &storage.Options{Now: func() time.Time { return morgens }})
	defer s.Close()
	ids := bestand(t, s, 5)
	vorher := abbild(t, r, s, "kiel")
	cursor := ""
	var calls int
	report, err := r.Move(ctx, "kiel", "b", &storage.MoveOptions{Fortschritt: func(storage.MoveBericht) { calls++ }})
	require.NoError(t, err)
	require.Positive(t, calls)
	require.Equal(t, report.Kopiert, report.Verglichen)
	where, err := r.Platz(ctx, "kiel")
	require.NoError(t, err)
	require.Equal(t, "b", where)
	require.Equal(t, vorher, abbild(t, r, s, "kiel"))

	// Whoever still asks the old place directly is sent away.
	alt := storage.New(z.a.Backend(), nil)
	_, err = alt.Get(ctx, "kiel", ids[0])
	require.ErrorIs(t, err, driver.ErrUmgezogen)
	_, err = alt.Count(ctx, "luebeck", storage.Filter{})
	require.NoError(t, err, "the neighbour stays")

	// Everything goes on: edits, guests, feed, Auftraege.
	_, err = s.Edit(ctx, "kiel", ids[1], func(v *vorgang.Vorgang) error { _, err := v.Note(kim, morgens, "weiter"); return err })
	require.NoError(t, err)
	_, err = s.Get(ctx, "luebeck", ids[1])
	require.NoError(t, err, "the guest finds it at the new place")
	n := 0
	for g, err := range s.Geteilte(ctx, "luebeck") {
		require.NoError(t, err)
		require.Equal(t, tenant.ID("kiel"), g.Mandant)
		n++
	}
	require.Equal(t, len(ids), n, "each share once, though the old place still has its rows")
	seen := map[string]bool{}
	for {
		page, err := s.Aenderungen(ctx, "kiel", cursor, 3)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, a := range page {
			seen[fmt.Sprint(a.Vorgang, a.Version)], cursor = true, a.Cursor
		}
	}
	for _, id := range ids {
		v, err := s.Get(ctx, "kiel", id)
		require.NoError(t, err)
		for version := range v.Version() {
			require.True(t, seen[fmt.Sprint(id, version+1)], "%s version %d is in the feed", id, version+1)
		}
	}

	// Moving to where it lies is done already; what is left behind can go; and back.
	_, err = r.Move(ctx, "kiel", "b", nil)
	require.NoError(t, err)
	require.ErrorIs(t, r.RemoveMoved(ctx, "kiel", "b"), storage.ErrConflict)
	require.NoError(t, r.RemoveMoved(ctx, "kiel", "a"))
	vorher = abbild(t, r, s, "kiel")
	_, err = r.Move(ctx, "kiel", "a", nil)
	require.NoError(t, err)
	require.Equal(t, vorher, abbild(t, r, s, "kiel"))
	_, err = r.Move(ctx, "kiel", "b", nil)
	require.NoError(t, err, "over a copy that was left there")
	require.Equal(t, vorher, abbild(t, r, s, "kiel"))
}

var errCut = errors.New("cut off")

// abgeschnitten fails every call from the n-th on, as if the process had died.
type abgeschnitten struct {
	driver.Backend
	left *atomic.Int64
}

func (c abgeschnitten) dead() bool { return c.left.Add(-1) < 0 }

func (c abgeschnitten) Update(ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error {
	if c.dead() {
		return errCut
	}
	return c.Backend.Update(ctx, m, f)
}

func (c abgeschnitten) View(ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error {
	if c.dead() {
		return errCut
	}
	return c.Backend.View(ctx, m, f)
}

func (c abgeschnitten) SetSperre(ctx context.Context, m tenant.ID, s driver.Sperre) error {
	if c.dead() {
		return errCut
	}
	return c.Backend.SetSperre(ctx, m, s)
}

func (c abgeschnitten) Entfernen(ctx context.Context, m tenant.ID) error {
	if c.dead() {
		return errCut
	}
	return c.Backend.Entfernen(ctx, m)
}

type abgeschnittenerPlan struct {
	storage.Plan
	left *atomic.Int64
}

func (p abgeschnittenerPlan) SetPlatz(ctx context.Context, m tenant.ID, pl storage.Platz) error {
	if p.left.Add(-1) < 0 {
		return errCut
	}
	return p.Plan.SetPlatz(ctx, m, pl)
}

// A move is cut off at every single step; called again it finishes, and nothing is
// lost, doubled or left shut. Or it is aborted, and everything is as before.
func TestMoveIsRestartable(t *testing.T) {
	ctx := t.Context()
	for n := int64(0); ; n++ {
		for _, abort := range []bool{false, true} {
			z := neueZwei()
			healthy := z.router(t)
			s := storage.New(healthy, &storage.Options{Now: func() time.Time { return morgens }})
			ids := bestand(t, s, 3)
			vorher := abbild(t, healthy, s, "kiel")
			left := new(atomic.Int64)
			left.Store(n)
			cut := *z
			cut.wrap = func(_ string, b driver.Backend) driver.Backend { return abgeschnitten{b, left} }
			cut.plan = abgeschnittenerPlan{z.plan, left}
			_, err := cut.router(t).Move(ctx, "kiel", "b", nil)
			if err == nil {
				require.Greater(t, n, int64(10))
				return
			}
			require.ErrorIs(t, err, errCut)
			time.Sleep(2 * time.Millisecond) // the places are remembered that long
			if abort {
				err := healthy.AbortMove(ctx, "kiel")
				if errors.Is(err, storage.ErrNotFound) { // not begun, or arrived
					_, err = healthy.Move(ctx, "kiel", "b", nil)
				}
				require.NoError(t, err, "step %d", n)
			} else {
				_, err = healthy.Move(ctx, "kiel", "b", nil)
				require.NoError(t, err, "step %d", n)
			}
			require.Equal(t, vorher, abbild(t, healthy, s, "kiel"), "step %d, abort %v", n, abort)
			_, err = s.Edit(ctx, "kiel", ids[0], func(v *vorgang.Vorgang) error { _, err := v.Note(kim, morgens, "x"); return err })
			require.NoError(t, err, "step %d, abort %v", n, abort)
			require.NoError(t, s.Close())
		}
	}
}

// Writers go on while the Mandant moves; what was acknowledged is there afterwards.
func TestMoveUnderLoad(t *testing.T) {
	ctx := t.Context()
	z := neueZwei()
	r, other := z.router(t), z.router(t) // two processes
	s, o := storage.New(r, nil), storage.New(other, nil)
	defer s.Close()
	defer o.Close()
	ids := bestand(t, s, 4)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	acked := make([]atomic.Int64, len(ids))
	for i, id := range ids {
		from := []*storage.Store{s, o}[i%2]
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				v, err := from.Edit(ctx, "kiel", id, func(v *vorgang.Vorgang) error { _, err := v.Note(kim, time.Now(), "x"); return err })
				switch {
				case err == nil:
					acked[i].Store(v.Version())
				case !errors.Is(err, storage.ErrUnavailable):
					t.Errorf("edit: %v", err)
					return
				}
			}
		})
	}
	for _, ziel := range []string{"b", "a", "b"} {
		time.Sleep(5 * time.Millisecond)
		_, err := r.Move(ctx, "kiel", ziel, nil)
		require.NoError(t, err)
	}
	time.Sleep(5 * time.Millisecond)
	close(stop)
	wg.Wait()
	for i, id := range ids {
		v, err := s.Get(ctx, "kiel", id)
		require.NoError(t, err)
		require.Equal(t, acked[i].Load(), v.Version())
		require.NoError(t, s.VerifyJournal(ctx, "kiel", id))
	}
}

func TestMoveRefuses(t *testing.T) {
	ctx := t.Context()
	z := neueZwei()
	r := z.router(t)
	s := storage.New(r, &storage.Options{Now: func() time.Time { return morgens }})
	defer s.Close()
	bestand(t, s, 1)
	// The target holds rows nobody moved there.
	foreign := storage.New(z.b.Backend(), nil)
	require.NoError(t, foreign.PutKonfig(ctx, "kiel", "a", "fremd", 0, 1))
	_, err := r.Move(ctx, "kiel", "b", nil)
	require.ErrorIs(t, err, storage.ErrExists)
	require.ErrorIs(t, r.AbortMove(ctx, "kiel"), storage.ErrNotFound)
	_, err = s.GetKonfig(ctx, "kiel", "a", "b", new(string))
	require.NoError(t, err, "it stays where it is, and open")
	require.NoError(t, s.PutKonfig(ctx, "kiel", "a", "offen", 0, 1))
}

// A copy that differs is found and not switched to.
func TestMoveComparesEveryRow(t *testing.T) {
	ctx := t.Context()
	z := neueZwei()
	r := z.router(t)
	s := storage.New(r, &storage.Options{Now: func() time.Time { return morgens }})
	defer s.Close()
	bestand(t, s, 2)
	for name, damage := range map[string]func(*driver.ImportParams){
		"journal":    func(p *driver.ImportParams) { p.Journal[0].Code = "falsch" },
		"vorgang":    func(p *driver.ImportParams) { p.Vorgaenge[0].Row.Einheit = "falsch" },
		"auftrag":    func(p *driver.ImportParams) { p.Auftraege = p.Auftraege[1:] },
		"konfig":     func(p *driver.ImportParams) { p.Konfig[0].Daten = []byte("0") },
		"schluessel": func(p *driver.ImportParams) { p.Schluessel = nil },
		"letter":     func(p *driver.ImportParams) { p.Eintraege = nil },
		"counter":    func(p *driver.ImportParams) { p.Zaehler[0].Wert++ },
		"retention":  func(p *driver.ImportParams) { p.Aufbewahrung[0].Halt = true },
		"feed":       func(p *driver.ImportParams) { p.Aenderungen = p.Aenderungen[1:] },
	} {
		bad := *z
		bad.wrap = func(_ string, b driver.Backend) driver.Backend { return verdirbt{b, damage} }
		_, err := bad.router(t).Move(ctx, "kiel", "b", nil)
		require.ErrorIs(t, err, storage.ErrInvalid, name)
		time.Sleep(2 * time.Millisecond)
		require.NoError(t, r.AbortMove(ctx, "kiel"), name)
	}
	_, err := r.Move(ctx, "kiel", "b", nil)
	require.NoError(t, err)
}

type verdirbt struct {
	driver.Backend
	damage func(*driver.ImportParams)
}

type verdirbtTx struct {
	driver.Tx
	damage func(*driver.ImportParams)
}

func (v verdirbt) Update(ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error {
	return v.Backend.Update(ctx, m, func(ctx context.Context, tx driver.Tx) error { return f(ctx, verdirbtTx{tx, v.damage}) })
}

func (v verdirbtTx) Import(ctx context.Context, p driver.ImportParams) (int64, error) {
	v.damage(&p)
	return v.Tx.Import(ctx, p)
}

// Two calls at once, in two processes: one of them brings it about, and the Mandant
// is open where it lies.
func TestTwoMovesAtOnce(t *testing.T) {
	ctx := t.Context()
	for range 20 {
		z := neueZwei()
		r, other := z.router(t), z.router(t)
		s := storage.New(r, &storage.Options{Now: func() time.Time { return morgens }})
		ids := bestand(t, s, 2)
		vorher := abbild(t, r, s, "kiel")
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i, from := range []*storage.Router{r, other} {
			wg.Go(func() { _, errs[i] = from.Move(ctx, "kiel", "b", nil) })
		}
		wg.Wait()
		time.Sleep(2 * time.Millisecond)
		_, err := r.Move(ctx, "kiel", "b", nil)
		require.NoError(t, err, "%v", errs)
		require.Equal(t, vorher, abbild(t, r, s, "kiel"))
		_, err = s.Edit(ctx, "kiel", ids[0], func(v *vorgang.Vorgang) error { _, err := v.Note(kim, morgens, "x"); return err })
		require.NoError(t, err)
		sperre, err := z.b.Backend().GetSperre(ctx, "kiel")
		require.NoError(t, err)
		require.Equal(t, driver.SperreKeine, sperre)
	}
}

type fehlenderPlan struct {
	storage.Plan
	weg atomic.Bool
}

func (p *fehlenderPlan) Platz(ctx context.Context, m tenant.ID) (storage.Platz, error) {
	if p.weg.Load() {
		return storage.Platz{}, storage.ErrUnavailable
	}
	return p.Plan.Platz(ctx, m)
}

// A plan that cannot be read does not stop the work where it is known.
func TestRouterWorksWithoutItsPlan(t *testing.T) {
	z := neueZwei()
	plan := &fehlenderPlan{Plan: z.plan}
	z.plan = plan
	s := storage.New(z.router(t), nil)
	_, err := s.Count(t.Context(), "kiel", storage.Filter{})
	require.NoError(t, err)
	plan.weg.Store(true)
	time.Sleep(2 * time.Millisecond)
	_, err = s.Count(t.Context(), "kiel", storage.Filter{})
	require.NoError(t, err)
	_, err = s.Count(t.Context(), "luebeck", storage.Filter{})
	require.ErrorIs(t, err, storage.ErrUnavailable)
}
