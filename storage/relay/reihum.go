package relay

import (
	"context"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// reihum remembers whose turn it is. Work is taken by age, and every second time, while there is
// more than can be taken, from the next Mandant in turn. So one with very much
// to do gets at least half, and nobody waits for more than two rounds.
type reihum struct {
	voll      bool // the last lease by age took all it asked for: there is more
	dran      bool // now it is somebody's turn
	mandanten []tenant.ID
	zuletzt   tenant.ID
	gelesen   time.Time
}

// lease takes at most n Auftraege. A Relay without handlers takes none: an empty
// list of kinds would mean all.
func (r *Relay) lease(ctx context.Context, n int) ([]storage.Auftrag, error) {
	if n == 0 || len(r.arten) == 0 {
		return nil, nil
	}
	r.mu.Lock()
	m, err := r.turn(ctx)
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	var out []storage.Auftrag
	if m != "" {
		if out, err = r.store.LeaseAuftraege(ctx, storage.LeaseParams{Limit: n, Dauer: r.o.Lease, Arten: r.arten, Mandant: m}); err != nil || len(out) == n {
			return out, err
		}
	}
	rest, err := r.store.LeaseAuftraege(ctx, storage.LeaseParams{Limit: n - len(out), Dauer: r.o.Lease, Arten: r.arten})
	r.mu.Lock()
	r.reihe.voll = err == nil && len(rest) == n-len(out)
	r.mu.Unlock()
	if len(out) > 0 {
		err = nil // what was leased is to be performed
	}
	return append(out, rest...), err
}

// backlog tells whether the last lease took all it asked for.
func (r *Relay) backlog() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reihe.voll
}

// turn gives whose turn it is; empty is nobody's. The list of Mandanten is read once a Poll.
func (r *Relay) turn(ctx context.Context) (tenant.ID, error) {
	q := &r.reihe
	if !q.voll {
		return "", nil
	}
	if q.dran = !q.dran; !q.dran {
		return "", nil
	}
	if now := r.o.Now(); q.gelesen.IsZero() || now.Before(q.gelesen) || now.Sub(q.gelesen) >= r.o.Poll {
		ids, err := r.store.FaelligeMandanten(ctx)
		if err != nil {
			return "", err
		}
		q.mandanten, q.gelesen = ids, now
	}
	if len(q.mandanten) < 2 {
		return "", nil
	}
	i, da := slices.BinarySearch(q.mandanten, q.zuletzt)
	if da {
		i++
	}
	q.zuletzt = q.mandanten[i%len(q.mandanten)]
	return q.zuletzt, nil
}
