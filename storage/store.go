// Package storage keeps Vorgaenge with their journal and outbox, deliveries,
// mailboxes, configuration and numbers, for many Mandanten.
//
// A [Store] is made by a backend: memory.Open, sqlite.Open or postgres.Open.
// All behave alike; package storagetest holds them to it. What a backend
// implements is in package driver.
//
//	v, err := store.Edit(ctx, mandant, id, func(v *vorgang.Vorgang) error { return v.Accept(akteur, now) })
//
// [Store.Update] is the general unit of work. Its closure uses the [Tx] it is
// given and never the store itself: that is refused with [ErrInvalid] if the
// closure's context is used, and with another context it would wait for the
// transaction it runs in, until the backend's timeout ends it with
// [ErrUnavailable]. The closure does no I/O of its own and may run more than
// once; what leaves the house is ordered as an Auftrag.
package storage

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Options of a Store. Nil means defaults.
type Options struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// NewID gives ids; default UUIDv7.
	NewID func() uuid.UUID
	// Rand gives the salt of journal entries; default crypto/rand.
	Rand io.Reader
	// MaxRetries bounds how often Edit loads and applies again after a
	// conflict; default 20.
	MaxRetries int
	// Lease is how long Claim and LeaseAuftraege hold; default 15 minutes.
	Lease time.Duration
}

// Store is the data of many Mandanten. It is safe for concurrent use.
type Store struct {
	b driver.Backend
	o Options
}

// New makes a Store on a backend, which it owns from then on.
func New(b driver.Backend, o *Options) *Store {
	s := &Store{b: b}
	if o != nil {
		s.o = *o
	}
	if s.o.Now == nil {
		s.o.Now = time.Now
	}
	if s.o.NewID == nil {
		s.o.NewID = func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	}
	if s.o.MaxRetries <= 0 {
		s.o.MaxRetries = 20
	}
	if s.o.Lease <= 0 {
		s.o.Lease = 15 * time.Minute
	}
	return s
}

// Close closes the backend. Later calls fail with ErrUnavailable.
func (s *Store) Close() error { return wrap("Close", "", s.b.Close()) }

// Kontext is what vorgang.New needs to make a Vorgang with this store's ids
// and randomness.
func (s *Store) Kontext() vorgang.Kontext {
	return vorgang.Kontext{NewID: s.o.NewID, Rand: s.o.Rand}
}

func (s *Store) now() time.Time { return instant(s.o.Now()) }

// instant cuts to what every backend keeps.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// inside marks the context of a closure of one store.
type inside struct{ s *Store }

var errInside = errors.New("the store was used inside a closure of its own transaction; use the Tx")

func (s *Store) enter(ctx context.Context, op string, mandant tenant.ID) (context.Context, error) {
	if ctx.Value(inside{s}) != nil {
		return nil, fehler.New("storage."+op, string(mandant), ErrInvalid, errInside)
	}
	if _, err := tenant.ParseID(string(mandant)); err != nil {
		return nil, fehler.New("storage."+op, "", ErrInvalid, err)
	}
	return context.WithValue(ctx, inside{s}, true), nil
}

// Update runs f in one read-write transaction of the Mandant and commits when
// f returns nil. An error or panic of f rolls everything back; the error is
// returned as it is. f may run more than once, each time with a fresh Tx.
// When Update returns nil the changes are durable as far as the backend
// promises. [ErrUnavailable] after a lost connection leaves the outcome open.
//
// The Auftraege of the saved Vorgaenge are written last, so that their order
// is the order of the commits.
func (s *Store) Update(ctx context.Context, mandant tenant.ID, f func(ctx context.Context, tx *Tx) error) error {
	in, err := s.enter(ctx, "Update", mandant)
	if err != nil {
		return err
	}
	var tx *Tx
	var failed error
	err = s.b.Update(in, mandant, func(ctx context.Context, d driver.Tx) error {
		tx = &Tx{s: s, d: d, mandant: mandant}
		defer func() { tx.done = true }()
		if failed = f(ctx, tx); failed == nil {
			failed = tx.spoiled
		}
		if failed == nil {
			failed = tx.flush(ctx)
		}
		return failed
	})
	if err == nil {
		for _, v := range tx.saved {
			v.Saved()
		}
		return nil
	}
	if failed != nil {
		return err
	}
	return wrap("Update", string(mandant), err)
}

// View runs f in a read-only transaction that sees one committed state. Its Tx
// refuses to write with [ErrInvalid].
func (s *Store) View(ctx context.Context, mandant tenant.ID, f func(ctx context.Context, tx *Tx) error) error {
	in, err := s.enter(ctx, "View", mandant)
	if err != nil {
		return err
	}
	var failed error
	err = s.b.View(in, mandant, func(ctx context.Context, d driver.Tx) error {
		tx := &Tx{s: s, d: d, mandant: mandant, readOnly: true}
		defer func() { tx.done = true }()
		failed = f(ctx, tx)
		return failed
	})
	if failed != nil {
		return err
	}
	return wrap("View", string(mandant), err)
}

// Get reads a Vorgang; ErrNotFound if there is none, or it is another Mandant's.
func (s *Store) Get(ctx context.Context, mandant tenant.ID, id uuid.UUID) (*vorgang.Vorgang, error) {
	var v *vorgang.Vorgang
	err := s.View(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
		v, err = tx.Get(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Insert saves a new Vorgang in a transaction of its own; see [Tx.Save].
func (s *Store) Insert(ctx context.Context, mandant tenant.ID, v *vorgang.Vorgang) error {
	return s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) error { return tx.Save(ctx, v) })
}

// Edit loads the Vorgang, applies f, saves it with its journal and Auftraege,
// and returns the saved one. If somebody else saved it in between, it loads
// and applies again; f may therefore run more than once and must decide from
// what it is given. An error of f ends Edit and nothing is saved. If f changes
// nothing, nothing is saved and the version stays.
func (s *Store) Edit(ctx context.Context, mandant tenant.ID, id uuid.UUID, f func(v *vorgang.Vorgang) error) (*vorgang.Vorgang, error) {
	for n := 0; ; n++ {
		var v *vorgang.Vorgang
		var saving error
		err := s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
			saving = nil
			if v, err = tx.Lock(ctx, id); err != nil {
				return err
			}
			if err := f(v); err != nil {
				return err
			}
			saving = tx.Save(ctx, v)
			return saving
		})
		switch {
		case err == nil:
			return v, nil
		// Only a conflict of the save is worth another try: a command may
		// answer ErrConflict too, and means it.
		case n >= s.o.MaxRetries || saving == nil || !errors.Is(saving, ErrConflict):
			return nil, err
		}
	}
}
