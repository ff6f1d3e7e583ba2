package din91379

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// alle are all characters and sequences of a type.
func alle(t Typ) []string { return slices.Collect(Zeichen(t)) }

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ        Typ
		s          string
		art        Art
		byte, rune int
		folge      string
	}{
		{A, "", 0, 0, 0, ""},
		{A, "Erika Mustermann", 0, 0, 0, ""},
		{A, "Đorđe Müller-Lüdenscheidt, O’Neill", 0, 0, 0, ""},
		{A, "Nguyễn", 0, 0, 0, ""},
		{A, "C\u0306", 0, 0, 0, ""},
		{A, "C\u0328\u0306", 0, 0, 0, ""},
		{A, "K\u035Fhalid K\u035FH k\u035Fh", 0, 0, 0, ""},
		{A, "L\u0325L\u0325\u0304", 0, 0, 0, ""},
		{A, "Musterstadt 5", FalschesZeichen, 12, 12, "U+0035"},
		{B, "Musterstraße 5/7 (Hof)", 0, 0, 0, ""},
		{B, "a\nb", FalschesZeichen, 1, 1, "U+000A"},
		{B, "1\u00A0km", FalschesZeichen, 1, 1, "U+00A0"},
		{C, "a\tb\r\nc\u00A0½", 0, 0, 0, ""},
		{C, "„so“", FalschesZeichen, 0, 0, "U+201E"},
		{C, "a\u00ADb", FalschesZeichen, 1, 1, "U+00AD"},
		{D, "„Ωmega“ ≤ 5 ‰", 0, 0, 0, ""},
		{D, "Ж", FalschesZeichen, 0, 0, "U+0416"},
		{E, "Ж ѝ Ω", 0, 0, 0, ""},
		{E, "Ы", FalschesZeichen, 0, 0, "U+042B"},
		{E, "日本", FalschesZeichen, 0, 0, "U+65E5"},
		{E, "x😀", FalschesZeichen, 1, 1, "U+1F600"},
		{A, "ǅ", FalschesZeichen, 0, 0, "U+01C5"},
		{A, "\u0000", FalschesZeichen, 0, 0, "U+0000"},
		{E, "a\u2028", FalschesZeichen, 1, 1, "U+2028"},

		// Marks only in the sequences of the standard.
		{A, "äx\u0301y", FalscheFolge, 2, 1, "U+0078 U+0301"},
		{A, "C\u0306\u0306", FalscheFolge, 0, 0, "U+0043 U+0306 U+0306"},
		{A, "C\u0328", FalscheFolge, 0, 0, "U+0043 U+0328"},
		{A, "ä\u0301", FalscheFolge, 0, 0, "U+00E4 U+0301"},
		{A, "K\u035Fx", FalscheFolge, 0, 0, "U+004B U+035F"},
		{A, "k\u035FH", FalscheFolge, 0, 0, "U+006B U+035F"},
		{A, "K\u035Fh\u0304", FalscheFolge, 0, 0, "U+004B U+035F U+0068 U+0304"},
		{A, "\u0308", FalscheFolge, 0, 0, "U+0308"},
		{A, "ab \u0301", FalscheFolge, 2, 2, "U+0020 U+0301"},
		{C, "e\u20DD", FalscheFolge, 0, 0, "U+0065 U+20DD"},
		{E, "И\u0301", FalscheFolge, 0, 0, "U+0418 U+0301"},
		{A, "o" + strings.Repeat("\u0301", 20), FalscheFolge, 0, 0, "U+006F" + strings.Repeat(" U+0301", 7) + " …"},

		// What Normalize cures.
		{A, "Mu\u0308ller", FalscheForm, 1, 1, "U+0075 U+0308"},
		{A, "\u212Bland", FalscheForm, 0, 0, "U+212B"},
		{A, "A\u0308\u0323", FalscheForm, 0, 0, "U+0041 U+0308 U+0323"},
		{A, "c\u030C\u0323", FalscheForm, 0, 0, "U+0063 U+030C U+0323"},
		{A, "Ν\u0301", FalschesZeichen, 0, 0, "U+039D"},
		{E, "И\u0306", FalscheForm, 0, 0, "U+0418 U+0306"},

		{A, "Mu\xffster", KeinUTF8, 2, 2, ""},
		{A, "ä\xc3", KeinUTF8, 2, 1, ""},
		{E, "\xed\xa0\x80", KeinUTF8, 0, 0, ""}, // half a surrogate pair
		{E, "\uFFFD", FalschesZeichen, 0, 0, "U+FFFD"},
	} {
		err := Check(c.typ, c.s)
		require.Equal(t, err == nil, Valid(c.typ, c.s), "%q", c.s)
		if c.art == 0 {
			require.NoError(t, err, "%s %q", c.typ, c.s)
			continue
		}
		v, ok := errors.AsType[*Verstoss](err)
		require.True(t, ok, "%s %q passes", c.typ, c.s)
		require.Equal(t, []any{c.art, c.byte, c.rune, c.folge}, []any{v.Art, v.Byte, v.Rune, v.Codepoints()}, "%s %q", c.typ, c.s)
		require.Equal(t, c.art == FalscheForm, Valid(c.typ, Normalize(c.s[v.Byte:v.Byte+v.Laenge])), "%q", c.s)
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	for _, typ := range Typen() {
		got, err := ParseTyp(typ.String())
		require.NoError(t, err)
		require.Equal(t, typ, got)
	}
	for _, s := range []string{"", "F", "a", "AB", "?"} {
		_, err := ParseTyp(s)
		require.ErrorIs(t, err, fehler.ErrInvalid, "%q", s)
	}
	for _, typ := range []Typ{0, A | B, 32} {
		require.ErrorIs(t, Check(typ, ""), fehler.ErrInvalid)
		require.False(t, Valid(typ, ""))
		require.Empty(t, alle(typ))
		require.Equal(t, "?", typ.String())
	}
	n := map[Typ]int{}
	for _, typ := range Typen() {
		n[typ] = len(alle(typ))
	}
	require.Equal(t, map[Typ]int{A: 518 + 149, B: 578 + 149, C: 588 + 149, D: 695 + 149, E: 761 + 149}, n)
	for range Zeichen(A) {
		break // the sequence may be left early
	}
}

