package din91379

import "unicode"

// markiert are the letters whose mark counts: letter, combining mark, what the
// mark adds. Every other mark is dropped.
var markiert = map[[2]rune]string{
	{'a', '\u0308'}: "e", // ä
	{'o', '\u0308'}: "e", // ö
	{'u', '\u0308'}: "e", // ü
	{'a', '\u030A'}: "a", // å
}

// buchstaben are the lower case letters that no normal form decomposes.
var buchstaben = map[rune]string{
	// Letters of DIN 91379.
	'ß': "ss",
	'æ': "ae",
	'ð': "d",
	'ø': "oe",
	'þ': "th",
	'đ': "d",
	'ħ': "h",
	'ı': "i",
	'ĸ': "k",
	'ł': "l",
	'ŋ': "n",
	'œ': "oe",
	'ŧ': "t",
	'ƈ': "c",
	'ə': "e",
	'ɨ': "i",
	'ʒ': "z",
	'ǥ': "g",

	// Other Latin letters, by the basic letter they are a form of.
	'ƀ': "b", 'ɓ': "b", 'ƃ': "b",
	'ȼ': "c", 'ɕ': "c",
	'ɖ': "d", 'ɗ': "d", 'ẟ': "d", 'ƌ': "d", 'ȡ': "d",
	'ɇ': "e", 'ǝ': "e", 'ɛ': "e",
	'ƒ': "f",
	'ɠ': "g", 'ɡ': "g",
	'ɦ': "h", 'ⱨ': "h",
	'ɩ': "i",
	'ɉ': "j", 'ȷ': "j", 'ɟ': "j", 'ʝ': "j",
	'ƙ': "k", 'ⱪ': "k",
	'ƚ': "l", 'ɫ': "l", 'ɬ': "l", 'ɭ': "l", 'ȴ': "l", 'ⱡ': "l",
	'ɱ': "m",
	'ƞ': "n", 'ɲ': "n", 'ɳ': "n", 'ȵ': "n",
	'ɵ': "o", 'ɔ': "o",
	'ƥ': "p", 'ᵽ': "p",
	'ɋ': "q",
	'ɍ': "r", 'ɽ': "r", 'ɾ': "r",
	'ȿ': "s", 'ʂ': "s", 'ẜ': "s", 'ẝ': "s",
	'ƫ': "t", 'ƭ': "t", 'ʈ': "t", 'ȶ': "t", 'ⱦ': "t",
	'ʉ': "u",
	'ʋ': "v",
	'ⱳ': "w",
	'ƴ': "y", 'ɏ': "y",
	'ƶ': "z", 'ȥ': "z", 'ɀ': "z", 'ʐ': "z", 'ʑ': "z", 'ⱬ': "z",
	'ȸ': "db", 'ȹ': "qp",

	// The one letter of Greek with two small forms.
	'ς': "σ",
}

// zerfaellt are signs that NFKD would make two of, and what they are instead.
var zerfaellt = map[rune]rune{
	'¨': '\u0308', // a diaeresis beside its letter, as old systems and PDF files leave it
	'Ŀ': 'L',      // else L and a middle dot, a separator
	'ŀ': 'l',
}

// punktvolat is the Catalan dot within l·l.
const punktvolat = '·'

// weg are signs within a word that are dropped: apostrophes and primes of all
// kinds, and signs that are a diacritic without its letter.
var weg = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0027, Hi: 0x0027, Stride: 1}, // '
		{Lo: 0x0060, Hi: 0x0060, Stride: 1}, // `
		{Lo: 0x00AF, Hi: 0x00AF, Stride: 1}, // ¯
		{Lo: 0x00B4, Hi: 0x00B4, Stride: 1}, // ´
		{Lo: 0x00B8, Hi: 0x00B8, Stride: 1}, // ¸
		{Lo: 0x02B9, Hi: 0x02DF, Stride: 1}, // modifier letters that are no letters: ʹ ʺ ʻ ʼ ʾ ʿ ˈ ˌ ˆ ˜
		{Lo: 0x02E5, Hi: 0x02FF, Stride: 1}, // tones and the like
		{Lo: 0x037A, Hi: 0x037A, Stride: 1}, // Greek ypogegrammeni
		{Lo: 0x0384, Hi: 0x0384, Stride: 1}, // Greek tonos
		{Lo: 0x055A, Hi: 0x055A, Stride: 1}, // Armenian apostrophe
		{Lo: 0x05F3, Hi: 0x05F3, Stride: 1}, // Hebrew geresh
		{Lo: 0x1FBD, Hi: 0x1FBD, Stride: 1}, // Greek koronis
		{Lo: 0x1FBF, Hi: 0x1FC0, Stride: 1}, // Greek psili, perispomeni
		{Lo: 0x1FFE, Hi: 0x1FFE, Stride: 1}, // Greek dasia
		{Lo: 0x2018, Hi: 0x2019, Stride: 1}, // ‘ ’
		{Lo: 0x201B, Hi: 0x201B, Stride: 1}, // ‛
		{Lo: 0x2032, Hi: 0x2037, Stride: 1}, // ′ ″ ‴ ‵ ‶ ‷
		{Lo: 0xA78B, Hi: 0xA78C, Stride: 1}, // saltillo
	},
	LatinOffset: 5,
}
