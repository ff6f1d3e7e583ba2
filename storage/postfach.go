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

var _ messaging.Ablage = (*Postfach)(nil)

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
	for n := 0; ; n++ {
		var out messaging.Eintrag
		err := p.s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) error {
			e, version, err := tx.eintrag(ctx, "MarkGelesen", postfach, id)
			if out = e; err != nil || !e.Gelesen.IsZero() {
				return err
			}
			out.Gelesen = instant(zeit)
			row, err := eintragRow(&out)
			if err != nil {
				return wrap("MarkGelesen", id.String(), err)
			}
			row.Version = version + 1
			return wrap("MarkGelesen", id.String(), tx.d.UpdateEintrag(ctx, driver.UpdateEintragParams{Row: row, ExpectedVersion: version}))
		})
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
	row, err := tx.d.GetEintrag(ctx, driver.GetEintragParams{ID: id})
	if err == nil && row.Postfach != postfach {
		err = ErrNotFound // another mailbox's letter does not exist for this one
	}
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
