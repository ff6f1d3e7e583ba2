package dms

import (
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Paket is one hand-over: who hands what to whom. It is a value; a Ziel reads
// it and keeps nothing of it. [Paket.Check] tells what is wrong with it.
type Paket struct {
	// ProzessID is the UUID of this hand-over. It correlates the answers and
	// makes sending idempotent. A new attempt after a refusal needs a new one:
	// receivers treat a known ProzessID as a duplicate.
	ProzessID string `json:"prozessID"`
	// Erstellt is when the Paket was made; part of the message, so it must stay
	// the same when the same hand-over is tried again.
	Erstellt time.Time `json:"erstellt"`
	// Absender hands over, Empfaenger takes over. Each needs at least one value.
	Absender   Kontakt `json:"absender"`
	Empfaenger Kontakt `json:"empfaenger"`
	// System names the sending product; optional.
	System System `json:"system,omitzero"`
	// Hinweis is a free remark to the receiver; optional.
	Hinweis string `json:"hinweis,omitempty"`
	// WithReceipt asks for a receipt before the import answer.
	WithReceipt bool `json:"withReceipt,omitempty"`
	// Akte is the container the Vorgang is filed in; nil hands over the Vorgang alone.
	Akte *Akte `json:"akte,omitempty"`
	// Vorgang is the case itself.
	Vorgang Vorgang `json:"vorgang"`
}

// System is a product that makes messages. All values are optional.
type System struct {
	Instanz string `json:"instanz,omitempty"`
	Produkt string `json:"produkt,omitempty"`
	Version string `json:"version,omitempty"`
	// Hersteller is the maker of the product; transmitted since xdomea 4.0.
	Hersteller string `json:"hersteller,omitempty"`
}

// Metadaten describe any Schriftgutobjekt. Empty values are not transmitted.
type Metadaten struct {
	Betreff string `json:"betreff,omitempty"`
	// Kennzeichen is the Aktenzeichen or Geschaeftszeichen.
	Kennzeichen string `json:"kennzeichen,omitempty"`
	// Federfuehrung is the unit in charge, Aktenfuehrung the one that keeps the file.
	Federfuehrung    string           `json:"federfuehrung,omitempty"`
	Aktenfuehrung    string           `json:"aktenfuehrung,omitempty"`
	Vertraulichkeit  Vertraulichkeit  `json:"vertraulichkeit,omitempty"`
	Bemerkung        string           `json:"bemerkung,omitempty"`
	Medium           Medium           `json:"medium,omitempty"`
	Aktenplaneinheit Aktenplaneinheit `json:"aktenplaneinheit,omitzero"`
}

// Aktenplaneinheit is the place in the Aktenplan (file plan).
type Aktenplaneinheit struct {
	Kennzeichen   string `json:"kennzeichen,omitempty"`
	Inhaltsangabe string `json:"inhaltsangabe,omitempty"`
	BetreffKurz   string `json:"betreffKurz,omitempty"`
}

// Vertraulichkeit is the level of confidentiality; empty means not stated.
type Vertraulichkeit string

// The levels of the xdomea list Vertraulichkeitsstufe.
const (
	Offen        Vertraulichkeit = "offen"
	NurDienst    Vertraulichkeit = "nfd" // Verschlusssache – nur fuer den Dienstgebrauch
	Vertraulich  Vertraulichkeit = "vertraulich"
	Geheim       Vertraulichkeit = "geheim"
	StrengGeheim Vertraulichkeit = "streng-geheim"
)

// Medium tells how the object is kept; empty means not stated.
type Medium string

// The values of the xdomea list Medium.
const (
	Elektronisch Medium = "elektronisch"
	Hybrid       Medium = "hybrid"
	Papier       Medium = "papier"
)

// Akte is the container of a Vorgang. Only what describes the Akte itself is
// here; its other content stays where it is.
type Akte struct {
	ID string `json:"id"` // UUID
	Metadaten
	Aufbewahrung Aufbewahrung   `json:"aufbewahrung,omitzero"`
	Standort     string         `json:"standort,omitempty"`
	Typ          string         `json:"typ,omitempty"`
	Laufzeit     datum.Zeitraum `json:"laufzeit,omitzero"`
	Kontakte     []Kontakt      `json:"kontakte,omitempty"`
}

// Vorgang is a case as a DMS knows it.
type Vorgang struct {
	ID string `json:"id"` // UUID
	Metadaten
	Aufbewahrung Aufbewahrung `json:"aufbewahrung,omitzero"`
	Aktenbetreff string       `json:"aktenbetreff,omitempty"`
	// Typ is the kind of case in words, such as "Hundesteuer Anmeldung".
	Typ string `json:"typ,omitempty"`
	// ZdA tells that the case was closed by the zdA-Verfuegung, on ZdADatum.
	ZdA      bool           `json:"zda,omitempty"`
	ZdADatum datum.Datum    `json:"zdaDatum,omitzero"`
	Laufzeit datum.Zeitraum `json:"laufzeit,omitzero"`
	// Historie is the process log in the order it happened.
	Historie      []Protokolleintrag `json:"historie,omitempty"`
	Dokumente     []Dokument         `json:"dokumente,omitempty"`
	Kontakte      []Kontakt          `json:"kontakte,omitempty"`
	Teilvorgaenge []Vorgang          `json:"teilvorgaenge,omitempty"`
	// Fachdaten is the form data: fields xdomea has no element for.
	Fachdaten *Erweiterung `json:"fachdaten,omitempty"`
}

// Aufbewahrung is what the archive needs. The zero value states nothing.
// Periods and kinds are configured per Leistung and agreed with the archive.
type Aufbewahrung struct {
	// Jahre counts from the zdA-Verfuegung; 0 means not stated. At most 65535.
	Jahre int `json:"jahre,omitempty"`
	// Unbefristet keeps for good; Jahre must be 0 then.
	Unbefristet      bool             `json:"unbefristet,omitempty"`
	Aussonderungsart Aussonderungsart `json:"aussonderungsart,omitempty"`
	// Ende is the last day of keeping.
	Ende datum.Datum `json:"ende,omitzero"`
}

// Aussonderungsart is the archive's verdict; empty means not stated.
type Aussonderungsart string

// The values of the xdomea list Aussonderungsart.
const (
	Archivwuerdig Aussonderungsart = "A"
	Bewerten      Aussonderungsart = "B"
	Vernichten    Aussonderungsart = "V"
)

// Protokolleintrag is one line of the process log.
type Protokolleintrag struct {
	Akteur    string    `json:"akteur"` // required
	Zeit      time.Time `json:"zeit"`   // required; microseconds are kept
	Aktion    string    `json:"aktion"` // required
	Bemerkung string    `json:"bemerkung,omitempty"`
	// Metadatum, Alt and Neu describe a changed value; all optional.
	Metadatum string `json:"metadatum,omitempty"`
	Alt       string `json:"alt,omitempty"`
	Neu       string `json:"neu,omitempty"`
}

// Dokument is one document: its description and its versions.
type Dokument struct {
	ID string `json:"id"` // UUID
	Metadaten
	FremdesGeschaeftszeichen string             `json:"fremdesGeschaeftszeichen,omitempty"`
	Posteingangsdatum        datum.Datum        `json:"posteingangsdatum,omitzero"`
	Postausgangsdatum        datum.Datum        `json:"postausgangsdatum,omitzero"`
	DatumDesSchreibens       datum.Datum        `json:"datumDesSchreibens,omitzero"`
	Bearbeiter               string             `json:"bearbeiter,omitempty"`
	Typ                      string             `json:"typ,omitempty"`
	Historie                 []Protokolleintrag `json:"historie,omitempty"`
	Versionen                []Version          `json:"versionen,omitempty"`
	Anlagen                  []Dokument         `json:"anlagen,omitempty"`
	Absender                 []Kontakt          `json:"absender,omitempty"`
	Empfaenger               []Kontakt          `json:"empfaenger,omitempty"`
}

// Version is one state of a Dokument in one or more formats.
type Version struct {
	Nummer  string   `json:"nummer"`  // required, such as "1"
	Formate []Format `json:"formate"` // at least one
}

// FormatPDFA is the code of PDF/A in the xdomea list Dateiformat 1.0. The
// conformance level ("2u") goes into [Format.Version].
const FormatPDFA = "044"

// FormatSonstiges is the code for formats the list does not name; with it, and
// only with it, [Format.Sonstiger] is set.
const FormatSonstiges = "100"

// Format is one file of a Version.
type Format struct {
	// Code is the code of the xdomea list Dateiformat; empty lets the Kodierer
	// choose by Datei.MIME and file name. Set it to [FormatPDFA] for PDF/A:
	// the type of a file does not tell it from other PDF.
	Code      string `json:"code,omitempty"`
	Sonstiger string `json:"sonstiger,omitempty"`
	// Version of the format, such as "2u" or "1.7"; empty if not known.
	Version string `json:"version,omitempty"`
	// Ersteller is the program or person that made the file; optional.
	Ersteller string `json:"ersteller,omitempty"`
	// Zeit is when the file was made; optional.
	Zeit  time.Time `json:"zeit,omitzero"`
	Datei Datei     `json:"datei"`
}

// Erweiterung carries fields of the specialised procedure
// (AnwendungsspezifischeErweiterung).
type Erweiterung struct {
	Kennung      string       `json:"kennung"` // required: a URI that names the set of fields
	Name         string       `json:"name"`    // required
	Beschreibung string       `json:"beschreibung,omitempty"`
	Version      string       `json:"version,omitempty"`
	Gruppen      []Feldgruppe `json:"gruppen,omitempty"`
	Felder       []Feld       `json:"felder,omitempty"`
}

// Feldgruppe is a named group of fields and groups.
type Feldgruppe struct {
	Name         string       `json:"name"` // required
	Beschreibung string       `json:"beschreibung,omitempty"`
	Gruppen      []Feldgruppe `json:"gruppen,omitempty"`
	Felder       []Feld       `json:"felder,omitempty"`
}

// Feld is one named value.
type Feld struct {
	Name         string  `json:"name"` // required
	Beschreibung string  `json:"beschreibung,omitempty"`
	Typ          Feldtyp `json:"typ,omitempty"`
	Wert         string  `json:"wert,omitempty"`
}

// Feldtyp is the type of a Feld; empty means not stated.
type Feldtyp string

// The types in use, each an XML Schema type of the xdomea list Datentyp.
const (
	FeldText      Feldtyp = "string"
	FeldGanzzahl  Feldtyp = "integer"
	FeldDezimal   Feldtyp = "decimal"
	FeldWahrheit  Feldtyp = "boolean"
	FeldDatum     Feldtyp = "date"
	FeldZeitpunkt Feldtyp = "dateTime"
	FeldURI       Feldtyp = "anyURI"
)
