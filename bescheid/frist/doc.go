// Package frist is the engine of legal time: when an act counts as made known
// (Bekanntgabe), when a period ends, which days are public holidays, and what
// follows when the law itself is not certain.
//
// Law is data. A [Regelwerk] holds rules with norm, source, validity and a mark
// of confidence; [Standard] is the one that ships, [Load] puts an operator's
// own over it. A [Kalender] holds the public holidays of the 16 Länder. Both
// are plain immutable values: several can live in one process.
//
// A [Rechner] joins them. Each of its methods takes one case (BekanntgabeFall,
// RechtsbehelfFall, ...) and gives an [Ergebnis]: the date, every other date a
// different reading of the law would give ([Kandidat]), the rules with norm and
// source ([Beleg]), the steps as German sentences and warnings. The latest
// candidate decides when Bestandskraft may be assumed, the earliest feeds
// warnings to applicants. An Ergebnis holds its own input, so
// [Rechner.Nachrechnen] can repeat it after a rule changed.
//
// A period of an authority, a Genehmigungsfiktion or a Bearbeitungsfrist can be
// suspended any number of times ([Aussetzung]) and extended once. While a
// suspension lasts there is no end, only a day it cannot lie before. For the end
// itself [Rechner.Vorwarnungen] says when to warn and whom, by the plan of the
// Mandant, and [Rechner.Fiktionsbescheinigung] what a certificate says.
//
// Nothing here reads a clock, and a result is not legal advice: it shows its
// reasons so that a person can check them. All functions are pure; Rechner,
// Regelwerk and Kalender are safe for concurrent use.
//
// Dates are accepted from 1900-01-01 to 2199-12-31. The holidays that ship are
// meant for days from 1991-01-01; earlier days give a warning.
package frist
