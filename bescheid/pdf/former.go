package pdf

import (
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/trennung"
)

// glyphe is one placed glyph, in font units.
type glyphe struct {
	gid          uint16
	adv          int32
	xoff, yoff   int32
	zeichen      int32 // index of the first rune of its cluster in stueck.text
	clusterStart bool
}

// stueck is a shaped piece of text that is never broken inside, if it can be
// helped: a word, or a part of one between two places where a break is allowed.
type stueck struct {
	text   []rune
	glyph  []glyphe
	ab     int32 // index in the original text of text[0], for pieces cut in two
	breite int32 // sum of the advances
	eigen  bool  // some cluster reads otherwise than its glyphs do: write /ActualText
	fehlt  int   // index of the first rune without a glyph, or -1
}

type schluessel struct {
	schnitt int
	text    string
}

// former shapes text. It is used by one document at a time.
type former struct {
	schriften [schnitte]*schrift
	hb        [schnitte]*harfbuzz.Font
	buf       *harfbuzz.Buffer
	runen     []rune
	// gesehen keeps shaped pieces for the length of one document; it is emptied
	// afterwards, because words may be personal data.
	gesehen map[schluessel]*stueck
	muster  *trennung.Muster
	stellen []int // scratch
}

// maxGesehen bounds the memory for shaped pieces, about 2 MB.
const maxGesehen = 8192

func newFormer(s [schnitte]*schrift, m *trennung.Muster) *former {
	f := &former{schriften: s, muster: m, buf: harfbuzz.NewBuffer(), gesehen: make(map[schluessel]*stueck)}
	for i := range s {
		f.hb[i] = harfbuzz.NewFont(font.NewFace(s[i].font))
	}
	return f
}

// Ligatures are left out: they would need replacement text and gain nothing in this family.
var merkmale = []harfbuzz.Feature{
	{Tag: opentype.MustNewTag("liga"), Value: 0, End: harfbuzz.FeatureGlobalEnd},
	{Tag: opentype.MustNewTag("clig"), Value: 0, End: harfbuzz.FeatureGlobalEnd},
}

// form shapes a piece, which is not changed afterwards.
func (f *former) form(schnitt int, text []byte) *stueck {
	if st, ok := f.gesehen[schluessel{schnitt, string(text)}]; ok {
		return st
	}
	if len(f.gesehen) >= maxGesehen {
		clear(f.gesehen)
	}
	st := f.neu(schnitt, []rune(string(text)))
	f.gesehen[schluessel{schnitt, string(text)}] = st
	return st
}

func (f *former) neu(schnitt int, text []rune) *stueck {
	st := &stueck{text: text, fehlt: -1}
	s := f.schriften[schnitt]
	in := text
	for i, r := range text {
		if e := ersatz(s.font, r); e != r {
			if &in[0] == &text[0] {
				in = append(f.runen[:0], text...)
				f.runen = in
			}
			in[i] = e
		}
	}
	f.buf.Clear()
	f.buf.Flags = harfbuzz.RemoveDefaultIgnorables
	f.buf.AddRunes(in, 0, -1)
	f.buf.GuessSegmentProperties()
	f.buf.Props.Direction = harfbuzz.LeftToRight
	f.buf.Props.Language = language.NewLanguage("de")
	f.buf.Shape(f.hb[schnitt], merkmale)

	st.glyph = make([]glyphe, len(f.buf.Info))
	last := -1
	for i, g := range f.buf.Info {
		p := f.buf.Pos[i]
		st.glyph[i] = glyphe{gid: uint16(g.Glyph), adv: p.XAdvance, xoff: p.XOffset, yoff: p.YOffset,
			zeichen: int32(g.Cluster), clusterStart: g.Cluster != last}
		last = g.Cluster
		st.breite += p.XAdvance
		if g.Glyph == 0 && st.fehlt < 0 {
			st.fehlt = g.Cluster
		}
	}
	st.setzeZeichen(s)
	if st.fehlt >= 0 {
		// Of a cluster, name the rune that is missing rather than its base.
		for st.fehlt+1 < len(text) {
			if _, ok := s.font.NominalGlyph(in[st.fehlt]); !ok {
				break
			}
			st.fehlt++
		}
	}
	st.eigen = st.liestAnders(s)
	return st
}

