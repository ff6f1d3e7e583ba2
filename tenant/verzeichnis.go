package tenant

import (
	"context"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Mandanten finds the configuration of a Mandant; fehler.ErrNotFound if there is
// none. Implementations must be safe for concurrent use; what they give out must
// not be changed. *Verzeichnis is one.
type Mandanten interface {
	Mandant(ctx context.Context, id ID) (*Mandant, error)
}

// Verzeichnis is a fixed list of Mandanten. Safe for concurrent use; the
// Mandanten it gives out must not be changed.
type Verzeichnis struct{ mandanten map[ID]*Mandant }

// NewVerzeichnis checks the ids and schemes of the Mandanten. Two with the same
// id are fehler.ErrExists.
func NewVerzeichnis(mandanten ...Mandant) (*Verzeichnis, error) {
	v := &Verzeichnis{mandanten: map[ID]*Mandant{}}
	for _, m := range mandanten {
		if _, err := ParseID(string(m.ID)); err != nil {
			return nil, fehler.New("tenant.NewVerzeichnis", string(m.ID), fehler.ErrInvalid, err)
		}
		if !m.Land.Valid() {
			return nil, fehler.New("tenant.NewVerzeichnis", string(m.ID), fehler.ErrInvalid, fehler.Probleme{{
				Code: "tenant.land", Pfad: "/land", Meldung: "unknown Land", Hinweis: "Das Land des Mandanten ist unbekannt.",
			}})
		}
		for _, s := range []Nummernschema{m.Vorgangsnummer, m.Aktenzeichen} {
			if _, err := s.Format(Nummernwerte{Jahr: 2000, Nummer: 1}); err != nil {
				return nil, fehler.New("tenant.NewVerzeichnis", string(m.ID), fehler.ErrInvalid, err)
			}
		}
		if v.mandanten[m.ID] != nil {
			return nil, fehler.New("tenant.NewVerzeichnis", string(m.ID), fehler.ErrExists, nil)
		}
		v.mandanten[m.ID] = &m
	}
	return v, nil
}

var _ Mandanten = (*Verzeichnis)(nil)

// Mandant finds one by id; fehler.ErrNotFound if there is none.
func (v *Verzeichnis) Mandant(_ context.Context, id ID) (*Mandant, error) {
	if m := v.mandanten[id]; m != nil {
		return m, nil
	}
	return nil, fehler.New("tenant.Mandant", string(id), fehler.ErrNotFound, nil)
}
