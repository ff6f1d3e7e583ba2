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
	"hash/maphash"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
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
	// Richtlinie decides who may give which command; nil is the table of vorgang.Regeln.
	Richtlinie vorgang.Richtlinie
	// Rechner, Zeichnung and Bestandskraft: see vorgang.Kontext; nil means the defaults there.
	Rechner       *frist.Rechner
	Zeichnung     []vorgang.Zeichnungsregel
	Bestandskraft []bescheid.Bestandskraftregel
	// Mahnplan gives the plan by which a Mandant reminds of fees by itself; nil is for none.
	Mahnplan func(tenant.ID) *zahlung.Mahnplan
	// Zahlungslink: see vorgang.Kontext.
	Zahlungslink func(m tenant.ID, vorgang, gebuehr uuid.UUID) string
	// MaxRetries bounds how often Edit loads and applies again after a
	// conflict; default 20.
	MaxRetries int
	// Lease is how long Claim and LeaseAuftraege hold; default 15 minutes.
	Lease time.Duration
	// Poll is how often Watch looks for changes when nothing wakes it; default
	// 1 second.
	Poll time.Duration
	// Nummernblock is how many numbers [Store.NextNummer] takes at once; default 20.
	Nummernblock int
}

// Store is the data of many Mandanten. It is safe for concurrent use.
type Store struct {
	b    driver.Backend
	o    Options
	seed maphash.Seed

	mu      sync.Mutex
	bloecke map[zaehler]*block // GUARDED_BY(mu)
}

// New makes a Store on a backend, which it owns from then on.
func New(b driver.Backend, o *Options) *Store {
	s := &Store{b: b, seed: maphash.MakeSeed(), bloecke: map[zaehler]*block{}}
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
	if s.o.Poll <= 0 {
		s.o.Poll = time.Second
	}
	if s.o.Nummernblock <= 0 {
		s.o.Nummernblock = 20
	}
	return s
}

// Close closes the backend. Later calls fail with ErrUnavailable.
func (s *Store) Close() error { return wrap("Close", "", s.b.Close()) }

// Kontext is what vorgang.New needs to make a Vorgang with this store's ids
// and randomness.
func (s *Store) Kontext() vorgang.Kontext {
	return vorgang.Kontext{NewID: s.o.NewID, Rand: s.o.Rand, Richtlinie: s.o.Richtlinie,
		Rechner: s.o.Rechner, Zeichnung: s.o.Zeichnung, Bestandskraft: s.o.Bestandskraft, Mahnplan: s.o.Mahnplan, Zahlungslink: s.o.Zahlungslink}
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
// promises. [ErrUnavailable] after a lost connection leaves the outcome open;
// [Store.Once] makes it safe to repeat.
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
	return s.view(ctx, mandant, s.b.View, f)
}

// viewOne is View for a closure that makes one call to the backend.
func (s *Store) viewOne(ctx context.Context, mandant tenant.ID, f func(ctx context.Context, tx *Tx) error) error {
	if l, ok := s.b.(driver.Leser); ok {
		return s.view(ctx, mandant, l.Lies, f)
	}
	return s.view(ctx, mandant, s.b.View, f)
}

func (s *Store) view(ctx context.Context, mandant tenant.ID, run func(context.Context, tenant.ID, func(context.Context, driver.Tx) error) error, f func(ctx context.Context, tx *Tx) error) error {
	in, err := s.enter(ctx, "View", mandant)
	if err != nil {
		return err
	}
	var failed error
	err = run(in, mandant, func(ctx context.Context, d driver.Tx) error {
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

// Get reads a Vorgang; ErrNotFound if there is none, or it is another Mandant's
// and not shared with this one ([vorgang.Beteiligung]).
func (s *Store) Get(ctx context.Context, mandant tenant.ID, id uuid.UUID) (*vorgang.Vorgang, error) {
	var v *vorgang.Vorgang
	err := s.viewOne(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
		v, err = tx.Get(ctx, id)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return s.getAsGuest(ctx, mandant, id, err)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Insert saves a new Vorgang in a transaction of its own; see [Tx.Save].
func (s *Store) Insert(ctx context.Context, mandant tenant.ID, v *vorgang.Vorgang) error {
	return s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) error {
		return tx.save(ctx, v, saving{final: true})
	})
}

// Edit loads the Vorgang, applies f, saves it with its journal and Auftraege,
// and returns the saved one. If somebody else saved it in between, it loads
// and applies again; f may therefore run more than once and must decide from
// what it is given. An error of f ends Edit and nothing is saved. If f changes
// nothing, nothing is saved and the version stays.
//
// A Vorgang of another Mandant that is shared with this one is edited in the
// owner's data: the commands check the right of the guest, and an entry by
// anybody but an Akteur of the guest is refused with [ErrForbidden].
func (s *Store) Edit(ctx context.Context, mandant tenant.ID, id uuid.UUID, f func(v *vorgang.Vorgang) error) (*vorgang.Vorgang, error) {
	v, missing, err := s.edit(ctx, mandant, id, f)
	if missing {
		return s.editAsGuest(ctx, mandant, id, f, err)
	}
	return v, err
}

// edit tells with missing that there is no such Vorgang; an error of f may be of
// the same kind and means something else.
func (s *Store) edit(ctx context.Context, mandant tenant.ID, id uuid.UUID, f func(v *vorgang.Vorgang) error) (v *vorgang.Vorgang, missing bool, err error) {
	for n := 0; ; n++ {
		var saveErr error
		missing = false
		err = s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
			saveErr = nil
			if v, err = tx.Lock(ctx, id); err != nil {
				missing = errors.Is(err, ErrNotFound)
				return err
			}
			if err := f(v); err != nil {
				return err
			}
			saveErr = tx.save(ctx, v, saving{final: true})
			return saveErr
		})
		switch {
		case err == nil:
			return v, false, nil
		// Only a conflict of the save is worth another try: a command may
		// answer ErrConflict too, and means it.
		case n >= s.o.MaxRetries || saveErr == nil || !errors.Is(saveErr, ErrConflict):
			return nil, missing, err
		}
	}
}
