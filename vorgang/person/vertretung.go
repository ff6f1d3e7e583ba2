package person

import (
	"slices"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Vertretungsart is the ground on which somebody acts for another.
type Vertretungsart string

// The grounds.
const (
	// Gesetzlich: by law, such as parents (§ 1629 BGB) or the Geschaeftsfuehrung
	// of a GmbH (§ 35 GmbHG).
	Gesetzlich Vertretungsart = "gesetzlich"
	// Bevollmaechtigt: by authority the represented gave (§ 14 VwVfG).
	Bevollmaechtigt Vertretungsart = "bevollmaechtigt"
	// Betreuung: appointed by the court for tasks it named (§§ 1814, 1815, 1823
	// BGB); for natural persons only.
	Betreuung Vertretungsart = "betreuung"
)

// Vertretung is somebody who acts for an Antragsteller.
type Vertretung struct {
	Art Vertretungsart `json:"art" validate:"required,oneof=gesetzlich bevollmaechtigt betreuung"`
	Stammdaten
	// Zeitraum of validity; an open end is open.
	Zeitraum datum.Zeitraum `json:"zeitraum,omitzero"`
	Umfang   Umfang         `json:"umfang,omitzero"`
	// Nachweis is nil while none is there; the authority may ask for one in
	// writing (§ 14 (1) VwVfG).
	Nachweis *Nachweis `json:"nachweis,omitempty"`
}

// Umfang limits a Vertretung. The zero value limits nothing: a Vollmacht covers
// all acts of the procedure unless its content says otherwise (§ 14 (1) VwVfG).
type Umfang struct {
	// Leistungen it is given for; none means all.
	Leistungen []tenant.Leistungsschluessel `json:"leistungen,omitempty" validate:"max=100,dive,leika"`
	// Gebiet it is given for; empty means everywhere.
	Gebiet tenant.ARS `json:"gebiet,omitempty" validate:"omitempty,ars"`
	// Aufgaben are those the court named (§ 1815 BGB).
	Aufgaben []string `json:"aufgaben,omitempty" validate:"max=50,dive,required,max=300,din91379=C,rand"`
	// Bemerkung is what no field holds, for the clerk.
	Bemerkung string `json:"bemerkung,omitempty" validate:"max=2000,din91379=C"`
}

// Nachweis is the proof of a Vertretung.
type Nachweis struct {
	Art string `json:"art" validate:"required,oneof=vollmacht bestellung register urkunde sonstiges"`
	// Datei is the id of the Anhang, if there is one.
	Datei uuid.UUID `json:"datei,omitzero"`
	// Ausgestellt is the date on the document.
	Ausgestellt datum.Datum `json:"ausgestellt,omitzero"`
}

// Deckt tells whether the Vertretung is in force on the day and its Umfang covers
// the Leistung. Gebiet, Aufgaben and Bemerkung are not judged.
func (v Vertretung) Deckt(tag datum.Datum, l tenant.Leistungsschluessel) bool {
	return v.Zeitraum.Enthaelt(tag) && (len(v.Umfang.Leistungen) == 0 || slices.Contains(v.Umfang.Leistungen, l))
}
