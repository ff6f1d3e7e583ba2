package storage

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// ClaimParams say what is pulled from the stack, and by whom.
type ClaimParams struct {
	// Akteur is who works on it; limited to Akteur.Einheiten.
	Akteur tenant.Akteur
	// Einheiten and Leistungen select; empty selects all.
	Einheiten  []string
	Leistungen []tenant.Leistungsschluessel
	// Dauer of the lease; zero means [Options.Lease].
	Dauer time.Duration
}

// Lease says that a Vorgang is at work with one holder until an instant. Who
// holds the token is the holder.
type Lease struct {
	Vorgang uuid.UUID
	Token   uuid.UUID
	Bis     time.Time
}

// Claim gives the oldest waiting Vorgang (by Eingang, then ID) to the Akteur
// with [vorgang.Vorgang.Pull] and a lease. Nobody else gets it while the lease
// holds; when it runs out, the Vorgang is on the stack again. ErrNotFound if
// the stack is empty. A Vorgang that cannot be read does not stop the stack: it is
// passed over, and its error is returned only if there is no other.
func (s *Store) Claim(ctx context.Context, mandant tenant.ID, p ClaimParams) (*vorgang.Vorgang, Lease, error) {
	einheiten, leer := einheitenOf(p.Akteur, p.Einheiten)
	if leer {
		return nil, Lease{}, wrap("Claim", string(mandant), ErrNotFound)
	}
	if len(p.Einheiten) > maxValues || len(p.Leistungen) > maxValues {
		return nil, Lease{}, fehler.New("storage.Claim", string(mandant), ErrInvalid, errors.New("a filter has more than 500 values"))
	}
	var v *vorgang.Vorgang
	var l Lease
	err := s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) error {
		now := s.now()
		var row driver.VorgangRow
		var err error
		if v, row, err = tx.next(ctx, driver.NextWartendParams{
			Einheiten: einheiten, Leistungen: texts(p.Leistungen), Now: now,
		}); err != nil {
			return err
		}
		l, err = tx.pull(ctx, v, &row, p, now)
		return err
	})
	if err != nil {
		return nil, Lease{}, err
	}
	return v, l, nil
}

// einheitenOf gives the Einheiten asked for that the Akteur works for; empty
// means all, leer means none.
func einheitenOf(a tenant.Akteur, asked []string) (einheiten []string, leer bool) {
	if len(a.Einheiten) == 0 {
		return asked, false
	}
	einheiten = slices.DeleteFunc(slices.Clone(a.Einheiten), func(e string) bool {
		return len(asked) > 0 && !slices.Contains(asked, e)
	})
	return einheiten, len(einheiten) == 0
}

// pull gives the Vorgang to the Akteur and writes the lease with it.
func (tx *Tx) pull(ctx context.Context, v *vorgang.Vorgang, row *driver.VorgangRow, p ClaimParams, now time.Time) (Lease, error) {
	if err := v.Pull(p.Akteur, now); err != nil {
		return Lease{}, err
	}
	l := Lease{Vorgang: row.ID, Token: tx.s.o.NewID(), Bis: tx.s.until(now, p.Dauer)}
	err := tx.save(ctx, v, saving{final: true, lease: &driver.SetLeaseParams{
		ID: row.ID, ExpectToken: row.LeaseToken, Token: &l.Token, Bis: &l.Bis,
	}})
	return l, err
}

// ClaimByID takes one certain Vorgang from the stack, as Claim does with the
// oldest. ErrConflict if somebody else holds it or it does not wait for work;
// ErrNotFound if there is none, or it belongs to an Einheit the Akteur does not
// work for. A Vorgang shared with this Mandant can be taken if the guest may edit it.
func (s *Store) ClaimByID(ctx context.Context, mandant tenant.ID, id uuid.UUID, p ClaimParams) (*vorgang.Vorgang, Lease, error) {
	var v *vorgang.Vorgang
	var l Lease
	err := s.asGuest(ctx, mandant, id, func(ctx context.Context, owner tenant.ID, g *guest) error {
		return s.Update(ctx, owner, func(ctx context.Context, tx *Tx) error {
			now := s.now()
			var row *driver.VorgangRow
			var err error
			if v, row, err = tx.load(ctx, "ClaimByID", driver.GetVorgangParams{ID: id, Lock: true}); err != nil {
				return err
			}
			if err := g.check("ClaimByID", v, now); err != nil {
				return err
			}
			if g == nil && !p.Akteur.SiehtEinheit(row.Einheit) {
				return wrap("ClaimByID", id.String(), ErrNotFound)
			}
			held := row.LeaseToken != nil && row.LeaseBis != nil && row.LeaseBis.After(now)
			if held || !row.Wartend {
				return fehler.New("storage.ClaimByID", id.String(), ErrConflict, fehler.Probleme{{
					Code: "storage.nicht-auf-dem-stapel", Pfad: "/vorgang", Meldung: "somebody holds it, or it does not wait for work",
					Hinweis: "Der Vorgang ist gerade in Arbeit oder wartet nicht auf Bearbeitung."}})
			}
			if g != nil && p.Akteur.Mandant != g.mandant {
				return g.forbidden("ClaimByID", id)
			}
			l, err = tx.pull(ctx, v, row, p, now)
			return err
		})
	})
	if err != nil {
		return nil, Lease{}, err
	}
	return v, l, nil
}

