package vorgang

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Limits of handing over to a Fachverfahren.
const (
	// MaxUebergaben is how often one Vorgang can be handed over.
	MaxUebergaben = 50
	// MaxUebergabeMeldungen is how many reports of one hand-over are taken.
	MaxUebergabeMeldungen = 500
)

// UebergabeZustand is how far a hand-over to a Fachverfahren got.
type UebergabeZustand string

// The states of a hand-over.
const (
	UebergabeAngeordnet  UebergabeZustand = "angeordnet"  // the relay has it
	UebergabeGesendet    UebergabeZustand = "gesendet"    // the target took it
	UebergabeAngenommen  UebergabeZustand = "angenommen"  // the Fachverfahren made a case of it
	UebergabeInArbeit    UebergabeZustand = "in_arbeit"   // somebody works on it there
	UebergabeErledigt    UebergabeZustand = "erledigt"    // the work there is done
	UebergabeAbgelehnt   UebergabeZustand = "abgelehnt"   // the Fachverfahren refused it
	UebergabeGescheitert UebergabeZustand = "gescheitert" // it did not get there
)

// Offen tells whether the target has it or will get it.
func (z UebergabeZustand) Offen() bool {
	switch z {
	case UebergabeErledigt, UebergabeAbgelehnt, UebergabeGescheitert:
		return false
	}
	return true
}

// Uebergabe is one hand-over of the Vorgang to a Fachverfahren.
type Uebergabe struct {
	ID uuid.UUID `json:"id"`
	// Ziel is the name of the target within the Mandant.
	Ziel       string           `json:"ziel"`
	Zustand    UebergabeZustand `json:"zustand"`
	Angeordnet time.Time        `json:"angeordnet"`
	// Bis is the journal entry up to which the Vorgang is handed over.
	Bis      int64     `json:"bis"`
	Gesendet time.Time `json:"gesendet,omitzero"`
	// Kennung is what the target calls the delivery.
	Kennung string `json:"kennung,omitempty"`
	// Hinweise say in German why it failed or was refused.
	Hinweise []string `json:"hinweise,omitempty"`
	// Meldungen are the reports that were taken, by the id of their event.
	Meldungen []UebergabeMeldung `json:"meldungen,omitempty"`
}

// UebergabeMeldung is one report of a Fachverfahren about a hand-over.
type UebergabeMeldung struct {
	// Ereignis is the id the sender gave the report, Pruefsumme the SHA-256 of its
	// bytes in hexadecimal: the same report again changes nothing.
	Ereignis   string `json:"ereignis"`
	Pruefsumme string `json:"pruefsumme"`
	// Art says what it brought: "stand", "dokument", "entscheidung", "abschluss".
	Art string `json:"art"`
	// Zustand it leads to; empty leaves it.
	Zustand UebergabeZustand `json:"zustand,omitempty"`
	// Hinweis for the clerk.
	Hinweis string    `json:"hinweis,omitempty"`
	Zeit    time.Time `json:"zeit"`
}

// Uebergabe finds a hand-over by id.
func (s Stand) Uebergabe(id uuid.UUID) (Uebergabe, bool) {
	u := finde(s.Uebergaben, id)
	if u == nil {
		return Uebergabe{}, false
	}
	return u.clone(), true
}

// OrderUebergabe hands the Vorgang, as it is now, over to the Fachverfahren of that
// name and gives the id of the hand-over, which is the idempotency key outside. One
// that is under way to the same target is fehler.ErrExists: after it was refused,
// failed or is done, the Vorgang may be handed over anew. It leaves the house and
// cannot be undone.
func (v *Vorgang) OrderUebergabe(a tenant.Akteur, now time.Time, ziel string) (uuid.UUID, error) {
	const op = "OrderUebergabe"
	if err := v.check(op, a, now, BefehlUebergeben); err != nil {
		return uuid.Nil, err
	}
	if err := v.needText(op, "/ziel", ziel, "Bitte das Fachverfahren wählen."); err != nil {
		return uuid.Nil, err
	}
	switch {
	case len(ziel) > MaxKennzeichenBytes:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("uebergabe.ziel", "/ziel", "the name is too long", "Der Name des Fachverfahrens ist zu lang."))
	case len(v.s.Uebergaben) >= MaxUebergaben:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("uebergabe.zu-viele", "/uebergaben", "too many",
			fmt.Sprintf("Ein Vorgang kann höchstens %d-mal übergeben werden.", MaxUebergaben)))
	case slices.ContainsFunc(v.s.Uebergaben, func(u Uebergabe) bool { return u.Ziel == ziel && u.Zustand.Offen() }):
		return uuid.Nil, v.fail(op, fehler.ErrExists, problem("uebergabe.laeuft", "/ziel", "is handed over to this target already",
			"Der Vorgang ist an dieses Fachverfahren schon übergeben."))
	}
	id := v.k.NewID()
	u := Uebergabe{ID: id, Ziel: ziel, Zustand: UebergabeAngeordnet, Angeordnet: v.zeitpunkt(now), Bis: v.s.Journal.Seq}
	if err := v.record(a, now, &UebergabeBegonnen{Uebergabe: u}); err != nil {
		return uuid.Nil, err
	}
	return id, v.order(now, UebergabeAusfuehren, now, UebergabeDaten{Uebergabe: id})
}

