// Package din91379 knows the characters of names: [Check] tells whether a text
// keeps to a data type of DIN 91379, [Normalize] gives the form the standard
// wants, and [Suchform] folds names and words for searching.
//
// # Checking
//
// The standard allows single characters and, where Unicode has no single
// character for a letter, 149 sequences of characters and combining marks. A mark
// outside these sequences is not allowed, whatever it stands on. Five data types
// ([Typ]) say which of the characters a field may hold. See [Check] for errors
// and limits.
//
// # Searching
//
// Spellings that mean the same letter compare equal: Müller, MUELLER and Mu +
// combining diaeresis + ller are one name, and a clerk without the key for Ł or Đ
// finds Łukasz and Đorđe.
//
// DIN 91379 ("Characters and defined character sequences in Unicode for the
// electronic processing of names and data exchange in Europe") gives each of its
// Latin letters a search form of basic letters. It extends the transliteration
// of ICAO Doc 9303 part 3 for machine readable travel documents, from which come
// ä = ae, ö = oe, ü = ue, ß = ss, å = aa, æ = ae, ø = oe, œ = oe, ĳ = ij, þ = th,
// ŋ = n; the standard adds among others ĸ = k, ə = e, ʒ = z. The other letters
// lose their diacritics. Source for all of it is the list of search forms by the
// project String-Latin (DIN-91379-Characters-and-Sequences, version 1.3), which
// was made from DIN 91379:2022-08.
//
// What is not from the standard: lower case instead of upper case; apostrophes
// and signs that stand for a diacritic are dropped, and other punctuation
// separates words; compatibility forms such as full width letters count as what
// they are made of; Greek and Cyrillic letters stay, without marks; Latin letters
// the standard does not have fold where one basic letter is meant (ɓ = b).
//
// The search form is for comparing, never for display or for a document: it
// cannot be turned back, and it makes different names alike (Goethe, Göthe).
//
// The package has not been checked against the text of the standard and claims
// no conformity; the data types are compared with the official schema made from
// it. All functions are pure and safe for concurrent use.
package din91379

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of [Woerter].
const (
	// MaxWoerter is how many words of a text count; the rest is not searched.
	MaxWoerter = 64
	// MaxWortBytes is the length of a word in bytes; what is longer is cut.
	MaxWortBytes = 64
)

// Suchform folds the text: words of lower case letters and digits with one space
// between. Folding twice changes nothing, and every Unicode normal form of a text
// gives the same. The result is valid UTF-8 and empty if there is neither letter
// nor digit. It takes time and memory in proportion to the text; who takes text
// from outside bounds it first.
func Suchform(s string) string {
	s = norm.NFKD.String(strings.Map(vorab, norm.NFD.String(s)))
	var b strings.Builder
	b.Grow(len(s))
	luecke := false
	var grund rune // the lower case letter a mark belongs to
	for i, r := range s {
		switch {
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z': // most of most texts
			if luecke && b.Len() > 0 {
				b.WriteByte(' ')
			}
			luecke, grund = false, r|0x20
			b.WriteByte(byte(grund))
		case unicode.Is(unicode.M, r):
			if z, ok := markiert[[2]rune{grund, r}]; ok {
				b.WriteString(z)
				grund = 0
			}
		case unicode.In(r, weg, unicode.Cf):
		case r == punktvolat && grund == 'l' && folgtL(s[i+utf8.RuneLen(r):]):
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			if luecke && b.Len() > 0 {
				b.WriteByte(' ')
			}
			luecke, grund = false, unicode.ToLower(r)
			if z, ok := buchstaben[grund]; ok {
				b.WriteString(z)
			} else {
				b.WriteRune(grund)
			}
		default:
			luecke, grund = true, 0
		}
	}
	return b.String()
}

// vorab handles, in NFD, what NFKD would tear apart into a letter or a space and
// something else.
func vorab(r rune) rune {
	if r < utf8.RuneSelf {
		return r
	}
	if z, ok := zerfaellt[r]; ok {
		return z
	}
	if unicode.Is(weg, r) {
		return -1
	}
	return r
}

func folgtL(s string) bool { return strings.HasPrefix(s, "l") || strings.HasPrefix(s, "L") }

// Woerter gives the words of the search form in order, each once and cut at
// MaxWortBytes on the boundary of a letter; at most MaxWoerter. What is stored
// and what is searched for must both go through it, so that both are cut alike.
func Woerter(s string) []string {
	var out []string
	for w := range strings.FieldsSeq(Suchform(s)) {
		if len(w) > MaxWortBytes {
			n := MaxWortBytes
			for !utf8.RuneStart(w[n]) {
				n--
			}
			w = w[:n]
		}
		if slices.Contains(out, w) {
			continue
		}
		if out = append(out, w); len(out) == MaxWoerter {
			break
		}
	}
	return out
}
