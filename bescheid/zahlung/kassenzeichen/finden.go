package kassenzeichen

import (
	"slices"
	"strings"
	"unicode"
)

// Fund is something in a text that has the form of a Kassenzeichen.
type Fund struct {
	// Kassenzeichen in its exact form.
	Kassenzeichen string
	// Schema is the name of its Schema.
	Schema string
	// Gueltig: the check digits fit. One that does not fit is named, so that a person
	// can be told; it proves nothing.
	Gueltig bool
	// Genau: it stood there in one piece as it is, without separators or O for 0.
	Genau bool
}

// MaxText is how many characters [Find] looks at; the rest is not read.
const MaxText = 4000

// maxLuecke is how many separators may stand in one place: a line break within a
// remittance text comes with blanks around it.
const maxLuecke = 4

// Find gives what a text of remittance holds, each Kassenzeichen once, in the order of
// the text. Blanks, line breaks and the signs - . / between characters, lower case and
// the letter O for 0 (and 0 for O in the prefix) are passed over. A piece of a longer
// row of digits is not found: an IBAN or a telephone number holds no Kassenzeichen.
func Find(text string, schemata []Schema) []Fund {
	rs := zeichen(text)
	var out []Fund
	seen := map[string]bool{}
	for i := range rs {
		for _, s := range schemata {
			if s.Check() != nil {
				continue
			}
			f, ok := s.ab(rs, i)
			if !ok || seen[f.Schema+" "+f.Kassenzeichen] {
				continue
			}
			seen[f.Schema+" "+f.Kassenzeichen] = true
			out = append(out, f)
		}
	}
	return out
}

// z is a significant character with the number of separators before it.
type z struct {
	r      rune // upper case
	luecke int
	genau  bool // was upper case
}

func zeichen(text string) []z {
	var out []z
	luecke, n := 0, 0
	for _, r := range text {
		if n++; n > MaxText {
			break
		}
		if unicode.IsSpace(r) || strings.ContainsRune("-./\u00ad\u200b", r) {
			luecke++
			continue
		}
		g := unicode.ToUpper(r)
		out = append(out, z{g, luecke, g == r})
		luecke = 0
	}
	return out
}

// ab tries the Schema at one place.
func (s Schema) ab(rs []z, i int) (Fund, bool) {
	n := s.Laenge()
	if i+n > len(rs) {
		return Fund{}, false
	}
	k := make([]byte, 0, n)
	genau := true
	for j := range n {
		c := rs[i+j]
		if j > 0 && c.luecke > maxLuecke {
			return Fund{}, false
		}
		r := c.r
		switch {
		case j < len(s.Praefix):
			if soll := rune(s.Praefix[j]); r != soll {
				if !(soll == '0' && r == 'O') && !(soll == 'O' && r == '0') {
					return Fund{}, false
				}
				r, genau = soll, false
			}
		case r == 'O':
			r, genau = '0', false
		case r == 'X' && j == n-1 && s.Verfahren == Mod11 && s.Zehn == ZehnX:
		case r < '0' || r > '9':
			return Fund{}, false
		}
		k = append(k, byte(r))
		genau = genau && c.genau && (j == 0 || c.luecke == 0)
	}
	if i > 0 && rs[i].luecke == 0 && gleicheArt(rs[i-1].r, rs[i].r) {
		return Fund{}, false
	}
	if e := i + n; e < len(rs) && rs[e].luecke == 0 && gleicheArt(rs[e].r, rs[e-1].r) {
		return Fund{}, false
	}
	return Fund{Kassenzeichen: string(k), Schema: s.Name, Gueltig: s.gueltig(string(k)), Genau: genau}, true
}

// gleicheArt tells whether two neighbours belong to one row: both digits or both letters.
func gleicheArt(a, b rune) bool {
	return unicode.IsDigit(a) && unicode.IsDigit(b) || unicode.IsLetter(a) && unicode.IsLetter(b)
}

// Eindeutig gives the one valid Kassenzeichen of the finds; not ok if there is none or
// more than one.
func Eindeutig(fs []Fund) (Fund, bool) {
	fs = slices.DeleteFunc(slices.Clone(fs), func(f Fund) bool { return !f.Gueltig })
	for _, f := range fs {
		if f.Kassenzeichen != fs[0].Kassenzeichen {
			return Fund{}, false
		}
	}
	if len(fs) == 0 {
		return Fund{}, false
	}
	return fs[0], true
}
