package storage

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
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
	einheiten := p.Einheiten
	if len(p.Akteur.Einheiten) > 0 {
		einheiten = slices.DeleteFunc(slices.Clone(p.Akteur.Einheiten), func(e string) bool {
			return len(p.Einheiten) > 0 && !slices.Contains(p.Einheiten, e)
		})
		if len(einheiten) == 0 {
			return nil, Lease{}, wrap("Claim", string(mandant), ErrNotFound)
		}
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
		if err := v.Pull(p.Akteur, now); err != nil {
			return err
		}
		if err := tx.Save(ctx, v); err != nil {
			return err
		}
		l = Lease{Vorgang: row.ID, Token: s.o.NewID(), Bis: s.until(now, p.Dauer)}
		return wrap("Claim", row.ID.String(), tx.d.SetLease(ctx, driver.SetLeaseParams{
			ID: row.ID, ExpectToken: row.LeaseToken, Token: &l.Token, Bis: &l.Bis,
		}))
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
		v, err := tx.s.restore("Claim", tx.mandant, &row)
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
	err := s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) error {
		if l.Token == uuid.Nil { // would take what nobody holds
			return wrap("Renew", l.Vorgang.String(), ErrConflict)
		}
		l.Bis = s.until(s.now(), dauer)
		return wrap("Renew", l.Vorgang.String(), tx.d.SetLease(ctx, driver.SetLeaseParams{
			ID: l.Vorgang, ExpectToken: token(l.Token), Token: token(l.Token), Bis: &l.Bis,
		}))
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
	err := s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) error {
		// First the lease: it checks the holder and locks the row.
		err := tx.d.SetLease(ctx, driver.SetLeaseParams{ID: l.Vorgang, ExpectToken: token(l.Token)})
		if err == nil && l.Token == uuid.Nil {
			err = ErrConflict
		}
		if err != nil {
			return wrap("Complete", l.Vorgang.String(), err)
		}
		if v, err = tx.Get(ctx, l.Vorgang); err != nil {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
		return tx.Save(ctx, v)
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}
