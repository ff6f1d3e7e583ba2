package vorgang

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// AuftragArt says what is to be done outside. Stable, lower-case and dotted.
type AuftragArt string

// The kinds of Auftrag the commands order, with the type of their data.
const (
	// EingangQuittieren tells the sender that the submission is durable (data: [QuittierenDaten]).
	EingangQuittieren AuftragArt = "eingang.quittieren"
	// AntragPruefen checks the Antrag by rules (no data).
	AntragPruefen AuftragArt = "antrag.pruefen"
	// NachrichtSenden delivers a Nachricht ([NachrichtDaten]).
	NachrichtSenden AuftragArt = "nachricht.senden"
	// NachrichtZurueckrufen takes a letter back that nobody has read ([SendungDaten]).
	NachrichtZurueckrufen AuftragArt = "nachricht.zurueckrufen"
	// SendungAbfragen is due when a Kanal is to be asked what became of a Sendung ([SendungDaten]).
	SendungAbfragen AuftragArt = "sendung.abfragen"
	// BescheidAusfertigen sets and writes the document ([BescheidDaten]).
	BescheidAusfertigen AuftragArt = "bescheid.ausfertigen"
	// BescheidSenden delivers the document ([BescheidDaten]).
	BescheidSenden AuftragArt = "bescheid.senden"
	// BescheinigungAusfertigen sets and writes the certificate of a Fiktion ([NachrichtDaten]:
	// the letter it will go out with).
	BescheinigungAusfertigen AuftragArt = "bescheinigung.ausfertigen"
	// BekanntgabeFeststellen is due on the day of Bekanntgabe ([BescheidDaten]).
	BekanntgabeFeststellen AuftragArt = "bekanntgabe.feststellen"
	// BestandskraftFeststellen is due on the first day of Bestandskraft ([BescheidDaten]).
	BestandskraftFeststellen AuftragArt = "bestandskraft.feststellen"
	// AbrufAblaufen is due when the time to retrieve a Bescheid is over ([BescheidDaten]).
	AbrufAblaufen AuftragArt = "abruf.ablaufen"
	// AkteAbgeben files the closed Vorgang into the E-Akte ([AbgebenDaten]).
	AkteAbgeben AuftragArt = "akte.abgeben"
	// FristWarnen is due on the day of a warning ([Warnung]).
	FristWarnen AuftragArt = "frist.warnen"
	// WeiterleitungAusfuehren makes the Vorgang at the target ([WeiterleitungDaten]).
	WeiterleitungAusfuehren AuftragArt = "weiterleitung.ausfuehren"
	// WeiterleitungAblaufen is due when an offer ends ([WeiterleitungDaten]).
	WeiterleitungAblaufen AuftragArt = "weiterleitung.ablaufen"
	// ZahlungStarten places a payment at a payment service ([ZahlungDaten]).
	ZahlungStarten AuftragArt = "zahlung.starten"
	// ZahlungAbfragen is due when the service is to be asked again ([ZahlungDaten]).
	ZahlungAbfragen AuftragArt = "zahlung.abfragen"
	// UebergabeAusfuehren hands the Vorgang over to a Fachverfahren ([UebergabeDaten]).
	UebergabeAusfuehren AuftragArt = "uebergabe.ausfuehren"
	// GebuehrMahnen is due when a fee is to be reminded of or handed on ([MahnungDaten]).
	GebuehrMahnen AuftragArt = "gebuehr.mahnen"
)

// Auftrag is work to be done outside, written in the same transaction as the
// journal. It is performed at least once and in order per Vorgang; ID is the
// idempotency key for the outside.
type Auftrag struct {
	ID      uuid.UUID
	Mandant tenant.ID
	Vorgang uuid.UUID
	// Version of the Vorgang that ordered it, and the position within that version.
	Version int64
	Ordinal int
	Art     AuftragArt
	Daten   json.RawMessage
	// Erstellt is when it was ordered; Faellig is the earliest time to perform it.
	Erstellt time.Time
	Faellig  time.Time
	// Termin: due at a future time and therefore outside the order per Vorgang;
	// it neither waits for earlier ones nor holds up later ones.
	Termin bool
}

// QuittierenDaten name the submission to acknowledge. Beleg is what the channel
// needs to do it.
type QuittierenDaten struct {
	Kanal   string          `json:"kanal"`
	Kennung string          `json:"kennung"`
	Beleg   json.RawMessage `json:"beleg,omitempty"`
}

// NachrichtDaten name the Nachricht of the Vorgang.
type NachrichtDaten struct {
	Nachricht uuid.UUID `json:"nachricht"`
}

// BescheidDaten name the Bescheid of the Vorgang.
type BescheidDaten struct {
	Bescheid uuid.UUID `json:"bescheid"`
	// Adressat to send it to; zero is the applicant.
	Adressat uuid.UUID `json:"adressat,omitzero"`
	// Zustellung a Termin is about, and the Tag it was ordered for; zero for those
	// ordered before attempts were kept.
	Zustellung uuid.UUID   `json:"zustellung,omitzero"`
	Tag        datum.Datum `json:"tag,omitzero"`
	// Kanal to take, by name; Ausser are those that failed. Erneut: also if an attempt is open.
	Kanal  string   `json:"kanal,omitempty"`
	Ausser []string `json:"ausser,omitempty"`
	Erneut bool     `json:"erneut,omitempty"`
}

// WeiterleitungDaten name the Weiterleitung of the Vorgang.
type WeiterleitungDaten struct {
	Weiterleitung uuid.UUID `json:"weiterleitung"`
}

// ZahlungDaten name the payment of a fee. Auftrag is what is to be placed, the same at each
// try; empty for [ZahlungAbfragen].
type ZahlungDaten struct {
	Gebuehr uuid.UUID       `json:"gebuehr"`
	Zahlung string          `json:"zahlung"`
	Auftrag zahlung.Auftrag `json:"auftrag,omitzero"`
}

// UebergabeDaten name the hand-over of the Vorgang; its Stand holds target and extent.
type UebergabeDaten struct {
	Uebergabe uuid.UUID `json:"uebergabe"`
}

// AbgebenDaten name the process of filing. The package holds the journal up to
// the entry Bis, so that a second try makes the same package.
type AbgebenDaten struct {
	ProzessID uuid.UUID `json:"prozessId"`
	Bis       int64     `json:"bis"`
}

// Decode reads the data into the type documented at the Art.
func (a Auftrag) Decode(into any) error {
	if err := json.Unmarshal(a.Daten, into); err != nil {
		return fehler.New("vorgang.Decode", fmt.Sprintf("%s %s", a.Art, a.ID), fehler.ErrInvalid, err)
	}
	return nil
}
