package din91379

import (
	"iter"
	"math/bits"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Typ is one of the five data types of DIN 91379. Every character of A is in B,
// of B in C and in D, of C and D in E. All five have the same character
// sequences. The zero value is no type, and nothing is valid for it.
type Typ uint8

// The data types, with what the standard made them for.
const (
	// A: names of natural persons.
	A Typ = 1 << iota
	// B: other names, such as places and streets with house numbers.
	B
	// C: all normative characters, with line breaks and tabs.
	C
	// D: names of companies and products; needs the characters that are not
	// normative, among them Greek letters.
	D
	// E: all characters of the standard, Greek and Cyrillic too.
	E
)

// Typen gives the data types in order.
func Typen() []Typ { return []Typ{A, B, C, D, E} }

// String gives the letter of the type.
func (t Typ) String() string {
	if !t.bekannt() {
		return "?"
	}
	return string(rune('A' + bits.TrailingZeros8(uint8(t))))
}

func (t Typ) bekannt() bool { return t <= E && bits.OnesCount8(uint8(t)) == 1 }

// ParseTyp reads the letter of a type, "A" to "E"; anything else is an error of
// kind [fehler.ErrInvalid].
func ParseTyp(s string) (Typ, error) {
	for _, t := range Typen() {
		if s == t.String() {
			return t, nil
		}
	}
	return 0, fehler.Probleme{{
		Code: "din91379.typ", Meldung: "not a data type A to E of DIN 91379",
		Hinweis: "Den Datentyp gibt es in DIN 91379 nicht; zulässig sind A bis E.",
	}}
}

// Normalize gives Unicode normal form C, the only one whose sequences [Check]
// knows: letter and mark become one character where Unicode has it, and stay a
// sequence where it has not (C and combining breve). A text of type E is given
// back as it is, without allocation. Normalize replaces no character by a
// similar one and leaves bytes that are no UTF-8 alone. In runs of more than 30
// marks U+034F is inserted, as the stream-safe text format of Unicode wants it;
// no such run is valid.
func Normalize(s string) string {
	if Valid(E, s) { // valid is normal, and this is the faster check
		return s
	}
	return norm.NFC.String(s)
}

// Zeichen gives every character and sequence of the type, characters first, in
// the order of their code points: to test that a font or a keyboard has them.
func Zeichen(t Typ) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !t.bekannt() {
			return
		}
		for r, m := range tafel() {
			if m&uint8(t) != 0 && !yield(string(rune(r))) {
				return
			}
		}
		for _, f := range slices.Sorted(folgenSeq()) {
			if !yield(f) {
				return
			}
		}
	}
}

func folgenSeq() iter.Seq[string] {
	return func(yield func(string) bool) {
		for grund, rest := range folgen {
			for f := range strings.FieldsSeq(rest) {
				if !yield(string(grund) + f) {
					return
				}
			}
		}
	}
}
