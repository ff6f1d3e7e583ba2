package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Fiktion says that a permit counts as granted (§ 42a VwVfG and kin).
type Fiktion struct {
	// Fall are the facts; by them the certificate is worked out anew.
	Fall frist.GenehmigungsfiktionFall `json:"fall"`
	// Anordnung is the norm that orders the fiction, Gegenstand what counts as granted.
	Anordnung  string `json:"anordnung"`
	Gegenstand string `json:"gegenstand"`
	// Fristende is the last day of the period (the latest reading), ErteiltAb the day after.
	Fristende datum.Datum `json:"fristende"`
	ErteiltAb datum.Datum `json:"erteiltAb"`
	// Regeln used, and Schritte that explain it.
	Regeln   []string `json:"regeln,omitempty"`
	Schritte []string `json:"schritte,omitempty"`
	// Bescheinigungen are the letters that certify it.
	Bescheinigungen []uuid.UUID `json:"bescheinigungen,omitempty"`
	// Urkunden are what those letters certify. Those that were sent as text have none.
	Urkunden []Urkunde `json:"urkunden,omitempty"`
}

// Urkunde is a certificate of the Fiktion: its words as they were issued, from which the
// document is set, and the document.
type Urkunde struct {
	// ID is that of the letter it goes out with.
	ID       uuid.UUID `json:"id"`
	Adressat string    `json:"adressat"`
	// Saetze are its text, one paragraph each.
	Saetze []string `json:"saetze"`
	// Am is when it was issued, Zeichner the name under it; empty if no person issued it.
	Am       time.Time `json:"am"`
	Zeichner string    `json:"zeichner,omitempty"`
	// Datei of the Vorgang; zero while it is not made.
	Datei uuid.UUID `json:"datei,omitzero"`
}

func (f *Fiktion) clone() *Fiktion {
	f = kopie(f)
	if f != nil {
		f.Fall.Dauer, f.Fall.Verlaengerung = kopie(f.Fall.Dauer), kopie(f.Fall.Verlaengerung)
		f.Fall.Aussetzungen = slices.Clone(f.Fall.Aussetzungen)
		f.Regeln, f.Schritte, f.Bescheinigungen = slices.Clone(f.Regeln), slices.Clone(f.Schritte), slices.Clone(f.Bescheinigungen)
		f.Urkunden = slices.Clone(f.Urkunden)
		for i := range f.Urkunden {
			f.Urkunden[i].Saetze = slices.Clone(f.Urkunden[i].Saetze)
		}
	}
	return f
}

// Fiktionseintritt says what counts as granted and why.
type Fiktionseintritt struct {
	Fall       frist.GenehmigungsfiktionFall
	Anordnung  string
	Gegenstand string
}

// RecordFiktion states that the permit counts as granted. The period must be over on every
// reading, and no decision may have been made known before its end: fehler.ErrInvalid.
// A second time is fehler.ErrExists.
func (v *Vorgang) RecordFiktion(a tenant.Akteur, now time.Time, e Fiktionseintritt) error {
	const op = "RecordFiktion"
	if err := v.check(op, a, now, BefehlFiktionFeststellen); err != nil {
		return err
	}
	if err := v.needText(op, "/anordnung", e.Anordnung, "Bitte die Vorschrift angeben, die die Genehmigungsfiktion anordnet."); err != nil {
		return err
	}
	if err := v.needText(op, "/gegenstand", e.Gegenstand, "Bitte genau angeben, was als genehmigt gilt."); err != nil {
		return err
	}
	if v.s.Fiktion != nil {
		return v.fail(op, fehler.ErrExists, problem("fiktion.schon", "/fiktion", "is stated already", "Die Genehmigungsfiktion ist schon festgestellt."))
	}
	g, err := v.rechner().Genehmigungsfiktion(e.Fall)
	if err != nil {
		return fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrInvalid, err)
	}
	if g.Lage != frist.LageBestimmt || v.heute(now).Vor(g.Danach()) {
		return v.fail(op, fehler.ErrInvalid, problem("fiktion.frist", "/fall", "the period is not over", "Die Frist der Genehmigungsfiktion ist noch nicht abgelaufen oder hat noch nicht begonnen."))
	}
	if v.entschiedenBis(g.Spaetestes()) {
		return v.fail(op, fehler.ErrInvalid, problem("fiktion.entschieden", "/bescheide", "a decision was made known in time", "Über den Antrag ist vor dem Ende der Frist entschieden worden."))
	}
	f := &Fiktion{Fall: e.Fall, Anordnung: e.Anordnung, Gegenstand: e.Gegenstand, Fristende: g.Spaetestes(), ErteiltAb: g.Danach(), Schritte: slices.Clone(g.Schritte)}
	for _, b := range g.Belege {
		f.Regeln = append(f.Regeln, b.ID)
	}
	return v.record(a, now, &FiktionEingetreten{Wechsel[Fiktion]{Befehl: BefehlFiktionFeststellen, Nach: f.clone()}})
}

