package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const (
	// StellungnahmeTage is how long an asked body has if the question names no day; a
	// habit of building authorities, not law.
	StellungnahmeTage = 30
	// MaxStellungnahmen of one Vorgang.
	MaxStellungnahmen = 200
)

// StellungnahmeZustand is how far a Stellungnahme is.
type StellungnahmeZustand string

// The states of a Stellungnahme.
const (
	StellungnahmeAngefragt     StellungnahmeZustand = "angefragt"
	StellungnahmeBeantwortet   StellungnahmeZustand = "beantwortet"
	StellungnahmeNachgefordert StellungnahmeZustand = "nachgefordert" // answered, and asked again
	StellungnahmeGeprueft      StellungnahmeZustand = "geprueft"      // the lead has looked at it
	StellungnahmeAbgebrochen   StellungnahmeZustand = "abgebrochen"
)

// Offen tells whether the asked body must still answer.
func (z StellungnahmeZustand) Offen() bool {
	return z == StellungnahmeAngefragt || z == StellungnahmeNachgefordert
}

// StellungnahmeErgebnis is what the asked body says in one word.
type StellungnahmeErgebnis string

// The answers.
const (
	ErgebnisPositiv        StellungnahmeErgebnis = "positiv"
	ErgebnisNegativ        StellungnahmeErgebnis = "negativ"
	ErgebnisNichtBetroffen StellungnahmeErgebnis = "nicht_betroffen"
	ErgebnisForderung      StellungnahmeErgebnis = "forderung" // positive if a demand is met
	ErgebnisUnbekannt      StellungnahmeErgebnis = "unbekannt"
)

// Stelle is a body that is asked or must sign: a unit of the own Mandant, another
// Mandant that takes part, or somebody outside.
type Stelle struct {
	Mandant tenant.ID `json:"mandant,omitempty"`
	Einheit string    `json:"einheit,omitempty"`
	// Name for people; the only one that is set for a body outside.
	Name string `json:"name,omitempty"`
}

// Stellungnahme is the opinion of another body. Several run beside each other.
type Stellungnahme struct {
	ID       uuid.UUID             `json:"id"`
	An       Stelle                `json:"an"`
	Frage    string                `json:"frage"`
	Bis      datum.Datum           `json:"bis"` // last day
	Zustand  StellungnahmeZustand  `json:"zustand"`
	Gefragt  time.Time             `json:"gefragt"`
	Ergebnis StellungnahmeErgebnis `json:"ergebnis,omitempty"`
	Text     string                `json:"text,omitempty"`
	// Dateien of the Vorgang that came with the answer.
	Dateien     []uuid.UUID `json:"dateien,omitempty"`
	Beantwortet time.Time   `json:"beantwortet,omitzero"`
	Von         string      `json:"von,omitempty"` // Akteur.ID of who answered
	// Anmerkung of the lead: why it is asked again, broken off, or what it made of it.
	Anmerkung string `json:"anmerkung,omitempty"`
}

func (s *Stellungnahme) kennung() uuid.UUID { return s.ID }

func (s *Stellungnahme) clone() *Stellungnahme {
	s = kopie(s)
	s.Dateien = slices.Clone(s.Dateien)
	return s
}

// Anfrage of a Stellungnahme.
type Anfrage struct {
	An    Stelle
	Frage string
	// Bis is the last day; zero means in [StellungnahmeTage] days.
	Bis datum.Datum
}

