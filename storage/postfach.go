package storage

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Postfach is the embedded mailbox of citizens: the [messaging.Ablage] of the
// portal channel. It is safe for concurrent use.
type Postfach struct{ s *Store }

var _ messaging.Ausgangsablage = (*Postfach)(nil)

// Postfach gives the mailboxes of this store.
func (s *Store) Postfach() *Postfach { return &Postfach{s} }

// PutEintrag implements [messaging.Ablage].
func (p *Postfach) PutEintrag(ctx context.Context, mandant tenant.ID, e messaging.Eintrag) (messaging.Eintrag, error) {
	var out messaging.Eintrag
	err := p.s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
		out, err = tx.PutEintrag(ctx, e)
		return err
	})
	return out, err
}

// GetEintrag implements [messaging.Ablage].
func (p *Postfach) GetEintrag(ctx context.Context, mandant tenant.ID, postfach string, id uuid.UUID) (messaging.Eintrag, error) {
	var out messaging.Eintrag
	err := p.s.viewOne(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
		out, _, err = tx.eintrag(ctx, "GetEintrag", postfach, id)
		return err
	})
	return out, err
}

// MarkGelesen implements [messaging.Ablage].
func (p *Postfach) MarkGelesen(ctx context.Context, mandant tenant.ID, postfach string, id uuid.UUID, zeit time.Time) (messaging.Eintrag, error) {
	return p.change(ctx, mandant, "MarkGelesen", id, func(e *messaging.Eintrag) (bool, error) {
		if e.Postfach != postfach || !e.Zurueckgerufen.IsZero() {
			return false, ErrNotFound // another mailbox's letter does not exist for this one
		}
		if !e.Gelesen.IsZero() {
			return false, nil
		}
		e.Gelesen = instant(zeit)
		return true, nil
	})
}

// FindEintrag implements [messaging.Ausgangsablage].
func (p *Postfach) FindEintrag(ctx context.Context, mandant tenant.ID, id uuid.UUID) (messaging.Eintrag, error) {
	var out messaging.Eintrag
	err := p.s.viewOne(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
		out, _, err = tx.eintragByID(ctx, "FindEintrag", id)
		return err
	})
	return out, err
}

// RecallEintrag implements [messaging.Ausgangsablage].
func (p *Postfach) RecallEintrag(ctx context.Context, mandant tenant.ID, id uuid.UUID, zeit time.Time) (messaging.Eintrag, error) {
	return p.change(ctx, mandant, "RecallEintrag", id, func(e *messaging.Eintrag) (bool, error) {
		switch {
		case e.Richtung != messaging.Ausgang:
			return false, ErrNotFound // what a citizen wrote is not the authority's to take back
		case !e.Zurueckgerufen.IsZero():
			return false, nil
		case !e.Gelesen.IsZero():
			return false, ErrConflict
		}
		n := &e.Nachricht
		n.Betreff, n.Text, n.Anhaenge, e.Zurueckgerufen = "", "", nil, instant(zeit)
		return true, nil
	})
}

// change applies do to what is stored now, and again if somebody else was first. An
// ErrConflict of do itself is final.
func (p *Postfach) change(ctx context.Context, mandant tenant.ID, op string, id uuid.UUID, do func(e *messaging.Eintrag) (bool, error)) (messaging.Eintrag, error) {
	for n := 0; ; n++ {
		var out messaging.Eintrag
		var refused error
		err := p.s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) error {
			refused = nil
			e, version, err := tx.eintragByID(ctx, op, id)
			if err != nil {
				return err
			}
			changed, err := do(&e)
			if err != nil {
				refused = wrap(op, id.String(), err)
				return refused
			}
			if out = e; !changed {
				return nil
			}
			row, err := eintragRow(&out)
			if err != nil {
				return wrap(op, id.String(), err)
			}
			row.Version = version + 1
			return wrap(op, id.String(), tx.d.UpdateEintrag(ctx, driver.UpdateEintragParams{Row: row, ExpectedVersion: version}))
		})
		if refused != nil {
			return messaging.Eintrag{}, err
		}
		if err == nil || n >= p.s.o.MaxRetries || !errors.Is(err, ErrConflict) {
			return out, err
		}
	}
}

