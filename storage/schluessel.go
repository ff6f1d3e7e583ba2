package storage

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Once runs f in a transaction as [Store.Update] does, but once per idempotency
// key: the result of f is stored as JSON under the key in the same transaction,
// and whoever comes again with the key gets it without running f. The result is
// decoded into into, which may be nil. schon tells that it was done before.
//
// So an Update whose outcome is unknown ([ErrUnavailable]) is repeated safely: the
// same key either finds it done or does it now. Keys are the caller's, unique
// within the Mandant, and remembered for dauer (default 30 days), until
// [Store.Prune] forgets them.
func (s *Store) Once(ctx context.Context, mandant tenant.ID, schluessel string, dauer time.Duration, into any, f func(ctx context.Context, tx *Tx) (any, error)) (schon bool, err error) {
	for n := 0; ; n++ {
		var daten []byte
		var taken bool
		err = s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) error {
			schon, taken = false, false
			daten, err = tx.recall(ctx, schluessel)
			if err == nil {
				schon = true
				return nil
			}
			if !errors.Is(err, ErrNotFound) {
				return err
			}
			result, err := f(ctx, tx)
			if err != nil {
				return err
			}
			if daten, err = json.Marshal(result); err != nil {
				return fehler.New("storage.Once", "", ErrInvalid, errors.New("the result cannot be written as JSON"))
			}
			err = tx.remember(ctx, schluessel, dauer, daten)
			taken = errors.Is(err, ErrExists)
			return err
		})
		if taken && n < s.o.MaxRetries {
			continue // somebody else was faster; now it is there
		}
		if err != nil {
			return false, err
		}
		if into != nil && json.Unmarshal(daten, into) != nil {
			return schon, fehler.New("storage.Once", "", ErrInvalid, errors.New("the remembered result does not fit the type"))
		}
		return schon, nil
	}
}

func (tx *Tx) recall(ctx context.Context, schluessel string) ([]byte, error) {
	if schluessel == "" {
		return nil, fehler.New("storage.Once", "", ErrInvalid, errors.New("a key is mandatory"))
	}
	if err := checkText("Once", "", "/schluessel", schluessel); err != nil {
		return nil, err
	}
	row, err := tx.d.GetSchluessel(ctx, driver.GetSchluesselParams{Schluessel: schluessel})
	return row.Daten, wrap("Once", string(tx.mandant), err)
}

func (tx *Tx) remember(ctx context.Context, schluessel string, dauer time.Duration, daten []byte) (err error) {
	defer tx.spoil(&err)
	if dauer <= 0 {
		dauer = 30 * 24 * time.Hour
	}
	return wrap("Once", string(tx.mandant), tx.d.PutSchluessel(ctx, driver.PutSchluesselParams{Row: driver.SchluesselRow{
		Schluessel: schluessel, Bis: instant(tx.s.now().Add(dauer)), Daten: daten,
	}}))
}
