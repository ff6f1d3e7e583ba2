package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// MahnungDaten name a step of reminding of a fee: the day it counts from tells whether the
// facts are still those it was ordered for.
type MahnungDaten struct {
	Gebuehr uuid.UUID   `json:"gebuehr"`
	Basis   datum.Datum `json:"basis"`
}

// VorlageAnlass says why an open fee was handed to a person.
type VorlageAnlass string

// The reasons.
const (
	// VorlageVollstreckung: the plan is at its end, and enforcement is to be requested.
	VorlageVollstreckung VorlageAnlass = "vollstreckung"
	// VorlageSchuldner: nobody who owes it can be written to; no address is known.
	VorlageSchuldner VorlageAnlass = "anderer-schuldner"
)

// mahnplan of the Mandant; nil if the authority does not remind by itself.
func (v *Vorgang) mahnplan() *zahlung.Mahnplan {
	if v.k.Mahnplan == nil {
		return nil
	}
	return v.k.Mahnplan(v.s.Mandant)
}

// mahnschritt is what the plan does next about the fee, as things stand on the day. Not ok
// also while something holds it up whose end is an entry of the journal.
func (s *Stand) mahnschritt(p *zahlung.Mahnplan, g *Gebuehr, tag datum.Datum) (zahlung.Schritt, bool) {
	if !slices.Contains(mitGebuehr, s.Status) || !s.eingefordert(g) || s.aufgeschoben(p, g, tag) {
		return zahlung.Schritt{}, false
	}
	x, ok := p.Next(s.forderung(g), tag)
	return x, ok && x.Basis != g.Vorgelegt
}

// aufgeschoben tells whether the fee is not to be pursued for now: a remedy with suspensive
// effect is open or its decision can still be challenged, or the Bescheid no longer stands.
func (s *Stand) aufgeschoben(p *zahlung.Mahnplan, g *Gebuehr, tag datum.Datum) bool {
	if g.Bescheid == uuid.Nil {
		return false
	}
	for i := range s.Rechtsbehelfe {
		r := &s.Rechtsbehelfe[i]
		if r.Bescheid != g.Bescheid || !r.zulaessig() || !p.Hemmt(string(r.Art), r.Eingang) {
			continue
		}
		if r.Offen() {
			return true
		}
		if n := s.bescheid(r.Ausgangsbescheid); n != nil && n.Zustand != bescheid.Bestandskraeftig {
			return true
		}
	}
	for i, x := range bescheid.Geltungen(s.Bescheide) {
		if s.Bescheide[i].ID == g.Bescheid {
			return !x.Bis.IsZero() && tag.Nach(x.Bis)
		}
	}
	return false
}

// mahnschritte are the next steps of all fees; nil without a plan, which costs nothing.
func (v *Vorgang) mahnschritte(zeit time.Time) map[uuid.UUID]datum.Datum {
	p := v.mahnplan()
	if p == nil || len(v.s.Gebuehren) == 0 {
		return nil
	}
	out := map[uuid.UUID]datum.Datum{}
	for i := range v.s.Gebuehren {
		if x, ok := v.s.mahnschritt(p, &v.s.Gebuehren[i], datum.Von(zeit)); ok {
			out[v.s.Gebuehren[i].ID] = x.Basis
		}
	}
	return out
}

// orderMahnungen orders a Termin for each fee whose next step an entry made another one:
// it was demanded, reminded of, deferred, opened again, or is no longer held up. Termine
// that were ordered before find out that they are stale.
func (v *Vorgang) orderMahnungen(zeit time.Time, vorher map[uuid.UUID]datum.Datum) error {
	p := v.mahnplan()
	if p == nil {
		return nil
	}
	for i := range v.s.Gebuehren {
		g := &v.s.Gebuehren[i]
		x, ok := v.s.mahnschritt(p, g, datum.Von(zeit))
		if war, da := vorher[g.ID]; !ok || da && war == x.Basis {
			continue
		}
		if err := v.order(zeit, GebuehrMahnen, x.Ab.Beginn(), MahnungDaten{Gebuehr: g.ID, Basis: x.Basis}); err != nil {
			return err
		}
	}
	return nil
}

