// Package memory keeps Fachwerk's data in memory: for tests, examples and
// demos. It behaves like a database, with real transactions, rollback and
// consistent snapshots, but nothing survives the process.
package memory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

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

// state is one committed state. Rows behind pointers are never changed.
type state struct {
	vorgang        tree[*driver.VorgangRow] // id
	vorgangEingang tree[*driver.VorgangRow] // eingang, id
	vorgangNummer  tree[uuid.UUID]          // nummer
	journal        tree[*driver.JournalRow] // vorgang, seq
	auftrag        tree[*driver.AuftragRow] // id
	auftragPlatz   tree[*driver.AuftragRow] // vorgang, version, ordinal
	auftragOffen   tree[*driver.AuftragRow] // the same, open and parked only
	eingang        tree[*driver.EingangRow] // id
	schluessel     tree[uuid.UUID]          // schluessel
	eingangZeit    tree[*driver.EingangRow] // eingegangen, id
	eintrag        tree[*driver.EintragRow] // id
	eintragZeit    tree[*driver.EintragRow] // zeit, id
	konfig         tree[*driver.KonfigRow]  // art, schluessel
	zaehler        tree[int64]              // name, jahr
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
	return nil
}

// View implements driver.Backend.
func (b *Backend) View(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	if b.closed.Load() {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s := *b.db.head.Load()
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
		t := &tx{s: s, mandant: mandant}
		defer func() { t.done = true }()
		if err := f(ctx, t); err != nil {
			return err
		}
		return t.err
	})
}

// write runs f on a copy of the state and makes the copy the state if f succeeds.
func (b *Backend) write(ctx context.Context, f func(*state) error) error {
	if b.closed.Load() {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
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
	defer func() { b.db.writer <- struct{}{} }()
	s := *b.db.head.Load()
	if err := f(&s); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	b.db.head.Store(&s)
	return nil
}

// LeaseAuftraege implements driver.Backend.
func (b *Backend) LeaseAuftraege(ctx context.Context, p driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error) {
	var out []driver.AuftragRow
	err := b.write(ctx, func(s *state) error {
		var due []*driver.AuftragRow
		type vorgang struct {
			mandant tenant.ID
			id      uuid.UUID
		}
		var last vorgang // the Vorgang whose first ordered Auftrag was seen
		s.auftragOffen.ascend("", "", func(_ string, a *driver.AuftragRow) bool {
			head := true
			if !a.Termin {
				v := vorgang{a.Mandant, a.VorgangID}
				head = v != last
				last = v
			}
			if head && a.Zustand == driver.AuftragOffen && !a.Faellig.After(p.Now) &&
				(a.LeaseBis == nil || !a.LeaseBis.After(p.Now)) &&
				(len(p.Arten) == 0 || slices.Contains(p.Arten, a.Art)) {
				due = append(due, a)
			}
			return true
		})
		slices.SortFunc(due, func(x, y *driver.AuftragRow) int {
			if c := x.Faellig.Compare(y.Faellig); c != 0 {
				return c
			}
			return strings.Compare(string(x.ID[:]), string(y.ID[:]))
		})
		for _, a := range due[:min(len(due), p.Limit)] {
			n := *a
			n.LeaseToken, n.LeaseBis = new(p.Token), new(p.Until)
			n.Versuch++
			s.putAuftrag(&n)
			out = append(out, cloneAuftrag(&n))
		}
		return nil
	})
	return out, err
}
