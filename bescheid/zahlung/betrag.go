package zahlung

import "github.com/ozg-fachwerk/fachwerk/bescheid/geld"

// EUR is the only currency the adapters of this module pay in.
const EUR = "EUR"

// Betrag is an amount in hundredths, whose currency stands beside it; see [geld.Betrag].
type Betrag = geld.Betrag

// MaxBetrag bounds every amount that is read: 100 billion less a cent.
const MaxBetrag = geld.MaxBetrag
