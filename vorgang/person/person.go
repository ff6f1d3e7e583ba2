package person

import (
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Person is a natural person. Some have one name only; it is then Vornamen or
// Familienname, as the document of identity has it.
type Person struct {
	// Anrede as the person wishes it; empty addresses nobody wrongly.
	Anrede string `json:"anrede,omitempty" validate:"max=40,din91379=A,rand"`
	// Titel are academic degrees as they stand before the name.
	Titel        string `json:"titel,omitempty" validate:"max=80,din91379=A,rand"`
	Vornamen     string `json:"vornamen,omitempty" validate:"required_without=Familienname,max=200,din91379=A,rand"`
	Familienname string `json:"familienname,omitempty" validate:"max=200,din91379=A,rand"`
	Geburtsname  string `json:"geburtsname,omitempty" validate:"max=200,din91379=A,rand"`
	// Geburtsdatum may be known in part.
	Geburtsdatum Teildatum `json:"geburtsdatum,omitzero"`
	Geburtsort   Ort       `json:"geburtsort,omitzero"`
	// Staatsangehoerigkeiten are countries, or Staatenlos or Ungeklaert.
	Staatsangehoerigkeiten []string `json:"staatsangehoerigkeiten,omitempty" validate:"max=10,unique,dive,nationalitaet"`
}

// Nationalities that are no country.
const (
	Staatenlos = "staatenlos"
	Ungeklaert = "ungeklaert"
)

// Name gives the name as a letter has it: "Dr. Erika Mustermann".
func (p Person) Name() string {
	return strings.Join(strings.Fields(p.Titel+" "+p.Vornamen+" "+p.Familienname), " ")
}

// Ort is a place of birth or of an event, anywhere.
type Ort struct {
	Name string `json:"name,omitempty" validate:"max=200,din91379=B,rand"`
	// AGS of a German municipality (8 digits).
	AGS   string `json:"ags,omitempty" validate:"omitempty,ags"`
	Staat string `json:"staat,omitempty" validate:"omitempty,staat"`
}

// Organisation is a legal person, a partnership or an authority.
type Organisation struct {
	Name       string   `json:"name" validate:"required,max=300,din91379=D,rand"`
	Rechtsform string   `json:"rechtsform,omitempty" validate:"max=100,din91379=C,rand"`
	Register   Register `json:"register,omitzero"`
}

// Register is an entry in a register that courts keep: "HRB 1234, Amtsgericht Kiel".
type Register struct {
	// Art: Handelsregister A and B, Genossenschafts-, Partnerschafts-, Vereins- or
	// Gesellschaftsregister.
	Art     string `json:"art,omitempty" validate:"required_with=Nummer,omitempty,oneof=HRA HRB GnR PR VR GsR"`
	Nummer  string `json:"nummer,omitempty" validate:"required_with=Art,max=30,din91379=B,rand"`
	Gericht string `json:"gericht,omitempty" validate:"max=100,din91379=B,rand"`
}

// Anschrift is a postal address anywhere: that of the house with what it lacks
// abroad.
type Anschrift struct {
	tenant.Anschrift
	// Staat is empty inside Germany.
	Staat string `json:"staat,omitempty" validate:"omitempty,staat"`
	// ARS of the Gemeinde, where the sender knows it.
	ARS tenant.ARS `json:"ars,omitempty" validate:"omitempty,ars"`
}

// IsZero tells whether nothing is filled in.
func (a Anschrift) IsZero() bool { return a == Anschrift{} }

// Inland tells whether the address is in Germany.
func (a Anschrift) Inland() bool { return a.Staat == "" || a.Staat == "DE" }

// Kontakt is how to reach somebody without a mailbox.
type Kontakt struct {
	EMail   string `json:"email,omitempty" validate:"omitempty,max=254,email"`
	Telefon string `json:"telefon,omitempty" validate:"omitempty,max=40,telefon"`
}

// Bankverbindung is an account for refunds and payments.
type Bankverbindung struct {
	IBAN IBAN `json:"iban" validate:"required,iban"`
	// Inhaber, if it is not the applicant.
	Inhaber string `json:"inhaber,omitempty" validate:"max=200,din91379=D,rand"`
}
