// Package din91379 gives names and words a form for searching: spellings that mean
// the same letters of DIN 91379 (Latin characters in Unicode for electronic
// processing of names and data exchange in Europe) become equal.
//
// The letters with a replacement of their own follow ICAO Doc 9303 part 3, table
// "Transliteration of multinational Latin-based characters", which German
// registers use too (ä = ae, ß = ss, ø = oe, þ = th); one difference is kept from
// it: å becomes aa as there. All other letters lose their marks. The package is for
// finding, not for display or for comparing identities: different names can have
// the same search form. It does not claim to be the normative search form of the
// standard, which is not freely published.
package din91379

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxWort bounds a word of [Woerter], in bytes.
const MaxWort = 64

// umlaut holds the letters that become two under a mark, whatever other marks they
// carry.
var umlaut = map[[2]rune]string{
	{'a', '\u0308'}: "ae", {'o', '\u0308'}: "oe", {'u', '\u0308'}: "ue", // diaeresis
	{'a', '\u030a'}: "aa", // ring
}

// ersatz holds the letters that do not decompose; lower case.
var ersatz = map[rune]string{
	'ß': "ss", 'ς': "σ", 'æ': "ae", 'ø': "oe", 'œ': "oe", 'þ': "th",
	'đ': "d", 'ð': "d", 'ħ': "h", 'ı': "i", 'ĸ': "k", 'ł': "l", 'ŋ': "ng", 'ŧ': "t",
	'ſ': "s", 'ƒ': "f", 'ƶ': "z", 'ǥ': "g", 'ɨ': "i", 'ʉ': "u", 'ɵ': "o", 'ə': "e", 'ǝ': "e", 'ɓ': "b", 'ɗ': "d", 'ƙ': "k", 'ƴ': "y",
}

// apostroph tells the characters that stand inside a word and are dropped: O'Neill,
// Hawai'i with the ʻokina, l·l.
func apostroph(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', 'ʻ', 'ʾ', 'ʿ', 'ˈ', '´', '`', '′', '·', 'ʹ', 'ʺ':
		return true
	}
	return false
}

// Suchform folds a text: lower case, letters as described above, apostrophes
// dropped, everything else between words one blank. Composed and decomposed, full
// width and plain forms fold alike. It is idempotent; invalid UTF-8 separates words.
func Suchform(s string) string {
	if plain(s) {
		return s
	}
	// Lower case before and after: some letters get one only when decomposed.
	s = strings.ToLower(norm.NFKD.String(strings.ToLower(s)))
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for i, r := range s {
		t, known := ersatz[r]
		switch {
		case known:
		case unicode.IsMark(r) || apostroph(r): // some apostrophes count as letters
			continue
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			t = mitZeichen(r, s[i+utf8.RuneLen(r):])
		default:
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteString(t)
	}
	return b.String()
}

// mitZeichen gives the replacement of a letter with the marks that follow it.
func mitZeichen(r rune, rest string) string {
	for _, m := range rest {
		if !unicode.IsMark(m) {
			break
		}
		if t, ok := umlaut[[2]rune{r, m}]; ok {
			return t
		}
	}
	return string(r)
}

// plain tells texts that are their own search form: most words.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// Woerter gives the words of the search form in order, without repetition, each cut
// at [MaxWort] bytes between letters.
func Woerter(s string) []string {
	var out []string
	seen := map[string]bool{}
	for w := range strings.FieldsSeq(Suchform(s)) {
		if w = Kurz(w); !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}

// Kurz cuts a word at [MaxWort] bytes between letters.
func Kurz(w string) string {
	if len(w) <= MaxWort {
		return w
	}
	n := MaxWort
	for n > 0 && !utf8.RuneStart(w[n]) {
		n--
	}
	return w[:n]
}
