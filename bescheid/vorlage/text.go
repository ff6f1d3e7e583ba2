package vorlage

import (
	"strings"
	"unicode/utf8"
)

// teil is a piece of a text: literal, citation, placeholder, choice or loop.
type teil struct {
	literal string
	norm    map[*Verfahrensgesetz]string // a place in the VwVfG as each law is cited; nil is the VwVfG
	feld    *bezug
	format  format
	zweige  []zweig
	liste   *bezug
	inhalt  []teil
	reihe   bool // joins the rounds as "a, b und c"
}

type zweig struct {
	wenn   *knoten
	inhalt []teil
}

// rahmen is an open wenn or je while reading.
type rahmen struct {
	je     bool
	teil   teil
	teile  []teil
	wenn   *knoten
	bisher *knoten // the conditions of the branches before
	sicht  sicht   // outside
	sonst  bool
}

// textleser reads a text with placeholders. moeglich is asked for every branch
// whether some data lead there.
type textleser struct {
	sicht    sicht
	weg      *knoten
	stapel   []rahmen
	teile    []teil
	moeglich func(*knoten) bool
	norm     func(string) (map[*Verfahrensgesetz]string, error) // judges a place in the VwVfG
}

// parseText reads and checks a text. weg is the condition under which it is used.
func parseText(text string, s sicht, weg *knoten, moeglich func(*knoten) bool, norm func(string) (map[*Verfahrensgesetz]string, error)) ([]teil, error) {
	if len(text) > MaxText || !utf8.ValidString(text) {
		return nil, fehlerf("text", "text longer than %d bytes or not UTF-8", "Der Text ist länger als %d Zeichen oder enthält ungültige Zeichen.", MaxText)
	}
	l := &textleser{sicht: s, weg: weg, moeglich: moeglich, norm: norm}
	text = strings.Join(strings.FieldsFunc(text, leerraum), " ")
	nach := false
	for {
		i := strings.Index(text, "{{")
		if i < 0 {
			if strings.Contains(text, "}}") {
				return nil, fehlerf("klammer", "}} without {{", "Zu „}}“ fehlt „{{“.")
			}
			l.literal(typografie(text, nach, false))
			break
		}
		if strings.Contains(text[:i], "}}") {
			return nil, fehlerf("klammer", "}} without {{", "Zu „}}“ fehlt „{{“.")
		}
		j := strings.Index(text[i:], "}}")
		if j < 0 {
			return nil, fehlerf("klammer", "{{ without }}", "Zu „{{“ fehlt „}}“.")
		}
		l.literal(typografie(text[:i], nach, true))
		if err := l.marke(strings.TrimSpace(text[i+2 : i+j])); err != nil {
			return nil, err
		}
		text, nach = text[i+j+2:], true
	}
	if len(l.stapel) > 0 {
		return nil, fehlerf("ende", "ende is missing", "Zu „wenn“ oder „je“ fehlt „{{ende}}“.")
	}
	return l.teile, nil
}

