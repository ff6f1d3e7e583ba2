package pdf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansbolditalic"
	"github.com/go-fonts/liberation/liberationsansitalic"
	"github.com/go-fonts/liberation/liberationsansregular"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// The four cuts of the one family a document is set in.
const (
	normal = iota
	fett
	kursiv
	fettKursiv
	schnitte
)

// schrift is one parsed TrueType font. It does not change after it is made.
type schrift struct {
	name    string // PostScript name without subset prefix
	font    *font.Font
	tab     map[string][]byte // the tables a subset is cut from
	lang    bool              // loca holds 32-bit offsets
	upem    float64
	breite  []uint16 // advance of each glyph in font units
	zeichen []rune   // the character a glyph stands for, 0 if there is none of its own
	leer    uint16   // glyph of the space
	strich  uint16   // glyph of the hyphen
	klein   int32    // height of the x

	aufstieg, abstieg, versal int16
	box                       [4]int16
	neigung                   float64
	dicke                     int // StemV: OpenType does not tell it, so a usual value of the cut
	kursiv                    bool
}

// liberationSans gives the built-in family (Liberation Sans, SIL Open Font License 1.1).
func liberationSans() (out [schnitte]*schrift, err error) {
	for i, s := range []struct {
		name  string
		ttf   []byte
		dicke int
	}{
		{"LiberationSans", liberationsansregular.TTF, 88},
		{"LiberationSans-Bold", liberationsansbold.TTF, 140},
		{"LiberationSans-Italic", liberationsansitalic.TTF, 88},
		{"LiberationSans-BoldItalic", liberationsansbolditalic.TTF, 140},
	} {
		if out[i], err = newSchrift(s.name, s.ttf); err != nil {
			return out, fmt.Errorf("font %s: %w", s.name, err)
		}
		out[i].dicke = s.dicke
		out[i].kursiv = i == kursiv || i == fettKursiv
	}
	return out, nil
}

func newSchrift(name string, ttf []byte) (*schrift, error) {
	ld, err := opentype.NewLoader(bytes.NewReader(ttf))
	if err != nil {
		return nil, err
	}
	f, err := font.NewFont(ld)
	if err != nil {
		return nil, err
	}
	s := &schrift{name: name, font: f, tab: make(map[string][]byte)}
	for tag, min := range map[string]int{
		"glyf": 0, "loca": 4, "head": 54, "hhea": 36, "hmtx": 4, "maxp": 32, "OS/2": 78, "post": 32,
		"cvt ": -1, "fpgm": -1, "prep": -1,
	} {
		data, err := ld.RawTable(opentype.MustNewTag(tag))
		if min >= 0 && (err != nil || len(data) < min) {
			return nil, fmt.Errorf("table %s is missing or too short", tag)
		}
		if err == nil {
			s.tab[tag] = data
		}
	}
	be := binary.BigEndian
	i16 := func(tag string, off int) int16 { return int16(be.Uint16(s.tab[tag][off:])) }

	s.upem = float64(be.Uint16(s.tab["head"][18:]))
	if s.upem < 16 {
		return nil, errors.New("unitsPerEm out of range")
	}
	s.lang = i16("head", 50) == 1
	for i := range s.box {
		s.box[i] = i16("head", 36+2*i)
	}
	s.aufstieg, s.abstieg = i16("hhea", 4), i16("hhea", 6)
	s.versal = s.aufstieg
	if os2 := s.tab["OS/2"]; be.Uint16(os2) >= 2 && len(os2) >= 90 {
		s.versal = i16("OS/2", 88)
	}
	s.neigung = float64(int32(be.Uint32(s.tab["post"][4:]))) / 65536

	n, lang := int(be.Uint16(s.tab["maxp"][4:])), int(be.Uint16(s.tab["hhea"][34:]))
	hmtx := s.tab["hmtx"]
	if lang < 1 || lang > n || len(hmtx) < 4*lang+2*(n-lang) {
		return nil, errors.New("table hmtx does not fit hhea and maxp")
	}
	s.breite = make([]uint16, n)
	for g := range s.breite {
		s.breite[g] = be.Uint16(hmtx[4*min(g, lang-1):])
	}

	s.zeichen = make([]rune, n)
	for it := f.Cmap.Iter(); it.Next(); {
		r, g := it.Char()
		// The lowest character wins: the letter before its compatibility twin.
		if int(g) < n && r >= 0x20 && !privat(r) && (s.zeichen[g] == 0 || r < s.zeichen[g]) {
			s.zeichen[g] = r
		}
	}
	for r, g := range map[rune]*uint16{' ': &s.leer, '-': &s.strich} {
		gid, ok := f.NominalGlyph(r)
		if !ok {
			return nil, fmt.Errorf("no glyph for %U", r)
		}
		*g = uint16(gid)
	}
	if x, ok := f.NominalGlyph('x'); ok {
		b, _ := s.kasten(uint16(x))
		s.klein = b[3]
	}
	return s, nil
}

// umriss gives the outline of a glyph; empty for a glyph without one.
func (s *schrift) umriss(g uint16) ([]byte, error) {
	be := binary.BigEndian
	loca, glyf := s.tab["loca"], s.tab["glyf"]
	var a, b int
	if s.lang {
		if len(loca) < 4*int(g)+8 {
			return nil, errors.New("table loca too short")
		}
		a, b = int(be.Uint32(loca[4*int(g):])), int(be.Uint32(loca[4*int(g)+4:]))
	} else {
		if len(loca) < 2*int(g)+4 {
			return nil, errors.New("table loca too short")
		}
		a, b = 2*int(be.Uint16(loca[2*int(g):])), 2*int(be.Uint16(loca[2*int(g)+2:]))
	}
	if a > b || b > len(glyf) {
		return nil, errors.New("table loca points outside glyf")
	}
	return glyf[a:b], nil
}

// kasten gives the box of a glyph: left, bottom, right, top.
func (s *schrift) kasten(g uint16) (b [4]int32, ok bool) {
	u, err := s.umriss(g)
	if err != nil || len(u) < kopfLaenge {
		return b, false
	}
	for i := range b {
		b[i] = int32(int16(binary.BigEndian.Uint16(u[2+2*i:])))
	}
	return b, true
}

// em turns font units into thousandths of the text size.
func (s *schrift) em(v float64) float64 { return v * 1000 / s.upem }

// privat tells whether r is of a private use area or no character at all.
func privat(r rune) bool {
	return r >= 0xE000 && r <= 0xF8FF || r >= 0xF0000 || r&0xFFFE == 0xFFFE || r >= 0xFDD0 && r <= 0xFDEF
}
