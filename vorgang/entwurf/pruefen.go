package entwurf

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
)

// regelpruefer checks the rules of one Zuordnung against one version of a template.
type regelpruefer struct {
	l       *lader
	g       *geprueft
	a       *vorlage.Angaben
	benutzt map[string]bool
	fest    vorlage.Daten // fixed values, in the form of the data
	person  bool          // somewhere a clerk may be asked
	gebuehr bool          // a source is the fee
}

func (r *regelpruefer) felder(p, vor string, fs []vorlage.Feld, regeln map[string]Regel, fest vorlage.Daten) {
	for i := range fs {
		f := &fs[i]
		name := vor + f.Name
		if f.Typ == vorlage.Gruppe {
			unter := vorlage.Daten{}
			r.felder(p, name+".", f.Felder, regeln, unter)
			if len(unter) > 0 {
				fest[f.Name] = unter
			}
			continue
		}
		regel, da := regeln[name]
		if !da {
			if !f.Optional && (f.Typ != vorlage.Liste || f.Mindestens > 0) {
				r.l.melde("feld-ohne-quelle", p+"/"+name, "a mandatory field has no source", fmt.Sprintf("Für das Feld „%s“ ist nicht gesagt, woher es kommt.", name))
			}
			continue
		}
		r.benutzt[name] = true
		r.regel(p+"/"+name, name, f, &regel, r.g.schema, "", fest)
	}
}

// regel checks one; schema is where its pointers begin.
func (r *regelpruefer) regel(p, name string, f *vorlage.Feld, x *Regel, schema *knoten, in string, fest vorlage.Daten) {
	l := r.l
	r.person = r.person || x.Person
	liste := f.Typ == vorlage.Liste
	switch {
	case len(x.Aus) == 0 && x.Wert == nil && !x.Person, len(x.Aus) > maxQuellen, liste && x.Wert != nil, len(x.Werte) > 0 && len(x.Aus) == 0,
		liste != (len(x.Je) > 0) && len(x.Aus) > 0, in != "" && x.Person, !liste && len(x.Je) > 0:
		l.melde("regel", p, "aus, wert, werte, je and person contradict each other or the type",
			fmt.Sprintf("Beim Feld „%s“ passen die Angaben nicht zusammen (aus, wert, werte, je, person).", name))
		return
	}
	if x.Wert != nil {
		fest[f.Name] = x.Wert.wert
	}
	sicher := f.Optional || x.Wert != nil || x.Person || (liste && f.Mindestens == 0)
	for _, aus := range x.Aus {
		immer, ok := r.quelle(p, name, f, x, aus, schema, in)
		if !ok {
			return
		}
		sicher = sicher || immer
	}
	if !sicher {
		l.melde("luecke", p, "every source of this mandatory field can be missing",
			fmt.Sprintf("Das Feld „%s“ kann leer bleiben. Nennen Sie eine weitere Quelle oder einen festen Wert, oder lassen Sie eine Person fragen.", name))
	}
	for _, w := range slices.Sorted(maps.Values(x.Werte)) {
		erlaubt := f.Typ == vorlage.Wahrheit && (w == "true" || w == "false") ||
			f.Typ == vorlage.Auswahl && slices.ContainsFunc(f.Werte, func(a vorlage.Auswahlwert) bool { return a.Wert == w })
		if !erlaubt {
			l.melde("werte", p+"/werte", "translates into a value the field does not have", fmt.Sprintf("Beim Feld „%s“ übersetzt „werte“ in einen Wert, den es dort nicht gibt.", name))
		}
	}
}

