package pdfcheck

import "strconv"

// seite is a page and the marked content found on it.
type seite struct {
	nr     int
	d      dict
	pfad   string
	mcids  map[int]int   // MCID: how often it is begun
	tags   map[int]name  // MCID: tag of the marked content
	kinder map[int][]int // MCID: structure elements that name it
}

// Operators of ISO 32000-1, annex A, that need a number of operands; those of
// shadings and inline images are not known to this check.
var operatoren = map[wort]int{
	"q": 0, "Q": 0, "cm": 6, "w": 1, "J": 1, "j": 1, "M": 1, "d": 2, "i": 1,
	"m": 2, "l": 2, "c": 6, "v": 4, "y": 4, "h": 0, "re": 4,
	"S": 0, "s": 0, "f": 0, "F": 0, "f*": 0, "B": 0, "B*": 0, "b": 0, "b*": 0, "n": 0, "W": 0, "W*": 0,
	"g": 1, "G": 1, "rg": 3, "RG": 3,
	"BT": 0, "ET": 0, "Tc": 1, "Tw": 1, "Tz": 1, "TL": 1, "Tf": 2, "Tr": 1, "Ts": 1, "Td": 2, "TD": 2, "Tm": 6, "T*": 0, "Tj": 1, "TJ": 1,
	"BDC": 2, "EMC": 0, "Do": 1,
}

var malt = map[wort]bool{"S": true, "s": true, "f": true, "F": true, "f*": true, "B": true, "B*": true, "b": true, "b*": true}

const (
	maxSeiten  = 100_000
	maxQ       = 28 // ISO 19005-2, 6.1.13
	maxOperand = 64
)

// seiten walks the page tree and reads the content of each page.
func (c *pruefer) seiten() {
	c.gezeigt = make(map[int]map[uint16]bool)
	gesehen := make(map[ref]bool)
	var lauf func(o any, eltern ref, tiefe int)
	lauf = func(o any, eltern ref, tiefe int) {
		r, _ := o.(ref)
		d := c.d.dict(o)
		if d == nil || r == 0 || tiefe > maxTiefe || len(c.pages) >= maxSeiten || gesehen[r] {
			c.melde(CodeUnlesbar, objPfad(int(r)), "page tree broken")
			return
		}
		gesehen[r] = true
		if eltern != 0 && d["Parent"] != eltern {
			c.melde(CodeUnlesbar, objPfad(int(r)), "page does not name its parent")
		}
		if d["Type"] == name("Pages") {
			if d["Resources"] != nil {
				c.melde(CodeRessource, objPfad(int(r)), "resources at the page tree are inherited")
			}
			for _, k := range c.d.list(d["Kids"]) {
				lauf(k, r, tiefe+1)
			}
			return
		}
		c.pages = append(c.pages, &seite{nr: int(r), d: d, pfad: "seite " + strconv.Itoa(len(c.pages)+1),
			mcids: make(map[int]int), tags: make(map[int]name), kinder: make(map[int][]int)})
	}
	lauf(c.root["Pages"], 0, 0)
	if len(c.pages) == 0 {
		c.melde(CodeUnlesbar, "", "no pages")
	}
	for _, s := range c.pages {
		c.seite(s)
	}
}

func (c *pruefer) seite(s *seite) {
	box := c.d.list(s.d["MediaBox"])
	for i := range 4 {
		v, ok := 0.0, len(box) == 4
		if ok {
			v, ok = box[i].(float64)
		}
		if !ok || i > 1 && (v < 3 || v > 14400) {
			c.melde(CodeGrenze, s.pfad, "/MediaBox is missing, or smaller than 3 or larger than 14400")
			break
		}
	}
	if s.d["Resources"] == nil {
		c.melde(CodeRessource, s.pfad, "page without /Resources of its own")
	}
	var b []byte
	inhalt := c.d.get(s.d["Contents"])
	teile, ok := inhalt.(list)
	if !ok {
		teile = list{s.d["Contents"]}
	}
	for _, t := range teile {
		b = append(append(b, c.d.strom(t)...), '\n')
	}
	c.inhalt(s, b)
}

// marke is marked content that is open: an MCID, -1 for an artifact, -2 for neither.
const (
	artefakt = -1
	sonstige = -2
)

