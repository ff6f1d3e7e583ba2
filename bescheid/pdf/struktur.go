package pdf

import "strconv"

// elem is an element of the structure tree (ISO 32000-1, 14.7). It is written
// as soon as it is closed, so a long document does not pile up in memory.
type elem struct {
	nr, eltern int
	typ        string
	kinder     []kind
	seite      int    // page of the first marked content
	sprache    string // /Lang
	attr       string // /A
	alt        string // /Alt
}

// kind is a child of an element: another element, marked content of a page, or an annotation.
type kind struct {
	art   byte // 'e', 'm' or 'o'
	nr    int  // element, or page of the marked content or annotation
	extra int  // MCID or annotation
}

// elem opens a child of e; e may be nil for the root of the tree.
func (f *fluss) elem(e *elem, typ string) *elem {
	k := &elem{nr: f.w.neu(), typ: typ, eltern: f.baum}
	if e != nil {
		k.eltern = e.nr
		e.kinder = append(e.kinder, kind{'e', k.nr, 0})
	}
	return k
}

// schliesse writes the element; nothing may be added to it afterwards.
func (f *fluss) schliesse(e *elem) {
	b := append(f.tmp[:0], "<</Type /StructElem /S /"...)
	b = appendRef(append(append(b, e.typ...), " /P "...), e.eltern)
	if e.seite != 0 {
		b = appendRef(append(b, " /Pg "...), e.seite)
	}
	if e.sprache != "" {
		b = appendText(append(b, " /Lang "...), e.sprache)
	}
	if e.alt != "" {
		b = appendText(append(b, " /Alt "...), e.alt)
	}
	if e.attr != "" {
		b = append(append(b, " /A "...), e.attr...)
	}
	if len(e.kinder) > 0 {
		b = append(b, " /K "...)
		if len(e.kinder) > 1 {
			b = append(b, '[')
		}
		for i, k := range e.kinder {
			if i > 0 {
				b = append(b, ' ')
			}
			switch {
			case k.art == 'e':
				b = appendRef(b, k.nr)
			case k.art == 'o':
				b = appendRef(append(b, "<</Type /OBJR /Pg "...), k.nr)
				b = append(appendRef(append(b, " /Obj "...), k.extra), ">>"...)
			case k.nr == e.seite:
				b = strconv.AppendInt(b, int64(k.extra), 10)
			default:
				b = appendRef(append(b, "<</Type /MCR /Pg "...), k.nr)
				b = append(strconv.AppendInt(append(b, " /MCID "...), int64(k.extra), 10), ">>"...)
			}
		}
		if len(e.kinder) > 1 {
			b = append(b, ']')
		}
	}
	b = append(b, ">>"...)
	f.tmp = b
	f.w.objekt(e.nr, b)
}

// marke begins marked content of e, unless it is open already.
func (f *fluss) marke(e *elem) {
	if f.offen == e {
		return
	}
	f.markeMit(e, nil)
}

// markeMit begins marked content of e that reads as text, if there is one. It is
// marked content of its own beside what comes before and after, not inside it:
// some readers lose what follows nested marked content.
func (f *fluss) markeMit(e *elem, text []rune) {
	f.zu()
	f.offen = e
	if e.seite == 0 {
		e.seite = f.seite().nr
	}
	mcid := len(f.mcids)
	f.mcids = append(f.mcids, e.nr)
	e.kinder = append(e.kinder, kind{'m', f.seite().nr, mcid})
	f.b = append(append(append(f.b, '/'), e.typ...), " <</MCID "...)
	f.b = strconv.AppendInt(f.b, int64(mcid), 10)
	if text != nil {
		f.b = append(appendUTF16(append(f.b, " /ActualText <FEFF"...), text), '>')
	}
	f.b = append(f.b, ">> BDC\n"...)
}

// Properties of artifacts (ISO 32000-1, 14.8.2.2).
const (
	artLayout = "/Type /Layout"
	artKopf   = "/Type /Pagination /Subtype /Header /Attached [/Top]"
	artFuss   = "/Type /Pagination /Subtype /Footer /Attached [/Bottom]"
)

// artefakt begins content that is not part of the text.
func (f *fluss) artefakt(art string) {
	f.zu()
	f.imArtefakt = true
	f.b = append(append(append(f.b, "/Artifact <<"...), art...), ">> BDC\n"...)
}