// leerraum is what a text folds; a space at which no line ends is not among it.
func leerraum(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' }

func (l *textleser) literal(s string) {
	if s != "" {
		l.teile = append(l.teile, teil{literal: s})
	}
}

func (l *textleser) marke(m string) error {
	wort, rest, _ := strings.Cut(m, " ")
	rest = strings.TrimSpace(rest)
	switch wort {
	case "":
		return fehlerf("klammer", "empty placeholder", "Zwischen „{{“ und „}}“ steht nichts.")
	case "wenn":
		k, err := parseBedingung(rest, l.sicht)
		if err != nil {
			return err
		}
		return l.oeffne(rahmen{wenn: k})
	case "je":
		return l.schleife(rest)
	case "verfahrensrecht":
		n, err := l.norm(rest)
		l.teile = append(l.teile, teil{norm: n})
		return err
	case "sonst":
		return l.sonst(rest)
	case "ende":
		if rest != "" || len(l.stapel) == 0 {
			return fehlerf("ende", "ende without wenn or je", "„ende“ steht ohne „wenn“ oder „je“.")
		}
		l.schliesse()
		return nil
	}
	return l.platzhalter(m)
}

func (l *textleser) oeffne(r rahmen) error {
	if len(l.stapel) >= maxTiefe {
		return fehlerf("tiefe", "nested too deep", "Die Vorlage ist zu tief geschachtelt.")
	}
	r.sicht, r.teile = l.sicht, l.teile
	l.stapel, l.teile = append(l.stapel, r), nil
	if r.je {
		return nil
	}
	return l.zweig(r.wenn)
}

// zweig narrows the view to a branch and asks whether it can be reached.
func (l *textleser) zweig(wenn *knoten) error {
	weg := l.gesamt(wenn)
	if !l.moeglich(weg) {
		return fehlerf("unerreichbar", "this branch is never reached", "Dieser Zweig kommt nie in den Text: Die Bedingungen schließen einander aus.")
	}
	oben := &l.stapel[len(l.stapel)-1]
	s := oben.sicht
	if oben.bisher != nil {
		s = s.mit(oben.bisher.fakten(false))
	}
	if wenn != nil {
		s = s.mit(wenn.fakten(true))
	}
	l.sicht = s
	return nil
}

// gesamt is the condition of all open branches, with wenn as the innermost.
func (l *textleser) gesamt(wenn *knoten) *knoten {
	weg := l.weg
	for i := range l.stapel {
		r := &l.stapel[i]
		if r.je {
			weg = und(weg, nicht(&knoten{op: opLeer, l: operand{bezug: r.teil.liste}}))
			continue
		}
		if r.bisher != nil {
			weg = und(weg, nicht(r.bisher))
		}
		if i < len(l.stapel)-1 {
			weg = und(weg, r.wenn)
		}
	}
	return und(weg, wenn)
}

func (l *textleser) schleife(rest string) error {
	b, name, reihe, err := parseSchleife(rest, l.sicht)
	if err != nil {
		return err
	}
	if err := l.oeffne(rahmen{je: true, teil: teil{liste: b, reihe: reihe}}); err != nil {
		return err
	}
	l.sicht = l.sicht.in(name, b)
	return nil
}

// parseSchleife reads "baum in baeume" or "baum in baeume als aufzaehlung".
func parseSchleife(rest string, s sicht) (*bezug, string, bool, error) {
	w := strings.Fields(rest)
	reihe := len(w) == 5 && w[3] == "als" && w[4] == "aufzaehlung"
	if (len(w) != 3 && !reihe) || w[1] != "in" || !nameForm.MatchString(w[0]) || worte[w[0]] {
		return nil, "", false, fehlerf("je", "a loop reads: je name in liste", "Eine Schleife heißt „je name in liste“ oder „je name in liste als aufzaehlung“.")
	}
	for _, f := range s.felder {
		if f.Name == w[0] {
			return nil, "", false, fehlerf("je", "%q is a field already", "„%s“ heißt schon ein Feld. Der Name der Schleife muss ein anderer sein.", w[0])
		}
	}
	for _, f := range s.laeufe {
		if f.name == w[0] {
			return nil, "", false, fehlerf("je", "%q is a loop already", "„%s“ heißt schon eine Schleife.", w[0])
		}
	}
	b, err := s.loese(w[2])
	if err != nil {
		return nil, "", false, err
	}
	if b.feld.Typ != Liste {
		return nil, "", false, fehlerf("keine-liste", "%q is not a list", "„%s“ ist keine Liste. „je“ geht nur über Listen.", w[2])
	}
	if len(s.laeufe) >= maxSchleifen {
		return nil, "", false, fehlerf("tiefe", "more than %d loops in each other", "Mehr als %d Schleifen ineinander sind nicht erlaubt.", maxSchleifen)
	}
	return b, w[0], reihe, nil
}

func (l *textleser) sonst(rest string) error {
	if len(l.stapel) == 0 || l.stapel[len(l.stapel)-1].je || l.stapel[len(l.stapel)-1].sonst {
		return fehlerf("sonst", "sonst without wenn, or a second time", "„sonst“ steht ohne „wenn“ oder ein zweites Mal.")
	}
	oben := &l.stapel[len(l.stapel)-1]
	if len(oben.teil.zweige) >= maxZweige {
		return fehlerf("zweige", "more than %d branches", "Ein „wenn“ hat mehr als %d Zweige.", maxZweige)
	}
	oben.teil.zweige = append(oben.teil.zweige, zweig{oben.wenn, l.teile})
	oben.bisher = oder(oben.bisher, oben.wenn)
	l.teile = nil
	var k *knoten
	if rest != "" {
		bed, ok := strings.CutPrefix(rest, "wenn ")
		if !ok {
			return fehlerf("sonst", "after sonst comes wenn or nothing", "Nach „sonst“ steht „wenn“ oder nichts.")
		}
		// What the branches before exclude is known in the condition already.
		var err error
		if k, err = parseBedingung(bed, oben.sicht); err != nil {
			return err
		}
	}
	oben.wenn, oben.sonst = k, k == nil
	return l.zweig(k)
}

func (l *textleser) schliesse() {
	n := len(l.stapel) - 1
	r := l.stapel[n]
	l.stapel = l.stapel[:n]
	if r.je {
		r.teil.inhalt = l.teile
	} else {
		r.teil.zweige = append(r.teil.zweige, zweig{r.wenn, l.teile})
	}
	l.sicht = r.sicht
	l.teile = append(r.teile, r.teil)
}

func (l *textleser) platzhalter(m string) error {
	z := &leser{rest: m, sicht: l.sicht}
	if err := z.weiter(); err != nil {
		return err
	}
	if z.art != 'w' {
		return fehlerf("platzhalter", "a placeholder is the name of a field", "Ein Platzhalter ist der Name eines Feldes, zum Beispiel {{antragsteller.name}}.")
	}
	o, err := z.operand()
	if err != nil {
		return err
	}
	if o.bezug == nil {
		return fehlerf("platzhalter", "a placeholder is the name of a field", "Ein Platzhalter ist der Name eines Feldes, zum Beispiel {{antragsteller.name}}.")
	}
	t := teil{feld: o.bezug}
	if !o.bezug.zaehl && o.bezug.feld.Optional && !l.sicht.da[o.bezug.key] {
		return fehlerf("optional", "%q may be missing here", "„%s“ kann fehlen. Fragen Sie vorher mit „wenn … ist nicht leer“, sonst bliebe eine Lücke.", o.bezug.feld.Name)
	}
	namen, ok := formate[o.bezug.typ()]
	if !ok {
		return fehlerf("platzhalter-typ", "%q has no text of its own", "„%s“ ist eine Liste oder Gruppe und kann nicht als Text stehen.", o.bezug.feld.Name)
	}
	if t.format, err = z.format(namen); err != nil {
		return err
	}
	l.teile = append(l.teile, t)
	return nil
}

func (z *leser) format(namen []string) (f format, err error) {
	if z.art == 0 {
		if f.name = namen[0]; f.name == "ja_nein" {
			return f, fehlerf("format", "a Wahrheit needs a format", "Wahr oder falsch braucht das Format „ja_nein“ oder ein „wenn“.")
		}
		return f, nil
	}
	if !z.ist('o', "|") {
		return f, fehlerf("platzhalter", "unexpected %q", "Im Platzhalter steht „%s“ an falscher Stelle.", z.tok)
	}
	if err = z.weiter(); err != nil {
		return f, err
	}
	f.name = z.tok
	passt := false
	for _, n := range namen {
		passt = passt || (n != "" && n == f.name && z.art == 'w')
	}
	if !passt {
		return f, fehlerf("format", "format does not go with the type; allowed: %s", "Das Format passt nicht zum Typ des Feldes. Möglich: %s.", strings.Join(namen, " "))
	}
	if err = z.weiter(); err != nil {
		return f, err
	}
	if f.name == "mehrzahl" || f.name == "wort" {
		for _, ziel := range []*string{&f.eins, &f.viel} {
			if z.art != 't' {
				return f, fehlerf("format", "%s needs two texts", "„%s“ braucht zwei Texte: für eins und für mehrere.", f.name)
			}
			*ziel = z.tok
			if err = z.weiter(); err != nil {
				return f, err
			}
		}
	}
	if z.art != 0 {
		return f, fehlerf("platzhalter", "unexpected %q", "Im Platzhalter steht „%s“ an falscher Stelle.", z.tok)
	}
	return f, nil
}

// immer tells whether a text is never blank, whatever the data.
func immer(teile []teil) bool {
	for _, t := range teile {
		switch {
		case strings.TrimSpace(t.literal) != "", t.norm != nil, t.feld != nil:
			return true
		case t.liste != nil:
			if t.liste.feld.Mindestens > 0 && immer(t.inhalt) {
				return true
			}
		case len(t.zweige) > 0:
			alle := t.zweige[len(t.zweige)-1].wenn == nil
			for _, z := range t.zweige {
				alle = alle && immer(z.inhalt)
			}
			if alle {
				return true
			}
		}
	}
	return false
}
