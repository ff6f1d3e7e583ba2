package storage

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// AuftragZustand is where an Auftrag stands.
type AuftragZustand string

// The states of an Auftrag.
const (
	// AuftragOffen waits or is at work.
	AuftragOffen AuftragZustand = "offen"
	// AuftragErledigt is done.
	AuftragErledigt AuftragZustand = "erledigt"
	// AuftragGeparkt failed for good and waits for a person; the later
	// Auftraege of its Vorgang wait with it.
	AuftragGeparkt AuftragZustand = "geparkt"
	// AuftragAufgegeben was parked and will never be done.
	AuftragAufgegeben AuftragZustand = "aufgegeben"
)

// Auftrag is an Auftrag with its state in the outbox.
type Auftrag struct {
	vorgang.Auftrag
	Zustand AuftragZustand
	// Versuch counts the leases.
	Versuch int
	// Token and LeaseBis are the lease; zero means none.
	Token    uuid.UUID
	LeaseBis time.Time
	// Erledigt is when it was done; zero while it is not.
	Erledigt time.Time
	// LetzterFehler is the last failure, for operators.
	LetzterFehler string
}

// LeaseParams ask for work.
type LeaseParams struct {
	// Limit is 1 to [MaxLimit]; zero means 10.
	Limit int
	// Dauer of the lease; zero means [Options.Lease].
	Dauer time.Duration
	// Arten selects; empty selects all.
	Arten []vorgang.AuftragArt
	// Mandant selects; empty selects all.
	Mandant tenant.ID
}

// LeaseAuftraege leases due Auftraege of all Mandanten, those due longest
// first, for work outside any transaction. Per Vorgang it gives one at a time,
// in the order they were ordered; a Termin stands outside this order. What is
// not finished when the lease ends is given again, so work is done at least
// once and Auftrag.ID is the idempotency key. ErrUnsupported if the backend
// was opened without the right to see all Mandanten.
func (s *Store) LeaseAuftraege(ctx context.Context, p LeaseParams) ([]Auftrag, error) {
	if ctx.Value(inside{s}) != nil {
		return nil, fehler.New("storage.LeaseAuftraege", "", ErrInvalid, errInside)
	}
	if p.Limit == 0 {
		p.Limit = 10
	}
	if p.Limit < 1 || p.Limit > MaxLimit || len(p.Arten) > maxValues {
		return nil, fehler.New("storage.LeaseAuftraege", "", ErrInvalid, errors.New("limit must be 1 to 1000, kinds at most 500"))
	}
	now := s.now()
	rows, err := s.b.LeaseAuftraege(ctx, driver.LeaseAuftraegeParams{
		Now: now, Until: s.until(now, p.Dauer), Token: s.o.NewID(), Limit: p.Limit, Arten: texts(p.Arten), Mandant: p.Mandant,
	})
	if err != nil {
		return nil, wrap("LeaseAuftraege", "", err)
	}
	out := make([]Auftrag, len(rows))
	for i := range rows {
		out[i] = auftrag(rows[i].Mandant, &rows[i])
	}
	return out, nil
}

// FaelligeMandanten gives the Mandanten for which [Store.LeaseAuftraege] may have something, ordered: a
// hint to serve them in turn. Its cost grows with the number of Mandanten and not of
// Auftraege. ErrUnsupported as there.
func (s *Store) FaelligeMandanten(ctx context.Context) ([]tenant.ID, error) {
	if ctx.Value(inside{s}) != nil {
		return nil, fehler.New("storage.FaelligeMandanten", "", ErrInvalid, errInside)
	}
	out, err := s.b.FaelligeMandanten(ctx, s.now())
	return out, wrap("FaelligeMandanten", "", err)
}

// MaxAuftragZahl is where [Store.AuftragLage] stops counting.
const MaxAuftragZahl = 10_000

// AuftragLage is how the outbox of all Mandanten stands, for whoever runs the installation.
type AuftragLage struct {
	// Faellig counts what is open and due, at work or not, Geparkt what is parked; each at
	// most [MaxAuftragZahl].
	Faellig, Geparkt int64
	// Aelteste is since when the oldest of Faellig is due; zero if there is none.
	Aelteste time.Time
}

// AuftragLage tells how the outbox of all Mandanten stands. ErrUnsupported as for
// [Store.LeaseAuftraege].
func (s *Store) AuftragLage(ctx context.Context) (AuftragLage, error) {
	if ctx.Value(inside{s}) != nil {
		return AuftragLage{}, fehler.New("storage.AuftragLage", "", ErrInvalid, errInside)
	}
	l, err := s.b.AuftragLage(ctx, driver.AuftragLageParams{Now: s.now(), Limit: MaxAuftragZahl})
	if err != nil {
		return AuftragLage{}, wrap("AuftragLage", "", err)
	}
	out := AuftragLage{Faellig: l.Faellig, Geparkt: l.Geparkt}
	if l.Aelteste != nil {
		out.Aelteste = *l.Aelteste
	}
	return out, nil
}

