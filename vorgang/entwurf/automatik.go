package entwurf

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// TextOptions of [Entwerfer.Text]; nil means defaults.
type TextOptions struct {
	// Melde hears why a standard case was left to a person; nil hears nothing. A Leistung
	// without a Zuordnung for it is no such case.
	Melde func(vorgang uuid.UUID, err error)
}

// Text gives the text of decisions without a person, as storage/relay/pruefung wants it:
// by the Zuordnung marked Automatik for the Leistung, on the day of the check. A case
// whose template cannot be filled is left to a person.
func (e *Entwerfer) Text(mandanten tenant.Mandanten, o *TextOptions) func(vorgang.Stand, vorgang.Pruefprotokoll) (bescheid.Inhalt, bool) {
	melde := func(uuid.UUID, error) {}
	if o != nil && o.Melde != nil {
		melde = o.Melde
	}
	return func(s vorgang.Stand, p vorgang.Pruefprotokoll) (bescheid.Inhalt, bool) {
		i, err := e.automatisch(mandanten, s, p)
		if err != nil {
			melde(s.ID, err)
		}
		return i, err == nil && i.Art != ""
	}
}

func (e *Entwerfer) automatisch(mandanten tenant.Mandanten, s vorgang.Stand, p vorgang.Pruefprotokoll) (bescheid.Inhalt, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second) // a text has no context of its own
	defer cancel()
	m, err := mandanten.Mandant(ctx, s.Mandant)
	if err != nil {
		return bescheid.Inhalt{}, err
	}
	g := e.z.waehle(s.Leistung, m, p.Stichtag, func(g *geprueft) bool { return g.Automatik })
	if g == nil || g != e.z.waehle(s.Leistung, m, p.Stichtag, func(x *geprueft) bool { return x.Vorlage == g.Vorlage }) {
		return bescheid.Inhalt{}, nil // none, or the Mandant has one of its own that asks a person
	}
	w, err := e.Draft(Params{Vorlage: g.Vorlage, Stand: s, Mandant: m, Tag: p.Stichtag})
	if err != nil {
		return bescheid.Inhalt{}, err
	}
	i, err := w.Inhalt()
	if err == nil {
		err = i.Pruefe()
	}
	if err != nil {
		return bescheid.Inhalt{}, fehler.New("entwurf.Text", g.Vorlage, fehler.ErrInvalid, err)
	}
	return i, nil
}
