package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Sendungsstand is how far one attempt to bring a letter to its recipient got.
type Sendungsstand struct {
	Sendung  uuid.UUID         `json:"sendung"`
	Kanal    string            `json:"kanal"`
	Zustand  messaging.Zustand `json:"zustand"`
	Seit     time.Time         `json:"seit"`
	Referenz string            `json:"referenz,omitempty"`
}

// Rueckruf is the order to take a letter back.
type Rueckruf struct {
	Sendung    uuid.UUID `json:"sendung"`
	Angeordnet time.Time `json:"angeordnet"`
	// Gescheitert is when it turned out that it cannot be taken back; zero while it is not known.
	Gescheitert time.Time `json:"gescheitert,omitzero"`
}

// Sendungen gives the attempts in their order, each with its furthest state.
func (n Schriftstueck) Sendungen() (out []Sendungsstand) {
	for _, q := range n.Quittungen {
		i := slices.IndexFunc(out, func(s Sendungsstand) bool { return s.Sendung == q.Sendung })
		if i < 0 {
			out, i = append(out, Sendungsstand{Sendung: q.Sendung}), len(out)
		}
		if s := &out[i]; q.Zustand.Rang() > s.Zustand.Rang() {
			s.Kanal, s.Zustand, s.Seit = q.Kanal, q.Zustand, q.Zeit
			if q.Referenz != "" {
				s.Referenz = q.Referenz
			}
		}
	}
	return out
}

// Sendung gives the last attempt; the zero value if none has been reported, or it came from the citizen.
func (n Schriftstueck) Sendung() Sendungsstand {
	all := n.Sendungen()
	if n.Richtung != messaging.Ausgang || len(all) == 0 {
		return Sendungsstand{}
	}
	return all[len(all)-1]
}

// SendungDaten name a Sendung of a Nachricht.
type SendungDaten struct {
	Nachricht uuid.UUID `json:"nachricht"`
	Sendung   uuid.UUID `json:"sendung"`
	// Versuch counts how often the Kanal was asked before.
	Versuch int `json:"versuch,omitempty"`
}

// Recall orders that a letter nobody has read yet is taken back. The reason is mandatory.
// Whether it works the Kanal says: [Vorgang.RecordDelivery] with [messaging.Zurueckgeholt],
// which ends an open Rueckfrage of that letter, or [Vorgang.RecordRecallFailure]. A letter
// that is not on its way, was read, or is being taken back is fehler.ErrConflict; a
// Bescheid is fehler.ErrInvalid: it is taken back by another Bescheid.
func (v *Vorgang) Recall(a tenant.Akteur, now time.Time, nachricht uuid.UUID, grund string) error {
	const op = "Recall"
	n, err := v.brief(op, a, now, BefehlZurueckrufen, nachricht, grund, "Bitte angeben, warum die Nachricht zurückgerufen wird.")
	if err != nil {
		return err
	}
	pfad, s := "/nachrichten/"+nachricht.String(), n.Sendung()
	switch {
	case n.Nachricht.Art == messaging.BescheidArt:
		return v.fail(op, fehler.ErrInvalid, problem("rueckruf.bescheid", pfad, "carries a Bescheid",
			"Ein Bescheid wird nicht zurückgerufen, sondern zurückgenommen oder widerrufen."))
	case s.Zustand != messaging.Unsicher && s.Zustand != messaging.Uebergeben && s.Zustand != messaging.Bereitgestellt:
		return v.fail(op, fehler.ErrConflict, problem("rueckruf.nicht-unterwegs", pfad, "is "+string(s.Zustand),
			"Die Nachricht liegt nicht ungelesen beim Empfänger."))
	case n.Rueckruf.Sendung == s.Sendung && n.Rueckruf.Gescheitert.IsZero():
		return v.fail(op, fehler.ErrConflict, problem("rueckruf.laeuft", pfad, "is being taken back", "Der Rückruf läuft schon."))
	}
	if err := v.record(a, now, &RueckrufAngeordnet{Nachricht: nachricht, Sendung: s.Sendung, Grund: grund}); err != nil {
		return err
	}
	return v.order(now, NachrichtZurueckrufen, now, SendungDaten{Nachricht: nachricht, Sendung: s.Sendung})
}

