package din91379

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestSuchform(t *testing.T) {
	t.Parallel()
	for want, spellings := range map[string][]string{
		"mueller":               {"Müller", "Mueller", "MÜLLER", "MUELLER", "mu\u0308ller", "mu¨ller", "ｍüller", "Mül\u00ADler"},
		"weiss":                 {"Weiß", "Weiss", "WEIẞ", "WEISS", "Weiſs"},
		"strasse":               {"Straße", "STRASSE", "strasse"},
		"lukasz":                {"Łukasz", "ŁUKASZ", "Lukasz"},
		"dorde":                 {"Đorđe", "Ðorðe", "ĐORĐE"},
		"thor":                  {"Þór", "þór", "Thor", "ÞÓR"},
		"celik":                 {"Çelik", "C\u0327elik", "celik"},
		"nguyen":                {"Nguyễn", "Nguye\u0302\u0303n", "NGUYỄN"},
		"inci":                  {"İnci", "I\u0307nci", "ınci", "inci", "INCI"},
		"oneill":                {"O'Neill", "O’Neill", "O‘Neill", "O`Neill", "O´Neill", "OʼNeill", "O′Neill", "O＇Neill", "o\u1FFDneill"},
		"aeroe":                 {"Ærø", "Aeroe", "ÆRØ", "Ǽrǿ"},
		"aalborg":               {"Ålborg", "A\u030Alborg", "Aalborg", "\u212Blborg", "Ǻlborg"},
		"oeuvre":                {"Œuvre", "œuvre", "Öuvre"},
		"ijssel":                {"Ĳssel", "ĳssel", "IJssel"},
		"parallel":              {"Paral·lel", "Paraŀlel", "PARAL·LEL", "Parallel", "Paral\u0387lel"},
		"hawaii":                {"Hawaiʻi", "Hawai'i"},
		"n":                     {"ŉ", "Ŋ", "ŋ", "N̄"},
		"khalid":                {"K\u035Fhalid", "Khalid"},
		"kalaallit":             {"ĸalaallit"},
		"aezler":                {"Ạ\u0308zler", "ÄZLER", "Ǟzler"},
		"el u ue c t":           {"él ű ű\u0308 C̈ T̈"},
		"ehmed ogly":            {"Əhməd Ogly", "  ehmed-ogly  ", "EHMED_OGLY", "(Ehmed) «Ogly»!"},
		"mueller luedenscheidt": {"Müller-Lüdenscheidt", "Müller – Lüdenscheidt", "Müller/Lüdenscheidt", "Müller\u00A0Lüdenscheidt", "Müller\n\tLüdenscheidt"},
		"hauptstr 5 a":          {"Hauptstr. 5 a", "Hauptstr.5-a"},
		"m2 1 2":                {"m² ½"},
		"финал":                 {"Финал", "ФИНАЛ"},
		"иван":                  {"Иван"},
		"σοφοσ":                 {"Σοφός", "ΣΟΦΟΣ", "σοφος"},
		"fi":                    {"ﬁ", "FI"},
		"dz":                    {"Ǆ", "ǅ", "dž"},
		"":                      {"", " ", "–", "'", "¨", "\u0308", "\u200B", "\xff", "€ §"},
		"a b":                   {"a\xffb", "a\u0000b", "a😀b", "a\u2028b", "a , b"},
		"l a":                   {"l·a"},
		"zaehre":                {"Zähre"},
		"jose maria":            {"José María"},
		"ahmet guemuesdag":      {"Ahmet Gümüşdağ"},
		"skodova":               {"Škodová"},
		"ci":                    {"Ƈɨ", "ƈƗ", "ci"},
		"gotland":               {"Ǥotland"},
		"zelma":                 {"Ʒelma", "Ǯelma"},
		"ostrowski":             {"Óstrowski"},
		"raudsepp ounapuu":      {"Raudsepp Õunapuu"},
		"piesek bartlomiej":     {"Piesek Bartłomiej"},
		"ha tinh":               {"Hà Tĩnh"},
		"von der tann zu iii":   {"von der Tann zu Ⅲ"},
		"antonin dvorak":        {"Antonín Dvořák"},
		"bjoern ulvaeus":        {"Björn Ulvaeus", "Bjørn Ulväus"},
		"malta ghawdex hal":     {"Malta Għawdex Ħal"},
		"guiness 7":             {"Guiness ７"},
		"thurid arnadottir":     {"Þuríð Árnadóttir", "THURIÐ ARNADOTTIR"},
		"sami tsatsu":           {"Sámi Tsátsu", "Sámi Ŧsátsu"},
		"cesko":                 {"Česko", "Č\u0323esko", "Č\u0315esko"},
		"erdos szekely":         {"Erdős Székely", "ERDO\u030BS SZÉKELY"},
	} {
		for _, s := range spellings {
			require.Equal(t, want, Suchform(s), "%q (% x)", s, s)
		}
	}
	require.NotEqual(t, Suchform("Müller"), Suchform("Muller"), "a letter, not an ornament")
	require.NotEqual(t, Suchform("Meier"), Suchform("Maier"), "sound is not spelling")
}

