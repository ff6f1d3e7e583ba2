package tenant

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Vertretung lets one person stand in for another from a day to a day.
type Vertretung struct {
	// Fuer is the Akteur.ID of who is away, Durch of who stands in.
	Fuer  string `json:"fuer"`
	Durch string `json:"durch"`
	// Von is the first day, Bis the last one; a zero Bis means until it is ended.
	Von datum.Datum `json:"von"`
	Bis datum.Datum `json:"bis,omitzero"`
}

func (v Vertretung) gilt(tag datum.Datum) bool {
	return !tag.Vor(v.Von) && (v.Bis.IsZero() || !tag.Nach(v.Bis))
}

// Vertretungen are the deputies of a Mandant. Safe for concurrent use, because it does
// not change.
type Vertretungen struct{ list []Vertretung }

// NewVertretungen checks the list; all problems come at once, as fehler.ErrInvalid.
func NewVertretungen(list []Vertretung) (*Vertretungen, error) {
	var p []error
	for i, v := range list {
		switch {
		case v.Fuer == "" || v.Durch == "":
			p = append(p, fmt.Errorf("row %d: fuer and durch are mandatory", i))
		case v.Fuer == v.Durch:
			p = append(p, fmt.Errorf("row %d: nobody stands in for himself", i))
		case v.Von.IsZero() || !v.Bis.IsZero() && v.Bis.Vor(v.Von):
			p = append(p, fmt.Errorf("row %d: von is mandatory and not after bis", i))
		}
	}
	if len(p) > 0 {
		return nil, fehler.New("tenant.NewVertretungen", "", fehler.ErrInvalid, errors.Join(p...))
	}
	return &Vertretungen{list: slices.Clone(list)}, nil
}

// Von gives whom a person stands in for on the day, in order. A deputy of a deputy is
// none: who is away names somebody who is there.
func (x *Vertretungen) Von(durch string, tag datum.Datum) (fuer []string) {
	for _, v := range x.list {
		if v.Durch == durch && v.gilt(tag) && !slices.Contains(fuer, v.Fuer) {
			fuer = append(fuer, v.Fuer)
		}
	}
	slices.Sort(fuer)
	return fuer
}

// Als makes of a person the deputy of another one on the day: the Akteur stays itself in
// the journal, Vier-Augen counts both, and the roles and Einheiten of the one who is
// away are added to its own. fehler.ErrForbidden if it does not stand in for that person
// today, or the two do not belong to the same Mandant.
func (x *Vertretungen) Als(a, fuer Akteur, tag datum.Datum) (Akteur, error) {
	if a.Art != Person || fuer.Art != Person || a.Mandant != fuer.Mandant || a.VertretungFuer != "" || fuer.VertretungFuer != "" ||
		!slices.Contains(x.Von(a.ID, tag), fuer.ID) {
		return Akteur{}, fehler.New("tenant.Als", "", fehler.ErrForbidden, errors.New("does not stand in for this person today"))
	}
	a.VertretungFuer = fuer.ID
	a.Rollen = vereint(a.Rollen, fuer.Rollen)
	if len(a.Einheiten) > 0 { // none means all
		if a.Einheiten = vereint(a.Einheiten, fuer.Einheiten); len(fuer.Einheiten) == 0 {
			a.Einheiten = nil
		}
	}
	return a, nil
}

func vereint[T comparable](a, b []T) []T {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}
