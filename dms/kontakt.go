package dms

// Kontakt is an authority, a unit or a person. All values are optional, but a
// Kontakt without any value is refused where one is required.
type Kontakt struct {
	Behoerde             Behoerdenkennung `json:"behoerde,omitzero"`
	Institution          string           `json:"institution,omitempty"`
	Kurzbezeichnung      string           `json:"kurzbezeichnung,omitempty"`
	Organisationseinheit string           `json:"organisationseinheit,omitempty"`
	Person               Person           `json:"person,omitzero"`
	Taetigkeit           string           `json:"taetigkeit,omitempty"`
	Zustaendigkeit       string           `json:"zustaendigkeit,omitempty"`
	Anschriften          []Anschrift      `json:"anschriften,omitempty"`
	Kommunikation        []Kommunikation  `json:"kommunikation,omitempty"`
	// Rolle is the part the Kontakt plays, from a list both sides agreed on.
	Rolle Code `json:"rolle,omitzero"`
}

// IsZero tells whether nothing is stated.
func (k Kontakt) IsZero() bool {
	return k.Behoerde == (Behoerdenkennung{}) && k.Institution == "" && k.Kurzbezeichnung == "" &&
		k.Organisationseinheit == "" && k.Person == (Person{}) && k.Taetigkeit == "" && k.Zustaendigkeit == "" &&
		len(k.Anschriften) == 0 && len(k.Kommunikation) == 0 && k.Rolle == (Code{})
}

// Behoerdenkennung names an authority by a directory prefix ("psw") and its key
// there. Some receivers compare it with their configuration and refuse others.
type Behoerdenkennung struct {
	Praefix    Code `json:"praefix,omitzero"`
	Schluessel Code `json:"schluessel,omitzero"`
}

// Code is a value of a code list. Only Wert is needed; Liste (a URN) and
// Version name the list, Name the meaning.
type Code struct {
	Wert    string `json:"wert"`
	Name    string `json:"name,omitempty"`
	Liste   string `json:"liste,omitempty"`
	Version string `json:"version,omitempty"`
}

// Person is the name of a natural person.
type Person struct {
	Anrede       string `json:"anrede,omitempty"`
	Titel        string `json:"titel,omitempty"`
	Familienname string `json:"familienname,omitempty"`
	Vorname      string `json:"vorname,omitempty"`
}

// Anschrift is a postal address; at least one value is set.
type Anschrift struct {
	// Staat is the ISO 3166-1 alpha-2 code ("DE"); empty states no country.
	Staat        string `json:"staat,omitempty"`
	Strasse      string `json:"strasse,omitempty"`
	Hausnummer   string `json:"hausnummer,omitempty"`
	Postfach     string `json:"postfach,omitempty"`
	Postleitzahl string `json:"postleitzahl,omitempty"`
	Ort          string `json:"ort,omitempty"`
	Zusatz       string `json:"zusatz,omitempty"`
}

// Kommunikation is one way to reach a Kontakt electronically.
type Kommunikation struct {
	Kanal   Kanal  `json:"kanal,omitempty"`
	Kennung string `json:"kennung"` // address or number; required
	Zusatz  string `json:"zusatz,omitempty"`
}

// Kanal is the kind of an electronic address; empty means not stated.
type Kanal string

// The channels in use.
const (
	KanalEmail   Kanal = "email"
	KanalTelefon Kanal = "telefon"
	KanalMobil   Kanal = "mobil"
	KanalFax     Kanal = "fax"
	KanalDeMail  Kanal = "de-mail"
	KanalWeb     Kanal = "web"
)
