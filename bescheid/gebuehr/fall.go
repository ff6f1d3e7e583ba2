package gebuehr

import (
	"maps"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Fall is one decision whose fee is asked for. It holds no personal data.
type Fall struct {
	Leistung tenant.Leistungsschluessel `json:"leistung,omitempty"`
	Land     tenant.Land                `json:"land,omitempty"`
	// Eingang of the application and Entscheidung: a day is needed if a rule goes by it.
	Eingang      datum.Datum `json:"eingang,omitzero"`
	Entscheidung datum.Datum `json:"entscheidung,omitzero"`
	// Leistungstag decides the rate of tax; zero means Entscheidung.
	Leistungstag datum.Datum `json:"leistungstag,omitzero"`
	Ausgang      Ausgang     `json:"ausgang,omitzero"`
	// Ansaetze are the positions to be charged, at least one.
	Ansaetze []Ansatz `json:"ansaetze"`
	// Merkmale are facts that may lead to reductions; each must be proven in the file.
	Merkmale []Merkmal `json:"merkmale,omitempty"`
}

// Ausgang is how the procedure ended. The zero value is [AusgangErteilt].
type Ausgang struct {
	Art AusgangArt `json:"art,omitempty"`
	// Anteil of the fee, if another than the rule's own is set; needs Grund.
	Anteil *Anteil `json:"anteil,omitempty"`
	// Absehen: nothing is charged, for reasons of equity; needs Grund.
	Absehen bool `json:"absehen,omitempty"`
	// Grund is printed in the reasons of the decision.
	Grund string `json:"grund,omitempty"`
}

// Merkmal is a fact about the applicant or the case, such as "sozialleistung".
type Merkmal struct {
	Name string `json:"name"`
	// Grund is why a reduction that is at the clerk's discretion is given; without it
	// such a reduction is refused.
	Grund string `json:"grund,omitempty"`
}

// Ansatz charges one position. Which facts it needs follows from the kind of the
// rate; facts the rate does not use are refused.
type Ansatz struct {
	Posten string `json:"posten"`
	// Menge is the number of pieces (ArtStueck); of a fixed amount it is the number
	// of times, 0 means once.
	Menge int `json:"menge,omitzero"`
	// Wert of the matter (ArtProzent, ArtWertstufen, ArtStaffel).
	Wert *Betrag `json:"wert,omitempty"`
	// Zeiten spent (ArtZeit).
	Zeiten []Zeitaufwand `json:"zeiten,omitempty"`
	// Punkte per criterion (ArtRahmen with Kriterien).
	Punkte map[string]int `json:"punkte,omitempty"`
	// Ermessen sets the amount within the range (ArtRahmen).
	Ermessen *Ermessen `json:"ermessen,omitempty"`
	// Kosten that were spent, with their proof in the file (ArtTatsaechlich).
	Kosten *Betrag `json:"kosten,omitempty"`
	Beleg  string  `json:"beleg,omitempty"`
}

// Zeitaufwand is time spent by one group of staff.
type Zeitaufwand struct {
	Gruppe  string `json:"gruppe"`
	Minuten int    `json:"minuten"`
}

// Ermessen is an amount a clerk chose within a range.
type Ermessen struct {
	Betrag Betrag `json:"betrag"`
	// Grund is printed in the reasons of the decision. Required.
	Grund string `json:"grund"`
}

// Clone copies everything a caller could change.
func (f Fall) Clone() Fall {
	f.Ausgang.Anteil = kopie(f.Ausgang.Anteil)
	f.Merkmale = slices.Clone(f.Merkmale)
	f.Ansaetze = slices.Clone(f.Ansaetze)
	for i := range f.Ansaetze {
		a := &f.Ansaetze[i]
		a.Wert, a.Ermessen, a.Kosten = kopie(a.Wert), kopie(a.Ermessen), kopie(a.Kosten)
		a.Zeiten, a.Punkte = slices.Clone(a.Zeiten), maps.Clone(a.Punkte)
	}
	return f
}

func kopie[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
