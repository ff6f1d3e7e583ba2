package betrieb

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// putz is what is cleaned, and how often.
type putz struct {
	store        *storage.Store
	blobs        blob.Store
	mandanten    []tenant.ID
	pause, merke time.Duration
	now          func() time.Time
}

func newPutz(p *Params, o *Options) putz {
	x := putz{store: p.Store, blobs: p.Blobs, mandanten: slices.Clone(p.Aufraeumen), pause: o.Aufraeumen, merke: o.Merken, now: o.Now}
	if x.pause <= 0 {
		x.pause = 24 * time.Hour
	}
	if x.merke <= 0 {
		x.merke = 90 * 24 * time.Hour
	}
	return x
}

// Geputzt is what a round of cleaning removed.
type Geputzt struct {
	// Zeilen are idempotency keys whose time is over and old changes of the feed.
	Zeilen int64
	// Dateien is the report of blob.Collect; zero if the file storage cannot do it.
	Dateien blob.Report
}

// CleanUp removes what a Mandant no longer needs: files that nothing refers to (blob.Collect,
// with its grace), idempotency keys whose time is over, changes of the feed older than
// Options.Merken. [Betrieb.Run] does it for Params.Aufraeumen. Legal retention is another matter:
// what a Vorgang refers to stays until the Vorgang is deleted.
func (b *Betrieb) CleanUp(ctx context.Context, mandant tenant.ID) (Geputzt, error) {
	var g Geputzt
	now := b.putz.now()
	var err error
	if g.Zeilen, err = b.putz.store.Prune(ctx, mandant, storage.PruneParams{Schluessel: now, Aenderungen: now.Add(-b.putz.merke)}); err != nil {
		return g, err
	}
	g.Dateien, err = blob.Collect(ctx, b.putz.blobs, mandant, blob.CollectParams{Referenced: b.putz.store.Dateien(ctx, mandant), Stand: now})
	if errors.Is(err, fehler.ErrUnsupported) {
		err = nil
	}
	return g, err
}

// cleanUp goes round until ctx ends. The first round waits, too: a start is no time for it.
func (b *Betrieb) cleanUp(ctx context.Context) {
	for len(b.putz.mandanten) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-time.After(b.putz.pause):
		}
		for _, m := range b.putz.mandanten {
			g, err := b.CleanUp(ctx, m)
			switch {
			case errors.Is(err, fehler.ErrConflict): // files, and nothing that refers to them: a person should look
				b.log.WarnContext(ctx, "not cleaned", "mandant", m, "error", err)
			case err != nil && ctx.Err() == nil:
				b.log.ErrorContext(ctx, "cleaning failed", "mandant", m, "error", err)
			case err == nil:
				b.log.InfoContext(ctx, "cleaned", "mandant", m, "rows", g.Zeilen, "files", g.Dateien)
			}
		}
	}
}
