// Package pruefung performs Auftraege of the kind vorgang.AntragPruefen: it checks an
// Antrag by the rules in force (package vorgang/pruefung), puts the record into the
// journal and, if the law, the rules and the caller's text allow it, issues the
// Bescheid of a standard case without a person.
package pruefung

import (
	"context"
	"errors"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

// Text gives the text of the Bescheid for a standard case; false leaves the case to a
// person. It must depend on nothing but its arguments, and may be called more than once.
type Text func(s vorgang.Stand, p vorgang.Pruefprotokoll) (bescheid.Inhalt, bool)

// Options; nil means defaults.
type Options struct {
	// Now is the clock; it must be the one of the Store. Default time.Now.
	Now func() time.Time
	// Text of Bescheide without a person; nil leaves every case to a person.
	Text Text
}

// Pruefung is the Handler. Safe for concurrent use.
type Pruefung struct {
	v      *pruefung.Verzeichnis
	o      Options
	akteur tenant.Akteur
}

var _ relay.Handler = (*Pruefung)(nil)

// New makes a Handler; the rules are mandatory.
func New(v *pruefung.Verzeichnis, o *Options) (*Pruefung, error) {
	if v == nil {
		return nil, fehler.New("pruefung.New", "", fehler.ErrInvalid, errors.New("the rules are mandatory"))
	}
	p := &Pruefung{v: v, akteur: tenant.System("pruefung")}
	if o != nil {
		p.o = *o
	}
	if p.o.Now == nil {
		p.o.Now = time.Now
	}
	return p, nil
}

// Handle performs one Auftrag. A Leistung without rules and an Antrag without data are
// for a person, and no error.
func (p *Pruefung) Handle(ctx context.Context, _ vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	s := v.Stand()
	if len(s.Antrag.Daten) == 0 || v.May(p.akteur, p.o.Now(), vorgang.BefehlPruefen) != nil {
		return nil, nil
	}
	protokoll, err := p.v.Check(ctx, s.Leistung, s.Antrag.Daten, datum.Von(p.o.Now()))
	if errors.Is(err, fehler.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return func(v *vorgang.Vorgang) error {
		now := p.o.Now()
		if v.May(p.akteur, now, vorgang.BefehlPruefen) != nil {
			return nil // meanwhile a person decided, or it is handed on
		}
		if err := v.RecordPruefung(p.akteur, now, protokoll); err != nil {
			return err
		}
		if protokoll.Ausgang != vorgang.PruefungStandardfall || p.o.Text == nil || v.Stand().Zuweisung != nil {
			return nil
		}
		text, ok := p.o.Text(v.Stand(), protokoll)
		if !ok {
			return nil
		}
		_, err := v.DecideAutomatically(p.akteur, now, text)
		if errors.Is(err, fehler.ErrInvalid) {
			return nil // an objection: the record stands, and a person decides
		}
		return err
	}, nil
}
