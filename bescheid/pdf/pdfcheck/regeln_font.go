package pdfcheck

import (
	"encoding/binary"
	"maps"
	"math"
	"regexp"
	"slices"
)

var untermenge = regexp.MustCompile(`^[A-Z]{6}\+.+$`)

// fonts checks every font that shows text.
func (c *pruefer) fonts() {
	for _, nr := range slices.Sorted(maps.Keys(c.gezeigt)) {
		if d := c.d.dict(ref(nr)); d != nil {
			c.font(objPfad(nr), d, slices.Sorted(maps.Keys(c.gezeigt[nr])))
		}
	}
}

func (c *pruefer) font(pfad string, d dict, cids []uint16) {
	kind := c.d.list(d["DescendantFonts"])
	if d["Type"] != name("Font") || d["Subtype"] != name("Type0") || d["Encoding"] != name("Identity-H") || len(kind) != 1 {
		c.melde(CodeFont, pfad, "not a composite font with Identity-H")
		return
	}
	cf := c.d.dict(kind[0])
	fd := c.d.dict(cf["FontDescriptor"])
	if cf["Subtype"] != name("CIDFontType2") || cf["CIDToGIDMap"] != name("Identity") || c.d.dict(cf["CIDSystemInfo"])["Ordering"] == nil {
		c.melde(CodeFont, pfad, "descendant is not a CIDFontType2 with /CIDToGIDMap /Identity and /CIDSystemInfo")
		return
	}
	bf, _ := d["BaseFont"].(name)
	if bf == "" || cf["BaseFont"] != bf || fd["FontName"] != bf || !untermenge.MatchString(string(bf)) {
		c.melde(CodeFont, pfad, "names of font, descendant and descriptor differ, or have no subset prefix")
	}
	for _, k := range []name{"Flags", "FontBBox", "ItalicAngle", "Ascent", "Descent", "CapHeight", "StemV"} {
		if fd[k] == nil {
			c.melde(CodeFont, pfad, "descriptor without /%s", k)
		}
	}
	if fl, _ := fd["Flags"].(float64); int(fl)&4 == 0 == (int(fl)&32 == 0) {
		c.melde(CodeFont, pfad, "descriptor is neither symbolic nor nonsymbolic, or both")
	}
	datei := c.d.strom(fd["FontFile2"])
	tt, ok := leseTrueType(datei)
	if l1, _ := c.d.dict(fd["FontFile2"])["Length1"].(float64); !ok || int(l1) != len(datei) {
		c.melde(CodeEingebettet, pfad, "no readable TrueType font is embedded, or /Length1 is wrong")
		return
	}
	dw, ok := cf["DW"].(float64)
	if !ok {
		dw = 1000
	}
	w, ok := c.breiten(cf["W"])
	if !ok {
		c.melde(CodeBreiten, pfad, "/W cannot be read")
	}
	uni, ok := leseToUnicode(c.d.strom(d["ToUnicode"]))
	if !ok {
		c.melde(CodeUnicode, pfad, "no readable /ToUnicode")
	}
	for _, cid := range cids {
		if cid == 0 || int(cid) >= tt.n {
			c.melde(CodeNotdef, pfad, "CID %d is .notdef or not in the font", cid)
			continue
		}
		ist, da := w[cid]
		if !da {
			ist = dw
		}
		if soll := tt.breite(int(cid)); math.Abs(ist-soll) > 1 {
			c.melde(CodeBreiten, pfad, "CID %d: /W says %.1f, the font %.1f", cid, ist, soll)
		}
		if r := uni[cid]; len(r) == 0 {
			c.melde(CodeUnicode, pfad, "CID %d reads as nothing", cid)
		} else {
			for _, x := range r {
				if x == 0 || x == 0xFEFF || x == 0xFFFE || x == 0xFFFD {
					c.melde(CodeUnicode, pfad, "CID %d reads as %U", cid, x)
				}
				if x >= 0xE000 && x <= 0xF8FF || x >= 0xF0000 {
					c.melde(CodeUnicode, pfad, "CID %d reads as %U of a private use area", cid, x)
				}
			}
		}
	}
}

// breiten reads /W in both of its forms.
func (c *pruefer) breiten(o any) (map[uint16]float64, bool) {
	out := make(map[uint16]float64)
	l := c.d.list(o)
	const genug = 4 << 16 // more entries than CIDs, several times over
	for i, n := 0, 0; i < len(l); {
		von, ok := l[i].(float64)
		if !ok || i+1 >= len(l) || von < 0 || von > 0xFFFF {
			return out, false
		}
		if einzeln, ok := l[i+1].(list); ok {
			for k, x := range einzeln {
				v, ok := x.(float64)
				if !ok || int(von)+k > 0xFFFF {
					return out, false
				}
				out[uint16(int(von)+k)] = v
			}
			i += 2
			continue
		}
		if i+2 >= len(l) {
			return out, false
		}
		bis, ok1 := l[i+1].(float64)
		v, ok2 := l[i+2].(float64)
		if n += int(bis - von); !ok1 || !ok2 || bis > 0xFFFF || bis < von || n > genug {
			return out, false
		}
		for k := int(von); k <= int(bis); k++ {
			out[uint16(k)] = v
		}
		i += 3
	}
	return out, true
}

