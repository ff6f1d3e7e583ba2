package vorgang

import (
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// WeiterleitungZustand is how far a Weiterleitung is.
type WeiterleitungZustand string

// The states of a Weiterleitung.
const (
	WeiterleitungAngefordert    WeiterleitungZustand = "angefordert"
	WeiterleitungUebernommen    WeiterleitungZustand = "uebernommen" // the target said yes; its Vorgang is being made
	WeiterleitungAusgefuehrt    WeiterleitungZustand = "ausgefuehrt"
	WeiterleitungAbgelehnt      WeiterleitungZustand = "abgelehnt"
	WeiterleitungZurueckgezogen WeiterleitungZustand = "zurueckgezogen"
	WeiterleitungAbgelaufen     WeiterleitungZustand = "abgelaufen"
)

// MaxWeiterleitungen of one Vorgang.
const MaxWeiterleitungen = 50

// Weiterleitung is the hand-over to another competent body. While it is open the
// Vorgang stands still: no state is left in which both sides own the case.
type Weiterleitung struct {
	ID uuid.UUID `json:"id"`
	// An is the target: a Mandant of this installation, or a name alone for a body
	// outside, whose answer a person writes down.
	An          Stelle               `json:"an"`
	Grund       string               `json:"grund"`
	Zustand     WeiterleitungZustand `json:"zustand"`
	Angefordert time.Time            `json:"angefordert"`
	// Bis is the first instant at which the offer is no longer open; zero means none.
	Bis time.Time `json:"bis,omitzero"`
	// Beteiligung with which the target sees the Vorgang meanwhile.
	Beteiligung uuid.UUID `json:"beteiligung,omitzero"`
	// Entschieden is when the target answered, Von the Akteur.ID.
	Entschieden time.Time `json:"entschieden,omitzero"`
	Von         string    `json:"von,omitempty"`
	Anmerkung   string    `json:"anmerkung,omitempty"`
	// Vorgang and Nummer of the case at the target; the id is fixed when it says yes.
	Vorgang uuid.UUID `json:"vorgang,omitzero"`
	Nummer  string    `json:"nummer,omitempty"`
}

func (w *Weiterleitung) kennung() uuid.UUID { return w.ID }

// Offen tells whether the Vorgang stands still because of it.
func (w Weiterleitung) Offen() bool {
	return w.Zustand == WeiterleitungAngefordert || w.Zustand == WeiterleitungUebernommen
}

// OffeneWeiterleitung gives the one that is open, nil if there is none.
func (s Stand) OffeneWeiterleitung() *Weiterleitung {
	for i := range s.Weiterleitungen {
		if s.Weiterleitungen[i].Offen() {
			return kopie(&s.Weiterleitungen[i])
		}
	}
	return nil
}

// RequestWeiterleitung offers the Vorgang to another body and gives the id. Bis may
// limit the offer. A Mandant gets to read the Vorgang until it is settled. Who
// is not sure whether the body is competent asks it by [Vorgang.RequestStellungnahme].
func (v *Vorgang) RequestWeiterleitung(a tenant.Akteur, now time.Time, an Stelle, grund string, bis time.Time) (uuid.UUID, error) {
	const op = "RequestWeiterleitung"
	if err := v.check(op, a, now, BefehlWeiterleiten); err != nil {
		return uuid.Nil, err
	}
	if err := v.needText(op, "/grund", grund, "Bitte den Grund der Weiterleitung angeben."); err != nil {
		return uuid.Nil, err
	}
	jetzt := v.zeitpunkt(now)
	switch {
	case an == Stelle{} || an.Mandant == "" && an.Name == "":
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("weiterleitung.ziel", "/an", "nobody is named", "Bitte angeben, an wen weitergeleitet werden soll."))
	case an.Mandant == v.s.Mandant:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("weiterleitung.eigener-mandant", "/an/mandant", "is the own Mandant",
			"Innerhalb der eigenen Behörde wird der Vorgang umgesetzt, nicht weitergeleitet."))
	case !bis.IsZero() && !bis.After(jetzt):
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("weiterleitung.frist", "/bis", "lies in the past", "Bitte einen späteren Zeitpunkt wählen."))
	case len(v.s.Weiterleitungen) >= MaxWeiterleitungen:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("weiterleitung.zu-viele", "/weiterleitungen", "too many", "Der Vorgang wurde schon zu oft weitergeleitet."))
	case v.s.WartetAufBuerger():
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("abschluss.rueckfrage-offen", "/rueckfragen", "a Rueckfrage is open", "Eine Rückfrage ist noch offen."))
	}
	x := &Weiterleitung{ID: v.k.NewID(), An: an, Grund: grund, Zustand: WeiterleitungAngefordert, Angefordert: jetzt}
	if !bis.IsZero() {
		x.Bis = mikro(bis)
	}
	if an.Mandant != "" {
		b := Beteiligung{ID: v.k.NewID(), Mandant: an.Mandant, Recht: RechtLesen, Grund: grund, Von: jetzt}
		if p := v.einwaende(b); len(p) > 0 {
			return uuid.Nil, v.fail(op, fehler.ErrInvalid, p...)
		}
		// Who takes part already sees enough.
		if _, ok := v.s.Beteiligung(an.Mandant, jetzt); !ok {
			x.Beteiligung = b.ID
			if err := v.record(a, now, &BeteiligungBegonnen{ID: b.ID, Mandant: b.Mandant, Recht: b.Recht, Grund: b.Grund, Von: b.Von}); err != nil {
				return uuid.Nil, err
			}
		}
	}
	if err := v.record(a, now, &WeiterleitungVorgeschlagen{wechsel(BefehlWeiterleiten, nil, x)}); err != nil {
		return uuid.Nil, err
	}
	if x.Bis.IsZero() {
		return x.ID, nil
	}
	return x.ID, v.order(now, WeiterleitungAblaufen, x.Bis, WeiterleitungDaten{Weiterleitung: x.ID})
}

