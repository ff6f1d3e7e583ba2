package tenant

import "slices"

// Art tells what kind of Akteur acts.
type Art string

// The kinds of Akteur.
const (
	Person   Art = "person"   // a member of an authority
	Buerger  Art = "buerger"  // the applicant or a representative
	Maschine Art = "maschine" // the system itself: intake, relay, clock
)

// Rolle is what an Akteur may do for a Mandant. The list is open; these are
// the roles the shipped table of commands knows.
type Rolle string

// Roles of the shipped table.
const (
	Poststelle         Rolle = "poststelle"
	Sachbearbeitung    Rolle = "sachbearbeitung"
	Leitung            Rolle = "leitung"
	Schlusszeichnung   Rolle = "schlusszeichnung"
	Loeschberechtigt   Rolle = "loeschberechtigt"
	Auskunft           Rolle = "auskunft"
	Administration     Rolle = "administration"
	RolleAntragsteller Rolle = "antragsteller"
	RolleSystem        Rolle = "system"
)

// Akteur is who acts. A zero Akteur may do nothing.
type Akteur struct {
	// ID is stable and unique within the installation: the subject of the login,
	// a Nutzerkonto, or the name of the machine.
	ID string `json:"id"`
	// Name as others see it in the journal; for citizens it may stay empty.
	Name string `json:"name,omitempty"`
	Art  Art    `json:"art"`
	// Mandant the Akteur acts for; empty for machines of the installation.
	Mandant ID      `json:"mandant,omitempty"`
	Rollen  []Rolle `json:"rollen,omitempty"`
	// Einheiten limits what the Akteur sees and pulls; empty means all of the Mandant.
	Einheiten []string `json:"einheiten,omitempty"`
	// VertretungFuer is the ID of the person the Akteur stands in for. The
	// Akteur stays itself in the journal, and Vier-Augen counts both.
	VertretungFuer string `json:"vertretungFuer,omitempty"`
}

// Hat tells whether the Akteur has one of the roles.
func (a Akteur) Hat(rollen ...Rolle) bool {
	for _, r := range rollen {
		if slices.Contains(a.Rollen, r) {
			return true
		}
	}
	return false
}

// SiehtEinheit tells whether the unit is within the Akteur's units.
func (a Akteur) SiehtEinheit(id string) bool {
	return len(a.Einheiten) == 0 || slices.Contains(a.Einheiten, id)
}

// Augen gives the identities that count as this Akteur for Vier-Augen: itself
// and whom it stands in for.
func (a Akteur) Augen() []string {
	if a.VertretungFuer == "" {
		return []string{a.ID}
	}
	return []string{a.ID, a.VertretungFuer}
}

// System is the Akteur of the machine itself, such as "annahme" or "relay".
func System(name string) Akteur {
	return Akteur{ID: "system:" + name, Name: name, Art: Maschine, Rollen: []Rolle{RolleSystem}}
}