// RequestStellungnahme asks a body and gives the id. A Mandant that is asked needs a
// Beteiligung with the right to comment to answer by itself, see [Vorgang.Invite].
func (v *Vorgang) RequestStellungnahme(a tenant.Akteur, now time.Time, f Anfrage) (uuid.UUID, error) {
	const op = "RequestStellungnahme"
	if err := v.check(op, a, now, BefehlStellungnahmeAnfordern); err != nil {
		return uuid.Nil, err
	}
	if err := v.needText(op, "/frage", f.Frage, "Bitte angeben, wozu Stellung genommen werden soll."); err != nil {
		return uuid.Nil, err
	}
	heute := v.heute(now)
	if f.Bis.IsZero() {
		f.Bis = heute.AddTage(StellungnahmeTage)
	}
	switch {
	case f.An == Stelle{}:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("stellungnahme.stelle", "/an", "nobody is named", "Bitte angeben, wer Stellung nehmen soll."))
	case f.Bis.Vor(heute):
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("stellungnahme.frist", "/bis", "lies in the past", "Bitte einen Tag ab heute wählen."))
	case len(v.s.Stellungnahmen) >= MaxStellungnahmen:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("stellungnahme.zu-viele", "/stellungnahmen", "too many", "Das sind zu viele Stellungnahmen für einen Vorgang."))
	}
	x := &Stellungnahme{ID: v.k.NewID(), An: f.An, Frage: f.Frage, Bis: f.Bis, Zustand: StellungnahmeAngefragt, Gefragt: v.zeitpunkt(now)}
	if err := v.record(a, now, &StellungnahmeAngefordert{wechsel(BefehlStellungnahmeAnfordern, nil, x)}); err != nil {
		return uuid.Nil, err
	}
	return x.ID, v.orderWarnung(now, WarnungStellungnahme, x.ID, x.Bis.AddTage(1))
}

// Auskunft is the answer to an Anfrage.
type Auskunft struct {
	Ergebnis StellungnahmeErgebnis
	Text     string
	// Dateien of the Vorgang that belong to it, see [Vorgang.AddDatei].
	Dateien []uuid.UUID
}

// AnswerStellungnahme gives the opinion. A person of another Mandant answers only what
// that Mandant was asked; the own Mandant also writes down what came from outside. One
// that is not open is fehler.ErrConflict.
func (v *Vorgang) AnswerStellungnahme(a tenant.Akteur, now time.Time, id uuid.UUID, w Auskunft) error {
	const op = "AnswerStellungnahme"
	war, err := v.stellungnahme(op, a, now, BefehlStellungnahmeGeben, id, StellungnahmeAngefragt, StellungnahmeNachgefordert)
	if err != nil {
		return err
	}
	if v.s.istGast(a) && war.An.Mandant != a.Mandant {
		return v.ohneRecht(op, "another body was asked", "Um diese Stellungnahme wurde eine andere Stelle gebeten.")
	}
	switch w.Ergebnis {
	case ErgebnisPositiv, ErgebnisNegativ, ErgebnisNichtBetroffen, ErgebnisForderung, ErgebnisUnbekannt:
	default:
		return v.fail(op, fehler.ErrInvalid, problem("stellungnahme.ergebnis", "/ergebnis", "unknown answer", "Bitte das Ergebnis der Stellungnahme wählen."))
	}
	if w.Ergebnis == ErgebnisNegativ || w.Ergebnis == ErgebnisForderung {
		if err := v.needText(op, "/text", w.Text, "Eine Ablehnung oder Forderung braucht eine Begründung."); err != nil {
			return err
		}
	}
	if err := v.maxText(op, "/text", w.Text); err != nil {
		return err
	}
	for _, d := range w.Dateien {
		if _, ok := v.s.Datei(d); !ok {
			return v.fail(op, fehler.ErrNotFound, problem("vorgang.datei", "/dateien", "the Vorgang has no such file", "Diese Datei gibt es im Vorgang nicht."))
		}
	}
	ist := war.clone()
	ist.Zustand, ist.Ergebnis, ist.Text, ist.Dateien = StellungnahmeBeantwortet, w.Ergebnis, w.Text, slices.Clone(w.Dateien)
	ist.Beantwortet, ist.Von = v.zeitpunkt(now), a.ID
	return v.record(a, now, &StellungnahmeGegeben{wechsel(BefehlStellungnahmeGeben, war, ist)})
}

