// Package gebuehr computes administrative fees from dated tables and explains
// every step: what a decision costs, by which position of which tariff, and what
// the letter has to say about it.
//
// A [Tabelle] holds tariff positions ([Tarif]) with norm, source, validity and a
// mark of confidence, beside the rules that belong to them: which day decides, what
// a refusal or a withdrawal costs, reductions, tax, when payment is due. It is data;
// [Load] reads it, [Tabelle.Pruefe] looks for gaps and oversights. [Beispiele] is a
// table to try it with. It is not for use: fees are set by each authority.
//
// [Tabelle.Rechne] takes a [Fall] and gives an [Ergebnis]: positions whose amounts
// add up to the sum, every other sum that a different reading of the law would give
// ([Kandidat]), the rules used, the steps as German sentences and warnings.
// [Tabelle.Bescheidteil] makes of it the sentence, the table and the hints for the
// letter and the payment request.
//
// Money is a [Betrag], whole cents. Between the facts and an amount everything is an
// exact fraction, rounded only where the law has an amount: the full fee of a position
// and what the outcome and reductions leave of it. No amount is ever a float. Nothing here reads a clock. All functions are pure; a Tabelle is immutable
// and safe for concurrent use. A result is not legal advice: it shows its reasons so
// that a person can check them.
package gebuehr
