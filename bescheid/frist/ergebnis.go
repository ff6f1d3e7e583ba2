package frist

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Lage says whether a date could be found.
type Lage string

// The outcomes.
const (
	// LageBestimmt: Datum is set.
	LageBestimmt Lage = "bestimmt"
	// LageOffen: something has not happened yet, such as the retrieval.
	LageOffen Lage = "offen"
	// LageKeine: it did not and will not happen; no period runs.
	LageKeine Lage = "keine"
)

// Kandidat is one date the law may mean.
type Kandidat struct {
	Datum datum.Datum `json:"datum"`
	// Roh is the day before any shift to a working day.
	Roh datum.Datum `json:"roh"`
	// Regel is the id of the rule that gives the date; empty if a fact does.
	Regel string `json:"regel,omitempty"`
	// Haupt marks the one Ergebnis.Datum repeats.
	Haupt bool `json:"haupt,omitempty"`
	// Grund says in German why this date is possible; empty for Haupt.
	Grund string `json:"grund,omitempty"`
}

// Beleg is a rule that was used, as the trace shows it.
type Beleg struct {
	ID        string      `json:"id"`
	Norm      string      `json:"norm"`
	Quelle    string      `json:"quelle"`
	Konfidenz Konfidenz   `json:"konfidenz"`
	Von       datum.Datum `json:"von,omitzero"`
	Bis       datum.Datum `json:"bis,omitzero"`
	// Warum says in German why this rule was chosen.
	Warum string `json:"warum"`
}

// Ergebnis is the outcome of one calculation, with its reasons. It is a plain
// value: it serialises to JSON with stable order and back, and holds the input
// for [Rechner.Nachrechnen].
type Ergebnis struct {
	Zweck Zweck `json:"zweck"`
	Lage  Lage  `json:"lage"`
	// Datum is the day: of the Bekanntgabe, or the last day of the period (24:00
	// Europe/Berlin). Zero unless Lage is LageBestimmt.
	Datum datum.Datum `json:"datum,omitzero"`
	// Kandidaten are all dates the law may mean, by date, Datum among them.
	Kandidaten []Kandidat `json:"kandidaten,omitempty"`
	// BereitstellungBis is the last day for retrieval, where one is needed.
	BereitstellungBis datum.Datum `json:"bereitstellung_bis,omitzero"`
	// NichtVor is set while no end is known because something still lasts (an open
	// Aussetzung, documents that are missing): the end cannot lie before it.
	NichtVor datum.Datum `json:"nicht_vor,omitzero"`
	// Ruhezeiten are the days that did not count, by date.
	Ruhezeiten []Ruhezeit `json:"ruhezeiten,omitempty"`
	// Konfidenz is the weakest mark of the rules behind Datum.
	Konfidenz Konfidenz `json:"konfidenz,omitempty"`
	Belege    []Beleg   `json:"belege,omitempty"`
	// Schritte are German sentences a clerk can follow.
	Schritte []string `json:"schritte,omitempty"`
	// Warnungen say what should be checked; none of them is an error.
	Warnungen []fehler.Problem `json:"warnungen,omitempty"`
	// Eingabe is the case that was calculated.
	Eingabe Eingabe `json:"eingabe"`
	// Regelwerk and Kalender are the Kennung of the law used.
	Regelwerk string `json:"regelwerk,omitempty"`
	Kalender  string `json:"kalender,omitempty"`
}

// Fruehestes is the earliest candidate: what an applicant must be warned of.
// Zero if there is no date.
func (e Ergebnis) Fruehestes() datum.Datum {
	if len(e.Kandidaten) == 0 {
		return datum.Datum{}
	}
	return e.Kandidaten[0].Datum
}

// Spaetestes is the latest candidate: what an authority must wait for. Zero if
// there is no date.
func (e Ergebnis) Spaetestes() datum.Datum {
	if len(e.Kandidaten) == 0 {
		return datum.Datum{}
	}
	return e.Kandidaten[len(e.Kandidaten)-1].Datum
}

// Eindeutig tells whether all readings give the same date.
func (e Ergebnis) Eindeutig() bool { return len(e.Kandidaten) == 1 }

// Danach is the first day after the latest candidate: the period is over on
// every reading. Zero if there is no date.
func (e Ergebnis) Danach() datum.Datum {
	if s := e.Spaetestes(); !s.IsZero() {
		return s.AddTage(1)
	}
	return datum.Datum{}
}

// Bestandskraft is the first day on which the act can be taken as final: the
// day after the latest candidate. Zero if the result is not the end of a
// Rechtsbehelf, or if no period runs.
func (e Ergebnis) Bestandskraft() datum.Datum {
	if e.Zweck != ZweckRechtsbehelf {
		return datum.Datum{}
	}
	return e.Danach()
}

