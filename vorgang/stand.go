package vorgang

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// StandSchema is the version of the JSON form of [Stand] this package writes.
const StandSchema = 1

// Stand is the state of a Vorgang as a value: what the journal gives when its
// entries are applied in order. Its JSON form is what storage keeps; times are
// UTC with microseconds.
type Stand struct {
	Schema  int       `json:"schema"`
	ID      uuid.UUID `json:"id"`
	Mandant tenant.ID `json:"mandant"`
	// Version counts the saves; storage keeps it beside the JSON.
	Version int64 `json:"-"`
	// Nummer is the Vorgangsnummer: given by the system, unique per Mandant, never changed.
	Nummer string `json:"nummer"`
	// Aktenzeichen by the Aktenplan of the authority; several are possible.
	Aktenzeichen []string  `json:"aktenzeichen,omitempty"`
	Status       Status    `json:"status"`
	StatusSeit   time.Time `json:"statusSeit"`

	Leistung     tenant.Leistungsschluessel `json:"leistung"`
	LeistungName string                     `json:"leistungName,omitempty"`
	// Einheit leads the case (Federfuehrung).
	Einheit string     `json:"einheit"`
	Ort     tenant.ARS `json:"ort,omitempty"`
	// Eingang is the receipt by the authority; periods run from it.
	Eingang time.Time `json:"eingang"`
	Antrag  Antrag    `json:"antrag"`

	Zuweisung        *Zuweisung          `json:"zuweisung,omitempty"`
	Rueckfragen      []Rueckfrage        `json:"rueckfragen,omitempty"`
	Nachrichten      []Schriftstueck     `json:"nachrichten,omitempty"`
	Notizen          []Notiz             `json:"notizen,omitempty"`
	Dateien          []Datei             `json:"dateien,omitempty"`
	Bescheide        []bescheid.Bescheid `json:"bescheide,omitempty"`
	Abschluss        *Abschluss          `json:"abschluss,omitempty"`
	Abgabe           *Abgabe             `json:"abgabe,omitempty"`
	EingangQuittiert time.Time           `json:"eingangQuittiert,omitzero"`
	// Beteiligungen of other Mandanten, also those that are over.
	Beteiligungen []Beteiligung `json:"beteiligungen,omitempty"`
	// Schlagworte by which clerks find it.
	Schlagworte []string `json:"schlagworte,omitempty"`
	// Ansprechpartner for the citizen; nil if nobody is named.
	Ansprechpartner *Ansprechpartner `json:"ansprechpartner,omitempty"`
	Verknuepfungen  []Verknuepfung   `json:"verknuepfungen,omitempty"`
	// Wiedervorlagen, also those that are done.
	Wiedervorlagen []Wiedervorlage `json:"wiedervorlagen,omitempty"`

	// Pruefung is the last check by rules; nil if there was none.
	Pruefung *Pruefung `json:"pruefung,omitempty"`
	// Zugang by a code; nil if none was issued.
	Zugang            *Zugang            `json:"zugang,omitempty"`
	Bearbeitungsfrist *Bearbeitungsfrist `json:"bearbeitungsfrist,omitempty"`
	// Aussetzungen in the order they began, also those that are over.
	Aussetzungen []Aussetzung `json:"aussetzungen,omitempty"`
	// Warnungen whose day has come.
	Warnungen       []Warnung       `json:"warnungen,omitempty"`
	Stellungnahmen  []Stellungnahme `json:"stellungnahmen,omitempty"`
	Mitzeichnungen  []Mitzeichnung  `json:"mitzeichnungen,omitempty"`
	Weiterleitungen []Weiterleitung `json:"weiterleitungen,omitempty"`
	// Ruecknahme is the citizen's wish to withdraw the Antrag; nil if there is none.
	Ruecknahme *Ruecknahme `json:"ruecknahme,omitempty"`
	// Rechtsbehelfe against Bescheide, also those that ended.
	Rechtsbehelfe []Rechtsbehelf `json:"rechtsbehelfe,omitempty"`
	// Fiktion says that a permit counts as granted; nil if it does not.
	Fiktion *Fiktion `json:"fiktion,omitempty"`
	// Gebuehren that were decided, also those that are paid or waived.
	Gebuehren []Gebuehr `json:"gebuehren,omitempty"`
	// Uebergaben to Fachverfahren, also those that ended.
	Uebergaben    []Uebergabe    `json:"uebergaben,omitempty"`
	LoeschSperren []LoeschSperre `json:"loeschSperren,omitempty"`
	Loeschantrag  *Loeschantrag  `json:"loeschantrag,omitempty"`
	// LoeschNachweis is what remains of a deleted Vorgang.
	LoeschNachweis *LoeschNachweis `json:"loeschNachweis,omitempty"`

	Journal Kopf `json:"journal"`
}

