// Package trennung finds where German words may be divided at the end of a line.
//
// It runs the hyphenation patterns of the Deutschsprachige Trennmustermannschaft
// (reformed orthography of 2006, version 2022-03-16, MIT; LICENSE.dehyph) with
// Liang's algorithm: a pattern gives weights to the places between its letters, and
// where the highest weight is odd the word may be divided.
package trennung

import (
	_ "embed" // the patterns
	"errors"
	"strings"
	"unicode"
)

//go:embed dehyphn-x-2022-03-16.pat
var deutsch string

// The least number of letters that stay before and come after the hyphen.
const (
	MinVor  = 2
	MinNach = 3
)

// maxWort bounds the work for one word, in letters; longer ones are not divided.
const maxWort = 100

// Muster is a set of patterns. Safe for concurrent use.
type Muster struct {
	gewichte map[string]string // letters -> weights, one byte for each place from before the first letter on
	laengste int               // pattern, in letters
}

// Deutsch reads the German patterns, which takes some milliseconds; keep what it gives.
func Deutsch() (*Muster, error) { return load(deutsch) }

// load reads patterns of TeX: letters and dots (edges of a word) with digits between
// them, one on a line or several with spaces; % begins a comment.
func load(text string) (*Muster, error) {
	m := &Muster{gewichte: make(map[string]string, 40_000)}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "%")
		if strings.ContainsAny(line, `\{}`) {
			continue // TeX around the patterns
		}
		for p := range strings.FieldsSeq(line) {
			var letters []rune
			var weights []byte
			open := true // no weight for the place before the next letter yet
			for _, r := range p {
				if r >= '0' && r <= '9' {
					if !open {
						return nil, errors.New("trennung: two digits at one place in pattern " + p)
					}
					weights, open = append(weights, byte(r-'0')), false
					continue
				}
				if open {
					weights = append(weights, 0)
				}
				letters, open = append(letters, r), true
			}
			if open {
				weights = append(weights, 0)
			}
			m.gewichte[string(letters)] = string(weights)
			m.laengste = max(m.laengste, len(letters))
		}
	}
	if len(m.gewichte) == 0 {
		return nil, errors.New("trennung: no patterns")
	}
	return m, nil
}

// Trenne appends to dst the places at which the word may be divided, as numbers of
// letters before the hyphen, ascending. A word that holds anything but letters is
// never divided: hyphens of its own are places enough.
func (m *Muster) Trenne(dst []int, wort []rune) []int {
	if len(wort) < MinVor+MinNach || len(wort) > maxWort {
		return dst
	}
	var runen [maxWort + 2]rune
	w := append(runen[:0], '.')
	for _, r := range wort {
		if !unicode.IsLetter(r) {
			return dst
		}
		w = append(w, unicode.ToLower(r))
	}
	w = append(w, '.')
	var gewicht [maxWort + 3]byte
	var key [4 * (maxWort + 2)]byte
	for i := range w {
		k := key[:0]
		for n := i; n < len(w) && n-i < m.laengste; n++ {
			k = append(k, string(w[n])...)
			g, ok := m.gewichte[string(k)]
			if !ok {
				continue
			}
			for j := range len(g) {
				gewicht[i+j] = max(gewicht[i+j], g[j])
			}
		}
	}
	for n := MinVor; n <= len(wort)-MinNach; n++ {
		if gewicht[n+1]%2 == 1 { // the dot stands before the first letter
			dst = append(dst, n)
		}
	}
	return dst
}
