package vorgang

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// MaxRechtsbehelfe of one Vorgang.
const MaxRechtsbehelfe = 500

// RechtsbehelfAusgang says how a remedy ended.
type RechtsbehelfAusgang string

// The outcomes.
const (
	AusgangAbhilfe              RechtsbehelfAusgang = "abhilfe"              // § 72 VwGO: a new Bescheid
	AusgangWiderspruchsbescheid RechtsbehelfAusgang = "widerspruchsbescheid" // § 73 VwGO
	AusgangZurueckgenommen      RechtsbehelfAusgang = "zurueckgenommen"
	AusgangErledigt             RechtsbehelfAusgang = "erledigt"
	AusgangRechtskraft          RechtsbehelfAusgang = "rechtskraft" // the court decided for good
)

// Rechtsbehelf is a Widerspruch, an Einspruch or a Klage against a Bescheid. While it is
// open nothing of what it is about becomes bestandskraeftig.
type Rechtsbehelf struct {
	ID       uuid.UUID `json:"id"`
	Bescheid uuid.UUID `json:"bescheid"`
	// Adressat who lodged it; zero means that it is about the Bescheid towards everybody.
	Adressat uuid.UUID          `json:"adressat,omitzero"`
	Art      frist.Rechtsbehelf `json:"art"`
	Eingang  datum.Datum        `json:"eingang"`
	// Form it came in: "schriftlich", "Niederschrift", "elektronisch".
	Form string `json:"form,omitempty"`
	// Von is the name of who lodged it; Umfang what of the Bescheid it is about.
	Von    string    `json:"von,omitempty"`
	Umfang string    `json:"umfang,omitempty"`
	Datei  uuid.UUID `json:"datei,omitzero"`
	// FristEnde is the last day, zero if no period ran; Schritte explain it.
	FristEnde        datum.Datum         `json:"fristEnde,omitzero"`
	Rechtzeitig      bool                `json:"rechtzeitig,omitempty"`
	Schritte         []string            `json:"schritte,omitempty"`
	Wiedereinsetzung *Wiedereinsetzung   `json:"wiedereinsetzung,omitempty"`
	Ausgang          RechtsbehelfAusgang `json:"ausgang,omitempty"`
	// Ausgangsbescheid decided on it; Erledigt is the day it ended.
	Ausgangsbescheid uuid.UUID   `json:"ausgangsbescheid,omitzero"`
	Erledigt         datum.Datum `json:"erledigt,omitzero"`
	Anmerkung        string      `json:"anmerkung,omitempty"`
}

func (r *Rechtsbehelf) kennung() uuid.UUID { return r.ID }

// Offen tells whether it waits for a decision.
func (r *Rechtsbehelf) Offen() bool { return r.Ausgang == "" }

// zulaessig: in time, or put back into time.
func (r *Rechtsbehelf) zulaessig() bool {
	return r.Rechtzeitig || (r.Wiedereinsetzung != nil && r.Wiedereinsetzung.Zustand == WiedereinsetzungGewaehrt)
}

func (r Rechtsbehelf) clone() Rechtsbehelf {
	r.Schritte = slices.Clone(r.Schritte)
	if r.Wiedereinsetzung = kopie(r.Wiedereinsetzung); r.Wiedereinsetzung != nil {
		r.Wiedereinsetzung.Schritte = slices.Clone(r.Wiedereinsetzung.Schritte)
	}
	return r
}

func (r *Rechtsbehelf) betrifft(id, adressat uuid.UUID) bool {
	return r.Bescheid == id && (r.Adressat == uuid.Nil || adressat == uuid.Nil || r.Adressat == adressat)
}

// OffenerRechtsbehelf tells whether one waits for a decision.
func (s Stand) OffenerRechtsbehelf() bool {
	return slices.ContainsFunc(s.Rechtsbehelfe, func(r Rechtsbehelf) bool { return r.Offen() })
}

// eigenerRechtsbehelf tells whether the applicant waits for a decision on one. What
// other addressees do is not the applicant's to see.
func (s *Stand) eigenerRechtsbehelf() bool {
	return slices.ContainsFunc(s.Rechtsbehelfe, func(r Rechtsbehelf) bool {
		b := s.bescheid(r.Bescheid)
		return r.Offen() && r.Adressat == uuid.Nil && b != nil && len(b.Inhalt.Adressaten) == 0
	})
}

