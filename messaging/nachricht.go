package messaging

import (
	"context"
	"io"
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

// Quittung is what a Kanal says about a Sendung.
type Quittung struct {
	Sendung uuid.UUID `json:"sendung"`
	Kanal   string    `json:"kanal"`
	Zustand Zustand   `json:"zustand"`
	Zeit    time.Time `json:"zeit"`
	// Referenz is the id the mailbox system gave, for proof.
	Referenz string `json:"referenz,omitempty"`
}