// Every type is valid in normal form C, and holds the smaller ones.
func TestTablesAreSound(t *testing.T) {
	t.Parallel()
	last := uint16(0)
	for _, b := range bereiche {
		require.LessOrEqual(t, b.von, b.bis)
		require.Greater(t, b.von, last, "%U", b.von)
		last = b.bis
	}
	require.Equal(t, ende, int(last)+1)
	for _, p := range [][2]Typ{{A, B}, {B, C}, {B, D}, {C, E}, {D, E}} {
		for _, z := range alle(p[0]) {
			require.True(t, Valid(p[1], z), "%q is in %s, not in %s", z, p[0], p[1])
		}
	}
	for _, z := range alle(E) {
		require.True(t, norm.NFC.IsNormalString(z), "%q", z)
		require.Equal(t, z, Normalize(norm.NFD.String(z)))
		r, _ := utf8.DecodeRuneInString(z)
		require.False(t, unicode.Is(unicode.M, r), "%q begins with a mark", z)
		require.Equal(t, r, []rune(z)[0])
	}
	for grund := range folgen {
		require.True(t, Valid(A, string(grund)))
	}
}

// muster reads the patterns of the official schema as expressions of Go.
func muster(t *testing.T) map[Typ]*regexp.Regexp {
	raw, err := os.ReadFile(testenv.Standards(t, "xdomea", "4.0.0", "din-norm-91379-datatypes.xsd"))
	require.NoError(t, err)
	var x struct {
		Typen []struct {
			Name   string `xml:"name,attr"`
			Muster struct {
				Wert string `xml:"value,attr"`
			} `xml:"restriction>pattern"`
		} `xml:"simpleType"`
	}
	require.NoError(t, xml.Unmarshal(raw, &x))
	out := map[Typ]*regexp.Regexp{}
	for _, typ := range x.Typen {
		k, err := ParseTyp(strings.TrimPrefix(typ.Name, "datatype"))
		require.NoError(t, err)
		out[k] = regexp.MustCompile(`^(?:` + typ.Muster.Wert + `)$`)
	}
	require.Len(t, out, 5)
	return out
}

func TestTheTablesAreTheOfficialOnes(t *testing.T) {
	t.Parallel()
	m := muster(t)
	same := func(typ Typ, s string) {
		if want := m[typ].MatchString(s); want != Valid(typ, s) {
			t.Fatalf("%s %+q: the schema says %v", typ, s, want)
		}
	}
	var marks, used []rune
	for r := rune(0x0300); r <= 0x036F; r++ {
		marks = append(marks, r)
	}
	for _, r := range strings.Join(slices.Collect(folgenSeq()), "") {
		if !slices.Contains(used, r) && (unicode.Is(unicode.M, r) || r == 'H' || r == 'h') {
			used = append(used, r)
		}
	}
	for _, typ := range Typen() {
		for r := range rune(0x10000) {
			if utf8.ValidRune(r) {
				same(typ, string(r))
			}
		}
		for f := range folgenSeq() {
			same(typ, f)
		}
	}
	for _, z := range alle(E) { // every base with every mark, and marks after sequences
		for _, r := range marks {
			same(E, z+string(r))
		}
	}
	for grund := range folgen {
		for _, r := range used {
			for _, q := range used {
				same(A, string([]rune{grund, r, q}))
			}
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := teile.Draw(rt, "s")
		for typ, re := range m {
			require.Equal(rt, re.MatchString(s), Valid(typ, s), "%s %+q", typ, s)
		}
	})
}

