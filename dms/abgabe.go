package dms

import (
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Zustand is how far a hand-over got. The codes are stable.
type Zustand string

// The states. From Gesendet it goes to Empfangen or straight to one of the
// three results; Ueberfaellig is left again by any late answer. The results
// are final: a new attempt is a new hand-over with a new ProzessID.
const (
	Gesendet     Zustand = "gesendet"
	Empfangen    Zustand = "empfangen"
	Ueberfaellig Zustand = "ueberfaellig"
	Importiert   Zustand = "importiert"
	Teilweise    Zustand = "teilweise"
	Abgelehnt    Zustand = "abgelehnt"
)

// IsFinal tells whether the hand-over has its result.
func (z Zustand) IsFinal() bool { return z == Importiert || z == Teilweise || z == Abgelehnt }

// Abgabe is what the sender remembers of a hand-over. It is a value: its
// methods give a new one and never change the receiver.
type Abgabe struct {
	ProzessID string `json:"prozessID"`
	Ziel      string `json:"ziel"`
	// Hauptobjekte are the ids of which one must be among the imported objects:
	// the Vorgang and, if there is one, its Akte.
	Hauptobjekte []string  `json:"hauptobjekte"`
	Zustand      Zustand   `json:"zustand"`
	GesendetAm   time.Time `json:"gesendetAm"`
	// Frist is when a missing result becomes Ueberfaellig; zero means never.
	Frist       time.Time        `json:"frist,omitzero"`
	EmpfangenAm time.Time        `json:"empfangenAm,omitzero"`
	ErgebnisAm  time.Time        `json:"ergebnisAm,omitzero"`
	Objekte     []ObjektErgebnis `json:"objekte,omitempty"`
	Meldungen   []string         `json:"meldungen,omitempty"`
}

// NewAbgabe starts the record of a hand-over that was sent. The result is
// expected within wait; 0 waits for ever. The period is an agreement with the
// receiver and comes from configuration.
func NewAbgabe(s Sendeschein, p *Paket, wait time.Duration) Abgabe {
	a := Abgabe{ProzessID: s.ProzessID, Ziel: s.Ziel, Zustand: Gesendet, GesendetAm: s.Zeit.UTC()}
	a.Hauptobjekte = append(a.Hauptobjekte, p.Vorgang.ID)
	if p.Akte != nil {
		a.Hauptobjekte = append(a.Hauptobjekte, p.Akte.ID)
	}
	if wait > 0 {
		a.Frist = a.GesendetAm.Add(wait)
	}
	return a
}

// Apply takes an answer that arrived at the given time. The second result
// tells whether anything changed: the same answer again, and a receipt after
// the result, change nothing and are no error.
//
// An import answer counts as Importiert only if no object failed and, where it
// names objects, the Vorgang or its Akte is among them; otherwise it is
// Teilweise, whatever it calls itself. An answer that contradicts a final
// state is fehler.ErrConflict and changes nothing: a person must look at it.
// An answer for another ProzessID or of an unknown kind is fehler.ErrInvalid.
func (a Abgabe) Apply(ant Antwort, now time.Time) (Abgabe, bool, error) {
	if !sameUUID(ant.ProzessID, a.ProzessID) {
		return a, false, invalid(a.ProzessID, "dms.antwort-fremd", "answer belongs to another hand-over",
			"Die Antwort gehört zu einer anderen Abgabe.")
	}
	var next Zustand
	switch ant.Art {
	case AntwortEmpfangen:
		if a.Zustand != Gesendet && a.Zustand != Ueberfaellig || !a.EmpfangenAm.IsZero() {
			return a, false, nil
		}
		a.EmpfangenAm = now.UTC()
		if a.Zustand == Gesendet { // an overdue result stays overdue: a receipt is not a result
			a.Zustand = Empfangen
		}
		return a, true, nil
	case AntwortImportiert:
		next = Importiert
		if !a.covers(ant.Objekte) {
			next = Teilweise
		}
	case AntwortTeilweise:
		next = Teilweise
	case AntwortAbgelehnt:
		next = Abgelehnt
	default:
		return a, false, invalid(a.ProzessID, "dms.antwort-art", "unknown kind of answer",
			"Die Art der Antwort ist unbekannt.")
	}
	if a.Zustand.IsFinal() {
		if a.Zustand == next && sameResults(a.Objekte, ant.Objekte) {
			return a, false, nil
		}
		return a, false, fehler.New("dms.Apply", a.ProzessID, fehler.ErrConflict, nil)
	}
	a.Zustand, a.ErgebnisAm = next, now.UTC()
	a.Objekte, a.Meldungen = cloneResults(ant.Objekte), slices.Clone(ant.Meldungen)
	return a, true, nil
}

// CheckOverdue moves a hand-over whose result is missing at now to
// Ueberfaellig and tells whether it did.
func (a Abgabe) CheckOverdue(now time.Time) (Abgabe, bool) {
	if a.Zustand.IsFinal() || a.Zustand == Ueberfaellig || a.Frist.IsZero() || now.Before(a.Frist) {
		return a, false
	}
	a.Zustand = Ueberfaellig
	return a, true
}

// MayDelete tells whether the local case may be deleted as far as the
// hand-over is concerned: only after a positive import answer that covers it.
// Retention and legal periods are checked elsewhere.
func (a Abgabe) MayDelete() bool { return a.Zustand == Importiert }

// covers: standards that give one result for all name no object.
func (a Abgabe) covers(objekte []ObjektErgebnis) bool {
	found := len(objekte) == 0
	for _, o := range objekte {
		if !o.Erfolgreich {
			return false
		}
		found = found || slices.ContainsFunc(a.Hauptobjekte, func(id string) bool { return sameUUID(id, o.ID) })
	}
	return found
}

func sameResults(a, b []ObjektErgebnis) bool {
	return slices.EqualFunc(a, b, func(x, y ObjektErgebnis) bool {
		return sameUUID(x.ID, y.ID) && x.Erfolgreich == y.Erfolgreich
	})
}

func cloneResults(in []ObjektErgebnis) []ObjektErgebnis {
	out := slices.Clone(in)
	for i := range out {
		out[i].Meldungen = slices.Clone(out[i].Meldungen)
		out[i].Codes = slices.Clone(out[i].Codes)
	}
	return out
}

func invalid(key, code, meldung, hinweis string) error {
	return fehler.New("dms.Apply", key, nil, fehler.Probleme{{Code: code, Meldung: meldung, Hinweis: hinweis}})
}