// Kopf is the end of the journal: the sequence number (from 1), the time and the
// hash of its last entry.
type Kopf struct {
	Seq  int64     `json:"seq"`
	Zeit time.Time `json:"zeit"`
	Hash []byte    `json:"hash"`
}

// Zuweisung says who works on the Vorgang.
type Zuweisung struct {
	Bearbeiter string    `json:"bearbeiter"` // Akteur.ID
	Name       string    `json:"name,omitempty"`
	Seit       time.Time `json:"seit"`
	// Gezogen: taken from the stack under a lease; it falls back when the lease ends.
	Gezogen bool `json:"gezogen,omitempty"`
}

// Rueckfrage is a question to the citizen with a reply deadline.
type Rueckfrage struct {
	ID        uuid.UUID   `json:"id"`
	Nachricht uuid.UUID   `json:"nachricht"`
	Bis       datum.Datum `json:"bis,omitzero"`
	// Erinnern is the day on which the citizen is reminded, Erinnert the letter that did;
	// Aussetzung is the one that ends with the question. Zero if there is none.
	Erinnern   datum.Datum `json:"erinnern,omitzero"`
	Erinnert   uuid.UUID   `json:"erinnert,omitzero"`
	Aussetzung uuid.UUID   `json:"aussetzung,omitzero"`
	// Antwort is the Nachricht that answered, zero if the question was ended without
	// one; Beantwortet is when.
	Antwort     uuid.UUID `json:"antwort,omitzero"`
	Beantwortet time.Time `json:"beantwortet,omitzero"`
}

// Schriftstueck is a Nachricht with its way.
type Schriftstueck struct {
	Nachricht messaging.Nachricht `json:"nachricht"`
	Richtung  messaging.Richtung  `json:"richtung"`
	Zeit      time.Time           `json:"zeit"`
	Von       string              `json:"von"` // Akteur.ID
	// An is who gets a letter of the authority; zero is the applicant. See [Stand.Empfaenger].
	An Adressbezug `json:"an,omitzero"`
	// Quittungen as they came in.
	Quittungen []messaging.Quittung `json:"quittungen,omitempty"`
	// Gruende why this Kanal was chosen.
	Gruende string `json:"gruende,omitempty"`
}

// Zustand is how far the letter got by the last Sendung of it; empty if it has not left yet, or
// came from the citizen.
func (n Schriftstueck) Zustand() (z messaging.Zustand) {
	if len(n.Quittungen) == 0 {
		return ""
	}
	letzte := n.Quittungen[len(n.Quittungen)-1].Sendung
	for _, q := range n.Quittungen {
		if q.Sendung == letzte && q.Zustand.Rang() > z.Rang() {
			z = q.Zustand
		}
	}
	return z
}

// Notiz is an internal note.
type Notiz struct {
	ID   uuid.UUID `json:"id"`
	Zeit time.Time `json:"zeit"`
	Von  string    `json:"von"`
	Text string    `json:"text"`
}

// Abschluss says when and why the Vorgang was closed (zdA-Verfügung).
type Abschluss struct {
	Grund Abschlussgrund `json:"grund"`
	Zeit  time.Time      `json:"zeit"`
}

// AbgabeZustand is how far the filing into the E-Akte got.
type AbgabeZustand string

// The states of filing. Nothing local may be deleted before Archiviert.
const (
	AbgabeGesendet  AbgabeZustand = "gesendet"
	AbgabeEmpfangen AbgabeZustand = "empfangen"
	AbgabeTeilweise AbgabeZustand = "teilweise"
	AbgabeAbgelehnt AbgabeZustand = "abgelehnt"
	Archiviert      AbgabeZustand = "archiviert"
)

