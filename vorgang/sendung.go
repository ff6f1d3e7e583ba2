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
		if s := &out[i]; s.Zustand == "" || q.Zustand.Folgt(s.Zustand) {
			s.Kanal, s.Zustand, s.Seit = q.Kanal, q.Zustand, q.Zeit
			if q.Referenz != "" {
				s.Referenz = q.Referenz
			}
		}
	}
	return out
}

// Sendung gives the last attempt. While one that was ordered has not been reported it is
// [messaging.Angelegt] and has no id; for what the citizen wrote it is the zero value.
func (n Schriftstueck) Sendung() Sendungsstand {
	if n.Richtung != messaging.Ausgang {
		return Sendungsstand{}
	}
	all := n.Sendungen()
	if len(all) <= n.Erneut {
		return Sendungsstand{Zustand: messaging.Angelegt, Seit: n.Zeit}
	}
	return all[len(all)-1]
}

// UnsichereSendungen are the letters somebody must settle or order anew, see [messaging.ErrUnsicher].
func (s Stand) UnsichereSendungen() (out []uuid.UUID) {
	for _, n := range s.Nachrichten {
		if n.Sendung().Zustand == messaging.Unsicher {
			out = append(out, n.Nachricht.ID)
		}
	}
	return out
}

// SettleSendung decides that an unsure Sendung counts as handed over: the clerk heard so,
// or nothing depends on it. The reason is mandatory. One that is not unsure is fehler.ErrConflict.
func (v *Vorgang) SettleSendung(a tenant.Akteur, now time.Time, nachricht uuid.UUID, grund string) error {
	const op = "SettleSendung"
	n, err := v.brief(op, a, now, BefehlSendungKlaeren, nachricht, grund, "Bitte angeben, warum die Nachricht als zugestellt gilt.")
	if err != nil {
		return err
	}
	s := n.Sendung()
	if s.Zustand != messaging.Unsicher {
		return v.fail(op, fehler.ErrConflict, problem("sendung.nicht-unsicher", "/nachrichten/"+nachricht.String(), "is not unsure",
			"Die Zustellung dieser Nachricht ist nicht unsicher."))
	}
	q := messaging.Quittung{Sendung: s.Sendung, Kanal: s.Kanal, Zustand: messaging.Uebergeben, Zeit: v.zeitpunkt(now)}
	return v.record(a, now, &SendungGeklaert{Befehl: BefehlSendungKlaeren, Nachricht: nachricht, Quittung: q, Grund: grund})
}

// Resend orders a letter anew, as a Sendung of its own, because the last one is unsure,
// failed or was taken back. The reason is mandatory. One that is on its way or arrived is
// fehler.ErrConflict. A Bescheid takes another way with [Vorgang.Redeliver].
func (v *Vorgang) Resend(a tenant.Akteur, now time.Time, nachricht uuid.UUID, grund string) error {
	const op = "Resend"
	n, err := v.brief(op, a, now, BefehlErneutSenden, nachricht, grund, "Bitte angeben, warum die Nachricht noch einmal gesendet wird.")
	if err != nil {
		return err
	}
	if n.Nachricht.Art == messaging.BescheidArt {
		return v.fail(op, fehler.ErrInvalid, problem("sendung.bescheid", "/nachrichten/"+nachricht.String(), "carries a Bescheid",
			"Ein Bescheid wird über „erneut zustellen“ noch einmal gesendet."))
	}
	s := n.Sendung()
	switch s.Zustand {
	case messaging.Unsicher, messaging.Fehlgeschlagen, messaging.Zurueckgerufen:
	default:
		return v.fail(op, fehler.ErrConflict, problem("sendung.unterwegs", "/nachrichten/"+nachricht.String(), "is on its way or arrived",
			"Die Nachricht ist unterwegs oder angekommen und wird nicht noch einmal gesendet."))
	}
	if err := v.record(a, now, &ErneutGesendet{Nachricht: nachricht, Sendung: s.Sendung, Grund: grund}); err != nil {
		return err
	}
	return v.order(now, NachrichtSenden, now, NachrichtDaten{Nachricht: nachricht})
}

