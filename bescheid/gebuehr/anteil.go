package gebuehr

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// Anteil is an exact share: a quarter, 19 per cent, double. It is comparable with
// ==; the zero value is nothing at all (0). JSON holds it as text: a fraction
// ("3/4"), a decimal ("0.19") or per cent ("12.5%").
type Anteil struct {
	z, n int64 // lowest terms; n is 0 only in the zero value
}

var errAnteil = errors.New("gebuehr: not a share of the form 3/4, 0.75 or 75%")

// maxAnteilTeil bounds numerator and denominator.
const maxAnteilTeil = 1_000_000_000_000

// NewAnteil gives z/n. It panics unless n is positive and z is not negative: it is
// for constants.
func NewAnteil(z, n int64) Anteil {
	a, err := newAnteil(z, n)
	if err != nil {
		panic(err)
	}
	return a
}

func newAnteil(z, n int64) (Anteil, error) {
	if n <= 0 || z < 0 || z > maxAnteilTeil || n > maxAnteilTeil {
		return Anteil{}, errAnteil
	}
	if z == 0 {
		return Anteil{}, nil
	}
	a, b := z, n
	for b != 0 {
		a, b = b, a%b
	}
	return Anteil{z / a, n / a}, nil
}

// ParseAnteil reads "3/4", "0.75" or "75%". Shares below zero are errors; shares
// above one are not (a fee can be doubled).
func ParseAnteil(s string) (Anteil, error) {
	if z, n, ok := strings.Cut(s, "/"); ok {
		if !kurzeZahl(z) || !kurzeZahl(n) {
			return Anteil{}, errAnteil
		}
		zi, _ := strconv.ParseInt(z, 10, 64)
		ni, _ := strconv.ParseInt(n, 10, 64)
		return newAnteil(zi, ni)
	}
	s, prozent := strings.CutSuffix(s, "%")
	ganz, bruch, punkt := strings.Cut(s, ".")
	if !kurzeZahl(ganz) || len(ganz) > 6 || (punkt && bruch == "") || len(bruch) > 6 || !nurZiffern(bruch) {
		return Anteil{}, errAnteil
	}
	z, _ := strconv.ParseInt(ganz+bruch, 10, 64)
	n := int64(1)
	for range bruch {
		n *= 10
	}
	if prozent {
		n *= 100
	}
	return newAnteil(z, n)
}

func kurzeZahl(s string) bool { return len(s) > 0 && len(s) <= 13 && nurZiffern(s) }

// MustAnteil is ParseAnteil for constants in tests and tables; it panics on a bad share.
func MustAnteil(s string) Anteil {
	a, err := ParseAnteil(s)
	if err != nil {
		panic(err)
	}
	return a
}

// IsZero tells whether the share is nothing.
func (a Anteil) IsZero() bool { return a.z == 0 }

// Compare gives -1, 0 or +1.
func (a Anteil) Compare(b Anteil) int { return a.Rat().Cmp(b.Rat()) }

// nenner is 1 for the zero value.
func (a Anteil) nenner() int64 { return max(a.n, 1) }

// Rat is the share as an exact fraction.
func (a Anteil) Rat() *big.Rat { return big.NewRat(a.z, a.nenner()) }

// String gives the fraction in lowest terms: "3/4", "0", "1".
func (a Anteil) String() string {
	if a.nenner() == 1 {
		return strconv.FormatInt(a.z, 10)
	}
	return strconv.FormatInt(a.z, 10) + "/" + strconv.FormatInt(a.n, 10)
}

var nennerWorte = map[int64]string{3: "Drittel", 4: "Viertel", 5: "Fünftel", 8: "Achtel", 10: "Zehntel"}

var zahlWorte = []string{"", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"}

// Deutsch gives the share in words where the law has words for it ("drei
// Viertel", "die Hälfte", "das Doppelte"), else per cent ("19 %") or the fraction.
func (a Anteil) Deutsch() string {
	switch a {
	case Anteil{}:
		return "nichts"
	case Anteil{1, 1}:
		return "das Ganze"
	case Anteil{2, 1}:
		return "das Doppelte"
	case Anteil{1, 2}:
		return "die Hälfte"
	}
	if w := nennerWorte[a.n]; w != "" && a.z < int64(len(zahlWorte)) {
		return zahlWorte[a.z] + " " + w
	}
	return a.prozent()
}

// prozent gives "12,5 %", or the fraction if per cent has no end.
func (a Anteil) prozent() string {
	x := new(big.Rat).Mul(a.Rat(), big.NewRat(100, 1))
	for stellen := range 5 {
		s := x.FloatString(stellen)
		if y, ok := new(big.Rat).SetString(s); ok && y.Cmp(x) == 0 {
			return strings.Replace(s, ".", ",", 1) + " %"
		}
	}
	return a.String()
}

// MarshalText gives the form of String.
func (a Anteil) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the form of [ParseAnteil].
func (a *Anteil) UnmarshalText(t []byte) error {
	v, err := ParseAnteil(string(t))
	if err != nil {
		return err
	}
	*a = v
	return nil
}

func nurZiffern(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