// quelle checks one source; immer tells whether it always has a value.
func (r *regelpruefer) quelle(p, name string, f *vorlage.Feld, x *Regel, aus string, schema *knoten, in string) (immer, ok bool) {
	l := r.l
	typ, werte := vorlage.Typ(""), []string(nil)
	var ziel *knoten
	if strings.HasPrefix(aus, "/") {
		if schema != nil {
			ziel, immer = schema.finde(aus)
		}
		if ziel == nil {
			l.melde("quelle-unbekannt", p, "no such place in the schema of the application", fmt.Sprintf("Beim Feld „%s“ gibt es die Angabe „%s“ im Antrag nicht.", name, in+aus))
			return false, false
		}
		typ, werte = ziel.typ(), ziel.werte()
	} else {
		q, da := l.quellen[aus]
		if !da {
			l.melde("quelle-unbekannt", p, "no such source", fmt.Sprintf("Beim Feld „%s“ gibt es die Quelle „%s“ nicht.", name, aus))
			return false, false
		}
		typ, immer = q.typ, q.immer(r.a)
		r.gebuehr = r.gebuehr || strings.HasPrefix(aus, "gebuehr.")
	}
	if f.Typ == vorlage.Liste {
		if ziel == nil || typ != vorlage.Liste || ziel.element() == nil {
			return false, r.falsch(p, name, f)
		}
		r.je(p, name, f, x, ziel.element(), in+aus)
		return immer && ziel.mindestens() >= f.Mindestens, true
	}
	if len(x.Werte) > 0 {
		// What is not translated counts as missing.
		alle := len(werte) > 0
		for _, w := range werte {
			_, da := x.Werte[w]
			alle = alle && da
		}
		for _, w := range slices.Sorted(maps.Keys(x.Werte)) {
			if len(werte) > 0 && !slices.Contains(werte, w) {
				l.melde("werte", p+"/werte", "translates a value that does not occur", fmt.Sprintf("Beim Feld „%s“ übersetzt „werte“ einen Wert, den der Antrag nicht kennt.", name))
			}
		}
		if f.Typ != vorlage.Auswahl && f.Typ != vorlage.Wahrheit {
			return false, r.falsch(p, name, f)
		}
		return immer && alle, true
	}
	passt := typ == f.Typ || (f.Typ == vorlage.Geld && typ == vorlage.Nummer && ziel != nil)
	if f.Typ == vorlage.Auswahl && typ == vorlage.Text {
		passt = len(werte) > 0 && !slices.ContainsFunc(werte, func(w string) bool {
			return !slices.ContainsFunc(f.Werte, func(a vorlage.Auswahlwert) bool { return a.Wert == w })
		})
	}
	if !passt {
		return false, r.falsch(p, name, f)
	}
	return immer, true
}

func (r *regelpruefer) falsch(p, name string, f *vorlage.Feld) bool {
	r.l.melde("quelle-typ", p, "the source is not of type "+string(f.Typ), fmt.Sprintf("Beim Feld „%s“ passt die Quelle nicht zum Typ „%s“.", name, f.Typ))
	return false
}

func (r *regelpruefer) je(p, name string, f *vorlage.Feld, x *Regel, element *knoten, in string) {
	r.l.tiefe++
	defer func() { r.l.tiefe-- }()
	if r.l.tiefe > 3 {
		return
	}
	satz := vorlage.Daten{}
	for i := range f.Felder {
		k := &f.Felder[i]
		regel, da := x.Je[k.Name]
		if !da {
			if !k.Optional {
				r.l.melde("feld-ohne-quelle", p+"/je/"+k.Name, "a mandatory field has no source", fmt.Sprintf("Für das Feld „%s.%s“ ist nicht gesagt, woher es kommt.", name, k.Name))
			}
			continue
		}
		if k.Typ == vorlage.Gruppe {
			r.falsch(p+"/je/"+k.Name, name+"."+k.Name, k)
			continue
		}
		r.regel(p+"/je/"+k.Name, name+"."+k.Name, k, &regel, element, in, satz)
	}
	for _, k := range slices.Sorted(maps.Keys(x.Je)) {
		if !slices.ContainsFunc(f.Felder, func(g vorlage.Feld) bool { return g.Name == k }) {
			r.l.melde("feld-unbekannt", p+"/je/"+k, "the list has no such field", fmt.Sprintf("Das Feld „%s.%s“ hat die Vorlage nicht.", name, k))
		}
	}
}

// mindestens is the least number of members of an array.
func (k *knoten) mindestens() int {
	for _, t := range k.teile() {
		if n, ok := t["minItems"].(json.Number); ok {
			if i, err := strconv.Atoi(n.String()); err == nil {
				return i
			}
		}
	}
	return 0
}