// ListEintraege implements [messaging.Ablage]: oldest first by Zeit, then ID.
func (p *Postfach) ListEintraege(ctx context.Context, mandant tenant.ID, postfach string) iter.Seq2[messaging.Eintrag, error] {
	return pages(func(last *driver.EintragRow) (rows []driver.EintragRow, err error) {
		q := driver.ListEintraegeParams{Postfach: postfach, Limit: pageRows}
		if postfach == "" {
			return nil, wrap("ListEintraege", string(mandant), ErrNotFound)
		}
		if last != nil {
			q.After = &driver.EintragKey{Zeit: last.Zeit, ID: last.ID}
		}
		err = p.s.viewOne(ctx, mandant, func(ctx context.Context, tx *Tx) error {
			if err := checkText("ListEintraege", string(mandant), "/postfach", postfach); err != nil {
				return err
			}
			rows, err = tx.d.ListEintraege(ctx, q)
			return wrap("ListEintraege", string(mandant), err)
		})
		return rows, err
	}, eintragOf)
}

// PutEintrag puts a letter into a mailbox. The same ID again changes nothing
// and returns what was stored first.
func (tx *Tx) PutEintrag(ctx context.Context, e messaging.Eintrag) (out messaging.Eintrag, err error) {
	defer tx.spoil(&err)
	if err := tx.writes("PutEintrag"); err != nil {
		return messaging.Eintrag{}, err
	}
	if e.ID == uuid.Nil || e.Postfach == "" {
		return messaging.Eintrag{}, fehler.New("storage.PutEintrag", e.ID.String(), ErrInvalid, errors.New("id and mailbox are mandatory"))
	}
	if err := checkText("PutEintrag", e.ID.String(), "/postfach", e.Postfach, "/richtung", string(e.Richtung)); err != nil {
		return messaging.Eintrag{}, err
	}
	e.Zeit = instant(e.Zeit)
	row, err := eintragRow(&e)
	if err != nil {
		return messaging.Eintrag{}, wrap("PutEintrag", e.ID.String(), err)
	}
	if _, err := tx.d.PutEintrag(ctx, driver.PutEintragParams{Row: row}); err != nil {
		return messaging.Eintrag{}, wrap("PutEintrag", e.ID.String(), err)
	}
	// Read back, also the new one: what is returned is what is stored.
	stored, err := tx.d.GetEintrag(ctx, driver.GetEintragParams{ID: e.ID})
	if err != nil {
		return messaging.Eintrag{}, wrap("PutEintrag", e.ID.String(), err)
	}
	return eintragOf(&stored)
}

func (tx *Tx) eintrag(ctx context.Context, op, postfach string, id uuid.UUID) (messaging.Eintrag, int64, error) {
	e, version, err := tx.eintragByID(ctx, op, id)
	if err == nil && e.Postfach != postfach {
		// another mailbox's letter does not exist for this one
		return messaging.Eintrag{}, 0, wrap(op, id.String(), ErrNotFound)
	}
	return e, version, err
}

func (tx *Tx) eintragByID(ctx context.Context, op string, id uuid.UUID) (messaging.Eintrag, int64, error) {
	row, err := tx.d.GetEintrag(ctx, driver.GetEintragParams{ID: id})
	if err != nil {
		return messaging.Eintrag{}, 0, wrap(op, id.String(), err)
	}
	e, err := eintragOf(&row)
	return e, row.Version, err
}

func eintragRow(e *messaging.Eintrag) (driver.EintragRow, error) {
	daten, err := json.Marshal(e)
	return driver.EintragRow{
		ID: e.ID, Postfach: e.Postfach, VorgangID: e.Vorgang, Richtung: string(e.Richtung), Zeit: e.Zeit, Version: 1, Daten: daten,
	}, err
}

func eintragOf(r *driver.EintragRow) (messaging.Eintrag, error) {
	var e messaging.Eintrag
	if json.Unmarshal(r.Daten, &e) != nil {
		return messaging.Eintrag{}, fehler.New("storage.Postfach", r.ID.String(), ErrInvalid, errors.New("the stored letter is not readable"))
	}
	return e, nil
}