// RecordRecallFailure reports why a letter cannot be taken back, in German. One that is
// not being taken back changes nothing.
func (v *Vorgang) RecordRecallFailure(a tenant.Akteur, now time.Time, d SendungDaten, grund string) error {
	const op = "RecordRecallFailure"
	if err := v.check(op, a, now, BefehlMelden); err != nil {
		return err
	}
	n := v.s.nachricht(d.Nachricht)
	if n == nil {
		return fehler.New("vorgang."+op, d.Nachricht.String(), fehler.ErrNotFound, nil)
	}
	if n.Rueckruf.Sendung != d.Sendung || !n.Rueckruf.Gescheitert.IsZero() {
		return nil
	}
	return v.record(a, now, &RueckrufGescheitert{Nachricht: d.Nachricht, Sendung: d.Sendung, Grund: grund})
}

// FollowSendung orders that the Kanal is asked at a time what became of a Sendung. It
// leaves no entry: only what the Kanal says is one.
func (v *Vorgang) FollowSendung(a tenant.Akteur, now time.Time, d SendungDaten, wann time.Time) error {
	if err := v.check("FollowSendung", a, now, BefehlMelden); err != nil {
		return err
	}
	if v.s.nachricht(d.Nachricht) == nil {
		return fehler.New("vorgang.FollowSendung", d.Nachricht.String(), fehler.ErrNotFound, nil)
	}
	return v.order(now, SendungAbfragen, wann, d)
}

// brief checks a command about a letter of the authority.
func (v *Vorgang) brief(op string, a tenant.Akteur, now time.Time, b Befehl, id uuid.UUID, grund, hinweis string) (*Schriftstueck, error) {
	if err := v.check(op, a, now, b); err != nil {
		return nil, err
	}
	if err := v.needText(op, "/grund", grund, hinweis); err != nil {
		return nil, err
	}
	n := v.s.nachricht(id)
	if n == nil || n.Richtung != messaging.Ausgang {
		return nil, v.fail(op, fehler.ErrNotFound, problem("sendung.unbekannt", "/nachrichten/"+id.String(), "there is no such letter",
			"Diese Nachricht der Behörde gibt es im Vorgang nicht."))
	}
	return n, nil
}

// The entries of a Rueckruf.
type (
	// RueckrufAngeordnet: it is to be taken back (nachricht.rueckruf).
	RueckrufAngeordnet struct {
		Nachricht uuid.UUID `json:"nachricht"`
		Sendung   uuid.UUID `json:"sendung"`
		Grund     string    `json:"grund"`
	}
	// RueckrufGescheitert: it cannot be taken back (nachricht.rueckruf_gescheitert).
	RueckrufGescheitert struct {
		Nachricht uuid.UUID `json:"nachricht"`
		Sendung   uuid.UUID `json:"sendung"`
		Grund     string    `json:"grund"`
	}
)

func (*RueckrufAngeordnet) code() Code  { return "nachricht.rueckruf" }
func (*RueckrufGescheitert) code() Code { return "nachricht.rueckruf_gescheitert" }

func (d *RueckrufAngeordnet) apply(s *Stand, e *Ereignis) {
	if n := s.nachricht(d.Nachricht); n != nil {
		n.Rueckruf = Rueckruf{Sendung: d.Sendung, Angeordnet: e.Zeit}
	}
}

func (d *RueckrufGescheitert) apply(s *Stand, e *Ereignis) {
	if n := s.nachricht(d.Nachricht); n != nil && n.Rueckruf.Sendung == d.Sendung {
		n.Rueckruf.Gescheitert = e.Zeit
	}
}

func (d *RueckrufAngeordnet) gegenstand() string      { return "nachricht/" + d.Nachricht.String() }
func (*RueckrufAngeordnet) umkehren() (Befehl, daten) { return BefehlZurueckrufen, nil }