// inhalt interprets a content stream as far as tags and text go.
func (c *pruefer) inhalt(s *seite, b []byte) {
	fonts := c.d.dict(c.d.dict(s.d["Resources"])["Font"])
	l := &lexer{b: b}
	var ops []any
	var offen []int
	var font, q int
	imText := false
	in := func(m int) bool {
		for _, o := range offen {
			if o == m || m >= 0 && o >= 0 {
				return true
			}
		}
		return false
	}
	for {
		l.skip()
		if l.i >= len(b) {
			break
		}
		o, err := l.next(0)
		if err != nil {
			c.melde(CodeUnlesbar, s.pfad, "content cannot be read at byte %d", l.i)
			return
		}
		w, istOp := o.(wort)
		if !istOp {
			if ops = append(ops, o); len(ops) > maxOperand {
				c.melde(CodeOperator, s.pfad, "too many operands")
				return
			}
			continue
		}
		if n, ok := operatoren[w]; !ok || n != len(ops) {
			c.melde(CodeOperator, s.pfad, "operator %s with %d operands", w, len(ops))
			return
		}
		zeigt := malt[w]
		switch w {
		case "q":
			if q++; q > maxQ {
				c.melde(CodeGrenze, s.pfad, "q nested deeper than %d", maxQ)
			}
		case "Q":
			if q--; q < 0 {
				c.melde(CodeOperator, s.pfad, "Q without q")
			}
		case "Do":
			n, _ := ops[0].(name)
			r, ok := c.d.dict(c.d.dict(s.d["Resources"])["XObject"])[n].(ref)
			if !ok || c.d.dict(r)["Subtype"] != name("Image") {
				c.melde(CodeRessource, s.pfad, "picture %s is not among the resources of the page", n)
			}
			zeigt = true
		case "BT", "ET":
			if imText == (w == "BT") {
				c.melde(CodeOperator, s.pfad, "%s out of place", w)
			}
			imText = w == "BT"
		case "Tf":
			n, _ := ops[0].(name)
			r, ok := fonts[n].(ref)
			if !ok {
				c.melde(CodeRessource, s.pfad, "font %s is not among the resources of the page", n)
			}
			font = int(r)
		case "Tj", "TJ":
			zeigt = true
			if font == 0 {
				c.melde(CodeOperator, s.pfad, "text without font")
			}
			c.zeigt(s, font, ops[0])
		case "BDC":
			m := c.beginn(s, ops)
			switch {
			case m >= 0 && in(artefakt):
				c.melde(CodeArtefakt, s.pfad, "tagged content inside an artifact")
			case m == artefakt && in(0):
				c.melde(CodeArtefakt, s.pfad, "artifact inside tagged content")
			case m >= 0 && in(0):
				c.melde(CodeArtefakt, s.pfad, "tagged content inside tagged content")
			}
			if offen = append(offen, m); len(offen) > maxTiefe {
				c.melde(CodeOperator, s.pfad, "BDC nested too deep")
				return
			}
		case "EMC":
			if len(offen) == 0 {
				c.melde(CodeOperator, s.pfad, "EMC without BDC")
				return
			}
			offen = offen[:len(offen)-1]
		}
		if zeigt && !in(0) && !in(artefakt) {
			c.melde(CodeUnmarkiert, s.pfad, "%s outside tagged content and artifacts", w)
		}
		ops = ops[:0]
	}
	if len(offen) > 0 || q != 0 || imText || len(ops) > 0 {
		c.melde(CodeOperator, s.pfad, "content ends inside BDC, q or BT")
	}
}

// beginn reads the operands of BDC.
func (c *pruefer) beginn(s *seite, ops []any) int {
	tag, _ := ops[0].(name)
	p, ok := ops[1].(dict)
	if !ok {
		c.melde(CodeOperator, s.pfad, "BDC without a dictionary in place")
		return sonstige
	}
	if sp, da := p["Lang"]; da {
		if t, ok := utf8Text(sp); !ok || !sprachform.MatchString(t) {
			c.melde(CodeSprache, s.pfad, "/Lang of marked content is not a language tag")
		}
	}
	if tag == "Artifact" {
		switch p["Type"] {
		case name("Pagination"), name("Layout"), name("Page"), name("Background"):
		default:
			c.melde(CodeArtefakt, s.pfad, "artifact without /Type")
		}
		return artefakt
	}
	m, ok := p["MCID"].(float64)
	if !ok || m < 0 || m != float64(int(m)) {
		return sonstige
	}
	if s.mcids[int(m)]++; s.mcids[int(m)] > 1 {
		c.melde(CodeMCID, s.pfad, "MCID %v stands on the page more than once", m)
	}
	s.tags[int(m)] = tag
	return int(m)
}

// zeigt notes the CIDs of a string that is shown.
func (c *pruefer) zeigt(s *seite, font int, o any) {
	l, ok := o.(list)
	if !ok {
		l = list{o}
	}
	for _, x := range l {
		t, ok := x.(text)
		if !ok {
			if _, zahl := x.(float64); !zahl {
				c.melde(CodeOperator, s.pfad, "operand of TJ is neither string nor number")
			}
			continue
		}
		if len(t)%2 != 0 {
			c.melde(CodeOperator, s.pfad, "string of two-byte codes has an odd length")
		}
		if c.gezeigt[font] == nil {
			c.gezeigt[font] = make(map[uint16]bool)
		}
		for i := 0; i+1 < len(t); i += 2 {
			c.gezeigt[font][uint16(t[i])<<8|uint16(t[i+1])] = true
		}
	}
}
