// Package weiterleitung performs Auftraege of the kind
// vorgang.WeiterleitungAusfuehren: it makes the Vorgang at the Mandant that took a
// Weiterleitung, with the Antrag, the files and the date of receipt, and reports its
// number back, which closes the old one. It may run any number of times: the new
// Vorgang has an id that was fixed when the target said yes.
package weiterleitung

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Router finds the Einheit at the target; *tenant.Zustaendigkeiten is one.
type Router interface {
	Route(leistung tenant.Leistungsschluessel, ort tenant.ARS, tag datum.Datum) (tenant.Ziel, error)
}

// Params are the parts; all but Router are mandatory.
type Params struct {
	Store     *storage.Store
	Blobs     blob.Store
	Mandanten tenant.Mandanten
	// Router is asked if the Weiterleitung names no Einheit; without it, or if it leads
	// elsewhere, the first Einheit of the Mandant takes the Vorgang.
	Router Router
}

// Options; nil means defaults.
type Options struct {
	// Now is the clock; it must be the one of the Store. Default time.Now.
	Now func() time.Time
	// Params may add to what the new Vorgang begins with: the letter that tells the
	// citizen the new number (Bestaetigung), a check by rules (Pruefen). It must depend on
	// nothing but its arguments.
	Params func(m *tenant.Mandant, p *vorgang.Params)
}

// Weiterleitung is the Handler. Safe for concurrent use.
type Weiterleitung struct {
	p      Params
	o      Options
	now    func() time.Time
	akteur tenant.Akteur
}

var _ relay.Handler = (*Weiterleitung)(nil)

// New checks the parts.
func New(p Params, o *Options) (*Weiterleitung, error) {
	if p.Store == nil || p.Blobs == nil || p.Mandanten == nil {
		return nil, fehler.New("weiterleitung.New", "", fehler.ErrInvalid, errors.New("missing one of Store, Blobs, Mandanten"))
	}
	w := &Weiterleitung{p: p, now: time.Now, akteur: tenant.System("weiterleitung")}
	if o != nil {
		w.o = *o
	}
	if w.o.Now != nil {
		w.now = w.o.Now
	}
	return w, nil
}

// Handle performs one Auftrag.
func (w *Weiterleitung) Handle(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	var d vorgang.WeiterleitungDaten
	if err := a.Decode(&d); err != nil {
		return nil, err
	}
	s := v.Stand()
	for _, x := range s.Weiterleitungen {
		if x.ID != d.Weiterleitung {
			continue
		}
		nummer := x.Nummer
		if x.An.Mandant != "" {
			var err error
			if nummer, err = w.make(ctx, &s, &x); err != nil {
				return nil, err
			}
		}
		return func(v *vorgang.Vorgang) error { return v.RecordWeiterleitung(w.akteur, w.now(), x.ID, nummer) }, nil
	}
	return nil, fehler.New("weiterleitung.Handle", d.Weiterleitung.String(), fehler.ErrInvalid, errors.New("the Vorgang has no such Weiterleitung"))
}

// make gives the number of the Vorgang at the target.
func (w *Weiterleitung) make(ctx context.Context, s *vorgang.Stand, x *vorgang.Weiterleitung) (nummer string, err error) {
	m, err := w.p.Mandanten.Mandant(ctx, x.An.Mandant)
	if err != nil {
		return "", err
	}
	// The bytes first: a Vorgang must not refer to a file that is not there.
	for _, f := range s.Dateien {
		if err := w.copy(ctx, s.Mandant, m.ID, blob.Ref{SHA512: f.SHA512, Groesse: f.Groesse}); err != nil {
			return "", fmt.Errorf("file %s: %w", f.ID, err)
		}
	}
	for range 2 { // ErrExists: another process was faster; the second look finds its Vorgang
		if nummer, err = w.insert(ctx, m, s, x); !errors.Is(err, fehler.ErrExists) {
			break
		}
	}
	return nummer, err
}

func (w *Weiterleitung) insert(ctx context.Context, m *tenant.Mandant, s *vorgang.Stand, x *vorgang.Weiterleitung) (nummer string, err error) {
	einheit, err := w.einheit(m, s, x)
	if err != nil {
		return "", err
	}
	err = w.p.Store.Update(ctx, m.ID, func(ctx context.Context, tx *storage.Tx) error {
		v, err := tx.Get(ctx, x.Vorgang)
		if err == nil {
			nummer = v.Nummer()
			return nil
		}
		if !errors.Is(err, fehler.ErrNotFound) {
			return err
		}
		p := params(m, s, x, einheit)
		p.Nummer, p.Aktenzeichen, err = tx.Nummern(ctx, m, s.Leistung, einheit, datum.Von(w.now()).Jahr())
		if err != nil {
			return err
		}
		if nummer = p.Nummer; w.o.Params != nil {
			w.o.Params(m, &p)
		}
		v, err = vorgang.New(w.akteur, w.now(), p, w.p.Store.Kontext())
		if err != nil {
			return err
		}
		if err := v.Link(w.akteur, w.now(), vorgang.Verknuepfung{Art: vorgang.SetztFort, Vorgang: s.ID, Nummer: s.Nummer}); err != nil {
			return err
		}
		return tx.Save(ctx, v)
	})
	return nummer, err
}

// params of the new Vorgang. The receipt travels with it: periods run from there, not
// from the day it was handed on.
func params(m *tenant.Mandant, s *vorgang.Stand, x *vorgang.Weiterleitung, einheit string) vorgang.Params {
	name := s.LeistungName
	if l, ok := m.Leistung(s.Leistung); ok {
		name = l.Name
	}
	return vorgang.Params{
		ID: x.Vorgang, Mandant: m.ID, Leistung: s.Leistung, LeistungName: name, Einheit: einheit, Ort: s.Ort,
		Eingang: s.Eingang, Antrag: s.Antrag, Dateien: s.Dateien,
		Zustaendigkeit: fmt.Sprintf("weitergeleitet von %s, Vorgang %s", s.Mandant, s.Nummer),
	}
}

func (w *Weiterleitung) einheit(m *tenant.Mandant, s *vorgang.Stand, x *vorgang.Weiterleitung) (string, error) {
	if x.An.Einheit != "" {
		if _, ok := m.Einheit(x.An.Einheit); !ok {
			return "", fehler.New("weiterleitung.Handle", x.An.Einheit, fehler.ErrInvalid, fmt.Errorf("no such Einheit at %s", m.ID))
		}
		return x.An.Einheit, nil
	}
	if w.p.Router != nil {
		if ziel, err := w.p.Router.Route(s.Leistung, s.Ort, datum.Von(s.Eingang)); err == nil && ziel.Mandant == m.ID {
			return ziel.Einheit, nil
		}
	}
	if len(m.Einheiten) == 0 {
		return "", fehler.New("weiterleitung.Handle", string(m.ID), fehler.ErrInvalid, errors.New("the Mandant has no Einheit"))
	}
	return m.Einheiten[0].ID, nil
}

// copy brings a file into the target's storage, if it is not there yet.
func (w *Weiterleitung) copy(ctx context.Context, von, nach tenant.ID, ref blob.Ref) error {
	if w.p.Blobs.Stat(ctx, nach, ref) == nil {
		return nil
	}
	r, err := w.p.Blobs.Open(ctx, von, ref)
	if err != nil {
		return err
	}
	_, err = w.p.Blobs.Put(ctx, nach, r)
	return errors.Join(err, r.Close())
}
