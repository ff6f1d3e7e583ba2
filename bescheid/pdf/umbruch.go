package pdf

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// trennung says what may happen behind a piece.
type trennung uint8

const (
	fest   trennung = iota // no break
	leer                   // a space, and a break
	leerF                  // a space, and no break
	erlaub                 // a break
	weich                  // a break that shows a hyphen
	zeilen                 // the line ends here
)

// teil is a shaped piece with its font and what follows it.
type teil struct {
	st      *stueck
	schnitt int
	lauf    int // index of the Lauf it comes from
	danach  trennung
}

// zeile is one line: pieces of a paragraph that stand side by side.
type zeile struct {
	teile  []teil
	breite float64 // in points, without a space at the end
	weich  bool    // ends with a hyphen that the text does not have
}

func (l *Lauf) schnitt() int {
	n := normal
	if l.Fett {
		n = fett
	}
	if l.Kursiv {
		n += kursiv
	}
	return n
}

// maxWort is the length in bytes from which a word is shaped in parts, which
// keeps the work in proportion to the text.
const maxWort = 400

// zerlege shapes the runs of a paragraph piece by piece.
func (f *former) zerlege(out []teil, laeufe []Lauf) []teil {
	var wort []byte
	for li := range laeufe {
		l := &laeufe[li]
		sch := l.schnitt()
		flush := func(t trennung) {
			switch {
			case len(wort) > 0:
				out = append(out, teil{f.form(sch, wort), sch, li, t})
				wort = wort[:0]
			case len(out) > 0 && out[len(out)-1].danach != zeilen && t != fest:
				// Spaces run together; a space between two runs belongs to the first.
				if p := &out[len(out)-1].danach; t == zeilen || *p == fest || *p == erlaub {
					*p = t
				}
			case t == zeilen:
				out = append(out, teil{&stueck{fehlt: -1}, sch, li, t})
			}
		}
		for i, r := range l.Text {
			switch r {
			case ' ':
				if bindet(wort, l.Text[i+1:]) {
					flush(leerF)
				} else {
					flush(leer)
				}
			case '\r': // stands before \n only, see pruefer
			case '\n':
				flush(zeilen)
			case 0x00AD:
				flush(weich)
			case 0x200B:
				flush(erlaub)
			case '-', '/', 0x2010:
				davor, nach := letzte2(wort), l.Text[i+utf8.RuneLen(r):]
				wort = utf8.AppendRune(wort, r)
				if n, _ := utf8.DecodeRuneInString(nach); davor && unicode.IsLetter(n) {
					flush(erlaub)
				}
			case '@':
				wort = append(wort, '@')
				flush(erlaub)
			default:
				if len(wort) >= maxWort && !unicode.Is(unicode.M, r) {
					flush(fest)
				}
				wort = utf8.AppendRune(wort, r)
			}
		}
		flush(fest)
	}
	return out
}

// letzte2 tells whether two letters end the word, so that "E-Mail" stays whole.
func letzte2(wort []byte) bool {
	r, n := utf8.DecodeLastRune(wort)
	q, _ := utf8.DecodeLastRune(wort[:len(wort)-n])
	return unicode.IsLetter(r) && unicode.IsLetter(q)
}

// bindet tells whether a line must not end between the word and what follows,
// as in "§ 35", "Abs. 1", "35,00 €" and "3. März".
func bindet(wort []byte, danach string) bool {
	if len(wort) == 0 || danach == "" {
		return false
	}
	if c := danach[0]; c >= '0' && c <= '9' {
		switch string(wort) {
		case "§", "§§", "Abs.", "Art.", "Nr.", "Satz", "S.", "(§", "(§§":
			return true
		}
		return false
	}
	c := wort[len(wort)-1]
	switch {
	case c >= '0' && c <= '9':
		for _, einheit := range einheiten {
			if strings.HasPrefix(danach, einheit) {
				return true
			}
		}
	case c == '.' && len(wort) > 1 && len(wort) <= len("31.") && wort[0] >= '0' && wort[0] <= '9':
		for _, monat := range monate {
			if strings.HasPrefix(danach, monat) {
				return true
			}
		}
	}
	return false
}

var (
	einheiten = [...]string{"€", "EUR", "Euro", "%", "Uhr"}
	monate    = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
)

// umbrich fills lines of the given width, in points, one after the other.
func (f *former) umbrich(teile []teil, grad, breite float64) []zeile {
	const toleranz = 0.001
	var out []zeile
	mass := func(t *teil) float64 { return float64(t.st.breite) / f.schriften[t.schnitt].upem * grad }
	raum := func(t *teil) float64 {
		if t.danach != leer && t.danach != leerF {
			return 0
		}
		s := f.schriften[t.schnitt]
		return float64(s.breite[s.leer]) / s.upem * grad
	}
	strich := func(t *teil) float64 {
		s := f.schriften[t.schnitt]
		return float64(s.breite[s.strich]) / s.upem * grad
	}
	for len(teile) > 0 {
		var x, bruchX float64
		bruch, ende := -1, -1 // index of the last piece behind which the line may, or must, end
		for j := range teile {
			t := &teile[j]
			w := mass(t)
			if x+w > breite+toleranz {
				if bruch >= 0 {
					ende, x = bruch, bruchX
					break
				}
				// A word longer than the line is cut where the line is full.
				platz := (breite - x) / grad * f.schriften[t.schnitt].upem
				kopf, rest := t.st.teile(int32(platz), j == 0)
				if kopf == nil {
					ende = j - 1
					break
				}
				if rest != nil {
					z := zeile{teile: append([]teil(nil), teile[:j+1]...)}
					z.teile[j].st, z.teile[j].danach = kopf, fest
					z.breite = x + mass(&z.teile[j])
					out = append(out, z)
					// The slice is the caller's scratch: the piece shrinks in place.
					t.st = rest
					teile = teile[j:]
					ende = -2
					break
				}
			}
			x += w
			if t.danach == zeilen || j == len(teile)-1 {
				ende = j
				break
			}
			switch t.danach {
			case leer, erlaub:
				bruch, bruchX = j, x
			case weich:
				if x+strich(t) <= breite+toleranz {
					bruch, bruchX = j, x+strich(t)
				}
			}
			x += raum(t)
		}
		if ende == -2 {
			continue
		}
		z := zeile{teile: teile[: ende+1 : ende+1], breite: x}
		z.weich = teile[ende].danach == weich && ende == bruch
		out = append(out, z)
		teile = teile[ende+1:]
	}
	return out
}