// Geltend gives the Bescheid in force on the day, of several the last one; see
// [bescheid.Geltungen].
func (s Stand) Geltend(tag datum.Datum) *bescheid.Bescheid { return bescheid.Geltend(s.Bescheide, tag) }

// gehemmt tells whether the Bescheid cannot become bestandskraeftig towards the addressee
// now: a remedy is open, or the decision on one can still be challenged, or it no longer stands.
func (s *Stand) gehemmt(b *bescheid.Bescheid, adressat uuid.UUID) bool {
	for i := range s.Rechtsbehelfe {
		r := &s.Rechtsbehelfe[i]
		if !r.betrifft(b.ID, adressat) {
			continue
		}
		if r.Offen() {
			return true
		}
		if n := s.bescheid(r.Ausgangsbescheid); n != nil && n.Zustand != bescheid.Bestandskraeftig {
			return true
		}
	}
	for i, g := range bescheid.Geltungen(s.Bescheide) {
		if s.Bescheide[i].ID == b.ID {
			return !g.Bis.IsZero()
		}
	}
	return false
}

// bestandskraftTag is the first day of Bestandskraft towards the addressee of z (nil: of
// a Bescheid from before attempts were kept), given that nothing is open.
func (v *Vorgang) bestandskraftTag(b *bescheid.Bescheid, z *bescheid.Zustellung) datum.Datum {
	k, adressat := b.Bekanntgabe, uuid.Nil
	if z != nil {
		k, adressat = z.Bekanntgabe, z.Adressat
	}
	tag := k.BestandskraftAb
	spaeter := func(d datum.Datum) {
		if d.Nach(tag) {
			tag = d
		}
	}
	for i := range v.s.Rechtsbehelfe {
		r := &v.s.Rechtsbehelfe[i]
		if !r.betrifft(b.ID, adressat) || r.Offen() || !r.zulaessig() {
			continue
		}
		if n := v.s.bescheid(r.Ausgangsbescheid); n != nil {
			spaeter(bestandskraftSeit(n))
			continue
		}
		spaeter(r.Erledigt.AddTage(v.tageNach(r)))
	}
	return tag
}

// tageNach the end of a remedy the decision is final, by the rules that are loaded.
func (v *Vorgang) tageNach(r *Rechtsbehelf) int {
	for _, x := range v.k.Bestandskraft {
		if x.Ausgang == string(r.Ausgang) && x.Enthaelt(r.Erledigt) {
			return x.Tage
		}
	}
	return 0
}

// bestandskraftSeit is the last day on which it became bestandskraeftig towards somebody.
func bestandskraftSeit(b *bescheid.Bescheid) (tag datum.Datum) {
	if len(b.Zustellungen) == 0 && b.Bekanntgabe != nil {
		return b.Bekanntgabe.BestandskraftAb
	}
	for _, z := range b.Zustellungen {
		if z.BestandskraftSeit.Nach(tag) {
			tag = z.BestandskraftSeit
		}
	}
	return tag
}

// Rechtsbehelfseingang is a remedy that came in.
type Rechtsbehelfseingang struct {
	Bescheid uuid.UUID
	Adressat uuid.UUID
	// Art; default the one the Bescheid can be challenged with.
	Art     frist.Rechtsbehelf
	Eingang datum.Datum // not in the future
	Form    string
	Von     string
	Umfang  string
	Datei   uuid.UUID
}

