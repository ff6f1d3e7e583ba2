// Package intake turns what arrives into an Antrag without losing a byte.
//
// A channel (folders fitconnect, ozgcloud) makes a [Lieferung] of what it received; the
// [Annahme] takes it through named steps ([Schritt]), which a vendor may add to: limits, file types by content, the
// form by a [Parser], the competence, and then the durable Vorgang. The sender is
// told "accepted" only after that. What breaks a rule is refused with the list of
// problems; what cannot be routed stays whole in the Klaerfach and can be run
// again ([Annahme.Rerun]).
//
// What a clerk enters at the counter or of paper takes the same way
// ([Annahme.Erfassen]).
//
// Vendors add a form by implementing [Parser].
package intake
