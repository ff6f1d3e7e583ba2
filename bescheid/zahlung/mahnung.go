package zahlung

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Mahnstufe is one stage of reminding. Days and fees are law of the Land or a choice
// of the authority: data, never constants.
type Mahnstufe struct {
	// Stufe counts from 1.
	Stufe int `json:"stufe"`
	// Tage after the day of payment, for later stages after the day the Mahnung before
	// set; the Mahnung may go out on the day after that.
	Tage int `json:"tage"`
	// Zahlungsfrist is how many days the Mahnung gives.
	Zahlungsfrist int    `json:"zahlungsfrist"`
	Gebuehr       Betrag `json:"gebuehr"`
	// Gueltig is when the stage is in force, by the day of the Mahnung.
	Gueltig datum.Zeitraum `json:"gueltig,omitzero"`
	// Quelle is the statute or order the fee rests on; mandatory with a fee.
	Quelle string `json:"quelle,omitempty"`
	// Geprueft: someone has compared the row with its source.
	Geprueft bool `json:"geprueft,omitempty"`
	// Buchung are the accounting keys of the fee.
	Buchung map[string]string `json:"buchung,omitempty"`
	// Betreff and Text of the letter, with the placeholders of [Fuelle]; empty is a text of
	// the library.
	Betreff string `json:"betreff,omitempty"`
	Text    string `json:"text,omitempty"`
}

// Mahntabelle are the stages, several versions of one told apart by Gueltig.
type Mahntabelle []Mahnstufe

// Faelligkeit is a Mahnstufe with the first day it may go out.
type Faelligkeit struct {
	Stufe Mahnstufe
	Ab    datum.Datum
}

// LoadMahntabelle reads a JSON list of Mahnstufen, strictly. What is wrong is
// [fehler.Probleme]: unknown members, stages out of range, fees without source, two
// versions of one stage in force on one day.
func LoadMahntabelle(b []byte) (Mahntabelle, error) {
	invalid := func(pfad, meldung, hinweis string) error {
		return fehler.New("zahlung.LoadMahntabelle", "", fehler.ErrInvalid, fehler.Probleme{problem("zahlung.mahntabelle", pfad, meldung, hinweis)})
	}
	const kaputt = "Die Mahntabelle ist keine gültige JSON-Liste von Mahnstufen."
	if len(b) > 1<<20 || strictjson.Check(b, strictjson.Limits{Depth: 6, Values: 10_000}) != nil {
		return nil, invalid("", "not strict JSON", kaputt)
	}
	var t Mahntabelle
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return nil, invalid("", "not a list of stages", kaputt)
	}
	if err := t.check("zahlung.LoadMahntabelle", ""); err != nil {
		return nil, err
	}
	for i, s := range t {
		if err := pruefeText(fmt.Sprintf("/%d", i), s.Betreff, s.Text); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// check finds stages out of range, fees without source and two versions on one day.
func (t Mahntabelle) check(op, wurzel string) error {
	invalid := func(pfad, meldung, hinweis string) error {
		return fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme{problem("zahlung.mahntabelle", pfad, meldung, hinweis)})
	}
	for i, s := range t {
		pfad := fmt.Sprintf("%s/%d", wurzel, i)
		switch {
		case s.Stufe < 1 || s.Stufe > 9 || s.Tage < 0 || s.Tage > 3650 || s.Zahlungsfrist < 0 || s.Zahlungsfrist > 3650:
			return invalid(pfad, "stage or days out of range", "Stufe oder Tage der Mahnstufe liegen außerhalb der Grenzen (Stufe 1 bis 9, 0 bis 3650 Tage).")
		case s.Gebuehr < 0 || s.Gebuehr > MaxBetrag || (s.Gebuehr > 0 && s.Quelle == ""):
			return invalid(pfad, "fee out of range or without source", "Die Mahngebühr ist negativ oder nennt nicht, worauf sie beruht (quelle).")
		}
		for _, u := range t[:i] {
			if u.Stufe == s.Stufe && schneiden(u.Gueltig, s.Gueltig) {
				return invalid(pfad, "two versions of one stage on one day", "Zwei Fassungen derselben Mahnstufe gelten am selben Tag.")
			}
		}
	}
	return nil
}

func schneiden(a, b datum.Zeitraum) bool {
	return (a.Von.IsZero() || b.Bis.IsZero() || !a.Von.Nach(b.Bis)) && (b.Von.IsZero() || a.Bis.IsZero() || !b.Von.Nach(a.Bis))
}

// Next gives the next stage for the Forderung in the version in force on the day, and
// the first day it may go out; that may lie ahead. Not ok: nothing is open, deferred or
// written off, or there is no further stage.
func (t Mahntabelle) Next(f Forderung, tag datum.Datum) (Faelligkeit, bool) {
	s := f.Stand(tag)
	if s.Offen == 0 || s.Lage == Niedergeschlagen {
		return Faelligkeit{}, false
	}
	von := f.basis(s)
	for _, m := range t {
		if m.Stufe == s.Stufe+1 && m.Gueltig.Enthaelt(tag) {
			return Faelligkeit{m, von.AddTage(m.Tage + 1)}, true
		}
	}
	return Faelligkeit{}, false
}

// basis is the day the next step counts from: the one the last Mahnung set, if there was one
// since the last Stundung, else the Faelligkeit.
func (f Forderung) basis(s Stand) datum.Datum {
	von := s.Faellig
	if s.Stufe > 0 {
		for _, b := range f.Bewegungen {
			if b.Art == Mahnung {
				von = b.Bis
			}
		}
	}
	return von
}
