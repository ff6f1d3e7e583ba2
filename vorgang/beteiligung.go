package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Recht is what another Mandant may do in a Vorgang. Stable, lower-case.
type Recht string

// The rights of a Beteiligung; each contains those before it.
const (
	// RechtLesen allows to see the Vorgang, and no command.
	RechtLesen Recht = "lesen"
	// RechtKommentieren allows internal notes, too.
	RechtKommentieren Recht = "kommentieren"
	// RechtBearbeiten allows the work itself, but no decision: who leads the case
	// accepts, releases and closes it.
	RechtBearbeiten Recht = "bearbeiten"
)

var rechte = []Recht{RechtLesen, RechtKommentieren, RechtBearbeiten}

// weite orders the rights; an unknown one has -1.
func (r Recht) weite() int { return slices.Index(rechte, r) }

// Umfasst tells whether the right contains the other one. An unknown right
// contains nothing and is contained in nothing.
func (r Recht) Umfasst(other Recht) bool {
	return other.weite() >= 0 && r.weite() >= other.weite()
}

// Beteiligung is the part another Mandant has in a Vorgang, with right, start
// and end.
type Beteiligung struct {
	ID      uuid.UUID `json:"id"`
	Mandant tenant.ID `json:"mandant"`
	Recht   Recht     `json:"recht"`
	Grund   string    `json:"grund"`
	Von     time.Time `json:"von"`
	// Bis is the first instant after it; zero means until it is ended.
	Bis time.Time `json:"bis,omitzero"`
	// Beendet is when it was ended; zero while it runs.
	Beendet time.Time `json:"beendet,omitzero"`
}

// Aktiv tells whether the Beteiligung gives its right at t.
func (b Beteiligung) Aktiv(t time.Time) bool { return !b.Von.After(t) && !b.vorbei(t) }

// vorbei tells whether it gives no right at t nor at any time after.
func (b Beteiligung) vorbei(t time.Time) bool {
	return (!b.Bis.IsZero() && !t.Before(b.Bis)) || (!b.Beendet.IsZero() && !t.Before(b.Beendet))
}

// Beteiligung gives the active Beteiligung of the Mandant at t, the one with the
// widest right if there are several; false if there is none.
func (s Stand) Beteiligung(m tenant.ID, t time.Time) (Beteiligung, bool) {
	var best Beteiligung
	found := false
	for _, b := range s.Beteiligungen {
		if b.Mandant == m && b.Aktiv(t) && (!found || b.Recht.weite() > best.Recht.weite()) {
			best, found = b, true
		}
	}
	return best, found
}

// Einladung of another Mandant to take part in a Vorgang.
type Einladung struct {
	Mandant tenant.ID
	Recht   Recht
	// Grund is mandatory: it is the record of why data go to another authority.
	Grund string
	// Von is when it begins; zero or past means now, because no right is given
	// for the past.
	Von time.Time
	// Bis is the first instant after it; zero means until it is ended.
	Bis time.Time
}

// Invite lets another Mandant take part and gives the id of the Beteiligung. A
// right changes by ending the Beteiligung and inviting again: a second one of
// the same Mandant for the same time is fehler.ErrExists.
func (v *Vorgang) Invite(a tenant.Akteur, now time.Time, e Einladung) (uuid.UUID, error) {
	if err := v.check("Invite", a, now, BefehlBeteiligen); err != nil {
		return uuid.Nil, err
	}
	if err := v.needText("Invite", "/grund", e.Grund, "Bitte den Grund angeben, warum die andere Behörde beteiligt wird."); err != nil {
		return uuid.Nil, err
	}
	jetzt := v.zeitpunkt(now)
	if e.Von.Before(jetzt) {
		e.Von = jetzt
	}
	b := Beteiligung{ID: v.k.NewID(), Mandant: e.Mandant, Recht: e.Recht, Grund: e.Grund, Von: mikro(e.Von)}
	if !e.Bis.IsZero() {
		b.Bis = mikro(e.Bis)
	}
	if p := v.einwaende(b); len(p) > 0 {
		return uuid.Nil, v.fail("Invite", fehler.ErrInvalid, p...)
	}
	for _, o := range v.s.Beteiligungen {
		if o.Mandant == b.Mandant && !o.vorbei(b.Von) && (b.Bis.IsZero() || o.Von.Before(b.Bis)) {
			return uuid.Nil, v.fail("Invite", fehler.ErrExists, problem("beteiligung.ueberschneidung", "/beteiligungen/"+o.ID.String(),
				"the Mandant takes part in this time already", "Diese Behörde ist in dieser Zeit schon beteiligt. Bitte zuerst die laufende Beteiligung beenden."))
		}
	}
	return b.ID, v.record(a, now, &BeteiligungBegonnen{
		ID: b.ID, Mandant: b.Mandant, Recht: b.Recht, Grund: b.Grund, Von: b.Von, Bis: b.Bis,
	})
}

