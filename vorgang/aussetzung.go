package vorgang

import (
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Aussetzung is a time in which the work on a Vorgang and its Bearbeitungsfrist rest.
type Aussetzung struct {
	ID uuid.UUID `json:"id"`
	// Von is the first day that rests.
	Von datum.Datum `json:"von"`
	// Bis is the first day that counts again; zero while it rests.
	Bis   datum.Datum `json:"bis,omitzero"`
	Grund string      `json:"grund"`
}

func (a *Aussetzung) kennung() uuid.UUID { return a.ID }

// tage are the days that rest before the day.
func (a Aussetzung) tage(vor datum.Datum) int {
	ende := vor
	if !a.Bis.IsZero() && a.Bis.Vor(vor) {
		ende = a.Bis
	}
	return max(0, a.Von.TageBis(ende))
}

// Ausgesetzt gives the Aussetzung that is running, nil if there is none.
func (s Stand) Ausgesetzt() *Aussetzung {
	for i := range s.Aussetzungen {
		if s.Aussetzungen[i].Bis.IsZero() {
			return kopie(&s.Aussetzungen[i])
		}
	}
	return nil
}

// Suspend lets the Vorgang rest from today (Aussetzung, Ruhen) and gives the id. It
// leaves the stack, and the days until [Vorgang.Resume] are added to the
// Bearbeitungsfrist. The reason is mandatory. A Vorgang that rests already is
// fehler.ErrConflict; it can rest several times one after the other.
func (v *Vorgang) Suspend(a tenant.Akteur, now time.Time, grund string) (uuid.UUID, error) {
	const op = "Suspend"
	if err := v.check(op, a, now, BefehlAussetzen); err != nil {
		return uuid.Nil, err
	}
	if err := v.needText(op, "/grund", grund, "Bitte den Grund der Aussetzung angeben."); err != nil {
		return uuid.Nil, err
	}
	if v.s.Ausgesetzt() != nil {
		return uuid.Nil, v.fail(op, fehler.ErrConflict, problem("aussetzung.schon", "/aussetzungen", "rests already", "Der Vorgang ist schon ausgesetzt."))
	}
	x := &Aussetzung{ID: v.k.NewID(), Von: v.heute(now), Grund: grund}
	return x.ID, v.record(a, now, &AussetzungBegonnen{wechsel(BefehlAussetzen, nil, x)})
}

// Resume goes on with the work: today counts again. A Vorgang that does not rest is
// fehler.ErrConflict.
func (v *Vorgang) Resume(a tenant.Akteur, now time.Time) error {
	const op = "Resume"
	if err := v.check(op, a, now, BefehlFortsetzen); err != nil {
		return err
	}
	war := v.s.Ausgesetzt()
	if war == nil {
		return v.fail(op, fehler.ErrConflict, problem("aussetzung.keine", "/aussetzungen", "does not rest", "Der Vorgang ist nicht ausgesetzt."))
	}
	ist := kopie(war)
	ist.Bis = v.heute(now)
	return v.record(a, now, &AussetzungBeendet{wechsel(BefehlFortsetzen, war, ist)})
}

// ruht is the objection against a step that must wait for [Vorgang.Resume].
func (v *Vorgang) ruht() []fehler.Problem {
	if v.s.Ausgesetzt() == nil {
		return nil
	}
	return []fehler.Problem{problem("vorgang.ausgesetzt", "/aussetzungen", "the Vorgang rests", "Der Vorgang ist ausgesetzt. Bitte zuerst fortsetzen.")}
}

// The entries of an Aussetzung.
type (
	// AussetzungBegonnen: it rests (aussetzung.begonnen).
	AussetzungBegonnen struct{ Wechsel[Aussetzung] }
	// AussetzungBeendet: it goes on (aussetzung.beendet).
	AussetzungBeendet struct{ Wechsel[Aussetzung] }
)

func (*AussetzungBegonnen) code() Code { return "aussetzung.begonnen" }
func (*AussetzungBeendet) code() Code  { return "aussetzung.beendet" }

func (d *AussetzungBegonnen) apply(s *Stand, _ *Ereignis) {
	s.Aussetzungen = wechsle(s.Aussetzungen, d.Wechsel)
}
func (d *AussetzungBeendet) apply(s *Stand, _ *Ereignis) {
	s.Aussetzungen = wechsle(s.Aussetzungen, d.Wechsel)
}

// All of them concern one thing: whether the Vorgang rests.
func (*AussetzungBegonnen) gegenstand() string { return "aussetzung" }
func (*AussetzungBeendet) gegenstand() string  { return "aussetzung" }

func (d *AussetzungBegonnen) umkehren() (Befehl, daten) {
	return d.Befehl, &AussetzungBegonnen{d.zurueck()}
}
func (d *AussetzungBeendet) umkehren() (Befehl, daten) {
	return d.Befehl, &AussetzungBeendet{d.zurueck()}
}
