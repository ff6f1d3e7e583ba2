package zahlung

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Mahnplan says how an authority reminds by itself, and what happens when reminding did
// not help. It is data of the authority: none ships.
type Mahnplan struct {
	// Stufen are the stages, with their days, fees and texts.
	Stufen Mahntabelle `json:"stufen"`
	// Vollstreckung hands what is still open after the last stage to a person; nil leaves
	// it at the reminders.
	Vollstreckung *Vollstreckung `json:"vollstreckung,omitempty"`
	// Aufschub are the remedies that hold reminders up. Empty is none: a remedy against a
	// public charge or against costs has no suspensive effect (§ 80 (2) sentence 1 no. 1
	// VwGO). Where the law of the Land or the courts see it otherwise, a row says so.
	Aufschub []Aufschub `json:"aufschub,omitempty"`
}

// Vollstreckung says when and how a person is asked to request enforcement.
type Vollstreckung struct {
	// Tage after the day the last Mahnung set; the person is asked on the day after that.
	Tage int `json:"tage"`
	// Betreff and Text of the Wiedervorlage; the placeholders are those of [Mahnplan.Fuelle].
	Betreff string `json:"betreff"`
	Text    string `json:"text,omitempty"`
	// Fuer is the Akteur.ID whose list it is on; empty is whoever works on the Vorgang.
	Fuer string `json:"fuer,omitempty"`
}

// Aufschub is a row of the law that gives a remedy suspensive effect on a fee.
type Aufschub struct {
	// Rechtsbehelf it is about, such as "vwgo.widerspruch"; empty is each.
	Rechtsbehelf string         `json:"rechtsbehelf,omitempty"`
	Gueltig      datum.Zeitraum `json:"gueltig,omitzero"`
	// Quelle is the statute or decision it rests on; mandatory.
	Quelle string `json:"quelle"`
}

// Bounds of a Mahnplan.
const (
	maxStufen     = 100
	maxMahntext   = 4000
	maxBetreff    = 200
	maxMahntage   = 3650
	maxPlanBytes  = 1 << 20
	maxPlanWerte  = 10_000
	maxQuelle     = 500
	maxAufschuebe = 50
)

// platzhalter of a text, with what stands in their place.
var platzhalter = []string{"{betrag}", "{bis}", "{kassenzeichen}", "{gebuehr}", "{quelle}", "{vorgang}", "{link}"}

// LoadMahnplan reads a plan from JSON, strictly, and checks it; see [Mahnplan.Check].
func LoadMahnplan(b []byte) (Mahnplan, error) {
	var p Mahnplan
	if len(b) > maxPlanBytes || strictjson.Check(b, strictjson.Limits{Depth: 8, Values: maxPlanWerte}) != nil {
		return p, planFehler("", "not strict JSON", "Der Mahnplan ist kein gültiges JSON.")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Mahnplan{}, planFehler("", "not a plan of reminders", "Der Mahnplan hat unbekannte oder falsch geschriebene Angaben.")
	}
	if err := p.Check(); err != nil {
		return Mahnplan{}, err
	}
	return p, nil
}

func planFehler(pfad, meldung, hinweis string) error {
	return fehler.New("zahlung.Mahnplan", "", fehler.ErrInvalid, fehler.Probleme{problem("zahlung.mahnplan", pfad, meldung, hinweis)})
}

// Check tells what is wrong with a plan: no stage or a bad one (see [LoadMahntabelle]), a
// placeholder that is none, a text that is too long, days out of range, an Aufschub without
// source.
func (p Mahnplan) Check() error {
	switch {
	case len(p.Stufen) == 0 || len(p.Stufen) > maxStufen:
		return planFehler("/stufen", "no stage, or too many", "Der Mahnplan hat keine oder zu viele Mahnstufen.")
	case len(p.Aufschub) > maxAufschuebe:
		return planFehler("/aufschub", "too many rows", "Der Mahnplan nennt zu viele Rechtsbehelfe mit aufschiebender Wirkung.")
	}
	if err := p.Stufen.check("zahlung.Mahnplan", "/stufen"); err != nil {
		return err
	}
	for i, s := range p.Stufen {
		if err := pruefeText(fmt.Sprintf("/stufen/%d", i), s.Betreff, s.Text); err != nil {
			return err
		}
	}
	if v := p.Vollstreckung; v != nil {
		if v.Tage < 0 || v.Tage > maxMahntage || strings.TrimSpace(v.Betreff) == "" || len(v.Fuer) > maxBetreff {
			return planFehler("/vollstreckung", "no subject, or days out of range", "Für die Vollstreckung fehlt der Betreff, oder die Tage liegen außerhalb von 0 bis 3650.")
		}
		if err := pruefeText("/vollstreckung", v.Betreff, v.Text); err != nil {
			return err
		}
	}
	for i, a := range p.Aufschub {
		if strings.TrimSpace(a.Quelle) == "" || len(a.Quelle) > maxQuelle || len(a.Rechtsbehelf) > maxBetreff {
			return planFehler(fmt.Sprintf("/aufschub/%d", i), "no source", "Eine aufschiebende Wirkung nennt nicht, worauf sie beruht (quelle).")
		}
	}
	return nil
}

