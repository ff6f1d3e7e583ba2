package tenant

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Ziel is the answer of [Zustaendigkeiten.Route].
type Ziel struct {
	Mandant ID
	Einheit string
	// Regel is the rule that decided; its String says why here.
	Regel Zustaendigkeit
}

func ziel(z *Zustaendigkeit) Ziel { return Ziel{Mandant: z.Mandant, Einheit: z.Einheit, Regel: *z} }

// arsLaengen are the lengths of areas, most exact first; 0 is everywhere.
var arsLaengen = [...]int{12, 9, 5, 3, 2, 0}

// stufe gives the rules of the areas of one length that contain the place: of 12
// digits there are two, the ARS and the AGS.
func stufe(m map[gebietskey]*gebiet, ort ARS, laenge int) [2]*gebiet {
	if len(ort) < laenge {
		return [2]*gebiet{}
	}
	out := [2]*gebiet{m[gebietskey{string(ort[:laenge]), false}]}
	if a, ok := ort[:laenge].AGS(); ok {
		out[1] = m[gebietskey{a, true}]
	}
	return out
}

// Route finds the rule that decides: of those valid on the day the one with the
// longest area that contains the place, and within that area the lowest Rang. A
// larger area never takes part while a smaller one has a valid rule, whatever the
// Rang. Without a rule it returns Probleme with code "routing.leistung-unbekannt"
// or "routing.gebiet-unbekannt". [Zustaendigkeiten.Explain] says why.
func (z *Zustaendigkeiten) Route(leistung Leistungsschluessel, ort ARS, tag datum.Datum) (Ziel, error) {
	m := z.leistungen[leistung]
	for _, n := range arsLaengen {
		var best *Zustaendigkeit
		for _, g := range stufe(m, ort, n) {
			if g == nil {
				continue
			}
			for i := range g.reihen {
				if best != nil && g.reihen[i].rang >= best.Rang {
					break
				}
				if r := g.reihen[i].am(tag); r != nil {
					best = r
					break
				}
			}
		}
		if best != nil {
			return ziel(best), nil
		}
	}
	return Ziel{}, ohneRegel(m != nil, leistung, ort, tag)
}

// Stellen gives all authorities of the area that decides, the competent one first,
// the others as they step in: what a clerk may choose from when the first refuses.
// The first is the answer of Route, and so are the errors.
func (z *Zustaendigkeiten) Stellen(leistung Leistungsschluessel, ort ARS, tag datum.Datum) ([]Ziel, error) {
	m := z.leistungen[leistung]
	for _, n := range arsLaengen {
		var out []Ziel
		for _, g := range stufe(m, ort, n) {
			if g == nil {
				continue
			}
			for i := range g.reihen {
				if r := g.reihen[i].am(tag); r != nil {
					out = append(out, ziel(r))
				}
			}
		}
		if len(out) > 0 {
			slices.SortFunc(out, func(a, b Ziel) int { return cmp.Compare(a.Regel.Rang, b.Regel.Rang) })
			return out, nil
		}
	}
	return nil, ohneRegel(m != nil, leistung, ort, tag)
}

func ohneRegel(bekannt bool, leistung Leistungsschluessel, ort ARS, tag datum.Datum) error {
	if !bekannt {
		return fehler.Probleme{{
			Code: "routing.leistung-unbekannt", Pfad: string(leistung), Meldung: "no Mandant performs this Leistung",
			Hinweis: "Für diese Leistung ist keine Behörde eingetragen. Bitte die Zuständigkeit prüfen oder den Eingang von Hand zuordnen.",
		}}
	}
	return fehler.Probleme{{
		Code: "routing.gebiet-unbekannt", Pfad: string(ort), Meldung: fmt.Sprintf("no rule of Leistung %s covers this area on %s", leistung, tag),
		Hinweis: "Für diesen Ort ist bei dieser Leistung keine Behörde eingetragen. Bitte den Ort prüfen oder den Eingang von Hand zuordnen.",
	}}
}
