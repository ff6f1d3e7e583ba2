package din91379_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/vorgang/din91379"
)

func TestSuchform(t *testing.T) {
	for want, spellings := range map[string][]string{
		"mueller":          {"Müller", "Mueller", "MÜLLER", "Mu\u0308ller", "ＭÜＬＬＥＲ"},
		"weiss":            {"Weiß", "Weiss", "WEISS", "WEIẞ"},
		"lukasz":           {"Łukasz", "lukasz"},
		"dorde":            {"Đorđe"},
		"thor":             {"Þór"},
		"celik":            {"Çelik", "C\u0327elik"},
		"nguyen thi minh":  {"Nguyễn Thị Minh"},
		"inci":             {"İnci", "ınci"},
		"oneill":           {"O'Neill", "O’Neill", "OʼNeill"},
		"strasse 7":        {"Straße 7", " STRASSE,  7 "},
		"aeroe":            {"Ærø", "Aeroe"},
		"aagren":           {"Ågren", "A\u030agren"},
		"xaime":            {"Xaime"},
		"illes balears":    {"Illes Balears"},
		"parallel":         {"paral·lel"},
		"mueller lue":      {"Müller-Lü", "Müller/Lü", "Müller_Lü", "Müller  Lü"},
		"oedipus":          {"Œdipus"},
		"fiona":            {"ﬁona"},
		"c m":              {"C\u0306 M\u0302"},
		"oe":               {"ǿ", "ø\u0301", "ö", "o\u0308"},
		"67 31 26 1":       {"67.31/26-1"},
		"αθηνα":            {"Αθήνα"},
		"иванов":           {"Иванов"},
		"":                 {"", " ", "-", "'", "\xff"},
		"a b":              {"a\xffb", "a\x00b", "a%b"},
		"schueco ae ae ue": {"Schüco ä\u0304 ae ǖ"},
	} {
		for _, s := range spellings {
			require.Equal(t, want, din91379.Suchform(s), "%q", s)
		}
	}
}

func TestProperties(t *testing.T) {
	letters := []rune("aäÄöüßẞéèêëçñøåæœþðđłħıĳŋſČčșțȁḧǖǿ'’-· 19Aa\u0308\u0301\u0327ﬁＡΣςИй")
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.SampledFrom(letters)).Draw(t, "s"))
		check(t, s)
	})
}

type fataler interface {
	Fatalf(string, ...any)
}

// check holds every text to the rules of the package.
func check(t fataler, s string) {
	f := din91379.Suchform(s)
	switch {
	case din91379.Suchform(f) != f:
		t.Fatalf("%q: %q is folded again to %q", s, f, din91379.Suchform(f))
	case !utf8.ValidString(f), strings.Contains(f, "  "), strings.TrimSpace(f) != f:
		t.Fatalf("%q: %q has stray blanks or bytes", s, f)
	case strings.ContainsFunc(f, unicode.IsMark):
		t.Fatalf("%q: %q holds a mark", s, f)
	}
	if utf8.ValidString(s) {
		for name, other := range map[string]string{"NFC": norm.NFC.String(s), "NFD": norm.NFD.String(s)} {
			if g := din91379.Suchform(other); g != f {
				t.Fatalf("%q: %s gives %q, want %q", s, name, g, f)
			}
		}
	}
	seen := map[string]bool{}
	for _, w := range din91379.Woerter(s) {
		if w == "" || len(w) > din91379.MaxWort || !utf8.ValidString(w) || strings.Contains(w, " ") || seen[w] {
			t.Fatalf("%q: word %q", s, w)
		}
		seen[w] = true
	}
}

func FuzzSuchform(f *testing.F) {
	for _, s := range []string{"Müller", "a\u0308\u0304", "\xff", "ΌΣΟΣ", "İ", "ŉ", "ﷺ", strings.Repeat("ü", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { check(t, s) })
}

func ExampleWoerter() {
	fmt.Println(din91379.Woerter("Dr. Jürgen Müller-Weiß, Müller"))
	// Output:
	// [dr juergen mueller weiss]
}
