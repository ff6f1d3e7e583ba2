package pdf

import (
	"fmt"
	"strings"
)

// Measures of DIN 5008:2020, form B, in millimetres from the top left corner.
const (
	feldOben     = 45.0  // address field, with the line of the sender
	feldLinks    = 25.0  // text in it: 20 mm to the field and 5 mm inside
	feldBreite   = 80.0  // 85 mm less the 5 mm
	zusatzOben   = 62.7  // first line of the address proper: 45 + 17.7
	feldZeile    = 4.23  // a line of the address: 12 points
	feldUnten    = 90.0  // 45 + 45
	infoOben     = 50.0  // reference block
	infoLinks    = 125.0 // and its width of 75 mm, of which 70 stay inside the margin
	infoRechts   = 195.0
	textOben     = 98.46 // subject
	falzOben     = 105.0 // form B
	falzUnten    = 210.0
	lochMitte    = 148.5
	kopfUnten    = 41.0 // rule below the letterhead
	maxAnschrift = 9
	maxExtra     = 3   // lines above the address proper
	fussGrad     = 7.5 // size of the columns at the foot
	fussZeile    = 9.5 // and their line height
)

func (f *fluss) brief(d *Dokument) {
	br := d.Brief
	f.neueSeite()
	s := f.seite()
	if n := zeilenZahl(br.Geschaeftsangaben); n > 0 {
		s.fussGrund = seitenHoehe - 13*mm - float64(n)*fussZeile
		f.unten = s.fussGrund - 8*mm
	}
	if !br.OhneMarken {
		for _, y := range []float64{falzOben, lochMitte, falzUnten} {
			x2 := 8.0
			if y == lochMitte {
				x2 = 10
			}
			f.linie(4*mm, y*mm, x2*mm, y*mm, 0.4, 0.5)
		}
	}
	kopf := f.elem(f.doc, "Sect")
	breite := rechts - links
	if w := f.logo(kopf, br.Logo); w > 0 {
		breite -= w + 5*mm
	}
	f.absender(kopf, br, breite)
	f.anschriftfeld(kopf, br)
	y := f.infoblock(kopf, br)
	f.geschaeftsangaben(kopf, br.Geschaeftsangaben)
	f.schliesse(kopf)

	text := f.elem(f.doc, "Sect")
	f.y = max(textOben*mm, y+8.46*mm)
	f.belegt = false
	f.ueberschrift(text, &Ueberschrift{1, br.Betreff}, 0)
	f.belegt = true
	f.y += f.grad * zeilenfaktor * 0.7
	if br.Anrede != "" {
		f.bloecke(text, []Block{Absatz{Text: br.Anrede}}, 0)
	}
	danach := f.schlussHoehe(br)
	if danach > 0 {
		danach += absatzAbstand * f.grad * zeilenfaktor
	}
	f.bloecke(text, d.Inhalt, danach)
	f.schluss(text, br)
	f.schliesse(text)
	f.zu()
}

func zeilenZahl(spalten [][]string) (n int) {
	for _, s := range spalten {
		n = max(n, len(s))
	}
	return n
}

// frei sets lines at a fixed place, wrapped at the width, and gives the height
// below them. With weiter, more of the same element follows elsewhere.
func (f *fluss) frei(e *elem, zeilen []string, x, y float64, s stil, fettGesetzt, weiter bool) float64 {
	text := strings.Join(zeilen, "\n")
	if weiter {
		text += "\n"
	}
	z := f.umbruch([]Lauf{{Text: text, Fett: fettGesetzt}}, s)
	for i := range z {
		f.marke(e)
		f.zeile(nil, &z[i], x, y+f.grund(s), s.grad, weiter || i < len(z)-1)
		y += s.hoehe
	}
	return y
}

