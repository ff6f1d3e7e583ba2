package din91379

import "sync"

// The characters and sequences of the data types in DIN 91379:2022-08.
//
// Source: the patterns of datatypeA to datatypeE in din-norm-91379-datatypes.xsd
// (Koordinierungsstelle für IT-Standards, namespace
// urn:xoev-de:kosit:xoev:datentyp:din-91379_2022-08, CC BY-ND 4.0), read in
// November 2026. The tables state the same sets in a form of their own;
// TestTheTablesAreTheOfficialOnes compares them with the file.

const (
	abcde = uint8(A | B | C | D | E)
	bcde  = uint8(B | C | D | E)
	cde   = uint8(C | D | E)
	ce    = uint8(C | E)
	de    = uint8(D | E)
	nurE  = uint8(E)
)

// bereiche are the single characters: first, last, in which types.
var bereiche = [...]struct {
	von, bis uint16
	typen    uint8
}{
	{0x0009, 0x000A, ce}, {0x000D, 0x000D, ce}, {0x0020, 0x0020, abcde}, {0x0021, 0x0026, bcde},
	{0x0027, 0x0027, abcde}, {0x0028, 0x002B, bcde}, {0x002C, 0x002E, abcde}, {0x002F, 0x0040, bcde},
	{0x0041, 0x005A, abcde}, {0x005B, 0x005F, bcde}, {0x0060, 0x007A, abcde}, {0x007B, 0x007D, bcde},
	{0x007E, 0x007E, abcde}, {0x00A0, 0x00A0, ce}, {0x00A1, 0x00A3, bcde}, {0x00A4, 0x00A4, cde},
	{0x00A5, 0x00A5, bcde}, {0x00A6, 0x00A6, cde}, {0x00A7, 0x00A7, bcde}, {0x00A8, 0x00A8, abcde},
	{0x00A9, 0x00AC, bcde}, {0x00AE, 0x00B3, bcde}, {0x00B4, 0x00B4, abcde}, {0x00B5, 0x00B6, bcde},
	{0x00B7, 0x00B7, abcde}, {0x00B8, 0x00B8, cde}, {0x00B9, 0x00BB, bcde}, {0x00BC, 0x00BE, cde},
	{0x00BF, 0x00BF, bcde}, {0x00C0, 0x00D6, abcde}, {0x00D7, 0x00D7, bcde}, {0x00D8, 0x00F6, abcde},
	{0x00F7, 0x00F7, bcde}, {0x00F8, 0x017E, abcde}, {0x0187, 0x0188, abcde}, {0x018F, 0x018F, abcde},
	{0x0192, 0x0192, de}, {0x0197, 0x0197, abcde}, {0x01A0, 0x01A1, abcde}, {0x01AF, 0x01B0, abcde},
	{0x01B7, 0x01B7, abcde}, {0x01CD, 0x01DC, abcde}, {0x01DE, 0x01DF, abcde}, {0x01E2, 0x01F0, abcde},
	{0x01F4, 0x01F5, abcde}, {0x01F8, 0x01FF, abcde}, {0x0212, 0x0213, abcde}, {0x0218, 0x021B, abcde},
	{0x021E, 0x021F, abcde}, {0x0227, 0x0233, abcde}, {0x0259, 0x0259, abcde}, {0x0268, 0x0268, abcde},
	{0x0292, 0x0292, abcde}, {0x02B0, 0x02B0, de}, {0x02B3, 0x02B3, de}, {0x02B9, 0x02BA, abcde},
	{0x02BE, 0x02BF, abcde}, {0x02C6, 0x02C6, de}, {0x02C8, 0x02C8, abcde}, {0x02CC, 0x02CC, abcde},
	{0x02DC, 0x02DC, de}, {0x02E2, 0x02E2, de}, {0x0386, 0x0386, de}, {0x0388, 0x038A, de},
	{0x038C, 0x038C, de}, {0x038E, 0x03A1, de}, {0x03A3, 0x03CE, de}, {0x040D, 0x040D, nurE},
	{0x0410, 0x042A, nurE}, {0x042C, 0x042C, nurE}, {0x042E, 0x044A, nurE}, {0x044C, 0x044C, nurE},
	{0x044E, 0x044F, nurE}, {0x045D, 0x045D, nurE}, {0x1D48, 0x1D48, de}, {0x1D57, 0x1D57, de},
	{0x1E02, 0x1E03, abcde}, {0x1E06, 0x1E07, abcde}, {0x1E0A, 0x1E11, abcde}, {0x1E17, 0x1E17, abcde},
	{0x1E1C, 0x1E2B, abcde}, {0x1E2F, 0x1E37, abcde}, {0x1E3A, 0x1E3B, abcde}, {0x1E40, 0x1E49, abcde},
	{0x1E52, 0x1E5B, abcde}, {0x1E5E, 0x1E63, abcde}, {0x1E6A, 0x1E6F, abcde}, {0x1E80, 0x1E87, abcde},
	{0x1E8C, 0x1E97, abcde}, {0x1E9E, 0x1E9E, abcde}, {0x1EA0, 0x1EF9, abcde}, {0x2018, 0x2018, de},
	{0x2019, 0x2019, abcde}, {0x201A, 0x201A, de}, {0x201C, 0x201E, de}, {0x2020, 0x2020, de},
	{0x2021, 0x2021, abcde}, {0x2026, 0x2026, de}, {0x2030, 0x2030, de}, {0x2032, 0x2033, de},
	{0x2039, 0x203A, de}, {0x2070, 0x2070, de}, {0x2074, 0x2079, de}, {0x207F, 0x2089, de},
	{0x20AC, 0x20AC, bcde}, {0x2122, 0x2122, de}, {0x221E, 0x221E, de}, {0x2264, 0x2265, de},
}