// Every Latin letter of the blocks DIN 91379 takes its letters from becomes basic
// letters, in both cases alike.
func TestLatinLettersBecomeBasicLetters(t *testing.T) {
	t.Parallel()
	n := 0
	for _, bereich := range [][2]rune{{'A', 'Z'}, {'a', 'z'}, {0x00C0, 0x017F}, {0x0187, 0x0188}, {0x01A0, 0x01A1}, {0x01AF, 0x01B0}, {0x01CD, 0x01F5}, {0x01F8, 0x021B}, {0x021E, 0x021F}, {0x0226, 0x0233}, {0x1E00, 0x1EF9}} {
		for r := bereich[0]; r <= bereich[1]; r++ {
			if !unicode.IsLetter(r) {
				continue
			}
			n++
			got := Suchform(string(r))
			require.NotEmpty(t, got, "%U", r)
			require.Empty(t, strings.Trim(got, "abcdefghijklmnopqrstuvwxyz"), "%U %c: %s", r, r, got)
			require.Equal(t, got, Suchform(string(unicode.ToLower(r))), "%U %c", r, r)
		}
	}
	require.Greater(t, n, 550)
	for r, z := range buchstaben {
		require.Equal(t, r, unicode.ToLower(r), "%c: the table holds small letters", r)
		require.Equal(t, string(r), norm.NFKD.String(string(r)), "%c decomposes and needs no entry", r)
		require.Equal(t, z, Suchform(string(r)))
		require.Equal(t, z, Suchform(string(unicode.ToUpper(r))), "%c", unicode.ToUpper(r))
	}
}

// gesund tells what every search form is.
func gesund(t require.TestingT, s string) string {
	f := Suchform(s)
	require.True(t, utf8.ValidString(f), "%q", s)
	require.Equal(t, f, Suchform(f), "folding twice: %q", s)
	require.Equal(t, f, strings.Join(strings.Fields(f), " "), "%q", s)
	for _, r := range f {
		require.True(t, r == ' ' || unicode.IsLetter(r) || unicode.IsNumber(r), "%q keeps %U", s, r)
		require.Equal(t, r, unicode.ToLower(r), "%q", s)
	}
	return f
}

// Every character there is.
func TestEveryRune(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		s := string(r)
		f := Suchform(s)
		if f == "" || f == s {
			continue
		}
		gesund(t, s)
		require.Equal(t, f, Suchform(norm.NFC.String(s)), "%U", r)
		require.Equal(t, f, Suchform(norm.NFD.String(s)), "%U", r)
	}
}

var texte = rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune(
	"aAäÄoöuüÜåÅßẞæøœþðđłħıİĸŋŀĿlL·ĳ'’´`¨ʼ -/\u0308\u030A\u0301\u0323\u0327\u0300\u034F\u00AD\u200D ΣςσάЙйёﬁ²Ⅳ각か\u3099"))))

func TestSuchformProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := texte.Draw(rt, "s")
		f := gesund(rt, s)
		require.Equal(rt, f, Suchform(norm.NFC.String(s)), "NFC")
		require.Equal(rt, f, Suchform(norm.NFD.String(s)), "NFD")
		require.Equal(rt, f, Suchform(" "+s+"\n"), "space around it")
		w := texte.Draw(rt, "w")
		require.Equal(rt, strings.TrimSpace(f+" "+Suchform(w)), Suchform(s+" - "+w), "words do not touch each other")
		pruefeWoerter(rt, s)
	})
}

func pruefeWoerter(t require.TestingT, s string) {
	w, all := Woerter(s), strings.Fields(Suchform(s))
	require.LessOrEqual(t, len(w), min(MaxWoerter, len(all)))
	for i, x := range w {
		require.NotEmpty(t, x)
		require.LessOrEqual(t, len(x), MaxWortBytes)
		require.True(t, utf8.ValidString(x))
		require.NotContains(t, w[:i], x)
		require.True(t, slices.ContainsFunc(all, func(y string) bool {
			return x == y || (len(y) > MaxWortBytes && len(x) > MaxWortBytes-utf8.UTFMax && strings.HasPrefix(y, x))
		}))
	}
	if len(w) < MaxWoerter {
		for _, y := range all {
			require.True(t, slices.ContainsFunc(w, func(x string) bool { return strings.HasPrefix(y, x) }), "%q is lost", y)
		}
	}
	require.Equal(t, w, Woerter(strings.Join(w, " ")))
}

func TestWoerter(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"mueller", "luedenscheidt", "o", "brien"}, Woerter("Müller-Lüdenscheidt, MUELLER & (O. Brien) müller"))
	require.Empty(t, Woerter(" – "))
	require.Empty(t, Woerter(""))

	// On the boundary of a letter, and equal after the cut means once.
	require.Equal(t, []string{strings.Repeat("x", 64)}, Woerter(strings.Repeat("x", 65)+" "+strings.Repeat("x", 200)))
	require.Equal(t, []string{"x" + strings.Repeat("ж", 31)}, Woerter("x"+strings.Repeat("ж", 40)))
	require.Equal(t, []string{strings.Repeat("ж", 32)}, Woerter(strings.Repeat("ж", 32)))

	var viele []string
	for i := range 10 * MaxWoerter {
		viele = append(viele, "w"+strings.Repeat("a", i%32)+strings.Repeat("b", i/32))
	}
	got := Woerter(strings.Join(append(slices.Repeat([]string{"w"}, 500), viele...), " "))
	require.Equal(t, viele[:MaxWoerter], got, "repetition uses up no place")
}

func FuzzSuchform(f *testing.F) {
	for _, s := range []string{"Müller-Lüdenscheidt", "O'Neill", "Paral·lel", "u\u0301\u0308\u0323", "\xff\xfe", "İıŉŀ", "각\u3099", "Σς ͺ΄᾽῀῾"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1<<16 {
			return
		}
		got := gesund(t, s)
		if c := Suchform(norm.NFC.String(s)); c != got {
			t.Fatalf("NFC gives %q, not %q", c, got)
		}
		pruefeWoerter(t, s)
	})
}

func BenchmarkSuchform(b *testing.B) {
	for name, s := range map[string]string{
		"name": "Dr. Đorđe Müller-Lüdenscheidt", "text": strings.Repeat("Der Baum an der Straße ist krank; er wird gefällt. ", 200),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				Suchform(s)
			}
		})
	}
}
