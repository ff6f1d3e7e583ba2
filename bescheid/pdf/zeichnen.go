package pdf

import "strconv"

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
	a := ausgabe{b: f.b, fonts: f.fonts, w: f.w, grad: grad}
	a.b = append(a.b, "BT 1 0 0 1 "...)
	a.b = append(appendZahl(a.b, x, 2), ' ')
	a.b = append(appendZahl(a.b, seitenHoehe-grund, 2), " Tm\n"...)
	for ; i < j; i++ {
		t := &z.teile[i]
		a.font(t.schnitt)
		a.stueck(t.st)
		s := a.n.s
		x += float64(t.st.breite) / s.upem * grad
		letztes := i == len(z.teile)-1
		switch {
		case t.danach == leer || t.danach == leerF, t.danach == zeilen && letztes && raum:
			if !letztes || raum {
				a.zeichen(a.n.cid(s.leer, nil))
				x += float64(s.breite[s.leer]) / s.upem * grad
			}
		case letztes && z.weich:
			// The text has a soft hyphen here (ISO 32000-1, 14.8.2.2.3).
			a.ersatz([]rune{0x00AD})
			a.zeichen(a.n.cid(s.strich, nil))
			a.ersatzEnde()
		}
	}
	a.flush()
	f.b = append(a.b, "ET\n"...)
	return x
}

// verweis makes the annotation of a link, on one line of it (ISO 14289-1, 7.18.5).
func (f *fluss) verweis(e *elem, l *Lauf, x1, x2, grund, grad float64) {
	nr := f.w.neu()
	f.annots = append(f.annots, nr)
	e.kinder = append(e.kinder, kind{'o', f.seite().nr, nr})
	b := append(f.tmp[:0], "<</Type /Annot /Subtype /Link /F 4 /Border [0 0 0] /Rect ["...)
	for _, v := range []float64{x1, seitenHoehe - grund - 0.25*grad, x2, seitenHoehe - grund + 0.85*grad} {
		b = append(appendZahl(b, v, 2), ' ')
	}
	b = appendText(append(b, "] /Contents "...), l.Ziel)
	b = appendText(append(b, " /A <</Type /Action /S /URI /URI "...), l.Ziel)
	b = strconv.AppendInt(append(b, ">> /StructParent "...), int64(f.schluessel(e.nr)), 10)
	b = append(b, ">>"...)
	f.tmp = b
	f.w.objekt(nr, b)
}

// ausgabe writes text-showing operators; the pen is where the viewer has it.
type ausgabe struct {
	b     []byte
	fonts *[schnitte]nutzung
	w     *schreiber
	grad  float64
	n     *nutzung
	offen bool    // inside [ … ] TJ
	hex   bool    // inside < … >
	schub float64 // font units to move before the next glyph
	hoehe int32   // text rise in font units
}

func (a *ausgabe) font(schnitt int) {
	n := &a.fonts[schnitt]
	if a.n == n {
		return
	}
	a.flush()
	a.n = n
	if n.nr == 0 {
		n.nr = a.w.neu()
	}
	a.b = append(append(append(a.b, '/'), n.name...), ' ')
	a.b = append(appendZahl(a.b, a.grad, 2), " Tf\n"...)
}

func (a *ausgabe) flush() {
	if a.hex {
		a.b = append(a.b, '>')
	}
	if a.offen {
		a.b = append(a.b, "] TJ\n"...)
	}
	a.hex, a.offen = false, false
}

func (a *ausgabe) zeichen(cid uint16) {
	if !a.offen {
		a.b = append(a.b, '[')
		a.offen = true
	}
	if v := a.n.s.em(a.schub); v > 0.05 || v < -0.05 {
		if a.hex {
			a.b = append(a.b, '>')
			a.hex = false
		}
		a.b = appendZahl(a.b, -v, 1)
		a.schub = 0
	}
	if !a.hex {
		a.b = append(a.b, '<')
		a.hex = true
	}
	a.b = appendHex16(a.b, cid)
}

// steig sets the text rise.
func (a *ausgabe) steig(h int32) {
	if h == a.hoehe {
		return
	}
	a.flush()
	a.hoehe = h
	a.b = append(appendZahl(a.b, float64(h)/a.n.s.upem*a.grad, 2), " Ts\n"...)
}

func (a *ausgabe) glyphe(g *glyphe, text []rune) {
	a.steig(g.yoff)
	a.schub += float64(g.xoff)
	a.zeichen(a.n.cid(g.gid, text))
	a.schub += float64(g.adv - g.xoff - int32(a.n.s.breite[g.gid]))
}

func (a *ausgabe) ersatz(text []rune) {
	a.flush()
	a.b = append(a.b, "/Span <</ActualText <FEFF"...)
	a.b = append(appendUTF16(a.b, text), ">>> BDC\n"...)
}

func (a *ausgabe) ersatzEnde() {
	a.flush()
	a.b = append(a.b, "EMC\n"...)
}

func (a *ausgabe) stueck(st *stueck) {
	if !st.eigen {
		for i := range st.glyph {
			a.glyphe(&st.glyph[i], nil)
		}
		a.steig(0)
		return
	}
	for i := 0; i < len(st.glyph); {
		ende, text := st.cluster(i)
		anders := ende-i != len(text)
		for k := i; k < ende && !anders; k++ {
			anders = a.n.s.zeichen[st.glyph[k].gid] != text[k-i]
		}
		if anders {
			a.ersatz(text)
		}
		for ; i < ende; i++ {
			a.glyphe(&st.glyph[i], text)
		}
		if anders {
			a.steig(0)
			a.ersatzEnde()
		}
	}
	a.steig(0)
}
