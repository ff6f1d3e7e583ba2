// Package memory keeps Fachwerk's data in memory: for tests, examples and
// demos. It behaves like a database, with real transactions, rollback and
// consistent snapshots, but nothing survives the process.
package memory

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options of a DB. Nil means defaults.
type Options struct {
	// BusyTimeout bounds how long an update waits for another one; then it
	// fails with fehler.ErrUnavailable. Default 5 s.
	BusyTimeout time.Duration
}

// DB is a set of data. It lives as long as somebody holds it.
type DB struct {
	busy   time.Duration
	writer chan struct{} // holds one token; who takes it writes
	head   atomic.Pointer[state]
	wecker wecker
}

// New makes an empty DB.
func New(o *Options) *DB {
	db := &DB{busy: 5 * time.Second, writer: make(chan struct{}, 1)}
	if o != nil && o.BusyTimeout > 0 {
		db.busy = o.BusyTimeout
	}
	db.writer <- struct{}{}
	db.head.Store(&state{})
	return db
}

// state is one committed state. Rows behind pointers are never changed. Keys of
// its trees are led by the Mandant, those of the outbox are not.
type state struct {
	vorgang      table[vorgang]
	journal      tree[*driver.JournalRow] // vorgang, seq
	auftrag      table[driver.AuftragRow]
	outbox       outbox
	eingang      table[driver.EingangRow]
	eintrag      table[driver.EintragRow]
	konfig       tree[*driver.KonfigRow]  // art, schluessel
	zaehler      tree[*driver.ZaehlerRow] // name, jahr
	schluessel   schluessel
	aufbewahrung table[driver.AufbewahrungRow]
	beteiligung  beteiligungen
	strom        stroeme
	sperre       tree[driver.Sperre]
}

// Backend opens the data. Several backends of one DB share them; closing one
// ends that one only.
func (db *DB) Backend() *Backend { return &Backend{db: db} }

// Backend is an open DB.
type Backend struct {
	db     *DB
	closed atomic.Bool
}

var _ driver.Backend = (*Backend)(nil)

var errClosed = fmt.Errorf("memory: closed: %w", fehler.ErrUnavailable)

// Close implements driver.Backend.
func (b *Backend) Close() error {
	b.closed.Store(true)
	b.db.wecker.remove(func(s *schlaefer) bool { return s.b == b })
	return nil
}

// View implements driver.Backend.
func (b *Backend) View(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	head, err := b.read(ctx)
	if err != nil {
		return err
	}
	if err := head.mayRead(mandant); err != nil {
		return err
	}
	s := *head
	t := &tx{s: &s, mandant: mandant, readOnly: true}
	defer func() { t.done = true }()
	if err := f(ctx, t); err != nil {
		return err
	}
	return t.err
}

// Update implements driver.Backend.
func (b *Backend) Update(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	return b.write(ctx, func(s *state) error {
		if err := s.mayWrite(mandant); err != nil {
			return err
		}
		t := &tx{s: s, mandant: mandant}
		defer func() { t.done = true }()
		if err := f(ctx, t); err != nil {
			return err
		}
		return t.err
	})
}

// write runs f on a copy of the state and makes the copy the state if f
// succeeds. Whoever waits for it is woken when others may write again.
func (b *Backend) write(ctx context.Context, f func(*state) error) error {
	if _, err := b.read(ctx); err != nil {
		return err
	}
	timer := time.NewTimer(b.db.busy)
	defer timer.Stop()
	select {
	case <-b.db.writer:
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return fmt.Errorf("memory: another update did not end within %s: %w", b.db.busy, fehler.ErrUnavailable)
	}
	before, after, err := b.db.commit(ctx, f)
	if err != nil {
		return err
	}
	b.db.wecker.wake(before, after)
	return nil
}

// commit is called with the token of the writer and gives it back.
func (db *DB) commit(ctx context.Context, f func(*state) error) (before, after *state, err error) {
	defer func() { db.writer <- struct{}{} }()
	before = db.head.Load()
	s := *before
	if err := f(&s); err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	db.head.Store(&s)
	return before, &s, nil
}

// read gives the committed state.
func (b *Backend) read(ctx context.Context) (*state, error) {
	if b.closed.Load() {
		return nil, errClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b.db.head.Load(), nil
}
