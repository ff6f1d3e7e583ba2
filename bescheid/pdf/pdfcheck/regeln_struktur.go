package pdfcheck

// Where an element may stand (ISO 14289-1, 7.2), as far as tables and lists go.
var eltern = map[name][]name{
	"TR": {"Table", "THead", "TBody", "TFoot"}, "TH": {"TR"}, "TD": {"TR"},
	"THead": {"Table"}, "TBody": {"Table"}, "TFoot": {"Table"},
	"LI": {"L"}, "Lbl": {"LI", "Note"}, "LBody": {"LI"},
}

// What may stand below an element; types that are not listed take anything.
var kinder = map[name][]name{
	"Table": {"Caption", "TR", "THead", "TBody", "TFoot"},
	"THead": {"TR"}, "TBody": {"TR"}, "TFoot": {"TR"}, "TR": {"TH", "TD"},
	"L": {"L", "LI", "Caption"}, "LI": {"Lbl", "LBody"},
}

func enthaelt(l []name, n name) bool {
	for _, x := range l {
		if x == n {
			return true
		}
	}
	return false
}

func codeFuer(n name) string {
	if n == "L" || n == "LI" || n == "Lbl" || n == "LBody" {
		return CodeListe
	}
	return CodeTabelle
}

// pruefe checks an element and those below it.
func (b *baum) pruefe(e *element, unter name) {
	c, pfad := b.c, objPfad(e.nr)
	if l, ok := eltern[e.typ]; ok && !enthaelt(l, unter) {
		c.melde(codeFuer(e.typ), pfad, "%s below %s", e.typ, unter)
	}
	if l, ok := kinder[e.typ]; ok {
		if e.inhalt > 0 {
			c.melde(codeFuer(e.typ), pfad, "%s holds content itself", e.typ)
		}
		for _, k := range e.kinder {
			if !enthaelt(l, k.typ) {
				c.melde(codeFuer(e.typ), pfad, "%s holds %s", e.typ, k.typ)
			}
		}
	}
	switch e.typ {
	case "Table":
		b.tabelle(e)
	case "TH":
		if s := b.attribut(e, "Table", "Scope"); s != name("Row") && s != name("Column") && s != name("Both") {
			c.melde(CodeTabelle, pfad, "TH without /Scope")
		}
	case "L":
		geordnet := b.attribut(e, "List", "ListNumbering")
		for _, k := range e.kinder {
			for _, x := range k.kinder {
				if x.typ == "Lbl" && (geordnet == nil || geordnet == name("None")) {
					c.melde(CodeListe, pfad, "list with labels, but /ListNumbering is missing or None")
					return
				}
			}
		}
	case "Figure", "Formula":
		if t, ok := utf8Text(e.d["Alt"]); !ok || t == "" {
			c.melde(CodeStruktur, pfad, "%s without /Alt", e.typ)
		}
		if b.attribut(e, "Layout", "BBox") == nil {
			c.melde(CodeStruktur, pfad, "%s without /BBox", e.typ)
		}
	case "H":
		c.melde(CodeUeberschr, pfad, "H beside H1 to H6")
	}
	if n := ebene(e.typ); n > 0 {
		if n > b.ebene+1 {
			c.melde(CodeUeberschr, pfad, "%s after level %d", e.typ, b.ebene)
		}
		b.ebene = n
	}
	for _, k := range e.kinder {
		b.pruefe(k, e.typ)
	}
}

// attribut gives an attribute of an owner.
func (b *baum) attribut(e *element, owner, key name) any {
	a := b.c.d.get(e.d["A"])
	l, ok := a.(list)
	if !ok {
		l = list{a}
	}
	for _, x := range l {
		if d := b.c.d.dict(x); d["O"] == owner && d[key] != nil {
			return d[key]
		}
	}
	return nil
}

// tabelle checks that a table is regular: the same number of cells in each row,
// at most one head and foot, and a body where there are these.
func (b *baum) tabelle(e *element) {
	zahl := make(map[name]int)
	var reihen []*element
	for i, k := range e.kinder {
		zahl[k.typ]++
		switch k.typ {
		case "TR":
			reihen = append(reihen, k)
		case "Caption":
			if i != 0 && i != len(e.kinder)-1 {
				b.c.melde(CodeTabelle, objPfad(k.nr), "Caption neither first nor last")
			}
		default:
			reihen = append(reihen, k.kinder...)
		}
	}
	if zahl["THead"] > 1 || zahl["TFoot"] > 1 || zahl["Caption"] > 1 || zahl["THead"]+zahl["TFoot"] > 0 && zahl["TBody"] == 0 {
		b.c.melde(CodeTabelle, objPfad(e.nr), "more than one THead, TFoot or Caption, or no TBody beside them")
	}
	for _, r := range reihen {
		if len(r.kinder) != len(reihen[0].kinder) {
			b.c.melde(CodeTabelle, objPfad(r.nr), "row of %d cells in a table of %d columns", len(r.kinder), len(reihen[0].kinder))
		}
	}
}
