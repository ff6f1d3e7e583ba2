package pdf

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
)

// nutzung is what one document uses of one font. Glyphs are numbered anew in
// the order of their first use, so that the embedded subset holds nothing else;
// the new number is also the CID.
type nutzung struct {
	s    *schrift
	neu  []uint16 // by old number; 0 is unused
	alt  []uint16 // by new number; the first is .notdef
	uni  [][]rune // by new number: what it reads as
	nr   int      // object number, 0 while unused
	name string   // resource name, such as F1
}

func (n *nutzung) reset(s *schrift) {
	n.s, n.nr = s, 0
	if len(n.neu) != len(s.breite) {
		n.neu = make([]uint16, len(s.breite))
	} else {
		for _, g := range n.alt {
			n.neu[g] = 0
		}
	}
	n.alt = append(n.alt[:0], 0)
	n.uni = append(n.uni[:0], nil)
}

// cid gives the number of a glyph in this document. text is what the glyph
// reads as where the font itself does not tell.
func (n *nutzung) cid(g uint16, text []rune) uint16 {
	if c := n.neu[g]; c != 0 {
		return c
	}
	c := uint16(len(n.alt))
	n.neu[g] = c
	n.alt = append(n.alt, g)
	if r := n.s.zeichen[g]; r != 0 {
		text = []rune{r}
	}
	n.uni = append(n.uni, slices.Clone(text))
	return c
}

// Flags of a composite glyph (OpenType, table glyf).
const (
	argWorte       = 0x0001
	hatSkala       = 0x0008
	mehrTeile      = 0x0020
	hatXYSkala     = 0x0040
	hatMatrix      = 0x0080
	maxTeile       = 64
	maxGlyphen     = 0xFFFF
	kopfLaenge     = 10 // of a glyph: number of contours and box
	pruefKonstante = 0xB1B0AFBA
)