// Ergebnis is the outcome of an Auftrag.
type Ergebnis struct {
	// Zustand: AuftragErledigt, AuftragGeparkt, or AuftragOffen to try again.
	Zustand AuftragZustand
	// Faellig is the first instant of the next try; it counts for AuftragOffen only.
	Faellig time.Time
	// Frei takes the try back, so that it does not count; for AuftragOffen only.
	Frei bool
	// Fehler is kept for operators, cut at 2000 bytes; without personal data.
	Fehler string
}

// FinishAuftrag reports the outcome of a leased Auftrag, in the transaction
// that reports it to its Vorgang. ErrConflict if the lease was lost: somebody
// else has the Auftrag, and this outcome must be thrown away.
func (tx *Tx) FinishAuftrag(ctx context.Context, a Auftrag, e Ergebnis) error {
	return tx.finishAuftrag(ctx, a, e, false)
}

func (tx *Tx) finishAuftrag(ctx context.Context, a Auftrag, e Ergebnis, final bool) (err error) {
	defer tx.spoil(&err)
	if err := tx.writes("FinishAuftrag"); err != nil {
		return err
	}
	switch e.Zustand {
	case AuftragErledigt, AuftragGeparkt, AuftragOffen:
	default:
		return fehler.New("storage.FinishAuftrag", a.ID.String(), ErrInvalid, errors.New("unknown Zustand"))
	}
	return wrap("FinishAuftrag", a.ID.String(), tx.d.FinishAuftrag(ctx, driver.FinishAuftragParams{
		ID: a.ID, Token: a.Token, Zustand: driver.AuftragZustand(e.Zustand), Faellig: instant(e.Faellig),
		Fehler: cut(e.Fehler, 2000), Now: tx.s.now(), Final: final, Frei: e.Frei,
	}))
}

// FinishAuftrag reports the outcome in a transaction of its own; see [Tx.FinishAuftrag].
func (s *Store) FinishAuftrag(ctx context.Context, a Auftrag, e Ergebnis) error {
	return s.Update(ctx, a.Mandant, func(ctx context.Context, tx *Tx) error { return tx.finishAuftrag(ctx, a, e, true) })
}

// cut shortens a text and makes it one that can be stored.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "�")
}

// RequeueAuftrag opens a parked Auftrag again, due now. ErrConflict if it is
// not parked.
func (tx *Tx) RequeueAuftrag(ctx context.Context, id uuid.UUID) (err error) {
	defer tx.spoil(&err)
	if err := tx.writes("RequeueAuftrag"); err != nil {
		return err
	}
	return wrap("RequeueAuftrag", id.String(), tx.d.RequeueAuftrag(ctx, driver.RequeueAuftragParams{ID: id, Now: tx.s.now()}))
}

// GiveUpAuftrag closes a parked Auftrag for good, so that the later ones of its
// Vorgang go on, and writes into the journal who did it and why. ErrConflict if it
// is not parked; the right and the reason are those of [vorgang.Vorgang.GiveUp].
func (s *Store) GiveUpAuftrag(ctx context.Context, a tenant.Akteur, p Auftrag, grund string) error {
	return s.Update(ctx, p.Mandant, func(ctx context.Context, tx *Tx) (err error) {
		defer tx.spoil(&err)
		v, err := tx.Lock(ctx, p.Vorgang)
		if err != nil {
			return err
		}
		if err := v.GiveUp(a, s.now(), p.ID, p.Art, grund); err != nil {
			return err
		}
		if err := tx.Save(ctx, v); err != nil {
			return err
		}
		return wrap("GiveUpAuftrag", p.ID.String(), tx.d.RequeueAuftrag(ctx, driver.RequeueAuftragParams{ID: p.ID, GiveUp: true}))
	})
}

// Auftraege gives the Auftraege of a Vorgang in their order, or of all
// Vorgaenge for the zero id; with zustaende only those. An error is the last pair.
func (tx *Tx) Auftraege(ctx context.Context, id uuid.UUID, zustaende ...AuftragZustand) iter.Seq2[Auftrag, error] {
	var in []driver.AuftragZustand
	for _, z := range zustaende {
		in = append(in, driver.AuftragZustand(z))
	}
	return pages(func(last *driver.AuftragRow) ([]driver.AuftragRow, error) {
		if err := tx.reads("Auftraege"); err != nil {
			return nil, err
		}
		p := driver.ListAuftraegeParams{VorgangID: id, Zustaende: in, Limit: pageRows}
		if last != nil {
			p.After = &driver.AuftragKey{VorgangID: last.VorgangID, VorgangVersion: last.VorgangVersion, Ordinal: last.Ordinal}
		}
		rows, err := tx.d.ListAuftraege(ctx, p)
		return rows, wrap("Auftraege", string(tx.mandant), err)
	}, func(r *driver.AuftragRow) (Auftrag, error) { return auftrag(tx.mandant, r), nil })
}

// pages turns a function that reads a page behind a row into a sequence. The
// page is complete before the first of its values is given.
func pages[R, V any](page func(last *R) ([]R, error), value func(*R) (V, error)) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		var zero V
		var last *R
		for {
			rows, err := page(last)
			if err != nil {
				yield(zero, err)
				return
			}
			for i := range rows {
				v, err := value(&rows[i])
				if err != nil {
					yield(zero, err)
					return
				}
				if !yield(v, nil) {
					return
				}
			}
			if len(rows) < pageRows {
				return
			}
			last = &rows[len(rows)-1]
		}
	}
}