// RecordRechtsbehelf takes in a remedy, says whether it is in time, and gives its id. It
// holds up the Bestandskraft; one that came in time takes away a Bestandskraft that was
// found before it was known. A late one changes nothing of that before Wiedereinsetzung.
func (v *Vorgang) RecordRechtsbehelf(a tenant.Akteur, now time.Time, e Rechtsbehelfseingang) (uuid.UUID, error) {
	const op = "RecordRechtsbehelf"
	if err := v.check(op, a, now, BefehlRechtsbehelfErfassen); err != nil {
		return uuid.Nil, err
	}
	b := v.s.bescheid(e.Bescheid)
	switch {
	case b == nil:
		return uuid.Nil, v.fail(op, fehler.ErrNotFound, problem("rechtsbehelf.bescheid", "/bescheid", "there is no such Bescheid", "Diesen Bescheid gibt es nicht."))
	case b.Zustand == bescheid.Entwurf || b.Zustand == bescheid.ZurFreigabe || b.Zustand == bescheid.Freigegeben:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("rechtsbehelf.nicht-versandt", "/bescheid", "was not sent", "Der Bescheid ist noch nicht versandt."))
	case e.Adressat != uuid.Nil && !slices.Contains(b.Inhalt.AdressatIDs(), e.Adressat):
		return uuid.Nil, v.fail(op, fehler.ErrNotFound, problem("zustellung.adressat", "/adressat", "is no addressee of the Bescheid", "An diese Person ist der Bescheid nicht gerichtet."))
	case e.Eingang.IsZero() || e.Eingang.Nach(v.heute(now)):
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("rechtsbehelf.eingang", "/eingang", "is missing or lies in the future", "Der Tag des Eingangs fehlt oder liegt in der Zukunft."))
	case len(v.s.Rechtsbehelfe) >= MaxRechtsbehelfe:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("rechtsbehelf.zu-viele", "/rechtsbehelfe", "too many", "Das sind zu viele Rechtsbehelfe für einen Vorgang."))
	}
	if err := v.hatDatei(op, e.Datei); err != nil {
		return uuid.Nil, err
	}
	for pfad, text := range map[string]string{"/form": e.Form, "/von": e.Von, "/umfang": e.Umfang, "/art": string(e.Art)} {
		if err := v.maxText(op, pfad, text); err != nil {
			return uuid.Nil, err
		}
	}
	r := &Rechtsbehelf{ID: v.k.NewID(), Bescheid: e.Bescheid, Adressat: e.Adressat, Art: e.Art, Eingang: e.Eingang, Form: e.Form, Von: e.Von, Umfang: e.Umfang, Datei: e.Datei}
	if r.Art == "" {
		r.Art = frist.RechtsbehelfWiderspruch
		if len(b.Zustellungen) > 0 {
			r.Art = b.Zustellungen[0].Rechtsbehelf
		}
	}
	v.s.misstFrist(r, b)
	return r.ID, v.record(a, now, &RechtsbehelfEingegangen{wechsel(BefehlRechtsbehelfErfassen, nil, r)})
}

// misstFrist says whether the remedy is in time.
func (s *Stand) misstFrist(r *Rechtsbehelf, b *bescheid.Bescheid) {
	k := b.Bekanntgabe
	if len(b.Zustellungen) > 0 && (r.Adressat != uuid.Nil || len(b.Inhalt.Adressaten) == 0) {
		k = nil
		if z := b.Massgeblich(r.Adressat); z != nil {
			k = z.Bekanntgabe
		}
	}
	if k == nil {
		r.FristEnde, r.Rechtzeitig, r.Schritte = datum.Datum{}, true, []string{"Der Bescheid ist nicht bekannt gegeben; eine Frist läuft nicht."}
		return
	}
	r.FristEnde, r.Rechtzeitig = k.FristEnde, !r.Eingang.Nach(k.FristEnde)
	wort := "rechtzeitig"
	if !r.Rechtzeitig {
		wort = "verspätet"
	}
	r.Schritte = append(slices.Clone(k.Schritte), fmt.Sprintf("Eingegangen am %s, letzter Tag der Frist %s: %s.", r.Eingang.Deutsch(), k.FristEnde.Deutsch(), wort))
	if k.Unsicher {
		r.Schritte = append(r.Schritte, "Eine der Regeln ist nicht gesichert; gezählt ist der späteste Tag.")
	}
}

// fristenDerRechtsbehelfe looks again, after the days of a Bescheid changed, whether the
// open remedies against it are in time.
func (v *Vorgang) fristenDerRechtsbehelfe(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	b := v.s.bescheid(id)
	for i := range v.s.Rechtsbehelfe {
		war := v.s.Rechtsbehelfe[i].clone()
		if war.Bescheid != id || !war.Offen() {
			continue
		}
		ist := war.clone()
		if v.s.misstFrist(&ist, b); ist.FristEnde == war.FristEnde && ist.Rechtzeitig == war.Rechtzeitig {
			continue
		}
		if err := v.record(a, now, &RechtsbehelfFristGeaendert{wechsel(BefehlZustellungNachweisen, &war, &ist)}); err != nil {
			return err
		}
	}
	return nil
}

