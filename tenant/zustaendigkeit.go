package tenant

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Zustaendigkeit is one rule of competence: this Leistung in this area belongs
// to that Einheit of that Mandant. The area is Gebiet or AGS, or everywhere when
// both are empty.
type Zustaendigkeit struct {
	Leistung Leistungsschluessel `json:"leistung"`
	// Gebiet is an ARS prefix of 2, 3, 5, 9 or 12 digits.
	Gebiet ARS `json:"gebiet,omitempty"`
	// AGS names a Gemeinde where its ARS is not known. It is as exact as an ARS of
	// 12 digits, and only a place given with 12 digits can lie in it.
	AGS     AGS    `json:"ags,omitempty"`
	Mandant ID     `json:"mandant"`
	Einheit string `json:"einheit"`
	// Rang orders several authorities for one area: 0 is the one that is
	// competent, 1 and above step in on days when nobody before them is valid.
	// At most [MaxRang].
	Rang int `json:"rang,omitempty"`
	datum.Zeitraum
}

// MaxRang is the last Rang a Zustaendigkeit may have.
const MaxRang = 99

// String names the rule in English and without its validity; a Vorgang keeps it as the reason it came here.
func (z Zustaendigkeit) String() string {
	ort := fmt.Sprintf("%q", string(z.Gebiet))
	if z.AGS != "" {
		ort = fmt.Sprintf("AGS %q", string(z.AGS))
	}
	s := fmt.Sprintf("%s in %s -> %s/%s", z.Leistung, ort, z.Mandant, z.Einheit)
	if z.Rang > 0 {
		s += fmt.Sprintf(" (rank %d)", z.Rang)
	}
	return s
}

// Zustaendigkeiten routes applications: longest area first, within it the lowest
// Rang, within validity. The order in which the rules were given does not matter.
// Safe for concurrent use after [NewZustaendigkeiten], because it does not change.
type Zustaendigkeiten struct {
	leistungen map[Leistungsschluessel]map[gebietskey]*gebiet
}

// gebietskey is an area: the digits of an ARS prefix, or an AGS.
type gebietskey struct {
	ziffern string
	ags     bool
}

func (z *Zustaendigkeit) key() gebietskey {
	if z.AGS != "" {
		return gebietskey{string(z.AGS), true}
	}
	return gebietskey{string(z.Gebiet), false}
}

// gebiet holds the rules of one Leistung in one area.
type gebiet struct{ reihen []reihe } // by Rang

// reihe holds the rules of one Rang; they do not overlap and are ordered by Von.
type reihe struct {
	rang   int
	regeln []Zustaendigkeit
}

// am finds the one rule valid on the day.
func (r *reihe) am(tag datum.Datum) *Zustaendigkeit {
	n, _ := slices.BinarySearchFunc(r.regeln, tag, func(z Zustaendigkeit, t datum.Datum) int {
		if z.Von.Nach(t) {
			return 1
		}
		return -1
	})
	if n > 0 && r.regeln[n-1].Enthaelt(tag) {
		return &r.regeln[n-1]
	}
	return nil
}

// NewZustaendigkeiten checks and indexes the rules. The error is of kind
// [fehler.ErrInvalid] and lists all problems in the order of the rules, each with
// the place of the rule as Pfad ("/3"): rules that lack something, name no area of
// the form of [ARS] or [AGS], name both, have a Rang out of range or end before
// they begin; and every two rules of one Leistung, area and Rang that are valid on
// the same day, both named, at the place of the later one. An ARS of 12 digits and
// the AGS of the same Gemeinde are one area here. Of overlapping pairs the first
// thousand are listed.
func NewZustaendigkeiten(regeln []Zustaendigkeit) (*Zustaendigkeiten, error) {
	p := fehler.Probleme(nil)
	type schluessel struct {
		l Leistungsschluessel
		g gebietskey
		r int
	}
	plaetze := map[schluessel][]int{}
	for i := range regeln {
		r := &regeln[i]
		q := r.pruefe(fmt.Sprintf("/%d", i))
		if p = append(p, q...); len(q) == 0 {
			s := schluessel{r.Leistung, r.key(), r.Rang}
			plaetze[s] = append(plaetze[s], i)
		}
	}
	var paare [][2]int
	treffer := func(i, j int) bool {
		if len(paare) == maxPaare {
			return false
		}
		paare = append(paare, [2]int{max(i, j), min(i, j)})
		return true
	}
	z := &Zustaendigkeiten{leistungen: map[Leistungsschluessel]map[gebietskey]*gebiet{}}
	// By the first rule of each, so that the same input has the same list of overlaps.
	for _, s := range slices.SortedFunc(maps.Keys(plaetze), func(a, b schluessel) int {
		return cmp.Compare(plaetze[a][0], plaetze[b][0])
	}) {
		liste := slices.Clone(plaetze[s]) // its first place orders the rest
		slices.SortFunc(liste, func(i, j int) int {
			return cmp.Or(regeln[i].Von.Compare(regeln[j].Von), cmp.Compare(i, j))
		})
		ueberlappend(regeln, liste, nil, treffer)
		if a, ok := ARS(s.g.ziffern).AGS(); ok && !s.g.ags {
			ueberlappend(regeln, liste, plaetze[schluessel{s.l, gebietskey{a, true}, s.r}], treffer)
		}
		m := z.leistungen[s.l]
		if m == nil {
			m = map[gebietskey]*gebiet{}
			z.leistungen[s.l] = m
		}
		g := m[s.g]
		if g == nil {
			g = &gebiet{}
			m[s.g] = g
		}
		reihe := reihe{rang: s.r, regeln: make([]Zustaendigkeit, len(liste))}
		for n, i := range liste {
			reihe.regeln[n] = regeln[i]
		}
		g.reihen = append(g.reihen, reihe)
	}
	for _, m := range z.leistungen {
		for _, g := range m {
			slices.SortFunc(g.reihen, func(a, b reihe) int { return cmp.Compare(a.rang, b.rang) })
		}
	}
	if p = append(p, ueberlappungen(regeln, paare)...); len(p) > 0 {
		slices.SortStableFunc(p, func(a, b fehler.Problem) int {
			return cmp.Or(cmp.Compare(len(a.Pfad), len(b.Pfad)), cmp.Compare(a.Pfad, b.Pfad))
		})
		return nil, p
	}
	return z, nil
}

