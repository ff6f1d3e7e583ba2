package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Platz says where a Mandant lies.
type Platz struct {
	// Store is the name of the backend that holds it.
	Store string `json:"store"`
	// Nach is the backend it is being moved to; empty while it stays.
	Nach string `json:"nach,omitempty"`
	// Version counts saves; zero means that the plan says nothing about it.
	Version int64 `json:"-"`
}

// Plan remembers where Mandanten lie. All processes of an installation share one.
// [KonfigPlan] keeps it in a store; who has another directory implements it.
type Plan interface {
	// Platz gives the place; one with Version zero if the plan has none.
	Platz(ctx context.Context, mandant tenant.ID) (Platz, error)
	// SetPlatz stores the place durably as Version+1 if p.Version is the stored
	// one, otherwise ErrConflict or ErrExists.
	SetPlatz(ctx context.Context, mandant tenant.ID, p Platz) error
}

// RouterOptions of a Router. Nil means defaults.
type RouterOptions struct {
	// Sonst is the backend of Mandanten the plan says nothing about. Without it
	// they are ErrNotFound.
	Sonst string
	// Gueltig is how long a place is taken as known without asking the plan;
	// default 1 second. What is written is never written to the wrong backend,
	// however long it is; a read may see the state before the move that long, and as
	// long as the plan cannot be read.
	Gueltig time.Duration
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Router is a [driver.Backend] of several: it places Mandanten on them and moves
// them, see [Router.Move]. Make a store of it with [New]. It is safe for concurrent use.
//
// A guest reaches a shared Vorgang wherever its owner lies, and the feed of a
// Mandant joins those of all backends; one that cannot be reached makes these two fail.
type Router struct {
	backends map[string]driver.Backend
	namen    []string
	plan     Plan
	o        RouterOptions
	turn     atomic.Uint64

	mu      sync.Mutex
	bekannt map[tenant.ID]bekannt // GUARDED_BY(mu)
}

type bekannt struct {
	platz Platz
	bis   time.Time
}

var (
	_ driver.Backend = (*Router)(nil)
	_ driver.Wecker  = (*Router)(nil)
	_ driver.Leser   = (*Router)(nil)
)

// NewRouter makes a Router, which owns the backends from then on. Names are 1 to
// 16 lower-case letters, digits or hyphens; they stand in the plan and in cursors,
// so they never change.
func NewRouter(backends map[string]driver.Backend, plan Plan, o *RouterOptions) (*Router, error) {
	r := &Router{backends: maps.Clone(backends), plan: plan, bekannt: map[tenant.ID]bekannt{}}
	if o != nil {
		r.o = *o
	}
	if r.o.Gueltig <= 0 {
		r.o.Gueltig = time.Second
	}
	if r.o.Now == nil {
		r.o.Now = time.Now
	}
	r.namen = slices.Sorted(maps.Keys(backends))
	for _, name := range r.namen {
		if len(name) == 0 || len(name) > 16 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return nil, fehler.New("storage.NewRouter", name, ErrInvalid, errors.New("not a name of a backend"))
		}
	}
	if _, ok := backends[r.o.Sonst]; len(backends) == 0 || r.o.Sonst != "" && !ok {
		return nil, fehler.New("storage.NewRouter", r.o.Sonst, ErrInvalid, errors.New("there is no such backend"))
	}
	return r, nil
}

// Platz gives the name of the backend the Mandant lies on.
func (r *Router) Platz(ctx context.Context, mandant tenant.ID) (string, error) {
	p, err := r.platz(ctx, mandant, false)
	return p.Store, err
}

func (r *Router) platz(ctx context.Context, mandant tenant.ID, fresh bool) (Platz, error) {
	now := r.o.Now()
	r.mu.Lock()
	k, ok := r.bekannt[mandant]
	r.mu.Unlock()
	if ok && !fresh && now.Before(k.bis) {
		return k.platz, nil
	}
	p, err := r.plan.Platz(ctx, mandant)
	if err != nil && ok && !fresh {
		return k.platz, nil // a plan that is away does not stop the work
	}
	if err != nil {
		return Platz{}, err
	}
	if p.Version == 0 {
		p.Store = r.o.Sonst
	}
	if _, ok := r.backends[p.Store]; !ok {
		return Platz{}, fmt.Errorf("storage: the Mandant lies on no backend of this Router: %w", ErrNotFound)
	}
	r.mu.Lock()
	r.bekannt[mandant] = bekannt{p, now.Add(r.o.Gueltig)}
	r.mu.Unlock()
	return p, nil
}

