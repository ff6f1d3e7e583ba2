package vorgang

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// MaxNachfrist is the most days a reminder of a Rueckfrage gives.
const MaxNachfrist = 365

// Nachfrage is the one reminder the citizen gets if no answer came in time.
type Nachfrage struct {
	// Tage from the day of the reminder to the end of its deadline, 1 to [MaxNachfrist].
	Tage int `json:"tage"`
	// Text of the reminder; empty is a standard text in German.
	Text string `json:"text,omitempty"`
}

// RueckfrageDaten name a Rueckfrage and the deadline that was waited for.
type RueckfrageDaten struct {
	Rueckfrage uuid.UUID   `json:"rueckfrage"`
	Bis        datum.Datum `json:"bis"`
}

func (v *Vorgang) checkFrage(op string, a tenant.Akteur, now time.Time, f Frage) error {
	if n := f.Nachfrage; n != nil {
		if f.Bis.IsZero() || n.Tage < 1 || n.Tage > MaxNachfrist {
			return v.fail(op, fehler.ErrInvalid, problem("rueckfrage.nachfrage", "/nachfrage", "needs a deadline and 1 to 365 days",
				"Eine Erinnerung braucht eine Antwortfrist und eine Nachfrist von 1 bis 365 Tagen."))
		}
		if err := v.maxText(op, "/nachfrage/text", n.Text); err != nil {
			return err
		}
	}
	if !f.Aussetzen {
		return nil
	}
	if err := v.check(op, a, now, BefehlAussetzen); err != nil {
		return err
	}
	if v.s.Ausgesetzt() != nil {
		return v.fail(op, fehler.ErrConflict, problem("aussetzung.schon", "/aussetzungen", "rests already", "Der Vorgang ist schon ausgesetzt."))
	}
	return nil
}

// gefragt records the Rueckfrage whose letter is n, with what it asked for.
func (v *Vorgang) gefragt(a tenant.Akteur, now time.Time, f Frage, n uuid.UUID) (uuid.UUID, error) {
	d := &Gefragt{ID: v.k.NewID(), Nachricht: n, Bis: f.Bis, Nachfrage: kopie(f.Nachfrage)}
	if f.Aussetzen {
		d.Aussetzung = v.k.NewID()
	}
	if err := v.record(a, now, d); err != nil {
		return uuid.Nil, err
	}
	if f.Aussetzen {
		x := &Aussetzung{ID: d.Aussetzung, Von: v.heute(now), Grund: "Rückfrage: Die Antwort steht aus."}
		if err := v.record(a, now, &AussetzungBegonnen{wechsel(BefehlAussetzen, nil, x)}); err != nil {
			return uuid.Nil, err
		}
	}
	return d.ID, v.orderRueckfrage(now, d.ID, f.Bis)
}

func (v *Vorgang) orderRueckfrage(now time.Time, id uuid.UUID, bis datum.Datum) error {
	if bis.IsZero() {
		return nil
	}
	return v.order(now, RueckfrageFaellig, bis.AddTage(1).Beginn(), RueckfrageDaten{Rueckfrage: id, Bis: bis})
}

// fortsetzen ends the Aussetzung a Rueckfrage began, if it still runs.
func (v *Vorgang) fortsetzen(a tenant.Akteur, now time.Time, b Befehl, rueckfrage uuid.UUID) error {
	r, war := v.s.rueckfrage(rueckfrage), v.s.Ausgesetzt()
	if r == nil || war == nil || war.ID != r.Aussetzung {
		return nil
	}
	ist := kopie(war)
	ist.Bis = v.heute(now)
	return v.record(a, now, &AussetzungBeendet{wechsel(b, war, ist)})
}

// erledige ends a Rueckfrage without an answer, and the Aussetzung it began.
func (v *Vorgang) erledige(a tenant.Akteur, now time.Time, b Befehl, id uuid.UUID, grund string) error {
	if err := v.record(a, now, &FrageErledigt{Rueckfrage: id, Grund: grund}); err != nil {
		return err
	}
	return v.fortsetzen(a, now, b, id)
}

