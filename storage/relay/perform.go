package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func (r *Relay) perform(ctx context.Context, g storage.Auftrag) {
	log := r.o.Log.With("auftrag", g.ID, "art", g.Art, "mandant", g.Mandant, "versuch", g.Versuch)
	if g.Versuch > r.regel(g.Art).MaxVersuche {
		// The last try never came to an end: perhaps the work kills the process.
		r.giveUp(ctx, log, g, errGivenUp)
		return
	}
	workCtx, cancel := context.WithTimeout(ctx, r.o.Lease*9/10)
	v, bericht, err := r.handle(workCtx, g.Auftrag)
	cancel()
	if err == nil {
		// What was done outside is reported even while shutting down; otherwise
		// somebody would do it again.
		reportCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.o.Lease/10)
		err = r.finish(reportCtx, g, v, bericht, storage.Ergebnis{Zustand: storage.AuftragErledigt})
		cancel()
		if err == nil {
			log.DebugContext(ctx, "auftrag done")
			return
		}
		if errors.Is(err, errLeaseLost) {
			log.WarnContext(ctx, "lease lost while at work")
			return
		}
	}
	if ctx.Err() != nil {
		r.giveBack(ctx, log, g)
		return
	}
	log.WarnContext(ctx, "auftrag failed", "error", err)
	r.giveUp(ctx, log, g, err)
}

// giveBack opens an Auftrag that was broken off, due now and without a try, so that nobody waits for
// its lease to run out.
func (r *Relay) giveBack(ctx context.Context, log *slog.Logger, g storage.Auftrag) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.o.Lease/10)
	defer cancel()
	err := r.finish(ctx, g, nil, nil, storage.Ergebnis{Zustand: storage.AuftragOffen, Faellig: r.o.Now(), Frei: true})
	if err != nil && !errors.Is(err, errLeaseLost) {
		log.WarnContext(ctx, "auftrag cannot be given back; its lease runs out", "error", err)
	}
}

func (r *Relay) giveUp(ctx context.Context, log *slog.Logger, g storage.Auftrag, cause error) {
	err := r.putOff(ctx, log, g, cause)
	switch {
	case err == nil || ctx.Err() != nil:
	case errors.Is(err, errLeaseLost):
		log.WarnContext(ctx, "lease lost while at work")
	default:
		log.ErrorContext(ctx, "auftrag cannot be put off", "error", err)
	}
}

// handle runs the Handler; a panic is a failure like any other.
func (r *Relay) handle(ctx context.Context, a vorgang.Auftrag) (v *vorgang.Vorgang, b Bericht, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.o.Log.ErrorContext(ctx, "handler panicked", "auftrag", a.ID, "art", a.Art, "stack", string(debug.Stack()))
			err = fmt.Errorf("relay: handler of %s panicked", a.Art)
		}
	}()
	if v, err = r.store.Get(ctx, a.Mandant, a.Vorgang); err != nil {
		return nil, nil, err
	}
	ziel := ""
	if r.o.Ziel != nil {
		ziel = r.o.Ziel(a)
	}
	if ziel == "" {
		b, err = r.handlers[a.Art].Handle(ctx, a, v)
		return v, b, err
	}
	err = r.o.Sicherungen.Do(ctx, ziel, func() (err error) {
		b, err = r.handlers[a.Art].Handle(ctx, a, v)
		return err
	})
	return v, b, err
}

var (
	errLeaseLost = errors.New("relay: lease lost")
	errGivenUp   = errors.New("relay: no try came to an end")
)

// finish applies the report and finishes the Auftrag in one transaction. gesehen is the
// Vorgang as the Handler saw it; nil if there was none.
func (r *Relay) finish(ctx context.Context, g storage.Auftrag, gesehen *vorgang.Vorgang, b Bericht, e storage.Ergebnis) error {
	if b == nil { // one round trip
		err := r.store.FinishAuftrag(ctx, g, e)
		if errors.Is(err, fehler.ErrConflict) {
			return errLeaseLost
		}
		return err
	}
	return r.store.Update(ctx, g.Mandant, func(ctx context.Context, tx *storage.Tx) error {
		lock := func() (*vorgang.Vorgang, error) { return tx.Lock(ctx, g.Vorgang) }
		if gesehen != nil {
			lock = func() (*vorgang.Vorgang, error) { return tx.LockAgain(ctx, gesehen) }
		}
		v, err := lock()
		if err != nil {
			return err
		}
		if err := r.report(ctx, g, b, v); err != nil {
			return err
		}
		if err := tx.Save(ctx, v); err != nil {
			return err
		}
		err = tx.FinishAuftrag(ctx, g, e)
		if errors.Is(err, fehler.ErrConflict) {
			return errLeaseLost // rolls the report back: whoever holds the lease reports
		}
		return err
	})
}

// report applies the Bericht; a panic in it is a failure like any other.
func (r *Relay) report(ctx context.Context, g storage.Auftrag, b Bericht, v *vorgang.Vorgang) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.o.Log.ErrorContext(ctx, "report panicked", "auftrag", g.ID, "art", g.Art, "stack", string(debug.Stack()))
			err = fmt.Errorf("relay: report of %s panicked", g.Art)
		}
	}()
	return b(v)
}

// putOff schedules the next try, or parks the Auftrag and says so in the journal.
func (r *Relay) putOff(ctx context.Context, log *slog.Logger, g storage.Auftrag, cause error) error {
	p := storage.Ergebnis{Fehler: reason(cause)}
	frei := keinVersuch(cause)
	switch {
	case r.zuAlt(g):
		p.Fehler = reason(fmt.Errorf("too old to be tried again: %w", cause))
		fallthrough
	case hopeless(cause), !frei && g.Versuch >= r.regel(g.Art).MaxVersuche:
		p.Zustand = storage.AuftragGeparkt
		err := r.finish(ctx, g, nil, func(v *vorgang.Vorgang) error {
			return v.RecordFailure(r.akteur, r.o.Now(), g.ID, g.Art, p.Fehler)
		}, p)
		if err == nil || !final(err) {
			return err
		}
		// The Vorgang is gone, unreadable or takes no reports any more. The
		// Auftrag is parked all the same; otherwise it would come for ever.
		log.ErrorContext(ctx, "the Vorgang takes no entry about the parked auftrag", "error", err)
		return r.finish(ctx, g, nil, nil, p)
	}
	p.Zustand, p.Frei = storage.AuftragOffen, frei
	p.Faellig = r.o.Now().Add(r.wait(cause, g.Art, g.Versuch))
	return r.finish(ctx, g, nil, nil, p)
}

// final tells whether the Vorgang itself refuses, now and later.
func final(err error) bool { return hopeless(err) || errors.Is(err, fehler.ErrNotFound) }

func hopeless(err error) bool {
	return errors.Is(err, fehler.ErrInvalid) || errors.Is(err, fehler.ErrForbidden) || errors.Is(err, fehler.ErrUnsupported)
}

// reason is the text kept with the Auftrag: at most 500 bytes that every backend
// can store.
func reason(err error) string {
	s := err.Error()
	return strings.ReplaceAll(strings.ToValidUTF8(s[:min(len(s), 500)], ""), "\x00", "")
}
