package vorgang

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Beziehung is what an Akteur is to a Vorgang.
type Beziehung string

// The relations. Who has none of them never gets as far as a Richtlinie.
const (
	BeziehungEigene        Beziehung = "eigene"        // a person of the Mandant of the Vorgang
	BeziehungGast          Beziehung = "gast"          // of another Mandant with an active Beteiligung
	BeziehungAntragsteller Beziehung = "antragsteller" // the citizen whose Antrag it is
	BeziehungMaschine      Beziehung = "maschine"
)

// Rechtsfrage asks whether an Akteur may give a command.
type Rechtsfrage struct {
	Befehl Befehl
	// Regel is the row of the shipped table.
	Regel     Regel
	Akteur    tenant.Akteur
	Beziehung Beziehung
	// Recht of a guest; empty for the others.
	Recht    Recht
	Status   Status
	Einheit  string
	Leistung tenant.Leistungsschluessel
	// Bearbeiter has the Vorgang; empty if nobody has.
	Bearbeiter string
	Zeit       time.Time
}

// Richtlinie decides who may give which command: nil allows. Its error becomes
// fehler.ErrForbidden; problems in it reach the clerk. It must be pure and safe for
// concurrent use, because it is asked at each command, also when one is tried again.
//
// It replaces roles, Einheiten and the rights of guests, and nothing else: tenancy,
// the citizen's own Vorgang, the states and Vier-Augen are invariants.
type Richtlinie func(f Rechtsfrage) error

// NewRichtlinie makes a Richtlinie of a table: the shipped one ([Regeln]) with other
// Rollen or Recht. A row for an unknown command, a command twice, one without Rollen
// or an unknown Recht is fehler.ErrInvalid; a command without a row is for nobody.
func NewRichtlinie(regeln []Regel) (Richtlinie, error) {
	rows := map[Befehl]Regel{}
	var p []error
	for i, r := range regeln {
		_, twice := rows[r.Befehl]
		switch {
		case regel(r.Befehl) == nil:
			p = append(p, fmt.Errorf("row %d: unknown command %q", i, r.Befehl))
		case twice:
			p = append(p, fmt.Errorf("row %d: command %q twice", i, r.Befehl))
		case len(r.Rollen) == 0:
			p = append(p, fmt.Errorf("row %d: command %q is for nobody; leave the row out", i, r.Befehl))
		case r.Recht != "" && r.Recht.weite() < 0:
			p = append(p, fmt.Errorf("row %d: unknown right %q", i, r.Recht))
		}
		r.Rollen = slices.Clone(r.Rollen)
		rows[r.Befehl] = r
	}
	if len(p) > 0 {
		return nil, fehler.New("vorgang.NewRichtlinie", "", fehler.ErrInvalid, errors.Join(p...))
	}
	return func(f Rechtsfrage) error {
		r, ok := rows[f.Befehl]
		switch {
		case !ok || !darf(f.Akteur, r.Rollen):
			return fehler.Probleme{problem("vorgang.rolle", "/akteur", fmt.Sprintf("%s is not for the roles of the Akteur", f.Befehl), "Dafür fehlt Ihnen die Berechtigung.")}
		case f.Beziehung == BeziehungEigene && !f.Akteur.SiehtEinheit(f.Einheit):
			return fehler.Probleme{fremdeEinheit()}
		case f.Beziehung == BeziehungGast && (r.Recht == "" || !f.Recht.Umfasst(r.Recht)):
			return fehler.Probleme{problem("vorgang.beteiligung", "/akteur", fmt.Sprintf("%s is not for this Beteiligung", f.Befehl), "Die Beteiligung Ihrer Behörde umfasst das nicht.")}
		}
		return nil
	}, nil
}

func fremdeEinheit() fehler.Problem {
	return problem("vorgang.einheit", "/akteur", "the Vorgang belongs to a unit the Akteur does not work for",
		"Der Vorgang gehört zu einer anderen Organisationseinheit.")
}

// frageRichtlinie checks what is invariant, and asks the Richtlinie for the rest.
func (v *Vorgang) frageRichtlinie(op string, a tenant.Akteur, now time.Time, r *Regel) error {
	f := Rechtsfrage{
		Befehl: r.Befehl, Regel: *r, Akteur: a, Status: v.s.Status, Einheit: v.s.Einheit, Leistung: v.s.Leistung,
		Bearbeiter: v.s.Bearbeiter(), Zeit: v.zeitpunkt(now),
	}
	f.Regel.Von, f.Regel.Rollen = slices.Clone(r.Von), slices.Clone(r.Rollen)
	switch {
	case a.Art == tenant.Buerger && v.s.istAntragsteller(a):
		f.Beziehung = BeziehungAntragsteller
	case a.Art == tenant.Maschine && (a.Mandant == "" || a.Mandant == v.s.Mandant):
		f.Beziehung = BeziehungMaschine
	case a.Art == tenant.Person && a.ID != "" && a.Mandant == v.s.Mandant:
		f.Beziehung = BeziehungEigene
	case a.Art == tenant.Person && a.ID != "":
		b, ok := v.s.Beteiligung(a.Mandant, f.Zeit)
		if !ok {
			return v.fail(op, fehler.ErrForbidden, fremd())
		}
		f.Beziehung, f.Recht = BeziehungGast, b.Recht
	default:
		return v.fail(op, fehler.ErrForbidden, fremd())
	}
	if err := v.k.Richtlinie(f); err != nil {
		return fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrForbidden, err)
	}
	return nil
}
