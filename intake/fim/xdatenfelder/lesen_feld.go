package xdatenfelder

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// text gives where a text of the Kopf goes, nil if the name is none of them.
func (k *Kopf) text(name string) *string {
	switch name {
	case "name":
		return &k.Name
	case "bezeichnungEingabe", "bezeichnung":
		return &k.Eingabe
	case "bezeichnungAusgabe":
		return &k.Ausgabe
	case "hilfetextEingabe":
		return &k.HilfeEingabe
	case "hilfetextAusgabe":
		return &k.HilfeAusgabe
	case "beschreibung":
		return &k.Beschreibung
	case "definition":
		return &k.Definition
	case "fachlicherErsteller", "statusGesetztDurch":
		return &k.Ersteller
	case "versionshinweis":
		return &k.Versionshinweis
	case "gueltigAb":
		return &k.GueltigAb
	case "gueltigBis":
		return &k.GueltigBis
	}
	return nil
}

// kopf reads a child that all elements may have; false if it is none.
func (l *schemaleser) kopf(k *Kopf, g gesehen, name string) bool {
	if p := k.text(name); p != nil {
		l.text(g, name, p)
		if p == &k.Name || p == &k.Eingabe || p == &k.Ausgabe { // labels are one line
			*p = strings.Join(strings.Fields(*p), " ")
		}
		return true
	}
	switch name {
	case "identifikation":
		var id, v string
		l.identifikation(&id, &v)
		if l.einmal(g, name, k.ID) {
			k.ID, k.Version = id, v
			l.ids[len(l.ids)-1] = id
		}
	case "status":
		l.code(g, name, &k.Status, "inVorbereitung", "aktiv", "inaktiv")
	case "freigabestatus":
		l.code(g, name, &k.Status, "1", "2", "3", "4", "5", "6", "7", "8")
	case "bezug":
		l.list(g, name, &k.Bezug)
	case "stichwort":
		l.list(g, name, &k.Stichworte)
	case "relation":
		k.Relationen = append(k.Relationen, l.relation())
	case "regel":
		k.Regeln = append(k.Regeln, l.regel())
	default:
		return false
	}
	return true
}

// list reads a text that may be there often in 3.0, once in 2.0.
func (l *schemaleser) list(g gesehen, name string, to *[]string) {
	v := l.tok()
	if l.s.Standard == V2 && !l.einmal(g, name, "") {
		return
	}
	if v != "" {
		*to = append(*to, v)
	}
}

func (l *schemaleser) relation() (r Relation) {
	g := gesehen{}
	l.kinder(func(name string, _ []xml.Attr) {
		switch name {
		case "praedikat":
			l.code(g, name, &r.Art)
		case "objekt":
			l.identifikation(&r.ID, &r.Version)
		default:
			l.omit(name)
		}
	})
	return r
}

func (l *schemaleser) regel() (r Regel) {
	g := gesehen{}
	l.ids = append(l.ids, "")
	l.kinder(func(name string, _ []xml.Attr) {
		switch name {
		case "identifikation":
			l.identifikation(&r.ID, &r.Version)
			l.ids[len(l.ids)-1] = r.ID
		case "name":
			l.text(g, name, &r.Name)
		case "beschreibung":
			l.text(g, name, &r.Beschreibung)
		case "definition":
			l.text(g, name, &r.Definition)
		case "freitextRegel":
			l.text(g, name, &r.Freitext)
		case "typ":
			l.code(g, name, &r.Art, "K", "M", "V", "B")
		case "script", "skript":
			l.text(g, "skript", &r.Skript)
		default: // who wrote it, when, and what a machine would need to run it
			l.skip()
		}
	})
	l.ids = l.ids[:len(l.ids)-1]
	return r
}

// feld reads a child that only fields have; false if it is none.
func (l *schemaleser) feld(f *Feld, g gesehen, name string, attr []xml.Attr) bool {
	switch name {
	case "feldart":
		l.code(g, name, (*string)(&f.Art), "input", "select", "label", "hidden", "locked")
	case "datentyp":
		l.code(g, name, (*string)(&f.Datentyp), "text", "text_latin", "date", "time", "datetime", "bool", "num", "num_int", "num_currency", "file", "obj")
	case "praezisierung":
		text := l.tok()
		if !l.einmal(g, name, "") {
			break
		}
		if l.s.Standard == V2 {
			l.bounds2(f, text)
		} else {
			for _, a := range attr {
				l.bound(f, a.Name.Local, a.Value)
			}
		}
	case "inhalt":
		l.text(g, name, &f.Inhalt)
	case "vorbefuellung":
		l.code(g, name, &f.Vorbefuellung, "keine", "optional", "verpflichtend")
	case "maxSize":
		l.text(g, name, &f.MaxGroesse)
	case "mediaType":
		if v := l.tok(); v != "" {
			f.Medientypen = append(f.Medientypen, v)
		}
	case "codelisteReferenz":
		l.codeliste(f)
	case "werte":
		l.werte(f)
	case "codeKey", "nameKey", "helpKey": // columns of an external list
		l.skip()
	default:
		return false
	}
	return true
}

func (f *Feld) liste() *Codeliste {
	if f.Liste == nil {
		f.Liste = &Codeliste{}
	}
	return f.Liste
}

