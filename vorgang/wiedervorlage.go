package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Wiedervorlage is a dated internal reminder. The citizen never sees it.
type Wiedervorlage struct {
	ID      uuid.UUID `json:"id"`
	Betreff string    `json:"betreff"`
	Text    string    `json:"text,omitempty"`
	// Faellig is the day somebody must look.
	Faellig datum.Datum `json:"faellig"`
	// Datei it is about, zero for none.
	Datei uuid.UUID `json:"datei,omitzero"`
	// Fuer is the Akteur.ID whose list it is on; empty means whoever works on the Vorgang.
	Fuer string    `json:"fuer,omitempty"`
	Von  string    `json:"von"` // Akteur.ID
	Zeit time.Time `json:"zeit"`
	// Erledigt is when it was done, and ErledigtVon by whom; zero while it is open.
	Erledigt    time.Time `json:"erledigt,omitzero"`
	ErledigtVon string    `json:"erledigtVon,omitempty"`
}

// Offen tells whether it is still to be done.
func (w Wiedervorlage) Offen() bool { return w.Erledigt.IsZero() }

// Erinnerung says what is to be looked at again.
type Erinnerung struct {
	Betreff string // mandatory
	Text    string
	// Faellig must not lie before today.
	Faellig datum.Datum
	Datei   uuid.UUID
	Fuer    string
}

// Remind sets a Wiedervorlage and gives its id.
func (v *Vorgang) Remind(a tenant.Akteur, now time.Time, e Erinnerung) (uuid.UUID, error) {
	const op = "Remind"
	if err := v.check(op, a, now, BefehlWiedervorlegen); err != nil {
		return uuid.Nil, err
	}
	if err := v.needText(op, "/betreff", e.Betreff, "Bitte angeben, woran erinnert werden soll."); err != nil {
		return uuid.Nil, err
	}
	if e.Faellig.IsZero() || e.Faellig.Vor(datum.Von(now)) {
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("wiedervorlage.faellig", "/faellig",
			"the day is missing or lies in the past", "Bitte einen Tag ab heute wählen."))
	}
	if _, ok := v.s.Datei(e.Datei); e.Datei != uuid.Nil && !ok {
		return uuid.Nil, v.fail(op, fehler.ErrNotFound, problem("wiedervorlage.datei", "/datei",
			"the Vorgang has no such file", "Diese Datei gibt es im Vorgang nicht."))
	}
	id := v.k.NewID()
	if err := v.record(a, now, &WiedervorlageGesetzt{
		ID: id, Betreff: e.Betreff, Text: e.Text, Faellig: e.Faellig, Datei: e.Datei, Fuer: e.Fuer,
	}); err != nil {
		return uuid.Nil, err
	}
	return id, v.orderWarnung(now, WarnungWiedervorlage, id, e.Faellig)
}

// CompleteReminder says that a Wiedervorlage is done. Done already is
// fehler.ErrConflict.
func (v *Vorgang) CompleteReminder(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	return v.setzeErledigt("CompleteReminder", a, now, BefehlWiedervorlageErledigen, id, true)
}

// ReopenReminder takes a Wiedervorlage up again. Open already is fehler.ErrConflict.
func (v *Vorgang) ReopenReminder(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	return v.setzeErledigt("ReopenReminder", a, now, BefehlWiedervorlageOeffnen, id, false)
}

func (v *Vorgang) setzeErledigt(op string, a tenant.Akteur, now time.Time, b Befehl, id uuid.UUID, erledigt bool) error {
	if err := v.check(op, a, now, b); err != nil {
		return err
	}
	w := v.s.wiedervorlage(id)
	switch {
	case w == nil:
		return v.fail(op, fehler.ErrNotFound, problem("wiedervorlage.unbekannt", "/wiedervorlage",
			"there is no such Wiedervorlage", "Diese Wiedervorlage gibt es nicht."))
	case w.Offen() != erledigt:
		return v.fail(op, fehler.ErrConflict, problem("wiedervorlage.stand", "/wiedervorlage",
			"the Wiedervorlage is in that state already", "Die Wiedervorlage ist schon erledigt oder wieder offen."))
	}
	if erledigt {
		return v.record(a, now, &WiedervorlageErledigt{Befehl: b, ID: id})
	}
	return v.record(a, now, &WiedervorlageGeoeffnet{Befehl: b, ID: id, Erledigt: w.Erledigt, ErledigtVon: w.ErledigtVon})
}

