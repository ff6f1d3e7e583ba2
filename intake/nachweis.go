package intake

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// AddNachweise keeps further proofs with a delivery that was refused or lies in
// the Klaerfach, such as the channel's log after the sender was told. A Nachweis
// replaces the one of the same name. A Rerun takes them along into the Vorgang.
// ErrNotFound if there is no such delivery; ErrConflict if it has a Vorgang, or
// gets one at this moment: then the proof belongs there.
func (a *Annahme) AddNachweise(ctx context.Context, kanal, kennung string, teile ...Teil) error {
	const op = "intake.AddNachweise"
	l := Lieferung{Kanal: kanal, Kennung: kennung}
	e, err := a.known(ctx, l.Schluessel())
	if err != nil {
		return err
	}
	if e == nil {
		return fehler.New(op, l.Schluessel(), fehler.ErrNotFound, nil)
	}
	if z := Ausgang(e.Zustand); e.ZielMandant != "" || z != Klaerung && z != Abgelehnt {
		return fehler.New(op, l.Schluessel(), fehler.ErrConflict, errors.New("the delivery has a Vorgang"))
	}
	var k akte
	if err := json.Unmarshal(e.Daten, &k); err != nil {
		return fehler.New(op, e.ID.String(), fehler.ErrInvalid, errors.New("the stored delivery is not readable"))
	}
	neu := Lieferung{Nachweise: slices.Clone(teile)}
	for i, t := range neu.Nachweise {
		r, err := t.open(ctx)
		if err != nil {
			return err
		}
		ref, err := a.p.Blobs.Put(ctx, a.p.Betreiber, r)
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
		neu.Nachweise[i].Groesse, neu.Nachweise[i].SHA512 = ref.Groesse, ref.SHA512
		k.Lieferung.Nachweise = slices.DeleteFunc(k.Lieferung.Nachweise, func(old Teil) bool { return old.Name == t.Name })
	}
	k.Lieferung.Nachweise = append(k.Lieferung.Nachweise, neu.Nachweise...)
	if e.Daten, err = json.Marshal(k); err != nil {
		return err
	}
	return a.p.Store.Update(ctx, a.p.Betreiber, func(ctx context.Context, tx *storage.Tx) error {
		row := *e // the closure may run again
		return tx.UpdateEingang(ctx, &row)
	})
}
