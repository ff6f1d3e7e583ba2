package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// abdruck is the Zustand of a row of the register that is no delivery: it says which
// delivery had this Abdruck first. Its key has no colon, those of deliveries have one.
const abdruck = "abdruck"

var abdruckForm = regexp.MustCompile(`^[0-9A-Za-z]{0,128}$`)

type abdruckDaten struct {
	Eingang uuid.UUID `json:"eingang"`
}

// compare notes in k which delivery had the same Abdruck before, or that this is the
// first one. It is part of the transaction that makes the delivery durable: one that
// was never taken marks nobody as its duplicate.
func (a *Annahme) compare(ctx context.Context, tx *storage.Tx, e storage.Eingang, k *akte) error {
	k.Lieferung.Dublette = uuid.Nil
	if k.Lieferung.Abdruck == "" || e.Zustand == string(Abgelehnt) {
		return nil
	}
	schluessel := e.Kanal + "#" + k.Lieferung.Abdruck
	row, err := tx.FindEingang(ctx, schluessel)
	if err == nil {
		var d abdruckDaten
		if err := json.Unmarshal(row.Daten, &d); err != nil {
			return fehler.New("intake.Receive", row.ID.String(), fehler.ErrInvalid, errors.New("the stored Abdruck is not readable"))
		}
		k.Lieferung.Dublette = d.Eingang
		return nil
	}
	if !errors.Is(err, fehler.ErrNotFound) {
		return err
	}
	daten, err := json.Marshal(abdruckDaten{Eingang: e.ID})
	if err != nil {
		return err
	}
	return tx.InsertEingang(ctx, &storage.Eingang{ID: a.o.NewID(), Schluessel: schluessel, Kanal: e.Kanal, Zustand: abdruck,
		Eingegangen: e.Eingegangen, Daten: daten})
}

// first reads the delivery that had the same Abdruck before; nil if there is none.
func (a *Annahme) first(ctx context.Context, k akte) (*storage.Eingang, error) {
	if k.Lieferung.Dublette == uuid.Nil {
		return nil, nil
	}
	var e storage.Eingang
	err := a.p.Store.View(ctx, a.p.Betreiber, func(ctx context.Context, tx *storage.Tx) (err error) {
		e, err = tx.GetEingang(ctx, k.Lieferung.Dublette)
		return err
	})
	if errors.Is(err, fehler.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &e, nil
}

// flag notes on a new Vorgang that its content came before, and links both if they
// are the same Mandant's. The first one may be deleted or full: then the note is all.
func (a *Annahme) flag(ctx context.Context, tx *storage.Tx, v *vorgang.Vorgang, first *storage.Eingang) error {
	now := a.o.Now()
	text := fmt.Sprintf("Möglicherweise doppelt: Derselbe Inhalt ging schon am %s ein (Eingang %s).", datum.Von(first.Eingegangen).Deutsch(), first.ID)
	if first.ZielMandant == v.Stand().Mandant && first.ZielVorgang != uuid.Nil {
		other, err := tx.Get(ctx, first.ZielVorgang)
		if err != nil && !errors.Is(err, fehler.ErrNotFound) {
			return err
		}
		if err == nil {
			text = fmt.Sprintf("Möglicherweise doppelt: Derselbe Inhalt ging schon am %s ein (Vorgang %s).", datum.Von(first.Eingegangen).Deutsch(), other.Nummer())
			if err := v.Link(a.akteur, now, vorgang.Verknuepfung{Art: vorgang.DubletteVon, Vorgang: other.ID(), Nummer: other.Nummer()}); err != nil {
				return err
			}
			if other.Link(a.akteur, now, vorgang.Verknuepfung{Art: vorgang.HatDublette, Vorgang: v.ID(), Nummer: v.Nummer()}) == nil {
				if err := tx.Save(ctx, other); err != nil {
					return err
				}
			}
		}
	}
	_, err := v.Note(a.akteur, now, text)
	return err
}