func pruefeText(pfad, betreff, text string) error {
	if len(betreff) > maxBetreff || len(text) > maxMahntext {
		return planFehler(pfad, "a text is too long", "Ein Text des Mahnplans ist zu lang (Betreff 200, Text 4.000 Bytes).")
	}
	rest := betreff + text
	for _, x := range platzhalter {
		rest = strings.ReplaceAll(rest, x, "")
	}
	if strings.ContainsAny(rest, "{}") {
		return planFehler(pfad, "an unknown placeholder", "Ein Text des Mahnplans hat einen unbekannten Platzhalter; erlaubt sind "+strings.Join(platzhalter, ", ")+".")
	}
	return nil
}

// Mahnangaben are what the texts of a plan name.
type Mahnangaben struct {
	// Betrag is what is to be paid, Bis the last day; Gebuehr of the reminder is in Betrag.
	Betrag        Betrag
	Bis           datum.Datum
	Kassenzeichen string
	Gebuehr       Betrag
	Quelle        string
	// Vorgang is its number.
	Vorgang string
	// Link to the page on which it is paid; empty if there is none.
	Link string
}

// Fuelle puts the Angaben into the place of the placeholders of a text: {betrag}, {bis},
// {kassenzeichen}, {gebuehr}, {quelle}, {vorgang}, {link}. Nothing else in the text means anything.
func Fuelle(text string, a Mahnangaben) string {
	return strings.NewReplacer(platzhalter[0], a.Betrag.Deutsch(), platzhalter[1], a.Bis.Deutsch(), platzhalter[2], a.Kassenzeichen,
		platzhalter[3], a.Gebuehr.Deutsch(), platzhalter[4], a.Quelle, platzhalter[5], a.Vorgang, platzhalter[6], a.Link).Replace(text)
}

// Schritt is what a plan does next about a Forderung.
type Schritt struct {
	// Stufe is the Mahnstufe to remind with; zero means that enforcement is due.
	Stufe Mahnstufe
	// Basis is the day the step counts from: the Faelligkeit, or the one the last Mahnung
	// set. Together with Nr it names the step; a new Stundung or Mahnung makes another.
	Basis datum.Datum
	// Nr is that of the Mahnung, from 1; 0 for enforcement.
	Nr int
	// Ab is the first day on which it may be taken.
	Ab datum.Datum
}

// Next gives the next step about the Forderung by the version in force on the day. Not ok:
// nothing is open or pursued, or the plan is at its end. Whether enforcement was asked for
// before is not known here.
func (p Mahnplan) Next(f Forderung, tag datum.Datum) (Schritt, bool) {
	s := f.Stand(tag)
	if s.Offen == 0 || s.Lage == Niedergeschlagen {
		return Schritt{}, false
	}
	basis := f.basis(s)
	if n, ok := p.Stufen.Next(f, tag); ok {
		return Schritt{Stufe: n.Stufe, Nr: n.Stufe.Stufe, Basis: basis, Ab: n.Ab}, true
	}
	if p.Vollstreckung == nil || s.Stufe == 0 { // without a Mahnung nothing can be enforced (§ 3 VwVG)
		return Schritt{}, false
	}
	return Schritt{Basis: basis, Ab: basis.AddTage(p.Vollstreckung.Tage + 1)}, true
}

// Hemmt tells whether an open remedy of the kind holds reminders up on the day.
func (p Mahnplan) Hemmt(rechtsbehelf string, tag datum.Datum) bool {
	return slices.ContainsFunc(p.Aufschub, func(a Aufschub) bool {
		return (a.Rechtsbehelf == "" || a.Rechtsbehelf == rechtsbehelf) && a.Gueltig.Enthaelt(tag)
	})
}
