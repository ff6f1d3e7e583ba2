package pdf

import (
	"strconv"
	"strings"
)

// verbund says which element the runs of a paragraph belong to: the paragraph
// itself, or a Link or Span below it, which are made when first met.
type verbund struct {
	e      *elem
	laeufe []Lauf
	eigen  []*elem // by run; nil entries are not made yet
}

func newVerbund(e *elem, l []Lauf) *verbund {
	v := &verbund{e: e, laeufe: l}
	for i := range l {
		if l[i].Ziel != "" || l[i].Sprache != "" {
			v.eigen = make([]*elem, len(l))
			break
		}
	}
	return v
}

func (f *fluss) elemVon(v *verbund, lauf int) *elem {
	if v.eigen == nil {
		return v.e
	}
	l := &v.laeufe[lauf]
	if l.Ziel == "" && l.Sprache == "" {
		return v.e
	}
	if v.eigen[lauf] == nil {
		typ := "Span"
		if l.Ziel != "" {
			typ = "Link"
		}
		v.eigen[lauf] = f.elem(v.e, typ)
		v.eigen[lauf].sprache = l.Sprache
	}
	return v.eigen[lauf]
}

// schliesseVerbund closes the elements of the runs and then the paragraph's own.
func (f *fluss) schliesseVerbund(v *verbund) {
	f.zu()
	for _, e := range v.eigen {
		if e != nil {
			f.schliesse(e)
		}
	}
	f.schliesse(v.e)
}

// zeile writes one line. With a nil verbund the caller has opened the marked
// content or artifact. raum puts the space at the end of the line, which is not
// seen but keeps words apart for whoever reads the text without the layout.
func (f *fluss) zeile(v *verbund, z *zeile, x, grund, grad float64, raum bool) {
	for i := 0; i < len(z.teile); {
		j := i + 1
		if v != nil {
			e := f.elemVon(v, z.teile[i].lauf)
			for j < len(z.teile) && f.elemVon(v, z.teile[j].lauf) == e {
				j++
			}
			if f.offen != e {
				f.marke(e)
			}
		} else {
			j = len(z.teile)
		}
		ende := f.text(z, i, j, x, grund, grad, raum)
		if v != nil {
			if l := &v.laeufe[z.teile[i].lauf]; l.Ziel != "" {
				f.verweis(v.eigen[z.teile[i].lauf], l, x, ende, grund, grad)
			}
		}
		x, i = ende, j
	}
}

// text writes the pieces i to j of a line and gives where the next begins.
func (f *fluss) text(z *zeile, i, j int, x, grund, grad float64, raum bool) float64 {
	a := ausgabe{f: f, e: f.offen, grad: grad, y: seitenHoehe - grund}
	for ; i < j; i++ {
		t := &z.teile[i]
		a.font(t.schnitt)
		a.stueck(x, t.st)
		s := a.n.s
		x += float64(t.st.breite) / s.upem * grad
		letztes := i == len(z.teile)-1
		switch {
		case t.danach == leer || t.danach == leerF, t.danach == zeilen && letztes && raum:
			if !letztes || raum {
				a.zeichen(x, a.n.cid(s.leer, nil))
				x += float64(s.breite[s.leer]) / s.upem * grad
				if !letztes && z.dehne > 0 {
					x += z.dehne
					a.schub += z.dehne / grad * s.upem
				}
			}
		case letztes && z.weich:
			// The text has a soft hyphen here (ISO 32000-1, 14.8.2.2.3).
			a.ersatz([]rune{0x00AD})
			a.zeichen(x, a.n.cid(s.strich, nil))
			a.ersatzEnde()
		}
	}
	a.ende()
	return x
}

// verweis underlines a link, on one line of it, and makes its annotation (ISO 14289-1, 7.18.5).
func (f *fluss) verweis(e *elem, l *Lauf, x1, x2, grund, grad float64) {
	f.marke(e)
	f.strich(x1, grund+0.12*grad, x2, grund+0.12*grad, 0.04*grad, 0)
	nr := f.w.neu()
	f.annots = append(f.annots, nr)
	e.kinder = append(e.kinder, kind{'o', f.seite().nr, nr})
	b := append(f.tmp[:0], "<</Type /Annot /Subtype /Link /F 4 /Border [0 0 0] /Rect ["...)
	for _, v := range []float64{x1, seitenHoehe - grund - 0.25*grad, x2, seitenHoehe - grund + 0.85*grad} {
		b = append(appendZahl(b, v, 2), ' ')
	}
	text := strings.TrimSpace(strings.ReplaceAll(einzeilig(l.Text), "\n", " "))
	if text == "" || text == l.Ziel {
		text = l.Ziel
	} else {
		text += ": " + l.Ziel
	}
	b = appendText(append(b, "] /Contents "...), kuerze(text, maxZeile))
	b = appendText(append(b, " /A <</Type /Action /S /URI /URI "...), l.Ziel)
	b = strconv.AppendInt(append(b, ">> /StructParent "...), int64(f.schluessel(e.nr)), 10)
	b = append(b, ">>"...)
	f.tmp = b
	f.w.objekt(nr, b)
}

