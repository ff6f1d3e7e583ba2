package zahlung

import (
	"errors"
	"strconv"
	"strings"
)

// EUR is the only currency the adapters of this module pay in.
const EUR = "EUR"

// Betrag is an amount of money in hundredths (cents); its currency stands beside it.
// As text and in JSON it is a decimal string, "1234.56"; a JSON number is refused,
// because many programs read numbers as floats. The zero value is 0.00.
type Betrag int64

// MaxBetrag bounds every amount that is read: 100 billion less a cent.
const MaxBetrag Betrag = 10_000_000_000_000 - 1

var errBetrag = errors.New("zahlung: not an amount of the form 1234.56")

// ParseBetrag reads "1234.56", "1234.5" or "1234", with a leading minus if below zero:
// ASCII digits, at most one point and one or two places after it. Zeros behind the
// second place are allowed ("1.2300"), other digits there are not: nothing is rounded.
// Any other form, and amounts beyond [MaxBetrag], are errors.
func ParseBetrag(s string) (Betrag, error) {
	ganz, bruch, punkt := strings.Cut(s, ".")
	ganz, minus := strings.CutPrefix(ganz, "-")
	if len(bruch) > 2 && len(bruch) <= 18 {
		bruch = bruch[:2] + strings.TrimRight(bruch[2:], "0")
	}
	if ganz == "" || len(ganz) > 18 || (punkt && bruch == "") || len(bruch) > 2 || !ziffern(ganz) || !ziffern(bruch) {
		return 0, errBetrag
	}
	if ganz = strings.TrimLeft(ganz, "0"); len(ganz) > 12 {
		return 0, errBetrag
	}
	n, err := strconv.ParseInt("0"+ganz+(bruch + "00")[:2], 10, 64)
	if err != nil || Betrag(n) > MaxBetrag {
		return 0, errBetrag
	}
	if minus {
		n = -n
	}
	return Betrag(n), nil
}

// MustBetrag is ParseBetrag for constants in tests and tables; it panics on a bad amount.
func MustBetrag(s string) Betrag {
	b, err := ParseBetrag(s)
	if err != nil {
		panic(err)
	}
	return b
}

func ziffern(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Cent is the amount in cents.
func (b Betrag) Cent() int64 { return int64(b) }

func (b Betrag) teile() (vorzeichen, ganz, bruch string) {
	n := uint64(b)
	if b < 0 {
		vorzeichen, n = "-", -n // right for the least int64 as well
	}
	return vorzeichen, strconv.FormatUint(n/100, 10), string([]byte{'0' + byte(n%100/10), '0' + byte(n%10)})
}

// String gives "1234.56".
func (b Betrag) String() string {
	v, g, c := b.teile()
	return v + g + "." + c
}

// Deutsch gives "1.234,56" as letters write it, without a currency.
func (b Betrag) Deutsch() string {
	v, g, c := b.teile()
	for i := len(g) - 3; i > 0; i -= 3 {
		g = g[:i] + "." + g[i:]
	}
	return v + g + "," + c
}

// MarshalText gives the form of String.
func (b Betrag) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads the form of [ParseBetrag].
func (b *Betrag) UnmarshalText(t []byte) (err error) {
	*b, err = ParseBetrag(string(t))
	return err
}

// Plus adds; a sum beyond [MaxBetrag] on either side is an error.
func (b Betrag) Plus(c Betrag) (Betrag, error) {
	if b > MaxBetrag || b < -MaxBetrag || c > MaxBetrag || c < -MaxBetrag {
		return 0, errBetrag
	}
	if s := b + c; s <= MaxBetrag && s >= -MaxBetrag {
		return s, nil
	}
	return 0, errBetrag
}