// ende is the first code point after all tables.
const ende = 0x2266

// tafel gives the types of every code point below ende; nobody writes to it.
var tafel = sync.OnceValue(func() *[ende]uint8 {
	var t [ende]uint8
	for _, b := range bereiche {
		for r := b.von; r <= b.bis; r++ {
			t[r] = b.typen
		}
	}
	return &t
})

// folgen are the sequences, equal for all types: first character, what may
// follow it. A mark is allowed nowhere else.
var folgen = map[rune]string{
	'A': "\u030B",
	'C': "\u0300 \u0304 \u0306 \u0308 \u0315 \u0323 \u0326 \u0328\u0306",
	'D': "\u0302",
	'F': "\u0300 \u0304",
	'G': "\u0300",
	'H': "\u0304 \u0326 \u0331",
	'J': "\u0301 \u030C",
	'K': "\u0300 \u0302 \u0304 \u0307 \u0315 \u031B \u0326 \u035FH \u035Fh",
	'L': "\u0302 \u0325 \u0325\u0304 \u0326",
	'M': "\u0300 \u0302 \u0306 \u0310",
	'N': "\u0302 \u0304 \u0306 \u0326",
	'P': "\u0300 \u0304 \u0315 \u0323",
	'R': "\u0306 \u0325 \u0325\u0304",
	'S': "\u0300 \u0304 \u031B\u0304 \u0331",
	'T': "\u0300 \u0304 \u0308 \u0315 \u031B",
	'U': "\u0307",
	'Z': "\u0300 \u0304 \u0306 \u0308 \u0327",
	'a': "\u030B",
	'c': "\u0300 \u0304 \u0306 \u0308 \u0315 \u0323 \u0326 \u0328\u0306",
	'd': "\u0302",
	'f': "\u0300 \u0304",
	'g': "\u0300",
	'h': "\u0304 \u0326",
	'j': "\u0301",
	'k': "\u0300 \u0302 \u0304 \u0307 \u0315 \u031B \u0326 \u035Fh",
	'l': "\u0302 \u0325 \u0325\u0304 \u0326",
	'm': "\u0300 \u0302 \u0306 \u0310",
	'n': "\u0302 \u0304 \u0306 \u0326",
	'p': "\u0300 \u0304 \u0315 \u0323",
	'r': "\u0306 \u0325 \u0325\u0304",
	's': "\u0300 \u0304 \u031B\u0304 \u0331",
	't': "\u0300 \u0304 \u0315 \u031B",
	'u': "\u0307",
	'z': "\u0300 \u0304 \u0306 \u0308 \u0327",
	'Ç': "\u0306",
	'Û': "\u0304",
	'ç': "\u0306",
	'û': "\u0304",
	'ÿ': "\u0301",
	'Č': "\u0315 \u0323",
	'č': "\u0315 \u0323",
	'ē': "\u030D",
	'Ī': "\u0301",
	'ī': "\u0301",
	'ō': "\u030D",
	'Ž': "\u0326 \u0327",
	'ž': "\u0326 \u0327",
	'Ḳ': "\u0304",
	'ḳ': "\u0304",
	'Ṣ': "\u0304",
	'ṣ': "\u0304",
	'Ṭ': "\u0304",
	'ṭ': "\u0304",
	'Ạ': "\u0308",
	'ạ': "\u0308",
	'Ọ': "\u0308",
	'ọ': "\u0308",
	'Ụ': "\u0304 \u0308",
	'ụ': "\u0304 \u0308",
}