func (f *fluss) absender(e *elem, br *Brief, breite float64) {
	zeilen := br.Absender
	c, farbig := parseFarbe(br.Farbe)
	if farbig {
		f.artefakt(artLayout)
		f.b = c.setze(append(f.b, "q 1.2 w "...))
		for i, v := range []float64{links, seitenHoehe - kopfUnten*mm, rechts, seitenHoehe - kopfUnten*mm} {
			f.b = append(appendZahl(f.b, v, 2), ' ')
			if i == 1 {
				f.b = append(f.b, "m "...)
			}
		}
		f.b = append(f.b, "l S Q\n"...)
		f.zu()
	}
	if len(zeilen) == 0 {
		return
	}
	p := f.elem(e, "P")
	if farbig {
		f.marke(p)
		f.b = c.setze(append(f.b, "q "...))
	}
	y := f.frei(p, zeilen[:1], links, 14*mm, newStil(15, 19, links, breite), true, len(zeilen) > 1)
	if farbig {
		f.b = append(f.b, "Q\n"...)
	}
	f.frei(p, zeilen[1:], links, y+1, newStil(9, 12, links, breite), false, false)
	f.zu()
	f.schliesse(p)
}

func (f *fluss) anschriftfeld(e *elem, br *Brief) {
	if br.Ruecksendezeile != "" {
		s := f.schmal(br.Ruecksendezeile, newStil(8, 5*mm, feldLinks*mm, feldBreite*mm), 5)
		p := f.elem(e, "P")
		f.frei(p, []string{br.Ruecksendezeile}, s.x, feldOben*mm, s, false, false)
		f.schliesseFrei(p)
		f.linie(feldLinks*mm, (feldOben+5)*mm, (feldLinks+feldBreite)*mm, (feldOben+5)*mm, 0.25, 0.5)
	}
	extra := max(len(br.Vermerk), len(br.Vermerk)+len(br.Anschrift)-(maxAnschrift-maxExtra))
	y := (zusatzOben - feldZeile*float64(max(extra, 0))) * mm
	for g, gruppe := range [][]string{br.Vermerk, br.Anschrift} {
		pfad := []string{"/brief/vermerk", "/brief/anschrift"}[g]
		if len(gruppe) == 0 {
			continue
		}
		p := f.elem(e, "P")
		for i, t := range gruppe {
			s := f.schmal(t, newStil(min(f.grad, 10.5), feldZeile*mm, feldLinks*mm, feldBreite*mm), 8)
			if i < len(gruppe)-1 {
				t += "\n"
			}
			z := f.umbruch([]Lauf{{Text: t}}, s)
			if len(z) > 1 && f.err == nil {
				f.err = problem(CodeAnschriftZuBreit, pfad, fmt.Sprintf("line %d does not fit into the address field at %g points", i+1, s.grad),
					fmt.Sprintf("Zeile %d der Anschrift ist zu lang für das Anschriftfeld. Teilen Sie sie auf zwei Zeilen auf.", i+1))
			}
			for k := range z {
				f.marke(p)
				f.zeile(nil, &z[k], s.x, y+f.grund(s), s.grad, i < len(gruppe)-1)
			}
			y += s.hoehe
		}
		f.schliesseFrei(p)
	}
}

func (f *fluss) schliesseFrei(e *elem) {
	f.zu()
	f.schliesse(e)
}

// schmal makes the text smaller until it fits on one line, but not below min.
func (f *fluss) schmal(text string, s stil, min float64) stil {
	for s.grad > min {
		if len(f.umbruch([]Lauf{{Text: text}}, s)) <= 1 {
			return s
		}
		s.grad -= 0.25
	}
	return s
}

