package gebuehr

import (
	"fmt"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// PruefeOptions configures [Tabelle.Pruefe].
type PruefeOptions struct {
	// Leistungen the authority performs; nil leaves the question out.
	Leistungen []tenant.Leistungsschluessel
	// Tag is the day for which the table is meant to be complete; zero leaves out
	// what has run out.
	Tag datum.Datum
}

// Pruefe looks for what is allowed but is likely an oversight: days without a version
// between two versions of one Posten, positions that have run out, Leistungen nobody
// performs and Leistungen without a fee, keys that are not of the official form,
// examples, steps at which a higher value costs less. An empty list is a clean table;
// nothing here is an error of [Load]. Each Problem names the rule in its Pfad.
func (t *Tabelle) Pruefe(o PruefeOptions) fehler.Probleme {
	l := &lint{t: t}
	for _, posten := range l.folge() {
		l.luecken(posten, o.Tag)
	}
	bekannt := map[tenant.Leistungsschluessel]bool{}
	for _, k := range o.Leistungen {
		bekannt[k] = true
	}
	mitTarif := map[tenant.Leistungsschluessel]bool{}
	for i := range t.d.Tarife {
		x := &t.d.Tarife[i]
		for _, k := range x.Leistungen {
			mitTarif[k] = true
			if !k.Regulaer() {
				l.add("lint-schluessel", x.ID, "key without the official form", "Der Leistungsschlüssel "+string(k)+" hat nicht die amtliche Form.")
			}
			if o.Leistungen != nil && !bekannt[k] {
				l.add("lint-leistung", x.ID, "unknown Leistung "+string(k), "Die Leistung "+string(k)+" ist nicht bekannt. Bitte den Schlüssel prüfen.")
			}
		}
		if x.Beispiel {
			l.add("lint-beispiel", x.ID, "made-up amounts", "Der Tarif ist ein Beispiel mit erdachten Beträgen und darf nicht angewandt werden.")
		}
		if i, ok := sinkt(&x.Satz); ok {
			l.add("lint-stufe-sinkt", x.ID, fmt.Sprintf("step %d costs less than the one before", i), "An einer Stufe kostet ein höherer Wert weniger. Bitte die Stufen prüfen.")
		}
	}
	for _, k := range o.Leistungen {
		if !mitTarif[k] {
			l.add("lint-ohne-tarif", string(k), "no tariff names this Leistung", "Für die Leistung "+string(k)+" nennt kein Tarif eine Gebühr.")
		}
	}
	return l.out
}

type lint struct {
	t   *Tabelle
	out fehler.Probleme
}

func (l *lint) add(code, pfad, meldung, hinweis string) {
	l.out = append(l.out, problem(code, pfad, meldung, hinweis))
}

// folge gives the Posten in the order of the file.
func (l *lint) folge() []string {
	var out []string
	gesehen := map[string]bool{}
	for i := range l.t.d.Tarife {
		if p := l.t.d.Tarife[i].Posten; !gesehen[p] {
			gesehen[p] = true
			out = append(out, p)
		}
	}
	return out
}

// luecken looks at the versions of one Posten, for each Land that has its own.
func (l *lint) luecken(posten string, tag datum.Datum) {
	for _, land := range append([]tenant.Land{""}, tenant.Laender()...) {
		var v []*Tarif
		for _, x := range l.t.versionen[posten] {
			if (land == "" && len(x.Laender) == 0) || (land != "" && slices.Contains(x.Laender, land)) {
				v = append(v, x)
			}
		}
		slices.SortStableFunc(v, func(a, b *Tarif) int { return a.Von.Compare(b.Von) })
		for i := 1; i < len(v); i++ {
			if erster := v[i-1].Bis.AddTage(1); erster.Vor(v[i].Von) {
				l.add("lint-luecke", v[i].ID, "no version from "+erster.String(), "Für den Posten "+posten+" gilt vom "+erster.Deutsch()+" bis zum "+v[i].Von.AddTage(-1).Deutsch()+" kein Tarif"+fuerLand(land)+".")
			}
		}
		if n := len(v); n > 0 && !tag.IsZero() && !v[n-1].Bis.IsZero() && v[n-1].Bis.Vor(tag) {
			l.add("lint-ausgelaufen", v[n-1].ID, "last version has ended", "Für den Posten "+posten+" gilt seit dem "+v[n-1].Bis.AddTage(1).Deutsch()+" kein Tarif mehr"+fuerLand(land)+".")
		}
	}
}

func fuerLand(l tenant.Land) string {
	if l == "" {
		return ""
	}
	return " (" + l.Name() + ")"
}

// sinkt finds the first step at which a cent more of value costs less.
func sinkt(s *Satz) (int, bool) {
	if s.Art != ArtWertstufen {
		return 0, false
	}
	for i := 1; i < len(s.Stufen); i++ {
		grenze := s.Stufen[i-1].BisWert
		unten, _, _ := s.wertstufe(grenze)
		oben, _, _ := s.wertstufe(grenze + 1)
		if unten != nil && oben != nil && oben.Cmp(unten) < 0 {
			return i, true
		}
	}
	return 0, false
}
