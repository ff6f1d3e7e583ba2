package relay

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Regel says how often and when a kind of Auftrag is tried again. A zero field takes what
// holds for all kinds ([Options]).
type Regel struct {
	// MaxVersuche before an Auftrag is parked.
	MaxVersuche int
	// MaxAlter since it was ordered; an Auftrag that fails when it is older is parked. Zero is no
	// limit, and a Termin has none.
	MaxAlter time.Duration
	// Pause after the n-th failed try, from 1.
	Pause func(n int) time.Duration
}

// Regeln are the rules that fit the kinds there are: a payment is begun soon or not at all, since
// its payer waits; a DMS or a Fachverfahren may be away over a long weekend; a letter is tried for
// days. The map is the caller's.
func Regeln() map[vorgang.AuftragArt]Regel {
	amt := Regel{MaxVersuche: 40, Pause: Doubling(10*time.Second, 3*time.Hour, nil)}
	brief := Regel{MaxVersuche: 60, Pause: Doubling(2*time.Second, 2*time.Hour, nil)}
	return map[vorgang.AuftragArt]Regel{
		vorgang.EingangQuittieren:       brief,
		vorgang.NachrichtSenden:         brief,
		vorgang.BescheidSenden:          brief,
		vorgang.AkteAbgeben:             amt,
		vorgang.UebergabeAusfuehren:     amt,
		vorgang.WeiterleitungAusfuehren: amt,
		vorgang.ZahlungStarten:          {MaxVersuche: 30, MaxAlter: 24 * time.Hour, Pause: Doubling(time.Second, 5*time.Minute, nil)},
		vorgang.ZahlungAbfragen:         {MaxVersuche: 60, Pause: Doubling(10*time.Second, 3*time.Hour, nil)},
	}
}

// Doubling gives pauses that double from the first up to most, each shortened at random by up to a
// half, so that what failed together is not tried again together. random gives a number in
// [0, 1) and must be safe for concurrent use; nil is math/rand.
func Doubling(first, most time.Duration, random func() float64) func(n int) time.Duration {
	if random == nil {
		random = rand.Float64
	}
	return func(n int) time.Duration {
		d := most
		if n < 40 && first<<(n-1) > 0 && first<<(n-1) < most {
			d = first << (n - 1)
		}
		return d - time.Duration(float64(d/2)*random())
	}
}

// regel is the rule of a kind with the defaults filled in.
func (r *Relay) regel(art vorgang.AuftragArt) Regel {
	x := r.o.Regeln[art]
	if x.MaxVersuche <= 0 {
		x.MaxVersuche = r.o.MaxVersuche
	}
	if x.Pause == nil {
		x.Pause = r.o.Pause
	}
	return x
}

// zuAlt tells whether an Auftrag that failed is too old to be tried again.
func (r *Relay) zuAlt(g storage.Auftrag) bool {
	max := r.regel(g.Art).MaxAlter
	return max > 0 && !g.Termin && r.o.Now().Sub(g.Erstellt) > max
}

// maxPause bounds what a target may ask for.
const maxPause = 24 * time.Hour

// wait is the pause the failure names, or that of the rule.
func (r *Relay) wait(cause error, art vorgang.AuftragArt, n int) time.Duration {
	var named interface{ RetryAfter() time.Duration }
	if errors.As(cause, &named) {
		if d := named.RetryAfter(); d > 0 {
			return min(d, maxPause)
		}
	}
	return r.regel(art).Pause(max(n, 1))
}
