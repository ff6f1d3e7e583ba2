package storage

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// MoveOptions of a move. Nil means defaults.
type MoveOptions struct {
	// Fortschritt is called after each page that was copied or compared.
	Fortschritt func(MoveBericht)
}

// MoveBericht counts rows of all kinds.
type MoveBericht struct {
	// Kopiert rows were offered to the target; after a restart they include those
	// that were there already. Verglichen rows are equal on both sides.
	Kopiert, Verglichen int64
}

// Move brings a Mandant to another backend: it shuts the Mandant for writing,
// copies everything, compares everything row by row, changes the plan, and opens
// the Mandant at the target. Until the plan is changed readers see the source;
// writers get ErrUnavailable from the beginning to the end. Files in package blob
// do not move.
//
// Stopped at any moment, Move called again with the same target goes on and loses
// nothing; [Router.AbortMove] goes back. The source keeps its copy, shut for good,
// until [Router.RemoveMoved] removes it. Feeds of changes are copied, but may repeat
// changes to those who watch.
//
// ErrConflict if the Mandant is on its way to another target, or another call of Move
// or AbortMove came in between, ErrExists if the
// target holds rows of the Mandant that no move brought there, ErrInvalid if the
// copy differs from the source.
func (r *Router) Move(ctx context.Context, mandant tenant.ID, ziel string, o *MoveOptions) (MoveBericht, error) {
	m := move{mandant: mandant, ctx: ctx}
	if o != nil {
		m.fortschritt = o.Fortschritt
	}
	fail := func(art, err error) (MoveBericht, error) {
		return m.b, fehler.New("storage.Move", string(mandant), art, err)
	}
	p, err := r.platz(ctx, mandant, true)
	if err != nil {
		return m.b, wrap("Move", string(mandant), err)
	}
	to, ok := r.backends[ziel]
	switch {
	case !ok:
		return fail(ErrInvalid, errors.New("there is no such backend"))
	case p.Nach != "" && p.Nach != ziel:
		return fail(ErrConflict, fmt.Errorf("it is on its way to %s", p.Nach))
	case p.Store == ziel:
		return m.b, wrap("Move", string(mandant), r.finish(ctx, mandant, ziel))
	}
	m.von, m.nach = r.backends[p.Store], to
	if p.Nach == "" {
		// A copy that an earlier move left there is out of date.
		former, err := to.GetSperre(ctx, mandant)
		if err == nil && former == driver.SperreAlles {
			if err = empty(ctx, to, mandant); err == nil {
				err = to.SetSperre(ctx, mandant, driver.SperreKeine)
			}
		}
		if err != nil {
			return m.b, wrap("Move", string(mandant), err)
		}
		for s, err := range rows(ctx, to, mandant) {
			if err != nil {
				return m.b, wrap("Move", string(mandant), err)
			}
			return fail(ErrExists, fmt.Errorf("the target holds rows of the Mandant (%s)", s.art))
		}
	}
	// From here on the target's rows are ours. Written also when an earlier call had
	// begun: should it still run, it can no longer change the plan.
	p.Nach = ziel
	if p, err = r.setPlatz(ctx, mandant, p); err != nil {
		return m.b, wrap("Move", string(mandant), err)
	}
	for _, step := range []func() error{
		// The target rests, so that no relay takes Auftraege before the switch.
		func() error { return to.SetSperre(ctx, mandant, driver.SperreRuht) },
		func() error { return m.von.SetSperre(ctx, mandant, driver.SperreSchreiben) },
		m.copy,
		m.compare,
		func() error {
			p.Store, p.Nach = ziel, ""
			_, err := r.setPlatz(ctx, mandant, p)
			return err
		},
		func() error { return r.finish(ctx, mandant, ziel) },
	} {
		if err := step(); err != nil {
			return m.b, wrap("Move", string(mandant), err)
		}
	}
	return m.b, nil
}

func (r *Router) setPlatz(ctx context.Context, mandant tenant.ID, p Platz) (Platz, error) {
	if err := r.plan.SetPlatz(ctx, mandant, p); err != nil {
		return p, err
	}
	return r.platz(ctx, mandant, true)
}

