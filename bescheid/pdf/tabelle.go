package pdf

import "math"

const (
	zellenRandX = 1.5 * mm
	zellenRandY = 1.0 * mm
	kopfGrau    = 0.92
)

// zelle is a cell, broken into lines.
type zelle struct {
	z []zeile
	v *verbund
}

// tabellenStil is one column's place on the page.
func (f *fluss) spaltenStile(t *Tabelle) []stil {
	summe := 0.0
	for _, s := range t.Spalten {
		summe += anteil(s)
	}
	out := make([]stil, len(t.Spalten))
	x := links
	for i, s := range t.Spalten {
		b := (rechts - links) * anteil(s) / summe
		grad := f.grad * 0.93
		out[i] = newStil(grad, grad*1.25, x+zellenRandX, max(b-2*zellenRandX, grad))
		out[i].satz.trenne = f.satz("").trenne
		x += b
	}
	return out
}

func anteil(s Spalte) float64 {
	if s.Anteil == 0 {
		return 1
	}
	return s.Anteil
}

// zellen breaks the cells of a row; text gives the cell of a column.
func (f *fluss) zellen(st []stil, fettGesetzt bool, text func(i int) string) (out []zelle, zeilen int) {
	out = make([]zelle, len(st))
	for i := range st {
		l := []Lauf{{Text: text(i), Fett: fettGesetzt}}
		out[i] = zelle{z: f.umbruch(l, st[i]), v: newVerbund(nil, l)}
		zeilen = max(zeilen, len(out[i].z))
	}
	return out, zeilen
}

func (f *fluss) kopf(t *Tabelle, st []stil) ([]zelle, int) {
	return f.zellen(st, true, func(i int) string { return t.Spalten[i].Kopf })
}

// tabellenHoehe is the room for caption, column headings and the first row, or
// the beginning of it if it is longer than a page. danach is counted where the
// table is not divided.
func (f *fluss) tabellenHoehe(t *Tabelle, danach float64) float64 {
	st := f.spaltenStile(t)
	_, n := f.kopf(t, st)
	kopf := float64(n)*st[0].hoehe + 2*zellenRandY
	h := f.reihenHoehe(t.Zeilen[0], st, false)
	if len(t.Zeilen) == 1 && t.Summe != nil {
		h += f.reihenHoehe(t.Summe, st, true)
	}
	if ganz := f.kleineTabelle(t, st, kopf); ganz > 0 {
		h = ganz
	} else if len(t.Zeilen) > 1 {
		danach = 0
	}
	h += danach
	if h > unten-oben-kopf {
		h = mindest*st[0].hoehe + 2*zellenRandY
	}
	if t.Titel != "" {
		s := f.stil()
		kopf += float64(len(f.umbruch([]Lauf{{Text: t.Titel, Fett: true}}, s)))*s.hoehe + s.hoehe*0.2
	}
	return kopf + h
}

// kleineTabelle is the height of all rows of a table that is better not torn apart: a few
// rows that take a third of a page at most. 0 means another one.
func (f *fluss) kleineTabelle(t *Tabelle, st []stil, kopf float64) float64 {
	const wenige = 10
	if len(t.Zeilen) > wenige {
		return 0
	}
	h := 0.0
	for _, z := range t.Zeilen {
		h += f.reihenHoehe(z, st, false)
	}
	if t.Summe != nil {
		h += f.reihenHoehe(t.Summe, st, true)
	}
	if kopf+h > (unten-oben)/3 {
		return 0
	}
	return h
}

func (f *fluss) reihenHoehe(text []string, st []stil, fettGesetzt bool) float64 {
	_, n := f.zellen(st, fettGesetzt, func(i int) string { return text[i] })
	return float64(n)*st[0].hoehe + 2*zellenRandY
}

