package xdomea

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// typografie replaces what word processors put in by themselves. Nothing here changes
// a name.
var typografie = strings.NewReplacer(
	"\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2015", "-", "\u2212", "-",
	"\u2018", "'", "\u2019", "'", "\u201a", "'", "\u201b", "'", "\u2032", "'", "\u2039", "'", "\u203a", "'",
	"\u201c", "\"", "\u201d", "\"", "\u201e", "\"", "\u201f", "\"", "\u2033", "\"",
	"\u2026", "...", "\u2022", "\u00b7", "\u2028", "\n", "\u2029", "\n",
	"\u00a0", " ", "\u2002", " ", "\u2003", " ", "\u2007", " ", "\u2009", " ", "\u202f", " ",
	"\u00ad", "", "\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "", "\ufe0f", "",
)

// latein brings a text closer to the characters 2.x allows; what stays outside is
// found while writing.
func latein(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return typografie.Replace(norm.NFC.String(s))
		}
	}
	return s
}

// isLatein tells whether the character r, followed by next, is one of "Lateinische
// Zeichen in Unicode", version 1.1.1; two is set where both make one.
func isLatein(r, next rune) (ok, two bool) {
	switch {
	case next == 0x0302 && strings.ContainsRune("MNmnDdLl", r), next == 0x030C && r == 'J':
		return true, true
	}
	return unicode.Is(lateinischeZeichen, r), false
}

var lateinischeZeichen = &unicode.RangeTable{R16: []unicode.Range16{
	{0x0009, 0x000A, 1}, {0x000D, 0x000D, 1}, {0x0020, 0x007E, 1}, {0x00A1, 0x00AC, 1}, {0x00AE, 0x0107, 1}, {0x010A, 0x011B, 1},
	{0x011E, 0x0123, 1}, {0x0126, 0x0131, 1}, {0x0134, 0x015B, 1}, {0x015E, 0x016B, 1}, {0x016E, 0x017E, 1}, {0x018F, 0x018F, 1},
	{0x01A0, 0x01A1, 1}, {0x01AF, 0x01B0, 1}, {0x01B7, 0x01B7, 1}, {0x01CD, 0x01D4, 1}, {0x01DE, 0x01DF, 1}, {0x01E4, 0x01F0, 1},
	{0x01F4, 0x01F5, 1}, {0x01FA, 0x01FF, 1}, {0x0218, 0x021B, 1}, {0x021E, 0x021F, 1}, {0x022A, 0x022B, 1}, {0x022E, 0x0233, 1},
	{0x0259, 0x0259, 1}, {0x0292, 0x0292, 1}, {0x1E02, 0x1E03, 1}, {0x1E0A, 0x1E0B, 1}, {0x1E10, 0x1E11, 1}, {0x1E1E, 0x1E21, 1},
	{0x1E24, 0x1E27, 1}, {0x1E30, 0x1E31, 1}, {0x1E40, 0x1E41, 1}, {0x1E44, 0x1E45, 1}, {0x1E56, 0x1E57, 1}, {0x1E60, 0x1E63, 1},
	{0x1E6A, 0x1E6B, 1}, {0x1E80, 0x1E85, 1}, {0x1E8C, 0x1E93, 1}, {0x1E9E, 0x1E9E, 1}, {0x1EA0, 0x1EA7, 1}, {0x1EAA, 0x1EAC, 1},
	{0x1EAE, 0x1EC1, 1}, {0x1EC4, 0x1ED3, 1}, {0x1ED6, 0x1EDD, 1}, {0x1EE4, 0x1EF9, 1}, {0x20AC, 0x20AC, 1},
}, LatinOffset: 4}
