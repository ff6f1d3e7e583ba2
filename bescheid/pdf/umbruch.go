package pdf

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// naht says what may happen behind a piece.
type naht uint8

const (
	fest   naht = iota // no break
	leer               // a space, and a break
	leerF              // a space, and no break
	erlaub             // a break
	weich              // a break that shows a hyphen
	zeilen             // the line ends here
)

// teil is a shaped piece with its font and what follows it.
type teil struct {
	st      *stueck
	schnitt int
	lauf    int // index of the Lauf it comes from
	danach  naht
	fremd   bool // of a Lauf in another language
}

// zeile is one line: pieces of a paragraph that stand side by side.
type zeile struct {
	teile  []teil
	breite float64 // in points, without a space at the end
	weich  bool    // ends with a hyphen that the text does not have
	dehne  float64 // what each space is wider in justified text, in points
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
		sch, fremd := l.schnitt(), l.Sprache != "" && !deutsch(l.Sprache)
		flush := func(t naht) {
			switch {
			case len(wort) > 0:
				out = append(out, teil{f.form(sch, wort), sch, li, t, fremd})
				wort = wort[:0]
			case len(out) > 0 && out[len(out)-1].danach != zeilen && t != fest:
				// Spaces run together; a space between two runs belongs to the first.
				if p := &out[len(out)-1].danach; t == zeilen || *p == fest || *p == erlaub {
					*p = t
				}
			case t == zeilen:
				out = append(out, teil{&stueck{fehlt: -1}, sch, li, t, fremd})
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

// satz says how lines are filled.
type satz struct {
	trenne bool // divide words as German does
	block  bool // justified: all lines but the last of a paragraph are as wide as the column
}

const (
	toleranz = 0.001
	// A word is divided only where the line would else stay open by more than this share
	// of its width: a ragged edge shows little, a justified line shows every gap.
	luckeRau, luckeBlock = 0.18, 0.03
	// minVor is the least number of letters before a hyphen: "ge-" gains nothing.
	minVor = 3
	// maxStriche is how many lines in a row may end with a hyphen.
	maxStriche = 2
	// maxDehnung is the most a space grows in justified text, in widths of a space; a line
	// that would need more stays ragged.
	maxDehnung = 2.5
)

// umbrecher fills lines of one width. The pieces are its scratch.
type umbrecher struct {
	f            *former
	grad, breite float64
	satz         satz
	striche      int // lines before this one that end with a hyphen
	out          []zeile
}

// umbrich fills lines of the given width, in points, one after the other.
func (f *former) umbrich(teile []teil, grad, breite float64, s satz) []zeile {
	u := umbrecher{f: f, grad: grad, breite: breite, satz: s}
	for len(teile) > 0 {
		teile = u.zeile(teile)
	}
	return u.out
}

func (u *umbrecher) mass(t *teil) float64 {
	return float64(t.st.breite) / u.f.schriften[t.schnitt].upem * u.grad
}

func (u *umbrecher) raum(t *teil) float64 {
	if t.danach != leer && t.danach != leerF {
		return 0
	}
	s := u.f.schriften[t.schnitt]
	return float64(s.breite[s.leer]) / s.upem * u.grad
}

func (u *umbrecher) strich(t *teil) float64 {
	s := u.f.schriften[t.schnitt]
	return float64(s.breite[s.strich]) / s.upem * u.grad
}

// zeile fills one line and gives the pieces that are left.
func (u *umbrecher) zeile(teile []teil) []teil {
	var x, bruchX float64
	bruch, ende := -1, -1 // index of the last piece behind which the line may, or must, end
	for j := range teile {
		t := &teile[j]
		w := u.mass(t)
		if x+w > u.breite+toleranz {
			if kopf, rest := u.teilung(t, x, bruch, bruchX); kopf != nil {
				return u.getrennt(teile, j, kopf, rest, x, true)
			}
			if bruch >= 0 {
				ende, x = bruch, bruchX
				break
			}
			// A word longer than the line is cut where the line is full.
			platz := (u.breite - x) / u.grad * u.f.schriften[t.schnitt].upem
			kopf, rest := t.st.teile(int32(platz), j == 0)
			if kopf == nil {
				ende = j - 1
				break
			}
			if rest != nil {
				return u.getrennt(teile, j, kopf, rest, x, false)
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
			if x+u.strich(t) <= u.breite+toleranz {
				bruch, bruchX = j, x+u.strich(t)
			}
		}
		x += u.raum(t)
	}
	z := zeile{teile: teile[: ende+1 : ende+1], breite: x}
	z.weich = teile[ende].danach == weich && ende == bruch
	u.add(z, ende == len(teile)-1 || teile[ende].danach == zeilen)
	return teile[ende+1:]
}

// getrennt ends the line inside the piece j.
func (u *umbrecher) getrennt(teile []teil, j int, kopf, rest *stueck, x float64, strich bool) []teil {
	z := zeile{teile: append([]teil(nil), teile[:j+1]...), weich: strich}
	t := &z.teile[j]
	t.st, t.danach = kopf, fest
	z.breite = x + u.mass(t)
	if strich {
		z.breite += u.strich(t)
	}
	u.add(z, false)
	// The slice is the caller's scratch: the piece shrinks in place.
	teile[j].st = rest
	return teile[j:]
}

// add keeps a line, stretched if it is to be and can be.
func (u *umbrecher) add(z zeile, letzte bool) {
	if u.striche++; !z.weich {
		u.striche = 0
	}
	if u.satz.block && !letzte {
		n, leerzeichen := 0, 0.0
		for i := range z.teile[:len(z.teile)-1] {
			if w := u.raum(&z.teile[i]); w > 0 {
				n, leerzeichen = n+1, w
			}
		}
		if d := u.breite - z.breite; n > 0 && d > 0 && d/float64(n) <= maxDehnung*leerzeichen {
			z.dehne = d / float64(n)
		}
	}
	u.out = append(u.out, z)
}

// teilung divides the piece that did not fit behind x, at the last place a hyphen fits;
// nil if the line is better ended before it.
func (u *umbrecher) teilung(t *teil, x float64, bruch int, bruchX float64) (kopf, rest *stueck) {
	lucke := luckeRau
	if u.satz.block {
		lucke = luckeBlock
	}
	if !u.satz.trenne || t.fremd || u.f.muster == nil || u.striche >= maxStriche || bruch >= 0 && u.breite-bruchX < lucke*u.breite {
		return nil, nil
	}
	platz := int32((u.breite - x - u.strich(t)) / u.grad * u.f.schriften[t.schnitt].upem)
	von, bis := wort(t.st.text)
	u.f.stellen = u.f.muster.Trenne(u.f.stellen[:0], t.st.text[von:bis])
	for i := len(u.f.stellen) - 1; i >= 0 && u.f.stellen[i] >= minVor; i-- {
		if kopf, rest = t.st.bei(von + u.f.stellen[i]); kopf != nil && kopf.breite <= platz {
			return kopf, rest
		}
	}
	return nil, nil
}

// wort gives the first run of letters, without what stands around it as quotes do.
func wort(text []rune) (von, bis int) {
	for von < len(text) && !unicode.IsLetter(text[von]) {
		von++
	}
	for bis = von; bis < len(text) && unicode.IsLetter(text[bis]); {
		bis++
	}
	return von, bis
}

// deutsch tells whether a language tag is one of German.
func deutsch(tag string) bool {
	haupt, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return haupt == "de" || haupt == ""
}