// Eingabe holds the case behind a result; exactly one field is set.
type Eingabe struct {
	Bekanntgabe         *BekanntgabeFall         `json:"bekanntgabe,omitempty"`
	Rechtsbehelf        *RechtsbehelfFall        `json:"rechtsbehelf,omitempty"`
	Untaetigkeit        *UntaetigkeitFall        `json:"untaetigkeit,omitempty"`
	Wiedereinsetzung    *WiedereinsetzungFall    `json:"wiedereinsetzung,omitempty"`
	Genehmigungsfiktion *GenehmigungsfiktionFall `json:"genehmigungsfiktion,omitempty"`
	Behoerdenfrist      *BehoerdenfristFall      `json:"behoerdenfrist,omitempty"`
	Bearbeitungsfrist   *BearbeitungsfristFall   `json:"bearbeitungsfrist,omitempty"`
	Verlaengerung       *VerlaengerungFall       `json:"verlaengerung,omitempty"`
	Pflicht             *PflichtFall             `json:"pflicht,omitempty"`
	Aufbewahrung        *AufbewahrungFall        `json:"aufbewahrung,omitempty"`
}

// Abgleich compares a result with the same case under the law of a Rechner.
type Abgleich struct {
	Neu Ergebnis `json:"neu"`
	// Gleich: Lage, Datum, BereitstellungBis, NichtVor, the days that did not
	// count and all candidate dates agree.
	Gleich bool `json:"gleich"`
	// GleichesRecht: the same Regelwerk and Kalender were used.
	GleichesRecht bool `json:"gleiches_recht"`
	// Abweichungen say in German what differs.
	Abweichungen []string `json:"abweichungen,omitempty"`
}

// Nachrechnen repeats the case of a stored result under the law of r. A result
// without exactly one case is an error of kind [fehler.ErrInvalid].
func (r *Rechner) Nachrechnen(e Ergebnis) (Abgleich, error) {
	neu, err := r.Berechne(e.Eingabe)
	if err != nil {
		return Abgleich{}, err
	}
	a := Abgleich{Neu: neu, GleichesRecht: e.Regelwerk == neu.Regelwerk && e.Kalender == neu.Kalender}
	add := func(was, alt, jetzt string) {
		if alt != jetzt {
			a.Abweichungen = append(a.Abweichungen, was+": bisher "+oderKeine(alt)+", jetzt "+oderKeine(jetzt)+".")
		}
	}
	add("Lage", string(e.Lage), string(neu.Lage))
	add("Datum", e.Datum.Deutsch(), neu.Datum.Deutsch())
	add("Letzter Tag der Bereitstellung", e.BereitstellungBis.Deutsch(), neu.BereitstellungBis.Deutsch())
	add("Frühester Tag", e.NichtVor.Deutsch(), neu.NichtVor.Deutsch())
	add("Nicht gezählte Tage", ruhetage(e.Ruhezeiten), ruhetage(neu.Ruhezeiten))
	gleich := func(x, y Kandidat) bool { return x.Datum == y.Datum }
	if !slices.EqualFunc(e.Kandidaten, neu.Kandidaten, gleich) {
		add("Mögliche Tage", tage(e.Kandidaten), tage(neu.Kandidaten))
	}
	a.Gleich = len(a.Abweichungen) == 0
	return a, nil
}

// Berechne calculates whichever case is set; exactly one must be.
func (r *Rechner) Berechne(e Eingabe) (Ergebnis, error) {
	gesetzt := 0
	for _, da := range []bool{e.Bekanntgabe != nil, e.Rechtsbehelf != nil, e.Untaetigkeit != nil, e.Wiedereinsetzung != nil,
		e.Genehmigungsfiktion != nil, e.Behoerdenfrist != nil, e.Bearbeitungsfrist != nil, e.Verlaengerung != nil, e.Pflicht != nil, e.Aufbewahrung != nil} {
		if da {
			gesetzt++
		}
	}
	switch {
	case gesetzt != 1:
		return Ergebnis{}, ungueltig("frist.Berechne", problem("eingabe", "/eingabe", "exactly one case must be set", "Es muss genau ein Fall angegeben sein."))
	case e.Bekanntgabe != nil:
		return r.Bekanntgabe(*e.Bekanntgabe)
	case e.Rechtsbehelf != nil:
		return r.Rechtsbehelf(*e.Rechtsbehelf)
	case e.Untaetigkeit != nil:
		return r.Untaetigkeit(*e.Untaetigkeit)
	case e.Wiedereinsetzung != nil:
		return r.Wiedereinsetzung(*e.Wiedereinsetzung)
	case e.Genehmigungsfiktion != nil:
		return r.Genehmigungsfiktion(*e.Genehmigungsfiktion)
	case e.Behoerdenfrist != nil:
		return r.Behoerdenfrist(*e.Behoerdenfrist)
	case e.Bearbeitungsfrist != nil:
		return r.Bearbeitungsfrist(*e.Bearbeitungsfrist)
	case e.Verlaengerung != nil:
		return r.Verlaengerung(*e.Verlaengerung)
	case e.Pflicht != nil:
		return r.Pflicht(*e.Pflicht)
	}
	return r.Aufbewahrung(*e.Aufbewahrung)
}
