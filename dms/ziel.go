package dms

import (
	"context"
	"io"
	"iter"
	"time"
)

// Ziel is the port: a place a Paket can be handed over to. Implementations are
// safe for concurrent use. dms/dmstest.Run proves each sentence.
type Ziel interface {
	// Name is stable and not empty; it is stored with every Abgabe.
	Name() string
	// Send hands over the Paket.
	//
	// The receiver gets the whole Paket or nothing: after an error nothing new is
	// visible to it. Sending is idempotent by ProzessID: the same Paket again
	// delivers nothing, gives the first Sendeschein and sets Wiederholt; this
	// holds across restarts and after the receiver took the delivery away. A
	// different Paket under a known ProzessID is fehler.ErrConflict and changes
	// nothing. Concurrent calls with one ProzessID deliver once.
	//
	// A Paket that does not pass Check, or a file whose size or SHA-512 differs
	// from what it states, is fehler.ErrInvalid with fehler.Probleme. An error
	// from Datei.Open is passed on with its cause. A context error is returned as
	// it is. fehler.ErrUnavailable means trying again later may help.
	//
	// Every content that was opened is closed. The Paket is neither changed nor kept.
	Send(ctx context.Context, p *Paket) (Sendeschein, error)
}

// Sendeschein is the sender's proof of a Send.
type Sendeschein struct {
	ProzessID string `json:"prozessID"`
	// Ziel is the name of the target.
	Ziel string `json:"ziel"`
	// Zeit is when the delivery became visible to the receiver, in UTC.
	Zeit time.Time `json:"zeit"`
	// Name is what the receiver sees, such as the file name of the container.
	Name string `json:"name"`
	// Groesse in bytes and SHA512 (hexadecimal) of what was delivered.
	Groesse int64  `json:"groesse"`
	SHA512  string `json:"sha512"`
	// Wiederholt tells that it had been delivered before and nothing was sent now.
	Wiederholt bool `json:"wiederholt,omitempty"`
}

// Rueckmelder is the optional second half of a Ziel: it hears answers.
type Rueckmelder interface {
	// Answers goes through the answers nobody acknowledged yet, oldest first. An
	// answer that is not acknowledged comes again with the next call, so nothing
	// is lost when the caller dies. An answer for a hand-over nobody knows is
	// given like any other. One that cannot be read is given as an Antwort with
	// only Kennung set and an error of kind fehler.ErrInvalid; the others follow.
	// A context error ends the sequence. The caller may stop at any time.
	Answers(ctx context.Context) iter.Seq2[Antwort, error]
	// Ack says that the answer is stored on our side. It never comes again. The
	// original is kept where the adapter keeps what is done. Acknowledging twice
	// is no error; an unknown Kennung is fehler.ErrNotFound.
	Ack(ctx context.Context, kennung string) error
}

// Antwortart is what an answer says.
type Antwortart string

// The kinds of answers.
const (
	AntwortEmpfangen  Antwortart = "empfangen"  // arrived, import to follow
	AntwortImportiert Antwortart = "importiert" // all objects imported
	AntwortTeilweise  Antwortart = "teilweise"  // some objects imported
	AntwortAbgelehnt  Antwortart = "abgelehnt"  // no object imported
)

// Antwort is what a receiver says about a hand-over.
type Antwort struct {
	// Kennung names the answer within its Rueckmelder, for Ack. Opaque.
	Kennung   string     `json:"kennung,omitempty"`
	ProzessID string     `json:"prozessID"`
	Art       Antwortart `json:"art"`
	// Zeit is when the receiver wrote it, as it says.
	Zeit time.Time `json:"zeit"`
	// Objekte are the results per object; empty in receipts and in answers of
	// standards that give only one result for all.
	Objekte []ObjektErgebnis `json:"objekte,omitempty"`
	// Meldungen and Codes concern the hand-over as a whole.
	Meldungen []string `json:"meldungen,omitempty"`
	Codes     []Code   `json:"codes,omitempty"`
}

// ObjektErgebnis is the result for one Schriftgutobjekt.
type ObjektErgebnis struct {
	// ID is the UUID of the object handed over. For objects filed by xdomea 0604 and
	// 0605 it is the one the DMS gave, and empty if it gave none.
	ID string `json:"id"`
	// Nummer is the place of the object in the batch, from 1; 0 if not stated. Only
	// for objects filed by xdomea group 06.
	Nummer      int  `json:"nummer,omitempty"`
	Erfolgreich bool `json:"erfolgreich"`
	// Archivkennung is the signature the archive gave (xdomea 0506).
	Archivkennung string `json:"archivkennung,omitempty"`
	// Ablageort is where the DMS put it (xdomea 0630).
	Ablageort string `json:"ablageort,omitempty"`
	// Meldungen and Codes give reasons; texts of the receiver, not to be logged.
	Meldungen []string `json:"meldungen,omitempty"`
	Codes     []Code   `json:"codes,omitempty"`
}

// SummariseArt gives the kind of an import answer with these results. No results
// count as refused: nothing was said to be imported.
func SummariseArt(objekte []ObjektErgebnis) Antwortart {
	gut := 0
	for _, o := range objekte {
		if o.Erfolgreich {
			gut++
		}
	}
	switch {
	case gut == 0:
		return AntwortAbgelehnt
	case gut < len(objekte):
		return AntwortTeilweise
	}
	return AntwortImportiert
}

// Kodierer writes the container of an exchange standard and reads its answers.
// Implementations are safe for concurrent use and know no transport.
type Kodierer interface {
	// ContainerName is the file name a receiver expects for the Paket: one
	// path element, ASCII.
	ContainerName(p *Paket) (string, error)
	// Encode checks the Paket and streams its container to w. The same Paket
	// gives the same bytes. Sizes and hashes of files are verified on the way;
	// after an error what w received is worthless.
	Encode(ctx context.Context, w io.Writer, p *Paket) error
	// IsAntwort tells by its file name whether a file may be an answer.
	IsAntwort(name string) bool
	// DecodeAntwort reads an answer of the given file name and size. Anything
	// that is not a well-formed answer is fehler.ErrInvalid.
	DecodeAntwort(ctx context.Context, name string, r io.ReaderAt, size int64) (Antwort, error)
}