// WithdrawWeiterleitung takes the offer back before the target has answered.
func (v *Vorgang) WithdrawWeiterleitung(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	const op = "WithdrawWeiterleitung"
	war, err := v.weiterleitung(op, a, now, BefehlWeiterleitungZurueckziehen, id, WeiterleitungAngefordert)
	if err != nil {
		return err
	}
	return v.beende(a, now, BefehlWeiterleitungZurueckziehen, war, WeiterleitungZurueckgezogen, "")
}

// DecideWeiterleitung is the answer of the target. A person of that Mandant gives it;
// for a body outside somebody of the own Mandant writes it down. A refusal needs a
// reason. After a yes the Auftrag [WeiterleitungAusfuehren] makes the Vorgang at the
// target and reports by [Vorgang.RecordWeiterleitung].
func (v *Vorgang) DecideWeiterleitung(a tenant.Akteur, now time.Time, id uuid.UUID, uebernommen bool, anmerkung string) error {
	const op = "DecideWeiterleitung"
	war, err := v.weiterleitung(op, a, now, BefehlWeiterleitungEntscheiden, id, WeiterleitungAngefordert)
	if err != nil {
		return err
	}
	if ziel := war.An.Mandant; ziel != "" && a.Mandant != ziel || ziel == "" && v.s.istGast(a) {
		return v.ohneRecht(op, "the target decides", "Darüber entscheidet die Behörde, an die weitergeleitet wird.")
	}
	if !war.Bis.IsZero() && !v.zeitpunkt(now).Before(war.Bis) {
		return v.fail(op, fehler.ErrConflict, problem("weiterleitung.abgelaufen", "/weiterleitungen/"+id.String(), "is over", "Das Angebot ist abgelaufen."))
	}
	if !uebernommen {
		if err := v.needText(op, "/anmerkung", anmerkung, "Bitte angeben, warum der Vorgang nicht übernommen wird."); err != nil {
			return err
		}
		return v.beende(a, now, BefehlWeiterleitungEntscheiden, war, WeiterleitungAbgelehnt, anmerkung)
	}
	if err := v.maxText(op, "/anmerkung", anmerkung); err != nil {
		return err
	}
	ist := kopie(war)
	if ist.An.Mandant != "" {
		ist.Vorgang = v.k.NewID()
	}
	ist.Zustand, ist.Entschieden, ist.Von, ist.Anmerkung = WeiterleitungUebernommen, v.zeitpunkt(now), a.ID, anmerkung
	if err := v.record(a, now, &WeiterleitungEntschieden{wechsel(BefehlWeiterleitungEntscheiden, war, ist)}); err != nil {
		return err
	}
	return v.order(now, WeiterleitungAusfuehren, now, WeiterleitungDaten{Weiterleitung: id})
}