// Abgabe is the filing of the closed Vorgang into the E-Akte.
type Abgabe struct {
	Zustand   AbgabeZustand `json:"zustand"`
	ProzessID uuid.UUID     `json:"prozessId"`
	Ziel      string        `json:"ziel"`
	Gesendet  time.Time     `json:"gesendet"`
	// Beantwortet is when the last answer came in.
	Beantwortet time.Time `json:"beantwortet,omitzero"`
	Meldungen   []string  `json:"meldungen,omitempty"`
}

func (s *Stand) nachricht(id uuid.UUID) *Schriftstueck {
	for i := range s.Nachrichten {
		if s.Nachrichten[i].Nachricht.ID == id {
			return &s.Nachrichten[i]
		}
	}
	return nil
}

func (s *Stand) bescheid(id uuid.UUID) *bescheid.Bescheid {
	for i := range s.Bescheide {
		if s.Bescheide[i].ID == id {
			return &s.Bescheide[i]
		}
	}
	return nil
}

// letzterFreigegebener is the last Bescheid that was released; drafts beside it
// do not count.
func (s *Stand) letzterFreigegebener() *bescheid.Bescheid {
	for i := len(s.Bescheide) - 1; i >= 0; i-- {
		if s.Bescheide[i].Pruefsumme != "" {
			return &s.Bescheide[i]
		}
	}
	return nil
}

func (s *Stand) rueckfrage(id uuid.UUID) *Rueckfrage {
	for i := range s.Rueckfragen {
		if s.Rueckfragen[i].ID == id {
			return &s.Rueckfragen[i]
		}
	}
	return nil
}

// Datei finds a file by id.
func (s Stand) Datei(id uuid.UUID) (Datei, bool) {
	for _, d := range s.Dateien {
		if d.ID == id {
			return d, true
		}
	}
	return Datei{}, false
}

// Bearbeiter is the Akteur.ID of who works on it; empty if nobody does.
func (s Stand) Bearbeiter() string {
	if s.Zuweisung == nil {
		return ""
	}
	return s.Zuweisung.Bearbeiter
}

// WartetAufBuerger tells whether an open Rueckfrage waits for an answer.
func (s Stand) WartetAufBuerger() bool {
	return slices.ContainsFunc(s.Rueckfragen, func(r Rueckfrage) bool { return r.Beantwortet.IsZero() })
}

// Wartend tells whether the Vorgang belongs on the stack: open, not assigned for
// good, not waiting for the citizen or for the answer to a Weiterleitung, and not
// suspended. A Vorgang taken under a lease stays
// "wartend"; the lease keeps others from it.
func (s Stand) Wartend() bool {
	return s.Status.unentschieden() && (s.Zuweisung == nil || s.Zuweisung.Gezogen) && !s.WartetAufBuerger() &&
		s.Ausgesetzt() == nil && s.OffeneWeiterleitung() == nil
}

// Frist is the earliest date somebody must look at: the reply deadline of an
// open Rueckfrage, else the end of the remedy period of the last Bescheid; or what
// comes before: an open Wiedervorlage, the day a fee is to be paid by, the last day of a Stellungnahme or Mitzeichnung
// that is waited for, or the Bearbeitungsfrist without Aussetzungen, which would only
// make it later.
func (s Stand) Frist() datum.Datum {
	var f datum.Datum
	frueher := func(d datum.Datum) {
		if !d.IsZero() && (f.IsZero() || d.Vor(f)) {
			f = d
		}
	}
	for _, r := range s.Rueckfragen {
		if r.Beantwortet.IsZero() {
			frueher(r.Bis)
		}
	}
	if f.IsZero() {
		if b := s.letzterFreigegebener(); b != nil && b.Bekanntgabe != nil && s.Status.Offen() {
			f = b.Bekanntgabe.FristEnde
		}
	}
	for _, w := range s.Wiedervorlagen {
		if w.Offen() {
			frueher(w.Faellig)
		}
	}
	faellig, _ := s.zuZahlen()
	for _, d := range faellig {
		frueher(d)
	}
	if !s.Status.unentschieden() {
		return f
	}
	for _, x := range s.Stellungnahmen {
		if x.Zustand.Offen() {
			frueher(x.Bis)
		}
	}
	for _, x := range s.Mitzeichnungen {
		if x.Zustand == MitzeichnungOffen {
			frueher(x.Bis)
		}
	}
	if s.Bearbeitungsfrist != nil {
		frueher(s.Bearbeitungsfrist.Ende)
	}
	return f
}

