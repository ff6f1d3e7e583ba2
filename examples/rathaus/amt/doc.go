// Package amt is the clerk's side of the town hall: the desk, the Vorgang, the
// administration. Every page is a whole page that works without a script; the
// script exchanges the parts that changed.
//
// A page reads; a form gives one command of package vorgang and leads back. What
// a person may do is not decided here: the pages ask vorgang.Vorgang.May what to
// offer, and the command itself decides.
package amt
