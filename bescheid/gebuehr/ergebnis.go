package gebuehr

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Beleg is a rule that was used, as the trace shows it.
type Beleg = frist.Beleg

// Position is one line of the result.
type Position struct {
	// Tarif is the id of the rule: a tariff, or the rate of a tax.
	Tarif       string `json:"tarif"`
	Posten      string `json:"posten,omitempty"`
	Tarifstelle string `json:"tarifstelle,omitempty"`
	Norm        string `json:"norm"`
	Bezeichnung string `json:"bezeichnung"`
	Gruppe      Gruppe `json:"gruppe"`
	// Menge is the quantity in German: "3 Stück", "4 × 15 Minuten"; empty for one.
	Menge string `json:"menge,omitempty"`
	// Grundbetrag is the amount before the outcome and reductions are looked at.
	Grundbetrag Betrag `json:"grundbetrag"`
	// Betrag is what is charged.
	Betrag Betrag `json:"betrag"`
	// Minderungen are the ids of the reductions that were applied.
	Minderungen []string `json:"minderungen,omitempty"`
}

// Kandidat is one sum the law may mean.
type Kandidat struct {
	Summe Betrag `json:"summe"`
	// Haupt marks the one Ergebnis.Summe repeats.
	Haupt bool `json:"haupt,omitempty"`
	// Grund says in German why this sum is possible; empty for Haupt.
	Grund string `json:"grund,omitempty"`
}

// Ergebnis is the outcome of one calculation, with its reasons. It is a plain value:
// it serialises to JSON with stable order and back, and holds the input for
// [Tabelle.Nachrechnen].
type Ergebnis struct {
	// Summe is all that is charged: the sum of Positionen.
	Summe        Betrag     `json:"summe"`
	Gebuehren    Betrag     `json:"gebuehren"`
	Auslagen     Betrag     `json:"auslagen"`
	Umsatzsteuer Betrag     `json:"umsatzsteuer"`
	Positionen   []Position `json:"positionen"`
	// Kandidaten are all sums the law may mean, ascending, Summe among them.
	Kandidaten []Kandidat `json:"kandidaten"`
	// Stichtag is the day whose tariff was used.
	Stichtag datum.Datum `json:"stichtag"`
	// Konfidenz is the weakest mark of the rules behind Summe.
	Konfidenz Konfidenz `json:"konfidenz"`
	Belege    []Beleg   `json:"belege,omitempty"`
	// Schritte are German sentences a clerk can follow.
	Schritte []string `json:"schritte,omitempty"`
	// Gruende are sentences for the reasons of the decision (§ 39 VwVfG): how a range
	// was filled, why less than the full fee is charged.
	Gruende []string `json:"gruende,omitempty"`
	// Warnungen say what should be checked; none of them is an error.
	Warnungen []fehler.Problem `json:"warnungen,omitempty"`
	// Eingabe is the case that was calculated.
	Eingabe Fall `json:"eingabe"`
	// Tabelle is the Kennung of the table used.
	Tabelle string `json:"tabelle"`
}

// Eindeutig tells whether all readings give the same sum.
func (e Ergebnis) Eindeutig() bool { return len(e.Kandidaten) == 1 }

// Niedrigste is the lowest sum the law may mean.
func (e Ergebnis) Niedrigste() Betrag {
	if len(e.Kandidaten) == 0 {
		return 0
	}
	return e.Kandidaten[0].Summe
}

// Hoechste is the highest sum the law may mean.
func (e Ergebnis) Hoechste() Betrag {
	if len(e.Kandidaten) == 0 {
		return 0
	}
	return e.Kandidaten[len(e.Kandidaten)-1].Summe
}

// Abgleich compares a result with the same case under another table.
type Abgleich struct {
	Neu Ergebnis `json:"neu"`
	// Gleich: the sum and all positions agree.
	Gleich bool `json:"gleich"`
	// GleichesRecht: the same table was used.
	GleichesRecht bool `json:"gleiches_recht"`
	// Abweichungen say in German what differs.
	Abweichungen []string `json:"abweichungen,omitempty"`
}

// Nachrechnen repeats the case of a stored result under this table.
func (t *Tabelle) Nachrechnen(e Ergebnis) (Abgleich, error) {
	neu, err := t.Rechne(e.Eingabe)
	if err != nil {
		return Abgleich{}, err
	}
	a := Abgleich{Neu: neu, GleichesRecht: e.Tabelle == neu.Tabelle}
	add := func(was, alt, jetzt string) {
		if alt != jetzt {
			a.Abweichungen = append(a.Abweichungen, was+": bisher "+alt+", jetzt "+jetzt+".")
		}
	}
	add("Summe", e.Summe.Deutsch(), neu.Summe.Deutsch())
	for i := range max(len(e.Positionen), len(neu.Positionen)) {
		add("Position "+zahl(i+1), positionText(e.Positionen, i), positionText(neu.Positionen, i))
	}
	if !slices.EqualFunc(e.Kandidaten, neu.Kandidaten, func(x, y Kandidat) bool { return x.Summe == y.Summe }) {
		add("Mögliche Beträge", summen(e.Kandidaten), summen(neu.Kandidaten))
	}
	a.Gleich = len(a.Abweichungen) == 0
	return a, nil
}

func positionText(p []Position, i int) string {
	if i >= len(p) {
		return "keine"
	}
	return p[i].Tarif + " mit " + p[i].Betrag.Deutsch()
}
