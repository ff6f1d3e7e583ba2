package tenant

import (
	"regexp"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// ID names a Mandant everywhere: in keys, file names and logs. It is a slug of
// 2 to 40 characters, a-z, 0-9 and hyphen, beginning with a letter and not
// ending with a hyphen. It never changes.
type ID string

var idForm = regexp.MustCompile(`^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])$`)

// ParseID checks the form; the error is of kind [fehler.ErrInvalid].
func ParseID(s string) (ID, error) {
	if !idForm.MatchString(s) {
		return "", fehler.Probleme{{
			Code: "tenant.id", Meldung: "not a slug of 2 to 40 characters a-z, 0-9, hyphen",
			Hinweis: "Die Kennung des Mandanten muss aus 2 bis 40 Kleinbuchstaben, Ziffern oder Bindestrichen bestehen.",
		}}
	}
	return ID(s), nil
}

// Mandant is an authority whose data nobody else sees: a municipality, a
// Landkreis, a Land authority.
type Mandant struct {
	ID ID `json:"id"`
	// Name as on the letterhead: "Stadt Kiel".
	Name string `json:"name"`
	Land Land   `json:"land"`
	// ARS of the seat; decides about local holidays.
	ARS       ARS       `json:"ars"`
	Anschrift Anschrift `json:"anschrift"`
	// Behoerdenkennung for xdomea and DVDV.
	Behoerdenkennung Behoerdenkennung `json:"behoerdenkennung,omitzero"`
	// Kontakt as printed in the reference block of letters.
	Telefon string `json:"telefon,omitempty"`
	EMail   string `json:"email,omitempty"`
	// Vorgangsnummer is the scheme, see [Nummernschema].
	Vorgangsnummer Nummernschema `json:"vorgangsnummer,omitempty"`
	// Aktenzeichen is the scheme of file references.
	Aktenzeichen Nummernschema          `json:"aktenzeichen,omitempty"`
	Einheiten    []Organisationseinheit `json:"einheiten,omitempty"`
	Leistungen   []Leistung             `json:"leistungen,omitempty"`
	// Widerspruchsstelle is the body and seat named in the
	// Rechtsbehelfsbelehrung, as they follow "bei" and with a comma between:
	// "dem Kreis Nordfriesland, Marktstraße 6, 25813 Husum". Empty means the
	// Mandant itself.
	Widerspruchsstelle string `json:"widerspruchsstelle,omitempty"`
}

// Behoerdenkennung identifies an authority in a directory: prefix and key,
// such as "psw" and "01003110" for the DVDV key psw:01003110.
type Behoerdenkennung struct {
	Praefix    string `json:"praefix,omitempty"`
	Schluessel string `json:"schluessel,omitempty"`
}

// Anschrift is a postal address inside Germany.
type Anschrift struct {
	Strasse    string `json:"strasse,omitempty"`
	Hausnummer string `json:"hausnummer,omitempty"`
	Zusatz     string `json:"zusatz,omitempty"`
	PLZ        string `json:"plz,omitempty"`
	Ort        string `json:"ort,omitempty"`
}

// IsZero tells whether nothing is filled in.
func (a Anschrift) IsZero() bool { return a == Anschrift{} }

// Zeilen gives the address as lines of a letter, without the name.
func (a Anschrift) Zeilen() []string {
	var z []string
	if a.Zusatz != "" {
		z = append(z, a.Zusatz)
	}
	if s := join(a.Strasse, a.Hausnummer); s != "" {
		z = append(z, s)
	}
	if s := join(a.PLZ, a.Ort); s != "" {
		z = append(z, s)
	}
	return z
}

func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + " " + b
}

// Organisationseinheit is a unit of a Mandant with its own stack of Vorgaenge.
type Organisationseinheit struct {
	// ID is unique within the Mandant; the OZG-Cloud calls it OrganisationsEinheitID.
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Leistung is a service a Mandant performs.
type Leistung struct {
	Schluessel Leistungsschluessel `json:"schluessel"`
	Name       string              `json:"name"`
	// Aktenplan is the position in the Aktenplan, used for the Aktenzeichen and the E-Akte.
	Aktenplan string `json:"aktenplan,omitempty"`
	// AufbewahrungJahre is the retention after zdA in years; 0 means not set.
	AufbewahrungJahre int `json:"aufbewahrungJahre,omitempty"`
	// Aussonderungsart is A (archive), B (appraise) or V (destroy); empty means B.
	Aussonderungsart string `json:"aussonderungsart,omitempty"`
}

// Einheit finds a unit by id.
func (m *Mandant) Einheit(id string) (Organisationseinheit, bool) {
	for _, e := range m.Einheiten {
		if e.ID == id {
			return e, true
		}
	}
	return Organisationseinheit{}, false
}

// Leistung finds a service by key.
func (m *Mandant) Leistung(k Leistungsschluessel) (Leistung, bool) {
	for _, l := range m.Leistungen {
		if l.Schluessel == k {
			return l, true
		}
	}
	return Leistung{}, false
}
