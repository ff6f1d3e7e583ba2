package zuordnung

import (
	"bytes"
	"encoding/json"
)

// Format says what a document is written in.
type Format string

// The formats.
const (
	JSON Format = "json"
	XML  Format = "xml"
)

// Zuordnung is the configuration of one form, or of all forms of one vendor. Its
// JSON form is what [Load] reads.
type Zuordnung struct {
	// Name is stable; it names the Zuordnung in errors and in [Antrag]. Mandatory.
	Name string `json:"name"`
	// Quelle says where the facts about the format come from.
	Quelle    string    `json:"quelle,omitempty"`
	Format    Format    `json:"format"`
	Erkennung Erkennung `json:"erkennung"`
	// Namensraeume are the prefixes that selectors use (XML).
	Namensraeume map[string]string `json:"namensraeume,omitempty"`

	Antragsteller Antragsteller `json:"antragsteller,omitzero"`
	Leistung      *Wert         `json:"leistung,omitempty"`
	// Ort is an ARS, or an AGS of eight digits: that of a town outside a Kreis has
	// its ARS in itself, any other needs a row in Tabelle.
	Ort               *Wert     `json:"ort,omitempty"`
	Referenz          *Wert     `json:"referenz,omitempty"`
	GestelltAm        *Wert     `json:"gestelltAm,omitempty"`
	DigitalerBescheid *Wert     `json:"digitalerBescheid,omitempty"`
	Konto             *Wert     `json:"konto,omitempty"`
	Adressen          []Adresse `json:"adressen,omitempty"`
	Anlagen           *Anlagen  `json:"anlagen,omitempty"`
	Formular          Formular  `json:"formular,omitzero"`
}

// Erkennung says which documents are of the form: all that is given must hold.
type Erkennung struct {
	// Medientypen as declared, without parameters. Mandatory.
	Medientypen []string `json:"medientypen"`
	// Schemata are URIs the sender names; empty takes any.
	Schemata []string `json:"schemata,omitempty"`
	// Wurzel is the root element; only and always for XML.
	Wurzel *Wurzel `json:"wurzel,omitempty"`
	// Mitglieder must be in the document; only and always for JSON.
	Mitglieder []Mitglied `json:"mitglieder,omitempty"`
}

// Wurzel describes a root element; at least one must be given.
type Wurzel struct {
	Name       string `json:"name,omitempty"`
	Namensraum string `json:"namensraum,omitempty"`
	// Deklariert is a namespace, or its beginning, that the root element is in or
	// declares.
	Deklariert string `json:"deklariert,omitempty"`
}

// Mitglied is a member of a JSON document.
type Mitglied struct {
	// Zeiger is a JSON pointer (RFC 6901) through objects.
	Zeiger string `json:"zeiger"`
	// Art is objekt, liste, text, zahl or wahrheit; empty takes any.
	Art string `json:"art,omitempty"`
	// Wert is the text it must be.
	Wert string `json:"wert,omitempty"`
}

// Antragsteller says where the applicant stands.
type Antragsteller struct {
	Vorname      *Wert `json:"vorname,omitempty"`
	Nachname     *Wert `json:"nachname,omitempty"`
	Name         *Wert `json:"name,omitempty"` // whole name, if the form has no parts
	Organisation *Wert `json:"organisation,omitempty"`
	Strasse      *Wert `json:"strasse,omitempty"`
	Hausnummer   *Wert `json:"hausnummer,omitempty"`
	Zusatz       *Wert `json:"zusatz,omitempty"`
	PLZ          *Wert `json:"plz,omitempty"`
	Ort          *Wert `json:"ort,omitempty"`
	EMail        *Wert `json:"email,omitempty"`
	Telefon      *Wert `json:"telefon,omitempty"`
}

// Adresse is a way to answer: Kanal and what identifies the mailbox there.
type Adresse struct {
	Kanal   string `json:"kanal"`
	Kennung *Wert  `json:"kennung"`
}

// Anlagen says where the document names the files that came with it.
type Anlagen struct {
	// Pfad selects one node for each file.
	Pfad string `json:"pfad"`
	// Kennung and Name are members or attributes ("@id") of that node; Kennung is
	// the name or id under which the channel delivers the file. Without Kennung
	// the files are named in order.
	Kennung string `json:"kennung,omitempty"`
	Name    string `json:"name"`
}

// Wert says where a value stands and what it is. In JSON a bare string is the
// same as {"pfade": [string]}.
type Wert struct {
	// Pfade are selectors; the first that finds something counts.
	Pfade []string `json:"pfade,omitempty"`
	// Fest is the value if no selector finds one.
	Fest string `json:"fest,omitempty"`
	// Typ of the value; default is Text.
	Typ Typ `json:"typ,omitempty"`
	// Tabelle translates what the form says; a value without a row stays as it is.
	Tabelle map[string]string `json:"tabelle,omitempty"`
	// Pflicht: the value must be there.
	Pflicht bool `json:"pflicht,omitempty"`
	// Erster takes the first of several different values, which are a problem else.
	Erster bool `json:"erster,omitempty"`
}

// UnmarshalJSON reads the object or the bare string.
func (w *Wert) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*w = Wert{Pfade: []string{s}}
		return nil
	}
	type wert Wert
	return json.Unmarshal(b, (*wert)(w))
}

// Formular says what the clerk reads. Names of members and attributes ("@label")
// are those of the node itself; the first that is there counts.
type Formular struct {
	// Wurzel selects the part of the document that is the form; default is all.
	Wurzel string `json:"wurzel,omitempty"`
	// Name and Label of a field; default is the name of the member or element.
	Name  []string `json:"name,omitempty"`
	Label []string `json:"label,omitempty"`
	// Wert are the members that hold the value of a field (JSON).
	Wert []string `json:"wert,omitempty"`
	// Kinder are the members that hold the fields of a group, in this order (JSON);
	// they do not show themselves.
	Kinder []string `json:"kinder,omitempty"`
	// Typ is where a field says its type, Typwerte what that means.
	Typ      []string       `json:"typ,omitempty"`
	Typwerte map[string]Typ `json:"typwerte,omitempty"`
	// Typen and Labels by name of field; Labels go before the document's own.
	Typen  map[string]Typ    `json:"typen,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	// Attribute shows the other attributes of elements as fields (XML).
	Attribute bool `json:"attribute,omitempty"`
	// Ohne selects what is left out.
	Ohne []string `json:"ohne,omitempty"`
}

// Grenzen bound the cost of one document; zero values mean the defaults.
type Grenzen struct {
	Bytes    int // default 16 MiB, after decoding
	Tiefe    int // default 64
	Knoten   int // default 100,000 values, elements and attributes
	Schritte int // default 2,000,000 nodes looked at by all selectors together
}

func (g Grenzen) withDefaults() Grenzen {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&g.Bytes, 16<<20)
	def(&g.Tiefe, 64)
	def(&g.Knoten, 100_000)
	def(&g.Schritte, 2_000_000)
	return g
}
