package gebuehr

import (
	"math"
	"math/big"

	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
)

// Betrag is an amount in cents of a euro, see [geld.Betrag].
type Betrag = geld.Betrag

// MaxBetrag bounds every amount that is read or computed: 100 billion euros less a cent.
const MaxBetrag = geld.MaxBetrag

// Richtung is where a rounding goes.
type Richtung string

// The directions.
const (
	RundeKaufmaennisch Richtung = "kaufmaennisch" // half a step goes up
	RundeAb            Richtung = "ab"            // in favour of who pays
	RundeAuf           Richtung = "auf"
)

// Rundung says to which step an amount is rounded. The zero value rounds to the
// cent, half a cent up.
type Rundung struct {
	// Auf is the step: "0.01", "0.50", "1.00". Zero means a cent.
	Auf Betrag `json:"auf,omitzero"`
	// Richtung is empty for [RundeKaufmaennisch].
	Richtung Richtung `json:"richtung,omitempty"`
}

func (r Rundung) schritt() Betrag {
	if r.Auf <= 0 {
		return 1
	}
	return r.Auf
}

// runde gives the amount for an exact number of cents that is not negative;
// ok is false if it lies beyond MaxBetrag.
func (r Rundung) runde(x *big.Rat) (b Betrag, ok bool) {
	s := big.NewInt(int64(r.schritt()))
	// x/s = z/n; the quotient is floored because nothing is negative.
	n := new(big.Int).Mul(x.Denom(), s)
	q, rest := new(big.Int).QuoRem(x.Num(), n, new(big.Int))
	switch r.Richtung {
	case RundeAb:
	case RundeAuf:
		if rest.Sign() > 0 {
			q.Add(q, big.NewInt(1))
		}
	default:
		if rest.Lsh(rest, 1).Cmp(n) >= 0 {
			q.Add(q, big.NewInt(1))
		}
	}
	q.Mul(q, s)
	if !q.IsInt64() || q.Int64() > int64(MaxBetrag) {
		return Betrag(math.MaxInt64), false
	}
	return Betrag(q.Int64()), true
}

func (r Rundung) deutsch() string {
	wohin := "kaufmännisch"
	switch r.Richtung {
	case RundeAb:
		wohin = "abgerundet"
	case RundeAuf:
		wohin = "aufgerundet"
	}
	wovon := "auf Cent"
	switch s := r.schritt(); {
	case s == 100:
		wovon = "auf volle Euro"
	case s != 1:
		wovon = "auf " + s.Deutsch() + " genau"
	}
	if r.Richtung == RundeAb || r.Richtung == RundeAuf {
		return wovon + " " + wohin
	}
	return wohin + " " + wovon + " gerundet"
}
