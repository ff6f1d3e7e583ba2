package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Assign gives the Vorgang to a person for good; it leaves the stack.
func (v *Vorgang) Assign(a tenant.Akteur, now time.Time, bearbeiter, name string) error {
	if err := v.check("Assign", a, now, BefehlZuweisen); err != nil {
		return err
	}
	if err := v.needText("Assign", "/bearbeiter", bearbeiter, "Bitte angeben, wer den Vorgang bearbeiten soll."); err != nil {
		return err
	}
	return v.assign(a, now, BefehlZuweisen, &Zuweisung{Bearbeiter: bearbeiter, Name: name})
}

func (v *Vorgang) assign(a tenant.Akteur, now time.Time, b Befehl, z *Zuweisung) error {
	if z != nil {
		z.Seit = mikro(now)
	}
	return v.record(a, now, &Zugewiesen{Befehl: b, An: z, Vorher: kopie(v.s.Zuweisung)})
}

// Pull takes the Vorgang from the stack for the Akteur: it accepts it if nobody
// did, assigns it and begins the work (T2, T5). Storage calls it under a lease.
// A Vorgang assigned for good to somebody else is fehler.ErrConflict.
func (v *Vorgang) Pull(a tenant.Akteur, now time.Time) error {
	if err := v.check("Pull", a, now, BefehlZiehen); err != nil {
		return err
	}
	if z := v.s.Zuweisung; z != nil && !z.Gezogen && z.Bearbeiter != a.ID {
		return v.fail("Pull", fehler.ErrConflict, problem("vorgang.vergeben", "/zuweisung",
			"is assigned to somebody else", "Der Vorgang ist bereits jemand anderem zugewiesen."))
	}
	if v.s.Status == Neu {
		if err := v.setStatus(a, now, BefehlZiehen, Angenommen, ""); err != nil {
			return err
		}
	}
	if err := v.assign(a, now, BefehlZiehen, &Zuweisung{Bearbeiter: a.ID, Name: a.Name, Gezogen: true}); err != nil {
		return err
	}
	if v.s.Status == Angenommen {
		return v.setStatus(a, now, BefehlZiehen, InBearbeitung, "")
	}
	return nil
}

// PutBack lays the Vorgang back on the stack. Without an assignment it does nothing.
func (v *Vorgang) PutBack(a tenant.Akteur, now time.Time) error {
	if err := v.check("PutBack", a, now, BefehlZuruecklegen); err != nil {
		return err
	}
	if v.s.Zuweisung == nil {
		return nil
	}
	return v.assign(a, now, BefehlZuruecklegen, nil)
}

// Start begins the work (T5). Somebody must be assigned.
func (v *Vorgang) Start(a tenant.Akteur, now time.Time) error {
	if err := v.check("Start", a, now, BefehlBeginnen); err != nil {
		return err
	}
	if v.s.Zuweisung == nil {
		return v.fail("Start", fehler.ErrInvalid, problem("vorgang.niemand-zugewiesen", "/zuweisung",
			"nobody is assigned", "Bitte zuerst den Vorgang zuweisen oder ziehen."))
	}
	return v.setStatus(a, now, BefehlBeginnen, InBearbeitung, "")
}

// Note adds an internal note and gives its id. The citizen never sees it.
func (v *Vorgang) Note(a tenant.Akteur, now time.Time, text string) (uuid.UUID, error) {
	if err := v.check("Note", a, now, BefehlNotieren); err != nil {
		return uuid.Nil, err
	}
	if err := v.needText("Note", "/text", text, "Die Notiz ist leer."); err != nil {
		return uuid.Nil, err
	}
	id := v.k.NewID()
	return id, v.record(a, now, &Notiert{ID: id, Text: text})
}

// Write sends a Mitteilung to the citizen and gives its id.
func (v *Vorgang) Write(a tenant.Akteur, now time.Time, betreff, text string, anhaenge ...messaging.Anhang) (uuid.UUID, error) {
	if err := v.check("Write", a, now, BefehlSchreiben); err != nil {
		return uuid.Nil, err
	}
	if err := v.needText("Write", "/text", text, "Die Nachricht ist leer."); err != nil {
		return uuid.Nil, err
	}
	return v.send(a, now, messaging.Nachricht{
		Art: messaging.Mitteilung, Betreff: betreff, Text: text, Anhaenge: anhaenge, Antwort: messaging.AntwortMoeglich,
	})
}

