package vorlage

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

var ersterTag = datum.New(1000, 1, 1)

// maxBelegungen bounds the search; beyond it a branch counts as reachable.
const maxBelegungen = 20000

// belegung stands for data: a value for each place a condition asks about.
type belegung map[string]wert

func (m belegung) hole(b *bezug) wert { return m[b.key] }

type stelle struct {
	key   string
	werte []wert
}

// waage bounds the work of all checks of a file.
type waage struct{ versuche, bytes int }

// moeglich tells whether some data make the condition true. It tries, for every
// place the condition asks about, the values at, below, between and above those
// it is compared with; these are all cases a comparison can tell apart.
func (g *waage) moeglich(k *knoten) bool {
	if k == nil || g.versuche <= 0 {
		return true
	}
	s := &sammler{bezuege: map[string]*bezug{}}
	s.geh(k)
	g.versuche -= 10 * len(s.literale) // the work before the first try
	var stellen []stelle
	n := 1
	for _, key := range s.reihenfolge {
		st := stelle{key, kandidaten(s.bezuege[key], s.literale)}
		if n *= len(st.werte); n > maxBelegungen {
			return true
		}
		stellen = append(stellen, st)
	}
	return g.versuche <= 0 || g.probiere(k, stellen, belegung{})
}

func (g *waage) probiere(k *knoten, stellen []stelle, m belegung) bool {
	if len(stellen) == 0 {
		g.versuche--
		return k.gilt(m)
	}
	for _, w := range stellen[0].werte {
		m[stellen[0].key] = w
		if g.probiere(k, stellen[1:], m) {
			return true
		}
	}
	return false
}

type sammler struct {
	bezuege     map[string]*bezug
	reihenfolge []string
	literale    []operand
}

func (s *sammler) geh(k *knoten) {
	if k == nil {
		return
	}
	s.geh(k.a)
	s.geh(k.b)
	for _, o := range []*operand{&k.l, &k.r} {
		switch {
		case o.bezug != nil:
			key := o.bezug.key
			if s.bezuege[key] == nil {
				s.bezuege[key] = o.bezug
				s.reihenfolge = append(s.reihenfolge, key)
			}
		case o.lit.da:
			s.literale = append(s.literale, *o)
		}
	}
}

// kandidaten are the values worth trying for a field.
func kandidaten(b *bezug, literale []operand) (out []wert) {
	f := b.feld
	add := func(w wert) { w.da = true; out = append(out, w) }
	if f.Optional {
		out = append(out, wert{})
	}
	switch f.Typ {
	case Wahrheit:
		add(wert{b: true})
		add(wert{b: false})
	case Auswahl:
		for i, v := range f.Werte {
			add(wert{text: v.Wert, zahl: ganzzahl(int64(i))})
		}
	case Liste:
		zahlen := []int64{int64(f.Mindestens), int64(f.Mindestens) + 1, int64(f.hoechstens())}
		for _, l := range literale {
			n := l.lit.zahl.mio / einheit
			zahlen = append(zahlen, n-1, n, n+1)
		}
		slices.Sort(zahlen)
		for _, n := range slices.Compact(zahlen) {
			if n >= int64(f.Mindestens) && n <= int64(f.hoechstens()) {
				add(wert{zahl: ganzzahl(n)})
			}
		}
	case Nummer, Geld:
		zahlen := []int64{0, einheit}
		for _, l := range literale {
			zahlen = append(zahlen, l.lit.zahl.mio-1, l.lit.zahl.mio, l.lit.zahl.mio+1)
			if f.Typ == Geld {
				zahlen = append(zahlen, l.lit.zahl.mio-einheit/100, l.lit.zahl.mio+einheit/100)
			}
		}
		slices.Sort(zahlen)
		for _, n := range slices.Compact(zahlen) {
			add(wert{zahl: zahl{mio: n}})
		}
	case Datum:
		heute := wert{}
		for _, l := range literale {
			if l.typ == Datum {
				for _, n := range []int{-1, 0, 1} {
					heute.tag = l.lit.tag.AddTage(n)
					add(heute)
				}
			}
		}
		add(wert{tag: ersterTag})
		add(wert{tag: ersterTag.AddTage(1)})
	default:
		for _, l := range literale {
			if l.typ == Text {
				add(l.lit)
			}
		}
		add(wert{text: "\x00"}) // some other text
		add(wert{text: "\x01"})
	}
	return out
}