// RedoStellungnahme asks again what an answer left open, until a new last day; zero
// means in [StellungnahmeTage] days.
func (v *Vorgang) RedoStellungnahme(a tenant.Akteur, now time.Time, id uuid.UUID, anmerkung string, bis datum.Datum) error {
	const op = "RedoStellungnahme"
	war, err := v.stellungnahme(op, a, now, BefehlStellungnahmeNachfordern, id, StellungnahmeBeantwortet)
	if err != nil {
		return err
	}
	if err := v.needText(op, "/anmerkung", anmerkung, "Bitte angeben, was an der Stellungnahme fehlt."); err != nil {
		return err
	}
	ist, heute := war.clone(), v.heute(now)
	ist.Zustand, ist.Anmerkung, ist.Bis = StellungnahmeNachgefordert, anmerkung, bis
	if bis.IsZero() {
		ist.Bis = heute.AddTage(StellungnahmeTage)
	} else if bis.Vor(heute) {
		return v.fail(op, fehler.ErrInvalid, problem("stellungnahme.frist", "/bis", "lies in the past", "Bitte einen Tag ab heute wählen."))
	}
	if err := v.record(a, now, &StellungnahmeErneutAngefordert{wechsel(BefehlStellungnahmeNachfordern, war, ist)}); err != nil {
		return err
	}
	return v.orderWarnung(now, WarnungStellungnahme, ist.ID, ist.Bis.AddTage(1))
}

// CancelStellungnahme no longer waits for it. The reason is mandatory.
func (v *Vorgang) CancelStellungnahme(a tenant.Akteur, now time.Time, id uuid.UUID, grund string) error {
	const op = "CancelStellungnahme"
	war, err := v.stellungnahme(op, a, now, BefehlStellungnahmeAbbrechen, id, StellungnahmeAngefragt, StellungnahmeNachgefordert)
	if err != nil {
		return err
	}
	if err := v.needText(op, "/grund", grund, "Bitte den Grund angeben, warum nicht mehr auf die Stellungnahme gewartet wird."); err != nil {
		return err
	}
	return v.brichAb(a, now, BefehlStellungnahmeAbbrechen, war, grund)
}

func (v *Vorgang) brichAb(a tenant.Akteur, now time.Time, b Befehl, war *Stellungnahme, grund string) error {
	ist := war.clone()
	ist.Zustand, ist.Anmerkung = StellungnahmeAbgebrochen, grund
	return v.record(a, now, &StellungnahmeBeendet{wechsel(b, war.clone(), ist)})
}

// CheckStellungnahme says that the lead has looked at the answer.
func (v *Vorgang) CheckStellungnahme(a tenant.Akteur, now time.Time, id uuid.UUID, anmerkung string) error {
	const op = "CheckStellungnahme"
	war, err := v.stellungnahme(op, a, now, BefehlStellungnahmePruefen, id, StellungnahmeBeantwortet)
	if err != nil {
		return err
	}
	if err := v.maxText(op, "/anmerkung", anmerkung); err != nil {
		return err
	}
	ist := war.clone()
	ist.Zustand, ist.Anmerkung = StellungnahmeGeprueft, anmerkung
	return v.record(a, now, &StellungnahmeAbgenommen{wechsel(BefehlStellungnahmePruefen, war, ist)})
}

// stellungnahme checks the command and gives a copy of the Stellungnahme in one of the states.
func (v *Vorgang) stellungnahme(op string, a tenant.Akteur, now time.Time, b Befehl, id uuid.UUID, in ...StellungnahmeZustand) (*Stellungnahme, error) {
	if err := v.check(op, a, now, b); err != nil {
		return nil, err
	}
	x := finde(v.s.Stellungnahmen, id)
	if x == nil {
		return nil, v.fail(op, fehler.ErrNotFound, problem("stellungnahme.unbekannt", "/stellungnahmen", "there is no such Stellungnahme", "Diese Stellungnahme gibt es nicht."))
	}
	if !slices.Contains(in, x.Zustand) {
		return nil, v.fail(op, fehler.ErrConflict, problem("stellungnahme.zustand", "/stellungnahmen/"+id.String(),
			"is "+string(x.Zustand), "Die Stellungnahme ist dafür nicht im richtigen Zustand. Bitte neu laden."))
	}
	return x.clone(), nil
}