// Rechtsbehelfsende says how a remedy ended.
type Rechtsbehelfsende struct {
	Rechtsbehelf uuid.UUID
	Ausgang      RechtsbehelfAusgang
	// Bescheid that decides on it; mandatory for Abhilfe and Widerspruchsbescheid.
	Bescheid uuid.UUID
	Tag      datum.Datum // it ended; not in the future
	Text     string
}

// CloseRechtsbehelf ends a remedy. Abhilfe and Widerspruchsbescheid name a released
// Bescheid of that Art about the challenged one; the challenged one waits for its
// Bestandskraft. After the others the watch for Bestandskraft is ordered anew.
func (v *Vorgang) CloseRechtsbehelf(a tenant.Akteur, now time.Time, e Rechtsbehelfsende) error {
	const op = "CloseRechtsbehelf"
	war, err := v.rechtsbehelf(op, a, now, BefehlRechtsbehelfErledigen, e.Rechtsbehelf)
	if err != nil {
		return err
	}
	if err := v.maxText(op, "/text", e.Text); err != nil {
		return err
	}
	art := map[RechtsbehelfAusgang]bescheid.Art{AusgangAbhilfe: bescheid.Abhilfe, AusgangWiderspruchsbescheid: bescheid.Widerspruchsbescheid}[e.Ausgang]
	switch b := v.s.bescheid(e.Bescheid); {
	case e.Tag.IsZero() || e.Tag.Nach(v.heute(now)) || e.Tag.Vor(war.Eingang):
		return v.fail(op, fehler.ErrInvalid, problem("rechtsbehelf.ende", "/tag", "is missing, lies in the future or before the receipt", "Der Tag fehlt, liegt in der Zukunft oder vor dem Eingang."))
	case art != "" && (b == nil || b.Pruefsumme == "" || b.Inhalt.Art != art || b.Inhalt.Bezug != war.Bescheid):
		return v.fail(op, fehler.ErrInvalid, problem("rechtsbehelf.ausgangsbescheid", "/bescheid", "is no released decision on this remedy",
			"Bitte den freigegebenen Bescheid angeben, der über diesen Rechtsbehelf entscheidet."))
	case art == "" && e.Bescheid != uuid.Nil,
		art == "" && e.Ausgang != AusgangZurueckgenommen && e.Ausgang != AusgangErledigt && e.Ausgang != AusgangRechtskraft:
		return v.fail(op, fehler.ErrInvalid, problem("rechtsbehelf.ausgang", "/ausgang", "unknown outcome", "Bitte angeben, wie der Rechtsbehelf ausgegangen ist."))
	}
	ist := war.clone()
	ist.Ausgang, ist.Ausgangsbescheid, ist.Erledigt, ist.Anmerkung = e.Ausgang, e.Bescheid, e.Tag, e.Text
	if err := v.record(a, now, &RechtsbehelfErledigt{wechsel(BefehlRechtsbehelfErledigen, war, &ist)}); err != nil {
		return err
	}
	return v.weiterBestandskraft(a, now, war.Bescheid)
}

// rechtsbehelf checks the command and gives a copy of one that is open.
func (v *Vorgang) rechtsbehelf(op string, a tenant.Akteur, now time.Time, c Befehl, id uuid.UUID) (*Rechtsbehelf, error) {
	if err := v.check(op, a, now, c); err != nil {
		return nil, err
	}
	r := finde(v.s.Rechtsbehelfe, id)
	if r == nil {
		return nil, v.fail(op, fehler.ErrNotFound, problem("rechtsbehelf.unbekannt", "/rechtsbehelfe", "there is no such Rechtsbehelf", "Diesen Rechtsbehelf gibt es nicht."))
	}
	if !r.Offen() {
		return nil, v.fail(op, fehler.ErrConflict, problem("rechtsbehelf.erledigt", "/rechtsbehelfe/"+id.String(), "has ended", "Der Rechtsbehelf ist schon erledigt."))
	}
	x := r.clone()
	return &x, nil
}