// Frage is a question to the citizen.
type Frage struct {
	Betreff string
	Text    string
	// Bis is the last day of the reply deadline (a period set by the authority,
	// § 31 (2) VwVfG); zero means none. It must not lie before today.
	Bis datum.Datum
	// Erinnern is how many days before Bis the citizen is reminded, once; 0 does not
	// remind. It counts only with Bis, and if that day is still to come.
	Erinnern int
	// Aussetzen lets the Vorgang rest until the answer, or until the question is ended, so that the days
	// do not count for its Bearbeitungsfrist. If it rests already nothing changes.
	Aussetzen bool
}

// MaxErinnern is the largest Frage.Erinnern.
const MaxErinnern = 365

// Ask puts a Rueckfrage to the citizen and gives its id. Until the answer the
// Vorgang waits and is not on the stack. The day after the deadline a Wiedervorlage says that it has
// passed; the question stays open.
func (v *Vorgang) Ask(a tenant.Akteur, now time.Time, f Frage) (uuid.UUID, error) {
	if err := v.check("Ask", a, now, BefehlFragen); err != nil {
		return uuid.Nil, err
	}
	if err := v.needText("Ask", "/text", f.Text, "Die Rückfrage ist leer."); err != nil {
		return uuid.Nil, err
	}
	if !f.Bis.IsZero() && f.Bis.Vor(datum.Von(now)) {
		return uuid.Nil, v.fail("Ask", fehler.ErrInvalid, problem("rueckfrage.frist-vergangen", "/bis",
			"the deadline lies in the past", "Die Antwortfrist liegt in der Vergangenheit."))
	}
	if f.Erinnern < 0 || f.Erinnern > MaxErinnern {
		return uuid.Nil, v.fail("Ask", fehler.ErrInvalid, problem("rueckfrage.erinnern", "/erinnern",
			"not 0 to 365", "Die Erinnerung liegt zu weit vor dem Ende der Antwortfrist."))
	}
	n, err := v.send(a, now, messaging.Nachricht{
		Art: messaging.Rueckfrage, Betreff: f.Betreff, Text: f.Text, Antwort: messaging.AntwortErwartet, AntwortBis: f.Bis,
	})
	if err != nil {
		return uuid.Nil, err
	}
	d := &Gefragt{ID: v.k.NewID(), Nachricht: n, Bis: f.Bis}
	if tag := f.Bis.AddTage(-f.Erinnern); !f.Bis.IsZero() && f.Erinnern > 0 && tag.Nach(v.heute(now)) {
		d.Erinnern = tag
	}
	var ruht *Aussetzung
	if f.Aussetzen && v.s.Ausgesetzt() == nil {
		ruht = &Aussetzung{ID: v.k.NewID(), Von: v.heute(now), Grund: "Rückfrage: " + f.Betreff}
		d.Aussetzung = ruht.ID
	}
	if err := v.record(a, now, d); err != nil {
		return uuid.Nil, err
	}
	if ruht != nil {
		if err := v.record(a, now, &AussetzungBegonnen{wechsel(BefehlFragen, nil, ruht)}); err != nil {
			return uuid.Nil, err
		}
	}
	return d.ID, v.warneVorFrage(now, v.s.rueckfrage(d.ID))
}

// warneVorFrage orders the next day of a question: to remind, then after its deadline.
func (v *Vorgang) warneVorFrage(now time.Time, r *Rueckfrage) error {
	switch {
	case r.Bis.IsZero():
		return nil
	case !r.Erinnern.IsZero() && r.Erinnert == uuid.Nil:
		return v.orderWarnung(now, WarnungRueckfrage, r.ID, r.Erinnern)
	}
	return v.orderWarnung(now, WarnungRueckfrage, r.ID, r.Bis.AddTage(1))
}

