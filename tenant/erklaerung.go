package tenant

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Grund says why a rule did or did not decide.
type Grund string

// The reasons; the codes are stable.
const (
	GrundEntscheidet    Grund = "entscheidet"
	GrundNachrangig     Grund = "nachrangig"      // same area, an earlier Rang is valid
	GrundWeiteresGebiet Grund = "weiteres-gebiet" // valid, but a smaller area has a valid rule
	GrundNochNicht      Grund = "noch-nicht"      // begins after the day
	GrundNichtMehr      Grund = "nicht-mehr"      // ended before the day
	GrundOrtUngenau     Grund = "ort-ungenau"     // the area may lie in the place that was given
	GrundAnderesGebiet  Grund = "anderes-gebiet"
)

// Schritt is one rule that was considered.
type Schritt struct {
	Regel Zustaendigkeit `json:"regel"`
	Grund Grund          `json:"grund"`
	// Satz is the reason in German, for the clerk.
	Satz string `json:"satz"`
}

// Erklaerung says how the competence for one place and day came about.
type Erklaerung struct {
	Leistung Leistungsschluessel `json:"leistung"`
	Ort      ARS                 `json:"ort"`
	Tag      datum.Datum         `json:"tag"`
	// Schritte are the rules of the Leistung: first those whose area contains the
	// place, most exact area first, then by Rang and begin; then those whose area
	// the place is too inexact for; then those of other areas, nearest first.
	Schritte []Schritt `json:"schritte,omitempty"`
	// Ausgelassen is the number of rules beyond [MaxAndere] of other areas, of those
	// that begin later and of those that have ended.
	Ausgelassen int `json:"ausgelassen,omitempty"`
	// Entscheidet is the rule that Route gives; nil if it gives none.
	Entscheidet *Zustaendigkeit `json:"entscheidet,omitempty"`
	// Probleme of Route if no rule decides.
	Probleme fehler.Probleme `json:"probleme,omitempty"`
}

// MaxAndere is how many rules of other areas an Erklaerung lists, the nearest; and so of
// those for the place that begin later, the next ones, and that have ended, the last ones.
const MaxAndere = 20

// Explain says for every rule of the Leistung why it did or did not decide; the
// rule that decides is that of [Zustaendigkeiten.Route]. The answer depends on the
// rules alone, not on their order. It looks at all rules of the Leistung, and
// explains those it lists: for a screen, not for each delivery. No error: what Route refuses is in Probleme.
func (z *Zustaendigkeiten) Explain(leistung Leistungsschluessel, ort ARS, tag datum.Datum) Erklaerung {
	ort = ort[:min(len(ort), arsLaenge)]
	e := Erklaerung{Leistung: leistung, Ort: ort, Tag: tag}
	if w, err := z.Route(leistung, ort, tag); err == nil {
		e.Entscheidet = &w.Regel
	} else {
		e.Probleme = fehler.ProblemeIn(err)
	}
	viele := map[Grund]*naechste{GrundAnderesGebiet: {}, GrundNochNicht: {}, GrundNichtMehr: {}}
	order := func(a, b Schritt) int { return vergleiche(a, b, ort) }
	for _, g := range z.leistungen[leistung] {
		for _, r := range g.reihen {
			for _, regel := range r.regeln {
				s := Schritt{Regel: regel, Grund: e.grund(&regel)}
				if n := viele[s.Grund]; n != nil {
					n.add(s, order)
				} else {
					e.Schritte = append(e.Schritte, s)
				}
			}
		}
	}
	for _, n := range viele {
		e.Schritte = append(e.Schritte, n.schritte...)
		e.Ausgelassen += n.mehr
	}
	slices.SortFunc(e.Schritte, order)
	for i := range e.Schritte {
		e.Schritte[i].Satz = e.satz(&e.Schritte[i])
	}
	return e
}

