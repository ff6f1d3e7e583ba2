package vorgang

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Antrag is what the applicant sent, as the clerk needs it.
type Antrag struct {
	// Kanal it came through ("fitconnect") and the sender's own number there.
	Kanal   string `json:"kanal"`
	Kennung string `json:"kennung"`
	// Referenz is the number the applicant knows from the online service.
	Referenz string `json:"referenz,omitempty"`
	// Onlinedienst that produced it.
	Onlinedienst string `json:"onlinedienst,omitempty"`
	// GestelltAm is the date the sender gives; the periods run from Stand.Eingang.
	GestelltAm    datum.Datum     `json:"gestelltAm,omitzero"`
	Antragsteller Antragsteller   `json:"antragsteller"`
	Schema        string          `json:"schema,omitempty"` // URI of the data schema
	Daten         json.RawMessage `json:"daten,omitempty"`  // the form data, JSON without blanks
	Felder        []Feld          `json:"felder,omitempty"` // the same, labelled for reading
}

// Antragsteller is the person who applies, and how to reach them.
type Antragsteller struct {
	// Konto is the Nutzerkonto or mailbox handle; it is the ID of the citizen's Akteur.
	Konto string `json:"konto,omitempty"`
	messaging.Empfaenger
}

// Feld is one labelled value of a form, or a group of them.
type Feld struct {
	// Name is the key in the data, such as "F60000227".
	Name string `json:"name"`
	// Label for the clerk; the Name if the form is not known.
	Label  string `json:"label"`
	Wert   string `json:"wert,omitempty"`
	Felder []Feld `json:"felder,omitempty"`
}

// Zweck says what a Datei is in the Vorgang.
type Zweck string

// The purposes of files.
const (
	ZweckOriginal Zweck = "original" // as received, byte by byte
	ZweckFormular Zweck = "form"     // readable copy of the whole application
	ZweckAnlage   Zweck = "anlage"   // uploaded by the citizen
	ZweckAntwort  Zweck = "antwort"  // sent with an answer
	ZweckBescheid Zweck = "bescheid" // the Ausfertigung
	// ZweckSchreiben is a letter of the authority that decides nothing.
	ZweckSchreiben Zweck = "schreiben"
	ZweckNachweis  Zweck = "nachweis" // receipts: event log, acknowledgements
)

// Datei is a file of the Vorgang. Its bytes lie in the blob storage of the
// Mandant under SHA512.
type Datei struct {
	messaging.Anhang
	Zweck Zweck `json:"zweck"`
	// Herkunft names the Kanal or the Akteur it came from.
	Herkunft     string    `json:"herkunft,omitempty"`
	Hinzugefuegt time.Time `json:"hinzugefuegt"`
	// Ersetzt is the file of which this is a newer version; zero for the first.
	Ersetzt uuid.UUID `json:"ersetzt,omitzero"`
}

// Oeffentlich is what the citizen may see of a Vorgang: nothing internal.
type Oeffentlich struct {
	Nummer   string
	Leistung string
	Status   string
	Seit     time.Time
	Eingang  datum.Datum
	// Voraussichtlich is the day until which a decision is expected: the end of the
	// Bearbeitungsfrist as it looks now. Zero if there is none or the work is done.
	Voraussichtlich datum.Datum
	// Ruht: the work rests for a reason of the procedure.
	Ruht bool
	// Zurueckgezogen: the authority knows that the citizen withdraws the Antrag.
	Zurueckgezogen bool
	// Ansprechpartner is who may be called; nil if nobody is named.
	Ansprechpartner *Ansprechpartner
	// Offen are the questions that wait for an answer.
	Offen []OffeneFrage
	// Zahlungen are the fees that are demanded, and those that were paid.
	Zahlungen []OeffentlicheZahlung
}

// OffeneFrage is a question the citizen should answer.
type OffeneFrage struct {
	Betreff string
	Bis     datum.Datum
}

// Oeffentlich gives the citizen's view at a time.
func (v *Vorgang) Oeffentlich(now time.Time) Oeffentlich {
	o := Oeffentlich{
		Nummer: v.s.Nummer, Leistung: v.s.LeistungName, Status: v.s.Status.Oeffentlich(),
		Seit: v.s.StatusSeit, Eingang: datum.Von(v.s.Eingang),
		Ansprechpartner: kopie(v.s.Ansprechpartner),
	}
	if v.s.Status.unentschieden() {
		o.Voraussichtlich = v.s.Fristende(datum.Von(now))
		o.Ruht = v.s.Ausgesetzt() != nil
		o.Zurueckgezogen = v.s.Ruecknahme != nil
		if o.Ruht {
			o.Status = "Die Bearbeitung ruht zurzeit."
		}
		if v.s.OffeneWeiterleitung() != nil {
			o.Status = "Es wird geprüft, welche Behörde zuständig ist."
		}
	}
	if v.s.Fiktion != nil && v.s.Status != ZuLoeschen && v.s.Status != Geloescht {
		o.Status = "Ihr Antrag gilt seit dem " + v.s.Fiktion.ErteiltAb.Deutsch() + " als genehmigt."
	}
	if v.s.Status != ZuLoeschen && v.s.Status != Geloescht && v.s.eigenerRechtsbehelf() {
		o.Status = "Ihr Rechtsbehelf ist eingegangen. Darüber ist noch nicht entschieden."
	}
	if v.s.Abschluss != nil && v.s.Abschluss.Grund == GrundWeitergeleitet {
		o.Status = "Ihr Antrag wurde an die zuständige Behörde weitergeleitet."
	}
	if v.s.Status != ZuLoeschen && v.s.Status != Geloescht {
		o.Zahlungen = v.s.zahlungen(datum.Von(now))
	}
	for _, r := range v.s.Rueckfragen {
		if r.Beantwortet.IsZero() {
			if n := v.s.nachricht(r.Nachricht); n != nil {
				o.Offen = append(o.Offen, OffeneFrage{Betreff: n.Nachricht.Betreff, Bis: r.Bis})
			}
		}
	}
	return o
}

// istAntragsteller tells whether the Akteur is the citizen of this Vorgang.
func (s *Stand) istAntragsteller(a tenant.Akteur) bool {
	return a.Art == tenant.Buerger && a.ID != "" && a.ID == s.Antrag.Antragsteller.Konto
}
