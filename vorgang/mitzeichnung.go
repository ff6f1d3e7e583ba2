package vorgang

import (
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// MitzeichnungZustand is how far a Mitzeichnung is.
type MitzeichnungZustand string

// The states of a Mitzeichnung.
const (
	MitzeichnungOffen       MitzeichnungZustand = "offen"
	MitzeichnungGezeichnet  MitzeichnungZustand = "gezeichnet"
	MitzeichnungAbgelehnt   MitzeichnungZustand = "abgelehnt"
	MitzeichnungAbgebrochen MitzeichnungZustand = "abgebrochen"
)

// MaxMitzeichnungen of one Vorgang.
const MaxMitzeichnungen = 200

// Mitzeichnung is the consent of another body to a Bescheid before its Freigabe. It
// holds for the text it was given to: a changed text needs it again.
type Mitzeichnung struct {
	ID       uuid.UUID `json:"id"`
	Bescheid uuid.UUID `json:"bescheid"`
	Stelle   Stelle    `json:"stelle"`
	// Rang is the order: who has a higher one signs after all with a lower one.
	Rang    int                 `json:"rang"`
	Bis     datum.Datum         `json:"bis,omitzero"`
	Zustand MitzeichnungZustand `json:"zustand"`
	// Von is the Akteur.ID of who signed or refused, Zeit when.
	Von       string    `json:"von,omitempty"`
	Zeit      time.Time `json:"zeit,omitzero"`
	Anmerkung string    `json:"anmerkung,omitempty"`
	// Pruefsumme of the text that was signed.
	Pruefsumme string `json:"pruefsumme,omitempty"`
}

func (m *Mitzeichnung) kennung() uuid.UUID { return m.ID }

// RequestMitzeichnung asks a body for its consent to a draft and gives the id. Until
// it signed, the Bescheid cannot be released.
func (v *Vorgang) RequestMitzeichnung(a tenant.Akteur, now time.Time, m Mitzeichnung) (uuid.UUID, error) {
	const op = "RequestMitzeichnung"
	if err := v.check(op, a, now, BefehlMitzeichnungAnfordern); err != nil {
		return uuid.Nil, err
	}
	b := v.s.bescheid(m.Bescheid)
	switch {
	case b == nil:
		return uuid.Nil, v.fail(op, fehler.ErrNotFound, problem("mitzeichnung.bescheid", "/bescheid", "there is no such Bescheid", "Diesen Bescheid gibt es nicht."))
	case b.Zustand != bescheid.Entwurf && b.Zustand != bescheid.ZurFreigabe:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("mitzeichnung.zu-spaet", "/bescheid", "is released already", "Der Bescheid ist schon freigegeben."))
	case m.Stelle == Stelle{}:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("mitzeichnung.stelle", "/stelle", "nobody is named", "Bitte angeben, wer mitzeichnen soll."))
	case m.Rang < 0:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("mitzeichnung.rang", "/rang", "is negative", "Bitte eine Reihenfolge ab 0 angeben."))
	case len(v.s.Mitzeichnungen) >= MaxMitzeichnungen:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("mitzeichnung.zu-viele", "/mitzeichnungen", "too many", "Das sind zu viele Mitzeichnungen für einen Vorgang."))
	}
	x := &Mitzeichnung{ID: v.k.NewID(), Bescheid: m.Bescheid, Stelle: m.Stelle, Rang: m.Rang, Bis: m.Bis, Zustand: MitzeichnungOffen}
	if err := v.record(a, now, &MitzeichnungAngefordert{wechsel(BefehlMitzeichnungAnfordern, nil, x)}); err != nil {
		return uuid.Nil, err
	}
	if m.Bis.IsZero() {
		return x.ID, nil
	}
	return x.ID, v.orderWarnung(now, WarnungMitzeichnung, x.ID, m.Bis.AddTage(1))
}