// subset cuts the font down to the used glyphs and the parts they are built
// from. The tables are those ISO 32000-1, 9.9 asks of an embedded CIDFontType2.
func (n *nutzung) subset() (ttf []byte, prefix string, err error) {
	be := binary.BigEndian
	s := n.s
	alt := slices.Clone(n.alt) // parts are added behind the CIDs; nothing shows them by number
	neu := make(map[uint16]uint16, len(alt))
	for i, g := range alt {
		neu[g] = uint16(i)
	}
	var glyf []byte
	loca := make([]byte, 0, 4*len(alt)+4)
	for i := 0; i < len(alt); i++ {
		loca = be.AppendUint32(loca, uint32(len(glyf)))
		g, err := s.umriss(alt[i])
		if err != nil {
			return nil, "", err
		}
		if len(g) == 0 {
			continue
		}
		if len(g) < kopfLaenge {
			return nil, "", errors.New("glyph too short")
		}
		if int16(be.Uint16(g)) < 0 {
			g = slices.Clone(g)
			for at, teil := kopfLaenge, 0; ; teil++ {
				if at+4 > len(g) || teil == maxTeile {
					return nil, "", errors.New("composite glyph broken")
				}
				flags, alter := be.Uint16(g[at:]), be.Uint16(g[at+2:])
				nummer, ok := neu[alter]
				if !ok {
					if int(alter) >= len(s.breite) || len(alt) >= maxGlyphen {
						return nil, "", errors.New("composite glyph names a part that is not there")
					}
					nummer = uint16(len(alt))
					neu[alter] = nummer
					alt = append(alt, alter)
				}
				be.PutUint16(g[at+2:], nummer)
				at += 4 + 2
				if flags&argWorte != 0 {
					at += 2
				}
				switch {
				case flags&hatSkala != 0:
					at += 2
				case flags&hatXYSkala != 0:
					at += 4
				case flags&hatMatrix != 0:
					at += 8
				}
				if flags&mehrTeile == 0 {
					break
				}
			}
		}
		glyf = append(glyf, g...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
	}
	loca = be.AppendUint32(loca, uint32(len(glyf)))
	if len(glyf) == 0 {
		glyf = make([]byte, 4) // some readers take an empty table for a missing one
	}

	lang := int(be.Uint16(s.tab["hhea"][34:]))
	hmtx := make([]byte, 0, 4*len(alt))
	for _, g := range alt {
		hmtx = be.AppendUint16(hmtx, s.breite[g])
		lsb := 4*int(g) + 2
		if int(g) >= lang {
			lsb = 4*lang + 2*(int(g)-lang)
		}
		hmtx = append(hmtx, s.tab["hmtx"][lsb:lsb+2]...)
	}
	head, hhea, maxp := slices.Clone(s.tab["head"]), slices.Clone(s.tab["hhea"]), slices.Clone(s.tab["maxp"])
	be.PutUint32(head[8:], 0)
	be.PutUint16(head[50:], 1)
	be.PutUint16(hhea[34:], uint16(len(alt)))
	be.PutUint16(maxp[4:], uint16(len(alt)))

	type tabelle struct {
		tag  string
		data []byte
	}
	tabs := []tabelle{{"cvt ", s.tab["cvt "]}, {"fpgm", s.tab["fpgm"]}, {"glyf", glyf}, {"head", head}, {"hhea", hhea},
		{"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp}, {"prep", s.tab["prep"]}}
	tabs = slices.DeleteFunc(tabs, func(t tabelle) bool { return t.data == nil })

	zahl, log := len(tabs), 0
	for 2<<log <= zahl {
		log++
	}
	out := be.AppendUint32(nil, 0x00010000)
	for _, v := range []int{zahl, 16 << log, log, 16*zahl - 16<<log} {
		out = be.AppendUint16(out, uint16(v))
	}
	pos, headPos := 12+16*zahl, 0
	for _, t := range tabs {
		if t.tag == "head" {
			headPos = pos
		}
		out = append(out, t.tag...)
		out = be.AppendUint32(out, pruefsumme(t.data))
		out = be.AppendUint32(out, uint32(pos))
		out = be.AppendUint32(out, uint32(len(t.data)))
		pos += (len(t.data) + 3) &^ 3
	}
	for _, t := range tabs {
		out = append(out, t.data...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	be.PutUint32(out[headPos+8:], pruefKonstante-pruefsumme(out))

	// The prefix follows from the glyphs, so the same document has the same one.
	h := sha256.New()
	for _, g := range n.alt {
		h.Write([]byte{byte(g >> 8), byte(g)})
	}
	sum, p := h.Sum([]byte(nil)), make([]byte, 6)
	for i := range p {
		p[i] = 'A' + sum[i]%26
	}
	return out, string(p) + "+", nil
}

// pruefsumme is the checksum of an OpenType table.
func pruefsumme(b []byte) (sum uint32) {
	for len(b) >= 4 {
		sum += binary.BigEndian.Uint32(b)
		b = b[4:]
	}
	var rest [4]byte
	copy(rest[:], b)
	return sum + binary.BigEndian.Uint32(rest[:])
}

// write puts font, descriptor, subset and ToUnicode into the file.
func (n *nutzung) write(w *schreiber) error {
	ttf, prefix, err := n.subset()
	if err != nil {
		return err
	}
	s := n.s
	name := prefix + s.name
	cidfont, desc, datei, tou := w.neu(), w.neu(), w.neu(), w.neu()

	b := append([]byte(nil), "<</Type /Font /Subtype /Type0 /BaseFont /"...)
	b = append(append(b, name...), " /Encoding /Identity-H /DescendantFonts ["...)
	b = append(appendRef(b, cidfont), "] /ToUnicode "...)
	b = append(appendRef(b, tou), ">>"...)
	w.objekt(n.nr, b)

	b = append(b[:0], "<</Type /Font /Subtype /CIDFontType2 /BaseFont /"...)
	b = append(append(b, name...), " /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /FontDescriptor "...)
	b = append(appendRef(b, desc), " /CIDToGIDMap /Identity /DW 1000 /W [0 ["...)
	for i, g := range n.alt {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendZahl(b, s.em(float64(s.breite[g])), 2)
	}
	w.objekt(cidfont, append(b, "]]>>"...))

	flags := 4 // symbolic: the subset is not limited to the standard Latin characters
	if s.kursiv {
		flags |= 64
	}
	b = append(b[:0], "<</Type /FontDescriptor /FontName /"...)
	b = append(append(b, name...), " /Flags "...)
	b = append(appendZahl(b, float64(flags), 0), " /FontBBox ["...)
	for i, v := range s.box {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendZahl(b, s.em(float64(v)), 0)
	}
	b = append(b, ']')
	for _, e := range []struct {
		key string
		v   float64
	}{
		{"ItalicAngle", s.neigung}, {"Ascent", s.em(float64(s.aufstieg))}, {"Descent", s.em(float64(s.abstieg))},
		{"CapHeight", s.em(float64(s.versal))}, {"StemV", float64(s.dicke)},
	} {
		b = append(append(append(b, " /"...), e.key...), ' ')
		b = appendZahl(b, e.v, 0)
	}
	w.objekt(desc, append(appendRef(append(b, " /FontFile2 "...), datei), ">>"...))
	w.strom(datei, " /Length1 "+string(appendZahl(nil, float64(len(ttf)), 0)), ttf, true)
	w.strom(tou, "", n.toUnicode(), true)
	return w.err
}

// toUnicode gives the CMap that says what each CID reads as (ISO 32000-1, 9.10.3).
func (n *nutzung) toUnicode() []byte {
	b := []byte(`/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
`)
	const block = 100 // the most a bfchar section may hold
	for i := 1; i < len(n.alt); i += block {
		end := min(i+block, len(n.alt))
		b = append(appendZahl(b, float64(end-i), 0), " beginbfchar\n"...)
		for c := i; c < end; c++ {
			b = append(appendHex16(append(b, '<'), uint16(c)), "> <"...)
			b = append(appendUTF16(b, n.uni[c]), ">\n"...)
		}
		b = append(b, "endbfchar\n"...)
	}
	return append(b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"...)
}