// RecordUebergabe reports that the target took the delivery; kennung is what it calls
// it. A second report changes nothing. A hand-over the Vorgang does not know is
// fehler.ErrNotFound.
func (v *Vorgang) RecordUebergabe(a tenant.Akteur, now time.Time, id uuid.UUID, kennung string) error {
	const op = "RecordUebergabe"
	u, err := v.uebergabe(op, a, now, id)
	if err != nil || !u.Gesendet.IsZero() || u.Zustand == UebergabeGescheitert {
		return err
	}
	if len(kennung) > MaxKennzeichenBytes {
		kennung = "" // it is for people only, and what is cut off misleads them
	}
	return v.record(a, now, &UebergabeVersandt{Uebergabe: id, Kennung: kennung})
}

// RecordUebergabeFehler reports that the delivery will not get there: the target
// refused it for good. The Hinweise are German, for the clerk, at least one. What is no
// longer under way stays as it is.
func (v *Vorgang) RecordUebergabeFehler(a tenant.Akteur, now time.Time, id uuid.UUID, hinweise []string) error {
	const op = "RecordUebergabeFehler"
	u, err := v.uebergabe(op, a, now, id)
	if err != nil || u.Zustand != UebergabeAngeordnet {
		return err
	}
	if len(hinweise) == 0 {
		return v.fail(op, fehler.ErrInvalid, problem("uebergabe.grund", "/hinweise", "the reason is missing", "Der Grund fehlt, warum die Übergabe scheiterte."))
	}
	d := &UebergabeFehlgeschlagen{Uebergabe: id}
	for _, h := range hinweise[:min(len(hinweise), 20)] {
		if err := v.maxText(op, "/hinweise", h); err != nil {
			return err
		}
		d.Hinweise = append(d.Hinweise, h)
	}
	return v.record(a, now, d)
}

// RecordUebergabeMeldung reports what the Fachverfahren said. The same report again,
// by id and Pruefsumme, changes nothing and gives false; another one under a known id
// is fehler.ErrConflict. What the report brings besides (a document, a draft) is given
// as commands of their own, in the same transaction. An unknown hand-over is
// fehler.ErrNotFound; one that ended keeps its state.
func (v *Vorgang) RecordUebergabeMeldung(a tenant.Akteur, now time.Time, id uuid.UUID, m UebergabeMeldung) (bool, error) {
	const op = "RecordUebergabeMeldung"
	u, err := v.uebergabe(op, a, now, id)
	if err != nil {
		return false, err
	}
	for _, war := range u.Meldungen {
		if war.Ereignis != m.Ereignis {
			continue
		}
		if war.Pruefsumme == m.Pruefsumme {
			return false, nil
		}
		return false, v.fail(op, fehler.ErrConflict, problem("uebergabe.ereignis", "/id", "another report has this id",
			"Unter dieser Kennung kam schon eine andere Meldung."))
	}
	switch m.Zustand {
	case "", UebergabeAngenommen, UebergabeInArbeit, UebergabeErledigt, UebergabeAbgelehnt:
	default:
		return false, v.fail(op, fehler.ErrInvalid, problem("uebergabe.zustand", "/zustand", "unknown state", "Der gemeldete Stand ist unbekannt."))
	}
	if m.Ereignis == "" || m.Pruefsumme == "" || len(m.Ereignis) > MaxKennzeichenBytes || len(m.Pruefsumme) > MaxKennzeichenBytes {
		return false, v.fail(op, fehler.ErrInvalid, problem("uebergabe.kennung", "/id", "id or checksum is missing or too long", "Der Meldung fehlt ihre Kennung, oder sie ist zu lang."))
	}
	if len(u.Meldungen) >= MaxUebergabeMeldungen {
		return false, v.fail(op, fehler.ErrInvalid, problem("uebergabe.zu-viele-meldungen", "/meldungen", "too many reports", "Zu dieser Übergabe kamen zu viele Meldungen."))
	}
	if err := v.maxText(op, "/hinweis", m.Hinweis); err != nil {
		return false, err
	}
	m.Zeit = v.zeitpunkt(now)
	return true, v.record(a, now, &UebergabeGemeldet{Uebergabe: id, Meldung: m})
}

