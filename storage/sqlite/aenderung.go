package sqlite

import (
	"context"
	"sync"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Aenderungen implements driver.Backend. The one writer numbers the rows as it
// writes them, so the order of places is the order of commits.
func (b *Backend) Aenderungen(ctx context.Context, mandant tenant.ID, p driver.AenderungenParams) (out []driver.AenderungRow, err error) {
	err = b.read(ctx, func(c *conn) (err error) {
		out, err = sqltx.Aenderungen(ctx, c, mandant, p)
		return err
	})
	return out, err
}

// AenderungenEnde implements driver.Backend.
func (b *Backend) AenderungenEnde(ctx context.Context, mandant tenant.ID) (cursor string, err error) {
	err = b.read(ctx, func(c *conn) (err error) {
		cursor, err = sqltx.AenderungenEnde(ctx, c, mandant)
		return err
	})
	return cursor, err
}

// Beteiligungen implements driver.Backend.
func (b *Backend) Beteiligungen(ctx context.Context, gast tenant.ID, p driver.BeteiligungenParams) (out []driver.BeteiligungRow, err error) {
	err = b.read(ctx, func(c *conn) (err error) {
		out, err = sqltx.Beteiligungen(ctx, c, gast, p)
		return err
	})
	return out, err
}

// wecker keeps who wants to be woken.
type wecker struct {
	mu   sync.Mutex
	wach map[tenant.ID]map[*func()]struct{} // GUARDED_BY(mu)
}

// Wecken implements driver.Wecker, for the commits of this process. Who shares
// the file with another process must also ask now and then.
func (b *Backend) Wecken(mandant tenant.ID, f func()) (stop func()) {
	w := &b.wecker
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wach == nil {
		w.wach = map[tenant.ID]map[*func()]struct{}{}
	}
	if w.wach[mandant] == nil {
		w.wach[mandant] = map[*func()]struct{}{}
	}
	w.wach[mandant][&f] = struct{}{}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.wach[mandant], &f)
		if len(w.wach[mandant]) == 0 {
			delete(w.wach, mandant)
		}
	}
}

func (w *wecker) wecke(was sqltx.Weckt) {
	w.mu.Lock()
	var fs []func()
	seen := map[tenant.ID]bool{}
	collect := func(m tenant.ID) {
		if !seen[m] {
			seen[m] = true
			for f := range w.wach[m] {
				fs = append(fs, *f)
			}
		}
	}
	if len(w.wach) > 0 {
		for _, strom := range was.Stroeme {
			collect(strom)
		}
		if was.Auftraege {
			collect("")
		}
	}
	w.mu.Unlock()
	for _, f := range fs {
		f()
	}
}
