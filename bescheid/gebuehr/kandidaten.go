package gebuehr

import (
	"cmp"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// kandidaten works out the other readings. The deciding one stands in e already.
func (r *rechner) kandidaten(e *Ergebnis, haupt [][]option) {
	gefunden := map[Betrag]string{}
	zaehler := 0
	versuche := func(wahl []option, tag datum.Datum, vorab string) {
		if zaehler++; zaehler > maxKandidaten {
			return
		}
		v := r.variante(wahl, tag, false)
		grund := vorab
		for _, o := range wahl {
			grund = verbinde(grund, o.grund)
		}
		if len(v.probleme) > 0 {
			r.warneEinmal(e, "kandidat-offen", v.probleme[0].Pfad, "another reading needs more facts", "Eine andere Lesart ist nicht berechnet, weil ihr Angaben fehlen: "+verbinde(grund, v.probleme[0].Hinweis))
			return
		}
		var s Betrag
		for _, p := range v.positionen {
			s += p.Betrag
		}
		if _, ok := gefunden[s]; !ok && s != e.Summe {
			gefunden[s] = grund
		}
	}
	kombiniere(haupt, func(wahl []option, abweichend bool) bool {
		if abweichend {
			versuche(wahl, r.tag, "")
		}
		return zaehler <= maxKandidaten
	})
	if !r.anderer.IsZero() && r.anderer != r.tag {
		vorab := "Maßgeblich könnte auch der " + r.anderer.Deutsch() + " sein."
		neben := &rechner{t: r.t, f: r.f, tag: r.anderer}
		if optionen := neben.optionen(r.anderer); len(neben.probleme) > 0 {
			r.warneEinmal(e, "kandidat-offen", neben.probleme[0].Pfad, "the other day has no tariff", "Für den anderen möglichen Stichtag ist kein Betrag berechnet: "+neben.probleme[0].Hinweis)
		} else {
			kombiniere(optionen, func(wahl []option, _ bool) bool {
				versuche(wahl, r.anderer, vorab)
				return zaehler <= maxKandidaten
			})
		}
	}
	if zaehler > maxKandidaten {
		r.warneEinmal(e, "kandidaten", "", "more readings than are worked out", "Es gibt mehr Lesarten, als berechnet werden; die Liste der möglichen Beträge ist nicht vollständig.")
	}
	e.Kandidaten = []Kandidat{{Summe: e.Summe, Haupt: true}}
	for s, g := range gefunden {
		e.Kandidaten = append(e.Kandidaten, Kandidat{Summe: s, Grund: g})
	}
	slices.SortFunc(e.Kandidaten, func(a, b Kandidat) int { return cmp.Compare(a.Summe, b.Summe) })
	if len(e.Kandidaten) > 1 {
		r.warneEinmal(e, "mehrdeutig", "", "the law may mean several sums", "Das Recht lässt mehrere Beträge zu: "+summen(e.Kandidaten)+".")
		e.Schritte = append(e.Schritte, "Nach anderer Lesart möglich: "+andere(e.Kandidaten)+".")
	}
}

func (r *rechner) warneEinmal(e *Ergebnis, code, pfad, meldung, hinweis string) {
	w := problem(code, pfad, meldung, hinweis)
	if !slices.Contains(e.Warnungen, w) {
		e.Warnungen = append(e.Warnungen, w)
	}
}

// kombiniere calls f with every choice of one reading per position, the deciding one
// first, until f says no.
func kombiniere(o [][]option, f func(wahl []option, abweichend bool) bool) {
	stelle := make([]int, len(o))
	for {
		wahl := make([]option, len(o))
		abweichend := false
		for i := range o {
			wahl[i] = o[i][stelle[i]]
			abweichend = abweichend || stelle[i] > 0
		}
		if !f(wahl, abweichend) {
			return
		}
		i := 0
		for ; i < len(o); i++ {
			if stelle[i]++; stelle[i] < len(o[i]) {
				break
			}
			stelle[i] = 0
		}
		if i == len(o) {
			return
		}
	}
}