// Cosign gives the consent to the text as it is now. Before its turn is
// fehler.ErrConflict.
func (v *Vorgang) Cosign(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	const op = "Cosign"
	war, err := v.mitzeichnung(op, a, now, BefehlMitzeichnen, id)
	if err != nil {
		return err
	}
	for _, m := range v.s.Mitzeichnungen {
		if m.Bescheid == war.Bescheid && m.Rang < war.Rang && m.Zustand != MitzeichnungGezeichnet && m.Zustand != MitzeichnungAbgebrochen {
			return v.fail(op, fehler.ErrConflict, problem("mitzeichnung.reihenfolge", "/mitzeichnungen/"+m.ID.String(),
				"another one comes first", "Vorher muss eine andere Stelle mitzeichnen."))
		}
	}
	b := v.s.bescheid(war.Bescheid)
	if b == nil {
		return v.fail(op, fehler.ErrNotFound, problem("mitzeichnung.bescheid", "/bescheid", "there is no such Bescheid", "Diesen Bescheid gibt es nicht."))
	}
	ist := kopie(war)
	ist.Zustand, ist.Von, ist.Zeit, ist.Anmerkung, ist.Pruefsumme = MitzeichnungGezeichnet, a.ID, v.zeitpunkt(now), "", b.Inhalt.Pruefsumme()
	return v.record(a, now, &Mitgezeichnet{wechsel(BefehlMitzeichnen, war, ist)})
}

// RefuseCosign refuses the consent. The reason is mandatory.
func (v *Vorgang) RefuseCosign(a tenant.Akteur, now time.Time, id uuid.UUID, grund string) error {
	const op = "RefuseCosign"
	war, err := v.mitzeichnung(op, a, now, BefehlMitzeichnungAblehnen, id)
	if err != nil {
		return err
	}
	if err := v.needText(op, "/grund", grund, "Bitte angeben, warum nicht mitgezeichnet wird."); err != nil {
		return err
	}
	ist := kopie(war)
	ist.Zustand, ist.Von, ist.Zeit, ist.Anmerkung = MitzeichnungAbgelehnt, a.ID, v.zeitpunkt(now), grund
	return v.record(a, now, &MitzeichnungVerweigert{wechsel(BefehlMitzeichnungAblehnen, war, ist)})
}

// CancelMitzeichnung no longer asks for the consent. The reason is mandatory.
func (v *Vorgang) CancelMitzeichnung(a tenant.Akteur, now time.Time, id uuid.UUID, grund string) error {
	const op = "CancelMitzeichnung"
	war, err := v.mitzeichnung(op, a, now, BefehlMitzeichnungAbbrechen, id)
	if err != nil {
		return err
	}
	if err := v.needText(op, "/grund", grund, "Bitte den Grund angeben, warum auf die Mitzeichnung verzichtet wird."); err != nil {
		return err
	}
	ist := kopie(war)
	ist.Zustand, ist.Anmerkung = MitzeichnungAbgebrochen, grund
	return v.record(a, now, &MitzeichnungBeendet{wechsel(BefehlMitzeichnungAbbrechen, war, ist)})
}

// mitzeichnung checks the command and gives a copy of one that was not broken off.
// What is signed or refused can be signed or refused anew: the text may have changed.
func (v *Vorgang) mitzeichnung(op string, a tenant.Akteur, now time.Time, b Befehl, id uuid.UUID) (*Mitzeichnung, error) {
	if err := v.check(op, a, now, b); err != nil {
		return nil, err
	}
	m := finde(v.s.Mitzeichnungen, id)
	if m == nil {
		return nil, v.fail(op, fehler.ErrNotFound, problem("mitzeichnung.unbekannt", "/mitzeichnungen", "there is no such Mitzeichnung", "Diese Mitzeichnung gibt es nicht."))
	}
	if m.Zustand == MitzeichnungAbgebrochen {
		return nil, v.fail(op, fehler.ErrConflict, problem("mitzeichnung.zustand", "/mitzeichnungen/"+id.String(), "is broken off", "Auf diese Mitzeichnung wurde verzichtet."))
	}
	if v.s.istGast(a) && m.Stelle.Mandant != a.Mandant {
		return nil, v.ohneRecht(op, "another body must sign", "Hier muss eine andere Stelle mitzeichnen.")
	}
	return kopie(m), nil
}

