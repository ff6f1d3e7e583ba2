package pdf

import (
	"fmt"
	"strconv"
)

// mm is a millimetre in points.
const mm = 72 / 25.4

// A4, and the text area of DIN 5008. All positions are in points from the top
// left corner; only the content stream counts from below.
const (
	seitenBreite = 210 * mm
	seitenHoehe  = 297 * mm
	links        = 25 * mm
	rechts       = seitenBreite - 20*mm
	oben         = 25 * mm
	unten        = seitenHoehe - 25*mm
	kopfGrund    = 16 * mm             // baseline of the running header
	fussGrund    = seitenHoehe - 13*mm // baseline of the running footer
	kleinGrad    = 8.5                 // size of header and footer
	zeilenfaktor = 1.3                 // line height by text size
)

// seite is what is known of a page once its content is written.
type seite struct {
	nr, fuss  int     // page object and footer stream
	fussGrund float64 // baseline of the footer
}

// fluss lays a document out, page by page, and writes each page when it is full.
type fluss struct {
	r      *Renderer
	d      *Dokument
	w      *schreiber
	form   *former
	fonts  *[schnitte]nutzung
	grad   float64
	maxSei int

	seiten   []seite
	ressNr   int // shared resources, listed by every page as ISO 19005-2, 6.2.2 asks
	seitenNr int // page tree

	b          []byte // content of the current page
	tmp        []byte
	y          float64 // where the next line begins
	unten      float64 // where the text area of the current page ends
	belegt     bool    // something stands on the current page
	mcids      []int   // element of each marked content of the current page
	offen      *elem
	imArtefakt bool
	annots     []int

	baum      int // structure tree root
	baumWerte []int
	doc       *elem
	marken    []lesezeichen
	bilder    []bildObjekt
	siegel    *Siegelort
	// the field, and its element
	siegelfeld, siegelElem int
	teile                  []teil // scratch
	err                    error
}

func (f *fluss) seite() *seite { return &f.seiten[len(f.seiten)-1] }

// neueSeite ends the current page and begins the next.
func (f *fluss) neueSeite() {
	f.beendeSeite()
	if len(f.seiten) >= f.maxSei && f.err == nil {
		f.err = problem(CodeZuVieleSeiten, "", fmt.Sprintf("more than %d pages", f.maxSei),
			fmt.Sprintf("Das Dokument hat mehr als %d Seiten. Kürzen Sie den Text oder teilen Sie ihn auf mehrere Dokumente auf.", f.maxSei))
	}
	f.seiten = append(f.seiten, seite{nr: f.w.neu(), fuss: f.w.neu(), fussGrund: fussGrund})
	f.y, f.unten, f.belegt = oben, unten, false
	if f.d.Kopfzeile != "" && (f.d.Brief == nil || len(f.seiten) > 1) {
		f.artefakt(artKopf)
		f.kleinzeile(f.d.Kopfzeile, links, kopfGrund, rechts-links)
		f.zu()
	}
}

// kleinzeile writes one small line on a baseline and cuts what is too wide.
func (f *fluss) kleinzeile(text string, x, grund, breite float64) {
	f.teile = f.form.zerlege(f.teile[:0], []Lauf{{Text: text}})
	if z := f.form.umbrich(f.teile, kleinGrad, breite, satz{}); len(z) > 0 {
		f.zeile(nil, &z[0], x, grund, kleinGrad, false)
	}
}

// beendeSeite writes content, parent entries and page object of the current page.
func (f *fluss) beendeSeite() {
	if len(f.seiten) == 0 {
		return
	}
	f.zu()
	s := f.seite()
	inhalt, eltern := f.w.neu(), f.w.neu()
	f.w.strom(inhalt, "", f.b, true)
	b := append(f.tmp[:0], '[')
	for i, nr := range f.mcids {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendRef(b, nr)
	}
	f.w.objekt(eltern, append(b, ']'))

	b = appendRef(append(b[:0], "<</Type /Page /Parent "...), f.seitenNr)
	b = appendZahl(append(b, " /MediaBox [0 0 "...), seitenBreite, 2)
	b = appendZahl(append(b, ' '), seitenHoehe, 2)
	b = appendRef(append(b, "] /Resources "...), f.ressNr)
	b = appendRef(append(b, " /Contents ["...), inhalt)
	b = appendRef(append(b, ' '), s.fuss)
	b = strconv.AppendInt(append(b, "] /Tabs /S /StructParents "...), int64(f.schluessel(eltern)), 10)
	if len(f.annots) > 0 {
		b = append(b, " /Annots ["...)
		for i, nr := range f.annots {
			if i > 0 {
				b = append(b, ' ')
			}
			b = appendRef(b, nr)
		}
		b = append(b, ']')
	}
	f.w.objekt(s.nr, append(b, ">>"...))
	f.tmp, f.b, f.mcids, f.annots = b, f.b[:0], f.mcids[:0], f.annots[:0]
}

// schreibeFuesse writes the footers, which need the number of all pages.
func (f *fluss) schreibeFuesse() {
	for i, s := range f.seiten {
		f.b = f.b[:0]
		f.artefakt(artFuss)
		f.teile = f.form.zerlege(f.teile[:0], []Lauf{{Text: fmt.Sprintf("Seite %d von %d", i+1, len(f.seiten))}})
		z := f.form.umbrich(f.teile, kleinGrad, rechts-links, satz{})
		f.zeile(nil, &z[0], rechts-z[0].breite, s.fussGrund, kleinGrad, false)
		if f.d.Fusszeile != "" {
			f.kleinzeile(f.d.Fusszeile, links, s.fussGrund, rechts-links-z[0].breite-10*mm)
		}
		f.zu()
		f.w.strom(s.fuss, "", f.b, true)
	}
	f.b = f.b[:0]
}

// linie draws a rule as an artifact.
func (f *fluss) linie(x1, y1, x2, y2, breite, grau float64) {
	f.artefakt(artLayout)
	f.strich(x1, y1, x2, y2, breite, grau)
	f.zu()
}

// strich draws a line as part of what is open.
func (f *fluss) strich(x1, y1, x2, y2, breite, grau float64) {
	b := appendZahl(append(f.b, "q "...), breite, 2)
	b = appendZahl(append(b, " w "...), grau, 2)
	b = append(b, " G "...)
	for i, v := range []float64{x1, seitenHoehe - y1, x2, seitenHoehe - y2} {
		b = append(appendZahl(b, v, 2), ' ')
		if i == 1 {
			b = append(b, "m "...)
		}
	}
	f.b = append(b, "l S Q\n"...)
}

// flaeche fills a rectangle with grey, as an artifact.
func (f *fluss) flaeche(x, y, breite, hoehe, grau float64) {
	f.artefakt(artLayout)
	b := appendZahl(append(f.b, "q "...), grau, 2)
	b = append(b, " g "...)
	for _, v := range []float64{x, seitenHoehe - y - hoehe, breite, hoehe} {
		b = append(appendZahl(b, v, 2), ' ')
	}
	f.b = append(b, "re f Q\n"...)
	f.zu()
}
