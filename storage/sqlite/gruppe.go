package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// schreiber is the one connection that writes, and the queue before it.
//
// What a commit costs is the wait for the disk, so those who wait share one:
// whoever holds the connection and is done hands it on with the transaction
// still open, and the last one commits for all. Each closure runs in the
// goroutine of its caller, after the first one inside a savepoint, and none
// begins before the one ahead has ended; so a closure that fails takes back its
// own part only. Nobody hears of success before the commit. Who is alone commits
// at once and pays nothing for the others that did not come.
type schreiber struct {
	c    *conn
	busy time.Duration
	// wecke is called after a commit, when the connection has been handed on.
	wecke func(sqltx.Weckt)
	// Bounds of a group.
	max   int
	dauer time.Duration

	commits atomic.Int64

	mu       sync.Mutex
	frei     bool         // nobody holds the connection; GUARDED_BY(mu)
	zu       bool         // GUARDED_BY(mu)
	schlange []*wartender // GUARDED_BY(mu)
	closed   chan struct{}
}

// Bounds of a group. The first member waits for the last one, so they bound
// what sharing may cost it.
const (
	maxMitglieder = 128
	maxDauer      = 20 * time.Millisecond
)

// wartender waits for the connection; it gets the open group to join, or nil.
type wartender struct {
	dran   chan *gruppe
	allein bool // does not join
}

// gruppe is one open transaction of several callers. Only the holder of the
// connection uses it.
type gruppe struct {
	offen      bool // the transaction is open
	begonnen   time.Time
	mitglieder []chan error // who waits for the outcome
	weckt      sqltx.Weckt
}

func newSchreiber(c *conn, busy time.Duration, wecke func(sqltx.Weckt)) *schreiber {
	return &schreiber{c: c, busy: busy, wecke: wecke, max: maxMitglieder, dauer: maxDauer, frei: true, closed: make(chan struct{})}
}

// run runs f as a transaction, or as a part of one, and returns when its
// outcome is known.
func (s *schreiber) run(ctx context.Context, f func(c *conn) (sqltx.Weckt, error)) error {
	g, err := s.enter(ctx)
	if err != nil {
		return err
	}
	erste := g == nil
	if g, err = s.begin(ctx, g); err != nil {
		s.leave(g)
		return err
	}
	returned := false
	defer func() {
		if !returned { // a panic or the end of the goroutine goes on from here
			s.undo(g, erste)
			s.leave(g)
		}
	}()
	weckt, failed := f(s.c)
	returned = true
	if failed == nil {
		failed = ctx.Err()
	}
	if failed == nil && !erste {
		_, failed = s.c.Exec(context.Background(), "RELEASE mitglied")
	}
	if failed != nil {
		s.undo(g, erste)
		if erste || ctx.Err() != nil {
			s.leave(g)
			return failed
		}
		// It may have failed because of what an earlier member wrote, which
		// counts only if the commit succeeds.
	} else {
		g.weckt.Stroeme = append(g.weckt.Stroeme, weckt.Stroeme...)
		g.weckt.Auftraege = g.weckt.Auftraege || weckt.Auftraege
	}
	outcome := make(chan error, 1)
	if g.offen {
		g.mitglieder = append(g.mitglieder, outcome)
	} else {
		outcome <- nil // the group broke with this member
	}
	s.leave(g)
	if err := s.await(outcome); err != nil {
		return err
	}
	return failed
}

// enter waits for the connection: no longer than the context allows, and no
// longer than the busy timeout, so that a store call inside a closure of the
// same store ends instead of hanging.
func (s *schreiber) enter(ctx context.Context) (*gruppe, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.zu {
		s.mu.Unlock()
		return nil, errClosed
	}
	if s.frei {
		s.frei = false
		s.mu.Unlock()
		return nil, nil
	}
	w := &wartender{dran: make(chan *gruppe, 1)}
	s.schlange = append(s.schlange, w)
	s.mu.Unlock()

	timer := time.NewTimer(s.busy)
	defer timer.Stop()
	var err error
	select {
	case g := <-w.dran:
		return g, nil
	case <-s.closed:
		err = errClosed
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = errBusy(s.busy)
	}
	s.mu.Lock()
	i := slices.Index(s.schlange, w)
	if i >= 0 {
		s.schlange = slices.Delete(s.schlange, i, i+1)
	}
	s.mu.Unlock()
	if i < 0 { // its turn came at the same moment
		g := <-w.dran
		if g == nil {
			g = &gruppe{}
		}
		s.leave(g)
	}
	return nil, err
}