// tabelle sets a table. danach is the room that what follows needs on the page of
// its last row.
func (f *fluss) tabelle(e *elem, t *Tabelle, danach float64) {
	st := f.spaltenStile(t)
	if f.belegt && f.y+f.mindesthoehe([]Block{*t}, danach) > f.unten {
		f.neueSeite()
	}
	te := f.elem(e, "Table")
	if t.Titel != "" {
		s := f.stil()
		l := []Lauf{{Text: t.Titel, Fett: true}}
		v := newVerbund(f.elem(te, "Caption"), l)
		f.absatz(v, f.umbruch(l, s), s, 0, nil)
		f.schliesseVerbund(v)
		f.y += s.hoehe * 0.2
	}
	kopf, n := f.kopf(t, st)
	kopfHoehe := float64(n)*st[0].hoehe + 2*zellenRandY
	wiederholt := func() {
		// On further pages the headings are an artifact: the tree has them once.
		f.neueSeite()
		f.flaeche(links, f.y, rechts-links, kopfHoehe, kopfGrau)
		f.artefakt(artLayout)
		for i := range kopf {
			f.zellenZeilen(nil, kopf[i].z, st[i], t.Spalten[i].Rechts)
		}
		f.zu()
		f.y += kopfHoehe
	}

	th := f.elem(te, "THead")
	tr := f.elem(th, "TR")
	f.flaeche(links, f.y, rechts-links, kopfHoehe, kopfGrau)
	for i := range kopf {
		f.zelleElem(&kopf[i], tr, "TH", "/Column")
		f.zellenZeilen(kopf[i].v, kopf[i].z, st[i], t.Spalten[i].Rechts)
		f.schliesseVerbund(kopf[i].v)
	}
	f.schliesse(tr)
	f.schliesse(th)
	f.y += kopfHoehe
	f.belegt = true

	tb := f.elem(te, "TBody")
	for r := range t.Zeilen {
		if f.err != nil {
			return
		}
		rest := 0.0
		if r > 0 && r == len(t.Zeilen)-1 {
			rest = danach
			if t.Summe != nil { // it does not stand alone on a page
				rest += f.reihenHoehe(t.Summe, st, true)
			}
			if rest > (unten-oben)/2 {
				rest = 0
			}
		}
		f.reihe(tb, t, st, false, t.Zeilen[r], kopfHoehe, rest, wiederholt)
		f.linie(links, f.y, rechts, f.y, 0.25, 0.6)
	}
	f.schliesse(tb)
	if t.Summe != nil {
		tf := f.elem(te, "TFoot")
		f.linie(links, f.y, rechts, f.y, 0.75, 0)
		f.reihe(tf, t, st, true, t.Summe, kopfHoehe, 0, wiederholt)
		f.schliesse(tf)
	}
	f.linie(links, f.y, rechts, f.y, 0.75, 0)
	f.schliesse(te)
}

func (f *fluss) zelleElem(z *zelle, tr *elem, typ, scope string) {
	z.v.e = f.elem(tr, typ)
	if scope != "" {
		z.v.e.attr = "<</O /Table /Scope " + scope + ">>"
	}
}

// reihe sets a row. It moves to the next page as a whole, unless it is longer
// than a page: then it is split by lines.
func (f *fluss) reihe(e *elem, t *Tabelle, st []stil, fettGesetzt bool, text []string, kopfHoehe, danach float64, wiederholt func()) {
	zellen, n := f.zellen(st, fettGesetzt, func(i int) string { return text[i] })
	h := float64(n)*st[0].hoehe + 2*zellenRandY
	// A row that is longer than a page begins where it is, if it can begin well.
	ganz := h+danach <= unten-oben-kopfHoehe
	if f.y+h+danach > f.unten+0.01 && (ganz || f.y+mindest*st[0].hoehe+2*zellenRandY > f.unten) {
		wiederholt()
	}
	tr := f.elem(e, "TR")
	for i := range zellen {
		if t.Spalten[i].Zeilenkopf {
			f.zelleElem(&zellen[i], tr, "TH", "/Row")
		} else {
			f.zelleElem(&zellen[i], tr, "TD", "")
		}
	}
	for f.err == nil {
		passt := max(1, int(math.Floor((f.unten-f.y-2*zellenRandY+0.01)/st[0].hoehe)))
		gesetzt := 0
		for i := range zellen {
			z := zellen[i].z
			k := min(passt, len(z))
			f.zellenZeilen(zellen[i].v, z[:k], st[i], t.Spalten[i].Rechts)
			zellen[i].z = z[k:]
			gesetzt = max(gesetzt, k)
		}
		f.y += float64(gesetzt)*st[0].hoehe + 2*zellenRandY
		f.belegt = true
		if n -= gesetzt; n <= 0 {
			break
		}
		f.linie(links, f.y, rechts, f.y, 0.25, 0.6)
		wiederholt()
	}
	for i := range zellen {
		f.schliesseVerbund(zellen[i].v)
	}
	f.schliesse(tr)
}

// zellenZeilen sets the lines of one cell at the current height, which stays.
func (f *fluss) zellenZeilen(v *verbund, z []zeile, s stil, rechtsBuendig bool) {
	y := f.y + zellenRandY
	for i := range z {
		x := s.x
		if rechtsBuendig {
			x += s.breite - z[i].breite
		}
		f.zeile(v, &z[i], x, y+f.grund(s), s.grad, i < len(z)-1)
		y += s.hoehe
	}
}
