package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Recht is what another Mandant may do with a Vorgang it takes part in. The codes
// are stable; each includes those before it.
type Recht string

// The rights of a participating Mandant.
const (
	RechtLesen        Recht = "lesen"
	RechtKommentieren Recht = "kommentieren"
	RechtBearbeiten   Recht = "bearbeiten"
)

var rechte = []Recht{RechtLesen, RechtKommentieren, RechtBearbeiten}

// Umfasst tells whether the right includes the other one. An unknown right includes
// nothing.
func (r Recht) Umfasst(anderes Recht) bool {
	i, j := slices.Index(rechte, r), slices.Index(rechte, anderes)
	return j >= 0 && i >= j
}

// Beteiligung lets another Mandant take part in a Vorgang, for a time.
type Beteiligung struct {
	ID      uuid.UUID `json:"id"`
	Mandant tenant.ID `json:"mandant"`
	Recht   Recht     `json:"recht"`
	Grund   string    `json:"grund"`
	// Von is the first instant, Bis the first instant after; zero means until it is ended.
	Von time.Time `json:"von"`
	Bis time.Time `json:"bis,omitzero"`
	// Beendet is when it was ended; zero while nobody did.
	Beendet time.Time `json:"beendet,omitzero"`
}

// Aktiv tells whether it holds at an instant.
func (b Beteiligung) Aktiv(t time.Time) bool {
	return !t.Before(b.Von) && (b.Bis.IsZero() || t.Before(b.Bis)) && (b.Beendet.IsZero() || t.Before(b.Beendet))
}

// endet tells whether it ends, or ended, before an instant begins for good.
func (b Beteiligung) endet() time.Time {
	if b.Beendet.IsZero() || !b.Bis.IsZero() && b.Bis.Before(b.Beendet) {
		return b.Bis
	}
	return b.Beendet
}

// Beteiligung gives the one of the Mandant that holds at an instant, with the widest right.
func (s Stand) Beteiligung(m tenant.ID, t time.Time) (Beteiligung, bool) {
	var best Beteiligung
	found := false
	for _, b := range s.Beteiligungen {
		if b.Mandant == m && b.Aktiv(t) && (!found || b.Recht.Umfasst(best.Recht)) {
			best, found = b, true
		}
	}
	return best, found
}

// Einladung says who takes part, how and how long.
type Einladung struct {
	Mandant tenant.ID
	Recht   Recht
	// Grund is mandatory: data goes to another authority.
	Grund string
	// Von is the first instant, zero means now; Bis the first instant after, zero
	// means until it is ended.
	Von, Bis time.Time
}

// Invite lets another Mandant take part and gives the id of the Beteiligung. Its
// people then read the Vorgang and give the commands their role and right allow
// ([Regel.Recht]). A Mandant takes part once at a time: an overlap is
// fehler.ErrExists.
func (v *Vorgang) Invite(a tenant.Akteur, now time.Time, e Einladung) (uuid.UUID, error) {
	if err := v.check("Invite", a, now, BefehlBeteiligen); err != nil {
		return uuid.Nil, err
	}
	if err := v.needText("Invite", "/grund", e.Grund, "Bitte den Grund der Beteiligung angeben."); err != nil {
		return uuid.Nil, err
	}
	if e.Von.IsZero() {
		e.Von = now
	}
	b := Beteiligung{ID: v.k.NewID(), Mandant: e.Mandant, Recht: e.Recht, Grund: e.Grund, Von: mikro(e.Von)}
	if !e.Bis.IsZero() {
		b.Bis = mikro(e.Bis)
	}
	var p fehler.Probleme
	if _, err := tenant.ParseID(string(b.Mandant)); err != nil || b.Mandant == v.s.Mandant {
		p = append(p, problem("beteiligung.mandant", "/mandant", "is no other Mandant", "Beteiligt werden kann nur eine andere Behörde."))
	}
	if !b.Recht.Umfasst(RechtLesen) {
		p = append(p, problem("beteiligung.recht", "/recht", "is unknown", "Bitte ein Recht wählen: lesen, kommentieren oder bearbeiten."))
	}
	if !b.Bis.IsZero() && (!b.Bis.After(b.Von) || !b.Bis.After(now)) {
		p = append(p, problem("beteiligung.zeitraum", "/bis", "the end lies before the start or in the past", "Das Ende der Beteiligung liegt vor ihrem Beginn oder in der Vergangenheit."))
	}
	if p != nil {
		return uuid.Nil, v.fail("Invite", fehler.ErrInvalid, p...)
	}
	for _, o := range v.s.Beteiligungen {
		ende := o.endet()
		if o.Mandant == b.Mandant && (ende.IsZero() || b.Von.Before(ende)) && (b.Bis.IsZero() || o.Von.Before(b.Bis)) {
			return uuid.Nil, v.fail("Invite", fehler.ErrExists, problem("beteiligung.doppelt", "/mandant",
				"takes part already in this time", "Diese Behörde ist in diesem Zeitraum schon beteiligt."))
		}
	}
	return b.ID, v.record(a, now, &BeteiligungBegonnen{Beteiligung: b})
}

// EndBeteiligung ends a Beteiligung at once, also one that has not begun. The reason
// is mandatory. An unknown one is fehler.ErrNotFound, one that has ended
// fehler.ErrInvalid.
func (v *Vorgang) EndBeteiligung(a tenant.Akteur, now time.Time, id uuid.UUID, grund string) error {
	if err := v.check("EndBeteiligung", a, now, BefehlBeteiligungBeenden); err != nil {
		return err
	}
	if err := v.needText("EndBeteiligung", "/grund", grund, "Bitte den Grund angeben, warum die Beteiligung endet."); err != nil {
		return err
	}
	for _, b := range v.s.Beteiligungen {
		if b.ID != id {
			continue
		}
		if ende := b.endet(); !ende.IsZero() && !now.Before(ende) {
			return v.fail("EndBeteiligung", fehler.ErrInvalid, problem("beteiligung.beendet", "/beteiligungen/"+id.String(),
				"has ended", "Die Beteiligung ist schon beendet."))
		}
		return v.record(a, now, &BeteiligungBeendet{ID: id, Grund: grund})
	}
	return fehler.New("vorgang.EndBeteiligung", id.String(), fehler.ErrNotFound, nil)
}

// checkGast decides for a person of another Mandant.
func (v *Vorgang) checkGast(op string, a tenant.Akteur, now time.Time, r *Regel) error {
	b, ok := v.s.Beteiligung(a.Mandant, now)
	if !ok || a.ID == "" {
		return v.fail(op, fehler.ErrForbidden, fremd())
	}
	if r.Recht == "" || !b.Recht.Umfasst(r.Recht) {
		return v.fail(op, fehler.ErrForbidden, problem("vorgang.beteiligung", "/akteur",
			"the Beteiligung does not allow "+string(r.Befehl), "Das erlaubt die Beteiligung Ihrer Behörde nicht."))
	}
	return nil
}