// zu ends the marked content or artifact that is open, if any.
func (f *fluss) zu() {
	if f.offen != nil || f.imArtefakt {
		f.b = append(f.b, "EMC\n"...)
	}
	f.offen, f.imArtefakt = nil, false
}

// schluessel reserves a key of the parent tree for the element nr, or for an
// array of elements that is object nr.
func (f *fluss) schluessel(nr int) int {
	f.baumWerte = append(f.baumWerte, nr)
	return len(f.baumWerte) - 1
}

// schreibeBaum writes root and parent tree.
func (f *fluss) schreibeBaum(wurzel *elem) {
	f.schliesse(wurzel)
	werte := f.w.neu()
	b := appendRef(append(f.tmp[:0], "<</Type /StructTreeRoot /K "...), wurzel.nr)
	b = appendRef(append(b, " /ParentTree "...), werte)
	b = strconv.AppendInt(append(b, " /ParentTreeNextKey "...), int64(len(f.baumWerte)), 10)
	f.w.objekt(f.baum, append(b, ">>"...))
	b = append(b[:0], "<</Nums ["...)
	for i, nr := range f.baumWerte {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendRef(append(strconv.AppendInt(b, int64(i), 10), ' '), nr)
	}
	f.w.objekt(werte, append(b, "]>>"...))
}

// lesezeichen is an entry of the outline.
type lesezeichen struct {
	text  string
	ebene int
	seite int
	y     float64
	nr    int
}

// schreibeLesezeichen writes the outline made of the headings and gives its
// object number, or 0 if there are no headings. All entries stand open.
func (f *fluss) schreibeLesezeichen() int {
	l := f.marken
	if len(l) == 0 {
		return 0
	}
	root := f.w.neu()
	for i := range l {
		l[i].nr = f.w.neu()
	}
	// Headings skip no level downwards, so the parent is the last one above.
	eltern, vor, nach := make([]int, len(l)), make([]int, len(l)), make([]int, len(l))
	erstes, letztes, zahl := make([]int, len(l)+1), make([]int, len(l)+1), make([]int, len(l)+1)
	var pfad []int // index+1 of the open ancestors; 0 is the root
	for i := range l {
		for len(pfad) > 0 && l[pfad[len(pfad)-1]-1].ebene >= l[i].ebene {
			pfad = pfad[:len(pfad)-1]
		}
		p := 0
		if len(pfad) > 0 {
			p = pfad[len(pfad)-1]
		}
		eltern[i] = p
		if vorher := letztes[p]; vorher != 0 {
			vor[i], nach[vorher-1] = vorher, i+1
		} else {
			erstes[p] = i + 1
		}
		letztes[p] = i + 1
		for _, q := range pfad {
			zahl[q]++
		}
		zahl[0]++
		pfad = append(pfad, i+1)
	}
	nummer := func(p int) int {
		if p == 0 {
			return root
		}
		return l[p-1].nr
	}
	kinder := func(b []byte, p int) []byte {
		if erstes[p] == 0 {
			return b
		}
		b = appendRef(append(b, " /First "...), nummer(erstes[p]))
		b = appendRef(append(b, " /Last "...), nummer(letztes[p]))
		return strconv.AppendInt(append(b, " /Count "...), int64(zahl[p]), 10)
	}
	f.w.objekt(root, append(kinder([]byte("<</Type /Outlines"), 0), ">>"...))
	for i, e := range l {
		b := appendText(append(f.tmp[:0], "<</Title "...), e.text)
		b = appendRef(append(b, " /Parent "...), nummer(eltern[i]))
		if vor[i] != 0 {
			b = appendRef(append(b, " /Prev "...), nummer(vor[i]))
		}
		if nach[i] != 0 {
			b = appendRef(append(b, " /Next "...), nummer(nach[i]))
		}
		b = appendRef(append(kinder(b, i+1), " /Dest ["...), e.seite)
		b = appendZahl(append(b, " /XYZ 0 "...), seitenHoehe-e.y, 2)
		f.tmp = append(b, " 0]>>"...)
		f.w.objekt(e.nr, f.tmp)
	}
	return root
}