// The entries of a Stellungnahme.
type (
	// StellungnahmeAngefordert: a body is asked (stellungnahme.angefordert).
	StellungnahmeAngefordert struct{ Wechsel[Stellungnahme] }
	// StellungnahmeGegeben: it answered (stellungnahme.gegeben).
	StellungnahmeGegeben struct{ Wechsel[Stellungnahme] }
	// StellungnahmeErneutAngefordert: it is asked again (stellungnahme.nachgefordert).
	StellungnahmeErneutAngefordert struct{ Wechsel[Stellungnahme] }
	// StellungnahmeBeendet: nobody waits for it any more (stellungnahme.abgebrochen).
	StellungnahmeBeendet struct{ Wechsel[Stellungnahme] }
	// StellungnahmeAbgenommen: the lead has looked at it (stellungnahme.geprueft).
	StellungnahmeAbgenommen struct{ Wechsel[Stellungnahme] }
)

func (*StellungnahmeAngefordert) code() Code       { return "stellungnahme.angefordert" }
func (*StellungnahmeGegeben) code() Code           { return "stellungnahme.gegeben" }
func (*StellungnahmeErneutAngefordert) code() Code { return "stellungnahme.nachgefordert" }
func (*StellungnahmeBeendet) code() Code           { return "stellungnahme.abgebrochen" }
func (*StellungnahmeAbgenommen) code() Code        { return "stellungnahme.geprueft" }

func (s *Stand) setzeStellungnahme(w Wechsel[Stellungnahme]) {
	if w.Nach != nil {
		w.Nach = w.Nach.clone()
	}
	s.Stellungnahmen = wechsle(s.Stellungnahmen, w)
}

func (d *StellungnahmeAngefordert) apply(s *Stand, _ *Ereignis) { s.setzeStellungnahme(d.Wechsel) }
func (d *StellungnahmeGegeben) apply(s *Stand, _ *Ereignis)     { s.setzeStellungnahme(d.Wechsel) }
func (d *StellungnahmeErneutAngefordert) apply(s *Stand, _ *Ereignis) {
	s.setzeStellungnahme(d.Wechsel)
}
func (d *StellungnahmeBeendet) apply(s *Stand, _ *Ereignis)    { s.setzeStellungnahme(d.Wechsel) }
func (d *StellungnahmeAbgenommen) apply(s *Stand, _ *Ereignis) { s.setzeStellungnahme(d.Wechsel) }

func stellungnahmeName(w Wechsel[Stellungnahme]) string {
	return "stellungnahme/" + w.wer().ID.String()
}

func (d *StellungnahmeAngefordert) gegenstand() string       { return stellungnahmeName(d.Wechsel) }
func (d *StellungnahmeGegeben) gegenstand() string           { return stellungnahmeName(d.Wechsel) }
func (d *StellungnahmeErneutAngefordert) gegenstand() string { return stellungnahmeName(d.Wechsel) }
func (d *StellungnahmeBeendet) gegenstand() string           { return stellungnahmeName(d.Wechsel) }
func (d *StellungnahmeAbgenommen) gegenstand() string        { return stellungnahmeName(d.Wechsel) }

func (d *StellungnahmeAngefordert) umkehren() (Befehl, daten)       { return d.Befehl, nil }
func (d *StellungnahmeGegeben) umkehren() (Befehl, daten)           { return d.Befehl, nil }
func (d *StellungnahmeErneutAngefordert) umkehren() (Befehl, daten) { return d.Befehl, nil }
func (d *StellungnahmeBeendet) umkehren() (Befehl, daten)           { return d.Befehl, nil }
func (d *StellungnahmeAbgenommen) umkehren() (Befehl, daten) {
	return d.Befehl, &StellungnahmeAbgenommen{d.zurueck()}
}