// teile makes texts near the edge: characters and sequences of the standard, torn
// and joined, with marks and foreign characters.
var teile = rapid.Custom(func(t *rapid.T) string {
	return strings.Join(rapid.SliceOf(rapid.OneOf(
		rapid.SampledFrom(alle(E)), rapid.SampledFrom(slices.Collect(folgenSeq())),
		rapid.StringOf(rapid.SampledFrom([]rune("CKkHhLRSTZ\u0300\u0304\u0306\u0308\u0325\u0326\u0328\u031B\u035F"))),
		rapid.String())).Draw(t, "teile"), "")
})

func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := teile.Draw(rt, "s")
		n := Normalize(s)
		require.Equal(rt, n, Normalize(n), "normalising twice")
		for _, typ := range Typen() {
			if Valid(typ, s) {
				require.Equal(rt, s, n, "what is valid is in normal form C")
			}
			err := Check(typ, n)
			require.Equal(rt, err, Check(typ, Normalize(n)))
			if err == nil {
				require.True(rt, Valid(E, n))
			}
			gesunderVerstoss(rt, typ, s)
		}
	})
}

// gesunderVerstoss tells what holds for every answer.
func gesunderVerstoss(t require.TestingT, typ Typ, s string) {
	err := Check(typ, s)
	if err == nil {
		return
	}
	v, ok := errors.AsType[*Verstoss](err)
	require.True(t, ok)
	require.Equal(t, utf8.RuneCountInString(s[:v.Byte]), v.Rune)
	require.Positive(t, v.Laenge)
	require.LessOrEqual(t, v.Byte+v.Laenge, len(s))
	require.True(t, Valid(typ, s[:v.Byte]), "before the place all is well: %+q", s)
	stelle := s[v.Byte : v.Byte+v.Laenge]
	require.False(t, Valid(typ, stelle), "the place is wrong by itself: %+q", stelle)
	require.Equal(t, v.Art == KeinUTF8, len(v.Folge) == 0)
	if v.Art != KeinUTF8 {
		require.True(t, strings.HasPrefix(stelle, string(v.Folge)))
	}
	require.Equal(t, v.Art == FalscheForm, Valid(typ, Normalize(stelle)), "%+q", stelle)
}

// A forbidden character put between others is found where it was put.
func TestForbiddenCharacterIsFoundInItsPlace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		typ := rapid.SampledFrom(Typen()).Draw(rt, "typ")
		teil := rapid.SliceOf(rapid.SampledFrom(alle(typ)))
		vor, nach := strings.Join(teil.Draw(rt, "vor"), ""), strings.Join(teil.Draw(rt, "nach"), "")
		require.True(rt, Valid(typ, vor+nach), "sequences of valid characters are valid")
		falsch := rapid.Rune().Filter(func(r rune) bool {
			return !Valid(typ, string(r)) && !unicode.Is(unicode.M, r)
		}).Draw(rt, "falsch")
		v, ok := errors.AsType[*Verstoss](Check(typ, vor+string(falsch)+nach))
		require.True(rt, ok)
		require.Equal(rt, len(vor), v.Byte)
		require.Equal(rt, utf8.RuneCountInString(vor), v.Rune)
		require.Equal(rt, []rune{falsch}, v.Folge)
	})
}

