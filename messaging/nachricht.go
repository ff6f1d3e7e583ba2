package messaging

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Art is what a Nachricht is for. Stable, lower-case.
type Art string

// The kinds of Nachricht.
const (
	Eingangsbestaetigung Art = "eingangsbestaetigung"
	Rueckfrage           Art = "rueckfrage" // a question; the citizen should answer
	Antwort              Art = "antwort"    // the citizen's answer
	Mitteilung           Art = "mitteilung"
	BescheidArt          Art = "bescheid" // carries a decision
)

// Antwortregel says whether the recipient may answer.
type Antwortregel string

// The reply rules; the zero value means AntwortNein.
const (
	AntwortNein     Antwortregel = ""
	AntwortMoeglich Antwortregel = "moeglich"
	AntwortErwartet Antwortregel = "erwartet"
)

// Anhang is a file that goes with a Nachricht. The bytes are found by SHA512 in
// the blob storage of the Mandant.
type Anhang struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"` // file name without directories
	MIME string    `json:"mime"`
	// Groesse in bytes.
	Groesse int64 `json:"groesse"`
	// SHA512 of the bytes, 128 lower-case hex digits.
	SHA512 string `json:"sha512"`
}

// Nachricht is the content of a letter.
type Nachricht struct {
	ID       uuid.UUID    `json:"id"`
	Art      Art          `json:"art"`
	Betreff  string       `json:"betreff"`
	Text     string       `json:"text"` // plain text, paragraphs separated by an empty line
	Anhaenge []Anhang     `json:"anhaenge,omitempty"`
	Antwort  Antwortregel `json:"antwort,omitempty"`
	// AntwortBis is the last day of the reply deadline, if there is one.
	AntwortBis datum.Datum `json:"antwortBis,omitzero"`
	// Bezug is the Nachricht this one answers.
	Bezug uuid.UUID `json:"bezug,omitzero"`
}

// Adresse is one way to reach somebody: the name of a Kanal and the address in
// the form that Kanal defines (a mailbox handle, a mail address).
type Adresse struct {
	Kanal   string `json:"kanal"`
	Kennung string `json:"kennung"`
}

// Empfaenger is who gets a Nachricht.
type Empfaenger struct {
	Name string `json:"name"`
	// Adressen in the order the recipient prefers.
	Adressen []Adresse `json:"adressen,omitempty"`
	// Anschrift for letters.
	Anschrift tenant.Anschrift `json:"anschrift,omitzero"`
	// DigitalerBescheid: consent to an electronic decision. nil means the
	// recipient said nothing; refusal is an explicit false (FIT-Connect metadata
	// 2.1.0, zustimmungZumDigitalenBescheid).
	DigitalerBescheid *bool `json:"digitalerBescheid,omitempty"`
}

// Sendung is one delivery of a Nachricht to one address.
type Sendung struct {
	// ID makes the delivery idempotent: a Kanal that gets the same ID again
	// must not deliver twice.
	ID      uuid.UUID
	Mandant tenant.ID
	// Absender as the recipient reads it: "Stadt Kiel, Grünflächenamt".
	Absender string
	// Vorgang and Nummer tie replies to the case.
	Vorgang    uuid.UUID
	Nummer     string
	Empfaenger Empfaenger
	Adresse    Adresse
	Nachricht  Nachricht
	// Open gives the bytes of an Anhang; the Kanal closes the reader.
	Open func(ctx context.Context, a Anhang) (io.ReadCloser, error)
}

// Zustand is how far a Sendung got.
type Zustand string

// The delivery states.
const (
	Uebergeben     Zustand = "uebergeben"     // handed to the mailbox system
	Bereitgestellt Zustand = "bereitgestellt" // lies in the mailbox for the recipient
	Abgeholt       Zustand = "abgeholt"
	Gelesen        Zustand = "gelesen"
	Bestaetigt     Zustand = "bestaetigt" // the recipient confirmed the receipt
	Beantwortet    Zustand = "beantwortet"
	Zurueckgeholt  Zustand = "zurueckgeholt" // taken back before it was read
	Fehlgeschlagen Zustand = "fehlgeschlagen"
	// Unsicher: the mailbox system may have it or not, and cannot be asked; sending it again
	// could make it two. A person decides.
	Unsicher Zustand = "unsicher"
)

// Rang orders the states a Sendung passes: reports come late and in any order, and one of a
// lower rank tells nothing new. What ends the way (zurueckgeholt, fehlgeschlagen) ranks above all but
// a recipient who confirmed or answered; an unknown state has rank 0.
func (z Zustand) Rang() int {
	return max(0, slices.Index([]Zustand{"", Unsicher, Uebergeben, Bereitgestellt, Abgeholt, Gelesen, Zurueckgeholt, Fehlgeschlagen, Bestaetigt, Beantwortet}, z))
}

// IstUnsicher tells whether an error of a Kanal says that the message may have arrived all the
// same, on a way that cannot tell a repetition: then nobody may just try again. Such an error has a method
// Unsicher() bool.
func IstUnsicher(err error) bool {
	var u interface{ Unsicher() bool }
	return errors.As(err, &u) && u.Unsicher()
}

// Quittung is what a Kanal says about a Sendung.
type Quittung struct {
	Sendung uuid.UUID `json:"sendung"`
	Kanal   string    `json:"kanal"`
	Zustand Zustand   `json:"zustand"`
	Zeit    time.Time `json:"zeit"`
	// Referenz is the id the mailbox system gave, for proof.
	Referenz string `json:"referenz,omitempty"`
}
