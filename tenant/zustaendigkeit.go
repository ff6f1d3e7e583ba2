package tenant

import (
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Zustaendigkeit is one rule of competence: this Leistung in this area belongs
// to that Einheit of that Mandant.
type Zustaendigkeit struct {
	Leistung Leistungsschluessel `json:"leistung"`
	// Gebiet is an ARS prefix; empty means everywhere.
	Gebiet  ARS    `json:"gebiet,omitempty"`
	Mandant ID     `json:"mandant"`
	Einheit string `json:"einheit"`
	datum.Zeitraum
}

func (z Zustaendigkeit) String() string {
	return fmt.Sprintf("%s in %q -> %s/%s", z.Leistung, z.Gebiet, z.Mandant, z.Einheit)
}

// Zustaendigkeiten routes applications: longest area first, within validity.
// Safe for concurrent use after [NewZustaendigkeiten].
type Zustaendigkeiten struct {
	regeln map[Leistungsschluessel]map[ARS][]Zustaendigkeit
}

// NewZustaendigkeiten checks and indexes the rules. Two rules for the same
// Leistung and area that are valid on the same day are an error of kind
// [fehler.ErrInvalid] that lists all such pairs, and so are rules that lack
// something, name no area of the form of [ARS] or end before they begin.
func NewZustaendigkeiten(regeln []Zustaendigkeit) (*Zustaendigkeiten, error) {
	z := &Zustaendigkeiten{regeln: map[Leistungsschluessel]map[ARS][]Zustaendigkeit{}}
	var probleme fehler.Probleme
	for i, r := range regeln {
		pfad := fmt.Sprintf("/%d", i)
		if r.Leistung == "" || r.Mandant == "" || r.Einheit == "" {
			probleme = append(probleme, fehler.Problem{
				Code: "tenant.zustaendigkeit-unvollstaendig", Pfad: pfad, Meldung: "leistung, mandant and einheit are mandatory",
				Hinweis: "Jede Zuständigkeit braucht Leistung, Mandant und Organisationseinheit.",
			})
			continue
		}
		if r.Gebiet != "" && (!arsForm.MatchString(string(r.Gebiet)) || !arsLand(string(r.Gebiet))) {
			probleme = append(probleme, fehler.Problem{
				Code: "tenant.zustaendigkeit-gebiet", Pfad: pfad, Meldung: "gebiet is no ARS",
				Hinweis: "Das Gebiet einer Zuständigkeit muss ein Regionalschlüssel mit 2, 3, 5, 9 oder 12 Ziffern sein oder leer bleiben.",
			})
			continue
		}
		if !r.Von.IsZero() && !r.Bis.IsZero() && r.Bis.Vor(r.Von) {
			probleme = append(probleme, fehler.Problem{
				Code: "tenant.zustaendigkeit-zeitraum", Pfad: pfad, Meldung: "bis lies before von",
				Hinweis: "Eine Zuständigkeit endet, bevor sie beginnt.",
			})
			continue
		}
		g := z.regeln[r.Leistung]
		if g == nil {
			g = map[ARS][]Zustaendigkeit{}
			z.regeln[r.Leistung] = g
		}
		for _, o := range g[r.Gebiet] {
			if ueberlappt(o.Zeitraum, r.Zeitraum) {
				probleme = append(probleme, fehler.Problem{
					Code: "tenant.zustaendigkeit-ueberlappt", Pfad: pfad, Meldung: fmt.Sprintf("%v overlaps %v", r, o),
					Hinweis: "Zwei Zuständigkeiten gelten am selben Tag für dieselbe Leistung und dasselbe Gebiet.",
				})
			}
		}
		g[r.Gebiet] = append(g[r.Gebiet], r)
	}
	if len(probleme) > 0 {
		return nil, probleme
	}
	return z, nil
}

func ueberlappt(a, b datum.Zeitraum) bool {
	return (a.Bis.IsZero() || b.Von.IsZero() || !b.Von.Nach(a.Bis)) &&
		(b.Bis.IsZero() || a.Von.IsZero() || !a.Von.Nach(b.Bis))
}

// Ziel is the answer of [Zustaendigkeiten.Route].
type Ziel struct {
	Mandant ID
	Einheit string
	// Regel is the rule that decided; its String says why here.
	Regel Zustaendigkeit
}

// Route finds the rule with the longest area that contains the place and is
// valid on the day. Without one it returns Probleme with code
// "routing.leistung-unbekannt" or "routing.gebiet-unbekannt".
func (z *Zustaendigkeiten) Route(leistung Leistungsschluessel, ort ARS, tag datum.Datum) (Ziel, error) {
	g, ok := z.regeln[leistung]
	if !ok {
		return Ziel{}, fehler.Probleme{{
			Code: "routing.leistung-unbekannt", Pfad: string(leistung), Meldung: "no Mandant performs this Leistung",
			Hinweis: "Für diese Leistung ist keine Behörde eingetragen. Bitte die Zuständigkeit prüfen oder den Eingang von Hand zuordnen.",
		}}
	}
	for n := min(len(ort), arsLaenge); n >= 0; n-- {
		for _, r := range g[ort[:n]] {
			if r.Enthaelt(tag) {
				return Ziel{Mandant: r.Mandant, Einheit: r.Einheit, Regel: r}, nil
			}
		}
	}
	return Ziel{}, fehler.Probleme{{
		Code: "routing.gebiet-unbekannt", Pfad: string(ort), Meldung: fmt.Sprintf("no rule of Leistung %s covers this area on %s", leistung, tag),
		Hinweis: "Für diesen Ort ist bei dieser Leistung keine Behörde eingetragen. Bitte den Ort prüfen oder den Eingang von Hand zuordnen.",
	}}
}