// ExpireWeiterleitung reports that the time of an offer is over. One that was
// answered changes nothing; before its time is fehler.ErrInvalid.
func (v *Vorgang) ExpireWeiterleitung(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	const op = "ExpireWeiterleitung"
	if err := v.check(op, a, now, BefehlMelden); err != nil {
		return err
	}
	war := finde(v.s.Weiterleitungen, id)
	if war == nil || war.Zustand != WeiterleitungAngefordert {
		return nil
	}
	if war.Bis.IsZero() || v.zeitpunkt(now).Before(war.Bis) {
		return v.fail(op, fehler.ErrInvalid, problem("weiterleitung.zu-frueh", "/weiterleitungen/"+id.String(), "is still open", "Das Angebot ist noch offen."))
	}
	return v.beende(a, now, BefehlMelden, war, WeiterleitungAbgelaufen, "")
}

// RecordWeiterleitung reports that the target has its Vorgang, and the number there. The
// Vorgang is closed with ground "weitergeleitet" and linked. A second report changes
// nothing.
func (v *Vorgang) RecordWeiterleitung(a tenant.Akteur, now time.Time, id uuid.UUID, nummer string) error {
	const op = "RecordWeiterleitung"
	if err := v.check(op, a, now, BefehlMelden); err != nil {
		return err
	}
	war := finde(v.s.Weiterleitungen, id)
	if war != nil && war.Zustand == WeiterleitungAusgefuehrt {
		return nil
	}
	if war == nil || war.Zustand != WeiterleitungUebernommen {
		return v.fail(op, fehler.ErrNotFound, problem("weiterleitung.unbekannt", "/weiterleitungen", "there is none that was taken", "Diese Weiterleitung gibt es nicht."))
	}
	war = kopie(war)
	ist := kopie(war)
	ist.Zustand, ist.Nummer = WeiterleitungAusgefuehrt, nummer
	if err := v.record(a, now, &WeiterleitungVollzogen{wechsel(BefehlMelden, war, ist)}); err != nil {
		return err
	}
	if err := v.endeBeteiligungVon(a, now, war); err != nil {
		return err
	}
	if ist.Vorgang != uuid.Nil {
		if err := v.record(a, now, &Verknuepft{Verknuepfung: Verknuepfung{Art: FortgesetztIn, Vorgang: ist.Vorgang, Nummer: nummer}}); err != nil {
			return err
		}
	}
	if v.s.Zuweisung != nil {
		if err := v.assign(a, now, BefehlAbschliessen, nil); err != nil {
			return err
		}
	}
	if err := v.record(a, now, &AbschlussVermerkt{Grund: GrundWeitergeleitet}); err != nil {
		return err
	}
	return v.setStatus(a, now, BefehlAbschliessen, Abgeschlossen, string(GrundWeitergeleitet))
}

func (v *Vorgang) beende(a tenant.Akteur, now time.Time, b Befehl, war *Weiterleitung, z WeiterleitungZustand, anmerkung string) error {
	war = kopie(war)
	ist := kopie(war)
	ist.Zustand, ist.Entschieden, ist.Von, ist.Anmerkung = z, v.zeitpunkt(now), a.ID, anmerkung
	if err := v.record(a, now, &WeiterleitungBeendet{wechsel(b, war, ist)}); err != nil {
		return err
	}
	return v.endeBeteiligungVon(a, now, war)
}