func (v *Vorgang) entschiedenBis(ende datum.Datum) bool {
	for i := range v.s.Bescheide {
		if k := v.s.Bescheide[i].Bekanntgabe; k != nil && !k.Tag.Nach(ende) {
			return true
		}
	}
	return false
}

// Bescheinigung asks for the certificate of § 42a (3) VwVfG.
type Bescheinigung struct {
	// Adressat it is made out to; default the applicant.
	Adressat string
	// Stelle that issues it.
	Stelle string
	// Verlangt is the day it was asked for.
	Verlangt datum.Datum
}

// IssueBescheinigung certifies the Fiktion and gives what the certificate says, with remarks
// for the clerk. Its words are fixed with it; the document is ordered, and goes out to the
// applicant when it is made ([Vorgang.RecordBescheinigung]).
func (v *Vorgang) IssueBescheinigung(a tenant.Akteur, now time.Time, w Bescheinigung) (frist.Fiktionsbescheinigung, error) {
	const op = "IssueBescheinigung"
	var keine frist.Fiktionsbescheinigung
	if err := v.check(op, a, now, BefehlFiktionBescheinigen); err != nil {
		return keine, err
	}
	war := v.s.Fiktion.clone()
	if war == nil {
		return keine, v.fail(op, fehler.ErrInvalid, problem("fiktion.keine", "/fiktion", "is not stated", "Eine Genehmigungsfiktion ist nicht festgestellt."))
	}
	if w.Adressat == "" {
		w.Adressat = v.s.Antrag.Antragsteller.Empfaenger.Name
	}
	e, err := v.rechner().Genehmigungsfiktion(war.Fall)
	if err != nil {
		return keine, fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrInvalid, err)
	}
	angaben := frist.FiktionAngaben{
		Adressat: w.Adressat, Gegenstand: war.Gegenstand, Anordnung: war.Anordnung, Stelle: w.Stelle,
		Verlangt: w.Verlangt, Ausgestellt: v.heute(now), Aktenzeichen: v.s.Nummer,
	}
	if b := v.s.letzterFreigegebener(); b != nil && b.Bekanntgabe != nil {
		angaben.Entschieden = b.Bekanntgabe.Tag
	}
	c, err := v.rechner().Fiktionsbescheinigung(e, angaben)
	if err != nil {
		return keine, fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrInvalid, err)
	}
	ist := war.clone()
	id := v.k.NewID()
	ist.Bescheinigungen = append(ist.Bescheinigungen, id)
	u := Urkunde{ID: id, Adressat: c.Adressat, Saetze: slices.Clone(c.Saetze), Am: mikro(now)}
	if a.Art == tenant.Person {
		u.Zeichner = a.Name
	}
	ist.Urkunden = append(ist.Urkunden, u)
	if err := v.record(a, now, &FiktionBescheinigt{Wechsel[Fiktion]{Befehl: BefehlFiktionBescheinigen, Von: war, Nach: ist}}); err != nil {
		return keine, err
	}
	return c, v.order(now, BescheinigungAusfertigen, now, NachrichtDaten{Nachricht: id})
}