// Recall orders that a letter nobody has read yet is taken back. The reason is mandatory.
// Whether it works the Kanal says: [Vorgang.RecordDelivery] with [messaging.Zurueckgerufen],
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
			"Die Nachricht liegt nicht ungelesen beim Empfänger. Stand: "+s.Zustand.Name()+"."))
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

// The entries of a Sendung beside [Zugestellt].
type (
	// SendungGeklaert: an unsure Sendung counts as handed over (nachricht.geklaert).
	// Aufgehoben takes that back.
	SendungGeklaert struct {
		Befehl     Befehl             `json:"befehl"`
		Nachricht  uuid.UUID          `json:"nachricht"`
		Quittung   messaging.Quittung `json:"quittung"`
		Grund      string             `json:"grund"`
		Aufgehoben bool               `json:"aufgehoben,omitempty"`
	}
	// ErneutGesendet orders a letter anew after the Sendung it names (nachricht.erneut).
	ErneutGesendet struct {
		Nachricht uuid.UUID `json:"nachricht"`
		Sendung   uuid.UUID `json:"sendung"`
		Grund     string    `json:"grund"`
	}
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

func (*SendungGeklaert) code() Code     { return "nachricht.geklaert" }
func (*ErneutGesendet) code() Code      { return "nachricht.erneut" }
func (*RueckrufAngeordnet) code() Code  { return "nachricht.rueckruf" }
func (*RueckrufGescheitert) code() Code { return "nachricht.rueckruf_gescheitert" }

func (d *SendungGeklaert) apply(s *Stand, _ *Ereignis) {
	n := s.nachricht(d.Nachricht)
	switch {
	case n == nil:
	case d.Aufgehoben:
		q := d.Quittung
		if i := slices.IndexFunc(n.Quittungen, func(x messaging.Quittung) bool {
			return x.Sendung == q.Sendung && x.Zustand == q.Zustand && x.Zeit.Equal(q.Zeit)
		}); i >= 0 {
			n.Quittungen = slices.Delete(n.Quittungen, i, i+1)
		}
	default:
		n.Quittungen = append(n.Quittungen, d.Quittung)
	}
}

func (d *ErneutGesendet) apply(s *Stand, _ *Ereignis) {
	if n := s.nachricht(d.Nachricht); n != nil {
		n.Erneut++
	}
}

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

// All of them, and what a Kanal reports, concern the way of one letter.
func (d *SendungGeklaert) gegenstand() string    { return "nachricht/" + d.Nachricht.String() }
func (d *ErneutGesendet) gegenstand() string     { return "nachricht/" + d.Nachricht.String() }
func (d *RueckrufAngeordnet) gegenstand() string { return "nachricht/" + d.Nachricht.String() }
func (d *Zugestellt) gegenstand() string         { return "nachricht/" + d.Nachricht.String() }

func (d *SendungGeklaert) umkehren() (Befehl, daten) {
	u := *d
	u.Befehl, u.Aufgehoben = BefehlZuruecknehmen, !d.Aufgehoben
	return d.Befehl, &u
}
func (*ErneutGesendet) umkehren() (Befehl, daten)     { return BefehlErneutSenden, nil }
func (*RueckrufAngeordnet) umkehren() (Befehl, daten) { return BefehlZurueckrufen, nil }
func (*Zugestellt) umkehren() (Befehl, daten)         { return BefehlMelden, nil }

// text says how the state of a Sendung reads in the journal.
func (d *Zugestellt) text() string {
	k := d.Quittung.Kanal
	switch d.Quittung.Zustand {
	case messaging.Unsicher:
		return "Zustellung der Nachricht über " + k + " unsicher: Sie kann angekommen sein und wird nicht von selbst noch einmal gesendet"
	case messaging.Fehlgeschlagen:
		return "Zustellung der Nachricht über " + k + " fehlgeschlagen"
	case messaging.Zurueckgerufen:
		return "Nachricht über " + k + " zurückgerufen"
	}
	return texte[d.code()] + " über " + k + ": " + d.Quittung.Zustand.Name()
}
