package brief

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Brief is what a [Setzer] sets.
type Brief struct {
	Sendung messaging.Sendung
	// Feld is the address as it must stand in the window.
	Feld Feld
}

// Setzer makes the PDF of a letter that has none. It must be safe for concurrent
// use. The same Brief may be set more than once. An error of kind
// fehler.ErrInvalid says that this Brief can never be set; any other is tried
// again.
type Setzer interface {
	Set(ctx context.Context, w io.Writer, b Brief) error
}

// SetzerFunc is a function as [Setzer].
type SetzerFunc func(ctx context.Context, w io.Writer, b Brief) error

// Set calls the function.
func (f SetzerFunc) Set(ctx context.Context, w io.Writer, b Brief) error { return f(ctx, w, b) }

// Zustellart is how the letter travels. Stable, lower-case.
type Zustellart string

// The ways of a letter. Each is a Kanal of its own, because each has its own law:
// see [Options.Zustellart].
const (
	Standard     Zustellart = "standard"
	Einschreiben Zustellart = "einschreiben"             // handed over, § 4 (2) VwZG
	Rueckschein  Zustellart = "einschreiben-rueckschein" // with return slip
	PZU          Zustellart = "pzu"                      // Postzustellungsurkunde
)

// bekanntgabe are the codes of legal time for the ways.
var bekanntgabe = map[Zustellart]string{Standard: "post", Einschreiben: "einschreiben", Rueckschein: "einschreiben-rueckschein", PZU: "pzu"}

// Druck is how the letter is printed and when.
type Druck struct {
	Duplex bool `json:"duplex"`
	Farbe  bool `json:"farbe"`
	// Faellig is the last day on which the letter must be posted; zero is none.
	Faellig datum.Datum `json:"faellig,omitzero"`
}

// The roles of a file in a job.
const (
	RolleBrief   = "brief"
	RolleBeilage = "beilage"
)

// Datei is one file of a job, in the order of printing.
type Datei struct {
	Name    string `json:"name"` // in the folder of the job; never a name from outside
	Rolle   string `json:"rolle"`
	Groesse int64  `json:"groesse"` // bytes
	SHA512  string `json:"sha512"`  // lower-case hex
	// Seiten; 0 means that the pages could not be counted.
	Seiten int `json:"seiten,omitempty"`
}

// Auftrag is the ticket of a job: auftrag.json beside its files.
type Auftrag struct {
	Version    int        `json:"version"` // 1
	ID         uuid.UUID  `json:"id"`      // of the Sendung; reports name it
	Mandant    tenant.ID  `json:"mandant"`
	Kanal      string     `json:"kanal"`
	Absender   string     `json:"absender"`
	Nummer     string     `json:"nummer,omitempty"`
	Bescheid   bool       `json:"bescheid"`
	Zustellart Zustellart `json:"zustellart"`
	// Empfaenger are the lines of the window.
	Empfaenger []string `json:"empfaenger"`
	Ausland    bool     `json:"ausland"`
	Druck      Druck    `json:"druck"`
	Dateien    []Datei  `json:"dateien"`
	// Seiten of all files; 0 if one could not be counted.
	Seiten   int       `json:"seiten,omitempty"`
	Erstellt time.Time `json:"erstellt"` // UTC, microseconds
}
