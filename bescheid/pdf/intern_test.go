package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Sequences of DIN 91379 (String.Latin+ 1.2) that have no code point of their own.
const folgen = "A̋ C̀ C̄ C̆ C̈ C̕ C̣ C̦ C̨̆ D̂ F̀ F̄ G̀ H̄ H̦ H̱ J́ J̌ K̀ K̂ K̄ K̇ K̕ K̛ K̦ K͟H K͟h L̂ L̥ L̥̄ L̦ M̀ M̂ M̆ M̐ N̂ N̄ N̆ N̦ " +
	"P̀ P̄ P̕ P̣ R̆ R̥ R̥̄ S̀ S̄ S̛̄ S̱ T̀ T̄ T̈ T̕ T̛ U̇ Z̀ Z̄ Z̆ Z̈ Z̧ a̋ c̀ c̄ c̆ c̈ c̕ c̣ c̦ c̨̆ d̂ f̀ f̄ g̀ h̄ h̦ j́ k̀ k̂ k̄ k̇ k̕ k̛ k̦ k͟h " +
	"l̂ l̥ l̥̄ l̦ m̀ m̂ m̆ m̐ n̂ n̄ n̆ n̦ p̀ p̄ p̕ p̣ r̆ r̥ r̥̄ s̀ s̄ s̛̄ s̱ t̀ t̄ t̕ t̛ u̇ z̀ z̄ z̆ z̈ z̧ Ç̆ ç̆ Û̄ û̄ ạ̈ Ạ̈ Ọ̈ ọ̈ Ụ̄ Ụ̈ ụ̄ ụ̈"

// Every mark stands over, under or at its letter, in all four cuts: none is left
// where the font has no anchor for it.
func TestZeichenSitzen(t *testing.T) {
	r, err := New(nil)
	require.NoError(t, err)
	f := newFormer(r.schriften, r.muster)
	for schnitt, s := range r.schriften {
		for w := range strings.FieldsSeq(folgen) {
			st := f.neu(schnitt, []rune(w))
			require.Equal(t, -1, st.fehlt, w)
			x := int32(0)
			var basis [4]int32
			for _, g := range st.glyph {
				k, ok := s.kasten(g.gid)
				require.True(t, ok)
				if r := s.zeichen[g.gid]; strings.ContainsRune("\u0315\u031b\u035f", r) {
					// These belong at the right, or under two letters.
				} else if !unicode.Is(unicode.Mn, r) {
					basis = [4]int32{x + k[0], k[1], x + k[2], k[3]}
				} else {
					mitte := x + g.xoff + (k[0]+k[2])/2
					require.Greater(t, mitte, basis[0]-200, "%s in %s stands left of its letter", w, s.name)
					require.Less(t, mitte, basis[2]+250, "%s in %s stands right of its letter", w, s.name)
				}
				x += g.adv
			}
		}
	}
}

// What the subset draws is what the font draws.
func TestSubset(t *testing.T) {
	r, err := New(nil)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		s := r.schriften[rapid.IntRange(0, schnitte-1).Draw(t, "schnitt")]
		var n nutzung
		n.reset(s)
		for _, g := range rapid.SliceOfN(rapid.Uint16Range(1, uint16(len(s.breite)-1)), 1, 40).Draw(t, "glyphen") {
			n.cid(g, []rune{'x'})
		}
		ttf, prefix, err := n.subset()
		require.NoError(t, err)
		require.Regexp(t, `^[A-Z]{6}\+$`, prefix)
		// The subset has no cmap, which only readers of whole fonts need.
		ld, err := opentype.NewLoader(bytes.NewReader(ttf))
		require.NoError(t, err)
		tab := map[string][]byte{}
		for _, tag := range []string{"glyf", "loca", "head", "hhea", "hmtx", "maxp"} {
			tab[tag], err = ld.RawTable(opentype.MustNewTag(tag))
			require.NoError(t, err, tag)
		}
		klein := &schrift{tab: tab, lang: true, breite: make([]uint16, 0xFFFF)}
		face, neu := font.NewFace(s.font), font.NewFace(umrissFont(t, s, ttf))
		for c, g := range n.alt {
			alt, ok := face.GlyphDataOutline(font.GID(g))
			jetzt, ok2 := neu.GlyphDataOutline(font.GID(c))
			require.Equal(t, ok, ok2)
			require.Equal(t, alt.Segments, jetzt.Segments)
			require.Equal(t, face.HorizontalAdvance(font.GID(g)), neu.HorizontalAdvance(font.GID(c)))
			_, err := klein.umriss(uint16(c))
			require.NoError(t, err)
		}
	})
}

