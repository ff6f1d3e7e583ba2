package vorgang

import (
	"slices"
	"strings"
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
}

func (f *Fiktion) clone() *Fiktion {
	f = kopie(f)
	if f != nil {
		f.Fall.Dauer, f.Fall.Verlaengerung = kopie(f.Fall.Dauer), kopie(f.Fall.Verlaengerung)
		f.Fall.Aussetzungen = slices.Clone(f.Fall.Aussetzungen)
		f.Regeln, f.Schritte, f.Bescheinigungen = slices.Clone(f.Regeln), slices.Clone(f.Schritte), slices.Clone(f.Bescheinigungen)
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

// IssueBescheinigung certifies the Fiktion in a letter to the applicant and gives what
// the certificate says, with remarks for the clerk.
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
	if err := v.record(a, now, &FiktionBescheinigt{Wechsel[Fiktion]{Befehl: BefehlFiktionBescheinigen, Von: war, Nach: ist}}); err != nil {
		return keine, err
	}
	_, err = v.send(a, now, messaging.Nachricht{
		ID: id, Art: messaging.Mitteilung, Betreff: "Bescheinigung über die Genehmigungsfiktion", Text: strings.Join(c.Saetze, "\n\n"),
	})
	return c, err
}

// The entries of a Fiktion.
type (
	// FiktionEingetreten: a permit counts as granted (fiktion.eingetreten).
	FiktionEingetreten struct{ Wechsel[Fiktion] }
	// FiktionBescheinigt: a letter certifies it (fiktion.bescheinigt).
	FiktionBescheinigt struct{ Wechsel[Fiktion] }
)

func (*FiktionEingetreten) code() Code { return "fiktion.eingetreten" }
func (*FiktionBescheinigt) code() Code { return "fiktion.bescheinigt" }

func (d *FiktionEingetreten) apply(s *Stand, _ *Ereignis) { s.Fiktion = d.Nach.clone() }
func (d *FiktionBescheinigt) apply(s *Stand, _ *Ereignis) { s.Fiktion = d.Nach.clone() }

func (*FiktionEingetreten) gegenstand() string { return "fiktion" }
func (*FiktionBescheinigt) gegenstand() string { return "fiktion" }

func (d *FiktionEingetreten) umkehren() (Befehl, daten) {
	return d.Befehl, &FiktionEingetreten{d.zurueck()}
}
func (d *FiktionBescheinigt) umkehren() (Befehl, daten) { return d.Befehl, nil }
