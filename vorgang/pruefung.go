package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Pruefung is what the last check of the Antrag by rules came to. The whole record, a
// [Pruefprotokoll], is in the entry of the journal.
type Pruefung struct {
	// Seq is that entry.
	Seq           int64        `json:"seq"`
	Zeit          time.Time    `json:"zeit"`
	Regelwerk     string       `json:"regelwerk"`
	Fassung       int          `json:"fassung"`
	RegelwerkHash string       `json:"regelwerkHash"`
	Stichtag      datum.Datum  `json:"stichtag"`
	Ausgang       Pruefausgang `json:"ausgang"`
	// Gruende why a person has to look, and what the draft of a Nachforderung asks for.
	Gruende         []Pruefgrund          `json:"gruende,omitempty"`
	Nachforderungen []Nachforderungspunkt `json:"nachforderungen,omitempty"`
}

func (p *Pruefung) clone() *Pruefung {
	p = kopie(p)
	if p != nil {
		p.Gruende, p.Nachforderungen = slices.Clone(p.Gruende), slices.Clone(p.Nachforderungen)
	}
	return p
}

// RecordPruefung puts the record of a check by rules into the journal; package pruefung
// makes it. It decides nothing. A record of another Leistung is fehler.ErrInvalid.
func (v *Vorgang) RecordPruefung(a tenant.Akteur, now time.Time, p Pruefprotokoll) error {
	const op = "RecordPruefung"
	if err := v.check(op, a, now, BefehlPruefen); err != nil {
		return err
	}
	switch p.Ausgang {
	case PruefungUnvollstaendig, PruefungVollstaendig, PruefungStandardfall, PruefungPerson:
	default:
		return v.fail(op, fehler.ErrInvalid, problem("pruefung.ausgang", "/ausgang", "unknown outcome", "Das Ergebnis der Prüfung ist unbekannt."))
	}
	if p.Leistung != v.s.Leistung || p.Regelwerk == "" || p.RegelwerkHash == "" {
		return v.fail(op, fehler.ErrInvalid, problem("pruefung.regelwerk", "/regelwerk", "names no rules for this Leistung", "Die Prüfung gehört nicht zu dieser Leistung."))
	}
	return v.record(a, now, &Geprueft{Protokoll: p.Clone()})
}

// DecideAutomatically issues a Bescheid without a person (§ 35a VwVfG and kin) and gives
// its id. It is for machines, grants only, and comes directly after the record of a
// check that found a standard case: whatever happened since, or a person who has the
// Vorgang, refuses it. Two persons stand behind it all the same: who wrote the rules
// and who released them. The letter says that it was made automatically.
func (v *Vorgang) DecideAutomatically(a tenant.Akteur, now time.Time, i bescheid.Inhalt) (uuid.UUID, error) {
	const op = "DecideAutomatically"
	if err := v.check(op, a, now, BefehlAutomatischEntscheiden); err != nil {
		return uuid.Nil, err
	}
	if p := v.gegenAutomatik(i); len(p) > 0 {
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, p...)
	}
	i = v.mitBezug(i)
	if err := v.pruefeText(op, &bescheid.Bescheid{Inhalt: i}); err != nil {
		return uuid.Nil, err
	}
	id := v.k.NewID()
	if err := v.record(a, now, &Entworfen{Bescheid: id, Inhalt: i, Augen: a.Augen()}); err != nil {
		return uuid.Nil, err
	}
	if err := v.record(a, now, &Freigegeben{Bescheid: id, Pruefsumme: i.Pruefsumme(), Automatisch: true}); err != nil {
		return uuid.Nil, err
	}
	if err := v.setStatus(a, now, BefehlAutomatischEntscheiden, Beschieden, ""); err != nil {
		return uuid.Nil, err
	}
	return id, v.orderAusfertigungen(now, id)
}

// gegenAutomatik are the objections against a decision without a person.
func (v *Vorgang) gegenAutomatik(i bescheid.Inhalt) []fehler.Problem {
	p := v.ruht()
	switch x := v.s.Pruefung; {
	case x == nil || x.Ausgang != PruefungStandardfall:
		p = append(p, problem("automatik.kein-standardfall", "/pruefung", "no check found a standard case", "Die Prüfung hat keinen Standardfall ergeben; eine Person muss entscheiden."))
	case x.Seq != v.s.Journal.Seq:
		p = append(p, problem("automatik.ueberholt", "/pruefung", "something happened since the check", "Seit der Prüfung ist etwas geschehen; sie muss wiederholt werden."))
	}
	if i.Art != bescheid.Bewilligung {
		p = append(p, problem("automatik.nur-bewilligung", "/art", "only what was asked for is granted without a person", "Ohne eine Person wird nur bewilligt, nicht abgelehnt oder belastet."))
	}
	if v.s.Zuweisung != nil {
		p = append(p, problem("automatik.person", "/zuweisung", "a person has the Vorgang", "Den Vorgang bearbeitet schon eine Person."))
	}
	if slices.ContainsFunc(v.s.Verknuepfungen, func(k Verknuepfung) bool { return k.Art == DubletteVon }) {
		p = append(p, problem("automatik.dublette", "/verknuepfungen", "may be a duplicate", "Der Antrag kann eine Dublette sein; das muss eine Person klären."))
	}
	if v.s.Ruecknahme != nil {
		p = append(p, problem("automatik.zurueckgezogen", "/ruecknahme", "the Antrag is withdrawn", "Der Antrag ist zurückgezogen."))
	}
	if v.s.WartetAufBuerger() {
		p = append(p, problem("abschluss.rueckfrage-offen", "/rueckfragen", "a Rueckfrage is open", "Eine Rückfrage ist noch offen."))
	}
	return p
}

// Geprueft: the Antrag was checked by rules (pruefung.durchgefuehrt).
type Geprueft struct {
	Protokoll Pruefprotokoll `json:"protokoll"`
}

func (*Geprueft) code() Code { return "pruefung.durchgefuehrt" }

func (d *Geprueft) apply(s *Stand, e *Ereignis) {
	p := d.Protokoll
	s.Pruefung = &Pruefung{
		Seq: e.Seq, Zeit: e.Zeit, Regelwerk: p.Regelwerk, Fassung: p.Fassung, RegelwerkHash: p.RegelwerkHash, Stichtag: p.Stichtag, Ausgang: p.Ausgang,
		Gruende: slices.Clone(p.Gruende), Nachforderungen: slices.Clone(p.Nachforderungen),
	}
}

func (*Geprueft) gegenstand() string        { return "pruefung" }
func (*Geprueft) umkehren() (Befehl, daten) { return BefehlPruefen, nil }