// ReachRueckfrage reports that the deadline of a Rueckfrage has passed. The first time, if
// the question asked for it, the citizen is reminded with a new deadline. Else somebody is
// told: a Wiedervorlage for who works on the Vorgang. The question stays open, and a
// Vorgang that rests for it goes on resting, until a person decides ([Vorgang.EndQuestion])
// or the answer comes. A question that was answered, ended or has another deadline changes
// nothing, nor does one of a Vorgang that is decided.
func (v *Vorgang) ReachRueckfrage(a tenant.Akteur, now time.Time, d RueckfrageDaten) error {
	const op = "ReachRueckfrage"
	if err := v.check(op, a, now, BefehlMelden); err != nil {
		return err
	}
	r := v.s.rueckfrage(d.Rueckfrage)
	if r == nil {
		return fehler.New("vorgang."+op, d.Rueckfrage.String(), fehler.ErrNotFound, nil)
	}
	heute := v.heute(now)
	if !r.Beantwortet.IsZero() || r.Bis != d.Bis || !heute.Nach(r.Bis) || !r.Abgelaufen.IsZero() || !v.s.Status.unentschieden() {
		return nil
	}
	if r.Nachfrage != nil && r.Erinnerung == uuid.Nil {
		return v.erinnere(a, now, *r, heute.AddTage(r.Nachfrage.Tage))
	}
	if err := v.record(a, now, &RueckfrageAbgelaufen{Rueckfrage: r.ID}); err != nil {
		return err
	}
	w := &WiedervorlageGesetzt{ID: v.k.NewID(), Betreff: "Rückfrage ohne Antwort", Faellig: heute, Fuer: v.s.Bearbeiter(),
		Text: "Die Antwortfrist endete am " + d.Bis.Deutsch() + ". Bitte entscheiden, wie es weitergeht."}
	return v.record(a, now, w) // due today: the entry above is its warning
}

func (v *Vorgang) erinnere(a tenant.Akteur, now time.Time, r Rueckfrage, bis datum.Datum) error {
	betreff, text := "Erinnerung", r.Nachfrage.Text
	if n := v.s.nachricht(r.Nachricht); n != nil && n.Nachricht.Betreff != "" {
		betreff += ": " + n.Nachricht.Betreff
	}
	if text == "" {
		text = fmt.Sprintf("Guten Tag,\n\nwir haben Ihnen eine Frage gestellt und noch keine Antwort erhalten. Die Frist endete am %s.\n\nBitte antworten Sie bis zum %s.",
			r.Bis.Deutsch(), bis.Deutsch())
	}
	n, err := v.send(a, now, messaging.Nachricht{
		Art: messaging.Rueckfrage, Betreff: betreff, Text: text, Antwort: messaging.AntwortErwartet, AntwortBis: bis, Bezug: r.Nachricht,
	})
	if err != nil {
		return err
	}
	if err := v.record(a, now, &RueckfrageErinnert{Rueckfrage: r.ID, Nachricht: n, Bis: bis}); err != nil {
		return err
	}
	return v.orderRueckfrage(now, r.ID, bis)
}

// The entries of a Rueckfrage whose deadline passed.
type (
	// RueckfrageErinnert: the citizen was reminded, with a new deadline (rueckfrage.erinnert).
	RueckfrageErinnert struct {
		Rueckfrage uuid.UUID   `json:"rueckfrage"`
		Nachricht  uuid.UUID   `json:"nachricht"`
		Bis        datum.Datum `json:"bis"`
	}
	// RueckfrageAbgelaufen: no answer came in time; a Wiedervorlage follows (rueckfrage.abgelaufen).
	RueckfrageAbgelaufen struct {
		Rueckfrage uuid.UUID `json:"rueckfrage"`
	}
)

func (*RueckfrageErinnert) code() Code   { return "rueckfrage.erinnert" }
func (*RueckfrageAbgelaufen) code() Code { return "rueckfrage.abgelaufen" }

func (d *RueckfrageErinnert) apply(s *Stand, _ *Ereignis) {
	if r := s.rueckfrage(d.Rueckfrage); r != nil {
		r.Erinnerung, r.Bis = d.Nachricht, d.Bis
	}
}

func (d *RueckfrageAbgelaufen) apply(s *Stand, e *Ereignis) {
	if r := s.rueckfrage(d.Rueckfrage); r != nil {
		r.Abgelaufen = e.Zeit
	}
}

func (d *RueckfrageErinnert) text() string { return ", Antwort bis " + d.Bis.Deutsch() }