// kuerze cuts a text to n characters.
func kuerze(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// ausgabe writes text-showing operators for one line, or a part of it.
type ausgabe struct {
	f        *fluss
	e        *elem // whose content it is; nil inside an artifact
	grad, y  float64
	n        *nutzung
	gesetzt  *nutzung // the font that Tf has set
	imText   bool     // inside BT … ET
	imErsatz bool     // inside marked content with replacement text
	offen    bool     // inside [ … ] TJ
	hex      bool     // inside < … >
	schub    float64  // font units to move before the next glyph
	hoehe    int32    // text rise in font units
}

func (a *ausgabe) font(schnitt int) {
	n := &a.f.fonts[schnitt]
	if a.n == n {
		return
	}
	a.flush()
	a.n = n
	if n.nr == 0 {
		n.nr = a.f.w.neu()
	}
}

// flush ends TJ.
func (a *ausgabe) flush() {
	if a.hex {
		a.f.b = append(a.f.b, '>')
	}
	if a.offen {
		a.f.b = append(a.f.b, "] TJ\n"...)
	}
	a.hex, a.offen = false, false
}

// ende ends the text object. Marked content must not begin inside one and end outside.
func (a *ausgabe) ende() {
	a.steig(0)
	a.flush()
	if a.imText {
		a.f.b = append(a.f.b, "ET\n"...)
	}
	a.imText = false
}

// zeichen shows a glyph; x is where its cluster begins, for the first of a text object.
func (a *ausgabe) zeichen(x float64, cid uint16) {
	if !a.imText {
		if a.e != nil && !a.imErsatz {
			a.f.marke(a.e)
		}
		b := appendZahl(append(a.f.b, "BT 1 0 0 1 "...), x+a.schub/a.n.s.upem*a.grad, 2)
		a.f.b = append(appendZahl(append(b, ' '), a.y, 2), " Tm\n"...)
		a.imText, a.gesetzt, a.schub = true, nil, 0
	}
	b := a.f.b
	if a.gesetzt != a.n {
		b = append(append(append(b, '/'), a.n.name...), ' ')
		b = append(appendZahl(b, a.grad, 2), " Tf\n"...)
		a.gesetzt = a.n
	}
	if !a.offen {
		b = append(b, '[')
		a.offen = true
	}
	if v := a.n.s.em(a.schub); v > 0.05 || v < -0.05 {
		if a.hex {
			b = append(b, '>')
			a.hex = false
		}
		b = appendZahl(b, -v, 1)
		a.schub = 0
	}
	if !a.hex {
		b = append(b, '<')
		a.hex = true
	}
	a.f.b = appendHex16(b, cid)
}

// steig sets the text rise.
func (a *ausgabe) steig(h int32) {
	if h == a.hoehe {
		return
	}
	a.flush()
	a.hoehe = h
	a.f.b = append(appendZahl(a.f.b, float64(h)/a.n.s.upem*a.grad, 2), " Ts\n"...)
}

func (a *ausgabe) glyphe(x float64, g *glyphe, text []rune) {
	if a.imText {
		a.steig(g.yoff)
	}
	a.schub += float64(g.xoff)
	a.zeichen(x, a.n.cid(g.gid, text))
	a.schub += float64(g.adv - g.xoff - int32(a.n.s.breite[g.gid]))
}

// ersatz begins content that reads as text, whatever its glyphs do.
func (a *ausgabe) ersatz(text []rune) {
	a.ende()
	a.schub = 0 // the next text object says where it begins
	a.imErsatz = true
	if a.e != nil {
		a.f.markeMit(a.e, text)
		return
	}
	a.f.b = appendUTF16(append(a.f.b, "/Span <</ActualText <FEFF"...), text)
	a.f.b = append(a.f.b, ">>> BDC\n"...)
}

func (a *ausgabe) ersatzEnde() {
	a.ende()
	a.imErsatz, a.schub = false, 0
	if a.e != nil {
		a.f.zu()
		return
	}
	a.f.b = append(a.f.b, "EMC\n"...)
}

func (a *ausgabe) stueck(x float64, st *stueck) {
	for i := 0; i < len(st.glyph); {
		if !st.eigen {
			a.glyphe(x, &st.glyph[i], nil)
			i++
			continue
		}
		ende, text := st.cluster(i)
		anders := ende-i != len(text)
		for k := i; k < ende && !anders; k++ {
			anders = a.n.s.zeichen[st.glyph[k].gid] != text[k-i]
		}
		if anders {
			a.ersatz(text)
		}
		var breite int32
		for k := i; k < ende; k++ {
			a.glyphe(x, &st.glyph[k], text)
			breite += st.glyph[k].adv
		}
		x += float64(breite) / a.n.s.upem * a.grad
		if anders {
			a.ersatzEnde()
		}
		i = ende
	}
	if a.imText {
		a.steig(0)
	}
}
