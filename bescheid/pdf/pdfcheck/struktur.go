package pdfcheck

import "strconv"

// element is a structure element on the way down the tree.
type element struct {
	nr     int
	d      dict
	typ    name
	kinder []*element
	inhalt int // marked content and annotations directly below
}

const maxElemente = 2_000_000

// baum walks the structure tree.
type baum struct {
	c       *pruefer
	seite   map[int]*seite
	gesehen map[int]bool
	objr    map[int]int // annotation: element that names it
	ebene   int
	erlaubt map[name]bool
}

// standardTypen are the standard structure types (ISO 32000-1, 14.8.4).
func standardTypen() map[name]bool {
	out := make(map[name]bool)
	for _, n := range []name{"Document", "Part", "Art", "Sect", "Div", "BlockQuote", "Caption", "TOC", "TOCI", "Index", "NonStruct", "Private",
		"P", "H", "H1", "H2", "H3", "H4", "H5", "H6", "L", "LI", "Lbl", "LBody", "Table", "TR", "TH", "TD", "THead", "TBody", "TFoot",
		"Span", "Quote", "Note", "Reference", "BibEntry", "Code", "Link", "Annot", "Figure", "Formula", "Form"} {
		out[n] = true
	}
	return out
}

// struktur checks the tree, that it names all marked content once, and ParentTree.
func (c *pruefer) struktur() {
	wr, _ := c.root["StructTreeRoot"].(ref)
	wurzel := c.d.dict(wr)
	if wurzel == nil || wurzel["Type"] != name("StructTreeRoot") {
		c.melde(CodeStruktur, "katalog", "no /StructTreeRoot")
		return
	}
	b := &baum{c: c, seite: make(map[int]*seite), gesehen: make(map[int]bool), objr: make(map[int]int), erlaubt: standardTypen()}
	for _, s := range c.pages {
		b.seite[s.nr] = s
	}
	k := c.d.get(wurzel["K"])
	l, ok := k.(list)
	if !ok {
		l = list{wurzel["K"]}
	}
	if len(l) == 0 || wurzel["K"] == nil {
		c.melde(CodeStruktur, "katalog", "structure tree is empty")
	}
	for _, x := range l {
		if e := b.lies(x, wr, 0); e != nil {
			b.pruefe(e, "")
		}
	}
	b.parentTree(c.nums(wurzel["ParentTree"]))
}

// lies reads an element and everything below it.
func (b *baum) lies(o any, eltern ref, tiefe int) *element {
	r, ok := o.(ref)
	d := b.c.d.dict(o)
	if !ok || d == nil || tiefe > maxTiefe || b.gesehen[int(r)] || len(b.gesehen) > maxElemente {
		b.c.melde(CodeStruktur, objPfad(int(r)), "structure element is missing, named twice or nested too deep")
		return nil
	}
	b.gesehen[int(r)] = true
	e := &element{nr: int(r), d: d}
	e.typ, _ = d["S"].(name)
	if d["P"] != eltern {
		b.c.melde(CodeStruktur, objPfad(e.nr), "/P does not name the parent")
	}
	if !b.erlaubt[e.typ] {
		b.c.melde(CodeRolle, objPfad(e.nr), "type %s is not a standard type", e.typ)
	}
	if s, da := d["Lang"]; da {
		if t, ok := utf8Text(s); !ok || !sprachform.MatchString(t) {
			b.c.melde(CodeSprache, objPfad(e.nr), "/Lang is not a language tag")
		}
	}
	k := b.c.d.get(d["K"])
	l, ok := k.(list)
	if !ok && d["K"] != nil {
		l = list{d["K"]}
	}
	for _, x := range l {
		switch v := x.(type) {
		case float64:
			b.mcid(e, d["Pg"], v)
		case dict:
			switch v["Type"] {
			case name("MCR"):
				pg := v["Pg"]
				if pg == nil {
					pg = d["Pg"]
				}
				m, ok := v["MCID"].(float64)
				if !ok {
					m = -1
				}
				b.mcid(e, pg, m)
			case name("OBJR"):
				a, _ := v["Obj"].(ref)
				if b.objr[int(a)] != 0 || a == 0 {
					b.c.melde(CodeStruktur, objPfad(e.nr), "annotation %d is named twice or missing", a)
				}
				b.objr[int(a)] = e.nr
				e.inhalt++
			default:
				b.c.melde(CodeStruktur, objPfad(e.nr), "child of unknown type")
			}
		default:
			if kind := b.lies(x, r, tiefe+1); kind != nil {
				e.kinder = append(e.kinder, kind)
			}
		}
	}
	return e
}

