package pdf

import (
	"bytes"
	"image"
	"math"
	"strconv"
	"strings"
)

// stil is how a block of lines is set.
type stil struct {
	grad   float64
	hoehe  float64 // of a line
	x      float64
	breite float64
	satz   satz
}

// newStil is a style whose lines end between words only.
func newStil(grad, hoehe, x, breite float64) stil {
	return stil{grad: grad, hoehe: hoehe, x: x, breite: breite}
}

// satz says how running text in a language is set; empty is the document's.
func (f *fluss) satz(sprache string) satz {
	if sprache == "" {
		sprache = f.d.Sprache
	}
	return satz{trenne: !f.d.OhneTrennung && deutsch(sprache), block: f.d.Blocksatz}
}

func (f *fluss) stil() stil {
	return newStil(f.grad, f.grad*zeilenfaktor, links, rechts-links)
}

// grund is the distance from the top of a line to its baseline.
func (f *fluss) grund(s stil) float64 {
	sch := f.form.schriften[normal]
	auf, ab := sch.em(float64(sch.aufstieg))/1000*s.grad, -sch.em(float64(sch.abstieg))/1000*s.grad
	return (s.hoehe-auf-ab)/2 + auf
}

func (f *fluss) umbruch(l []Lauf, s stil) []zeile {
	// The lines keep slices of the pieces, so these are not scratch.
	return f.form.umbrich(f.form.zerlege(nil, l), s.grad, s.breite, s.satz)
}

// absatzAbstand is the space below a paragraph, in lines.
const absatzAbstand = 0.55

// tabellenAbstand is the space below a table, in lines.
const tabellenAbstand = 0.8

// mindest is the least number of lines of a paragraph on either side of a page break.
const mindest = 2

// absatz sets lines, over as many pages as they need. danach is the height that
// should stay free below the last line on its page, for what must not stand
// alone. Before the first line, vorab is called (for the label of a list item).
func (f *fluss) absatz(v *verbund, z []zeile, s stil, danach float64, vorab func()) {
	for len(z) > 0 && f.err == nil {
		n := int(math.Floor((f.unten - f.y + 0.01) / s.hoehe))
		switch {
		case n >= len(z) && (f.y+float64(len(z))*s.hoehe+danach <= f.unten+0.01 || !f.belegt):
			n = len(z)
		case n >= len(z): // the lines fit, but not what follows: take some along
			n = len(z) - mindest
			if n < mindest {
				n = 0
			}
		default:
			n = max(0, min(n, len(z)-mindest))
			if n < mindest {
				n = 0
			}
		}
		if n == 0 {
			if f.belegt {
				f.neueSeite()
				continue
			}
			n = 1
		}
		if vorab != nil {
			vorab()
			vorab = nil
		}
		for i := range z[:n] {
			f.zeile(v, &z[i], s.x, f.y+f.grund(s), s.grad, i < len(z)-1)
			f.y += s.hoehe
		}
		f.belegt = true
		f.zu()
		z = z[n:]
		if len(z) > 0 {
			f.neueSeite()
		}
	}
}

// mindesthoehe is the room the first block needs to begin on a page. danach is what
// follows the last of the blocks on its page: a block that is not divided needs
// it, too.
func (f *fluss) mindesthoehe(bl []Block, danach float64) float64 {
	if len(bl) == 0 {
		return danach
	}
	if len(bl) > 1 {
		danach = 0
	}
	if h := f.beginnHoehe(bl, danach); h <= unten-oben {
		return h
	}
	return f.beginnHoehe(bl, 0)
}

func (f *fluss) beginnHoehe(bl []Block, danach float64) float64 {
	s := f.stil()
	zeilen := func(n int) float64 {
		if n < 2*mindest {
			return float64(n)*s.hoehe + danach
		}
		return mindest * s.hoehe
	}
	switch b := bl[0].(type) {
	case Absatz:
		return zeilen(len(f.umbruch(laeufe(b.Text, b.Laeufe), s)))
	case Liste:
		if len(b.Punkte) == 0 {
			return mindest * s.hoehe
		}
		if len(b.Punkte) > 1 || b.Punkte[0].Unter != nil {
			danach = 0
		}
		s.breite -= listenEinzug
		return max(mindest*s.hoehe, zeilen(len(f.umbruch(laeufe(b.Punkte[0].Text, b.Punkte[0].Laeufe), s))))
	case Tabelle:
		return f.tabellenHoehe(&b, danach)
	case Matrixcode:
		_, h := b.masse()
		return h + danach
	case Bild:
		if c, _, err := image.DecodeConfig(bytes.NewReader(b.Daten)); err == nil {
			_, h := b.masse(c, b.breite(), (unten-oben)/2)
			return h + danach
		}
	case Ueberschrift:
		return f.ueberschriftHoehe(&b) + max(mindest*s.hoehe, f.mindesthoehe(bl[1:], danach))
	}
	return 0
}

func (f *fluss) ueberschriftStil(ebene int) stil {
	s := f.stil()
	faktor := 1.0
	if f.d.Brief == nil {
		faktor = []float64{1.6, 1.25, 1.1, 1, 1, 1}[ebene-1]
	} else if ebene == 1 {
		faktor = 1.1
	}
	s.grad *= faktor
	s.hoehe = s.grad * 1.25
	return s
}

// ueberschriftRaum is the space below a heading, in its lines.
const ueberschriftRaum = 0.3

func (f *fluss) ueberschriftHoehe(u *Ueberschrift) float64 {
	s := f.ueberschriftStil(u.Ebene)
	return float64(len(f.umbruch([]Lauf{{Text: u.Text, Fett: true}}, s))) * s.hoehe
}