// erreicheFrage does what the day of a question is for.
func (v *Vorgang) erreicheFrage(a tenant.Akteur, now time.Time, w Warnung) error {
	r := *v.s.rueckfrage(w.ID)
	betreff := v.s.nachricht(r.Nachricht).Nachricht.Betreff
	if w.Tag == r.Erinnern {
		n, err := v.send(a, now, messaging.Nachricht{
			Art: messaging.Rueckfrage, Betreff: "Erinnerung: " + betreff, Bezug: r.Nachricht, Antwort: messaging.AntwortErwartet, AntwortBis: r.Bis,
			Text: "wir haben Sie etwas gefragt und noch keine Antwort von Ihnen.\n\nBitte antworten Sie bis zum " + r.Bis.Deutsch() + ". Wenn Sie in den letzten Tagen geantwortet haben, müssen Sie nichts tun.",
		})
		if err != nil {
			return err
		}
		if err := v.record(a, now, &FrageErinnert{Rueckfrage: r.ID, Nachricht: n}); err != nil {
			return err
		}
		return v.warneVorFrage(now, v.s.rueckfrage(r.ID))
	}
	return v.record(a, now, &WiedervorlageGesetzt{
		ID: v.k.NewID(), Betreff: "Antwortfrist abgelaufen: " + betreff, Faellig: v.heute(now),
		Text: "Die Antwortfrist bis zum " + r.Bis.Deutsch() + " ist ohne Antwort abgelaufen. Bitte entscheiden, wie es weitergeht.",
	})
}

// beendeRuhe ends the Aussetzung that began with a question.
func (v *Vorgang) beendeRuhe(a tenant.Akteur, now time.Time, b Befehl, id uuid.UUID) error {
	r := v.s.rueckfrage(id)
	war := v.s.Ausgesetzt()
	if r == nil || war == nil || r.Aussetzung != war.ID {
		return nil
	}
	ist := kopie(war)
	ist.Bis = v.heute(now)
	return v.record(a, now, &AussetzungBeendet{wechsel(b, war, ist)})
}

// EndQuestion ends an open Rueckfrage without an answer: the deadline has passed,
// or the matter settled itself. The reason is mandatory. The Vorgang no longer
// waits; a late answer is still taken. One that is not open is fehler.ErrInvalid.
func (v *Vorgang) EndQuestion(a tenant.Akteur, now time.Time, id uuid.UUID, grund string) error {
	if err := v.check("EndQuestion", a, now, BefehlFrageErledigen); err != nil {
		return err
	}
	if err := v.needText("EndQuestion", "/grund", grund, "Bitte den Grund angeben, warum die Rückfrage erledigt ist."); err != nil {
		return err
	}
	r := v.s.rueckfrage(id)
	if r == nil {
		return fehler.New("vorgang.EndQuestion", id.String(), fehler.ErrNotFound, nil)
	}
	if !r.Beantwortet.IsZero() {
		return v.fail("EndQuestion", fehler.ErrInvalid, problem("rueckfrage.nicht-offen", "/rueckfragen/"+id.String(),
			"is not open", "Die Rückfrage ist schon beantwortet oder erledigt."))
	}
	if err := v.record(a, now, &FrageErledigt{Rueckfrage: id, Grund: grund}); err != nil {
		return err
	}
	return v.beendeRuhe(a, now, BefehlFrageErledigen, id)
}

// Erwiderung is an answer of the citizen.
type Erwiderung struct {
	// Nachricht of the authority that is answered.
	Bezug uuid.UUID
	Text  string
	// Dateien that came with it; one without ID gets a new one.
	Dateien []Datei
	// ID of the answer, for idempotency; default a new one.
	ID uuid.UUID
}

