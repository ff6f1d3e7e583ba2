package din91379

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Art says what is wrong at a place.
type Art uint8

// The kinds of violation.
const (
	// KeinUTF8: bytes that are no UTF-8.
	KeinUTF8 Art = iota + 1
	// FalschesZeichen: a character the type does not have.
	FalschesZeichen
	// FalscheFolge: combining marks where the standard has no such sequence.
	FalscheFolge
	// FalscheForm: would be valid after [Normalize].
	FalscheForm
)

// MaxFolge is how many code points of an offending sequence a Verstoss names.
const MaxFolge = 8

// Verstoss is the first place where a text breaks its data type. It is an error
// of kind [fehler.ErrInvalid]. Its texts name at most the code points of the
// place, never the text around it.
type Verstoss struct {
	Typ Typ
	Art Art
	// Byte and Rune say where the offending sequence begins, both from 0.
	Byte, Rune int
	// Laenge of the sequence in bytes.
	Laenge int
	// Folge are its code points, at most MaxFolge; none for KeinUTF8.
	Folge []rune
}

// Check tells whether every character and sequence of the text belongs to the
// type; the error is a *[Verstoss], or for a type that does not exist that of
// [ParseTyp]. Empty text is valid. A decomposed letter (u and combining
// diaeresis) is not: call [Normalize] first. It does not tell whether a text is
// a name: a name of blanks passes.
//
// It takes time in proportion to the text and allocates only for the error. Safe
// for concurrent use.
func Check(t Typ, s string) error {
	if !t.bekannt() {
		_, err := ParseTyp("")
		return err
	}
	von, art := scan(t, s)
	if art == 0 {
		return nil
	}
	return verstoss(t, s, von, art)
}

// Valid is Check without saying where.
func Valid(t Typ, s string) bool {
	if !t.bekannt() {
		return false
	}
	_, art := scan(t, s)
	return art == 0
}

// scan finds where the first violation begins and its kind, as yet without
// FalscheForm; kind 0 is none.
func scan(t Typ, s string) (int, Art) {
	var (
		tab   = tafel()
		m     = uint8(t)
		grund = -1 // where the last character begins that may take a mark
		von   = 0  // where the last character or sequence begins
	)
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			if tab[b]&m == 0 {
				return i, FalschesZeichen
			}
			grund, von = i, i
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r < ende && tab[r]&m != 0:
			grund, von = i, i
			i += n
		case r == utf8.RuneError && n == 1:
			return i, KeinUTF8
		case !unicode.Is(unicode.M, r):
			return i, FalschesZeichen
		default:
			l := 0
			if grund >= 0 {
				l = folgeLen(s[grund:])
			}
			if l == 0 {
				return von, FalscheFolge
			}
			i, grund = grund+l, -1
		}
	}
	return 0, 0
}

// folgeLen is the length of the longest sequence the text begins with, or 0.
func folgeLen(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	best := 0
	for rest := folgen[r]; rest != ""; {
		var f string
		f, rest, _ = strings.Cut(rest, " ")
		if len(f) > best && strings.HasPrefix(s[n:], f) {
			best = len(f)
		}
	}
	if best == 0 {
		return 0
	}
	return n + best
}

func verstoss(t Typ, s string, von int, art Art) *Verstoss {
	v := &Verstoss{Typ: t, Art: art, Byte: von, Rune: utf8.RuneCountInString(s[:von]), Laenge: 1}
	if art == KeinUTF8 {
		return v
	}
	// The place with all marks that belong to it.
	_, n := utf8.DecodeRuneInString(s[von:])
	gruppe := s[von : von+n]
	if art == FalscheFolge {
		gruppe = s[von : von+max(n, folgeLen(s[von:]))]
	}
	mit := gruppe
	for _, r := range s[von+len(gruppe):] {
		if !unicode.Is(unicode.M, r) {
			break
		}
		mit = s[von : von+len(mit)+utf8.RuneLen(r)]
	}
	if c := norm.NFC.String(mit); c != mit && Valid(t, c) {
		v.Art, gruppe = FalscheForm, mit
	} else if art == FalscheFolge {
		gruppe = mit
	}
	v.Laenge = len(gruppe)
	for _, r := range gruppe {
		if len(v.Folge) == MaxFolge {
			break
		}
		v.Folge = append(v.Folge, r)
	}
	return v
}

func (v *Verstoss) Error() string { return v.Problem("").String() }

// Is makes every Verstoss match ErrInvalid.
func (v *Verstoss) Is(target error) bool { return target == fehler.ErrInvalid }

// As gives the Verstoss as a list of one problem, for [fehler.ProblemeIn].
func (v *Verstoss) As(target any) bool {
	p, ok := target.(*fehler.Probleme)
	if ok {
		*p = fehler.Probleme{v.Problem("")}
	}
	return ok
}

// Codepoints names the sequence: "U+0078 U+0301", ending in "…" if it is cut.
func (v *Verstoss) Codepoints() string {
	var b strings.Builder
	n := 0
	for i, r := range v.Folge {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%U", r)
		n += utf8.RuneLen(r)
	}
	if n < v.Laenge && n > 0 {
		b.WriteString(" …")
	}
	return b.String()
}

// zweck is the type as the German sentence names it.
var zweck = map[Typ]string{
	A: "in Namen natürlicher Personen",
	B: "in sonstigen Namen wie Orten und Straßen",
	C: "in Texten ohne die erweiterten Zeichen",
	D: "in Namen juristischer Personen und von Produkten",
	E: "überhaupt",
}

// Problem gives the Verstoss as a value of the rest of Fachwerk. Pfad is where
// the text stands: a JSON pointer or the name of a field.
func (v *Verstoss) Problem(pfad string) fehler.Problem {
	p := fehler.Problem{Pfad: pfad}
	stelle, c := v.Rune+1, v.Codepoints()
	switch v.Art {
	case KeinUTF8:
		p.Code = "din91379.utf8"
		p.Meldung = fmt.Sprintf("byte %d is not valid UTF-8", v.Byte)
		p.Hinweis = fmt.Sprintf("Der Text ist an Stelle %d beschädigt (kein UTF-8). Bitte den Text neu eingeben.", stelle)
	case FalscheFolge:
		p.Code = "din91379.folge"
		p.Meldung = fmt.Sprintf("rune %d (byte %d): %s is not a sequence of DIN 91379", v.Rune, v.Byte, c)
		p.Hinweis = fmt.Sprintf("Ab Stelle %d steht eine Verbindung mit einem kombinierenden Zeichen (%s), die DIN 91379 nicht kennt. Bitte die Schreibweise prüfen.", stelle, c)
	case FalscheForm:
		p.Code = "din91379.normalform"
		p.Meldung = fmt.Sprintf("rune %d (byte %d): %s is not in normal form C", v.Rune, v.Byte, c)
		p.Hinweis = fmt.Sprintf("Ab Stelle %d ist ein Zeichen anders gespeichert (%s), als DIN 91379 es vorsieht (Normalform C). Bitte das Zeichen neu eingeben.", stelle, c)
	default:
		p.Code = "din91379.zeichen"
		p.Meldung = fmt.Sprintf("rune %d (byte %d): %s is not in data type %s of DIN 91379", v.Rune, v.Byte, c, v.Typ)
		p.Hinweis = fmt.Sprintf("An Stelle %d steht ein Zeichen (%s), das DIN 91379 %s nicht zulässt (Datentyp %s). Bitte das Zeichen ersetzen.", stelle, c, zweck[v.Typ], v.Typ)
	}
	return p
}