// The entries of a Wiedervorlage.
type (
	// WiedervorlageGesetzt adds one (wiedervorlage.gesetzt).
	WiedervorlageGesetzt struct {
		ID      uuid.UUID   `json:"id"`
		Betreff string      `json:"betreff"`
		Text    string      `json:"text,omitempty"`
		Faellig datum.Datum `json:"faellig"`
		Datei   uuid.UUID   `json:"datei,omitzero"`
		Fuer    string      `json:"fuer,omitempty"`
	}
	// WiedervorlageEntfernt is the inverse of WiedervorlageGesetzt (wiedervorlage.entfernt).
	WiedervorlageEntfernt struct {
		ID uuid.UUID `json:"id"`
	}
	// WiedervorlageErledigt: it is done (wiedervorlage.erledigt). Seit and Von, if
	// set, restore when and by whom instead of the entry's own.
	WiedervorlageErledigt struct {
		Befehl Befehl    `json:"befehl"`
		ID     uuid.UUID `json:"id"`
		Seit   time.Time `json:"seit,omitzero"`
		Von    string    `json:"von,omitempty"`
	}
	// WiedervorlageGeoeffnet: it is taken up again (wiedervorlage.geoeffnet); when and
	// by whom it was done before.
	WiedervorlageGeoeffnet struct {
		Befehl      Befehl    `json:"befehl"`
		ID          uuid.UUID `json:"id"`
		Erledigt    time.Time `json:"erledigt,omitzero"`
		ErledigtVon string    `json:"erledigtVon,omitempty"`
	}
)

func (*WiedervorlageGesetzt) code() Code   { return "wiedervorlage.gesetzt" }
func (*WiedervorlageEntfernt) code() Code  { return "wiedervorlage.entfernt" }
func (*WiedervorlageErledigt) code() Code  { return "wiedervorlage.erledigt" }
func (*WiedervorlageGeoeffnet) code() Code { return "wiedervorlage.geoeffnet" }

func (d *WiedervorlageGesetzt) apply(s *Stand, e *Ereignis) {
	s.Wiedervorlagen = append(s.Wiedervorlagen, Wiedervorlage{
		ID: d.ID, Betreff: d.Betreff, Text: d.Text, Faellig: d.Faellig, Datei: d.Datei, Fuer: d.Fuer, Von: akteurID(e), Zeit: e.Zeit,
	})
}

func (d *WiedervorlageEntfernt) apply(s *Stand, _ *Ereignis) {
	s.Wiedervorlagen = slices.DeleteFunc(s.Wiedervorlagen, func(w Wiedervorlage) bool { return w.ID == d.ID })
}

func (d *WiedervorlageErledigt) apply(s *Stand, e *Ereignis) {
	if w := s.wiedervorlage(d.ID); w != nil {
		w.Erledigt, w.ErledigtVon = e.Zeit, akteurID(e)
		if !d.Seit.IsZero() {
			w.Erledigt, w.ErledigtVon = d.Seit, d.Von
		}
	}
}

func (d *WiedervorlageGeoeffnet) apply(s *Stand, _ *Ereignis) {
	if w := s.wiedervorlage(d.ID); w != nil {
		w.Erledigt, w.ErledigtVon = time.Time{}, ""
	}
}

func (s *Stand) wiedervorlage(id uuid.UUID) *Wiedervorlage {
	for i := range s.Wiedervorlagen {
		if s.Wiedervorlagen[i].ID == id {
			return &s.Wiedervorlagen[i]
		}
	}
	return nil
}
