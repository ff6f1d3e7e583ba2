package person

import (
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Stammdaten say who somebody is, a Person or an Organisation, never both, and how to
// reach them.
type Stammdaten struct {
	Person       *Person       `json:"person,omitempty" validate:"required_without=Organisation"`
	Organisation *Organisation `json:"organisation,omitempty" validate:"excluded_with=Person"`
	Anschrift    Anschrift     `json:"anschrift,omitzero"`
	Kontakt      Kontakt       `json:"kontakt,omitzero"`
}

// Name gives the name of the person or the organisation, empty if there is none.
func (s Stammdaten) Name() string {
	switch {
	case s.Person != nil:
		return s.Person.Name()
	case s.Organisation != nil:
		return s.Organisation.Name
	}
	return ""
}

// Empfaenger gives the recipient of a letter. The caller adds the mailboxes,
// whose channels are not known here. An address abroad is left out, because
// tenant.Anschrift has no country and the letter would go astray.
func (s Stammdaten) Empfaenger() messaging.Empfaenger {
	e := messaging.Empfaenger{Name: s.Name()}
	if s.Anschrift.Inland() {
		e.Anschrift = s.Anschrift.Anschrift
	}
	return e
}

// Antragsteller is who applies, and who acts for them.
type Antragsteller struct {
	// Konto is the Nutzerkonto or mailbox handle, as in vorgang.Antragsteller.
	Konto string `json:"konto,omitempty" validate:"max=200,rand"`
	Stammdaten
	Bankverbindung *Bankverbindung `json:"bankverbindung,omitempty"`
	Vertretungen   []Vertretung    `json:"vertretungen,omitempty" validate:"max=20,dive"`
}

// Vertreter gives the Vertretungen in force on the day that cover the Leistung,
// in their order. With a Bevollmaechtigter for the procedure the authority turns
// to them (§ 14 (3) VwVfG); whether that is so is for the clerk to decide.
func (a Antragsteller) Vertreter(tag datum.Datum, l tenant.Leistungsschluessel) []Vertretung {
	var out []Vertretung
	for _, v := range a.Vertretungen {
		if v.Deckt(tag, l) {
			out = append(out, v)
		}
	}
	return out
}