// vergleiche is the order of Schritte.
func vergleiche(a, b Schritt, ort ARS) int {
	x, y := &a.Regel, &b.Regel
	if c := cmp.Or(cmp.Compare(a.Grund.gruppe(), b.Grund.gruppe()), -cmp.Compare(x.naehe(a.Grund, ort), y.naehe(b.Grund, ort))); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(x.key().ziffern, y.key().ziffern)*min(a.Grund.gruppe(), 1), // of one area, ARS and AGS go by Rang
		cmp.Compare(x.Rang, y.Rang), x.Von.Compare(y.Von), cmp.Compare(x.AGS, y.AGS))
}

// naechste keeps the [MaxAndere] nearest rules of one Grund, in order.
type naechste struct {
	schritte []Schritt
	mehr     int
}

func (n *naechste) add(s Schritt, order func(a, b Schritt) int) {
	cmpNear := order
	switch s.Grund {
	case GrundNochNicht:
		cmpNear = func(a, b Schritt) int { return cmp.Or(a.Regel.Von.Compare(b.Regel.Von), order(a, b)) }
	case GrundNichtMehr:
		cmpNear = func(a, b Schritt) int { return cmp.Or(b.Regel.Bis.Compare(a.Regel.Bis), order(a, b)) }
	}
	if len(n.schritte) == MaxAndere && cmpNear(s, n.schritte[MaxAndere-1]) >= 0 {
		n.mehr++
		return
	}
	at, _ := slices.BinarySearchFunc(n.schritte, s, cmpNear)
	if n.schritte = slices.Insert(n.schritte, at, s); len(n.schritte) > MaxAndere {
		n.schritte, n.mehr = n.schritte[:MaxAndere], n.mehr+1
	}
}

func (g Grund) gruppe() int {
	switch g {
	case GrundAnderesGebiet:
		return 2
	case GrundOrtUngenau:
		return 1
	}
	return 0
}

// genauigkeit is the length of the area in digits of the ARS; an AGS names a Gemeinde.
func (z *Zustaendigkeit) genauigkeit() int {
	if z.AGS != "" {
		return arsLaenge
	}
	return len(z.Gebiet)
}

// naehe orders rules: by how exact the area is, those of other areas by the digits
// they share with the place.
func (z *Zustaendigkeit) naehe(g Grund, ort ARS) int {
	if g != GrundAnderesGebiet {
		return z.genauigkeit()
	}
	n, k := 0, z.key().ziffern
	for n < len(k) && n < len(ort) && k[n] == ort[n] && (!z.key().ags || n < 5) {
		n++
	}
	return n
}

func (z *Zustaendigkeit) umfasst(ort ARS) bool {
	if z.AGS != "" {
		a, ok := ort.AGS()
		return ok && a == string(z.AGS)
	}
	return z.Gebiet.Umfasst(ort)
}

// liegtVielleichtIn tells whether the area of the rule may lie in the place.
func (z *Zustaendigkeit) liegtVielleichtIn(ort ARS) bool {
	if z.AGS == "" {
		return ort.Umfasst(z.Gebiet)
	}
	return len(ort) < arsLaenge && ort[:min(len(ort), 5)].Umfasst(ARS(z.AGS))
}

func (e *Erklaerung) grund(z *Zustaendigkeit) Grund {
	sieger := e.Entscheidet
	switch {
	case sieger != nil && *z == *sieger:
		return GrundEntscheidet
	case !z.umfasst(e.Ort) && z.liegtVielleichtIn(e.Ort):
		return GrundOrtUngenau
	case !z.umfasst(e.Ort):
		return GrundAnderesGebiet
	case !z.Von.IsZero() && e.Tag.Vor(z.Von):
		return GrundNochNicht
	case !z.Bis.IsZero() && e.Tag.Nach(z.Bis):
		return GrundNichtMehr
	case sieger.genauigkeit() > z.genauigkeit():
		return GrundWeiteresGebiet
	}
	return GrundNachrangig
}