func (v *Vorgang) einwaende(b Beteiligung) []fehler.Problem {
	var p []fehler.Problem
	if _, err := tenant.ParseID(string(b.Mandant)); err != nil {
		p = append(p, problem("beteiligung.mandant", "/mandant", "is no id of a Mandant", "Bitte angeben, welche Behörde beteiligt wird."))
	} else if b.Mandant == v.s.Mandant {
		p = append(p, problem("beteiligung.eigener-mandant", "/mandant", "the Vorgang belongs to this Mandant",
			"Die eigene Behörde führt den Vorgang und wird nicht beteiligt."))
	}
	if b.Recht.weite() < 0 {
		p = append(p, problem("beteiligung.recht", "/recht", "unknown right", "Bitte das Recht wählen: lesen, kommentieren oder bearbeiten."))
	}
	if !b.Bis.IsZero() && !b.Bis.After(b.Von) {
		p = append(p, problem("beteiligung.zeitraum", "/bis", "is not after von and now",
			"Das Ende der Beteiligung muss nach ihrem Beginn und in der Zukunft liegen."))
	}
	return p
}

// EndBeteiligung ends the Beteiligung at once, also one that has not begun yet.
// The reason is mandatory. One that is over is fehler.ErrInvalid. Who of the
// other Mandant is assigned stays so until somebody assigns anew.
func (v *Vorgang) EndBeteiligung(a tenant.Akteur, now time.Time, id uuid.UUID, grund string) error {
	if err := v.check("EndBeteiligung", a, now, BefehlBeteiligungBeenden); err != nil {
		return err
	}
	if err := v.needText("EndBeteiligung", "/grund", grund, "Bitte den Grund angeben, warum die Beteiligung endet."); err != nil {
		return err
	}
	b := v.s.beteiligung(id)
	if b == nil {
		return fehler.New("vorgang.EndBeteiligung", id.String(), fehler.ErrNotFound, nil)
	}
	if b.vorbei(v.zeitpunkt(now)) {
		return v.fail("EndBeteiligung", fehler.ErrInvalid, problem("beteiligung.vorbei", "/beteiligungen/"+id.String(),
			"is over", "Die Beteiligung ist schon beendet oder abgelaufen."))
	}
	return v.record(a, now, &BeteiligungBeendet{Beteiligung: id, Grund: grund})
}

func (s *Stand) beteiligung(id uuid.UUID) *Beteiligung {
	for i := range s.Beteiligungen {
		if s.Beteiligungen[i].ID == id {
			return &s.Beteiligungen[i]
		}
	}
	return nil
}

// istGast tells whether the Akteur is a person of another Mandant; whether it
// has a right is for [Vorgang.checkGast] to say.
func (s *Stand) istGast(a tenant.Akteur) bool {
	return a.Art == tenant.Person && a.Mandant != s.Mandant
}

// checkGast asks whether a person of another Mandant has the right the command
// needs. The Einheiten of a guest are those of its own Mandant and play no part.
func (v *Vorgang) checkGast(op string, a tenant.Akteur, now time.Time, r *Regel) error {
	if a.ID == "" || !slices.ContainsFunc(v.s.Beteiligungen, func(b Beteiligung) bool { return b.Mandant == a.Mandant }) {
		return v.fail(op, fehler.ErrForbidden, fremd())
	}
	b, ok := v.s.Beteiligung(a.Mandant, v.zeitpunkt(now))
	switch {
	case !ok:
		return v.ohneRecht(op, "the Beteiligung is over or has not begun",
			"Die Beteiligung Ihrer Behörde ist beendet, abgelaufen oder hat noch nicht begonnen.")
	case r.Recht == "":
		return v.ohneRecht(op, string(r.Befehl)+" is for the Mandant of the Vorgang alone",
			"Das kann nur die Behörde, die den Vorgang führt.")
	case !b.Recht.Umfasst(r.Recht):
		return v.ohneRecht(op, string(r.Befehl)+" needs the right "+string(r.Recht),
			"Die Beteiligung Ihrer Behörde umfasst das nicht; nötig ist das Recht „"+string(r.Recht)+"“.")
	}
	return nil
}

func (v *Vorgang) ohneRecht(op, meldung, hinweis string) error {
	return v.fail(op, fehler.ErrForbidden, problem("vorgang.beteiligung", "/akteur", meldung, hinweis))
}
