package storage

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// A guest works in the owner's transaction, opened for one Vorgang that the
// owner's own row names. What the guest may do is decided by the Stand, not by
// that row: it only says where to look.

// Geteilt is a Vorgang of another Mandant that is shared with this one.
type Geteilt struct {
	// Mandant owns the Vorgang.
	Mandant tenant.ID
	Vorgang uuid.UUID
	Recht   vorgang.Recht
	// Von is the first instant, Bis the first instant after; zero means open.
	Von, Bis time.Time
}

// Geteilte gives the Vorgaenge other Mandanten share with this one now, ordered
// by Mandant, then ID. [Store.Get], [Store.Edit], [Store.ClaimByID] and
// [Store.Journal] with this Mandant's id reach them; a transaction ([Store.Update])
// and lists do not. An error is the last pair.
func (s *Store) Geteilte(ctx context.Context, mandant tenant.ID) iter.Seq2[Geteilt, error] {
	now := s.now()
	return pages(func(last *driver.BeteiligungRow) ([]driver.BeteiligungRow, error) {
		in, err := s.enter(ctx, "Geteilte", mandant)
		if err != nil {
			return nil, err
		}
		p := driver.BeteiligungenParams{Now: now, Limit: pageRows}
		if last != nil {
			p.After = &driver.BeteiligungKey{Mandant: last.Mandant, VorgangID: last.VorgangID}
		}
		rows, err := s.b.Beteiligungen(in, mandant, p)
		return rows, wrap("Geteilte", string(mandant), err)
	}, func(r *driver.BeteiligungRow) (Geteilt, error) {
		g := Geteilt{Mandant: r.Mandant, Vorgang: r.VorgangID, Recht: vorgang.Recht(r.Recht), Von: r.Von}
		if r.Bis != nil {
			g.Bis = *r.Bis
		}
		return g, nil
	})
}

// guest is a Mandant that works on another one's Vorgang; nil is the owner.
type guest struct{ mandant tenant.ID }

// asGuest runs f for the Mandant itself and, if there is no such Vorgang, for
// the owner that shares it.
func (s *Store) asGuest(ctx context.Context, mandant tenant.ID, id uuid.UUID, f func(ctx context.Context, owner tenant.ID, g *guest) error) error {
	err := f(ctx, mandant, nil)
	if !isMissing(err, id) {
		return err
	}
	owner, e := s.owner(ctx, mandant, id)
	if e != nil {
		return e
	}
	if owner == "" {
		return err
	}
	return f(ctx, owner, &guest{mandant})
}

// isMissing tells whether the store itself missed the Vorgang.
func isMissing(err error, id uuid.UUID) bool {
	// Not errors.As: an error of the closure may wrap one.
	f, ok := err.(*fehler.Fehler)
	return ok && f.Art == ErrNotFound && f.Key == id.String()
}

// owner gives the Mandant that shares the Vorgang now; empty if none does.
func (s *Store) owner(ctx context.Context, gast tenant.ID, id uuid.UUID) (tenant.ID, error) {
	in, err := s.enter(ctx, "Beteiligung", gast)
	if err != nil {
		return "", err
	}
	rows, err := s.b.Beteiligungen(in, gast, driver.BeteiligungenParams{VorgangID: id, Now: s.now(), Limit: 1})
	if err != nil || len(rows) == 0 {
		return "", wrap("Beteiligung", id.String(), err)
	}
	return rows[0].Mandant, nil
}

// check refuses a guest whose share does not hold now; to it the Vorgang does
// not exist.
func (g *guest) check(op string, v *vorgang.Vorgang, now time.Time) error {
	if g == nil {
		return nil
	}
	if _, ok := v.Stand().Beteiligung(g.mandant, now); !ok {
		return wrap(op, v.ID().String(), ErrNotFound)
	}
	return nil
}

// checkEntries refuses entries that are not by an Akteur of the guest: the
// commands know rights, but not through whose door the caller came.
func (g *guest) checkEntries(op string, v *vorgang.Vorgang) error {
	if g == nil {
		return nil
	}
	for _, e := range v.Neu() {
		var a tenant.Akteur
		if json.Unmarshal(e.Akteur, &a) != nil || a.Mandant != g.mandant {
			return g.forbidden(op, v.ID())
		}
	}
	return nil
}

func (g *guest) forbidden(op string, id uuid.UUID) error {
	return fehler.New("storage."+op, id.String(), ErrForbidden, errors.New("a guest acts as an Akteur of its own Mandant only"))
}

func (s *Store) getAsGuest(ctx context.Context, mandant tenant.ID, id uuid.UUID, missing error) (*vorgang.Vorgang, error) {
	owner, err := s.owner(ctx, mandant, id)
	if err != nil {
		return nil, err
	}
	if owner == "" {
		return nil, missing
	}
	var v *vorgang.Vorgang
	err = s.View(ctx, owner, func(ctx context.Context, tx *Tx) (err error) {
		if v, err = tx.Get(ctx, id); err != nil {
			return err
		}
		return (&guest{mandant}).check("Get", v, s.now())
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (s *Store) editAsGuest(ctx context.Context, mandant tenant.ID, id uuid.UUID, f func(v *vorgang.Vorgang) error, missing error) (*vorgang.Vorgang, error) {
	owner, err := s.owner(ctx, mandant, id)
	if err != nil {
		return nil, err
	}
	if owner == "" {
		return nil, missing
	}
	g := &guest{mandant}
	v, _, err := s.edit(ctx, owner, id, func(v *vorgang.Vorgang) error {
		if err := g.check("Edit", v, s.now()); err != nil {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
		return g.checkEntries("Edit", v)
	})
	return v, err
}

// beteiligungen gives the rows by which guests find the Vorgang.
func beteiligungen(s *vorgang.Stand) []driver.BeteiligungRow {
	out := []driver.BeteiligungRow{} // not nil: none replaces what is stored
	for _, b := range s.Beteiligungen {
		r := driver.BeteiligungRow{Gast: b.Mandant, Recht: string(b.Recht), Von: instant(b.Von)}
		for _, end := range []time.Time{b.Bis, b.Beendet} {
			if !end.IsZero() && (r.Bis == nil || end.Before(*r.Bis)) {
				r.Bis = new(instant(end))
			}
		}
		if r.Bis != nil && !r.Bis.After(r.Von) {
			continue // ended before it began
		}
		out = append(out, r)
	}
	return out
}

// stroeme gives the Mandanten whose feed shows a save at now: the owner, guests,
// and guests whose share one of its entries ends.
func stroeme(s *vorgang.Stand, neu []vorgang.Ereignis, now time.Time) []tenant.ID {
	out := []tenant.ID{s.Mandant}
	for _, b := range s.Beteiligungen {
		ended := slices.ContainsFunc(neu, func(e vorgang.Ereignis) bool {
			return e.Code == "beteiligung.beendet" && e.Zeit.Equal(b.Beendet)
		})
		if (b.Aktiv(now) || ended) && !slices.Contains(out, b.Mandant) {
			out = append(out, b.Mandant)
		}
	}
	return out
}