// Answer takes the citizen's answer. It closes the Rueckfrage whose Nachricht it
// refers to; a late answer is taken too, even when the Vorgang is closed: its
// lateness shows by its date, and nothing that was sent is lost. The same ID
// again changes nothing. An answer to nothing known is fehler.ErrNotFound, one
// without text and files fehler.ErrInvalid, one with the ID of a message of the
// authority or of another file fehler.ErrExists.
func (v *Vorgang) Answer(a tenant.Akteur, now time.Time, w Erwiderung) error {
	if err := v.check("Answer", a, now, BefehlAntworten); err != nil {
		return err
	}
	if w.ID == uuid.Nil {
		w.ID = v.k.NewID()
	}
	if n := v.s.nachricht(w.ID); n != nil {
		if n.Richtung == messaging.Eingang {
			return nil
		}
		return v.fail("Answer", fehler.ErrExists, problem("antwort.id", "/id",
			"the id belongs to a message of the authority", "Die Kennung der Antwort ist schon vergeben."))
	}
	bezug := v.s.nachricht(w.Bezug)
	if bezug == nil || bezug.Richtung != messaging.Ausgang || bezug.Nachricht.Antwort == messaging.AntwortNein {
		return v.fail("Answer", fehler.ErrNotFound, problem("antwort.bezug", "/bezug",
			"there is no message that can be answered", "Auf diese Nachricht kann nicht geantwortet werden."))
	}
	if len(w.Dateien) == 0 || len(w.Text) > MaxText {
		if err := v.needText("Answer", "/text", w.Text, "Die Antwort ist leer."); err != nil {
			return err
		}
	}
	d := &Geantwortet{
		Nachricht: messaging.Nachricht{ID: w.ID, Art: messaging.Antwort, Betreff: "Antwort: " + bezug.Nachricht.Betreff, Text: w.Text, Bezug: w.Bezug},
	}
	for _, f := range w.Dateien {
		if f.ID == uuid.Nil {
			f.ID = v.k.NewID()
		}
		if _, ok := v.s.Datei(f.ID); ok || slices.ContainsFunc(d.Dateien, func(o Datei) bool { return o.ID == f.ID }) {
			return v.fail("Answer", fehler.ErrExists, problem("antwort.datei", "/dateien/"+f.ID.String(),
				"the id belongs to another file", "Die Kennung einer Datei ist schon vergeben."))
		}
		f.Zweck, f.Hinzugefuegt = ZweckAntwort, mikro(now)
		d.Dateien = append(d.Dateien, f)
		d.Nachricht.Anhaenge = append(d.Nachricht.Anhaenge, f.Anhang)
	}
	for _, r := range v.s.Rueckfragen {
		if (r.Nachricht == w.Bezug || r.Erinnert == w.Bezug) && r.Beantwortet.IsZero() {
			d.Rueckfrage = r.ID
		}
	}
	if err := v.record(a, now, d); err != nil {
		return err
	}
	return v.beendeRuhe(a, now, BefehlAntworten, d.Rueckfrage)
}

// SettleDelivery says what became of a letter of which nobody knows whether it arrived
// (messaging.Unsicher): it did, or it is sent once more. The reason is mandatory. A letter of
// which that is not the question is fehler.ErrInvalid.
func (v *Vorgang) SettleDelivery(a tenant.Akteur, now time.Time, nachricht uuid.UUID, angekommen bool, grund string) error {
	const op = "SettleDelivery"
	if err := v.check(op, a, now, BefehlVersandKlaeren); err != nil {
		return err
	}
	if err := v.needText(op, "/grund", grund, "Bitte angeben, woher bekannt ist, ob die Nachricht angekommen ist."); err != nil {
		return err
	}
	n := v.s.nachricht(nachricht)
	if n == nil {
		return fehler.New("vorgang."+op, nachricht.String(), fehler.ErrNotFound, nil)
	}
	if n.Zustand() != messaging.Unsicher {
		return v.fail(op, fehler.ErrInvalid, problem("nachricht.nicht-unsicher", "/nachrichten/"+nachricht.String(), "its delivery is not in doubt", "Bei dieser Nachricht ist nicht unklar, ob sie angekommen ist."))
	}
	if err := v.record(a, now, &VersandGeklaert{Nachricht: nachricht, Angekommen: angekommen, Grund: grund}); err != nil {
		return err
	}
	if angekommen {
		return nil
	}
	return v.order(now, NachrichtSenden, now, NachrichtDaten{Nachricht: nachricht})
}