// infoblock sets the reference block and gives the height below it.
func (f *fluss) infoblock(e *elem, br *Brief) float64 {
	y := infoOben * mm
	const minName, maxName = 20 * mm, 34 * mm // width of the labels
	grad := min(f.grad, 9.5)
	name := newStil(grad, grad*1.3, infoLinks*mm, maxName)
	breite := minName
	for _, a := range br.Informationsblock {
		for _, z := range f.umbruch([]Lauf{{Text: a.Name}}, name) {
			breite = max(breite, z.breite+2.5*mm)
		}
	}
	wert := newStil(grad, grad*1.3, infoLinks*mm+breite, (infoRechts-infoLinks)*mm-breite)
	if len(br.Informationsblock) > 0 {
		l := f.elem(e, "L")
		l.attr = "<</O /List /ListNumbering /None>>"
		for _, a := range br.Informationsblock {
			li := f.elem(l, "LI")
			// Name and value are one text: an Lbl would say that the list is numbered
			// (ISO 14289-1, 7.6), and a table is more than a reader wants to hear here.
			lb := f.elem(li, "LBody")
			y1 := f.frei(lb, []string{a.Name}, name.x, y, name, false, true)
			y2 := f.frei(lb, []string{a.Wert}, wert.x, y, wert, false, false)
			f.zu()
			f.schliesse(lb)
			f.schliesse(li)
			y = max(y1, y2)
		}
		f.schliesse(l)
		y += grad * 0.6
	}
	if od := verbinde(br.Ort, br.Datum); od != "" {
		p := f.elem(e, "P")
		wert.x, wert.breite = infoLinks*mm, (infoRechts-infoLinks)*mm
		y = f.frei(p, []string{od}, wert.x, y, wert, false, false)
		f.schliesseFrei(p)
	}
	return max(y, feldUnten*mm)
}

func verbinde(ort, datum string) string {
	if ort != "" && datum != "" {
		return ort + ", " + datum
	}
	return ort + datum
}

// schlussHoehe is the room for closing and signature, which stay together and
// with the end of the text.
func (f *fluss) schlussHoehe(br *Brief) float64 {
	s := f.stil()
	h := 0.0
	if br.Grussformel != "" {
		h += (1 + absatzAbstand) * s.hoehe
	}
	if len(br.Unterzeichner) > 0 {
		if !br.OhneUnterschriftsraum {
			h += 2 * s.hoehe
		}
		h += float64(len(br.Unterzeichner)) * s.hoehe
	}
	if h > 0 {
		h += absatzAbstand * s.hoehe
	}
	return h
}

func (f *fluss) schluss(e *elem, br *Brief) {
	s := f.stil()
	h := f.schlussHoehe(br)
	if f.belegt && f.y+h > f.unten+0.01 {
		f.neueSeite()
	}
	if h > 0 && f.belegt {
		f.y += absatzAbstand * s.hoehe
	}
	if br.Grussformel != "" {
		f.bloecke(e, []Block{Absatz{Text: br.Grussformel}}, 0)
	}
	if len(br.Unterzeichner) > 0 {
		if !br.OhneUnterschriftsraum {
			f.y += 2 * s.hoehe
		}
		l := make([]Lauf, 0, len(br.Unterzeichner))
		for i, t := range br.Unterzeichner {
			if i < len(br.Unterzeichner)-1 {
				t += "\n"
			}
			l = append(l, Lauf{Text: t})
		}
		f.bloecke(e, []Block{Absatz{Laeufe: l}}, 0)
	}
	if len(br.Anlagen) > 0 {
		f.y += s.hoehe
		p := make([]Punkt, len(br.Anlagen))
		for i, t := range br.Anlagen {
			p[i].Text = t
		}
		f.bloecke(e, []Block{Ueberschrift{2, "Anlagen"}, Liste{Punkte: p}}, 0)
	}
}

// geschaeftsangaben sets the columns at the foot of the first page, below the page number.
func (f *fluss) geschaeftsangaben(e *elem, spalten [][]string) {
	if zeilenZahl(spalten) == 0 {
		return
	}
	y := f.seite().fussGrund + 3*mm
	f.linie(links, y, rechts, y, 0.25, 0.5)
	b := (rechts - links) / float64(len(spalten))
	for i, sp := range spalten {
		if len(sp) == 0 {
			continue
		}
		p := f.elem(e, "P")
		s := newStil(fussGrad, fussZeile, links+float64(i)*b, b-3*mm)
		for _, t := range sp {
			s = f.schmal(t, s, 5)
		}
		f.frei(p, sp, s.x, y+1.5*mm, s, false, false)
		f.schliesseFrei(p)
	}
}