// umrissFont reads a subset, lending it the tables that it leaves out.
func umrissFont(t *rapid.T, s *schrift, ttf []byte) *font.Font {
	ld, err := opentype.NewLoader(bytes.NewReader(ttf))
	require.NoError(t, err)
	var tabs []opentype.Table
	for _, tag := range ld.Tables() {
		b, err := ld.RawTable(tag)
		require.NoError(t, err)
		tabs = append(tabs, opentype.Table{Tag: tag, Content: b})
	}
	cmap := []byte{0, 0, 0, 1, 0, 3, 0, 1, 0, 0, 0, 12, 0, 6, 0, 12, 0, 0, 0, 32, 0, 1, 0, 1} // one code, glyph 1
	tabs = append(tabs, opentype.Table{Tag: opentype.MustNewTag("cmap"), Content: cmap},
		opentype.Table{Tag: opentype.MustNewTag("OS/2"), Content: s.tab["OS/2"]}, opentype.Table{Tag: opentype.MustNewTag("post"), Content: s.tab["post"][:32]})
	ld, err = opentype.NewLoader(bytes.NewReader(opentype.WriteTTF(tabs)))
	require.NoError(t, err)
	f, err := font.NewFont(ld)
	require.NoError(t, err)
	return f
}

// No line is wider than asked, unless it is one letter; nothing gets lost.
func TestUmbruch(t *testing.T) {
	r, err := New(nil)
	require.NoError(t, err)
	f := newFormer(r.schriften, r.muster)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("aäßiWm  -/@C\u0306\u00ad\u200b\u00a0§1.\n"))).Draw(t, "text")
		breite := rapid.Float64Range(5, 200).Draw(t, "breite")
		if rapid.Bool().Draw(t, "woerter") {
			text = strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"Verwaltungsgerichtsordnung", "„Rechtsbehelfsbelehrung“,", "ist", "§ 5", "ČapkoM̂vá"})).Draw(t, "worte"), " ")
		}
		art := satz{trenne: rapid.Bool().Draw(t, "trenne"), block: rapid.Bool().Draw(t, "block")}
		l := []Lauf{{Text: text}}
		var out strings.Builder
		alle := f.umbrich(f.zerlege(nil, l), 11, breite, art)
		for i, z := range alle {
			summe, luecken := 0, 0
			for _, p := range z.teile[:len(z.teile)-1] {
				if p.danach == leer || p.danach == leerF {
					luecken++
				}
			}
			if z.dehne > 0 {
				require.True(t, art.block && i < len(alle)-1)
				require.InDelta(t, breite, z.breite+z.dehne*float64(luecken), 0.01, "a justified line is as wide as the column")
			}
			for _, p := range z.teile {
				out.WriteString(string(p.st.text))
				for _, g := range p.st.glyph {
					if g.clusterStart {
						summe++
					}
				}
			}
			if summe > 1 {
				require.LessOrEqual(t, z.breite, breite+0.01)
			}
		}
		weg := strings.NewReplacer(" ", "", "\n", "", "\u00ad", "", "\u200b", "")
		require.Equal(t, weg.Replace(text), weg.Replace(out.String()))
	})
}