// finish shuts every other backend that holds rows of the Mandant under a Sperre,
// and then opens it where the plan says it lies.
func (r *Router) finish(ctx context.Context, mandant tenant.ID, ziel string) error {
	for _, name := range r.namen {
		if name == ziel {
			continue
		}
		s, err := r.backends[name].GetSperre(ctx, mandant)
		if err == nil && s == driver.SperreSchreiben {
			err = r.backends[name].SetSperre(ctx, mandant, driver.SperreAlles)
		}
		if err != nil {
			return err
		}
	}
	return r.backends[ziel].SetSperre(ctx, mandant, driver.SperreKeine)
}

// AbortMove goes back: it removes what the target got and opens the source again. The
// target stays shut for the Mandant until the next Move, so that a call that still
// runs ends. ErrNotFound if the Mandant is not on its way, for instance because it has arrived.
func (r *Router) AbortMove(ctx context.Context, mandant tenant.ID) error {
	p, err := r.platz(ctx, mandant, true)
	if err == nil && p.Nach == "" {
		err = ErrNotFound
	}
	if err != nil {
		return wrap("AbortMove", string(mandant), err)
	}
	to := r.backends[p.Nach]
	if to == nil {
		return fehler.New("storage.AbortMove", string(mandant), ErrUnavailable, fmt.Errorf("this Router has no backend %s", p.Nach))
	}
	if err = empty(ctx, to, mandant); err == nil {
		p.Nach = ""
		_, err = r.setPlatz(ctx, mandant, p)
	}
	if err == nil {
		err = r.backends[p.Store].SetSperre(ctx, mandant, driver.SperreKeine)
	}
	return wrap("AbortMove", string(mandant), err)
}

// empty shuts a Mandant and removes what a backend holds of it.
func empty(ctx context.Context, b driver.Backend, mandant tenant.ID) error {
	if err := b.SetSperre(ctx, mandant, driver.SperreAlles); err != nil {
		return err
	}
	return b.Entfernen(ctx, mandant)
}

// RemoveMoved removes the copy a finished move left on a backend. ErrConflict if
// the Mandant lies there.
func (r *Router) RemoveMoved(ctx context.Context, mandant tenant.ID, von string) error {
	p, err := r.platz(ctx, mandant, true)
	if err != nil {
		return wrap("RemoveMoved", string(mandant), err)
	}
	b, ok := r.backends[von]
	if !ok || p.Store == von || p.Nach == von {
		return fehler.New("storage.RemoveMoved", string(mandant), ErrConflict, errors.New("the Mandant lies there, or there is no such backend"))
	}
	return wrap("RemoveMoved", string(mandant), b.Entfernen(ctx, mandant))
}

type move struct {
	ctx         context.Context
	mandant     tenant.ID
	von, nach   driver.Backend
	b           MoveBericht
	fortschritt func(MoveBericht)
}

func (m *move) report() {
	if m.fortschritt != nil {
		m.fortschritt(m.b)
	}
}

// copy offers every row of the source to the target, in transactions of a page.
func (m *move) copy() error {
	var p driver.ImportParams
	n := 0
	flush := func() error {
		if n == 0 {
			return nil
		}
		err := m.nach.Update(m.ctx, m.mandant, func(ctx context.Context, tx driver.Tx) error {
			_, err := tx.Import(ctx, p)
			return err
		})
		m.b.Kopiert += int64(n)
		p, n = driver.ImportParams{}, 0
		m.report()
		return err
	}
	for s, err := range rows(m.ctx, m.von, m.mandant) {
		if err != nil {
			return err
		}
		s.into(&p)
		if n++; n >= pageRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// compare walks both sides in step.
func (m *move) compare() error {
	next, stop := iter.Pull2(rows(m.ctx, m.nach, m.mandant))
	defer stop()
	differs := func(s satz) error {
		return fehler.New("storage.Move", string(m.mandant), ErrInvalid, fmt.Errorf("the copy differs from the source at %s %s", s.art, s.key))
	}
	for is, err := range rows(m.ctx, m.von, m.mandant) {
		if err != nil {
			return err
		}
		got, err, ok := next()
		if err != nil {
			return err
		}
		if !ok || got.art != is.art || got.key != is.key || got.sum() != is.sum() {
			return differs(is)
		}
		if m.b.Verglichen++; m.b.Verglichen%pageRows == 0 {
			m.report()
		}
	}
	got, err, ok := next()
	if err != nil {
		return err
	}
	if ok {
		return differs(got)
	}
	m.report()
	return nil
}