// The texts are values of the house, and name nothing but the place.
func TestProblem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ           Typ
		s, code, hint string
	}{
		{A, "Müßter5mann", "din91379.zeichen", "An Stelle 7 steht ein Zeichen (U+0035), das DIN 91379 in Namen natürlicher Personen nicht zulässt (Datentyp A). Bitte das Zeichen ersetzen."},
		{B, "Weg\n", "din91379.zeichen", "An Stelle 4 steht ein Zeichen (U+000A), das DIN 91379 in sonstigen Namen wie Orten und Straßen nicht zulässt (Datentyp B). Bitte das Zeichen ersetzen."},
		{C, "Ω", "din91379.zeichen", "An Stelle 1 steht ein Zeichen (U+03A9), das DIN 91379 in Texten ohne die erweiterten Zeichen nicht zulässt (Datentyp C). Bitte das Zeichen ersetzen."},
		{D, "Я", "din91379.zeichen", "An Stelle 1 steht ein Zeichen (U+042F), das DIN 91379 in Namen juristischer Personen und von Produkten nicht zulässt (Datentyp D). Bitte das Zeichen ersetzen."},
		{E, "字", "din91379.zeichen", "An Stelle 1 steht ein Zeichen (U+5B57), das DIN 91379 überhaupt nicht zulässt (Datentyp E). Bitte das Zeichen ersetzen."},
		{A, "x\u0301", "din91379.folge", "Ab Stelle 1 steht eine Verbindung mit einem kombinierenden Zeichen (U+0078 U+0301), die DIN 91379 nicht kennt. Bitte die Schreibweise prüfen."},
		{A, "u\u0308", "din91379.normalform", "Ab Stelle 1 ist ein Zeichen anders gespeichert (U+0075 U+0308), als DIN 91379 es vorsieht (Normalform C). Bitte das Zeichen neu eingeben."},
		{A, "u\xc3", "din91379.utf8", "Der Text ist an Stelle 2 beschädigt (kein UTF-8). Bitte den Text neu eingeben."},
	} {
		err := Check(c.typ, c.s)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		require.NotErrorIs(t, err, fehler.ErrConflict)
		p := fehler.ProblemeIn(fmt.Errorf("name: %w", err))
		require.Len(t, p, 1)
		require.Equal(t, []string{c.code, c.hint, ""}, []string{p[0].Code, p[0].Hinweis, p[0].Pfad})
		require.Equal(t, err.Error(), p[0].String())
		v, _ := errors.AsType[*Verstoss](err)
		require.Equal(t, "/name", v.Problem("/name").Pfad)
		_, isJSON := errors.AsType[*json.SyntaxError](err)
		require.False(t, isJSON)
	}
}

func TestLongTexts(t *testing.T) {
	t.Parallel()
	lang := strings.Repeat("Müller C\u0306 ", 1<<16)
	require.NoError(t, Check(A, lang))
	v, _ := errors.AsType[*Verstoss](Check(A, lang+"!"))
	require.Equal(t, len(lang), v.Byte)
	v, _ = errors.AsType[*Verstoss](Check(A, "o"+strings.Repeat("\u0301", 1<<18)))
	require.Len(t, v.Folge, MaxFolge)
	require.Less(t, len(v.Error()), 200)

}

// What is valid costs no memory. Not parallel, because memory is counted.
func TestNoAllocation(t *testing.T) {
	for _, s := range []string{"Erika Mustermann", "Müller C\u0306", "", strings.Repeat("Müller C\u0306 ", 1000)} {
		require.Zero(t, testing.AllocsPerRun(10, func() {
			if Check(A, s) != nil || !Valid(C, s) || Normalize(s) != s {
				t.Error("refused")
			}
		}))
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"Müller", "Mu\u0308ller", "C\u0328\u0306K\u035Fh", "x\u0301", "\xff", "Ω Ж", "\u0308", "K\u035F\u035Fh"} {
		for _, t := range Typen() {
			f.Add(uint8(t), s)
		}
	}
	f.Fuzz(func(t *testing.T, typ uint8, s string) {
		if !Typ(typ).bekannt() {
			if Valid(Typ(typ), s) {
				t.Fatal("a type that does not exist")
			}
			return
		}
		gesunderVerstoss(t, Typ(typ), s)
		if Valid(Typ(typ), s) && !norm.NFC.IsNormalString(s) {
			t.Fatalf("%+q is valid, not in normal form", s)
		}
	})
}

// The floors are what any check of a text costs: that it is UTF-8, and that it is
// in normal form.
func BenchmarkCheck(b *testing.B) {
	for name, s := range map[string]string{
		"name": "Đorđe Müller-Lüdenscheidt", "ascii": "Erika Mustermann",
		"text": strings.Repeat("Der Baum an der Strasse ist krank und wird Anfang März gefällt. ", 160),
	} {
		for what, f := range map[string]func(string) bool{
			"check":       func(s string) bool { return Check(C, s) == nil },
			"utf8.Valid":  utf8.ValidString,
			"IsNormalNFC": norm.NFC.IsNormalString,
		} {
			b.Run(name+"/"+what, func(b *testing.B) {
				b.SetBytes(int64(len(s)))
				b.ReportAllocs()
				for b.Loop() {
					if !f(s) {
						b.Fatal("refused")
					}
				}
			})
		}
	}
}