// BetreffBescheinigung is the subject of the certificate and of the letter it goes out with.
const BetreffBescheinigung = "Bescheinigung über die Genehmigungsfiktion"

// RecordBescheinigung reports the document of a certificate, by the id of its letter, and
// sends it to the applicant. A second report changes nothing; a certificate that was not
// issued is fehler.ErrNotFound, a file the Vorgang has already fehler.ErrInvalid.
func (v *Vorgang) RecordBescheinigung(a tenant.Akteur, now time.Time, id uuid.UUID, d Datei) error {
	const op = "RecordBescheinigung"
	if err := v.check(op, a, now, BefehlMelden); err != nil {
		return err
	}
	u := v.s.Fiktion.urkunde(id)
	switch {
	case u == nil:
		return fehler.New("vorgang."+op, id.String(), fehler.ErrNotFound, nil)
	case u.Datei != uuid.Nil:
		return nil
	}
	if _, schon := v.s.Datei(d.ID); schon || d.ID == uuid.Nil {
		return v.fail(op, fehler.ErrInvalid, problem("fiktion.datei", "/datei", "has no id, or is a file of the Vorgang already", "Die Datei der Bescheinigung fehlt oder gehört schon zum Vorgang."))
	}
	d.Zweck, d.Hinzugefuegt = ZweckSchreiben, mikro(now)
	if err := v.record(a, now, &FiktionAusgefertigt{Urkunde: id, Datei: d}); err != nil {
		return err
	}
	_, err := v.send(a, now, messaging.Nachricht{
		ID: id, Art: messaging.Mitteilung, Betreff: BetreffBescheinigung, Anhaenge: []messaging.Anhang{d.Anhang},
		Text: "Sie haben eine Bescheinigung über die Genehmigungsfiktion verlangt. Sie finden sie im Anhang.\n\nIhre Vorgangsnummer ist " + v.s.Nummer + ".",
	})
	return err
}

func (f *Fiktion) urkunde(id uuid.UUID) *Urkunde {
	if f == nil {
		return nil
	}
	for i := range f.Urkunden {
		if f.Urkunden[i].ID == id {
			return &f.Urkunden[i]
		}
	}
	return nil
}

// The entries of a Fiktion.
type (
	// FiktionEingetreten: a permit counts as granted (fiktion.eingetreten).
	FiktionEingetreten struct{ Wechsel[Fiktion] }
	// FiktionBescheinigt: it is certified (fiktion.bescheinigt).
	FiktionBescheinigt struct{ Wechsel[Fiktion] }
	// FiktionAusgefertigt: the certificate is there as a document (fiktion.ausgefertigt).
	FiktionAusgefertigt struct {
		Urkunde uuid.UUID `json:"urkunde"`
		Datei   Datei     `json:"datei"`
	}
)

func (*FiktionEingetreten) code() Code { return "fiktion.eingetreten" }
func (*FiktionBescheinigt) code() Code { return "fiktion.bescheinigt" }

func (*FiktionAusgefertigt) code() Code { return "fiktion.ausgefertigt" }

func (d *FiktionEingetreten) apply(s *Stand, _ *Ereignis) { s.Fiktion = d.Nach.clone() }
func (d *FiktionBescheinigt) apply(s *Stand, _ *Ereignis) { s.Fiktion = d.Nach.clone() }

func (d *FiktionAusgefertigt) apply(s *Stand, _ *Ereignis) {
	if u := s.Fiktion.urkunde(d.Urkunde); u != nil {
		u.Datei = d.Datei.ID
	}
	s.Dateien = append(s.Dateien, d.Datei)
}

func (*FiktionEingetreten) gegenstand() string { return "fiktion" }
func (*FiktionBescheinigt) gegenstand() string { return "fiktion" }

func (d *FiktionEingetreten) umkehren() (Befehl, daten) {
	return d.Befehl, &FiktionEingetreten{d.zurueck()}
}
func (d *FiktionBescheinigt) umkehren() (Befehl, daten) { return d.Befehl, nil }