// trueType is what the widths of an embedded font need, and proof that its parts fit.
type trueType struct {
	n, lang int // glyphs, and entries of hmtx with a width
	upem    float64
	hmtx    []byte
}

func (t *trueType) breite(g int) float64 {
	return float64(binary.BigEndian.Uint16(t.hmtx[4*min(g, t.lang-1):])) * 1000 / t.upem
}

func leseTrueType(b []byte) (*trueType, bool) {
	be := binary.BigEndian
	if len(b) < 12 || be.Uint32(b) != 0x00010000 {
		return nil, false
	}
	tab := make(map[string][]byte)
	var sum uint32
	for i := 0; i+4 <= len(b); i += 4 {
		sum += be.Uint32(b[i:])
	}
	for i := range int(be.Uint16(b[4:])) {
		e := 12 + 16*i
		if e+16 > len(b) {
			return nil, false
		}
		von, n := int64(be.Uint32(b[e+8:])), int64(be.Uint32(b[e+12:]))
		if von+n > int64(len(b)) {
			return nil, false
		}
		tab[string(b[e:e+4])] = b[von : von+n]
	}
	for k, n := range map[string]int{"glyf": 0, "head": 54, "hhea": 36, "hmtx": 4, "loca": 4, "maxp": 32} {
		if x, da := tab[k]; !da || len(x) < n {
			return nil, false
		}
	}
	t := &trueType{n: int(be.Uint16(tab["maxp"][4:])), lang: int(be.Uint16(tab["hhea"][34:])), upem: float64(be.Uint16(tab["head"][18:])), hmtx: tab["hmtx"]}
	const summe = 0xB1B0AFBA // of the whole file, with the adjustment in head
	if t.upem < 16 || t.lang < 1 || t.lang > t.n || len(t.hmtx) < 4*t.lang+2*(t.n-t.lang) || sum != summe {
		return nil, false
	}
	lang := be.Uint16(tab["head"][50:]) == 1
	loca := func(g int) int {
		if lang {
			return int(be.Uint32(tab["loca"][4*g:]))
		}
		return 2 * int(be.Uint16(tab["loca"][2*g:]))
	}
	if lang && len(tab["loca"]) < 4*(t.n+1) || len(tab["loca"]) < 2*(t.n+1) {
		return nil, false
	}
	for g := range t.n {
		a, z := loca(g), loca(g+1)
		if a > z || z > len(tab["glyf"]) || z > a && z-a < 10 {
			return nil, false
		}
		if z > a && int16(be.Uint16(tab["glyf"][a:])) < 0 && !t.zusammengesetzt(tab["glyf"][a+10:z]) {
			return nil, false
		}
	}
	return t, true
}

// zusammengesetzt tells whether all parts of a composite glyph are in the font.
func (t *trueType) zusammengesetzt(b []byte) bool {
	be := binary.BigEndian
	for len(b) >= 4 {
		flags := be.Uint16(b)
		if int(be.Uint16(b[2:])) >= t.n {
			return false
		}
		n := 6
		if flags&1 != 0 {
			n += 2
		}
		switch {
		case flags&0x08 != 0:
			n += 2
		case flags&0x40 != 0:
			n += 4
		case flags&0x80 != 0:
			n += 8
		}
		if flags&0x20 == 0 {
			return true
		}
		if len(b) < n {
			return false
		}
		b = b[n:]
	}
	return false
}

// leseToUnicode reads the bfchar and bfrange sections of a CMap.
func leseToUnicode(b []byte) (map[uint16][]rune, bool) {
	if b == nil {
		return nil, false
	}
	out := make(map[uint16][]rune)
	l := &lexer{b: b}
	var args []any
	bereich := false
	for {
		l.skip()
		if l.i >= len(b) {
			return out, bereich
		}
		o, err := l.next(0)
		if err != nil {
			return out, false
		}
		w, ok := o.(wort)
		if !ok {
			args = append(args, o)
			continue
		}
		switch w {
		case "endcodespacerange":
			bereich = true
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				k, ok1 := args[i].(text)
				v, ok2 := args[i+1].(text)
				if !ok1 || !ok2 || len(k) != 2 || len(v)%2 != 0 {
					return out, false
				}
				out[uint16(k[0])<<8|uint16(k[1])] = utf16Runen(v)
			}
		case "endbfrange":
			return out, false // not written by anybody we read
		}
		args = args[:0]
	}
}