func errBusy(d time.Duration) error {
	return fmt.Errorf("sqlite: no connection became free within %s: %w", d, fehler.ErrUnavailable)
}

func (s *schreiber) begin(ctx context.Context, g *gruppe) (*gruppe, error) {
	if g != nil {
		_, err := s.c.Exec(context.Background(), "SAVEPOINT mitglied")
		return g, err
	}
	g = &gruppe{}
	if _, err := s.c.Exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		s.c.rollback()
		return g, err
	}
	g.offen, g.begonnen = true, time.Now()
	return g, nil
}

// undo takes back what the present member wrote. If that is not possible,
// because the database has given up the transaction itself, the group fails.
func (s *schreiber) undo(g *gruppe, erste bool) {
	if !erste {
		_, err := s.c.Exec(context.Background(), "ROLLBACK TO mitglied")
		if err == nil {
			_, err = s.c.Exec(context.Background(), "RELEASE mitglied")
		}
		if err == nil {
			return
		}
		g.end(fmt.Errorf("sqlite: the transaction was lost with another one: %w", fehler.ErrUnavailable))
	}
	s.c.rollback()
	g.offen = false
}

// end tells the members the outcome.
func (g *gruppe) end(err error) {
	for _, m := range g.mitglieder {
		m <- err
	}
	g.mitglieder = nil
	g.offen = false
}

// leave hands the connection on: with the open transaction, if somebody waits
// and the group may still grow, otherwise after the commit.
func (s *schreiber) leave(g *gruppe) {
	if g.offen && s.handOn(g) {
		return
	}
	var weckt sqltx.Weckt
	if g.offen {
		err := s.commit()
		if err == nil {
			weckt = g.weckt
		}
		g.end(err)
	}
	s.handOn(nil)
	if weckt.Auftraege || len(weckt.Stroeme) > 0 {
		s.wecke(weckt)
	}
}

// handOn gives the connection to the first who waits. With a group it tells
// whether there is somebody to join it.
func (s *schreiber) handOn(g *gruppe) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g != nil && (len(s.schlange) == 0 || s.schlange[0].allein || len(g.mitglieder) >= s.max || time.Since(g.begonnen) >= s.dauer) {
		return false
	}
	if len(s.schlange) == 0 {
		s.frei = true
		return true
	}
	next := s.schlange[0]
	s.schlange = slices.Delete(s.schlange, 0, 1)
	next.dran <- g
	return true
}

// commit is carried through whatever became of the callers, so that the
// outcome is known.
func (s *schreiber) commit() error {
	_, err := s.c.Exec(context.Background(), "COMMIT")
	if err == nil {
		s.commits.Add(1)
		return nil
	}
	s.c.rollback()
	if !errors.Is(err, fehler.ErrUnavailable) {
		err = fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	return err
}

// await waits for the outcome. A closure behind this one that never ends must not
// hold it for ever; then the outcome stays open.
func (s *schreiber) await(outcome chan error) error {
	select {
	case err := <-outcome: // always for who is alone or last
		return err
	default:
	}
	timer := time.NewTimer(2 * s.busy)
	defer timer.Stop()
	select {
	case err := <-outcome:
		return err
	case <-timer.C:
		return fmt.Errorf("sqlite: no commit within %s, its outcome is open: %w", 2*s.busy, fehler.ErrUnavailable)
	}
}

// close waits for the running transaction, refuses all later ones and closes the
// connection. It must be called once.
func (s *schreiber) close() error {
	s.mu.Lock()
	s.zu = true
	close(s.closed)
	if !s.frei {
		w := &wartender{dran: make(chan *gruppe, 1), allein: true}
		s.schlange = slices.Insert(s.schlange, 0, w)
		s.mu.Unlock()
		<-w.dran
		s.mu.Lock()
	}
	s.frei = false
	s.mu.Unlock()
	return s.c.close()
}