// on runs f on the backend of the Mandant, and again if it has just moved away.
func (r *Router) on(ctx context.Context, mandant tenant.ID, f func(driver.Backend) error) error {
	p, err := r.platz(ctx, mandant, false)
	if err != nil {
		return err
	}
	err = f(r.backends[p.Store])
	if !errors.Is(err, driver.ErrUmgezogen) && !errors.Is(err, driver.ErrUmzug) {
		return err
	}
	// The plan may know better than what this process remembers.
	now, e := r.platz(ctx, mandant, true)
	if e != nil || now.Store == p.Store {
		return err
	}
	return f(r.backends[now.Store])
}

// Update implements driver.Backend.
func (r *Router) Update(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return r.on(ctx, mandant, func(b driver.Backend) error { return b.Update(ctx, mandant, f) })
}

// View implements driver.Backend.
func (r *Router) View(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return r.on(ctx, mandant, func(b driver.Backend) error { return b.View(ctx, mandant, f) })
}

// Lies implements driver.Leser.
func (r *Router) Lies(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return r.on(ctx, mandant, func(b driver.Backend) error {
		if l, ok := b.(driver.Leser); ok {
			return l.Lies(ctx, mandant, f)
		}
		return b.View(ctx, mandant, f)
	})
}

// LeaseAuftraege implements driver.Backend: it asks the backends in turn. One that
// fails does not keep the others from their work, unless all fail.
func (r *Router) LeaseAuftraege(ctx context.Context, p driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error) {
	var out []driver.AuftragRow
	var errs []error
	first := int(r.turn.Add(1) % uint64(len(r.namen)))
	for i := range r.namen {
		q := p
		q.Limit -= len(out)
		if q.Limit <= 0 {
			break
		}
		rows, err := r.backends[r.namen[(first+i)%len(r.namen)]].LeaseAuftraege(ctx, q)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, rows...)
	}
	if len(out) == 0 && len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return out, nil
}

// FaelligeMandanten implements driver.Backend. A backend that fails does not keep the others from
// their work, unless all fail.
func (r *Router) FaelligeMandanten(ctx context.Context, now time.Time) ([]tenant.ID, error) {
	var out []tenant.ID
	var errs []error
	for _, name := range r.namen {
		ids, err := r.backends[name].FaelligeMandanten(ctx, now)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, ids...)
	}
	if len(errs) == len(r.namen) {
		return nil, errors.Join(errs...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// AuftragLage implements driver.Backend.
func (r *Router) AuftragLage(ctx context.Context, p driver.AuftragLageParams) (driver.AuftragLage, error) {
	var out driver.AuftragLage
	for _, name := range r.namen {
		l, err := r.backends[name].AuftragLage(ctx, p)
		if err != nil {
			return out, err
		}
		out.Faellig, out.Geparkt = min(out.Faellig+l.Faellig, int64(p.Limit)), min(out.Geparkt+l.Geparkt, int64(p.Limit))
		if l.Aelteste != nil && (out.Aelteste == nil || l.Aelteste.Before(*out.Aelteste)) {
			out.Aelteste = l.Aelteste
		}
	}
	return out, nil
}

// Aenderungen implements driver.Backend. Its cursor holds one of each backend.
func (r *Router) Aenderungen(ctx context.Context, mandant tenant.ID, p driver.AenderungenParams) ([]driver.AenderungRow, error) {
	places, err := r.splitCursor(p.After)
	if err != nil {
		return nil, err
	}
	var out []driver.AenderungRow
	for _, name := range r.namen {
		if len(out) == p.Limit {
			break
		}
		rows, err := r.backends[name].Aenderungen(ctx, mandant, driver.AenderungenParams{After: places[name], Limit: p.Limit - len(out)})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			places[name] = row.Cursor
			row.Cursor = r.joinCursor(places)
			out = append(out, row)
		}
	}
	return out, nil
}

// AenderungenEnde implements driver.Backend.
func (r *Router) AenderungenEnde(ctx context.Context, mandant tenant.ID) (string, error) {
	places := map[string]string{}
	for _, name := range r.namen {
		c, err := r.backends[name].AenderungenEnde(ctx, mandant)
		if err != nil {
			return "", err
		}
		places[name] = c
	}
	return r.joinCursor(places), nil
}

// A joined cursor is "name=cursor;name=cursor". The cursors of the shipped
// backends are numbers; others must not hold "=" or ";".
func (r *Router) joinCursor(places map[string]string) string {
	var parts []string
	for _, name := range r.namen {
		if c := places[name]; c != "" {
			parts = append(parts, name+"="+c)
		}
	}
	return strings.Join(parts, ";")
}

func (r *Router) splitCursor(c string) (map[string]string, error) {
	places := map[string]string{}
	if c == "" {
		return places, nil
	}
	for part := range strings.SplitSeq(c, ";") {
		name, place, ok := strings.Cut(part, "=")
		if !ok || name == "" || place == "" || places[name] != "" {
			return nil, fehler.ErrNotFound
		}
		// One of a backend that is no longer here is passed over.
		places[name] = place
	}
	return places, nil
}

// Beteiligungen implements driver.Backend: it joins those of all backends.
func (r *Router) Beteiligungen(ctx context.Context, gast tenant.ID, p driver.BeteiligungenParams) ([]driver.BeteiligungRow, error) {
	var out []driver.BeteiligungRow
	for _, name := range r.namen {
		rows, err := r.backends[name].Beteiligungen(ctx, gast, p)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			// After a move the old backend still holds the rows of its former Mandant.
			lies, err := r.platz(ctx, row.Mandant, false)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return nil, err
			}
			if err == nil && lies.Store == name {
				out = append(out, row)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b driver.BeteiligungRow) int {
		if c := strings.Compare(string(a.Mandant), string(b.Mandant)); c != 0 {
			return c
		}
		return slices.Compare(a.VorgangID[:], b.VorgangID[:])
	})
	return out[:min(len(out), p.Limit)], nil
}

