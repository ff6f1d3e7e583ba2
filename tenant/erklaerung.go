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
	// Ausgelassen is the number of rules of other areas beyond [MaxAndere].
	Ausgelassen int `json:"ausgelassen,omitempty"`
	// Entscheidet is the rule that Route gives; nil if it gives none.
	Entscheidet *Zustaendigkeit `json:"entscheidet,omitempty"`
	// Probleme of Route if no rule decides.
	Probleme fehler.Probleme `json:"probleme,omitempty"`
}

// MaxAndere is how many rules of other areas an Erklaerung lists.
const MaxAndere = 20

// Explain says for every rule of the Leistung why it did or did not decide; the
// rule that decides is that of [Zustaendigkeiten.Route]. The answer depends on the
// rules alone, not on their order. It looks at all rules of the Leistung: for a
// screen, not for each delivery. No error: what Route refuses is in Probleme.
func (z *Zustaendigkeiten) Explain(leistung Leistungsschluessel, ort ARS, tag datum.Datum) Erklaerung {
	ort = ort[:min(len(ort), arsLaenge)]
	e := Erklaerung{Leistung: leistung, Ort: ort, Tag: tag}
	if w, err := z.Route(leistung, ort, tag); err == nil {
		e.Entscheidet = &w.Regel
	} else {
		e.Probleme = fehler.ProblemeIn(err)
	}
	for _, g := range z.leistungen[leistung] {
		for _, r := range g.reihen {
			for _, regel := range r.regeln {
				e.Schritte = append(e.Schritte, e.schritt(regel))
			}
		}
	}
	slices.SortFunc(e.Schritte, func(a, b Schritt) int {
		x, y := &a.Regel, &b.Regel
		return cmp.Or(cmp.Compare(a.Grund.gruppe(), b.Grund.gruppe()),
			-cmp.Compare(x.naehe(a.Grund, ort), y.naehe(b.Grund, ort)),
			cmp.Compare(x.key().ziffern, y.key().ziffern)*min(a.Grund.gruppe(), 1), // of one area, ARS and AGS go by Rang
			cmp.Compare(x.Rang, y.Rang), x.Von.Compare(y.Von), cmp.Compare(x.AGS, y.AGS))
	})
	for i, s := range e.Schritte {
		if s.Grund == GrundAnderesGebiet {
			if n := len(e.Schritte) - i; n > MaxAndere {
				e.Schritte, e.Ausgelassen = slices.Clip(e.Schritte[:i+MaxAndere]), n-MaxAndere
			}
			break
		}
	}
	return e
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

func (e *Erklaerung) schritt(z Zustaendigkeit) Schritt {
	s := Schritt{Regel: z}
	wo, sieger := z.gebietDeutsch(), e.Entscheidet
	switch {
	case sieger != nil && z == *sieger:
		s.Grund = GrundEntscheidet
		s.Satz = fmt.Sprintf("Diese Regel entscheidet: Ihr Gebiet (%s) umfasst den Ort, und keine geltende Regel nennt ein genaueres", wo)
		if z.Rang > 0 {
			s.Satz += "; eine vorrangige Stelle gibt es an diesem Tag nicht"
		}
		s.Satz += "."
	case !z.umfasst(e.Ort) && z.liegtVielleichtIn(e.Ort):
		s.Grund = GrundOrtUngenau
		s.Satz = fmt.Sprintf("Der Ort ist zu ungenau angegeben: Er kann im Gebiet dieser Regel (%s) liegen oder außerhalb.", wo)
	case !z.umfasst(e.Ort):
		s.Grund = GrundAnderesGebiet
		s.Satz = fmt.Sprintf("Das Gebiet dieser Regel (%s) umfasst den Ort nicht.", wo)
	case !z.Von.IsZero() && e.Tag.Vor(z.Von):
		s.Grund = GrundNochNicht
		s.Satz = fmt.Sprintf("Diese Regel gilt erst ab dem %s.", z.Von.Deutsch())
	case !z.Bis.IsZero() && e.Tag.Nach(z.Bis):
		s.Grund = GrundNichtMehr
		s.Satz = fmt.Sprintf("Diese Regel galt nur bis zum %s.", z.Bis.Deutsch())
	case sieger.genauigkeit() > z.genauigkeit():
		s.Grund = GrundWeiteresGebiet
		s.Satz = fmt.Sprintf("Diese Regel gilt auch (%s), aber eine andere nennt ein genaueres Gebiet (%s).", wo, sieger.gebietDeutsch())
	default:
		s.Grund = GrundNachrangig
		s.Satz = fmt.Sprintf("Diese Regel hat Rang %d und kommt erst zum Zug, wenn die Stelle mit Rang %d nicht mehr gilt.", z.Rang, sieger.Rang)
	}
	return s
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
		b.WriteString("Eine weitere Regel gilt für ein anderes Gebiet.\n")
	case e.Ausgelassen > 1:
		fmt.Fprintf(&b, "%d weitere Regeln gelten für andere Gebiete.\n", e.Ausgelassen)
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