func (v *Vorgang) uebergabe(op string, a tenant.Akteur, now time.Time, id uuid.UUID) (*Uebergabe, error) {
	if err := v.check(op, a, now, BefehlMelden); err != nil {
		return nil, err
	}
	u := finde(v.s.Uebergaben, id)
	if u == nil {
		return nil, v.fail(op, fehler.ErrNotFound, problem("uebergabe.unbekannt", "/uebergaben", "there is none", "Diese Übergabe gibt es im Vorgang nicht."))
	}
	return u, nil
}

// The entries of handing over.
type (
	// UebergabeBegonnen: a hand-over was ordered (uebergabe.angeordnet).
	UebergabeBegonnen struct {
		Uebergabe Uebergabe `json:"uebergabe"`
	}
	// UebergabeVersandt: the target took it (uebergabe.gesendet).
	UebergabeVersandt struct {
		Uebergabe uuid.UUID `json:"uebergabe"`
		Kennung   string    `json:"kennung,omitempty"`
	}
	// UebergabeFehlgeschlagen: it did not get there (uebergabe.gescheitert).
	UebergabeFehlgeschlagen struct {
		Uebergabe uuid.UUID `json:"uebergabe"`
		Hinweise  []string  `json:"hinweise"`
	}
	// UebergabeGemeldet: the Fachverfahren said something (uebergabe.gemeldet).
	UebergabeGemeldet struct {
		Uebergabe uuid.UUID        `json:"uebergabe"`
		Meldung   UebergabeMeldung `json:"meldung"`
	}
)

func (*UebergabeBegonnen) code() Code       { return "uebergabe.angeordnet" }
func (*UebergabeVersandt) code() Code       { return "uebergabe.gesendet" }
func (*UebergabeFehlgeschlagen) code() Code { return "uebergabe.gescheitert" }
func (*UebergabeGemeldet) code() Code       { return "uebergabe.gemeldet" }

func (d *UebergabeBegonnen) apply(s *Stand, _ *Ereignis) {
	s.Uebergaben = append(s.Uebergaben, d.Uebergabe.clone())
}

func (d *UebergabeVersandt) apply(s *Stand, e *Ereignis) {
	if u := finde(s.Uebergaben, d.Uebergabe); u != nil {
		u.Gesendet, u.Kennung = e.Zeit, d.Kennung
		if u.Zustand == UebergabeAngeordnet { // a report may have been faster
			u.Zustand = UebergabeGesendet
		}
	}
}

func (d *UebergabeFehlgeschlagen) apply(s *Stand, _ *Ereignis) {
	if u := finde(s.Uebergaben, d.Uebergabe); u != nil {
		u.Zustand, u.Hinweise = UebergabeGescheitert, slices.Clone(d.Hinweise)
	}
}

func (d *UebergabeGemeldet) apply(s *Stand, _ *Ereignis) {
	u := finde(s.Uebergaben, d.Uebergabe)
	if u == nil {
		return
	}
	u.Meldungen = append(u.Meldungen, d.Meldung)
	if z := d.Meldung.Zustand; z != "" && u.Zustand.Offen() {
		u.Zustand = z
		if z == UebergabeAbgelehnt && d.Meldung.Hinweis != "" {
			u.Hinweise = []string{d.Meldung.Hinweis}
		}
	}
}

// endUebergabe marks the hand-over of an Auftrag that was given up. Auftraege of one
// Vorgang are performed in order, so it is the oldest that is still to be performed.
func (s *Stand) endUebergabe(grund string) {
	for i := range s.Uebergaben {
		if u := &s.Uebergaben[i]; u.Zustand == UebergabeAngeordnet {
			u.Zustand, u.Hinweise = UebergabeGescheitert, []string{grund}
			return
		}
	}
}

func (u *Uebergabe) kennung() uuid.UUID { return u.ID }

func (u Uebergabe) clone() Uebergabe {
	u.Hinweise, u.Meldungen = slices.Clone(u.Hinweise), slices.Clone(u.Meldungen)
	return u
}

func (d *UebergabeBegonnen) text() string { return ": " + d.Uebergabe.Ziel }
func (d *UebergabeGemeldet) text() string {
	if d.Meldung.Zustand == "" {
		return ": " + d.Meldung.Art
	}
	return fmt.Sprintf(": %s, %s", d.Meldung.Art, d.Meldung.Zustand)
}
