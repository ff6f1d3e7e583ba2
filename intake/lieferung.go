package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Lieferung is one technical delivery as a channel received it: opened, its
// integrity checked, its meaning not yet.
type Lieferung struct {
	// Kanal and Kennung together are the idempotency key: the same pair is the
	// same Vorgang, however often it arrives. Mandatory; Kanal has no colon.
	Kanal   string `json:"kanal"`
	Kennung string `json:"kennung"`
	// Eingang is the receipt by the authority; default is the clock.
	Eingang time.Time `json:"eingang"`
	// Leistung and Ort as the sender wrote them (URN or digits; ARS or "DE" + ARS).
	Leistung string `json:"leistung"`
	Ort      string `json:"ort"`
	// Fachdaten is the form data; Schema and MIME say how to read it.
	Fachdaten Teil   `json:"fachdaten"`
	Schema    string `json:"schema"`
	// Dateien came with the application; Nachweise (metadata, event log) are kept with the Vorgang.
	Dateien   []Teil `json:"dateien,omitempty"`
	Nachweise []Teil `json:"nachweise,omitempty"`

	Referenz     string      `json:"referenz,omitempty"`
	Onlinedienst string      `json:"onlinedienst,omitempty"`
	GestelltAm   datum.Datum `json:"gestelltAm,omitzero"`
	// Konto is the applicant's Nutzerkonto or mailbox handle; Adressen the ways to answer.
	Konto             string              `json:"konto,omitempty"`
	Adressen          []messaging.Adresse `json:"adressen,omitempty"`
	DigitalerBescheid *bool               `json:"digitalerBescheid,omitempty"`
	// Quittung is what the channel needs to acknowledge later; nil means the
	// sender expects nothing.
	Quittung json.RawMessage `json:"quittung,omitempty"`
	// Abdruck is a hash of the content, for channels whose senders repeat under new
	// keys: a later delivery of this Kanal with the same Abdruck is taken, and its
	// Vorgang linked to the first and noted as a possible duplicate. Empty compares
	// nothing. At most 128 letters and digits.
	Abdruck string `json:"abdruck,omitempty"`
	// Dublette is the Eingang of the first delivery with this Abdruck; set by the Annahme.
	Dublette uuid.UUID `json:"dublette,omitzero"`
	// OhneAbsage: the sender cannot be told of a refusal. What would be refused goes to the
	// Klaerfach, where a person sees it.
	OhneAbsage bool `json:"ohneAbsage,omitempty"`
	// Erfasst is set when a clerk entered it ([Annahme.Erfassen]).
	Erfasst *Erfasst `json:"erfasst,omitempty"`
}

// Schluessel is the idempotency key.
func (l *Lieferung) Schluessel() string { return l.Kanal + ":" + l.Kennung }

func (l *Lieferung) teile() []*Teil {
	t := []*Teil{&l.Fachdaten}
	for i := range l.Dateien {
		t = append(t, &l.Dateien[i])
	}
	for i := range l.Nachweise {
		t = append(t, &l.Nachweise[i])
	}
	return t
}

// Teil is one file of a Lieferung.
type Teil struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
	// MIME as declared; Erkannt as the content shows, set by the Annahme.
	MIME    string        `json:"mime"`
	Erkannt string        `json:"erkannt,omitempty"`
	Zweck   vorgang.Zweck `json:"zweck"`
	// Groesse and SHA512 are set when the bytes are durable.
	Groesse int64  `json:"groesse,omitempty"`
	SHA512  string `json:"sha512,omitempty"`
	// Open gives the bytes, as often as asked. Mandatory.
	Open func(ctx context.Context) (io.ReadCloser, error) `json:"-"`
}

// Bytes makes a Teil of bytes in memory.
func Bytes(id uuid.UUID, name, mime string, zweck vorgang.Zweck, b []byte) Teil {
	return Teil{ID: id, Name: name, MIME: mime, Zweck: zweck, Groesse: int64(len(b)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

func (t *Teil) open(ctx context.Context) (io.ReadCloser, error) {
	if t.Open == nil {
		return nil, fehler.New("intake.Open", t.ID.String(), fehler.ErrInvalid, errors.New("the Teil has no bytes"))
	}
	return t.Open(ctx)
}

// Fachdaten is what a Parser reads.
type Fachdaten struct {
	Schema string // URI as the sender gave it
	MIME   string
	// Bytes: the Annahme gives text (XML, JSON, text/...) in UTF-8 without byte order
	// mark, with declarations that say so, whatever it came in.
	Bytes []byte
}

// Inhalt is what a Parser understood.
type Inhalt struct {
	// Daten is the form data as JSON.
	Daten json.RawMessage
	// Felder is the same for reading, in the order of the form.
	Felder []vorgang.Feld
	// Name and Anschrift of the applicant, as far as the form says.
	Antragsteller messaging.Empfaenger
}

// Parser reads one format. Package intaketest proves each sentence of this text.
//
// Implementations are safe for concurrent use. They neither change nor keep the
// bytes they are given, and the same data gives the same answer.
type Parser interface {
	// Name is stable and not empty; it names the Parser in errors.
	Name() string
	// Detect tells from schema, MIME type and content whether the format is this
	// Parser's. It is cheap and never panics, whatever the bytes are; it is false
	// for the data of others. It does not validate: broken data of this format is
	// this Parser's, so that Parse can say what is wrong.
	Detect(d Fachdaten) bool
	// Parse reads data that Detect took. It never panics.
	//
	// What it gives without an error has Daten that are one JSON document, and
	// Felder in the order of the form, each with a Name and a Label.
	//
	// Data that breaks the format's rules is fehler.Probleme: at least one, each
	// with code, place, English message and German Hinweis; no message holds a
	// value of the form. With the codes "intake.wert", "intake.wert-mehrdeutig" and
	// "intake.wert-fehlt" alone the form is sound and a person decides about single
	// values: the delivery goes to the Klaerfach. Any other error means that the Parser could not work, and
	// the delivery is tried again. An ended context is returned as it is.
	Parse(ctx context.Context, d Fachdaten) (Inhalt, error)
}