func (v *Vorgang) endeBeteiligungVon(a tenant.Akteur, now time.Time, w *Weiterleitung) error {
	b := v.s.beteiligung(w.Beteiligung)
	if b == nil || b.vorbei(v.zeitpunkt(now)) {
		return nil
	}
	return v.record(a, now, &BeteiligungBeendet{Beteiligung: b.ID, Grund: "Weiterleitung beendet"})
}

func (v *Vorgang) weiterleitung(op string, a tenant.Akteur, now time.Time, b Befehl, id uuid.UUID, in WeiterleitungZustand) (*Weiterleitung, error) {
	if err := v.check(op, a, now, b); err != nil {
		return nil, err
	}
	w := finde(v.s.Weiterleitungen, id)
	if w == nil {
		return nil, v.fail(op, fehler.ErrNotFound, problem("weiterleitung.unbekannt", "/weiterleitungen", "there is none", "Diese Weiterleitung gibt es nicht."))
	}
	if w.Zustand != in {
		return nil, v.fail(op, fehler.ErrConflict, problem("weiterleitung.zustand", "/weiterleitungen/"+id.String(),
			"is "+string(w.Zustand), "Die Weiterleitung ist schon entschieden oder beendet. Bitte neu laden."))
	}
	return kopie(w), nil
}

// The entries of a Weiterleitung.
type (
	// WeiterleitungVorgeschlagen: the Vorgang is offered (weiterleitung.angefordert).
	WeiterleitungVorgeschlagen struct{ Wechsel[Weiterleitung] }
	// WeiterleitungEntschieden: the target takes it (weiterleitung.uebernommen).
	WeiterleitungEntschieden struct{ Wechsel[Weiterleitung] }
	// WeiterleitungVollzogen: the target has it (weiterleitung.ausgefuehrt).
	WeiterleitungVollzogen struct{ Wechsel[Weiterleitung] }
	// WeiterleitungBeendet: refused, withdrawn or expired (weiterleitung.beendet).
	WeiterleitungBeendet struct{ Wechsel[Weiterleitung] }
)

func (*WeiterleitungVorgeschlagen) code() Code { return "weiterleitung.angefordert" }
func (*WeiterleitungEntschieden) code() Code   { return "weiterleitung.uebernommen" }
func (*WeiterleitungVollzogen) code() Code     { return "weiterleitung.ausgefuehrt" }
func (*WeiterleitungBeendet) code() Code       { return "weiterleitung.beendet" }

func (s *Stand) setzeWeiterleitung(w Wechsel[Weiterleitung]) {
	s.Weiterleitungen = wechsle(s.Weiterleitungen, w)
}

func (d *WeiterleitungVorgeschlagen) apply(s *Stand, _ *Ereignis) { s.setzeWeiterleitung(d.Wechsel) }
func (d *WeiterleitungEntschieden) apply(s *Stand, _ *Ereignis)   { s.setzeWeiterleitung(d.Wechsel) }
func (d *WeiterleitungVollzogen) apply(s *Stand, _ *Ereignis)     { s.setzeWeiterleitung(d.Wechsel) }
func (d *WeiterleitungBeendet) apply(s *Stand, _ *Ereignis)       { s.setzeWeiterleitung(d.Wechsel) }

func (*WeiterleitungVorgeschlagen) gegenstand() string { return "weiterleitung" }
func (*WeiterleitungEntschieden) gegenstand() string   { return "weiterleitung" }
func (*WeiterleitungVollzogen) gegenstand() string     { return "weiterleitung" }
func (*WeiterleitungBeendet) gegenstand() string       { return "weiterleitung" }

func (d *WeiterleitungVorgeschlagen) umkehren() (Befehl, daten) { return d.Befehl, nil }
func (d *WeiterleitungEntschieden) umkehren() (Befehl, daten)   { return d.Befehl, nil }
func (d *WeiterleitungVollzogen) umkehren() (Befehl, daten)     { return d.Befehl, nil }
func (d *WeiterleitungBeendet) umkehren() (Befehl, daten)       { return d.Befehl, nil }