// satz is the reason in German.
func (e *Erklaerung) satz(s *Schritt) string {
	z, wo := &s.Regel, s.Regel.gebietDeutsch()
	switch s.Grund {
	case GrundEntscheidet:
		satz := fmt.Sprintf("Diese Regel entscheidet: Ihr Gebiet (%s) umfasst den Ort, und keine geltende Regel nennt ein genaueres", wo)
		if z.Rang > 0 {
			satz += "; eine vorrangige Stelle gibt es an diesem Tag nicht"
		}
		return satz + "."
	case GrundOrtUngenau:
		return fmt.Sprintf("Der Ort ist zu ungenau angegeben: Er kann im Gebiet dieser Regel (%s) liegen oder außerhalb.", wo)
	case GrundAnderesGebiet:
		return fmt.Sprintf("Das Gebiet dieser Regel (%s) umfasst den Ort nicht.", wo)
	case GrundNochNicht:
		return fmt.Sprintf("Diese Regel gilt erst ab dem %s.", z.Von.Deutsch())
	case GrundNichtMehr:
		return fmt.Sprintf("Diese Regel galt nur bis zum %s.", z.Bis.Deutsch())
	case GrundWeiteresGebiet:
		return fmt.Sprintf("Diese Regel gilt auch (%s), aber eine andere nennt ein genaueres Gebiet (%s).", wo, e.Entscheidet.gebietDeutsch())
	}
	return fmt.Sprintf("Diese Regel hat Rang %d und kommt erst zum Zug, wenn die Stelle mit Rang %d nicht mehr gilt.", z.Rang, e.Entscheidet.Rang)
}

// String is the Erklaerung as German text of several lines.
func (e Erklaerung) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Leistung %s, Ort %s, Tag %s\n", e.Leistung, ortDeutsch(e.Ort), tagDeutsch(e.Tag))
	for i, s := range e.Schritte {
		z := s.Regel
		fmt.Fprintf(&b, "%d. %s/%s, %s, %s", i+1, z.Mandant, z.Einheit, z.gebietDeutsch(), gueltigkeit(z.Zeitraum))
		if z.Rang > 0 {
			fmt.Fprintf(&b, ", Rang %d", z.Rang)
		}
		fmt.Fprintf(&b, "\n   %s\n", s.Satz)
	}
	switch {
	case e.Ausgelassen == 1:
		b.WriteString("Eine weitere Regel gilt für ein anderes Gebiet oder an anderen Tagen.\n")
	case e.Ausgelassen > 1:
		fmt.Fprintf(&b, "%d weitere Regeln gelten für andere Gebiete oder an anderen Tagen.\n", e.Ausgelassen)
	}
	if e.Entscheidet != nil {
		fmt.Fprintf(&b, "Ergebnis: Zuständig ist %s/%s.\n", e.Entscheidet.Mandant, e.Entscheidet.Einheit)
	}
	for _, p := range e.Probleme {
		fmt.Fprintf(&b, "Ergebnis: %s\n", p.Hinweis)
	}
	return b.String()
}

func (z *Zustaendigkeit) gebietDeutsch() string {
	if z.AGS != "" {
		return "Gemeinde mit AGS " + string(z.AGS)
	}
	return ortDeutsch(z.Gebiet)
}

func ortDeutsch(a ARS) string {
	switch len(a) {
	case 0:
		return "ganz Deutschland"
	case 2:
		l, _ := a.Land()
		return strings.TrimSpace("Land " + string(a) + " " + l.Name())
	case 3:
		return "Regierungsbezirk " + string(a)
	case 5:
		return "Kreis " + string(a)
	case 9:
		return "Gemeindeverband " + string(a)
	case arsLaenge:
		return "Gemeinde " + string(a)
	}
	return fmt.Sprintf("%q", string(a))
}

func tagDeutsch(d datum.Datum) string {
	if d.IsZero() {
		return "ohne Datum"
	}
	return d.Deutsch()
}

func gueltigkeit(z datum.Zeitraum) string {
	switch {
	case z.Von.IsZero() && z.Bis.IsZero():
		return "unbefristet"
	case z.Bis.IsZero():
		return "gültig ab " + z.Von.Deutsch()
	case z.Von.IsZero():
		return "gültig bis " + z.Bis.Deutsch()
	}
	return "gültig vom " + z.Von.Deutsch() + " bis " + z.Bis.Deutsch()
}