// setzeZeichen places combining marks for which the font has no anchor, such as
// the second one in R̥̄ and the one in Z̧ (both DIN 91379): in the middle of the
// letter, and as far above it as the mark stands above a small letter.
func (st *stueck) setzeZeichen(s *schrift) {
	var basis *glyphe
	for i := range st.glyph {
		g := &st.glyph[i]
		if g.clusterStart {
			basis = g
			continue
		}
		if basis == nil || g.adv != 0 || g.xoff != 0 || g.yoff != 0 || !unicode.Is(unicode.Mn, s.zeichen[g.gid]) {
			continue
		}
		b, ok := s.kasten(basis.gid)
		m, ok2 := s.kasten(g.gid)
		if !ok || !ok2 {
			continue
		}
		g.xoff = (b[0]+b[2])/2 - basis.adv - (m[0]+m[2])/2
		if m[1] > s.klein/2 && b[3] > s.klein {
			g.yoff = b[3] - s.klein
		}
	}
}

// ersatz gives what is drawn in place of characters that differ from others only
// in how lines break around them, where the font has no glyph of their own.
func ersatz(f *font.Font, r rune) rune {
	switch r {
	case 0x00A0, 0x202F: // no-break spaces
		return ' '
	case 0x2010, 0x2011: // hyphens
		if _, ok := f.NominalGlyph(r); !ok {
			return '-'
		}
	}
	return r
}

// liestAnders tells whether the characters of the glyphs, put together, are not the text.
func (st *stueck) liestAnders(s *schrift) bool {
	if len(st.glyph) != len(st.text) {
		return true
	}
	for i, g := range st.glyph {
		if r := st.text[i]; s.zeichen[g.gid] != r && (r != 0x00A0 || g.gid != s.leer) {
			return true
		}
	}
	return false
}

// cluster gives the end of the cluster that begins with glyph i, and its text.
func (st *stueck) cluster(i int) (ende int, text []rune) {
	for ende = i + 1; ende < len(st.glyph) && !st.glyph[ende].clusterStart; {
		ende++
	}
	bis := len(st.text)
	if ende < len(st.glyph) {
		bis = int(st.glyph[ende].zeichen - st.ab)
	}
	return ende, st.text[st.glyph[i].zeichen-st.ab : bis]
}

// teile cuts the piece so that the first part is at most max wide. With
// mindestens it holds at least one cluster; else it is nil if none fits. rest is
// nil if nothing is left.
func (st *stueck) teile(max int32, mindestens bool) (kopf, rest *stueck) {
	var w int32
	for i := 0; i < len(st.glyph); {
		ende, _ := st.cluster(i)
		var c int32
		for _, g := range st.glyph[i:ende] {
			c += g.adv
		}
		if w+c > max && i == 0 && !mindestens {
			return nil, st
		}
		if w+c > max && i > 0 {
			at := st.glyph[i].zeichen - st.ab
			return &stueck{text: st.text[:at], glyph: st.glyph[:i], ab: st.ab, breite: w, eigen: st.eigen, fehlt: -1},
				&stueck{text: st.text[at:], glyph: st.glyph[i:], ab: st.ab + at, breite: st.breite - w, eigen: st.eigen, fehlt: -1}
		}
		w += c
		i = ende
	}
	return st, nil
}

// bei cuts the piece before the rune n; nil if that is within a cluster or at an edge.
func (st *stueck) bei(n int) (kopf, rest *stueck) {
	var w int32
	for i := range st.glyph {
		g := &st.glyph[i]
		if at := int(g.zeichen - st.ab); at >= n && g.clusterStart {
			if at > n || i == 0 {
				return nil, nil
			}
			return &stueck{text: st.text[:n], glyph: st.glyph[:i], ab: st.ab, breite: w, eigen: st.eigen, fehlt: -1},
				&stueck{text: st.text[n:], glyph: st.glyph[i:], ab: st.ab + int32(n), breite: st.breite - w, eigen: st.eigen, fehlt: -1}
		}
		w += g.adv
	}
	return nil, nil
}