// maxUnreadable bounds how many damaged Vorgaenge one Claim passes over.
const maxUnreadable = 100

func (tx *Tx) next(ctx context.Context, p driver.NextWartendParams) (*vorgang.Vorgang, driver.VorgangRow, error) {
	var unreadable error
	for range maxUnreadable {
		row, err := tx.d.NextWartend(ctx, p)
		if errors.Is(err, ErrNotFound) && unreadable != nil {
			return nil, row, unreadable
		}
		if err != nil {
			return nil, row, wrap("Claim", string(tx.mandant), err)
		}
		v, err := tx.restore("Claim", &row)
		if err == nil {
			return v, row, nil
		}
		if unreadable == nil {
			unreadable = err
		}
		p.After = &driver.VorgangKey{Eingang: row.Eingang, ID: row.ID}
	}
	return nil, driver.VorgangRow{}, unreadable
}

func (s *Store) until(now time.Time, d time.Duration) time.Time {
	if d <= 0 {
		d = s.o.Lease
	}
	return instant(now.Add(d))
}

// Renew extends the lease from now; a zero dauer means [Options.Lease]. A
// lease that ran out but was not taken over can still be renewed. ErrConflict
// if somebody else holds it.
func (s *Store) Renew(ctx context.Context, mandant tenant.ID, l Lease, dauer time.Duration) (Lease, error) {
	if l.Token == uuid.Nil { // would take what nobody holds
		return l, wrap("Renew", l.Vorgang.String(), ErrConflict)
	}
	err := s.asGuest(ctx, mandant, l.Vorgang, func(ctx context.Context, owner tenant.ID, _ *guest) error {
		return s.Update(ctx, owner, func(ctx context.Context, tx *Tx) error {
			l.Bis = s.until(s.now(), dauer)
			return wrap("Renew", l.Vorgang.String(), tx.d.SetLease(ctx, driver.SetLeaseParams{
				ID: l.Vorgang, ExpectToken: token(l.Token), Token: token(l.Token), Bis: &l.Bis,
			}))
		})
	})
	return l, err
}

// Release lays the Vorgang back on the stack ([vorgang.Vorgang.PutBack]) and
// ends the lease. One that was assigned for good meanwhile stays so. ErrConflict
// if somebody else holds the lease.
func (s *Store) Release(ctx context.Context, mandant tenant.ID, l Lease, a tenant.Akteur) error {
	_, err := s.Complete(ctx, mandant, l, func(v *vorgang.Vorgang) error {
		if z := v.Stand().Zuweisung; z != nil && !z.Gezogen {
			return nil
		}
		return v.PutBack(a, s.now())
	})
	return err
}

// Complete applies f as [Store.Edit] does and ends the lease in the same
// transaction. ErrConflict if somebody else holds it; then nothing changes.
// A Vorgang that still waits for work afterwards lies on the stack again for
// everybody; to keep it, assign it in f ([vorgang.Vorgang.Assign]).
func (s *Store) Complete(ctx context.Context, mandant tenant.ID, l Lease, f func(v *vorgang.Vorgang) error) (*vorgang.Vorgang, error) {
	var v *vorgang.Vorgang
	err := s.asGuest(ctx, mandant, l.Vorgang, func(ctx context.Context, owner tenant.ID, g *guest) error {
		return s.Update(ctx, owner, func(ctx context.Context, tx *Tx) error {
			var row *driver.VorgangRow
			var err error
			if v, row, err = tx.load(ctx, "Complete", driver.GetVorgangParams{ID: l.Vorgang, Lock: true}); err != nil {
				return err
			}
			if err := g.check("Complete", v, s.now()); err != nil {
				return err
			}
			if row.LeaseToken == nil || *row.LeaseToken != l.Token {
				return wrap("Complete", l.Vorgang.String(), ErrConflict)
			}
			if err := f(v); err != nil {
				return err
			}
			if err := g.checkEntries("Complete", v); err != nil {
				return err
			}
			return tx.save(ctx, v, saving{final: true, lease: &driver.SetLeaseParams{ID: l.Vorgang, ExpectToken: &l.Token}})
		})
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}