// Where a word is divided, and where better not.
func TestSilbentrennung(t *testing.T) {
	r, err := New(nil)
	require.NoError(t, err)
	f := newFormer(r.schriften, r.muster)
	zeilen := func(text string, breite float64, art satz, l Lauf) (out []string) {
		l.Text = text
		for _, z := range f.umbrich(f.zerlege(nil, []Lauf{l}), 11, breite, art) {
			var b strings.Builder
			for i, p := range z.teile {
				b.WriteString(string(p.st.text))
				if i < len(z.teile)-1 && (p.danach == leer || p.danach == leerF) {
					b.WriteByte(' ')
				}
			}
			if z.weich {
				b.WriteByte('-')
			}
			out = append(out, b.String())
		}
		return out
	}
	const text = "Die Verwaltungsgerichtsordnung"
	require.Equal(t, []string{"Die Verwaltungsge-", "richtsordnung"}, zeilen(text, 100, satz{trenne: true}, Lauf{}))
	require.Equal(t, []string{"Die", "Verwaltungsgerichts", "ordnung"}, zeilen(text, 100, satz{}, Lauf{}), "without division it is cut where it must be")
	require.Equal(t, zeilen(text, 100, satz{}, Lauf{}), zeilen(text, 100, satz{trenne: true}, Lauf{Sprache: "en"}), "no German rules for English")
	require.Equal(t, []string{"(Die „Rechts-", "behelfe“)"}, zeilen("(Die „Rechtsbehelfe“)", 70, satz{trenne: true}, Lauf{}))
	striche := 0
	for _, z := range zeilen(strings.Repeat("Verwaltungsgerichtsordnung ", 12), 190, satz{trenne: true, block: true}, Lauf{}) {
		if striche++; !strings.HasSuffix(z, "-") {
			striche = 0
		}
		require.LessOrEqual(t, striche, maxStriche)
	}
}

// A line ends where a reader of German expects it.
func TestTrennstellen(t *testing.T) {
	r, err := New(nil)
	require.NoError(t, err)
	f := newFormer(r.schriften, r.muster)
	for _, c := range []struct {
		text string
		soll []string // the least pieces between which a line may end
	}{
		{"ein  Wort ", []string{"ein", "Wort"}},
		{"nach § 35 Abs. 1 Satz 2 Nr. 3 VwVfG", []string{"nach", "§ 35", "Abs. 1", "Satz 2", "Nr. 3", "VwVfG"}},
		{"vom 3. März 2026 um 12 Uhr 35,00 € oder 5 %", []string{"vom", "3. März", "2026", "um", "12 Uhr", "35,00 €", "oder", "5 %"}},
		{"Nr. vier", []string{"Nr.", "vier"}},
		{"Kosten- und Gebührenbescheid", []string{"Kosten-", "und", "Gebührenbescheid"}},
		{"E-Mail-Adresse an/aus 1/2", []string{"E-Mail-", "Adresse", "an/", "aus", "1/2"}},
		{"fest\u00a0bunden\u202fhier", []string{"fest bunden hier"}},
		{"Silben\u00adtrennung", []string{"Silben-", "trennung"}},
		{"a\n\nb\r\n", []string{"a", "", "b"}},
		{"amt@stadt.example", []string{"amt@", "stadt.example"}},
	} {
		var ist []string
		var z strings.Builder
		for _, p := range f.zerlege(nil, []Lauf{{Text: c.text}}) {
			z.WriteString(strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(string(p.st.text)))
			switch p.danach {
			case leerF:
				z.WriteByte(' ')
				continue
			case fest:
				continue
			case weich:
				z.WriteByte('-')
			}
			ist = append(ist, z.String())
			z.Reset()
		}
		if z.Len() > 0 {
			ist = append(ist, z.String())
		}
		require.Equal(t, c.soll, ist, c.text)
	}
}

// The bytes follow from the input alone. Streams are left uncompressed here, so
// that a new release of Go, which may compress otherwise, does not change them.
func TestGolden(t *testing.T) {
	r, err := New(nil)
	require.NoError(t, err)
	r.roh = true
	var b bytes.Buffer
	_, err = r.Write(&b, Dokument{Titel: "Golden", Autor: "Amt", Erstellt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Kopfzeile: "Az. 1",
		Brief: &Brief{Absender: []string{"Amt"}, Anschrift: []string{"Frau C̆"}, Betreff: "Betreff", Anrede: "Guten Tag,", Grussformel: "Gruß"},
		Inhalt: []Block{Absatz{Text: "Ein Absatz mit ä, ö, ü."}, Liste{Punkte: []Punkt{{Text: "Punkt"}}},
			Tabelle{Spalten: []Spalte{{Kopf: "A"}, {Kopf: "B", Rechts: true}}, Zeilen: [][]string{{"x", "1,00"}}}}})
	require.NoError(t, err)
	sum := sha256.Sum256(b.Bytes())
	// A change of this sum changes every document: say in the changelog why.
	require.Equal(t, goldenSumme, hex.EncodeToString(sum[:]))
}

const goldenSumme = "ee671f37a35638a902507720bfa50012fa8aa2fe7956fdf9a5126817f025b4d7"
