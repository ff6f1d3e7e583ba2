package vorlage

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// bezug points to a field: of the data (ebene 0) or of a record that a loop is at.
type bezug struct {
	ebene int
	idx   []int
	feld  *Feld
	key   string // equal for equal places
	zaehl bool   // anzahl(…) of it
}

func (b *bezug) typ() Typ {
	if b.zaehl {
		return anzahl
	}
	return b.feld.Typ
}

// quelle gives values to an expression.
type quelle interface{ hole(b *bezug) wert }

type op uint8

const (
	opWahr op = iota // lit
	opFalsch
	opFeld // a field of type Wahrheit
	opLeer
	opGleich
	opUngleich
	opKleiner
	opKleinerGleich
	opGroesser
	opGroesserGleich
	opNicht
	opUnd
	opOder
)

// knoten is a condition. Every form of it has a value: what is missing equals nothing.
type knoten struct {
	op   op
	a, b *knoten
	l, r operand
}

// operand is a field or a literal.
type operand struct {
	bezug *bezug
	lit   wert
	typ   Typ // of a literal; "" if it is a bare number, which is zahl or geld
}

func (o *operand) wert(q quelle) wert {
	if o.bezug != nil {
		return q.hole(o.bezug)
	}
	return o.lit
}

func (k *knoten) gilt(q quelle) bool {
	switch k.op {
	case opWahr:
		return true
	case opFeld:
		w := k.l.wert(q)
		return w.da && w.b
	case opLeer:
		w := k.l.wert(q)
		if k.l.bezug.feld.Typ == Liste {
			return w.zahl.mio == 0
		}
		return !w.da
	case opNicht:
		return !k.a.gilt(q)
	case opUnd:
		return k.a.gilt(q) && k.b.gilt(q)
	case opOder:
		return k.a.gilt(q) || k.b.gilt(q)
	case opGleich, opUngleich, opKleiner, opKleinerGleich, opGroesser, opGroesserGleich:
		l, r := k.l.wert(q), k.r.wert(q)
		if !l.da || !r.da {
			return k.op == opUngleich
		}
		c := vergleiche(k.l.bezug.typ(), l, r)
		switch k.op {
		case opGleich:
			return c == 0
		case opUngleich:
			return c != 0
		case opKleiner:
			return c < 0
		case opKleinerGleich:
			return c <= 0
		case opGroesser:
			return c > 0
		}
		return c >= 0
	}
	return false
}

func vergleiche(t Typ, l, r wert) int {
	switch t {
	case Datum:
		return l.tag.Compare(r.tag)
	case Nummer, Geld, anzahl:
		switch {
		case l.zahl.mio < r.zahl.mio:
			return -1
		case l.zahl.mio > r.zahl.mio:
			return 1
		}
		return 0
	case Wahrheit:
		if l.b == r.b {
			return 0
		}
		return 1
	}
	return strings.Compare(l.text, r.text)
}

func nicht(k *knoten) *knoten { return &knoten{op: opNicht, a: k} }

func und(a, b *knoten) *knoten {
	if a == nil || a.op == opWahr {
		return b
	}
	if b == nil || b.op == opWahr {
		return a
	}
	return &knoten{op: opUnd, a: a, b: b}
}

func oder(a, b *knoten) *knoten {
	if a == nil {
		return b
	}
	return &knoten{op: opOder, a: a, b: b}
}

// fakten are the optional fields that are there if the condition is true (soll)
// or false.
func (k *knoten) fakten(soll bool) map[string]bool {
	switch k.op {
	case opFeld:
		if soll {
			return map[string]bool{k.l.bezug.key: true}
		}
	case opLeer:
		if !soll {
			return map[string]bool{k.l.bezug.key: true}
		}
	case opGleich, opKleiner, opKleinerGleich, opGroesser, opGroesserGleich, opUngleich:
		if soll != (k.op == opUngleich) {
			out := map[string]bool{}
			for _, o := range []*operand{&k.l, &k.r} {
				if o.bezug != nil {
					out[o.bezug.key] = true
				}
			}
			return out
		}
	case opNicht:
		return k.a.fakten(!soll)
	case opUnd, opOder:
		x, y := k.a.fakten(soll), k.b.fakten(soll)
		if (k.op == opUnd) == soll { // both hold
			out := maps.Clone(x)
			if out == nil {
				out = map[string]bool{}
			}
			maps.Copy(out, y)
			return out
		}
		out := map[string]bool{} // one of them, nobody knows which
		for f := range x {
			if y[f] {
				out[f] = true
			}
		}
		return out
	}
	return nil
}

// name is a loop variable.
type laufname struct {
	name string
	feld *Feld // the list
}

// sicht is what an expression or text can name.
type sicht struct {
	felder []Feld
	laeufe []laufname
	da     map[string]bool // optional fields known to be there
}

func (s sicht) mit(da map[string]bool) sicht {
	if len(da) == 0 {
		return s
	}
	m := maps.Clone(s.da)
	if m == nil {
		m = map[string]bool{}
	}
	maps.Copy(m, da)
	s.da = m
	return s
}

func (s sicht) in(name string, b *bezug) sicht {
	s.laeufe = append(s.laeufe[:len(s.laeufe):len(s.laeufe)], laufname{name, b.feld})
	return s
}

// loese finds the field of a path such as "baum.art".
func (s sicht) loese(pfad string) (*bezug, error) {
	teile := strings.Split(pfad, ".")
	b := &bezug{}
	fs := s.felder
	for i := len(s.laeufe) - 1; i >= 0; i-- {
		if s.laeufe[i].name == teile[0] {
			if len(teile) == 1 {
				return nil, fehlerf("pfad-satz", "%q is a record, not a value", "„%s“ ist ein ganzer Eintrag. Gemeint ist wohl eines seiner Felder.", pfad)
			}
			b.ebene, fs, teile = i+1, s.laeufe[i].feld.Felder, teile[1:]
			break
		}
	}
	b.key = strconv.Itoa(b.ebene)
	for n, t := range teile {
		j := -1
		for i := range fs {
			if fs[i].Name == t {
				j = i
			}
		}
		if j < 0 {
			return nil, fehlerf("platzhalter", "field %q is not declared", "Das Feld „%s“ gibt es nicht.", pfad)
		}
		b.idx, b.feld = append(b.idx, j), &fs[j]
		b.key += "." + strconv.Itoa(j)
		if n < len(teile)-1 {
			if fs[j].Typ != Gruppe {
				return nil, fehlerf("pfad", "%q: only a record has fields", "„%s“: Vor dem Punkt muss eine Gruppe stehen. Die Einträge einer Liste erreicht „je“.", pfad)
			}
			fs = fs[j].Felder
		}
	}
	return b, nil
}

// sprachfehler is a mistake in a template, with code and German sentence.
type sprachfehler struct{ code, meldung, hinweis string }

func (f *sprachfehler) Error() string { return f.meldung }

func fehlerf(code, meldung, hinweis string, args ...any) error {
	return &sprachfehler{code, fmt.Sprintf(meldung, args...), fmt.Sprintf(hinweis, args...)}
}

func alsSprachfehler(err error) *sprachfehler {
	if f, ok := errors.AsType[*sprachfehler](err); ok {
		return f
	}
	return &sprachfehler{"ausdruck", "not understood", "Der Ausdruck ist nicht zu verstehen."}
}