// maxPaare bounds the list of overlaps: n equal rules make n² of them.
const maxPaare = 1000

// ueberlappend calls f for each pair that is valid on the same day, until it says
// false: pairs within a if b is nil, otherwise pairs of one of a and one of b. The
// work is that of sorting and of the pairs themselves.
func ueberlappend(regeln []Zustaendigkeit, a, b []int, f func(i, j int) bool) {
	byVon := func(l []int) []int {
		l = slices.Clone(l)
		slices.SortFunc(l, func(i, j int) int { return cmp.Or(regeln[i].Von.Compare(regeln[j].Von), cmp.Compare(i, j)) })
		return l
	}
	a = byVon(a)
	ab := func(i int, rest []int) bool {
		for _, j := range rest {
			if !regeln[i].Bis.IsZero() && regeln[j].Von.Nach(regeln[i].Bis) {
				return true
			}
			if !f(i, j) {
				return false
			}
		}
		return true
	}
	if b == nil {
		for n, i := range a {
			if !ab(i, a[n+1:]) {
				return
			}
		}
		return
	}
	// Each pair is found once, from the one that begins first; of two that begin
	// together, from a.
	b = byVon(b)
	for len(a) > 0 && len(b) > 0 {
		if !regeln[a[0]].Von.Nach(regeln[b[0]].Von) {
			if !ab(a[0], b) {
				return
			}
			a = a[1:]
		} else {
			if !ab(b[0], a) {
				return
			}
			b = b[1:]
		}
	}
}

func ueberlappungen(regeln []Zustaendigkeit, paare [][2]int) (p fehler.Probleme) {
	slices.SortFunc(paare, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for _, q := range paare {
		r, o := regeln[q[0]], regeln[q[1]]
		p = append(p, fehler.Problem{
			Code: "tenant.zustaendigkeit-ueberlappt", Pfad: fmt.Sprintf("/%d", q[0]), Meldung: fmt.Sprintf("%v overlaps %v at /%d", r, o, q[1]),
			Hinweis: fmt.Sprintf("Die Zuständigkeiten Nr. %d (%s/%s, %s) und Nr. %d (%s/%s, %s) gelten am selben Tag für dieselbe Leistung, dasselbe Gebiet und denselben Rang. Bitte eine Gültigkeit oder einen Rang ändern.",
				q[1]+1, o.Mandant, o.Einheit, gueltigkeit(o.Zeitraum), q[0]+1, r.Mandant, r.Einheit, gueltigkeit(r.Zeitraum)),
		})
	}
	return p
}

// pruefe gives what is wrong with one rule.
func (z *Zustaendigkeit) pruefe(pfad string) (p fehler.Probleme) {
	add := func(code, meldung, hinweis string) {
		p = append(p, fehler.Problem{Code: "tenant.zustaendigkeit-" + code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
	if z.Leistung == "" || z.Mandant == "" || z.Einheit == "" {
		add("unvollstaendig", "leistung, mandant and einheit are mandatory", "Jede Zuständigkeit braucht Leistung, Mandant und Organisationseinheit.")
	}
	if z.Gebiet != "" && (!arsForm.MatchString(string(z.Gebiet)) || !arsLand(string(z.Gebiet))) {
		add("gebiet", "gebiet is no ARS", "Das Gebiet einer Zuständigkeit muss ein Regionalschlüssel mit 2, 3, 5, 9 oder 12 Ziffern sein oder leer bleiben.")
	}
	if z.AGS != "" && !z.AGS.valid() {
		add("gebiet", "ags is no AGS", "Der Gemeindeschlüssel einer Zuständigkeit muss 8 Ziffern haben und mit einem Landesschlüssel von 01 bis 16 beginnen.")
	}
	if z.AGS != "" && z.Gebiet != "" {
		add("gebiet", "both gebiet and ags are given", "Eine Zuständigkeit nennt entweder ein Gebiet oder einen Gemeindeschlüssel, nicht beides.")
	}
	if z.Rang < 0 || z.Rang > MaxRang {
		add("rang", fmt.Sprintf("rang is not between 0 and %d", MaxRang), fmt.Sprintf("Der Rang einer Zuständigkeit liegt zwischen 0 und %d.", MaxRang))
	}
	if !z.Von.IsZero() && !z.Bis.IsZero() && z.Bis.Vor(z.Von) {
		add("zeitraum", "bis lies before von", "Eine Zuständigkeit endet, bevor sie beginnt.")
	}
	return p
}