// ungezeichnet are the objections of the Mitzeichnungen against the release of a Bescheid.
func (v *Vorgang) ungezeichnet(b *bescheid.Bescheid) []fehler.Problem {
	var p []fehler.Problem
	for _, m := range v.s.Mitzeichnungen {
		pfad := "/mitzeichnungen/" + m.ID.String()
		switch {
		case m.Bescheid != b.ID || m.Zustand == MitzeichnungAbgebrochen:
		case m.Zustand == MitzeichnungOffen:
			p = append(p, problem("mitzeichnung.offen", pfad, "is open", "Eine Mitzeichnung fehlt noch."))
		case m.Zustand == MitzeichnungAbgelehnt:
			p = append(p, problem("mitzeichnung.abgelehnt", pfad, "was refused", "Eine Mitzeichnung wurde abgelehnt."))
		case m.Pruefsumme != b.Inhalt.Pruefsumme():
			p = append(p, problem("mitzeichnung.anderer-text", pfad, "was given to another text", "Der Text wurde nach einer Mitzeichnung geändert; sie muss wiederholt werden."))
		}
	}
	return p
}

// The entries of a Mitzeichnung.
type (
	// MitzeichnungAngefordert: a body is asked (mitzeichnung.angefordert).
	MitzeichnungAngefordert struct{ Wechsel[Mitzeichnung] }
	// Mitgezeichnet: it consents (mitzeichnung.gezeichnet).
	Mitgezeichnet struct{ Wechsel[Mitzeichnung] }
	// MitzeichnungVerweigert: it refuses (mitzeichnung.abgelehnt).
	MitzeichnungVerweigert struct{ Wechsel[Mitzeichnung] }
	// MitzeichnungBeendet: it is not asked any more (mitzeichnung.abgebrochen).
	MitzeichnungBeendet struct{ Wechsel[Mitzeichnung] }
)

func (*MitzeichnungAngefordert) code() Code { return "mitzeichnung.angefordert" }
func (*Mitgezeichnet) code() Code           { return "mitzeichnung.gezeichnet" }
func (*MitzeichnungVerweigert) code() Code  { return "mitzeichnung.abgelehnt" }
func (*MitzeichnungBeendet) code() Code     { return "mitzeichnung.abgebrochen" }

func (s *Stand) setzeMitzeichnung(w Wechsel[Mitzeichnung]) {
	s.Mitzeichnungen = wechsle(s.Mitzeichnungen, w)
}

func (d *MitzeichnungAngefordert) apply(s *Stand, _ *Ereignis) { s.setzeMitzeichnung(d.Wechsel) }
func (d *Mitgezeichnet) apply(s *Stand, _ *Ereignis)           { s.setzeMitzeichnung(d.Wechsel) }
func (d *MitzeichnungVerweigert) apply(s *Stand, _ *Ereignis)  { s.setzeMitzeichnung(d.Wechsel) }
func (d *MitzeichnungBeendet) apply(s *Stand, _ *Ereignis)     { s.setzeMitzeichnung(d.Wechsel) }

func mitzeichnungName(w Wechsel[Mitzeichnung]) string { return "mitzeichnung/" + w.wer().ID.String() }

func (d *MitzeichnungAngefordert) gegenstand() string { return mitzeichnungName(d.Wechsel) }
func (d *Mitgezeichnet) gegenstand() string           { return mitzeichnungName(d.Wechsel) }
func (d *MitzeichnungVerweigert) gegenstand() string  { return mitzeichnungName(d.Wechsel) }
func (d *MitzeichnungBeendet) gegenstand() string     { return mitzeichnungName(d.Wechsel) }

func (d *MitzeichnungAngefordert) umkehren() (Befehl, daten) {
	return d.Befehl, &MitzeichnungAngefordert{d.zurueck()}
}
func (d *Mitgezeichnet) umkehren() (Befehl, daten) { return d.Befehl, &Mitgezeichnet{d.zurueck()} }
func (d *MitzeichnungVerweigert) umkehren() (Befehl, daten) {
	return d.Befehl, &MitzeichnungVerweigert{d.zurueck()}
}
func (d *MitzeichnungBeendet) umkehren() (Befehl, daten) {
	return d.Befehl, &MitzeichnungBeendet{d.zurueck()}
}
