package vorlage

import (
	"strings"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

const (
	maxAusdruck = 500 // bytes
	maxTiefe    = 20
)

// leser reads a condition or placeholder, token by token.
type leser struct {
	rest  string
	tok   string // current token; "" at the end
	art   byte   // w word or path, z number or date, t text, o operator
	sicht sicht
	tiefe int
}

// parseBedingung reads a condition and checks its types.
func parseBedingung(text string, s sicht) (*knoten, error) {
	if len(text) > maxAusdruck {
		return nil, fehlerf("ausdruck", "condition longer than %d bytes", "Die Bedingung ist länger als %d Zeichen.", maxAusdruck)
	}
	l := &leser{rest: text, sicht: s}
	if err := l.weiter(); err != nil {
		return nil, err
	}
	k, err := l.oder()
	if err != nil {
		return nil, err
	}
	if l.art != 0 {
		return nil, fehlerf("ausdruck", "unexpected %q", "In der Bedingung steht „%s“ an falscher Stelle.", l.tok)
	}
	return k, nil
}

func (l *leser) weiter() error {
	l.rest = strings.TrimLeft(l.rest, " \t\r\n")
	l.tok, l.art = "", 0
	if l.rest == "" {
		return nil
	}
	c := l.rest[0]
	ende := func(f func(c byte) bool) int {
		n := 0
		for n < len(l.rest) && f(l.rest[n]) {
			n++
		}
		return n
	}
	n := 0
	switch {
	case c == '"':
		i := strings.IndexByte(l.rest[1:], '"')
		if i < 0 {
			return fehlerf("ausdruck", "text without closing quote", "In der Bedingung fehlt ein schließendes Anführungszeichen.")
		}
		l.tok, l.art, l.rest = l.rest[1:i+1], 't', l.rest[i+2:]
		return nil
	case c >= '0' && c <= '9' || c == '-':
		n, l.art = ende(func(c byte) bool { return c >= '0' && c <= '9' || c == '-' || c == '.' }), 'z'
	case c >= 'a' && c <= 'z':
		n, l.art = ende(func(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '.' }), 'w'
	case strings.HasPrefix(l.rest, "<=") || strings.HasPrefix(l.rest, ">=") || strings.HasPrefix(l.rest, "!="):
		n, l.art = 2, 'o'
	case strings.IndexByte("=<>()|", c) >= 0:
		n, l.art = 1, 'o'
	default:
		r, _ := utf8.DecodeRuneInString(l.rest)
		return fehlerf("ausdruck", "unexpected character %q", "Das Zeichen %q hat in einem Ausdruck keine Bedeutung.", r)
	}
	l.tok, l.rest = l.rest[:n], l.rest[n:]
	return nil
}

func (l *leser) ist(art byte, tok string) bool { return l.art == art && l.tok == tok }

func (l *leser) kette(wort string, o op, innen func() (*knoten, error)) (*knoten, error) {
	if l.tiefe++; l.tiefe > maxTiefe {
		return nil, fehlerf("ausdruck", "condition nests too deep", "Die Bedingung ist zu tief geschachtelt.")
	}
	defer func() { l.tiefe-- }()
	k, err := innen()
	for err == nil && l.ist('w', wort) {
		if err = l.weiter(); err != nil {
			break
		}
		var r *knoten
		if r, err = innen(); err == nil {
			k = &knoten{op: o, a: k, b: r}
		}
	}
	return k, err
}

func (l *leser) oder() (*knoten, error) { return l.kette("oder", opOder, l.und) }
func (l *leser) und() (*knoten, error)  { return l.kette("und", opUnd, l.einzeln) }

func (l *leser) einzeln() (*knoten, error) {
	switch {
	case l.ist('w', "nicht"):
		if l.tiefe++; l.tiefe > 2*maxTiefe {
			return nil, fehlerf("ausdruck", "condition nests too deep", "Die Bedingung ist zu tief geschachtelt.")
		}
		defer func() { l.tiefe-- }()
		if err := l.weiter(); err != nil {
			return nil, err
		}
		k, err := l.einzeln()
		if err != nil {
			return nil, err
		}
		return nicht(k), nil
	case l.ist('o', "("):
		if err := l.weiter(); err != nil {
			return nil, err
		}
		k, err := l.oder()
		if err != nil {
			return nil, err
		}
		return k, l.erwarte(")")
	}
	return l.vergleich()
}

func (l *leser) erwarte(tok string) error {
	if !l.ist('o', tok) {
		return fehlerf("ausdruck", "%q is missing", "In der Bedingung fehlt „%s“.", tok)
	}
	return l.weiter()
}

func (l *leser) vergleich() (*knoten, error) {
	a, err := l.operand()
	if err != nil {
		return nil, err
	}
	if l.ist('w', "ist") {
		return l.leer(a)
	}
	if l.art != 'o' || strings.IndexByte("=<>!", l.tok[0]) < 0 {
		switch {
		case a.bezug != nil && a.bezug.typ() == Wahrheit:
			return &knoten{op: opFeld, l: a}, nil
		case a.bezug == nil && a.typ == Wahrheit && a.lit.b:
			return &knoten{op: opWahr}, nil
		case a.bezug == nil && a.typ == Wahrheit:
			return &knoten{op: opFalsch}, nil
		}
		return nil, fehlerf("ausdruck-typ", "not a condition", "Das ist keine Bedingung: Es fehlt ein Vergleich, oder das Feld ist nicht vom Typ wahrheit.")
	}
	o := l.tok
	if err := l.weiter(); err != nil {
		return nil, err
	}
	b, err := l.operand()
	if err != nil {
		return nil, err
	}
	return vergleichsknoten(a, o, b)
}

func (l *leser) leer(a operand) (*knoten, error) {
	if err := l.weiter(); err != nil {
		return nil, err
	}
	neg := l.ist('w', "nicht")
	if neg {
		if err := l.weiter(); err != nil {
			return nil, err
		}
	}
	if !l.ist('w', "leer") {
		return nil, fehlerf("ausdruck", "after ist comes leer or nicht leer", "Nach „ist“ steht „leer“ oder „nicht leer“.")
	}
	if err := l.weiter(); err != nil {
		return nil, err
	}
	if a.bezug == nil || a.bezug.zaehl || !(a.bezug.feld.Optional || a.bezug.feld.Typ == Liste) {
		return nil, fehlerf("nie-leer", "only an optional field or a list can be empty", "Leer sein kann nur eine Liste oder ein Feld mit „optional“.")
	}
	k := &knoten{op: opLeer, l: a}
	if neg {
		k = nicht(k)
	}
	return k, nil
}

func (l *leser) operand() (o operand, err error) {
	tok := l.tok
	switch l.art {
	case 't':
		o = operand{lit: wert{da: true, text: tok}, typ: Text}
	case 'z':
		if z, ok := parseZahl(tok, maxStellen); ok {
			o = operand{lit: wert{da: true, zahl: z}}
		} else if d, err := datum.Parse(tok); err == nil {
			o = operand{lit: wert{da: true, tag: d}, typ: Datum}
		} else {
			return o, fehlerf("ausdruck", "%q is neither number nor date", "„%s“ ist weder eine Zahl (1234.5) noch ein Datum (2026-12-01).", tok)
		}
	case 'w':
		switch {
		case tok == "wahr" || tok == "falsch":
			o = operand{lit: wert{da: true, b: tok == "wahr"}, typ: Wahrheit}
		case tok == "anzahl":
			return l.zaehle()
		case worte[tok]:
			return o, fehlerf("ausdruck", "unexpected word %q", "Das Wort „%s“ steht an falscher Stelle.", tok)
		default:
			o.bezug, err = l.sicht.loese(tok)
			if err != nil {
				return o, err
			}
		}
	default:
		return o, fehlerf("ausdruck", "a value is missing", "Im Ausdruck fehlt ein Feld oder ein Wert.")
	}
	return o, l.weiter()
}

func (l *leser) zaehle() (o operand, err error) {
	if err = l.weiter(); err != nil {
		return o, err
	}
	if err = l.erwarte("("); err != nil {
		return o, err
	}
	if l.art != 'w' {
		return o, fehlerf("ausdruck", "anzahl needs a list", "„anzahl“ braucht den Namen einer Liste.")
	}
	b, err := l.sicht.loese(l.tok)
	if err != nil {
		return o, err
	}
	if b.feld.Typ != Liste {
		return o, fehlerf("keine-liste", "%q is not a list", "„%s“ ist keine Liste.", l.tok)
	}
	b.zaehl = true
	if err = l.weiter(); err != nil {
		return o, err
	}
	return operand{bezug: b}, l.erwarte(")")
}

// vergleichsknoten checks that both sides go together and puts a field on the left.
func vergleichsknoten(a operand, o string, b operand) (*knoten, error) {
	if a.bezug == nil {
		if b.bezug == nil {
			return nil, fehlerf("ausdruck-typ", "two constants are compared", "Verglichen werden zwei feste Werte.")
		}
		a, b = b, a
		o = strings.NewReplacer("<", ">", ">", "<").Replace(o)
	}
	t, u := a.bezug.typ(), b.typ
	if b.bezug != nil {
		u = b.bezug.typ()
	}
	ordnung := o != "=" && o != "!="
	passt := t == u
	switch t {
	case Nummer, anzahl:
		passt = passt || (b.bezug == nil && u == "") || u == Nummer || u == anzahl
	case Geld:
		passt = passt || (b.bezug == nil && u == "")
	case Auswahl:
		if b.bezug == nil && u == Text {
			i, ok := a.bezug.feld.auswahl(b.lit.text)
			if !ok {
				return nil, fehlerf("auswahl-wert", "%q is no value of %s", "„%s“ ist kein Wert der Auswahl „%s“.", b.lit.text, a.bezug.feld.Name)
			}
			b.lit.zahl = ganzzahl(int64(i))
			passt = true
		}
	case Liste, Gruppe:
		return nil, fehlerf("ausdruck-typ", "a list or record cannot be compared", "Eine Liste oder Gruppe lässt sich nicht vergleichen.")
	}
	if !passt || (ordnung && (t == Text || t == Wahrheit || t == Auswahl)) {
		if u == "" {
			u = Nummer
		}
		return nil, fehlerf("ausdruck-typ", "%s %s %s does not fit", "Der Vergleich passt nicht: links „%s“, Zeichen „%s“, rechts „%s“.", t, o, u)
	}
	return &knoten{op: zeichen[o], l: a, r: b}, nil
}

var zeichen = map[string]op{"=": opGleich, "!=": opUngleich, "<": opKleiner, "<=": opKleinerGleich, ">": opGroesser, ">=": opGroesserGleich}
