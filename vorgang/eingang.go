package vorgang

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Params of a new Vorgang.
type Params struct {
	// ID; default a new one. Intake gives the id it reserved, so that the same
	// submission can never become two.
	ID           uuid.UUID
	Mandant      tenant.ID
	Nummer       string
	Aktenzeichen []string
	Leistung     tenant.Leistungsschluessel
	LeistungName string
	Einheit      string
	Ort          tenant.ARS
	// Eingang is the receipt; default now.
	Eingang time.Time
	Antrag  Antrag
	// Dateien as received; a zero Hinzugefuegt becomes now.
	Dateien []Datei
	// Zustaendigkeit is the rule that led here, in words.
	Zustaendigkeit string
	// Bestaetigung is the Eingangsbestaetigung; nil sends none. ID and Art are set.
	Bestaetigung *messaging.Nachricht
	// Pruefen orders a check by rules ([AntragPruefen]).
	Pruefen bool
	// Quittung is what the channel needs to acknowledge the submission; nil
	// acknowledges nothing (paper).
	Quittung json.RawMessage
}

// New opens a Vorgang in state Neu (T1). Mandant, Nummer, Leistung and Einheit are
// mandatory; the error then lists what is missing. It orders the acknowledgement
// to the sender first and the Eingangsbestaetigung second.
func New(a tenant.Akteur, now time.Time, p Params, k Kontext) (*Vorgang, error) {
	k.setDefaults()
	if p.ID == uuid.Nil {
		p.ID = k.NewID()
	}
	if p.Eingang.IsZero() {
		p.Eingang = now
	}
	v := &Vorgang{s: Stand{ID: p.ID, Mandant: p.Mandant, Einheit: p.Einheit}, k: k}
	if err := v.checkAkteur("New", a, now, regel(BefehlErstellen)); err != nil {
		return nil, err
	}
	var fehlt fehler.Probleme
	for _, f := range []struct{ pfad, wert string }{
		{"/mandant", string(p.Mandant)}, {"/nummer", p.Nummer}, {"/leistung", string(p.Leistung)}, {"/einheit", p.Einheit},
	} {
		if f.wert == "" {
			fehlt = append(fehlt, problem("vorgang.pflichtangabe", f.pfad, "is mandatory", "Eine Pflichtangabe fehlt: "+f.pfad[1:]+"."))
		}
	}
	if len(fehlt) > 0 {
		return nil, v.fail("New", fehler.ErrInvalid, fehlt...)
	}
	p.Dateien = slices.Clone(p.Dateien)
	for i := range p.Dateien {
		d := &p.Dateien[i]
		if d.Hinzugefuegt.IsZero() {
			d.Hinzugefuegt = now
		}
		d.Hinzugefuegt = mikro(d.Hinzugefuegt)
	}
	if len(p.Antrag.Daten) > 0 {
		if daten, err := json.Marshal(p.Antrag.Daten); err == nil {
			p.Antrag.Daten = daten // as the journal writes them; what is no JSON, record refuses
		}
	}
	err := v.record(a, now, &Eingegangen{
		ID: p.ID, Mandant: p.Mandant, Nummer: p.Nummer, Aktenzeichen: p.Aktenzeichen, Leistung: p.Leistung, LeistungName: p.LeistungName,
		Einheit: p.Einheit, Ort: p.Ort, Eingang: mikro(p.Eingang),
		Antrag: p.Antrag, Dateien: p.Dateien, Zustaendigkeit: p.Zustaendigkeit,
	})
	if err != nil {
		return nil, err
	}
	if p.Quittung != nil {
		d := QuittierenDaten{Kanal: p.Antrag.Kanal, Kennung: p.Antrag.Kennung, Beleg: p.Quittung}
		if err := v.order(now, EingangQuittieren, now, d); err != nil {
			return nil, err
		}
	}
	if p.Bestaetigung != nil {
		n := *p.Bestaetigung
		n.Art = messaging.Eingangsbestaetigung
		if _, err := v.send(a, now, n); err != nil {
			return nil, err
		}
	}
	if p.Pruefen {
		if err := v.order(now, AntragPruefen, now, struct{}{}); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// send writes a Nachricht into the journal and orders its delivery.
func (v *Vorgang) send(a tenant.Akteur, now time.Time, n messaging.Nachricht) (uuid.UUID, error) {
	return v.sendTo(a, now, n, Adressbezug{})
}

func (v *Vorgang) sendTo(a tenant.Akteur, now time.Time, n messaging.Nachricht, an Adressbezug) (uuid.UUID, error) {
	if n.ID == uuid.Nil {
		n.ID = v.k.NewID()
	}
	if err := v.record(a, now, &Geschrieben{Nachricht: n, An: an}); err != nil {
		return uuid.Nil, err
	}
	return n.ID, v.order(now, NachrichtSenden, now, NachrichtDaten{Nachricht: n.ID})
}

func (v *Vorgang) setStatus(a tenant.Akteur, now time.Time, b Befehl, nach Status, grund string) error {
	return v.record(a, now, &StatusGesetzt{Befehl: b, Von: v.s.Status, Nach: nach, Grund: grund, VonSeit: v.s.StatusSeit})
}

func (v *Vorgang) transition(op string, a tenant.Akteur, now time.Time, b Befehl) error {
	if err := v.check(op, a, now, b); err != nil {
		return err
	}
	return v.setStatus(a, now, b, regel(b).Nach, "")
}

// Accept takes the Vorgang in (T2).
func (v *Vorgang) Accept(a tenant.Akteur, now time.Time) error {
	return v.transition("Accept", a, now, BefehlAnnehmen)
}

// Discard sets aside what is no Antrag: spam, duplicate, test (T3). A refusal is
// a Bescheid, never this. The reason is mandatory.
func (v *Vorgang) Discard(a tenant.Akteur, now time.Time, grund string) error {
	if err := v.check("Discard", a, now, BefehlVerwerfen); err != nil {
		return err
	}
	if err := v.needText("Discard", "/grund", grund, "Bitte den Grund angeben, warum der Eingang verworfen wird."); err != nil {
		return err
	}
	return v.setStatus(a, now, BefehlVerwerfen, Verworfen, grund)
}

// RestoreDiscarded takes back a Discard (T4).
func (v *Vorgang) RestoreDiscarded(a tenant.Akteur, now time.Time) error {
	if err := v.transition("RestoreDiscarded", a, now, BefehlWiederherstellen); err != nil {
		return err
	}
	return v.orderWieder(now)
}

// MaxText is the limit of a note, question or reason in bytes.
const MaxText = 64 << 10

func (v *Vorgang) needText(op, pfad, text, hinweis string) error {
	if strings.TrimSpace(text) == "" {
		return v.fail(op, fehler.ErrInvalid, problem("vorgang.pflichtangabe", pfad, "is mandatory", hinweis))
	}
	return v.maxText(op, pfad, text)
}

// maxText checks a text that may be missing.
func (v *Vorgang) maxText(op, pfad, text string) error {
	if len(text) > MaxText {
		return v.fail(op, fehler.ErrInvalid, problem("vorgang.text-zu-lang", pfad, "is longer than 64 KiB", "Der Text ist zu lang (höchstens 64 KiB)."))
	}
	return nil
}