// ReachMahnung reports that the day of a step of reminding has come: by the plan of the
// Mandant ([Kontext].Mahnplan) it writes the next reminder, or hands the fee to a person as
// a Wiedervorlage. A step that was overtaken changes nothing: paid, waived, written off,
// deferred, reminded of, held up by a remedy or a Bescheid that no longer stands, or the plan
// was switched off. If the plan gives a later day now, it is ordered anew for that day.
func (v *Vorgang) ReachMahnung(a tenant.Akteur, now time.Time, d MahnungDaten) error {
	const op = "ReachMahnung"
	g, err := v.gebuehr(op, a, now, BefehlMelden, d.Gebuehr)
	if err != nil {
		return err
	}
	p, heute := v.mahnplan(), v.heute(now)
	if p == nil {
		return nil
	}
	x, ok := v.s.mahnschritt(p, g, heute)
	switch {
	case !ok || x.Basis != d.Basis:
		return nil
	case heute.Vor(x.Ab):
		return v.order(now, GebuehrMahnen, x.Ab.Beginn(), d)
	case x.Nr == 0:
		return v.legeVor(a, now, g, VorlageVollstreckung, x.Basis, *p.Vollstreckung)
	case len(v.s.erreichbar(g)) == 0:
		return v.legeVor(a, now, g, VorlageSchuldner, x.Basis, zahlung.Vollstreckung{
			Betreff: "Mahnung von Hand schreiben",
			Text:    "Die Gebühr mit dem Kassenzeichen {kassenzeichen} ist überfällig ({betrag}). Von der Person, die sie schuldet, ist keine Anschrift bekannt; bitte ermitteln und schreiben.",
		})
	}
	return v.mahne(op, a, now, BefehlMelden, d.Gebuehr, p.Stufen)
}

// legeVor puts the fee on somebody's list, once per step.
func (v *Vorgang) legeVor(a tenant.Akteur, now time.Time, g *Gebuehr, anlass VorlageAnlass, basis datum.Datum, w zahlung.Vollstreckung) error {
	f := v.s.forderung(g)
	heute := v.heute(now)
	an := zahlung.Mahnangaben{Betrag: f.Stand(heute).Offen, Bis: basis, Kassenzeichen: f.Kassenzeichen, Vorgang: v.s.Nummer}
	id := v.k.NewID()
	if err := v.record(a, now, &GebuehrVorgelegt{Gebuehr: g.ID, Anlass: anlass, Basis: basis, Wiedervorlage: id}); err != nil {
		return err
	}
	if err := v.record(a, now, &WiedervorlageGesetzt{
		ID: id, Betreff: zahlung.Fuelle(w.Betreff, an), Text: zahlung.Fuelle(w.Text, an), Faellig: heute, Fuer: w.Fuer,
	}); err != nil {
		return err
	}
	return v.orderWarnung(now, WarnungWiedervorlage, id, heute)
}

// PlanMahnung orders the next step of reminding of a fee by the plan of the Mandant. Steps
// are ordered by themselves from when the plan is there; this is for the fees that were
// demanded before. Giving it twice does no harm. Nothing to order is fehler.ErrConflict, no
// plan fehler.ErrUnsupported.
func (v *Vorgang) PlanMahnung(a tenant.Akteur, now time.Time, gebuehr uuid.UUID) error {
	const op = "PlanMahnung"
	g, err := v.gebuehr(op, a, now, BefehlGebuehrMahnen, gebuehr)
	if err != nil {
		return err
	}
	p := v.mahnplan()
	if p == nil {
		return v.fail(op, fehler.ErrUnsupported, problem("gebuehr.kein-mahnplan", "/gebuehren", "there is no plan", "Diese Behörde mahnt nicht selbsttätig."))
	}
	x, ok := v.s.mahnschritt(p, g, v.heute(now))
	if !ok {
		return v.fail(op, fehler.ErrConflict, problem("gebuehr.nichts-zu-mahnen", "/gebuehren/"+gebuehr.String(), "nothing is to be reminded of", "Zu dieser Gebühr ist nichts anzumahnen."))
	}
	return v.order(now, GebuehrMahnen, x.Ab.Beginn(), MahnungDaten{Gebuehr: g.ID, Basis: x.Basis})
}

// GebuehrVorgelegt: an open fee was handed to a person; the Wiedervorlage is a
// WiedervorlageGesetzt of the same command (gebuehr.vorgelegt).
type GebuehrVorgelegt struct {
	Gebuehr       uuid.UUID     `json:"gebuehr"`
	Anlass        VorlageAnlass `json:"anlass"`
	Basis         datum.Datum   `json:"basis"`
	Wiedervorlage uuid.UUID     `json:"wiedervorlage"`
}

func (*GebuehrVorgelegt) code() Code { return "gebuehr.vorgelegt" }

func (d *GebuehrVorgelegt) apply(s *Stand, _ *Ereignis) {
	if g := finde(s.Gebuehren, d.Gebuehr); g != nil {
		g.Vorgelegt = d.Basis
	}
}

func (d *GebuehrVorgelegt) gegenstand() string      { return "gebuehr/" + d.Gebuehr.String() }
func (*GebuehrVorgelegt) umkehren() (Befehl, daten) { return BefehlMelden, nil }

func (d *GebuehrVorgelegt) text() string {
	return ": " + map[VorlageAnlass]string{VorlageVollstreckung: "Vollstreckungsersuchen", VorlageSchuldner: "Mahnung von Hand"}[d.Anlass]
}