func (f *fluss) ueberschrift(e *elem, u *Ueberschrift, danach float64) {
	s := f.ueberschriftStil(u.Ebene)
	l := []Lauf{{Text: u.Text, Fett: true, Kursiv: u.Ebene > 4}}
	z := f.umbruch(l, s)
	if f.belegt {
		f.y += s.hoehe * 0.5
		if f.y+(float64(len(z))+ueberschriftRaum)*s.hoehe+danach > f.unten {
			f.neueSeite()
		}
	}
	v := newVerbund(f.elem(e, "H"+strconv.Itoa(u.Ebene)), l)
	// Room above was made for the whole heading, unless it is longer than a page.
	if len(f.marken) < maxLesezeichen {
		f.marken = append(f.marken, lesezeichen{text: einzeilig(u.Text), ebene: u.Ebene, seite: f.seite().nr, y: f.y})
	}
	f.absatz(v, z, s, 0, nil)
	f.schliesseVerbund(v)
	f.y += s.hoehe * ueberschriftRaum
}

// maxLesezeichen bounds the outline of a long document.
const maxLesezeichen = 5000

// bloecke sets blocks one after the other. danach is the room that what follows
// the last block needs on the same page.
func (f *fluss) bloecke(e *elem, bl []Block, danach float64) {
	for i := range bl {
		if f.err != nil {
			return
		}
		rest := 0.0
		if i == len(bl)-1 {
			rest = danach
		}
		switch b := bl[i].(type) {
		case Ueberschrift:
			f.ueberschrift(e, &b, f.mindesthoehe(bl[i+1:], danach))
		case Absatz:
			s := f.stil()
			s.satz = f.satz(b.Sprache)
			if b.Eingerueckt {
				s.x += 8 * mm
				s.breite -= 12 * mm
			}
			l := laeufe(b.Text, b.Laeufe)
			v := newVerbund(f.elem(e, "P"), l)
			v.e.sprache = b.Sprache
			f.absatz(v, f.umbruch(l, s), s, rest, nil)
			f.schliesseVerbund(v)
			f.y += s.hoehe * absatzAbstand
		case Liste:
			f.liste(e, &b, 0, f.stil(), rest)
			f.y += f.stil().hoehe * 0.35
		case Tabelle:
			if rest > 0 {
				rest += (tabellenAbstand - absatzAbstand) * f.stil().hoehe
			}
			f.tabelle(e, &b, rest)
			f.y += f.stil().hoehe * tabellenAbstand
		case Matrixcode:
			f.matrixcode(e, &b, rest)
		case Bild:
			f.bild(e, &b, rest)
		case Abstand:
			if f.belegt {
				f.y = min(f.y+b.Millimeter*mm, f.unten)
			}
		case Trennlinie:
			h := f.stil().hoehe * 0.5
			if f.y+h > f.unten {
				f.neueSeite()
			}
			f.y += h * 0.4
			f.linie(links, f.y, rechts, f.y, 0.5, 0.4)
			f.y += h
			f.belegt = true
		case Seitenumbruch:
			if f.belegt && i < len(bl)-1 {
				f.neueSeite()
			}
		}
	}
}

// listenEinzug is how far the text of a list stands in at least.
const listenEinzug = 5 * mm

// Labels of a bulleted list by depth.
var aufzaehlung = [...]string{"•", "–", "•"}

func (f *fluss) liste(e *elem, l *Liste, tiefe int, s stil, danach float64) {
	le := f.elem(e, "L")
	nummerung := "/Disc"
	if l.Nummeriert {
		nummerung = "/Decimal"
	}
	le.attr = "<</O /List /ListNumbering " + nummerung + ">>"
	beginn := max(l.Beginn, 1)
	marke := func(i int) string {
		if !l.Nummeriert {
			return aufzaehlung[tiefe]
		}
		return strconv.Itoa(beginn+i) + "."
	}
	// The text stands in as far as the widest label asks for.
	einzug := listenEinzug
	if l.Nummeriert && len(l.Punkte) > 0 {
		if z := f.umbruch([]Lauf{{Text: marke(len(l.Punkte) - 1)}}, s); len(z) > 0 {
			einzug = max(einzug, z[0].breite+2*mm)
		}
	}
	body := s
	body.satz = f.satz("")
	body.x += einzug
	body.breite -= einzug
	for i := range l.Punkte {
		p := &l.Punkte[i]
		li := f.elem(le, "LI")
		lbl, lb := f.elem(li, "Lbl"), f.elem(li, "LBody")
		ll := laeufe(p.Text, p.Laeufe)
		v := newVerbund(f.elem(lb, "P"), ll)
		rest := 0.0
		if i == len(l.Punkte)-1 {
			rest = danach
		}
		davor := rest // what must follow the text of this point on its page
		if p.Unter != nil {
			davor = 0
		}
		f.absatz(v, f.umbruch(ll, body), body, davor, func() {
			for _, z := range f.umbruch([]Lauf{{Text: marke(i)}}, s) {
				f.marke(lbl)
				f.zeile(nil, &z, s.x, f.y+f.grund(s), s.grad, true)
			}
		})
		f.schliesseVerbund(v)
		f.schliesse(lbl)
		f.y += s.hoehe * 0.2
		if p.Unter != nil {
			f.liste(lb, p.Unter, tiefe+1, body, rest)
		}
		f.schliesse(lb)
		f.schliesse(li)
	}
	f.schliesse(le)
}

// einzeilig gives a heading as the outline shows it: without marks for line breaks.
var einzeilig = strings.NewReplacer("\u00AD", "", "\u200B", "").Replace
