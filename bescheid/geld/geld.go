// Package geld is money in cents: exact, written and read as people and programs do.
package geld

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// Betrag is an amount of money in cents; of euros, unless a currency stands beside it.
// As text and in JSON it is a decimal string, "1234.56"; a JSON number is refused,
// because many programs read numbers as floats. The zero value is 0.00.
type Betrag int64

// MaxBetrag bounds every amount that is read or computed: 100 billion euros less a cent.
const MaxBetrag Betrag = 10_000_000_000_000 - 1

var errBetrag = errors.New("geld: not an amount of the form 1234.56")

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
	if ganz == "" || len(ganz) > 18 || (punkt && bruch == "") || len(bruch) > 2 || !nurZiffern(ganz) || !nurZiffern(bruch) {
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

// ParseDeutsch reads an amount as people write it: "1.234,56 €", "1234,5", "12 EUR",
// "35,- €". Points may only group thousands, and then all of them; what could be
// read in two ways ("1.50") is an error.
func ParseDeutsch(s string) (Betrag, error) {
	s = strings.ReplaceAll(s, "\u00a0", " ")
	s = strings.TrimSpace(s)
	for _, z := range []string{"€", "EUR", "Euro"} {
		if rest, ok := strings.CutSuffix(s, z); ok {
			s = strings.TrimSpace(rest)
			break
		}
	}
	ganz, bruch, komma := strings.Cut(s, ",")
	if komma {
		switch bruch {
		case "":
			return 0, errBetrag
		case "-", "--", "–":
			bruch = "00"
		}
	}
	if strings.Contains(ganz, ".") {
		gruppen := strings.Split(strings.TrimPrefix(ganz, "-"), ".")
		for i, g := range gruppen {
			if len(g) > 3 || (i > 0 && len(g) != 3) || len(g) == 0 {
				return 0, errBetrag
			}
		}
		ganz = strings.ReplaceAll(ganz, ".", "")
	}
	if !komma {
		return ParseBetrag(ganz)
	}
	return ParseBetrag(ganz + "." + bruch)
}

func nurZiffern(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// MustBetrag is ParseBetrag for constants in tests and tables; it panics on a bad amount.
func MustBetrag(s string) Betrag {
	b, err := ParseBetrag(s)
	if err != nil {
		panic(err)
	}
	return b
}

// Cent is the amount in cents.
func (b Betrag) Cent() int64 { return int64(b) }

// teile gives sign, whole euros and cents.
func (b Betrag) teile() (minus bool, euro, cent uint64) {
	n := uint64(b)
	if b < 0 {
		minus, n = true, -n // right for the least int64 as well
	}
	return minus, n / 100, n % 100
}

// String gives "1234.56".
func (b Betrag) String() string {
	minus, euro, cent := b.teile()
	s := strconv.FormatUint(euro, 10) + "." + string([]byte{byte('0' + cent/10), byte('0' + cent%10)})
	if minus {
		return "-" + s
	}
	return s
}

// Deutsch gives "1.234,56 €" as letters write it.
func (b Betrag) Deutsch() string {
	minus, euro, cent := b.teile()
	z := strconv.FormatUint(euro, 10)
	out := make([]byte, 0, len(z)+len(z)/3+8)
	if minus {
		out = append(out, '-')
	}
	for i := range len(z) {
		if i > 0 && (len(z)-i)%3 == 0 {
			out = append(out, '.')
		}
		out = append(out, z[i])
	}
	out = append(out, ',', byte('0'+cent/10), byte('0'+cent%10))
	return string(append(out, " €"...))
}

// Zahl gives "1.234,56", without a currency.
func (b Betrag) Zahl() string { return strings.TrimSuffix(b.Deutsch(), " €") }

// Rat is the amount as an exact number of cents.
func (b Betrag) Rat() *big.Rat { return new(big.Rat).SetInt64(int64(b)) }

// MarshalText gives the form of String.
func (b Betrag) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads the form of [ParseBetrag].
func (b *Betrag) UnmarshalText(t []byte) error {
	v, err := ParseBetrag(string(t))
	if err != nil {
		return err
	}
	*b = v
	return nil
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