func (b *baum) mcid(e *element, pg any, m float64) {
	r, _ := pg.(ref)
	s := b.seite[int(r)]
	if s == nil {
		b.c.melde(CodeStruktur, objPfad(e.nr), "marked content of a page that is not there")
		return
	}
	s.kinder[int(m)] = append(s.kinder[int(m)], e.nr)
	e.inhalt++
	switch {
	case s.mcids[int(m)] == 0:
		b.c.melde(CodeMCID, objPfad(e.nr), "MCID %v is not on its page", m)
	case len(s.kinder[int(m)]) > 1:
		b.c.melde(CodeMCID, objPfad(e.nr), "MCID %v is named by more than one element", m)
	case s.tags[int(m)] != e.typ:
		b.c.melde(CodeStruktur, objPfad(e.nr), "element %s, but marked content %s", e.typ, s.tags[int(m)])
	}
}

// parentTree checks the way back from content to elements.
func (b *baum) parentTree(nums map[int]any) {
	c := b.c
	vergeben := make(map[int]string)
	nimm := func(o any, pfad string) (any, bool) {
		k, ok := o.(float64)
		if !ok || k < 0 {
			c.melde(CodeEltern, pfad, "no key into the ParentTree")
			return nil, false
		}
		if vergeben[int(k)] != "" {
			c.melde(CodeEltern, pfad, "key %v is also that of %s", k, vergeben[int(k)])
		}
		vergeben[int(k)] = pfad
		return nums[int(k)], true
	}
	for _, s := range c.pages {
		for m := range s.mcids {
			if len(s.kinder[m]) == 0 {
				c.melde(CodeMCID, s.pfad, "MCID %d is named by no element", m)
			}
		}
		if o, ok := nimm(s.d["StructParents"], s.pfad); ok {
			l := c.d.list(o)
			for m := range s.mcids {
				if m >= len(l) || len(s.kinder[m]) > 0 && l[m] != ref(s.kinder[m][0]) {
					c.melde(CodeEltern, s.pfad, "MCID %d: ParentTree does not lead to its element", m)
				}
			}
		}
		annots := c.d.list(s.d["Annots"])
		if len(annots) > 0 && s.d["Tabs"] != name("S") {
			c.melde(CodeAnnotation, s.pfad, "page with annotations without /Tabs /S")
		}
		for _, x := range annots {
			b.annotation(s, x, nimm)
		}
	}
}

func (b *baum) annotation(s *seite, x any, nimm func(any, string) (any, bool)) {
	c := b.c
	r, _ := x.(ref)
	pfad := objPfad(int(r))
	a := c.d.dict(x)
	tag, beschriftung := name("Link"), name("Contents")
	switch {
	case a["Subtype"] == name("Link"):
	case a["Subtype"] == name("Widget") && a["FT"] == name("Sig"):
		tag, beschriftung = "Form", "TU"
		c.siegel(pfad, a)
	default:
		c.melde(CodeAnnotation, pfad, "annotation %v is not known to this check", a["Subtype"])
		return
	}
	// F: Print set; Hidden, Invisible, NoView and ToggleNoView not (ISO 19005-2, 6.3.2).
	if f, _ := a["F"].(float64); int(f)&4 == 0 || int(f)&(1|2|32|256) != 0 {
		c.melde(CodeAnnotation, pfad, "annotation is not always printed and shown")
	}
	if t, ok := utf8Text(a[beschriftung]); !ok || t == "" {
		c.melde(CodeAnnotation, pfad, "annotation without /%s", beschriftung)
	}
	e := b.objr[int(r)]
	if e == 0 || c.d.dict(ref(e))["S"] != tag {
		c.melde(CodeAnnotation, pfad, "annotation is not below a %s element", tag)
	}
	if o, ok := nimm(a["StructParent"], pfad); ok && o != ref(e) {
		c.melde(CodeEltern, pfad, "ParentTree does not lead to the element of the annotation")
	}
	_ = s
}

// nums reads a number tree of one level.
func (c *pruefer) nums(o any) map[int]any {
	out := make(map[int]any)
	l := c.d.list(c.d.dict(o)["Nums"])
	last := -1
	for i := 0; i+1 < len(l); i += 2 {
		k, ok := l[i].(float64)
		if !ok || int(k) <= last {
			c.melde(CodeEltern, "parenttree", "keys of the number tree are not ascending")
			return out
		}
		last = int(k)
		out[int(k)] = l[i+1]
	}
	if len(l) == 0 {
		c.melde(CodeEltern, "parenttree", "no /ParentTree with /Nums")
	}
	return out
}

func ebene(n name) int {
	if len(n) == 2 && n[0] == 'H' {
		v, _ := strconv.Atoi(string(n[1:]))
		return v
	}
	return 0
}