// SetSperre implements driver.Backend.
func (r *Router) SetSperre(ctx context.Context, mandant tenant.ID, s driver.Sperre) error {
	return r.on(ctx, mandant, func(b driver.Backend) error { return b.SetSperre(ctx, mandant, s) })
}

// GetSperre implements driver.Backend.
func (r *Router) GetSperre(ctx context.Context, mandant tenant.ID) (s driver.Sperre, err error) {
	err = r.on(ctx, mandant, func(b driver.Backend) (err error) {
		s, err = b.GetSperre(ctx, mandant)
		return err
	})
	return s, err
}

// Entfernen implements driver.Backend.
func (r *Router) Entfernen(ctx context.Context, mandant tenant.ID) error {
	return r.on(ctx, mandant, func(b driver.Backend) error { return b.Entfernen(ctx, mandant) })
}

// Wecken implements driver.Wecker: it listens to all backends that can wake.
func (r *Router) Wecken(mandant tenant.ID, f func()) (stop func()) {
	var stops []func()
	for _, name := range r.namen {
		if w, ok := r.backends[name].(driver.Wecker); ok {
			stops = append(stops, w.Wecken(mandant, f))
		}
	}
	return func() {
		for _, s := range stops {
			s()
		}
	}
}

// Close closes all backends.
func (r *Router) Close() error {
	var errs []error
	for _, name := range r.namen {
		errs = append(errs, r.backends[name].Close())
	}
	return errors.Join(errs...)
}

// konfigPlan keeps the plan in the configuration of one Mandant.
type konfigPlan struct {
	s         *Store
	betreiber tenant.ID
}

// KonfigPlan keeps the plan in a store, in the configuration of the Mandant that
// runs the installation. The store must not be one of the Router itself.
func KonfigPlan(s *Store, betreiber tenant.ID) Plan { return &konfigPlan{s, betreiber} }

const platzArt = "platz"

func (k *konfigPlan) Platz(ctx context.Context, mandant tenant.ID) (Platz, error) {
	var p Platz
	version, err := k.s.GetKonfig(ctx, k.betreiber, platzArt, string(mandant), &p)
	if errors.Is(err, ErrNotFound) {
		return Platz{}, nil
	}
	p.Version = version
	return p, err
}

func (k *konfigPlan) SetPlatz(ctx context.Context, mandant tenant.ID, p Platz) error {
	return k.s.PutKonfig(ctx, k.betreiber, platzArt, string(mandant), p.Version, p)
}
