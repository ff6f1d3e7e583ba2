// Package pruefung checks the data of an Antrag by rules, and says with reasons
// whether items are missing, a person has to look, or the law lets the case be
// decided without one (§ 35a VwVfG).
//
// A [Regelwerk] is one version of the rules of a Leistung: a JSON Schema for the
// form of the data, rules as expressions in CEL, and the finding of law that allows
// an automatic decision, or not. It is data: written as JSON, loaded with [Load],
// released by a second person with [Regelwerk.Release]. A [Pruefer] runs it; a
// [Verzeichnis] knows which version is in force on a day and switches rules off.
//
// A Pruefung decides nothing. Its record, [vorgang.Pruefprotokoll], holds the
// hashes of rules and data, what every rule came to, what was looked up and how the
// gates stood, so that [Pruefer.Replay] repeats it without asking anybody.
// [Simulate] shows what new rules would have made of old cases.
//
// The outcome is Standardfall only if no rule and no part of the schema found
// anything, and the Regelwerk is valid on the Stichtag, released by another person
// than its author, allowed by law to go without a person, not switched off, and the
// sample did not draw the case. A rule that gives no answer never decides: it sends
// the case to a person.
//
// Nothing here reads a clock, a file or the network. The same data, rules, answers
// and salt give the same record, byte by byte. Costs are bounded: expressions are
// estimated when they are loaded and counted when they run. All values are
// immutable or safe for concurrent use.
//
// How rules are written, tested, released and switched off: docs/pruefung.md.
package pruefung