func (l *schemaleser) codeliste(f *Feld) {
	c := f.liste()
	g := gesehen{}
	var read func(string, []xml.Attr)
	read = func(name string, _ []xml.Attr) {
		switch name {
		case "identifikation":
			var v string
			l.identifikation(&c.ID, &v)
		case "genericodeIdentification":
			l.kinder(read)
		case "canonicalIdentification":
			l.text(g, name, &c.URN)
		case "version":
			l.text(g, name, &c.Version)
		case "canonicalVersionUri":
			l.text(g, name, &c.VersionURI)
		default:
			l.omit(name)
		}
	}
	l.kinder(read)
	for _, key := range []string{c.VersionURI, c.URN} {
		if w, ok := l.o.Codelisten[key]; ok && key != "" && c.Werte == nil {
			c.Werte = slices.Clone(w)
		}
	}
}

func (l *schemaleser) werte(f *Feld) {
	c := f.liste()
	l.kinder(func(name string, _ []xml.Attr) {
		if name != "wert" {
			l.refuse(name)
			return
		}
		var w Wert
		g := gesehen{}
		l.kinder(func(name string, _ []xml.Attr) {
			switch name {
			case "code":
				l.text(g, name, &w.Code)
			case "name":
				l.text(g, name, &w.Name)
			case "hilfe":
				l.text(g, name, &w.Hilfe)
			default:
				l.refuse(name)
			}
		})
		c.Werte = append(c.Werte, w)
	})
}

// bounds2 reads the bounds of 2.0, a JSON text whose values are strings.
func (l *schemaleser) bounds2(f *Feld, text string) {
	if text == "" {
		return
	}
	var m map[string]any
	err := json.Unmarshal([]byte(text), &m)
	if err != nil { // a pattern such as \d{5} whose backslash was not escaped
		m = nil
		err = json.Unmarshal([]byte(strings.ReplaceAll(text, `\`, `\\`)), &m)
	}
	if err != nil {
		l.unclear("praezisierung is no JSON object")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		switch v := m[name].(type) {
		case string:
			l.bound(f, name, v)
		case float64:
			l.bound(f, name, strconv.FormatFloat(v, 'f', -1, 64))
		default:
			l.unclear("value of " + short(name) + " is no text")
		}
	}
}

func (l *schemaleser) unclear(meldung string) {
	l.hinweis("praezisierung", meldung, "Eine Präzisierung im Schema ist nicht auswertbar und wird bei der Prüfung nicht beachtet.")
}

func (l *schemaleser) bound(f *Feld, name, v string) {
	v = strings.TrimSpace(v)
	if v == "" {
		return
	}
	switch name {
	case "minLength", "maxLength":
		n, err := strconv.ParseUint(v, 10, 31)
		i := int(n)
		switch {
		case err != nil:
			l.unclear(name + " is no number")
		case name == "minLength":
			f.MinLaenge = &i
		default:
			f.MaxLaenge = &i
		}
	case "minValue":
		f.MinWert = v
	case "maxValue":
		f.MaxWert = v
	case "pattern":
		f.Muster = v
	default:
		l.unclear("unknown bound " + short(name))
	}
}

const maxMuster = 2000

// ganzesMuster is the pattern as one for the whole value: XML Schema, where the
// patterns come from, means the whole.
func ganzesMuster(s string) string {
	return "^(?:" + s + ")$"
}

// checkFeld drops bounds that cannot be checked, so that a form stays usable.
func (l *schemaleser) checkFeld(f *Feld) {
	if f.Art == "" || f.Datentyp == "" && f.Art != ArtLabel {
		l.problem("wert", "field has no feldart or no datentyp", "Einem Feld des Schemas fehlt Feldart oder Datentyp.")
		return
	}
	if f.MinLaenge != nil && f.MaxLaenge != nil && *f.MinLaenge > *f.MaxLaenge {
		l.unclear("minLength is above maxLength")
		f.MinLaenge, f.MaxLaenge = nil, nil
	}
	if f.Datentyp.zahl() {
		lo, okLo := rat(f.MinWert)
		hi, okHi := rat(f.MaxWert)
		switch {
		case !okLo || !okHi:
			l.unclear("minValue or maxValue is no number")
			f.MinWert, f.MaxWert = "", ""
		case lo != nil && hi != nil && lo.Cmp(hi) > 0:
			l.unclear("minValue is above maxValue")
			f.MinWert, f.MaxWert = "", ""
		}
	} else if (f.MinWert != "" || f.MaxWert != "") && f.Art != ArtSelect {
		l.unclear("minValue and maxValue count for numbers alone")
	}
	if _, err := regexp.Compile(ganzesMuster(f.Muster)); err != nil || len(f.Muster) > maxMuster {
		l.unclear("pattern cannot be checked")
		f.Muster = ""
	}
	if f.Liste != nil {
		codes := map[string]bool{}
		for _, w := range f.Liste.Werte {
			if w.Code == "" || codes[w.Code] {
				l.problem("codeliste", "code list has an empty code or one twice", "Eine Codeliste im Schema enthält einen leeren oder einen doppelten Code.")
				return
			}
			codes[w.Code] = true
		}
	}
}

// rat reads a bound; nil and true for none.
func rat(s string) (*big.Rat, bool) {
	if s == "" {
		return nil, true
	}
	n, ok := jsonZahl(s)
	if !ok {
		return nil, false
	}
	return new(big.Rat).SetString(n)
}