// clone copies everything a caller could change.
func (s Stand) clone() Stand {
	s.Aktenzeichen = slices.Clone(s.Aktenzeichen)
	s.Antrag = s.Antrag.clone()
	s.Zuweisung = kopie(s.Zuweisung)
	s.Rueckfragen = slices.Clone(s.Rueckfragen)
	s.Nachrichten = slices.Clone(s.Nachrichten)
	for i := range s.Nachrichten {
		n := &s.Nachrichten[i]
		n.Quittungen = slices.Clone(n.Quittungen)
		n.Nachricht.Anhaenge = slices.Clone(n.Nachricht.Anhaenge)
	}
	s.Notizen = slices.Clone(s.Notizen)
	s.Dateien = slices.Clone(s.Dateien)
	s.Bescheide = slices.Clone(s.Bescheide)
	for i := range s.Bescheide {
		s.Bescheide[i] = s.Bescheide[i].Clone()
	}
	s.Abschluss = kopie(s.Abschluss)
	if s.Abgabe != nil {
		s.Abgabe = kopie(s.Abgabe)
		s.Abgabe.Meldungen = slices.Clone(s.Abgabe.Meldungen)
	}
	s.Beteiligungen = slices.Clone(s.Beteiligungen)
	s.Wiedervorlagen = slices.Clone(s.Wiedervorlagen)
	s.Schlagworte = slices.Clone(s.Schlagworte)
	s.Ansprechpartner = kopie(s.Ansprechpartner)
	s.Verknuepfungen = slices.Clone(s.Verknuepfungen)
	s.Pruefung = s.Pruefung.clone()
	s.Zugang = s.Zugang.clone()
	s.Bearbeitungsfrist = s.Bearbeitungsfrist.clone()
	s.Aussetzungen = slices.Clone(s.Aussetzungen)
	s.Warnungen = slices.Clone(s.Warnungen)
	s.Stellungnahmen = slices.Clone(s.Stellungnahmen)
	for i := range s.Stellungnahmen {
		s.Stellungnahmen[i].Dateien = slices.Clone(s.Stellungnahmen[i].Dateien)
	}
	s.Mitzeichnungen = slices.Clone(s.Mitzeichnungen)
	s.Weiterleitungen = slices.Clone(s.Weiterleitungen)
	s.Ruecknahme = kopie(s.Ruecknahme)
	s.Rechtsbehelfe = slices.Clone(s.Rechtsbehelfe)
	for i := range s.Rechtsbehelfe {
		s.Rechtsbehelfe[i] = s.Rechtsbehelfe[i].clone()
	}
	s.Fiktion = s.Fiktion.clone()
	s.Gebuehren = slices.Clone(s.Gebuehren)
	for i := range s.Gebuehren {
		s.Gebuehren[i] = s.Gebuehren[i].clone()
	}
	s.Uebergaben = slices.Clone(s.Uebergaben)
	for i := range s.Uebergaben {
		s.Uebergaben[i] = s.Uebergaben[i].clone()
	}
	s.LoeschSperren = slices.Clone(s.LoeschSperren)
	s.Loeschantrag = s.Loeschantrag.clone()
	s.LoeschNachweis = kopie(s.LoeschNachweis)
	s.Journal.Hash = bytes.Clone(s.Journal.Hash)
	return s
}

func (a Antrag) clone() Antrag {
	a.Daten = bytes.Clone(a.Daten)
	a.Felder = cloneFelder(a.Felder)
	a.Antragsteller.Adressen = slices.Clone(a.Antragsteller.Adressen)
	a.Antragsteller.DigitalerBescheid = kopie(a.Antragsteller.DigitalerBescheid)
	return a
}

func cloneFelder(f []Feld) []Feld {
	f = slices.Clone(f)
	for i := range f {
		f[i].Felder = cloneFelder(f[i].Felder)
	}
	return f
}

func kopie[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}
